//! The steps of replacing a file, each of which leaves it whole.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// The mode of a file that is new, where nothing is said.
const NEW_MODE: u32 = 0o640;
/// How many passing names are tried.
const TRIES: u32 = 100;

/// A file under its passing name, gone when this is unless it was swapped in.
pub(super) struct Staged {
    pub(super) path: PathBuf,
}

impl Staged {
    /// Writes the bytes beside a file, with the owner and mode that are said or that the file has.
    pub(super) fn write(
        real: &Path,
        bytes: &[u8],
        owner: Option<(Option<u32>, Option<u32>)>,
        mode: Option<u32>,
    ) -> io::Result<Staged> {
        let former = match fs::metadata(real) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let (staged, mut file) = Staged::create(real)?;
        file.write_all(bytes)?;
        let made = file.metadata()?;
        let said = owner.unwrap_or_default();
        let kept = former.as_ref().map(|former| (former.uid(), former.gid()));
        let wanted = (said.0.or(kept.map(|kept| kept.0)), said.1.or(kept.map(|kept| kept.1)));
        let other = (wanted.0.filter(|uid| *uid != made.uid()), wanted.1.filter(|gid| *gid != made.gid()));
        if other != (None, None) {
            fchown(&file, other.0, other.1)?;
        }
        let mode = mode.or(former.map(|former| former.mode() & 0o7777)).unwrap_or(NEW_MODE);
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        Ok(staged)
    }

    /// Makes an empty file of a name that nobody has; only its owner may read it.
    fn create(real: &Path) -> io::Result<(Staged, File)> {
        let mut last = io::Error::from(ErrorKind::AlreadyExists);
        for attempt in 0..TRIES {
            let path = hidden(real, &format!("{}-{attempt}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok((Staged { path }, file)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// Puts it in the file's place.
    pub(super) fn swap(self, real: &Path) -> io::Result<()> {
        fs::rename(&self.path, real)?;
        sync_folder(real)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Swapped in, there is nothing of this name any more.
        let _ = fs::remove_file(&self.path);
    }
}

/// Where what was there before is kept.
pub(super) fn former(real: &Path) -> PathBuf {
    hidden(real, "former")
}

/// Keeps what is there now beside its place, without ever moving it away.
pub(super) fn keep_former(real: &Path) -> io::Result<()> {
    let kept = former(real);
    forget_former(real)?;
    // A file system without links for files gets a copy.
    fs::hard_link(real, &kept).or_else(|_| {
        let metadata = fs::metadata(real)?;
        let mut copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&kept)?;
        io::copy(&mut File::open(real)?, &mut copy)?;
        let made = copy.metadata()?;
        if (made.uid(), made.gid()) != (metadata.uid(), metadata.gid()) {
            fchown(&copy, Some(metadata.uid()), Some(metadata.gid()))?;
        }
        copy.set_permissions(metadata.permissions())?;
        copy.sync_all()
    })
}

/// Removes what was kept, if there is anything.
pub(super) fn forget_former(real: &Path) -> io::Result<()> {
    match fs::remove_file(former(real)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The passing names beside a file, which nobody swapped in or removed.
pub(super) fn leftovers(real: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(folder), Some(name)) = (real.parent(), real.file_name()) else { return Ok(Vec::new()) };
    let begins = format!(".{}.cfgctl-", name.to_string_lossy());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_passing = name
            .strip_prefix(&begins)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
        if is_passing && entry.file_type()?.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Writes a file's folder to disk, so that its names survive a crash.
pub(super) fn sync_folder(real: &Path) -> io::Result<()> {
    File::open(real.parent().unwrap_or(real))?.sync_all()
}

fn hidden(real: &Path, what: &str) -> PathBuf {
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    real.with_file_name(format!(".{name}.cfgctl-{what}"))
}
