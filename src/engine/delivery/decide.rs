//! What a delivery amounts to, and what follows.
//!
//! What must stay true: too few services, or a critical one, and the former values come back by themselves, once; a way
//! back that fails is a person's to look at, and is never taken back again.

use super::{is_way_back, lock_of, the_change, version_of};
use crate::deliver::lock::retire;
use crate::domain::change::State;
use crate::domain::delivery::{Verdict, Weighed, verdict};
use crate::domain::error::{Code, Result};
use crate::domain::member::Caller;
use crate::engine::transact::{Note, View};
use crate::engine::{Engine, confirm, notice};
use crate::store::change::{self, Change};
use crate::store::{delivery, duty, manifest};
use serde_json::json;

impl Engine {
    /// Decides what a change's delivery amounts to, and takes the change back where that is what it comes to.
    pub(super) fn conclude(&mut self, caller: &Caller, number: i64) -> Result<()> {
        let target = number.to_string();
        let attempt = ("delivery.end", target.as_str());
        let mut hopeless = None;
        let done = self.transact_itself(caller, attempt, |view| {
            if !super::is_open(view, number)? {
                return Ok(((), None));
            }
            let change = the_change(view, number)?;
            match weigh(view, &change)? {
                Verdict::Failed(failed) if !is_way_back(&change) => {
                    duty::remove(view.db, duty::Kind::Deliver, number)?;
                    let because = because(&failed);
                    let back = confirm::take_back(view, &mut change.clone(), &because);
                    let (_, note) = back.inspect_err(|_| hopeless = Some(failed))?;
                    Ok(((), Some(note)))
                }
                verdict => Ok(((), Some(end(view, change, &verdict)?))),
            }
        });
        match (done, hopeless) {
            (Err(error), Some(failed)) if error.code != Code::UnknownOutcome => {
                self.transact_itself(caller, attempt, |view| {
                    let because =
                        format!("{}, and could not be taken back: {}", because(&failed), error.message);
                    let change = Change { ended_because: Some(because), ..the_change(view, number)? };
                    duty::remove(view.db, duty::Kind::Confirm, number)?;
                    Ok(((), Some(settle(view, change, State::Failed, &failed)?)))
                })?;
            }
            (done, _) => drop(done?),
        }
        if let Some(held) = self.delivering.take() {
            retire(&self.locks()?, &lock_of(number), held.lock);
        }
        Ok(())
    }
}

fn weigh(view: &View<'_>, change: &Change) -> Result<Verdict> {
    let rows = delivery::of_version(view.db, version_of(view, change.number)?)?;
    let weighed =
        rows.iter().map(|row| Weighed { service: &row.service, critical: row.critical, state: row.state });
    Ok(verdict(weighed, manifest::policy(view.db)?.verify.threshold))
}

fn because(failed: &[String]) -> String {
    format!("it did not take effect at {}", failed.join(", "))
}

/// The change stays as it is.
fn end(view: &View<'_>, change: Change, verdict: &Verdict) -> Result<Note> {
    let failed = match verdict {
        Verdict::Verified => Vec::new(),
        Verdict::Partly(failed) | Verdict::Failed(failed) => failed.clone(),
    };
    let state = match (change.state, change.decision.takes_back) {
        (State::Executing, Some(_)) if !failed.is_empty() => State::Failed,
        (State::Executing, _) => State::Completed,
        (other, _) => other,
    };
    settle(view, change, state, &failed)
}

/// Writes down what became of a change at the services.
fn settle(view: &View<'_>, mut change: Change, state: State, failed: &[String]) -> Result<Note> {
    duty::remove(view.db, duty::Kind::Deliver, change.number)?;
    change.state = state;
    change.updated_at = Some(view.now);
    change::put(view.db, &change)?;
    let detail = json!({"state": change.state, "failed": failed});
    let mut note = Note::new("delivery.end", change.number.to_string(), detail).change(change.number);
    note.tell.extend(notice::outcome(view, &change)?);
    Ok(note)
}
