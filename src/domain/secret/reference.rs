//! A reference as it is written in a setting: `env:NAME`, `file:/PATH`, `command:NAME`, `vault:PATH#KEY`, `aws:NAME`.
//!
//! What must stay true: what is well-formed says where a secret is kept and may be shown; anything else may be the secret
//! itself.

use crate::domain::value::Value;

/// A secret's value as it is written in a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// `env:NAME`: an environment variable.
    Env(&'a str),
    /// `file:/path`: a file's content.
    File(&'a str),
    /// `command:NAME`: what a command of the manifest's prints.
    Command(&'a str),
    /// `vault:PATH#KEY`: a field of a secret in HashiCorp Vault.
    Vault {
        /// The secret's path, with its mount.
        path: &'a str,
        /// The field.
        key: &'a str,
    },
    /// `aws:NAME`, `aws:ARN`, either with `#KEY`: a secret in AWS Secrets Manager.
    Aws {
        /// The name or the ARN.
        name: &'a str,
        /// The member where the secret is a JSON object.
        key: Option<&'a str>,
    },
}

impl<'a> Reference<'a> {
    /// Reads a reference; nothing where the text has no form of one.
    pub fn parse(text: &'a str) -> Option<Reference<'a>> {
        let (kind, rest) = text.split_once(':')?;
        let (before, after) = match rest.split_once('#') {
            Some((before, after)) => (before, Some(after)),
            None => (rest, None),
        };
        Some(match kind {
            "env" => Reference::Env(rest),
            "file" => Reference::File(rest),
            "command" => Reference::Command(rest),
            "vault" => Reference::Vault { path: before, key: after.unwrap_or_default() },
            "aws" => Reference::Aws { name: before, key: after },
            _ => return None,
        })
    }

    /// How it must be written, as the end of a sentence, where it is not.
    pub fn misshapen(self) -> Option<&'static str> {
        let (fits, form) = match self {
            Reference::Env(name) => (
                is_variable_name(name),
                "must name a variable after env:, such as env:CFGCTL_SECRET_DATABASE.",
            ),
            Reference::File(file) => (
                plain_parts(file).is_some(),
                "must name an absolute file without .. after file:, such as file:/run/secrets/database.",
            ),
            Reference::Command(name) => (
                is_command_name(name),
                "must name a command of the manifest's secrets.commands after command:, such as command:NAME.",
            ),
            Reference::Vault { path, key } => (
                vault_parts(path).is_some() && is_key(key),
                "must name a path and a key after vault:, such as vault:secret/data/shop#password.",
            ),
            Reference::Aws { name, key } => (
                is_aws_name(name) && key.is_none_or(is_key),
                "must name a secret after aws:, such as aws:shop/database or aws:shop/database#password.",
            ),
        };
        (!fits).then_some(form)
    }
}

/// Whether a value is a well-formed reference: it says where a secret is kept, and may be shown.
pub fn is_reference(value: &Value) -> bool {
    value.as_str().is_some_and(is_reference_text)
}

/// The same of a text.
pub fn is_reference_text(text: &str) -> bool {
    Reference::parse(text).is_some_and(|reference| reference.misshapen().is_none())
}

/// The parts of an absolute path after normalising `.` and `//`; nothing where it is relative, holds `..` or a control
/// character.
pub fn plain_parts(file: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> =
        file.strip_prefix('/')?.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let plain = !parts.contains(&"..") && !file.chars().any(char::is_control);
    plain.then_some(parts)
}

/// The parts of a path in Vault; nothing where it begins or ends with `/`, holds `.`, `..` or an odd character.
pub fn vault_parts(path: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = path.split('/').collect();
    let plain = |part: &&str| !matches!(*part, "" | "." | "..") && part.bytes().all(is_plain);
    (path.len() <= 512 && parts.iter().all(plain)).then_some(parts)
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

/// Whether a command of the manifest's may be called this.
pub fn is_command_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| is_plain(byte) || byte == b'@')
}

/// Whether a text is a name or an ARN of AWS in which `*` may stand for any run of characters.
pub fn is_aws_pattern(pattern: &str) -> bool {
    is_aws_name(&pattern.replace('*', "A"))
}

fn is_aws_name(name: &str) -> bool {
    let is_part = |byte: u8| is_plain(byte) || b"/+=@!".contains(&byte);
    let colons = name.starts_with("arn:aws");
    (1..=2048).contains(&name.len()) && name.bytes().all(|byte| is_part(byte) || (colons && byte == b':'))
}

fn is_key(key: &str) -> bool {
    (1..=256).contains(&key.len()) && key.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_says_where_a_secret_is_kept_may_be_shown() {
        for (value, shown) in [
            (json!("env:DB_PASSWORD"), true),
            (json!("file:/run/secrets/database"), true),
            (json!("hunter2"), false),
            (json!("env:hunter2 and more"), false),
            (json!("file:hunter2"), false),
            (json!("command:pass"), true),
            (json!("vault:kv/data/shop#password"), true),
            (json!("aws:shop/db#password"), true),
            (json!("command:hunter2 and more"), false),
            (json!("vault:hunter2"), false),
            (json!("aws:hunter2 and more"), false),
            (json!(4711), false),
            (json!(["env:DB_PASSWORD"]), false),
        ] {
            assert_eq!(is_reference(&value), shown, "{value}");
        }
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
