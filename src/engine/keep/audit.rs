//! Old entries of the audit log go, by policy only.
//!
//! What must stay true: the chain holds across it. A checkpoint keeps the last pruned entry's hash; what pruned entries
//! vouched for is kept as the digests alone; and the entry that says it was done vouches for both.

use super::{Kind, is_its_turn};
use crate::api::confirm::Chore;
use crate::domain::error::Result;
use crate::engine::transact::{Note, View};
use crate::store::{audit, manifest, metadata};
use serde_json::json;

/// So many entries go in one transaction.
const AT_ONCE: i64 = 50_000;

pub(super) fn due(view: &View<'_>) -> Result<Option<i64>> {
    let Some(wanted) = last_old(view)? else { return Ok(None) };
    let checkpoint = audit::checkpoint(view.db)?.seq;
    let due = wanted > checkpoint && (checkpoint == 0 || is_its_turn(view, metadata::AUDIT_CHECKPOINT)?);
    Ok(due.then_some(wanted))
}

/// The last entry that the policy does not keep.
fn last_old(view: &View<'_>) -> Result<Option<i64>> {
    let Some(term) = manifest::policy(view.db)?.keep.audit else { return Ok(None) };
    audit::last_before(view.db, view.ago(term)).map(Some)
}

pub(super) fn count(view: &View<'_>, up_to: i64) -> Result<u64> {
    Ok((up_to - audit::checkpoint(view.db)?.seq).max(0).unsigned_abs())
}

pub(super) fn step(view: &View<'_>, target: i64) -> Result<Option<(Chore, Note)>> {
    let former = audit::checkpoint(view.db)?.seq;
    let target = last_old(view)?.unwrap_or(0).min(target);
    if target <= former {
        return Ok(None);
    }
    let up_to = target.min(former + AT_ONCE);
    let last = audit::prune(view.db, former, up_to, metadata::history_floor(view.db)?)?;
    metadata::set(view.db, metadata::AUDIT_CHECKPOINT, &last.to_string(), view.now)?;
    let removed = (up_to - former).unsigned_abs();
    let detail =
        json!({"after": former, "up_to": up_to, "until": last.at, "removed": removed, "by": "policy.keep"});
    // The checkpoint stands first, where verifying looks for it.
    let note = Note::new(Kind::Audit.action(), up_to.to_string(), detail)
        .record("fact", metadata::AUDIT_CHECKPOINT)
        .record("vouched-up-to", up_to);
    Ok(Some((Chore { removed, ..Kind::Audit.chore("done", up_to) }, note)))
}
