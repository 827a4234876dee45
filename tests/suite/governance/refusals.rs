//! Every refusal: its code, its sentence, its hint, and the store as it was but for the audit log.

use super::{CRITICAL, HIGH, LOW, MEDIUM, pending, refused};
use crate::harness::{Team, User, World};

/// A team in the middle of things, with one request of every standing.
struct Scene {
    team: Team,
    /// A second operator.
    heidi: User,
    /// A program that alice answers for, with its token.
    deploy: User,
    /// Somebody this store does not know.
    mallory: User,
    /// Names in braces, and what they stand for.
    words: Vec<(&'static str, String)>,
}

impl Scene {
    fn new() -> Scene {
        let team = World::team();
        let Team { world, alice, bob, dave, erin, frank, .. } = &team;
        let heidi = world.user("heidi", 1007);
        let code = alice.run("member invite heidi --role operator --uid 1007 --reason growing").ok();
        heidi.run(&format!("member join {}", code.trim())).ok();
        alice.run("member add-program deploy --role operator --reason pipeline").ok();
        let token = alice.run("member token deploy").ok();
        let deploy = world.user("daemon", 2).with("CFGCTL_TOKEN", token.trim());
        alice.run("member remove carol --reason 'left the company'").ok();

        let done = frank.run(&format!("-o name set {LOW} debug --reason looking")).ok();
        let stale = pending(frank, "set server.max_connections 900 --reason first");
        let other = pending(erin, "set server.max_connections 800 --reason second");
        super::attach(erin, &other);
        dave.run(&format!("cr approve {other} --execute")).exits(0);
        let rejected = pending(frank, "set server.address 0.0.0.0 --reason open");
        dave.run(&format!("cr reject {rejected} --reason 'not without a firewall'")).exits(0);
        let ready = pending(frank, "set uploads.max_size 30 --reason bigger");
        erin.run(&format!("cr approve {ready}")).ok();
        let high = pending(frank, &format!("set {HIGH} 5050 --reason ports"));
        let own = pending(dave, "set database.host db2 --reason move");
        let critical =
            pending(bob, &format!("set {CRITICAL} 300 --reason policy --rollback-plan 'set it back'"));
        world.file("broken.yaml", "format: 1\ninstance: 7\nsettings: [1]\n");
        world.file(
            "five.yaml",
            "format: 1\ninstance: local\npolicy:\n  high: {approvals: [{role: board, count: 5}]}\n",
        );
        world.file("empty.log", "");
        world.file("run.log", "fine\n");
        let words = vec![
            ("{done}", done.trim().to_owned()),
            ("{stale}", stale),
            ("{rejected}", rejected),
            ("{ready}", ready),
            ("{high}", high),
            ("{own}", own),
            ("{critical}", critical),
        ];
        let mallory = world.user("mallory", 1666);
        Scene { heidi, deploy, mallory, words, team }
    }

    fn fill(&self, line: &str) -> String {
        self.words.iter().fold(line.to_owned(), |line, (name, meaning)| line.replace(name, meaning))
    }
}

/// P1, P2.
#[test]
fn every_refusal_has_its_code_and_hint_and_leaves_the_store_as_it_was() {
    let scene = Scene::new();
    let Scene { team: Team { alice, bob, dave, erin, frank, grace, .. }, heidi, deploy, mallory, .. } =
        &scene;
    let wrong = &mallory.with("CFGCTL_TOKEN", "cfgctl_0000");
    let rows: &[(&User, &str, i32, &str)] = &[
        // Who is not known, or may never do this.
        (mallory, "set log_level debug --reason x", 4, "mallory (uid 1666) is no member of this store"),
        (mallory, "cr approve {high}", 4, "is no member"),
        (mallory, "member join cfginv_0000", 4, "not one that this store knows"),
        (wrong, "set log_level debug --reason x", 4, "The token is not one that this store knows"),
        (grace, "set log_level info --reason x", 4, "grace is viewer, and making a change asks for operator"),
        (grace, "unset log_level --reason x", 4, "asks for operator"),
        (grace, "rollback --version 1 --reason x", 4, "asks for operator"),
        (grace, "undo {done} --reason x", 4, "asks for operator"),
        (grace, "backup create", 4, "asks for operator"),
        (grace, "version create --reason x", 4, "asks for operator"),
        (grace, "version tag good 1 --reason x", 4, "asks for operator"),
        (frank, "backup prune --keep 1 --reason x", 4, "asks for admin"),
        (frank, "version prune --keep 1 --reason x", 4, "asks for admin"),
        (grace, "cr approve {ready}", 4, "asks for admin"),
        (grace, "cr execute {ready}", 4, "executing somebody else's change asks for admin"),
        (grace, "cr cancel {high} --reason x", 4, "taking somebody else's request back asks for admin"),
        (grace, "cr test {high} --evidence run.log", 4, "attaching evidence asks for operator"),
        (frank, "cr approve {ready}", 4, "frank is operator, and approving a medium change asks for admin"),
        (frank, "cr approve {high}", 4, "asks for senior-admin"),
        (frank, "cr reject {high} --reason x", 4, "rejecting a high change asks for senior-admin"),
        (erin, "cr reject {high} --reason x", 4, "rejecting a high change asks for senior-admin"),
        (erin, "cr approve {high}", 4, "erin is admin, and approving a high change asks for senior-admin"),
        (
            dave,
            "cr approve {critical}",
            4,
            "dave is senior-admin, and approving a critical change asks for board",
        ),
        (
            heidi,
            "cr execute {ready}",
            4,
            "heidi is operator, and executing somebody else's change asks for admin",
        ),
        (heidi, "cr cancel {ready} --reason x", 4, "asks for admin"),
        (deploy, "cr approve {ready}", 4, "deploy is a program, and programs never approve"),
        (deploy, "cr reject {ready} --reason x", 4, "deploy is a program"),
        (deploy, "member token erin", 4, "nobody makes a token for somebody else"),
        (deploy, "member invite zoe --role viewer --reason x", 4, "deploy is no owner"),
        (
            bob,
            "member invite zoe --role viewer --reason x",
            4,
            "bob is no owner, and who is a member is the owner's",
        ),
        (bob, "member add-program cron --role operator --reason x", 4, "no owner"),
        (bob, "member role frank admin --reason x", 4, "no owner"),
        (bob, "member remove frank --reason x", 4, "no owner"),
        (bob, "member end-solo --reason x", 4, "no owner"),
        (bob, "manifest apply five.yaml --reason x", 4, "bob is no owner, and the manifest is the owner's"),
        (bob, "member token deploy", 4, "alice answers for the program deploy"),
        (alice, "member token bob", 4, "bob is a person, and nobody makes a token for somebody else"),
        (frank, "member token revoke 2 --reason x", 4, "somebody else's token is the owner's"),
        // It changed meanwhile, or is something else by now.
        (frank, "cr execute {done}", 5, "is completed already"),
        (erin, "cr approve {rejected}", 5, "is rejected already"),
        (frank, "cr cancel {rejected} --reason x", 5, "is rejected already"),
        (dave, "cr approve {stale}", 5, "is held: change request"),
        (frank, "cr execute {stale}", 5, "is held"),
        (frank, "cr test {stale} --evidence run.log", 5, "is held"),
        (dave, "cr approve {high} --expect 0000", 5, "no longer the one that was shown"),
        (
            frank,
            "set log_level warn --reason x --if-version 1",
            5,
            "log_level has changed since version 1: frank did",
        ),
        (frank, "set log_level warn --reason x --if-version 0", 5, "log_level is already set, by frank"),
        (frank, "set log_level warn --reason x --if-version 9999", 5, "There is no version 9999 yet"),
        (frank, "set log_level warn --reason x --id {done}", 5, "is another change's"),
        (alice, "member invite bob --role viewer --reason x", 5, "bob is a member already"),
        (alice, "member invite carol --role viewer --reason x", 5, "names are not given twice"),
        (alice, "member invite bob2 --role board --uid 1001 --reason x", 5, "The user 1001 is bob already"),
        (alice, "member role bob board --reason x", 5, "bob is board already"),
        (alice, "member end-solo --reason x", 5, "This store is not solo"),
        (alice, "member token revoke 1 --reason x", 5, "used already"),
        // A rule about this change.
        (frank, "set session_timeout_minutes 2000 --reason x", 6, "at most 1440, not 2000"),
        (frank, "set session_timeout_minutes soon --reason x", 6, "\"soon\" is not a whole number"),
        (frank, "set log_level loud --reason x", 6, "one of trace, debug, info, warn, error"),
        (frank, "set server.name 'a b' --reason x", 6, "server.name"),
        (frank, "set log_level.deep 1 --reason x", 6, "lies inside log_level"),
        (frank, "set server 1 --reason x", 6, "lies inside it"),
        (frank, "set a..b 1 --reason x", 6, "a segment is empty"),
        (
            frank,
            "set database.pool.min_size=30 database.pool.max_size=10 --reason x",
            6,
            "minimum is above its maximum",
        ),
        (
            frank,
            "set encryption.rotate_after_days 300 --reason x",
            6,
            "A critical change needs a rollback plan",
        ),
        (
            frank,
            "cr execute {high}",
            6,
            "lacks 1 approval by senior-admin, not the requester; evidence of a staging test",
        ),
        (frank, "cr test {high} --evidence empty.log", 6, "Evidence is a text file"),
        (dave, "cr approve {own}", 6, "dave asked for this change; dave may not approve it too"),
        (bob, "cr approve {critical}", 6, "bob asked for this change"),
        (frank, "undo 2 --reason x", 6, "set no values"),
        (alice, "member remove alice --reason x", 6, "alice is the only owner"),
        (alice, "member role alice --no-owner --reason x", 6, "alice is the only owner"),
        (alice, "member remove bob --reason x", 6, "nobody present could approve critical changes"),
        (alice, "member role bob admin --reason x", 6, "nobody present could approve critical changes"),
        (alice, "member add-program cron --role board --reason x", 6, "A program can be an admin at most"),
        (alice, "member role deploy senior-admin --reason x", 6, "A program can be an admin at most"),
        (alice, "member role deploy --owner --reason x", 6, "never an owner"),
        (alice, "manifest apply broken.yaml --reason x", 6, "does not hold together"),
        (alice, "manifest apply five.yaml --reason x", 6, "Nobody present could approve high changes"),
        // What is not there, and what cannot be meant: no refusal of anybody, so not on record.
        (frank, "cr execute 999", 3, "There is no change 999"),
        (frank, "undo 999 --reason x", 3, "There is no change 999"),
        (frank, "rollback --version 999 --reason x", 3, "999"),
        (alice, "member remove nobody --reason x", 3, "nobody is no member"),
        (alice, "member role carol admin --reason x", 3, "carol is no member"),
        (alice, "member token nobody", 3, "nobody is no member"),
        (alice, "member token revoke 99 --reason x", 3, "There is no token 99"),
        (frank, "set log_level warn", 2, "A reason is required"),
        (frank, "set log_level warn --reason ' '", 2, "needs a reason"),
        (frank, "set log_level warn --reason x --id here", 2, "not a ULID"),
        (frank, "cr cancel {high} --reason ''", 2, "needs a reason"),
        (dave, "cr reject {high}", 2, "A reason is required"),
        (frank, "undo --reason x", 2, "must be named"),
        (alice, "member invite 'a b' --role viewer --reason x", 2, "cannot be a member's name"),
        (alice, "member invite zoe --role boss --reason x", 2, "boss"),
        (alice, "member add-program revoke --role viewer --reason x", 2, "may not be called revoke"),
    ];
    let mut failures = Vec::new();
    for (user, line, code, words) in rows {
        let line = scene.fill(line);
        let tried =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| refused(user, &line, *code, words)));
        failures.extend(tried.err().map(|_| line));
    }
    assert_eq!(failures, Vec::<String>::new(), "of {} refusals; what each lacks is above", rows.len());
    alice.run("audit verify --full").ok();
}

/// What is refused says so also where it is only tried, and then nothing at all is written.
#[test]
fn a_dry_run_is_refused_alike_and_leaves_not_even_an_entry() {
    let team = World::team();
    for (user, line, code) in [
        (&team.grace, format!("set {LOW} debug --reason x --dry-run"), 4),
        (&team.frank, format!("set {MEDIUM} 2000 --reason x --dry-run"), 6),
        (&team.frank, format!("set {CRITICAL} 300 --reason x --dry-run"), 6),
        (&team.bob, "member remove frank --reason x --dry-run".to_owned(), 4),
        (&team.alice, "member remove alice --reason x --dry-run".to_owned(), 6),
    ] {
        let before = (super::all_but_the_audit_log(&team.world), super::audit(&team.world));
        super::error_of(&user.run(&format!("-o json {line}")), code);
        assert_eq!(before, (super::all_but_the_audit_log(&team.world), super::audit(&team.world)), "{line}");
    }
}

/// A flood of wrong tokens makes one entry a minute, and the next minute's says how many there were.
#[test]
fn wrong_tokens_are_counted_by_the_minute() {
    let (world, _alice) = World::solo();
    let wrong = world.user("mallory", 1666).with("CFGCTL_TOKEN", "cfgctl_0000");
    let before = super::audit(&world).len();
    world.pass(60 - 1);
    for _ in 0..5 {
        wrong.run(&format!("set {LOW} debug --reason x")).refused(4, "not one that this store knows");
    }
    assert_eq!(super::audit(&world).len(), before + 1);
    world.pass(60);
    wrong.run(&format!("set {LOW} debug --reason x")).exits(4);
    let log = super::audit(&world);
    assert_eq!(log.len(), before + 2);
    let [actor, proof, _, outcome, detail] = log.last().unwrap();
    assert_eq!([actor.as_str(), proof, outcome], ["unknown", "nobody", "refused"]);
    let detail: serde_json::Value = serde_json::from_str(detail).unwrap();
    assert_eq!(detail["wrong_tokens_in_the_minute_before"], 5);
}
