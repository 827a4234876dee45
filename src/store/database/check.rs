//! What can be asked of the file as a file: what SQLite finds wrong with it, and what it stands on.
//!
//! What must stay true: nothing here mends or writes.

use super::file::{folder_of, with_suffix};
use crate::domain::error::Result;
use rusqlite::Connection;
use std::fs;
use std::path::Path;

/// The name of the network file system a file is on, if it is on one (statfs(2)).
pub fn network_file_system(place: &Path) -> Option<&'static str> {
    const NETWORK: [(u32, &str); 7] = [
        (0x6969, "NFS"),
        (0xFF53_4D42, "CIFS"),
        (0xFE53_4D42, "SMB2"),
        (0x517B, "SMB"),
        (0x00C3_6400, "Ceph"),
        (0x5346_414F, "AFS"),
        (0x0102_1997, "9P"),
    ];
    let kind = rustix::fs::statfs(folder_of(place)).ok()?.f_type as u32;
    NETWORK.into_iter().find(|(magic, _)| *magic == kind).map(|(_, name)| name)
}

/// What SQLite's own check finds wrong with the file, twenty lines of it at most.
pub fn problems(db: &Connection) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for pragma in ["PRAGMA integrity_check(20)", "PRAGMA foreign_key_check"] {
        let mut statement = db.prepare(pragma)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let line: String = row.get(0)?;
            if line != "ok" && problems.len() < 20 {
                problems.push(line);
            }
        }
    }
    Ok(problems)
}

/// How many bytes of the file are free again.
pub fn free_bytes(db: &Connection) -> Result<u64> {
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    Ok(number("freelist_count")?.unsigned_abs() * number("page_size")?.unsigned_abs())
}

/// Whether the file is shorter than its pages: SQLite reads what was cut off as zeros, and a page that held nothing
/// yet looks whole to it. Where a log lies beside the file, its end may still be on the way.
pub fn is_cut_off(db: &Connection) -> Result<bool> {
    let Some(place) = db.path().filter(|place| !place.is_empty()).map(Path::new) else { return Ok(false) };
    if fs::metadata(with_suffix(place, "-wal")).is_ok_and(|log| log.len() > 0) {
        return Ok(false);
    }
    let number = |pragma| db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let size = number("page_count")?.saturating_mul(number("page_size")?);
    let size = u64::try_from(size).unwrap_or_default();
    Ok(fs::metadata(place).is_ok_and(|file| file.len() < size))
}

/// Every table, index, view and trigger, as it was made.
pub fn schema(db: &Connection) -> Result<Vec<(String, String, Option<String>)>> {
    let mut statement = db.prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name",
    )?;
    let entries = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(entries.collect::<rusqlite::Result<_>>()?)
}
