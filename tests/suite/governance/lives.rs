//! The life of a request, from the draft to each of its ends.

use super::tools::{hinted, option, state};
use super::{HIGH, LOW, MEDIUM, attach, audit, pending, refused, shown};
use crate::harness::{Team, World};

/// P2.
#[test]
fn a_request_is_drafted_submitted_approved_scheduled_and_completed_in_its_time() {
    let Team { world, erin, frank, grace, .. } = World::team();
    let id = pending(
        &frank,
        &format!(
            "cr create {MEDIUM}=180 --reason 'long shifts' --title 'Longer sessions' --need 'night work' \
             --reviewer erin --draft"
        ),
    );
    assert_eq!(state(&grace, &id), "draft");
    // Nobody decides about a draft, and the hint's command finishes it.
    let approve = format!("cr approve {id}");
    let error = refused(&erin, &approve, 6, "is still a draft");
    refused(&erin, &format!("cr reject {id} --reason x"), 6, "is still a draft");
    refused(&frank, &format!("cr execute {id}"), 6, "is still a draft");
    frank.run(&hinted(&error)).exits(0);
    assert_eq!(state(&grace, &id), "pending");
    frank.run(&format!("cr wait {id} --timeout 0s")).exits(8);
    erin.run(&approve).ok();
    assert_eq!(state(&grace, &id), "approved");
    frank.run(&format!("cr wait {id} --timeout 0s")).exits(0);
    frank.run(&format!("cr schedule {id} --at '2026-11-22 03:00 +01:00'")).exits(0);
    let seen = shown(&grace, &id);
    assert_eq!(
        (&seen["state"], &seen["scheduled_at"]),
        (&"scheduled".into(), &"2026-11-22T02:00:00.000Z".into())
    );
    frank.run(&format!("cr wait {id} --timeout 0s")).exits(8);
    // Before its time a timer finds nothing to do.
    assert_eq!(frank.run("cr execute --due -o json").json()["items"], serde_json::json!([]));
    assert_eq!(frank.run(&format!("get {MEDIUM}")).ok(), "120\n");
    world.pass(17 * 3600);
    let overdue = grace.run(&format!("get {MEDIUM}"));
    assert_eq!(overdue.ok(), "120\n");
    assert!(overdue.err.contains("was to be executed at 2026-11-22 02:00:00Z"), "{}", overdue.err);
    let done = erin.run("cr execute --due -o json");
    done.exits(0);
    assert_eq!(done.json()["items"][0]["result"], "executed");
    let seen = shown(&grace, &id);
    assert_eq!((&seen["state"], &seen["executed_by"]), (&"completed".into(), &"cfgctl".into()));
    assert_eq!(grace.run(&format!("get {MEDIUM}")).ok(), "180\n");
    assert_eq!(frank.run("cr execute --due -o json").json()["items"], serde_json::json!([]));
    frank.run(&format!("cr wait {id}")).exits(0);
    erin.run("audit verify --full").ok();
}

/// P2: applied and waiting for confirmation is done, as far as a script is concerned.
#[test]
fn an_executed_request_confirms_and_is_completed() {
    let Team { world, dave, frank, grace, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x --confirm-within 10m"));
    attach(&frank, &id);
    dave.run(&format!("cr approve {id}")).ok();
    frank.run(&format!("cr execute {id}")).exits(0);
    let seen = shown(&grace, &id);
    assert_eq!(seen["state"], "confirming");
    assert!(seen["confirm_by"].is_string(), "{seen}");
    frank.run(&format!("cr wait {id}")).exits(0);
    assert_eq!(frank.run("cr list --state confirming -o name").ok().trim(), id);
    assert_eq!(seen["next"], serde_json::Value::Null, "a viewer has nothing to type");
    let next = shown(&frank, &id)["next"].as_str().unwrap().to_owned();
    frank.run(next.strip_prefix("cfgctl ").unwrap()).exits(0);
    assert_eq!(state(&grace, &id), "completed");
    world.pass(3600);
    frank.run("settle").exits(0);
    assert_eq!(frank.run(&format!("get {HIGH}")).ok(), "5050\n");
    refused(&frank, &format!("confirm {id}"), 5, "does not wait to be confirmed: it is completed");
    refused(&frank, "confirm", 3, "No change waits to be confirmed");
}

/// P2, B2: what nobody confirms comes back, and whoever waited for it learns that.
#[test]
fn an_executed_request_that_nobody_confirms_is_rolled_back() {
    let Team { world, dave, erin, frank, grace, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    attach(&frank, &id);
    dave.run(&format!("cr approve {id}")).ok();
    frank.run(&format!("cr execute {id} --confirm-within 10m")).exits(0);
    world.pass(601);
    let settled = erin.run("settle -o json");
    settled.exits(0);
    let item = &settled.json()["items"][0];
    assert_eq!(
        (&item["id"], &item["result"], &item["duty"]),
        (&id.as_str().into(), &"rolled-back".into(), &"confirm".into())
    );
    assert_eq!(frank.run(&format!("get {HIGH}")).ok(), "4949\n");
    assert_eq!(state(&grace, &id), "rolled-back");
    frank.run(&format!("cr wait {id}")).exits(10);
    let back = shown(&grace, &item["rollback"].to_string());
    assert_eq!(
        (&back["kind"], &back["requested_by"], &back["takes_back"]),
        (&"undo".into(), &"cfgctl".into(), &item["change"])
    );
    assert_eq!(back["trigger"].as_str().map(|because| because.starts_with("not confirmed by ")), Some(true));
    let [actor, proof, action, ..] = audit(&world).last().unwrap().clone();
    assert_eq!([actor.as_str(), &proof, &action], ["cfgctl", "itself", "change.take-back"]);
    refused(&frank, &format!("confirm {id}"), 5, "was rolled back: not confirmed by");
    erin.run("audit verify --full").ok();
    erin.run("doctor").ok();
}

/// P2: taken back by hand, by who made the change and by an admin, and by nobody below.
#[test]
fn a_change_that_waits_to_be_confirmed_is_taken_back_at_once_by_its_people() {
    let Team { world, erin, frank, grace, alice, .. } = World::team();
    let code = alice.run("member invite heidi --role operator --uid 1007 --reason growing").ok();
    let heidi = world.user("heidi", 1007);
    heidi.run(&format!("member join {}", code.trim())).ok();
    // Heidi may make this very change herself: she may take it back too, and not more.
    for (who, value) in [(&frank, "debug"), (&erin, "warn"), (&heidi, "trace")] {
        let id = frank.run(&format!("-o name set {LOW} {value} --reason x --confirm-within 10m")).ok();
        refused(&grace, "confirm", 4, "settling somebody else's change asks for admin");
        refused(&grace, "confirm --cancel", 4, "asks for admin");
        refused(&heidi, "confirm", 4, "asks for admin");
        refused(&heidi, &format!("confirm {} --extend 5m", id.trim()), 4, "asks for admin");
        let tried = who.run("confirm --cancel --dry-run").ok();
        assert!(tried.contains("would be taken back") && tried.contains(&format!("{value} →")), "{tried}");
        assert_eq!(state(&grace, id.trim()), "confirming");
        who.run("confirm --cancel").exits(0);
        assert_eq!(frank.run(&format!("get {LOW}")).ok(), "info\n");
        assert_eq!(state(&grace, id.trim()), "rolled-back");
        frank.run(&format!("cr wait {}", id.trim())).exits(10);
    }
}

/// Exit 11: a person is needed, and the message says what stands where; once the cause is gone it is done.
#[test]
fn what_cannot_be_taken_back_in_time_is_said_and_stays_due() {
    let Team { world, frank, erin, .. } = World::team();
    frank.run(&format!("set {LOW} debug --reason x --confirm-within 5m")).exits(0);
    let backups = world.store().with_file_name("backups");
    let aside = backups.with_extension("aside");
    std::fs::rename(&backups, &aside).unwrap();
    std::fs::write(&backups, "no folder").unwrap();
    world.pass(600);
    let failed = erin.run("settle -o json").exits(11).json();
    assert_eq!(failed["items"][0]["result"], "failed");
    assert!(failed["items"][0]["problem"].as_str().unwrap().contains("is no folder"), "{failed}");
    assert_eq!(frank.run(&format!("get {LOW}")).ok(), "debug\n");
    refused(&erin, "set server.name web-1 --reason x", 5, "waits to be confirmed");
    std::fs::remove_file(&backups).unwrap();
    std::fs::rename(&aside, &backups).unwrap();
    erin.run("settle").exits(0);
    assert_eq!(frank.run(&format!("get {LOW}")).ok(), "info\n");
}

/// A schedule is somebody's word: it goes with them.
#[test]
fn what_somebody_scheduled_who_left_since_is_held_for_a_person() {
    let Team { world, alice, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {LOW} debug --reason x --schedule 2026-11-21T10:00:00Z"));
    alice.run("member remove frank --reason left").ok();
    world.pass(2 * 3600);
    let held = erin.run("cr execute --due -o json").exits(1).json();
    assert_eq!(held["items"][0]["result"], "held");
    assert!(
        held["items"][0]["problem"]
            .as_str()
            .unwrap()
            .contains("frank scheduled it, and may no longer execute it")
    );
    assert_eq!(erin.run(&format!("get {LOW}")).ok(), "info\n");
    erin.run(&format!("cr execute {id}")).exits(0);
    assert_eq!(erin.run(&format!("get {LOW}")).ok(), "debug\n");
}

/// P2: while one change waits to be confirmed nothing else is changed, and the hints settle it.
#[test]
fn while_one_change_confirms_no_other_value_or_manifest_changes() {
    let Team { world, alice, dave, erin, frank, .. } = World::team();
    let ready = pending(&frank, "set uploads.max_size 30 --reason x");
    erin.run(&format!("cr approve {ready}")).ok();
    frank.run("set server.name web-1 --reason 'to be undone'").exits(0);
    frank.run(&format!("set {LOW} debug --reason x --confirm-within 10m")).exits(0);
    let number = frank.run("cr list --state confirming -o json").json()["items"][0]["number"].clone();
    world.file("batch.yaml", "server: {name: web-7}\n");
    super::tools::manifest(&alice, "next.yaml", &[("instance: local", "instance: billing")]);
    let mut hint = String::new();
    for (user, line) in [
        (&frank, "set server.name web-2 --reason x".to_owned()),
        (&frank, format!("set {LOW} info --reason x")),
        (&frank, format!("unset {LOW} --reason x")),
        (&frank, "apply -f batch.yaml --reason x".to_owned()),
        (&frank, format!("cr execute {ready}")),
        (&erin, format!("cr execute {ready} --confirm-within 5m")),
        (&frank, "rollback --version 1 --reason x".to_owned()),
        (&frank, "undo --reason x".to_owned()),
        (&frank, format!("undo {number} --reason x")),
        (&alice, "manifest apply next.yaml --reason x".to_owned()),
        (&frank, "set server.name web-3 --reason x --dry-run".to_owned()),
    ] {
        let line = line.replace("undo --reason", "undo 10 --reason");
        let words = format!("Change {number} by frank waits to be confirmed until ");
        let error = if line.contains("--dry-run") {
            super::error_of(&user.run(&format!("-o json {line}")), 5)
        } else {
            refused(user, &line, 5, &words)
        };
        hint = hinted(&error);
    }
    // Asking, deciding and members go on meanwhile.
    let asked = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    dave.run(&format!("cr approve {asked}")).ok();
    alice.run("member role grace operator --reason 'growing'").ok();
    frank.run(&hint).exits(0);
    frank.run("set server.name web-2 --reason x").exits(0);
    frank.run(&format!("cr execute {ready}")).exits(0);
    alice.run("audit verify --full").ok();
}

/// P2: the policy's longest is the longest, and an extension counts from the beginning.
#[test]
fn a_confirmation_is_extended_up_to_the_policys_longest() {
    let Team { world, frank, .. } = World::team();
    let line = format!("set {LOW} debug --reason x --confirm-within");
    let error = refused(&frank, &format!("{line} 61m"), 6, "at most; 61m is longer");
    refused(&frank, &format!("{line} 999ms"), 2, "within a second at the least");
    frank.run(&format!("set {LOW} debug --reason x {}", option(&error))).exits(0);
    frank.run("confirm --cancel").exits(0);
    frank.run(&format!("{line} 10m")).exits(0);
    world.pass(300);
    frank.run("confirm --extend 50m").exits(0);
    let error = refused(&frank, "confirm --extend 56m", 6, "may wait to be confirmed for 1h at most");
    world.pass(40 * 60);
    assert_eq!(frank.run("settle -o json").json()["items"], serde_json::json!([]));
    frank.run(&hinted(&error)).exits(0);
    assert_eq!(frank.run(&format!("get {LOW}")).ok(), "debug\n");
}

/// P2: each end has its state and its exit code for who waits.
#[test]
fn who_waits_learns_how_a_request_ended() {
    let Team { world, erin, frank, .. } = World::team();
    let ask = |value: u32| pending(&frank, &format!("set {MEDIUM} {value} --reason x"));
    let (rejected, cancelled, expired) = (ask(130), ask(140), ask(150));
    erin.run(&format!("cr reject {rejected} --reason 'not now'")).exits(0);
    frank.run(&format!("cr cancel {cancelled} --reason 'solved otherwise'")).exits(0);
    world.pass(14 * 86_400);
    for (id, end) in [(rejected, "rejected"), (cancelled, "cancelled"), (expired, "expired")] {
        assert_eq!(state(&frank, &id), end);
        frank.run(&format!("cr wait {id}")).exits(6);
        for line in ["approve", "execute", "refresh", "schedule --clear", "edit --title new"] {
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            let code = if end == "expired" { 6 } else { 5 };
            refused(&frank, &format!("cr {verb} {id} {rest}"), code, end);
        }
    }
}

/// P1: an admin's own draft, once it is finished, carries their approval like any own change of theirs.
#[test]
fn an_admins_own_draft_carries_their_approval_once_it_is_finished() {
    let Team { erin, .. } = World::team();
    let id = pending(&erin, &format!("cr create {MEDIUM}=180 --reason x --draft"));
    erin.run(&format!("cr edit {id} --submit")).exits(0);
    assert_eq!(state(&erin, &id), "approved");
    erin.run(&format!("cr execute {id}")).exits(0);
}
