//! A manifest is put in force, with the rows that stand for it.
//!
//! What must stay true: where defaults move, the base is a new generation, and the same transaction makes the version.

use crate::domain::change::hex;
use crate::domain::error::Result;
use crate::domain::manifest::Manifest;
use crate::domain::path::Path;
use crate::engine::confirm;
use crate::engine::reload::{leaf, new_generation, new_version};
use crate::engine::transact::{Note, View};
use crate::store::base;
use crate::store::change::{self, Change};
use crate::store::manifest::{self, Applied};
use crate::store::version::Version;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Puts a manifest in force, as the change that is given; gives what was applied and the audit note.
pub(in crate::engine) fn enact(
    view: &View<'_>,
    change: &mut Change,
    manifest: &Manifest,
    text: &str,
) -> Result<(Applied, Note)> {
    let db = view.db;
    confirm::refuse_while_confirming(view)?;
    let applied = Applied {
        id: manifest::current(db)?.id + 1,
        text: text.to_owned(),
        hash: hex(&Sha256::digest(text)),
        created_at: view.now,
        created_by: change.requested_by.clone(),
        reason: change.reason.clone(),
        change: Some(change.number),
    };
    let made = put_in_force(view, &applied, manifest, change.number)?;
    change.version = made.as_ref().map(|version| version.id);
    change::put(db, change)?;
    let mut note = Note::new(
        "manifest.apply",
        change.number.to_string(),
        json!({"manifest": applied.id, "hash": applied.hash}),
    )
    .record("manifest", applied.id)
    .record("change", change.number);
    if let Some(version) = &made {
        note = note.record("version", version.id).record("generation", version.generation);
    }
    Ok((applied, note))
}

/// Puts a manifest's rows in force; a base that differs with its defaults makes a generation and a version.
pub(in crate::engine) fn put_in_force(
    view: &View<'_>,
    applied: &Applied,
    manifest: &Manifest,
    change: i64,
) -> Result<Option<Version>> {
    let db = view.db;
    let before = base::values(db, None)?;
    manifest::put_in_force(db, applied, manifest)?;
    let after = base::values(db, None)?;
    let former = if applied.id == 1 { None } else { Some(manifest::current_generation(db)?) };
    if former.is_some() && before == after {
        return Ok(None);
    }
    let paths: BTreeSet<&Path> = before.keys().chain(after.keys()).collect();
    let moved = paths.into_iter().map(|path| (path, before.get(path), after.get(path)));
    let moved = moved.filter(|(_, before, after)| before != after);
    let leaves = moved.map(|(path, before, after)| leaf(path, before, after)).collect();
    let generation = new_generation(view, former.map_or(1, |former| former.id + 1), leaves)?;
    new_version(view, &generation, Some(change), None).map(Some)
}
