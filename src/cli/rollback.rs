//! Going back: `rollback`, `undo`, `restore`.

use super::session::Session;
use super::terms::Changing;
use super::wait::Waiting;
use super::{ask, complete, input};
use crate::api::Outcome;
use crate::api::rollback::{self, BackupSource, Point};
use crate::domain::error::{Error, Result};
use clap::Args;
use std::path::Path;

/// Which part to bring back.
#[derive(Args, Clone, Default)]
pub(crate) struct Part {
    /// Only this path, or what lies below it
    #[arg(long = "path", value_name = "PATH", add = complete::paths())]
    paths: Vec<String>,
    /// Only this section; "" is the top level
    #[arg(long, value_name = "SECTION", conflicts_with = "paths")]
    section: Option<String>,
    /// Leave out what would not be valid now, instead of refusing all; exit 1 where something was left out
    #[arg(long)]
    skip_invalid: bool,
}

/// Put overrides back to what they were; this makes a new version, and history stays.
///
/// A whole state or a part of it, as of a version, a tag, a hash, a number of steps, a time, or a backup.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl rollback --steps 1 --reason \"Timeouts since the change\"
  cfgctl rollback --tag known-good --section server --reason \"Only the listener\"
  cfgctl rollback --to-time 2h --path database.pool --trigger performance --reason \"Slow since noon\"
  cfgctl rollback --backup config_backup_full_20261121_093005.json --dry-run")]
#[command(group = clap::ArgGroup::new("point").required(true))]
pub(crate) struct Rollback {
    /// To this version
    #[arg(long, value_name = "NUMBER", group = "point", add = complete::versions())]
    version: Option<i64>,
    /// To the version with this tag
    #[arg(long, value_name = "TAG", group = "point", add = complete::tags())]
    tag: Option<String>,
    /// To the version with this content hash, or its beginning
    #[arg(long, value_name = "HASH", group = "point")]
    hash: Option<String>,
    /// So many changes of values back
    #[arg(long, value_name = "NUMBER", group = "point", value_parser = clap::value_parser!(u32).range(1..))]
    steps: Option<u32>,
    /// To what was in force at this time, or so long ago
    #[arg(long, value_name = "TIME|DURATION", group = "point")]
    to_time: Option<String>,
    /// To what this backup holds: a name of the instance's, or a file of yours
    #[arg(long, value_name = "FILE|NAME", group = "point", add = complete::backups())]
    backup: Option<String>,
    #[command(flatten)]
    part: Part,
    /// What set it off, for the record
    #[arg(long, value_name = "TRIGGER", value_parser = TRIGGERS)]
    trigger: Option<String>,
    /// With --backup: take another store's
    #[arg(long, requires = "backup")]
    foreign: bool,
    #[command(flatten)]
    changing: Changing,
    #[command(flatten)]
    waiting: Waiting,
}

const TRIGGERS: [&str; 5] = ["performance", "user-reports", "vulnerability", "corruption", "compliance"];

impl Rollback {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let Rollback {
            version,
            tag,
            hash,
            steps,
            to_time,
            backup,
            part,
            trigger,
            foreign,
            changing,
            waiting,
        } = self;
        if let Some(backup) = backup {
            let wanted = Wanted { from: source(&backup)?, part, foreign, rollback: true, trigger };
            return from_backup(session, wanted, changing, &waiting);
        }
        let time = session.moment_of(to_time)?.map(|time| Point::Time(time.to_string()));
        let to = (version.map(Point::Version))
            .or(tag.map(Point::Tag))
            .or(hash.map(Point::Hash))
            .or(steps.map(Point::Steps))
            .or(time)
            .ok_or_else(|| Error::usage("To what is not said.").hint("cfgctl rollback --steps 1"))?;
        to_point(session, to, part, trigger, changing, &waiting)
    }
}

/// Puts a part of the overrides back to a state of the past.
pub(crate) fn to_point(
    session: &mut Session,
    to: Point,
    part: Part,
    trigger: Option<String>,
    changing: Changing,
    waiting: &Waiting,
) -> Result<Outcome> {
    let Part { paths, section, skip_invalid } = part;
    let terms = changing.terms(session)?;
    let request = rollback::Rollback { to, paths, section, skip_invalid, trigger, terms };
    match ask::first_by_name(session, request, "Go back to this?")? {
        Some(reply) => waiting.answer(session, reply),
        None => Ok(Outcome::No),
    }
}

/// Undo one executed change: its paths get their former values back. Undoing an undo redoes.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl undo --reason \"Timeouts since then\"
  cfgctl undo 17 --reason \"Not needed after all\"")]
pub(crate) struct Undo {
    /// The change, by number or ULID; on a terminal your last one where none is named
    #[arg(add = complete::changes())]
    change: Option<String>,
    #[command(flatten)]
    changing: Changing,
    #[command(flatten)]
    waiting: Waiting,
}

impl Undo {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        if self.change.is_none() && !session.prompts.at_terminal() {
            return Err(Error::usage("Without a terminal the change to undo must be named.")
                .hint("cfgctl undo CHANGE; the changes: cfgctl change-request list --all"));
        }
        let terms = self.changing.terms(session)?;
        let request = rollback::Undo { change: self.change, terms };
        match ask::first_by_name(session, request, "Undo this?")? {
            Some(reply) => self.waiting.answer(session, reply),
            None => Ok(Outcome::No),
        }
    }
}

/// Restore what a backup holds, or a part of it. A complete restore asks to type the instance's name.
///
/// A name with a slash, or of a file here that ends in .json, is a file of yours; any other is a backup of the
/// instance's. A backup without a checksum, the former system's, is read as an ordinary batch.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl restore config_backup_full_20261121_093005.json --dry-run
  cfgctl restore config_backup_full_20261121_093005.json --path server.port --reason \"Lost in the upgrade\"
  cfgctl restore /media/usb/config_backup_full_20261121_093005.json --foreign --answer billing --reason \"New machine\"")]
pub(crate) struct Restore {
    /// The backup
    #[arg(value_name = "FILE|NAME", add = complete::backups())]
    backup: String,
    #[command(flatten)]
    part: Part,
    /// Take another store's backup
    #[arg(long)]
    foreign: bool,
    #[command(flatten)]
    changing: Changing,
    #[command(flatten)]
    waiting: Waiting,
}

impl Restore {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let Restore { backup, part, foreign, changing, waiting } = self;
        let wanted = Wanted { from: source(&backup)?, part, foreign, rollback: false, trigger: None };
        from_backup(session, wanted, changing, &waiting)
    }
}

struct Wanted {
    from: BackupSource,
    part: Part,
    foreign: bool,
    rollback: bool,
    trigger: Option<String>,
}

fn from_backup(
    session: &mut Session,
    wanted: Wanted,
    changing: Changing,
    waiting: &Waiting,
) -> Result<Outcome> {
    let Wanted { from, part: Part { paths, section, skip_invalid }, foreign, rollback, trigger } = wanted;
    let terms = changing.terms(session)?;
    let request = rollback::Restore { from, paths, section, skip_invalid, foreign, rollback, trigger, terms };
    match ask::first_by_name(session, request, "Restore this?")? {
        Some(reply) => waiting.answer(session, reply),
        None => Ok(Outcome::No),
    }
}

/// Whose disk the backup is on: the caller's where the name says so, else the instance's.
fn source(named: &str) -> Result<BackupSource> {
    let path = Path::new(named);
    if !is_callers(named, path.is_file()) {
        return Ok(BackupSource::Name(named.to_owned()));
    }
    let content = input::read(path)?.text()?;
    Ok(BackupSource::File { name: named.to_owned(), content })
}

fn is_callers(named: &str, is_file: bool) -> bool {
    named.contains('/') || (is_file && named.ends_with(".json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_or_a_json_file_here_makes_it_the_callers() {
        for (named, is_file, callers) in [
            ("config_backup_full_1.json", false, false),
            ("config_backup_full_1.json", true, true),
            ("./x", false, true),
            ("/srv/x.json", false, true),
            ("notes", true, false),
        ] {
            assert_eq!(is_callers(named, is_file), callers, "{named}");
        }
    }
}
