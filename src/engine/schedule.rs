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
use crate::domain::change::State;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::time::{Span, Timestamp};
use crate::store::change::{self, Change};
use crate::store::duty::{self, Duty};
use serde_json::json;

/// Refuses a time that cannot be: past, after the request's end, or in a freeze or outside the windows it needs. How a
/// time that may be is named is the caller's to say.
pub(super) fn check_time(
    view: &View<'_>,
    change: &Change,
    at: Timestamp,
    named: impl Fn(Timestamp) -> String,
) -> Result<()> {
    if at <= view.clock {
        let tomorrow = named(view.clock.after(Span::days(1)));
        return Err(
            Error::usage(format!("{} is past.", at.short())).hint(format!("Name a time to come: {tomorrow}"))
        );
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
    let next = windows.next_open(at, change.risk, &demand);
    Err(Error::refused(format!("At {} a {} change lacks {}.", at.short(), change.risk, closed.in_words()))
        .hint(hint(next, change.expires_at, named)))
}

/// What to type where only time is missing: the first moment at which nothing stands in the way, which is not always
/// when a freeze ends, and may be later than the request's end.
pub(super) fn hint(
    next: Option<Timestamp>,
    end: Option<Timestamp>,
    named: impl Fn(Timestamp) -> String,
) -> String {
    match next {
        Some(next) if end.is_none_or(|end| next < end) => {
            format!("Let it be executed then: {}", named(next))
        }
        Some(next) => format!(
            "It may be executed from {} on, which is after a request made now ends: make it then.",
            next.short()
        ),
        None => "See the windows: cfgctl manifest show".to_owned(),
    }
}

/// A time as an option of the command that makes the change.
pub(super) fn as_option(time: Timestamp) -> String {
    format!("--schedule {time}")
}

/// A time as the command that schedules a request which is there.
pub(super) fn as_command(change: &Change) -> impl Fn(Timestamp) -> String {
    let id = change.id.clone();
    move |time| format!("cfgctl change-request schedule {id} --at {time}")
}

/// When a request is to be executed, where it is scheduled.
pub(super) fn time_of(view: &View<'_>, change: &Change) -> Result<Option<Timestamp>> {
    Ok(duty::find(view.db, duty::Kind::Execute, change.number)?.map(|duty| duty.due_at))
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
                if change.state != State::Draft {
                    change_request::refuse_stale(view, &change)?;
                }
                check_time(view, &change, at, as_command(&change))?;
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
            change.dossier.wanted_at = None;
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
