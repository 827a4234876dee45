//! Every deadline: just before it, at it, after it; with the clock set back; with nobody there to see to it.

use super::tools::{at, state};
use super::{LOW, MEDIUM, all_but_the_audit_log, audit, pending, refused, shown};
use crate::harness::{Team, User, World};

/// When the deadlines of these tests begin to run.
const BEGIN: &str = "2026-12-01T00:00:00Z";

/// So many milliseconds after the beginning.
fn after(millis: i64) -> String {
    let begin = chrono::DateTime::parse_from_rfc3339(BEGIN).unwrap();
    (begin + chrono::Duration::milliseconds(millis)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

/// The value in force at a moment, as somebody reads it who settles nothing by that.
fn value(user: &User, path: &str, millis: i64) -> String {
    at(user, &after(millis)).run(&format!("get {path}")).ok().trim().to_owned()
}

/// P2: a request lives up to its end and not at it.
#[test]
fn a_request_expires_with_the_millisecond_at_which_it_ends() {
    let Team { erin, frank, grace, .. } = World::team();
    let ask = |value: u32| pending(&at(&frank, BEGIN), &format!("set {MEDIUM} {value} --reason x"));
    let (early, late, ready) = (ask(130), ask(140), ask(150));
    at(&erin, BEGIN).run(&format!("cr approve {ready}")).ok();
    let end = 14 * DAY;
    assert_eq!(shown(&at(&grace, BEGIN), &early)["expires_at"], "2026-12-15T00:00:00.000Z");
    for (millis, wanted) in [(end - 1, "pending"), (end, "expired"), (end + 1, "expired")] {
        assert_eq!(state(&at(&grace, &after(millis)), &late), wanted, "{millis}");
    }
    at(&erin, &after(end - 1)).run(&format!("cr approve {early}")).ok();
    for millis in [end, end + 1] {
        let (erin, frank) = (at(&erin, &after(millis)), at(&frank, &after(millis)));
        refused(&erin, &format!("cr approve {late}"), 6, "expired");
        for line in ["execute", "refresh", "edit --title x", "schedule --clear", "cancel --reason x"] {
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            refused(&frank, &format!("cr {verb} {ready} {rest}"), 6, "expired");
        }
        frank.run(&format!("cr wait {ready}")).exits(6);
    }
    assert_eq!(value(&grace, MEDIUM, end + 1), "120");
}

/// P2: what is scheduled is executed from its time on, and by itself not before; an expired one never.
#[test]
fn a_scheduled_change_is_due_with_the_millisecond_of_its_time() {
    let Team { erin, frank, grace, .. } = World::team();
    let time = after(MINUTE);
    let ask = |path: &str, value: &str| {
        pending(&at(&frank, BEGIN), &format!("set {path} {value} --reason x --schedule {time}"))
    };
    let (first, second) = (ask(LOW, "debug"), ask("server.name", "web-1"));
    at(&frank, BEGIN).run(&format!("cr schedule {second} --at {}", after(MINUTE + 1))).exits(0);
    let due = |millis: i64| {
        let ran = at(&erin, &after(millis)).run("cr execute --due -o json");
        ran.exits(0);
        let items = ran.json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(due(MINUTE - 1), Vec::<String>::new());
    assert!(!at(&grace, &after(MINUTE - 1)).run("status").err.contains("was to be executed"));
    assert!(at(&grace, &after(MINUTE)).run("status").err.contains("was to be executed"));
    assert_eq!(due(MINUTE), [first]);
    assert_eq!(due(MINUTE), Vec::<String>::new());
    assert_eq!(due(MINUTE + 1), [second]);
    // Scheduled for just before its end, and looked at only after it: it has expired and is dropped.
    let late = pending(&at(&frank, &after(2 * MINUTE)), &format!("cr create {LOW}=warn --reason x"));
    let near = after(2 * MINUTE + 14 * DAY - 1);
    at(&frank, &after(2 * MINUTE)).run(&format!("cr schedule {late} --at {near}")).exits(0);
    assert_eq!(due(2 * MINUTE + 14 * DAY), Vec::<String>::new());
    assert_eq!(state(&at(&grace, &after(2 * MINUTE + 14 * DAY)), &late), "expired");
    assert_eq!(value(&grace, LOW, 2 * MINUTE + 14 * DAY), "debug");
}

/// P2: confirmed up to the deadline; from it on the former state returns, whoever comes first.
#[test]
fn a_change_is_confirmed_before_its_deadline_and_taken_back_from_it_on() {
    for (millis, stays) in [(10 * MINUTE - 1, true), (10 * MINUTE, false), (10 * MINUTE + 1, false)] {
        let Team { frank, grace, .. } = World::team();
        let id =
            at(&frank, BEGIN).run(&format!("-o name set {LOW} debug --reason x --confirm-within 10m")).ok();
        let (frank, id) = (at(&frank, &after(millis)), id.trim());
        if stays {
            frank.run("confirm").exits(0);
        } else {
            let ran = frank.run(&format!("confirm {id}"));
            ran.refused(5, "was rolled back: not confirmed by 2026-12-01 00:10:00Z");
        }
        assert_eq!(state(&at(&grace, &after(millis)), id), if stays { "completed" } else { "rolled-back" });
        assert_eq!(value(&grace, LOW, millis), if stays { "debug" } else { "info" });
    }
}

/// P2: an extension counts from when it is asked for, and the deadline is as sharp.
#[test]
fn an_extended_deadline_is_the_only_one_that_counts() {
    let Team { frank, grace, .. } = World::team();
    at(&frank, BEGIN).run(&format!("set {LOW} debug --reason x --confirm-within 10m")).exits(0);
    at(&frank, &after(10 * MINUTE - 1)).run("confirm --extend 5m").exits(0);
    let settled = |millis: i64| {
        let ran = at(&frank, &after(millis)).run("settle -o json");
        ran.exits(0);
        ran.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(settled(10 * MINUTE), 0);
    assert_eq!(settled(15 * MINUTE - 2), 0);
    assert_eq!(value(&grace, LOW, 15 * MINUTE - 2), "debug");
    assert_eq!(settled(15 * MINUTE - 1), 1);
    assert_eq!(value(&grace, LOW, 15 * MINUTE - 1), "info");
    // A shorter time is one too.
    at(&frank, &after(20 * MINUTE)).run(&format!("set {LOW} warn --reason x --confirm-within 10m")).exits(0);
    at(&frank, &after(21 * MINUTE)).run("confirm --extend 1m").exits(0);
    assert_eq!(settled(22 * MINUTE), 1);
    // The policy's longest counts from the change, to the millisecond.
    let begun = 30 * MINUTE;
    at(&frank, &after(begun)).run(&format!("set {LOW} warn --reason x --confirm-within 10m")).exits(0);
    refused(
        &at(&frank, &after(begun + 1)),
        "confirm --extend 1h",
        6,
        "for 1h at most: until 2026-12-01 01:30:00Z",
    );
    at(&frank, &after(begun + 1)).run("confirm --extend 3599999ms").exits(0);
}

/// An invitation is redeemed up to its end and not at it.
#[test]
fn an_invitation_ends_with_the_millisecond_of_its_end() {
    let Team { world, alice, .. } = World::team();
    let invite = |name: &str, uid: u32| {
        let line = format!("member invite {name} --role operator --uid {uid} --reason growing");
        at(&alice, BEGIN).run(&line).ok().trim().to_owned()
    };
    let (early, late) = (invite("heidi", 1007), invite("ivan", 1008));
    at(&world.user("heidi", 1007), &after(7 * DAY - 1)).run(&format!("member join {early}")).ok();
    for millis in [7 * DAY, 7 * DAY + 1] {
        refused(
            &at(&world.user("ivan", 1008), &after(millis)),
            &format!("member join {late}"),
            4,
            "is expired",
        );
    }
}

/// Measure 10: set back by less than a day the clock stands still; what is due is done once it has come that far again.
#[test]
fn a_clock_set_back_by_an_hour_takes_nothing_back_early_and_nothing_is_lost() {
    let Team { erin, frank, grace, .. } = World::team();
    at(&frank, BEGIN).run(&format!("set {LOW} debug --reason x --confirm-within 10m")).exits(0);
    let id = pending(&at(&frank, &after(9 * MINUTE)), &format!("set {MEDIUM} 130 --reason x"));
    let back = 9 * MINUTE - 60 * MINUTE;
    assert_eq!(at(&erin, &after(back)).run("settle -o json").json()["items"], serde_json::json!([]));
    assert_eq!(value(&grace, LOW, back), "debug");
    at(&erin, &after(back)).run(&format!("cr approve {id}")).ok();
    at(&erin, &after(10 * MINUTE)).run("settle").exits(0);
    assert_eq!(value(&grace, LOW, 10 * MINUTE), "info");
    // What was settled stays settled, whatever the clock says then.
    let moments = [back, -2 * DAY, 10 * MINUTE + 1];
    for millis in moments {
        assert_eq!(at(&erin, &after(millis)).run("settle -o json").json()["items"], serde_json::json!([]));
        refused(&at(&frank, &after(millis)), "confirm", 3, "No change waits");
    }
    // Set back after the deadline was missed: it is still missed.
    at(&frank, &after(20 * MINUTE)).run(&format!("set {LOW} debug --reason x --confirm-within 10m")).exits(0);
    at(&grace, &after(31 * MINUTE)).run("settle").exits(0);
    assert_eq!(value(&grace, LOW, 25 * MINUTE), "info");
    at(&erin, &after(31 * MINUTE)).run("audit verify --full").ok();
}

/// Measure 10: set back by more than a day the clock is believed; the change is settled by people or by its deadline.
#[test]
fn a_clock_set_back_by_days_leaves_the_change_to_people_or_to_its_deadline() {
    for (line, left) in [("confirm", "debug"), ("confirm --cancel", "info"), ("settle", "debug")] {
        let Team { erin, frank, grace, .. } = World::team();
        at(&frank, BEGIN).run(&format!("set {LOW} debug --reason x --confirm-within 10m")).exits(0);
        at(&frank, &after(-3 * DAY)).run(line).exits(0);
        assert_eq!(value(&grace, LOW, -3 * DAY), left, "{line}");
        at(&erin, &after(10 * MINUTE)).run("settle").exits(0);
        assert_eq!(value(&grace, LOW, 10 * MINUTE), if line == "settle" { "info" } else { left }, "{line}");
        at(&erin, &after(11 * MINUTE)).run("audit verify --full").ok();
    }
}

/// Measure 10: one entry from a clock that was far ahead lets no change wait for longer than the policy allows.
#[test]
fn a_clock_that_was_far_ahead_once_lengthens_no_deadline() {
    let Team { frank, grace, .. } = World::team();
    at(&frank, "2099-01-01T00:00:00Z").run("set server.name web-1 --reason 'the battery is empty'").exits(0);
    at(&frank, BEGIN).run(&format!("set {LOW} debug --reason x --confirm-within 10m")).exits(0);
    refused(&at(&frank, &after(MINUTE)), "confirm --extend 5h", 6, "for 1h at most");
    at(&frank, &after(10 * MINUTE - 1)).run("settle").exits(0);
    assert_eq!(value(&grace, LOW, 10 * MINUTE - 1), "debug");
    at(&frank, &after(10 * MINUTE)).run("settle").exits(0);
    assert_eq!(value(&grace, LOW, 10 * MINUTE), "info");
}

/// Design §3.12: nobody saw to the deadline: who reads is told and changes no byte; who writes next settles it first,
/// as cfgctl.
#[test]
fn an_unsettled_deadline_is_told_to_readers_and_settled_by_the_next_write() {
    let Team { world, erin, frank, grace, .. } = World::team();
    let id = at(&frank, BEGIN).run(&format!("-o name set {LOW} debug --reason x --confirm-within 10m")).ok();
    let over = after(11 * MINUTE);
    let bytes = || {
        let beside =
            |suffix: &str| std::fs::read(format!("{}{suffix}", world.store().display())).unwrap_or_default();
        (beside(""), beside("-wal"), all_but_the_audit_log(&world), audit(&world))
    };
    let before = bytes();
    for line in [
        "get log_level".to_owned(),
        "status".to_owned(),
        "history".to_owned(),
        format!("cr show {}", id.trim()),
        "cr list --all".to_owned(),
        "version list".to_owned(),
        "explain log_level".to_owned(),
        "set server.name web-2 --reason x --dry-run".to_owned(),
        "settle --dry-run".to_owned(),
        "audit verify".to_owned(),
    ] {
        let ran = at(&frank, &over).run(&line);
        assert!(matches!(ran.code, 0 | 5), "{line}: {}", ran.code);
        if line != "settle --dry-run" && ran.code == 0 {
            assert!(ran.err.contains("was not confirmed by 2026-12-01 00:10:00Z"), "{line}: {}", ran.err);
        }
        assert!(bytes() == before, "{line} wrote something");
    }
    assert_eq!(value(&grace, LOW, 11 * MINUTE), "debug");
    // Even a write that is refused settles first; it is done by cfgctl, and once.
    let ran = at(&grace, &over).run("set server.name web-2 --reason x");
    ran.refused(4, "asks for operator");
    assert!(ran.err.contains("its former state is back"), "{}", ran.err);
    assert_eq!(value(&grace, LOW, 11 * MINUTE), "info");
    at(&erin, &over).run("set server.name web-2 --reason x").exits(0);
    let told: Vec<String> = audit(&world)
        .into_iter()
        .filter(|entry| entry[2] == "change.take-back")
        .map(|[actor, proof, _, outcome, _]| format!("{actor} {proof} {outcome}"))
        .collect();
    assert_eq!(told, ["cfgctl itself done"]);
    at(&erin, &over).run("audit verify --full").ok();
    at(&erin, &over).run("doctor").ok();
}
