//! Content that did harm at the services and was taken back: applying it again has to be asked for.

use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use crate::domain::tree::Hash;
use rusqlite::{Connection, OptionalExtension};

/// Whether there is any.
pub fn is_empty(db: &Connection) -> Result<bool> {
    Ok(!db.prepare_cached("SELECT 1 FROM quarantined LIMIT 1")?.exists([])?)
}

/// Remembers that a path's value, known by the hash of both, did harm with a change.
pub fn put(db: &Connection, path: &str, leaf: &Hash, change: i64, at: Timestamp) -> Result<()> {
    let mut statement = db.prepare_cached(
        "INSERT INTO quarantined (path, digest, change, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (path, digest) DO UPDATE SET change = excluded.change, at = excluded.at",
    )?;
    statement.execute((path, leaf.as_slice(), change, at.to_string()))?;
    Ok(())
}

/// The change with which a path's value did harm.
pub fn find(db: &Connection, path: &str, leaf: &Hash) -> Result<Option<i64>> {
    let mut statement =
        db.prepare_cached("SELECT change FROM quarantined WHERE path = ?1 AND digest = ?2")?;
    Ok(statement.query_row((path, leaf.as_slice()), |row| row.get(0)).optional()?)
}

/// Forgets it: somebody has asked for it again.
pub fn remove(db: &Connection, path: &str, leaf: &Hash) -> Result<()> {
    db.prepare_cached("DELETE FROM quarantined WHERE path = ?1 AND digest = ?2")?
        .execute((path, leaf.as_slice()))?;
    Ok(())
}
