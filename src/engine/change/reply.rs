//! What became of a change, as its answer.
//!
//! What must stay true: the same id with the same content gets the same answer, however often it is sent.

use crate::api::Outcome;
use crate::api::change::{ChangeReply, ChangeView};
use crate::domain::change::State;
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::engine::transact::{Note, View};
use crate::engine::view;
use crate::store::change::Change;

/// What became of a change, with the command to type next.
pub(in crate::engine) fn reply_to(
    view: &View<'_>,
    change: &Change,
    outcome: Outcome,
    unchanged: Vec<Path>,
    warnings: Vec<String>,
    dry_run: bool,
) -> Result<ChangeReply> {
    let shown = view::of_change(view, change)?;
    reply_with(view, change, shown, outcome, unchanged, warnings, dry_run)
}

pub(super) fn reply_with(
    view: &View<'_>,
    change: &Change,
    shown: ChangeView,
    outcome: Outcome,
    unchanged: Vec<Path>,
    warnings: Vec<String>,
    dry_run: bool,
) -> Result<ChangeReply> {
    let next = view::next_command(view, change, &shown)?;
    Ok(ChangeReply { outcome, dry_run, change: Some(shown), unchanged, warnings, next, audit_head: None })
}

/// The same id with the same content gets the same answer; with other content it is a conflict.
pub(in crate::engine) fn answer_again(
    view: &View<'_>,
    former: &Change,
    asked: &str,
) -> Result<(ChangeReply, Option<Note>)> {
    if former.content_hash != asked {
        return Err(id_taken(&former.id));
    }
    let outcome = outcome_of(former.state);
    Ok((reply_to(view, former, outcome, Vec::new(), Vec::new(), false)?, None))
}

/// An id that was used for something else.
pub(in crate::engine) fn id_taken(id: &str) -> Error {
    Error::conflict(format!("The id {id} is another change's."))
        .hint(format!("See that one: cfgctl change-request show {id}"))
}

/// What a change's state amounts to as an answer.
pub(in crate::engine) fn outcome_of(state: State) -> Outcome {
    match state {
        State::Executing | State::Monitoring | State::Completed | State::Confirming => Outcome::Done,
        State::Draft | State::Pending | State::Approved | State::Scheduled => Outcome::Pending,
        State::Rejected | State::Cancelled | State::Expired => Outcome::Refused,
        State::RolledBack => Outcome::RolledBack,
        State::Failed => Outcome::RollbackFailed,
    }
}
