//! The local file that serves a document when its server does not.
//!
//! What must stay true: under its name the file is whole or the former one (written under another name, synced, renamed,
//! the folder synced), 0600, and never reached through a link; what is read back is what was written, of one of the
//! source's own addresses, by somebody who may: damaged, foreign or open to others, it is refused and not used.

use super::regular::{self, Links};
use crate::domain::change::hex;
use crate::domain::document::LONGEST_DOCUMENT;
use crate::domain::error::{Code, Error, Result};
use crate::domain::time::Timestamp;
use crate::domain::wording::plain_reason;
use crate::net::shown;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How the file begins, before the checksum of all the rest.
const MARK: &str = "cfgctl-cache 1 ";
/// The longest header.
const LONGEST_HEADER: usize = 64 * 1024;

/// A document that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From which address.
    pub url: String,
    /// When.
    pub fetched_at: Timestamp,
    /// What the server calls it.
    pub etag: Option<String>,
    /// What kind of document the server calls it.
    pub content_type: Option<String>,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// The second line. An address may hold a secret: of that part it says no more than a hash.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    url: String,
    url_sha256: String,
    fetched_at: Timestamp,
    etag: Option<String>,
    content_type: Option<String>,
}

/// Keeps a document at a place. `unavailable` where that cannot be written; the former one then still stands.
pub fn write(place: &Path, entry: &Entry) -> Result<()> {
    let header = serde_json::to_string(&Header {
        url: shown(&entry.url),
        url_sha256: sha256(&[entry.url.as_bytes()]),
        fetched_at: entry.fetched_at,
        etag: entry.etag.clone(),
        content_type: entry.content_type.clone(),
    });
    let header = header.map_err(|error| Error::internal(error.to_string()))? + "\n";
    let checksum = sha256(&[header.as_bytes(), &entry.bytes]);
    let parts = [MARK.as_bytes(), checksum.as_bytes(), b"\n", header.as_bytes(), &entry.bytes];
    put(place, &parts).map_err(|error| cannot_write(place, &error))
}

fn put(place: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return Err(io::Error::other("it has no name"));
    };
    match place.symlink_metadata() {
        Ok(there) if !there.is_file() => return Err(io::Error::other("something else than a file is there")),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut draft_name = std::ffi::OsString::from(".");
    draft_name.push(name);
    // Two who write at once do not take each other's.
    static NEXT: AtomicU64 = AtomicU64::new(0);
    draft_name.push(format!(".{}.{}.new", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    let draft = Draft(folder.join(draft_name));
    draft.remove()?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(&draft.0)?;
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.sync_all()?;
    fs::rename(&draft.0, place)?;
    File::open(folder)?.sync_all()
}

/// A file under its passing name, gone when this is.
struct Draft(PathBuf);

impl Draft {
    /// What a killed program of the same number left is nobody's.
    fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.0)
            .or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}

/// What is kept at a place of a source with these addresses; nothing where nothing is. `integrity` where it does not hold.
pub fn read(place: &Path, urls: &[String]) -> Result<Option<Entry>> {
    let named = place.display().to_string();
    let longest = (LONGEST_DOCUMENT + LONGEST_HEADER) as u64;
    let refused = |why: &str| {
        Error::integrity(format!("The cache file {named} is not used: {why}."))
            .hint(format!("Look at it, then remove it, and it is made anew at the next reload: rm {named}"))
    };
    match place.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Ok(there) if !there.is_file() => return Err(refused("it is a link or no regular file")),
        Ok(there) if !is_ours(place, there.uid(), there.mode()) => {
            return Err(refused("somebody else owns it or may write to it"));
        }
        _ => {}
    }
    let bytes = match regular::read(place, &named, longest, Links::Refused) {
        Err(error) if error.code == Code::NotFound => return Ok(None),
        read => read?,
    };
    parse(bytes, urls).map(Some).map_err(refused)
}

/// Whether only those can have written it who could replace it anyway.
fn is_ours(place: &Path, owner: u32, mode: u32) -> bool {
    let home = place.parent().and_then(|folder| folder.metadata().ok()).map(|folder| folder.uid());
    let may = [Some(rustix::process::geteuid().as_raw()), Some(0), home].contains(&Some(owner));
    may && mode & 0o022 == 0
}

fn parse(mut bytes: Vec<u8>, urls: &[String]) -> std::result::Result<Entry, &'static str> {
    const NOT_OURS: &str = "it is no cache file of this version";
    const DAMAGED: &str = "it is damaged, its checksum does not hold";
    let rest = bytes.strip_prefix(MARK.as_bytes()).ok_or(NOT_OURS)?;
    let (checksum, rest) = rest.split_at_checked(64).ok_or(DAMAGED)?;
    let rest = rest.strip_prefix(b"\n").ok_or(DAMAGED)?;
    if sha256(&[rest]).as_bytes() != checksum {
        return Err(DAMAGED);
    }
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or(NOT_OURS)?;
    let header: Header = serde_json::from_slice(&rest[..end]).map_err(|_| NOT_OURS)?;
    let url = urls.iter().find(|url| sha256(&[url.as_bytes()]) == header.url_sha256);
    let url = url.ok_or("it holds a document of another address")?.clone();
    let skipped = bytes.len() - (rest.len() - end - 1);
    bytes.drain(..skipped);
    let Header { fetched_at, etag, content_type, .. } = header;
    Ok(Entry { url, fetched_at, etag, content_type, bytes })
}

fn sha256(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hex(&hasher.finalize())
}

fn cannot_write(place: &Path, error: &io::Error) -> Error {
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let why = if full { "the disk is full".to_owned() } else { plain_reason(&error.to_string()) };
    let folder = place.parent().unwrap_or(place).display();
    Error::unavailable(format!("The cache file {} cannot be written: {why}.", place.display()))
        .not_retryable()
        .hint(format!("Look at the folder {folder}: whether it is there, its space, its permissions."))
}

#[cfg(test)]
mod tests;
