//! Waiting for what a change still lacks, and executing it then.
//!
//! What must stay true: it looks before it waits; it ends early on a rejection; what was missing at the end of its
//! time is listed.

use super::session::Session;
use crate::api::change::{ChangeReply, ChangeView};
use crate::api::change_request::{Execute, ShowRequest};
use crate::api::rollback::RollbackReply;
use crate::api::{Outcome, Reply};
use crate::domain::change::State;
use crate::domain::error::{Code, Result};
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
    #[arg(long, value_name = "DURATION", value_parser = Span::parse, default_value = "10m", requires = "wait")]
    timeout: Span,
}

/// An answer that holds a change, which may still be waited for.
pub(crate) trait Awaited: Reply + Render {
    /// The part about the change.
    fn change(&mut self) -> &mut ChangeReply;
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
            change.audit_head = end.audit_head.or(change.audit_head.take());
            change.change = Some(end.change);
        }
        session.answer(&reply)
    }
}

/// How waiting ended.
pub(crate) struct End {
    /// What it amounts to.
    pub(crate) outcome: Outcome,
    /// The change as it stands now.
    pub(crate) change: ChangeView,
    /// What to know beside it.
    pub(crate) warnings: Vec<String>,
    /// The audit chain's head, where it was executed here.
    pub(crate) audit_head: Option<String>,
}

/// Waits until the request has what it needs, and then executes it where that is wanted.
pub(crate) fn wait(session: &mut Session, id: &str, timeout: Span, execute: bool) -> Result<End> {
    let deadline = Instant::now().checked_add(timeout.duration());
    let progress = Progress::begin("waiting for approval", None, session.options.quiet);
    let mut pause = Duration::from_millis(500);
    loop {
        let view = session.read(ShowRequest { id: id.to_owned() })?.change;
        let outcome = match view.state {
            State::Completed => Some(Outcome::Done),
            State::Rejected | State::Cancelled | State::Expired => Some(Outcome::Refused),
            State::Approved if !execute => Some(Outcome::Done),
            State::Approved => match session.write(Execute { id: id.to_owned(), dry_run: false }) {
                Ok(done) => {
                    let crate::api::change_request::DecisionReply { outcome, change, warnings, audit_head, .. } = done;
                    return Ok(End { outcome, change, warnings, audit_head });
                }
                // Somebody else was faster: the next look says what became of it.
                Err(error) if error.code == Code::Conflict && is_over(session, id)? => continue,
                Err(error) => return Err(error),
            },
            State::Pending => None,
        };
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        if let Some(outcome) = outcome {
            return Ok(End { outcome, change: view, warnings: Vec::new(), audit_head: None });
        }
        if left.is_zero() {
            let missing: Vec<String> = view.missing.iter().map(words::lack).collect();
            session.say(&format!("Still missing after {timeout}: {}.", missing.join("; ")));
            return Ok(End { outcome: Outcome::Pending, change: view, warnings: Vec::new(), audit_head: None });
        }
        let missing: Vec<String> = view.missing.iter().map(words::lack).collect();
        progress.say(&format!("waiting for {}", missing.join("; ")));
        thread::sleep(pause.min(left));
        pause = (pause * 3 / 2).min(Duration::from_secs(2));
    }
}

fn is_over(session: &mut Session, id: &str) -> Result<bool> {
    Ok(!session.read(ShowRequest { id: id.to_owned() })?.change.state.is_open())
}
