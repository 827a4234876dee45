//! The command that tells people what happens: `notify test`.

use super::session::Session;
use crate::api::Outcome;
use crate::api::notify::TestNotify;
use crate::domain::error::{Error, Result};
use crate::domain::notice::Event;
use crate::domain::wording::join;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

/// The command that tells people of requests, decisions and outcomes; the manifest's `notify` names it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl notify test
  cfgctl notify test --event outcome")]
pub(crate) struct Notify {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// Run the command with a test notice
    Test(Test),
}

impl Notify {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::Test(action) => action.run(session),
        }
    }
}

/// Run the command with a notice that says it is a test: exit 1 where the command fails.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl notify test
  cfgctl notify test --event outcome
  cfgctl notify test --dry-run -o json")]
struct Test {
    /// As a notice of this event
    #[arg(long, value_name = "EVENT", default_value = "request", value_parser = event())]
    event: Event,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

fn event() -> impl TypedValueParser<Value = Event> {
    PossibleValuesParser::new(Event::NAMES).try_map(|name| {
        Event::parse(&name)
            .ok_or_else(|| Error::usage(format!("The events are {}", join(Event::NAMES, "and"))))
    })
}

impl Test {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let request = TestNotify { event: Some(self.event), dry_run: self.dry_run };
        let reply = session.write_unless(self.dry_run, request)?;
        session.answer(&reply)
    }
}
