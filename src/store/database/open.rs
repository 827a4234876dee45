//! How the store's file is opened, to write or only to read.
//!
//! What must stay true: what is no store of ours is refused; where nothing can be written, reading goes on as long as no
//! log waits beside the file.

use super::check::network_file_system;
use super::file::with_suffix;
use super::{APPLICATION_ID, BUSY};
use crate::domain::error::{Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(super) fn absolute(place: &Path) -> Result<PathBuf> {
    if place.as_os_str().is_empty() || place.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(Error::usage(format!("{place:?} cannot be a file's name.")));
    }
    std::path::absolute(place)
        .map_err(|error| Error::usage(format!("{} is no place: {error}.", place.display())))
}

pub(super) fn check_file(place: &Path) -> Result<()> {
    let shown = place.display();
    let metadata = fs::metadata(place).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::not_found(format!("There is no store at {shown}."))
            .hint(format!("Make one: cfgctl init --store {shown}")),
        io::ErrorKind::PermissionDenied => unreadable(place),
        _ => Error::unavailable(format!("The store at {shown} cannot be looked at: {error}.")),
    })?;
    if !metadata.is_file() {
        return Err(Error::integrity(format!("{shown} is not a cfgctl store: it is no file."))
            .hint("Name the store's file with --store."));
    }
    if metadata.len() == 0 {
        return Err(Error::integrity(format!("{shown} is not a cfgctl store: it is empty."))
            .hint("Remove it and make one: cfgctl init --store PATH, or restore a copy."));
    }
    rustix::fs::access(place, rustix::fs::Access::READ_OK).map_err(|_| unreadable(place))
}

fn unreadable(place: &Path) -> Error {
    Error::denied(format!("The store at {} cannot be read by this user.", place.display()))
        .hint("Ask whoever runs it for an account there, or name another store with --store.")
}

pub(super) fn open_to_write(place: &Path) -> Result<Connection> {
    refuse_network_file_system(place)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(place, flags)?;
    connection.busy_timeout(BUSY)?;
    prepare_well(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Statements are planned once: not again for every value that is bound, as statistics would have it.
fn prepare_well(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

pub(super) fn open_to_read(place: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(place, flags)?;
    connection.busy_timeout(BUSY)?;
    prepare_well(&connection)?;
    match connection.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |_| Ok(())) {
        // The log's companions cannot be made here (a file system that is read-only or full): read the file as it
        // stands, where no log waits beside it.
        Err(rusqlite::Error::SqliteFailure(failure, _))
            if matches!(
                failure.code,
                ErrorCode::CannotOpen
                    | ErrorCode::ReadOnly
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::DiskFull
            ) =>
        {
            open_immutable(place)
        }
        _ => Ok(connection),
    }
}

fn open_immutable(place: &Path) -> Result<Connection> {
    if fs::metadata(with_suffix(place, "-wal")).is_ok_and(|log| log.len() > 0) {
        return Err(Error::unavailable(
            "The store was not closed properly and stands where nothing can be written.",
        )
        .not_retryable()
        .hint("Copy the store with its -wal file to a place that can be written, and read it there."));
    }
    let mut uri = String::from("file:");
    for byte in place.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(uri, flags)?)
}

pub(super) fn check_identity(connection: &Connection, place: Option<&Path>) -> Result<()> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id != APPLICATION_ID {
        let shown = place.unwrap_or(Path::new("in memory")).display();
        return Err(Error::integrity(format!(
            "{shown} is not a cfgctl store: it is another program's database."
        ))
        .hint("Name another file with --store, or make a store: cfgctl init --store PATH."));
    }
    Ok(())
}

/// WAL needs shared memory between all who open the file; over a network there is none, and the file would be damaged.
fn refuse_network_file_system(place: &Path) -> Result<()> {
    match network_file_system(place) {
        Some(name) => Err(Error::unavailable(format!(
            "The store's folder is on {name}, a network file system, where a store would be damaged by its first two writers."
        ))
        .not_retryable()
        .hint("Keep the store on a local disk.")),
        None => Ok(()),
    }
}
