//! A manifest is put in force, with the rows that stand for it.
//!
//! What must stay true: where defaults move, the base is a new generation, and the same transaction makes the version.

use crate::domain::change::hex;
use crate::domain::error::Result;
use crate::domain::manifest::Manifest;
use crate::domain::tree;
use crate::engine::transact::{Note, View};
use crate::engine::{apply, confirm, state};
use crate::store::Connection;
use crate::store::change::{self, Change};
use crate::store::manifest::{self, Applied, Generation};
use crate::store::version::{self, Version};
use serde_json::json;
use sha2::{Digest, Sha256};

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
    let made = put_in_force(db, view, &applied, manifest, change.number)?;
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
    db: &Connection,
    view: &View<'_>,
    applied: &Applied,
    manifest: &Manifest,
    change: i64,
) -> Result<Option<Version>> {
    manifest::put_in_force(db, applied, manifest)?;
    let leaves = manifest.settings.iter().filter_map(|(path, setting)| {
        let default = setting.default.as_ref()?;
        Some((tree::place_of(path.as_str()), tree::leaf(path, default)))
    });
    let base_hash = hex(&tree::root_of(leaves)?);
    let former = if applied.id == 1 { None } else { Some(manifest::current_generation(db)?) };
    if former.as_ref().is_some_and(|former| former.base_hash == base_hash) {
        return Ok(None);
    }
    let generation = Generation {
        id: former.map_or(1, |former| former.id + 1),
        manifest: applied.id,
        base_hash,
        created_at: view.now,
    };
    manifest::insert_generation(db, &generation)?;
    let parent = version::current(db)?;
    let config_hash = match &parent {
        Some(parent) => parent.config_hash.clone(),
        None => state::hash_of(&state::State::new())?,
    };
    let version = Version {
        id: parent.as_ref().map_or(1, |parent| parent.id + 1),
        effective_hash: apply::effective_hash(&generation.base_hash, &apply::unhex(&config_hash)?)?,
        config_hash,
        created_at: view.now,
        created_by: view.actor.name().to_owned(),
        description: None,
        is_baseline: false,
        parent: parent.map(|parent| parent.id),
        change: Some(change),
        generation: generation.id,
    };
    version::insert(db, &version, None)?;
    Ok(Some(version))
}
