//! What the sources say now, beside what the last reload resolved.
//!
//! What must stay true: nothing here writes, and what an override hides counts too.

use super::load::Loaded;
use super::read::Prepared;
use super::resolve::{present, read_anew, strongest};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::value::Value;
use crate::engine::transact::View;
use crate::store::manifest;
use std::collections::BTreeSet;

/// A base value that a reload would move.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct Fresh {
    pub(in crate::engine) path: Path,
    pub(in crate::engine) before: Option<Value>,
    pub(in crate::engine) after: Option<Value>,
    /// The source that says so, or said so before where nothing does any more.
    pub(in crate::engine) source: Option<String>,
    /// Where in it.
    pub(in crate::engine) origin: Option<String>,
}

/// The base values that would move, in path order.
pub(in crate::engine) fn fresh(
    view: &View<'_>,
    prepared: &Prepared,
    loaded: &[Loaded],
) -> Result<Vec<Fresh>> {
    let present = present(view)?;
    let wanted = read_anew(&present, &prepared.sources, loaded);
    let paths: BTreeSet<&Path> = present.keys().chain(wanted.keys()).map(|(path, _)| path).collect();
    let mut moved = Vec::new();
    for path in paths {
        let (old, new) = (strongest(&present, path), strongest(&wanted, path));
        if old.map(|said| &said.value) == new.map(|said| &said.value) {
            continue;
        }
        let default = || manifest::default(view.db, path.as_str());
        let before = old.map_or_else(default, |said| Ok(Some(said.value.clone())))?;
        let after = new.map_or_else(default, |said| Ok(Some(said.value.clone())))?;
        if before != after {
            let says = new.or(old);
            moved.push(Fresh {
                path: path.clone(),
                before,
                after,
                source: says.map(|said| said.source.clone()),
                origin: says.map(|said| said.origin.clone()),
            });
        }
    }
    Ok(moved)
}
