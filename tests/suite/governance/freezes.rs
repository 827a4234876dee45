//! Windows and freezes: what they hold, whom they let through, when they open again.

use super::tools::{at, govern, hinted, option, state};
use super::{CRITICAL, HIGH, LOW, MEDIUM, attach, pending, refused, shown};
use crate::harness::{Team, User, World};

/// The starter manifest's only window.
const NIGHTLY: &str =
    "- {name: nightly, allow: true, from: \"22:00\", to: \"05:00\", zone: UTC, risk: [critical]}";

/// A team whose manifest has these windows and freezes too.
fn team(windows: &str) -> Team {
    let team = World::team();
    also(&team.alice, windows);
    team
}

/// Adds windows and freezes to the manifest.
fn also(owner: &User, windows: &str) {
    govern(owner, &[(NIGHTLY, &format!("{NIGHTLY}\n  {windows}"))]);
}

const YEAR_END: &str = "- {name: year-end, allow: false, from: \"2026-11-25 18:00\", to: 2026-11-30, \
                        zone: Europe/Berlin, except: [senior-admin]}";

/// P4, P10: deny before allow, exceptions by role, and the hint's command works as it is typed.
#[test]
fn a_freeze_holds_every_role_but_the_excepted_and_says_when_it_ends() {
    let Team { world, bob, dave, erin, frank, grace, .. } = team(YEAR_END);
    let approved = pending(&frank, "set uploads.max_size 30 --reason x");
    erin.run(&format!("cr approve {approved}")).ok();
    // A second before it begins (18:00 in Berlin is 17:00 in UTC) and with its first moment.
    at(&frank, "2026-11-25T16:59:59.999Z").run(&format!("set {LOW} debug --reason x")).exits(0);
    let begun = "2026-11-25T17:00:00Z";
    let line = format!("set {LOW} warn --reason x");
    let error = refused(
        &at(&frank, begun),
        &line,
        6,
        "waits for the end of the freeze year-end (2026-11-30 23:00:00Z)",
    );
    refused(&at(&erin, begun), &line, 6, "the end of the freeze year-end");
    refused(&at(&erin, begun), &format!("set {MEDIUM} 90 --reason x"), 6, "the freeze year-end");
    at(&frank, begun).run(&format!("{line} --dry-run")).refused(6, "the freeze year-end");
    at(&dave, begun).run(&format!("set {LOW} error --reason x")).exits(0);
    at(&bob, begun).run(&format!("set {LOW} info --reason x")).exits(0);
    // As the hint says: scheduled, it waits for the end of the freeze.
    let id = pending(&at(&frank, begun), &format!("{line} {}", option(&error)));
    assert_eq!(shown(&at(&grace, begun), &id)["scheduled_at"], "2026-11-30T23:00:00.000Z");
    // What is approved is held too, and its hint works as well; who is excepted executes it.
    let execute = format!("cr execute {approved}");
    let error = refused(&at(&frank, begun), &execute, 6, "lacks the end of the freeze year-end");
    at(&frank, begun).run(&hinted(&error)).exits(0);
    assert_eq!(state(&at(&grace, begun), &approved), "scheduled");
    refused(&at(&frank, "2026-11-30T22:59:59.999Z"), &execute, 6, "the freeze year-end");
    let over = "2026-11-30T23:00:00Z";
    let due = at(&grace, over).run("cr execute --due -o json");
    due.exits(0);
    assert_eq!(due.json()["items"].as_array().unwrap().len(), 2, "{}", due.out);
    assert_eq!(at(&grace, over).run(&format!("get {LOW}")).ok(), "warn\n");
    assert_eq!(at(&grace, over).run("get uploads.max_size").ok(), "30\n");
    world.pass(30 * 86_400);
    frank.run(&format!("set {LOW} trace --reason x")).exits(0);
}

/// P4: what takes harm back never waits for a window, and neither does the deadline.
#[test]
fn an_undo_and_the_deadlines_rollback_pass_a_freeze() {
    let Team { frank, grace, erin, .. } = team(YEAR_END);
    at(&frank, "2026-11-25T16:50:00Z").run("set server.name web-1 --reason x").exits(0);
    let number =
        at(&grace, "2026-11-25T16:50:01Z").run("cr list --all -o json").json()["items"][0]["number"].clone();
    at(&frank, "2026-11-25T16:55:00Z")
        .run(&format!("set {LOW} debug --reason x --confirm-within 10m"))
        .exits(0);
    // In the freeze: the deadline passes, and the next write takes it back, though that itself is refused.
    let frozen = "2026-11-25T17:05:00Z";
    let ran = at(&frank, frozen).run(&format!("set {LOW} warn --reason x"));
    ran.refused(6, "the freeze year-end");
    assert_eq!(at(&grace, frozen).run(&format!("get {LOW}")).ok(), "info\n");
    at(&frank, frozen).run(&format!("undo {number} --reason 'it does harm'")).exits(0);
    assert_eq!(at(&grace, frozen).run("get server.name").ok(), "localhost\n");
    // A rollback to a version is no undo of a change: it waits like any.
    refused(
        &at(&frank, frozen),
        "rollback --version 2 --path server.name --reason x",
        6,
        "the freeze year-end",
    );
    // Whoever governs can lift it.
    let alice = frank.world.user("alice", 1000);
    govern(&at(&alice, frozen), &[(YEAR_END, "")]);
    at(&erin, frozen).run(&format!("set {LOW} warn --reason x")).exits(0);
}

/// P4: a time in a freeze, past, or after the request's end is refused, and the next opening works as it is typed.
#[test]
fn a_schedule_into_a_freeze_is_refused_with_the_next_opening() {
    let Team { frank, erin, grace, .. } = team(YEAR_END);
    let set = format!("set {LOW} debug --reason x --schedule");
    let error = refused(
        &frank,
        &format!("{set} 2026-11-26T12:00:00Z"),
        6,
        "a low change lacks the end of the freeze",
    );
    let id = pending(&frank, &format!("set {LOW} debug --reason x {}", option(&error)));
    assert_eq!(shown(&grace, &id)["scheduled_at"], "2026-11-30T23:00:00.000Z");
    let error =
        refused(&frank, &format!("cr schedule {id} --at 2026-11-30T22:59:59Z"), 6, "the freeze year-end");
    frank.run(&hinted(&error)).exits(0);
    refused(&frank, &format!("{set} 2026-11-21T08:59:00Z"), 2, "is past");
    refused(&frank, &format!("cr schedule {id} --at 2026-12-06T09:00:00Z"), 6, "would have ended by then");
    refused(
        &erin,
        &format!("cr schedule {} --clear", pending(&frank, &format!("set {MEDIUM} 90 --reason x"))),
        5,
        "is not scheduled",
    );
    frank.run(&format!("cr schedule {id} --clear")).exits(0);
    assert_eq!(state(&grace, &id), "approved");
}

/// P4: freezes that follow on each other are one for who waits: the hint names a time at which it may be done.
#[test]
fn the_hint_names_a_time_that_no_other_freeze_takes_away() {
    let weekend = "- {name: weekend, allow: false, days: [sat, sun], from: \"00:00\", to: \"00:00\"}\n  \
                   - {name: audit, allow: false, from: 2026-11-23, to: 2026-11-24, risk: [low, medium]}";
    let Team { frank, erin, grace, .. } = team(weekend);
    let approved = pending(&frank, &format!("set {MEDIUM} 90 --reason x"));
    erin.run(&format!("cr approve {approved}")).ok();
    // The world begins on a Saturday.
    let error = refused(&frank, &format!("set {LOW} debug --reason x"), 6, "the end of the freeze weekend");
    let id = pending(&frank, &format!("set {LOW} debug --reason x {}", option(&error)));
    assert_eq!(shown(&grace, &id)["scheduled_at"], "2026-11-25T00:00:00.000Z");
    let error = refused(&frank, &format!("cr execute {approved}"), 6, "the end of the freeze weekend");
    frank.run(&hinted(&error)).exits(0);
    assert_eq!(shown(&grace, &approved)["scheduled_at"], "2026-11-25T00:00:00.000Z");
}

/// P4: a freeze that outlasts a request is said to, without a command that would be refused.
#[test]
fn a_freeze_longer_than_a_request_lives_is_said_to_be() {
    let long = "- {name: season, allow: false, from: 2026-11-20, to: 2026-12-24}";
    let Team { frank, .. } = team(long);
    let error = refused(&frank, &format!("set {LOW} debug --reason x"), 6, "the end of the freeze season");
    let hint = error["hint"].as_str().unwrap();
    assert!(!hint.contains("--schedule") && hint.contains("2026-12-25 00:00:00Z"), "{hint}");
}

/// Whether a critical change by bob would find its window open.
fn is_open(bob: &User, moment: &str) -> bool {
    let lacks = at(bob, moment).run(&format!("assess {CRITICAL}=90 -o json")).json()["missing"].clone();
    !lacks.as_array().unwrap().iter().any(|lack| lack["what"] == "window")
}

/// P4: a weekly window is in its zone's time, on both sides of a change of the clocks.
#[test]
fn a_weekly_window_follows_its_zones_clocks() {
    let Team { alice, bob, .. } = World::team();
    govern(
        &alice,
        &[(
            NIGHTLY,
            "- {name: nights, allow: true, days: [sat], from: \"22:00\", to: \"05:00\", zone: Europe/Berlin, risk: [critical]}",
        )],
    );
    for (opens, shuts) in [
        // Winter: an hour ahead of UTC.
        ("2026-11-21T21:00:00", "2026-11-22T04:00:00"),
        ("2027-03-20T21:00:00", "2027-03-21T04:00:00"),
        // The night in which the clocks go forward is an hour shorter; from then on two hours ahead.
        ("2027-03-27T21:00:00", "2027-03-28T03:00:00"),
        ("2027-07-03T20:00:00", "2027-07-04T03:00:00"),
        // The night in which they go back is an hour longer.
        ("2027-10-30T20:00:00", "2027-10-31T04:00:00"),
    ] {
        let before = |moment: &str| {
            let moment = chrono::NaiveDateTime::parse_from_str(moment, "%Y-%m-%dT%H:%M:%S").unwrap();
            format!("{}Z", (moment - chrono::Duration::milliseconds(1)).format("%Y-%m-%dT%H:%M:%S%.3f"))
        };
        assert!(!is_open(&bob, &before(opens)), "before {opens}");
        assert!(is_open(&bob, &format!("{opens}Z")), "at {opens}");
        assert!(is_open(&bob, &before(shuts)), "before {shuts}");
        assert!(!is_open(&bob, &format!("{shuts}Z")), "at {shuts}");
    }
}

/// P1, P4: a critical change waits for the window, a freeze beats the window, and the hint reckons with both.
#[test]
fn a_critical_change_waits_for_a_window_that_no_freeze_shuts() {
    let Team { alice, bob, carol, dave, grace, .. } = team(
        "- {name: release, allow: false, from: \"2026-11-21 08:00\", to: \"2026-11-22 12:00\", except: [board]}",
    );
    let id = pending(&dave, &format!("set {CRITICAL} 90 --reason x --rollback-plan y"));
    attach(&dave, &id);
    for member in [&bob, &carol] {
        member.run(&format!("cr approve {id}")).ok();
    }
    let execute = format!("cr execute {id}");
    // For dave the freeze is in the way, and once it has ended no window is open: the hint names the next.
    let error = refused(&dave, &execute, 6, "lacks the end of the freeze release");
    dave.run(&hinted(&error)).exits(0);
    assert_eq!(shown(&grace, &id)["scheduled_at"], "2026-11-22T22:00:00.000Z");
    // For the board only the window is.
    let error = refused(&alice, &execute, 6, "lacks an open window (the next opens 2026-11-21 22:00:00Z)");
    assert!(hinted(&error).contains("2026-11-21T22:00"), "{error}");
    at(&alice, "2026-11-21T22:00:00Z").run(&execute).exits(0);
    assert_eq!(state(&at(&grace, "2026-11-21T22:00:01Z"), &id), "completed");
}

/// P4: what comes due while a window is shut waits for the next and says so; what lacks more is a person's to look at.
#[test]
fn a_scheduled_change_that_may_not_be_executed_waits_for_the_next_opening_or_for_a_person() {
    let Team { alice, dave, erin, frank, grace, .. } = World::team();
    let late = pending(&frank, "cr create server.name=web-1 --reason x --schedule 2026-11-21T12:00:00Z");
    let lacking =
        pending(&frank, &format!("cr create {HIGH}=5050 --reason x --schedule 2026-11-21T12:00:00Z"));
    let stale = pending(&frank, &format!("cr create {LOW}=debug --reason x --schedule 2026-11-21T12:00:00Z"));
    dave.run(&format!("set {LOW} warn --reason 'meanwhile'")).exits(0);
    also(&alice, "- {name: release, allow: false, from: \"2026-11-21 11:00\", to: \"2026-11-21 15:00\"}");
    let noon = "2026-11-21T12:00:00Z";
    let due = at(&erin, noon).run("cr execute --due -o json");
    due.exits(1);
    let items = due.json()["items"].clone();
    assert!(items.as_array().unwrap().iter().all(|item| item["result"] == "held"), "{items}");
    let seen = shown(&at(&grace, noon), &late);
    assert_eq!(
        (&seen["state"], &seen["scheduled_at"]),
        (&"scheduled".into(), &"2026-11-21T15:00:00.000Z".into())
    );
    assert!(seen["comments"][0]["text"].as_str().unwrap().contains("the freeze release"), "{seen}");
    for id in [&lacking, &stale] {
        let seen = shown(&at(&grace, noon), id);
        assert_eq!(seen["scheduled_at"], serde_json::Value::Null, "{seen}");
        assert!(seen["comments"][0]["text"].as_str().unwrap().contains("no longer scheduled"), "{seen}");
    }
    let later = "2026-11-21T15:00:00Z";
    at(&erin, later).run("cr execute --due").exits(0);
    assert_eq!(state(&at(&grace, later), &late), "completed");
    assert_eq!(at(&grace, later).run(&format!("get {HIGH}")).ok(), "4949\n");
    at(&erin, later).run("audit verify --full").ok();
}

/// A freeze that is lifted early holds nothing until its former end.
#[test]
fn what_a_freeze_had_moved_is_due_at_its_own_time_again_once_the_freeze_is_lifted() {
    const RELEASE: &str =
        "- {name: release, allow: false, from: \"2026-11-21 11:00\", to: \"2026-11-21 15:00\"}";
    let Team { alice, erin, frank, grace, .. } = World::team();
    let id = pending(&frank, "cr create server.name=web-1 --reason x --schedule 2026-11-21T12:00:00Z");
    let next = format!("{NIGHTLY}\n  {RELEASE}");
    super::tools::manifest(&alice, "release.yaml", &[(NIGHTLY, &next)]);
    let preview = alice.run("manifest diff release.yaml");
    assert!(preview.err.contains("The freeze release would hold change request"), "{}", preview.err);
    also(&alice, RELEASE);
    let (noon, lifted) = ("2026-11-21T12:00:00Z", "2026-11-21T12:30:00Z");
    at(&erin, noon).run("cr execute --due").exits(1);
    assert_eq!(shown(&at(&grace, noon), &id)["scheduled_at"], "2026-11-21T15:00:00.000Z");
    at(&erin, "2026-11-21T12:29:00Z").run("cr execute --due").exits(0);
    assert_eq!(state(&at(&grace, noon), &id), "scheduled");
    govern(&at(&alice, lifted), &[(&next, NIGHTLY)]);
    at(&erin, lifted).run("cr execute --due").exits(0);
    assert_eq!(state(&at(&grace, lifted), &id), "completed");
    at(&erin, lifted).run("audit verify --full").ok();
}
