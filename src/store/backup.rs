//! The record of backup files.

use super::time_of;
use crate::domain::change::{Hasher, hex};
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

/// One recorded backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub id: i64,
    /// Its file name.
    pub name: String,
    /// full or change.
    pub scope: String,
    /// Whether it was made by itself.
    pub automatic: bool,
    /// When.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// The version it holds.
    pub version: i64,
    /// How many paths.
    pub paths: i64,
    /// How many bytes.
    pub size: i64,
    /// SHA-256 over its content.
    pub checksum: String,
    /// The change it was made before.
    pub change: Option<i64>,
}

impl Record {
    /// Whether no audit entry vouches for the row: those that come and go with changes.
    fn vouches_for_itself(&self) -> bool {
        self.automatic && self.change.is_some()
    }

    fn digest(&self) -> String {
        let mut hasher = Hasher::of("backup record");
        let numbers =
            [self.version, self.paths, self.size, self.change.unwrap_or(0)].map(|number| number.to_string());
        let at = self.created_at.to_string();
        for part in
            [&self.name, &self.scope, &at, &self.created_by, &self.checksum].into_iter().chain(&numbers)
        {
            hasher.part(part.as_bytes());
        }
        hex(&hasher.finish()[..12])
    }
}

/// Names of the records that vouch for themselves and are not what was written.
pub fn altered(db: &Connection) -> Result<Vec<String>> {
    let mut statement = db.prepare(&format!("SELECT {COLUMNS}, digest FROM backups ORDER BY id"))?;
    let mut rows = statement.query([])?;
    let mut altered = Vec::new();
    while let Some(row) = rows.next()? {
        let record = to_record(row)?;
        let kept: Option<String> = row.get(11)?;
        if kept != record.vouches_for_itself().then(|| record.digest()) {
            altered.push(record.name);
        }
    }
    Ok(altered)
}

const COLUMNS: &str =
    "id, name, scope, automatic, created_at, created_by, version, paths, size, checksum, change";

fn to_record(row: &Row<'_>) -> Result<Record> {
    Ok(Record {
        id: row.get(0)?,
        name: row.get(1)?,
        scope: row.get(2)?,
        automatic: row.get(3)?,
        created_at: time_of(&row.get::<_, String>(4)?)?,
        created_by: row.get(5)?,
        version: row.get(6)?,
        paths: row.get(7)?,
        size: row.get(8)?,
        checksum: row.get(9)?,
        change: row.get(10)?,
    })
}

fn some(db: &Connection, tail: &str, values: impl rusqlite::Params) -> Result<Vec<Record>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM backups {tail}"))?;
    let mut rows = statement.query(values)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(to_record(row)?);
    }
    Ok(records)
}

/// Records a backup. Gives its number.
pub fn insert(db: &Connection, record: &Record) -> Result<i64> {
    let mut statement = db.prepare_cached(
        "INSERT INTO backups (name, scope, automatic, created_at, created_by, version, paths, size, checksum, change, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    statement.execute((
        &record.name,
        &record.scope,
        record.automatic,
        record.created_at.to_string(),
        &record.created_by,
        record.version,
        record.paths,
        record.size,
        &record.checksum,
        record.change,
        record.vouches_for_itself().then(|| record.digest()),
    ))?;
    Ok(db.last_insert_rowid())
}

/// The backup of that file name.
pub fn find(db: &Connection, name: &str) -> Result<Option<Record>> {
    Ok(some(db, "WHERE name = ?1", [name])?.pop())
}

/// Backups before a number, the newest first.
pub fn list(db: &Connection, before: Option<i64>, limit: u32) -> Result<Vec<Record>> {
    some(db, "WHERE id < ?1 ORDER BY id DESC LIMIT ?2", (before.unwrap_or(i64::MAX), limit))
}

/// The last backup of everything.
pub fn last_full(db: &Connection) -> Result<Option<Record>> {
    let mut statement =
        db.prepare_cached("SELECT max(id) FROM backups WHERE scope = 'full' AND automatic = ?1")?;
    let mut last = |automatic: bool| statement.query_row([automatic], |row| row.get::<_, Option<i64>>(0));
    match last(true)?.max(last(false)?) {
        Some(id) => Ok(some(db, "WHERE id = ?1", [id])?.pop()),
        None => Ok(None),
    }
}

/// Automatic backups beyond the newest so many of their scope, the oldest first; only those made before a time.
pub fn automatic_beyond(
    db: &Connection,
    scope: &str,
    keep: u32,
    before: Option<Timestamp>,
    limit: u32,
) -> Result<Vec<Record>> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM backups WHERE scope = ?1 AND automatic = 1 ORDER BY id DESC LIMIT 1 OFFSET ?2",
    )?;
    let Some(mut last) = statement.query_row((scope, keep), |row| row.get::<_, i64>(0)).optional()? else {
        return Ok(Vec::new());
    };
    if let Some(before) = before {
        let mut statement =
            db.prepare_cached("SELECT coalesce(max(id), 0) FROM backups WHERE created_at <= ?1")?;
        last = last.min(statement.query_row([before.to_string()], |row| row.get(0))?);
    }
    some(db, "WHERE scope = ?1 AND automatic = 1 AND id <= ?2 ORDER BY id LIMIT ?3", (scope, last, limit))
}

/// Forgets a backup.
pub fn remove(db: &Connection, id: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM backups WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// How many backups there are.
pub fn count(db: &Connection) -> Result<i64> {
    Ok(db.query_row("SELECT count(*) FROM backups", [], |row| row.get(0))?)
}
