//! Notices when what files hold has changed, however they are written: in place, by renaming over them, by swapping the
//! link of a mount, by removing and making them anew.
//!
//! What must stay true: that something stirred is only a reason to look; what the files hold, read whole, decides whether
//! they changed, so that one write counts once and the last content always wins. It waits until they hold still, but
//! never for ever. What the kernel does not tell is found by looking now and then; where it tells nothing, by looking
//! often.

mod debounce;
mod kernel;
mod spots;

use super::file;
use debounce::Debounce;
use kernel::Kernel;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How often files are looked at although the kernel tells what stirs.
const NOW_AND_THEN: Duration = Duration::from_secs(30);
/// How often they are where it cannot.
pub const OFTEN: Duration = Duration::from_secs(2);
/// The longest that files are waited for which do not hold still, in times of the usual.
const PATIENCE: u32 = 10;

/// How files are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Looked at so often, and the kernel is not asked: for file systems over a network.
    pub poll: Option<Duration>,
    /// How long they must hold still before they are read.
    pub debounce: Duration,
}

/// Watches some files and folders.
pub struct Watcher {
    /// Tells what stirs; none where only looking helps.
    kernel: Option<Kernel>,
    /// How often all are looked at.
    every: Duration,
    next_look: Instant,
    debounce: Debounce,
    watched: Vec<Watched>,
    deaf: Option<io::Error>,
}

/// One file or folder.
struct Watched {
    place: PathBuf,
    /// What it held when it was last told of; none where it is to be told of at the next reason.
    told: Option<String>,
    /// What it held when it was last looked at.
    seen: String,
}

impl Watcher {
    /// Watches nothing yet.
    pub fn new(terms: Terms) -> Watcher {
        let kernel = if terms.poll.is_some() { None } else { Some(Kernel::new()) };
        Watcher::with(kernel, terms)
    }

    fn with(kernel: Option<io::Result<Kernel>>, terms: Terms) -> Watcher {
        let mut watcher = Watcher {
            kernel: None,
            every: terms.poll.unwrap_or(NOW_AND_THEN),
            next_look: Instant::now(),
            debounce: Debounce::new(terms.debounce, terms.debounce * PATIENCE),
            watched: Vec::new(),
            deaf: None,
        };
        match kernel {
            Some(Ok(kernel)) => watcher.kernel = Some(kernel),
            Some(Err(error)) => watcher.go_deaf(error),
            None => {}
        }
        watcher
    }

    /// From now on these and no others, as they stand.
    pub fn watch(&mut self, places: &[PathBuf]) {
        self.watched.retain(|watched| places.contains(&watched.place));
        let known: Vec<PathBuf> = self.watched.iter().map(|watched| watched.place.clone()).collect();
        self.arm(places);
        // After arming: what is written from here on is told.
        for place in places.iter().filter(|place| !known.contains(place)) {
            let seen = held(place);
            self.watched.push(Watched { place: place.clone(), told: Some(seen.clone()), seen });
        }
    }

    /// Why the kernel does not tell, or tells no more, so that it looks every [`OFTEN`]. Told once.
    pub fn take_deaf(&mut self) -> Option<io::Error> {
        self.deaf.take()
    }

    /// What this place holds counts as changed at the next reason to look, even if it is the same then.
    pub fn forget(&mut self, place: &Path) {
        for watched in self.watched.iter_mut().filter(|watched| watched.place == *place) {
            watched.told = None;
        }
    }

    /// Waits until some have changed and hold still, at most so long; gives those.
    pub fn wait(&mut self, longest: Duration) -> Vec<PathBuf> {
        let until = Instant::now() + longest;
        loop {
            let now = Instant::now();
            let due = self.debounce.due();
            if due.is_some_and(|due| due <= now) {
                self.debounce.clear();
                let changed = self.changed();
                if !changed.is_empty() {
                    return changed;
                }
            } else if self.next_look <= now {
                self.look(now);
            } else if now >= until {
                return Vec::new();
            } else {
                let next =
                    [Some(until), Some(self.next_look), due].into_iter().flatten().min().unwrap_or(until);
                self.pause(next.saturating_duration_since(now));
            }
        }
    }

    fn pause(&mut self, longest: Duration) {
        let Some(kernel) = &mut self.kernel else { return thread::sleep(longest) };
        if kernel.stirs_within(longest) {
            self.debounce.stirred(Instant::now());
            // What stirred may be a folder that another took the place of.
            let places: Vec<PathBuf> = self.watched.iter().map(|watched| watched.place.clone()).collect();
            self.arm(&places);
        }
    }

    fn arm(&mut self, places: &[PathBuf]) {
        if let Some(Err(error)) = self.kernel.as_mut().map(|kernel| kernel.arm(&spots::of(places))) {
            self.go_deaf(error);
        }
    }

    fn go_deaf(&mut self, error: io::Error) {
        (self.kernel, self.every, self.next_look) = (None, OFTEN, Instant::now());
        self.deaf = Some(error);
    }

    /// Looks whether something stirred that nobody told; while something does, often enough to see it come to rest.
    fn look(&mut self, now: Instant) {
        let mut stirred = false;
        for watched in &mut self.watched {
            let seen = held(&watched.place);
            stirred |= seen != watched.seen;
            watched.seen = seen;
        }
        if stirred {
            self.debounce.stirred(now);
        }
        let soon = self.debounce.quiet() / 2;
        self.next_look = now + if self.debounce.due().is_some() { self.every.min(soon) } else { self.every };
    }

    /// Those that hold something else than when they were told of.
    fn changed(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for watched in &mut self.watched {
            watched.seen = held(&watched.place);
            if watched.told.as_ref() != Some(&watched.seen) {
                watched.told = Some(watched.seen.clone());
                changed.push(watched.place.clone());
            }
        }
        changed
    }
}

/// What a place holds, or why it cannot be read: equal as long as it is the same.
fn held(place: &Path) -> String {
    file::read(place, "it").map_or_else(|error| error.message, |loaded| loaded.sha256)
}

#[cfg(test)]
mod tests;
