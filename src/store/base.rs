//! The base: what the layers below the overrides say, as the last reload resolved it.
//!
//! What must stay true: reading it opens no source; what a generation altered is kept, so that the base of any
//! generation can be computed; history is never rewritten.

use super::{below, manifest, optional_value, value_of};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::value::{self, Value};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::BTreeMap;

/// What one source says of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The path.
    pub path: Path,
    /// The source.
    pub source: String,
    /// The stronger source has the higher priority.
    pub priority: u32,
    /// The value.
    pub value: Value,
    /// Where in the source: a file and its line, a variable, an address.
    pub origin: String,
}

type Raw = (String, String, u32, String, String);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn to_said((path, source, priority, value, origin): Raw) -> Result<Said> {
    Ok(Said { path: Path::from_canonical(path), source, priority, value: value_of(&value)?, origin })
}

const COLUMNS: &str = "path, source, priority, value, origin";

/// What the sources say of a path, the strongest first.
pub fn said_of(db: &Connection, path: &str) -> Result<Vec<Said>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM base_values WHERE path = ?1 ORDER BY priority DESC, source"
    ))?;
    let rows = statement.query_map([path], raw)?;
    rows.map(|row| to_said(row?)).collect()
}

/// What the strongest source says of a path.
pub fn strongest(db: &Connection, path: &str) -> Result<Option<Said>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM base_values WHERE path = ?1 ORDER BY priority DESC, source LIMIT 1"
    ))?;
    statement.query_row([path], raw).optional()?.map(to_said).transpose()
}

/// The base value of a path: what the strongest source says, or else the setting's default.
pub fn value(db: &Connection, path: &str) -> Result<Option<Value>> {
    let mut statement = db.prepare_cached(
        "SELECT value FROM base_values WHERE path = ?1 ORDER BY priority DESC, source LIMIT 1",
    )?;
    let said: Option<String> = statement.query_row([path], |row| row.get(0)).optional()?;
    match said {
        Some(text) => value_of(&text).map(Some),
        None => manifest::default(db, path),
    }
}

/// Calls back with what every source says, path by path and the strongest first: of all paths, or of those that are or
/// lie below a prefix.
pub fn each(db: &Connection, prefix: Option<&str>, mut visit: impl FnMut(Said) -> Result<()>) -> Result<()> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM base_values WHERE path = ?1 OR (path >= ?2 AND path < ?3)
         ORDER BY path, priority DESC, source"
    ))?;
    let (from, to) = prefix.map_or((String::new(), "\u{10FFFF}".into()), below);
    let mut rows = statement.query((prefix.unwrap_or_default(), from, to))?;
    while let Some(row) = rows.next()? {
        visit(to_said(raw(row)?)?)?;
    }
    Ok(())
}

/// The same for the strongest source of each path alone.
pub fn each_strongest(
    db: &Connection,
    prefix: Option<&str>,
    mut visit: impl FnMut(Said) -> Result<()>,
) -> Result<()> {
    let mut last: Option<Path> = None;
    each(db, prefix, |said| {
        if last.as_ref() == Some(&said.path) {
            return Ok(());
        }
        last = Some(said.path.clone());
        visit(said)
    })
}

/// Every base value by path, the defaults among them: all, or those that are or lie below a prefix.
pub fn values(db: &Connection, prefix: Option<&str>) -> Result<BTreeMap<Path, Value>> {
    let mut values = BTreeMap::new();
    manifest::each_default(db, prefix, |path, value| {
        values.insert(path, value);
        Ok(())
    })?;
    each_strongest(db, prefix, |said| {
        values.insert(said.path, said.value);
        Ok(())
    })?;
    Ok(values)
}

/// Whether any source says something of a path.
pub fn is_set(db: &Connection, path: &str) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM base_values WHERE path = ?1")?.exists([path])?)
}

/// A path below a prefix of which a source says something, if there is one.
pub fn set_below(db: &Connection, prefix: &str) -> Result<Option<String>> {
    let mut statement = db.prepare_cached(
        "SELECT path FROM base_values WHERE path >= ?1 AND path < ?2 ORDER BY path LIMIT 1",
    )?;
    Ok(statement.query_row(below(prefix), |row| row.get(0)).optional()?)
}

/// Paths of which a source says something that begin so.
pub fn paths_like(db: &Connection, beginning: &str, limit: u32) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT DISTINCT path FROM base_values WHERE path >= ?1 AND substr(path, 1, length(?1)) = ?1
         ORDER BY path LIMIT ?2",
    )?;
    Ok(statement.query_map((beginning, limit), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// How many paths the sources say something of.
pub fn count(db: &Connection) -> Result<i64> {
    Ok(db.query_row("SELECT count(DISTINCT path) FROM base_values", [], |row| row.get(0))?)
}

/// What a generation did to what one source says of one path.
#[derive(Debug, Clone, PartialEq)]
pub struct Altered {
    /// What it said before; none where it said nothing.
    pub before: Option<Said>,
    /// What it says since.
    pub after: Option<Said>,
}

/// Writes what a generation alters, and keeps what was there before.
pub fn alter(db: &Connection, generation: i64, altered: &[Altered]) -> Result<()> {
    let mut keep = db.prepare_cached(
        "INSERT INTO base_changes (generation, path, source, old_priority, old_value, old_origin, new_priority, new_value,
           new_origin) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let mut put = db.prepare_cached(&format!(
        "INSERT INTO base_values ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (path, source) DO UPDATE SET priority = excluded.priority, value = excluded.value,
           origin = excluded.origin"
    ))?;
    let mut remove = db.prepare_cached("DELETE FROM base_values WHERE path = ?1 AND source = ?2")?;
    for Altered { before, after } in altered {
        let Some(either) = after.as_ref().or(before.as_ref()) else { continue };
        let (path, source) = (either.path.as_str(), &either.source);
        let text = |said: &Option<Said>| said.as_ref().map(|said| value::canonical(&said.value));
        let priority = |said: &Option<Said>| said.as_ref().map(|said| said.priority);
        let origin = |said: &Option<Said>| said.as_ref().map(|said| said.origin.clone());
        keep.execute((
            generation,
            path,
            source,
            priority(before),
            text(before),
            origin(before),
            priority(after),
            text(after),
            origin(after),
        ))?;
        match after {
            Some(said) => put.execute((path, source, said.priority, text(after), &said.origin))?,
            None => remove.execute((path, source))?,
        };
    }
    Ok(())
}

/// One half of what a generation did: a path and a source, and what it says there before or after.
type Half = ((Path, String), Option<Said>);

fn to_half(row: &Row<'_>) -> Result<Half> {
    let (path, source): (String, String) = (row.get(0)?, row.get(1)?);
    let path = Path::from_canonical(path);
    let said = match row.get::<_, Option<String>>(3)? {
        Some(value) => Some(Said {
            path: path.clone(),
            source: source.clone(),
            priority: row.get(2)?,
            value: value_of(&value)?,
            origin: row.get(4)?,
        }),
        None => None,
    };
    Ok(((path, source), said))
}

/// What every source said, of each path and source that a later generation altered, when a generation was in force:
/// none where it said nothing.
pub fn former(db: &Connection, generation: i64) -> Result<BTreeMap<(Path, String), Option<Said>>> {
    let mut statement = db.prepare_cached(
        "SELECT path, source, old_priority, old_value, old_origin FROM base_changes
         WHERE generation > ?1 ORDER BY generation DESC",
    )?;
    let mut rows = statement.query([generation])?;
    let mut former = BTreeMap::new();
    while let Some(row) = rows.next()? {
        // The oldest of the later generations is the one that says what it replaced: it comes last.
        let (key, said) = to_half(row)?;
        former.insert(key, said);
    }
    Ok(former)
}

/// Calls back with what every generation after one altered, the newest first: the generation, the path, the source, and
/// what the source said before.
pub fn each_altered_after(
    db: &Connection,
    generation: i64,
    mut visit: impl FnMut(i64, Path, String, Option<Said>),
) -> Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT path, source, old_priority, old_value, old_origin, generation FROM base_changes
         WHERE generation > ?1 ORDER BY generation DESC",
    )?;
    let mut rows = statement.query([generation])?;
    while let Some(row) = rows.next()? {
        let ((path, source), said) = to_half(row)?;
        visit(row.get(5)?, path, source, said);
    }
    Ok(())
}

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

/// Keeps what a request about the base would put in place.
pub fn ask(db: &Connection, change: i64, said: &[Said]) -> Result<()> {
    let mut statement = db.prepare_cached(&format!(
        "INSERT INTO base_requests (change, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    ))?;
    for said in said {
        let value = value::canonical(&said.value);
        statement.execute((change, said.path.as_str(), &said.source, said.priority, value, &said.origin))?;
    }
    Ok(())
}

/// What a request about the base would put in place.
pub fn asked(db: &Connection, change: i64) -> Result<Vec<Said>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM base_requests WHERE change = ?1 ORDER BY path, priority DESC, source"
    ))?;
    let rows = statement.query_map([change], raw)?;
    rows.map(|row| to_said(row?)).collect()
}

/// What the last generation that altered it left of what each source says of each path: none where it says nothing.
pub fn last_altered(db: &Connection) -> Result<BTreeMap<(Path, String), Option<Said>>> {
    let mut statement = db.prepare_cached(
        "SELECT path, source, new_priority, new_value, new_origin FROM base_changes ORDER BY generation",
    )?;
    let mut rows = statement.query([])?;
    let mut last = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (key, said) = to_half(row)?;
        last.insert(key, said);
    }
    Ok(last)
}
