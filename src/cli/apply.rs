//! A document as one change: `apply`, and the plans it makes and takes.
//!
//! What must stay true: `apply PLAN` applies exactly what the plan shows, or nothing: the digest travels with it.

use super::session::Session;
use super::terms::Changing;
use super::wait::Waiting;
use super::{ask, document, input};
use crate::api::Outcome;
use crate::api::change::{ApplyDocument, ChangeReply, ItemKind, ItemView, LOOK_AGAIN};
use crate::api::value::{Get, Layer};
use crate::domain::error::{Code, Error, Result};
use crate::domain::value::Value;
use crate::output::words;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const PLAN_FORMAT: &str = "cfgctl-plan/1";

/// Apply a document of values as one change, all or nothing; null leaves a path unset.
///
/// The document is nested or flat YAML, JSON or TOML, or what `cfgctl get -o json` gave.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl apply -f peak.yaml --reason \"Peak hours\"
  cfgctl get server -o json | jq … | cfgctl apply -f - --reason \"New ports\"
  cfgctl apply -f server.toml --exact server --reason \"Only what the file says\"
  cfgctl apply -f peak.yaml --dry-run --plan-out peak.plan && cfgctl apply peak.plan --reason \"As planned\"")]
#[command(group = clap::ArgGroup::new("what").required(true).args(["file", "plan"]))]
#[command(override_usage = "cfgctl apply [OPTIONS] --reason <TEXT> <-f <FILE>|PLAN>")]
pub(crate) struct Apply {
    /// A plan that --plan-out wrote: exactly this, or nothing
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// The document; - is standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Below this prefix, also unset what the document leaves out
    #[arg(long, value_name = "PREFIX", conflicts_with = "plan")]
    exact: Option<String>,
    /// Write what would be done to this new file, and do nothing
    #[arg(long, value_name = "FILE", requires = "file")]
    plan_out: Option<PathBuf>,
    #[command(flatten)]
    changing: Changing,
    #[command(flatten)]
    waiting: Waiting,
}

/// What a plan's file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    format: String,
    /// What approvals would be bound to: with it, the items, their values before, the risk and the policy are fixed.
    digest: String,
    document: Value,
    exact: Option<String>,
    /// Why, where that was said when it was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// For whoever reads the plan.
    items: Vec<ItemView>,
}

impl Apply {
    pub(crate) fn run(mut self, session: &mut Session) -> Result<Outcome> {
        *self.changing.dry_run() |= self.plan_out.is_some();
        if let Some(file) = self.plan_out.as_deref().filter(|file| file.symlink_metadata().is_ok()) {
            return Err(in_the_way(file));
        }
        let said = self.changing.said_reason().cloned();
        let mut planned = Vec::new();
        let (document, exact, expect) = match (&self.file, &self.plan) {
            (Some(file), _) => (document::read(file)?, self.exact, None),
            (None, Some(plan)) => {
                let plan = read_plan(plan)?;
                planned = plan.items;
                self.changing.or_reason(plan.reason);
                (plan.document, plan.exact, Some(plan.digest))
            }
            (None, None) => {
                return Err(Error::usage("There is nothing to apply.").hint("cfgctl apply -f FILE"));
            }
        };
        let mut terms = self.changing.terms(session)?;
        terms.expect = expect;
        let request = ApplyDocument { document, exact, terms };
        let tried = ask::first(session, request.clone(), "Apply this?").map_err(|error| match &self.plan {
            Some(_) => as_a_plan(error, request.exact.as_deref()),
            None => error,
        });
        let Some(reply) = tried.map_err(|error| with_what_moved(session, &planned, error))? else {
            return Ok(Outcome::No);
        };
        match &self.plan_out {
            Some(file) if reply.change.is_some() => {
                let reason = if said.is_some() { "" } else { " --reason \"…\"" };
                write_plan(file, request, said, &reply)?;
                session
                    .say(&format!("The plan is in {0}. Apply it: cfgctl apply {0}{reason}", file.display()));
            }
            Some(file) => {
                session.say(&format!("Nothing would change: no plan was written to {}.", file.display()));
            }
            None => {}
        }
        self.waiting.answer(session, reply)
    }
}

/// A plan that has moved stays so, however often it is looked at: it is planned again from the document.
fn as_a_plan(error: Error, exact: Option<&str>) -> Error {
    if error.hint.as_deref() != Some(LOOK_AGAIN) {
        return error;
    }
    let exact = exact.map(|prefix| format!(" --exact {prefix}")).unwrap_or_default();
    error.hint(format!("Make a new plan: cfgctl apply -f FILE{exact} --plan-out NEW"))
}

/// A plan never takes another file's place.
fn in_the_way(file: &Path) -> Error {
    Error::usage(format!("There is a file {} already.", file.display()))
        .hint("Name another file for the plan, or remove this one first.")
}

/// A plan that is no longer what would be done: which of its paths have moved since, from what to what.
fn with_what_moved(session: &mut Session, planned: &[ItemView], error: Error) -> Error {
    if error.code != Code::Conflict || planned.is_empty() {
        return error;
    }
    let shown = |value: Option<&Value>| value.map_or_else(|| "not set".to_owned(), words::value);
    let mut moved = Vec::new();
    for item in planned.iter().filter(|item| item.what == ItemKind::Value) {
        let request =
            Get { paths: vec![item.path.clone()], layer: Some(Layer::Override.into()), ..Get::default() };
        let present = match session.read(request) {
            Ok(reply) => {
                reply.items.into_iter().find(|held| held.path.as_str() == item.path).map(|held| held.value)
            }
            Err(missing) if missing.code == Code::NotFound => None,
            // What cannot be asked is not told; the conflict is.
            Err(_) => return error,
        };
        if present != item.before {
            let (then, now) = (shown(item.before.as_ref()), shown(present.as_ref()));
            moved.push(format!("{}: {then} when it was planned, {now} now", item.path));
        }
    }
    if moved.is_empty() {
        return error;
    }
    let more = moved.len().saturating_sub(MOST_MOVED);
    moved.truncate(MOST_MOVED);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    Error { message: format!("{}\n  {}{more}", error.message, moved.join("\n  ")), ..error }
}

/// So many moved paths are named.
const MOST_MOVED: usize = 20;

fn read_plan(path: &Path) -> Result<Plan> {
    let given = input::read(path)?;
    let no_plan = |why: String| {
        Error::invalid(format!("{} is no plan: {why}.", path.display())).hint(
            "Make one: cfgctl apply -f FILE --plan-out PLAN. To apply a document: cfgctl apply -f FILE.",
        )
    };
    let plan: Plan = serde_json::from_slice(&given.bytes).map_err(|error| no_plan(error.to_string()))?;
    if plan.format != PLAN_FORMAT {
        return Err(no_plan(format!(
            "its format is {:?}, and this program reads {PLAN_FORMAT:?}",
            plan.format
        )));
    }
    Ok(plan)
}

fn write_plan(
    path: &Path,
    request: ApplyDocument,
    reason: Option<String>,
    reply: &ChangeReply,
) -> Result<()> {
    let change =
        reply.change.as_ref().ok_or_else(|| Error::internal("A plan was to be written of nothing."))?;
    let ApplyDocument { document, exact, .. } = request;
    let (digest, items) = (change.digest.clone(), change.items.clone());
    let plan = Plan { format: PLAN_FORMAT.to_owned(), digest, document, exact, reason, items };
    let text = serde_json::to_string_pretty(&plan).map_err(|error| Error::internal(error.to_string()))?;
    let name = path.display();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(
        |error| match error.kind() {
            ErrorKind::AlreadyExists => in_the_way(path),
            _ => {
                Error::unavailable(format!("The plan cannot be written to {name}: {error}.")).not_retryable()
            }
        },
    )?;
    writeln!(file, "{text}").and_then(|()| file.sync_all()).map_err(|error| {
        let _ = fs::remove_file(path);
        Error::unavailable(format!("The plan cannot be written to {name}: {error}.")).not_retryable()
    })
}
