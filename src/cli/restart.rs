//! Recording restarts: `change-request restarted`.

use super::complete;
use super::session::Session;
use crate::api::Outcome;
use crate::api::restart::RecordRestart;
use crate::domain::error::Result;
use clap::Args;

/// Record that services were restarted for changes that need it before their values take effect.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr restarted 17
  cfgctl cr restarted 17 18 --service web --comment \"In the night's window\"
  cfgctl cr restarted $(cfgctl cr list --restart-pending -o name)")]
pub(super) struct Restarted {
    /// The changes
    #[arg(value_name = "CHANGE", required = true, add = complete::changes())]
    changes: Vec<String>,
    /// Only this service was restarted
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// What to say with it
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Restarted {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let Restarted { changes: ids, service, comment, dry_run } = self;
        let reply = session.write_unless(dry_run, RecordRestart { ids, service, comment, dry_run })?;
        session.answer(&reply)
    }
}
