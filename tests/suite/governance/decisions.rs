//! The same table over the whole program: what each role's set, approval and execution comes to at each risk.

use super::{CRITICAL, HIGH, LOW, MEDIUM, attach, pending, refused};
use crate::harness::{Team, User, World};

/// A path of each risk, and a value of it for each number, so that no two cells ask for the same.
fn value(risk: usize, number: usize) -> String {
    match risk {
        0 => format!("server.name=web-{number}"),
        1 => format!("{MEDIUM}={}", 121 + number),
        2 => format!("{HIGH}={}", 5001 + number),
        _ => format!("{CRITICAL}={}", 301 + number),
    }
}

/// The least role whose approval counts at a risk, by its place among the roles; none for low.
fn needed(risk: usize) -> Option<usize> {
    [None, Some(2), Some(3), Some(4)][risk]
}

/// A team at night, when the starter's window for critical changes is open, and one member a role, from the viewer up.
fn team() -> (Team, [User; 5]) {
    let team = World::team();
    team.world.pass(14 * 3600);
    let Team { grace, frank, erin, dave, bob, .. } = &team;
    let roles = [grace, frank, erin, dave, bob].map(User::clone);
    (team, roles)
}

/// P1: what needs nobody else is done; what does waits; what lacks its plan is refused; a viewer sets nothing.
#[test]
fn a_set_is_done_waits_or_is_refused_by_role_and_risk() {
    let (_team, roles) = team();
    let mut number = 0;
    for (role, user) in roles.iter().enumerate() {
        for risk in 0..4 {
            number += 1;
            let line = format!("set {} --reason x", value(risk, number));
            let expected = match (role, risk) {
                (0, _) => 4,
                (_, 0) => 0,
                (_, 3) => 6,
                // Their own approval is carried with it from admin on.
                (2.., 1) => 0,
                _ => 8,
            };
            match expected {
                4 | 6 => drop(refused(user, &line, expected, "")),
                _ => drop(user.run(&line).exits(expected)),
            }
            if risk == 3 {
                let code = if role == 0 { 4 } else { 8 };
                user.run(&format!("{line} --rollback-plan 'set it back'")).exits(code);
            }
        }
    }
}

/// P1: an approval counts, may never be this member's, or is refused for being the requester's own.
#[test]
fn an_approval_is_taken_denied_or_refused_by_role_and_risk_and_whose_request_it_is() {
    let (Team { world, alice, .. }, roles) = team();
    alice.run("member add-program deploy --role admin --reason pipeline").ok();
    let token = alice.run("member token deploy").ok();
    let deploy = world.user("daemon", 2).with("CFGCTL_TOKEN", token.trim());
    let code = alice.run("member invite heidi --role board --uid 1007 --reason growing").ok();
    let heidi = world.user("heidi", 1007);
    heidi.run(&format!("member join {}", code.trim())).ok();
    alice.run("member remove heidi --reason left").ok();
    let create =
        |user: &User, what: String| pending(user, &format!("cr create {what} --reason x --rollback-plan y"));
    for risk in 0..4 {
        let others = create(&alice, value(risk, 0));
        for (role, user) in roles.iter().enumerate() {
            let line = format!("cr approve {others}");
            match needed(risk) {
                None => drop(refused(user, &line, 6, "waits for no approval")),
                Some(needed) if role >= needed => drop(user.run(&line).exits(0)),
                Some(_) => drop(refused(user, &line, 4, "asks for")),
            }
            if role == 0 {
                continue;
            }
            let own = create(user, value(risk, 1 + role));
            let line = format!("cr approve {own}");
            match needed(risk) {
                None => drop(refused(user, &line, 6, "waits for no approval")),
                Some(needed) if role < needed => drop(refused(user, &line, 4, "asks for")),
                // It came with the request; giving it again changes nothing.
                Some(_) if risk == 1 => drop(user.run(&line).exits(0)),
                Some(_) => drop(refused(user, &line, 6, "may not approve it too")),
            }
        }
        refused(&deploy, &format!("cr approve {others}"), 4, "programs never approve");
        refused(&heidi, &format!("cr approve {others}"), 4, "is no member");
    }
}

/// P1, P2: executed by its requester or an admin, once it has what it needs, and by nobody else.
#[test]
fn an_execution_is_done_denied_or_refused_by_role_and_risk_and_what_was_approved() {
    let (Team { world, alice, carol, .. }, roles) = team();
    let code = alice.run("member invite heidi --role operator --uid 1007 --reason growing").ok();
    let heidi = world.user("heidi", 1007);
    heidi.run(&format!("member join {}", code.trim())).ok();
    let mut number = 0;
    for risk in 0..4 {
        for (role, user) in roles.iter().enumerate() {
            // Heidi, another operator, asks; then frank himself does.
            let own = role == 1;
            for requester in [&heidi, user].into_iter().take(1 + usize::from(own)) {
                number += 1;
                let may = role >= 2 || requester.uid == user.uid;
                let id = pending(
                    requester,
                    &format!("cr create {} --reason x --rollback-plan y", value(risk, number)),
                );
                let line = format!("cr execute {id}");
                match (may, risk) {
                    (false, _) => {
                        drop(refused(user, &line, 4, "executing somebody else's change asks for admin"))
                    }
                    (true, 0) => {}
                    (true, _) => drop(refused(user, &line, 6, "lacks")),
                }
                if risk >= 1 {
                    for member in [&alice, &carol].into_iter().take(if risk == 3 { 2 } else { 1 }) {
                        member.run(&format!("cr approve {id}")).ok();
                    }
                }
                if risk >= 2 && may {
                    refused(user, &line, 6, "lacks evidence");
                }
                if risk >= 2 {
                    attach(requester, &id);
                }
                match may {
                    true => drop(user.run(&line).exits(0)),
                    false => drop(refused(user, &line, 4, "asks for admin")),
                }
            }
        }
    }
    assert_eq!(roles[0].run(&format!("get {LOW}")).ok(), "info\n");
    alice.run("audit verify --full").ok();
}
