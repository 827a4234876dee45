//! Changes as everybody sees them.

use super::plan::Plan;
use super::transact::View;
use super::window::Windows;
use super::{change_request, vote};
use crate::api::change::{
    ApprovalView, ChangeView, CommentView, ConflictView, EvidenceView, ItemKind, ItemView, StepView,
};
use crate::domain::approval::{Lack, Standing, Verdict, Vote, fills, weigh};
use crate::domain::change::{Item, Kind, State, Validity};
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::policy::{Demand, Policy};
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::store::approval::{self, Approval, Evidence};
use crate::store::change::{self, Change, Other};
use crate::store::{comment, duty, history, manifest, member, metadata, overrides, version};

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
    windows: Windows,
    clock: Timestamp,
}

impl Case {
    /// What a recorded change has.
    pub(super) fn of_change(view: &View<'_>, policy: &Policy, change: &Change) -> Result<Case> {
        let digest = change.digest.clone().unwrap_or_default();
        let approvals = approval::of_change(view.db, change.number)?;
        let voters: Vec<String> = approvals
            .iter()
            .filter(|given| given.decision == "approve" && given.digest == digest)
            .map(|given| given.member.clone())
            .collect();
        let requesters = requesters(view, change)?;
        Ok(Case {
            votes: vote::votes(view, policy, &voters, &requesters)?,
            requesters,
            evidence: approval::evidence_of(view.db, change.number)?,
            approvals,
            digest,
            rollback_plan: change.rollback_plan.is_some(),
            solo: metadata::is_solo(view.db)?,
            windows: Windows::of(view, change.kind, &change.requested_by)?,
            clock: view.clock,
        })
    }

    /// What a change has that the caller is about to make: their own approval, where they may give one.
    pub(super) fn of_new(
        view: &View<'_>,
        policy: &Policy,
        demand: &Demand,
        kind: Kind,
        rollback_plan: bool,
    ) -> Result<Case> {
        let member = &view.actor.member;
        let requesters = if demand.approvals.is_empty() {
            vec![member.name.clone()]
        } else {
            requesters_of(view, &member.name)?
        };
        Ok(Case {
            votes: vec![vote::of_member(policy, member)],
            requesters,
            approvals: Vec::new(),
            evidence: Vec::new(),
            digest: String::new(),
            rollback_plan,
            solo: metadata::is_solo(view.db)?,
            windows: Windows::of(view, kind, &member.name)?,
            clock: view.clock,
        })
    }

    /// What a demand still lacks of it.
    pub(super) fn weigh(&self, demand: &Demand, risk: Risk) -> Verdict {
        weigh(demand, &self.standing(demand, risk))
    }

    /// What is known of it.
    pub(super) fn standing(&self, demand: &Demand, risk: Risk) -> Standing<'_> {
        Standing {
            requesters: &self.requesters,
            votes: &self.votes,
            evidence: self.evidence.iter().any(|evidence| evidence.digest == self.digest),
            rollback_plan: self.rollback_plan,
            closed: self.windows.closed(self.clock, risk, demand),
            solo: self.solo,
        }
    }

    /// Whether an approval counts as things stand.
    fn counts(&self, given: &Approval, demand: &Demand) -> bool {
        let standing = Standing { requesters: &self.requesters, solo: self.solo, ..Standing::default() };
        given.decision == "approve"
            && given.digest == self.digest
            && self.votes.iter().any(|vote| {
                vote.member == given.member
                    && demand.approvals.iter().any(|group| fills(group, vote, demand, &standing))
            })
    }
}

/// Everybody who counts as having asked: who made or edited it, whoever answers for a program among them, and every
/// other name of theirs.
fn requesters(view: &View<'_>, change: &Change) -> Result<Vec<String>> {
    let mut all = requesters_of(view, &change.requested_by)?;
    for editor in &change.dossier.editors {
        all.extend(requesters_of(view, editor)?);
    }
    Ok(all)
}

fn requesters_of(view: &View<'_>, name: &str) -> Result<Vec<String>> {
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

/// Whether what a request was made for still stands, and what is wrong with it otherwise.
pub(super) fn validity(view: &View<'_>, policy: &Policy, change: &Change) -> Result<(Validity, Vec<String>)> {
    if !change.kind.is_of_values() {
        return Ok((Validity::Valid, Vec::new()));
    }
    let moves = moved(view, change)?;
    if let Some(held) = moves.iter().find(|moved| moved.by_request.is_some()) {
        let number = held.by_request.unwrap_or_default();
        return Ok((Validity::Held, vec![format!("change request {number} has landed on {}", held.path)]));
    }
    if !moves.is_empty() {
        return Ok((Validity::Stale, moves.iter().map(Moved::in_words).collect()));
    }
    let wanted = change::value_items(view.db, change.number)?.into_iter().map(|item| (item.path, item.after));
    let planned = super::plan::plan(view, wanted.collect(), policy, false)?;
    if planned.issues.is_empty() {
        return Ok((Validity::Valid, Vec::new()));
    }
    Ok((Validity::Invalid, planned.issues.into_iter().map(|issue| issue.message).collect()))
}

/// A path of a request that has changed since the request was made or refreshed.
pub(super) struct Moved {
    pub(super) path: Path,
    pub(super) version: i64,
    pub(super) by: String,
    /// The number of the change request that did it, where one did.
    pub(super) by_request: Option<i64>,
}

impl Moved {
    /// One path that moved, by whom and when.
    pub(super) fn in_words(&self) -> String {
        format!("{} changed: {} did at version {}", self.path, self.by, self.version)
    }
}

/// The paths that have changed since, whatever their value is by now.
pub(super) fn moved(view: &View<'_>, change: &Change) -> Result<Vec<Moved>> {
    let mut moved = Vec::new();
    for item in change::value_items(view.db, change.number)? {
        let row = overrides::find(view.db, item.path.as_str())?;
        let value = row.as_ref().and_then(|row| row.value.clone());
        let since = row.filter(|row| row.version > change.base_version || value != item.before);
        let Some(row) = since else {
            if value != item.before {
                moved.push(Moved {
                    path: item.path,
                    version: 0,
                    by: "somebody".to_owned(),
                    by_request: None,
                });
            }
            continue;
        };
        let landed = version::find(view.db, row.version)?.and_then(|version| version.change);
        let by_request = landed.map(|number| change::by_number(view.db, number)).transpose()?.flatten();
        moved.push(Moved {
            path: item.path,
            version: row.version,
            by: row.by,
            by_request: by_request.filter(|change| change.digest.is_some()).map(|change| change.number),
        });
    }
    Ok(moved)
}

/// Other open requests that would change one of its paths.
fn conflicts(view: &View<'_>, change: &Change) -> Result<Vec<ConflictView>> {
    let mut found: Vec<ConflictView> = Vec::new();
    for item in change::value_items(view.db, change.number)? {
        for id in change::open_on_path(view.db, item.path.as_str())? {
            if id == change.id || found.iter().any(|known| known.id == id) {
                continue;
            }
            let Some(other) = change::by_id(view.db, &id)? else { continue };
            if other.expires_at.is_none_or(|end| end > view.clock) {
                found.push(ConflictView {
                    number: other.number,
                    id,
                    requested_by: other.requested_by,
                    path: item.path.to_string(),
                });
            }
        }
    }
    Ok(found)
}

/// A recorded change.
pub(super) fn of_change(view: &View<'_>, change: &Change) -> Result<ChangeView> {
    let policy = manifest::policy(view.db)?;
    let case = Case::of_change(view, &policy, change)?;
    let demand = match &change.decision.demand {
        Some(demand) => demand.clone(),
        // A change that waited for nobody met the demand of its manifest's policy.
        None if change.version.is_some() && change.manifest == manifest::current_id(view.db)? => {
            let demand = policy.demand(change.risk).clone();
            if change.decision.proven { demand.relieved(change.risk) } else { demand }
        }
        None => Demand::default(),
    };
    let state = change_request::present_state(view, change);
    let open = state.is_open();
    let verdict = if open { case.weigh(&demand, change.risk) } else { Verdict::default() };
    let validity = open.then(|| validity(view, &policy, change)).transpose()?;
    let due = |kind| Ok::<_, Error>(duty::find(view.db, kind, change.number)?.map(|duty| duty.due_at));
    let comment = |said: comment::Comment| CommentView {
        member: said.member,
        proof: said.proof,
        at: said.at,
        text: said.text,
    };
    let items = items_of(view, change)?;
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
        validity: validity.map(|(validity, _)| validity),
        dossier: change.dossier.clone(),
        comments: comment::of_change(view.db, change.number)?.into_iter().map(comment).collect(),
        conflicts: if open { conflicts(view, change)? } else { Vec::new() },
        scheduled_at: due(duty::Kind::Execute)?.filter(|_| open),
        confirm_by: due(duty::Kind::Confirm)?,
        restart: change.restart.map(|restart| restart.name().to_owned()),
        takes_back: change.decision.takes_back,
    })
}

fn usual_backup(change: &Change) -> Option<String> {
    let executed = change.state.was_executed() && !change.steps.is_empty();
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
    })
}

/// The command that the caller may type next about a change; none where there is nothing left to do.
pub(super) fn next_command(view: &View<'_>, change: &Change, shown: &ChangeView) -> Option<String> {
    let id = &change.id;
    let me = &view.actor.member;
    let own = change.requested_by == me.name || change.dossier.editors.contains(&me.name);
    let may_execute = (own && me.role >= Role::Operator) || me.role >= Role::Admin;
    if shown.state == State::Confirming {
        return may_execute.then(|| format!("cfgctl confirm {}", change.number));
    }
    if !shown.state.is_open() {
        return None;
    }
    if shown.state == State::Draft {
        return own.then(|| format!("cfgctl change-request edit {id} --submit"));
    }
    match shown.validity {
        Some(Validity::Stale | Validity::Held) if own => {
            return Some(format!("cfgctl change-request refresh {id}"));
        }
        Some(Validity::Invalid) if own => return Some(format!("cfgctl change-request edit {id} PATH=VALUE")),
        _ => {}
    }
    let may_approve = me.is_person()
        && least_role(&shown.demand).is_some_and(|least| me.role >= least)
        && !shown.approvals.iter().any(|given| given.member == me.name && given.counts)
        && shown.missing.iter().any(|lack| match lack {
            Lack::Approvals { other_than_requester, .. } => !(own && *other_than_requester),
            _ => false,
        });
    let missing = || shown.missing.iter().filter(|lack| !lack.is_of_time());
    Some(match missing().next() {
        None if may_execute && shown.scheduled_at.is_none() && shown.missing.is_empty() => {
            format!("cfgctl change-request execute {id}")
        }
        Some(_) if may_approve => format!("cfgctl change-request approve {id}"),
        Some(_) if own && missing().any(|lack| matches!(lack, Lack::Evidence { .. })) => {
            format!("cfgctl change-request test {id} --evidence FILE")
        }
        _ => format!("cfgctl change-request wait {id}"),
    })
}
