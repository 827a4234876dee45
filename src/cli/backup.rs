//! Backup files: `backup create`, `list`, `show`, `verify`, `prune`.

use super::session::Session;
use super::terms::{Noted, Page, Recorded};
use super::{ask, complete};
use crate::api::Outcome;
use crate::api::backup::{CreateBackup, ListBackups, PruneBackups, ShowBackup, VerifyBackups};
use crate::domain::error::Result;
use clap::{Args, Subcommand};

/// Backup files: values with type, who and when, and a checksum; enough to restore without the store.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl backup create --name before-upgrade
  cfgctl backup list
  cfgctl backup verify")]
pub(crate) struct Backup {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// Write a backup of everything
    Create(Create),
    /// List backups, the newest first
    List(List),
    /// Show what a backup holds
    Show(Show),
    /// Verify backups against their checksums and the record
    Verify(Verify),
    /// Remove old automatic backups
    Prune(Prune),
}

impl Backup {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::Create(action) => action.run(session),
            Action::List(action) => action.run(session),
            Action::Show(action) => action.run(session),
            Action::Verify(action) => action.run(session),
            Action::Prune(action) => action.run(session),
        }
    }
}

/// Write a backup of everything, beside the store.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl backup create
  cfgctl backup create --name before-upgrade -o name")]
struct Create {
    /// A name for it: letters, digits, '-', '_' and '.'
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    noted: Noted,
}

impl Create {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let Create { name, noted: Noted { reason, dry_run } } = self;
        let reply = session.write_unless(dry_run, CreateBackup { name, reason, dry_run })?;
        session.answer(&reply)
    }
}

/// List backups, the newest first.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl backup list --limit 10
  cfgctl backup list -o name")]
struct List {
    #[command(flatten)]
    page: Page,
}

impl List {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let Page { limit, after } = self.page;
        let reply = session.read(ListBackups { limit, after })?;
        session.answer(&reply)
    }
}

/// Show what a backup holds.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl backup show config_backup_full_20261121_093005.json")]
struct Show {
    /// The backup's name
    #[arg(add = complete::backups())]
    name: String,
}

impl Show {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(ShowBackup { name: self.name })?;
        session.answer(&reply)
    }
}

/// Verify backups against their checksums and the record: the ones named, or all. Exit 9 where one does not hold.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl backup verify
  cfgctl backup verify config_backup_full_20261121_093005.json")]
struct Verify {
    /// Names of backups
    #[arg(value_name = "NAME", add = complete::backups())]
    names: Vec<String>,
}

impl Verify {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read_at_length(VerifyBackups { names: self.names }, "verifying")?;
        session.answer(&reply)
    }
}

/// Remove old automatic backups, as the policy allows; the ones made by hand stay.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl backup prune --dry-run
  cfgctl backup prune --keep 30 --reason \"Space\"")]
struct Prune {
    /// Keep so many; the policy's number where none is named
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    #[command(flatten)]
    recorded: Recorded,
}

impl Prune {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let dry_run = self.recorded.dry_run;
        let reason = self.recorded.reason(session)?;
        match ask::first(session, PruneBackups { keep: self.keep, reason, dry_run }, "Remove these backups?")?
        {
            Some(reply) => session.answer(&reply),
            None => Ok(Outcome::No),
        }
    }
}
