//! Baselines that the policy asks for.

use super::{Kind, no_version};
use crate::api::confirm::Chore;
use crate::domain::error::Result;
use crate::engine::state;
use crate::engine::transact::{Note, View};
use crate::store::{manifest, version};
use serde_json::json;

/// The current version, where it is to be a baseline.
pub(super) fn due(view: &View<'_>) -> Result<Option<i64>> {
    let baselines = manifest::policy(view.db)?.baselines;
    if baselines.is_never() {
        return Ok(None);
    }
    let last = version::last_baseline(view.db)?.ok_or_else(no_version)?;
    let current = state::current(view)?.id;
    Ok(baselines.is_due((last.id, last.created_at), current, view.clock).then_some(current))
}

/// Marks it.
pub(super) fn mark(view: &View<'_>) -> Result<Option<(Chore, Note)>> {
    let Some(id) = due(view)? else { return Ok(None) };
    let copy = state::copy_text(&state::present(view)?)?;
    version::keep_copy(view.db, id, &copy, true)?;
    let detail = json!({"by": "policy.baselines"});
    let note = Note::new(Kind::Baseline.action(), id.to_string(), detail).record("version", id);
    Ok(Some((Kind::Baseline.chore("done", id), note)))
}
