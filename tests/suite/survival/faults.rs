//! A disk that fails, at every write, sync, truncation, open, removal and rename: the truth is told.

use super::library::Library;
use super::tools::{EMERGENCY, SMALL, injected, small, strace};
use super::walk::Walk;
use crate::harness::{BEGINNING, World};
use cfgctl::engine::Access;

/// The calls that can fail, with what they fail with.
const FAILING: &[(&str, &str)] = &[
    ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("write", "ENOSPC"),
    ("fsync", "EIO"),
    ("fdatasync", "EIO"),
    ("ftruncate", "EIO"),
    ("openat", "EIO"),
    ("openat", "EMFILE"),
    ("unlink", "EIO"),
    ("rename", "EIO"),
    ("renameat2", "ENOSPC"),
    ("mkdir", "ENOSPC"),
    ("flock", "EIO"),
    ("read", "EIO"),
];

/// Fails each of these calls in turn. What the exit code says must be what is found: 0 the new state, 12 either, any
/// other the old one, unless the message says that it was done nevertheless.
fn fail_at_each(walk: &Walk) {
    let words = &walk.words;
    let mut seen = std::collections::BTreeMap::new();
    for (call, error) in FAILING {
        for n in 1.. {
            let (output, met) = walk.run(call, &format!("error={error}:when={n}"));
            let (out, err) =
                (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            let when = format!("{words:?} with {error} at {call} {n}: {:?}\n{out}{err}", output.status);
            let code = output.status.code().unwrap_or_else(|| panic!("{when}"));
            // 127 is the loader's: the program never began.
            assert!([0, 3, 4, 7, 8, 9, 12, 127].contains(&code), "{when}");
            let done = walk.look(&when);
            match code {
                0 | 8 => assert!(done, "{when}: said to be done, and is not"),
                12 => assert!(err.contains("Look before trying again"), "{when}"),
                _ => {
                    assert!(
                        !done || err.contains("done nevertheless"),
                        "{when}: said to have failed, and is done"
                    );
                    assert!(!err.is_empty(), "{when}: nothing is said");
                }
            }
            *seen.entry(code).or_insert(0) += 1;
            if !met {
                assert!(matches!(code, 0 | 8), "{when}: undisturbed");
                break;
            }
        }
    }
    eprintln!("{words:?}: exit codes {seen:?}");
    assert!(seen.values().sum::<i32>() > 50 && seen.contains_key(&7), "{words:?}: {seen:?}");
}

/// Measure 3.
#[test]
fn a_set_whose_disk_fails_at_any_call_tells_the_truth() {
    if !strace("a set whose disk fails") {
        return;
    }
    let (world, alice, _) = small();
    fail_at_each(&Walk::new(&world, &alice, &["set", "limit", "30", "--reason", "r"]));
}

/// Measure 3.
#[test]
fn an_emergency_whose_disk_fails_at_any_call_tells_the_truth() {
    if !strace("an emergency whose disk fails") {
        return;
    }
    let (world, alice, _) = small();
    fail_at_each(&Walk::new(&world, &alice, EMERGENCY));
}

/// Measure 3.
#[test]
fn a_backup_and_a_restore_whose_disk_fails_at_any_call_tell_the_truth() {
    if !strace("a backup and a restore whose disk fails") {
        return;
    }
    let (world, alice, _) = small();
    alice.run("set limit=40 name=forty --reason r").ok();
    let backup = alice.run("backup create --name kept -o name").ok().trim().to_owned();
    alice.run("set limit=50 name=fifty free.x=1 --reason r").ok();
    fail_at_each(&Walk::new(&world, &alice, &["backup", "create", "--name", "walked"]));
    fail_at_each(&Walk::new(
        &world,
        &alice,
        &["restore", &backup, "--reason", "r", "--yes", "--answer", "small"],
    ));
}

/// Measure 3.
#[test]
fn an_init_whose_disk_fails_at_any_call_makes_a_whole_store_or_none() {
    if !strace("an init whose disk fails") {
        return;
    }
    let world = World::new();
    let alice = world.user("alice", 1000).with("CFGCTL_FAKE_SEED", "init");
    let manifest = world.file("small.yaml", SMALL);
    let words = ["init", "--solo", "--manifest", manifest.to_str().unwrap()];
    let store = world.store();
    let (mut failed, mut wrong) = (0, Vec::new());
    for (call, error) in FAILING {
        // Writes to the file are many, and alike.
        for n in (1..).step_by(if *call == "pwrite64" { 4 } else { 1 }) {
            let _ = std::fs::remove_dir_all(store.parent().unwrap());
            let (output, met) = injected(&alice, &words, call, &format!("error={error}:when={n}"));
            let said = String::from_utf8_lossy(&output.stderr);
            let when = format!("init with {error} at {call} {n}: {:?} {said}", output.status);
            let done = output.status.code() == Some(0);
            assert!(done || !said.is_empty(), "{when}");
            if store.exists() {
                let found =
                    Library::open(&store, Access::Write, BEGINNING).map(|mut library| library.broken());
                if found.as_ref().map_or(true, |problems| !problems.is_empty()) {
                    wrong.push(format!("{when}: the store does not hold: {found:?}"));
                }
                if !done && !said.contains("nevertheless") && output.status.code() != Some(12) {
                    wrong.push(format!("{when}: said to have failed, and is there"));
                }
            } else if done {
                wrong.push(format!("{when}: said to be done, and is not there"));
            } else {
                alice.run_words(&words).ok();
            }
            if !met {
                break;
            }
            failed += i32::from(!done);
        }
    }
    let told = wrong.iter().take(12).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(failed > 50 && wrong.is_empty(), "{failed} failed, {} wrongly:\n{told}", wrong.len());
}
