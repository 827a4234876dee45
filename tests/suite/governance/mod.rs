//! Who may do what: people, roles, approvals, refusals and how each of them ends.

mod afterwards;
mod approvals;
mod attacks;
mod board;
mod codes;
mod deadlines;
mod decisions;
mod delegation;
mod emergency;
mod freezes;
mod held;
mod lives;
mod members;
mod pipeline;
mod races;
mod random;
mod random_model;
mod random_steps;
mod refusals;
mod relief;
mod requests;
mod stories;
mod terminal;
mod tokens;
mod tools;
mod waiter;

use crate::harness::{Ran, User, World};
use rusqlite::types::Value as Held;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::collections::BTreeMap;

/// A change that nobody's approval is needed for.
const LOW: &str = "log_level";
/// One that an admin approves.
const MEDIUM: &str = "session_timeout_minutes";
/// One that a senior admin approves, who is not the requester, with evidence.
const HIGH: &str = "server.port";
/// One that two of the board approve, with evidence and a plan.
const CRITICAL: &str = "encryption.rotate_after_days";

/// A store's rows that are not the audit log, table by table, and the names of the backups beside it.
///
/// The minute's count of wrong tokens is left out: it is how refusals are logged.
fn all_but_the_audit_log(world: &World) -> BTreeMap<String, Vec<String>> {
    let store = Connection::open_with_flags(world.store(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let rows = |query: &str| -> Vec<String> {
        let mut statement = store.prepare(query).unwrap();
        let columns = statement.column_count();
        let text = |row: &rusqlite::Row<'_>| {
            (0..columns).map(|at| row.get::<_, Held>(at)).collect::<Result<Vec<_>, _>>()
        };
        statement
            .query_map([], |row| text(row).map(|held| format!("{held:?}")))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    let mut statement = store.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut held = BTreeMap::new();
    for table in tables.into_iter().filter(|table| table != "audit_log") {
        let mut all = rows(&format!("SELECT * FROM {table}"));
        all.retain(|row| !(table == "system_metadata" && row.contains("wrong_tokens")));
        held.insert(table, all);
    }
    let files = std::fs::read_dir(world.store().with_file_name("backups")).into_iter().flatten();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    held.insert("files of backups".to_owned(), names);
    held
}

/// The audit log's entries, the oldest first: actor, proof, action, outcome, detail.
fn audit(world: &World) -> Vec<[String; 5]> {
    let store = Connection::open_with_flags(world.store(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement =
        store.prepare("SELECT actor, proof, action, outcome, detail FROM audit_log ORDER BY seq").unwrap();
    let entry =
        |row: &rusqlite::Row<'_>| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?]);
    statement.query_map([], entry).unwrap().map(Result::unwrap).collect()
}

/// Runs a line that must be refused: this code, these words in one sentence, a hint, nothing on standard output, the
/// store as it was but for the audit log, and there one entry that says who tried and how they proved who they are.
#[track_caller]
fn refused(user: &User, line: &str, code: i32, words: &str) -> Value {
    let world = &user.world;
    let (held, logged) = (all_but_the_audit_log(world), audit(world).len());
    let ran = user.run(&format!("-o json {line}"));
    let error = error_of(&ran, code);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(words), "{line}\nwanted {words:?} in: {message}");
    for (table, rows) in all_but_the_audit_log(world) {
        assert_eq!(held[&table], rows, "{line} changed {table}");
    }
    let log = audit(world);
    let on_record = matches!(code, 4..=6);
    assert_eq!(log.len(), logged + usize::from(on_record), "{line}: entries in the audit log");
    if let (Some([actor, proof, _, outcome, detail]), true) = (log.last(), on_record) {
        assert_eq!(outcome, "refused", "{line}");
        assert!(!actor.is_empty() && !proof.is_empty(), "{line}: {actor:?} {proof:?}");
        let detail: Value = serde_json::from_str(detail).unwrap();
        assert_eq!(detail["message"], error["message"], "{line}");
    }
    error
}

/// The error of a run with `-o json`: nothing on standard output, this code, a message, a hint.
#[track_caller]
fn error_of(ran: &Ran, code: i32) -> Value {
    ran.exits(code);
    assert_eq!(ran.out, "", "{}: an error leaves standard output empty", ran.line);
    let last = ran.err.lines().last().unwrap_or_default();
    let report: Value =
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{}: {error} in {:?}", ran.line, ran.err));
    let error = report["error"].clone();
    assert_eq!(error["exit_code"], code, "{}", ran.line);
    for part in ["message", "hint"] {
        assert!(
            error[part].as_str().is_some_and(|text| !text.trim().is_empty()),
            "{} has no {part}: {error}",
            ran.line
        );
    }
    error
}

/// Runs a line whose change must wait, and gives the request's id.
#[track_caller]
fn pending(user: &User, line: &str) -> String {
    user.run(&format!("-o name {line}")).exits(8).out.trim().to_owned()
}

/// A request as it stands, as JSON.
#[track_caller]
fn shown(user: &User, id: &str) -> Value {
    let ran = user.run(&format!("cr show {id} -o json"));
    ran.exits(0);
    ran.json()
}

/// Attaches evidence to a request.
#[track_caller]
fn attach(user: &User, id: &str) {
    let file = user
        .world
        .file("staging-run.log", "applied in staging, all services healthy, rolled back, all healthy\n");
    user.run(&format!("cr test {id} --evidence {}", file.display())).exits(0);
}

/// What was shown, with hashes and ids made equal.
fn calm(text: &str) -> String {
    let between = |character: char| !character.is_ascii_alphanumeric();
    let calmed = |part: &str| {
        let word = part.trim_end_matches(between);
        match word.len() {
            64 if word.bytes().all(|byte| byte.is_ascii_hexdigit()) => part.replace(word, "HASH"),
            26 if word.starts_with("01") => part.replace(word, "ULID"),
            _ => part.to_owned(),
        }
    };
    text.split_inclusive(between).map(calmed).collect()
}
