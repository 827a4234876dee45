//! What a setting's name says of its value: the one list of words that speak of secrets.
//!
//! Two ask here. A draft of a manifest would rather hold back too much. The scan for hardcoded credentials would rather
//! not cry wolf, so it also wants to know how surely a name speaks of the secret itself.
//!
//! What must stay true: a word is in one list; whoever looks for secrets by name looks here.

use crate::domain::word::words;

/// How surely a name says that its value is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::domain) enum Naming {
    /// It does not.
    Nothing,
    /// A word that also names what is no secret: `token: bearer`.
    Weak,
    /// A password by any of its names.
    Strong,
}

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
/// What names a password, and hardly ever anything else.
const PASSWORD: [&str; 8] =
    ["pass", "passcode", "passphrase", "passwd", "password", "pincode", "privatekey", "secretkey"];
/// What stands before `key` where it is surely a secret.
#[rustfmt::skip]
const SURE_KEYS: [&str; 10] = [
    "aes", "crypt", "decryption", "encrypt", "encryption", "hmac", "master", "private", "secret", "signing",
];
/// What follows a secret's word where the setting describes the secret, or holds what was made from it.
#[rustfmt::skip]
const DESCRIBES: [&str; 47] = [
    "at", "backend", "bit", "byte", "cache", "change", "charset", "check", "checksum", "class", "day",
    "description", "digest", "driver", "encoder", "encoding", "fingerprint", "generator", "grace", "group",
    "handler", "hash", "help", "hint", "history", "hour", "label", "message", "minute", "pattern", "prompt",
    "regex", "regexp", "reset", "resolver", "rule", "second", "service", "size", "state", "status", "store",
    "template", "text", "title", "validator", "validity",
];
/// What stands before `secret` where it is the name of an object that holds one.
const OBJECTS: [&str; 5] = ["existing", "external", "image", "kubernetes", "pull"];

/// Whether a name holds the beginning of a word for secrets: one that does not says nothing of them, and nearly every
/// name is told by this alone.
pub(in crate::domain) fn may_speak(name: &str) -> bool {
    let bytes = name.as_bytes();
    let begins = |at: usize| {
        let stems: &[&str] = match bytes[at].to_ascii_lowercase() {
            b'b' => &["bearer"],
            b'c' => &["credential"],
            b'k' => &["key"],
            b'p' => &["pass", "pepper", "pincode", "pwd"],
            b's' => &["salt", "secret"],
            b't' => &["token"],
            _ => return false,
        };
        let is = |stem: &&str| {
            bytes.get(at..at + stem.len()).is_some_and(|there| there.eq_ignore_ascii_case(stem.as_bytes()))
        };
        stems.iter().any(is)
    };
    !name.is_ascii() || (0..bytes.len()).any(begins)
}

/// How surely the name of a setting says that its value is a secret.
pub(in crate::domain) fn naming(segments: &[String]) -> Naming {
    let Some((last, above)) = segments.split_last() else { return Naming::Nothing };
    let last = words(last);
    let own = strongest(&last);
    let speaks_of = |word: &String| {
        let word = word.as_str();
        ABOUT.contains(&word) || BESIDE.contains(&word) || DESCRIBES.contains(&word) || word == "id"
    };
    if own > Naming::Nothing || last.iter().any(speaks_of) {
        return own;
    }
    // `passwords.alice`, `credentials.github`: what lies below a word for secrets.
    let below = |segment: &String| {
        let words = words(segment);
        let at = words.len().saturating_sub(1);
        let is = is_secret_word(&words, at) && !is_about(&words, at);
        if is && PASSWORD.contains(&words[at].as_str()) {
            Naming::Strong
        } else if is {
            Naming::Weak
        } else {
            Naming::Nothing
        }
    };
    above.iter().map(below).max().unwrap_or(Naming::Nothing)
}

/// The same of a single name, as of a parameter in a text.
pub(in crate::domain) fn naming_of_word(name: &str) -> Naming {
    if may_speak(name) { strongest(&words(name)) } else { Naming::Nothing }
}

fn strongest(words: &[String]) -> Naming {
    let speaks_of = |word: &String| {
        let word = word.as_str();
        ABOUT.contains(&word) || BESIDE.contains(&word) || DESCRIBES.contains(&word)
    };
    // What stands before such a word is not the secret itself, and neither is what is counted.
    let from = words.iter().rposition(speaks_of).unwrap_or(0);
    let to = words.iter().position(|word| counts(word)).map_or(words.len(), |at| at + 1);
    (from..to).map(|at| naming_at(words, at)).max().unwrap_or(Naming::Nothing)
}

fn naming_at(words: &[String], at: usize) -> Naming {
    if !is_secret_word(words, at) {
        return Naming::Nothing;
    }
    let after = &words[at + 1..];
    let before = at.checked_sub(1).map_or("", |before| words[before].as_str());
    let followed_by = |word: &str| after.first().is_some_and(|next| next == word);
    match words[at].as_str() {
        // `existingSecretPasswordKey`: under which key an object has the password.
        word if PASSWORD.contains(&word) && followed_by("key") => Naming::Nothing,
        "secret" if OBJECTS.contains(&before) => Naming::Nothing,
        "secret" if followed_by("id") => Naming::Weak,
        _ if followed_by("id") => Naming::Nothing,
        "secret" | "pwd" => Naming::Strong,
        "key" if SURE_KEYS.contains(&before) => Naming::Strong,
        word if PASSWORD.contains(&word) => Naming::Strong,
        _ => Naming::Weak,
    }
}

/// Whether a name may be a secret's; a doubt counts as yes.
pub(in crate::domain) fn is_secret_name(segments: &[String], value: &str) -> bool {
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

fn counts(word: &str) -> bool {
    matches!(word, "max" | "min" | "num")
}

fn is_about(words: &[String], at: usize) -> bool {
    words[at + 1..].iter().any(|word| ABOUT.contains(&word.as_str()))
        || words[..at].iter().any(|word| counts(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::word::segments;

    #[test]
    fn no_word_for_secrets_is_passed_by() {
        for word in SECRET.iter().chain(&PASSWORD).chain(&["key", "pass"]) {
            for name in [word.to_uppercase(), format!("my_{word}s"), format!("old{word}\u{fc}")] {
                assert!(may_speak(&name), "{name}");
            }
        }
        for name in ["server.port", "log_level", "database.pool.max_size", "", "p", "pas", "toke"] {
            assert!(!may_speak(name), "{name}");
        }
    }

    #[test]
    fn a_name_says_how_surely_its_value_is_a_secret() {
        for (path, expected) in [
            ("database.password", Naming::Strong),
            ("smtpPasswd", Naming::Strong),
            ("jwt.secret", Naming::Strong),
            ("OAUTH_CLIENT_SECRET", Naming::Strong),
            ("secret_key_base", Naming::Strong),
            ("passwords.alice", Naming::Strong),
            ("aws.secretAccessKey", Naming::Strong),
            ("encryption_key", Naming::Strong),
            ("api_key", Naming::Weak),
            ("auth.token", Naming::Weak),
            ("credentials.github", Naming::Weak),
            ("password_file", Naming::Nothing),
            ("password_hash", Naming::Nothing),
            ("token_ttl", Naming::Nothing),
            ("token_store", Naming::Nothing),
            ("password_min_length", Naming::Nothing),
            ("imagePullSecrets", Naming::Nothing),
            ("existingSecret", Naming::Nothing),
            ("existingSecretPasswordKey", Naming::Nothing),
            ("secret_name", Naming::Nothing),
            ("access_key_id", Naming::Nothing),
            ("credentials.username", Naming::Nothing),
            ("public_key", Naming::Nothing),
            ("server.port", Naming::Nothing),
        ] {
            assert_eq!(naming(&segments(path)), expected, "{path}");
        }
    }
}
