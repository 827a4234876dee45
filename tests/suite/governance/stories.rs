//! Whole stories: a day of a team with every role, and a team that begins with nothing.

use super::{CRITICAL, HIGH, LOW, MEDIUM, attach, audit, calm, pending, refused};
use crate::harness::{Team, User, World};

/// P1, P2, B7: people of every role, a change at every risk, and back again.
#[test]
fn members_of_all_roles_change_at_all_four_risks_and_roll_back() {
    let Team { world, alice, bob, carol, dave, erin, frank, grace } = World::team();
    // The viewer looks and does nothing.
    assert_eq!(grace.run(&format!("get {MEDIUM}")).ok(), "120\n");
    refused(&grace, &format!("set {LOW} debug --reason x"), 4, "asks for operator");
    // Low: the operator at once. Medium: an admin approves. High: a senior admin. Critical: two of the board.
    frank.run(&format!("set {LOW} debug --reason 'looking for the fault'")).exits(0);
    let medium = pending(&frank, &format!("set {MEDIUM} 60 --reason 'sessions pile up'"));
    erin.run(&format!("cr approve {medium}")).ok();
    frank.run(&format!("cr execute {medium}")).exits(0);
    let high = pending(&frank, &format!("set {HIGH} 5050 --reason 'a second listener'"));
    attach(&frank, &high);
    dave.run(&format!("cr approve {high}")).ok();
    erin.run(&format!("cr execute {high}")).exits(0);
    let critical = pending(
        &dave,
        &format!(
            "set {CRITICAL} 90 --reason 'the auditors ask for it' --rollback-plan 'undo; keys are kept'"
        ),
    );
    attach(&dave, &critical);
    bob.run(&format!("cr approve {critical}")).ok();
    carol.run(&format!("cr approve {critical}")).ok();
    // Critical changes need an open window, and the starter's is at night.
    world.pass(14 * 3600);
    dave.run(&format!("cr execute {critical}")).exits(0);
    let values = |user: &User| {
        [LOW, MEDIUM, HIGH, CRITICAL].map(|path| user.run(&format!("get {path}")).ok().trim().to_owned())
    };
    assert_eq!(values(&grace), ["debug", "60", "5050", "90"]);

    // Back, each by who may: the operator the low one, with an admin the medium one, an admin the high one, the board the critical one.
    frank.run(&format!("rollback --version 1 --path {LOW} --reason 'found it'")).exits(0);
    let back =
        pending(&frank, &format!("rollback --version 1 --path {MEDIUM} --reason 'people are logged out'"));
    erin.run(&format!("cr approve {back} --execute")).exits(0);
    erin.run(&format!("rollback --version 1 --path {HIGH} --reason 'clients lose the port'")).exits(0);
    refused(&grace, "rollback --version 1 --reason x", 4, "asks for operator");
    bob.run("rollback --version 1 --reason 'all as it was'").exits(0);
    assert_eq!(values(&grace), ["info", "120", "4949", "365"]);
    frank.run("diff 1").exits(0);
    // The record tells it all, and holds.
    let done =
        audit(&world).into_iter().filter(|entry| entry[2] == "change.execute" && entry[3] == "done").count();
    assert_eq!(done, 8);
    alice.run("audit verify --full").ok();
    alice.run("doctor").ok();
    let listed = grace.run("history --limit 4");
    insta::assert_snapshot!(calm(&listed.shown(&world)), @"
    exit 0
    --- stdout
    VERSION  TIME                  BY     OPERATION  PATH                          BEFORE  AFTER  REASON
    9        2026-11-21 23:00:38Z  bob    DELETE     encryption.rotate_after_days  90      -      all as it was
    8        2026-11-21 23:00:36Z  erin   DELETE     server.port                   5050    -      clients lose the port
    7        2026-11-21 23:00:35Z  erin   DELETE     session_timeout_minutes       60      -      people are logged out
    6        2026-11-21 23:00:33Z  frank  DELETE     log_level                     debug   -      found it
    --- stderr
    There is more: --after 6.5
    ");
}

/// A team of five from an empty disk: a store of their own manifest, four invitations, tokens, the first changes.
#[test]
fn a_team_of_five_is_set_up_from_nothing() {
    let world = World::new();
    let alice = world.user("alice", 1000);
    alice.run("status").refused(3, "There is no store at");
    let manifest = "\
format: 1
instance: billing
settings:
  log_level: {type: string, enum: [debug, info], default: info, risk: low}
  session_timeout_minutes: {type: integer, minimum: 5, maximum: 1440, default: 120, risk: medium}
  server.port: {type: integer, default: 4949, risk: high, restart: true}
";
    world.file("billing.yaml", manifest);
    let made = alice.run("init --manifest billing.yaml");
    insta::assert_snapshot!(calm(&made.shown(&world)), @r#"
    exit 0
    --- stdout
    Store     WORLD/store/config_overrides.db
    Instance  billing
    Owner     alice (board)
    Settings  3
    Next      cfgctl status
    --- stderr
    store: WORLD/store/config_overrides.db
    "#);

    let join = |name: &str, uid: u32, role: &str| {
        let invited =
            alice.run(&format!("member invite {name} --role {role} --uid {uid} --reason 'the billing team'"));
        let user = world.user(name, uid);
        let token = user.run_with_input("member join -", invited.ok()).ok();
        assert!(token.starts_with("cfgctl_"));
        user
    };
    let bob = join("bob", 1001, "board");
    let carol = join("carol", 1002, "senior-admin");
    let dave = join("dave", 1003, "admin");
    let erin = join("erin", 1004, "operator");
    insta::assert_snapshot!(calm(&alice.run("member list").shown(&world)), @r#"
    exit 0
    --- stdout
    NAME   KIND    ROLE          OWNER  STATE   UID   SINCE                 BY
    alice  person  board         yes    active  1000  2026-11-21 09:00:01Z  alice
    bob    person  board         no     active  1001  2026-11-21 09:00:03Z  bob
    carol  person  senior-admin  no     active  1002  2026-11-21 09:00:05Z  carol
    dave   person  admin         no     active  1003  2026-11-21 09:00:07Z  dave
    erin   person  operator      no     active  1004  2026-11-21 09:00:09Z  erin
    --- stderr
    "#);

    erin.run("set log_level debug --reason 'first steps'").exits(0);
    let medium = pending(&erin, "set session_timeout_minutes 60 --reason 'first steps'");
    dave.run(&format!("cr approve {medium} --execute")).exits(0);
    let high = pending(&dave, "set server.port 5050 --reason 'first steps'");
    attach(&dave, &high);
    carol.run(&format!("cr approve {high} --execute")).exits(0);
    assert_eq!(bob.run("get -o json --at 1").json()["items"].as_array().unwrap().len(), 3);
    assert_eq!(bob.run("get server.port").ok(), "5050\n");
    for (user, line) in
        [(&bob, "member invite zoe --role viewer --reason x"), (&carol, "member remove erin --reason x")]
    {
        refused(user, line, 4, "is no owner");
    }
    alice.run("init --manifest billing.yaml").refused(5, "There is already something at");
    let status = bob.run("status -o json").json();
    assert_eq!((&status["instance"], &status["solo"]), (&"billing".into(), &false.into()));
    alice.run("audit verify --full").ok();
}
