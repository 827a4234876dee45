//! Whose the files are that are made beside a store.
//!
//! What must stay true: whoever comes by `sudo` leaves nothing behind that the store's owner cannot use. Only root can
//! give files away, so for everybody else nothing happens here.

use rustix::fs::OFlags;
use rustix::process::geteuid;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// A user and a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// The owner of a store's file, where root is about to make something beside it.
    pub fn of_store(place: &Path) -> Option<Owner> {
        other_than_root(&fs::metadata(place).ok()?)
    }

    /// The owner that a new store gets in this folder, where root makes it for the user of this number: that user, in
    /// a folder of theirs.
    pub fn of_new_store(folder: &Path, uid: u32) -> Option<Owner> {
        other_than_root(&fs::metadata(nearest(folder)?).ok()?).filter(|owner| owner.uid == uid)
    }

    /// Gives away a file that was just made. By its descriptor: in a folder of theirs the owner could have put
    /// another file in the place of its name.
    pub fn give(owner: Option<Owner>, made: &File) -> io::Result<()> {
        owner.map_or(Ok(()), |Owner { uid, gid }| fchown(made, Some(uid), Some(gid)))
    }

    /// Gives away a folder that was just made.
    pub fn give_folder(owner: Option<Owner>, made: &Path) -> io::Result<()> {
        if owner.is_none() {
            return Ok(());
        }
        let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits() as i32;
        Owner::give(owner, &OpenOptions::new().read(true).custom_flags(flags).open(made)?)
    }
}

/// The folders that are missing on the way to this one, the outermost first.
pub fn missing_folders(folder: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<PathBuf> = (folder.ancestors())
        .filter(|above| !above.as_os_str().is_empty())
        .take_while(|above| !above.exists())
        .map(Path::to_path_buf)
        .collect();
    missing.reverse();
    missing
}

fn nearest(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|above| above.is_dir())
}

fn other_than_root(metadata: &Metadata) -> Option<Owner> {
    let owner = Owner { uid: metadata.uid(), gid: metadata.gid() };
    (geteuid().is_root() && owner.uid != 0).then_some(owner)
}
