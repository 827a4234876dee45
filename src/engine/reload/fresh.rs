//! What the sources say now, beside what the last reload resolved.
//!
//! What must stay true: nothing here writes, and what an override hides counts too.

use super::load::Loaded;
use super::read::Prepared;
use super::resolve::{Move, base_move, present, read_anew};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::engine::transact::View;
use std::collections::BTreeSet;

/// The base values that would move, in path order.
pub(in crate::engine) fn fresh(view: &View<'_>, prepared: &Prepared, loaded: &[Loaded]) -> Result<Vec<Move>> {
    let present = present(view)?;
    let wanted = read_anew(&present, &prepared.sources, loaded);
    let paths: BTreeSet<&Path> = present.keys().chain(wanted.keys()).map(|(path, _)| path).collect();
    let mut moved = Vec::new();
    for path in paths {
        moved.extend(base_move(view, &present, &wanted, &prepared.sources, path)?);
    }
    Ok(moved)
}
