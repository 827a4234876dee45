//! Changes that are executed at a time: set, taken away, told what a window makes of it.
//!
//! What must stay true: a schedule executes nothing by itself; when its time comes everything is checked again, and the
//! last approval never fires it early.

use super::change_request::{self, Decided};
use super::transact::{Note, View};
use super::window::Windows;
use super::{Engine, Handle};
use crate::api::Outcome;
use crate::api::change_request::{DecisionReply, Schedule};
use crate::domain::approval::Lack;
use crate::domain::change::State;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::time::Timestamp;
use crate::store::change::{self, Change};
use crate::store::duty::{self, Duty};
use serde_json::json;

/// Refuses a time that cannot be: past, after the request's end, or in a freeze or outside the windows it needs.
pub(super) fn check_time(view: &View<'_>, change: &Change, at: Timestamp) -> Result<()> {
    if at <= view.clock {
        return Err(Error::usage(format!("{} is past.", at.short()))
            .hint("Name a time to come: --schedule \"2026-12-01 03:00 +01:00\""));
    }
    if let Some(end) = change.expires_at.filter(|end| *end <= at) {
        return Err(Error::refused(format!(
            "The request would have ended by then: requests expire after {}.",
            end.short()
        ))
        .hint("Choose an earlier time, or make the request later."));
    }
    let demand = change.decision.demand.clone().unwrap_or_default();
    let windows = Windows::of(view, change.kind, &change.requested_by)?;
    let solo = crate::store::metadata::is_solo(view.db)?;
    let Some(closed) = windows.closed(at, change.risk, &demand).filter(|_| !solo) else { return Ok(()) };
    let error =
        Error::refused(format!("At {} a {} change lacks {}.", at.short(), change.risk, closed.in_words()));
    Err(match windows.next_open(at, change.risk, &demand) {
        Some(next) => error.hint(format!("It may be executed from {} on: --schedule {next}", next.short())),
        None => error.hint("See the windows: cfgctl manifest show"),
    })
}

/// What to type where only time is missing.
pub(super) fn hint(closed: &Lack) -> String {
    match closed {
        Lack::Frozen { until, .. } => format!("Let it be executed then: --schedule {until}"),
        Lack::Window { next: Some(next) } => format!("Let it be executed then: --schedule {next}"),
        _ => "See the windows: cfgctl manifest show".to_owned(),
    }
}

/// The same for a request that is there.
pub(super) fn hint_for(change: &Change, closed: &Lack) -> String {
    let at = |time: &Timestamp| {
        format!("Let it be executed then: cfgctl change-request schedule {} --at {time}", change.id)
    };
    match closed {
        Lack::Frozen { until, .. } => at(until),
        Lack::Window { next: Some(next) } => at(next),
        _ => "See the windows: cfgctl manifest show".to_owned(),
    }
}

/// Writes the duty.
pub(super) fn set(view: &View<'_>, change: &Change, at: Timestamp) -> Result<()> {
    let kind = duty::Kind::Execute;
    let by = view.actor.name().to_owned();
    duty::put(view.db, &Duty { kind, change: change.number, due_at: at, by }, view.now)
}

impl Handle<Schedule> for Engine {
    fn handle(&mut self, caller: &Caller, request: Schedule) -> Result<DecisionReply> {
        self.decide(caller, ("change.schedule", &request.id), request.dry_run, |view| {
            let mut change = change_request::open(view, &request.id)?;
            change_request::require_for(
                view,
                &change,
                "scheduling a change",
                "scheduling somebody else's change",
            )?;
            if let Some(at) = request.at {
                check_time(view, &change, at)?;
            } else if duty::find(view.db, duty::Kind::Execute, change.number)?.is_none() {
                return Err(Error::conflict(format!("Change request {} is not scheduled.", change.number))
                    .hint(format!("See it: cfgctl change-request show {}", change.id)));
            }
            if request.dry_run {
                return Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, None) });
            }
            match request.at {
                Some(at) => set(view, &change, at)?,
                None => duty::remove(view.db, duty::Kind::Execute, change.number)?,
            }
            if change.state != State::Draft {
                change.state = change_request::standing_state(view, &change)?;
            }
            change.updated_at = Some(view.now);
            change::put(view.db, &change)?;
            let note = Note::new("change.schedule", change.number.to_string(), json!({"at": request.at}))
                .change(change.number);
            Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, Some(note)) })
        })
    }
}
