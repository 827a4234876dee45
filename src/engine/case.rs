//! What a change has, as its demand weighs it: approvals and what they count as now, evidence, plan, windows.

use super::transact::View;
use super::vote::{self, Voter};
use super::window::Windows;
use crate::domain::approval::{Standing, Verdict, Vote, fills, weigh};
use crate::domain::change::Kind;
use crate::domain::error::Result;
use crate::domain::policy::{Demand, Group, Policy};
use crate::domain::risk::Risk;
use crate::domain::time::Timestamp;
use crate::store::approval::{self, Approval, Evidence};
use crate::store::change::Change;
use crate::store::{member, metadata};

/// What a change has, as its demand weighs it.
pub(super) struct Case {
    pub(super) requesters: Vec<String>,
    pub(super) approvals: Vec<Approval>,
    pub(super) evidence: Vec<Evidence>,
    /// Whose approvals count for the present content, if anybody's.
    pub(super) voters: Vec<Voter>,
    /// What those count as now.
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
        let voter = |given: &Approval| Voter {
            name: given.member.clone(),
            under: Some(given.places.iter().map(|place| place.delegation).collect()),
        };
        let voters: Vec<Voter> = approvals
            .iter()
            .filter(|given| given.decision == "approve" && given.digest == digest)
            .map(voter)
            .collect();
        let requesters = requesters(view, change)?;
        Ok(Case {
            votes: vote::votes(view, policy, &voters, &requesters)?,
            voters,
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
            voters: Vec::new(),
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

    /// The first moment from now on at which neither window nor freeze stands in the way.
    pub(super) fn next_open(&self, demand: &Demand, risk: Risk) -> Option<Timestamp> {
        self.windows.next_open(self.clock, risk, demand)
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

    /// Whose approvals count as things stand: for the demand that the change was told of, or for what the policy in
    /// force asks for beside it.
    pub(super) fn counted(&self, demand: &Demand, present: Option<&Demand>) -> Vec<String> {
        let standing = Standing { requesters: &self.requesters, solo: self.solo, ..Standing::default() };
        let beside = |group: &&Group| !demand.approvals.iter().any(|known| known.implies(group));
        let fills_one = |vote: &&Vote| {
            let of = |demand: &Demand, group: &Group| fills(group, vote, demand, &standing);
            demand.approvals.iter().any(|group| of(demand, group))
                || present.is_some_and(|present| {
                    present.approvals.iter().filter(beside).any(|group| of(present, group))
                })
        };
        self.votes.iter().filter(fills_one).map(|vote| vote.member.clone()).collect()
    }

    /// Whether an approval is for the present content, and its member among those whose approvals count.
    pub(super) fn counts(&self, given: &Approval, counted: &[String]) -> bool {
        given.decision == "approve" && given.digest == self.digest && counted.contains(&given.member)
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

/// A member by every name of theirs, and of whoever answers for them.
pub(super) fn requesters_of(view: &View<'_>, name: &str) -> Result<Vec<String>> {
    let mut all = member::names_of_the_same_user(view.db, name)?;
    if let Some(person) = member::find(view.db, name)?.and_then(|member| member.answerable) {
        all.extend(member::names_of_the_same_user(view.db, &person)?);
    }
    Ok(all)
}
