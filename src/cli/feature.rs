//! Feature flags: `feature`.

use super::complete;
use super::session::Session;
use crate::api::Outcome;
use crate::api::feature::{CheckFeature, ListFeatures};
use crate::domain::error::Result;
use clap::{Args, Subcommand};

/// Feature flags: the values below `features`, each with `enabled` and `rollout_percentage`. Change them with `set`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl feature list
  cfgctl feature check beta_search --user alice")]
pub(crate) struct Feature {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// List the features
    List(List),
    /// Ask whether a user sees a feature
    Check(Check),
}

impl Feature {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::List(_) => {
                let reply = session.read(ListFeatures {})?;
                session.answer(&reply)
            }
            Action::Check(Check { name, user }) => {
                let reply = session.read(CheckFeature { name, user })?;
                session.answer(&reply)
            }
        }
    }
}

/// List the features, by name.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl feature list
  cfgctl feature list -o json")]
struct List {}

/// Ask whether a user sees a feature: exit 0 where they do, 1 where they do not.
///
/// A user is in or out by a stable hash of NAME:USER, so that who is in at 10 % is in at 20 %.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl feature check beta_search --user alice
  if cfgctl feature check beta_search --user \"$USER\" -q >/dev/null; then echo new; fi")]
struct Check {
    /// The feature
    #[arg(add = complete::paths())]
    name: String,
    /// The user
    #[arg(long, value_name = "USER")]
    user: String,
}
