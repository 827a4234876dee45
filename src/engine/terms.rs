//! What every write carries, within limits.

use super::transact::View;
use crate::api::change::Terms;
use crate::domain::change::check_id;
use crate::domain::dossier::Dossier;
use crate::domain::error::{Error, Result};
use crate::store::member;

/// The longest reason, ticket or plan, in bytes.
const LONGEST_TEXT: usize = 16 * 1024;

/// Refuses terms without a reason, or with endless texts.
pub(super) fn check_terms(terms: &Terms) -> Result<()> {
    check_reason(&terms.reason)?;
    check_text("ticket", terms.ticket.as_deref().unwrap_or_default())?;
    check_text("rollback plan", terms.rollback_plan.as_deref().unwrap_or_default())
}

/// Refuses an id that no change could have; a dry run needs none.
pub(super) fn check_terms_id(terms: &Terms) -> Result<()> {
    if terms.dry_run { Ok(()) } else { check_id(&terms.id) }
}

/// Refuses a reason that is missing or endless.
pub(super) fn check_reason(reason: &str) -> Result<()> {
    if reason.trim().is_empty() {
        return Err(Error::usage("This needs a reason.").hint("Say why: --reason \"…\""));
    }
    check_text("reason", reason)
}

/// `not-found` where a reviewer is nobody who could look.
pub(super) fn check_reviewers(view: &View<'_>, dossier: &Dossier) -> Result<()> {
    for name in &dossier.reviewers {
        if !member::find(view.db, name)?.is_some_and(|found| found.is_active()) {
            return Err(Error::not_found(format!("{name} is no member who could look at it."))
                .hint("See who is: cfgctl member list"));
        }
    }
    Ok(())
}

/// Refuses an endless text.
pub(super) fn check_text(name: &str, text: &str) -> Result<()> {
    if text.len() > LONGEST_TEXT {
        return Err(Error::invalid(format!(
            "The {name} is {} bytes long; the limit is {LONGEST_TEXT}.",
            text.len()
        ))
        .hint("Say it shorter, and name a ticket that says the rest: --ticket T"));
    }
    Ok(())
}
