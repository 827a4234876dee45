//! The clock and the randomness of this run.
//!
//! What must stay true: randomness comes from a generator that the operating system seeds (SHA-256 over the seed and a
//! counter), because tokens are made from it; only a build with the feature `fakes` lets tests fix seed and clock.

use super::target::Machine;
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Names the key file, where it is not beside the store.
pub(super) const KEY_FILE_VARIABLE: &str = "CFGCTL_KEY_FILE";

/// A new machine; each draws its own random numbers, also where `purpose` alone tells two with one fixed seed apart.
/// `unavailable` where the operating system gives no randomness.
pub(crate) fn machine(purpose: &str) -> Result<Machine> {
    let fixed_time = fixed_time()?;
    let generator = Generator { seed: seed(purpose)?, drawn: Cell::new(0) };
    let start = Instant::now();
    Ok(Machine {
        now: Box::new(move || fixed_time.unwrap_or_else(clock)),
        // A clock that stands still measures nothing.
        elapsed: Box::new(move || if fixed_time.is_some() { Duration::ZERO } else { start.elapsed() }),
        random: Box::new(move || generator.draw()),
        environment: Box::new(|| std::env::vars_os().collect()),
        system_log: fixed_time.is_none(),
        key_file: super::environment::variable(KEY_FILE_VARIABLE).map(PathBuf::from),
    })
}

/// Whether a test holds the clock still: then nothing can be waited for.
pub(super) fn is_clock_fixed() -> bool {
    fixed_time().ok().flatten().is_some()
}

struct Generator {
    seed: [u8; 32],
    drawn: Cell<u64>,
}

impl Generator {
    fn draw(&self) -> u128 {
        let drawn = self.drawn.replace(self.drawn.get().wrapping_add(1));
        let mut hasher = Sha256::new();
        hasher.update(self.seed);
        hasher.update(drawn.to_be_bytes());
        let digest: [u8; 32] = hasher.finalize().into();
        digest.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
    }
}

fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(feature = "fakes")]
fn fixed_time() -> Result<Option<Timestamp>> {
    super::environment::text("CFGCTL_FAKE_NOW")?.map(|text| Timestamp::parse(&text)).transpose()
}

#[cfg(not(feature = "fakes"))]
fn fixed_time() -> Result<Option<Timestamp>> {
    Ok(None)
}

#[cfg(feature = "fakes")]
fn seed(purpose: &str) -> Result<[u8; 32]> {
    match super::environment::text("CFGCTL_FAKE_SEED")? {
        Some(seed) => Ok(Sha256::digest(format!("{seed}/{purpose}")).into()),
        None => system_seed(),
    }
}

#[cfg(not(feature = "fakes"))]
fn seed(_purpose: &str) -> Result<[u8; 32]> {
    system_seed()
}

fn system_seed() -> Result<[u8; 32]> {
    let mut seed = [0; 32];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut seed)).map_err(|error| {
        Error::unavailable(format!("The operating system gives no randomness: /dev/urandom: {error}."))
            .not_retryable()
    })?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generator(seed: u8) -> Generator {
        Generator { seed: [seed; 32], drawn: Cell::new(0) }
    }

    #[test]
    fn numbers_follow_from_the_seed_and_do_not_repeat() {
        let (first, second) = (generator(1), generator(1));
        let mut numbers: Vec<u128> = (0..100).map(|_| first.draw()).collect();
        assert!(numbers.iter().all(|number| *number == second.draw()));
        assert_ne!(generator(2).draw(), numbers[0]);
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 100);
    }

    #[test]
    fn the_system_gives_every_machine_its_own_seed() {
        assert_ne!(system_seed().unwrap(), system_seed().unwrap());
    }
}
