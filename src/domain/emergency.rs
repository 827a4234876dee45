//! What cannot wait: who may be asked by word, whose approval was skipped, and who looks back on it.
//!
//! What must stay true: who made the change is neither asked nor reviews it, unless it is one person's store.

use super::approval::{Standing, Vote, fills, of_whom};
use super::policy::Demand;
use super::role::Role;
use serde::{Deserialize, Serialize};

/// The least role that can be asked where the risk demands nobody's approval.
const ASKED_WHERE_NOBODY_IS: Role = Role::Admin;

/// What to do with a change that waits to be confirmed and stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Settlement {
    /// It stays.
    Confirm,
    /// Its former state returns first.
    Cancel,
}

/// What the person asked says afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// They were asked, and agreed.
    Acknowledged,
    /// They were not asked, or did not agree.
    Denied,
}

impl Answer {
    /// The word in output and the store.
    pub fn name(self) -> &'static str {
        match self {
            Answer::Acknowledged => "acknowledged",
            Answer::Denied => "denied",
        }
    }

    /// What that word means.
    pub fn of_name(name: &str) -> Option<Answer> {
        [Answer::Acknowledged, Answer::Denied].into_iter().find(|answer| answer.name() == name)
    }
}

/// How many approvals a demand asks for.
pub fn approvals_of(demand: &Demand) -> u32 {
    demand.approvals.iter().map(|group| group.count).fold(0, u32::saturating_add)
}

/// Of whom a demand asks approvals: `2 board`, `1 senior-admin and 1 security`; nothing where it asks for none.
pub fn asked_of(demand: &Demand) -> String {
    let groups = demand.approvals.iter().filter(|group| group.count > 0);
    let words =
        groups.map(|group| format!("{} {}", group.count, of_whom(group.role, group.group.as_deref())));
    words.collect::<Vec<_>>().join(" and ")
}

/// Whether a person could have filled a place of a demand that `requesters` made.
fn could_fill(demand: &Demand, vote: &Vote, requesters: &[String], solo: bool) -> bool {
    let standing = Standing { requesters, solo, ..Standing::default() };
    demand.approvals.iter().any(|group| fills(group, vote, demand, &standing))
}

/// Whether somebody may be named as the one who was asked: another person who could have approved, or anybody from
/// admin up where nobody's approval is demanded.
pub fn may_be_asked(demand: &Demand, vote: &Vote, requesters: &[String], solo: bool) -> bool {
    if requesters.contains(&vote.member) {
        return solo && vote.person;
    }
    if approvals_of(demand) == 0 {
        return vote.person && vote.role >= Some(ASKED_WHERE_NOBODY_IS);
    }
    could_fill(demand, vote, requesters, solo)
}

/// The people present who may review: those whose approval was skipped, or from `least` up where nobody's was. In one
/// person's store that person does, where nobody else could.
pub fn reviewers<'a>(
    demand: &Demand,
    present: &'a [Vote],
    requesters: &[String],
    least: Role,
    solo: bool,
) -> Vec<&'a Vote> {
    let asked_nobody = approvals_of(demand) == 0;
    let may = |vote: &&Vote| {
        vote.person
            && if asked_nobody {
                vote.role >= Some(least)
            } else {
                could_fill(demand, vote, requesters, solo)
            }
    };
    let is_requester = |vote: &&Vote| requesters.contains(&vote.member);
    let others: Vec<&Vote> = present.iter().filter(may).filter(|vote| !is_requester(vote)).collect();
    if others.is_empty() && solo {
        return present.iter().filter(is_requester).collect();
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::{Group, Policy};
    use crate::domain::risk::Risk;

    fn vote(member: &str, role: Role) -> Vote {
        Vote { member: member.to_owned(), role: Some(role), person: true, ..Vote::default() }
    }

    fn team() -> Vec<Vote> {
        let program = Vote { person: false, ..vote("ci", Role::Board) };
        let people = [
            ("ann", Role::Admin),
            ("bob", Role::SeniorAdmin),
            ("carol", Role::Board),
            ("frank", Role::Operator),
        ];
        people.into_iter().map(|(name, role)| vote(name, role)).chain([program]).collect()
    }

    fn names(votes: Vec<&Vote>) -> Vec<&str> {
        votes.into_iter().map(|vote| vote.member.as_str()).collect()
    }

    #[test]
    fn who_may_be_asked_is_another_person_who_could_have_approved() {
        let policy = Policy::default();
        let ann = ["ann".to_owned()];
        for (risk, asked) in [
            (Risk::Low, &["bob", "carol"][..]),
            (Risk::Medium, &["bob", "carol"]),
            (Risk::High, &["bob", "carol"]),
            (Risk::Critical, &["carol"]),
        ] {
            let team = team();
            let may = |vote: &&Vote| may_be_asked(policy.demand(risk), vote, &ann, false);
            assert_eq!(names(team.iter().filter(may).collect()), asked, "{risk}");
        }
        let alone = vote("ann", Role::Operator);
        assert!(may_be_asked(policy.demand(Risk::Critical), &alone, &ann, true));
        assert!(!may_be_asked(policy.demand(Risk::Medium), &vote("ann", Role::Admin), &ann, false));
    }

    #[test]
    fn those_whose_approval_was_skipped_review_and_never_who_made_it() {
        let policy = Policy::default();
        for (requester, risk, reviewing) in [
            ("ann", Risk::Low, &["bob", "carol"][..]),
            ("frank", Risk::Low, &["ann", "bob", "carol"]),
            ("ann", Risk::Medium, &["bob", "carol"]),
            ("bob", Risk::High, &["carol"]),
            ("carol", Risk::Critical, &[]),
        ] {
            let requesters = [requester.to_owned()];
            let team = team();
            let found = reviewers(policy.demand(risk), &team, &requesters, Role::Admin, false);
            assert_eq!(names(found), reviewing, "{requester} {risk}");
        }
    }

    #[test]
    fn in_one_persons_store_that_person_reviews_where_nobody_else_could() {
        let critical = Policy::default().critical;
        let ann = ["ann".to_owned()];
        let alone = [vote("ann", Role::Board)];
        assert_eq!(names(reviewers(&critical, &alone, &ann, Role::Admin, true)), ["ann"]);
        assert!(reviewers(&critical, &alone, &ann, Role::Admin, false).is_empty());
        let two = [vote("ann", Role::Board), vote("carol", Role::Board)];
        assert_eq!(names(reviewers(&critical, &two, &ann, Role::Admin, true)), ["carol"]);
    }

    #[test]
    fn what_was_skipped_is_counted_and_named() {
        let demand = Demand {
            approvals: vec![
                Group::of(Role::SeniorAdmin, 1),
                Group { group: Some("security".into()), ..Group::of(Role::Viewer, 2) },
            ],
            ..Demand::default()
        };
        assert_eq!((approvals_of(&demand), asked_of(&demand).as_str()), (3, "1 senior-admin and 2 security"));
        assert_eq!((approvals_of(&Demand::default()), asked_of(&Demand::default()).as_str()), (0, ""));
    }
}
