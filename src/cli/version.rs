//! Versions: `version list`, `show`, `create`, `tag`, `untag`, `diff`, `baseline`, `restore`, `prune`.

use super::ask;
use super::complete;
use super::rollback::{self, Part};
use super::session::Session;
use super::terms::{Changing, Page, Recorded};
use super::wait::Waiting;
use crate::api::Outcome;
use crate::api::diff::{self, Side};
use crate::api::rollback::Point;
use crate::api::version::{
    CreateVersion, ListVersions, MarkBaseline, PruneVersions, ShowVersion, TagVersion, UntagVersion,
};
use crate::domain::error::Result;
use clap::{Args, Subcommand};

/// The states that the configuration has been in: each change that altered a value made one.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl version list
  cfgctl version show 12 -o json
  cfgctl version diff before-peak")]
pub(crate) struct Version {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// List versions, the newest first
    List(List),
    /// Show a version and the overrides it held
    Show(Show),
    /// Make a version by hand, of the state as it is
    Create(Create),
    /// Give a version a tag
    Tag(Tag),
    /// Take a tag away
    Untag(Untag),
    /// Show what differs between two versions
    Diff(Diff),
    /// Mark a version as a baseline
    Baseline(Baseline),
    /// Put the overrides back to a version
    Restore(Box<Restore>),
    /// Forget old versions
    Prune(Prune),
}

impl Version {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::List(action) => action.run(session),
            Action::Show(action) => action.run(session),
            Action::Create(action) => action.run(session),
            Action::Tag(action) => action.run(session),
            Action::Untag(action) => action.run(session),
            Action::Diff(action) => action.run(session),
            Action::Baseline(action) => action.run(session),
            Action::Restore(action) => action.run(session),
            Action::Prune(action) => action.run(session),
        }
    }
}

/// List versions, the newest first.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl version list --limit 5
  cfgctl version list --baselines -o json")]
struct List {
    /// Only baselines
    #[arg(long)]
    baselines: bool,
    #[command(flatten)]
    page: Page,
}

impl List {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let Page { limit, after } = self.page;
        let reply = session.read(ListVersions { limit, after, baselines: self.baselines })?;
        session.answer(&reply)
    }
}

/// Show a version and all the overrides it held: enough to recompute its hash.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl version show
  cfgctl version show before-peak -o json")]
struct Show {
    /// A number, a tag or a hash; the current one where none is named
    #[arg(add = complete::versions())]
    version: Option<String>,
}

impl Show {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(ShowVersion { version: self.version })?;
        session.answer(&reply)
    }
}

/// Make a version by hand, of the state as it is. The reason is its description.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl version create --reason \"Before the upgrade\" --tag before-upgrade")]
struct Create {
    /// A tag for it
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    #[command(flatten)]
    recorded: Recorded,
}

impl Create {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let dry_run = self.recorded.dry_run;
        let description = self.recorded.reason(session)?;
        let reply = session.write_unless(dry_run, CreateVersion { description, tag: self.tag, dry_run })?;
        session.answer(&reply)
    }
}

/// Give a version a tag, to name it by.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl version tag known-good --reason \"Two weeks without an incident\"
  cfgctl version tag before-peak 12 --reason \"The state before the peak hours\"")]
struct Tag {
    /// The tag
    tag: String,
    /// The version; the current one where none is named
    #[arg(add = complete::versions())]
    version: Option<String>,
    #[command(flatten)]
    recorded: Recorded,
}

impl Tag {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let dry_run = self.recorded.dry_run;
        let reason = self.recorded.reason(session)?;
        let request = TagVersion { version: self.version, tag: self.tag, reason, dry_run };
        let reply = session.write_unless(dry_run, request)?;
        session.answer(&reply)
    }
}

/// Take a tag away; the version stays.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl version untag before-peak --reason \"No longer needed\"")]
struct Untag {
    /// The tag
    #[arg(add = complete::tags())]
    tag: String,
    #[command(flatten)]
    recorded: Recorded,
}

impl Untag {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let dry_run = self.recorded.dry_run;
        let reason = self.recorded.reason(session)?;
        let reply = session.write_unless(dry_run, UntagVersion { tag: self.tag, reason, dry_run })?;
        session.answer(&reply)
    }
}

/// Show what differs between two versions, or between one and the current state: exit 1 where something does.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl version diff 12
  cfgctl version diff 12 15 --path server")]
struct Diff {
    /// The former version, by number, tag or hash
    #[arg(add = complete::versions())]
    a: String,
    /// The latter version; the current state where none is named
    #[arg(add = complete::versions())]
    b: Option<String>,
    /// Only this path, or what lies below it
    #[arg(long = "path", value_name = "PATH", add = complete::paths())]
    paths: Vec<String>,
}

impl Diff {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let b = self.b.map_or(Side::Current, Side::Named);
        let reply = session.read(diff::Diff { a: Side::Named(self.a), b, paths: self.paths })?;
        session.answer(&reply)
    }
}

/// Mark a version as a baseline: a whole copy of it is kept, and pruning leaves it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl version baseline --reason \"Quarterly baseline\"
  cfgctl version baseline 12 --reason \"Known good\"")]
struct Baseline {
    /// The version; the current one where none is named
    #[arg(add = complete::versions())]
    version: Option<String>,
    #[command(flatten)]
    recorded: Recorded,
}

impl Baseline {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let dry_run = self.recorded.dry_run;
        let reason = self.recorded.reason(session)?;
        let reply = session.write_unless(dry_run, MarkBaseline { version: self.version, reason, dry_run })?;
        session.answer(&reply)
    }
}

/// Put the overrides back to a version: the same as `rollback --version` or `--tag`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl version restore 12 --reason \"Timeouts since 13\"
  cfgctl version restore known-good --section server --reason \"Only the listener\"")]
struct Restore {
    /// A number or a tag
    #[arg(add = complete::versions())]
    version: String,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    changing: Changing,
    #[command(flatten)]
    waiting: Waiting,
}

impl Restore {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let to = self.version.parse().map_or(Point::Tag(self.version), Point::Version);
        rollback::to_point(session, to, self.part, None, self.changing, &self.waiting)
    }
}

/// Forget old versions and their history; tagged ones, baselines and the newest stay.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl version prune --dry-run
  cfgctl version prune --keep 5000 --reason \"Yearly cleaning\"")]
struct Prune {
    /// Keep so many of the newest; the policy's number where none is named
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    keep: Option<u64>,
    #[command(flatten)]
    recorded: Recorded,
}

impl Prune {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let dry_run = self.recorded.dry_run;
        let reason = self.recorded.reason(session)?;
        let request = PruneVersions { keep: self.keep, reason, dry_run };
        match ask::first(session, request, "Forget these versions?")? {
            Some(reply) => session.answer(&reply),
            None => Ok(Outcome::No),
        }
    }
}
