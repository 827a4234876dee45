//! Waiting for what a change still lacks, and executing it then.
//!
//! What must stay true: it looks before it waits; it ends early on a rejection, and on what cannot be executed as it
//! stands, which are errors like any refusal; what was missing at the end of its time is listed.

use super::session::Session;
use crate::api::change::{ChangeReply, ChangeView};
use crate::api::change_request::{DecisionReply, Execute, ShowRequest, ShowRequestReply};
use crate::api::rollback::RollbackReply;
use crate::api::{Outcome, Reply};
use crate::domain::change::{Kind, State, Validity};
use crate::domain::error::{Code, Error, Result};
use crate::domain::time::Span;
use crate::output::stream::Progress;
use crate::output::{Render, words};
use clap::Args;
use std::thread;
use std::time::{Duration, Instant};

/// Whether to wait for approval.
#[derive(Args, Clone, Copy)]
pub(crate) struct Waiting {
    /// Where approval is needed, wait for it and execute then
    #[arg(long)]
    wait: bool,
    /// How long to wait
    #[arg(long, value_name = "DURATION", value_parser = super::arguments::typed(Span::parse), default_value = "10m", requires = "wait")]
    timeout: Span,
}

/// An answer that holds a change, which may still be waited for.
pub(crate) trait Awaited: Reply + Render {
    /// The part about the change.
    fn change(&mut self) -> &mut ChangeReply;

    /// What it says beside the change, now that the change is executed.
    fn executed(&mut self) {}
}

impl Awaited for ChangeReply {
    fn change(&mut self) -> &mut ChangeReply {
        self
    }
}

impl Awaited for RollbackReply {
    fn change(&mut self) -> &mut ChangeReply {
        &mut self.change
    }

    fn executed(&mut self) {
        for result in self.results.iter_mut().filter(|result| result.status == "pending") {
            result.status = if result.value.is_some() { "restored" } else { "unset" }.to_owned();
        }
    }
}

impl Waiting {
    /// Answers with what became of the change, after waiting where that was asked for.
    pub(crate) fn answer<R: Awaited>(&self, session: &mut Session, mut reply: R) -> Result<Outcome> {
        let change = reply.change();
        if self.wait
            && !change.dry_run
            && change.outcome == Outcome::Pending
            && let Some(view) = &change.change
        {
            let end = wait(session, &view.id.clone(), self.timeout, true)?;
            change.outcome = end.outcome;
            change.warnings.extend(end.warnings);
            change.next = end.next;
            change.audit_head = end.audit_head.or(change.audit_head.take());
            change.change = Some(end.change);
            if end.outcome == Outcome::Done {
                reply.executed();
            }
        }
        session.answer(&reply)
    }
}

/// Waits until the request has what it needs, and then executes it where that is wanted.
pub(crate) fn wait(session: &mut Session, id: &str, timeout: Span, execute: bool) -> Result<DecisionReply> {
    // Whoever waits should know at once that nobody may have been told.
    session.say_remarks();
    let deadline = Instant::now().checked_add(timeout.duration());
    let progress = Progress::begin("waiting for approval", None, session.options.quiet);
    let mut pause = Duration::from_millis(500);
    loop {
        let ShowRequestReply { change, next, issues, .. } =
            session.read(ShowRequest { id: id.to_owned() })?;
        if let Some(error) = stuck(&change, &issues) {
            return Err(error);
        }
        let outcome = match change.state {
            State::Executing | State::Monitoring | State::Completed | State::Confirming => Outcome::Done,
            State::Failed => Outcome::RollbackFailed,
            State::RolledBack => Outcome::RolledBack,
            State::Rejected | State::Cancelled | State::Expired => return Err(ended(&change)),
            State::Approved if !execute => Outcome::Done,
            State::Approved if !change.missing.is_empty() => Outcome::Pending,
            State::Approved => {
                match session.write(Execute {
                    id: id.to_owned(),
                    reason: None,
                    confirm_within: None,
                    dry_run: false,
                }) {
                    // Somebody else was faster: the next look says what became of it.
                    Err(error) if error.code == Code::Conflict && is_over(session, id)? => continue,
                    result => return result,
                }
            }
            State::Draft | State::Pending | State::Scheduled => Outcome::Pending,
        };
        let left = deadline.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        let mut missing: Vec<String> = change.missing.iter().map(words::lack).collect();
        missing.extend(change.scheduled_at.map(|at| format!("its time, {}", at.short())));
        let missing = missing.join("; ");
        if outcome == Outcome::Pending && !left.is_zero() {
            progress.say(&format!("waiting for {missing}"));
            thread::sleep(pause.min(left));
            pause = (pause * 3 / 2).min(Duration::from_secs(2));
            continue;
        }
        if outcome == Outcome::Pending {
            session.say(&format!("Still missing after {timeout}: {missing}."));
        }
        return Ok(DecisionReply {
            outcome,
            dry_run: false,
            change,
            comes_back: Vec::new(),
            warnings: Vec::new(),
            next,
            audit_head: None,
        });
    }
}

/// What was waited for will not come: for whoever waits that is a refusal.
fn ended(change: &ChangeView) -> Error {
    let how = match change.state {
        State::Rejected => "was rejected",
        State::Cancelled => "was cancelled",
        _ => "has expired",
    };
    let name = change.number.map_or_else(|| change.id.clone(), |number| number.to_string());
    let rejected_by = change.approvals.iter().rfind(|given| given.decision == "reject");
    let by = rejected_by.map(|given| format!(" by {}", given.member)).unwrap_or_default();
    let because = change
        .ended_because
        .as_ref()
        .map(|why| format!(": {}", why.trim_end_matches('.')))
        .unwrap_or_default();
    Error::refused(format!("Change request {name} {how}{by}{because}."))
        .hint(format!("See it: cfgctl change-request show {name}"))
}

/// What cannot be executed as it stands waits in vain: whoever waits is told what executing it would say, and that by
/// its code too.
fn stuck(change: &ChangeView, issues: &[String]) -> Option<Error> {
    if matches!(change.state, State::Draft) || !change.state.is_open() {
        return None;
    }
    let (id, validity) = (&change.id, change.validity?);
    let name = change.number.map_or_else(|| id.clone(), |number| number.to_string());
    let why = issues.iter().map(|issue| issue.trim_end_matches('.')).collect::<Vec<_>>().join("; ");
    let message = format!("Change request {name} is {validity}: {why}.");
    match validity {
        Validity::Valid => None,
        Validity::Invalid => Some(
            Error::invalid(message)
                .hint(format!("Its author mends it: cfgctl change-request edit {id} PATH=VALUE")),
        ),
        Validity::Stale | Validity::Held if change.kind.is_of_values() => Some(
            Error::conflict(message)
                .hint(format!("Its author looks again: cfgctl change-request refresh {id}")),
        ),
        Validity::Stale | Validity::Held if change.kind == Kind::Reload => {
            Some(Error::conflict(message).hint("Read the sources again: cfgctl reload --force"))
        }
        Validity::Stale | Validity::Held => Some(Error::conflict(message).hint(format!(
            "Take it back and ask anew: cfgctl change-request cancel {id} --reason \"stale\""
        ))),
    }
}

fn is_over(session: &mut Session, id: &str) -> Result<bool> {
    Ok(!session.read(ShowRequest { id: id.to_owned() })?.change.state.is_open())
}
