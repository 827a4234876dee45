//! Changing values: `set`, `unset`, and what asks beforehand: `validate`, `assess`.

use super::complete;
use super::document;
use super::input;
use super::operand::{self, Assignment};
use super::session::Session;
use super::terms::Changing;
use super::wait::Waiting;
use crate::api::Outcome;
use crate::api::change::{self, Input, ItemSpec, MakeChange};
use crate::domain::change::Kind;
use crate::domain::error::{Error, Result};
use crate::domain::value::ValueType;
use clap::Args;
use std::path::PathBuf;

/// Set values: one, or several as PATH=VALUE in one change.
///
/// A value is read by the setting's type. For a path that the manifest does not register it is JSON where it reads as
/// a number, boolean, list or object, and text otherwise; --type says which. A secret's value is refused among the
/// words, which everybody on the machine can read: set a reference to where it is kept, or give it by --stdin or
/// --value-file, to be kept sealed.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl set session_timeout_minutes 90 --reason \"Fewer open sessions at night\"
  cfgctl set server.port=5050 server.name=web-2 --reason \"New listener\" --ticket OPS-17
  cfgctl set motd --value-file motd.txt --reason \"Announce the upgrade\"
  cfgctl set database.password --stdin --reason \"New password\" < password
  cfgctl set database.pool.max_size 40 --reason \"Peak\" --dry-run
  cfgctl set clock.offset -1 --reason \"Summer is over\"
  id=$(cfgctl set server.port 5050 --reason \"New listener\" -o name)")]
pub(crate) struct Set {
    /// PATH VALUE, or PATH=VALUE several times; the value - is read from standard input
    #[arg(value_name = "PATH VALUE|PATH=VALUE", required = true, allow_negative_numbers = true, add = complete::paths())]
    operands: Vec<String>,
    /// Read the value from standard input
    #[arg(long, conflicts_with = "value_file")]
    stdin: bool,
    /// Read the value from a file
    #[arg(long, value_name = "FILE")]
    value_file: Option<PathBuf>,
    /// The value's type where the path is not registered: string, integer, number, boolean, array or object
    #[arg(long, value_name = "TYPE", value_parser = super::arguments::typed(ValueType::parse))]
    r#type: Option<ValueType>,
    #[command(flatten)]
    changing: Changing,
    #[command(flatten)]
    waiting: Waiting,
}

impl Set {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let elsewhere = self.stdin || self.value_file.is_some();
        let assignments = operand::assignments(&self.operands, elsewhere)?;
        let items = items(assignments, self.stdin, self.value_file, self.r#type)?;
        make(session, Kind::Set, items, self.changing, &self.waiting)
    }
}

/// Take overrides away: what the setting defaults to is in force again.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl unset server.port --reason \"Back to the default\"
  cfgctl unset limits.burst limits.rate --reason \"No longer needed\" --dry-run")]
pub(crate) struct Unset {
    /// The paths
    #[arg(value_name = "PATH", required = true, add = complete::paths())]
    paths: Vec<String>,
    #[command(flatten)]
    changing: Changing,
    #[command(flatten)]
    waiting: Waiting,
}

impl Unset {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let items = self.paths.into_iter().map(|path| ItemSpec { path, input: Input::Unset }).collect();
        make(session, Kind::Unset, items, self.changing, &self.waiting)
    }
}

pub(crate) fn make(
    session: &mut Session,
    kind: Kind,
    items: Vec<ItemSpec>,
    changing: Changing,
    waiting: &Waiting,
) -> Result<Outcome> {
    let terms = changing.terms(session)?;
    let dry_run = terms.dry_run;
    let reply = session.write_unless(dry_run, MakeChange { kind, items, terms })?;
    waiting.answer(session, reply)
}

pub(super) fn items(
    assignments: Vec<Assignment>,
    stdin: bool,
    file: Option<PathBuf>,
    value_type: Option<ValueType>,
) -> Result<Vec<ItemSpec>> {
    let from_elsewhere = match file {
        Some(file) => Some(input::read(&file)?),
        None if stdin || assignments.iter().any(|assignment| assignment.value.is_none()) => {
            Some(input::read_standard_input()?)
        }
        None => None,
    };
    let mut read = from_elsewhere.map(value_text).transpose()?;
    assignments
        .into_iter()
        .map(|Assignment { path, value }| {
            let in_words = value.is_some();
            let text = value
                .or_else(|| read.take())
                .ok_or_else(|| Error::internal("A value was lost on the way."))?;
            Ok(ItemSpec { path, input: Input::Text { text, value_type, in_words } })
        })
        .collect()
}

/// What a file or a pipe gave, without the newline that ends its last line.
pub(super) fn value_text(given: input::Given) -> Result<String> {
    let mut text = given.text()?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// What to look at: single values, or a document.
#[derive(Args)]
pub(crate) struct Proposed {
    /// PATH VALUE, or PATH=VALUE several times
    #[arg(value_name = "PATH VALUE|PATH=VALUE", required_unless_present = "file", allow_negative_numbers = true, add = complete::paths())]
    operands: Vec<String>,
    /// A document in YAML, JSON or TOML; - is standard input
    #[arg(short, long, value_name = "FILE", conflicts_with = "operands")]
    file: Option<PathBuf>,
    /// The value's type where the path is not registered
    #[arg(long, value_name = "TYPE", value_parser = super::arguments::typed(ValueType::parse), conflicts_with = "file")]
    r#type: Option<ValueType>,
}

impl Proposed {
    fn items(self) -> Result<(Vec<ItemSpec>, Option<crate::domain::value::Value>)> {
        if let Some(file) = self.file {
            return Ok((Vec::new(), Some(document::read(&file)?)));
        }
        let assignments = operand::assignments(&self.operands, false)?;
        Ok((items(assignments, false, None, self.r#type)?, None))
    }
}

/// Ask whether values would be accepted, without changing anything: exit 0 where they are, 1 where not.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl validate session_timeout_minutes 2000
  cfgctl validate -f peak.yaml")]
pub(crate) struct Validate {
    #[command(flatten)]
    proposed: Proposed,
}

impl Validate {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let (items, document) = self.proposed.items()?;
        let reply = session.read(change::Validate { items, document })?;
        session.answer(&reply)
    }
}

/// Show what a change would mean: its risk and why, restarts, services, approvals, and whether it is valid.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl assess server.port 5050
  cfgctl assess -f peak.yaml -o json")]
pub(crate) struct Assess {
    #[command(flatten)]
    proposed: Proposed,
}

impl Assess {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let (items, document) = self.proposed.items()?;
        let reply = session.read(change::Assess { items, document })?;
        session.answer(&reply)
    }
}
