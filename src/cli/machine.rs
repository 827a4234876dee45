//! The clock and the randomness that everything else takes as parameters.
//!
//! What must stay true: randomness is a generator seeded by the operating system (SHA-256 over the seed and a counter),
//! because tokens are made from it; a build with the feature `fakes` lets tests fix the seed and the clock.

#[cfg(feature = "fakes")]
use super::environment;
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use crate::engine::Machine;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::fs::File;
use std::io::Read;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

/// One process's clock and generator, from which any number of machines share.
#[derive(Clone)]
pub(crate) struct Surroundings {
    fixed_time: Option<Timestamp>,
    generator: Rc<Generator>,
}

struct Generator {
    seed: [u8; 32],
    counter: Cell<u64>,
}

impl Surroundings {
    /// The operating system's. `unavailable` where it gives no randomness.
    pub(crate) fn new() -> Result<Surroundings> {
        Ok(Surroundings {
            fixed_time: fixed_time()?,
            generator: Rc::new(Generator { seed: seed()?, counter: Cell::new(0) }),
        })
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.fixed_time.unwrap_or_else(clock)
    }

    /// The next 128 random bits.
    pub(crate) fn random(&self) -> u128 {
        self.generator.next()
    }

    /// The same clock and generator for the engine.
    pub(crate) fn machine(&self) -> Machine {
        let (clock, generator) = (self.clone(), self.clone());
        Machine { now: Box::new(move || clock.now()), random: Box::new(move || generator.random()) }
    }
}

impl Generator {
    fn next(&self) -> u128 {
        let counter = self.counter.replace(self.counter.get().wrapping_add(1));
        let mut hasher = Sha256::new();
        hasher.update(self.seed);
        hasher.update(counter.to_be_bytes());
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
    environment::text("CFGCTL_FAKE_NOW")?.map(|text| Timestamp::parse(&text)).transpose()
}

#[cfg(not(feature = "fakes"))]
fn fixed_time() -> Result<Option<Timestamp>> {
    Ok(None)
}

#[cfg(feature = "fakes")]
fn seed() -> Result<[u8; 32]> {
    match environment::text("CFGCTL_FAKE_SEED")? {
        Some(text) => Ok(Sha256::digest(text.as_bytes()).into()),
        None => system_seed(),
    }
}

#[cfg(not(feature = "fakes"))]
fn seed() -> Result<[u8; 32]> {
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
        Generator { seed: [seed; 32], counter: Cell::new(0) }
    }

    #[test]
    fn numbers_depend_on_the_seed_and_never_repeat() {
        let (first, second) = (generator(1), generator(1));
        let numbers: Vec<u128> = (0..100).map(|_| first.next()).collect();
        assert!(numbers.iter().all(|number| *number == second.next()));
        assert_ne!(generator(2).next(), numbers[0]);
        let mut distinct = numbers.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), numbers.len());
    }

    #[test]
    fn the_system_gives_every_process_its_own_seed() {
        assert_ne!(system_seed().unwrap(), system_seed().unwrap());
    }
}
