//! Secrets from AWS Secrets Manager, or what answers like it.

use super::server::{Asked, Server, answer};
use super::{LONG, client};
use cfgctl::domain::error::{Code, Result};
use cfgctl::domain::time::Timestamp;
use cfgctl::source::resolver::{AwsSecrets, ResolverContext, ResolverRequest, SecretCommand, resolve};
use cfgctl::source::secret::Secret;
use std::ffi::OsString;

fn ask(aws: &AwsSecrets, variables: &[(&str, &str)], name: &str, key: Option<&str>) -> Result<Secret> {
    let lookup = |asked: &str| {
        variables.iter().find(|(name, _)| *name == asked).map(|(_, value)| OsString::from(*value))
    };
    resolve(
        &ResolverRequest::Aws { name, key },
        &ResolverContext {
            lookup: &lookup,
            folders: &[],
            client: &client(),
            timeout: LONG,
            vault: None,
            aws: Some(aws),
            now: Timestamp::parse("2026-11-21T09:30:00Z").unwrap(),
        },
    )
}

const CREDENTIALS: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "canary-key"),
    ("AWS_SESSION_TOKEN", "canary-session"),
    ("AWS_REGION", "eu-central-1"),
];

fn service() -> Server {
    Server::new(|asked: &Asked, stream| {
        let (status, body) = match asked.body.as_str() {
            r#"{"SecretId":"app"}"# => (200, r#"{"Name":"app","SecretString":"{\"password\":\"canary\"}"}"#),
            r#"{"SecretId":"plain"}"# => (200, r#"{"Name":"plain","SecretString":"canary"}"#),
            r#"{"SecretId":"binary"}"# => (200, r#"{"Name":"binary","SecretBinary":"Y2FuYXJ5"}"#),
            r#"{"SecretId":"denied"}"# => (400, r#"{"__type":"AccessDeniedException","Message":"canary"}"#),
            r#"{"SecretId":"garbage"}"# => (200, "canary"),
            _ => (400, r#"{"__type":"ResourceNotFoundException","Message":"canary"}"#),
        };
        answer(stream, status, "", body);
    })
}

fn at(server: &Server) -> AwsSecrets {
    AwsSecrets { endpoint: Some(server.url("/")), allow_plain: true, ..AwsSecrets::default() }
}

#[test]
fn a_secret_is_asked_for_with_a_signature_and_its_keys_are_read() {
    let server = service();
    for (name, key, text) in [
        ("plain", None, "canary"),
        ("app", None, r#"{"password":"canary"}"#),
        ("app", Some("password"), "canary"),
    ] {
        assert_eq!(ask(&at(&server), &CREDENTIALS, name, key).unwrap().reveal(), text);
    }
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST / HTTP/1.1");
    assert_eq!(asked.header("x-amz-target"), Some("secretsmanager.GetSecretValue"));
    assert_eq!(asked.header("x-amz-date"), Some("20261121T093000Z"));
    assert_eq!(asked.header("x-amz-security-token"), Some("canary-session"));
    let hosts = asked.headers.iter().filter(|(name, _)| name == "host").count();
    assert_eq!(
        (hosts, asked.header("host")),
        (1, Some(server.host().as_str())),
        "the host is what was signed"
    );
    let authorization = asked.header("authorization").unwrap();
    assert!(
        authorization.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-central-1/secretsmanager/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="
        ),
        "{authorization}"
    );
    assert!(!format!("{:?}", server.asked()).contains("canary-key"));
}

#[test]
fn the_endpoint_may_come_from_the_environment() {
    let server = service();
    let url = server.url("/");
    let aws = AwsSecrets { allow_plain: true, ..AwsSecrets::default() };
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"] {
        let mut variables = CREDENTIALS.to_vec();
        variables.push((name, url.as_str()));
        assert_eq!(ask(&aws, &variables, "plain", None).unwrap().reveal(), "canary");
    }
}

#[test]
fn what_it_does_not_give_is_told_without_its_words() {
    let server = service();
    for (name, key, code, says) in [
        ("missing", None, Code::NotFound, "no secret \"missing\""),
        ("denied", None, Code::Unavailable, "AccessDeniedException"),
        ("binary", None, Code::Invalid, "is binary"),
        ("garbage", None, Code::Unavailable, "does not answer as"),
        ("plain", Some("a"), Code::Invalid, "no JSON object"),
        ("app", Some("a"), Code::NotFound, "no key \"a\""),
    ] {
        let error = ask(&at(&server), &CREDENTIALS, name, key).unwrap_err();
        assert!(error.code == code && !error.retryable && error.message.contains(says), "{error}");
        assert!(!format!("{error:?}").contains("canary") && error.hint.is_some(), "{error:?}");
    }
    let asked = server.asked().len();
    for missing in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
        let variables: Vec<_> = CREDENTIALS.iter().filter(|(name, _)| *name != missing).copied().collect();
        let error = ask(&at(&server), &variables, "plain", None).unwrap_err();
        assert!(format!("{error:?}").contains(missing), "{error:?}");
    }
    let plain = AwsSecrets { allow_plain: false, ..at(&server) };
    assert_eq!(ask(&plain, &CREDENTIALS, "plain", None).unwrap_err().code, Code::Invalid);
    assert_eq!(server.asked().len(), asked);
}

#[test]
fn a_command_that_the_manifest_names_is_asked_instead() {
    let vector = ["/bin/sh", "-c", "printf '{\"password\":\"%s\"}' \"$1\"", "sh", "{name}"];
    let command = SecretCommand {
        vector: vector.map(str::to_owned).to_vec(),
        variables: vec!["AWS_REGION".to_owned()],
        timeout: LONG,
    };
    let aws = AwsSecrets { command: Some(command), ..AwsSecrets::default() };
    assert_eq!(ask(&aws, &[], "my-app", Some("password")).unwrap().reveal(), "my-app");
}
