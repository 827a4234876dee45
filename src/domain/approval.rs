//! Whether a change has what its risk demands. Values in, values out: asked inside the write path, so that no front end
//! can skip it.
//!
//! What must stay true: a program's vote never counts, and a requester's own only where the policy says so; one person
//! fills one place.

use super::policy::{Demand, Group, Policy, Test};
use super::risk::Risk;
use super::role::Role;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One person's approval, as it counts now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vote {
    /// Who.
    pub member: String,
    /// The role the member has now, or acts with for somebody who delegated to them; none where the member is gone.
    pub role: Option<Role>,
    /// Programs never approve.
    pub person: bool,
    /// The policy's groups that the member belongs to.
    pub groups: Vec<String>,
    /// In whose place they act, beside their own.
    pub lent_by: Vec<Lent>,
}

/// What somebody delegated to whoever votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lent {
    /// The delegation.
    pub delegation: i64,
    /// Who delegated.
    pub member: String,
    /// Their role.
    pub role: Role,
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
    /// What stands in the way of executing now: a freeze, or a window that is not open.
    pub closed: Option<Lack>,
    /// One person's store: own approval counts at every risk, evidence and windows are advice.
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
        /// The policy's group they must come from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
    /// Test evidence.
    Evidence {
        /// What kind.
        test: Test,
    },
    /// A rollback plan.
    RollbackPlan,
    /// An open maintenance window.
    Window {
        /// When one opens next, looking a year ahead.
        next: Option<Timestamp>,
    },
    /// The end of a freeze.
    Frozen {
        /// The freeze.
        by: String,
        /// When it ends.
        until: Timestamp,
    },
}

impl Lack {
    /// Whether time alone mends it.
    pub fn is_of_time(&self) -> bool {
        matches!(self, Lack::Window { .. } | Lack::Frozen { .. })
    }

    /// In words that follow "lacks" or "needs".
    pub fn in_words(&self) -> String {
        match self {
            Lack::Approvals { role, missing, other_than_requester, group } => {
                let noun = if *missing == 1 { "approval" } else { "approvals" };
                let not = if *other_than_requester { ", not the requester" } else { "" };
                format!("{missing} {noun} by {}{not}", of_whom(*role, group.as_deref()))
            }
            Lack::Evidence { test: Test::Full } => {
                "evidence of a full test with the rollback tested".to_owned()
            }
            Lack::Evidence { .. } => "evidence of a staging test".to_owned(),
            Lack::RollbackPlan => "a rollback plan".to_owned(),
            Lack::Window { next: Some(next) } => {
                format!("an open window (the next opens {})", next.short())
            }
            Lack::Window { next: None } => "an open window, and none opens within a year".to_owned(),
            Lack::Frozen { by, until } => format!("the end of the freeze {by} ({})", until.short()),
        }
    }

    /// As a warning where the lack does not stop the change.
    pub fn as_advice(&self) -> String {
        format!("Better with {}.", self.in_words())
    }
}

/// Whose approval is meant: `admin`, `security`, `senior-admin of security`.
pub fn of_whom(role: Role, group: Option<&str>) -> String {
    match group {
        Some(group) if role <= Role::Operator => group.to_owned(),
        Some(group) => format!("{role} of {group}"),
        None => role.to_string(),
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

/// How many approvals are missing in all.
pub fn missing_approvals(lacks: &[Lack]) -> u32 {
    let missing = lacks.iter().map(|lack| match lack {
        Lack::Approvals { missing, .. } => *missing,
        _ => 0,
    });
    missing.fold(0, u32::saturating_add)
}

/// Weighs what a demand asks against what a change has.
pub fn weigh(demand: &Demand, standing: &Standing<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    for (group, missing) in unfilled(demand, standing) {
        verdict.lacks.push(Lack::Approvals {
            role: group.role,
            missing,
            other_than_requester: !(demand.own || standing.solo),
            group: group.group.clone(),
        });
    }
    if !standing.evidence && demand.test > Test::None {
        let lack = Lack::Evidence { test: demand.test };
        let advised = standing.solo || demand.test == Test::Recommended;
        if advised { &mut verdict.advice } else { &mut verdict.lacks }.push(lack);
    }
    if demand.rollback_plan && !standing.rollback_plan {
        if standing.solo { &mut verdict.advice } else { &mut verdict.lacks }.push(Lack::RollbackPlan);
    }
    if let Some(lack) = &standing.closed {
        if standing.solo { &mut verdict.advice } else { &mut verdict.lacks }.push(lack.clone());
    }
    verdict
}

/// Whether a vote may fill a place of a group.
pub fn fills(group: &Group, vote: &Vote, demand: &Demand, standing: &Standing<'_>) -> bool {
    let own = demand.own || standing.solo;
    let named = |name: &String| standing.solo || vote.groups.contains(name);
    vote.person
        && vote.role.is_some_and(|role| role >= group.role)
        && (own || !standing.requesters.contains(&vote.member))
        && group.group.as_ref().is_none_or(named)
}

/// The groups that are not full, each with how many are missing. One person fills one place, and the places are filled
/// so that as many are full as can be: a maximum matching, whatever the order of groups and votes.
fn unfilled<'a>(demand: &'a Demand, standing: &Standing<'_>) -> Vec<(&'a Group, u32)> {
    let mut people: Vec<&Vote> = Vec::new();
    for vote in standing.votes {
        if !people.iter().any(|known| known.member == vote.member) {
            people.push(vote);
        }
    }
    if standing.solo {
        // One person's approval fills every group.
        let empty = |group: &&Group| {
            !people.iter().any(|vote| group.count == 0 || fills(group, vote, demand, standing))
        };
        return demand.approvals.iter().filter(empty).map(|group| (group, 1)).collect();
    }
    let mut groups: Vec<&Group> = demand.approvals.iter().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.role));
    let able: Vec<Vec<usize>> = groups
        .iter()
        .map(|group| {
            (0..people.len()).filter(|person| fills(group, people[*person], demand, standing)).collect()
        })
        .collect();
    // Which place each person fills, as the group's index.
    let mut fills_group: Vec<Option<usize>> = vec![None; people.len()];
    let mut missing = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let filled = (0..group.count)
            .take_while(|_| place(index, &able, &mut fills_group, &mut vec![false; people.len()]));
        let short = group.count - u32::try_from(filled.count()).unwrap_or(group.count);
        if short > 0 {
            missing.push((*group, short));
        }
    }
    missing
}

/// Finds somebody for a place of a group, moving others to places of theirs where that helps (an augmenting path).
fn place(group: usize, able: &[Vec<usize>], fills_group: &mut [Option<usize>], seen: &mut Vec<bool>) -> bool {
    for person in &able[group] {
        if std::mem::replace(&mut seen[*person], true) {
            continue;
        }
        let free = match fills_group[*person] {
            None => true,
            Some(other) => place(other, able, fills_group, seen),
        };
        if free {
            fills_group[*person] = Some(group);
            return true;
        }
    }
    false
}

/// The risks whose approvals the people present could never fill: for each, some person must be able to request the
/// change and the others to approve it (design.md §6).
pub fn unmeetable(policy: &Policy, people: &[Vote], solo: bool) -> Vec<Risk> {
    Risk::ALL.into_iter().filter(|risk| !is_meetable(policy.demand(*risk), people, solo)).collect()
}

/// Whether some person present can request what makes this demand, and the people present approve it.
pub fn is_meetable(demand: &Demand, people: &[Vote], solo: bool) -> bool {
    let requests = |vote: &Vote| vote.role.is_some_and(|role| role >= Role::Operator);
    let met = |requester: &Vote| {
        let requesters = [requester.member.clone()];
        let standing = Standing { requesters: &requesters, votes: people, solo, ..Standing::default() };
        unfilled(demand, &standing).is_empty()
    };
    demand.approvals.is_empty() || people.iter().filter(|vote| requests(vote)).any(met)
}

#[cfg(test)]
mod table;

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(member: &str, role: Role) -> Vote {
        Vote { member: member.to_owned(), role: Some(role), person: true, ..Vote::default() }
    }

    fn lacks(risk: Risk, votes: &[Vote], evidence: bool, solo: bool) -> Vec<String> {
        let requesters = ["ann".to_owned()];
        let standing =
            Standing { requesters: &requesters, votes, evidence, rollback_plan: true, solo, closed: None };
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
        let group = |role| Group { role, count: 1, group: None };
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
        let people = |roles: &[Role]| -> Vec<Vote> {
            let name = |(number, role): (usize, &Role)| vote(&format!("p{number}"), *role);
            roles.iter().enumerate().map(name).collect()
        };
        assert!(unmeetable(&policy, &people(&[Board, Board, Board]), false).is_empty());
        assert_eq!(unmeetable(&policy, &people(&[Board, Board]), false), [Risk::Critical]);
        assert_eq!(unmeetable(&policy, &people(&[SeniorAdmin, Operator]), false), [Risk::Critical]);
        assert_eq!(unmeetable(&policy, &people(&[Admin]), false), [Risk::High, Risk::Critical]);
        assert!(unmeetable(&policy, &people(&[Board]), true).is_empty());
    }

    #[test]
    fn groups_are_filled_so_that_as_many_are_full_as_can_be() {
        let named = |role, group: &str| Group { role, count: 1, group: Some(group.to_owned()) };
        let of = |member: &str, role, groups: &[&str]| Vote {
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            ..vote(member, role)
        };
        let demand = Demand {
            approvals: vec![
                Group { role: Role::SeniorAdmin, count: 1, group: None },
                named(Role::Viewer, "security"),
                named(Role::Viewer, "data"),
            ],
            ..Demand::default()
        };
        let missing = |votes: &[Vote]| -> Vec<String> {
            let standing = Standing { votes, ..Standing::default() };
            weigh(&demand, &standing).lacks.iter().map(Lack::in_words).collect()
        };
        let both = of("ben", Role::SeniorAdmin, &["security"]);
        let only = of("cem", Role::SeniorAdmin, &[]);
        let wide = of("dan", Role::Operator, &["security", "data"]);
        assert_eq!(
            missing(&[]),
            [
                "1 approval by senior-admin, not the requester",
                "1 approval by security, not the requester",
                "1 approval by data, not the requester",
            ]
        );
        // Ben alone fills one place, not two.
        assert_eq!(missing(std::slice::from_ref(&both)).len(), 2);
        // Ben could fill the first place and dan the second: only with cem for the first are all three full.
        assert_eq!(missing(&[both.clone(), wide.clone()]).len(), 1);
        for votes in [[&both, &wide, &only], [&only, &both, &wide], [&wide, &only, &both]] {
            assert!(missing(&votes.map(Vote::clone)).is_empty());
        }
    }
}
