//! Saying that a change stays, or taking it back: `confirm`.

use super::complete;
use super::session::Session;
use crate::api::Outcome;
use crate::api::confirm::{self, Decision};
use crate::domain::error::Result;
use crate::domain::time::Span;
use clap::Args;

/// Say that a change applied with --confirm-within stays; or take it back now, or give it more time.
///
/// A change that nobody confirms in time is taken back: the former state of its paths returns.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl set server.port 5050 --reason \"New listener\" --confirm-within 10m
  cfgctl confirm
  cfgctl confirm 17 --extend 20m
  cfgctl confirm --cancel")]
pub(crate) struct Confirm {
    /// The change; the one that waits where none is named
    #[arg(add = complete::changes())]
    change: Option<String>,
    /// Take it back now
    #[arg(long, conflicts_with = "extend")]
    cancel: bool,
    /// Give it this long from now on
    #[arg(long, value_name = "DURATION", value_parser = super::arguments::typed(Span::parse))]
    extend: Option<Span>,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Confirm {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let decision = match (self.cancel, self.extend) {
            (true, _) => Decision::Cancel,
            (false, Some(by)) => Decision::Extend(by),
            (false, None) => Decision::Confirm,
        };
        let request = confirm::Confirm { id: self.change, decision, dry_run: self.dry_run };
        let reply = session.write_unless(self.dry_run, request)?;
        session.answer(&reply)
    }
}
