//! No path is both a value and another's prefix, in the state that a change would leave.
//!
//! What must stay true: what lies above and below a path is looked up for the paths that begin, so that the cost follows
//! the change.

use super::Planner;
use crate::domain::change::Item;
use crate::domain::error::Result;
use crate::store::{base, manifest, overrides};
use std::collections::{BTreeMap, HashSet};

impl Planner<'_> {
    /// No path is both a value and another's prefix, in the state the change would leave.
    pub(super) fn check_conflicts(&mut self) -> Result<()> {
        let db = self.view.db;
        let begins = |item: &Item| item.after.is_some() && item.before.is_none();
        if !self.items.iter().any(begins) {
            return Ok(());
        }
        let after: BTreeMap<&str, bool> =
            self.items.iter().map(|item| (item.path.as_str(), item.after.is_some())).collect();
        let mut clear: HashSet<&str> = HashSet::new();
        let mut found = Vec::new();
        for item in self.items.iter().filter(|item| begins(item)) {
            let path = &item.path;
            for above in path.ancestors() {
                if clear.contains(above) {
                    continue;
                }
                let taken = match after.get(above) {
                    Some(set) => *set,
                    None => {
                        overrides::is_set(db, above)?
                            || manifest::is_registered(db, above)?
                            || base::is_set(db, above)?
                    }
                };
                if taken {
                    found.push((
                        path.clone(),
                        format!("{path} lies inside {above}, which is a value of its own."),
                    ));
                } else {
                    clear.insert(above);
                }
            }
            let from = format!("{path}.");
            let mut inside = after
                .range(from.as_str()..)
                .take_while(|(below, _)| below.starts_with(&from))
                .find(|(_, set)| **set)
                .map(|(below, _)| (*below).to_owned());
            if inside.is_none() {
                let unset =
                    after.range(from.as_str()..).take_while(|(below, _)| below.starts_with(&from)).count();
                let limit = u32::try_from(unset + 1).unwrap_or(u32::MAX);
                inside = overrides::paths_below(db, path.as_str(), limit)?
                    .into_iter()
                    .find(|below| after.get(below.as_str()).is_none_or(|set| *set));
            }
            if inside.is_none() {
                inside = manifest::registered_below(db, path.as_str())?;
            }
            if inside.is_none() {
                inside = base::set_below(db, path.as_str())?;
            }
            if let Some(below) = inside {
                let problem = format!("{path} cannot have a value, because {below} lies inside it.");
                if found.is_empty() && self.issues.is_empty() {
                    self.hint = Some(format!("See what lies inside it: cfgctl get {path:#}"));
                }
                found.push((path.clone(), problem));
            }
        }
        for (path, message) in found {
            self.issue(&path, message);
        }
        Ok(())
    }
}
