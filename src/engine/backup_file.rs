//! Writing and reading backup files in the store's backup folder.
//!
//! What must stay true: a file under its final name is whole and durable (written under another name, synced, renamed
//! without replacing, the folder synced), and it is that before the transaction that records it commits; nothing outside
//! the folder is ever touched, but the directory that an emergency names; 0600 in a folder of 0700.

use super::transact::View;
use crate::domain::backup::{self, Backup, Header, Scope, Writer};
use crate::domain::error::{Code, Error, Result};
use crate::domain::wording::plain_reason;
use crate::store::database::{folder_of, sync_folder};
use crate::store::owner::Owner;
use crate::store::{Connection, backup as record, manifest, metadata, overrides, version};
use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

/// The largest backup file that is read.
const LARGEST: u64 = 4 << 30;

/// The backups written in one transaction: of no use where it fails.
#[derive(Default)]
pub(super) struct Written {
    names: RefCell<Vec<String>>,
    /// The one that is made durable just now.
    pending: RefCell<Option<(String, JoinHandle<Result<()>>)>>,
}

impl Written {
    /// Begins to make one durable while the transaction goes on: a disk is slow, and most of a change is not.
    fn begin(&self, draft: Draft) -> Result<()> {
        self.settle()?;
        let name = draft.file_name.clone();
        let shared = Arc::new(draft);
        let mine = Arc::clone(&shared);
        match std::thread::Builder::new().spawn(move || shared.put()) {
            Ok(thread) => *self.pending.borrow_mut() = Some((name, thread)),
            // Where no thread is to be had, the change waits.
            Err(_) => {
                mine.put()?;
                self.names.borrow_mut().push(name);
            }
        }
        Ok(())
    }

    /// While a backup is made durable, what the transaction wrote goes to the log: its first sync, of the log's
    /// beginning and its folder, is then done at the same time, and not after. The commit itself is still to come.
    pub(super) fn flush_beside(&self, db: &Connection) -> Result<()> {
        if self.pending.borrow().is_some() { Ok(db.cache_flush()?) } else { Ok(()) }
    }

    /// Waits until every backup is durable under its final name, or cannot be.
    pub(super) fn settle(&self) -> Result<()> {
        let Some((name, thread)) = self.pending.take() else { return Ok(()) };
        let made =
            thread.join().unwrap_or_else(|_| Err(Error::internal("Making a backup durable panicked.")));
        if made.is_ok() {
            self.names.borrow_mut().push(name);
        }
        made.map_err(nothing_changed)
    }

    /// Remembers one that is durable already, by its whole path.
    fn keep(&self, file: PathBuf) {
        self.names.borrow_mut().push(file.display().to_string());
    }

    /// The files' names.
    pub(super) fn into_names(self) -> Vec<String> {
        self.names.into_inner()
    }
}

/// A written draft that is to be made durable under its final name.
struct Draft {
    file: File,
    draft: PathBuf,
    folder: PathBuf,
    file_name: String,
}

impl Draft {
    fn put(&self) -> Result<()> {
        let failed = |error: io::Error| cannot_write(&self.folder, &error);
        let (here, target) = (rustix::fs::CWD, self.folder.join(&self.file_name));
        self.file
            .sync_all()
            .map_err(failed)
            .and_then(|()| {
                let flags = rustix::fs::RenameFlags::NOREPLACE;
                rustix::fs::renameat_with(here, &self.draft, here, &target, flags).map_err(|error| {
                    if error == rustix::io::Errno::EXIST {
                        return Error::conflict(format!(
                            "There is already a backup named {}.",
                            self.file_name
                        ))
                        .hint("Name this one differently: cfgctl backup create --name NAME");
                    }
                    failed(error.into())
                })
            })
            .and_then(|()| sync_folder(&self.folder).map_err(failed))
            .inspect_err(|_| {
                // The draft is of no use; where it cannot be removed either, the next backup of its name does.
                let _ = fs::remove_file(&self.draft);
            })
    }
}

/// The folder that a store's backups are in.
pub(super) fn folder(place: &Path) -> PathBuf {
    folder_of(place).join("backups")
}

/// The header of a backup of the present state.
pub(super) fn header(view: &View<'_>, scope: Scope, change: Option<i64>) -> Result<Header> {
    let version = version::current(view.db)?;
    Ok(Header {
        absent: Vec::new(),
        change,
        config_hash: version.as_ref().map(|version| version.config_hash.clone()).unwrap_or_default(),
        instance: manifest::instance(view.db)?,
        scope,
        store_id: metadata::store_id(view.db)?,
        timestamp: view.now,
        version: version.map_or(0, |version| version.id),
    })
}

/// Writes a backup of every override. Gives what is to be recorded of it.
pub(super) fn write_full(view: &View<'_>, name: &str, automatic: bool) -> Result<record::Record> {
    let header = header(view, Scope::Full, None)?;
    write(view, name, automatic, header, |writer| {
        overrides::each_text(view.db, |path, value, value_type, at, by| {
            writer.value(path, value, value_type, at, by).map_err(|error| match view.place {
                Some(place) => cannot_write(&folder(place), &error),
                None => Error::internal(error.to_string()),
            })
        })
    })
}

/// Writes a backup file with the values that `fill` gives. Gives what is to be recorded of it. That of a change is made
/// durable while its transaction goes on, which waits for it before it commits; one of everything is when this returns.
pub(super) fn write(
    view: &View<'_>,
    name: &str,
    automatic: bool,
    header: Header,
    fill: impl FnOnce(&mut Writer<BufWriter<File>>) -> Result<()>,
) -> Result<record::Record> {
    let scope = header.scope;
    let written = home(view).and_then(|home| write_in(view, &home, (name, automatic), header, false, fill));
    written.map_err(|error| if scope == Scope::Change { nothing_changed(error) } else { error })
}

/// A change without its backup is not made.
fn nothing_changed(error: Error) -> Error {
    if error.code != Code::Unavailable {
        return error;
    }
    Error { message: format!("{} Nothing was changed.", error.message), ..error }
}

/// The same of an emergency: durable when this returns, so that a directory which somebody names takes the place of a
/// folder that is full or cannot be written. There it is recorded with its full path.
pub(super) fn write_at_once(
    view: &View<'_>,
    elsewhere: Option<&Path>,
    name: &str,
    header: Header,
    fill: impl Fn(&mut Writer<BufWriter<File>>) -> Result<()>,
) -> Result<record::Record> {
    let at_home =
        home(view).and_then(|folder| write_in(view, &folder, (name, true), header.clone(), true, &fill));
    let Some(directory) = elsewhere else { return at_home.map_err(nothing_changed) };
    match at_home {
        Err(error) if error.code == Code::Unavailable => {
            let written = write_in(view, directory, (name, true), header, true, &fill);
            let mut record = written.map_err(nothing_changed)?;
            record.name = directory.join(&record.name).display().to_string();
            Ok(record)
        }
        written => written,
    }
}

/// The backup folder, made where it is missing.
fn home(view: &View<'_>) -> Result<PathBuf> {
    let place = view.place.ok_or_else(|| Error::internal("A store in memory has no backups."))?;
    let folder = folder(place);
    let owner = Owner::of_store(place);
    let cannot_write = |error: &io::Error| cannot_write(&folder, error);
    let failed = |error: io::Error| cannot_write(&error);
    let metadata = folder.symlink_metadata();
    if metadata.as_ref().is_ok_and(|there| !there.is_dir()) {
        return Err(cannot_write(&io::Error::other(format!("{} is no folder", folder.display()))));
    }
    if metadata.is_err() {
        let made = fs::DirBuilder::new().mode(0o700).create(&folder);
        made.and_then(|()| Owner::give_folder(owner, &folder)).map_err(failed)?;
        sync_folder(folder_of(place)).map_err(failed)?;
    }
    Ok(folder)
}

/// Refuses a directory for backups that is none, or whose name is no whole path. `not-found`, `usage`.
pub(super) fn check_directory(directory: &Path) -> Result<()> {
    if !directory.is_absolute() || directory.to_str().is_none() {
        return Err(Error::usage(format!("{} is no whole path.", directory.display()))
            .hint("Name a directory from / on: --backup-to /mnt/DIR"));
    }
    if !directory.is_dir() {
        return Err(Error::not_found(format!("There is no directory {}.", directory.display()))
            .hint("Name one that is there: --backup-to DIR"));
    }
    Ok(())
}

fn write_in(
    view: &View<'_>,
    folder: &Path,
    (name, automatic): (&str, bool),
    header: Header,
    at_once: bool,
    fill: impl FnOnce(&mut Writer<BufWriter<File>>) -> Result<()>,
) -> Result<record::Record> {
    let owner = view.place.and_then(Owner::of_store);
    let cannot_write = |error: &io::Error| cannot_write(folder, error);
    let failed = |error: io::Error| cannot_write(&error);
    // A change that was killed after its backup leaves a file of the name that the next one of its number would take.
    let taken = |name: &str| folder.join(name).symlink_metadata().is_ok();
    let mut file_name = backup::file_name(name, view.now)?;
    for again in (2..).take_while(|_| header.change.is_some()) {
        if !taken(&file_name) {
            break;
        }
        file_name = backup::file_name(&format!("{name}_{again}"), view.now)?;
    }
    let draft = folder.join(format!(".{file_name}.new"));
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot_write(&error)),
        _ => {}
    }
    let (scope, change, version) = (header.scope, header.change, header.version);
    let written: Result<_> = (|| {
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(failed)?;
        Owner::give(owner, &file).map_err(failed)?;
        let mut writer = Writer::new(BufWriter::with_capacity(64 * 1024, file), header).map_err(failed)?;
        fill(&mut writer)?;
        let (buffer, checksum, count) = writer.finish().map_err(failed)?;
        let file = buffer.into_inner().map_err(|error| cannot_write(error.error()))?;
        let size = file.metadata().map_err(failed)?.len();
        Ok((file, checksum, count, size))
    })();
    let (file, checksum, count, size) = written.inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })?;
    let whole = Draft { file, draft, folder: folder.to_path_buf(), file_name: file_name.clone() };
    match (scope, at_once) {
        (Scope::Full, _) => whole.put()?,
        (Scope::Change, false) => view.written.begin(whole)?,
        (Scope::Change, true) => {
            whole.put()?;
            view.written.keep(folder.join(&file_name));
        }
    }
    Ok(record::Record {
        id: 0,
        name: file_name,
        scope: scope.as_str().to_owned(),
        automatic,
        created_at: view.now,
        created_by: view.actor.name().to_owned(),
        version,
        paths: i64::try_from(count).unwrap_or(i64::MAX),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        checksum,
        change,
    })
}

fn cannot_write(folder: &Path, error: &io::Error) -> Error {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let why = if full { "the disk is full".to_owned() } else { plain_reason(&error.to_string()) };
    Error::unavailable(format!("The backup cannot be written: {why}.")).not_retryable().hint(format!(
        "Mend the folder {}: its space, its permissions. Then look: cfgctl doctor",
        folder.display()
    ))
}

/// The text of a backup: in the folder by its name, or where its record says. `usage` where a name could lead out of the
/// folder, `not-found`, `integrity`.
pub(super) fn read_text(place: Option<&Path>, name: &str) -> Result<String> {
    // A whole path is only ever a record's: nobody's words come here unless a record has them.
    if !name.starts_with('/') {
        backup::check_name(name)?;
    }
    let missing = || {
        Error::not_found(format!("There is no backup named {name}."))
            .hint("See what there is: cfgctl backup list")
    };
    let file = folder(place.ok_or_else(missing)?).join(name);
    // Neither a link nor a pipe: what is opened is looked at, not what the name meant a moment ago.
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32)
        .open(&file);
    let opened = opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => missing(),
        // Opened without following links, a link is an error of its own.
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            Error::integrity(format!("The backup {name} is a link, and not the file that was written."))
        }
        _ => cannot_read(name, &error),
    })?;
    let metadata = opened.metadata().map_err(|error| cannot_read(name, &error))?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(Error::integrity(format!("The backup {name} is not a file of a backup's kind.")));
    }
    let mut text = String::new();
    opened.take(LARGEST).read_to_string(&mut text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            Error::integrity(format!("The backup {name} does not hold: it is no text."))
        }
        _ => cannot_read(name, &error),
    })?;
    Ok(text)
}

fn cannot_read(name: &str, error: &io::Error) -> Error {
    Error::unavailable(format!("The backup {name} cannot be read: {}.", plain_reason(&error.to_string())))
}

/// A backup in the folder, its checksum proven.
pub(super) fn read(place: Option<&Path>, name: &str) -> Result<Backup> {
    backup::read(name, &read_text(place, name)?)
}

/// Whether a backup's file is no longer there; one that cannot be looked for may be.
pub(super) fn is_gone(place: Option<&Path>, name: &str) -> bool {
    let found = place.map(|place| folder(place).join(name).symlink_metadata());
    found.is_some_and(|found| found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound))
}

/// Removes a backup's file; one that is gone already is as good.
pub(super) fn remove(place: Option<&Path>, name: &str) -> Result<()> {
    let Some(place) = place else { return Ok(()) };
    match fs::remove_file(folder(place).join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::unavailable(format!("The backup {name} cannot be removed: {error}.")).not_retryable())
        }
        _ => Ok(()),
    }
}

/// Removes backups' files while something else is done: a disk takes as long for that as for a sync.
pub(super) fn remove_beside(place: Option<PathBuf>, names: Vec<String>) -> Option<JoinHandle<()>> {
    let place = place.filter(|_| !names.is_empty())?;
    let (store, these) = (place.clone(), names.clone());
    let all = move || names.iter().for_each(|name| drop(remove(Some(&place), name)));
    let spawned = std::thread::Builder::new().spawn(all).ok();
    if spawned.is_none() {
        these.iter().for_each(|name| drop(remove(Some(&store), name)));
    }
    spawned
}
