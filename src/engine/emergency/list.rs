//! Emergencies as everybody sees them, and whom to call.

use super::reviewers_of;
use crate::api::emergency::{
    Contacts, ContactsReply, EmergencySummary, EmergencyView, ListEmergencies, ListEmergenciesReply,
};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::engine::history::{cursor, cut, page};
use crate::engine::transact::View;
use crate::engine::{Engine, Handle, view};
use crate::store::change::{self, Change, Review, Which};
use crate::store::emergency::{self, Mark};
use crate::store::manifest;

/// The mark on a change, where it has one.
pub(in crate::engine) fn mark(view: &View<'_>, change: &Change) -> Result<Option<EmergencyView>> {
    if change.kind != crate::domain::change::Kind::Emergency {
        return Ok(None);
    }
    let overdue = |mark: &Mark| change.review == Some(Review::Due) && mark.review_due <= view.clock;
    Ok(emergency::of_change(view.db, change.number)?.map(|mark| mark_view(&mark, overdue(&mark))))
}

/// A mark as everybody sees it.
pub(in crate::engine) fn mark_view(mark: &Mark, overdue: bool) -> EmergencyView {
    let said = mark.answer.as_ref();
    EmergencyView {
        justification: mark.justification.clone(),
        approver: mark.approver.clone(),
        skipped: mark.skipped,
        demand: mark.demand.clone(),
        review_due: mark.review_due,
        overdue,
        answer: said.map(|said| said.answer),
        answered_at: said.map(|said| said.at),
        answered_proof: said.map(|said| said.proof.clone()),
        answer_comment: said.and_then(|said| said.comment.clone()),
    }
}

impl Handle<ListEmergencies> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListEmergencies) -> Result<ListEmergenciesReply> {
        self.look(caller, |view| {
            let limit = page(request.limit);
            let which = if request.unreviewed || request.overdue {
                Which::UnreviewedEmergencies
            } else {
                Which::Emergencies
            };
            let mut found = change::list(view.db, which, cursor(request.after.as_deref())?, limit + 1)?;
            let next = cut(&mut found, limit, |change| change.number);
            let mut items = Vec::new();
            for change in found {
                let item = summary(view, change)?;
                if item.emergency.overdue || !request.overdue {
                    items.push(item);
                }
            }
            Ok(ListEmergenciesReply { items, next })
        })
    }
}

fn summary(view: &View<'_>, change: Change) -> Result<EmergencySummary> {
    let lost = || Error::integrity(format!("Change {} lost the mark of an emergency.", change.number));
    let mark = emergency::of_change(view.db, change.number)?
        .ok_or_else(|| lost().hint("Find out what else was altered: cfgctl audit verify --full"))?;
    let due = change.review == Some(Review::Due);
    let reviewers =
        if due { reviewers_of(view, &manifest::policy(view.db)?, &change, &mark)? } else { Vec::new() };
    Ok(EmergencySummary {
        emergency: mark_view(&mark, due && mark.review_due <= view.clock),
        review: view::review(view, &change)?,
        reviewers,
        number: change.number,
        id: change.id,
        at: change.created_at,
        by: change.requested_by,
        risk: change.risk,
        reason: change.reason,
    })
}

impl Handle<Contacts> for Engine {
    fn handle(&mut self, caller: &Caller, _: Contacts) -> Result<ContactsReply> {
        self.look(caller, |view| {
            Ok(ContactsReply {
                instance: manifest::instance(view.db)?,
                items: manifest::part(view.db, "contacts")?,
            })
        })
    }
}
