//! Where base values come from: `source`.

use super::complete;
use super::session::Session;
use crate::api::Outcome;
use crate::api::source::{CheckSources, ListSources};
use crate::domain::error::Result;
use clap::{Args, Subcommand};

/// The layers below the overrides: files, the environment, addresses.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl source list
  cfgctl source check")]
pub(crate) struct Source {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// List the sources as they were found last
    List(List),
    /// Read the sources and say what is wrong with them
    Check(Check),
}

impl Source {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::List(_) => {
                let reply = session.read(ListSources {})?;
                session.answer(&reply)
            }
            Action::Check(action) => {
                let reply = session.read_at_length(CheckSources { source: action.source }, "reading")?;
                session.answer(&reply)
            }
        }
    }
}

/// List the sources, the strongest first, as they were found last. Opens none of them.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl source list
  cfgctl source list -o json")]
struct List {}

/// Read the sources and say what is wrong with them; nothing is put in force. Exit 1 where something is wrong.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl source check
  cfgctl source check central")]
struct Check {
    /// Only this one
    #[arg(add = complete::sources())]
    source: Option<String>,
}
