//! How a request is made, made again, tried, and waited for.

use super::{HIGH, LOW, MEDIUM, all_but_the_audit_log, attach, audit, error_of, pending, refused, shown};
use crate::harness::{Team, World};
use std::process::Stdio;
use std::time::Instant;

/// What was sent may be sent again: the same id with the same content gets the same answer.
#[test]
fn the_same_id_gets_the_same_answer_and_other_content_a_conflict() {
    let Team { world, erin, frank, .. } = World::team();
    let id = "01M7YNBC9GV53WQHBTVQCMD0CX";
    let (low, medium) = (
        format!("set {LOW} debug --reason x --id {id}"),
        format!("set {MEDIUM} 150 --reason x --id 01M7YNBC9GV53WQHBTVQCMD0CY"),
    );
    frank.run(&low).ok();
    let logged = audit(&world).len();
    assert_eq!(frank.run(&format!("{low} -o name")).ok().trim(), id);
    assert_eq!(audit(&world).len(), logged, "what was done already is not done again");
    assert_eq!(frank.run("version list -o json").json()["items"].as_array().unwrap().len(), 2);
    for other in [
        format!("set {LOW} warn --reason x --id {id}"),
        format!("set {LOW} debug --reason y --id {id}"),
        format!("unset {LOW} --reason x --id {id}"),
    ] {
        refused(&frank, &other, 5, "is another change's");
    }
    assert_eq!(pending(&frank, &medium), pending(&frank, &medium));
    erin.run("cr approve 01M7YNBC9GV53WQHBTVQCMD0CY --execute").ok();
    frank.run(&medium).exits(0);
}

#[test]
fn a_set_equal_to_ones_own_open_request_answers_with_it() {
    let Team { alice, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    assert_eq!(pending(&frank, &format!("set {HIGH} 5050 --reason 'asked again'")), id);
    assert_eq!(frank.run("cr list -o name").ok().lines().count(), 1);
    assert_ne!(pending(&erin, &format!("set {HIGH} 5050 --reason x")), id, "somebody else's is their own");
    assert_ne!(
        pending(&frank, &format!("set {HIGH} 5051 --reason x")),
        id,
        "another value is another request"
    );
    frank.run(&format!("cr cancel {id} --reason x")).ok();
    assert_ne!(pending(&frank, &format!("set {HIGH} 5050 --reason x")), id, "what has ended is no answer");
    alice.run("audit verify --full").ok();
}

#[test]
fn a_set_may_hold_only_if_its_paths_have_not_changed_since() {
    let Team { erin, frank, .. } = World::team();
    let version =
        |user: &crate::harness::User| user.run("version list --limit 1 -o name").ok().trim().to_owned();
    frank.run(&format!("set {LOW} debug --reason x --if-version 0")).ok();
    refused(&frank, &format!("set {LOW} warn --reason x --if-version 0"), 5, "already set");
    let seen = version(&frank);
    erin.run(&format!("set {MEDIUM} 90 --reason elsewhere")).ok();
    frank.run(&format!("set {LOW} warn --reason x --if-version {seen}")).ok();
    refused(
        &frank,
        &format!("set {LOW} error --reason x --if-version {seen}"),
        5,
        "has changed since version",
    );
}

/// Design §3.12.
#[test]
fn a_dry_run_shows_the_very_change_and_writes_nothing() {
    let Team { world, alice, dave, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    attach(&frank, &id);
    world.file(
        "next.yaml",
        alice.run("manifest show -o raw").ok().replace("instance: local", "instance: billing"),
    );
    let bytes = || {
        let beside =
            |suffix: &str| std::fs::read(format!("{}{suffix}", world.store().display())).unwrap_or_default();
        (beside(""), beside("-wal"), all_but_the_audit_log(&world), audit(&world))
    };
    let before = bytes();
    for (user, line, code) in [
        (&frank, format!("set {LOW} debug --reason x --dry-run"), 0),
        (&frank, format!("set {LOW} debug --dry-run"), 0),
        (&frank, format!("set {MEDIUM} 150 --reason x --dry-run"), 8),
        (&dave, format!("cr approve {id} --dry-run"), 0),
        (&dave, format!("cr reject {id} --dry-run"), 0),
        (&frank, format!("cr cancel {id} --dry-run"), 0),
        (&frank, format!("cr test {id} --evidence next.yaml --dry-run"), 0),
        (&alice, "member invite zoe --role viewer --dry-run".to_owned(), 0),
        (&alice, "member role erin board --dry-run".to_owned(), 0),
        (&alice, "member remove erin --dry-run".to_owned(), 0),
        (&alice, "member add-program cron --role viewer --dry-run".to_owned(), 0),
        (&alice, "member token revoke 2 --dry-run".to_owned(), 0),
        (&alice, "manifest apply next.yaml --dry-run".to_owned(), 0),
        (&erin, "rollback --version 1 --dry-run".to_owned(), 0),
    ] {
        user.run(&line).exits(code);
        assert!(before == bytes(), "{line} wrote something");
    }
    let tried = frank.run(&format!("set {LOW} debug --dry-run -o json")).json();
    let done = frank.run(&format!("set {LOW} debug --reason x -o json")).json();
    assert_eq!((&tried["dry_run"], &tried["change"]["items"]), (&true.into(), &done["change"]["items"]));
}

#[test]
fn waiting_lists_what_is_missing_when_its_time_is_over() {
    let Team { frank, dave, .. } = World::team();
    let begun = Instant::now();
    let ran = frank.run(&format!("set {HIGH} 5050 --reason x --wait --timeout 1s"));
    ran.exits(8);
    assert!(begun.elapsed().as_secs() < 4);
    assert!(ran.err.contains("Still missing after 1s: 1 approval by senior-admin, not the requester; evidence of a staging test."), "{}", ran.err);
    // With nothing left to wait for it does not wait at all.
    attach(&frank, "9");
    dave.run("cr approve 9").ok();
    let begun = Instant::now();
    frank.run("cr wait 9 --timeout 10m").exits(0);
    assert_eq!(shown(&frank, "9")["state"], "approved", "waiting alone executes nothing");
    frank.run("cr wait 9 --timeout 10m --execute").exits(0);
    assert!(begun.elapsed().as_secs() < 4);
    assert_eq!(frank.run(&format!("get {HIGH}")).ok(), "5050\n");
}

/// A waiting `set` executes once it is approved, and ends early once it is rejected.
#[test]
fn waiting_ends_with_the_decision() {
    for (decision, code, value) in [("approve", 0, "150\n"), ("reject --reason 'not now'", 6, "120\n")] {
        let Team { erin, frank, .. } = World::team();
        let words = ["set", MEDIUM, "150", "--reason", "x", "--wait", "--timeout", "60s"];
        let mut waiting = frank.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while erin.run("cr list -o name").ok().is_empty() {
            assert!(begun.elapsed().as_secs() < 20, "the request does not come");
        }
        let (verb, rest) = decision.split_once(' ').unwrap_or((decision, ""));
        erin.run(&format!("cr {verb} 9 {rest}")).exits(0);
        assert_eq!(waiting.wait().unwrap().code(), Some(code), "{decision}");
        assert_eq!(frank.run(&format!("get {MEDIUM}")).ok(), value);
    }
}

/// A request is named by its number, its id, or a unique beginning of that.
#[test]
fn a_request_has_several_names_and_a_beginning_that_is_not_unique_is_none() {
    let Team { frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    pending(&frank, &format!("set {MEDIUM} 90 --reason x"));
    for name in ["9", &id, &id.to_lowercase(), &id[..20]] {
        assert_eq!(shown(&frank, name)["id"], id.as_str(), "{name}");
    }
    frank.run(&format!("cr show {}", &id[..6])).refused(2, "Several changes begin with");
    frank.run(&format!("cr show {}", &id[..4])).refused(2, "Several changes begin with");
}

#[test]
fn what_was_waited_for_in_vain_is_an_error() {
    let Team { frank, erin, .. } = World::team();
    let rejected = pending(&frank, "set session_timeout_minutes 150 --reason x");
    erin.run(&format!("cr reject {rejected} --reason 'not tonight'")).ok();
    let error = error_of(&frank.run(&format!("cr wait {rejected} --timeout 1s -o json")), 6);
    assert_eq!(error["code"], "refused");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("was rejected by erin: not tonight."), "{message}");
    let cancelled = pending(&frank, "set session_timeout_minutes 151 --reason x");
    frank.run(&format!("cr cancel {cancelled} --reason 'solved otherwise'")).ok();
    frank.run(&format!("cr wait {cancelled}")).refused(6, "was cancelled: solved otherwise.");
}

#[test]
fn an_approver_reads_the_evidence_as_it_was_attached() {
    let team = World::team();
    let id = pending(&team.frank, &format!("set {HIGH} 5050 --reason x"));
    team.grace.run(&format!("cr show {id} --evidence run.log")).refused(3, "run.log");
    let content = "applied in staging\n\u{1b}[31mall services healthy\u{1b}[0m";
    let file = team.world.file("run.log", content);
    team.frank.run(&format!("cr test {id} --evidence {}", file.display())).ok();
    assert_eq!(team.dave.run(&format!("cr show {id} --evidence run.log")).ok(), format!("{content}\n"));
    let answer = team.dave.run(&format!("cr show {id} --evidence run.log -o json"));
    let shown = answer.exits(0).json();
    assert_eq!((shown["content"].as_str(), &shown["by"]), (Some(content), &"frank".into()));
    let told = team.dave.run(&format!("cr show {id} --evidence other.log"));
    assert!(told.refused(3, "other.log").err.contains("run.log"), "{}", told.err);
}

#[test]
fn what_was_not_executed_is_not_undone_and_the_reason_is_told() {
    let Team { frank, erin, alice, .. } = World::team();
    let open = pending(&frank, "set session_timeout_minutes 150 --reason x");
    let ran = frank.run(&format!("undo {open} --reason x"));
    assert!(ran.refused(6, "was not executed yet").err.contains("change-request cancel"), "{}", ran.err);
    erin.run(&format!("cr reject {open} --reason no")).ok();
    frank.run(&format!("undo {open} --reason x")).refused(6, "was rejected and changed nothing");
    alice.run("undo 2 --reason x").refused(6, "was about a member");
    alice.run("undo 1 --reason x").refused(6, "made the store");
}

/// Design §3.10: a refusal names the rule, and its hint can be typed.
#[test]
fn what_is_refused_says_why_and_hints_at_what_works() {
    let Team { alice, frank, .. } = World::team();
    let critical =
        refused(&frank, "set encryption.rotate_after_days 30 --reason x", 6, "needs a rollback plan");
    let message = critical["message"].as_str().unwrap();
    assert!(
        message.contains("It is critical because: encryption.rotate_after_days is registered"),
        "{message}"
    );

    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    let past = error_of(&frank.run(&format!("-o json cr schedule {id} --at 2026-01-01T00:00:00Z")), 2);
    let hint = past["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("cfgctl change-request schedule {id} --at 2026-11-22T")), "{hint}");
    frank
        .run_words(&hint.split(' ').skip_while(|word| *word != "change-request").collect::<Vec<_>>())
        .exits(0);
    let silent = error_of(&frank.run(&format!("-o json cr comment {id} ''")), 2);
    assert!(silent["hint"].as_str().unwrap().contains("cfgctl change-request comment"), "{silent}");
    let inside = error_of(&frank.run("-o json set server 1 --reason x"), 6);
    assert_eq!(inside["hint"], "See what lies inside it: cfgctl get server");

    // A beginning of several ids is told as that, and too little of one too.
    let other = pending(&alice, &format!("set {HIGH} 5051 --reason x"));
    let same = id.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    frank.run(&format!("cr show {}", &id[..same])).refused(2, "Several changes begin with");
    frank.run(&format!("cr show {}", &id[..4])).refused(2, "Several changes begin with");
    frank.run("cr show 0ZZZZZZZ").refused(3, "There is no change");
    let (_world, lone) = World::solo();
    let first = lone.run("cr list --all -o name").ok();
    lone.run(&format!("cr show {}", &first[..4])).refused(2, "at least 6 characters are needed");
    lone.run(&format!("cr show {}", &first[..6])).exits(0);
}

/// What a hint prints is typed as it stands: no shell reads anything else into it.
#[test]
fn a_hint_for_a_review_records_nothing_until_the_answer_is_filled_in() {
    let Team { alice, dave, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    attach(&frank, &id);
    dave.run(&format!("cr approve {id}")).exits(0);
    frank.run(&format!("cr execute {id}")).exits(0);
    let next = shown(&alice, &id)["next"].as_str().unwrap().to_owned();
    assert!(
        next.starts_with("cfgctl change-request review") && !next.contains(['|', '[', '<', '>']),
        "{next}"
    );
    let words: Vec<&str> = next.split(' ').skip(1).collect();
    alice.run_words(&words).refused(2, "yes, no or partly");
    assert_eq!(shown(&alice, &id)["unreviewed"], true);
    erin.run(&format!("cr review {id} --objectives-met yes")).exits(0);
}
