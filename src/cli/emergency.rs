//! What cannot wait: `emergency`.

use super::document;
use super::session::Session;
use super::terms::{Confirming, Page, Writing};
use super::{arguments, ask, change, complete, operand, review, rollback};
use crate::api::Outcome;
use crate::api::change::{Input, ItemSpec};
use crate::api::emergency::{Acknowledge, Contacts, ListEmergencies, MakeEmergency, What};
use crate::domain::emergency::{Answer, Settlement};
use crate::domain::error::{Error, Result};
use crate::domain::value::ValueType;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What cannot wait: changed at once, without the approvals and windows that its risk demands.
///
/// For admins and those whom the policy names on call. The change is valid, backed up and on record like any other, and
/// bears a mark that stays. It owes a review, by those whose approval was skipped, within the policy's time.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl emergency set database.pool.max_size 40 --reason \"Pool exhausted\" --justification \"Checkout is down\" --approver dana
  cfgctl emergency rollback server.port --backup config_backup_full_20261121_093005.json --reason \"Lost\" --justification \"Nobody can log in\" --approver dana
  cfgctl emergency list --unreviewed
  cfgctl emergency contacts")]
pub(crate) struct Emergency {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// Set values at once
    Set(Set),
    /// Take overrides away at once
    Unset(Unset),
    /// Apply a document of values at once
    Apply(Apply),
    /// Bring one path back from a backup at once
    Rollback(Rollback),
    /// List emergencies, the newest first
    List(List),
    /// Look back on an emergency
    Review(review::EmergencyReview),
    /// Say whether you were asked before an emergency
    Acknowledge(Acknowledging),
    /// Show whom to call
    Contacts(Calling),
}

impl Emergency {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::Set(action) => action.run(session),
            Action::Unset(action) => action.run(session),
            Action::Apply(action) => action.run(session),
            Action::Rollback(action) => action.run(session),
            Action::List(action) => action.run(session),
            Action::Review(action) => action.run(session),
            Action::Acknowledge(action) => action.run(session),
            Action::Contacts(action) => action.run(session),
        }
    }
}

/// What every emergency takes.
#[derive(Args, Clone, Default)]
struct Urgent {
    #[command(flatten)]
    writing: Writing,
    /// Why it cannot wait; kept with it, and asked for on a terminal
    #[arg(long, value_name = "TEXT")]
    justification: Option<String>,
    /// The member who was asked by word and could have approved; they say afterwards whether they were
    #[arg(long, value_name = "MEMBER", add = complete::members())]
    approver: Option<String>,
    /// Where to write the backup if its own place is full or cannot be written
    #[arg(long, value_name = "DIR")]
    backup_to: Option<PathBuf>,
    /// What becomes of a change that waits to be confirmed: confirm it, or cancel it first
    #[arg(long, value_name = "HOW", value_parser = arguments::typed(settlement))]
    settle: Option<Settlement>,
    #[command(flatten)]
    confirming: Confirming,
}

fn settlement(word: &str) -> Result<Settlement> {
    match word {
        "confirm" => Ok(Settlement::Confirm),
        "cancel" => Ok(Settlement::Cancel),
        _ => Err(Error::usage("It is confirm or cancel")),
    }
}

impl Urgent {
    fn make(self, session: &mut Session, what: What) -> Result<Outcome> {
        let Urgent { writing, justification, approver, backup_to, settle, confirming } = self;
        let dry_run = writing.recorded.dry_run;
        let mut terms = writing.terms(session)?;
        terms.confirm_within = confirming.confirm_within;
        let asked = |given: Option<String>, question: &str, flag: &str| match given {
            None if dry_run => Ok(None),
            given => session.prompts.text(given, question, flag).map(Some),
        };
        let justification = asked(justification, "Why it cannot wait", "--justification")?;
        let approver = asked(approver, "Who was asked", "--approver")?;
        let backup_to = backup_to.map(|directory| whole(&directory)).transpose()?;
        let request = MakeEmergency { what, justification, approver, backup_to, settle, terms };
        match ask::first_by_name(session, request, "Do this?")? {
            Some(reply) => session.answer(&reply),
            None => Ok(Outcome::No),
        }
    }
}

/// A directory by its whole path: the instance does not know where the caller stands.
fn whole(directory: &std::path::Path) -> Result<String> {
    let whole = std::path::absolute(directory).map_err(|error| {
        Error::usage(format!("{}: {error}.", directory.display())).hint("Name a directory.")
    })?;
    whole.into_os_string().into_string().map_err(|name| {
        Error::usage(format!("{} is no text.", name.display())).hint("Name a directory whose name is text.")
    })
}

/// Set values at once: one, or several as PATH=VALUE in one change.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl emergency set session_timeout_minutes 30 --reason \"Memory\" --justification \"Logins fail\" --approver dana
  cfgctl emergency set server.port 5050 --reason \"Port taken\" --justification \"Down\" --approver dana --answer billing --backup-to /mnt/usb")]
struct Set {
    /// PATH VALUE, or PATH=VALUE several times; the value - is read from standard input
    #[arg(value_name = "PATH VALUE|PATH=VALUE", required = true, allow_negative_numbers = true, add = complete::paths())]
    operands: Vec<String>,
    /// The value's type where the path is not registered
    #[arg(long, value_name = "TYPE", value_parser = arguments::typed(ValueType::parse))]
    r#type: Option<ValueType>,
    #[command(flatten)]
    urgent: Urgent,
}

impl Set {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let assignments = operand::assignments(&self.operands, false)?;
        let items = change::items(assignments, false, None, self.r#type)?;
        self.urgent.make(session, What::Items(items))
    }
}

/// Take overrides away at once.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl emergency unset limits.burst --reason \"Back to the default\" --justification \"Orders are refused\" --approver dana")]
struct Unset {
    /// The paths
    #[arg(value_name = "PATH", required = true, add = complete::paths())]
    paths: Vec<String>,
    #[command(flatten)]
    urgent: Urgent,
}

impl Unset {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let items = self.paths.into_iter().map(|path| ItemSpec { path, input: Input::Unset }).collect();
        self.urgent.make(session, What::Items(items))
    }
}

/// Apply a document of values at once, as one change.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl emergency apply -f known-good.yaml --reason \"Restore service\" --justification \"All nodes fail\" --approver dana")]
struct Apply {
    /// A document in YAML, JSON or TOML; - is standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    urgent: Urgent,
}

impl Apply {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let document = document::read(&self.file)?;
        self.urgent.make(session, What::Document(document))
    }
}

/// Bring one path back as a backup holds it, at once.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl emergency rollback server.port --backup config_backup_full_20261121_093005.json --reason \"Lost\" --justification \"Down\" --approver dana
  cfgctl emergency rollback server.port --backup /mnt/usb/config_backup_change_7_20261121_093005.json --reason \"Lost\" --justification \"Down\" --approver dana")]
struct Rollback {
    /// The path
    #[arg(value_name = "PATH", add = complete::paths())]
    key: String,
    /// The backup: a name of the instance's, or a file of yours
    #[arg(long, value_name = "FILE|NAME", add = complete::backups())]
    backup: String,
    /// Take another store's backup
    #[arg(long)]
    foreign: bool,
    #[command(flatten)]
    urgent: Urgent,
}

impl Rollback {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let from = rollback::source(&self.backup)?;
        self.urgent.make(session, What::Backup { path: self.key, from, foreign: self.foreign })
    }
}

/// List emergencies, the newest first, with who was asked and who has to look back.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl emergency list
  cfgctl emergency list --overdue -o json")]
struct List {
    /// Only those that nobody has looked back on
    #[arg(long)]
    unreviewed: bool,
    /// Only those whose review is overdue
    #[arg(long)]
    overdue: bool,
    #[command(flatten)]
    page: Page,
}

impl List {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let List { unreviewed, overdue, page: Page { limit, after } } = self;
        let reply = session.read(ListEmergencies { unreviewed, overdue, limit, after })?;
        session.answer(&reply)
    }
}

/// Say that you were asked before an emergency that names you, or that you were not.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl emergency acknowledge 17
  cfgctl emergency acknowledge 17 --deny --comment \"Nobody called me\"")]
struct Acknowledging {
    /// The change
    #[arg(add = complete::changes())]
    change: String,
    /// You were not asked, or did not agree
    #[arg(long)]
    deny: bool,
    /// What to say with it
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Acknowledging {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let Acknowledging { change: id, deny, comment, dry_run } = self;
        let answer = if deny { Answer::Denied } else { Answer::Acknowledged };
        let reply = session.write_unless(dry_run, Acknowledge { id, answer, comment, dry_run })?;
        session.answer(&reply)
    }
}

/// Show whom to call, as the manifest names them. Works when the store cannot be written.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl emergency contacts")]
struct Calling {}

impl Calling {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(Contacts {})?;
        session.answer(&reply)
    }
}
