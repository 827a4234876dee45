//! What a batch costs the engine, beside a bare program that does only its SQL.
//!
//!     cargo run --release --example batch -- FOLDER [ITEMS]
//!
//! Makes a store and a plain database in the folder, fills both with that many paths (10,000), and then sets every path
//! to another value, as one change and as one transaction. Both are durable: WAL, `synchronous=FULL`. Prints the least
//! milliseconds of five turns each: the engine's, from a document to its commit, and the bare program's, from the
//! values to its commit. `scripts/bench` runs it.

use cfgctl::api::change::{ApplyDocument, Terms};
use cfgctl::domain::member::{Caller, Claim};
use cfgctl::domain::time::Timestamp;
use cfgctl::engine::{Access, Engine, Handle, Machine, init};
use rusqlite::{Connection, TransactionBehavior};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const MANIFEST: &str = "\
format: 1
instance: bench
settings:
  session_timeout_minutes: {type: integer, minimum: 1, default: 120, risk: low}
policy:
  unregistered: low
  low: {approvals: []}
  medium: {approvals: []}
  high: {approvals: []}
  critical: {approvals: []}
";
const TURNS: i64 = 5;
const REASON: &str = "more room for the night shift";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().collect();
    let folder = Path::new(words.get(1).ok_or("Name a folder that is not there yet.")?);
    let items: i64 = words.get(2).map_or(Ok(10_000), |count| count.parse())?;
    std::fs::create_dir(folder)?;
    let engine = engine_millis(&folder.join("engine").join("config_overrides.db"), items)?;
    let bare = bare_millis(&folder.join("bare.db"), items)?;
    Ok(writeln!(std::io::stdout(), "engine {engine:.2}\nbare {bare:.2}")?)
}

fn millis(taken: Duration) -> f64 {
    taken.as_secs_f64() * 1000.0
}

fn machine() -> Machine {
    let (begun, drawn) = (Instant::now(), Cell::new(1));
    Machine {
        now: Box::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp::from_millis(since.as_millis() as i64)
        }),
        elapsed: Box::new(move || begun.elapsed()),
        random: Box::new(move || drawn.replace(drawn.get() + 1)),
        environment: Box::new(Vec::new),
        system_log: true,
        key_file: None,
    }
}

/// The least time of the engine's call for a document of values.
fn engine_millis(place: &Path, items: i64) -> Result<f64> {
    let caller = Caller {
        claim: Claim::User { uid: 1000, name: "bench".to_owned(), sudo: false },
        origin: "local".to_owned(),
        program: "batch".to_owned(),
    };
    let failed = |error: cfgctl::domain::error::Error| error.message;
    init(place, MANIFEST, true, machine(), &caller).map_err(failed)?;
    let mut engine = Engine::open(place, Access::Write, machine()).map_err(failed)?;
    let ids = machine();
    let mut least = f64::INFINITY;
    for turn in 0..=TURNS {
        let mut document = Map::new();
        for number in 0..items {
            let section = document.entry(format!("s{}", number / 100)).or_insert_with(|| Map::new().into());
            section[format!("k{}", number % 100)] = Value::from(number + turn);
        }
        let terms = Terms { id: ids.ulid(), reason: REASON.to_owned(), ..Terms::default() };
        let request = ApplyDocument { document: document.into(), exact: None, terms };
        let begun = Instant::now();
        let reply = engine.handle(&caller, request).map_err(failed)?;
        let taken = millis(begun.elapsed());
        let done = reply.change.map_or(0, |change| change.items.len());
        if done as i64 != items {
            return Err(format!("{done} items were changed, and not {items}").into());
        }
        if turn > 0 {
            least = least.min(taken);
        }
    }
    engine.close().map_err(failed)?;
    Ok(least)
}

/// The least time of one transaction with the same values, and a row of history for each.
fn bare_millis(place: &Path, items: i64) -> Result<f64> {
    let mut connection = Connection::open(place)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         CREATE TABLE overrides (path TEXT PRIMARY KEY, value TEXT, at TEXT, by TEXT, reason TEXT);
         CREATE TABLE history (id INTEGER PRIMARY KEY, path TEXT, before TEXT, after TEXT, at TEXT, by TEXT, reason TEXT,
           version INTEGER);
         CREATE INDEX history_path ON history (path, version);",
    )?;
    let mut least = f64::INFINITY;
    for turn in 0..=TURNS {
        let pairs: Vec<(String, String)> = (0..items)
            .map(|number| (format!("s{}.k{}", number / 100, number % 100), (number + turn).to_string()))
            .collect();
        let begun = Instant::now();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut old = transaction.prepare("SELECT value FROM overrides WHERE path = ?1")?;
            let mut put = transaction.prepare(
                "INSERT INTO overrides (path, value, at, by, reason) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (path) DO UPDATE SET value = excluded.value, at = excluded.at, by = excluded.by,
                   reason = excluded.reason",
            )?;
            let mut history = transaction.prepare(
                "INSERT INTO history (path, before, after, at, by, reason, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            let at = "2026-11-21T10:00:00.000Z";
            for (path, value) in &pairs {
                let mut rows = old.query([path])?;
                let before: Option<String> = rows.next()?.map(|row| row.get(0)).transpose()?;
                put.execute((path, value, at, "bench", REASON))?;
                history.execute((path, before, value, at, "bench", REASON, turn))?;
            }
        }
        transaction.commit()?;
        if turn > 0 {
            least = least.min(millis(begun.elapsed()));
        }
    }
    Ok(least)
}
