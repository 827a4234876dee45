//! Reading a body that somebody else writes.
//!
//! What must stay true: no more is kept than was allowed, whatever length was announced, or none; what comes drop by
//! drop ends with the time that the exchange has.

use super::failure;
use crate::domain::error::{Error, Result};
use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

/// Reads a body to its end. `invalid` where it is too long, `unavailable` where it ends too late or in the middle.
pub(super) fn read(
    mut from: impl Read,
    host: &str,
    longest: usize,
    begun: Instant,
    timeout: Duration,
) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        if begun.elapsed() >= timeout {
            return Err(failure::too_slow(host, timeout));
        }
        match from.read(&mut buffer) {
            Ok(0) => return Ok(body),
            Ok(count) if body.len() + count > longest => return Err(too_long(host, longest)),
            Ok(count) => body.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failure::of_body(host, timeout, &error)),
        }
    }
}

/// An answer that is longer than what is read.
pub(super) fn too_long(host: &str, longest: usize) -> Error {
    Error::invalid(format!("{host} answers with more than {longest} bytes, the longest that is read here."))
        .hint("Ask for less, or split what is served.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_to_its_end_and_no_further_than_allowed() {
        let read = |longest, of: &[u8]| read(of, "host", longest, Instant::now(), Duration::from_secs(60));
        assert_eq!(read(3, b"abc").unwrap(), b"abc");
        assert_eq!(read(0, b"").unwrap(), b"");
        assert!(read(2, b"abc").unwrap_err().message.contains("more than 2 bytes"));
    }

    #[test]
    fn a_body_without_end_is_given_up() {
        let endless = || std::io::repeat(b'x');
        let long = read(endless(), "host", 1 << 20, Instant::now(), Duration::from_secs(60)).unwrap_err();
        assert!(!long.retryable, "{}", long.message);
        let late = read(endless(), "host", usize::MAX, Instant::now(), Duration::ZERO).unwrap_err();
        assert!(late.retryable && late.message.contains("within 0s"), "{}", late.message);
    }
}
