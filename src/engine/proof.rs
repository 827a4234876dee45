//! Whether this store itself proves that values were in force lately, so that going back to them asks for less.
//!
//! What must stay true: only what was in force by the ordinary way proves anything. What an emergency put in force
//! proves nothing until a review says that it was right.

use super::plan::Wanted;
use super::state::{self, State};
use super::transact::View;
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::time::Timestamp;
use crate::domain::value::{self, Value};
use crate::store::{emergency, history, keep, manifest, metadata, overrides, version};

/// Whether history, or a version that pruning left, proves that every value that would change was in force lately.
pub(super) fn is_proven(view: &View<'_>, wanted: &[Wanted]) -> Result<bool> {
    let lately = view.ago(manifest::policy(view.db)?.restore.within);
    // Without an override the base is effective: it proves itself only for as long as it has been the same.
    let base_since = manifest::current_generation(view.db)?.created_at;
    let mut left = None;
    for (path, value) in wanted {
        if overrides::value(view.db, path.as_str())? == *value {
            continue;
        }
        let text = value.as_ref().map(value::canonical);
        let since = if value.is_some() { lately } else { lately.max(base_since) };
        if history::was_in_force_since(view.db, path, text.as_deref(), since)? {
            continue;
        }
        let left = match &mut left {
            Some(left) => left,
            None => left.insert(Left::since(view, lately)?),
        };
        if !left.prove(path, value.as_ref(), since) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Tagged versions and baselines that history no longer reaches: when each was made, and what it held then.
struct Left(Vec<(Timestamp, State)>);

impl Left {
    /// Those made since a time whose content is what their hash covers.
    fn since(view: &View<'_>, since: Timestamp) -> Result<Left> {
        let mut left = Vec::new();
        for id in keep::kept_up_to(view.db, metadata::history_floor(view.db)?)?.into_iter().rev() {
            let made = version::find(view.db, id)?.filter(|version| version.created_at >= since);
            let Some(version) = made else { break };
            // Who put which value in force is no longer known.
            if emergency::is_unsettled_up_to(view.db, id)? {
                continue;
            }
            let held = state::at(view, &version)?;
            if state::hash_of(&held)? == version.config_hash {
                left.push((version.created_at, held));
            }
        }
        Ok(Left(left))
    }

    /// Whether one of them held this value (or none).
    fn prove(&self, path: &Path, value: Option<&Value>, since: Timestamp) -> bool {
        self.0.iter().any(|(made, held)| *made >= since && held.get(path) == value)
    }
}
