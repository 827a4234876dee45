//! Where a secret's value may come from. A secret setting holds a reference, never the secret.
//!
//! What must stay true: a reference names a variable or a file that the manifest allows, so that nobody can make an
//! instance read and deliver what was never meant as a secret; no message repeats what was refused.

use super::value::Value;
use serde::{Deserialize, Serialize};

/// Which variables and folders the references of secrets may name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretReferences {
    /// Patterns of variable names, with `*` for any run of characters.
    pub env: Vec<String>,
    /// Absolute folders.
    pub folders: Vec<String>,
}

/// What is shown in the place of a secret that stands in the clear.
pub const MASKED: &str = "(secret)";

/// Whether a value is a well-formed reference: it says where a secret is kept, and may be shown.
pub fn is_reference(value: &Value) -> bool {
    match value.as_str().and_then(Reference::parse) {
        None => false,
        Some(Reference::Env(name)) => is_variable_name(name),
        Some(Reference::File(file)) => plain_parts(file).is_some(),
    }
}

/// A secret's value as it is written in a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// `env:NAME`: an environment variable.
    Env(&'a str),
    /// `file:/path`: a file's content.
    File(&'a str),
}

impl<'a> Reference<'a> {
    /// Reads `env:NAME` or `file:/path`; nothing where the text is neither.
    pub fn parse(text: &'a str) -> Option<Reference<'a>> {
        text.strip_prefix("env:")
            .map(Reference::Env)
            .or_else(|| text.strip_prefix("file:").map(Reference::File))
    }
}

impl SecretReferences {
    /// What is wrong with a secret's value, as the end of a sentence that begins with its path; nothing where it is a
    /// reference that is allowed. Never repeats a value that is not a well-formed reference.
    pub fn refusal(&self, value: &Value) -> Option<String> {
        match value.as_str().and_then(Reference::parse) {
            None => Some(
                "is a secret: write where its value is kept, env:NAME or file:/PATH, not the value itself."
                    .into(),
            ),
            Some(Reference::Env(name)) => self.refuse_variable(name),
            Some(Reference::File(file)) => self.refuse_file(file),
        }
    }

    fn refuse_variable(&self, name: &str) -> Option<String> {
        if !is_variable_name(name) {
            return Some("must name a variable after env:, such as env:CFGCTL_SECRET_DATABASE.".into());
        }
        if self.env.iter().any(|pattern| matches(pattern, name)) {
            return None;
        }
        Some(format!(
            "may not name the variable {name}: the manifest's secrets.env allows {}.",
            list(&self.env)
        ))
    }

    fn refuse_file(&self, file: &str) -> Option<String> {
        let Some(parts) = plain_parts(file) else {
            return Some(
                "must name an absolute file without .. after file:, such as file:/run/secrets/database."
                    .into(),
            );
        };
        let allowed = self.folders.iter().filter_map(|folder| plain_parts(folder));
        if allowed.into_iter().any(|folder| parts.len() > folder.len() && parts.starts_with(&folder)) {
            return None;
        }
        let folders = list(&self.folders);
        Some(format!(
            "may not name the file /{}: the manifest's secrets.folders allows {folders}.",
            parts.join("/")
        ))
    }
}

/// The parts of an absolute path after normalising `.` and `//`; nothing where it is relative, holds `..` or a control
/// character.
pub fn plain_parts(file: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> =
        file.strip_prefix('/')?.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let plain = !parts.contains(&"..") && !file.chars().any(char::is_control);
    plain.then_some(parts)
}

/// Whether a name matches a pattern in which `*` stands for any run of characters.
pub fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// Whether a text is a variable's name in which `*` may stand for any run of characters.
pub fn is_variable_pattern(pattern: &str) -> bool {
    is_variable_name(&pattern.replace('*', "A"))
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn list(allowed: &[String]) -> String {
    if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn references() -> SecretReferences {
        SecretReferences {
            env: vec!["CFGCTL_SECRET_*".into(), "DB_PASSWORD".into()],
            folders: vec!["/run/secrets".into()],
        }
    }

    #[test]
    fn a_reference_that_the_manifest_allows_is_taken() {
        for text in [
            "env:CFGCTL_SECRET_DATABASE",
            "env:CFGCTL_SECRET_",
            "env:DB_PASSWORD",
            "file:/run/secrets/database",
            "file:/run//secrets/./a/b",
        ] {
            assert_eq!(references().refusal(&json!(text)), None, "{text}");
        }
    }

    #[test]
    fn any_other_value_is_refused_without_repeating_it() {
        for (value, says) in [
            (json!("hunter2"), "is a secret"),
            (json!(4711), "is a secret"),
            (json!({"env": "hunter2"}), "is a secret"),
            (json!("env:"), "must name a variable"),
            (json!("env:hunter2 and more"), "must name a variable"),
            (json!("file:hunter2"), "absolute file"),
            (json!("file:/run/secrets/../../hunter2"), "absolute file"),
        ] {
            let refusal = references().refusal(&value).unwrap();
            assert!(refusal.contains(says), "{refusal}");
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }

    #[test]
    fn only_what_says_where_a_secret_is_kept_may_be_shown() {
        for (value, shown) in [
            (json!("env:DB_PASSWORD"), true),
            (json!("file:/run/secrets/database"), true),
            (json!("hunter2"), false),
            (json!("env:hunter2 and more"), false),
            (json!("file:hunter2"), false),
            (json!(4711), false),
            (json!(["env:DB_PASSWORD"]), false),
        ] {
            assert_eq!(is_reference(&value), shown, "{value}");
        }
    }

    #[test]
    fn a_reference_outside_what_is_allowed_is_told_what_is() {
        for (text, says) in [
            ("env:PATH", "allows CFGCTL_SECRET_*, DB_PASSWORD"),
            ("env:XCFGCTL_SECRET_A", "allows"),
            ("file:/etc/shadow", "allows /run/secrets"),
            ("file:/run/secrets", "allows /run/secrets"),
            ("file:/run/secrets2/x", "allows /run/secrets"),
        ] {
            let refusal = references().refusal(&json!(text)).unwrap();
            assert!(refusal.contains(says), "{refusal}");
        }
        let none = SecretReferences::default().refusal(&json!("env:A")).unwrap();
        assert!(none.contains("allows none"), "{none}");
    }

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, name, expected) in [
            ("A_*", "A_B", true),
            ("*", "anything", true),
            ("*_KEY", "TLS_KEY", true),
            ("A*B*C", "AxxBC", true),
            ("A*B*C", "AxxC", false),
            ("AB*BA", "ABA", false),
            ("AB", "ABC", false),
            ("", "A", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
