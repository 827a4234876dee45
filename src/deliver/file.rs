//! A service's file, replaced: staged beside it, checked, swapped, and given back where that is asked.
//!
//! What must stay true: at every instant the file is the former or the new one, whole; what a killed program leaves is a
//! hidden file that the next delivery removes; the former is kept until the next delivery; a file that somebody changed
//! meanwhile is not taken back. A link is followed, and the file that it leads to is replaced in its own folder.

mod swap;

use super::stamp::Stamp;
use super::{Surroundings, owner, run_well};
use crate::domain::change::hex;
use crate::domain::document::LONGEST_DOCUMENT;
use crate::domain::error::{Code, Error, Result};
use crate::domain::service::{Check, Place, Stamping};
use crate::domain::wording::plain_reason;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use swap::{Staged, sync_folder};

/// What stands where a file is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// No file.
    Nothing,
    /// One that this instance wrote.
    Ours(Stamp),
    /// One that another instance wrote.
    Others(Stamp),
    /// One without a stamp: somebody else's, or in a form that has none.
    Unstamped,
}

/// A file that was put in its place, and what it replaced: enough to give it back later, also by another process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// The file itself, where a link led to it.
    pub file: PathBuf,
    /// SHA-256 of what was put there.
    pub sha256: String,
    /// SHA-256 of what was there before, which is kept beside it; nothing where there was no file.
    pub former: Option<String>,
}

/// What became of a file that was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GaveBack {
    /// The former one is in its place again.
    Former,
    /// There was none, and there is none again.
    Removed,
    /// It had been given back already.
    Already,
}

/// What stands where a file is to be written; `instance` is ours. `refused` where it is no file.
pub fn look(place: &Place, stamping: Option<&Stamping>, instance: &str) -> Result<Found> {
    let Some(bytes) = standing(place)? else { return Ok(Found::Nothing) };
    Ok(match stamping.and_then(|stamping| Stamp::of(&bytes, stamping)) {
        Some(stamp) if stamp.instance == instance => Found::Ours(stamp),
        Some(stamp) => Found::Others(stamp),
        None => Found::Unstamped,
    })
}

/// What stands there; nothing where there is no file.
pub fn standing(place: &Place) -> Result<Option<Vec<u8>>> {
    match read_regular(&real(&place.file)?, &place.file, LONGEST_DOCUMENT as u64) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts these bytes in a file's place, where its check lets it. `refused` where the check fails: then the former is in
/// its place, as it was. Whoever calls holds the service's lock: what a killed delivery left beside the file is removed.
pub fn put(
    place: &Place,
    bytes: &[u8],
    check: Option<&Check>,
    around: &Surroundings<'_>,
) -> Result<Delivered> {
    let real = real(&place.file)?;
    let failed = |error: io::Error| cannot_write(&place.file, &error);
    swap::leftovers(&real).and_then(|left| left.iter().try_for_each(fs::remove_file)).map_err(failed)?;
    let now = hash_at(&real, &place.file)?;
    // Whoever was killed after the swap delivers once more: what counts as the former is still what was there before.
    let is_there = now.as_ref() == Some(&hash(bytes));
    let kept = if is_there { hash_at(&swap::former(&real), &place.file)? } else { None };
    let former = kept.or(now);
    let owner = place.owner.as_deref().map(owner::numbers).transpose()?;
    let staged = Staged::write(&real, bytes, owner, place.mode).map_err(failed)?;
    if let Some(check) = check.filter(|check| !check.in_place) {
        run_check(check, &staged.path, &place.file, around)?;
    }
    match &former {
        Some(_) if is_there => {}
        Some(_) => swap::keep_former(&real).map_err(failed)?,
        None => swap::forget_former(&real).map_err(failed)?,
    }
    staged.swap(&real).map_err(failed)?;
    let delivered = Delivered { file: real, sha256: hash(bytes), former };
    if let Some(check) = check.filter(|check| check.in_place)
        && let Err(mut error) = run_check(check, &delivered.file, &place.file, around)
    {
        if let Err(worse) = give_back(&delivered) {
            let message =
                format!("{} And the former could not be put back: {}", error.message, worse.message);
            return Err(Error { message, hint: worse.hint, ..Error::new(Code::UnknownOutcome, "") });
        }
        error.message.push_str(" The former is in its place again.");
        return Err(error);
    }
    Ok(delivered)
}

/// Puts back what was there before. `conflict` where somebody changed the file meanwhile.
pub fn give_back(delivered: &Delivered) -> Result<GaveBack> {
    let file = &delivered.file;
    let named = file.display().to_string();
    let now = hash_at(file, &named)?;
    let failed = |error: io::Error| cannot_write(&named, &error);
    let kept = swap::former(file);
    if now.as_ref() != Some(&delivered.sha256) {
        if now == delivered.former {
            return Ok(GaveBack::Already);
        }
        let former = delivered
            .former
            .as_ref()
            .map_or_else(String::new, |_| format!(", the former is {}", kept.display()));
        return Err(Error::conflict(format!("{named} was changed since it was delivered."))
            .hint(format!("It was left as it is{former}: compare them, and put back what you need.")));
    }
    let Some(former) = &delivered.former else {
        fs::remove_file(file).and_then(|()| sync_folder(file)).map_err(failed)?;
        return Ok(GaveBack::Removed);
    };
    if *former == delivered.sha256 {
        return Ok(GaveBack::Already);
    }
    fs::rename(&kept, file).and_then(|()| sync_folder(file)).map_err(failed)?;
    Ok(GaveBack::Former)
}

/// Forgets what was there before, once nobody will want it back.
pub fn forget_former(delivered: &Delivered) -> Result<()> {
    swap::forget_former(&delivered.file)
        .map_err(|error| cannot_write(&delivered.file.display().to_string(), &error))
}

/// What deliveries that were killed left beside a file.
pub fn leftovers(place: &Place) -> Result<Vec<PathBuf>> {
    swap::leftovers(&real(&place.file)?).map_err(|error| cannot_read(&place.file, &error))
}

/// Reads a regular file whole; never waits for whoever holds a pipe's other end. `named` is what errors call it.
pub(super) fn read_regular(place: &Path, named: &str, longest: u64) -> Result<Vec<u8>> {
    let failed = |error: io::Error| cannot_read(named, &error);
    let metadata = fs::metadata(place).map_err(failed)?;
    if !metadata.is_file() {
        return Err(no_file(named));
    }
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(place).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(no_file(named));
    }
    let mut bytes = Vec::new();
    file.take(longest + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > longest {
        return Err(Error::invalid(format!(
            "{named} is longer than {longest} bytes, the most that is read."
        ))
        .hint("See whether it is the right file."));
    }
    Ok(bytes)
}

/// The file that a name leads to. `refused` where something stands there that is no file, or that a mount manages.
fn real(file: &str) -> Result<PathBuf> {
    let place = Path::new(file);
    let failed = |error: io::Error| cannot_write(file, &error);
    let real = match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = place.parent().unwrap_or(place).canonicalize().map_err(failed)?;
            folder.join(place.file_name().unwrap_or_default())
        }
        Err(error) => return Err(failed(error)),
        Ok(_) => {
            let real = place.canonicalize().map_err(failed)?;
            if !fs::metadata(&real).map_err(failed)?.is_file() {
                return Err(no_file(file));
            }
            real
        }
    };
    let is_swapped = |part: &std::ffi::OsStr| part.to_string_lossy().starts_with("..");
    if real.iter().any(is_swapped) {
        return Err(Error::refused(format!("{file} is mounted, and managed where the mount comes from."))
            .hint("Deliver to another place: what is written here is lost at the next mount."));
    }
    Ok(real)
}

/// SHA-256 of what stands there now; nothing where there is no file.
fn hash_at(file: &Path, named: &str) -> Result<Option<String>> {
    match read_regular(file, named, LONGEST_DOCUMENT as u64) {
        Ok(bytes) => Ok(Some(hash(&bytes))),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn run_check(check: &Check, looked_at: &Path, named: &str, around: &Surroundings<'_>) -> Result<()> {
    let vector = check.vector_for(&looked_at.to_string_lossy());
    run_well(&vector, "", check.timeout.duration(), around).map(drop).map_err(|error| {
        Error::refused(format!("The check of {named} fails: {}", error.message))
            .hint("Nothing was told to the service; mend the value or the template, and try again.")
    })
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn no_file(named: &str) -> Error {
    Error::refused(format!("{named} is no regular file."))
        .hint(format!("See what stands there: ls -ld {named}"))
}

fn cannot_read(named: &str, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        return Error::not_found(format!("There is no file {named}."));
    }
    Error::unavailable(format!("{named} cannot be read: {}.", plain_reason(&error.to_string())))
        .not_retryable()
        .hint(format!("Look at it and at its permissions: ls -lL {named}"))
}

fn cannot_write(named: &str, error: &io::Error) -> Error {
    Error::unavailable(format!("{named} cannot be written: {}.", plain_reason(&error.to_string())))
        .not_retryable()
        .hint(format!("Whoever runs cfgctl needs to write to it and to its folder: ls -ld {named}"))
}

#[cfg(test)]
mod tests;
