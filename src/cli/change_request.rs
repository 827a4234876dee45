//! What happens to a change that needs approval: `change-request`, `cr` for short.

mod author;

use super::session::Session;
use super::terms::{Confirming, Noted, Page, Recorded};
use super::{complete, export, input, restart, review, wait};
use crate::api::Outcome;
use crate::api::change_request::{
    Approve, AttachEvidence, Cancel, Execute, ListRequests, Reject, ShowEvidence, ShowRequest,
};
use crate::api::confirm::{Due, Settle};
use crate::domain::change::State;
use crate::domain::error::{Error, Result};
use crate::domain::time::Span;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Changes that need approval: look at them, decide, execute.
///
/// A request is named by its number, its ULID, or a unique beginning of that.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr list
  cfgctl cr show 17
  cfgctl cr approve 17 --comment \"Looked at the pool's figures\"
  cfgctl cr execute 17")]
pub(crate) struct ChangeRequest {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// Ask for a change
    Create(author::Create),
    /// Change a draft or a request
    Edit(author::Edit),
    /// List requests, the newest first
    List(List),
    /// Show a request with all that an approver decides from
    Show(Show),
    /// Approve a request as it stands
    Approve(Approving),
    /// Reject a request
    Reject(Rejecting),
    /// Take a request back
    Cancel(Cancelling),
    /// Say something about a request
    Comment(author::Comment),
    /// Say when a request is to be executed
    Schedule(author::Schedule),
    /// Execute a request that has what it needs
    Execute(Executing),
    /// Make a request anew against the present values
    Refresh(author::Refresh),
    /// Wait for a decision
    Wait(Wait),
    /// Attach test evidence
    Test(Test),
    /// Look back on an executed change
    Review(review::Review),
    /// Record that services were restarted
    Restarted(restart::Restarted),
    /// Write out all changes, for auditors
    Export(export::Export),
}

impl ChangeRequest {
    /// Whether it writes out an export.
    pub(crate) fn exports(&self) -> bool {
        matches!(self.action, Action::Export(_))
    }

    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::Create(action) => action.run(session),
            Action::Edit(action) => action.run(session),
            Action::Comment(action) => action.run(session),
            Action::Schedule(action) => action.run(session),
            Action::Refresh(action) => action.run(session),
            Action::List(action) => action.run(session),
            Action::Show(action) => action.run(session),
            Action::Approve(action) => action.run(session),
            Action::Reject(action) => action.run(session),
            Action::Cancel(action) => action.run(session),
            Action::Execute(action) => action.run(session),
            Action::Wait(action) => action.run(session),
            Action::Test(action) => action.run(session),
            Action::Review(action) => action.run(session),
            Action::Restarted(action) => action.run(session),
            Action::Export(action) => action.run(session),
        }
    }
}

/// List requests, the newest first: the open ones, unless others are asked for.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr list
  cfgctl cr list --state rejected
  cfgctl cr list --all --limit 20 -o json")]
struct List {
    /// Only in this state: draft, pending, approved, scheduled, confirming, completed, rejected, cancelled, expired or rolled-back
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<State>,
    /// Every change, the executed ones too
    #[arg(long, conflicts_with = "state")]
    all: bool,
    /// Only executed changes that somebody has to look back on, and nobody has
    #[arg(long, conflicts_with_all = ["state", "all", "restart_pending"])]
    unreviewed: bool,
    /// Only executed changes whose services have yet to restart
    #[arg(long, conflicts_with_all = ["state", "all"])]
    restart_pending: bool,
    #[command(flatten)]
    page: Page,
}

fn state(name: &str) -> Result<State> {
    State::of_name(name).ok_or_else(|| {
        Error::usage(
            "The states are draft, pending, approved, scheduled, confirming, completed, rejected, cancelled, expired \
             and rolled-back",
        )
    })
}

impl List {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let List { state, all, unreviewed, restart_pending, page: Page { limit, after } } = self;
        let reply = session.read(ListRequests { state, all, unreviewed, restart_pending, limit, after })?;
        session.answer(&reply)
    }
}

/// Show a request: what it does, its risk and why, what it demands, what is missing, who decided.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr show 17
  cfgctl cr show 17 --evidence staging-run.log
  cfgctl cr show 01KAH -o json")]
struct Show {
    /// The request
    #[arg(add = complete::requests())]
    id: String,
    /// Only the content of this piece of evidence, as it was attached
    #[arg(long, value_name = "NAME")]
    evidence: Option<String>,
}

impl Show {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        if let Some(name) = self.evidence {
            let reply = session.read(ShowEvidence { id: self.id, name })?;
            return session.answer(&reply);
        }
        let reply = session.read(ShowRequest { id: self.id })?;
        session.answer(&reply)
    }
}

/// Approve a request as it stands. An edit of it drops the approval.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr approve 17 --comment \"Looked at the pool's figures\"
  cfgctl cr approve 17 --execute
  cfgctl cr approve 17 --expect \"$(cfgctl cr show 17 -o json | jq -r .digest)\"")]
struct Approving {
    /// The request
    #[arg(add = complete::requests())]
    id: String,
    /// What to say with it
    #[arg(long, value_name = "TEXT", visible_alias = "reason")]
    comment: Option<String>,
    /// Execute it at once where this was the last thing missing
    #[arg(long)]
    execute: bool,
    #[command(flatten)]
    confirming: Confirming,
    /// The digest that was looked at: moved since, it is a conflict
    #[arg(long, value_name = "DIGEST")]
    expect: Option<String>,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Approving {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let Approving { id, comment, execute, confirming, expect, dry_run } = self;
        let confirm_within = confirming.confirm_within;
        if confirm_within.is_some() && !execute {
            return Err(Error::usage("--confirm-within belongs to executing.").hint("Say --execute too."));
        }
        let request = Approve { id, comment, expect, execute, confirm_within, dry_run };
        let reply = session.write_unless(dry_run, request)?;
        session.answer(&reply)
    }
}

/// Reject a request: it ends.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr reject 17 --reason \"Not before the peak is over\"")]
struct Rejecting {
    /// The request
    #[arg(add = complete::requests())]
    id: String,
    #[command(flatten)]
    recorded: Recorded,
}

impl Rejecting {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let dry_run = self.recorded.dry_run;
        let reason = self.recorded.reason(session)?;
        let reply = session.write_unless(dry_run, Reject { id: self.id, reason, dry_run })?;
        session.answer(&reply)
    }
}

/// Take your own request back; an admin may take back anybody's.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr cancel 17 --reason \"Solved otherwise\"")]
struct Cancelling {
    /// The request
    #[arg(add = complete::requests())]
    id: String,
    #[command(flatten)]
    recorded: Recorded,
}

impl Cancelling {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let dry_run = self.recorded.dry_run;
        let reason = self.recorded.reason(session)?;
        let reply = session.write_unless(dry_run, Cancel { id: self.id, reason, dry_run })?;
        session.answer(&reply)
    }
}

/// Execute a request that has what it needs: its requester, or an admin. With --due, all that are scheduled and whose
/// time has come: for a timer where no instance runs.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr execute 17
  cfgctl cr execute 17 --confirm-within 10m
  cfgctl cr execute --due
  cfgctl cr execute 17 --dry-run")]
struct Executing {
    /// The request
    #[arg(add = complete::requests(), required_unless_present = "due")]
    id: Option<String>,
    /// All that are scheduled and whose time has come
    #[arg(long, conflicts_with_all = ["id", "confirm_within"])]
    due: bool,
    #[command(flatten)]
    confirming: Confirming,
    #[command(flatten)]
    noted: Noted,
}

impl Executing {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let Executing {
            id, confirming: Confirming { confirm_within }, noted: Noted { reason, dry_run }, ..
        } = self;
        let Some(id) = id else {
            let reply = session.write_unless(dry_run, Settle { which: Due::Scheduled, dry_run })?;
            return session.answer(&reply);
        };
        let reply = session.write_unless(dry_run, Execute { id, reason, confirm_within, dry_run })?;
        session.answer(&reply)
    }
}

/// Wait until a request is approved or executed (exit 0), or has ended otherwise (exit 6); exit 8 after the timeout.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr wait 17
  cfgctl cr wait 17 --timeout 2h --execute")]
struct Wait {
    /// The request
    #[arg(add = complete::requests())]
    id: String,
    /// How long to wait
    #[arg(long, value_name = "DURATION", value_parser = super::arguments::typed(Span::parse), default_value = "10m")]
    timeout: Span,
    /// Execute it once it is approved
    #[arg(long)]
    execute: bool,
}

impl Wait {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = wait::wait(session, &self.id, self.timeout, self.execute)?;
        session.answer(&reply)
    }
}

/// Attach a file as test evidence; it is kept with its hash, and marked as attached, not measured.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr test 17 --evidence staging-run.log")]
struct Test {
    /// The request
    #[arg(add = complete::requests())]
    id: String,
    /// The file, which must be text; - is standard input
    #[arg(long, value_name = "FILE")]
    evidence: PathBuf,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Test {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let given = input::read(&self.evidence)?;
        let name = match self.evidence.file_name() {
            Some(name) if given.name != input::STANDARD_INPUT => name.to_string_lossy().into_owned(),
            _ => given.name.clone(),
        };
        let request = AttachEvidence { id: self.id, name, content: given.text()?, dry_run: self.dry_run };
        let reply = session.write_unless(self.dry_run, request)?;
        session.answer(&reply)
    }
}
