//! What cannot wait: done at once, on record, and looked back on by those who were not asked.

use super::{CRITICAL, HIGH, LOW, MEDIUM, all_but_the_audit_log, audit, calm, pending, refused, shown};
use crate::harness::{Ran, Team, User, World};
use std::os::unix::fs::PermissionsExt;

/// What every emergency of these tests is given, but for who was asked.
const SAID: &str = "--reason 'the pool is exhausted' --justification 'checkout is down' --answer local";

/// Sets a path at once; somebody else is said to have agreed.
fn urgent(user: &User, change: &str, approver: &str) -> Ran {
    user.run(&format!("emergency set {change} --approver {approver} {SAID}"))
}

/// The number of the change that an answer is about.
#[track_caller]
fn number(ran: &Ran) -> String {
    let words: Vec<&str> = ran.exits(0).out.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "change").unwrap();
    words[at + 1].to_owned()
}

fn reviewed(user: &User, number: &str) -> Ran {
    user.run(&format!(
        "emergency review {number} --happened 'the pool ran dry' --right yes --solution 'a larger pool'"
    ))
}

fn with_policy(alice: &User, from: &str, to: &str) {
    let manifest = alice.run("manifest show -o raw").ok();
    assert!(manifest.contains(from), "the starter manifest has no {from}");
    let file = alice.world.file("changed.yaml", manifest.replace(from, to));
    alice.run(&format!("manifest apply {} --reason policy", file.display())).exits(0);
}

/// P10: from the fire to the permanent solution.
#[test]
fn an_emergency_is_done_at_once_acknowledged_and_reviewed() {
    let Team { world, alice, dave, erin, frank, .. } = World::team();
    let done = urgent(&erin, &format!("{HIGH} 5050"), "dave");
    insta::assert_snapshot!(calm(&done.shown(&world)), @r#"
    exit 0
    --- stdout
    Emergency change 9 applied; a restart is pending: version 2 (high risk)
      + server.port  4949 (default) → 5050
    Emergency  1 approval skipped (1 senior-admin)
    Justified  checkout is down
    Asked      dave, who has yet to say so
    Review     due by 2026-11-23 09:00:14Z
    Restart    needed of web
    Backup     config_backup_change_9_20261121_090014.json
    Audit      15:HASH
    Undo       cfgctl undo 9 --reason "…"
    --- stderr
    store: WORLD/store/config_overrides.db
    "#);
    assert_eq!(frank.run(&format!("get {HIGH}")).ok(), "5050\n");
    let number = number(&done);
    let view = shown(&erin, &number);
    let mark = &view["emergency"];
    assert_eq!((&mark["skipped"], &mark["approver"]), (&1.into(), &"dave".into()));
    assert_eq!((&mark["answer"], &view["unreviewed"]), (&serde_json::Value::Null, &true.into()));
    let steps: Vec<&str> =
        view["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(steps, ["validation", "backup", "apply_change", "verification"]);
    assert_eq!(view["steps"][3]["result"], "1 path read back within 5s");
    // One entry says how many approvals were skipped, of whom, who was asked and why it could not wait.
    let log = audit(&world);
    let entry = log.iter().find(|entry| entry[2] == "change.emergency").unwrap();
    let detail: serde_json::Value = serde_json::from_str(&entry[4]).unwrap();
    assert_eq!(entry[0], "erin");
    for (field, held) in [
        ("skipped", serde_json::json!(1)),
        ("skipped_of", "1 senior-admin".into()),
        ("asked", "dave".into()),
        ("justification", "checkout is down".into()),
        ("review_due", "2026-11-23T09:00:14.000Z".into()),
    ] {
        assert_eq!(detail[field], held, "{field}");
    }
    let history = frank.run("history --limit 1");
    assert!(history.ok().contains("CREATE (emergency)"), "{}", history.out);

    let status = dave.run("status").ok();
    assert!(status.contains("says that you were asked"), "{status}");
    refused(&erin, &format!("emergency acknowledge {number}"), 4, "names dave");
    dave.run(&format!("emergency acknowledge {number} --comment 'by telephone'")).exits(0);
    refused(&dave, &format!("emergency acknowledge {number}"), 5, "acknowledged emergency change");
    reviewed(&dave, &number).exits(0);
    refused(
        &alice,
        &format!("emergency review {number} --happened x --right no --solution y"),
        5,
        "was reviewed already",
    );
    let view = shown(&erin, &number);
    assert_eq!((&view["review"]["member"], &view["unreviewed"]), (&"dave".into(), &().into()));
    assert_eq!(view["review"]["findings"]["solution"], "a larger pool");
    let told = erin.run(&format!("cr show {number}"));
    insta::assert_snapshot!(calm(&told.ok()), @"
    Emergency change 9 applied; a restart is pending: version 2 (high risk)
      + server.port  4949 (default) → 5050

    Reason     the pool is exhausted
    Kind       emergency
    Requested  by erin, 2026-11-21 09:00:14Z
    Made for   version 1
    Risk       high: server.port is registered as high.
               high: server.port needs a restart.
    Restart    needed of web
    Demands    1 approval by senior-admin, not the requester; evidence of a staging test; a review afterwards; 5m of monitoring afterwards
    Identity   asserted: whoever can write the store's file could have forged these names
    Executed   by erin, 2026-11-21 09:00:14Z
    Version    2
    Backup     config_backup_change_9_20261121_090014.json
    Emergency  1 approval skipped (1 senior-admin)
    Justified  checkout is down
    Asked      dave, who says so (uid:1003), 2026-11-21 09:00:20Z: by telephone
    Review     by dave (uid:1003), 2026-11-21 09:00:22Z: it was right; happened: the pool ran dry; solution: a larger pool
    Steps      validation completed in 0 µs: 1 path valid
               backup completed in 0 µs: checksum 8bfd94c368a54d87
               apply_change completed in 0 µs: version 2
               verification completed in 0 µs: 1 path read back within 5s
    ");
    alice.run("audit verify --full").ok();
    alice.run("doctor").exits(0);
}

#[test]
fn who_may_declare_an_emergency_is_an_admin_or_somebody_on_call_and_never_a_program() {
    let Team { alice, frank, grace, world, .. } = World::team();
    let line = format!("emergency set {MEDIUM} 60 --approver bob {SAID}");
    refused(&frank, &line, 4, "asks for admin, or for somebody named on call");
    refused(&grace, &line, 4, "asks for admin");
    with_policy(&alice, "on_call: []", "on_call: [grace]");
    refused(&frank, &line, 4, "asks for admin");
    grace.run(&line).exits(0);
    alice.run("member add-program robot --role admin --reason ci").exits(0);
    let token = alice.run("member token robot").ok();
    let robot = world.user("robot", 4000).with("CFGCTL_TOKEN", token.trim());
    refused(&robot, &format!("emergency set {LOW} debug --approver bob {SAID}"), 4, "is a program");
}

#[test]
fn nothing_of_an_emergency_skips_validation_the_reasons_or_the_name() {
    let Team { world, erin, .. } = World::team();
    let held = all_but_the_audit_log(&world);
    refused(&erin, &format!("emergency set {HIGH} seventy --approver dave {SAID}"), 6, "server.port");
    refused(&erin, &format!("emergency set {HIGH} 70000 --approver dave {SAID}"), 6, "server.port");
    for (line, words) in [
        ("--justification x --approver dave --answer local", "A reason is required"),
        ("--reason x --approver dave --answer local", "--justification"),
        ("--reason x --justification x --answer local", "--approver"),
        ("--reason x --justification x --approver dave", "--answer local"),
        ("--reason x --justification x --approver dave --yes", "--answer local"),
        ("--reason x --justification x --approver dave --answer other", "is not local"),
    ] {
        erin.run(&format!("emergency set {HIGH} 5050 {line}")).refused(2, words);
    }
    refused(&erin, &format!("emergency set {HIGH} 5050 --approver zoe {SAID}"), 3, "no member who may act");
    for (approver, path) in [("frank", HIGH), ("erin", HIGH), ("erin", MEDIUM), ("frank", LOW)] {
        let value = if path == LOW { "debug" } else { "60" };
        let line = format!("emergency set {path} {value} --approver {approver} {SAID}");
        let error = refused(&erin, &line, 6, "could not have approved");
        assert!(error["hint"].as_str().unwrap().contains("dave"), "{error}");
    }
    // Dave is senior-admin: too little for what the board decides.
    refused(&erin, &format!("emergency set {CRITICAL} 90 --approver dave {SAID}"), 6, "2 board");
    assert_eq!(all_but_the_audit_log(&world), held);
    // The very change is shown, and needs no reasons yet.
    let tried = erin.run(&format!("emergency set {HIGH} 5050 --dry-run"));
    assert!(tried.ok().starts_with("Would apply as an emergency: high risk"), "{}", tried.out);
    assert!(tried.err.contains("asks to type local"), "{}", tried.err);
    assert_eq!(all_but_the_audit_log(&world), held);
    urgent(&erin, &format!("{HIGH} 4949"), "dave").exits(0);
}

#[test]
fn those_whose_approval_was_skipped_review_and_nobody_else() {
    let Team { alice, bob, carol, dave, erin, frank, .. } = World::team();
    let high = number(&urgent(&dave, &format!("{HIGH} 5050"), "alice"));
    let line = |number: &str| format!("emergency review {number} --happened x --right no --solution y");
    for user in [&dave, &erin, &frank] {
        refused(user, &line(&high), 4, "whose approval was skipped");
    }
    alice.run(&line(&high)).exits(0);
    // Where nobody's approval was asked for, those review who might have declared it.
    let low = number(&urgent(&erin, &format!("{LOW} debug"), "dave"));
    refused(&erin, &line(&low), 4, "whose approval was skipped");
    refused(&frank, &line(&low), 4, "whose approval was skipped");
    dave.run(&line(&low)).exits(0);
    let critical = number(&urgent(&alice, &format!("{CRITICAL} 90"), "bob"));
    refused(&dave, &line(&critical), 4, "whose approval was skipped");
    refused(&alice, &line(&critical), 4, "whose approval was skipped");
    carol.run(&line(&critical)).exits(0);
    bob.run("emergency review 1 --happened x --right no --solution y").refused(3, "is no emergency");
    let listed = bob.run("emergency list");
    insta::assert_snapshot!(listed.ok(), @"
    NUMBER  TIME                  BY     RISK      SKIPPED  ASKED                  REVIEW               REASON
    11      2026-11-21 09:00:23Z  alice  critical  2        bob (no answer yet)    by carol: not right  the pool is exhausted
    10      2026-11-21 09:00:19Z  erin   low       0        dave (no answer yet)   by dave: not right   the pool is exhausted
    9       2026-11-21 09:00:14Z  dave   high      1        alice (no answer yet)  by alice: not right  the pool is exhausted
    ");
    assert_eq!(bob.run("emergency list --unreviewed -o name").ok(), "");
}

#[test]
fn who_owes_a_review_makes_no_other_emergency_while_somebody_could_have_looked() {
    let Team { world, dave, erin, alice, .. } = World::team();
    let first = number(&urgent(&erin, &format!("{LOW} debug"), "dave"));
    // Due within 48 hours: a second before the end it is no debt yet, at the end it is.
    world.pass(48 * 3600 - 3);
    urgent(&erin, &format!("{LOW} warn"), "dave").exits(0);
    world.pass(2);
    let error = refused(&erin, &format!("emergency set {LOW} info --approver dave {SAID}"), 6, "was due by");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("cfgctl emergency review {first} ")) && hint.contains("dave"), "{hint}");
    assert!(dave.run("status").ok().contains("overdue (1 of 2)"));
    assert_eq!(dave.run("emergency list --overdue -o name").ok().lines().count(), 1);
    urgent(&dave, &format!("{LOW} info"), "alice").exits(0);
    reviewed(&alice, &first).exits(0);
    urgent(&erin, &format!("{LOW} error"), "dave").exits(0);
}

#[test]
fn past_the_policys_number_of_unreviewed_ones_there_is_none() {
    let Team { alice, dave, erin, .. } = World::team();
    for (index, value) in ["debug", "warn", "error", "trace", "info"].into_iter().enumerate() {
        let by = if index % 2 == 0 { &erin } else { &dave };
        urgent(by, &format!("{LOW} {value}"), "alice").exits(0);
    }
    let line = format!("emergency set {LOW} debug --approver alice {SAID}");
    let error = refused(&erin, &line, 6, "5 emergency changes stand unreviewed");
    assert!(error["hint"].as_str().unwrap().contains("cfgctl emergency review"), "{error}");
    let oldest = alice.run("emergency list --unreviewed -o json").json()["items"][4]["number"].to_string();
    reviewed(&alice, &oldest).exits(0);
    erin.run(&line).exits(0);
}

#[test]
fn a_denial_stays_and_is_told() {
    let Team { world, dave, erin, alice, .. } = World::team();
    let number = number(&urgent(&erin, &format!("{HIGH} 5050"), "dave"));
    dave.run(&format!("emergency acknowledge {number} --deny --comment 'nobody called me'")).exits(0);
    let status = alice.run("status").ok();
    assert!(status.contains(&format!("dave denies having been asked before emergency change {number}")));
    assert!(erin.run(&format!("cr show {number}")).ok().contains("who DENIES it"));
    assert!(erin.run("emergency list").ok().contains("dave (DENIED)"));
    refused(&dave, &format!("emergency acknowledge {number}"), 5, "denied emergency change");
    assert_eq!(audit(&world).last().unwrap()[2], "emergency.acknowledge");
}

#[test]
fn freezes_and_windows_do_not_hold_an_emergency() {
    let Team { alice, erin, frank, .. } = World::team();
    let manifest = alice.run("manifest show -o raw").ok();
    let freeze = "\n  - {name: peak, allow: false, from: 2026-11-01, to: 2026-12-31, zone: UTC}\n";
    let (before, rest) = manifest.split_once("\nwindows:").unwrap();
    let rest = rest.split_once('\n').unwrap().1;
    let file = alice.world.file("frozen.yaml", format!("{before}\nwindows:{freeze}{rest}"));
    if alice.run(&format!("manifest apply {} --reason freeze", file.display())).code != 0 {
        panic!("{}", alice.run(&format!("manifest check {}", file.display())).out);
    }
    refused(&frank, &format!("set {LOW} debug --reason x"), 6, "freeze");
    urgent(&erin, &format!("{LOW} debug"), "dave").exits(0);
}

#[test]
fn a_change_that_waits_to_be_confirmed_is_settled_as_it_is_said() {
    let Team { world, alice, erin, frank, .. } = World::team();
    let line = |value: &str, more: &str| format!("emergency set {LOW} {value} --approver dave {SAID} {more}");
    frank.run(&format!("set {LOW} debug --reason look --confirm-within 10m")).exits(0);
    let error = refused(&erin, &line("warn", ""), 5, "waits to be confirmed");
    assert!(error["hint"].as_str().unwrap().contains("--settle"), "{error}");
    let done = erin.run(&line("warn", "--settle cancel"));
    let told = "which waited to be confirmed, was taken back first, by change 10";
    assert!(done.exits(0).err.contains(told), "{}", done.err);
    assert_eq!(frank.run(&format!("get {LOW}")).ok(), "warn\n");
    let history = frank.run(&format!("history {LOW} -o json")).json();
    let steps: Vec<(String, String)> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["before"].to_string(), row["after"].to_string()))
        .collect();
    let step = |before: &str, after: &str| (before.to_owned(), after.to_owned());
    assert_eq!(steps, [step("null", "\"warn\""), step("\"debug\"", "null"), step("null", "\"debug\"")]);
    let detail: serde_json::Value =
        serde_json::from_str(&audit(&world).iter().rfind(|entry| entry[2] == "change.emergency").unwrap()[4])
            .unwrap();
    assert_eq!(detail["settled"]["how"], "cancel");

    frank.run(&format!("set {MEDIUM} 60 --reason look")).exits(8);
    frank.run("set server.name web --reason look --confirm-within 10m").exits(0);
    let done = erin.run(&format!("-o json {}", line("error", "--settle confirm"))).json();
    assert_eq!((&done["settled"]["change"], &done["settled"]["how"]), (&13.into(), &"confirm".into()));
    assert_eq!(frank.run("get server.name").ok(), "web\n");
    frank.run("confirm").refused(3, "No change waits");
    alice.run("audit verify --full").ok();
}

#[test]
fn an_emergency_may_itself_wait_to_be_confirmed() {
    let Team { world, alice, erin, .. } = World::team();
    let done = erin.run(&format!("emergency set {HIGH} 5050 --approver dave {SAID} --confirm-within 5m"));
    assert!(done.ok().contains("applied, and waits to be confirmed"), "{}", done.out);
    world.pass(400);
    erin.run("settle").exits(0);
    assert_eq!(erin.run(&format!("get {HIGH}")).ok(), "4949\n");
    let number = number(&done);
    assert_eq!(shown(&erin, &number)["unreviewed"], true, "it is owed a review nevertheless");
    alice.run("audit verify --full").ok();
}

/// P15.
#[test]
fn one_key_comes_back_from_one_backup() {
    let Team { world, erin, frank, .. } = World::team();
    frank.run(&format!("set {LOW} debug --reason before")).exits(0);
    frank.run("set server.name web-1 --reason before").exits(0);
    let backup = erin.run("backup create --name known-good -o name").ok().trim().to_owned();
    frank.run(&format!("set {LOW} trace --reason after")).exits(0);
    frank.run("set server.name web-2 --reason after").exits(0);
    let line =
        |key: &str, from: &str| format!("emergency rollback {key} --backup {from} --approver dave {SAID}");
    refused(&erin, &line("server.nam", &backup), 3, "does not hold server.nam");
    refused(&erin, &line(LOW, "config_backup_none_20261121_090000.json"), 3, "no backup named");
    let done = erin.run(&line(LOW, &backup));
    assert!(done.ok().starts_with("Emergency change"), "{}", done.out);
    assert_eq!(erin.run(&format!("get {LOW}")).ok(), "debug\n");
    assert_eq!(erin.run("get server.name").ok(), "web-2\n", "the others stay");
    let file = world.store().with_file_name("backups").join(&backup);
    erin.run(&line("server.name", file.to_str().unwrap())).exits(0);
    assert_eq!(erin.run("get server.name").ok(), "web-1\n");
    assert_eq!(
        erin.run(&line("server.name", &backup)).exits(0).out,
        "Unchanged: server.name already is as asked.\n"
    );
}

#[test]
fn documents_and_unsets_are_emergencies_too_and_can_be_undone() {
    let Team { world, alice, erin, frank, dave, .. } = World::team();
    world.file("good.yaml", "log_level: debug\nserver: {name: web-9}\n");
    let done = erin.run(&format!("emergency apply -f good.yaml --approver dave {SAID}"));
    let number = number(&done);
    assert_eq!(frank.run("get server.name").ok(), "web-9\n");
    erin.run(&format!("emergency unset {LOW} --approver dave {SAID}")).exits(0);
    assert_eq!(frank.run(&format!("get {LOW}")).ok(), "info\n");
    refused(&erin, &format!("undo {number} --reason x"), 5, "has changed since change");
    let last = dave.run("emergency list --limit 1 -o json").json()["items"][0]["number"].to_string();
    frank.run(&format!("undo {last} --reason 'not that one'")).exits(0);
    assert_eq!(frank.run(&format!("get {LOW}")).ok(), "debug\n");
    alice.run("audit verify --full").ok();
}

#[test]
fn the_backup_goes_elsewhere_where_its_folder_cannot_be_written() {
    let Team { world, alice, erin, frank, .. } = World::team();
    frank.run(&format!("set {LOW} debug --reason before")).exits(0);
    let backups = world.store().with_file_name("backups");
    let aside = world.folder().join("aside");
    std::fs::rename(&backups, &aside).unwrap();
    std::fs::write(&backups, "in the way").unwrap();
    let line = format!("emergency set {LOW} warn --approver dave {SAID}");
    let failed = erin.run(&line);
    failed.refused(7, "The backup cannot be written");
    assert!(failed.err.contains("--backup-to DIR"), "{}", failed.err);
    assert_eq!(erin.run(&format!("get {LOW}")).ok(), "debug\n");
    erin.run(&format!("{line} --backup-to nowhere")).refused(3, "There is no directory");
    std::fs::create_dir(world.folder().join("usb")).unwrap();
    let done = erin.run(&format!("{line} --backup-to usb"));
    assert!(!done.err.contains("Nothing was changed"), "{}", done.err);
    let number = number(&done);
    let name = shown(&erin, &number)["backup"].as_str().unwrap().to_owned();
    assert!(name.starts_with(world.folder().join("usb/config_backup_change_").to_str().unwrap()), "{name}");
    let mode = std::fs::metadata(&name).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // Wherever a backup is named, this one is found.
    assert!(erin.run("backup list -o name").ok().contains(&name));
    assert!(erin.run(&format!("backup show {name}")).ok().contains("debug"));
    erin.run(&format!("backup verify {name}")).exits(0);
    std::fs::remove_file(&backups).unwrap();
    std::fs::rename(&aside, &backups).unwrap();
    erin.run(&format!("emergency rollback {LOW} --backup {name} --approver dave {SAID}")).exits(0);
    assert_eq!(erin.run(&format!("get {LOW}")).ok(), "debug\n");
    erin.run("backup show /etc/hostname").refused(3, "no backup named");
    alice.run("doctor").exits(0);
}

#[test]
fn the_backup_of_an_emergency_stays_until_somebody_has_looked_back() {
    let Team { world, alice, dave, erin, frank, .. } = World::team();
    with_policy(&alice, "backups: {keep: 50", "backups: {keep: 2");
    let number = number(&urgent(&erin, &format!("{LOW} debug"), "dave"));
    let name = shown(&erin, &number)["backup"].as_str().unwrap().to_owned();
    for value in ["warn", "error", "trace", "info", "debug", "warn"] {
        frank.run(&format!("set {LOW} {value} --reason x")).exits(0);
    }
    let file = world.store().with_file_name("backups").join(&name);
    assert!(file.exists(), "rotation took {name}");
    let kept = erin.run("backup prune --keep 1 --reason space --yes -o json").json();
    let because = kept["kept"].as_array().unwrap().iter().find(|kept| kept["name"] == name.as_str()).unwrap();
    assert!(because["because"].as_str().unwrap().contains("nobody has reviewed"), "{because}");
    assert!(file.exists());
    reviewed(&dave, &number).exits(0);
    erin.run("backup prune --keep 1 --reason space --yes").exits(0);
    assert!(!file.exists());
}

#[test]
fn alone_in_ones_store_one_asks_and_reviews_oneself() {
    let (_world, alice) = World::solo();
    let done = urgent(&alice, &format!("{CRITICAL} 90"), "alice");
    let number = number(&done);
    alice.run(&format!("emergency acknowledge {number}")).exits(0);
    reviewed(&alice, &number).exits(0);
    assert_eq!(alice.run("emergency list --unreviewed -o name").ok(), "");
}

#[test]
fn whom_to_call_is_told_where_nothing_can_be_written() {
    let Team { world, alice, grace, .. } = World::team();
    with_policy(
        &alice,
        "- {role: primary, name: (nobody named yet), chat: (edit contacts in the manifest)}",
        "- {role: primary, name: On call, phone: \"+49 30 1\", chat: \"#on-call\"}",
    );
    let shown =
        "ROLE     NAME     PHONE     CHAT      EMAIL  URL\nprimary  On call  +49 30 1  #on-call  -      -\n";
    assert_eq!(grace.run("emergency contacts").ok(), shown);
    let folder = world.store().parent().unwrap().to_owned();
    let mode = |bits: u32| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(bits)).unwrap();
    mode(0o500);
    let told = grace.run("emergency contacts");
    mode(0o700);
    assert_eq!(told.ok(), shown);
    assert_eq!(grace.run("emergency contacts -o json").json()["items"][0]["phone"], "+49 30 1");
}

#[test]
fn the_same_emergency_sent_twice_is_made_once() {
    let Team { world, erin, .. } = World::team();
    let line =
        format!("emergency set {LOW} debug --approver dave {SAID} --id 01M7YNBC9GV53WQHBTVQCMD0CX -o name");
    assert_eq!(erin.run(&line).ok(), erin.run(&line).ok());
    assert_eq!(audit(&world).iter().filter(|entry| entry[2] == "change.emergency").count(), 1);
    let other = format!("emergency set {LOW} warn --approver dave {SAID} --id 01M7YNBC9GV53WQHBTVQCMD0CX");
    refused(&erin, &other, 5, "is another change's");
}

#[test]
fn an_open_request_on_the_path_is_held_when_an_emergency_lands() {
    let Team { erin, frank, .. } = World::team();
    let id = pending(&frank, &format!("set {MEDIUM} 60 --reason x"));
    urgent(&erin, &format!("{MEDIUM} 90"), "dave").exits(0);
    assert_eq!(shown(&frank, &id)["stale"], true);
}

/// What the one who made it could have approved alone was not skipped.
#[test]
fn only_approvals_that_were_missing_count_as_skipped() {
    let Team { erin, frank, grace, .. } = World::team();
    let own = number(&urgent(&erin, &format!("{MEDIUM} 60"), "dave"));
    assert_eq!(shown(&grace, &own)["emergency"]["skipped"], 0);
    let told = grace.run(&format!("cr show {own}")).ok();
    assert!(told.contains("no approval skipped"), "{told}");
    let missing = number(&urgent(&erin, &format!("{HIGH} 5050"), "dave"));
    assert_eq!(shown(&frank, &missing)["emergency"]["skipped"], 1);
}
