//! What a delivery amounts to, and what follows.
//!
//! What must stay true: too few services, or a critical one, and the former values come back by themselves, once; a way
//! back that fails is a person's to look at, and is never taken back again.

use super::{is_way_back, monitor, quarantine, the_change, version_of};
use crate::domain::change::{Kind, State};
use crate::domain::delivery::{Verdict, Weighed, verdict};
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::engine::transact::Note;
use crate::engine::{Engine, confirm, notice};
use crate::store::{change, delivery, duty, manifest};
use serde_json::json;

impl Engine {
    /// Decides what a change's delivery amounts to, and takes the change back where that is what it comes to.
    pub(super) fn conclude(&mut self, caller: &Caller, number: i64) -> Result<()> {
        self.transact_itself(caller, ("delivery.end", number.to_string().as_str()), |view| {
            if duty::find(view.db, duty::Kind::Deliver, number)?.is_none() {
                return Ok(((), None));
            }
            let mut change = the_change(view, number)?;
            let rows = delivery::of_version(view.db, version_of(view, number)?)?;
            let weighed = rows.iter().map(|row| Weighed {
                service: &row.service,
                critical: row.critical,
                state: row.state,
            });
            let verdict = verdict(weighed, manifest::policy(view.db)?.verify.threshold);
            duty::remove(view.db, duty::Kind::Deliver, number)?;
            let failed = match &verdict {
                Verdict::Verified => Vec::new(),
                Verdict::Partly(failed) | Verdict::Failed(failed) => failed.clone(),
            };
            // What the sources say is not an override that could be taken back.
            let can_go_back = !is_way_back(&change) && change.kind != Kind::Reload;
            if matches!(verdict, Verdict::Failed(_)) && can_go_back {
                let because = format!("it did not take effect at {}", failed.join(", "));
                quarantine::remember(view, &change)?;
                let (_, note) = confirm::take_back(view, &mut change, &because)?;
                return Ok(((), Some(note)));
            }
            let settled = match (&verdict, change.decision.takes_back) {
                (Verdict::Failed(_) | Verdict::Partly(_), Some(_)) => State::Failed,
                _ => State::Completed,
            };
            let watched = monitor::begin(view, &change, &rows)?;
            if change.state == State::Executing {
                change.state = if watched.is_some() { State::Monitoring } else { settled };
            }
            change.updated_at = Some(view.now);
            change::put(view.db, &change)?;
            let detail = json!({"state": change.state, "failed": failed});
            let mut note = Note::new("delivery.end", number.to_string(), detail).change(number);
            note.deadline = watched;
            note.tell.extend(notice::outcome(view, &change)?);
            Ok(((), Some(note)))
        })?;
        Ok(())
    }
}
