//! What happened to the values: `history`.

use super::complete;
use super::session::Session;
use super::terms::Page;
use crate::api::Outcome;
use crate::api::history;
use crate::domain::error::Result;
use clap::Args;

/// Show what happened to the values, the newest first.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl history server.port
  cfgctl history --since 2h --by alice
  cfgctl history server --since 2026-11-20T18:00:00Z --until 2026-11-21T06:00:00Z -o ndjson")]
pub(crate) struct History {
    /// Only this path, or what lies below it
    #[arg(add = complete::paths())]
    path: Option<String>,
    /// Only since this time, or for so long
    #[arg(long, value_name = "TIME|DURATION")]
    since: Option<String>,
    /// Only until this time, or so long ago
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<String>,
    /// Only by this member
    #[arg(long, value_name = "MEMBER", add = complete::members())]
    by: Option<String>,
    #[command(flatten)]
    page: Page,
}

impl History {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let request = history::History {
            path: self.path,
            since: session.moment_of(self.since)?,
            until: session.moment_of(self.until)?,
            by: self.by,
            limit: self.page.limit,
            after: self.page.after,
        };
        let reply = session.read(request)?;
        session.answer(&reply)
    }
}
