//! The clock and the randomness, as parameters: so that every test is exact.

use crate::domain::time::Timestamp;
use std::time::Duration;

/// What the engine takes from the machine it runs on.
pub struct Machine {
    /// The present moment.
    pub now: Box<dyn Fn() -> Timestamp + Send>,
    /// A clock that never goes back, for durations.
    pub elapsed: Box<dyn Fn() -> Duration + Send>,
    /// So many random bytes, fit for secrets.
    pub random: Box<dyn Fn(&mut [u8]) -> std::io::Result<()> + Send>,
    /// Whether the audit chain's head is sent to the system log.
    pub system_log: bool,
}

impl Machine {
    /// The real one.
    pub fn system() -> Machine {
        let start = std::time::Instant::now();
        Machine {
            now: Box::new(|| {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }),
            elapsed: Box::new(move || start.elapsed()),
            random: Box::new(|bytes| {
                use std::io::Read;
                std::fs::File::open("/dev/urandom")?.read_exact(bytes)
            }),
            system_log: true,
        }
    }

    /// One whose clock stands still and whose randomness follows from a seed.
    #[cfg(any(test, feature = "fakes"))]
    pub fn fake(now: Timestamp, seed: &str) -> Machine {
        use sha2::{Digest, Sha256};
        let seed = seed.to_owned();
        let calls = std::sync::atomic::AtomicU64::new(0);
        Machine {
            now: Box::new(move || now),
            elapsed: Box::new(|| Duration::ZERO),
            random: Box::new(move |bytes| {
                for chunk in bytes.chunks_mut(32) {
                    let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let hash = Sha256::digest(format!("{seed}/{}/{call}", now.millis()));
                    chunk.copy_from_slice(&hash[..chunk.len()]);
                }
                Ok(())
            }),
            system_log: false,
        }
    }

    /// A new ULID of this moment.
    pub fn ulid(&self) -> String {
        let mut bytes = [0; 16];
        // Without randomness the time alone still orders; the store refuses a number that is taken.
        let _ = (self.random)(&mut bytes);
        let millis = u64::try_from((self.now)().millis()).unwrap_or(0);
        ulid::Ulid::from_parts(millis, u128::from_be_bytes(bytes)).to_string()
    }
}
