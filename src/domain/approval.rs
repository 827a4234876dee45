//! Whether a change has what its risk demands. Values in, values out: asked inside the write path, so that no front end
//! can skip it.
//!
//! What must stay true: a program's vote never counts, and a requester's own only where the policy says so; one person
//! fills one place.

use super::policy::{Demand, Group, Policy, Test};
use super::risk::Risk;
use super::role::Role;
use serde::{Deserialize, Serialize};

/// One person's approval, as it counts now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// Who.
    pub member: String,
    /// The role the member has now; none where the member is gone.
    pub role: Option<Role>,
    /// Programs never approve.
    pub person: bool,
}

/// What is known of a change when its demand is weighed.
#[derive(Debug, Clone, Default)]
pub struct Standing<'a> {
    /// Whoever created or edited the change.
    pub requesters: &'a [String],
    /// Approvals bound to the present digest.
    pub votes: &'a [Vote],
    /// Whether test evidence for the present digest is attached.
    pub evidence: bool,
    /// Whether a rollback plan is written down.
    pub rollback_plan: bool,
    /// One person's store: own approval counts at every risk, evidence is advice.
    pub solo: bool,
}

/// What a change still lacks, or should have had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Lack {
    /// More approvals of this role.
    Approvals {
        /// The least role that counts.
        role: Role,
        /// How many are missing.
        missing: u32,
        /// Whether the requester may not fill the place.
        other_than_requester: bool,
    },
    /// Test evidence.
    Evidence {
        /// What kind.
        test: Test,
    },
    /// A rollback plan.
    RollbackPlan,
}

impl Lack {
    /// In words that follow "lacks" or "needs".
    pub fn in_words(&self) -> String {
        match self {
            Lack::Approvals { role, missing, other_than_requester } => {
                let noun = if *missing == 1 { "approval" } else { "approvals" };
                let not = if *other_than_requester { ", not the requester" } else { "" };
                format!("{missing} {noun} by {role}{not}")
            }
            Lack::Evidence { test: Test::Full } => {
                "evidence of a full test with the rollback tested".to_owned()
            }
            Lack::Evidence { .. } => "evidence of a staging test".to_owned(),
            Lack::RollbackPlan => "a rollback plan".to_owned(),
        }
    }

    /// As a warning where the lack does not stop the change.
    pub fn as_advice(&self) -> String {
        format!("Better with {}.", self.in_words())
    }
}

/// What a demand still lacks, and what is only advised.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// What must come before the change may be executed.
    pub lacks: Vec<Lack>,
    /// What would be better to have.
    pub advice: Vec<Lack>,
}

/// Weighs what a demand asks against what a change has.
pub fn weigh(demand: &Demand, standing: &Standing<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let own = demand.own || standing.solo;
    // The highest group chooses first, and nobody fills two places: whoever can fill a high one could fill a low one.
    let mut groups: Vec<&Group> = demand.approvals.iter().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.role));
    let mut used: Vec<&str> = Vec::new();
    for group in groups {
        let counts = |vote: &&Vote| {
            vote.person
                && vote.role.is_some_and(|role| role >= group.role)
                && (own || !standing.requesters.contains(&vote.member))
                && (standing.solo || !used.contains(&vote.member.as_str()))
        };
        let mut people: Vec<&str> =
            standing.votes.iter().filter(counts).map(|vote| vote.member.as_str()).collect();
        people.sort_unstable();
        people.dedup();
        let wanted = if standing.solo { group.count.min(1) } else { group.count };
        people.truncate(wanted as usize);
        let missing = wanted.saturating_sub(u32::try_from(people.len()).unwrap_or(u32::MAX));
        used.extend(people);
        if missing > 0 {
            verdict.lacks.push(Lack::Approvals { role: group.role, missing, other_than_requester: !own });
        }
    }
    if !standing.evidence && demand.test > Test::None {
        let lack = Lack::Evidence { test: demand.test };
        let advised = standing.solo || demand.test == Test::Recommended;
        if advised { &mut verdict.advice } else { &mut verdict.lacks }.push(lack);
    }
    if demand.rollback_plan && !standing.rollback_plan {
        if standing.solo { &mut verdict.advice } else { &mut verdict.lacks }.push(Lack::RollbackPlan);
    }
    verdict
}

/// The risks whose approvals the people present could never fill: for each, some person must be able to request the
/// change and the others to approve it (design.md §6).
pub fn unmeetable(policy: &Policy, people: &[Role], solo: bool) -> Vec<Risk> {
    let meetable = |demand: &Demand| {
        // As many distinct people as all groups of at least a role ask for, for every role that is asked for.
        demand.approvals.iter().all(|group| {
            let able = people.iter().filter(|role| **role >= group.role).count();
            let higher = demand.approvals.iter().filter(|other| other.role >= group.role);
            let wanted =
                if solo { group.count.min(1) } else { higher.map(|other| other.count).sum() } as usize;
            // Where own approval does not count, somebody who can at least propose must be left beside the approvers.
            let proposers = people.iter().filter(|role| **role >= Role::Operator).count();
            able >= wanted && (solo || demand.own || proposers > wanted)
        })
    };
    Risk::ALL.into_iter().filter(|risk| !meetable(policy.demand(*risk))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(member: &str, role: Role) -> Vote {
        Vote { member: member.to_owned(), role: Some(role), person: true }
    }

    fn lacks(risk: Risk, votes: &[Vote], evidence: bool, solo: bool) -> Vec<String> {
        let requesters = ["ann".to_owned()];
        let standing = Standing { requesters: &requesters, votes, evidence, rollback_plan: true, solo };
        weigh(Policy::default().demand(risk), &standing).lacks.iter().map(Lack::in_words).collect()
    }

    #[test]
    fn the_default_policy_asks_for_what_the_design_says() {
        use Risk::{Critical, High, Low, Medium};
        use Role::{Admin, Board, Operator, SeniorAdmin};
        let one_admin = "1 approval by admin";
        let one_senior = "1 approval by senior-admin, not the requester";
        let one_board = "1 approval by board, not the requester";
        let two_board = "2 approvals by board, not the requester";
        type Row<'a> = (Risk, &'a [(&'a str, Role)], &'a [&'a str]);
        let table: &[Row<'_>] = &[
            (Low, &[], &[]),
            (Medium, &[], &[one_admin]),
            (Medium, &[("ann", Operator)], &[one_admin]),
            (Medium, &[("ann", Admin)], &[]),
            (Medium, &[("ben", Board)], &[]),
            (High, &[("ann", Board)], &[one_senior]),
            (High, &[("ben", Admin)], &[one_senior]),
            (High, &[("ben", SeniorAdmin)], &[]),
            (Critical, &[("ann", Board), ("ben", Board)], &[one_board]),
            (Critical, &[("ben", Board), ("ben", Board)], &[one_board]),
            (Critical, &[("ben", SeniorAdmin)], &[two_board]),
            (Critical, &[("ben", Board), ("cem", Board)], &[]),
        ];
        for (risk, votes, wanted) in table {
            let votes: Vec<Vote> = votes.iter().map(|(name, role)| vote(name, *role)).collect();
            assert_eq!(lacks(*risk, &votes, true, false), *wanted, "{risk}: {votes:?}");
        }
    }

    #[test]
    fn programs_and_former_members_do_not_count() {
        let program = Vote { person: false, ..vote("ben", Role::Board) };
        let former = Vote { role: None, ..vote("cem", Role::Board) };
        assert_eq!(lacks(Risk::High, &[program, former], true, false).len(), 1);
    }

    #[test]
    fn evidence_is_asked_for_by_risk_and_is_advice_where_one_person_is_alone() {
        for (risk, asked) in [(Risk::Low, 0), (Risk::Medium, 0), (Risk::High, 1), (Risk::Critical, 1)] {
            let votes = [vote("ben", Role::Board), vote("cem", Role::Board)];
            assert_eq!(lacks(risk, &votes, false, false).len(), asked, "{risk}");
            assert!(lacks(risk, &[vote("ann", Role::Board)], false, true).is_empty(), "{risk}");
        }
    }

    #[test]
    fn one_person_fills_one_place_among_several_groups() {
        let group = |role| Group { role, count: 1 };
        let demand = Demand { approvals: vec![group(Role::Admin), group(Role::Board)], ..Demand::default() };
        let weighed = |votes: &[Vote]| weigh(&demand, &Standing { votes, ..Standing::default() }).lacks.len();
        assert_eq!(weighed(&[vote("ben", Role::Board)]), 1);
        assert_eq!(weighed(&[vote("ben", Role::Board), vote("dan", Role::Operator)]), 1);
        assert_eq!(weighed(&[vote("ben", Role::Board), vote("eve", Role::Admin)]), 0);
        assert_eq!(weighed(&[vote("ben", Role::Board), vote("cem", Role::Board)]), 0);
    }

    #[test]
    fn a_demand_is_meetable_only_with_a_requester_beside_the_approvers() {
        use Role::{Admin, Board, Operator, SeniorAdmin};
        let policy = Policy::default();
        assert!(unmeetable(&policy, &[Board, Board, Board], false).is_empty());
        assert_eq!(unmeetable(&policy, &[Board, Board], false), [Risk::Critical]);
        assert_eq!(unmeetable(&policy, &[SeniorAdmin, Operator], false), [Risk::Critical]);
        assert_eq!(unmeetable(&policy, &[Admin], false), [Risk::High, Risk::Critical]);
        assert!(unmeetable(&policy, &[Board], true).is_empty());
    }
}
