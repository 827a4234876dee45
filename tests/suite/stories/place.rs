//! Which store is meant, and the default one, which the first write makes.

use super::transcript;
use crate::harness::{PROGRAM, Ran, User, World};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs without `CFGCTL_STORE`, never as root: root's default store is the machine's.
fn unplaced(user: &User, line: &str, variables: &[(&str, &str)]) -> Ran {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = user.command(&words);
    command.env_remove("CFGCTL_STORE").envs(variables.iter().copied());
    if is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    user.world.pass(1);
    Ran {
        line: line.to_owned(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

pub(super) fn is_root() -> bool {
    String::from_utf8_lossy(&Command::new("id").arg("-u").output().unwrap().stdout).trim() == "0"
}

/// A world in which anybody may write; nothing where the machine itself has a store, which would be meant.
fn open_world() -> Option<(World, User)> {
    if Path::new("/var/lib/cfgctl/config_overrides.db").exists() {
        println!("skipped: this machine has a store of its own, /var/lib/cfgctl/config_overrides.db");
        return None;
    }
    let world = World::new();
    for folder in [world.folder().to_owned(), world.folder().join("home")] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let mut program = Command::new(PROGRAM);
    program.arg("--version");
    if is_root() && !program.uid(65534).gid(65534).output().is_ok_and(|output| output.status.success()) {
        println!("skipped: only root can run {PROGRAM}, and root's default store is the machine's");
        return None;
    }
    let alice = world.user("alice", 1000);
    Some((world, alice))
}

/// A world in which a store can be closed to its own user, and how that user runs a line: not as root, whom no mode
/// keeps out.
pub(super) fn closable_world() -> Option<(World, User, Run)> {
    let (world, alice) = open_world()?;
    Some((world, alice, |user, line| unplaced(user, line, &[])))
}

/// Runs a line as somebody.
pub(super) type Run = fn(&User, &str) -> Ran;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn before_the_default_store_is_there_reading_answers_from_the_starter_manifest_and_writes_nothing() {
    let Some((world, alice)) = open_world() else { return };
    for (line, code) in [
        ("get session_timeout_minutes", 0),
        ("get", 0),
        ("explain server.port", 0),
        ("status", 0),
        ("history", 0),
        ("blame", 0),
        ("version list", 0),
        ("backup list", 0),
        ("manifest show", 0),
        ("member list", 0),
        ("diff", 0),
        ("cr list", 0),
        ("audit list", 0),
        ("doctor", 0),
        ("validate server.port 0", 1),
        ("assess server.port 5050", 0),
        ("get nothing", 3),
        ("set server.port 5050 --dry-run", 0),
        ("context show", 0),
        ("set server.port 0 --dry-run", 6),
    ] {
        let ran = unplaced(&alice, line, &[]);
        assert_eq!(ran.code, code, "{line}: {} {}", ran.out, ran.err);
    }
    assert_eq!(unplaced(&alice, "get session_timeout_minutes", &[]).out, "120\n");
    assert_eq!(files(world.folder()), Vec::<PathBuf>::new(), "something was written");
}

#[test]
fn the_first_write_makes_the_default_store_and_says_so() {
    let Some((world, alice)) = open_world() else { return };
    let store = world.folder().join("home/.local/share/cfgctl/config_overrides.db");
    let ran = unplaced(&alice, "set session_timeout_minutes 90 --reason first", &[]);
    ran.exits(0);
    for words in [store.to_str().unwrap(), "starter manifest", "alice owns it", "solo"] {
        assert!(ran.err.contains(words), "{words:?} is missing: {}", ran.err);
    }
    assert_eq!(std::fs::metadata(&store).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(unplaced(&alice, "get session_timeout_minutes", &[]).out, "90\n");
    let again = unplaced(&alice, "set session_timeout_minutes 95 --reason second", &[]);
    assert!(again.exits(0).err.contains("store: ") && !again.err.contains("starter"), "{}", again.err);
    let data = world.folder().join("home/data").display().to_string();
    unplaced(&alice, "set log_level debug --reason x", &[("XDG_DATA_HOME", &data)]).exits(0);
    assert!(Path::new(&data).join("cfgctl/config_overrides.db").exists());
    // A relative or empty folder is none.
    for variable in ["", "relative"] {
        let shown = unplaced(&alice, "context show -o raw", &[("XDG_DATA_HOME", variable)]);
        assert_eq!(shown.out.trim_end(), store.to_str().unwrap(), "{variable:?}");
    }
    unplaced(&alice, "get log_level", &[("HOME", "")]).refused(2, "--store");
}

#[test]
fn a_store_that_was_named_is_never_made_but_by_init() {
    let world = World::new();
    let alice = world.user("alice", 1000);
    let missing = world.store().display().to_string();
    for line in
        ["get", "status", "set log_level debug --reason x", "set log_level debug --dry-run", "backup create"]
    {
        let ran = alice.run(line);
        ran.refused(3, &missing);
        assert!(ran.err.contains("cfgctl init --store"), "{line}: {}", ran.err);
    }
    assert!(!world.store().parent().unwrap().exists());
    alice.run("init --solo --dry-run").ok();
    assert!(!world.store().exists());
    alice.run("init --solo").ok();
    alice.run("init --solo").refused(5, "");
    assert_eq!(std::fs::metadata(world.store()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn init_takes_a_manifest_of_ones_own_and_refuses_a_broken_one() {
    let world = World::new();
    let alice = world.user("alice", 1000);
    world.file("broken.yaml", "format: 1\ninstance: shop\nsettings: {port: {type: nothing}}\n");
    alice.run("init --manifest broken.yaml").refused(6, "line 3");
    assert!(!world.store().exists());
    world.file(
        "own.yaml",
        "format: 1\ninstance: shop\nsettings:\n  port: {type: integer, default: 80, risk: low}\n",
    );
    assert!(alice.run("init --manifest own.yaml").ok().contains("shop"));
    assert_eq!(alice.run("get port").ok(), "80\n");
    alice.run("get server.port").refused(3, "");
    insta::assert_snapshot!(transcript(&world.user("bob", 1001), &["get port", "set port 81 --reason x", "status"]), @r#"
    $ cfgctl get port
    ! error: The user bob (uid 1001) is no member of this store.
    ! hint: Ask an owner for an invitation: cfgctl member invite bob --role operator --uid 1001
    [exit 4]
    $ cfgctl set port 81 --reason x
    ! error: The user bob (uid 1001) is no member of this store.
    ! hint: Ask an owner for an invitation: cfgctl member invite bob --role operator --uid 1001
    [exit 4]
    $ cfgctl status
    ! error: The user bob (uid 1001) is no member of this store.
    ! hint: Ask an owner for an invitation: cfgctl member invite bob --role operator --uid 1001
    [exit 4]
    "#);
}
