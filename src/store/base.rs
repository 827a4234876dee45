//! The base: what the layers below the overrides say, as the last reload resolved it.
//!
//! What must stay true: reading it opens no source; what a generation altered is kept, so that the base of any
//! generation can be computed; history is never rewritten.

mod altered;
mod event;

pub use altered::{Altered, alter, each_altered_after, former, last_altered};
pub use event::{Event, Listed, events_of_version, first_since, list, list_after, record};

use super::{below, manifest, value_of};
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
