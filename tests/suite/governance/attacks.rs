//! What somebody tries who wants a value changed without the approvals that its risk demands (docs/security.md).

use super::{HIGH, LOW, MEDIUM, attach, pending, refused, shown};
use crate::harness::{Team, User, World};

fn with_manifest(alice: &User, from: &str, to: &str) {
    let manifest = alice.run("manifest show -o raw").ok();
    assert!(manifest.contains(from), "the starter manifest has no {from}");
    let file = alice.world.file("changed.yaml", manifest.replace(from, to));
    alice.run(&format!("manifest apply {} --reason policy", file.display())).exits(0);
}

/// An admin's own approval counts for medium changes; an operator to whom they delegated gives no such approval.
#[test]
fn what_is_lent_lifts_nobody_for_their_own_request() {
    let Team { erin, frank, .. } = World::team();
    erin.run("member delegate frank --until 2026-11-25T09:00:00Z --reason 'on leave'").exits(0);
    let own = pending(&frank, &format!("set {MEDIUM} 150 --reason x"));
    refused(&frank, &format!("cr approve {own} --execute"), 4, "asks for admin");
    assert_eq!(frank.run(&format!("get {MEDIUM}")).ok(), "120\n");
}

/// A scheduled change is the wish of whoever scheduled it, as long as they may have it.
#[test]
fn what_somebody_scheduled_who_has_left_is_not_executed() {
    let Team { world, alice, dave, frank, grace, .. } = World::team();
    let id = pending(&frank, &format!("set {LOW} debug --schedule 2026-11-22T03:00:00Z --reason x"));
    alice.run("member remove frank --reason 'left'").exits(0);
    world.pass(24 * 3600);
    let done = grace.run("cr execute --due");
    assert!(done.exits(1).out.contains("frank scheduled it, and may no longer execute it"), "{}", done.out);
    assert_eq!(dave.run(&format!("get {LOW}")).ok(), "info\n");
    // Nothing of it is left to become due; who may have it asks for it again.
    grace.run("cr execute --due").exits(0);
    dave.run(&format!("cr schedule {id} --at 2026-11-22T12:00:00Z")).exits(0);
    world.pass(24 * 3600);
    grace.run("cr execute --due").exits(0);
    assert_eq!(dave.run(&format!("get {LOW}")).ok(), "debug\n");
}

/// Taking back passes freezes; what an edit made of it does not.
#[test]
fn an_undo_that_was_edited_passes_no_freeze() {
    let Team { alice, erin, frank, .. } = World::team();
    erin.run(&format!("set {MEDIUM} 150 --reason x")).exits(0);
    with_manifest(
        &alice,
        "windows:\n",
        "windows:\n  - {name: peak, allow: false, from: \"2026-11-20\", to: \"2026-12-30\", zone: UTC}\n",
    );
    let id = pending(&frank, "undo 9 --reason x");
    frank.run(&format!("cr edit {id} {MEDIUM}=160")).exits(0);
    assert_eq!(shown(&frank, &id)["kind"], "batch");
    erin.run(&format!("cr approve {id} --execute")).exits(8);
    assert_eq!(frank.run(&format!("get {MEDIUM}")).ok(), "150\n");
    // As it was asked for, it passes.
    erin.run("undo 9 --reason x").exits(0);
}

/// Going back asks for less than going forward, but not to what nobody but its author agreed to.
#[test]
fn what_only_an_emergency_put_in_force_is_no_value_to_go_back_to() {
    let Team { dave, erin, .. } = World::team();
    let said = "--reason x --justification y --approver dave --answer local";
    erin.run(&format!("emergency set {HIGH} 5050 {said}")).exits(0);
    dave.run("undo 9 --reason 'nobody asked me'").exits(0);
    let again = pending(&erin, "undo 10 --reason 'it was right'");
    assert_eq!(shown(&erin, &again)["missing"][0]["role"], "senior-admin");
    // Once a review says that it was right, it is like any other.
    dave.run("emergency review 9 --happened x --right yes --solution y").exits(0);
    erin.run("undo 10 --reason 'it was right'").exits(0);
    assert_eq!(dave.run(&format!("get {HIGH}")).ok(), "5050\n");
}

/// A refresh that keeps approvals keeps the end, too.
#[test]
fn a_request_is_not_kept_alive_for_ever_with_old_approvals() {
    let Team { world, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {MEDIUM} 150 --reason x"));
    erin.run(&format!("cr approve {id}")).exits(0);
    world.pass(13 * 86_400);
    frank.run(&format!("cr refresh {id}")).exits(0);
    world.pass(2 * 86_400);
    refused(&frank, &format!("cr execute {id}"), 6, "expired");
}

/// Where a policy asks another admin and sets a higher role for going back, going back is not one admin's alone.
#[test]
fn going_back_gives_nobody_an_approval_of_their_own_below_the_role_that_the_policy_names() {
    let Team { alice, dave, erin, .. } = World::team();
    with_manifest(&alice, "count: 1}], own: true", "count: 1}], own: false");
    with_manifest(&alice, "within: 30d, role: admin", "within: 30d, role: senior-admin");
    let id = pending(&erin, &format!("set {MEDIUM} 150 --reason x"));
    dave.run(&format!("cr approve {id} --execute")).exits(0);
    let back = pending(&erin, &format!("undo {id} --reason x"));
    refused(&erin, &format!("cr approve {back}"), 6, "may not approve it too");
}

/// Evidence is bound to what it was attached to, like an approval.
#[test]
fn evidence_given_before_an_edit_counts_no_more() {
    let Team { dave, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    attach(&frank, &id);
    frank.run(&format!("cr edit {id} {HIGH}=6060")).exits(0);
    dave.run(&format!("cr approve {id} --execute")).exits(8);
    refused(&frank, &format!("cr execute {id}"), 6, "lacks evidence of a staging test");
}

/// What is said of a request is edited without naming a value, and a draft is finished so.
#[test]
fn a_draft_is_submitted_as_it_is() {
    let Team { frank, .. } = World::team();
    let id = frank.run(&format!("cr create {MEDIUM} 150 --draft --reason x -o name"));
    let id = id.out.trim().to_owned();
    frank.run(&format!("cr edit {id} --title 'Longer sessions'")).exits(0);
    assert_eq!(shown(&frank, &id)["state"], "draft");
    frank.run(&format!("cr edit {id} --submit")).exits(0);
    assert_eq!(shown(&frank, &id)["state"], "pending");
}

/// Nobody was asked about a draft, so nothing executes it.
#[test]
fn a_draft_is_not_executed_when_its_time_comes() {
    let Team { world, frank, .. } = World::team();
    let id = frank.run(&format!("cr create {LOW} debug --draft --reason x -o name"));
    frank.run(&format!("cr schedule {} --at 2026-11-21T10:00:00Z", id.out.trim())).exits(0);
    world.pass(2 * 3600);
    assert!(frank.run("settle").exits(1).out.contains("is still a draft"));
    assert_eq!(frank.run(&format!("get {LOW}")).ok(), "info\n");
}
