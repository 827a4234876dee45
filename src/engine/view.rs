//! Changes as everybody sees them.

use super::case::Case;
use super::change_request::{may_approve, present_state};
use super::delivery;
use super::emergency;
use super::governance;
use super::mask::Mask;
use super::plan::Plan;
use super::standing::{Now, conflicts};
use super::transact::View;
use crate::api::change::{
    ApprovalView, ChangeView, CommentView, EvidenceView, ItemKind, ItemView, PlaceView, StepView,
};
use crate::api::review::ReviewView;
use crate::domain::approval::{Lack, Verdict};
use crate::domain::change::{Item, Kind, State, Validity};
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::policy::Demand;
use crate::domain::role::Role;
use crate::store::change::{self, Change, Other, Review};
use crate::store::{base, comment, duty, history, manifest, review};

/// An item as it is shown.
pub(super) fn item_view(view: &View<'_>, mask: &Mask<'_>, item: &Item) -> Result<ItemView> {
    // Only where an override begins or ends does the value below it matter.
    let (base, base_layer) = match (&item.before, &item.after) {
        (Some(_), Some(_)) => (None, None),
        _ => match base::strongest(view.db, item.path.as_str())? {
            Some(said) => (Some(said.value), Some(said.source)),
            None => (manifest::default(view.db, item.path.as_str())?, None),
        },
    };
    Ok(ItemView {
        what: ItemKind::Value,
        path: item.path.to_string(),
        before: mask.maybe(&item.path, item.before.clone())?,
        after: mask.maybe(&item.path, item.after.clone())?,
        base: mask.maybe(&item.path, base)?,
        base_layer,
    })
}

/// What moved below the overrides, as it may be shown: its values are the base itself.
pub(super) fn of_base_items(view: &View<'_>, items: &[Item]) -> Result<Vec<ItemView>> {
    let items = of_items(view, items)?;
    Ok(items.into_iter().map(|item| ItemView { base: None, base_layer: None, ..item }).collect())
}

/// Values before and after, as they may be shown.
pub(super) fn of_items(view: &View<'_>, items: &[Item]) -> Result<Vec<ItemView>> {
    let mask = Mask::new(view);
    items.iter().map(|item| item_view(view, &mask, item)).collect()
}

fn other_view(view: &View<'_>, item: Other) -> Result<ItemView> {
    let what = match item.what.as_str() {
        "manifest" => ItemKind::Manifest,
        "member" => ItemKind::Member,
        "instance" => ItemKind::Instance,
        _ => ItemKind::Value,
    };
    if what == ItemKind::Value {
        return item_view(
            view,
            &Mask::new(view),
            &Item { path: Path::from_canonical(item.path), before: item.before, after: item.after },
        );
    }
    Ok(ItemView {
        what,
        path: item.path,
        before: item.before,
        after: item.after,
        base: None,
        base_layer: None,
    })
}

/// A recorded change.
pub(super) fn of_change(view: &View<'_>, change: &Change) -> Result<ChangeView> {
    Ok(with_issues(view, change)?.0)
}

/// A recorded change, and why it is not valid where it is not: one look gives both.
pub(super) fn with_issues(view: &View<'_>, change: &Change) -> Result<(ChangeView, Vec<String>)> {
    let items = items_of(view, change)?;
    of_change_and(view, change, items)
}

/// A change that was just recorded, whose items are still at hand.
pub(super) fn of_change_with(view: &View<'_>, change: &Change, items: &[Item]) -> Result<ChangeView> {
    let mask = Mask::new(view);
    let items = items.iter().map(|item| item_view(view, &mask, item)).collect::<Result<_>>()?;
    Ok(of_change_and(view, change, items)?.0)
}

fn of_change_and(
    view: &View<'_>,
    change: &Change,
    items: Vec<ItemView>,
) -> Result<(ChangeView, Vec<String>)> {
    let policy = manifest::policy(view.db)?;
    let case = Case::of_change(view, &policy, change)?;
    let demand = match &change.decision.demand {
        Some(demand) => demand.clone(),
        // A change that waited for nobody met the demand of its manifest's policy.
        None if change.version.is_some() && change.manifest == manifest::current_id(view.db)? => {
            let demand = policy.demand(change.risk).clone();
            if change.decision.proven { demand.relieved(change.risk, &policy.restore) } else { demand }
        }
        None => Demand::default(),
    };
    let state = present_state(view, change);
    let open = state.is_open();
    let now = open.then(|| Now::of(view, &policy, change, &case)).transpose()?;
    let state = now.as_ref().map_or(Ok(state), |now| now.state(view, change))?;
    let validity = now.as_ref().map(|now| now.validity);
    let waited = change.digest.is_some();
    let emergency = emergency::mark(view, change)?;
    let present = now.as_ref().and_then(|now| Some(now.plan.as_ref()?.demand.clone()));
    let (verdict, issues, stricter) =
        now.map(|now| (now.verdict, now.issues, now.stricter)).unwrap_or_default();
    let counted = match &change.decision.counted {
        // What was executed was executed with these, whoever they are by now.
        counted if !counted.is_empty() => counted.clone(),
        _ => case.counted(&demand, present.as_ref()),
    };
    let due = |kind| Ok::<_, Error>(duty::find(view.db, kind, change.number)?.map(|duty| duty.due_at));
    let step = |step: change::Step| StepView {
        name: step.name,
        status: step.status,
        duration_us: step.duration_us,
        result: step.result,
    };
    let shown = ChangeView {
        id: change.id.clone(),
        number: Some(change.number),
        kind: change.kind,
        state,
        risk: change.risk,
        risk_reasons: change.decision.reasons.clone(),
        reason: change.reason.clone(),
        ticket: change.ticket.clone(),
        rollback_plan: change.rollback_plan.clone(),
        requested_by: change.requested_by.clone(),
        created_at: change.created_at,
        updated_at: change.updated_at.unwrap_or(change.created_at),
        expires_at: change.expires_at.filter(|_| open),
        items,
        missing: verdict.lacks,
        advice: verdict.advice,
        approvals: case
            .approvals
            .iter()
            .map(|given| ApprovalView {
                counts: case.counts(given, &counted),
                member: given.member.clone(),
                role: given.role.clone(),
                in_place_of: given
                    .places
                    .iter()
                    .map(|place| PlaceView { member: place.member.clone(), role: place.role.clone() })
                    .collect(),
                decision: given.decision.clone(),
                proof: given.proof.clone(),
                at: given.at,
                comment: given.comment.clone(),
            })
            .collect(),
        evidence: case
            .evidence
            .iter()
            .map(|evidence| EvidenceView {
                name: evidence.name.clone(),
                sha256: evidence.sha256.clone(),
                size: evidence.size,
                by: evidence.by.clone(),
                at: evidence.at,
                nature: if evidence.measured { "measured" } else { "attached, not measured" }.to_owned(),
                counts: evidence.digest == case.digest,
            })
            .collect(),
        demand,
        stricter,
        digest: change.digest.clone().unwrap_or_default(),
        base_version: change.base_version,
        version: change.version,
        executed_by: change.executed_by.clone(),
        backup: change.backup.clone().or_else(|| usual_backup(change)),
        steps: change.steps.iter().cloned().map(step).collect(),
        restart_required: change.decision.restart,
        affected_services: services(change),
        identity_asserted: true,
        ended_because: change.ended_because.clone(),
        returns_to: change.decision.returns_to.clone(),
        trigger: change.decision.trigger.clone(),
        validity,
        dossier: change.dossier.clone(),
        comments: if waited || emergency.is_some() { said_about(view, change)? } else { Vec::new() },
        conflicts: if open { conflicts(view, change)? } else { Vec::new() },
        scheduled_at: if open { due(duty::Kind::Execute)? } else { None },
        confirm_by: if state == State::Confirming { due(duty::Kind::Confirm)? } else { None },
        restart: change.restart.map(|restart| restart.name().to_owned()),
        takes_back: change.decision.takes_back,
        delivery: delivery::of_change(view, change)?,
        taken_back: delivery::taken_back(view, change)?,
        emergency,
        unreviewed: change.review == Some(Review::Due),
        review: review(view, change)?,
    };
    Ok((shown, issues))
}

/// The services that the settings name, and those that its people name beside them.
fn services(change: &Change) -> Vec<String> {
    let mut services = change.decision.services.clone();
    services.extend(
        change.dossier.services.iter().filter(|name| !change.decision.services.contains(name)).cloned(),
    );
    services
}

/// What was found when a change was looked back on.
pub(super) fn review(view: &View<'_>, change: &Change) -> Result<Option<ReviewView>> {
    if change.review != Some(Review::Done) {
        return Ok(None);
    }
    let view_of = |review: review::Review| ReviewView {
        member: review.member,
        proof: review.proof,
        at: review.at,
        findings: review.findings,
    };
    Ok(review::of_change(view.db, change.number)?.map(view_of))
}

fn said_about(view: &View<'_>, change: &Change) -> Result<Vec<CommentView>> {
    let comment = |said: comment::Comment| CommentView {
        member: said.member,
        proof: said.proof,
        at: said.at,
        text: said.text,
    };
    Ok(comment::of_change(view.db, change.number)?.into_iter().map(comment).collect())
}

fn usual_backup(change: &Change) -> Option<String> {
    // What the base was, its generation before says.
    let executed = change.state.was_executed() && !change.steps.is_empty() && change.kind != Kind::Reload;
    executed
        .then(|| super::apply::usual_backup(change.number, change.updated_at.unwrap_or(change.created_at)))
}

/// A change's items: what was recorded before it was executed, or else what its version did.
fn items_of(view: &View<'_>, change: &Change) -> Result<Vec<ItemView>> {
    if let Some(items) = governance::items_of(view, change)? {
        return Ok(items);
    }
    if change.kind == Kind::Reload {
        return of_base_items(view, &change::value_items(view.db, change.number)?);
    }
    let recorded = change::items(view.db, change.number)?;
    if !recorded.is_empty() {
        return recorded.into_iter().map(|item| other_view(view, item)).collect();
    }
    let Some(version) = change.version else { return Ok(Vec::new()) };
    let item = |event: history::Event| Item { path: event.path, before: event.before, after: event.after };
    let mask = Mask::new(view);
    let events = history::of_version(view.db, version)?;
    events.into_iter().map(|event| item_view(view, &mask, &item(event))).collect()
}

/// A change that is only planned, with what it would lack.
pub(super) fn of_plan(view: &View<'_>, change: &Change, plan: &Plan, verdict: Verdict) -> Result<ChangeView> {
    let items = of_items(view, &plan.items)?;
    Ok(ChangeView {
        id: change.id.clone(),
        number: None,
        kind: change.kind,
        state: change.state,
        risk: plan.risk,
        risk_reasons: plan.reasons.clone(),
        reason: change.reason.clone(),
        ticket: change.ticket.clone(),
        rollback_plan: change.rollback_plan.clone(),
        requested_by: change.requested_by.clone(),
        created_at: change.created_at,
        updated_at: change.created_at,
        expires_at: None,
        items,
        demand: plan.demand.clone(),
        stricter: None,
        missing: verdict.lacks,
        advice: verdict.advice,
        approvals: Vec::new(),
        evidence: Vec::new(),
        digest: plan.digest(0),
        base_version: change.base_version,
        version: None,
        executed_by: None,
        backup: None,
        steps: Vec::new(),
        restart_required: plan.restart,
        affected_services: plan.services.clone(),
        identity_asserted: true,
        ended_because: None,
        returns_to: change.decision.returns_to.clone(),
        trigger: change.decision.trigger.clone(),
        validity: None,
        dossier: change.dossier.clone(),
        comments: Vec::new(),
        conflicts: Vec::new(),
        scheduled_at: None,
        confirm_by: None,
        restart: None,
        takes_back: None,
        delivery: Vec::new(),
        taken_back: None,
        emergency: None,
        unreviewed: false,
        review: None,
    })
}

/// The command that the caller may type next about a change; none where there is nothing left to do.
pub(super) fn next_command(view: &View<'_>, change: &Change, shown: &ChangeView) -> Result<Option<String>> {
    let id = &change.id;
    let me = &view.actor.member;
    let own = change.requested_by == me.name || change.dossier.editors.contains(&me.name);
    let others = manifest::policy(view.db)?.requests.others;
    let may_execute = (own && me.role >= Role::Operator) || me.role >= others;
    if shown.state == State::Confirming {
        return Ok(may_execute.then(|| format!("cfgctl confirm {}", change.number)));
    }
    if !shown.state.is_open() {
        return Ok(None);
    }
    if shown.state == State::Draft {
        return Ok(own.then(|| format!("cfgctl change-request edit {id} --submit")));
    }
    match shown.validity {
        Some(Validity::Stale | Validity::Held) if own && change.kind.governs() => {
            return Ok(Some(format!("cfgctl change-request cancel {id} --reason \"stale\"")));
        }
        Some(Validity::Stale | Validity::Held) if own && change.kind == Kind::Reload => {
            return Ok(Some("cfgctl reload --force".to_owned()));
        }
        Some(Validity::Stale | Validity::Held) if own => {
            return Ok(Some(format!("cfgctl change-request refresh {id}")));
        }
        Some(Validity::Invalid) if own => {
            return Ok(Some(format!("cfgctl change-request edit {id} PATH=VALUE")));
        }
        Some(Validity::Stale | Validity::Held | Validity::Invalid) => {
            return Ok(Some(format!("cfgctl change-request comment {id} \"…\"")));
        }
        _ => {}
    }
    let may_approve = may_approve(view, change, &shown.missing)?;
    let missing = || shown.missing.iter().filter(|lack| !lack.is_of_time());
    Ok(Some(match missing().next() {
        None if may_execute && shown.scheduled_at.is_none() && shown.missing.is_empty() => {
            format!("cfgctl change-request execute {id}")
        }
        Some(_) if may_approve => format!("cfgctl change-request approve {id}"),
        Some(_) if own && missing().any(|lack| matches!(lack, Lack::Evidence { .. })) => {
            format!("cfgctl change-request test {id} --evidence FILE")
        }
        _ => format!("cfgctl change-request wait {id}"),
    }))
}
