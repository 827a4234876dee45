//! Requests that meet: conflicts, what is held, what a refresh keeps, what an edit drops.

use super::tools::{govern, hinted, state};
use super::{HIGH, LOW, MEDIUM, attach, pending, refused, shown};
use crate::harness::{Team, World};

/// P2, P10: two open requests on one path name each other; when one lands, the other is held.
#[test]
fn a_request_is_held_by_another_that_landed_until_its_author_refreshes_it() {
    let Team { erin, frank, dave, .. } = World::team();
    let first = pending(&frank, &format!("set {MEDIUM} 150 --reason first"));
    let second = pending(&dave, &format!("cr create {MEDIUM}=160 --reason second"));
    for (one, other) in [(&first, &second), (&second, &first)] {
        let seen = shown(&erin, one);
        assert_eq!(seen["conflicts"][0]["id"], other.as_str(), "{seen}");
        assert_eq!(seen["conflicts"][0]["path"], MEDIUM);
    }
    erin.run(&format!("cr approve {first}")).ok();
    dave.run(&format!("cr execute {second}")).exits(0);
    let seen = shown(&frank, &first);
    assert_eq!((&seen["validity"], &seen["state"]), (&"held".into(), &"approved".into()));
    assert_eq!(seen["conflicts"], serde_json::Value::Null);
    for (user, line) in [(&frank, "execute"), (&erin, "execute"), (&erin, "approve")] {
        let error = refused(user, &format!("cr {line} {first}"), 5, "is held: change request 10 has landed");
        assert_eq!(hinted(&error), format!("change-request refresh {first}"));
    }
    // Nobody waits for what will not come, and nobody sets a time for it.
    let error = super::error_of(&frank.run(&format!("-o json cr wait {first} --timeout 60s")), 5);
    assert_eq!(hinted(&error), format!("change-request refresh {first}"));
    refused(&frank, &format!("cr schedule {first} --at 2026-11-22T09:00:00Z"), 5, "is held");
    // Its author looks again, and nobody else: what was approved is no longer what would be done.
    let error = refused(&erin, &format!("cr refresh {first}"), 4, "its author looks again");
    assert!(hinted(&error).starts_with("change-request comment"), "{error}");
    let refreshed = frank.run(&format!("cr refresh {first}"));
    refreshed.exits(0);
    assert!(refreshed.err.contains("no longer count"), "{}", refreshed.err);
    let seen = shown(&frank, &first);
    assert_eq!((&seen["validity"], &seen["state"]), (&"valid".into(), &"pending".into()));
    assert_eq!(
        (&seen["items"][0]["before"], &seen["items"][0]["after"], &seen["approvals"][0]["counts"]),
        (&160.into(), &150.into(), &false.into())
    );
    refused(&frank, &format!("cr execute {first}"), 6, "lacks 1 approval by admin");
    erin.run(&format!("cr approve {first} --execute")).exits(0);
    assert_eq!(frank.run(&format!("get {MEDIUM}")).ok(), "150\n");
}

/// Design §3.2: a refresh that leaves values before and after, and the risk, as they were keeps the approvals.
#[test]
fn a_refresh_keeps_approvals_where_nothing_that_they_are_bound_to_has_moved() {
    let Team { erin, frank, dave, .. } = World::team();
    erin.run(&format!("set {MEDIUM} 100 --reason x")).exits(0);
    let id = pending(&frank, &format!("set {MEDIUM} 180 --reason x"));
    dave.run(&format!("cr approve {id}")).ok();
    let digest = shown(&erin, &id)["digest"].clone();
    for value in [110, 100] {
        erin.run(&format!("set {MEDIUM} {value} --reason 'there and back'")).exits(0);
    }
    refused(&frank, &format!("cr execute {id}"), 5, "is stale");
    frank.run(&format!("cr refresh {id}")).exits(0);
    let seen = shown(&erin, &id);
    assert_eq!((&seen["digest"], &seen["state"]), (&digest, &"approved".into()));
    assert_eq!(seen["approvals"][0]["counts"], true);
    frank.run(&format!("cr execute {id}")).exits(0);
    // Nothing is left of a request whose values somebody else has set meanwhile.
    let over = pending(&frank, &format!("set {MEDIUM} 90 --reason x"));
    erin.run(&format!("set {MEDIUM} 90 --reason x")).exits(0);
    let error = refused(&frank, &format!("cr refresh {over}"), 5, "everything already is as it asks");
    frank.run(&hinted(&error).replace('…', "done by erin")).exits(0);
    assert_eq!(state(&erin, &over), "cancelled");
}

/// Design §3.2, §3.3: an edit drops approvals and evidence, and who edits counts as a requester.
#[test]
fn an_edit_drops_approvals_and_makes_who_edits_a_requester() {
    let Team { alice, bob, dave, erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    attach(&frank, &id);
    dave.run(&format!("cr approve {id}")).ok();
    assert_eq!(state(&erin, &id), "approved");
    let code = alice.run("member invite heidi --role operator --uid 1007 --reason growing").ok();
    let heidi = alice.world.user("heidi", 1007);
    heidi.run(&format!("member join {}", code.trim())).ok();
    refused(
        &heidi,
        &format!("cr edit {id} {HIGH}=5051"),
        4,
        "editing somebody else's request asks for admin",
    );
    refused(&frank, &format!("cr edit {id}"), 2, "There is nothing to edit");
    refused(&frank, &format!("cr edit {id} --submit"), 5, "is no draft");
    refused(&frank, &format!("cr edit {id} --leave-out {LOW}"), 3, "does not touch");
    bob.run(&format!("cr edit {id} {HIGH}=5051 --impact 'the proxy follows'")).exits(0);
    let seen = shown(&erin, &id);
    assert_eq!(seen["state"], "pending");
    assert_eq!(
        (&seen["approvals"][0]["counts"], &seen["evidence"][0]["counts"]),
        (&false.into(), &false.into())
    );
    assert_eq!(seen["dossier"]["editors"], serde_json::json!(["bob"]));
    refused(
        &frank,
        &format!("cr execute {id}"),
        6,
        "lacks 1 approval by senior-admin, not the requester; evidence",
    );
    refused(&bob, &format!("cr approve {id}"), 6, "bob edited this change; bob may not approve it too");
    refused(&frank, &format!("cr approve {id}"), 4, "asks for senior-admin");
    attach(&frank, &id);
    dave.run(&format!("cr approve {id}")).ok();
    // Words alone are an edition too: who approved had read others.
    frank.run(&format!("cr edit {id} --reason 'another reason'")).exits(0);
    assert_eq!(state(&erin, &id), "pending");
    attach(&frank, &id);
    alice.run(&format!("cr approve {id} --execute")).exits(0);
    assert_eq!(frank.run(&format!("get {HIGH}")).ok(), "5051\n");
}

/// Design §3.2: an approval given and taken up again by an edit there and back does not count again.
#[test]
fn an_edit_there_and_back_does_not_revive_an_approval() {
    let Team { dave, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    attach(&frank, &id);
    dave.run(&format!("cr approve {id}")).ok();
    for value in [5051, 5050] {
        frank.run(&format!("cr edit {id} {HIGH}={value}")).exits(0);
    }
    assert_eq!(shown(&dave, &id)["approvals"][0]["counts"], false);
    refused(&frank, &format!("cr execute {id}"), 6, "lacks 1 approval");
}

/// P2: a stricter policy in force holds what the recorded one let through, and the way out is told.
#[test]
fn a_stricter_policy_holds_a_request_until_it_has_what_is_demanded_by_now() {
    let Team { alice, erin, frank, grace, .. } = World::team();
    let low = pending(&frank, &format!("cr create {LOW}=debug --reason x"));
    let medium = pending(&frank, &format!("set {MEDIUM} 180 --reason x"));
    erin.run(&format!("cr approve {medium}")).ok();
    assert_eq!((state(&grace, &low), state(&grace, &medium)), ("approved".to_owned(), "approved".to_owned()));
    govern(
        &alice,
        &[
            ("low:      {approvals: []}", "low:      {approvals: [{role: admin, count: 1}]}"),
            (
                "medium:   {approvals: [{role: admin, count: 1}], own: true",
                "medium:   {approvals: [{role: senior-admin, count: 1}]",
            ),
        ],
    );
    for (id, demand) in [(&low, "1 approval by admin"), (&medium, "1 approval by senior-admin")] {
        assert_eq!(state(&grace, id), "pending");
        let shown = grace.run(&format!("cr show {id}")).ok();
        let held = shown.lines().find(|line| line.starts_with("By now")).unwrap_or_default();
        assert!(held.contains(&format!("a stricter policy holds it: {demand}")), "{shown}");
    }
    refused(&frank, &format!("cr execute {medium}"), 6, "lacks 1 approval by senior-admin");
    refused(&frank, &format!("cr execute {low}"), 6, "lacks 1 approval by admin");
    // The low one asked nobody when it was made: what it needs by now it gets by being looked at again.
    let error = refused(&erin, &format!("cr approve {low}"), 6, "was made under another policy");
    assert_eq!(hinted(&error), format!("change-request refresh {low}"));
    frank.run(&hinted(&error)).exits(0);
    erin.run(&format!("cr approve {low} --execute")).exits(0);
    alice.run(&format!("cr approve {medium} --execute")).exits(0);
    assert_eq!(grace.run(&format!("get {MEDIUM}")).ok(), "180\n");
}

/// A set that asks for a deadline or a time is not answered with an open request that has another or none.
#[test]
fn a_set_equal_to_an_open_request_is_told_from_it_by_its_deadline_and_its_time() {
    let Team { frank, .. } = World::team();
    let line = format!("set {HIGH} 5050 --reason x");
    let (plain, time) = (pending(&frank, &line), "--schedule 2026-11-22T03:00:00Z");
    let confirmed = pending(&frank, &format!("{line} --confirm-within 5m"));
    let scheduled = pending(&frank, &format!("{line} {time}"));
    assert!(plain != confirmed && plain != scheduled && confirmed != scheduled);
    assert_eq!(pending(&frank, &format!("{line} --confirm-within 5m")), confirmed);
    assert_eq!(pending(&frank, &format!("{line} {time}")), scheduled);
    assert_eq!(shown(&frank, &confirmed)["dossier"]["confirm_within"], "5m");
}
