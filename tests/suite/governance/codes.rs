//! Every exit code that can be met has a test that meets it, and no bad input ends in anything but a sentence and a hint.

use super::{HIGH, LOW, MEDIUM, error_of, pending};
use crate::harness::{Team, World};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The contract's table, met row by row. 10 and 11 are met where changes are confirmed (`lives`), 13 belongs to delivery; 12 needs
/// a disk that fails as it makes a commit durable, which `exit`'s own test stands for; 70 is never met.
#[test]
fn every_exit_code_is_met() {
    let Team { world, alice, dave, erin, frank, grace, .. } = World::team();
    let rejected = pending(&frank, &format!("set {HIGH} 6060 --reason x"));
    dave.run(&format!("cr reject {rejected} --reason no")).ok();
    world.file("off.yaml", format!("{MEDIUM}: 9999\n"));
    let mut met = BTreeSet::new();
    for (user, line, code) in [
        (&frank, format!("set {LOW} debug --reason x"), 0),
        (&frank, format!("set {LOW} debug --reason x"), 0),
        (&frank, "diff 1 2".to_owned(), 1),
        (&frank, "validate -f off.yaml".to_owned(), 1),
        (&frank, "validate -f off.yaml --exit-zero".to_owned(), 0),
        (&frank, format!("set {LOW} warn"), 2),
        (&frank, "get nobody.knows".to_owned(), 3),
        (&grace, format!("set {LOW} warn --reason x"), 4),
        (&frank, format!("cr execute {rejected}"), 5),
        (&frank, format!("set {MEDIUM} 9999 --reason x"), 6),
        (&frank, format!("cr wait {rejected}"), 6),
        (&frank, format!("set {HIGH} 5050 --reason x"), 8),
        (
            &erin,
            "audit verify --head 1:0000000000000000000000000000000000000000000000000000000000000000"
                .to_owned(),
            9,
        ),
    ] {
        let ran = user.run(&line);
        ran.exits(code);
        // 1 and 8 are answers; errors leave standard output empty.
        let answered = matches!(code, 0 | 1 | 8 | 9);
        assert_eq!(ran.out.is_empty(), !answered, "{line}: {:?}", ran.out);
        met.insert(code);
    }
    // 7: standard output that cannot be written, a folder in which nothing can be made.
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = alice.command(&["get"]).stdout(full).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(7));
    met.insert(7);
    assert_eq!(met, BTreeSet::from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
}

/// P14: what could not be restored is listed, and the answer is 1.
#[test]
fn skipping_what_is_invalid_is_the_answer_no() {
    let (world, alice) = World::solo();
    alice.run(&format!("set {MEDIUM} 180 --reason x")).ok();
    world.file("old.json", r#"{"timestamp": "2026-01-01T00:00:00", "configurations": {
        "session_timeout_minutes": {"value": "99999", "data_type": "integer", "updated_at": "", "updated_by": "old"},
        "log_level": {"value": "debug", "data_type": "string", "updated_at": "", "updated_by": "old"}}}"#);
    alice.run("rollback --backup ./old.json --reason x").exits(6);
    let ran = alice.run("rollback --backup ./old.json --skip-invalid --reason x");
    ran.exits(1);
    assert!(ran.out.contains("failed") && ran.out.contains(MEDIUM), "{}", ran.out);
    assert_eq!(alice.run(&format!("get {LOW}")).ok(), "debug\n");
}

/// 9: a store whose record was altered does not hold, and `audit verify` says where.
#[test]
fn an_altered_record_is_found() {
    let Team { world, frank, grace, .. } = World::team();
    frank.run(&format!("set {LOW} debug --reason x")).ok();
    grace.run("audit verify").exits(0);
    let store = Connection::open(world.store()).unwrap();
    store.execute("UPDATE audit_log SET actor = 'grace' WHERE seq = 5", []).unwrap();
    drop(store);
    let ran = grace.run("audit verify");
    ran.exits(9);
    assert!(ran.out.contains('5'), "{}", ran.out);
    // A role that was given by hand rather than by the program.
    let team = World::team();
    let store = Connection::open(team.world.store()).unwrap();
    store.execute("UPDATE members SET role = 'board' WHERE name = 'grace' AND until IS NULL", []).unwrap();
    drop(store);
    let ran = team.frank.run("audit verify --full");
    ran.exits(9);
    assert!(ran.out.contains("grace"), "{}", ran.out);
}

/// 9 where the file is no store, 3 where there is none, 2 where the name is none.
#[test]
fn what_is_no_store_is_said_to_be_none() {
    let (world, alice) = World::solo();
    for (name, content) in [
        ("text.db", b"not a database at all, but long enough to be looked at twice".as_slice()),
        ("empty.db", b""),
    ] {
        world.file(name, content);
        error_of(&alice.run(&format!("-o json --store {name} get {LOW}")), 9);
    }
    Connection::open(world.folder().join("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE other (a)")
        .unwrap();
    for (store, code) in [("other.db", 9), ("none.db", 3), (".", 9)] {
        error_of(&alice.run(&format!("-o json --store {store} get {LOW}")), code);
        error_of(&alice.run(&format!("-o json --store {store} set {LOW} debug --reason x")), code);
    }
    assert!(!world.folder().join("none.db").exists(), "a store that was named is never made");
}

/// Bad input of every kind ends in a sentence and a hint, with the code of its kind.
#[test]
fn bad_input_of_every_kind_ends_in_a_sentence_and_a_hint() {
    let Team { world, alice, frank, .. } = World::team();
    world.file("list.yaml", "- 1\n- 2\n");
    world.file("broken.yaml", "a: [1, 2\nb: }\n");
    world.file("twice.yaml", "log_level: info\nlog_level: debug\n");
    world.file("broken.json", "{\"a\": }");
    world.file("broken.toml", "a = = 1\n");
    world.file("bytes.yaml", b"log_level: \xff\xfe\n");
    world.file("manifest.yaml", "format: 99\n");
    let long = "x".repeat(20_000);
    let long_reason = format!("set {LOW} debug --reason {long}");
    let deep = format!("get {}", vec!["a"; 400].join("."));
    let rows: &[(&str, i32)] = &[
        ("", 2),
        ("frobnicate", 2),
        ("set", 2),
        ("set log_level", 2),
        ("set log_level a b --reason x", 2),
        ("set log_level debug --reason x --frobnicate", 2),
        ("set log_level debug --reason", 2),
        ("set log_level debug --reason x --if-version -1", 2),
        ("set log_level debug --reason x --if-version soon", 2),
        ("set log_level debug --reason x --timeout 5s", 2),
        ("set log_level debug --reason x --wait --timeout soon", 2),
        ("set log_level debug --reason x --id 42", 2),
        ("set motd 5 --type colour --reason x", 2),
        ("history --since tomorrow", 2),
        ("rollback --reason x", 2),
        ("rollback --version one --reason x", 2),
        ("rollback --version 1 --steps 1 --reason x", 2),
        ("rollback --hash xyz --reason x", 2),
        ("cr show", 2),
        ("cr list --state weird", 2),
        ("member invite zoe --reason x", 2),
        ("member invite zoe --role king --reason x", 2),
        ("member invite zoe --role viewer --uid minus --reason x", 2),
        ("member role bob --reason x", 2),
        ("member role bob --owner --no-owner --reason x", 2),
        ("member list --at whenever", 2),
        ("member token --expires-in forever", 2),
        ("--store '' get", 2),
        ("--token-file nowhere get", 2),
        ("get nobody.knows", 3),
        ("get --at yesterday", 3),
        ("set motd --value-file nowhere.txt --reason x", 3),
        ("apply -f nowhere.yaml --reason x", 3),
        ("cr test 9 --evidence nowhere.log", 3),
        ("cr show 4711", 3),
        ("version show 4711", 3),
        ("rollback --tag never --reason x", 3),
        ("backup show never", 3),
        ("restore never --reason x", 3),
        ("--context nowhere get", 3),
        ("member join cfginv_no", 4),
        ("apply -f list.yaml --reason x", 6),
        ("apply -f broken.yaml --reason x", 6),
        ("apply -f twice.yaml --reason x", 6),
        ("apply -f broken.json --reason x", 6),
        ("apply -f broken.toml --reason x", 6),
        ("apply -f bytes.yaml --reason x", 6),
        ("manifest apply manifest.yaml --reason x", 6),
        ("set log_level 7 --reason x", 6),
        ("set session_timeout_minutes 1e99 --reason x", 6),
        ("set session_timeout_minutes '' --reason x", 6),
        ("set .a 1 --reason x", 6),
        ("set 'a b' 1 --reason x", 6),
        ("set motd nonsense --type integer --reason x", 6),
        (&long_reason, 6),
        (&deep, 6),
    ];
    let mut failures = Vec::new();
    for (line, code) in rows {
        let user = if line.starts_with("manifest") { &alice } else { &frank };
        let ran = user.run(&format!("-o json {line}"));
        let tried = std::panic::catch_unwind(|| error_of(&ran, *code));
        match tried {
            Ok(error) if is_clear(error["message"].as_str().unwrap_or_default()) => {}
            _ => failures.push(format!(
                "{} ({}): {}",
                line.get(..80).unwrap_or(line),
                ran.code,
                ran.err.trim()
            )),
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

/// A sentence for people: no debris of the program in it.
fn is_clear(message: &str) -> bool {
    let debris =
        ["panicked", "unwrap", "Err(", "Some(", "rusqlite", "SqliteFailure", "os error", "src/", "::"];
    !message.is_empty() && debris.iter().all(|part| !message.contains(part))
}

/// The same without `-o json`: `error:` and `hint:` (or how the words go) on standard error.
#[test]
fn people_read_the_same_error_in_two_lines() {
    let Team { world, frank, grace, .. } = World::team();
    let ran = grace.run(&format!("set {LOW} debug --reason x"));
    insta::assert_snapshot!(ran.shown(&world), @r#"
    exit 4
    --- stdout
    --- stderr
    store: WORLD/store/config_overrides.db
    error: grace is viewer, and making a change asks for operator.
    hint: Ask a member with the role operator or above: cfgctl member list
    "#);
    insta::assert_snapshot!(frank.run(&format!("set {MEDIUM} 9999 --reason x")).shown(&world), @r#"
    exit 6
    --- stdout
    --- stderr
    store: WORLD/store/config_overrides.db
    error: session_timeout_minutes must be at most 1440, not 9999.
    hint: What the setting takes: cfgctl explain session_timeout_minutes
    "#);
    let king = frank.run("member invite zoe --role king --reason x");
    king.refused(2, "\"king\" is not a role");
    assert!(king.err.contains("viewer, operator, admin, senior-admin and board"), "{}", king.err);
    let quiet = frank.run(&format!("-q set {MEDIUM} 9999 --reason x"));
    assert!(quiet.err.starts_with("error: ") && quiet.err.contains("\nhint: "), "{}", quiet.err);
}

/// 7, and no sense in trying again.
#[test]
fn a_store_that_cannot_be_made_is_unavailable_and_not_worth_another_try() {
    let (world, alice) = World::solo();
    world.file("file", "in the way");
    let error = error_of(&alice.run("-o json --store file/inside/store.db init --solo"), 7);
    assert_eq!(error["retryable"], false, "{error}");
}

/// 130 and 143: who waits may be interrupted.
#[test]
fn an_interrupted_wait_ends_by_the_signal() {
    let Team { frank, erin, .. } = World::team();
    let id = pending(&frank, &format!("set {HIGH} 5050 --reason x"));
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut waiting =
            frank.command(&["cr", "wait", &id]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        Command::new("kill").args(["-s", signal, &waiting.id().to_string()]).status().unwrap();
        let status = waiting.wait().unwrap();
        let ended = status.code().or(status.signal().map(|signal| 128 + signal));
        assert_eq!(ended, Some(code), "after {signal}");
    }
    erin.run(&format!("cr show {id}")).exits(0);
}
