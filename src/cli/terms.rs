//! The options that writes and lists share, and the terms they come to.

use super::session::Session;
use crate::api::change::Terms;
use crate::domain::error::Result;
use crate::domain::time::{Span, SpanOrDefault, Timestamp};
use clap::Args;

/// What everything that writes takes.
#[derive(Args, Clone, Default)]
pub(crate) struct Recorded {
    /// Why; kept in the record, and asked for on a terminal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What writes takes where the command itself says why.
#[derive(Args, Clone, Default)]
pub(crate) struct Noted {
    /// Why; kept in the record
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Only show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What every change takes.
#[derive(Args, Clone, Default)]
pub(crate) struct Writing {
    #[command(flatten)]
    pub(crate) recorded: Recorded,
    /// The ticket it belongs to
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// The ULID of an earlier attempt whose outcome is not known
    #[arg(long, value_name = "ULID", hide = true)]
    id: Option<String>,
}

/// What every change of values takes.
#[derive(Args, Clone, Default)]
pub(crate) struct Changing {
    #[command(flatten)]
    pub(crate) writing: Writing,
    /// How to get back if it goes wrong, in words
    #[arg(long, value_name = "TEXT")]
    rollback_plan: Option<String>,
    /// Only if the paths have not changed since this version; 0: only if they do not exist
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) if_version: Option<i64>,
    /// Execute it then, once it has what it needs: a time with its zone
    #[arg(long, value_name = "TIME", value_parser = super::arguments::typed(Timestamp::parse), conflicts_with = "if_version")]
    schedule: Option<Timestamp>,
    /// Watch the services for so long afterwards, and take the change back where it does them harm
    #[arg(long, value_name = "DURATION", value_parser = super::arguments::typed(Span::parse))]
    monitor: Option<Span>,
    /// Take it back where this comes true of a service: an expression in CEL over new and old, each with well,
    /// response_time, error_rate and memory
    #[arg(long, value_name = "EXPRESSION")]
    rollback_if: Vec<String>,
    /// Even where it did harm before and was taken back
    #[arg(long)]
    allow_rolled_back: bool,
    #[command(flatten)]
    confirming: Confirming,
}

/// Whether a change is taken back unless it is confirmed.
#[derive(Args, Clone, Default)]
pub(crate) struct Confirming {
    /// Take it back unless `cfgctl confirm` says within this time that it stays; the policy's time where none is named
    #[arg(long, value_name = "DURATION", value_parser = super::arguments::typed(SpanOrDefault::parse), num_args = 0..=1, default_missing_value = "default")]
    pub(crate) confirm_within: Option<SpanOrDefault>,
}

/// Which part of a list.
#[derive(Args, Clone, Default)]
pub(crate) struct Page {
    /// At most so many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// Go on after this cursor, the `next` of the page before
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

impl Recorded {
    /// The reason, asked for where it is missing; a dry run needs none.
    pub(crate) fn reason(self, session: &Session) -> Result<String> {
        match self.reason {
            None if self.dry_run => Ok("dry run".to_owned()),
            given => session.prompts.reason(given),
        }
    }
}

impl Writing {
    /// The terms of a change.
    pub(crate) fn terms(self, session: &Session) -> Result<Terms> {
        Ok(Terms {
            id: self.id.map_or_else(|| session.new_id(), Ok)?,
            dry_run: self.recorded.dry_run,
            reason: self.recorded.reason(session)?,
            ticket: self.ticket,
            ..Terms::default()
        })
    }
}

impl Changing {
    /// Whether only to show what would be done.
    pub(crate) fn dry_run(&mut self) -> &mut bool {
        &mut self.writing.recorded.dry_run
    }

    /// Why, where somebody said so.
    pub(crate) fn said_reason(&self) -> Option<&String> {
        self.writing.recorded.reason.as_ref()
    }

    /// Why, where nobody says anything else.
    pub(crate) fn or_reason(&mut self, reason: Option<String>) {
        let recorded = &mut self.writing.recorded;
        recorded.reason = recorded.reason.take().or(reason);
    }

    /// The terms of a change of values.
    pub(crate) fn terms(self, session: &Session) -> Result<Terms> {
        let Changing {
            writing,
            rollback_plan,
            if_version,
            schedule,
            monitor,
            rollback_if,
            allow_rolled_back,
            confirming,
        } = self;
        let confirm_within = confirming.confirm_within;
        let mut terms =
            Terms { rollback_plan, if_version, schedule, confirm_within, ..writing.terms(session)? };
        terms.allow_rolled_back = allow_rolled_back;
        terms.dossier.monitor = monitor;
        terms.dossier.rollback_if = rollback_if;
        Ok(terms)
    }
}
