//! What reloads made of effective values, beside the overrides' history.

use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::time::Timestamp;
use crate::domain::value::{self, Value};
use crate::store::history::Filter;
use crate::store::{below, optional_value, time_of};
use rusqlite::{Connection, Row};

/// What a reload made of one effective value.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The version it made.
    pub version: i64,
    /// The path.
    pub path: Path,
    /// The value before.
    pub before: Option<Value>,
    /// The value after.
    pub after: Option<Value>,
    /// The source that says so, or said so before; none for a default.
    pub source: Option<String>,
    /// Where in it.
    pub origin: Option<String>,
}

/// Records what a reload made of effective values.
pub fn record(db: &Connection, events: &[Event]) -> Result<()> {
    let mut statement = db.prepare_cached(
        "INSERT INTO base_history (version_id, path, old_value, new_value, source, origin) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for event in events {
        let text = |value: &Option<Value>| value.as_ref().map(value::canonical);
        statement.execute((
            event.version,
            event.path.as_str(),
            text(&event.before),
            text(&event.after),
            &event.source,
            &event.origin,
        ))?;
    }
    Ok(())
}

fn to_event(row: &Row<'_>) -> Result<Event> {
    Ok(Event {
        version: row.get(0)?,
        path: Path::from_canonical(row.get(1)?),
        before: optional_value(row.get(2)?)?,
        after: optional_value(row.get(3)?)?,
        source: row.get(4)?,
        origin: row.get(5)?,
    })
}

const EVENT: &str = "version_id, path, old_value, new_value, source, origin";

/// What a version's reload made of effective values.
pub fn events_of_version(db: &Connection, version: i64) -> Result<Vec<Event>> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {EVENT} FROM base_history WHERE version_id = ?1 ORDER BY id"))?;
    let mut rows = statement.query([version])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(to_event(row)?);
    }
    Ok(events)
}

/// The first reload after a version that altered a path's effective value.
pub fn first_since(db: &Connection, path: &str, version: i64) -> Result<Option<Event>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {EVENT} FROM base_history WHERE path = ?1 AND version_id > ?2 ORDER BY version_id LIMIT 1"
    ))?;
    let mut rows = statement.query((path, version))?;
    rows.next()?.map(to_event).transpose()
}

impl Event {
    /// CREATE, UPDATE or DELETE, as history names it.
    pub fn operation(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "CREATE",
            (_, None) => "DELETE",
            _ => "UPDATE",
        }
    }
}

/// An event with the version that it made.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// What happened.
    pub event: Event,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

const LISTED: &str =
    "h.version_id, h.path, h.old_value, h.new_value, h.source, h.origin, h.id, v.created_at, v.created_by,
  coalesce(v.description, (SELECT c.reason FROM changes c WHERE c.number = v.change), '')";

fn to_listed(row: &Row<'_>) -> Result<Listed> {
    Ok(Listed {
        id: row.get(6)?,
        event: to_event(row)?,
        at: time_of(&row.get::<_, String>(7)?)?,
        by: row.get(8)?,
        reason: row.get(9)?,
    })
}

/// What reloads made of effective values after this row (its version and its number), the oldest first.
pub fn list_after(
    db: &Connection,
    path: Option<&Path>,
    after: (i64, i64),
    limit: u32,
) -> Result<Vec<Listed>> {
    let path = path.map(Path::as_str);
    let (from, to) = path.map(below).unwrap_or_default();
    let mut statement = db.prepare_cached(&format!(
        "SELECT {LISTED} FROM base_history h JOIN config_versions v ON v.id = h.version_id
         WHERE h.version_id >= ?1 AND (h.version_id > ?1 OR h.id > ?2)
           AND (?3 IS NULL OR h.path = ?3 OR (h.path >= ?4 AND h.path < ?5))
         ORDER BY h.version_id, h.id LIMIT ?6"
    ))?;
    let mut rows = statement.query((after.0, after.1, path, from, to, limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(to_listed(row)?);
    }
    Ok(found)
}

/// What reloads made of effective values, the newest first.
pub fn list(db: &Connection, filter: &Filter, limit: u32) -> Result<Vec<Listed>> {
    let (path, (from, to)) = match &filter.path {
        Some(path) => (Some(path.as_str()), below(path.as_str())),
        None => (None, Default::default()),
    };
    let mut statement = db.prepare_cached(&format!(
        "SELECT {LISTED} FROM base_history h JOIN config_versions v ON v.id = h.version_id
         WHERE (?1 IS NULL OR h.path = ?1 OR (h.path >= ?2 AND h.path < ?3))
           AND (?4 IS NULL OR v.created_at >= ?4) AND (?5 IS NULL OR v.created_at <= ?5)
           AND (?6 IS NULL OR v.created_by = ?6)
           AND (?7 IS NULL OR h.version_id < ?7 OR (h.version_id = ?7 AND h.id < ?8))
         ORDER BY h.version_id DESC, h.id DESC LIMIT {limit}"
    ))?;
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let (version, id) = filter.before.unzip();
    let mut rows = statement.query(rusqlite::params![
        path,
        from,
        to,
        text(filter.since),
        text(filter.until),
        filter.by,
        version,
        id
    ])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(to_listed(row)?);
    }
    Ok(found)
}
