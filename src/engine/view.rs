//! Changes as everybody sees them.

use super::plan::Plan;
use super::transact::View;
use crate::api::change::{ApprovalView, ChangeView, EvidenceView, ItemKind, ItemView, StepView};
use crate::domain::approval::{Lack, Standing, Verdict, Vote, weigh};
use crate::domain::change::{Item, State};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::policy::Demand;
use crate::domain::role::Role;
use crate::store::approval::{self, Approval, Evidence};
use crate::store::change::{self, Change, Other};
use crate::store::{history, manifest, member, metadata};

/// An item as it is shown.
pub(super) fn item_view(view: &View<'_>, item: &Item) -> Result<ItemView> {
    // Only where an override begins or ends does the value below it matter.
    let base = match (&item.before, &item.after) {
        (Some(_), Some(_)) => None,
        _ => manifest::default(view.db, item.path.as_str())?,
    };
    Ok(ItemView {
        what: ItemKind::Value,
        path: item.path.to_string(),
        before: item.before.clone(),
        after: item.after.clone(),
        base,
    })
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
            &Item { path: Path::from_canonical(item.path), before: item.before, after: item.after },
        );
    }
    Ok(ItemView { what, path: item.path, before: item.before, after: item.after, base: None })
}

/// What a change has, as its demand weighs it.
pub(super) struct Case {
    pub(super) requesters: Vec<String>,
    pub(super) approvals: Vec<Approval>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) votes: Vec<Vote>,
    pub(super) digest: String,
    pub(super) rollback_plan: bool,
    pub(super) solo: bool,
}

impl Case {
    /// What a recorded change has.
    pub(super) fn of_change(view: &View<'_>, change: &Change) -> Result<Case> {
        let digest = change.digest.clone().unwrap_or_default();
        let approvals = approval::of_change(view.db, change.number)?;
        let mut votes = Vec::new();
        for given in approvals.iter().filter(|given| given.decision == "approve" && given.digest == digest) {
            votes.push(vote_of(view, &given.member)?);
        }
        Ok(Case {
            requesters: requesters(view, &change.requested_by)?,
            evidence: approval::evidence_of(view.db, change.number)?,
            approvals,
            votes,
            digest,
            rollback_plan: change.rollback_plan.is_some(),
            solo: metadata::is_solo(view.db)?,
        })
    }

    /// What a change has that the caller is about to make: their own approval, where they may give one.
    pub(super) fn of_new(view: &View<'_>, digest: String, rollback_plan: bool) -> Result<Case> {
        let name = view.actor.name().to_owned();
        Ok(Case {
            votes: vec![vote_of(view, &name)?],
            requesters: requesters(view, &name)?,
            approvals: Vec::new(),
            evidence: Vec::new(),
            digest,
            rollback_plan,
            solo: metadata::is_solo(view.db)?,
        })
    }

    /// What a demand still lacks of it.
    pub(super) fn weigh(&self, demand: &Demand) -> Verdict {
        weigh(
            demand,
            &Standing {
                requesters: &self.requesters,
                votes: &self.votes,
                evidence: self.evidence.iter().any(|evidence| evidence.digest == self.digest),
                rollback_plan: self.rollback_plan,
                solo: self.solo,
            },
        )
    }

    /// Whether an approval counts as things stand.
    fn counts(&self, given: &Approval, demand: &Demand) -> bool {
        let own = demand.own || self.solo;
        given.decision == "approve"
            && given.digest == self.digest
            && (own || !self.requesters.contains(&given.member))
            && self
                .votes
                .iter()
                .any(|vote| vote.member == given.member && vote.person && vote.role >= least_role(demand))
    }
}

/// Everybody who counts as having asked: the member, whoever answers for a program, and every other name of theirs.
fn requesters(view: &View<'_>, name: &str) -> Result<Vec<String>> {
    let mut all = member::names_of_the_same_user(view.db, name)?;
    if let Some(person) = member::find(view.db, name)?.and_then(|member| member.answerable) {
        all.extend(member::names_of_the_same_user(view.db, &person)?);
    }
    Ok(all)
}

/// The least role whose approval a demand can use; none where it asks for none.
pub(super) fn least_role(demand: &Demand) -> Option<Role> {
    demand.approvals.iter().map(|group| group.role).min()
}

fn vote_of(view: &View<'_>, name: &str) -> Result<Vote> {
    let found = member::find(view.db, name)?.filter(|member| member.is_active());
    Ok(Vote {
        member: name.to_owned(),
        person: found.as_ref().is_some_and(|member| member.is_person()),
        role: found.map(|member| member.role),
    })
}

/// A recorded change.
pub(super) fn of_change(view: &View<'_>, change: &Change) -> Result<ChangeView> {
    let items = items_of(view, change)?;
    of_change_and(view, change, items)
}

/// A change that was just recorded, whose items are still at hand.
pub(super) fn of_change_with(view: &View<'_>, change: &Change, items: &[Item]) -> Result<ChangeView> {
    let items = items.iter().map(|item| item_view(view, item)).collect::<Result<_>>()?;
    of_change_and(view, change, items)
}

fn of_change_and(view: &View<'_>, change: &Change, items: Vec<ItemView>) -> Result<ChangeView> {
    let case = Case::of_change(view, change)?;
    let demand = match &change.decision.demand {
        Some(demand) => demand.clone(),
        // A change that waited for nobody met the demand of its manifest's policy.
        None if change.version.is_some() && change.manifest == manifest::current_id(view.db)? => {
            let demand = manifest::policy(view.db)?.demand(change.risk).clone();
            if change.decision.proven { demand.relieved(change.risk) } else { demand }
        }
        None => Demand::default(),
    };
    let verdict = if change.state.is_open() { case.weigh(&demand) } else { Verdict::default() };
    let step = |step: change::Step| StepView {
        name: step.name,
        status: step.status,
        duration_us: step.duration_us,
        result: step.result,
    };
    Ok(ChangeView {
        id: change.id.clone(),
        number: Some(change.number),
        kind: change.kind,
        state: change.state,
        risk: change.risk,
        risk_reasons: change.decision.reasons.clone(),
        reason: change.reason.clone(),
        ticket: change.ticket.clone(),
        rollback_plan: change.rollback_plan.clone(),
        requested_by: change.requested_by.clone(),
        created_at: change.created_at,
        updated_at: change.updated_at.unwrap_or(change.created_at),
        expires_at: change.expires_at.filter(|_| change.state.is_open()),
        items,
        missing: verdict.lacks,
        advice: verdict.advice,
        approvals: case
            .approvals
            .iter()
            .map(|given| ApprovalView {
                counts: case.counts(given, &demand),
                member: given.member.clone(),
                role: given.role.clone(),
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
        digest: change.digest.clone().unwrap_or_default(),
        base_version: change.base_version,
        version: change.version,
        executed_by: change.executed_by.clone(),
        backup: change.backup.clone().or_else(|| usual_backup(change)),
        steps: change.steps.iter().cloned().map(step).collect(),
        restart_required: change.decision.restart,
        affected_services: change.decision.services.clone(),
        identity_asserted: true,
        ended_because: change.ended_because.clone(),
        returns_to: change.decision.returns_to.clone(),
        trigger: change.decision.trigger.clone(),
    })
}

fn usual_backup(change: &Change) -> Option<String> {
    let executed = change.state == State::Completed && !change.steps.is_empty();
    executed
        .then(|| super::apply::usual_backup(change.number, change.updated_at.unwrap_or(change.created_at)))
}

/// A change's items: what was recorded before it was executed, or else what its version did.
fn items_of(view: &View<'_>, change: &Change) -> Result<Vec<ItemView>> {
    let recorded = change::items(view.db, change.number)?;
    if !recorded.is_empty() {
        return recorded.into_iter().map(|item| other_view(view, item)).collect();
    }
    let Some(version) = change.version else { return Ok(Vec::new()) };
    let item = |event: history::Event| Item { path: event.path, before: event.before, after: event.after };
    history::of_version(view.db, version)?.into_iter().map(|event| item_view(view, &item(event))).collect()
}

/// A change that is only planned, with what it would lack.
pub(super) fn of_plan(view: &View<'_>, change: &Change, plan: &Plan, verdict: Verdict) -> Result<ChangeView> {
    let items = plan.items.iter().map(|item| item_view(view, item)).collect::<Result<_>>()?;
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
        missing: verdict.lacks,
        advice: verdict.advice,
        approvals: Vec::new(),
        evidence: Vec::new(),
        digest: plan.digest(),
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
    })
}

/// The command that the caller may type next about an open request.
pub(super) fn next_command(view: &View<'_>, change: &Change, missing: &[Lack], stale: bool) -> String {
    let id = &change.id;
    if stale {
        return format!("cfgctl change-request cancel {id} --reason \"stale\"");
    }
    let me = &view.actor.member;
    let demand = change.decision.demand.clone().unwrap_or_default();
    let own = change.requested_by == me.name;
    let may_approve = me.is_person()
        && least_role(&demand).is_some_and(|least| me.role >= least)
        && missing.iter().any(|lack| match lack {
            Lack::Approvals { other_than_requester, .. } => !(own && *other_than_requester),
            _ => false,
        });
    let may_execute = (own && me.role >= Role::Operator) || me.role >= Role::Admin;
    match missing.first() {
        None if may_execute => format!("cfgctl change-request execute {id}"),
        Some(_) if may_approve => format!("cfgctl change-request approve {id}"),
        Some(_) if own && missing.iter().any(|lack| matches!(lack, Lack::Evidence { .. })) => {
            format!("cfgctl change-request test {id} --evidence FILE")
        }
        _ => format!("cfgctl change-request wait {id}"),
    }
}
