//! Two processes at once on one request or one deadline: one wins where only one can, and nothing is left half done.

use super::{LOW, MEDIUM, attach, audit, pending, shown};
use crate::harness::{Team, User, World};
use std::process::{Output, Stdio};
use std::time::Duration;

/// How often each pair meets.
const ROUNDS: u64 = 8;

/// Starts both lines, the second so many steps later, and gives how they ended.
fn race(round: u64, lines: [(&User, &str); 2]) -> [i32; 2] {
    let mut running = Vec::new();
    for (number, (user, line)) in lines.into_iter().enumerate() {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = user.command(&words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if number == 1 {
            std::thread::sleep(Duration::from_micros(round * 700));
        }
        running.push((line, command.spawn().unwrap()));
    }
    lines[0].0.world.pass(1);
    let mut codes = [0; 2];
    for (code, (line, child)) in codes.iter_mut().zip(running) {
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        *code = status.code().unwrap_or(-1);
        let said = String::from_utf8_lossy(&stderr).into_owned();
        assert!(!said.contains("locked") && !said.contains("panicked"), "{line}: {said}");
        assert!(matches!(*code, 0 | 5 | 6), "{line}: {code}: {said}");
        assert!(*code == 0 || stdout.is_empty(), "{line}: an error leaves stdout empty");
    }
    codes
}

/// How many versions there are.
fn versions(user: &User) -> usize {
    user.run("version list -o name").ok().lines().count()
}

/// P2, the races: execute, approve, reject and cancel in all pairs.
#[test]
fn of_two_who_decide_about_one_request_at_once_one_wins_and_the_other_is_told() {
    let Team { alice, dave, erin, frank, .. } = World::team();
    let mut won = [[0; 2]; 7];
    for round in 0..ROUNDS {
        let mut number = 0;
        // Each pair gets a request of its own, approved by dave where that is to be so.
        let mut request = |approved: bool| {
            number += 1;
            let line = format!("set {MEDIUM} {} --reason x", 121 + round * 10 + number);
            let id = pending(&frank, &line);
            if approved {
                dave.run(&format!("cr approve {id}")).ok();
            }
            id
        };
        let state = |id: &str| shown(&erin, id)["state"].as_str().unwrap().to_owned();

        let (id, before) = (request(true), versions(&erin));
        let execute = format!("cr execute {id}");
        let codes = race(round, [(&frank, &execute), (&erin, &execute)]);
        assert!(codes == [0, 5] || codes == [5, 0], "execute twice: {codes:?}");
        assert_eq!((state(&id).as_str(), versions(&erin)), ("completed", before + 1));
        won[0][usize::from(codes[0] != 0)] += 1;

        let (id, before) = (request(true), versions(&erin));
        let codes = race(
            round,
            [(&frank, &format!("cr execute {id}")), (&erin, &format!("cr cancel {id} --reason x"))],
        );
        assert!(codes == [0, 5] || codes == [5, 0], "execute and cancel: {codes:?}");
        let executed = codes[0] == 0;
        assert_eq!(state(&id), if executed { "completed" } else { "cancelled" });
        assert_eq!(versions(&erin), before + usize::from(executed));
        won[1][usize::from(!executed)] += 1;

        let id = request(true);
        let codes = race(
            round,
            [(&erin, &format!("cr reject {id} --reason x")), (&frank, &format!("cr execute {id}"))],
        );
        assert!(codes == [0, 5] || codes == [5, 0], "reject and execute: {codes:?}");
        assert_eq!(state(&id), if codes[0] == 0 { "rejected" } else { "completed" });
        won[2][usize::from(codes[0] != 0)] += 1;

        // An approval may come before the execution that needs it, or too late for it.
        let id = request(false);
        let codes =
            race(round, [(&erin, &format!("cr approve {id}")), (&frank, &format!("cr execute {id}"))]);
        assert!(codes == [0, 0] || codes == [0, 6], "approve and execute: {codes:?}");
        assert_eq!(state(&id), if codes[1] == 0 { "completed" } else { "approved" });
        won[3][usize::from(codes[1] != 0)] += 1;

        let id = request(false);
        let codes = race(
            round,
            [(&erin, &format!("cr approve {id}")), (&frank, &format!("cr cancel {id} --reason x"))],
        );
        assert!(codes == [0, 0] || codes == [5, 0], "approve and cancel: {codes:?}");
        assert_eq!(state(&id), "cancelled");
        won[4][usize::from(codes[0] != 0)] += 1;

        let id = request(false);
        let cancel = format!("cr cancel {id} --reason x");
        let codes = race(round, [(&frank, &cancel), (&erin, &cancel)]);
        assert!(codes == [0, 5] || codes == [5, 0], "cancel twice: {codes:?}");
        won[5][usize::from(codes[0] != 0)] += 1;

        // Both people's approvals are taken, and only one of them executes.
        let (id, before) = (request(false), versions(&erin));
        let line = format!("cr approve {id} --execute");
        let codes = race(round, [(&erin, &line), (&dave, &line)]);
        assert!(codes == [0, 5] || codes == [5, 0], "approve and execute twice: {codes:?}");
        assert_eq!((state(&id).as_str(), versions(&erin)), ("completed", before + 1));
        won[6][usize::from(codes[0] != 0)] += 1;
    }
    eprintln!("who won, pair by pair: {won:?}");
    alice.run("audit verify --full").ok();
    alice.run("doctor").ok();
}

/// P2: approvals by two people both count; one person's, given twice at once, counts once.
#[test]
fn approvals_given_at_once_are_each_counted_once() {
    let Team { world, alice, bob, carol, dave, .. } = World::team();
    for round in 0..ROUNDS {
        let line = format!("set encryption.rotate_after_days {} --reason x --rollback-plan y", 300 + round);
        let id = pending(&dave, &line);
        attach(&dave, &id);
        let approve = format!("cr approve {id}");
        let both = if round % 2 == 0 { [&bob, &carol] } else { [&bob, &bob] };
        assert_eq!(race(round, both.map(|user| (user, approve.as_str()))), [0, 0]);
        let seen = shown(&dave, &id);
        let (given, missing) = if round % 2 == 0 { (2, 1) } else { (1, 2) };
        assert_eq!(seen["approvals"].as_array().unwrap().len(), given, "{seen}");
        // The window is shut by day: that is all that is missing where both have approved.
        assert_eq!(seen["missing"].as_array().unwrap().len(), missing, "{seen}");
    }
    assert!(audit(&world).len() > 16);
    alice.run("audit verify --full").ok();
}

/// P2: confirmed or taken back, never both; two changes with a deadline never wait at once.
#[test]
fn of_two_who_settle_one_change_at_once_one_wins() {
    let Team { alice, erin, frank, .. } = World::team();
    for round in 0..ROUNDS {
        let value = if round % 2 == 0 { "debug" } else { "trace" };
        let lines = [
            format!("set {LOW} {value} --reason x --confirm-within 10m"),
            format!("set server.name web-{round} --reason x --confirm-within 10m"),
        ];
        let codes = race(round, [(&frank, &lines[0]), (&erin, &lines[1])]);
        assert!(codes == [0, 5] || codes == [5, 0], "two deadlines: {codes:?}");
        let waiting = frank.run("cr list --state confirming -o json").json()["items"].clone();
        assert_eq!(waiting.as_array().unwrap().len(), 1, "{waiting}");
        let number = waiting[0]["number"].to_string();
        let (confirm, cancel) = (format!("confirm {number}"), format!("confirm {number} --cancel"));
        let user = if codes[0] == 0 { &frank } else { &erin };
        let codes = race(round, [(user, &confirm), (&alice, &cancel)]);
        assert!(codes == [0, 5] || codes == [5, 0], "confirm and cancel: {codes:?}");
        let state = shown(&alice, &number)["state"].clone();
        assert_eq!(state, if codes[0] == 0 { "completed" } else { "rolled-back" });
        frank.run(&format!("set {LOW}=info server.name=localhost --reason x")).exits(0);
    }
    alice.run("audit verify --full").ok();
}

/// P2: whoever settles, a deadline that was missed makes one rollback.
#[test]
fn a_missed_deadline_is_settled_once_whoever_is_at_it() {
    let Team { world, alice, erin, frank, grace, .. } = World::team();
    for round in 0..ROUNDS {
        frank.run(&format!("set {LOW} debug --reason x --confirm-within 1m")).exits(0);
        let number = frank.run("cr list --state confirming -o name").ok();
        world.pass(90);
        let before = audit(&world).len();
        let confirm = format!("confirm {}", number.trim());
        let (lines, expected) = match round % 3 {
            0 => ([(&erin, "settle"), (&grace, "settle")], [0, 0]),
            1 => ([(&erin, "settle"), (&frank, confirm.as_str())], [0, 5]),
            _ => ([(&erin, "set server.name web-1 --reason x"), (&frank, "settle")], [0, 0]),
        };
        assert_eq!(race(round, lines), expected);
        assert_eq!(shown(&grace, number.trim())["state"], "rolled-back");
        assert_eq!(grace.run(&format!("get {LOW}")).ok(), "info\n");
        let backs = audit(&world)[before..].iter().filter(|entry| entry[2] == "change.take-back").count();
        assert_eq!(backs, 1, "round {round}");
        erin.run("set server.name localhost --reason x").exits(0);
    }
    alice.run("audit verify --full").ok();
}
