//! What the kernel tells of folders: inotify, where there is one.
//!
//! What must stay true: only what is asked for wakes anybody; a folder that this user may not list, or that went
//! meanwhile, is left to looking, and stops nobody else.

#[cfg(target_os = "linux")]
pub(super) use linux::Kernel;
#[cfg(not(target_os = "linux"))]
pub(super) use nothing::Kernel;

#[cfg(target_os = "linux")]
mod linux {
    use crate::source::watch::spots::Spot;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
    use rustix::io::Errno;
    use std::collections::{BTreeMap, HashMap};
    use std::ffi::OsStr;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt;
    use std::path::PathBuf;
    use std::time::Duration;

    /// Folders that the kernel tells of.
    pub(in crate::source::watch) struct Kernel {
        descriptor: OwnedFd,
        /// By the kernel's number.
        folders: HashMap<i32, Spot>,
    }

    impl Kernel {
        /// Tells of nothing yet. An error where there are too many already.
        pub(in crate::source::watch) fn new() -> io::Result<Kernel> {
            let descriptor = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            Ok(Kernel { descriptor, folders: HashMap::new() })
        }

        /// From now on tells of these folders and no others. An error where it can tell of no more.
        pub(in crate::source::watch) fn arm(&mut self, spots: &BTreeMap<PathBuf, Spot>) -> io::Result<()> {
            let mut folders: HashMap<i32, Spot> = HashMap::new();
            for (folder, spot) in spots {
                // Two names of one folder have one number: what the second wants is added.
                let flags = flags(spot) | WatchFlags::MASK_ADD;
                match inotify::add_watch(&self.descriptor, folder, flags) {
                    Ok(number) => {
                        let wanted = folders.entry(number).or_default();
                        wanted.names.extend(spot.names.iter().cloned());
                        wanted.documents |= spot.documents;
                        wanted.contents |= spot.contents;
                    }
                    Err(error @ (Errno::NOSPC | Errno::NOMEM)) => return Err(error.into()),
                    Err(_) => {}
                }
            }
            for gone in self.folders.keys().filter(|number| !folders.contains_key(number)) {
                // The kernel drops a folder that was removed by itself.
                let _ = inotify::remove_watch(&self.descriptor, *gone);
            }
            self.folders = folders;
            Ok(())
        }

        /// Waits until something stirs that matters, at most so long; whether it did.
        pub(in crate::source::watch) fn stirs_within(&mut self, longest: Duration) -> bool {
            let mut fds = [PollFd::new(&self.descriptor, PollFlags::IN)];
            match poll(&mut fds, Timespec::try_from(longest).ok().as_ref()) {
                Ok(0) | Err(_) => return false,
                Ok(_) => {}
            }
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = Reader::new(&self.descriptor, &mut buffer);
            let mut stirs = false;
            while let Ok(event) = reader.next() {
                let itself = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::QUEUE_OVERFLOW;
                stirs |= event.events().intersects(itself)
                    || self
                        .folders
                        .get(&event.wd())
                        .zip(event.file_name())
                        .is_some_and(|(spot, name)| spot.concerns(OsStr::from_bytes(name.to_bytes())));
            }
            stirs
        }
    }

    fn flags(spot: &Spot) -> WatchFlags {
        let names = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        let contents = WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE | WatchFlags::ATTRIB;
        if spot.contents { names | contents } else { names }
    }
}

#[cfg(not(target_os = "linux"))]
mod nothing {
    use crate::source::watch::spots::Spot;
    use std::collections::BTreeMap;
    use std::io;
    use std::path::PathBuf;
    use std::time::Duration;

    /// Nothing tells here.
    pub(in crate::source::watch) enum Kernel {}

    impl Kernel {
        pub(in crate::source::watch) fn new() -> io::Result<Kernel> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in crate::source::watch) fn arm(&mut self, _: &BTreeMap<PathBuf, Spot>) -> io::Result<()> {
            match *self {}
        }

        pub(in crate::source::watch) fn stirs_within(&mut self, _: Duration) -> bool {
            match *self {}
        }
    }
}
