//! What is taken out of the store for good: old versions with their history.
//!
//! What must stay true: up to the floor of history every path keeps the last row, which says who set what stood there;
//! baselines and tagged versions stay.

use crate::domain::error::Result;
use rusqlite::{Connection, OptionalExtension};

/// What goes of the versions up to a number: all but baselines and tagged ones.
const GOING_VERSIONS: &str = "FROM config_versions WHERE id <= ?1 AND is_baseline = 0
   AND id NOT IN (SELECT version_id FROM version_tags)";

/// What goes of history up to a version: all but the last row of each path.
const GOING_HISTORY: &str = "FROM config_history WHERE version_id <= ?1 AND EXISTS (
   SELECT 1 FROM config_history l WHERE l.section = config_history.section AND l.key = config_history.key
     AND l.version_id > config_history.version_id AND l.version_id <= ?1)";

/// Versions up to a number that are baselines or have a tag.
pub fn kept_up_to(db: &Connection, up_to: i64) -> Result<Vec<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM config_versions WHERE id <= ?1 AND is_baseline = 1
         UNION SELECT version_id FROM version_tags WHERE version_id <= ?1 ORDER BY 1",
    )?;
    Ok(statement.query_map([up_to], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// How many versions and how many rows of history would go up to a version.
pub fn count_prunable(db: &Connection, up_to: i64) -> Result<(u64, u64)> {
    let count = |what: &str| -> Result<u64> {
        let sql = format!("SELECT count(*) {what}");
        Ok(db.query_row(&sql, [up_to], |row| row.get::<_, i64>(0))?.unsigned_abs())
    };
    Ok((count(GOING_VERSIONS)?, count(GOING_HISTORY)?))
}

/// Forgets versions up to a number with their history, and what reloads made of effective values with them. Gives how
/// many versions and how many rows of history went.
pub fn prune(db: &Connection, up_to: i64) -> Result<(u64, u64)> {
    let history = db.execute(&format!("DELETE {GOING_HISTORY}"), [up_to])?;
    let versions = db.execute(&format!("DELETE {GOING_VERSIONS}"), [up_to])?;
    db.execute("DELETE FROM base_history WHERE version_id <= ?1", [up_to])?;
    Ok((versions as u64, history as u64))
}

/// Whether there is a version after one number and up to another, or an older one that nothing keeps any more.
pub fn is_prunable(db: &Connection, up_to: i64) -> Result<bool> {
    let mut statement = db.prepare_cached(&format!("SELECT 1 {GOING_VERSIONS} LIMIT 1"))?;
    Ok(statement.exists([up_to])?)
}

/// The version that so many rows of history after another one lead to; none where there are fewer.
pub fn version_after_rows(db: &Connection, version: i64, rows: u32) -> Result<Option<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT version_id FROM config_history WHERE version_id > ?1 ORDER BY version_id LIMIT 1 OFFSET ?2",
    )?;
    Ok(statement.query_row((version, rows), |row| row.get(0)).optional()?)
}

/// How many rows history has after a version. They were written one after the other, and none of them has gone.
pub fn rows_after(db: &Connection, version: i64) -> Result<i64> {
    let mut statement = db.prepare_cached(
        "SELECT coalesce((SELECT max(id) FROM config_history) + 1 - (SELECT id FROM config_history
           WHERE version_id > ?1 ORDER BY version_id, id LIMIT 1), 0)",
    )?;
    Ok(statement.query_row([version], |row| row.get(0))?)
}
