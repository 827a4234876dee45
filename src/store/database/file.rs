//! The store's file and its folder: their names, what makes them last, and why they cannot be made.

use crate::domain::error::{Code, Error, Result};
use crate::domain::wording::plain_reason;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

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
pub(super) fn explain(place: &Path, error: Error) -> Error {
    let no_space = rustix::fs::statvfs(folder_of(place))
        .is_ok_and(|space| space.f_bavail.saturating_mul(space.f_frsize) < LEAST_SPACE);
    if error.code == Code::Unavailable && no_space {
        return crate::store::failure::disk_full();
    }
    error
}

/// With less space than this nothing can be written: SQLite's shared memory alone takes half of it.
const LEAST_SPACE: u64 = 64 * 1024;

pub(super) fn remove_if_there(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_make(file, &error)),
        _ => Ok(()),
    }
}

pub(super) fn cannot_make(place: &Path, error: &io::Error) -> Error {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let why = if full { "the disk is full".to_owned() } else { plain_reason(&error.to_string()) };
    Error::unavailable(format!("{} cannot be made: {why}.", place.display()))
        .not_retryable()
        .hint("Name another place with --store, or mend this one.")
}
