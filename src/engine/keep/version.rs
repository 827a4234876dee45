//! Old versions and their history go, by policy and by hand.
//!
//! What must stay true: what a version that stays held is copied while history still reaches it; history goes to one
//! floor, above which every version can be computed.

use super::{Kind, is_its_turn};
use crate::api::confirm::Chore;
use crate::domain::error::Result;
use crate::domain::keep::Keep;
use crate::engine::state;
use crate::engine::transact::{Note, View};
use crate::store::{keep, manifest, metadata, version};
use serde_json::json;

/// So many rows of history, or versions, go in one transaction.
const AT_ONCE: u32 = 50_000;

/// Up to which version everything may go by these terms; none where nothing may.
pub(in crate::engine) fn up_to(view: &View<'_>, keep: &Keep) -> Result<Option<i64>> {
    let current = state::current(view)?.id;
    keep.floor(current, |term| Ok(version::at_time(view.db, view.ago(term))?.map_or(0, |version| version.id)))
}

/// Whether nothing is left to go up to a floor.
pub(in crate::engine) fn is_floor_reached(view: &View<'_>, floor: i64) -> Result<bool> {
    Ok(floor <= metadata::history_floor(view.db)? && !keep::is_prunable(view.db, floor)?)
}

pub(super) fn due(view: &View<'_>) -> Result<Option<i64>> {
    let Some(wanted) = up_to(view, &manifest::policy(view.db)?.keep)? else { return Ok(None) };
    let floor = metadata::history_floor(view.db)?;
    let wanted = wanted.max(floor);
    if is_floor_reached(view, wanted)? || (floor > 0 && !is_its_turn(view, metadata::HISTORY_FLOOR)?) {
        return Ok(None);
    }
    Ok(Some(wanted))
}

pub(super) fn count(view: &View<'_>, floor: i64) -> Result<(u64, u64)> {
    keep::count_prunable(view.db, floor)
}

pub(super) fn step(view: &View<'_>, target: i64) -> Result<Option<(Chore, Note)>> {
    let floor = metadata::history_floor(view.db)?;
    // The policy may have become more generous meanwhile.
    let target = up_to(view, &manifest::policy(view.db)?.keep)?.unwrap_or(0).min(target).max(floor);
    if is_floor_reached(view, target)? {
        return Ok(None);
    }
    let most =
        keep::version_after_rows(view.db, floor, AT_ONCE)?.map_or(target, |next| next.max(floor + 2) - 1);
    let pruned = prune(view, target.min(most).min(floor + i64::from(AT_ONCE)))?;
    let mut note = pruned.note;
    note.detail["by"] = json!("policy.keep");
    let chore = Chore {
        removed: pruned.versions,
        history_removed: pruned.history,
        ..Kind::Versions.chore("done", pruned.floor)
    };
    Ok(Some((chore, note)))
}

/// What went.
pub(in crate::engine) struct Pruned {
    pub(in crate::engine) floor: i64,
    pub(in crate::engine) versions: u64,
    pub(in crate::engine) history: u64,
    /// What stays all the same: tags and baselines.
    pub(in crate::engine) kept: Vec<i64>,
    pub(in crate::engine) note: Note,
}

/// Takes versions up to a floor, and their history.
pub(in crate::engine) fn prune(view: &View<'_>, floor: i64) -> Result<Pruned> {
    let db = view.db;
    let former = metadata::history_floor(db)?;
    let kept = keep::kept_up_to(db, floor)?;
    let mut note = Note::default();
    // What stays below the floor is copied while history still reaches it.
    for id in kept.iter().filter(|id| **id > former) {
        if version::copy_of(db, *id)?.is_none() {
            let version = state::by_number(view, *id)?;
            version::keep_copy(db, *id, &state::copy_text(&state::at(view, &version)?)?, false)?;
        }
        note = note.record("version-copy", id);
    }
    let (versions, history) = keep::prune(db, floor)?;
    metadata::set(db, metadata::HISTORY_FLOOR, &floor.to_string(), view.now)?;
    let detail = json!({"after": former, "floor": floor, "removed": versions, "history_removed": history, "kept": kept});
    note = Note { action: Kind::Versions.action().into(), target: floor.to_string(), detail, ..note };
    note = note.record("fact", metadata::HISTORY_FLOOR).record("history-up-to", floor);
    Ok(Pruned { floor, versions, history, kept, note })
}
