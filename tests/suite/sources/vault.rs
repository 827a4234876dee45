//! Secrets from a Vault, or what answers like one.

use super::server::{Server, answer, nobody};
use super::{LONG, client};
use cfgctl::domain::error::{Code, Result};
use cfgctl::domain::time::Timestamp;
use cfgctl::source::resolver::{ResolverContext, ResolverRequest, Vault, resolve};
use cfgctl::source::secret::Secret;

fn ask(address: &str, allow_plain: bool, path: &str, key: &str) -> Result<Secret> {
    let vault = Vault {
        address: address.to_owned(),
        namespace: Some("team".to_owned()),
        token: Secret::new("canary-token"),
        allow_plain,
    };
    resolve(
        &ResolverRequest::Vault { path, key },
        &ResolverContext {
            lookup: &|_| None,
            folders: &[],
            client: &client(),
            timeout: LONG,
            vault: Some(&vault),
            aws: None,
            now: Timestamp::from_millis(0),
        },
    )
}

fn vault() -> Server {
    Server::new(|asked, stream| {
        let (status, body) = match asked.line.split(' ').nth(1).unwrap() {
            _ if asked.header("x-vault-token") != Some("canary-token") => (403, r#"{"errors":["canary"]}"#),
            "/v1/secret/data/app" => {
                (200, r#"{"data":{"data":{"password":"canary","port":5432},"metadata":{"version":2}}}"#)
            }
            "/v1/kv/app" => (200, r#"{"data":{"password":"canary-1"}}"#),
            "/v1/secret/data/denied" => (403, r#"{"errors":["canary"]}"#),
            "/v1/secret/data/sealed" => (503, r#"{"errors":["canary"]}"#),
            "/v1/secret/data/garbage" => (200, "canary"),
            _ => (404, r#"{"errors":[]}"#),
        };
        answer(stream, status, "content-type: application/json\r\n", body);
    })
}

#[test]
fn a_key_of_a_secret_is_read_in_both_versions() {
    let server = vault();
    for (path, key, text) in [
        ("secret/data/app", "password", "canary"),
        ("secret/data/app", "port", "5432"),
        ("kv/app", "password", "canary-1"),
    ] {
        assert_eq!(ask(&server.url(""), true, path, key).unwrap().reveal(), text);
        assert_eq!(ask(&server.url("/"), true, path, key).unwrap().reveal(), text);
    }
    let asked = &server.asked()[0];
    assert_eq!(
        (asked.header("x-vault-namespace"), asked.header("x-vault-request")),
        (Some("team"), Some("true"))
    );
    assert!(!asked.line.contains("canary"));
}

#[test]
fn what_a_vault_does_not_give_is_told_without_its_token_or_its_words() {
    let server = vault();
    for (path, key, code, retryable, says) in [
        ("secret/data/denied", "a", Code::Unavailable, false, "does not let secret/data/denied be read"),
        ("secret/data/sealed", "a", Code::Unavailable, true, "is sealed"),
        ("secret/data/missing", "a", Code::NotFound, false, "nothing at secret/data/missing"),
        ("secret/data/app", "other", Code::NotFound, false, "has no key \"other\""),
        ("secret/data/garbage", "a", Code::Unavailable, false, "does not answer as Vault does"),
        ("../sys/seal", "a", Code::Invalid, false, "no path of Vault's API"),
    ] {
        let error = ask(&server.url(""), true, path, key).unwrap_err();
        assert_eq!((error.code, error.retryable), (code, retryable), "{error}");
        assert!(error.message.contains(says) && error.hint.is_some(), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    assert!(ask(&nobody(), true, "kv/app", "a").unwrap_err().retryable);
    let asked = server.asked().len();
    assert_eq!(ask(&server.url(""), false, "kv/app", "a").unwrap_err().code, Code::Invalid);
    assert_eq!(server.asked().len(), asked, "in the clear no token is sent");
}
