//! Going back: values that history proves were in force lately ask for less (design.md §7).

use super::{CRITICAL, HIGH, LOW, MEDIUM, attach, pending, refused, shown};
use crate::harness::{Team, World};

/// A high change by frank, approved by dave and executed.
fn high(team: &Team, value: u32) {
    let id = pending(&team.frank, &format!("set {HIGH} {value} --reason x"));
    attach(&team.frank, &id);
    team.dave.run(&format!("cr approve {id} --execute")).exits(0);
}

/// B7.
#[test]
fn values_of_the_last_30_days_come_back_with_one_admins_own_approval() {
    let team = World::team();
    high(&team, 5050);
    team.world.pass(20 * 86_400);
    // An operator asks an admin, whose approval is enough and needs no evidence.
    let id = pending(&team.frank, "rollback --version 1 --reason 'errors since'");
    assert_eq!(
        shown(&team.frank, &id)["missing"],
        serde_json::json!([{"what": "approvals", "role": "admin", "missing": 1, "other_than_requester": false}])
    );
    team.erin.run(&format!("cr approve {id} --execute")).exits(0);
    assert_eq!(team.frank.run(&format!("get {HIGH}")).ok(), "4949\n");
    // An admin's own is done at once, and so is undoing it.
    high(&team, 6060);
    let undone = team.erin.run("-o json undo 11 --reason 'errors again'");
    undone.exits(0);
    assert_eq!(team.frank.run(&format!("get {HIGH}")).ok(), "4949\n");
    let redone = undone.json()["change"]["number"].as_i64().unwrap();
    team.erin.run(&format!("undo {redone} --reason 'it was something else'")).exits(0);
    assert_eq!(team.frank.run(&format!("get {HIGH}")).ok(), "6060\n");
}

/// B7.
#[test]
fn values_that_were_in_force_longer_ago_are_changed_like_any() {
    let team = World::team();
    high(&team, 5050);
    team.world.pass(31 * 86_400);
    let id = pending(&team.erin, "rollback --version 1 --reason 'the old port'");
    assert_eq!(shown(&team.erin, &id)["demand"]["approvals"][0]["role"], "senior-admin");
    assert_eq!(shown(&team.erin, &id)["missing"].as_array().unwrap().len(), 2);
    refused(
        &team.erin,
        &format!("cr execute {id}"),
        6,
        "lacks 1 approval by senior-admin, not the requester; evidence",
    );
}

/// What replaced it counts until it was replaced: an old value that was in force until yesterday is proven.
#[test]
fn an_old_value_that_held_until_lately_is_proven() {
    let team = World::team();
    high(&team, 5050);
    team.world.pass(90 * 86_400);
    high(&team, 6060);
    team.world.pass(86_400);
    team.erin.run("rollback --steps 1 --reason 'back to yesterday'").exits(0);
    assert_eq!(team.frank.run(&format!("get {HIGH}")).ok(), "5050\n");
}

#[test]
fn a_critical_value_comes_back_with_one_of_the_board() {
    let Team { world, bob, carol, dave, alice, frank, erin, .. } = World::team();
    // Critical changes need an open window, and the starter's is at night.
    world.pass(14 * 3600);
    let id = pending(&bob, &format!("set {CRITICAL} 90 --reason x --rollback-plan y"));
    attach(&dave, &id);
    alice.run(&format!("cr approve {id}")).ok();
    carol.run(&format!("cr approve {id} --execute")).exits(0);
    let asked = pending(&erin, "undo 9 --reason 'keys rotate too often'");
    refused(&dave, &format!("cr approve {asked}"), 4, "asks for board");
    erin.run(&format!("cr cancel {asked} --reason x")).ok();
    bob.run("undo 9 --reason 'keys rotate too often'").exits(0);
    assert_eq!(frank.run(&format!("get {CRITICAL}")).ok(), "365\n");
}

/// Low and medium ask for no more than they ever do.
#[test]
fn going_back_never_asks_for_more_than_a_set_would() {
    let Team { erin, frank, .. } = World::team();
    frank.run(&format!("set {LOW} debug --reason x")).ok();
    frank.run("undo 9 --reason x").exits(0);
    erin.run(&format!("set {MEDIUM} 150 --reason x")).ok();
    let id = pending(&frank, "undo 11 --reason x");
    erin.run(&format!("cr approve {id} --execute")).exits(0);
    assert_eq!(frank.run(&format!("get {MEDIUM}")).ok(), "120\n");
}

/// What a later change overtook is not undone over its head.
#[test]
fn a_change_that_another_followed_is_not_undone_alone() {
    let Team { frank, erin, .. } = World::team();
    frank.run(&format!("set {LOW} debug --reason x")).ok();
    erin.run(&format!("set {LOW} warn --reason y")).ok();
    let error = refused(&frank, "undo 9 --reason x", 5, "log_level has changed since change 9: erin did");
    assert!(
        error["hint"].as_str().unwrap().contains("cfgctl rollback --version 1 --path log_level"),
        "{error}"
    );
}
