//! Where overrides differ from their base: `drift`.

use super::complete;
use super::session::Session;
use crate::api::drift::FindDrift;
use crate::api::{Outcome, Reply};
use crate::domain::error::Result;
use crate::output::Unified;
use clap::Args;

/// Show where overrides differ from what lies below them: exit 1 where one does that is not meant to.
///
/// The base is what the last reload resolved; no source is opened unless --fresh asks for it. What the manifest's
/// drift.ignore or --ignore names is shown as suppressed and does not count; an override that says what its base says
/// is redundant.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl drift
  cfgctl drift server -o json
  cfgctl drift --unified
  cfgctl drift --fresh --ignore 'features.*'")]
pub(crate) struct Drift {
    /// Only this section, path, or what lies below it; \"\" is the top level
    #[arg(value_name = "SECTION|PATH", add = complete::paths())]
    names: Vec<String>,
    /// What is meant to differ, for this one look: a path, all below one as server.*, or *
    #[arg(long, value_name = "PATTERN")]
    ignore: Vec<String>,
    /// Also read the sources, and show where they say something else than at the last reload
    #[arg(long)]
    fresh: bool,
    /// As a unified diff
    #[arg(short = 'U', long)]
    unified: bool,
}

impl Drift {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let Drift { names, ignore, fresh, unified } = self;
        let reply = session.read_at_length(FindDrift { names, ignore, fresh }, "comparing")?;
        if !unified {
            return session.answer(&reply);
        }
        let outcome = reply.outcome();
        session.print(&Unified(reply))?;
        Ok(outcome)
    }
}
