//! Backup files that are damaged, foreign or made beside a writer: refused before the store is touched, or whole.

use super::library::Library;
use super::tools::{Dice, SMALL, backup_files, dump, small};
use crate::harness::{BEGINNING, User, World};
use cfgctl::api::rollback::{BackupSource, Restore};
use cfgctl::domain::error::{Code, Error, Result};
use cfgctl::engine::Access;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// A store with some hundred values, and a backup of them in a file of its own; the store has moved on since.
fn backed_up() -> (World, User, PathBuf) {
    let (world, alice, _) = small();
    let members: Vec<String> =
        (0..100).map(|number| format!("\"k{number}\": \"value {number} é\"")).collect();
    let file = world.file("bulk.json", format!("{{\"bulk\": {{{}}}}}", members.join(",")));
    alice.run(&format!("apply -f {} --reason bulk", file.display())).ok();
    let name = alice.run("backup create --name kept -o name").ok().trim().to_owned();
    alice.run("set limit=99 bulk.k1=moved --reason later").ok();
    let backup = world.store().parent().unwrap().join("backups").join(name);
    (world, alice, backup)
}

/// Restores from this text, as the command does with a file of the caller's.
fn restore(library: &mut Library, content: String) -> Result<()> {
    let terms = library.terms();
    let from = BackupSource::File { name: "damaged.json".to_owned(), content };
    let request = Restore {
        from,
        paths: Vec::new(),
        section: None,
        skip_invalid: false,
        foreign: false,
        rollback: false,
        trigger: None,
        terms,
    };
    library.ask(request).map(|_| ())
}

/// Measure 13.
#[test]
fn a_backup_cut_off_or_with_a_flipped_bit_is_refused_before_the_store_is_touched() {
    let (world, alice, backup) = backed_up();
    let bytes = fs::read(&backup).unwrap();
    let before = dump(&world.store()).unwrap();
    let mut dice = Dice::new("flipped bits in a backup");
    let mut library = Library::open(&world.store(), Access::Write, BEGINNING).unwrap();
    let mut wrong = Vec::new();
    let mut refused =
        |library: &mut Library, bytes: &[u8], what: String| match String::from_utf8(bytes.to_vec()) {
            // The command reads files as text, and says so.
            Err(_) => {}
            Ok(text) => match restore(library, text) {
                Err(Error { code: Code::Integrity, message, .. }) if message.contains("damaged.json") => {}
                other => wrong.push(format!("{what}: {other:?}")),
            },
        };
    let mut cuts: Vec<usize> = (0..bytes.len()).step_by(4096).collect();
    cuts.extend([1, bytes.len() / 2, bytes.len() - 2]);
    for cut in cuts {
        refused(&mut library, &bytes[..cut], format!("cut off after {cut} bytes"));
    }
    for _ in 0..1_000 {
        let (at, bit) = (dice.below(bytes.len()), dice.below(8));
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        let parsed = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
        // A blank that becomes another blank says the same.
        if parsed(&flipped) != parsed(&bytes) {
            let around =
                String::from_utf8_lossy(&bytes[at.saturating_sub(20)..bytes.len().min(at + 20)]).into_owned();
            refused(&mut library, &flipped, format!("bit {bit} of byte {at} in {around:?}"));
        }
    }
    library.engine.close().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(dump(&world.store()).unwrap(), before, "the store was touched");
    // By the command, from the instance's folder and from elsewhere; and whoever looks over the backups finds it.
    for damaged in [&bytes[..4096], &bytes[..bytes.len() - 3], b"", b"{}", b"\xff\xfe", &bytes[1..]] {
        fs::write(&backup, damaged).unwrap();
        let name = backup.file_name().unwrap().to_str().unwrap();
        let file = world.file("elsewhere.json", damaged);
        for from in [name, file.to_str().unwrap()] {
            let ran = alice.run_words(&["restore", from, "--reason", "r", "--yes", "--answer", "small"]);
            assert!([6, 9].contains(&ran.code), "{from}: {} {}", ran.code, ran.err);
            assert_eq!(ran.out, "");
        }
        alice.run("backup verify").exits(9);
        alice.run("doctor").exits(9);
    }
    assert_eq!(alice.run("get limit").ok(), "99\n");
}

/// Measure 13.
#[test]
fn a_backup_that_is_whole_but_another_is_refused_or_told() {
    let (world, alice, backup) = backed_up();
    let text = fs::read_to_string(&backup).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["checksum"] = json!("0".repeat(64));
    let wrong_sum = world.file("wrong-sum.json", document.to_string());
    alice
        .run(&format!("restore {} --reason r --yes --answer small", wrong_sum.display()))
        .refused(9, "checksum");
    // Another instance's: refused, unless that is what is meant.
    let other = World::new();
    let another = other.user("alice", 1000).with("CFGCTL_FAKE_SEED", "another");
    another.run(&format!("init --solo --manifest {}", other.file("small.yaml", SMALL).display())).ok();
    another.run("set name=elsewhere --reason r").ok();
    let name = another.run("backup create -o name").ok().trim().to_owned();
    let foreign = other.store().parent().unwrap().join("backups").join(name);
    let line = format!("restore {} --reason r --yes --answer small", foreign.display());
    let ran = alice.run(&line);
    assert!([5, 6].contains(&ran.code) && ran.err.contains("--foreign"), "{} {}", ran.code, ran.err);
    assert_eq!(alice.run("get limit").ok(), "99\n");
    alice.run(&format!("{line} --foreign")).ok();
    assert_eq!(alice.run("get name").ok(), "elsewhere\n");
    // In the place of another of the instance's own: whole, but not the one on record.
    let files = backup_files(&world.store());
    let full: Vec<&PathBuf> =
        files.iter().filter(|file| file.display().to_string().contains("_daily_")).collect();
    fs::copy(full[0], &backup).unwrap();
    alice.run("backup verify").exits(9);
    alice.run("doctor").exits(9);
}

/// Measure 13: of twenty rounds, each made while somebody writes, each restores and verifies.
#[test]
fn backups_made_beside_a_writer_restore_and_verify() {
    let (world, alice, _) = small();
    alice.run("set pair.a=0 pair.b=0 --reason r").ok();
    let store = world.store();
    let done = std::sync::atomic::AtomicBool::new(false);
    let write = || {
        let mut library = Library::open(&store, Access::Write, BEGINNING).unwrap();
        let mut number = 0;
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            number += 1;
            // Together or not at all: a backup never parts them.
            let both = ["pair.a", "pair.b"].map(|path| (path.to_owned(), Some(json!(number))));
            library.change(&both).unwrap();
        }
        number
    };
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(write);
        for round in 0..20 {
            let name = alice.run(&format!("backup create --name r{round} -o name")).ok().trim().to_owned();
            alice.run(&format!("backup verify {name}")).ok();
            // Into a store of its own.
            let place = world.folder().join(format!("restored{round}/store.db"));
            let place = place.to_str().unwrap();
            let manifest = world.folder().join("small.yaml");
            alice.run(&format!("--store {place} init --solo --manifest {}", manifest.display())).ok();
            let file = store.parent().unwrap().join("backups").join(name);
            alice
                .run(&format!(
                    "--store {place} restore {} --foreign --reason r --yes --answer small",
                    file.display()
                ))
                .ok();
            let a = alice.run(&format!("--store {place} get pair.a")).ok();
            assert_eq!(alice.run(&format!("--store {place} get pair.b")).ok(), a, "round {round}");
            alice.run(&format!("--store {place} audit verify --full")).ok();
            alice.run(&format!("--store {place} doctor")).ok();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap()
    });
    eprintln!("{written} changes were made meanwhile");
    assert!(written > 20);
    let mut library = Library::open(&store, Access::Write, BEGINNING).unwrap();
    assert_eq!(library.broken(), Vec::<String>::new());
}
