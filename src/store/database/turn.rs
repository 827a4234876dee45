//! Writers take turns on a lock file beside the store, in the order in which the kernel wakes them.
//!
//! What must stay true: the lock goes back whatever becomes of the writer, and nobody waits for ever.

use super::BUSY;
use super::file::with_suffix;
use crate::domain::error::{Error, Result};
use crate::domain::wording::plain_reason;
use crate::store::owner::Owner;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A writer's turn: held while the lock file is.
pub(super) struct Turn<'a>(&'a File);

impl<'a> Turn<'a> {
    pub(super) fn take(lock: &'a File) -> Result<Turn<'a>> {
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

pub(super) fn open_lock(place: &Path, owner: Option<Owner>) -> Result<File> {
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
