//! Letting somebody approve in one's place: `member delegate`, `member delegations`.

use super::complete;
use super::session::Session;
use super::terms::Recorded;
use crate::api::Outcome;
use crate::api::delegation::{Delegate, ListDelegations};
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use clap::Args;

/// Let another member approve in your place until a time, or take that back.
///
/// They stay one person with one vote; and what you asked for, or voted on, yourself, they cannot approve for you.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member delegate erin --until \"2026-12-24 18:00 +01:00\" --reason \"On leave\"
  cfgctl member delegate erin --end --reason \"Back again\"")]
pub(super) struct Delegating {
    /// Who
    #[arg(value_name = "NAME", add = complete::members())]
    to: String,
    /// Until when: a time with its zone
    #[arg(long, value_name = "TIME", value_parser = super::arguments::typed(Timestamp::parse), required_unless_present = "end")]
    until: Option<Timestamp>,
    /// Take it back
    #[arg(long, conflicts_with = "until")]
    end: bool,
    #[command(flatten)]
    recorded: Recorded,
}

impl Delegating {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let dry_run = self.recorded.dry_run;
        let reason = self.recorded.reason(session)?;
        let request = Delegate { to: self.to, until: self.until, reason, dry_run };
        let reply = session.write_unless(dry_run, request)?;
        session.answer(&reply)
    }
}

/// List who may approve in whose place.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member delegations
  cfgctl member delegations --all -o json")]
pub(super) struct Delegations {
    /// Former ones too
    #[arg(long)]
    all: bool,
}

impl Delegations {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(ListDelegations { all: self.all })?;
        session.answer(&reply)
    }
}
