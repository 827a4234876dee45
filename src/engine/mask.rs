//! Values as they are shown: a secret that stands in the clear is not.
//!
//! What must stay true: whatever prints values asks here, so that a literal under a secret's path (in a file that is
//! only looked at, or in the store since before the manifest called it a secret) is never repeated.

use super::transact::View;
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::sealed::{is_mask, is_sealed, masked};
use crate::domain::secret::{self, MASKED};
use crate::domain::value::Value;
use crate::store::manifest;
use std::cell::{Cell, OnceCell};
use std::collections::HashSet;

/// So many paths are asked about one by one: for more, all secrets are read once.
const ONE_BY_ONE: u32 = 16;

/// What is shown of values.
pub(super) struct Mask<'a> {
    view: &'a View<'a>,
    asked: Cell<u32>,
    all: OnceCell<HashSet<String>>,
}

impl<'a> Mask<'a> {
    pub(super) fn new(view: &'a View<'a>) -> Mask<'a> {
        Mask { view, asked: Cell::new(0), all: OnceCell::new() }
    }

    /// The value as it may be shown: itself, but for a secret that is no reference. Of a sealed one the fingerprint is
    /// told, wherever it stands.
    pub(super) fn shown(&self, path: &Path, value: Value) -> Result<Value> {
        if let Some(mask) = value.as_str().and_then(masked) {
            return Ok(Value::from(mask));
        }
        self.kept(path, value)
    }

    /// The same, with a sealed value as it stands: for whoever computes hashes from what is shown.
    pub(super) fn kept(&self, path: &Path, value: Value) -> Result<Value> {
        if value.as_str().is_some_and(is_sealed) {
            return Ok(value);
        }
        let is_shown = secret::is_reference(&value) || value.as_str().is_some_and(is_mask);
        let hidden = !is_shown && self.is_secret(path)?;
        Ok(if hidden { Value::from(MASKED) } else { value })
    }

    /// The same where there may be none.
    pub(super) fn maybe(&self, path: &Path, value: Option<Value>) -> Result<Option<Value>> {
        value.map(|value| self.shown(path, value)).transpose()
    }

    /// Whether the path is a secret's, or lies inside one.
    fn is_secret(&self, path: &Path) -> Result<bool> {
        let names = path.ancestors().chain([path.as_str()]);
        if self.asked.replace(self.asked.get().saturating_add(1)) < ONE_BY_ONE {
            for name in names {
                if manifest::is_secret(self.view.db, name)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let all = match self.all.get() {
            Some(all) => all,
            None => {
                let all = manifest::secrets(self.view.db)?;
                self.all.get_or_init(|| all)
            }
        };
        Ok(!all.is_empty() && names.into_iter().any(|name| all.contains(name)))
    }
}
