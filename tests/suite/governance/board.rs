//! The board decides about members and manifest: two people, and no way round.

use super::tools::{govern, manifest, state};
use super::{HIGH, attach, pending, refused, shown};
use crate::harness::{Team, User, World};
use serde_json::Value;

const BY_OWNER: &str = "governance: owner";
const BY_BOARD: &str = "governance: board";

/// A team whose board decides.
fn team() -> Team {
    let team = World::team();
    govern(&team.alice, &[(BY_OWNER, BY_BOARD)]);
    team
}

/// Runs a line whose change the board must approve, and gives the request's id.
#[track_caller]
fn asked(user: &User, line: &str) -> String {
    let ran = user.run(&format!("-o json {line}"));
    ran.exits(8);
    ran.json()["awaits"]["id"].as_str().unwrap_or_else(|| panic!("{}: {}", ran.line, ran.out)).to_owned()
}

/// Approves and executes a request to the board.
#[track_caller]
fn decide(approver: &User, owner: &User, id: &str) {
    approver.run(&format!("cr approve {id}")).ok();
    owner.run(&format!("cr execute {id}")).exits(0);
}

/// P1, design §3.3.
#[test]
fn every_change_of_members_waits_for_another_of_the_board() {
    let Team { world, alice, bob, carol, dave, erin, frank, grace } = team();
    let heidi = world.user("heidi", 1007);
    // An invitation's code is worth nothing before the board has decided.
    let ran = alice.run("-o json member invite heidi --role operator --uid 1007 --reason growing");
    ran.exits(8);
    let (code, id) = (
        ran.json()["code"].as_str().unwrap().to_owned(),
        ran.json()["awaits"]["id"].as_str().unwrap().to_owned(),
    );
    refused(&heidi, &format!("member join {code}"), 4, "not one that this store knows");
    refused(&alice, &format!("cr approve {id}"), 6, "alice asked for this change");
    for user in [&dave, &erin, &frank, &grace] {
        refused(user, &format!("cr approve {id}"), 4, "asks for board");
    }
    refused(&alice, &format!("cr execute {id}"), 6, "lacks 1 approval by board, not the requester");
    refused(&frank, &format!("cr execute {id}"), 4, "asks for admin");
    decide(&bob, &alice, &id);
    heidi.run(&format!("member join {code}")).ok();
    refused(&heidi, &format!("member join {code}"), 4, "is used");
    // A role, an owner, a program, a removal: none happens before it is decided, and a rejected one never.
    let role_of = |name: &str| {
        let items = grace.run("member list -o json").json()["items"].clone();
        items
            .as_array()
            .unwrap()
            .iter()
            .find(|member| member["name"] == name)
            .map(|member| member["role"].clone())
    };
    let role = asked(&alice, "member role erin senior-admin --reason 'takes over'");
    assert_eq!(role_of("erin"), Some("admin".into()));
    decide(&carol, &alice, &role);
    assert_eq!(role_of("erin"), Some("senior-admin".into()));
    let program = asked(&alice, "member add-program deploy --role operator --reason pipeline");
    assert_eq!(role_of("deploy"), None);
    bob.run(&format!("cr reject {program} --reason 'no programs here'")).exits(0);
    refused(&alice, &format!("cr execute {program}"), 5, "is rejected already");
    assert_eq!(role_of("deploy"), None);
    let removal = asked(&alice, "member remove heidi --reason left");
    decide(&bob, &bob, &removal);
    assert_eq!(role_of("heidi"), None);
    refused(&heidi, "set log_level debug --reason x", 4, "is no member");
    alice.run("audit verify --full").ok();
}

/// Design §3.3: raising oneself, adding a second self, loosening the policy take two people.
#[test]
fn an_owner_alone_raises_nobody_adds_no_second_self_and_loosens_nothing() {
    let Team { world, alice, bob, carol, erin, grace, .. } = team();
    let owner = asked(&alice, "member role erin --owner --reason 'a second owner'");
    decide(&bob, &alice, &owner);
    let own = asked(&erin, "member role erin board --reason 'I should be'");
    refused(&erin, &format!("cr approve {own}"), 4, "asks for board");
    refused(&erin, &format!("cr execute {own}"), 6, "lacks 1 approval by board");
    erin.run(&format!("cr cancel {own} --reason 'they said no'")).exits(0);
    // The same user of the machine is one member, and who is a member redeems no other's invitation.
    refused(
        &alice,
        "member invite alias --role board --uid 1000 --reason x",
        5,
        "The user 1000 is alice already",
    );
    let ran = alice.run("-o json member invite alias --role board --reason x");
    ran.exits(8);
    let id = ran.json()["awaits"]["id"].as_str().unwrap().to_owned();
    refused(&alice, &format!("cr approve {id}"), 6, "may not approve it too");
    decide(&bob, &alice, &id);
    let code = ran.json()["code"].as_str().unwrap().to_owned();
    refused(&alice, &format!("member join {code}"), 4, "you are alice already");
    // Looser demands, and no more board: each is a request itself.
    manifest(
        &alice,
        "loose.yaml",
        &[("high:     {approvals: [{role: senior-admin, count: 1}]", "high:     {approvals: []")],
    );
    manifest(&alice, "off.yaml", &[(BY_BOARD, BY_OWNER)]);
    for file in ["loose.yaml", "off.yaml"] {
        let id = asked(&alice, &format!("manifest apply {file} --reason x"));
        refused(&alice, &format!("cr approve {id}"), 6, "may not approve it too");
        refused(&alice, &format!("cr execute {id}"), 6, "lacks 1 approval by board");
        refused(&erin, &format!("cr execute {id}"), 6, "lacks 1 approval by board");
        carol.run(&format!("cr reject {id} --reason no")).exits(0);
    }
    assert!(grace.run("manifest show -o raw").ok().contains(BY_BOARD));
    // Decided by two, it is off, and the owner decides alone again.
    let off = asked(&alice, "manifest apply off.yaml --reason 'we trust alice'");
    decide(&carol, &alice, &off);
    assert!(grace.run("manifest show -o raw").ok().contains(BY_OWNER));
    alice.run("member role grace operator --reason growing").ok();
    world.user("zoe", 1010).run(&format!("member join {code}")).ok();
    alice.run("audit verify --full").ok();
}

/// Design §3.3: it is on as soon as there are two of the board, and there stay two.
#[test]
fn the_board_decides_as_soon_as_it_is_two_and_is_never_fewer_again() {
    let (world, alice) = World::solo();
    govern(
        &alice,
        &[
            (BY_OWNER, BY_BOARD),
            (
                "critical: {approvals: [{role: board, count: 2}]",
                "critical: {approvals: [{role: board, count: 1}]",
            ),
        ],
    );
    let join = |name: &str, uid: u32, code: &str| {
        let user = world.user(name, uid);
        user.run(&format!("member join {}", code.trim())).ok();
        user
    };
    // Alone, the owner decides alone.
    let code = alice.run("member invite bob --role board --uid 1001 --end-solo --reason x").ok();
    let bob = join("bob", 1001, &code);
    // Two now: the third is asked for.
    let ran = alice.run("-o json member invite carol --role board --uid 1002 --reason x");
    ran.exits(8);
    decide(&bob, &alice, ran.json()["awaits"]["id"].as_str().unwrap());
    let carol = join("carol", 1002, ran.json()["code"].as_str().unwrap());
    let removal = asked(&alice, "member remove carol --reason left");
    decide(&bob, &alice, &removal);
    refused(&carol, "set log_level debug --reason x", 4, "is no member");
    for line in ["member remove bob --reason x", "member role bob senior-admin --reason x"] {
        let id = asked(&alice, line);
        bob.run(&format!("cr approve {id}")).ok();
        refused(&alice, &format!("cr execute {id}"), 6, "nobody present could approve");
        assert_eq!(state(&bob, &id), "approved");
        alice.run(&format!("cr cancel {id} --reason x")).exits(0);
    }
    alice.run("audit verify --full").ok();
}

/// Design §3.2: what is enacted is what was approved, against the members and the manifest that it was made against.
#[test]
fn a_request_to_the_board_is_stale_once_its_member_or_the_manifest_has_moved() {
    let Team { alice, bob, grace, .. } = team();
    let first = asked(&alice, "member role erin senior-admin --reason first");
    let second = asked(&alice, "member role erin operator --reason second");
    decide(&bob, &alice, &second);
    bob.run(&format!("cr approve {first}"));
    refused(&alice, &format!("cr execute {first}"), 5, "is stale: erin has changed since");
    manifest(&alice, "one.yaml", &[("instance: local", "instance: one")]);
    manifest(&alice, "two.yaml", &[("instance: local", "instance: two")]);
    let (one, two) = (
        asked(&alice, "manifest apply one.yaml --reason x"),
        asked(&alice, "manifest apply two.yaml --reason x"),
    );
    for id in [&one, &two] {
        bob.run(&format!("cr approve {id}")).ok();
    }
    // The file is not looked at again: what was approved is what is enacted.
    alice.world.file("one.yaml", "format: 1\ninstance: three\n");
    alice.run(&format!("cr execute {one}")).exits(0);
    assert_eq!(grace.run("status -o json").json()["instance"], "one");
    let error = refused(&alice, &format!("cr execute {two}"), 5, "the manifest in force has changed since");
    alice.run(&super::tools::hinted(&error)).exits(0);
    alice.run("audit verify --full").ok();
}

/// P1: groups that a policy demands together are filled by distinct people.
#[test]
fn a_policy_asks_for_one_senior_admin_and_one_of_a_group() {
    let Team { alice, bob, dave, erin, frank, grace, .. } = World::team();
    govern(
        &alice,
        &[
            (
                "high:     {approvals: [{role: senior-admin, count: 1}]",
                "high:     {approvals: [{role: senior-admin, count: 1}, {group: security, count: 1}]",
            ),
            (BY_OWNER, "governance: owner\n  groups: {security: [dave, grace]}"),
        ],
    );
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    attach(&frank, &id);
    let missing = |id: &str| {
        let missing = shown(&erin, id)["missing"].as_array().unwrap().clone();
        missing
            .iter()
            .map(|lack| lack["group"].as_str().unwrap_or("senior-admin").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(missing(&id), ["senior-admin", "security"]);
    refused(&erin, &format!("cr approve {id}"), 4, "asks for senior-admin or security");
    // Dave is both, and fills one place, not two.
    dave.run(&format!("cr approve {id}")).ok();
    assert_eq!(missing(&id).len(), 1);
    refused(&frank, &format!("cr execute {id}"), 6, "lacks 1 approval by");
    // With a viewer of the group he is the senior admin; with another of the board he is security.
    grace.run(&format!("cr approve {id}")).ok();
    frank.run(&format!("cr execute {id}")).exits(0);
    let other = pending(&frank, &format!("set {HIGH} 6060 --reason x"));
    attach(&frank, &other);
    for user in [&dave, &bob] {
        user.run(&format!("cr approve {other}")).ok();
    }
    frank.run(&format!("cr execute {other}")).exits(0);
    // A group that nobody is in is a demand that nobody could meet.
    manifest(&alice, "nobody.yaml", &[("{security: [dave, grace]}", "{security: [nobody]}")]);
    refused(&alice, "manifest apply nobody.yaml --reason x", 6, "Nobody present could approve high changes");
}

/// Design §2: whoever reads the record later sees who made up the quorum, whatever has become of them since.
#[test]
fn whose_approval_counted_is_on_record_whatever_becomes_of_them() {
    let Team { alice, dave, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    attach(&frank, &id);
    govern(
        &alice,
        &[
            (
                "high:     {approvals: [{role: senior-admin, count: 1}]",
                "high:     {approvals: [{role: senior-admin, count: 1}, {group: security, count: 1}]",
            ),
            (BY_OWNER, "governance: owner\n  groups: {security: [erin]}"),
        ],
    );
    // Erin acts in dave's place until he approves himself: what she says then counts as security's.
    dave.run("member delegate erin --until 2026-12-01T09:00:00Z --reason x").ok();
    for user in [&erin, &dave] {
        user.run(&format!("cr approve {id}")).ok();
    }
    let counts = || {
        let approvals = shown(&frank, &id)["approvals"].clone();
        let counts = |given: &Value| (given["member"].clone(), given["counts"].clone());
        approvals.as_array().unwrap().iter().map(counts).collect::<Vec<_>>()
    };
    let both = [("erin".into(), true.into()), ("dave".into(), true.into())];
    assert_eq!(counts(), both, "erin's is for what the policy in force asks for beside");
    frank.run(&format!("cr execute {id}")).exits(0);
    assert_eq!(counts(), both);
    govern(&alice, &[("{security: [erin]}", "{security: [bob, grace]}")]);
    alice.run("member role dave operator --reason 'elsewhere now'").ok();
    assert_eq!(counts(), both);
    assert!(!alice.run("cr export --since 1d -o csv").ok().contains("(does not count)"));
}

/// A change of the manifest shows its difference, to an auditor who comes a year later too.
#[test]
fn what_a_change_of_the_manifest_did_is_told_part_by_part_for_good() {
    let Team { alice, bob, .. } = World::team();
    govern(&alice, &[("unregistered: high", "unregistered: critical")]);
    govern(&alice, &[(BY_OWNER, BY_BOARD)]);
    let paths = |id: &str| {
        let items = shown(&bob, id)["items"].clone();
        let path = |item: &Value| item["path"].as_str().unwrap().to_owned();
        items.as_array().unwrap().iter().map(path).collect::<Vec<_>>()
    };
    manifest(&alice, "one.yaml", &[("instance: local", "instance: one")]);
    let rejected = asked(&alice, "manifest apply one.yaml --reason x");
    bob.run(&format!("cr reject {rejected} --reason no")).exits(0);
    manifest(&alice, "two.yaml", &[("unregistered: critical", "unregistered: high")]);
    let decided = asked(&alice, "manifest apply two.yaml --reason x");
    decide(&bob, &alice, &decided);
    assert_eq!(paths(&rejected), ["instance"]);
    assert_eq!(paths(&decided), ["policy.unregistered"]);
    let all = bob.run("cr list --all -o json").json()["items"].clone();
    let applied = |change: &&Value| change["reason"] == "as decided";
    let applied: Vec<_> = all.as_array().unwrap().iter().filter(applied).collect();
    let first = applied.iter().map(|change| change["number"].as_i64().unwrap()).min().unwrap();
    let item = shown(&bob, &first.to_string())["items"][0].clone();
    assert_eq!(
        (&item["path"], &item["before"], &item["after"]),
        (&"policy.unregistered".into(), &"high".into(), &"critical".into())
    );
    let exported = bob.run("cr export --since 1d -o csv").ok();
    assert!(exported.contains("policy.unregistered: high → critical"), "{exported}");
}

/// A script goes on with the request that waits; and where the board decides nobody rests on one owner.
#[test]
fn what_waits_for_the_board_is_named_by_its_request() {
    let Team { alice, bob, .. } = team();
    let id = alice.run("member role frank admin --reason x -o name").exits(8).out.trim().to_owned();
    assert_eq!(shown(&alice, &id)["kind"], "member");
    decide(&bob, &alice, &id);
    let attention = alice.run("status -o json").json()["attention"].to_string();
    assert!(!attention.contains("rest with one person"), "{attention}");
}

/// Two open requests for one manifest name each other, and what can no longer be executed looks like that.
#[test]
fn of_two_requests_for_the_manifest_the_second_is_stale_once_the_first_has_landed() {
    let Team { alice, bob, grace, .. } = team();
    manifest(
        &alice,
        "one.yaml",
        &[("low:      {approvals: []}", "low:      {approvals: [], test: recommended}")],
    );
    manifest(
        &alice,
        "two.yaml",
        &[("medium:   {approvals: [{role: admin", "medium:   {approvals: [{role: board")],
    );
    let first = asked(&alice, "manifest apply one.yaml --reason x");
    let second = asked(&alice, "manifest apply two.yaml --reason x");
    for (one, other) in [(&first, &second), (&second, &first)] {
        let seen = shown(&grace, one);
        assert_eq!(seen["conflicts"][0]["id"], other.as_str(), "{seen}");
        assert_eq!(seen["validity"], "valid");
    }
    assert!(grace.run(&format!("cr show {first}")).ok().contains("would change the manifest in force too"));
    bob.run(&format!("cr approve {second}")).ok();
    decide(&bob, &alice, &first);
    let seen = shown(&alice, &second);
    assert_eq!((&seen["validity"], &seen["stale"]), (&"stale".into(), &true.into()));
    assert_eq!(seen["issues"][0], "the manifest in force has changed since");
    let next = seen["next"].as_str().unwrap().to_owned();
    assert!(next.starts_with("cfgctl change-request cancel"), "{next}");
    assert!(grace.run("cr list").ok().contains("approved (stale)"));
    refused(&bob, &format!("cr approve {second}"), 5, "is stale: the manifest in force has changed since");
    refused(&alice, &format!("cr refresh {second}"), 5, "is stale");
    alice.run(&format!("cr wait {second} --timeout 60s")).refused(5, "is stale");
    alice.run(&next["cfgctl ".len()..]).exits(0);
}
