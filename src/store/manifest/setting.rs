//! The settings that the manifest in force registers, and their defaults.
//!
//! What must stay true: one setting is read by its path; only what asks for all of them reads all.

use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::setting::Setting;
use crate::domain::value::Value;
use crate::store::{below, optional_value, ordered};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::HashSet;

/// A setting's definition.
pub fn setting(db: &Connection, path: &str) -> Result<Option<Setting>> {
    let mut statement = db.prepare_cached("SELECT definition FROM settings WHERE path = ?1")?;
    let text: Option<String> = statement.query_row([path], |row| row.get(0)).optional()?;
    text.as_deref().map(Setting::from_json).transpose()
}

/// The definitions of these paths, which come in ascending order: none where a path is not registered.
pub fn settings_of<'a>(
    db: &Connection,
    paths: impl IntoIterator<Item = &'a Path>,
) -> Result<Vec<Option<Setting>>> {
    let query = "SELECT path, definition FROM settings WHERE path >= ?1 ORDER BY path";
    let mut found = Vec::new();
    ordered::each(db, query, paths.into_iter().map(Path::as_str), |_, row| {
        let text =
            |row: &Row<'_>| Setting::from_json(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
        found.push(row.map(text).transpose()?);
        Ok(())
    })?;
    Ok(found)
}

/// The defaults of these paths, which come in ascending order.
pub fn defaults_of<'a>(
    db: &Connection,
    paths: impl IntoIterator<Item = &'a Path>,
) -> Result<Vec<Option<Value>>> {
    let query = "SELECT path, default_value FROM settings WHERE path >= ?1 ORDER BY path";
    let mut found = Vec::new();
    ordered::each(db, query, paths.into_iter().map(Path::as_str), |_, row| {
        let text: Option<String> = row.map(|row| row.get(1)).transpose()?.flatten();
        found.push(optional_value(text)?);
        Ok(())
    })?;
    Ok(found)
}

/// Calls back for each setting in path order.
pub fn each_setting(db: &Connection, mut visit: impl FnMut(Path, Setting) -> Result<()>) -> Result<()> {
    let mut statement = db.prepare_cached("SELECT path, definition FROM settings ORDER BY path")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (path, definition): (String, String) = (row.get(0)?, row.get(1)?);
        visit(Path::from_canonical(path), Setting::from_json(&definition)?)?;
    }
    Ok(())
}

/// Whether the manifest registers a path.
pub fn is_registered(db: &Connection, path: &str) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM settings WHERE path = ?1")?.exists([path])?)
}

/// Whether the manifest calls a path a secret.
pub fn is_secret(db: &Connection, path: &str) -> Result<bool> {
    let mut statement =
        db.prepare_cached(&format!("SELECT definition FROM settings WHERE path = ?1 AND {MAY_BE_SECRET}"))?;
    let text: Option<String> = statement.query_row([path], |row| row.get(0)).optional()?;
    Ok(text.as_deref().map(Setting::from_json).transpose()?.is_some_and(|setting| setting.secret))
}

/// Every path that the manifest calls a secret.
pub fn secrets(db: &Connection) -> Result<HashSet<String>> {
    let mut statement =
        db.prepare_cached(&format!("SELECT path, definition FROM settings WHERE {MAY_BE_SECRET}"))?;
    let mut rows = statement.query([])?;
    let mut secrets = HashSet::new();
    while let Some(row) = rows.next()? {
        if Setting::from_json(&row.get::<_, String>(1)?)?.secret {
            secrets.insert(row.get(0)?);
        }
    }
    Ok(secrets)
}

/// Spares reading the definitions that cannot be a secret's.
const MAY_BE_SECRET: &str = r#"definition LIKE '%"secret":true%'"#;

/// A registered path below a prefix, if there is one.
pub fn registered_below(db: &Connection, prefix: &str) -> Result<Option<String>> {
    let mut statement =
        db.prepare_cached("SELECT path FROM settings WHERE path >= ?1 AND path < ?2 ORDER BY path LIMIT 1")?;
    Ok(statement.query_row(below(prefix), |row| row.get(0)).optional()?)
}

/// A setting's default.
pub fn default(db: &Connection, path: &str) -> Result<Option<Value>> {
    let mut statement = db.prepare_cached("SELECT default_value FROM settings WHERE path = ?1")?;
    let text: Option<Option<String>> = statement.query_row([path], |row| row.get(0)).optional()?;
    optional_value(text.flatten())
}

/// Calls back for each default in path order: all, or those that are or lie below a prefix.
pub fn each_default(
    db: &Connection,
    prefix: Option<&str>,
    mut visit: impl FnMut(Path, Value) -> Result<()>,
) -> Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT path, default_value FROM settings
         WHERE default_value IS NOT NULL AND (path = ?1 OR (path >= ?2 AND path < ?3)) ORDER BY path",
    )?;
    let (from, to) = prefix.map_or((String::new(), "\u{10FFFF}".into()), below);
    let mut rows = statement.query((prefix.unwrap_or_default(), from, to))?;
    while let Some(row) = rows.next()? {
        let (path, text): (String, String) = (row.get(0)?, row.get(1)?);
        visit(Path::from_canonical(path), crate::store::value_of(&text)?)?;
    }
    Ok(())
}

/// Registered paths that begin so.
pub fn paths_like(db: &Connection, beginning: &str, limit: u32) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT path FROM settings WHERE path >= ?1 AND substr(path, 1, length(?1)) = ?1 ORDER BY path LIMIT ?2",
    )?;
    Ok(statement.query_map((beginning, limit), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// How many settings the manifest registers.
pub fn count(db: &Connection) -> Result<i64> {
    Ok(db.query_row("SELECT count(*) FROM settings", [], |row| row.get(0))?)
}
