//! Opening, creating and closing the store's file.
//!
//! *Locking*: writers queue on a lock file beside the store, in the order the kernel wakes them, and then take SQLite's
//! own write lock at once (`BEGIN IMMEDIATE`: a deferred upgrade fails under contention whatever the timeout).
//! *Durability*: WAL with `synchronous=FULL`, set for each connection.
//! *Names*: the path is made absolute, so that no `file:` and no `?mode=` in it means anything.

use super::migration;
use super::owner::{Owner, missing_folders};
use crate::domain::error::{Code, Error, Result};
use crate::domain::wording::plain_reason;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

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

    /// Closes the file properly, so that the log is folded into it.
    pub fn close(self) -> Result<()> {
        self.connection.close().map_err(|(_, error)| Error::from(error))
    }
}

/// A writer's turn: held while the lock file is.
struct Turn<'a>(&'a File);

impl<'a> Turn<'a> {
    fn take(lock: &'a File) -> Result<Turn<'a>> {
        let failed =
            |error: io::Error| Error::unavailable(format!("The store's lock cannot be taken: {error}."));
        match lock.try_lock() {
            Ok(()) => return Ok(Turn(lock)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        // The kernel wakes who waits in turn, which asking again and again would not; a second thread waits, so that
        // the wait has an end.
        let waiting = lock.try_clone().map_err(failed)?;
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || tell.send(waiting.lock()));
        match told.recv_timeout(BUSY) {
            Ok(taken) => taken.map(|()| Turn(lock)).map_err(failed),
            Err(_) => Err(Error::unavailable(format!(
                "The store is busy: somebody else has held it for {} s.",
                BUSY.as_secs()
            ))
            .hint("Find out who: fuser on the store's .lock file; then try again.")),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Closing the file gives the lock back in any case.
        let _ = self.0.unlock();
    }
}

/// The folder a file stands in.
pub fn folder_of(place: &Path) -> &Path {
    match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a rename or a removal in a folder durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The file's name with something after it.
pub fn with_suffix(place: &Path, suffix: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A disk error on a disk without space is a full disk, whatever the database calls it.
fn explain(place: &Path, error: Error) -> Error {
    let no_space = rustix::fs::statvfs(folder_of(place))
        .is_ok_and(|space| space.f_bavail.saturating_mul(space.f_frsize) < LEAST_SPACE);
    if error.code == Code::Unavailable && no_space {
        return super::failure::disk_full();
    }
    error
}

/// With less space than this nothing can be written: SQLite's shared memory alone takes half of it.
const LEAST_SPACE: u64 = 64 * 1024;

fn remove_if_there(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_make(file, &error)),
        _ => Ok(()),
    }
}

fn absolute(place: &Path) -> Result<PathBuf> {
    if place.as_os_str().is_empty() || place.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(Error::usage(format!("{place:?} cannot be a file's name.")));
    }
    std::path::absolute(place)
        .map_err(|error| Error::usage(format!("{} is no place: {error}.", place.display())))
}

fn check_file(place: &Path) -> Result<()> {
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

fn cannot_make(place: &Path, error: &io::Error) -> Error {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let why = if full { "the disk is full".to_owned() } else { plain_reason(&error.to_string()) };
    Error::unavailable(format!("{} cannot be made: {why}.", place.display()))
        .not_retryable()
        .hint("Name another place with --store, or mend this one.")
}

fn open_lock(place: &Path, owner: Option<Owner>) -> Result<File> {
    let name = with_suffix(place, ".lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).truncate(false).mode(0o600);
    options.custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32);
    let made = options.clone().create_new(true).open(&name);
    // Only what was made here is given away: what stands there may be a link to anything.
    let opened = match made.and_then(|file| Owner::give(owner, &file).map(|()| file)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.create(true).open(&name),
        other => other,
    };
    opened.map_err(|error| {
        let why = plain_reason(&error.to_string());
        Error::unavailable(format!("The store at {} cannot be written: {why}.", place.display()))
            .not_retryable()
            .hint("Look at the permissions of the store and of its folder: cfgctl doctor")
    })
}

fn open_to_write(place: &Path) -> Result<Connection> {
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

fn open_to_read(place: &Path) -> Result<Connection> {
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

fn check_identity(connection: &Connection, place: Option<&Path>) -> Result<()> {
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
