//! A damaged store: whatever changes content is found, nothing panics, and what is no store of ours is named as such.

use super::library::Library;
use super::tools::{Dice, copy, dump, small};
use crate::harness::{BEGINNING, User, World};
use cfgctl::api::audit::VerifyAudit;
use cfgctl::api::history::History;
use cfgctl::api::status::Doctor;
use cfgctl::api::value::Get;
use cfgctl::domain::error::{Code, Error};
use cfgctl::engine::Access;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

const PAGE: usize = 4096;

/// A store with something in every table, closed, and its file's bytes.
fn store() -> (World, User, Vec<u8>) {
    let (world, alice, bob) = small();
    alice.run("set name=anna free.list='[1,2]' --reason 'a b'").ok();
    alice.run("set pool 9 --reason more --ticket T-1").exits(8);
    let id = alice.run("change-request list -o name").ok();
    bob.run(&format!("change-request approve {}", id.trim())).exits(0);
    alice.run("version tag 2 --tag good --reason r");
    alice.run("backup create --name kept").ok();
    alice.run("unset free.list --reason r").ok();
    let bytes = fs::read(world.store()).unwrap();
    (world, alice, bytes)
}

/// What the program answers from a store; none where anything fails.
fn answers(store: &Path) -> Result<String, Error> {
    let mut library = Library::open(store, Access::Read, BEGINNING)?;
    let one = library.ask(Get { paths: vec!["limit".to_owned(), "name".to_owned()], ..Get::default() })?;
    let all = library.ask(Get::default())?;
    let history = library.ask(History::default())?;
    let path = library.ask(History { path: Some("limit".to_owned()), ..History::default() })?;
    Ok(format!("{one:?}{all:?}{history:?}{path:?}"))
}

/// What `doctor` and `audit verify --full` find, each: none where all holds, or where what is found counts as a bug.
fn findings(store: &Path) -> [Option<String>; 2] {
    let told = |error: Error| (error.code != Code::Internal).then_some(error.message);
    let mut library = match Library::open(store, Access::Read, BEGINNING) {
        Ok(library) => library,
        Err(error) => {
            let told = told(error);
            return [told.clone(), told];
        }
    };
    let doctor = match library.ask(Doctor {}) {
        Ok(reply) => (!reply.ok).then(|| format!("{:?}", reply.checks)),
        Err(error) => told(error),
    };
    let verify = match library.ask(VerifyAudit { head: None, full: true }) {
        Ok(reply) => (!reply.ok).then(|| reply.problems.join(" ")),
        Err(error) => told(error),
    };
    [doctor, verify]
}

/// Puts these bytes in the place of the store, without companions.
fn put(place: &Path, bytes: &[u8]) {
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(PathBuf::from(format!("{}{suffix}", place.display())));
    }
    fs::write(place, bytes).unwrap();
}

/// Measure 6.
#[test]
fn every_flipped_bit_that_changes_content_is_found() {
    let (world, alice, bytes) = store();
    let mut dice = Dice::new("flipped bits");
    let place = world.store();
    let (sound, said) = (dump(&place).unwrap(), answers(&place).unwrap());
    let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let (mut mattered, mut missed) = (0, Vec::new());
    for round in 0..1_000 {
        // Three in four hit what is written, the others anything.
        let at = if round % 4 == 0 { dice.below(bytes.len()) } else { used[dice.below(used.len())] };
        let bit = dice.below(8);
        let around = String::from_utf8_lossy(&bytes[at.saturating_sub(20)..bytes.len().min(at + 20)])
            .escape_debug()
            .to_string();
        let what = format!("bit {bit} of byte {at} (page {}, in {around})", at / PAGE + 1);
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        put(&place, &flipped);
        let altered = !dump(&place).is_ok_and(|found| found == sound);
        put(&place, &flipped);
        let looked = catch_unwind(AssertUnwindSafe(|| {
            let misled = !answers(&place).is_ok_and(|found| found == said);
            (misled, findings(&place))
        }));
        let (misled, [doctor, verify]) = looked.unwrap_or_else(|_| panic!("{what}: a panic"));
        if altered || misled {
            mattered += 1;
            if doctor.is_none() || verify.is_none() {
                missed.push(format!(
                    "{what}: doctor {}, audit verify {}",
                    doctor.is_some(),
                    verify.is_some()
                ));
            }
        }
        if round % 40 == 0 {
            // The program itself, as a person would run it.
            for line in ["doctor", "audit verify --full", "get", "history", "set limit 5 --reason r"] {
                let code = alice.run(line).code;
                assert!([0, 3, 4, 5, 6, 7, 9].contains(&code), "{what}: {line} ends with {code}");
            }
        }
    }
    eprintln!("{mattered} of 1000 flips changed content");
    assert!(mattered > 300, "only {mattered} flips changed anything");
    assert!(missed.is_empty(), "{} flips were not found:\n{}", missed.len(), missed.join("\n"));
}

/// Measure 6.
#[test]
fn a_store_cut_off_or_blanked_at_any_page_is_found() {
    let (world, alice, bytes) = store();
    let place = world.store();
    let mut missed = Vec::new();
    for page in 0..bytes.len() / PAGE {
        let mut blanked = bytes.clone();
        blanked[page * PAGE..(page + 1) * PAGE].fill(0);
        for (what, damaged) in [
            (format!("cut off after {page} pages"), bytes[..page * PAGE].to_vec()),
            (format!("cut off within page {}", page + 1), bytes[..page * PAGE + 1000].to_vec()),
            (format!("page {} blanked", page + 1), blanked),
        ] {
            put(&place, &damaged);
            let [doctor, verify] = findings(&place);
            if doctor.is_none() || verify.is_none() {
                missed.push(format!(
                    "{what}: doctor {}, audit verify {}",
                    doctor.is_some(),
                    verify.is_some()
                ));
            }
        }
        if page % 10 == 0 {
            for line in ["doctor", "get limit", "set limit 5 --reason r"] {
                let ran = alice.run(line);
                assert!([0, 7, 9].contains(&ran.code), "page {page}: {line}: {} {}", ran.code, ran.err);
                assert!(
                    ran.code != 0 || line != "get limit" || ran.out == "22\n",
                    "page {page}: {}",
                    ran.out
                );
            }
        }
    }
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
}

/// Measure 6.
#[test]
fn what_is_no_store_is_named_as_such() {
    let (world, alice, bytes) = store();
    let place = world.store();
    let other = |sql: &str| {
        let _ = fs::remove_file(world.folder().join("other.db"));
        let connection = rusqlite::Connection::open(world.folder().join("other.db")).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        fs::read(world.folder().join("other.db")).unwrap()
    };
    let changed = |sql: &str| {
        put(&place, &bytes);
        let connection = rusqlite::Connection::open(&place).unwrap();
        connection.execute_batch(sql).unwrap();
        connection.close().unwrap();
        fs::read(&place).unwrap()
    };
    for (content, code, says) in [
        (Vec::new(), 9, "it is empty"),
        (b"limit: 5\n".to_vec(), 9, "no SQLite database"),
        (b"SQLite format 3\0".to_vec(), 9, "cfgctl store"),
        (other("CREATE TABLE config_overrides (path TEXT, value TEXT)"), 9, "another program's"),
        (changed("PRAGMA user_version = 999"), 9, "newer"),
        (changed("PRAGMA application_id = 7"), 9, "another program's"),
        (changed("DROP TABLE config_overrides"), 9, "schema"),
    ] {
        for line in ["get limit", "set limit 5 --reason r", "doctor", "audit verify --full"] {
            put(&place, &content);
            let ran = alice.run(line);
            let said = format!("{}{}", ran.exits(code).out, ran.err);
            assert!(said.contains(says), "{line}: wanted {says:?} in {said}");
            assert!(!ran.out.is_empty() || ran.err.contains("hint: "), "{line}: {said}");
        }
    }
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    names_it(&alice);
    fs::remove_dir(&place).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &place, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    names_it(&alice);
}

fn names_it(alice: &User) {
    for line in ["get limit", "set limit 5 --reason r", "doctor", "audit verify"] {
        let ran = alice.run(line);
        assert!(
            ran.exits(9).err.contains("it is no file") || ran.out.contains("it is no file"),
            "{line}: {}",
            ran.err
        );
    }
}

/// Measure 6: an old log beside a newer store.
#[test]
fn a_stale_log_put_back_shows_or_does_no_harm() {
    let (world, alice, _) = store();
    let place = world.store();
    // A log that still waits: copied while a reader keeps it from being folded in.
    let reader = rusqlite::Connection::open(&place).unwrap();
    reader.query_row("SELECT count(*) FROM changes", [], |row| row.get::<_, i64>(0)).unwrap();
    alice.run("set limit 30 --reason old").ok();
    let saved = world.folder().join("saved");
    copy(place.parent().unwrap(), &saved);
    reader.close().unwrap();
    alice.run("set limit 31 --reason new").ok();
    alice.run("set limit 32 --reason new").ok();
    let head = alice.run("status -o json").json()["audit_head"].as_str().unwrap().to_owned();
    fs::copy(saved.join("config_overrides.db-wal"), format!("{}-wal", place.display())).unwrap();
    let value = alice.run("get limit");
    let verify = alice.run(&format!("audit verify --full --head {head}"));
    if value.code == 0 && value.out == "32\n" {
        verify.ok();
        alice.run("doctor").ok();
    } else {
        verify.exits(9);
    }
}
