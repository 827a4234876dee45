//! Secrets on their way into the store: what stands under a secret's path is a reference or a sealed value.
//!
//! What must stay true: the key file is read only where a secret comes in or is opened, so that a store without secrets
//! never looks for one; nothing under a secret's path is kept in the clear once there is a key; no message holds a value.

mod asked;

pub(super) use asked::{text_of_document, text_of_items};

use super::transact::View;
use crate::crypt::keys::{Keyring, file};
use crate::crypt::seal;
use crate::domain::error::{Code, Error, Result};
use crate::domain::path::Path;
use crate::domain::schema::CompiledSetting;
use crate::domain::sealed::is_sealed;
use crate::domain::secret::{Reference, SecretReferences};
use crate::domain::value::{Value, canonical};
use crate::store::database::with_suffix;
use crate::store::{base, change, history, metadata};
use std::path::PathBuf;

/// What a key file beside its store is called, after the store's own name.
const SUFFIX: &str = ".key";

/// What is wrong with a secret, and what to do about it where that is not to look at its setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// The keys of one store, as far as they are at hand.
pub(super) struct Sealer {
    store: String,
    place: Option<PathBuf>,
    keys: Result<Option<Keyring>>,
}

/// Where a store's key file is: where the machine says, or else beside the store; nowhere for a store in memory.
pub(super) fn place(view: &View<'_>) -> Option<PathBuf> {
    let beside = || view.place.map(|store| with_suffix(store, SUFFIX));
    view.machine.key_file.clone().or_else(beside)
}

impl Sealer {
    /// Reads the store's key file, where there is one.
    pub(super) fn of(view: &View<'_>) -> Result<Sealer> {
        let place = place(view);
        let read = |place: &PathBuf| match file::read(place) {
            Err(error) if error.code == Code::NotFound => Ok(None),
            read => read.map(Some),
        };
        let keys = place.as_ref().map_or(Ok(None), read);
        Ok(Sealer { store: metadata::store_id(view.db)?, place, keys })
    }

    /// Where the key file is. `refused` for a store in memory.
    pub(super) fn place(&self) -> Result<&std::path::Path> {
        self.place.as_deref().ok_or_else(|| Error::refused("A store in memory has no key file."))
    }

    /// Where the keys are looked for, in words.
    pub(super) fn place_in_words(&self) -> String {
        self.place.as_ref().map_or_else(|| "the key file".to_owned(), |place| place.display().to_string())
    }

    /// The keys; none where there is no key file. The error of a key file that is not used.
    pub(super) fn keys(&self) -> Result<Option<&Keyring>> {
        self.keys.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// The keys. `refused` where there is no key file.
    pub(super) fn present(&self) -> Result<&Keyring> {
        self.keys()?.ok_or_else(|| {
            Error::refused(format!("There is no key file {}.", self.place_in_words())).hint(
                "Put it back where it was, or name it in $CFGCTL_KEY_FILE; for a store that has none yet: cfgctl \
                 secret keygen",
            )
        })
    }

    /// Seals a value with the newest key.
    pub(super) fn seal(&self, path: &Path, value: &Value) -> Result<Value> {
        seal::seal(self.present()?, &self.store, path, value).map(Value::from)
    }

    /// Opens a sealed text.
    pub(super) fn open(&self, path: &Path, text: &str) -> Result<Value> {
        seal::open(self.present()?, &self.store, path, text)
    }

    /// What is kept of a value that is to stand under a secret's path: a reference that is allowed, a sealed value that
    /// opens here, and of anything else its sealed form.
    pub(super) fn take(
        &self,
        view: &View<'_>,
        path: &Path,
        setting: &CompiledSetting,
        value: Value,
        references: &SecretReferences,
    ) -> Result<std::result::Result<Value, Vec<Wrong>>> {
        let wrong = |message: String| Wrong { message, hint: None };
        let text = value.as_str().unwrap_or_default();
        if Reference::parse(text).is_some() {
            let refusal = references.refusal(&value);
            return Ok(refusal.map_or(Ok(value), |refusal| Err(vec![wrong(format!("{path} {refusal}"))])));
        }
        let plain = if is_sealed(text) {
            match self.open(path, text) {
                Ok(plain) => plain,
                // Without the keys nobody can tell, and what stood here before was sealed here.
                Err(_) if self.keys().ok().flatten().is_none() && is_known(view, path, text)? => {
                    return Ok(Ok(value));
                }
                Err(error) => return Ok(Err(vec![Wrong { message: error.message, hint: error.hint }])),
            }
        } else {
            value.clone()
        };
        let problems = setting.check_plain(&plain);
        if !problems.is_empty() {
            return Ok(Err(problems.into_iter().map(wrong).collect()));
        }
        if is_sealed(text) {
            return Ok(Ok(value));
        }
        match self.keys() {
            Ok(Some(_)) => self.seal(path, &value).map(Ok),
            Ok(None) => {
                let hint = "To keep secrets here, sealed, make a key: cfgctl secret keygen".to_owned();
                let refusal = references.refusal(&value).unwrap_or_default();
                Ok(Err(vec![Wrong { message: format!("{path} {refusal}"), hint: Some(hint) }]))
            }
            Err(error) => Ok(Err(vec![Wrong { message: error.message, hint: error.hint }])),
        }
    }
}

/// Whether this very text stood under the path before, or was taken for it by a request or a source.
fn is_known(view: &View<'_>, path: &Path, text: &str) -> Result<bool> {
    let value = Value::from(text);
    let canonical = canonical(&value);
    if history::was_ever(view.db, path, &canonical)? {
        return Ok(true);
    }
    if base::said_of(view.db, path.as_str())?.iter().any(|said| said.value == value) {
        return Ok(true);
    }
    change::asks_for(view.db, path.as_str(), &canonical)
}
