//! What a setting's name and its value suggest of secrets.
//!
//! What must stay true: a value that may be a secret is held back, wherever in a list or an object it stands.

use crate::domain::credential;
use crate::domain::secret::name::is_secret_name;
use serde_json::Value;

/// Whether a value may be shown in a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::domain::draft) enum Secrecy {
    /// It may.
    None,
    /// It is a secret.
    Secret,
    /// It is a list or an object, and a secret may stand inside.
    Inside,
}

/// Whether the value, or something inside it, may be a secret; a switch never is.
pub(in crate::domain::draft) fn secrecy(segments: &[String], value: Option<&Value>) -> Secrecy {
    match value {
        Some(Value::Bool(_)) => Secrecy::None,
        Some(value @ (Value::Array(_) | Value::Object(_))) => {
            if holds_secret(&mut segments.to_vec(), value) {
                Secrecy::Inside
            } else {
                Secrecy::None
            }
        }
        Some(Value::String(text)) if gives_itself_away(text) || credential::has_known_shape(text) => {
            Secrecy::Secret
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::word::segments;
    use serde_json::json;

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
}
