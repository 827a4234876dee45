//! Reading one regular file whole, whatever stands at its name.
//!
//! What must stay true: a pipe, a device or a folder is refused and never waited for; no more than the limit is read; a
//! file that is written to meanwhile is read again, until it holds still.

use crate::domain::error::{Error, Result};
use crate::domain::wording::plain_reason;
use rustix::fs::OFlags;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often a file is read anew that is written to meanwhile, and how long it is waited for each time.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Whether the file's name may be a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// It may.
    Followed,
    /// It may not.
    Refused,
}

/// Reads the file at a place; `named` is what errors call it.
pub(super) fn read(place: &Path, named: &str, longest: u64, links: Links) -> Result<Vec<u8>> {
    read_with(named, longest, || open(place, links))
}

/// The same of a file that is opened in another way.
pub(super) fn read_with(named: &str, longest: u64, open: impl Fn() -> io::Result<File>) -> Result<Vec<u8>> {
    for _ in 0..TRIES {
        let mut file = open().map_err(|error| cannot_read(named, &error))?;
        let before = file.metadata().map_err(|error| cannot_read(named, &error))?;
        check(named, &before, longest)?;
        let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or_default());
        let taken = (&mut file).take(longest + 1).read_to_end(&mut bytes);
        taken.map_err(|error| cannot_read(named, &error))?;
        if bytes.len() as u64 > longest {
            return Err(too_long(named, longest));
        }
        let after = file.metadata().map_err(|error| cannot_read(named, &error))?;
        if state(&before) == state(&after) && after.len() == bytes.len() as u64 {
            return Ok(bytes);
        }
        thread::sleep(PAUSE);
    }
    Err(Error::unavailable(format!("{named} is being written to and does not hold still."))
        .hint("Write it under another name and rename it, so that it is always whole."))
}

/// Opens for reading; never waits for whoever holds the other end.
fn open(place: &Path, links: Links) -> io::Result<File> {
    // What opening would already do something to is not opened at all.
    let there = match links {
        Links::Followed => place.metadata()?,
        Links::Refused => place.symlink_metadata()?,
    };
    if !there.is_file() && !there.is_symlink() {
        return Err(io::Error::other(kind(&there)));
    }
    let refused = if links == Links::Refused { OFlags::NOFOLLOW } else { OFlags::empty() };
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | refused).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(place)
}

fn check(named: &str, metadata: &Metadata, longest: u64) -> Result<()> {
    if !metadata.is_file() {
        return Err(cannot_read(named, &io::Error::other(kind(metadata))));
    }
    if metadata.len() > longest {
        return Err(too_long(named, longest));
    }
    Ok(())
}

fn kind(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() { "it is a folder, not a file" } else { "it is no regular file" }
}

/// What changes when a file is written to.
fn state(metadata: &Metadata) -> (u64, i64, i64, i64, i64) {
    (metadata.len(), metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec())
}

fn too_long(named: &str, longest: u64) -> Error {
    Error::invalid(format!("{named} is longer than {longest} bytes, the most that is read."))
        .hint("Split it, or name another file.")
}

/// Why a file cannot be read.
pub(super) fn cannot_read(named: &str, error: &io::Error) -> Error {
    if error.kind() == ErrorKind::NotFound {
        return Error::not_found(format!("There is no file {named}."))
            .hint("Make it, or name another; a mount that is missing looks like this too.");
    }
    // Opened without following links, a link is an error of its own.
    let why = if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        "it is a link, or leads in a circle".to_owned()
    } else {
        plain_reason(&error.to_string())
    };
    Error::unavailable(format!("{named} cannot be read: {why}."))
        .not_retryable()
        .hint(format!("Look at it and at its permissions: ls -lL {named}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cfgctl-regular-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_regular_file_is_read_whole_and_no_longer_than_allowed() {
        let folder = folder("whole");
        let place = folder.join("a");
        std::fs::write(&place, "abc").unwrap();
        assert_eq!(read(&place, "a", 3, Links::Refused).unwrap(), b"abc");
        assert!(read(&place, "a", 2, Links::Refused).unwrap_err().message.contains("longer than 2 bytes"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let folder = folder("kinds");
        let pipe = folder.join("pipe");
        std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        let link = folder.join("link");
        std::os::unix::fs::symlink(&link, &link).unwrap();
        for (place, says) in [
            (pipe.as_path(), "no regular file"),
            (folder.as_path(), "a folder"),
            (Path::new("/dev/zero"), "no regular file"),
            (link.as_path(), "link"),
            (Path::new("/proc/self/nothing"), "There is no file"),
        ] {
            for links in [Links::Followed, Links::Refused] {
                let error = read(place, &place.display().to_string(), 10, links).unwrap_err();
                assert!(error.message.contains(says), "{}", error.message);
                assert!(error.hint.is_some() && !error.retryable);
            }
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_link_is_followed_only_where_it_may_be() {
        let folder = folder("link");
        std::fs::write(folder.join("a"), "abc").unwrap();
        let link = folder.join("b");
        std::os::unix::fs::symlink("a", &link).unwrap();
        assert_eq!(read(&link, "b", 3, Links::Followed).unwrap(), b"abc");
        assert!(read(&link, "b", 3, Links::Refused).unwrap_err().message.contains("it is a link"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_never_still_is_given_up() {
        let folder = folder("restless");
        let place = folder.join("a");
        std::fs::write(&place, "abc").unwrap();
        // What the file system says of /proc is that it is empty: never as long as what is read.
        let error = read(Path::new("/proc/self/status"), "status", 1 << 20, Links::Refused).unwrap_err();
        assert!(error.retryable && error.message.contains("does not hold still"), "{}", error.message);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
