//! Looking back on what was executed: `change-request review`, `emergency review`.

use super::session::Session;
use super::{arguments, complete};
use crate::api::Outcome;
use crate::api::emergency::ReviewEmergency;
use crate::api::review::ReviewChange;
use crate::domain::error::{Error, Result};
use crate::domain::review::{Findings, Met};
use clap::{ArgAction, Args};

/// Look back on an executed change, once: did it do what it was made for, what went wrong, what is to follow.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr review 17 --objectives-met yes
  cfgctl cr review 17 --objectives-met partly --issues \"Slow for an hour\" --follow-ups \"OPS-18: a larger pool\"")]
pub(super) struct Review {
    /// The change
    #[arg(add = complete::changes())]
    id: String,
    /// Whether it did what it was made for: yes, no or partly
    #[arg(long, value_name = "ANSWER", value_parser = arguments::typed(met))]
    objectives_met: Met,
    /// What went wrong
    #[arg(long, value_name = "TEXT")]
    issues: Option<String>,
    /// What is to follow
    #[arg(long, value_name = "TEXT")]
    follow_ups: Option<String>,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

fn met(word: &str) -> Result<Met> {
    [Met::Yes, Met::No, Met::Partly]
        .into_iter()
        .find(|met| met.name() == word)
        .ok_or_else(|| Error::usage("It is yes, no or partly"))
}

impl Review {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let Review { id, objectives_met, issues, follow_ups, dry_run } = self;
        let findings = Findings::Change { objectives_met, issues, follow_ups };
        let reply = session.write_unless(dry_run, ReviewChange { id, findings, dry_run })?;
        session.answer(&reply)
    }
}

/// Look back on an emergency, once: by those whose approval was skipped, and not by who made it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl emergency review 17 --happened \"The pool ran dry\" --right yes --solution \"OPS-18: a larger machine\"")]
pub(super) struct EmergencyReview {
    /// The change
    #[arg(add = complete::changes())]
    change: String,
    /// What happened
    #[arg(long, value_name = "TEXT")]
    happened: String,
    /// Whether it was right to do: yes or no
    #[arg(long, value_name = "ANSWER", value_parser = arguments::typed(right), action = ArgAction::Set)]
    right: bool,
    /// What solves it for good
    #[arg(long, value_name = "TEXT")]
    solution: String,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

fn right(word: &str) -> Result<bool> {
    match word {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Error::usage("It is yes or no")),
    }
}

impl EmergencyReview {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let EmergencyReview { change: id, happened, right, solution, dry_run } = self;
        let findings = Findings::Emergency { happened, right, solution };
        let reply = session.write_unless(dry_run, ReviewEmergency { id, findings, dry_run })?;
        session.answer(&reply)
    }
}
