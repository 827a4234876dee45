//! What went wrong between here and a host, in one sentence that names the host.
//!
//! What must stay true: each can be tried again, for the network may be better by then; no message repeats what the HTTP
//! library says of a request, for that holds the whole address.

use crate::domain::error::{Error, Result};
use crate::domain::wording::plain_reason;
use std::error::Error as Cause;
use std::io::ErrorKind;
use std::time::Duration;

/// It took too long.
pub(super) fn too_slow(host: &str, timeout: Duration) -> Error {
    let timeout = humantime::format_duration(timeout);
    Error::unavailable(format!("{host} did not answer whole within {timeout}."))
        .hint("See whether it is well and can be reached from here; then try again.")
}

/// Why there is no answer.
pub(super) fn of_request(host: &str, timeout: Duration, error: &reqwest::Error) -> Error {
    if error.is_timeout() {
        return too_slow(host, timeout);
    }
    let causes = causes(error);
    let io = causes.iter().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    let says = causes.iter().map(ToString::to_string).find(|text| is_about_tls(text));
    if let Some(says) = says {
        return of_tls(host, &says);
    }
    let (what, hint) = if error.is_dns() {
        (format!("The name of {host} cannot be resolved."), "Look at its spelling and at this machine's DNS.")
    } else if io.is_some_and(|io| io.kind() == ErrorKind::ConnectionRefused) {
        (format!("{host} refuses the connection."), "See whether the server runs and listens there.")
    } else if error.is_connect() {
        let why = innermost(&causes);
        (format!("{host} cannot be reached: {why}."), "Look at the network between here and there.")
    } else if causes.iter().any(|cause| is_about_words(&cause.to_string())) {
        (format!("{host} does not answer as a web server does."), "See what listens there, and its port.")
    } else {
        (format!("{host} broke off before it answered."), "See its log; then try again.")
    };
    Error::unavailable(what).hint(hint)
}

/// Why the answer's body ends too soon.
pub(super) fn of_body(host: &str, timeout: Duration, error: &std::io::Error) -> Error {
    let timed_out = error.kind() == ErrorKind::TimedOut
        || error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<reqwest::Error>())
            .is_some_and(reqwest::Error::is_timeout);
    if timed_out {
        return too_slow(host, timeout);
    }
    Error::unavailable(format!("{host} broke off in the middle of its answer."))
        .hint("See its log; then try again.")
}

/// A certificate that does not hold, or TLS that does not come about.
fn of_tls(host: &str, says: &str) -> Error {
    let why = match says.rsplit("invalid peer certificate: ").next().unwrap_or(says) {
        why if why.starts_with("UnknownIssuer") => "nobody who is trusted here vouches for it",
        why if why.starts_with("Expired") || why.starts_with("certificate expired") => "it has expired",
        why if why.starts_with("NotValidYet") || why.starts_with("certificate not valid yet") => {
            "it is not valid yet"
        }
        why if why.contains("NotValidForName") || why.contains("not valid for name") => {
            "it is for another name"
        }
        _ if says.contains("invalid peer certificate") => "it does not hold",
        _ => {
            return Error::unavailable(format!("{host} does not speak TLS as is asked of it."))
                .hint("See what listens there, its port, and that it speaks TLS 1.2 or 1.3.");
        }
    };
    Error::unavailable(format!("The certificate of {host} is not accepted: {why}."))
        .hint("Let it be issued anew, or name the file of whoever issued it as ca_file in the manifest.")
}

/// Why the client cannot be built that needs no certificates.
pub(super) fn of_start(error: &reqwest::Error) -> Error {
    let why = innermost(&causes(error));
    Error::unavailable(format!("The HTTP client cannot be started: {why}."))
        .hint("See whether this machine has room for one more thread; then try again.")
}

/// Why the client cannot be built that needs them.
pub(super) fn of_trust(error: &reqwest::Error) -> Error {
    let why = innermost(&causes(error));
    Error::unavailable(format!("What is trusted for https cannot be loaded: {why}."))
        .not_retryable()
        .hint("Install the system's CA certificates (ca-certificates), or name a ca_file in the manifest.")
}

/// A header that cannot be sent; its value is not repeated.
pub(super) fn of_header<T, E>(name: &str, made: std::result::Result<T, E>) -> Result<T> {
    made.map_err(|_| {
        let name: String = name.chars().filter(|c| !c.is_control()).collect();
        Error::invalid(format!(
            "The header {name:?} cannot be sent: its name or its value is not fit for one."
        ))
        .hint("A name has letters, digits and dashes; a value is one line.")
    })
}

fn is_about_tls(text: &str) -> bool {
    ["invalid peer certificate", "received fatal alert", "received corrupt message", "peer is incompatible"]
        .iter()
        .any(|sign| text.contains(sign))
}

fn is_about_words(text: &str) -> bool {
    text.contains("parsed") || text.contains("message head is too large") || text.contains("invalid HTTP")
}

fn causes(error: &reqwest::Error) -> Vec<&(dyn Cause + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source()).collect()
}

fn innermost(causes: &[&(dyn Cause + 'static)]) -> String {
    causes.last().map_or_else(|| "no reason is known".to_owned(), |cause| plain_reason(&cause.to_string()))
}
