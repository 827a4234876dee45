//! The clock and the randomness, as parameters: so that every test is exact.

use crate::domain::time::Timestamp;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What the engine takes from the machine it runs on.
pub struct Machine {
    /// The present moment.
    pub now: Box<dyn Fn() -> Timestamp>,
    /// A clock that never goes back, for durations.
    pub elapsed: Box<dyn Fn() -> Duration>,
    /// 128 random bits, fit for secrets.
    pub random: Box<dyn Fn() -> u128>,
    /// The variables of this run.
    pub environment: Box<dyn Fn() -> Vec<(OsString, OsString)>>,
    /// Whether the audit chain's head is sent to the system log.
    pub system_log: bool,
    /// Where the key file is, where it is not beside the store.
    pub key_file: Option<PathBuf>,
}

impl Machine {
    /// A new ULID of this moment.
    pub fn ulid(&self) -> String {
        let millis = u64::try_from((self.now)().millis()).unwrap_or(0);
        ulid::Ulid::from_parts(millis, (self.random)()).to_string()
    }

    /// 256 random bits.
    pub(super) fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&(self.random)().to_be_bytes());
        bytes[16..].copy_from_slice(&(self.random)().to_be_bytes());
        bytes
    }
}
