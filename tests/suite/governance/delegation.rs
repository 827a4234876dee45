//! Approving in somebody's place.

use super::{attach, audit, pending, refused, shown};
use crate::harness::{Team, World};

const HIGH: &str = "server.port";
const CRITICAL: &str = "encryption.rotate_after_days";

/// Delegation is explicit, ends, and is on record.
#[test]
fn a_delegate_approves_in_somebody_s_place_until_the_end_and_no_longer() {
    let Team { world, dave, erin, frank, grace, .. } = World::team();
    let request = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    attach(&frank, &request);
    refused(&erin, &format!("cr approve {request}"), 4, "asks for senior-admin");
    refused(&dave, "member delegate dave --until 2026-11-22T09:00:00Z --reason x", 6, "their own place");
    refused(&dave, "member delegate grace --until 2026-11-22T09:00:00Z --reason x", 6, "may not approve");
    refused(&dave, "member delegate erin --until 2026-11-20T09:00:00Z --reason x", 2, "is past");
    refused(&dave, "member delegate erin --until 2027-11-20T09:00:00Z --reason x", 6, "at most");
    dave.run("member delegate erin --until 2026-11-22T09:00:00Z --reason 'on leave'").exits(0);
    refused(&dave, "member delegate erin --until 2026-11-23T09:00:00Z --reason x", 5, "already");
    erin.run(&format!("cr approve {request}")).exits(0);
    let seen = shown(&grace, &request);
    assert_eq!(seen["state"], "approved");
    // Erin is no senior admin: she acts in Dave's place.
    let given = &seen["approvals"][0];
    let giver = serde_json::json!([{"member": "dave", "role": "senior-admin"}]);
    assert_eq!((&given["role"], &given["in_place_of"]), (&"admin".into(), &giver));

    // What was lent is gone at the end, and with it what the approval counted for.
    world.pass(24 * 3600);
    assert_eq!(shown(&grace, &request)["state"], "pending");
    refused(&frank, &format!("cr execute {request}"), 6, "lacks 1 approval by senior-admin");
    dave.run("member delegate erin --until 2026-11-25T09:00:00Z --reason 'still on leave'").exits(0);
    // A vote rests on the delegation that it was given under: a new one needs a new vote.
    assert_eq!(shown(&grace, &request)["state"], "pending");
    erin.run(&format!("cr approve {request}")).exits(0);
    assert_eq!(shown(&grace, &request)["state"], "approved");
    dave.run("member delegate erin --end --reason 'back again'").exits(0);
    assert_eq!(shown(&grace, &request)["state"], "pending");
    refused(&erin, &format!("cr approve {request} --comment again"), 4, "asks for senior-admin");
    refused(&dave, "member delegate erin --end --reason x", 3, "may not approve in your place");
    dave.run("audit verify --full").ok();
}

/// Two people are two people: what is lent counts once, and never for what its giver asked for.
#[test]
fn what_is_lent_lifts_one_person_once_and_never_for_its_giver_s_own_request() {
    let Team { world, alice, bob, dave, erin, frank, .. } = World::team();
    for giver in [&dave, &bob] {
        giver.run("member delegate erin --until 2026-11-22T09:00:00Z --reason 'on leave'").exits(0);
    }
    let own = pending(&dave, &format!("set {HIGH} 5050 --reason x"));
    bob.run("member delegate erin --end --reason 'for this test'").exits(0);
    refused(&erin, &format!("cr approve {own}"), 4, "asks for senior-admin");
    bob.run("member delegate erin --until 2026-11-22T09:00:00Z --reason 'on leave'").exits(0);

    let critical = pending(&frank, &format!("set {CRITICAL} 90 --reason x --rollback-plan y"));
    attach(&frank, &critical);
    bob.run(&format!("cr approve {critical}")).exits(0);
    // Bob has voted himself: his authority does not make a second person of the board.
    refused(&erin, &format!("cr approve {critical}"), 4, "asks for board");
    world.pass(14 * 3600);
    refused(&frank, &format!("cr execute {critical}"), 6, "lacks 1 approval by board");
    alice.run(&format!("cr approve {critical}")).exits(0);
    frank.run(&format!("cr execute {critical}")).exits(0);
}

/// What was approved in one person's place counts in nobody else's, and the record says whose place it was.
#[test]
fn an_approval_in_one_person_s_place_never_moves_to_another_s_by_itself() {
    let Team { world, alice, bob, dave, frank, grace, .. } = World::team();
    let lend = |giver: &crate::harness::User| {
        giver.run("member delegate dave --until 2026-11-22T09:00:00Z --reason 'on leave'").exits(0);
    };
    let request = pending(&frank, &format!("set {CRITICAL} 90 --reason x --rollback-plan y"));
    attach(&frank, &request);
    refused(&dave, &format!("cr approve {request}"), 4, "asks for board");
    assert_eq!(shown(&dave, &request)["next"], format!("cfgctl change-request wait {request}"));
    lend(&alice);
    assert_eq!(shown(&dave, &request)["next"], format!("cfgctl change-request approve {request}"));
    dave.run(&format!("cr approve {request}")).exits(0);
    assert_eq!(shown(&dave, &request)["next"], format!("cfgctl change-request wait {request}"));
    alice.run(&format!("cr approve {request}")).exits(0);
    let counting = || -> Vec<String> {
        let seen = shown(&grace, &request);
        let all = seen["approvals"].as_array().unwrap().iter();
        all.filter(|given| given["counts"] == true).map(|given| given["member"].to_string()).collect()
    };
    assert_eq!(counting(), [r#""alice""#]);

    // Bob's authority is another: it takes another vote.
    lend(&bob);
    assert_eq!(counting(), [r#""alice""#]);
    assert_eq!(shown(&dave, &request)["next"], format!("cfgctl change-request approve {request}"));
    dave.run(&format!("cr approve {request}")).exits(0);
    assert_eq!(counting(), [r#""dave""#, r#""alice""#]);
    let votes = audit(&world).into_iter().filter(|entry| entry[2] == "change.approve" && entry[0] == "dave");
    let places: Vec<serde_json::Value> = votes
        .filter(|entry| entry[3] == "done")
        .map(|entry| serde_json::from_str::<serde_json::Value>(&entry[4]).unwrap()["in_place_of"].take())
        .collect();
    assert_eq!(
        serde_json::json!(places),
        serde_json::json!([
            [{"member": "alice", "role": "board", "delegation": 1}],
            [{"member": "bob", "role": "board", "delegation": 2}]
        ])
    );
    // The very same approval once more is no other one.
    let entries = audit(&world).len();
    dave.run(&format!("cr approve {request}")).exits(0);
    assert_eq!(audit(&world).len(), entries);

    let said = "by dave (senior-admin, in place of bob, board, uid:1003";
    assert!(grace.run(&format!("cr show {request}")).ok().contains(said));
    for format in ["csv", "json", "md"] {
        let exported = grace.run(&format!("cr export -o {format}")).out;
        assert!(exported.contains("bob"), "{format}: {exported}");
    }
    frank.run("audit verify --full").ok();
}
