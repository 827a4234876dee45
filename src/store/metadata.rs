//! Facts about the store itself, by key.

use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension};

/// The store's identity: a ULID made when it was created.
pub const STORE_ID: &str = "store_id";
/// Whether the store is one person's: `1` or `0`.
pub const SOLO: &str = "solo";
/// History begins after this version.
pub const HISTORY_FLOOR: &str = "history_floor";
/// The last entry of the audit log that was pruned, as a head: `SEQ:HASH`.
pub const AUDIT_CHECKPOINT: &str = "audit_checkpoint";
/// Wrong tokens in the present minute: `MINUTE COUNT`.
pub const WRONG_TOKENS: &str = "wrong_tokens";

/// What is kept under a key.
pub fn get(db: &Connection, key: &str) -> Result<Option<String>> {
    let mut statement = db.prepare_cached("SELECT value FROM system_metadata WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

/// When what is kept under a key was written last.
pub fn updated_at(db: &Connection, key: &str) -> Result<Option<Timestamp>> {
    let mut statement = db.prepare_cached("SELECT updated_at FROM system_metadata WHERE key = ?1")?;
    let at: Option<String> = statement.query_row([key], |row| row.get(0)).optional()?;
    at.map(|at| super::time_of(&at)).transpose()
}

/// Keeps a value under a key.
pub fn set(db: &Connection, key: &str, value: &str, now: Timestamp) -> Result<()> {
    let mut statement = db.prepare_cached(
        "INSERT INTO system_metadata (key, value, updated_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
    )?;
    statement.execute((key, value, now.to_string()))?;
    Ok(())
}

/// The store's identity.
pub fn store_id(db: &Connection) -> Result<String> {
    Ok(get(db, STORE_ID)?.unwrap_or_default())
}

/// Whether the store is one person's.
pub fn is_solo(db: &Connection) -> Result<bool> {
    Ok(get(db, SOLO)?.as_deref() == Some("1"))
}

/// History begins after this version; 0 where nothing was pruned.
pub fn history_floor(db: &Connection) -> Result<i64> {
    Ok(get(db, HISTORY_FLOOR)?.and_then(|floor| floor.parse().ok()).unwrap_or(0))
}
