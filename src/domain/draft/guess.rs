//! What a setting's name suggests: its risk, whether it is a secret, its unit.
//!
//! What must stay true: a guess may be wrong, but towards caution. A value that is held back costs a look; one that
//! leaks costs the secret.

mod secret;

pub(super) use secret::{Secrecy, secrecy};

use crate::domain::risk::Risk;
use crate::domain::word::words;
use serde_json::Value;

#[rustfmt::skip]
const SECURITY: [&str; 27] = [
    "acl", "auth", "authentication", "authorization", "ca", "cert", "certificate", "cipher", "credential",
    "crypto", "encryption", "insecure", "jwt", "key", "login", "oauth", "passphrase", "passwd", "password",
    "permission", "role", "secret", "security", "ssl", "tls", "token", "verify",
];
#[rustfmt::skip]
const CORE: [&str; 30] = [
    "addr", "address", "bind", "conn", "connection", "database", "db", "dir", "directory", "dns", "dsn",
    "endpoint", "file", "filename", "folder", "host", "hostname", "interface", "ip", "listen", "listener",
    "path", "pool", "port", "proxy", "socket", "thread", "uri", "url", "worker",
];
#[rustfmt::skip]
const PACE: [&str; 24] = [
    "age", "backoff", "batch", "buffer", "cache", "concurrency", "delay", "depth", "duration", "expiry",
    "heartbeat", "interval", "keepalive", "lifetime", "limit", "period", "quota", "rate", "retention", "retry",
    "throttle", "timeout", "ttl", "wait",
];
#[rustfmt::skip]
const DISPLAY: [&str; 16] = [
    "banner", "color", "colour", "debug", "display", "label", "language", "level", "locale", "log", "logger",
    "logging", "theme", "title", "verbose", "verbosity",
];
/// The risk and whether a restart is needed: the last word that says anything decides, the last segment first.
pub(super) fn risk(segments: &[String]) -> (Risk, bool) {
    let known = |word: &String| {
        let is = |list: &[&str]| list.contains(&word.as_str());
        Some(match () {
            () if is(&SECURITY) => (Risk::High, false),
            () if is(&CORE) => (Risk::High, true),
            () if is(&PACE) => (Risk::Medium, false),
            () if is(&DISPLAY) => (Risk::Low, false),
            () => return None,
        })
    };
    segments
        .iter()
        .rev()
        .find_map(|segment| words(segment).iter().rev().find_map(known))
        .unwrap_or((Risk::Medium, false))
}

/// Whether it is the number of a port, with a value that a port can have.
pub(super) fn is_port(segments: &[String], value: Option<&Value>) -> bool {
    let named = segments.last().is_some_and(|last| words(last).last().is_some_and(|word| word == "port"));
    named && value.and_then(Value::as_u64).is_some_and(|port| (1..=65535).contains(&port))
}

/// The unit that a number's name ends with.
pub(super) fn unit(segments: &[String], value: Option<&Value>) -> Option<&'static str> {
    value.filter(|value| value.is_number())?;
    let words = words(segments.last()?);
    Some(match words.last()?.as_str() {
        "sec" | "second" => "seconds",
        "ms" | "msec" | "milli" | "millisecond" => "milliseconds",
        "minute" => "minutes",
        "hour" => "hours",
        "day" => "days",
        "byte" => "bytes",
        "kb" => "kB",
        "kib" => "KiB",
        "mb" => "MB",
        "mib" => "MiB",
        "gb" => "GB",
        "gib" => "GiB",
        "percent" | "pct" => "percent",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::word::segments;
    use serde_json::json;

    #[test]
    fn the_last_word_that_says_anything_decides_the_risk() {
        for (path, expected) in [
            ("log.level", (Risk::Low, false)),
            ("log-outputs", (Risk::Low, false)),
            ("debug", (Risk::Low, false)),
            ("log.filePath", (Risk::High, true)),
            ("session_timeout_minutes", (Risk::Medium, false)),
            ("connection_timeout", (Risk::Medium, false)),
            ("token_ttl", (Risk::Medium, false)),
            ("cache.max_size", (Risk::Medium, false)),
            ("max_retries", (Risk::Medium, false)),
            ("server.port", (Risk::High, true)),
            ("listen-client-urls", (Risk::High, true)),
            ("database.pool.max_size", (Risk::High, true)),
            ("max_connections", (Risk::High, true)),
            ("data-dir", (Risk::High, true)),
            ("client-cert-auth", (Risk::High, false)),
            ("insecureSkipVerify", (Risk::High, false)),
            ("name", (Risk::Medium, false)),
        ] {
            assert_eq!(risk(&segments(path)), expected, "{path}");
        }
    }

    #[test]
    fn numbers_tell_ports_and_units() {
        for (path, value, port, counts) in [
            ("server.port", json!(5050), true, None),
            ("advertisedPort", json!(42), true, None),
            ("port", json!(0), false, None),
            ("port", json!("5050"), false, None),
            ("portCount", json!(4), false, None),
            ("timeout_seconds", json!(4), false, Some("seconds")),
            ("refreshSeconds", json!(4.5), false, Some("seconds")),
            ("refreshSeconds", json!("42s"), false, None),
            ("poll_ms", json!(4), false, Some("milliseconds")),
            ("quota-backend-bytes", json!(0), false, Some("bytes")),
            ("session_timeout_minutes", json!(0), false, Some("minutes")),
            ("pool.min", json!(0), false, None),
        ] {
            assert_eq!(is_port(&segments(path), Some(&value)), port, "{path}");
            assert_eq!(unit(&segments(path), Some(&value)), counts, "{path}");
        }
    }
}
