//! Brings a store's schema up to what this program needs.
//!
//! *Rules*: a migration is a file in `migrations/`, never edited once released; its checksum is kept in the store, and
//! a store whose checksums differ is refused. Each runs in a transaction of its own. Before an existing store is
//! migrated, a copy of it is made beside it. *Compatibility*: a store newer than the program is refused.

use super::database::{Store, folder_of, sync_folder, with_suffix};
use super::owner::Owner;
use crate::domain::change::hex;
use crate::domain::error::{Error, Result};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The migrations, in order; the schema's number is how many have run.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_ground", include_str!("../../migrations/0001_ground.sql")),
    ("0002_governance", include_str!("../../migrations/0002_governance.sql")),
    ("0003_layers", include_str!("../../migrations/0003_layers.sql")),
    ("0004_delegated_approvals", include_str!("../../migrations/0004_delegated_approvals.sql")),
    ("0005_keeping", include_str!("../../migrations/0005_keeping.sql")),
    ("0006_delivery", include_str!("../../migrations/0006_delivery.sql")),
];

/// The schema this program needs.
pub fn newest() -> i64 {
    MIGRATIONS.len() as i64
}

fn present(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Refuses a store whose schema is not the one this program needs. `integrity` where it is newer or older.
pub fn check_current(connection: &Connection) -> Result<()> {
    let present = present(connection)?;
    check_not_newer(present)?;
    if present < newest() {
        return Err(Error::integrity(format!(
            "The store's schema is {present}; this program needs {}, and reading does not migrate.",
            newest()
        ))
        .hint("Type `cfgctl doctor` with a user who may write the store, or make any change."));
    }
    Ok(())
}

fn check_not_newer(present: i64) -> Result<()> {
    if present > newest() {
        return Err(Error::integrity(format!(
            "The store was written by a newer cfgctl: its schema is {present}, this program knows {}.",
            newest()
        ))
        .hint("Use the newer program."));
    }
    Ok(())
}

/// Runs what is missing. `integrity` where the store is newer or its record of migrations differs.
pub fn migrate(store: &Store) -> Result<()> {
    let connection = store.connection();
    let present = present(connection)?;
    check_not_newer(present)?;
    if present == newest() {
        return Ok(());
    }
    if present > 0
        && let Some(place) = store.place()
    {
        copy(connection, place, present)?;
    }
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT",
    )?;
    for (number, (name, sql)) in (1i64..).zip(MIGRATIONS) {
        let checksum = hex(&Sha256::digest(sql));
        if number <= present {
            let kept: String = connection.query_row(
                "SELECT checksum FROM migrations WHERE number = ?1",
                [number],
                |row| row.get(0),
            )?;
            if kept != checksum {
                return Err(Error::integrity(format!(
                    "The store's migration {name} is not the one this program knows."
                ))
                .hint("Use the program that made the store."));
            }
            continue;
        }
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(sql)?;
        transaction.execute("INSERT INTO migrations VALUES (?1, ?2, ?3)", (number, name, &checksum))?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Whether the store's record of its migrations is this program's.
pub fn is_recorded(connection: &Connection) -> Result<bool> {
    let mut statement =
        connection.prepare("SELECT number, name, checksum FROM migrations ORDER BY number")?;
    let kept: Vec<(i64, String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let known = (1i64..)
        .zip(MIGRATIONS)
        .map(|(number, (name, sql))| (number, (*name).to_owned(), hex(&Sha256::digest(sql))));
    Ok(kept == known.collect::<Vec<_>>())
}

/// A whole copy beside the store: made under another name, made durable, then renamed.
fn copy(connection: &Connection, place: &Path, schema: i64) -> Result<()> {
    let target = with_suffix(place, &format!(".before-schema-{}", schema + 1));
    let draft = with_suffix(&target, ".new");
    let failed = |error: io::Error| {
        Error::unavailable(format!("The copy before the migration cannot be made: {error}.")).not_retryable()
    };
    if let Err(error) = fs::remove_file(&draft)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(failed(error));
    }
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft);
    made.and_then(|file| Owner::give(Owner::of_store(place), &file)).map_err(failed)?;
    connection.execute("VACUUM INTO ?1", [draft.to_string_lossy()])?;
    File::open(&draft).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(&draft, &target).and_then(|()| sync_folder(folder_of(&target))).map_err(failed)
}
