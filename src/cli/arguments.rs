//! The words of the command line: the options that hold everywhere, and the table of commands.

use super::place::absolute;
use super::session::Session;
use super::{
    apply, audit, backup, change, change_request, complete, confirm, context, diff, drift, edit, emergency,
    environment, exec, feature, generate, history, init, maintenance, manifest, member, notify, reload,
    rollback, secret, service, settle, source, stats, status, value, version, watch,
};
use crate::api::Outcome;
use crate::domain::error::Result;
use crate::output::{Format, Named};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cfgctl get session_timeout_minutes
  cfgctl explain server.port
  cfgctl set session_timeout_minutes 90 --reason \"Fewer open sessions at night\"
  cfgctl apply -f peak.yaml --reason \"Peak hours\" --dry-run
  cfgctl rollback --steps 1 --reason \"Timeouts since the change\"

Exit codes:
  0 done            3 not there     6 refused        9 integrity
  1 answered \"no\"   4 not allowed   7 unavailable    12 outcome unknown
  2 usage           5 conflict      8 pending        70 a bug";

/// Change a running system's configuration without breaking it.
///
/// Every change is validated, classified by risk, approved as its risk demands, backed up, applied in one transaction
/// and kept on record.
#[derive(Parser)]
#[command(name = "cfgctl", version, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The options that every command takes.
#[derive(Args, Clone, Default, PartialEq)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Options {
    /// The store's file [or $CFGCTL_STORE]
    #[arg(long, global = true, value_name = "PATH", conflicts_with_all = ["context", "remote"])]
    pub(crate) store: Option<PathBuf>,
    /// A named store; see `cfgctl context` [or $CFGCTL_CONTEXT]
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "remote", add = complete::contexts())]
    pub(crate) context: Option<String>,
    /// Another machine's instance [or $CFGCTL_REMOTE]
    #[arg(long, global = true, value_name = "URL", hide = true)]
    pub(crate) remote: Option<String>,
    /// A file that holds the caller's token, readable by nobody else [or the token in $CFGCTL_TOKEN]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// How the answer is written [or $CFGCTL_OUTPUT]
    #[arg(short, long, global = true, value_name = "FORMAT", value_parser = format_parser())]
    pub(crate) output: Option<Format>,
    /// Go on without asking
    #[arg(short = 'y', long, global = true)]
    pub(crate) yes: bool,
    /// The name that a confirmation asks to type
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) answer: Option<String>,
    /// Never ask; what would have been asked must be given
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Say less on standard error
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more on standard error
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// Show times in this machine's zone
    #[arg(long, global = true)]
    pub(crate) local: bool,
    /// End with 0 where the answer is "no"
    #[arg(long, global = true)]
    pub(crate) exit_zero: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless $NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(|(name, _)| name)).try_map(|name| Format::parse(&name))
}

impl Options {
    /// How the store was named on the command line.
    pub(crate) fn named(&self) -> Named {
        match (&self.store, &self.context) {
            (Some(store), _) => Named::by_store(&absolute(store).to_string_lossy()),
            (None, Some(name)) => Named::by_context(name),
            (None, None) => Named::BY_NOTHING,
        }
    }

    /// The format asked for by flag or variable.
    pub(crate) fn format(&self) -> Result<Format> {
        match (self.output, environment::text("CFGCTL_OUTPUT")?) {
            (Some(format), _) => Ok(format),
            (None, Some(name)) => Format::parse(&name).map_err(|mut error| {
                error.message = format!("$CFGCTL_OUTPUT: {}", error.message);
                error
            }),
            (None, None) => Ok(Format::default()),
        }
    }
}

/// The commands, in the order in which help lists them. Only the one that is called is built, which `get` can feel.
#[derive(Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Make a store
    Init(init::Init),
    /// Show values
    Get(value::Get),
    /// Show everything about one path
    Explain(value::Explain),
    /// Set values
    Set(change::Set),
    /// Take overrides away
    Unset(change::Unset),
    /// Apply a document of values as one change
    Apply(apply::Apply),
    /// Edit the values in an editor
    Edit(edit::Edit),
    /// Ask whether values would be accepted
    Validate(change::Validate),
    /// Show what a change would mean
    Assess(change::Assess),
    /// Show what differs between two states
    Diff(diff::Diff),
    /// Show where overrides differ from what lies below them
    Drift(drift::Drift),
    /// Show what happened to the values
    History(history::History),
    /// Show each change as it happens
    Watch(watch::Watch),
    /// Show who set each override
    Blame(value::Blame),
    /// The states that the configuration has been in
    Version(version::Version),
    /// Put overrides back to what they were
    Rollback(rollback::Rollback),
    /// Undo one executed change
    Undo(rollback::Undo),
    /// Backup files
    Backup(backup::Backup),
    /// Restore what a backup holds
    Restore(rollback::Restore),
    /// Changes that need approval
    #[command(visible_alias = "cr")]
    ChangeRequest(change_request::ChangeRequest),
    /// What cannot wait for approval
    Emergency(emergency::Emergency),
    /// Say that an applied change stays, or take it back
    Confirm(confirm::Confirm),
    /// Do what is due
    Settle(settle::Settle),
    /// What this instance governs
    Manifest(manifest::Manifest),
    /// Where base values come from
    Source(source::Source),
    /// Read the sources anew
    Reload(reload::Reload),
    /// The programs that use settings
    Service(service::Service),
    /// Keys, and what they seal
    Secret(secret::Secret),
    /// Who may act here
    Member(member::Member),
    /// The command that tells people what happens
    Notify(notify::Notify),
    /// The audit log
    Audit(audit::Audit),
    /// Feature flags
    Feature(feature::Feature),
    /// Maintenance mode
    Maintenance(maintenance::Maintenance),
    /// Show how the instance stands
    Status(status::Status),
    /// Show how reloads went so far
    Stats(stats::Stats),
    /// Look the store over
    Doctor(status::Doctor),
    /// Name stores and choose among them
    Context(context::Context),
    /// Run a program with the values in its environment
    Exec(exec::Exec),
    /// Print the completion script of a shell
    Completions(generate::Completions),
    /// Write the man pages
    Man(generate::ManPages),
    /// Write all generated files
    #[command(hide = true)]
    Generate(generate::Generate),
}

impl Command {
    /// Whether it writes out an export.
    pub(crate) fn exports(&self) -> bool {
        match self {
            Command::ChangeRequest(command) => command.exports(),
            Command::Audit(command) => command.exports(),
            _ => false,
        }
    }

    /// Does it.
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self {
            Command::Init(command) => command.run(session),
            Command::Get(command) => command.run(session),
            Command::Explain(command) => command.run(session),
            Command::Set(command) => command.run(session),
            Command::Unset(command) => command.run(session),
            Command::Apply(command) => command.run(session),
            Command::Edit(command) => command.run(session),
            Command::Validate(command) => command.run(session),
            Command::Assess(command) => command.run(session),
            Command::Diff(command) => command.run(session),
            Command::Drift(command) => command.run(session),
            Command::History(command) => command.run(session),
            Command::Watch(command) => command.run(session),
            Command::Blame(command) => command.run(session),
            Command::Version(command) => command.run(session),
            Command::Rollback(command) => command.run(session),
            Command::Undo(command) => command.run(session),
            Command::Backup(command) => command.run(session),
            Command::Restore(command) => command.run(session),
            Command::ChangeRequest(command) => command.run(session),
            Command::Emergency(command) => command.run(session),
            Command::Confirm(command) => command.run(session),
            Command::Settle(command) => command.run(session),
            Command::Manifest(command) => command.run(session),
            Command::Source(command) => command.run(session),
            Command::Reload(command) => command.run(session),
            Command::Service(command) => command.run(session),
            Command::Secret(command) => command.run(session),
            Command::Member(command) => command.run(session),
            Command::Notify(command) => command.run(session),
            Command::Audit(command) => command.run(session),
            Command::Feature(command) => command.run(session),
            Command::Maintenance(command) => command.run(session),
            Command::Status(command) => command.run(session),
            Command::Stats(command) => command.run(session),
            Command::Doctor(command) => command.run(session),
            Command::Context(command) => command.run(session),
            Command::Exec(command) => command.run(session),
            Command::Completions(command) => command.run(session),
            Command::Man(command) => command.run(session),
            Command::Generate(command) => command.run(session),
        }
    }
}

/// A parser for clap that says what an error hints at too: clap itself shows the message alone.
pub(crate) fn typed<T>(
    parse: fn(&str) -> Result<T>,
) -> impl Fn(&str) -> std::result::Result<T, String> + Clone + Send + Sync + 'static
where
    T: 'static,
{
    move |text| {
        parse(text).map_err(|error| {
            [Some(error.message), error.hint].into_iter().flatten().collect::<Vec<_>>().join(" ")
        })
    }
}
