//! Versions and their tags.

use super::time_of;
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

/// One version, without the copy a baseline holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Its number.
    pub id: i64,
    /// SHA-256 over the overrides.
    pub config_hash: String,
    /// SHA-256 over base and overrides.
    pub effective_hash: String,
    /// When.
    pub created_at: Timestamp,
    /// Who.
    pub created_by: String,
    /// Why; none where the change's reason says it.
    pub description: Option<String>,
    /// Whether it is a baseline.
    pub is_baseline: bool,
    /// The version before it.
    pub parent: Option<i64>,
    /// The number of the change that made it.
    pub change: Option<i64>,
    /// The base it stands on.
    pub generation: i64,
}

const COLUMNS: &str = "id, config_hash, effective_hash, created_at, created_by, description, is_baseline, parent, change, generation";

fn to_version(row: &Row<'_>) -> Result<Version> {
    Ok(Version {
        id: row.get(0)?,
        config_hash: row.get(1)?,
        effective_hash: row.get(2)?,
        created_at: time_of(&row.get::<_, String>(3)?)?,
        created_by: row.get(4)?,
        description: row.get(5)?,
        is_baseline: row.get(6)?,
        parent: row.get(7)?,
        change: row.get(8)?,
        generation: row.get(9)?,
    })
}

fn one(db: &Connection, tail: &str, values: impl rusqlite::Params) -> Result<Option<Version>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM config_versions {tail}"))?;
    let mut rows = statement.query(values)?;
    rows.next()?.map(to_version).transpose()
}

/// The current version; none in a store that is being made.
pub fn current(db: &Connection) -> Result<Option<Version>> {
    one(db, "ORDER BY id DESC LIMIT 1", [])
}

/// The version of that number.
pub fn find(db: &Connection, id: i64) -> Result<Option<Version>> {
    one(db, "WHERE id = ?1", [id])
}

/// Whether a version, which may have been pruned, was made by an emergency.
pub fn is_emergency(db: &Connection, id: i64) -> Result<bool> {
    let mut statement = db.prepare_cached(
        "SELECT 1 FROM config_versions v JOIN changes c ON c.number = v.change
         WHERE v.id = ?1 AND c.kind = 'emergency'
         UNION ALL SELECT 1 FROM emergencies e JOIN changes c ON c.number = e.change
         WHERE c.version_id = ?1 AND NOT EXISTS (SELECT 1 FROM config_versions WHERE id = ?1)",
    )?;
    Ok(statement.exists([id])?)
}

/// The newest version whose content hash begins so (at least 12 digits); `other_than` is left out.
pub fn by_hash(db: &Connection, beginning: &str, other_than: i64) -> Result<Option<Version>> {
    let short: String = beginning.chars().take(12).collect();
    one(
        db,
        "WHERE substr(config_hash, 1, 12) = ?1 AND substr(config_hash, 1, length(?2)) = ?2 AND id <> ?3 ORDER BY id DESC LIMIT 1",
        (short, beginning, other_than),
    )
}

/// The newest version there is that was made at or before a time.
pub fn at_time(db: &Connection, time: Timestamp) -> Result<Option<Version>> {
    // Times never go back from version to version, so a binary search over the numbers finds it.
    let (mut low, mut high) =
        db.query_row("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM config_versions", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?;
    let wanted = time.to_string();
    let mut found = None;
    let mut statement =
        db.prepare_cached("SELECT id, created_at FROM config_versions WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    while low <= high {
        let middle = low + (high - low) / 2;
        let Some((id, at)) = statement
            .query_row([middle], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
            .optional()?
        else {
            break;
        };
        if at <= wanted {
            found = Some(id);
            low = id + 1;
        } else {
            high = middle - 1;
        }
    }
    found.map_or(Ok(None), |id| find(db, id))
}

/// The next version there is after a number.
pub fn next(db: &Connection, id: i64) -> Result<Option<Version>> {
    one(db, "WHERE id > ?1 ORDER BY id LIMIT 1", [id])
}

/// The last baseline or, where there is none, the first version.
pub fn last_baseline(db: &Connection) -> Result<Option<Version>> {
    match one(db, "WHERE is_baseline = 1 ORDER BY id DESC LIMIT 1", [])? {
        Some(baseline) => Ok(Some(baseline)),
        None => next(db, 0),
    }
}

/// The last version before the values changed for the n-th time, counted back from now: one that was only marked, or
/// made by a manifest, is no step. None where pruning left a gap before it, in which there may have been steps.
pub fn steps_back(db: &Connection, steps: u32) -> Result<Option<Version>> {
    let mut statement = db.prepare_cached("SELECT id, config_hash FROM config_versions ORDER BY id DESC")?;
    let mut rows = statement.query([])?;
    let (mut hash, mut left, mut after) = (None::<String>, steps, None);
    while let Some(row) = rows.next()? {
        let (id, its): (i64, String) = (row.get(0)?, row.get(1)?);
        if after.replace(id).is_some_and(|after| after != id + 1) {
            break;
        }
        if hash.as_ref().is_some_and(|hash| *hash != its) {
            left = left.saturating_sub(1);
        }
        if left == 0 {
            return find(db, id);
        }
        hash = Some(its);
    }
    Ok(None)
}

/// Versions before a number, the newest first.
pub fn list(db: &Connection, before: Option<i64>, baselines: bool, limit: u32) -> Result<Vec<Version>> {
    let only = if baselines { "AND is_baseline = 1" } else { "" };
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM config_versions WHERE id < ?1 {only} ORDER BY id DESC LIMIT ?2"
    ))?;
    let mut rows = statement.query((before.unwrap_or(i64::MAX), limit))?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        versions.push(to_version(row)?);
    }
    Ok(versions)
}

/// Records a version.
pub fn insert(db: &Connection, version: &Version, config_json: Option<&str>) -> Result<()> {
    let mut statement = db.prepare_cached(
        "INSERT INTO config_versions (id, config_json, config_hash, effective_hash, created_at, created_by, description,
           is_baseline, parent, change, generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    statement.execute((
        version.id,
        config_json,
        &version.config_hash,
        &version.effective_hash,
        version.created_at.to_string(),
        &version.created_by,
        &version.description,
        version.is_baseline,
        version.parent,
        version.change,
        version.generation,
    ))?;
    Ok(())
}

/// Keeps a whole copy of what a version held, and whether it is a baseline.
pub fn keep_copy(db: &Connection, id: i64, config_json: &str, baseline: bool) -> Result<()> {
    db.execute(
        "UPDATE config_versions SET config_json = ?2, is_baseline = max(is_baseline, ?3) WHERE id = ?1",
        (id, config_json, baseline),
    )?;
    Ok(())
}

/// The whole copy a version holds, where it does.
pub fn copy_of(db: &Connection, id: i64) -> Result<Option<String>> {
    let mut statement = db.prepare_cached("SELECT config_json FROM config_versions WHERE id = ?1")?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?.flatten())
}

/// A version's tags, by name.
pub fn tags_of(db: &Connection, id: i64) -> Result<Vec<String>> {
    let mut statement =
        db.prepare_cached("SELECT tag FROM version_tags WHERE version_id = ?1 ORDER BY tag")?;
    Ok(statement.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// The version a tag names.
pub fn by_tag(db: &Connection, tag: &str) -> Result<Option<i64>> {
    let mut statement = db.prepare_cached("SELECT version_id FROM version_tags WHERE tag = ?1")?;
    Ok(statement.query_row([tag], |row| row.get(0)).optional()?)
}

/// Tags that begin so, with their versions.
pub fn tags_like(db: &Connection, beginning: &str, limit: u32) -> Result<Vec<(String, i64)>> {
    let mut statement = db.prepare_cached(
        "SELECT tag, version_id FROM version_tags WHERE substr(tag, 1, length(?1)) = ?1 ORDER BY tag LIMIT ?2",
    )?;
    Ok(statement
        .query_map((beginning, limit), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Gives a version a tag.
pub fn tag(db: &Connection, tag: &str, id: i64, now: Timestamp, by: &str, reason: &str) -> Result<()> {
    db.execute(
        "INSERT INTO version_tags (tag, version_id, created_at, created_by, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
        (tag, id, now.to_string(), by, reason),
    )?;
    Ok(())
}

/// Takes a tag away.
pub fn untag(db: &Connection, tag: &str) -> Result<()> {
    db.execute("DELETE FROM version_tags WHERE tag = ?1", [tag])?;
    Ok(())
}
