//! What an approval counts for: these very items, this person's present role, the policy in force.

use super::{CRITICAL, HIGH, LOW, MEDIUM, attach, audit, pending, refused, shown};
use crate::harness::{Team, User, World};

/// The starter manifest with a line of its policy replaced, in force.
fn put_in_force(alice: &User, from: &str, to: &str) {
    let text = alice.run("manifest show -o raw").ok();
    assert!(text.contains(from), "{text}");
    alice.world.file("next.yaml", text.replace(from, to));
    alice.run("manifest apply next.yaml --reason 'as decided'").ok();
}

/// Design §3.2.
#[test]
fn an_approval_is_bound_to_the_digest_that_was_looked_at() {
    let Team { dave, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    let digest = shown(&dave, &id)["digest"].as_str().unwrap().to_owned();
    refused(
        &dave,
        &format!("cr approve {id} --expect {}", digest.replace(&digest[..4], "0000")),
        5,
        "no longer the one",
    );
    dave.run(&format!("cr approve {id} --expect {digest}")).ok();
    let given = &shown(&frank, &id)["approvals"][0];
    assert_eq!(
        (&given["member"], &given["role"], &given["proof"]),
        (&"dave".into(), &"senior-admin".into(), &"uid:1003".into())
    );
    assert_eq!(given["counts"], true);
}

/// Design §3.2: a change whose paths have moved is stale.
#[test]
fn what_another_change_has_overtaken_is_neither_approved_nor_executed() {
    let Team { erin, frank, dave, .. } = World::team();
    let late = pending(&frank, &format!("set {MEDIUM} 150 --reason first"));
    let later = pending(&frank, &format!("set {MEDIUM} 160 --reason second"));
    erin.run(&format!("cr approve {late}")).ok();
    erin.run(&format!("set {MEDIUM} 90 --reason 'meanwhile'")).ok();
    refused(
        &frank,
        &format!("cr execute {late}"),
        5,
        &format!("is stale. {MEDIUM} changed: erin did at version 2."),
    );
    refused(&erin, &format!("cr approve {later}"), 5, "is stale");
    let seen = shown(&dave, &late);
    assert_eq!(seen["stale"], true);
    assert!(seen["next"].as_str().unwrap().starts_with("cfgctl change-request comment"), "{seen}");
    assert_eq!(shown(&frank, &late)["next"], format!("cfgctl change-request refresh {late}"));
    frank.run(&format!("cr cancel {late} --reason stale")).ok();
    // What moves elsewhere makes nothing stale.
    let other = pending(&frank, "set uploads.max_size 30 --reason x");
    frank.run(&format!("set {LOW} debug --reason x")).ok();
    erin.run(&format!("cr approve {other} --execute")).exits(0);
}

#[test]
fn approving_executes_only_where_that_is_asked_and_nothing_is_missing() {
    let Team { dave, erin, frank, .. } = World::team();
    let high = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    let early = dave.run(&format!("cr approve {high} --execute"));
    early.exits(8);
    assert!(early.err.contains("not executed yet"), "{}", early.err);
    attach(&frank, &high);
    assert_eq!(frank.run(&format!("get {HIGH}")).ok(), "4949\n");
    dave.run(&format!("cr approve {high} --execute")).exits(0);
    assert_eq!(frank.run(&format!("get {HIGH}")).ok(), "5050\n");
    let medium = pending(&frank, &format!("set {MEDIUM} 150 --reason x"));
    erin.run(&format!("cr approve {medium} --execute")).exits(0);
    assert_eq!(shown(&frank, &medium)["executed_by"], "erin");
}

#[test]
fn its_requester_or_an_admin_executes_a_request_and_no_other_operator() {
    let Team { world, alice, erin, frank, .. } = World::team();
    let code = alice.run("member invite heidi --role operator --uid 1007 --reason growing").ok();
    let heidi = world.user("heidi", 1007);
    heidi.run(&format!("member join {}", code.trim())).ok();
    let first = pending(&frank, &format!("set {MEDIUM} 150 --reason x"));
    let second = pending(&frank, "set uploads.max_size 30 --reason x");
    for id in [&first, &second] {
        erin.run(&format!("cr approve {id}")).ok();
        refused(&heidi, &format!("cr execute {id}"), 4, "executing somebody else's change asks for admin");
    }
    frank.run(&format!("cr execute {first}")).exits(0);
    erin.run(&format!("cr execute {second}")).exits(0);
    refused(&frank, &format!("cr execute {first}"), 5, "is completed already");
}

/// An approval counts by the role its giver has now.
#[test]
fn who_lost_the_role_or_left_counts_no_more() {
    for loss in ["member role dave admin --reason 'new duties'", "member remove dave --reason 'left'"] {
        let Team { alice, bob, dave, frank, .. } = World::team();
        let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
        attach(&frank, &id);
        dave.run(&format!("cr approve {id}")).ok();
        alice.run(loss).ok();
        refused(
            &frank,
            &format!("cr execute {id}"),
            6,
            "lacks 1 approval by senior-admin, not the requester",
        );
        assert_eq!(shown(&frank, &id)["approvals"][0]["counts"], false, "{loss}");
        bob.run(&format!("cr approve {id} --execute")).exits(0);
    }
}

/// Who loses the role of an operator executes nothing, not even their own.
#[test]
fn a_requester_who_became_a_viewer_executes_nothing() {
    let Team { alice, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {MEDIUM} 150 --reason x"));
    erin.run(&format!("cr approve {id}")).ok();
    alice.run("member role frank viewer --reason leave").ok();
    refused(&frank, &format!("cr execute {id}"), 4, "executing a change asks for operator");
}

/// Design §3.2: a stricter policy in force holds what an older one let through.
#[test]
fn a_stricter_policy_holds_what_an_older_one_let_through() {
    let Team { alice, dave, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {MEDIUM} 150 --reason x"));
    erin.run(&format!("cr approve {id}")).ok();
    put_in_force(
        &alice,
        "medium:   {approvals: [{role: admin, count: 1}], own: true,",
        "medium:   {approvals: [{role: senior-admin, count: 1}], own: true,",
    );
    refused(&frank, &format!("cr execute {id}"), 6, "lacks 1 approval by senior-admin");
    dave.run(&format!("cr approve {id} --execute")).exits(0);
    // The risk of a path that the manifest raises counts as well.
    let other = pending(&frank, "set uploads.max_size 30 --reason x");
    dave.run(&format!("cr approve {other}")).ok();
    put_in_force(&alice, "default: 25, unit: MiB, risk: medium", "default: 25, unit: MiB, risk: high");
    refused(&frank, &format!("cr execute {other}"), 6, "its risk is high by now");
}

/// A milder policy lets nothing through that was asked for under a stricter one.
#[test]
fn a_milder_policy_does_not_lower_what_a_request_was_told_it_needs() {
    let Team { alice, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {MEDIUM} 150 --reason x"));
    put_in_force(
        &alice,
        "medium:   {approvals: [{role: admin, count: 1}], own: true,",
        "medium:   {approvals: [], own: true,",
    );
    refused(&frank, &format!("cr execute {id}"), 6, "lacks 1 approval by admin");
}

#[test]
fn a_rejection_needs_a_reason_and_ends_the_request() {
    let Team { dave, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    refused(&dave, &format!("cr reject {id}"), 2, "A reason is required");
    dave.run(&format!("cr reject {id} --reason 'not before the peak'")).exits(0);
    let view = shown(&frank, &id);
    assert_eq!((&view["state"], &view["ended_because"]), (&"rejected".into(), &"not before the peak".into()));
    for line in [format!("cr execute {id}"), format!("cr approve {id}"), format!("cr cancel {id} --reason x")]
    {
        refused(&dave, &line, 5, "is rejected already");
    }
    frank.run(&format!("cr wait {id}")).exits(6);
}

#[test]
fn one_takes_ones_own_request_back_and_an_admin_anybodys() {
    let Team { bob, erin, frank, .. } = World::team();
    let own = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    frank.run(&format!("cr cancel {own} --reason 'solved otherwise'")).exits(0);
    let others = pending(&bob, &format!("set {CRITICAL} 90 --reason x --rollback-plan y"));
    refused(&frank, &format!("cr cancel {others} --reason x"), 4, "asks for admin");
    erin.run(&format!("cr cancel {others} --reason 'bob is away'")).exits(0);
    for id in [own, others] {
        assert_eq!(shown(&frank, &id)["state"], "cancelled");
    }
    assert_eq!(frank.run("cr list -o json").json()["items"], serde_json::json!([]));
}

/// A request ends after 14 days, and nobody has to write that down.
#[test]
fn a_request_that_nobody_decides_expires_after_14_days() {
    let Team { world, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {MEDIUM} 150 --reason x"));
    let ready = pending(&frank, "set uploads.max_size 30 --reason x");
    erin.run(&format!("cr approve {ready}")).ok();
    world.pass(14 * 86_400 - 60);
    assert_eq!(shown(&frank, &id)["state"], "pending");
    world.pass(120);
    assert_eq!(shown(&frank, &id)["state"], "expired");
    refused(&erin, &format!("cr approve {id}"), 6, "expired: nobody decided within its time");
    refused(&frank, &format!("cr execute {ready}"), 6, "expired");
    frank.run(&format!("cr wait {id}")).exits(6);
    // Asked for again, it is a request of its own.
    assert_ne!(pending(&frank, &format!("set {MEDIUM} 150 --reason again")), id);
}

/// Every decision is on record with who made it and how they proved who they are.
#[test]
fn each_decision_is_on_record() {
    let Team { world, alice, dave, frank, .. } = World::team();
    let from = audit(&world).len();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    attach(&frank, &id);
    dave.run(&format!("cr approve {id}")).ok();
    refused(&frank, "cr approve 9", 4, "asks for senior-admin");
    frank.run(&format!("cr execute {id}")).exits(0);
    let told: Vec<String> = audit(&world)[from..]
        .iter()
        .filter(|entry| entry[2].starts_with("change."))
        .map(|[actor, proof, action, outcome, _]| format!("{actor} {proof} {action} {outcome}"))
        .collect();
    assert_eq!(
        told,
        [
            "frank uid:1005 change.request done",
            "frank uid:1005 change.test done",
            "dave uid:1003 change.approve done",
            "frank uid:1005 change.approve refused",
            "frank uid:1005 change.execute done",
        ]
    );
    alice.run("audit verify --full").ok();
}
