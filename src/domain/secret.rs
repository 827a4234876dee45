//! Where a secret's value may come from. A secret setting holds a reference, never the secret.
//!
//! What must stay true: a reference names what the manifest allows (a variable, a file, a command by its name, a place in
//! Vault, a secret of AWS), so that nobody can make an instance read and deliver what was never meant as a secret, or
//! run what was never meant to be run; no message repeats what was refused.

pub(in crate::domain) mod name;
mod reference;

use super::credential::Allowed;
use super::value::Value;
use super::wording::join;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use reference::{Reference, is_command_name, is_reference, is_reference_text, is_variable_pattern};
pub use reference::{is_aws_pattern, matches, plain_parts, vault_parts};

/// What the references of secrets may name, and which literals are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretReferences {
    /// Patterns of variable names, with `*` for any run of characters.
    pub env: Vec<String>,
    /// Absolute folders.
    pub folders: Vec<String>,
    /// Commands by name: a program and its arguments, which prints the secret.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub commands: BTreeMap<String, Vec<String>>,
    /// HashiCorp Vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault: Option<Vault>,
    /// AWS Secrets Manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<Aws>,
    /// Findings of the scan for hardcoded credentials that are meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Allowed>,
}

/// Which secrets of a Vault may be named, and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// Its URL; that of the variable `VAULT_ADDR` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where its token is kept, as `env:NAME` or `file:/PATH`; `env:VAULT_TOKEN` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What may be named: these paths and what lies below them.
    pub paths: Vec<String>,
}

/// Which secrets of AWS Secrets Manager may be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aws {
    /// The region; that of the variable `AWS_REGION` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Patterns of names and ARNs, with `*` for any run of characters.
    pub names: Vec<String>,
}

/// What is shown in the place of a secret that stands in the clear.
pub const MASKED: &str = "(secret)";

impl SecretReferences {
    /// What is wrong with a secret's value, as the end of a sentence that begins with its path; nothing where it is a
    /// reference that is allowed. Never repeats a value that is not a well-formed reference.
    pub fn refusal(&self, value: &Value) -> Option<String> {
        let Some(reference) = value.as_str().and_then(Reference::parse) else {
            let forms = self.forms();
            return Some(format!(
                "is a secret: write where its value is kept, {forms}, not the value itself."
            ));
        };
        if let Some(form) = reference.misshapen() {
            return Some(form.to_owned());
        }
        match reference {
            Reference::Env(name) => {
                let allowed = self.env.iter().any(|pattern| matches(pattern, name));
                (!allowed).then(|| refused("name the variable", name, "env", self.env.iter()))
            }
            Reference::File(file) => {
                let parts = plain_parts(file).unwrap_or_default();
                let folders = self.folders.iter().filter_map(|folder| plain_parts(folder));
                let allowed = folders.into_iter().any(|folder| is_below(&parts, &folder));
                let name = format!("/{}", parts.join("/"));
                (!allowed).then(|| refused("name the file", &name, "folders", self.folders.iter()))
            }
            Reference::Command(name) => {
                let allowed = self.commands.contains_key(name);
                (!allowed).then(|| refused("run the command", name, "commands", self.commands.keys()))
            }
            Reference::Vault { path, .. } => {
                let paths = self.vault.iter().flat_map(|vault| &vault.paths);
                let parts = vault_parts(path).unwrap_or_default();
                let below = |allowed: &String| {
                    vault_parts(allowed).is_some_and(|above| parts == above || is_below(&parts, &above))
                };
                let allowed = paths.clone().any(below);
                (!allowed).then(|| refused("name Vault's", path, "vault.paths", paths))
            }
            Reference::Aws { name, .. } => {
                let names = self.aws.iter().flat_map(|aws| &aws.names);
                let allowed = names.clone().any(|pattern| matches(pattern, name));
                (!allowed).then(|| refused("name AWS's", name, "aws.names", names))
            }
        }
    }

    /// The forms that a reference can have here: always the first two, the others where the manifest has them.
    pub fn forms(&self) -> String {
        let more = [
            (!self.commands.is_empty(), "command:NAME"),
            (self.vault.is_some(), "vault:PATH#KEY"),
            (self.aws.is_some(), "aws:NAME"),
        ];
        let more = more.into_iter().filter(|(there, _)| *there).map(|(_, form)| form);
        let forms: Vec<&str> = ["env:NAME", "file:/PATH"].into_iter().chain(more).collect();
        join(&forms, "or")
    }
}

fn refused<'n>(may_not: &str, name: &str, key: &str, allowed: impl Iterator<Item = &'n String>) -> String {
    let allowed: Vec<&str> = allowed.map(String::as_str).collect();
    let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    format!("may not {may_not} {name}: the manifest's secrets.{key} allows {allowed}.")
}

fn is_below(parts: &[&str], above: &[&str]) -> bool {
    parts.len() > above.len() && parts.starts_with(above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn references() -> SecretReferences {
        SecretReferences {
            env: vec!["CFGCTL_SECRET_*".into(), "DB_PASSWORD".into()],
            folders: vec!["/run/secrets".into()],
            commands: BTreeMap::from([("pass".into(), vec!["pass".into(), "show".into()])]),
            vault: Some(Vault { address: None, token: None, paths: vec!["kv/data/shop".into()] }),
            aws: Some(Aws {
                region: None,
                names: vec!["shop/*".into(), "arn:aws:secretsmanager:*:shop-*".into()],
            }),
            allow: Vec::new(),
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
            "command:pass",
            "vault:kv/data/shop#password",
            "vault:kv/data/shop/db#password",
            "aws:shop/db",
            "aws:shop/db#password",
            "aws:arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-db-a1b2c3",
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
            (json!("command:hunter2 --now"), "must name a command"),
            (json!("vault:hunter2"), "must name a path and a key"),
            (json!("vault:/hunter2/../x#y"), "must name a path and a key"),
            (json!("vault:kv/data/shop#hunter2 x"), "must name a path and a key"),
            (json!("aws:hunter2 and more"), "must name a secret"),
            (json!("aws:shop/db#"), "must name a secret"),
        ] {
            let refusal = references().refusal(&value).unwrap();
            assert!(refusal.contains(says), "{refusal}");
            assert!(!refusal.contains("hunter2"), "{refusal}");
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
            ("command:rm", "secrets.commands allows pass"),
            ("vault:kv/data/shop2#a", "secrets.vault.paths allows kv/data/shop"),
            ("vault:kv/data#a", "secrets.vault.paths allows kv/data/shop"),
            ("aws:other/db", "secrets.aws.names allows shop/*, arn:"),
        ] {
            let refusal = references().refusal(&json!(text)).unwrap();
            assert!(refusal.contains(says), "{refusal}");
        }
        for text in ["env:A", "file:/a", "command:a", "vault:a#b", "aws:a"] {
            let none = SecretReferences::default().refusal(&json!(text)).unwrap();
            assert!(none.contains("allows none"), "{none}");
        }
    }

    #[test]
    fn a_literal_is_told_the_forms_that_the_manifest_has() {
        let told = |references: SecretReferences| references.refusal(&json!("hunter2")).unwrap();
        assert!(told(SecretReferences::default()).contains("is kept, env:NAME or file:/PATH, not"));
        let all = "is kept, env:NAME, file:/PATH, command:NAME, vault:PATH#KEY or aws:NAME, not";
        assert!(told(references()).contains(all));
    }

    #[test]
    fn references_that_say_nothing_new_are_written_as_they_always_were() {
        let text = serde_json::to_string(&SecretReferences::default()).unwrap();
        assert_eq!(text, r#"{"env":[],"folders":[]}"#);
        let all = references();
        assert_eq!(serde_json::from_value::<SecretReferences>(json!(all)).unwrap(), all);
    }
}
