//! Killed at every call to the system, and at random: the old state or the new one, and nothing acknowledged is lost.

use super::library::Library;
use super::tools::{Dice, EMERGENCY, SMALL, backup_files, copy, injected, small, strace, whole_backups};
use super::walk::Walk;
use crate::harness::{BEGINNING, World};
use cfgctl::engine::Access;
use serde_json::json;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// The calls between which nothing on a disk changes.
const CHANGING: &[&str] = &[
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "unlink",
    "unlinkat",
    "rename",
    "renameat2",
    "mkdir",
    "flock",
    "exit_group",
];

/// Calls between which memory that processes share may change.
const OTHERS: &[&str] =
    &["fcntl", "pread64", "newfstatat", "statx", "mmap", "munmap", "mprotect", "close", "getrandom"];

/// Kills the command at each of these calls, one at a time (strace counts every name by itself), and looks at what
/// is left.
fn kill_at_each(walk: &Walk, calls: &[&str], step: usize) {
    let words = &walk.words;
    let mut killed = 0;
    for call in calls {
        for n in (1..).step_by(step) {
            let (output, met) = walk.run(call, &format!("signal=KILL:when={n}"));
            if !met {
                assert!(matches!(output.status.code(), Some(0 | 8)), "{words:?} undisturbed: {output:?}");
                break;
            }
            killed += 1;
            let when = format!("{words:?} killed at {call} {n}");
            let done = walk.look(&when);
            assert!(done || output.stdout.is_empty(), "{when}: acknowledged, and not there");
        }
    }
    eprintln!("{words:?}: killed {killed} times");
    assert!(killed > 30, "{words:?}: killed only {killed} times");
}

/// Measure 1.
#[test]
fn a_set_killed_at_any_call_is_done_or_not_begun() {
    if !strace("a set killed at any call") {
        return;
    }
    let (world, alice, _) = small();
    let walk = Walk::new(&world, &alice, &["set", "limit", "30", "--reason", "r"]);
    kill_at_each(&walk, CHANGING, 1);
    kill_at_each(&walk, OTHERS, 5);
}

/// Measure 1.
#[test]
fn batches_requests_and_their_execution_killed_at_any_call_are_done_or_not_begun() {
    if !strace("batches and requests killed at any call") {
        return;
    }
    let (world, alice, bob) = small();
    let batch = world.file("batch.yaml", "limit: 31\nname: batch\nfree: {a: 1, b: [true]}\n");
    kill_at_each(
        &Walk::new(&world, &alice, &["apply", "-f", batch.to_str().unwrap(), "--reason", "r"]),
        CHANGING,
        1,
    );
    kill_at_each(&Walk::new(&world, &alice, &["set", "pool", "9", "--reason", "r"]), CHANGING, 1);
    // Each walk ends with the undisturbed command, so the request is there now.
    let id = alice.run("change-request list -o name").ok().trim().to_owned();
    kill_at_each(&Walk::new(&world, &bob, &["change-request", "approve", &id]), CHANGING, 1);
    kill_at_each(&Walk::new(&world, &alice, &["change-request", "execute", &id]), CHANGING, 1);
    assert_eq!(alice.run("get pool").ok(), "9\n");
}

/// Measure 1: a deadline is written with its change, and taking it back is one transaction too.
#[test]
fn a_change_with_a_deadline_killed_at_any_call_is_settled_once_or_still_waits() {
    if !strace("changes with a deadline killed at any call") {
        return;
    }
    let (world, alice, _) = small();
    let set = ["set", "limit", "30", "--reason", "r", "--confirm-within", "1m"];
    let (base, folder) = (world.folder().join("kept"), world.store().parent().unwrap().to_owned());
    copy(&folder, &base);
    for call in ["pwrite64", "fdatasync", "exit_group"] {
        for n in (1..).step_by(2) {
            copy(&base, &folder);
            let (output, met) = injected(&alice, &set, call, &format!("signal=KILL:when={n}"));
            let store = rusqlite::Connection::open(world.store()).unwrap();
            let count = |query: &str| store.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
            let confirming = count("SELECT count(*) FROM changes WHERE state = 'confirming'");
            let due = count("SELECT count(*) FROM duties WHERE kind = 'confirm'");
            assert_eq!(confirming, due, "{set:?} killed at {call} {n}");
            assert!(
                confirming == 1 || output.stdout.is_empty(),
                "{set:?} killed at {call} {n}: acknowledged"
            );
            if !met {
                break;
            }
        }
    }
    // Set at the world's time, an hour before the walk's: the deadline is missed when that begins.
    kill_at_each(&Walk::new(&world, &alice, &["settle"]), CHANGING, 3);
    assert_eq!(alice.run("get limit").ok(), "22\n");
}

/// Measure 1.
#[test]
fn an_emergency_killed_at_any_call_is_done_and_marked_or_not_begun() {
    if !strace("an emergency killed at any call") {
        return;
    }
    let (world, alice, bob) = small();
    kill_at_each(&Walk::new(&world, &alice, EMERGENCY), CHANGING, 1);
    assert_eq!(bob.run("emergency list --unreviewed -o name").ok().lines().count(), 1);
}

/// Measure 1.
#[test]
fn going_back_and_cleaning_up_killed_at_any_call_are_done_or_not_begun() {
    if !strace("rollbacks, restores, backups and pruning killed at any call") {
        return;
    }
    let (world, alice, _) = small();
    alice.run("set limit=40 name=forty --reason r").ok();
    let backup = alice.run("backup create --name kept -o name").ok().trim().to_owned();
    alice.run("set limit=50 name=fifty free.x=1 --reason r").ok();
    for words in [
        &["backup", "create", "--name", "walked"][..],
        &["rollback", "--version", "2", "--reason", "r", "--yes"],
        &["restore", &backup, "--reason", "r", "--yes", "--answer", "small"],
        &["version", "prune", "--keep", "2", "--reason", "r"],
    ] {
        kill_at_each(&Walk::new(&world, &alice, words), CHANGING, 1);
    }
}

/// Measure 1.
#[test]
fn housekeeping_killed_at_any_call_is_done_or_not_begun() {
    if !strace("housekeeping killed at any call") {
        return;
    }
    for policy in ["keep: {versions: 2}", "keep: {audit: 30m}", "baselines: {after: 50m}"] {
        let (world, alice, _) = small();
        alice.run("version tag kept 3 --reason r").ok();
        world.file("keeping.yaml", SMALL.replace("  backups:", &format!("  {policy}\n  backups:")));
        alice.run("manifest apply keeping.yaml --reason r --yes").ok();
        kill_at_each(&Walk::new(&world, &alice, &["settle"]), CHANGING, 1);
    }
}

/// Measure 1.
#[test]
fn an_init_killed_at_any_call_leaves_no_store_or_a_whole_one() {
    if !strace("an init killed at any call") {
        return;
    }
    let world = World::new();
    let alice = world.user("alice", 1000).with("CFGCTL_FAKE_SEED", "walk");
    let manifest = world.file("small.yaml", SMALL);
    let words = ["init", "--manifest", manifest.to_str().unwrap(), "--solo"];
    let store = world.store();
    let mut killed = 0;
    for call in CHANGING {
        for n in 1.. {
            let _ = std::fs::remove_dir_all(store.parent().unwrap());
            let (output, killed_it) = injected(&alice, &words, call, &format!("signal=KILL:when={n}"));
            let when = format!("init killed at {call} {n}");
            if !store.exists() {
                assert!(killed_it && output.stdout.is_empty(), "{when}: acknowledged, and not there");
                alice.run_words(&words).ok();
            }
            let mut library = Library::open(&store, Access::Write, BEGINNING).unwrap();
            assert_eq!(library.broken(), Vec::<String>::new(), "{when}");
            library.change(&[("limit".to_owned(), Some(json!(77)))]).unwrap();
            library.engine.close().unwrap();
            if !killed_it {
                break;
            }
            killed += 1;
        }
    }
    assert!(killed > 50, "killed only {killed} times");
}

/// Measure 2.
#[test]
fn a_writer_killed_five_hundred_times_at_random_loses_nothing_it_acknowledged() {
    let (world, alice, _) = small();
    let mut dice = Dice::new("a writer killed at random");
    let store = world.store();
    // How long a set takes here, so that kills fall all over it and sometimes after it.
    let begun = Instant::now();
    alice.run("set limit 1 --reason r").ok();
    let whole = begun.elapsed() + Duration::from_millis(1);
    let (mut acknowledged, mut last) = (0, 1);
    for round in 2..=501_u32 {
        world.pass(1);
        let value = round.to_string();
        let mut child = alice
            .command(&["set", "limit", &value, "--reason", "r"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(dice.below(whole.as_micros() as usize * 5 / 4) as u64));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let mut library = Library::open(&store, Access::Read, BEGINNING).unwrap();
        let found = library.values().unwrap()["limit"].as_u64().unwrap();
        library.engine.close().unwrap();
        if output.stdout.is_empty() {
            assert!(found == last || found == u64::from(round), "round {round}: found {found} after {last}");
        } else {
            acknowledged += 1;
            assert_eq!(found, u64::from(round), "round {round} was acknowledged");
        }
        last = found;
        if round % 50 == 0 {
            whole_backups(&store, &format!("round {round}"));
            let mut library = Library::open(&store, Access::Write, BEGINNING).unwrap();
            assert_eq!(library.broken(), Vec::<String>::new(), "round {round}");
            library.engine.close().unwrap();
        }
    }
    eprintln!("{acknowledged} of 500 acknowledged; {} backup files", backup_files(&store).len());
    assert!(
        (5..500).contains(&acknowledged),
        "the kills fell on one side: {acknowledged} of 500 acknowledged"
    );
}
