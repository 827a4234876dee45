//! Every cell of the default policy's decisions, against a reading of design.md §7 that shares nothing with the code:
//! risk × role × own or other's × window × approvals × credential × evidence × plan × solo (requirement P1).

use super::{Lack, Standing, Vote, weigh};
use crate::domain::policy::{Policy, Test};
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::domain::window::{Gate, Window, gate};
use serde_json::json;

/// Who approves, by what they are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Credential {
    Person,
    Program,
    /// Somebody who was removed since.
    Gone,
    /// Somebody who had the role when they approved, and is a viewer now.
    Demoted,
    /// A viewer to whom somebody with the role delegated.
    Delegate,
}

/// What the windows say at the moment.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Moment {
    Open,
    Shut,
    Frozen,
    /// A freeze that excepts senior admins.
    FrozenForMost,
}

/// How many approvals were given.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Given {
    None,
    One,
    OneTwice,
    Two,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    risk: Risk,
    role: Role,
    own: bool,
    moment: Moment,
    given: Given,
    credential: Credential,
    evidence: bool,
    plan: bool,
    solo: bool,
}

/// Every combination of what each list holds.
fn cells() -> Vec<Cell> {
    use Credential::{Delegate, Demoted, Gone, Person, Program};
    const MOMENTS: [Moment; 4] = [Moment::Open, Moment::Shut, Moment::Frozen, Moment::FrozenForMost];
    const GIVEN: [Given; 4] = [Given::None, Given::One, Given::OneTwice, Given::Two];
    let mut number = 0..;
    let mut cells = Vec::new();
    loop {
        let mut left: usize = number.next().unwrap_or_default();
        let mut one_of = |count: usize| {
            let digit = left % count;
            left /= count;
            digit
        };
        let cell = Cell {
            risk: Risk::ALL[one_of(4)],
            role: Role::ALL[one_of(5)],
            own: one_of(2) == 0,
            moment: MOMENTS[one_of(4)],
            given: GIVEN[one_of(4)],
            credential: [Person, Program, Gone, Demoted, Delegate][one_of(5)],
            evidence: one_of(2) == 0,
            plan: one_of(2) == 0,
            solo: one_of(2) == 0,
        };
        if left > 0 {
            return cells;
        }
        cells.push(cell);
    }
}

/// Design.md §7 as a person reads it: whose approval, how many, whether the requester's own counts.
fn table(risk: Risk) -> (Option<Role>, u32, bool) {
    match risk {
        Risk::Low => (None, 0, true),
        Risk::Medium => (Some(Role::Admin), 1, true),
        Risk::High => (Some(Role::SeniorAdmin), 1, false),
        Risk::Critical => (Some(Role::Board), 2, false),
    }
}

/// What is missing by that table, and what is only advised: (approvals missing, what else is missing, advice).
fn read(cell: Cell) -> (u32, Vec<&'static str>, Vec<&'static str>) {
    let (needed, count, own_counts) = table(cell.risk);
    let holds_role = match cell.credential {
        Credential::Person | Credential::Delegate => needed.is_none_or(|needed| cell.role >= needed),
        // A demoted member's approval counts by the role they have now: a viewer's.
        Credential::Demoted => needed.is_none_or(|needed| Role::Viewer >= needed),
        Credential::Program | Credential::Gone => false,
    };
    let people = match cell.given {
        Given::None => 0,
        Given::One | Given::OneTwice => 1,
        Given::Two => 2,
    };
    // The first to approve is who asked, where it is their own; the second never is.
    let own_refused = u32::from(cell.own && people > 0 && !own_counts && !cell.solo);
    let counting = if holds_role { people - own_refused } else { 0 };
    // One person's store: one approval is all that there can be.
    let wanted = if cell.solo { count.min(1) } else { count };
    let approvals = wanted.saturating_sub(counting);
    let (mut missing, mut advised) = (Vec::new(), Vec::new());
    let mut lacks = |what: &'static str, asked: bool| {
        if asked && !cell.solo { missing.push(what) } else { advised.push(what) }
    };
    if !cell.evidence {
        match cell.risk {
            Risk::Low => {}
            Risk::Medium => lacks("evidence", false),
            Risk::High => lacks("evidence", true),
            Risk::Critical => lacks("full evidence", true),
        }
    }
    if cell.risk == Risk::Critical && !cell.plan {
        lacks("plan", true);
    }
    match cell.moment {
        Moment::Open => {}
        Moment::Shut if cell.risk == Risk::Critical => lacks("window", true),
        Moment::Shut => {}
        Moment::Frozen => lacks("freeze", true),
        Moment::FrozenForMost if cell.role >= Role::SeniorAdmin => {}
        Moment::FrozenForMost => lacks("freeze", true),
    }
    (approvals, missing, advised)
}

/// What the code says of a cell, in the same words.
fn weighed(cell: Cell) -> (u32, Vec<&'static str>, Vec<&'static str>) {
    let policy = Policy::default();
    let demand = policy.demand(cell.risk);
    let vote = |member: &str| {
        let role = match cell.credential {
            Credential::Person | Credential::Program => Some(cell.role),
            Credential::Gone => None,
            Credential::Demoted => Some(Role::Viewer),
            // What is lent lifts a viewer to the giver's role.
            Credential::Delegate => Some(Role::Viewer.max(cell.role)),
        };
        let person = !matches!(cell.credential, Credential::Program | Credential::Gone);
        Vote { member: member.to_owned(), role, person, ..Vote::default() }
    };
    let first = if cell.own { "ann" } else { "ben" };
    let votes: Vec<Vote> = match cell.given {
        Given::None => Vec::new(),
        Given::One => vec![vote(first)],
        Given::OneTwice => vec![vote(first), vote(first)],
        Given::Two => vec![vote(first), vote("cem")],
    };
    let freeze = |except: serde_json::Value| -> Window {
        let text =
            json!({"name": "f", "allow": false, "from": "2026-06-01", "to": "2026-06-02", "except": except});
        serde_json::from_value(text).unwrap()
    };
    let (at, windows) = match cell.moment {
        Moment::Open => ("2026-06-01T23:00:00Z", vec![Window::nightly()]),
        Moment::Shut => ("2026-06-01T12:00:00Z", vec![Window::nightly()]),
        Moment::Frozen => ("2026-06-01T23:00:00Z", vec![Window::nightly(), freeze(json!([]))]),
        Moment::FrozenForMost => {
            ("2026-06-01T23:00:00Z", vec![Window::nightly(), freeze(json!(["senior-admin"]))])
        }
    };
    let closed = match gate(&windows, Timestamp::parse(at).unwrap(), cell.risk, cell.role, demand.window) {
        Gate::Open => None,
        Gate::Shut { next } => Some(Lack::Window { next }),
        Gate::Frozen { by, until } => Some(Lack::Frozen { by: by.name.clone(), until }),
    };
    let requesters = ["ann".to_owned()];
    let standing = Standing {
        requesters: &requesters,
        votes: &votes,
        evidence: cell.evidence,
        rollback_plan: cell.plan,
        closed,
        solo: cell.solo,
    };
    let verdict = weigh(demand, &standing);
    let mut approvals = 0;
    let mut words = |lacks: Vec<Lack>| {
        let word = |lack: Lack| match lack {
            Lack::Approvals { role, missing, other_than_requester, group } => {
                let (needed, _, own_counts) = table(cell.risk);
                assert_eq!((Some(role), group), (needed, None), "{cell:?}");
                assert_eq!(other_than_requester, !own_counts && !cell.solo, "{cell:?}");
                approvals += missing;
                None
            }
            Lack::Evidence { test: Test::Full } => Some("full evidence"),
            Lack::Evidence { .. } => Some("evidence"),
            Lack::RollbackPlan => Some("plan"),
            Lack::Window { .. } => Some("window"),
            Lack::Frozen { .. } => Some("freeze"),
        };
        lacks.into_iter().filter_map(word).collect::<Vec<_>>()
    };
    let (missing, advised) = (words(verdict.lacks), words(verdict.advice));
    (approvals, missing, advised)
}

/// P1, P2, P4, P10.
#[test]
fn every_cell_of_the_default_policy_is_decided_as_the_design_says() {
    let mut looked = 0;
    for cell in cells() {
        assert_eq!(weighed(cell), read(cell), "{cell:?}");
        looked += 1;
    }
    assert_eq!(looked, 4 * 5 * 2 * 4 * 4 * 5 * 8);
}

/// P1: of all those cells, whatever the credential, none lets a change through that the table's words forbid.
#[test]
fn nothing_but_enough_peoples_present_roles_lets_a_change_through() {
    let through = |cell: &Cell| weighed(*cell).0 == 0;
    for cell in cells().into_iter().filter(through).filter(|cell| cell.risk > Risk::Low) {
        assert!(matches!(cell.credential, Credential::Person | Credential::Delegate), "{cell:?}");
        assert!(cell.given != Given::None, "{cell:?}");
        if !cell.solo {
            assert!(cell.risk != Risk::High || !cell.own || cell.given == Given::Two, "{cell:?}");
            assert!(cell.risk != Risk::Critical || (!cell.own && cell.given == Given::Two), "{cell:?}");
        }
    }
}
