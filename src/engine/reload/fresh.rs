//! What the sources say now, beside what the last reload resolved.
//!
//! What must stay true: nothing here writes, and what an override hides counts too.

use super::load::Loaded;
use super::read::Prepared;
use super::resolve::{Move, base_move, present, read_anew};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::engine::transact::View;
use crate::store::manifest;
use std::collections::BTreeSet;

/// The base values that would move, in path order.
pub(in crate::engine) fn fresh(view: &View<'_>, prepared: &Prepared, loaded: &[Loaded]) -> Result<Vec<Move>> {
    let present = present(view)?;
    let wanted = read_anew(&present, &prepared.sources, loaded);
    let paths: BTreeSet<&Path> = present.iter().chain(wanted.iter()).map(|said| &said.path).collect();
    let defaults = manifest::defaults_of(view.db, paths.iter().copied())?;
    let moved = paths
        .into_iter()
        .zip(defaults)
        .filter_map(|(path, default)| base_move(&present, &wanted, &prepared.sources, path, default));
    Ok(moved.collect())
}
