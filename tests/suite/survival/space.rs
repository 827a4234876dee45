//! Full and read-only places: reading goes on, writing says why, and nothing half-written stays.

use super::library::Library;
use super::tools::{SMALL, copy, small, whole_backups};
use crate::harness::{BEGINNING, PROGRAM, User, World};
use cfgctl::engine::Access;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small file system in memory; gone with the test.
struct Mounted(PathBuf);

impl Mounted {
    /// None, said by name, where this machine or user may not mount.
    fn new(test: &str, place: PathBuf) -> Option<Mounted> {
        fs::create_dir_all(&place).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(&place)
            .stderr(Stdio::null())
            .status();
        if mount.is_ok_and(|status| status.success()) {
            return Some(Mounted(place));
        }
        eprintln!("skipped: {test}: mounting is not permitted");
        None
    }

    fn remount(&self, how: &str) {
        let status =
            Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(&self.0).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A small store on a file system of its own.
fn mounted(test: &str) -> Option<(World, User, Mounted)> {
    let world = World::new();
    let mounted = Mounted::new(test, world.store().parent().unwrap().to_owned())?;
    let alice = world.user("alice", 1000);
    let manifest = world.file("small.yaml", SMALL);
    alice.run(&format!("init --solo --manifest {}", manifest.display())).ok();
    alice.run("set limit 20 --reason first").ok();
    Some((world, alice, mounted))
}

fn sound(world: &World) {
    let mut library = Library::open(&world.store(), Access::Write, BEGINNING).unwrap();
    assert_eq!(library.broken(), Vec::<String>::new());
    library.engine.close().unwrap();
}

/// Measure 4.
#[test]
fn a_full_disk_refuses_writes_and_answers_reads_and_is_well_when_space_is_made() {
    let Some((world, alice, mounted)) = mounted("a full disk") else { return };
    let backup = alice.run("backup create --name kept -o name").ok().trim().to_owned();
    let filler = mounted.0.join("filler");
    // From no space at all up to just enough, so that it runs out at one place after another.
    let mut refusals = 0;
    for free in (0..140).step_by(4) {
        let before = alice.run("get limit").ok();
        fill(&filler, free * 1024);
        let value = 1_000 + free;
        let ran = alice.run(&format!("set limit {value} --reason full"));
        match ran.code {
            0 => assert_eq!(alice.run("get limit").ok(), format!("{value}\n")),
            7 => {
                refusals += 1;
                assert!(ran.out.is_empty() && ran.err.contains("full"), "{free} KiB free: {}", ran.err);
                assert_eq!(alice.run("get limit").ok(), before, "{free} KiB free");
                assert_eq!(
                    ran.err.lines().filter(|line| line.starts_with("error: ")).count(),
                    1,
                    "{}",
                    ran.err
                );
            }
            12 => assert!(ran.err.contains("Look before trying again"), "{free} KiB free: {}", ran.err),
            code => panic!("{free} KiB free: exit {code}: {}", ran.err),
        }
        for line in [
            "backup create --name full".to_owned(),
            format!("restore {backup} --reason full --yes --answer small"),
        ] {
            let ran = alice.run(&line);
            assert!([0, 7, 12].contains(&ran.code), "{free} KiB free: {line}: {} {}", ran.code, ran.err);
        }
        for line in ["history", "status", "audit verify --full"] {
            alice.run(line).ok();
        }
        whole_backups(&world.store(), &format!("{free} KiB free"));
        fs::remove_file(&filler).unwrap();
        sound(&world);
        alice.run(&format!("set limit {free} --reason 'space was made'")).ok();
        for file in fs::read_dir(mounted.0.join("backups")).unwrap() {
            let name = file.unwrap().file_name().to_string_lossy().into_owned();
            assert!(!name.starts_with('.'), "{free} KiB free: a draft stays behind: {name}");
        }
    }
    assert!(refusals > 3, "the disk was full only {refusals} times");
}

/// Leaves this much room.
fn fill(filler: &Path, free: usize) {
    use std::io::Write;
    let mut file = fs::File::create(filler).unwrap();
    while file.write_all(&[7; 4096]).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length.saturating_sub(free as u64)).unwrap();
}

/// Measure 4: a store whose making fails leaves nothing that looks like one.
#[test]
fn an_init_without_space_leaves_no_store() {
    let world = World::new();
    let Some(mounted) = Mounted::new("an init without space", world.store().parent().unwrap().to_owned())
    else {
        return;
    };
    let alice = world.user("alice", 1000);
    let manifest = world.file("small.yaml", SMALL);
    let filler = mounted.0.join("filler");
    let line = format!("init --solo --manifest {}", manifest.display());
    for free in [0, 4, 60, 120, 200, 300] {
        fill(&filler, free * 1024);
        let ran = alice.run(&line);
        if ran.code == 0 {
            break;
        }
        ran.refused(7, "full");
        assert!(!world.store().exists(), "{free} KiB free");
    }
    fs::remove_file(&filler).unwrap();
    if !world.store().exists() {
        alice.run(&line).ok();
    }
    sound(&world);
}

/// Measure 5.
#[test]
fn a_read_only_file_system_is_read_and_writing_says_why() {
    let Some((_world, alice, mounted)) = mounted("a read-only file system") else { return };
    mounted.remount("ro");
    reads_and_refuses(&alice);
    mounted.remount("rw");
    alice.run("set limit 21 --reason r").ok();
}

/// Measure 5.
#[test]
fn a_read_only_folder_and_file_are_read_and_writing_says_why() {
    let (world, alice, _) = small();
    alice.run("set limit 20 --reason r").ok();
    let folder = world.store().parent().unwrap().to_owned();
    let saved = world.folder().join("saved");
    copy(&folder, &saved);
    for (what, mode) in [("the folder", "u=rX,go=rX"), ("the file", "u=rX,go=rX")] {
        copy(&saved, &folder);
        let target = if what == "the folder" { folder.clone() } else { world.store() };
        let chmod = |mode: &str, target: &Path| {
            assert!(Command::new("chmod").arg(mode).arg(target).status().unwrap().success())
        };
        // Somebody who is not root reads through every folder above.
        for above in [world.folder().to_owned(), world.folder().join("home")] {
            chmod("go+rX", &above);
        }
        chmod("a+rwX", &folder);
        for file in fs::read_dir(&folder).unwrap() {
            chmod("a+rwX", &file.unwrap().path());
        }
        chmod(mode, &target);
        let unprivileged = |words: &[&str]| {
            let plain = alice.command(words);
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "65534", "--clear-groups", PROGRAM]).args(words);
            command
                .env_clear()
                .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
                .current_dir("/");
            command.output()
        };
        let probe = Command::new("setpriv")
            .args(["--reuid", "65534", "--clear-groups", PROGRAM, "--version"])
            .output();
        if !probe.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: read-only {what}: the program cannot be run as another user");
            return;
        }
        let get = unprivileged(&["get", "limit"]).unwrap();
        assert_eq!(String::from_utf8_lossy(&get.stdout), "20\n", "{what}: {get:?}");
        let set = unprivileged(&["set", "limit", "30", "--reason", "r"]).unwrap();
        let said = String::from_utf8_lossy(&set.stderr);
        assert_eq!(set.status.code(), Some(7), "{what}: {said}");
        assert!(
            said.contains("cannot be written")
                && said.lines().filter(|line| line.starts_with("error: ")).count() == 1,
            "{what}: {said}"
        );
        let after = unprivileged(&["get", "limit"]).unwrap();
        assert_eq!(String::from_utf8_lossy(&after.stdout), "20\n", "{what}: {after:?}");
    }
}

fn reads_and_refuses(alice: &User) {
    assert_eq!(alice.run("get limit").ok(), "20\n");
    for line in [
        "history",
        "status",
        "version list",
        "audit verify --full",
        "backup list",
        "set limit 30 --dry-run --reason r",
    ] {
        alice.run(line).ok();
    }
    for line in [
        "set limit 30 --reason r",
        "backup create",
        "rollback --version 1 --reason r --yes",
        "version prune --reason r",
    ] {
        let ran = alice.run(line);
        ran.refused(7, "ead-only file system");
        assert_eq!(ran.err.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{}", ran.err);
    }
    assert_eq!(alice.run("get limit").ok(), "20\n");
}
