//! Names that lead elsewhere: nothing outside is read, written or followed, and nobody else can read what is kept.

use super::tools::{SMALL, backup_files, small};
use crate::harness::{PROGRAM, User, World};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

fn fifo(place: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, place, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
}

/// Measure 14.
#[test]
fn a_backups_name_never_leads_out_of_its_folder() {
    let (world, alice, _) = small();
    alice.run("backup create --name kept").ok();
    let count = backup_files(&world.store()).len();
    let long = "x".repeat(300);
    for name in [
        "../out",
        "/tmp/out",
        "a/b",
        "..",
        ".",
        "",
        ".hidden",
        "new\nline",
        "nul\\0",
        "sp ace",
        "é",
        &long,
        "-rf",
        "a\u{202e}b",
    ] {
        let ran = alice.run_words(&["backup", "create", &format!("--name={name}")]);
        assert!(ran.code == 2 && ran.out.is_empty(), "{name:?}: {} {}", ran.code, ran.err);
    }
    assert_eq!(backup_files(&world.store()).len(), count);
    let outside = world.file("outside.json", "{\"secret\": 1}");
    for name in [
        "../outside.json",
        "../../outside.json",
        outside.to_str().unwrap(),
        "..",
        ".",
        "../config_overrides.db",
        "/etc/passwd",
    ] {
        for line in [["backup", "show"], ["backup", "verify"]] {
            let ran = alice.run_words(&[line[0], line[1], name]);
            assert!(
                [2, 3].contains(&ran.code) && ran.out.is_empty(),
                "{line:?} {name:?}: {} {}",
                ran.code,
                ran.err
            );
            assert!(!ran.err.contains("secret") && !ran.err.contains("root:"), "{}", ran.err);
        }
    }
}

/// Measure 14: in the place of a backup stands a link, a pipe, a folder; also one that appears where one is to be made.
#[test]
fn what_is_no_file_in_the_backup_folder_is_neither_followed_nor_waited_for() {
    let (world, alice, _) = small();
    let name = alice.run("backup create --name kept -o name").ok().trim().to_owned();
    let place = world.store().parent().unwrap().join("backups").join(&name);
    let saved = fs::read(&place).unwrap();
    let elsewhere = world.file("elsewhere.json", &saved);
    for kind in ["link", "dangling link", "pipe", "folder"] {
        fs::remove_file(&place).unwrap();
        match kind {
            "link" => symlink(&elsewhere, &place).unwrap(),
            "dangling link" => symlink(world.folder().join("nowhere"), &place).unwrap(),
            "pipe" => fifo(&place),
            _ => fs::create_dir(&place).unwrap(),
        }
        for line in [
            format!("backup show {name}"),
            format!("backup verify {name}"),
            "doctor".to_owned(),
            format!("restore {name} --reason r --yes --answer small"),
        ] {
            let ran = alice.run(&line);
            assert_eq!(ran.code, 9, "{kind}: {line}: {}{}", ran.out, ran.err);
        }
        let _ = fs::remove_file(&place).or_else(|_| fs::remove_dir(&place));
        fs::write(&place, &saved).unwrap();
    }
    // Where the next backup of a change will stand, and where its draft will: a link to something precious.
    let precious = world.file("precious", "precious");
    let seconds =
        ["090010", "090011", "090012", "090013", "090014", "090015", "090016", "090017", "090018", "090019"];
    for (number, draft) in [(6, false), (7, true), (8, true), (9, false)] {
        for at in
            (10..60).map(|second| format!("0900{second:02}")).chain(seconds.iter().map(|at| (*at).to_owned()))
        {
            let final_name = format!("config_backup_change_{number}_20261121_{at}.json");
            let name = if draft { format!(".{final_name}.new") } else { final_name };
            let _ = symlink(&precious, place.with_file_name(name));
        }
    }
    for limit in 0..4 {
        let ran = alice.run(&format!("set limit {limit} --reason r"));
        assert!([0, 5, 7, 9].contains(&ran.code), "{}", ran.err);
    }
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
}

/// Measure 14: files that people name: a pipe is read like a file, and nothing that is there is overwritten.
#[test]
fn what_is_written_to_a_named_place_never_replaces_what_is_there() {
    let (world, alice, _) = small();
    let there = world.file("there", "precious");
    let link = world.folder().join("link");
    symlink(&there, &link).unwrap();
    let dangling = world.folder().join("dangling");
    symlink(world.folder().join("made-through-a-link"), &dangling).unwrap();
    let document = world.file("document.yaml", "limit: 5\n");
    for target in [&there, &link, &dangling] {
        let ran =
            alice.run(&format!("apply -f {} --plan-out {} --reason r", document.display(), target.display()));
        assert!([2, 5, 7].contains(&ran.code), "{}: {} {}", target.display(), ran.code, ran.err);
        assert_eq!(fs::read_to_string(&there).unwrap(), "precious");
    }
    assert!(!world.folder().join("made-through-a-link").exists());
    for target in [&there, &link] {
        let ran = alice.run(&format!("init --solo --store {}", target.display()));
        assert!([5, 9].contains(&ran.code), "{}", ran.err);
        assert_eq!(fs::read_to_string(&there).unwrap(), "precious");
    }
    // A store that is a link dangles: nothing is made at its end without being told.
    let ran = alice.run(&format!("init --solo --store {}", dangling.display()));
    assert!(ran.code != 0 && !world.folder().join("made-through-a-link").exists(), "{}", ran.err);
    let pipe = world.folder().join("pipe");
    fifo(&pipe);
    let writer = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::write(pipe, "limit: 6\n").unwrap())
    };
    alice.run(&format!("apply -f {} --reason r", pipe.display())).ok();
    writer.join().unwrap();
    assert_eq!(alice.run("get limit").ok(), "6\n");
    let folder = world.folder().to_str().unwrap().to_owned();
    for words in [
        &["apply", "-f", &folder, "--reason", "r"][..],
        &["set", "name", "--value-file", &folder, "--reason", "r"],
        &["init", "--store", "new.db", "--manifest", &folder],
    ] {
        let ran = alice.run_words(words);
        assert!(
            [2, 3, 6, 7].contains(&ran.code) && !ran.err.is_empty(),
            "{words:?}: {} {}",
            ran.code,
            ran.err
        );
    }
}

/// The program under this umask.
fn under_umask(user: &User, mask: &str, words: &[&str]) -> std::process::Output {
    let plain = user.command(words);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("umask {mask}; exec \"$0\" \"$@\""), PROGRAM]).args(words).env_clear();
    shell
        .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(plain.get_current_dir().unwrap());
    shell.output().unwrap()
}

/// Measure 14.
#[test]
fn nobody_else_may_read_what_is_kept_whatever_the_umask() {
    let world = World::new();
    let alice = world.user("alice", 1000);
    let manifest = world.file("small.yaml", SMALL);
    let document = world.file("document.yaml", "limit: 5\n");
    let plan = world.folder().join("plan");
    let script: [&[&str]; 7] = [
        &["init", "--solo", "--manifest", manifest.to_str().unwrap()],
        &["set", "limit", "4", "--reason", "r"],
        &["backup", "create"],
        &["apply", "-f", document.to_str().unwrap(), "--plan-out", plan.to_str().unwrap(), "--reason", "r"],
        &["set", "name", "x", "--reason", "r"],
        &["context", "add", "here", "--store", "store/config_overrides.db"],
        &["member", "token"],
    ];
    // A reader that stays keeps the log and its index beside the store.
    let mut reader = None;
    for (number, words) in script.iter().enumerate() {
        let output = under_umask(&alice, "000", words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
        world.pass(1);
        if number == 0 {
            let connection = rusqlite::Connection::open(world.store()).unwrap();
            connection.query_row("SELECT count(*) FROM changes", [], |row| row.get::<_, i64>(0)).unwrap();
            reader = Some(connection);
        }
    }
    let mut seen = Vec::new();
    let mut look = vec![world.store().parent().unwrap().to_owned(), plan];
    while let Some(place) = look.pop() {
        let metadata = fs::symlink_metadata(&place).unwrap();
        let mode = metadata.permissions().mode() & 0o777;
        let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{} is {mode:o}", place.display());
        seen.push(place.file_name().unwrap().to_string_lossy().into_owned());
        if metadata.is_dir() {
            look.extend(fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    for name in [
        "config_overrides.db",
        "config_overrides.db-wal",
        "config_overrides.db-shm",
        "config_overrides.db.lock",
        "plan",
    ] {
        assert!(seen.iter().any(|seen| seen == name), "{name} is not among {seen:?}");
    }
    assert!(seen.iter().any(|name| name.starts_with("config_backup_full")), "{seen:?}");
    drop(reader);
    // What others may read is not taken for a secret.
    let token = String::from_utf8(under_umask(&alice, "000", &["member", "token"]).stdout).unwrap();
    let file = world.file("token", token);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = alice.run(&format!("--token-file {} get limit", file.display()));
    assert!(ran.code != 0 && ran.out.is_empty(), "a token that others can read was taken");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    alice.run(&format!("--token-file {} get limit", file.display())).ok();
}
