//! The process that waits for a deadline where no instance runs: with the real clock.

use super::LOW;
use crate::harness::{User, World};
use expectrl::{Eof, Expect, Session};
use rusqlite::{Connection, OpenFlags};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How long after it was set a deadline of two seconds may take to be kept.
const PATIENCE: Duration = Duration::from_secs(6);

/// A store that alice made just now.
fn now() -> (World, User) {
    let world = World::new();
    let alice = world.user("alice", 1000).with("CFGCTL_FAKE_NOW", "");
    alice.run("init --solo").ok();
    (world, alice)
}

/// The processes that wait for this world's deadlines.
fn waiters(world: &World) -> Vec<i32> {
    let store = world.store().display().to_string();
    let waits = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        words.contains(&store.as_bytes()) && words.contains(&b"--keep-deadlines".as_slice())
    };
    let entries = std::fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok()).filter(waits).collect()
}

/// The state of the last change, and who executed it, read past the program.
fn last(world: &World, state: &str) -> Option<String> {
    let store = Connection::open_with_flags(world.store(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let query = "SELECT actor FROM audit_log WHERE action = ?1 ORDER BY seq DESC LIMIT 1";
    store.query_row(query, [state], |row| row.get(0)).ok()
}

#[track_caller]
fn until(what: &str, patience: Duration, mut is_so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < patience, "{what}: not after {patience:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    begun.elapsed()
}

/// P2: nobody types anything, and the former value is back in time, on record as cfgctl's doing.
#[test]
fn what_nobody_confirms_comes_back_by_itself() {
    let (world, alice) = now();
    let ran = alice.run(&format!("set {LOW} debug --reason x --confirm-within 2s"));
    ran.exits(0);
    assert!(!ran.err.contains("Nothing waits"), "{}", ran.err);
    assert_eq!(waiters(&world).len(), 1);
    let took = until("taken back", PATIENCE, || last(&world, "change.take-back").is_some());
    assert!(took > Duration::from_secs(1), "too early: {took:?}");
    assert_eq!(last(&world, "change.take-back").as_deref(), Some("cfgctl"));
    assert_eq!(alice.run(&format!("get {LOW}")).ok(), "info\n");
    alice.run("cr wait 2").exits(10);
    until("the waiter ends", PATIENCE, || waiters(&world).is_empty());
    alice.run("audit verify --full").ok();
}

/// P2: once it is confirmed nothing happens any more, and the waiter goes.
#[test]
fn what_was_confirmed_stays_and_the_waiter_ends() {
    let (world, alice) = now();
    alice.run(&format!("set {LOW} debug --reason x --confirm-within 2s")).exits(0);
    alice.run("confirm").exits(0);
    until("the waiter ends", PATIENCE, || waiters(&world).is_empty());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(last(&world, "change.take-back"), None);
    assert_eq!(alice.run(&format!("get {LOW}")).ok(), "debug\n");
}

/// P2: the terminal is closed, and with it the session that it was.
#[test]
fn the_waiter_outlives_the_terminal() {
    let (world, alice) = now();
    let mut command = alice.command(&["set", LOW, "debug", "--reason", "x", "--confirm-within", "2s"]);
    command.env("TERM", "xterm").stdin(Stdio::inherit());
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    session.expect(Eof).unwrap();
    session.get_process().wait().unwrap();
    drop(session);
    until("taken back", PATIENCE, || last(&world, "change.take-back").is_some());
    until("the waiter ends", PATIENCE, || waiters(&world).is_empty());
    assert_eq!(alice.run(&format!("get {LOW}")).ok(), "info\n");
}

/// P2: a deadline that is moved is kept where it was moved to, and once.
#[test]
fn an_extended_deadline_is_kept_by_itself_too() {
    let (world, alice) = now();
    alice.run(&format!("set {LOW} debug --reason x --confirm-within 2s")).exits(0);
    alice.run("confirm --extend 4s").exits(0);
    let took = until("taken back", 2 * PATIENCE, || last(&world, "change.take-back").is_some());
    assert!(took > Duration::from_secs(3), "too early: {took:?}");
    until("the waiters end", PATIENCE, || waiters(&world).is_empty());
    let all = alice.run("cr list --all -o json").json()["items"].clone();
    let backs = all.as_array().unwrap().iter().filter(|item| item["kind"] == "undo").count();
    assert_eq!(backs, 1, "{all}");
}

/// P2: killed, the waiter leaves a deadline that readers tell of and the next write settles.
#[test]
fn a_waiter_that_was_killed_leaves_the_deadline_to_the_next_write() {
    let (world, alice) = now();
    alice.run(&format!("set {LOW} debug --reason x --confirm-within 1s")).exits(0);
    for pid in waiters(&world) {
        kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    }
    std::thread::sleep(Duration::from_millis(1500));
    let read = alice.run(&format!("get {LOW}"));
    assert_eq!(read.ok(), "debug\n");
    assert!(read.err.contains("was not confirmed by"), "{}", read.err);
    alice.run("set server.name web-1 --reason x").exits(0);
    assert_eq!(alice.run(&format!("get {LOW}")).ok(), "info\n");
    assert_eq!(last(&world, "change.take-back").as_deref(), Some("cfgctl"));
}
