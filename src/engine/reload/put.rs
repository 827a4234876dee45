//! Altered layers are put in force: a generation, and a version where an effective value moved.
//!
//! What must stay true: it is one transaction with its audit entry; what was there before can be computed from what is
//! kept.

use super::resolve::Resolved;
use crate::domain::change::hex;
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::tree;
use crate::domain::value::Value;
use crate::engine::transact::{Note, View};
use crate::engine::{apply, state};
use crate::store::base::{self, Event};
use crate::store::hash_node::{self, Over};
use crate::store::manifest::{self, Generation};
use crate::store::version::{self, Version};

/// What was put in force.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Put {
    pub(super) generation: Option<i64>,
    pub(super) version: Option<i64>,
}

impl Put {
    /// The note with the records that this wrote.
    pub(super) fn recorded(&self, note: Note) -> Note {
        let note = match self.generation {
            Some(generation) => note.record("generation", generation).record("reload", generation),
            None => note,
        };
        match self.version {
            Some(version) => note.record("version", version).record("moves", version),
            None => note,
        }
    }
}

/// Puts altered layers in force, for a change where one asked for it.
pub(super) fn put(
    view: &View<'_>,
    resolved: &Resolved,
    change: Option<i64>,
    description: Option<String>,
) -> Result<Put> {
    if resolved.altered.is_empty() {
        return Ok(Put::default());
    }
    let db = view.db;
    let id = manifest::current_generation(db)?.id + 1;
    base::alter(db, id, &resolved.altered)?;
    let moved = resolved.moves.iter().chain(&resolved.hidden);
    let leaves = moved.map(|one| leaf(&one.path, one.before.as_ref(), one.after.as_ref())).collect();
    let generation = new_generation(view, id, leaves)?;
    if resolved.moves.is_empty() {
        return Ok(Put { generation: Some(generation.id), version: None });
    }
    let version = new_version(view, &generation, change, description)?;
    let events: Vec<Event> = resolved
        .moves
        .iter()
        .map(|one| Event {
            version: version.id,
            path: one.path.clone(),
            before: one.before.clone(),
            after: one.after.clone(),
            source: one.source.clone(),
            origin: one.origin.clone(),
        })
        .collect();
    base::record(db, &events)?;
    Ok(Put { generation: Some(generation.id), version: Some(version.id) })
}

/// What becomes of a base value's leaf in the tree of their hashes.
pub(in crate::engine) fn leaf(path: &Path, before: Option<&Value>, after: Option<&Value>) -> tree::Update {
    let leaf = |value: &Value| tree::leaf(path, value);
    tree::Update { place: tree::place_of(path.as_str()), before: before.map(leaf), after: after.map(leaf) }
}

/// Records the base as it stands now, with these base values moved, as a generation.
pub(in crate::engine) fn new_generation(
    view: &View<'_>,
    id: i64,
    moved: Vec<tree::Update>,
) -> Result<Generation> {
    let generation = Generation {
        id,
        manifest: manifest::current_id(view.db)?,
        base_hash: hex(&hash_node::update(view.db, Over::Base, moved)?),
        created_at: view.now,
    };
    manifest::insert_generation(view.db, &generation)?;
    Ok(generation)
}

/// The version that a new base makes over the overrides as they are.
pub(in crate::engine) fn new_version(
    view: &View<'_>,
    generation: &Generation,
    change: Option<i64>,
    description: Option<String>,
) -> Result<Version> {
    let parent = version::current(view.db)?;
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
        description,
        is_baseline: false,
        parent: parent.map(|parent| parent.id),
        change,
        generation: generation.id,
    };
    version::insert(view.db, &version, None)?;
    Ok(version)
}
