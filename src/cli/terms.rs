//! The options that every write takes, and the terms they come to.

use super::session::Session;
use crate::api::change::Terms;
use crate::domain::error::Result;
use clap::Args;

/// Reason, ticket, dry run, identity.
#[derive(Args, Clone, Default)]
pub(crate) struct Writing {
    /// Why; kept in the history and the audit log, and asked for on a terminal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The ticket it belongs to
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// Only show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The ULID of an earlier attempt whose outcome is not known
    #[arg(long, value_name = "ULID", hide = true)]
    id: Option<String>,
}

/// What else a change of values takes.
#[derive(Args, Clone, Default)]
pub(crate) struct Changing {
    #[command(flatten)]
    pub(crate) writing: Writing,
    /// How to get back if it goes wrong, in words
    #[arg(long, value_name = "TEXT")]
    rollback_plan: Option<String>,
    /// Only if the paths have not changed since this version; 0: only if they do not exist
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(i64).range(0..))]
    if_version: Option<i64>,
}

impl Writing {
    /// The terms; asks for a missing reason, except for a dry run.
    pub(crate) fn terms(self, session: &Session) -> Result<Terms> {
        Ok(Terms {
            id: self.id.unwrap_or_else(|| session.new_id()),
            reason: reason(self.reason, self.dry_run, session)?,
            ticket: self.ticket,
            dry_run: self.dry_run,
            ..Terms::default()
        })
    }

    /// The reason alone, for what takes no more.
    pub(crate) fn reason(self, session: &Session) -> Result<String> {
        reason(self.reason, self.dry_run, session)
    }
}

impl Changing {
    /// The terms; asks for a missing reason, except for a dry run.
    pub(crate) fn terms(self, session: &Session) -> Result<Terms> {
        let Changing { writing, rollback_plan, if_version } = self;
        Ok(Terms { rollback_plan, if_version, ..writing.terms(session)? })
    }
}

fn reason(given: Option<String>, dry_run: bool, session: &Session) -> Result<String> {
    match given {
        None if dry_run => Ok("dry run".to_owned()),
        given => session.prompts.reason(given),
    }
}
