//! Tokens: shown once, made by their own member, renewed, expired, revoked.

use super::{LOW, audit, refused};
use crate::harness::{Team, User, World};

fn bearing(world: &World, token: &str) -> User {
    world.user("somebody", 4000).with("CFGCTL_TOKEN", token.trim())
}

/// The numbers and states of the tokens that somebody sees.
fn listed(user: &User, words: &str) -> Vec<(i64, String, String)> {
    let items = user.run(&format!("member token list {words} -o json")).json()["items"].clone();
    let row = |item: &serde_json::Value| {
        let text = |name: &str| item[name].as_str().unwrap().to_owned();
        (item["number"].as_i64().unwrap(), text("member"), text("state"))
    };
    items.as_array().unwrap().iter().map(row).collect()
}

#[test]
fn a_token_is_its_members_and_is_never_shown_again() {
    let Team { world, frank, .. } = World::team();
    let token = frank.run("member token").ok();
    bearing(&world, &token).run(&format!("set {LOW} debug --reason x")).ok();
    let secret = token.trim().trim_start_matches("cfgctl_");
    let seen =
        [frank.run("member token list --all -o json").ok(), frank.run("audit list -o json").ok()].concat();
    assert!(!seen.contains(secret));
    let file = std::fs::read(world.store()).unwrap();
    let log = std::fs::read(world.store().with_extension("db-wal")).unwrap_or_default();
    for held in [file, log] {
        assert!(
            !held.windows(secret.len()).any(|part| part == secret.as_bytes()),
            "the store holds the token itself"
        );
    }
}

#[test]
fn renewing_with_a_token_ends_that_token() {
    let Team { world, frank, .. } = World::team();
    let first = frank.run("member token").ok();
    let renewed = bearing(&world, &first).run("member token");
    let second = renewed.ok();
    assert!(!renewed.err.contains("warning"), "{}", renewed.err);
    refused(&bearing(&world, &first), &format!("set {LOW} debug --reason x"), 4, "is revoked");
    bearing(&world, &second).run(&format!("set {LOW} debug --reason x")).ok();
    // Asked for as the machine's user, a new token ends none.
    frank.run("member token").ok();
    bearing(&world, &second).run("status").ok();
}

#[test]
fn a_token_with_an_end_ends() {
    let Team { world, frank, .. } = World::team();
    let token = frank.run("member token --expires-in 8h").ok();
    let bearer = bearing(&world, &token);
    world.pass(8 * 3600 - 60);
    bearer.run(&format!("set {LOW} debug --reason x")).ok();
    world.pass(120);
    refused(&bearer, &format!("set {LOW} warn --reason x"), 4, "is expired");
    assert!(listed(&frank, "--all").iter().any(|(_, member, state)| member == "frank" && state == "expired"));
    assert!(listed(&frank, "").iter().all(|(_, _, state)| state == "active"));
}

#[test]
fn one_lists_and_revokes_ones_own_and_an_owner_everybodys() {
    let Team { world, alice, bob, frank, .. } = World::team();
    let token = frank.run("member token").ok();
    assert!(listed(&frank, "--all").iter().all(|(_, member, _)| member == "frank"));
    assert!(listed(&alice, "").len() >= 7, "an owner sees everybody's");
    let (number, ..) = *listed(&frank, "").last().unwrap();
    refused(
        &bob,
        &format!("member token revoke {number} --reason x"),
        4,
        "somebody else's token is the owner's",
    );
    refused(&frank, &format!("member token revoke {number}"), 2, "A reason is required");
    alice.run(&format!("member token revoke {number} --reason 'lost laptop'")).ok();
    refused(
        &bearing(&world, &token),
        &format!("set {LOW} debug --reason x"),
        4,
        &format!("The token number {number} is revoked"),
    );
    refused(&alice, &format!("member token revoke {number} --reason x"), 5, "is revoked already");
    let [actor, _, action, _, detail] =
        audit(&world).iter().rev().find(|entry| entry[3] == "done").unwrap().clone();
    assert_eq!([actor.as_str(), &action], ["alice", "token.revoke"]);
    assert!(detail.contains("lost laptop"));
    world.pass(60);
    let mine = frank.run("member token").ok();
    let (number, ..) = *listed(&frank, "").last().unwrap();
    frank.run(&format!("member token revoke {number} --reason 'no longer used'")).ok();
    refused(&bearing(&world, &mine), &format!("set {LOW} debug --reason x"), 4, "is revoked");
}

/// Two people are two people: nobody makes a token for somebody else, not even an owner.
#[test]
fn nobody_makes_a_token_for_somebody_else_but_for_the_program_they_answer_for() {
    let Team { world, alice, bob, .. } = World::team();
    for whose in ["bob", "frank", "grace"] {
        refused(&alice, &format!("member token {whose}"), 4, "nobody makes a token for somebody else");
    }
    alice.run("member role bob --owner --reason 'a second owner'").ok();
    bob.run("member add-program deploy --role operator --reason pipeline").ok();
    refused(
        &alice,
        "member token deploy",
        4,
        "bob answers for the program deploy, and only they make its token",
    );
    let token = bob.run("member token deploy").ok();
    bearing(&world, &token).run(&format!("set {LOW} debug --reason x")).ok();
    assert!(listed(&bob, "").iter().any(|(_, member, _)| member == "deploy"));
    refused(&alice, "member remove bob --reason x", 6, "bob answers for the program deploy");
    alice.run("member remove deploy --reason 'no pipeline'").ok();
    refused(&bearing(&world, &token), &format!("set {LOW} warn --reason x"), 4, "is revoked");
    alice.run("member remove bob --reason left").ok();
}

/// A token file that others may read is no secret any more.
#[test]
fn a_token_file_must_be_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let Team { world, frank, .. } = World::team();
    let file = world.file("token", frank.run("member token").ok());
    let elsewhere = world.user("somebody", 4000);
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o600);
    elsewhere.run(&format!("--token-file token set {LOW} debug --reason x")).ok();
    mode(0o644);
    elsewhere.run(&format!("--token-file token set {LOW} warn --reason x")).refused(4, "open to others");
}
