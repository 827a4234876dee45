//! Private keys: as PEM of every kind, OpenSSH's, PGP's, PuTTY's, and as JSON.
//!
//! What must stay true: a certificate or a public key is none, nor is a line that only speaks of one.

use super::{Found, Held};
use crate::domain::value::Value;
use serde_json::Map;

/// The kind of what is found here.
pub(super) const PRIVATE: &str = "private-key";
const WHY: &str = "holds a private key";
/// So much of the key itself must follow its first line.
const BODY: usize = 24;

/// Finds private keys in a text.
pub(super) fn look(text: &str, held: &Held, found: &mut Vec<Found>) {
    if text.len() < BODY || !held.any(b"-") {
        return;
    }
    for (first, last) in
        [("PRIVATE KEY-----", "-----"), ("PRIVATE KEY BLOCK-----", "-----"), ("PRIVATE KEY ----", "----")]
    {
        for (at, _) in text.match_indices(first) {
            let line = text[..at].rfind(last).map_or(at, |begin| begin);
            let is_begin = text[line..at].trim_start_matches('-').trim_start().starts_with("BEGIN ");
            let body = text[at + first.len()..].bytes().filter(u8::is_ascii_alphanumeric).take(BODY).count();
            if is_begin && body == BODY {
                found.push(Found::new(line..text.len(), PRIVATE, WHY));
                return;
            }
        }
    }
    if text.starts_with("PuTTY-User-Key-File-") && text.contains("Private-Lines:") {
        found.push(Found::new(0..text.len(), PRIVATE, WHY));
    }
}

/// Whether an object as a whole is a key.
pub(super) fn is_key_object(members: &Map<String, Value>) -> bool {
    in_object(members).is_some()
}

/// A service account's key file, or a private JSON Web Key.
pub(super) fn in_object(members: &Map<String, Value>) -> Option<Found> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if text("type") == Some("service_account") {
        let mut found = Vec::new();
        let key = text("private_key")?;
        look(key, &Held::by(key), &mut found);
        return found.pop().map(|found| Found {
            kind: "google",
            why: "holds the key of a Google service account".to_owned(),
            ..found
        });
    }
    text("kty")?;
    let secret = ["d", "k"].into_iter().filter_map(text).find(|part| part.len() >= 16)?;
    Some(Found::new(0..secret.len(), PRIVATE, "holds a private JSON Web Key"))
}
