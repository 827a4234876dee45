//! What comes after a change: reviews, restarts, and the export for those who look later.

use super::{HIGH, LOW, attach, audit, calm, pending, refused, shown};
use crate::harness::{Team, User, World};

/// A high change of frank's, executed: it needs a restart, and a review.
fn executed(frank: &User, dave: &User) -> String {
    let id = pending(frank, &format!("set {HIGH} 5050 --reason 'a second listener' --ticket OPS-1"));
    attach(frank, &id);
    dave.run(&format!("cr approve {id}")).ok();
    frank.run(&format!("cr execute {id}")).exits(0);
    shown(frank, &id)["number"].to_string()
}

/// P2.
#[test]
fn a_change_whose_demand_says_so_is_unreviewed_until_somebody_has_looked_back() {
    let Team { world, alice, dave, frank, grace, .. } = World::team();
    let number = executed(&frank, &dave);
    assert_eq!(shown(&frank, &number)["unreviewed"], true);
    let listed = frank.run("cr list --unreviewed");
    insta::assert_snapshot!(listed.ok(), @"
    NUMBER  STATE                                    RISK  KIND  BY     TIME                  REASON
    9       completed (restart pending, unreviewed)  high  set   frank  2026-11-21 09:00:14Z  a second listener
    ");
    assert!(alice.run("status").ok().contains("wait for a review (1)"));
    assert_eq!(alice.run("status -o json").json()["unreviewed"], 1);
    let line = format!(
        "cr review {number} --objectives-met partly --issues 'slow for an hour' --follow-ups 'OPS-2: a larger pool'"
    );
    refused(&grace, &line, 4, "asks for operator");
    frank.run(&format!("cr review {number}")).refused(2, "--objectives-met");
    frank.run(&format!("{line} --dry-run")).exits(0);
    dave.run(&line).exits(0);
    refused(&frank, &line, 5, "was reviewed already");
    assert_eq!(frank.run("cr list --unreviewed -o name").ok(), "");
    assert_eq!(alice.run("status -o json").json()["unreviewed"], 0);
    let view = shown(&frank, &number);
    assert_eq!(view["review"]["member"], "dave");
    assert_eq!(
        view["review"]["findings"],
        serde_json::json!({"objectives_met": "partly", "issues": "slow for an hour", "follow_ups": "OPS-2: a larger pool"})
    );
    assert_eq!(audit(&world).last().unwrap()[2], "change.review");
    // What asks for none may be looked back on nevertheless; what was never executed may not.
    let low = frank.run(&format!("set {LOW} debug --reason x -o name")).ok();
    assert!(shown(&frank, low.trim()).get("unreviewed").is_none());
    frank.run(&format!("cr review {} --objectives-met yes", low.trim())).exits(0);
    let waits = pending(&frank, &format!("set {HIGH} 6060 --reason x"));
    refused(&frank, &format!("cr review {waits} --objectives-met yes"), 5, "nothing of change");
    alice.run("audit verify --full").ok();
}

#[test]
fn an_emergency_is_reviewed_by_its_own_command() {
    let Team { erin, frank, .. } = World::team();
    erin.run(&format!(
        "emergency set {LOW} debug --reason r --justification j --approver dave --answer local"
    ))
    .exits(0);
    let number = erin.run("emergency list -o json").json()["items"][0]["number"].to_string();
    let error = refused(&frank, &format!("cr review {number} --objectives-met yes"), 5, "is an emergency");
    assert!(error["hint"].as_str().unwrap().contains("cfgctl emergency review"), "{error}");
    assert_eq!(frank.run("cr list --unreviewed -o name").ok().lines().count(), 1);
}

/// P4.
#[test]
fn a_change_that_needs_a_restart_waits_for_it_until_it_is_recorded() {
    let Team { world, alice, dave, frank, grace, .. } = World::team();
    let id = pending(&frank, "set db_pool_size 40 --reason 'peak'");
    attach(&frank, &id);
    dave.run(&format!("cr approve {id}")).ok();
    let done = frank.run(&format!("cr execute {id}"));
    assert!(done.ok().contains("applied; a restart is pending: version 2"), "{}", done.out);
    let view = shown(&frank, &id);
    assert_eq!((&view["state"], &view["restart"]), (&"completed".into(), &"pending".into()));
    let number = view["number"].to_string();
    let status = grace.run("status -o json").json();
    assert_eq!(
        status["restart_pending"],
        serde_json::json!([{"number": view["number"], "services": ["web", "worker"], "paths": ["db_pool_size"]}])
    );
    assert!(grace.run("status").ok().contains("waits for a restart of web, worker: db_pool_size"));
    assert_eq!(frank.run("cr list --restart-pending -o name").ok().trim(), id);

    refused(&grace, &format!("cr restarted {number}"), 4, "asks for operator");
    refused(
        &frank,
        &format!("cr restarted {number} --service cache"),
        5,
        "does not wait for a restart of cache",
    );
    frank.run(&format!("cr restarted {number} --service web --dry-run")).exits(0);
    let half = frank.run(&format!("cr restarted {number} --service web --comment 'in the window'"));
    assert!(half.ok().contains("restart of web recorded; that of worker is pending"), "{}", half.out);
    assert_eq!(
        grace.run("status -o json").json()["restart_pending"][0]["services"],
        serde_json::json!(["worker"])
    );
    refused(&frank, &format!("cr restarted {number} --service web"), 5, "does not wait for a restart of web");
    frank.run(&format!("cr restarted {number}")).exits(0);
    assert_eq!(shown(&frank, &id)["restart"], "recorded");
    refused(&frank, &format!("cr restarted {number}"), 5, "was recorded already");
    assert_eq!(grace.run("status -o json").json()["restart_pending"], serde_json::json!([]));
    let entry = audit(&world).into_iter().rfind(|entry| entry[2] == "change.restarted" && entry[3] == "done");
    assert_eq!(entry.unwrap()[0], "frank");
    let low = frank.run(&format!("set {LOW} debug --reason x -o name")).ok();
    refused(&frank, &format!("cr restarted {}", low.trim()), 5, "does not wait for a restart");
    alice.run("audit verify --full").ok();
}

/// Several at once are recorded together or not at all.
#[test]
fn several_restarts_are_recorded_in_one_transaction() {
    let (_world, alice) = World::solo();
    alice.run("set db_pool_size 40 --reason x").exits(0);
    alice.run(&format!("set {HIGH} 5050 --reason x")).exits(0);
    let ids = alice.run("cr list --restart-pending -o name").ok().replace('\n', " ");
    refused(&alice, &format!("cr restarted {ids} 1"), 5, "does not wait");
    assert_eq!(alice.run("cr list --restart-pending -o name").ok().lines().count(), 2);
    alice.run(&format!("cr restarted {ids}")).exits(0);
    assert_eq!(alice.run("cr list --restart-pending -o name").ok(), "");
}

#[test]
fn what_auditors_ask_for_is_exported_numbered_without_gaps() {
    let Team { world, alice, dave, erin, frank, .. } = World::team();
    let number = executed(&frank, &dave);
    frank.run("set server.name web --reason '=cmd|calc, \"quoted\" | *bold* <b>'").exits(0);
    erin.run(&format!(
        "emergency set {LOW} debug --reason r --justification j --approver dave --answer local"
    ))
    .exits(0);
    dave.run(&format!("cr review {number} --objectives-met yes")).exits(0);
    let all = alice.run("cr export -o json").json();
    assert_eq!(all["identity_asserted"], true);
    let numbers: Vec<i64> =
        all["items"].as_array().unwrap().iter().map(|item| item["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());

    let csv = alice.run("cr export -o csv").ok();
    assert_eq!(csv, alice.run("cr export").ok());
    assert_eq!(csv.matches("\r\n").count(), numbers.len() + 1);
    let row = |of: &str| csv.lines().find(|line| line.starts_with(&format!("{of},"))).unwrap().to_owned();
    let high = row(&number);
    for part in [
        "set,completed,high",
        "OPS-1",
        "approved by dave (senior-admin, uid:1003) 2026",
        "staging-run.log sha256:",
        "server.port: - → 5050",
        "by dave (uid:1003)",
        "objectives met",
        "true",
    ] {
        assert!(high.contains(part), "{part} in {high}");
    }
    assert!(csv.contains("\"'=cmd|calc, \"\"quoted\"\" | *bold* <b>\""), "{csv}");
    assert!(csv.contains("no approval was asked for; asked dave (no answer yet); justified: j"), "{csv}");

    let md = alice.run("cr export -o md").ok();
    assert!(md.starts_with("# Changes\n\nIdentity is asserted"), "{md}");
    assert_eq!(md.matches("\n## Change ").count(), numbers.len());
    assert!(md.contains(r#"| reason | =cmd\|calc, "quoted" \| \*bold\* &lt;b&gt; |"#), "{md}");
    // From a time on, and until one.
    world.pass(3600);
    frank.run("set server.name web-2 --reason later").exits(0);
    assert_eq!(alice.run("cr export --since 30m -o name").ok().lines().count(), 1);
    assert_eq!(alice.run("cr export --until 30m -o name").ok().lines().count(), numbers.len());
    assert_eq!(alice.run("cr export -o ndjson").ok().lines().count(), numbers.len() + 1);
    alice.run("cr export -o raw").refused(2, "an export is none");
    for line in ["cr list -o csv", "set log_level warn --reason x -o md"] {
        alice.run(line).refused(2, "csv and md are for exports");
    }
    assert_eq!(alice.run("get log_level").ok(), "debug\n");
    assert_eq!(
        calm(&alice.run("audit export -o csv").ok()).lines().next(),
        calm(&alice.run("audit export --csv").ok()).lines().next()
    );
}
