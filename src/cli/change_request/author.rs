//! What the authors of a request do: create, edit, refresh, comment, schedule.

use super::super::operand;
use super::super::session::Session;
use super::super::terms::Changing;
use super::super::{arguments, change, complete, document, input};
use crate::api::Outcome;
use crate::api::change::{ApplyDocument, Input, ItemSpec, MakeChange, Mode};
use crate::api::change_request::{self, EditRequest, RefreshRequest};
use crate::domain::change::Kind;
use crate::domain::dossier::Dossier;
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use crate::domain::value::ValueType;
use clap::Args;
use std::path::PathBuf;

/// What to say of a request beside its reason.
#[derive(Args, Clone, Default)]
struct Said {
    /// In a few words
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// What the business needs it for
    #[arg(long, value_name = "TEXT")]
    need: Option<String>,
    /// What it is expected to do to services and people
    #[arg(long, value_name = "TEXT")]
    impact: Option<String>,
    /// How it is, or was, tested
    #[arg(long, value_name = "TEXT")]
    test_plan: Option<String>,
    /// When it should happen, in words
    #[arg(long, value_name = "TEXT")]
    window: Option<String>,
    /// A service that it affects beside those that the settings name; may be given several times
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
    /// A member who is asked to look at it; may be given several times
    #[arg(long = "reviewer", value_name = "MEMBER", add = complete::members())]
    reviewers: Vec<String>,
}

impl Said {
    fn dossier(self) -> Dossier {
        Dossier {
            title: self.title,
            need: self.need,
            impact: self.impact,
            test_plan: self.test_plan,
            requested_window: self.window,
            services: self.services,
            reviewers: self.reviewers,
            ..Dossier::default()
        }
    }
}

/// Ask for a change, with all that those who decide want to know. It is executed later, by you or an admin.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr create server.port=5050 --reason \"New listener\" --title \"Move the port\" --reviewer dana
  cfgctl cr create -f peak.yaml --reason \"Peak week\" --need \"Sale\" --impact \"None expected\" --draft
  cfgctl cr create database.pool.max_size=40 --unset database.pool.min_size --reason \"Peak\" --schedule \"2026-12-01 03:00 +01:00\"")]
pub(super) struct Create {
    /// PATH VALUE, or PATH=VALUE several times
    #[arg(value_name = "PATH VALUE|PATH=VALUE", required_unless_present_any = ["file", "unset"], allow_negative_numbers = true, add = complete::paths())]
    operands: Vec<String>,
    /// A document in YAML, JSON or TOML; - is standard input
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["operands", "unset"])]
    file: Option<PathBuf>,
    /// A path whose override is to go; may be given several times
    #[arg(long, value_name = "PATH", add = complete::paths())]
    unset: Vec<String>,
    /// The value's type where the path is not registered
    #[arg(long, value_name = "TYPE", value_parser = arguments::typed(ValueType::parse), conflicts_with = "file")]
    r#type: Option<ValueType>,
    /// Keep it as a draft: nobody decides until `cr edit --submit`
    #[arg(long)]
    draft: bool,
    #[command(flatten)]
    said: Said,
    #[command(flatten)]
    changing: Changing,
}

impl Create {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let mut terms = self.changing.terms(session)?;
        terms.mode = if self.draft { Mode::Draft } else { Mode::Request };
        terms.dossier = self.said.dossier();
        let dry_run = terms.dry_run;
        let reply = match self.file {
            Some(file) => {
                let document = document::read(&file)?;
                session.write_unless(dry_run, ApplyDocument { document, exact: None, terms })?
            }
            None => {
                let items = items(&self.operands, self.unset, self.r#type)?;
                let unsets = items.iter().all(|item| item.input == Input::Unset);
                let kind = if unsets { Kind::Unset } else { Kind::Set };
                session.write_unless(dry_run, MakeChange { kind, items, terms })?
            }
        };
        session.answer(&reply)
    }
}

fn items(operands: &[String], unset: Vec<String>, value_type: Option<ValueType>) -> Result<Vec<ItemSpec>> {
    let mut items = Vec::new();
    if !operands.is_empty() {
        items = change::items(operand::assignments(operands, false)?, false, None, value_type)?;
    }
    items.extend(unset.into_iter().map(|path| ItemSpec { path, input: Input::Unset }));
    Ok(items)
}

/// Change a draft or a request. Approvals and evidence given before no longer count, and who edits counts as a requester.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr edit 17 server.port=5051
  cfgctl cr edit 17 --leave-out server.name --impact \"The proxy has to follow\"
  cfgctl cr edit 17 --submit")]
pub(super) struct Edit {
    /// The request
    #[arg(add = complete::requests())]
    id: String,
    /// PATH VALUE, or PATH=VALUE several times
    #[arg(value_name = "PATH VALUE|PATH=VALUE", allow_negative_numbers = true, add = complete::paths())]
    operands: Vec<String>,
    /// A path whose override is to go; may be given several times
    #[arg(long, value_name = "PATH", add = complete::paths())]
    unset: Vec<String>,
    /// A path that the request is not to touch; may be given several times
    #[arg(long, value_name = "PATH", add = complete::paths())]
    leave_out: Vec<String>,
    /// The value's type where the path is not registered
    #[arg(long, value_name = "TYPE", value_parser = arguments::typed(ValueType::parse))]
    r#type: Option<ValueType>,
    /// Another reason
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Another ticket
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// Another way to get back
    #[arg(long, value_name = "TEXT")]
    rollback_plan: Option<String>,
    #[command(flatten)]
    said: Said,
    /// The draft is finished: from now on people decide about it
    #[arg(long)]
    submit: bool,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Edit {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let request = EditRequest {
            id: self.id,
            items: items(&self.operands, self.unset, self.r#type)?,
            leave_out: self.leave_out,
            reason: self.reason,
            ticket: self.ticket,
            rollback_plan: self.rollback_plan,
            dossier: self.said.dossier(),
            submit: self.submit,
            dry_run: self.dry_run,
        };
        let reply = session.write_unless(self.dry_run, request)?;
        session.answer(&reply)
    }
}

/// Make your request anew against the present values, where it is stale or held. Approvals stay where nothing that
/// they are bound to has changed.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr refresh 17
  cfgctl cr refresh 17 --dry-run")]
pub(super) struct Refresh {
    /// The request
    #[arg(add = complete::requests())]
    id: String,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Refresh {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let request = RefreshRequest { id: self.id, dry_run: self.dry_run };
        let reply = session.write_unless(self.dry_run, request)?;
        session.answer(&reply)
    }
}

/// Say something about a request; it is kept with it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr comment 17 \"The proxy has to follow; who does that?\"
  cfgctl cr comment 17 - < notes.txt")]
pub(super) struct Comment {
    /// The request
    #[arg(add = complete::changes())]
    id: String,
    /// What; - is read from standard input
    text: String,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Comment {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let text = match self.text.as_str() {
            "-" => input::read_standard_input()?.text()?,
            _ => self.text,
        };
        let request = change_request::Comment { id: self.id, text, dry_run: self.dry_run };
        let reply = session.write_unless(self.dry_run, request)?;
        session.answer(&reply)
    }
}

/// Say when a request is to be executed, once it has what it needs. An instance does it, or a timer that calls
/// `cfgctl cr execute --due`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr schedule 17 --at \"2026-12-01 03:00 +01:00\"
  cfgctl cr schedule 17 --clear")]
pub(super) struct Schedule {
    /// The request
    #[arg(add = complete::requests())]
    id: String,
    /// When: a time with its zone
    #[arg(long, value_name = "TIME", value_parser = arguments::typed(Timestamp::parse), required_unless_present = "clear")]
    at: Option<Timestamp>,
    /// Not at any time: somebody executes it
    #[arg(long, conflicts_with = "at")]
    clear: bool,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Schedule {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let request = change_request::Schedule { id: self.id, at: self.at, dry_run: self.dry_run };
        let reply = session.write_unless(self.dry_run, request)?;
        session.answer(&reply)
    }
}
