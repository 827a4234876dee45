//! The sealed values that are in force, and secrets that stand in the clear beside them.

use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::sealed::is_sealed;
use crate::domain::secret::is_reference;
use crate::domain::value::Value;
use crate::engine::seal::Sealer;
use crate::engine::transact::View;
use crate::store::base::{self, Said};
use crate::store::{manifest, overrides};
use std::collections::HashSet;

/// What is in force of secrets.
pub(in crate::engine) struct Held {
    /// Overrides, in path order.
    pub(in crate::engine) overrides: Vec<(Path, Value)>,
    /// What sources say.
    pub(in crate::engine) base: Vec<Said>,
}

impl Held {
    /// Everything sealed, and everything in the clear under a secret's path.
    pub(in crate::engine) fn of(view: &View<'_>) -> Result<Held> {
        let secrets = manifest::secrets(view.db)?;
        let mut held = Held { overrides: Vec::new(), base: Vec::new() };
        overrides::each(view.db, None, |row| {
            if let Some(value) = row.value.filter(|value| is_held(&secrets, &row.path, value)) {
                held.overrides.push((row.path, value));
            }
            Ok(())
        })?;
        base::each(view.db, None, |said| {
            if is_held(&secrets, &said.path, &said.value) {
                held.base.push(said);
            }
            Ok(())
        })?;
        Ok(held)
    }

    /// Each path with its value, overrides first.
    pub(in crate::engine) fn values(&self) -> impl Iterator<Item = (&Path, &Value)> {
        let of_override = self.overrides.iter().map(|(path, value)| (path, value));
        of_override.chain(self.base.iter().map(|said| (&said.path, &said.value)))
    }
}

fn is_held(secrets: &HashSet<String>, path: &Path, value: &Value) -> bool {
    value.as_str().is_some_and(is_sealed) || (secrets.contains(path.as_str()) && !is_reference(value))
}

/// The value itself.
pub(super) fn plain(sealer: &Sealer, path: &Path, value: &Value) -> Result<Value> {
    match value.as_str().filter(|text| is_sealed(text)) {
        Some(text) => sealer.open(path, text),
        None => Ok(value.clone()),
    }
}
