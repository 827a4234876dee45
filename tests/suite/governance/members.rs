//! People and programs: invited, joined, given roles, removed; one person alone, and the end of that.

use super::{HIGH, LOW, MEDIUM, audit, calm, error_of, pending, refused, shown};
use crate::harness::{Team, User, World};

/// The code alone, of an invitation.
fn invite(owner: &User, line: &str) -> String {
    let code = owner.run(&format!("member invite {line} --reason 'joins the team'")).ok();
    assert!(code.starts_with("cfginv_") && code.lines().count() == 1, "{code:?}");
    code.trim().to_owned()
}

#[test]
fn an_invitation_gives_the_invited_user_a_token_once() {
    let Team { world, alice, .. } = World::team();
    let code = invite(&alice, "heidi --role operator --uid 1007");
    let heidi = world.user("heidi", 1007);
    heidi.run("status").refused(4, "heidi (uid 1007) is no member of this store");
    let token = heidi.run_with_input("member join -", format!("{code}\n")).ok();
    assert!(token.starts_with("cfgctl_") && token.lines().count() == 1, "{token:?}");
    // From here on the machine's user and the token are both heidi.
    heidi.run(&format!("set {LOW} debug --reason x")).ok();
    let elsewhere = world.user("somebody", 4000).with("CFGCTL_TOKEN", token.trim());
    elsewhere.run(&format!("set {LOW} warn --reason x")).ok();
    let [actor, proof, ..] = audit(&world).last().unwrap().clone();
    assert_eq!((actor.as_str(), proof.starts_with("token:")), ("heidi", true), "{proof}");
    refused(&heidi, &format!("member join {code}"), 4, "The invitation is used");
}

#[test]
fn an_invitation_ends_after_7_days_and_the_person_may_be_invited_anew() {
    let Team { world, alice, .. } = World::team();
    let code = invite(&alice, "heidi --role operator --uid 1007");
    let heidi = world.user("heidi", 1007);
    world.pass(7 * 86_400 - 60);
    assert!(alice.run("member token list").ok().contains("invitation"));
    world.pass(120);
    refused(&heidi, &format!("member join {code}"), 4, "The invitation is expired");
    alice.run("member remove heidi --reason 'did not come'");
    let code = invite(&alice, "heidi --role operator --uid 1007");
    heidi.run(&format!("member join {code}")).ok();
}

#[test]
fn an_invitation_that_was_taken_back_is_nobodys_and_its_name_is_free_again() {
    let Team { world, alice, .. } = World::team();
    let code = invite(&alice, "heidi --role operator --uid 1007");
    let again = error_of(&alice.run("-o json member invite heidi --role operator --reason x"), 5);
    let hint = again["hint"].as_str().unwrap();
    assert!(hint.contains("cfgctl member remove heidi"), "{hint}");
    alice.run("member remove heidi --reason 'a slip of the pen'").ok();
    refused(&world.user("heidi", 1007), &format!("member join {code}"), 4, "The invitation is");
    invite(&alice, "heidi --role admin --uid 1007");
}

/// Two people are two people: whoever holds the code, only the invited user of this machine redeems it.
#[test]
fn an_invitation_for_one_user_is_nobody_elses() {
    let Team { world, alice, bob, .. } = World::team();
    let code = invite(&alice, "heidi --role board --uid 1007");
    let join = format!("member join {code}");
    refused(&world.user("mallory", 1666), &join, 4, "is for the user 1007, and mallory is 1666");
    refused(&bob, &join, 4, "is for the user 1007");
    for token in ["garbage", bob.run("member token").ok().trim()] {
        world.user("mallory", 1666).with("CFGCTL_TOKEN", token).run(&join).exits(4);
    }
    world.user("heidi", 1007).run(&join).ok();
}

#[test]
fn who_left_is_no_member_and_the_name_is_not_given_twice() {
    let Team { world, alice, frank, .. } = World::team();
    let token = frank.run("member token").ok();
    world.pass(3600);
    alice.run("member remove frank --reason 'left the company'").ok();
    refused(&frank, &format!("set {LOW} debug --reason x"), 4, "is no member");
    refused(
        &frank.with("CFGCTL_TOKEN", token.trim()),
        &format!("set {LOW} debug --reason x"),
        4,
        "is revoked",
    );
    refused(&alice, "member invite frank --role viewer --reason x", 5, "names are not given twice");
    refused(&alice, "member add-program frank --role viewer --reason x", 5, "names are not given twice");
    // The same person may come back under another name.
    let code = invite(&alice, "frank.2 --role viewer --uid 1005");
    world.user("frank", 1005).run(&format!("member join {code}")).ok();
    assert!(alice.run("member list -o json --at 1m").json()["items"].to_string().contains("\"frank\""));
    assert!(!alice.run("member list -o json").json()["items"].to_string().contains("\"frank\""));
}

/// An auditor asks who was what at a time.
#[test]
fn the_members_of_a_former_time_are_known() {
    let Team { world, alice, grace, .. } = World::team();
    world.pass(86_400);
    alice.run("member role erin senior-admin --reason 'takes over'").ok();
    world.pass(86_400);
    alice.run("member remove erin --reason 'left'").ok();
    world.pass(86_400);
    let role_of_erin = |at: &str| {
        let listed = grace.run(&format!("member list --at {at} -o json")).json();
        listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|member| member["name"] == "erin")
            .map(|member| member["role"].as_str().unwrap().to_owned())
    };
    for (at, role) in [
        ("2026-11-21T09:00:00Z", None),
        ("2026-11-21T12:00:00Z", Some("admin")),
        ("2026-11-23T00:00:00Z", Some("senior-admin")),
        ("2d", Some("senior-admin")),
        ("1h", None),
    ] {
        assert_eq!(role_of_erin(at).as_deref(), role, "{at}");
    }
    let seen = grace.run("member list --at 2026-11-21T12:00:00Z");
    insta::assert_snapshot!(calm(&seen.shown(&world)), @r#"
    exit 0
    --- stdout
    NAME   KIND    ROLE          OWNER  STATE   UID   SINCE                 BY
    alice  person  board         yes    active  1000  2026-11-21 09:00:00Z  alice
    bob    person  board         no     active  1001  2026-11-21 09:00:02Z  bob
    carol  person  board         no     active  1002  2026-11-21 09:00:04Z  carol
    dave   person  senior-admin  no     active  1003  2026-11-21 09:00:06Z  dave
    erin   person  admin         no     active  1004  2026-11-21 09:00:08Z  erin
    frank  person  operator      no     active  1005  2026-11-21 09:00:10Z  frank
    grace  person  viewer        no     active  1006  2026-11-21 09:00:12Z  grace
    --- stderr
    "#);
}

/// A change of members is a change: its reason, its number, what stood before and after.
#[test]
fn a_change_of_members_is_on_record_with_its_reason_and_difference() {
    let Team { world, alice, erin, .. } = World::team();
    alice.run("member role erin senior-admin --reason 'takes over the database' --ticket HR-7").ok();
    let seen = erin.run("cr show 9 -o json").json();
    assert_eq!(seen["kind"], "member");
    assert_eq!(
        (&seen["requested_by"], &seen["reason"], &seen["ticket"]),
        (&"alice".into(), &"takes over the database".into(), &"HR-7".into())
    );
    assert_eq!(seen["items"][0]["before"]["role"], "admin");
    assert_eq!(seen["items"][0]["after"]["role"], "senior-admin");
    let [actor, proof, action, outcome, detail] = audit(&world).last().unwrap().clone();
    assert_eq!([actor.as_str(), &proof, &action, &outcome], ["alice", "uid:1000", "member.role", "done"]);
    assert!(detail.contains("takes over the database"), "{detail}");
}

/// The manifest alike: the owner's, with a reason, a difference and an entry.
#[test]
fn a_change_of_the_manifest_is_the_owners_and_shows_its_difference() {
    let Team { world, alice, bob, grace, .. } = World::team();
    let text = alice.run("manifest show -o raw").ok();
    world.file(
        "next.yaml",
        text.replace(
            "risk: medium, services: [web],\n     description: Minutes without",
            "risk: high, services: [web],\n     description: Minutes without",
        ),
    );
    let differs = grace.run("manifest diff next.yaml");
    differs.exits(1);
    insta::assert_snapshot!(calm(&differs.shown(&world)), @r#"
    exit 1
    --- stdout
    ~ settings.session_timeout_minutes
         "description": "Minutes without activity before a session ends.",
         "maximum": 1440,
         "minimum": 5,
      -  "risk": "medium",
      +  "risk": "high",
         "services": [
           "web"
         ],
    --- stderr
    "#);
    refused(&bob, "manifest apply next.yaml --reason x", 4, "the manifest is the owner's");
    refused(&alice, "manifest apply next.yaml", 2, "A reason is required");
    alice.run("manifest apply next.yaml --reason 'sessions matter'").ok();
    let [actor, _, action, outcome, _] = audit(&world).last().unwrap().clone();
    assert_eq!([actor.as_str(), &action, &outcome], ["alice", "manifest.apply", "done"]);
    assert_eq!(grace.run(&format!("assess {MEDIUM}=90 -o json")).json()["risk_level"], "high");
}

#[test]
fn the_last_owner_stays_until_there_is_another() {
    let Team { alice, bob, carol, .. } = World::team();
    for line in ["member remove alice --reason x", "member role alice --no-owner --reason x"] {
        refused(&alice, line, 6, "alice is the only owner");
    }
    alice.run("member role bob --owner --reason 'a second owner'").ok();
    alice.run("member role alice --no-owner --reason 'steps back'").ok();
    refused(&alice, "member role carol admin --reason x", 4, "alice is no owner");
    refused(&bob, "member remove bob --reason x", 6, "bob is the only owner");
    refused(&carol, "member role carol --owner --reason x", 4, "carol is no owner");
}

#[test]
fn nobody_goes_whose_going_leaves_a_risk_that_nobody_could_approve() {
    let Team { alice, .. } = World::team();
    alice.run("member remove carol --reason 'two of the board are left, and others who request'").ok();
    for line in ["member remove bob --reason x", "member role bob senior-admin --reason x"] {
        refused(&alice, line, 6, "nobody present could approve critical changes");
    }
    alice.run("member role dave board --reason 'in her place'").ok();
    alice.run("member remove bob --reason 'now it is possible'").ok();
}

/// Programs propose and execute; they never approve, and an admin's role changes nothing about that.
#[test]
fn a_program_proposes_and_executes_and_never_approves() {
    let Team { world, alice, erin, dave, .. } = World::team();
    alice.run("member add-program deploy --role admin --reason 'the pipeline'").ok();
    let token = alice.run("member token deploy --expires-in 90d").ok();
    let deploy = world.user("daemon", 2).with("CFGCTL_TOKEN", token.trim());
    deploy.run(&format!("set {LOW} debug --reason release-7")).ok();
    let own = pending(&deploy, &format!("set {MEDIUM} 150 --reason release-7"));
    refused(&deploy, &format!("cr approve {own}"), 4, "deploy is a program, and programs never approve");
    refused(&deploy, &format!("cr reject {own} --reason x"), 4, "programs decide nothing");
    refused(&deploy, &format!("cr execute {own}"), 6, "lacks 1 approval by admin");
    erin.run(&format!("cr approve {own}")).ok();
    deploy.run(&format!("cr execute {own}")).exits(0);
    let others = pending(&erin, &format!("set {HIGH} 5050 --reason x"));
    super::attach(&deploy, &others);
    refused(&deploy, &format!("cr approve {others}"), 4, "programs never approve");
    dave.run(&format!("cr approve {others}")).ok();
    deploy.run(&format!("cr execute {others}")).exits(0);
    assert_eq!(shown(&erin, &others)["executed_by"], "deploy");
    refused(&alice, "member role deploy board --reason x", 6, "an admin at most");
}

/// Two people are two people: who holds a program's token does not approve what it asks for.
#[test]
fn who_answers_for_a_program_does_not_approve_its_requests() {
    let Team { world, alice, bob, carol, .. } = World::team();
    alice.run("member add-program deploy --role operator --reason pipeline").ok();
    let token = alice.run("member token deploy").ok();
    let deploy = world.user("daemon", 2).with("CFGCTL_TOKEN", token.trim());
    let high = pending(&deploy, &format!("set {HIGH} 5050 --reason x"));
    super::attach(&deploy, &high);
    refused(&alice, &format!("cr approve {high}"), 6, "may not approve it too");
    refused(&alice, &format!("cr execute {high}"), 6, "lacks 1 approval by senior-admin, not the requester");
    bob.run(&format!("cr approve {high} --execute")).exits(0);
    // Critical changes need an open window, and the starter's is at night.
    world.pass(14 * 3600);
    let critical = pending(&deploy, "set encryption.rotate_after_days 90 --reason x --rollback-plan y");
    super::attach(&deploy, &critical);
    bob.run(&format!("cr approve {critical}")).ok();
    refused(&alice, &format!("cr approve {critical}"), 6, "may not approve it too");
    carol.run(&format!("cr approve {critical} --execute")).exits(0);
}

/// One person is one member: nobody redeems an invitation beside the membership they have.
#[test]
fn who_is_a_member_already_does_not_join_again() {
    let Team { world, alice, frank, .. } = World::team();
    let code = invite(&alice, "alias --role board");
    let token = frank.run("member token").ok();
    for user in [&alice, &frank] {
        refused(user, &format!("member join {code}"), 4, &format!("you are {} already", user.name));
    }
    let bearer = world.user("somebody", 4000).with("CFGCTL_TOKEN", token.trim());
    refused(&bearer, &format!("member join {code}"), 4, "redeemed by a person, without a token");
    world.user("zoe", 1010).run(&format!("member join {code}")).ok();
}

/// Solo ends, asked, with the second member; where nobody can be asked the flags are named.
#[test]
fn the_second_member_ends_solo_or_says_that_it_stays() {
    let (world, alice) = World::solo();
    let asked = refused(
        &alice,
        "member invite bob --role board --uid 1001 --reason x",
        2,
        "Does that end with this member?",
    );
    for flag in ["--end-solo", "--keep-solo"] {
        assert!(asked["hint"].as_str().unwrap().contains(flag), "{asked}");
    }
    let ran = alice.run("member invite bob --role board --uid 1001 --keep-solo --reason x");
    world.user("bob", 1001).run(&format!("member join {}", ran.ok().trim())).ok();
    alice.run(&format!("set {HIGH} 5050 --reason 'still alone'")).exits(0);
    let ended = alice.run("member invite carol --role board --uid 1002 --end-solo --reason 'we are three'");
    ended.exits(0);
    assert!(ended.err.contains("Solo ends") && ended.err.contains("critical"), "{}", ended.err);
    alice.run(&format!("set {HIGH} 6060 --reason 'no longer alone'")).exits(8);
    refused(&alice, "member end-solo --reason x", 5, "not solo");
    assert_eq!(alice.run("member list -o json").json()["solo"], false);
}

#[test]
fn ending_solo_says_what_nobody_can_approve_yet() {
    let (_world, alice) = World::solo();
    let tried = alice.run("member end-solo --dry-run");
    tried.exits(0);
    assert_eq!(alice.run("member list -o json").json()["solo"], true, "a dry run ends nothing");
    let ended = alice.run("member end-solo --reason 'the others come on Monday'");
    ended.exits(0);
    for words in ["Solo ends", "nobody present can approve high and critical changes"] {
        assert!(ended.err.contains(words), "{}", ended.err);
    }
    refused(
        &alice,
        &format!("cr execute {}", pending(&alice, &format!("set {HIGH} 5050 --reason x"))),
        6,
        "lacks 1 approval",
    );
}

/// What is shown once is what a script gets, in whatever format it asks.
#[test]
fn codes_and_tokens_stand_alone_by_name_too() {
    let Team { world, alice, .. } = World::team();
    let code = alice.run("member invite heidi --role operator --uid 1007 --reason x -o name").ok();
    assert!(code.starts_with("cfginv_"), "{code}");
    let token = world.user("heidi", 1007).run(&format!("member join {} -o name", code.trim())).ok();
    assert!(token.starts_with("cfgctl_"), "{token}");
    alice.run("member add-program deploy --role operator --reason x").exits(0);
    let token = alice.run("member token deploy -o name").ok();
    assert!(token.starts_with("cfgctl_") && token.lines().count() == 1, "{token}");
}
