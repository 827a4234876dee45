//! Reading the sources anew: `reload`.

use super::complete;
use super::session::Session;
use super::terms::{Noted, Page};
use crate::api::Outcome;
use crate::api::reload::{self, Cause, ListReloads};
use crate::domain::error::Result;
use clap::Args;

/// Read the sources and put what they say in force: all of it at once, or nothing.
///
/// What it would alter above a source's `max_risk` keeps its former base, and waits as a change request (exit 8).
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl reload
  cfgctl reload file --dry-run
  cfgctl reload --force --reason \"The mount was late\"
  cfgctl reload --list
  cfgctl reload --to 12 --reason \"Back to the base before the last rollout\"")]
pub(crate) struct Reload {
    /// Only this source
    #[arg(add = complete::sources())]
    source: Option<String>,
    /// Go on although nothing has changed
    #[arg(long)]
    force: bool,
    /// Back to the base of this generation; no source is read
    #[arg(long, value_name = "GENERATION", conflicts_with_all = ["source", "force"])]
    to: Option<i64>,
    /// List the reloads, the newest first
    #[arg(long, conflicts_with_all = ["source", "force", "to", "reason", "dry_run"])]
    list: bool,
    #[command(flatten)]
    noted: Noted,
    #[command(flatten)]
    page: Page,
}

impl Reload {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let Reload { source, force, to, list, noted: Noted { reason, dry_run }, page } = self;
        if list {
            let reply = session.read(ListReloads { limit: page.limit, after: page.after })?;
            return session.answer(&reply);
        }
        let id = session.new_id()?;
        let request = reload::Reload { id, source, force, to, reason, cause: Cause::Manual, dry_run };
        let reply = session.write_unless(dry_run, request)?;
        session.answer(&reply)
    }
}
