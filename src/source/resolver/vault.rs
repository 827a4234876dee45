//! A secret that HashiCorp Vault keeps, or what answers like it: the key-value engine, version 1 or 2.
//!
//! What must stay true: the token goes to the Vault's own address and to no other, never in the address itself.

use super::{ResolverContext, json};
use crate::domain::error::{Error, Result};
use crate::domain::value::Value;
use crate::net::{Method, Request, shown};
use crate::source::secret::Secret;
use zeroize::Zeroizing;

/// The longest answer: a key-value secret is at most a megabyte.
const LONGEST: usize = 2 << 20;

/// A Vault that the manifest names.
#[derive(Debug, Clone)]
pub struct Vault {
    /// Its address: `https://vault.example.com:8200`.
    pub address: String,
    /// Its namespace, where it has them.
    pub namespace: Option<String>,
    /// What it is asked with.
    pub token: Secret,
    /// Whether it may be asked in the clear.
    pub allow_plain: bool,
}

/// Asks it for one key of what is at a path.
pub(super) fn resolve(vault: &Vault, path: &str, key: &str, context: &ResolverContext<'_>) -> Result<Secret> {
    let place = shown(&vault.address);
    let Some(path) = api_path(path) else {
        return Err(Error::invalid(format!(
            "What a secret is to come from at {place} is no path of Vault's API."
        ))
        .hint("Write it as vault:MOUNT/data/NAME#KEY, for version 1 as vault:MOUNT/NAME#KEY."));
    };
    let mut headers = vec![
        ("x-vault-token".to_owned(), vault.token.reveal().to_owned()),
        ("x-vault-request".to_owned(), "true".to_owned()),
    ];
    headers.extend(vault.namespace.iter().map(|name| ("x-vault-namespace".to_owned(), name.clone())));
    let mut request = Request {
        method: Method::Get,
        url: format!("{}/v1/{path}", vault.address.trim_end_matches('/')),
        headers,
        body: Vec::new(),
        timeout: context.timeout,
        longest_answer: LONGEST,
        allow_plain: vault.allow_plain,
    };
    let answer = context.client.send(&request);
    zeroize::Zeroize::zeroize(&mut request.headers[0].1);
    let answer = answer?;
    let body = Zeroizing::new(answer.body);
    if answer.status != 200 {
        return Err(refusal(&place, &path, answer.status));
    }
    let of = format!("Vault's {path}");
    let found: Value = serde_json::from_slice(&body).map_err(|_| not_vaults(&place))?;
    let data = found.get("data").ok_or_else(|| not_vaults(&place))?;
    json::key(newest(data), key, &of)
}

/// What version 2 keeps lies one step deeper, beside its metadata.
fn newest(data: &Value) -> &Value {
    match (data.get("data"), data.get("metadata")) {
        (Some(inner), Some(metadata)) if metadata.get("version").is_some() => inner,
        _ => data,
    }
}

/// The path as it is sent; nothing where it leads elsewhere.
fn api_path(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let plain = |part: &&str| {
        !matches!(*part, "" | "." | "..")
            && !part.chars().any(|c| c.is_control() || matches!(c, '?' | '#' | '%' | '\\'))
    };
    let whole = parts.len() >= 2 && parts.iter().all(plain);
    whole.then(|| parts.join("/").replace(' ', "%20"))
}

fn not_vaults(place: &str) -> Error {
    Error::unavailable(format!("{place} does not answer as Vault does."))
        .not_retryable()
        .hint("Look at the address of Vault in the manifest.")
}

fn refusal(place: &str, path: &str, status: u16) -> Error {
    let error = |what: &str| Error::unavailable(format!("Vault at {place} {what} (status {status})."));
    match status {
        400 | 403 => error(&format!("does not let {path} be read with the token it was asked with"))
            .not_retryable()
            .hint(format!(
                "Look at the token's policies, and whether it has expired: vault token capabilities {path}"
            )),
        404 => Error::not_found(format!("Vault at {place} has nothing at {path}."))
            .hint(format!("Look at the path; in version 2 it holds data after the mount: vault read {path}")),
        503 => error("is sealed or in maintenance").hint("Look at it: vault status"),
        429 | 472 | 473 | 500.. => error("cannot answer now").hint("Look at it: vault status"),
        _ => error("answers with no secret")
            .not_retryable()
            .hint("Look at the address of Vault in the manifest."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_stays_inside_the_api() {
        for (path, sent) in [
            ("secret/data/app", Some("secret/data/app")),
            ("/secret/app/", Some("secret/app")),
            ("kv/my app", Some("kv/my%20app")),
            ("secret", None),
            ("", None),
            ("secret/../sys/seal", None),
            ("secret/a?list=true", None),
            ("secret/%2e%2e/x", None),
            ("secret//x", None),
            ("secret/a\nb", None),
        ] {
            assert_eq!(api_path(path).as_deref(), sent, "{path:?}");
        }
    }

    #[test]
    fn both_versions_of_the_engine_are_told_apart() {
        let second = json!({"data": {"a": "2"}, "metadata": {"version": 3}});
        assert_eq!(newest(&second), &json!({"a": "2"}));
        for first in [json!({"a": "1"}), json!({"data": "x"}), json!({"data": {"a": "1"}, "metadata": "y"})] {
            assert_eq!(newest(&first), &first);
        }
    }
}
