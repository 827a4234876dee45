//! When what stirs has come to rest. Time is a parameter.

use std::time::{Duration, Instant};

/// Waits for quiet, but not for ever.
pub(super) struct Debounce {
    quiet: Duration,
    longest: Duration,
    /// When it began to stir, and when it did last.
    stirring: Option<(Instant, Instant)>,
}

impl Debounce {
    /// Quiet is so long without anything; after the longest time it counts as quiet all the same.
    pub(super) fn new(quiet: Duration, longest: Duration) -> Debounce {
        Debounce { quiet, longest, stirring: None }
    }

    /// Something stirred.
    pub(super) fn stirred(&mut self, now: Instant) {
        let first = self.stirring.map_or(now, |(first, _)| first);
        self.stirring = Some((first, now));
    }

    /// When it is to be looked at, as things stand; none where nothing stirred.
    pub(super) fn due(&self) -> Option<Instant> {
        self.stirring.map(|(first, last)| (last + self.quiet).min(first + self.longest))
    }

    /// It was looked at.
    pub(super) fn clear(&mut self) {
        self.stirring = None;
    }

    /// How long quiet is.
    pub(super) fn quiet(&self) -> Duration {
        self.quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_for_quiet_and_not_for_ever() {
        let begun = Instant::now();
        let at = |millis| begun + Duration::from_millis(millis);
        // What stirs when, and when that is looked at: quiet is 200 ms, the longest wait 1 s.
        for (stirs, due) in [
            (&[][..], None),
            (&[0], Some(200)),
            (&[5], Some(205)),
            (&[0, 199], Some(399)),
            (&[0, 100, 200, 300], Some(500)),
            (&[0, 190, 380, 570, 760, 790], Some(990)),
            (&[0, 190, 380, 570, 760, 950], Some(1_000)),
            (&[7, 900, 1_006], Some(1_007)),
        ] {
            let mut debounce = Debounce::new(Duration::from_millis(200), Duration::from_secs(1));
            stirs.iter().for_each(|millis| debounce.stirred(at(*millis)));
            assert_eq!(debounce.due(), due.map(at), "{stirs:?}");
            debounce.clear();
            assert_eq!(debounce.due(), None);
            debounce.stirred(at(5_000));
            assert_eq!(debounce.due(), Some(at(5_200)), "{stirs:?}: what was looked at does not count on");
        }
    }
}
