//! Opening, creating and closing the store's file.
//!
//! *Locking*: writers queue on a lock file beside the store, in the order the kernel wakes them, and then take SQLite's
//! own write lock at once (`BEGIN IMMEDIATE`: a deferred upgrade fails under contention whatever the timeout).
//! *Durability*: WAL with `synchronous=FULL`, set for each connection.
//! *Names*: the path is made absolute, so that no `file:` and no `?mode=` in it means anything.

mod check;
mod file;
mod open;
mod turn;

pub use check::{free_bytes, is_cut_off, network_file_system, problems, schema};
pub use file::{folder_of, sync_folder, with_suffix};

use super::migration;
use super::owner::{Owner, missing_folders};
use crate::domain::error::{Code, Error, Result};
use crate::domain::wording::plain_reason;
use file::{cannot_make, explain, remove_if_there};
use open::{absolute, check_file, check_identity, open_to_read, open_to_write};
use rusqlite::{Connection, TransactionBehavior};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use turn::{Turn, open_lock};

/// Marks the file as cfgctl's: "cfgc".
pub const APPLICATION_ID: i32 = 0x6366_6763;

/// How long a writer waits for another before it gives up.
const BUSY: Duration = Duration::from_secs(30);

/// Whether a store is opened to read or to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only to read: the file is opened read-only.
    Read,
    /// To write.
    Write,
}

/// An open store.
pub struct Store {
    connection: Connection,
    place: Option<PathBuf>,
    lock: Option<File>,
}

impl Store {
    /// Opens an existing store. `not-found`, `denied` (unreadable), `integrity` (no store of ours, damaged, newer) or
    /// `unavailable`.
    pub fn open(place: &Path, access: Access) -> Result<Store> {
        let place = absolute(place)?;
        check_file(&place)?;
        let lock = match access {
            Access::Write => Some(open_lock(&place, Owner::of_store(&place))?),
            Access::Read => None,
        };
        let opened = match access {
            Access::Write => open_to_write(&place),
            Access::Read => open_to_read(&place),
        };
        let connection = opened.map_err(|error| explain(&place, error))?;
        let store = Store { connection, lock, place: Some(place) };
        check_identity(&store.connection, store.place.as_deref())?;
        if access == Access::Write {
            migration::migrate(&store)?;
        } else {
            migration::check_current(&store.connection)?;
        }
        Ok(store)
    }

    /// Creates the store's file (0600) in a folder of its own (0700) with an empty schema, for the user of this number.
    /// `conflict` where it exists.
    pub fn create(place: &Path, uid: Option<u32>) -> Result<Store> {
        let place = absolute(place)?;
        let folder = folder_of(&place);
        let owner = uid.and_then(|uid| Owner::of_new_store(folder, uid));
        if !folder.is_dir() {
            let missing = missing_folders(folder);
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.and_then(|()| missing.iter().try_for_each(|folder| Owner::give_folder(owner, folder)))
                .map_err(|error| cannot_make(folder, &error))?;
        }
        let lock = open_lock(&place, owner)?;
        lock.try_lock().map_err(|_| {
            Error::conflict(format!("Somebody else is making a store at {} just now.", place.display()))
                .hint("Try again in a moment.")
        })?;
        if place.symlink_metadata().is_ok_and(|file| !file.is_file() || file.len() > 0) {
            return Err(Error::conflict(format!("There is already something at {}.", place.display()))
                .hint("Name another place with --store, or use the store that is there."));
        }
        // A killed creation leaves an empty file, a draft and its companions behind; the next one starts afresh.
        let draft = with_suffix(&place, ".new");
        for suffix in ["", "-wal", "-shm", "-journal"] {
            remove_if_there(&with_suffix(&draft, suffix))?;
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|file| Owner::give(owner, &file))
            .map_err(|error| cannot_make(&place, &error))?;
        let connection = open_to_write(&draft)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        Ok(Store { connection, place: Some(place), lock: Some(lock) })
    }

    /// Puts a store that `create` made, and that was filled and closed, in its place.
    pub fn publish(self) -> Result<()> {
        let Store { connection, place, lock } = self;
        let Some(place) = place else { return Ok(()) };
        let draft = with_suffix(&place, ".new");
        let failed = |error: io::Error| cannot_make(&place, &error);
        // Closing would fold the log in as well, and say nothing where that fails.
        let (busy, left): (i64, i64) = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(|error| explain(&place, error.into()))?;
        connection.close().map_err(|(_, error)| Error::from(error))?;
        let log = fs::metadata(with_suffix(&draft, "-wal")).map_or(0, |log| log.len());
        if busy != 0 || left != 0 || log != 0 {
            return Err(explain(
                &place,
                Error::unavailable(format!("The store at {} could not be made whole.", place.display())),
            ));
        }
        File::open(&draft).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&draft, &place).map_err(failed)?;
        drop(lock);
        sync_folder(folder_of(&place)).map_err(|error| {
            let why = plain_reason(&error.to_string());
            Error::new(
                Code::UnknownOutcome,
                format!(
                    "The store is at {}, but whether it survives a power failure is not known: {why}.",
                    place.display()
                ),
            )
            .hint("Look at the disk, then: cfgctl doctor")
        })
    }

    /// Takes away what `create` made, after something went wrong with it.
    pub fn discard(self) {
        let Store { connection, place, .. } = self;
        // What cannot be removed here is removed by the next `create`.
        let _ = connection.close();
        if let Some(place) = place {
            for suffix in ["", "-wal", "-shm"] {
                let _ = fs::remove_file(with_suffix(&with_suffix(&place, ".new"), suffix));
            }
        }
    }

    /// An empty store in memory.
    pub fn in_memory() -> Result<Store> {
        Ok(Store { connection: Connection::open_in_memory()?, place: None, lock: None })
    }

    /// The connection, to read with.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Where the store is; none in memory.
    pub fn place(&self) -> Option<&Path> {
        self.place.as_deref()
    }

    /// Runs a body in one write transaction: commits where it succeeds, leaves everything as it was where it fails.
    pub fn write<T>(&mut self, body: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let place = self.place.clone();
        let written = self.write_in_turn(body);
        written.map_err(|error| place.map_or(error.clone(), |place| explain(&place, error)))
    }

    fn write_in_turn<T>(&mut self, body: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let _turn = match &self.lock {
            Some(lock) => Some(Turn::take(lock)?),
            None => None,
        };
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = body(&transaction)?;
        transaction.commit().map_err(|error| {
            if super::failure::is_unknown_after_commit(&error) {
                return Error::new(
                    Code::UnknownOutcome,
                    "The disk reported an error while the change was being made durable: it may stand or not.",
                )
                .hint("Look before trying again: cfgctl history --limit 1, then cfgctl doctor.");
            }
            Error::from(error)
        })?;
        Ok(answer)
    }

    /// Runs a body on one consistent state, reading only.
    pub fn read<T>(&self, body: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let transaction = self.connection.unchecked_transaction()?;
        body(&transaction)
    }

    /// A number that becomes another when somebody else commits. Costs a look into shared memory, and keeps nothing
    /// open.
    pub fn stirred(&self) -> Result<i64> {
        Ok(self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// Closes the file properly, so that the log is folded into it.
    pub fn close(self) -> Result<()> {
        self.connection.close().map_err(|(_, error)| Error::from(error))
    }
}
