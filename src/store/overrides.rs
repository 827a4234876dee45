//! The overrides in force; a row whose override was unset stays, inactive, and says by whom.

use super::{below, damaged, optional_value, ordered, time_of, value_of};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::time::Timestamp;
use crate::domain::value::{self, Value};
use rusqlite::types::ToSqlOutput;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, ToSql};
use std::rc::Rc;

/// One override, or where one was.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// Its path.
    pub path: Path,
    /// Its value; none where it was unset.
    pub value: Option<Value>,
    /// The type its value has, or had.
    pub value_type: String,
    /// When it was set or unset.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The version that did.
    pub version: i64,
}

const COLUMNS: &str = "path, value, value_type, created_at, created_by, reason, version_id";

type Raw = (String, Option<String>, String, String, String, String, i64);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
}

fn to_override((path, value, value_type, at, by, reason, version): Raw) -> Result<Override> {
    Ok(Override {
        path: Path::from_canonical(path),
        value: optional_value(value)?,
        value_type,
        at: time_of(&at)?,
        by,
        reason,
        version,
    })
}

/// The row of one path, active or not.
pub fn find(db: &Connection, path: &str) -> Result<Option<Override>> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM config_overrides WHERE path = ?1"))?;
    statement.query_row([path], raw).optional()?.map(to_override).transpose()
}

/// What is kept of an override in force beside its value. What many share is held once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The type its value has.
    pub value_type: Rc<str>,
    /// When it was set, as text.
    pub at: Rc<str>,
    /// By whom.
    pub by: Rc<str>,
}

/// The overrides in force of these paths, which come in ascending order: none where there is none.
pub fn of_each<'a>(
    db: &Connection,
    paths: impl IntoIterator<Item = &'a Path>,
) -> Result<Vec<Option<(Value, Origin)>>> {
    let query = "SELECT path, value, value_type, created_at, created_by FROM config_overrides
                 WHERE path >= ?1 ORDER BY path";
    let mut found = Vec::new();
    let mut last = Origin { value_type: "".into(), at: "".into(), by: "".into() };
    ordered::each(db, query, paths.into_iter().map(Path::as_str), |_, row| {
        let Some(row) = row else {
            found.push(None);
            return Ok(());
        };
        let text = |column: usize| row.get_ref(column)?.as_str_or_null().map_err(|_| damaged("an override"));
        let Some(value) = text(1)? else {
            found.push(None);
            return Ok(());
        };
        for (column, kept) in (2..).zip([&mut last.value_type, &mut last.at, &mut last.by]) {
            let text = text(column)?.unwrap_or_default();
            if **kept != *text {
                *kept = text.into();
            }
        }
        found.push(Some((value_of(value)?, last.clone())));
        Ok(())
    })?;
    Ok(found)
}

/// The value of one path's override.
pub fn value(db: &Connection, path: &str) -> Result<Option<Value>> {
    let mut statement =
        db.prepare_cached("SELECT value FROM config_overrides WHERE path = ?1 AND is_active = 1")?;
    optional_value(statement.query_row([path], |row| row.get(0)).optional()?)
}

/// Whether there is an override of each of these paths, which come in ascending order.
pub fn are_set<'a>(db: &Connection, paths: impl IntoIterator<Item = &'a Path>) -> Result<Vec<bool>> {
    let query = "SELECT path, is_active FROM config_overrides WHERE path >= ?1 ORDER BY path";
    let mut set = Vec::new();
    ordered::each(db, query, paths.into_iter().map(Path::as_str), |_, row| {
        set.push(row.map(|row| row.get(1)).transpose()?.unwrap_or(false));
        Ok(())
    })?;
    Ok(set)
}

/// The first of these paths with an override below it, and that one's path.
pub fn first_with_below<'a>(
    db: &Connection,
    paths: impl IntoIterator<Item = &'a Path>,
) -> Result<Option<(&'a Path, String)>> {
    let query = "SELECT path FROM config_overrides WHERE path >= ?1 AND is_active = 1 ORDER BY path";
    let mut prefixes: Vec<(String, &Path)> =
        paths.into_iter().map(|path| (below(path.as_str()).0, path)).collect();
    prefixes.sort_unstable();
    let mut found = None;
    let mut at = prefixes.iter();
    ordered::each_from(db, query, prefixes.iter().map(|(prefix, _)| prefix.as_str()), |prefix, row| {
        let path = at.next().map(|(_, path)| *path);
        if let Some(row) = row.filter(|_| found.is_none()) {
            let first: String = row.get(0)?;
            found = path.filter(|_| first.starts_with(prefix)).map(|path| (path, first));
        }
        Ok(())
    })?;
    Ok(found)
}

/// Whether a path has an override.
pub fn is_set(db: &Connection, path: &str) -> Result<bool> {
    let mut statement =
        db.prepare_cached("SELECT 1 FROM config_overrides WHERE path = ?1 AND is_active = 1")?;
    Ok(statement.exists([path])?)
}

/// Paths below a prefix that have an override.
pub fn paths_below(db: &Connection, prefix: &str, limit: u32) -> Result<Vec<String>> {
    let (from, to) = below(prefix);
    let mut statement = db.prepare_cached(
        "SELECT path FROM config_overrides WHERE path >= ?1 AND path < ?2 AND is_active = 1 ORDER BY path LIMIT ?3",
    )?;
    Ok(statement.query_map((from, to, limit), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Whether anything below a prefix has an override, or had one.
pub fn was_set_below(db: &Connection, prefix: &str) -> Result<bool> {
    let mut statement =
        db.prepare_cached("SELECT 1 FROM config_overrides WHERE path >= ?1 AND path < ?2 LIMIT 1")?;
    Ok(statement.exists(below(prefix))?)
}

/// Calls back for each active override in path order: all, or those that are or lie below a prefix.
pub fn each(
    db: &Connection,
    prefix: Option<&str>,
    mut visit: impl FnMut(Override) -> Result<()>,
) -> Result<()> {
    each_raw(db, prefix, |raw| visit(to_override(raw)?))
}

fn each_raw(db: &Connection, prefix: Option<&str>, mut visit: impl FnMut(Raw) -> Result<()>) -> Result<()> {
    let (from, to, whole) = match prefix {
        Some(prefix) => {
            let (from, to) = below(prefix);
            (from, to, prefix)
        }
        None => (String::new(), "\u{10FFFF}".into(), ""),
    };
    // The prefix itself sorts before everything below it, with others between: two ranges, in order.
    for (from, to, inclusive) in [(whole, whole, true), (from.as_str(), to.as_str(), false)] {
        let end = if inclusive { "<=" } else { "<" };
        let mut statement = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM config_overrides WHERE path >= ?1 AND path {end} ?2 AND is_active = 1 ORDER BY path"
        ))?;
        let mut rows = statement.query((from, to))?;
        while let Some(row) = rows.next()? {
            visit(raw(row)?)?;
        }
    }
    Ok(())
}

/// Calls back for each active override with its columns as text: path, canonical value, type, when, by whom.
pub fn each_text(
    db: &Connection,
    mut visit: impl FnMut(&str, &str, &str, &str, &str) -> Result<()>,
) -> Result<()> {
    each_raw(db, None, |(path, value, value_type, at, by, ..)| {
        visit(&path, value.as_deref().unwrap_or("null"), &value_type, &at, &by)
    })
}

/// Paths with an override that begin so.
pub fn paths_like(db: &Connection, beginning: &str, limit: u32) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT path FROM config_overrides WHERE path >= ?1 AND substr(path, 1, length(?1)) = ?1 AND is_active = 1
         ORDER BY path LIMIT ?2",
    )?;
    Ok(statement.query_map((beginning, limit), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// How many overrides there are.
pub fn count(db: &Connection) -> Result<i64> {
    Ok(db.query_row("SELECT count(*) FROM config_overrides WHERE is_active = 1", [], |row| row.get(0))?)
}

/// Who, when and why: what every row of one version shares.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// When, as text.
    pub at: &'a str,
    /// Who.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// From where.
    pub origin: &'a str,
    /// The version.
    pub version: i64,
}

/// Writes overrides under one stamp. The statements are looked up once and keep what all rows share, which would cost
/// as much for each row as writing it.
pub struct Put<'c> {
    db: &'c Connection,
    stamp: Stamp<'c>,
    replace: Option<CachedStatement<'c>>,
    set: Option<CachedStatement<'c>>,
    unset: Option<CachedStatement<'c>>,
}

impl<'c> Put<'c> {
    /// Under this stamp.
    pub fn new(db: &'c Connection, stamp: Stamp<'c>) -> Put<'c> {
        Put { db, stamp, replace: None, set: None, unset: None }
    }

    /// Sets (or, with no value, unsets) a path's override; it replaces one that is in force, or does not. The value
    /// comes with its canonical text.
    pub fn put(&mut self, path: &Path, replaces: bool, new: Option<(&Value, &str)>) -> Result<()> {
        let (db, stamp) = (self.db, self.stamp);
        let Some((new, canonical)) = new else {
            let unset =
                "UPDATE config_overrides SET value = NULL, is_active = 0, created_at = ?1, created_by = ?2,
                   reason = ?3, version_id = ?4 WHERE path = ?5";
            let statement = stamped(&mut self.unset, db, stamp, unset)?;
            statement.raw_bind_parameter(5, path.as_str())?;
            statement.raw_execute()?;
            return Ok(());
        };
        let statement = if replaces {
            let replace =
                "UPDATE config_overrides SET value = ?6, value_type = ?7, created_at = ?1, created_by = ?2,
                   reason = ?3, version_id = ?4 WHERE path = ?5 AND is_active = 1";
            stamped(&mut self.replace, db, stamp, replace)?
        } else {
            let set = "INSERT INTO config_overrides
                   (section, key, path, value, value_type, created_at, created_by, reason, is_active, version_id)
                 VALUES (?8, ?9, ?5, ?6, ?7, ?1, ?2, ?3, 1, ?4)
                 ON CONFLICT (path) DO UPDATE SET value = excluded.value, value_type = excluded.value_type,
                   created_at = excluded.created_at, created_by = excluded.created_by, reason = excluded.reason,
                   is_active = 1, version_id = excluded.version_id";
            let statement = stamped(&mut self.set, db, stamp, set)?;
            statement.raw_bind_parameter(8, path.section())?;
            statement.raw_bind_parameter(9, path.key())?;
            statement
        };
        statement.raw_bind_parameter(5, path.as_str())?;
        statement.raw_bind_parameter(6, canonical)?;
        statement.raw_bind_parameter(7, value::type_of(new).as_str())?;
        if statement.raw_execute()? == 1 { Ok(()) } else { Err(damaged("an override")) }
    }
}

/// The statement that is kept here, prepared when it is first needed, with the stamp bound to its first parameters.
fn stamped<'a, 'c>(
    place: &'a mut Option<CachedStatement<'c>>,
    db: &'c Connection,
    stamp: Stamp<'_>,
    sql: &str,
) -> Result<&'a mut CachedStatement<'c>> {
    match place {
        Some(statement) => Ok(statement),
        None => {
            let mut statement = db.prepare_cached(sql)?;
            statement.raw_bind_parameter(1, stamp.at)?;
            statement.raw_bind_parameter(2, stamp.by)?;
            statement.raw_bind_parameter(3, stamp.reason)?;
            statement.raw_bind_parameter(4, stamp.version)?;
            Ok(place.insert(statement))
        }
    }
}

/// The first of these paths, which come in ascending order, whose override is not this value, as its canonical text, or
/// none.
pub fn first_other<'a>(
    db: &Connection,
    expected: impl IntoIterator<Item = (&'a Path, Option<String>)>,
) -> Result<Option<&'a Path>> {
    let query = "SELECT path, value, is_active FROM config_overrides WHERE path >= ?1 ORDER BY path";
    let mut other = None;
    ordered::each(db, query, expected.into_iter().map(Expected), |Expected((path, text)), row| {
        let found = match row {
            Some(row) if row.get::<_, bool>(2)? => {
                row.get_ref(1)?.as_str_or_null().map_err(|_| damaged("a value"))?
            }
            _ => None,
        };
        if other.is_none() && found != text.as_deref() {
            other = Some(*path);
        }
        Ok(())
    })?;
    Ok(other)
}

/// A path with the text that is expected there; its key is the path.
struct Expected<'a>((&'a Path, Option<String>));

impl AsRef<[u8]> for Expected<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0.0.as_str().as_bytes()
    }
}

impl ToSql for Expected<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.0.as_str().into())
    }
}

/// A row with its columns as they are stored, for verifying.
#[derive(Debug, Clone)]
pub struct StoredRow {
    /// Its section.
    pub section: String,
    /// Its key.
    pub key: String,
    /// Its path.
    pub path: String,
    /// Its value's canonical text.
    pub value: Option<String>,
    /// Its type.
    pub value_type: String,
    /// When.
    pub at: String,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The version.
    pub version: i64,
    /// Whether it is in force.
    pub is_active: bool,
}

/// Calls back for every row, active or not, as it is stored.
pub fn each_row(db: &Connection, mut visit: impl FnMut(StoredRow) -> Result<()>) -> Result<()> {
    let mut statement = db.prepare(
        "SELECT section, key, path, value, value_type, created_at, created_by, reason, version_id, is_active
         FROM config_overrides ORDER BY path",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        visit(StoredRow {
            section: row.get(0)?,
            key: row.get(1)?,
            path: row.get(2)?,
            value: row.get(3)?,
            value_type: row.get(4)?,
            at: row.get(5)?,
            by: row.get(6)?,
            reason: row.get(7)?,
            version: row.get(8)?,
            is_active: row.get(9)?,
        })?;
    }
    Ok(())
}
