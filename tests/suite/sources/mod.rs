//! Sources and secrets over a network: a real server on loopback that is slow, wrong, huge, cut off, gone or somebody
//! else, and what becomes of it.

mod aws;
mod client;
mod fetch;
pub(crate) mod server;
pub(crate) mod tls;
mod vault;

use cfgctl::domain::error::{Code, Error};
use cfgctl::net::{Client, Method, Request, Settings};
use std::time::Duration;

/// Enough for whatever is well, also on a machine that is busy.
const LONG: Duration = Duration::from_secs(60);
/// What a test that waits for its end waits.
const SHORT: Duration = Duration::from_secs(1);

/// A request to be read, with everything allowed that a test may want.
fn get(url: String) -> Request {
    Request {
        method: Method::Get,
        url,
        headers: Vec::new(),
        body: Vec::new(),
        timeout: LONG,
        longest_answer: 1 << 20,
        allow_plain: true,
    }
}

fn client() -> Client {
    Client::new(Settings::default())
}

/// An error that says what it must, can or cannot be tried again, says what to do, and gives nothing away.
fn check(error: &Error, code: Code, says: &str) {
    assert_eq!((error.code, error.retryable), (code, code == Code::Unavailable), "{error}");
    assert!(error.message.contains(says) && error.hint.is_some(), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    assert!(error.message.ends_with('.') && !error.message.contains('\n'), "{error}");
}
