//! How reloads went so far: `stats`.

use super::session::Session;
use crate::api::{Outcome, stats};
use crate::domain::error::Result;
use crate::domain::time::Span;
use clap::Args;

/// Show how reloads went so far, in numbers.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl stats
  cfgctl stats --slow-over 50ms -o json")]
pub(crate) struct Stats {
    /// List the reloads that took longer than this; 100ms where nothing is said
    #[arg(long, value_name = "DURATION", value_parser = super::arguments::typed(Span::parse))]
    slow_over: Option<Span>,
}

impl Stats {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(stats::Stats { slow_over: self.slow_over })?;
        session.answer(&reply)
    }
}
