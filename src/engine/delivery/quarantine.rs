//! What did harm at the services is not applied again by accident.
//!
//! What must stay true: it is known by path and value together, so that a secret is known without being kept; whoever
//! asks for it by name gets it, in an emergency everybody.

use super::version_of;
use crate::domain::change::Item;
use crate::domain::error::{Error, Result};
use crate::domain::tree;
use crate::engine::transact::View;
use crate::store::change::{self, Change};
use crate::store::{history, quarantine};

/// Remembers what a change that is taken back had set.
pub(super) fn remember(view: &View<'_>, change: &Change) -> Result<()> {
    for event in history::of_version(view.db, version_of(view, change.number)?)? {
        if let Some(value) = &event.after {
            let leaf = tree::leaf(&event.path, value);
            quarantine::put(view.db, event.path.as_str(), &leaf, change.number, view.now)?;
        }
    }
    Ok(())
}

/// `refused` where one of these values did harm before; where it is `asked_for` it is forgotten that it did.
pub(in crate::engine) fn check(
    view: &View<'_>,
    items: &[Item],
    asked_for: bool,
    dry_run: bool,
) -> Result<()> {
    if quarantine::is_empty(view.db)? {
        return Ok(());
    }
    for Item { path, after, .. } in items {
        let Some(leaf) = after.as_ref().map(|value| tree::leaf(path, value)) else { continue };
        let Some(number) = quarantine::find(view.db, path.as_str(), &leaf)? else { continue };
        if !asked_for {
            let because = change::by_number(view.db, number)?.and_then(|change| change.ended_because);
            let because = because.map(|because| format!(": {because}")).unwrap_or_default();
            return Err(Error::refused(format!(
                "This value of {path} did harm with change {number} and was rolled back{because}."
            ))
            .hint("If it will do none now: --allow-rolled-back"));
        }
        if !dry_run {
            quarantine::remove(view.db, path.as_str(), &leaf)?;
        }
    }
    Ok(())
}
