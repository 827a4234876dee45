//! One delivery a service at a time, over all processes of this machine.
//!
//! What must stay true: the lock goes with the process that holds it, however that ends; the file itself stays, since
//! removing it would let two hold it, unless nothing is left that either could do.

use crate::domain::error::{Error, Result};
use crate::domain::wording::plain_reason;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// A service that nobody else delivers to while this lives.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock is held as long as the file is open")] File);

/// Whether anybody holds that lock.
pub fn is_held(folder: &Path, service: &str) -> bool {
    let Ok(file) = File::open(folder.join(format!("{service}.lock"))) else { return false };
    flock(&file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
}

/// Takes the lock of a service in a folder, which is made where it is not there. `conflict` where somebody else holds it
/// for longer than this.
pub fn lock(folder: &Path, service: &str, longest: Duration) -> Result<Lock> {
    let cannot = |why: String| {
        Error::unavailable(format!("The lock of {service} cannot be had: {}.", plain_reason(&why)))
            .not_retryable()
            .hint(format!("Whoever runs cfgctl needs to write here: ls -ld {}", folder.display()))
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| cannot(error.to_string()))?;
    let place = folder.join(format!("{service}.lock"));
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(place);
    let file = file.map_err(|error| cannot(error.to_string()))?;
    let begun = Instant::now();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Lock(file)),
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) => {
                let left = longest.saturating_sub(begun.elapsed());
                if left.is_zero() {
                    return Err(Error::conflict(format!("Somebody else is delivering to {service}."))
                        .hint("Try again when that has ended: cfgctl service list"));
                }
                thread::sleep(PAUSE.min(left));
            }
            Err(error) => return Err(cannot(error.to_string())),
        }
    }
}

/// Removes the file of a lock that is held, where nobody will ever want it again.
pub fn retire(folder: &Path, service: &str, _held: Lock) {
    // One that stays is an empty file, and in nobody's way.
    let _ = std::fs::remove_file(folder.join(format!("{service}.lock")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;

    #[test]
    fn a_service_is_held_by_one_until_that_lets_go_and_others_are_free() {
        let folder = std::env::temp_dir().join(format!("cfgctl-lock-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let held = lock(&folder, "web", Duration::ZERO).unwrap();
        assert_eq!(lock(&folder, "web", Duration::from_millis(60)).unwrap_err().code, Code::Conflict);
        lock(&folder, "jobs", Duration::ZERO).unwrap();
        let waiting = {
            let folder = folder.clone();
            thread::spawn(move || lock(&folder, "web", Duration::from_secs(30)).map(drop))
        };
        thread::sleep(Duration::from_millis(20));
        drop(held);
        waiting.join().unwrap().unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
