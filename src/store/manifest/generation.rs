//! Generations: the base as it stood, one after another.

use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use crate::store::time_of;
use rusqlite::Connection;

/// A base: what the layers below the overrides say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Its number.
    pub id: i64,
    /// The manifest whose defaults it holds.
    pub manifest: i64,
    /// SHA-256 over its values.
    pub base_hash: String,
    /// Since when.
    pub created_at: Timestamp,
}

fn one_generation(db: &Connection, tail: &str, values: impl rusqlite::Params) -> Result<Generation> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, manifest, base_hash, created_at FROM base_generations {tail}"
    ))?;
    let row = statement
        .query_row(values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?)));
    let (id, manifest, base_hash, at) = row?;
    Ok(Generation { id, manifest, base_hash, created_at: time_of(&at)? })
}

/// The present base.
pub fn current_generation(db: &Connection) -> Result<Generation> {
    one_generation(db, "ORDER BY id DESC LIMIT 1", [])
}

/// The base of that number.
pub fn generation(db: &Connection, id: i64) -> Result<Generation> {
    one_generation(db, "WHERE id = ?1", [id])
}

/// The bases after one, the newest first.
pub fn generations_after(db: &Connection, id: i64) -> Result<Vec<Generation>> {
    let mut statement =
        db.prepare_cached("SELECT id FROM base_generations WHERE id > ?1 ORDER BY id DESC")?;
    let found: Vec<i64> = statement.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    found.into_iter().map(|id| generation(db, id)).collect()
}

/// Records a base.
pub fn insert_generation(db: &Connection, generation: &Generation) -> Result<()> {
    db.execute(
        "INSERT INTO base_generations (id, manifest, base_hash, created_at) VALUES (?1, ?2, ?3, ?4)",
        (generation.id, generation.manifest, &generation.base_hash, generation.created_at.to_string()),
    )?;
    Ok(())
}
