//! Reloads, whatever came of them.

use super::time_of;
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, Row};
use serde_json::Value;

/// The record of one reload (requirement Z1). Durations are microseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its number; 0 before it is recorded.
    pub number: i64,
    /// Its ULID.
    pub id: String,
    /// What made it happen: manual, signal, api, watch, duty.
    pub cause: String,
    /// completed, unchanged, held or failed.
    pub status: String,
    /// Whether it was to go on although nothing had changed.
    pub forced: bool,
    /// When it began.
    pub begun_at: Timestamp,
    /// Who made it happen.
    pub actor: String,
    /// The manifest under which it resolved.
    pub manifest: i64,
    /// Why.
    pub reason: Option<String>,
    /// How long all of it took.
    pub total_us: i64,
    /// How long the sources took.
    pub loading_us: i64,
    /// How long validation took.
    pub validation_us: i64,
    /// How long it took to put it in force.
    pub apply_us: i64,
    /// The generation that it made.
    pub generation: Option<i64>,
    /// The version that it made.
    pub version: Option<i64>,
    /// The number of the request for what it held back.
    pub change: Option<i64>,
    /// What each source came to, what was altered and held back, warnings, problems.
    pub detail: Value,
}

const COLUMNS: &str = "number, operation_id, cause, status, forced, begun_at, actor, manifest, reason, total_us, \
                       loading_us, validation_us, apply_us, generation, version_id, change, detail";

fn to_operation(row: &Row<'_>) -> Result<Operation> {
    Ok(Operation {
        number: row.get(0)?,
        id: row.get(1)?,
        cause: row.get(2)?,
        status: row.get(3)?,
        forced: row.get(4)?,
        begun_at: time_of(&row.get::<_, String>(5)?)?,
        actor: row.get(6)?,
        manifest: row.get(7)?,
        reason: row.get(8)?,
        total_us: row.get(9)?,
        loading_us: row.get(10)?,
        validation_us: row.get(11)?,
        apply_us: row.get(12)?,
        generation: row.get(13)?,
        version: row.get(14)?,
        change: row.get(15)?,
        detail: super::value_of(&row.get::<_, String>(16)?)?,
    })
}

/// Records a reload, and gives its number.
pub fn insert(db: &Connection, operation: &Operation) -> Result<i64> {
    db.execute(
        "INSERT INTO operations (operation_id, cause, status, forced, begun_at, actor, manifest, reason, total_us,
           loading_us, validation_us, apply_us, generation, version_id, change, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        rusqlite::params![
            &operation.id,
            &operation.cause,
            &operation.status,
            operation.forced,
            operation.begun_at.to_string(),
            &operation.actor,
            operation.manifest,
            &operation.reason,
            operation.total_us,
            operation.loading_us,
            operation.validation_us,
            operation.apply_us,
            operation.generation,
            operation.version,
            operation.change,
            operation.detail.to_string(),
        ],
    )?;
    Ok(db.last_insert_rowid())
}

/// Keeps what is known of a recorded reload by now.
pub fn put_detail(db: &Connection, operation: &Operation) -> Result<()> {
    db.execute(
        "UPDATE operations SET detail = ?2 WHERE number = ?1",
        (operation.number, operation.detail.to_string()),
    )?;
    Ok(())
}

/// Reloads, the newest first; only those below a number where one is given.
pub fn list(db: &Connection, before: Option<i64>, limit: u32) -> Result<Vec<Operation>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operations WHERE number < ?1 ORDER BY number DESC LIMIT ?2"
    ))?;
    let mut rows = statement.query((before.unwrap_or(i64::MAX), limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(to_operation(row)?);
    }
    Ok(found)
}

/// The last reload.
pub fn last(db: &Connection) -> Result<Option<Operation>> {
    Ok(list(db, None, 1)?.pop())
}

/// The last reload that did not fail.
pub fn last_successful(db: &Connection) -> Result<Option<Operation>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operations WHERE status <> 'failed' ORDER BY number DESC LIMIT 1"
    ))?;
    let mut rows = statement.query([])?;
    rows.next()?.map(to_operation).transpose()
}

/// The reload of that id, so that a repeated one is answered and not done again.
pub fn by_id(db: &Connection, id: &str) -> Result<Option<Operation>> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM operations WHERE operation_id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(to_operation).transpose()
}

/// The reload that made a generation.
pub fn by_generation(db: &Connection, generation: i64) -> Result<Option<Operation>> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM operations WHERE generation = ?1"))?;
    let mut rows = statement.query([generation])?;
    rows.next()?.map(to_operation).transpose()
}

/// Reloads counted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Totals {
    /// All of them.
    pub total: i64,
    /// Those that did not fail.
    pub successful: i64,
    /// Those that failed.
    pub failed: i64,
    /// How long all of them took together, in microseconds.
    pub total_us: i64,
}

/// Counts the reloads.
pub fn totals(db: &Connection) -> Result<Totals> {
    let mut statement = db.prepare_cached(
        "SELECT count(*), coalesce(sum(status <> 'failed'), 0), coalesce(sum(total_us), 0) FROM operations",
    )?;
    Ok(statement.query_row([], |row| {
        let (total, successful): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(Totals { total, successful, failed: total - successful, total_us: row.get(2)? })
    })?)
}

/// Reloads that took at least so long, the slowest first.
pub fn slow(db: &Connection, threshold_us: i64, limit: u32) -> Result<Vec<Operation>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operations WHERE total_us >= ?1 ORDER BY total_us DESC, number DESC LIMIT ?2"
    ))?;
    let mut rows = statement.query((threshold_us, limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(to_operation(row)?);
    }
    Ok(found)
}

/// How a source was found last.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceState {
    /// The source.
    pub source: String,
    /// When it was looked at last.
    pub checked_at: Timestamp,
    /// When it could be read last.
    pub loaded_at: Option<Timestamp>,
    /// What was wrong then; none where it could be read.
    pub problem: Option<String>,
    /// SHA-256 over what was read last.
    pub content_hash: Option<String>,
    /// How many values it held.
    pub entries: i64,
    /// For a source over the network: its circuit breaker and what it said of its version.
    pub remote: Option<Value>,
}

/// How the sources were found last, by name.
pub fn source_states(db: &Connection) -> Result<Vec<SourceState>> {
    let mut statement = db.prepare_cached(
        "SELECT source, checked_at, loaded_at, problem, content_hash, entries, remote FROM source_states ORDER BY source",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let remote: Option<String> = row.get(6)?;
        found.push(SourceState {
            source: row.get(0)?,
            checked_at: time_of(&row.get::<_, String>(1)?)?,
            loaded_at: super::optional_time(row.get(2)?)?,
            problem: row.get(3)?,
            content_hash: row.get(4)?,
            entries: row.get(5)?,
            remote: super::optional_value(remote)?,
        });
    }
    Ok(found)
}

/// How a source was found.
pub fn source_state(db: &Connection, source: &str) -> Result<Option<SourceState>> {
    Ok(source_states(db)?.into_iter().find(|state| state.source == source))
}

/// Keeps how a source was found.
pub fn put_source_state(db: &Connection, state: &SourceState) -> Result<()> {
    let mut statement = db.prepare_cached(
        "INSERT INTO source_states (source, checked_at, loaded_at, problem, content_hash, entries, remote)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (source) DO UPDATE SET checked_at = excluded.checked_at, loaded_at = excluded.loaded_at,
           problem = excluded.problem, content_hash = excluded.content_hash, entries = excluded.entries,
           remote = excluded.remote",
    )?;
    statement.execute((
        &state.source,
        state.checked_at.to_string(),
        state.loaded_at.map(|at| at.to_string()),
        &state.problem,
        &state.content_hash,
        state.entries,
        state.remote.as_ref().map(Value::to_string),
    ))?;
    Ok(())
}

/// Forgets sources that the manifest no longer names.
pub fn forget_sources_but(db: &Connection, kept: &[String]) -> Result<()> {
    for state in source_states(db)?.into_iter().filter(|state| !kept.contains(&state.source)) {
        db.prepare_cached("DELETE FROM source_states WHERE source = ?1")?.execute([&state.source])?;
    }
    Ok(())
}
