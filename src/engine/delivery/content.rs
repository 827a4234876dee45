//! What a service is given: the effective values that it uses, secrets among them opened or fetched.
//!
//! What must stay true: a secret leaves this only for the service's own file, and what was given is on record by path;
//! no transaction is open while one is fetched.

use crate::deliver::Content;
use crate::domain::base_document::expected_of;
use crate::domain::change::hex;
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::sealed::is_sealed;
use crate::domain::secret::{MASKED, SecretReferences, is_reference};
use crate::domain::service::{Instance, Service};
use crate::domain::value::{Value, ValueType, bare};
use crate::engine::Machine;
use crate::engine::seal::Sealer;
use crate::engine::secret::Resolver;
use crate::engine::transact::View;
use crate::store::{base, history, manifest, overrides, version};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The values that a service uses, as they are in force.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Used {
    /// The version in force.
    pub(in crate::engine) version: i64,
    /// The values; the secrets among them in the clear once [`Used::fetch`] has run.
    pub(in crate::engine) values: BTreeMap<Path, Value>,
    /// Which of them are secrets.
    pub(in crate::engine) secrets: BTreeSet<Path>,
    /// SHA-256 over what is in force: sealed values and references as they are kept.
    pub(in crate::engine) digest: String,
    /// The values whose settings need a restart.
    pub(in crate::engine) restart: BTreeSet<Path>,
    types: BTreeMap<Path, ValueType>,
    references: SecretReferences,
    elsewhere: Vec<Path>,
    former: Vec<String>,
}

/// The effective values that a service uses, as they are kept: secrets sealed or by reference.
pub(in crate::engine) fn in_force(view: &View<'_>, service: &Service) -> Result<BTreeMap<Path, Value>> {
    let mut values = BTreeMap::new();
    for pattern in &service.uses {
        let prefix = pattern.strip_suffix(".*").or(if pattern == "*" { None } else { Some(pattern) });
        values.extend(base::values(view.db, prefix)?);
        overrides::each(view.db, prefix, |row| {
            values.extend(row.value.map(|value| (row.path, value)));
            Ok(())
        })?;
    }
    values.retain(|path, _| service.uses(path));
    Ok(values)
}

/// SHA-256 over values as they are kept: what tells whether a service has what is in force.
pub(in crate::engine) fn digest_of(values: &BTreeMap<Path, Value>) -> String {
    let mut hasher = Sha256::new();
    for (path, value) in values {
        hasher.update(format!("{path}={value}\n"));
    }
    hex(&hasher.finalize())
}

/// Reads what a service uses.
pub(in crate::engine) fn used(view: &View<'_>, service: &Service) -> Result<Used> {
    let values = in_force(view, service)?;
    let mut used = Used {
        version: version::current(view.db)?.map_or(0, |version| version.id),
        digest: digest_of(&values),
        values,
        secrets: BTreeSet::new(),
        restart: BTreeSet::new(),
        types: BTreeMap::new(),
        references: manifest::part(view.db, "secrets")?,
        elsewhere: Vec::new(),
        former: Vec::new(),
    };
    let settings = manifest::settings_of(view.db, used.values.keys())?;
    for ((path, value), setting) in used.values.iter().zip(settings) {
        let Some(setting) = setting else { continue };
        used.types.extend(expected_of(&setting).map(|kind| (path.clone(), kind)));
        if setting.restart {
            used.restart.insert(path.clone());
        }
        if setting.secret || value.as_str().is_some_and(is_sealed) {
            used.secrets.insert(path.clone());
        }
    }
    open(view, &mut used)?;
    Ok(used)
}

/// Opens what is sealed, and remembers what is kept elsewhere.
fn open(view: &View<'_>, used: &mut Used) -> Result<()> {
    if used.secrets.is_empty() {
        return Ok(());
    }
    let sealer = Sealer::of(view)?;
    for path in &used.secrets {
        let of_path = history::Filter { path: Some(path.clone()), ..history::Filter::default() };
        // A service that does not take the new one may still complain of the former one.
        let last = history::list(view.db, &of_path, 1)?.pop().and_then(|event| event.before);
        if let Some(Value::String(text)) = last.filter(|value| value.as_str().is_some_and(is_sealed)) {
            used.former.extend(sealer.open(path, &text).ok().as_ref().map(bare));
        }
        let Some(value) = used.values.get_mut(path) else { continue };
        if let Some(text) = value.as_str().filter(|text| is_sealed(text)) {
            *value = sealer.open(path, text)?;
        } else if is_reference(value) {
            used.elsewhere.push(path.clone());
        } else {
            return Err(Error::refused(format!(
                "{path} is a secret that stands in the clear: no service gets it so."
            ))
            .hint("Seal it: cfgctl secret rotate --reason \"…\""));
        }
    }
    Ok(())
}

impl Used {
    /// Fetches the secrets that are kept elsewhere.
    pub(in crate::engine) fn fetch(&mut self, machine: &Machine) -> Result<()> {
        if self.elsewhere.is_empty() {
            return Ok(());
        }
        let resolver = Resolver::new(machine, &self.references);
        for path in std::mem::take(&mut self.elsewhere) {
            let Some(value) = self.values.get_mut(&path) else { continue };
            *value = resolver.resolve(&path, value)?;
        }
        Ok(())
    }

    /// The secrets among the values and the former ones, as other programs may repeat them; where one was not fetched, a
    /// text that is in all they say.
    pub(in crate::engine) fn secret_texts(&self) -> Vec<String> {
        let present = self.secrets.iter().filter_map(|path| self.values.get(path)).map(bare);
        let unknown = (!self.elsewhere.is_empty()).then(String::new);
        present.chain(self.former.iter().cloned()).chain(unknown).collect()
    }

    /// Whether a service can be asked for a path: not where its setting needs a restart, nor for a secret that is kept
    /// elsewhere.
    pub(in crate::engine) fn can_be_asked(&self, path: &Path) -> bool {
        !self.restart.contains(path) && !self.elsewhere.contains(path)
    }

    /// The paths among these that it can be asked for: what is kept elsewhere is not known here.
    pub(in crate::engine) fn comparable<'a>(&self, paths: impl Iterator<Item = &'a Path>) -> Vec<Path> {
        paths.filter(|path| !self.elsewhere.contains(path)).cloned().collect()
    }

    /// The same with a mark in the place of every secret, for people.
    pub(in crate::engine) fn masked(&self) -> Used {
        let mut masked = self.clone();
        for path in &self.secrets {
            masked.values.insert(path.clone(), Value::from(MASKED));
        }
        masked
    }

    /// The same as the hands take it.
    pub(in crate::engine) fn with<T>(&self, instance: &Instance, body: impl FnOnce(&Content<'_>) -> T) -> T {
        let expected = |path: &Path| self.types.get(path).copied();
        body(&Content {
            values: &self.values,
            secrets: &self.secrets,
            expected: &expected,
            variables: &instance.variables,
        })
    }
}
