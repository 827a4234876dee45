//! What a setting's name suggests: its risk, whether it is a secret, its unit.
//!
//! What must stay true: a guess may be wrong, but towards caution. A value that is held back costs a look; one that
//! leaks costs the secret.

use crate::domain::risk::Risk;
use serde_json::Value;

/// Whether a value may be shown in a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// It may.
    None,
    /// It is a secret.
    Secret,
    /// It is a list or an object, and a secret may stand inside.
    Inside,
}

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
/// Words that are a secret wherever they are not qualified.
#[rustfmt::skip]
const SECRET: [&str; 16] = [
    "accesskey", "apikey", "bearer", "credential", "passcode", "passphrase", "passwd", "password", "pepper",
    "pincode", "privatekey", "pwd", "salt", "secret", "secretkey", "token",
];
/// What stands before `key` where it is a secret's.
#[rustfmt::skip]
const SECRET_KEYS: [&str; 23] = [
    "access", "account", "aes", "api", "auth", "cookie", "crypt", "decryption", "encrypt", "encryption", "hmac",
    "jwt", "license", "master", "private", "secret", "session", "shared", "sign", "signing", "ssh", "storage",
    "webhook",
];
/// What follows a secret's word where the setting is about the secret and not the secret itself.
#[rustfmt::skip]
const ABOUT: [&str; 58] = [
    "age", "alg", "algorithm", "attempt", "audience", "claim", "count", "dir", "directory", "duration",
    "enabled", "endpoint", "env", "expiration", "expire", "expiry", "field", "file", "filename", "folder",
    "format", "header", "host", "interval", "issuer", "kind", "length", "lifetime", "limit", "location",
    "manager", "max", "method", "min", "mode", "mount", "name", "namespace", "param", "parameter", "path",
    "per", "policy", "port", "prefix", "provider", "ref", "reference", "required", "rotation", "scope",
    "source", "strength", "timeout", "ttl", "type", "uri", "url",
];
/// What names a person or a thing beside its secret.
const BESIDE: [&str; 6] = ["login", "region", "role", "user", "username", "version"];

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

/// Whether the value, or something inside it, may be a secret; a switch never is.
pub(super) fn secrecy(segments: &[String], value: Option<&Value>) -> Secrecy {
    match value {
        Some(Value::Bool(_)) => Secrecy::None,
        Some(value @ (Value::Array(_) | Value::Object(_))) => {
            if holds_secret(&mut segments.to_vec(), value) {
                Secrecy::Inside
            } else {
                Secrecy::None
            }
        }
        Some(Value::String(text)) if gives_itself_away(text) => Secrecy::Secret,
        _ if is_secret_name(segments, value.and_then(Value::as_str).unwrap_or_default()) => Secrecy::Secret,
        _ => Secrecy::None,
    }
}

fn holds_secret(segments: &mut Vec<String>, value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| holds_secret(segments, item)),
        Value::Object(fields) => fields.iter().any(|(key, field)| {
            segments.push(key.clone());
            let holds = holds_secret(segments, field);
            segments.pop();
            holds
        }),
        Value::Null => false,
        leaf => secrecy(segments, Some(leaf)) == Secrecy::Secret,
    }
}

/// A password before an `@`, a private key, an authorization header's value, a password among parameters.
fn gives_itself_away(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let has_password = |word: &str| {
        let before = word.rsplit_once('@').map_or("", |(before, _)| before);
        let (has_scheme, user) = before.rsplit_once("://").map_or((false, before), |(_, user)| (true, user));
        let password = user.split_once(':').is_some_and(|(_, password)| !password.is_empty());
        password && (has_scheme || !user.contains('/'))
    };
    let is_header = |scheme: &str| {
        lower.strip_prefix(scheme).is_some_and(|rest| rest.len() >= 8 && !rest.contains(char::is_whitespace))
    };
    text.split_whitespace().any(has_password)
        || text.contains("PRIVATE KEY-----")
        || ["bearer ", "basic "].into_iter().any(is_header)
        || ["password=", "passwd=", "pwd=", "secret=", "token=", "apikey=", "api_key="]
            .iter()
            .any(|part| lower.contains(part))
}

fn is_secret_name(segments: &[String], value: &str) -> bool {
    let Some((last, above)) = segments.split_last() else { return false };
    let last = words(last);
    if last.iter().enumerate().any(|(at, _)| is_secret_word(&last, at) && !is_about(&last, at)) {
        return true;
    }
    let speaks_of = |word: &str| ABOUT.contains(&word) || BESIDE.contains(&word);
    let above: Vec<_> = above.iter().map(|segment| words(segment)).collect();
    let in_secrets = above.iter().any(|words| {
        words.len().checked_sub(1).is_some_and(|at| is_secret_word(words, at) && !is_about(words, at))
    });
    if in_secrets && !last.iter().any(|word| speaks_of(word)) {
        return true;
    }
    // `tls.key` is a key or the path of one.
    let guards = |word: &String| {
        matches!(word.as_str(), "tls" | "ssl" | "cert" | "auth" | "jwt" | "encryption" | "crypto")
    };
    let is_place = value.contains(['/', '\\']) || [".pem", ".key"].iter().any(|end| value.ends_with(end));
    last == ["key"] && above.iter().flatten().any(guards) && !is_place
}

fn is_secret_word(words: &[String], at: usize) -> bool {
    let Some(word) = words.get(at).map(String::as_str) else { return false };
    let before = at.checked_sub(1).and_then(|before| words.get(before)).map(String::as_str);
    match word {
        "key" => before.is_some_and(|before| SECRET_KEYS.contains(&before)),
        "pass" => at + 1 == words.len(),
        _ => SECRET.contains(&word),
    }
}

fn is_about(words: &[String], at: usize) -> bool {
    let counts = |word: &String| matches!(word.as_str(), "max" | "min" | "num");
    words[at + 1..].iter().any(|word| ABOUT.contains(&word.as_str())) || words[..at].iter().any(counts)
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

/// A segment's words in lower case and singular: `secretAccessKeys` is secret, access, key.
fn words(segment: &str) -> Vec<String> {
    let chars: Vec<char> = segment.chars().collect();
    let mut words = vec![String::new()];
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        // `rootCAs` ends in a plural, not in a word of its own.
        let is_plural =
            chars.get(at + 1) == Some(&'s') && !chars.get(at + 2).is_some_and(|c| c.is_lowercase());
        let after = chars.get(at + 1).filter(|_| !is_plural);
        let begins = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || after.is_some_and(|after| after.is_lowercase())
            });
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words.into_iter().map(singular).collect()
}

fn singular(word: String) -> String {
    match word.strip_suffix('s') {
        Some("addresse") => "address".to_owned(),
        Some("ca" | "id" | "ip") => word[..2].to_owned(),
        Some(one) if one.len() > 3 && one.ends_with("ie") => format!("{}y", &one[..one.len() - 2]),
        Some(one) if word.len() > 3 && !one.ends_with(['s', 'u', 'i']) && word != "alias" => one.to_owned(),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn segments(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn names_fall_into_words() {
        for (segment, expected) in [
            ("secretAccessKeys", "secret access key"),
            ("client-cert-auth", "client cert auth"),
            ("HTTPServer2Port", "http server2 port"),
            ("accessKeyID", "access key id"),
            ("max_retries", "max retry"),
            ("rootCAs", "root ca"),
            ("trustedIPs", "trusted ip"),
            ("IsSecret", "is secret"),
            ("listen.addresses", "listen address"),
            ("tls", "tls"),
            ("__", ""),
        ] {
            assert_eq!(words(segment).join(" "), expected, "{segment}");
        }
    }

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
    fn secrets_are_guessed_by_name_but_not_what_is_about_them() {
        for path in [
            "database.password",
            "db_pass",
            "smtpPassword",
            "jwt.secret",
            "secret_key_base",
            "api-key",
            "apiKey",
            "APIKEY",
            "private_key",
            "secretAccessKey",
            "accessKeyID",
            "auth.token",
            "initial-cluster-token",
            "credentials.github",
            "secrets.database.main",
            "encryption_keys",
            "file_password",
            "keystorePassword.value",
            "passwords.alice",
            "tls.key",
            "session_key",
            "keystore_password",
            "url_token",
            "PASSWD",
        ] {
            assert_eq!(secrecy(&segments(path), Some(&json!("x"))), Secrecy::Secret, "{path}");
        }
        for path in [
            "token_ttl",
            "key_file",
            "tls.key_file",
            "keepalive",
            "keyType",
            "rootKey",
            "password_min_length",
            "max_tokens",
            "tokens_per_minute",
            "secret_name",
            "token_url",
            "private_key_path",
            "passthrough",
            "public_key",
            "credentials.username",
            "password.policy",
            "auth_header",
            "primary_key",
            "monkey",
            "bypass",
        ] {
            assert_eq!(secrecy(&segments(path), Some(&json!("x"))), Secrecy::None, "{path}");
        }
        for (path, value, expected) in [
            ("client-cert-auth", json!(false), Secrecy::None),
            ("password", json!(true), Secrecy::None),
            ("password", json!(4711), Secrecy::Secret),
            ("password", json!(""), Secrecy::Secret),
            ("tls.key", json!("/etc/tls/server.key"), Secrecy::None),
            ("tokens", json!(["a", "b"]), Secrecy::Inside),
            ("users", json!([{"name": "a", "password": "b"}]), Secrecy::Inside),
            ("users", json!([{"name": "a", "password": null}]), Secrecy::None),
            ("hosts", json!(["a", "b"]), Secrecy::None),
        ] {
            assert_eq!(secrecy(&segments(path), Some(&value)), expected, "{path} {value}");
        }
        assert_eq!(secrecy(&segments("password"), None), Secrecy::Secret);
    }

    #[test]
    fn some_values_give_themselves_away() {
        for (text, expected) in [
            ("postgres://app:hunter2@db:5432/app", true),
            ("redis://:hunter2@cache", true),
            ("postgres://app:hun/ter2@db", true),
            ("app:hunter2@tcp(db:3306)/app", true),
            ("https://example.com/?token=abc", true),
            ("Server=db;Password=hunter2", true),
            ("-----BEGIN RSA PRIVATE KEY-----\nabc", true),
            ("Bearer abcdefgh1234", true),
            ("http://localhost:2380", false),
            ("infra0=http://10.0.1.10:2380,infra1=http://10.0.1.11:2380", false),
            ("git@example.com", false),
            ("registry:5000/app@sha256", false),
            ("Basic auth settings", false),
            ("-----BEGIN CERTIFICATE-----", false),
        ] {
            assert_eq!(
                secrecy(&segments("value"), Some(&json!(text))) == Secrecy::Secret,
                expected,
                "{text}"
            );
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
