//! A change at each risk, under the policy that a new store begins with (design.md §7).

use super::{CRITICAL, HIGH, LOW, MEDIUM, attach, calm, pending, refused, shown};
use crate::harness::{Team, World};

/// P1.
#[test]
fn a_low_change_is_any_operators_and_runs_at_once() {
    let Team { world, frank, .. } = World::team();
    let ran = frank.run(&format!("set {LOW} debug --reason 'looking for the fault' --ticket OPS-1"));
    insta::assert_snapshot!(calm(&ran.shown(&world)), @r#"
    exit 0
    --- stdout
    Change 9 applied: version 2 (low risk)
      + log_level  info (default) → debug
    Services  web, worker
    Backup    config_backup_change_9_20261121_090014.json
    Audit     15:HASH
    Undo      cfgctl undo 9 --reason "…"
    --- stderr
    store: WORLD/store/config_overrides.db
    "#);
    assert_eq!(frank.run(&format!("get {LOW}")).ok(), "debug\n");
}

/// P1, P2.
#[test]
fn an_operators_medium_change_waits_for_an_admin_and_is_then_executed_by_the_operator() {
    let Team { world, erin, frank, .. } = World::team();
    let ran = frank.run(&format!("set {MEDIUM} 180 --reason 'long shifts'"));
    insta::assert_snapshot!(calm(&ran.shown(&world)), @r#"
    exit 8
    --- stdout
    Change request 9 (ULID) waits: medium risk
      + session_timeout_minutes  120 (default) → 180
    Risk      medium: session_timeout_minutes is registered as medium.
    Missing   1 approval by admin
    Advised   evidence of a staging test
    Services  web
    Audit     15:HASH
    Next      cfgctl change-request wait ULID
    --- stderr
    store: WORLD/store/config_overrides.db
    warning: Better with evidence of a staging test.
    "#);
    insta::assert_snapshot!(calm(&erin.run("cr show 9").shown(&world)), @r#"
    exit 0
    --- stdout
    Change request 9 (ULID) waits: medium risk
      + session_timeout_minutes  120 (default) → 180

    Reason     long shifts
    Kind       set
    Requested  by frank, 2026-11-21 09:00:14Z
    Made for   version 1
    Expires    2026-12-05 09:00:14Z
    Risk       medium: session_timeout_minutes is registered as medium.
    Services   web
    Demands    1 approval by admin (the requester's own counts); evidence of a staging test (advised)
    Missing    1 approval by admin
    Advised    evidence of a staging test
    Identity   asserted: whoever can write the store's file could have forged these names
    Digest     HASH
    Next       cfgctl change-request approve ULID
    --- stderr
    "#);
    let approved = erin.run("cr approve 9 --comment 'asked the users'");
    insta::assert_snapshot!(calm(&approved.shown(&world)), @r#"
    exit 0
    --- stdout
    Change request 9 (ULID) is approved and waits to be executed: medium risk
      + session_timeout_minutes  120 (default) → 180
    Risk      medium: session_timeout_minutes is registered as medium.
    Advised   evidence of a staging test
    Services  web
    Audit     16:HASH
    Next      cfgctl change-request execute ULID
    --- stderr
    store: WORLD/store/config_overrides.db
    "#);
    assert_eq!(frank.run(&format!("get {MEDIUM}")).ok(), "120\n", "approving executes nothing");
    let executed = frank.run("cr execute 9");
    insta::assert_snapshot!(calm(&executed.shown(&world)), @r#"
    exit 0
    --- stdout
    Change 9 applied: version 2 (medium risk)
      + session_timeout_minutes  120 (default) → 180
    Services  web
    Backup    config_backup_change_9_20261121_090018.json
    Audit     17:HASH
    Undo      cfgctl undo 9 --reason "…"
    --- stderr
    store: WORLD/store/config_overrides.db
    "#);
    assert_eq!(frank.run(&format!("get {MEDIUM}")).ok(), "180\n");
}

/// P1.
#[test]
fn an_admins_own_medium_change_carries_their_approval_and_warns_of_the_missing_test() {
    let Team { erin, .. } = World::team();
    let ran = erin.run(&format!("set {MEDIUM} 180 --reason 'long shifts'"));
    ran.exits(0);
    assert!(ran.err.contains("warning:") && ran.err.contains("staging test"), "{}", ran.err);
    assert_eq!(erin.run(&format!("get {MEDIUM}")).ok(), "180\n");
}

/// P1, P8.
#[test]
fn a_high_change_needs_another_senior_admin_and_evidence() {
    let Team { world, alice, dave, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason 'second listener'"));
    refused(&erin, &format!("cr approve {id}"), 4, "asks for senior-admin");
    dave.run(&format!("cr approve {id}")).ok();
    refused(&frank, &format!("cr execute {id}"), 6, "lacks evidence of a staging test");
    let file = world.file("staging-run.log", "all healthy\n");
    let attached = frank.run(&format!("cr test {id} --evidence {}", file.display()));
    attached.exits(0);
    let view = shown(&alice, &id);
    assert_eq!(view["evidence"][0]["nature"], "attached, not measured");
    assert_eq!(view["evidence"][0]["by"], "frank");
    assert_eq!(view["state"], "approved");
    assert!(alice.run(&format!("cr show {id}")).ok().contains("attached, not measured"));
    frank.run(&format!("cr execute {id}")).exits(0);
    assert_eq!(frank.run(&format!("get {HIGH}")).ok(), "5050\n");

    // A senior admin's own high change is another's to approve.
    let own = pending(&dave, &format!("set {HIGH} 6060 --reason 'third listener'"));
    attach(&dave, &own);
    refused(&dave, &format!("cr approve {own}"), 6, "dave asked for this change");
    refused(&dave, &format!("cr execute {own}"), 6, "lacks 1 approval by senior-admin, not the requester");
    alice.run(&format!("cr approve {own} --execute")).exits(0);
    assert_eq!(dave.run(&format!("get {HIGH}")).ok(), "6060\n");
}

/// P1.
#[test]
fn a_critical_change_needs_a_plan_full_evidence_and_two_of_the_board_beside_the_requester() {
    let Team { world, alice, bob, carol, dave, .. } = World::team();
    refused(&bob, &format!("set {CRITICAL} 90 --reason audit"), 6, "needs a rollback plan");
    let id =
        pending(&bob, &format!("set {CRITICAL} 90 --reason audit --rollback-plan 'undo it; keys are kept'"));
    attach(&dave, &id);
    refused(&bob, &format!("cr approve {id}"), 6, "bob asked for this change");
    refused(&dave, &format!("cr approve {id}"), 4, "asks for board");
    alice.run(&format!("cr approve {id}")).ok();
    alice.run(&format!("cr approve {id} --comment twice"));
    refused(
        &bob,
        &format!("cr execute {id}"),
        6,
        "lacks 1 approval by board, not the requester; an open window (the next opens 2026-11-21 22:00:00Z).",
    );
    let seen = carol.run(&format!("cr show {id}"));
    insta::assert_snapshot!(calm(&seen.shown(&world)), @"
    exit 0
    --- stdout
    Change request 9 (ULID) waits: critical risk
      + encryption.rotate_after_days  365 (default) → 90

    Reason     audit
    Kind       set
    Requested  by bob, 2026-11-21 09:00:15Z
    Made for   version 1
    Expires    2026-12-05 09:00:15Z
    Risk       critical: encryption.rotate_after_days is registered as critical.
    Services   worker
    Demands    2 approvals by board, not the requester; evidence of a full test with the rollback tested; a rollback plan; an open maintenance window; a review afterwards; 10m of monitoring afterwards
    Decided    approved by alice (board, uid:1000, asserted), 2026-11-21 09:00:19Z
    Evidence   staging-run.log, 67 B, attached, not measured, by dave, 2026-11-21 09:00:16Z, sha256 HASH
    Plan       undo it; keys are kept
    Missing    1 approval by board, not the requester
               an open window (the next opens 2026-11-21 22:00:00Z)
    Identity   asserted: whoever can write the store's file could have forged these names
    Digest     HASH
    Next       cfgctl change-request approve ULID
    --- stderr
    ");
    carol.run(&format!("cr approve {id}")).ok();
    refused(
        &bob,
        &format!("cr execute {id}"),
        6,
        "lacks an open window (the next opens 2026-11-21 22:00:00Z).",
    );
    world.pass(14 * 3600);
    bob.run(&format!("cr execute {id}")).exits(0);
    assert_eq!(bob.run(&format!("get {CRITICAL}")).ok(), "90\n");
    let view = shown(&bob, &id);
    let who: Vec<_> =
        view["approvals"].as_array().unwrap().iter().map(|given| given["member"].clone()).collect();
    assert_eq!(who, ["alice", "carol"]);
}

/// P1.
#[test]
fn a_change_has_the_highest_risk_of_its_parts_and_rules_only_raise_it() {
    let Team { frank, .. } = World::team();
    for (line, risk) in [
        (format!("{LOW}=debug server.name=web-2"), "low"),
        (format!("{LOW}=debug {MEDIUM}=100"), "medium"),
        (format!("{LOW}=debug {MEDIUM}=100 {HIGH}=5050"), "high"),
        (format!("{HIGH}=5050 {CRITICAL}=90"), "critical"),
        (format!("{MEDIUM}=241"), "high"),
        ("nobody.knows.this=1".to_owned(), "high"),
    ] {
        assert_eq!(frank.run(&format!("assess {line} -o json")).json()["risk_level"], risk, "{line}");
    }
}

/// P9: each step is on record with how it went.
#[test]
fn an_executed_change_keeps_its_steps() {
    let Team { frank, .. } = World::team();
    let id = frank.run(&format!("-o name set {LOW} debug --reason x")).ok();
    let view = shown(&frank, id.trim());
    let steps: Vec<(&str, &str)> = view["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["name"].as_str().unwrap(), step["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        steps,
        ["validation", "backup", "apply_change", "verification"].map(|name| (name, "completed"))
    );
    assert_eq!(view["executed_by"], "frank");
}

/// Solo: one person's own approval counts at every risk; evidence and a plan are advice.
#[test]
fn alone_ones_own_approval_counts_at_every_risk() {
    let (_world, alice) = World::solo();
    for (path, value, advice) in [
        (LOW, "debug", ""),
        (MEDIUM, "180", "staging test"),
        (HIGH, "5050", "staging test"),
        (CRITICAL, "90", "rollback plan"),
    ] {
        let ran = alice.run(&format!("set {path} {value} --reason alone"));
        ran.exits(0);
        assert!(ran.err.contains(advice), "{path}: {}", ran.err);
        assert_eq!(alice.run(&format!("get {path}")).ok(), format!("{value}\n"));
    }
}
