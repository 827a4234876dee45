//! A secret that AWS Secrets Manager keeps, by its HTTP API or by a command that the manifest names.
//!
//! What must stay true: credentials come from the environment and go nowhere but into the signature and, for a session,
//! its header; what the service says of a refusal is repeated only as the name of its kind.

use super::command::SecretCommand;
use super::signature::{Credentials, Signed, authorization};
use super::{ResolverContext, command, json};
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use crate::net::{Address, Answer, Method, Request};
use crate::source::environment;
use crate::source::secret::Secret;
use zeroize::Zeroizing;

/// The longest answer: a secret is at most 64 KiB, which JSON may write six times as long.
const LONGEST: usize = 1 << 20;
const SERVICE: &str = "secretsmanager";

/// How Secrets Manager is asked.
#[derive(Debug, Clone, Default)]
pub struct AwsSecrets {
    /// The region; else what `AWS_REGION` or `AWS_DEFAULT_REGION` says.
    pub region: Option<String>,
    /// Its address; else what `AWS_ENDPOINT_URL_SECRETS_MANAGER` or `AWS_ENDPOINT_URL` says, else the region's own.
    pub endpoint: Option<String>,
    /// Whether it may be asked in the clear.
    pub allow_plain: bool,
    /// The program that is asked instead of the API.
    pub command: Option<SecretCommand>,
}

/// Asks for a secret, or for one key of it.
pub(super) fn resolve(
    aws: &AwsSecrets,
    name: &str,
    key: Option<&str>,
    context: &ResolverContext<'_>,
) -> Result<Secret> {
    let secret = match &aws.command {
        Some(command) => command::resolve(command, name, context.lookup)?,
        None => ask(aws, name, context)?,
    };
    let Some(key) = key else { return Ok(secret) };
    // What is no JSON has no keys.
    let fields: Value = serde_json::from_str(secret.reveal()).unwrap_or_default();
    json::key(&fields, key, &format!("The secret {name:?} of AWS Secrets Manager"))
}

fn ask(aws: &AwsSecrets, name: &str, context: &ResolverContext<'_>) -> Result<Secret> {
    let text = |name: &str| {
        (context.lookup)(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
    };
    let region = aws.region.clone().or_else(|| text("AWS_REGION")).or_else(|| text("AWS_DEFAULT_REGION"));
    let region = region.filter(|region| is_region(region)).ok_or_else(|| {
        Error::invalid("The region of AWS Secrets Manager is not known.")
            .hint("Name it in the manifest, or set it: export AWS_REGION=eu-central-1")
    })?;
    let endpoint = aws
        .endpoint
        .clone()
        .or_else(|| text("AWS_ENDPOINT_URL_SECRETS_MANAGER"))
        .or_else(|| text("AWS_ENDPOINT_URL"))
        .unwrap_or_else(|| own_endpoint(&region));
    let address = Address::parse(&endpoint, aws.allow_plain)?;
    let credentials = Credentials {
        key_id: environment::secret("AWS_ACCESS_KEY_ID", context.lookup)?.reveal().to_owned(),
        secret_key: environment::secret("AWS_SECRET_ACCESS_KEY", context.lookup)?,
        session_token: text("AWS_SESSION_TOKEN").map(Secret::new),
    };
    let body = serde_json::json!({ "SecretId": name }).to_string().into_bytes();
    let headers = headers(&address, &body, &region, &credentials, context.now);
    let answer = context.client.send(&Request {
        method: Method::Post,
        url: endpoint,
        headers,
        body,
        timeout: context.timeout,
        longest_answer: LONGEST,
        allow_plain: aws.allow_plain,
    })?;
    read(answer, &address.host(), name)
}

/// All headers, the signature among them.
fn headers(
    address: &Address,
    body: &[u8],
    region: &str,
    credentials: &Credentials,
    now: Timestamp,
) -> Vec<(String, String)> {
    let moment = now.compact().replacen('_', "T", 1) + "Z";
    let mut headers = vec![
        ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
        ("host".to_owned(), address.host()),
        ("x-amz-date".to_owned(), moment.clone()),
    ];
    let token = credentials.session_token.as_ref();
    headers.extend(token.map(|token| ("x-amz-security-token".to_owned(), token.reveal().to_owned())));
    headers.push(("x-amz-target".to_owned(), format!("{SERVICE}.GetSecretValue")));
    let signed = Signed {
        method: "POST",
        path: address.path(),
        query: "",
        headers: &headers,
        body,
        region,
        service: SERVICE,
        moment: &moment,
    };
    let authorization = authorization(&signed, credentials);
    headers.push(("authorization".to_owned(), authorization));
    headers
}

fn read(answer: Answer, host: &str, name: &str) -> Result<Secret> {
    let body = Zeroizing::new(answer.body);
    let found: Value = serde_json::from_slice(&body).unwrap_or_default();
    if answer.status != 200 {
        return Err(refusal(&found, answer.status, host, name));
    }
    match (found.get("SecretString").and_then(Value::as_str), found.get("SecretBinary")) {
        (Some(text), _) => Ok(Secret::new(text)),
        (None, Some(_)) => {
            Err(Error::invalid(format!("The secret {name:?} of AWS Secrets Manager is binary."))
                .hint("Keep it as text."))
        }
        (None, None) => {
            Err(Error::unavailable(format!("{host} does not answer as AWS Secrets Manager does."))
                .not_retryable()
                .hint("Look at the endpoint in the manifest and in AWS_ENDPOINT_URL."))
        }
    }
}

fn refusal(found: &Value, status: u16, host: &str, name: &str) -> Error {
    let kind = found.get("__type").and_then(Value::as_str).unwrap_or_default();
    let kind = kind.rsplit('#').next().unwrap_or_default();
    let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    if kind == "ResourceNotFoundException" {
        return Error::not_found(format!("AWS Secrets Manager has no secret {name:?}."))
            .hint("Look at its name and at the region.");
    }
    let said = if kind.is_empty() { format!("status {status}") } else { kind.clone() };
    let error = Error::unavailable(format!("AWS Secrets Manager at {host} does not give {name:?}: {said}."));
    if status >= 500 || kind.contains("Throttling") || kind.contains("TooManyRequests") {
        return error.hint("Try again in a moment.");
    }
    error.not_retryable().hint("Look at the credentials, what they may read, and this machine's clock.")
}

fn own_endpoint(region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{SERVICE}.{region}.{domain}/")
}

/// Whether a text can be a region: it becomes part of a host's name.
fn is_region(region: &str) -> bool {
    !region.is_empty() && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regions_own_endpoint_is_that_of_its_partition() {
        assert_eq!(own_endpoint("eu-central-1"), "https://secretsmanager.eu-central-1.amazonaws.com/");
        assert_eq!(own_endpoint("cn-north-1"), "https://secretsmanager.cn-north-1.amazonaws.com.cn/");
        for (region, is) in [("eu-central-1", true), ("", false), ("a.example.com/", false), ("EU", false)] {
            assert_eq!(is_region(region), is, "{region}");
        }
    }

    #[test]
    fn a_refusal_names_its_kind_and_nothing_else_of_what_was_said() {
        let of =
            |text: &str, status| refusal(&serde_json::from_str(text).unwrap_or_default(), status, "h", "app");
        let denied = of(r#"{"__type":"com.x#AccessDeniedException","Message":"canary"}"#, 400);
        assert_eq!(denied.message, "AWS Secrets Manager at h does not give \"app\": AccessDeniedException.");
        assert!(!denied.retryable);
        let missing = of(r#"{"__type":"ResourceNotFoundException","Message":"canary"}"#, 400);
        assert_eq!(missing.message, "AWS Secrets Manager has no secret \"app\".");
        assert!(of(r#"{"__type":"ThrottlingException"}"#, 400).retryable && of("garbage", 500).retryable);
        assert!(of("garbage", 500).message.contains("status 500"));
    }
}
