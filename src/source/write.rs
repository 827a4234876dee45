//! One file of a source, replaced by what somebody wrote into it.
//!
//! What must stay true: the file is replaced whole or not at all, and keeps its owner and its mode; a link is followed
//! only while it stays in the file's own folder; what a mount manages is left alone; what was changed since it was read
//! is not written over.

use super::regular::{self, Links};
use crate::domain::document::LONGEST_DOCUMENT;
use crate::domain::error::{Error, Result};
use crate::domain::wording::plain_reason;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Component, Path, PathBuf};

/// Where the bytes are that a place leads to; `named` is what errors call it. `refused` where they may not be written.
pub fn target(place: &Path, named: &str) -> Result<PathBuf> {
    let cannot = |error: io::Error| regular::cannot_read(named, &error);
    let folder = place.parent().unwrap_or(place).canonicalize().map_err(cannot)?;
    let real = place.canonicalize().map_err(cannot)?;
    let inside = real.strip_prefix(&folder).ok();
    let is_swapped = |part: Component<'_>| part.as_os_str().to_string_lossy().starts_with("..");
    if folder.join("..data").is_symlink() || inside.is_some_and(|inside| inside.components().any(is_swapped))
    {
        return Err(Error::refused(format!("{named} is mounted, and managed where the mount comes from."))
            .hint("Change it there: what is written here is lost at the next mount."));
    }
    if inside.is_none() {
        return Err(Error::refused(format!(
            "{named} is a link that leads out of its folder, to {}.",
            real.display()
        ))
        .hint("Name that file in the manifest, or change it yourself."));
    }
    let there = fs::metadata(&real).map_err(cannot)?;
    if !there.is_file() || there.nlink() != 1 {
        return Err(Error::refused(format!("{named} is no regular file with one name."))
            .hint(format!("Change it yourself; see its other names: ls -li {named}")));
    }
    Ok(real)
}

/// Replaces a file that still holds what was read of it. `conflict` where it does not, `unavailable` where it cannot be
/// written.
pub fn replace(real: &Path, named: &str, before: &[u8], after: &[u8]) -> Result<()> {
    let is_still = || regular::read(real, named, LONGEST_DOCUMENT as u64, Links::Refused);
    let changed = || {
        Error::conflict(format!("{named} was changed meanwhile."))
            .hint("Nothing was written; look at it, and try again.")
    };
    let failed = |error: io::Error| {
        Error::unavailable(format!("{named} cannot be written: {}.", plain_reason(&error.to_string())))
            .not_retryable()
            .hint(format!("Whoever runs cfgctl needs to write to it and to its folder: ls -ld {named}"))
    };
    if is_still()? != before {
        return Err(changed());
    }
    let draft = Draft::of(real);
    draft.write(real, after).map_err(failed)?;
    if is_still()? != before {
        return Err(changed());
    }
    fs::rename(&draft.0, real).map_err(failed)?;
    File::open(real.parent().unwrap_or(real)).and_then(|folder| folder.sync_all()).map_err(failed)?;
    if is_still()? != after {
        return Err(changed());
    }
    Ok(())
}

/// The new file under its passing name, gone when this is.
struct Draft(PathBuf);

impl Draft {
    /// Hidden, so that no folder of documents takes it for one.
    fn of(real: &Path) -> Draft {
        let name = real.file_name().unwrap_or_default().to_string_lossy();
        Draft(real.with_file_name(format!(".{name}.{}.new", std::process::id())))
    }

    fn write(&self, real: &Path, bytes: &[u8]) -> io::Result<()> {
        // What a killed program of the same number left is nobody's.
        let _ = fs::remove_file(&self.0);
        let like = fs::metadata(real)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.0)?;
        file.write_all(bytes)?;
        let made = file.metadata()?;
        if (made.uid(), made.gid()) != (like.uid(), like.gid()) {
            fchown(&file, Some(like.uid()), Some(like.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(like.mode() & 0o7777))?;
        file.sync_all()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;
    use std::os::unix::fs::symlink;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cfgctl-write-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("in")).unwrap();
        folder
    }

    #[test]
    fn a_file_is_replaced_whole_with_its_mode_and_nothing_else_is_left() {
        let folder = folder("whole");
        let place = folder.join("in/a.yaml");
        fs::write(&place, "a: 1\n").unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("a.yaml", folder.join("in/b.yaml")).unwrap();
        let real = target(&folder.join("in/b.yaml"), "b.yaml").unwrap();
        replace(&real, "b.yaml", b"a: 1\n", b"a: 2\n").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"a: 2\n");
        assert_eq!(fs::metadata(&place).unwrap().mode() & 0o7777, 0o640);
        assert!(folder.join("in/b.yaml").is_symlink());
        assert_eq!(replace(&real, "b.yaml", b"a: 1\n", b"a: 3\n").unwrap_err().code, Code::Conflict);
        assert_eq!(fs::read_dir(folder.join("in")).unwrap().count(), 2);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_a_mount_manages_and_what_lies_elsewhere_is_refused() {
        let folder = folder("refused");
        fs::write(folder.join("a.yaml"), "a: 1\n").unwrap();
        symlink("../a.yaml", folder.join("in/out.yaml")).unwrap();
        fs::create_dir(folder.join("in/..2026")).unwrap();
        fs::write(folder.join("in/..2026/m.yaml"), "a: 1\n").unwrap();
        symlink("..2026/m.yaml", folder.join("in/m.yaml")).unwrap();
        fs::write(folder.join("in/two.yaml"), "a: 1\n").unwrap();
        fs::hard_link(folder.join("in/two.yaml"), folder.join("in/names.yaml")).unwrap();
        for (name, says) in
            [("out.yaml", "leads out"), ("m.yaml", "is mounted"), ("two.yaml", "with one name")]
        {
            let error = target(&folder.join("in").join(name), name).unwrap_err();
            assert!(error.code == Code::Refused && error.message.contains(says), "{}", error.message);
        }
        symlink("..2026", folder.join("in/..data")).unwrap();
        fs::remove_file(folder.join("in/names.yaml")).unwrap();
        assert!(target(&folder.join("in/two.yaml"), "two.yaml").unwrap_err().message.contains("is mounted"));
        fs::remove_dir_all(folder).unwrap();
    }
}
