//! What a member's approval counts as now: their present role and groups, and what others delegated to them.
//!
//! What must stay true: a delegation lifts one person, and only while its giver could have approved themselves: a giver
//! who voted, who asked for the change, or whose authority lifts another vote already lends nothing. Who asked for a change
//! is lifted by nobody: where their own approval counts, it counts by their own role. What was approved in somebody's
//! place rests on the delegation it was given under: it ends with that, and no later one revives it.

use super::transact::View;
use crate::domain::approval::{Lent, Vote};
use crate::domain::error::Result;
use crate::domain::member::{Member, Membership};
use crate::domain::policy::Policy;
use crate::store::{delegation, member};
use std::collections::BTreeSet;

/// Somebody whose approval is weighed.
#[derive(Debug, Clone)]
pub(super) struct Voter {
    pub(super) name: String,
    /// The delegations that the approval was given under; none where it is only about to be given, under whatever is
    /// in force.
    pub(super) under: Option<Vec<i64>>,
}

/// What the approvals of these members count as, in their order.
pub(super) fn votes(
    view: &View<'_>,
    policy: &Policy,
    voters: &[Voter],
    requesters: &[String],
) -> Result<Vec<Vote>> {
    // Who has spent their authority already.
    let names = voters.iter().map(|voter| &voter.name);
    let mut spent: BTreeSet<String> = names.chain(requesters).cloned().collect();
    voters.iter().map(|voter| vote(view, policy, voter, requesters, &mut spent)).collect()
}

fn vote(
    view: &View<'_>,
    policy: &Policy,
    Voter { name, under }: &Voter,
    requesters: &[String],
    spent: &mut BTreeSet<String>,
) -> Result<Vote> {
    let Some(found) = member::find(view.db, name)?.filter(Member::is_active) else {
        return Ok(Vote { member: name.clone(), ..Vote::default() });
    };
    let mut vote = of_member(policy, &found);
    if !vote.person || requesters.iter().any(|requester| requester == name) {
        return Ok(vote);
    }
    if under.as_ref().is_some_and(Vec::is_empty) {
        return Ok(vote);
    }
    for given in delegation::to(view.db, name)?.into_iter().filter(|given| given.holds(view.clock)) {
        if under.as_ref().is_some_and(|under| !under.contains(&given.id)) {
            continue;
        }
        if spent.contains(&given.member) {
            continue;
        }
        let Some(giver) = member::find(view.db, &given.member)?.filter(Member::is_active) else { continue };
        let lent = of_member(policy, &giver);
        let lifts = lent.role > vote.role || lent.groups.iter().any(|group| !vote.groups.contains(group));
        if lifts {
            spent.insert(giver.name.clone());
            vote.lent_by.push(Lent { delegation: given.id, member: giver.name, role: giver.role });
            vote.role = vote.role.max(lent.role);
            vote.groups.extend(lent.groups);
        }
    }
    Ok(vote)
}

/// What a member's own approval counts as, without anything delegated.
pub(super) fn of_member(policy: &Policy, member: &Member) -> Vote {
    let belongs = |(_, names): &(&String, &Vec<String>)| names.contains(&member.name);
    Vote {
        member: member.name.clone(),
        role: Some(member.role),
        person: member.is_person(),
        lent_by: Vec::new(),
        groups: policy.groups.iter().filter(belongs).map(|(group, _)| group.clone()).collect(),
    }
}

/// What everybody present counts as: the people who may act.
pub(super) fn present(view: &View<'_>, policy: &Policy) -> Result<Vec<Vote>> {
    let people = member::list(view.db)?;
    let acts = |member: &&Member| member.membership == Membership::Active && member.is_person();
    Ok(people.iter().filter(acts).map(|member| of_member(policy, member)).collect())
}
