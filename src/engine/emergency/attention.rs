//! What of emergencies needs somebody's attention.

use crate::domain::error::Result;
use crate::engine::transact::View;
use crate::store::{change, emergency};

/// A sentence each, with the command to type.
pub(in crate::engine) fn attention(view: &View<'_>) -> Result<Vec<String>> {
    let mut said = Vec::new();
    let unreviewed = change::unreviewed_emergencies(view.db)?;
    let mut overdue = 0;
    for number in &unreviewed {
        let mark = emergency::of_change(view.db, *number)?;
        overdue += usize::from(mark.is_some_and(|mark| mark.review_due <= view.clock));
    }
    if overdue > 0 {
        said.push(format!(
            "Reviews of emergencies are overdue ({overdue} of {}): cfgctl emergency list --overdue",
            unreviewed.len()
        ));
    } else if !unreviewed.is_empty() {
        said.push(format!(
            "Emergencies wait for a review ({}): cfgctl emergency list --unreviewed",
            unreviewed.len()
        ));
    }
    for mark in emergency::denied(view.db)? {
        said.push(format!(
            "{} denies having been asked before emergency change {}: cfgctl change-request show {}",
            mark.approver, mark.change, mark.change
        ));
    }
    for mark in emergency::unanswered_by(view.db, view.actor.name())? {
        said.push(format!(
            "Emergency change {0} says that you were asked: cfgctl emergency acknowledge {0}, or cfgctl emergency acknowledge {0} --deny",
            mark.change
        ));
    }
    Ok(said)
}
