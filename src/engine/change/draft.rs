//! A change is put together, and recorded where it waits.
//!
//! What must stay true: its requester's own approval is given only where the demand lets it count.

use super::Returning;
use crate::api::change::{Mode, Terms};
use crate::domain::approval::{Standing, fills};
use crate::domain::change::{Kind, State};
use crate::domain::dossier::Dossier;
use crate::domain::error::Result;
use crate::domain::policy::Policy;
use crate::domain::time::Span;
use crate::engine::plan::Plan;
use crate::engine::transact::{Note, View};
use crate::engine::{change_request, schedule, vote};
use crate::store::approval::{self, Approval};
use crate::store::change::{self, Change, Decision, Other};
use crate::store::{manifest, metadata, version};
use serde_json::json;

/// What a change is put together from.
pub(in crate::engine) struct Parts<'a> {
    pub(in crate::engine) kind: Kind,
    pub(in crate::engine) terms: &'a Terms,
    pub(in crate::engine) plan: &'a Plan,
    pub(in crate::engine) returning: Option<Returning>,
    /// What was asked under its id.
    pub(in crate::engine) asked: String,
    /// The time in which it is to be confirmed, as the policy allows it.
    pub(in crate::engine) within: Option<Span>,
    /// Whether it waits for somebody.
    pub(in crate::engine) waits: bool,
}

/// A change as it is about to be made.
pub(in crate::engine) fn draft(view: &View<'_>, policy: &Policy, parts: Parts<'_>) -> Result<Change> {
    let Parts { kind, terms, plan, returning, asked, within, waits } = parts;
    let returning = returning.unwrap_or_default();
    Ok(Change {
        number: change::next_number(view.db)?,
        id: terms.id.clone(),
        kind,
        state: State::Pending,
        risk: plan.risk,
        reason: terms.reason.clone(),
        requested_by: view.actor.name().to_owned(),
        created_at: view.now,
        updated_at: None,
        content_hash: asked,
        manifest: manifest::current_id(view.db)?,
        base_version: version::current(view.db)?.map_or(0, |version| version.id),
        version: None,
        executed_by: None,
        backup: None,
        steps: Vec::new(),
        ticket: terms.ticket.clone(),
        rollback_plan: terms.rollback_plan.clone(),
        decision: Decision {
            reasons: plan.reasons.clone(),
            demand: waits.then(|| plan.demand.clone()),
            proven: returning.proven,
            restart: plan.restart,
            services: plan.services.clone(),
            returns_to: Some(returning.to).filter(|to| !to.is_empty()),
            trigger: returning.trigger,
            takes_back: None,
            counted: Vec::new(),
        },
        digest: waits.then(|| plan.digest(0)),
        expires_at: waits.then(|| view.clock.after(policy.requests.expire_after)),
        ended_because: None,
        dossier: Dossier {
            confirm_within: within,
            edition: 0,
            editors: Vec::new(),
            restarted: Vec::new(),
            wanted_at: None,
            ..terms.dossier.clone()
        },
        restart: None,
        review: None,
    })
}

/// Records a change that waits, with its items and the requester's own approval where it counts.
pub(in crate::engine) fn request(
    view: &View<'_>,
    policy: &Policy,
    plan: &Plan,
    change: &mut Change,
    terms: &Terms,
) -> Result<Note> {
    for (position, item) in plan.items.iter().enumerate() {
        change::insert_item(view.db, change.number, position, &Other::of_value(item))?;
    }
    if terms.mode == Mode::Draft {
        change.state = State::Draft;
    } else {
        approve_own(view, policy, change)?;
    }
    if let Some(at) = terms.schedule {
        schedule::set(view, change, at)?;
    }
    if terms.mode != Mode::Draft {
        change.state = change_request::standing_state(view, change)?;
    }
    change::put(view.db, change)?;
    let detail = json!({"kind": change.kind, "risk": change.risk, "digest": change.digest, "paths": plan.items.len(), "state": change.state});
    Ok(Note::new("change.request", change.number.to_string(), detail).change(change.number))
}

/// The requester's own approval, given with the request where it counts.
pub(in crate::engine) fn approve_own(view: &View<'_>, policy: &Policy, change: &Change) -> Result<()> {
    let demand = change.decision.demand.clone().unwrap_or_default();
    let member = &view.actor.member;
    let standing = Standing { solo: metadata::is_solo(view.db)?, ..Standing::default() };
    let vote = vote::of_member(policy, member);
    let may = demand.approvals.iter().any(|group| fills(group, &vote, &demand, &standing));
    if may && (demand.own || standing.solo) {
        let own = Approval {
            member: member.name.clone(),
            role: member.role.to_string(),
            decision: "approve".to_owned(),
            digest: change.digest.clone().unwrap_or_default(),
            proof: view.actor.proof.to_string(),
            at: view.now,
            comment: Some("own change".to_owned()),
            places: Vec::new(),
        };
        approval::put(view.db, change.number, &own)?;
    }
    Ok(())
}
