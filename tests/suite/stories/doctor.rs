//! What `doctor` finds, and that what it advises makes it well again.

use super::place::{closable_world, is_root};
use super::{column, json, json_exits};
use crate::harness::World;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// An account that nobody logs in as.
const NOBODY: u32 = 65534;

fn everything_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_path_buf()];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(everything_below(&path)) } else { found.push(path) }
    }
    found
}

fn of_others(folder: &Path) -> Vec<PathBuf> {
    let others = |path: &PathBuf| std::fs::symlink_metadata(path).unwrap().uid() != NOBODY;
    everything_below(folder).into_iter().filter(others).collect()
}

#[test]
fn what_root_writes_beside_somebody_s_store_is_theirs() {
    if !is_root() {
        return println!(
            "skipped: what_root_writes_beside_somebody_s_store_is_theirs: only root can give files away"
        );
    }
    let (world, alice) = World::solo();
    let folder = world.folder().join("store");
    for path in everything_below(&folder) {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    for line in ["set log_level debug --reason x", "backup create", "set server.port 5050 --reason x"] {
        alice.run(line).ok();
        assert_eq!(of_others(&folder), Vec::<PathBuf>::new(), "{line}");
    }
    std::fs::remove_file(folder.join("config_overrides.db.lock")).unwrap();
    alice.run("set log_level warn --reason x").ok();
    assert_eq!(of_others(&folder), Vec::<PathBuf>::new(), "the lock");
}

#[test]
fn a_store_that_root_makes_for_somebody_in_their_folder_is_theirs() {
    if !is_root() {
        return println!("skipped: a_store_that_root_makes_for_somebody_in_their_folder_is_theirs: not root");
    }
    let world = World::new();
    let home = world.folder().join("home");
    chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
    let nobody = world.user("nobody", NOBODY);
    nobody.run("--store home/deep/er/x.db init --solo").ok();
    nobody.run("--store home/deep/er/x.db set log_level debug --reason x").ok();
    assert_eq!(of_others(&home), Vec::<PathBuf>::new());
    // In a folder that is not theirs it stays root's.
    nobody.run("--store mine/x.db init --solo").ok();
    assert_eq!(std::fs::metadata(world.folder().join("mine/x.db")).unwrap().uid(), 0);
}

#[test]
fn doctor_says_where_nothing_can_be_written() {
    let Some((world, alice, run)) = closable_world() else { return };
    let store = world.folder().join("store/config_overrides.db");
    let on_it = |line: &str| run(&alice, &format!("--store {} {line}", store.display()));
    on_it("init --solo").exits(0);
    on_it("set log_level debug --reason x").exits(0);
    on_it("doctor").exits(0);
    let folder = world.folder().join("store");
    for (closed, mode, open) in [
        (folder.join("backups"), 0o500, 0o700),
        (folder.clone(), 0o500, 0o700),
        (store.clone(), 0o400, 0o600),
    ] {
        let chmod = |mode| std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).unwrap();
        // They outlive a command that could not clear them away, with the rights that the store had then.
        let clear = || {
            for suffix in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(store.with_file_name(format!("config_overrides.db{suffix}")));
            }
        };
        clear();
        chmod(mode);
        let refused = on_it("set log_level trace --reason x");
        refused.refused(7, " doctor");
        let told = on_it("doctor");
        told.exits(9);
        assert!(told.out.contains(closed.to_str().unwrap()), "{}", told.out);
        chmod(open);
        clear();
        on_it("doctor").exits(0);
    }
}

#[test]
fn a_lost_backup_is_forgotten_by_pruning_and_all_is_well_again() {
    let (world, alice) = World::solo();
    for level in ["debug", "trace", "warn"] {
        alice.run(&format!("set log_level {level} --reason x")).ok();
    }
    let all = column(&json(&alice, "backup list")["items"], "name");
    let full: Vec<&String> = all.iter().filter(|name| name.contains("_daily_")).collect();
    let lost = [all[0].as_str(), full[0]];
    for name in lost {
        std::fs::remove_file(world.folder().join("store/backups").join(name)).unwrap();
    }
    assert!(alice.run("backup verify").exits(9).out.contains("Its file is gone."));
    let told = alice.run("doctor");
    assert!(told.exits(9).out.contains("cfgctl backup prune"), "{}", told.out);
    alice.run("backup create").ok();
    let dry = json(&alice, "backup prune --dry-run");
    assert_eq!(json_exits(&alice, "doctor", 9)["ok"], false);
    let pruned = json(&alice, "backup prune --reason 'the folder was cleared'");
    let mut forgotten: Vec<&str> =
        pruned["lost"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    forgotten.sort_unstable();
    let mut expected = lost;
    expected.sort_unstable();
    assert_eq!((&dry["lost"], forgotten), (&pruned["lost"], expected.to_vec()));
    alice.run("doctor").ok();
    alice.run("backup verify").ok();
    assert_eq!(json(&alice, "audit list --limit 1")["items"][0]["detail"]["lost"], pruned["lost"]);
}
