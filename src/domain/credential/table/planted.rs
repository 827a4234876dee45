//! One made-up credential of each kind, each of which must be found.

use super::*;
use crate::domain::credential::{kinds, odd, provider};
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn a_token_of_every_prefix_is_found_wherever_it_stands() {
    let mut seen = BTreeSet::new();
    for shape in provider::PROVIDERS {
        let alphabet = match shape.class {
            crate::domain::credential::shape::Class::Hex => HEX,
            crate::domain::credential::shape::Class::HexDash => HEX,
            crate::domain::credential::shape::Class::Upper => UPPER,
            _ => ALNUM,
        };
        let (part, long) = (|length| random(alphabet, length), shape.least);
        let tail = match (shape.kind, shape.prefix) {
            ("openai", "sk-") => format!("{}T3Blb{}{}", part(20), "kFJ", part(20)),
            ("sendgrid", _) => format!("{}.{}", part(22), part(43)),
            _ => part(long),
        };
        let token = format!("{}{tail}", shape.prefix);
        for text in [token.clone(), format!("--with={token} --and"), format!("a, {token}")] {
            let findings = found("setting", &json!(text));
            assert_eq!(findings.len(), 1, "{} {text}: {findings:?}", shape.prefix);
            assert_eq!(findings[0].kind, shape.kind, "{text}: {findings:?}");
            assert_eq!(text[findings[0].span.clone()], token);
        }
        // Longer or within a word, it is something else.
        assert!(found("setting", &json!(format!("X{token}"))).iter().all(|found| found.kind != shape.kind));
        seen.insert(shape.kind);
    }
    assert!(seen.len() >= 60, "{}", seen.len());
}

#[test]
fn what_no_prefix_tells_is_found_by_its_form_and_name() {
    let (hex, any) = (|length| random(HEX, length), |length| random(ALNUM, length));
    let uuid = format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12));
    let mut seen = BTreeSet::new();
    for (path, text, kind) in [
        (
            "alerts.url",
            format!("https://hooks.slack.com/services/T{}/B{}/{}", any(8), any(8), any(24)),
            "slack",
        ),
        (
            "alerts.url",
            format!("https://discord.com/api/webhooks/{}/{}", "1".repeat(18) + "23", any(68)),
            "discord",
        ),
        (
            "alerts.url",
            format!(
                "https://shop.webhook.office.com/webhookb2/{uuid}@{uuid}/IncomingWebhook/{}/{uuid}",
                hex(32)
            ),
            "teams",
        ),
        ("bot", format!("M{}.{}.{}", any(23), any(6), any(38)), "discord"),
        ("bot", format!("{}:AA{}", "5182736450", any(33)), "telegram"),
        ("tf", format!("{}.atlasv1.{}", any(14), any(66)), "terraform"),
        ("client", format!("abc8Q~{}", any(34)), "azure"),
        ("session", format!("eyJ{}.eyJ{}.{}", any(20), any(90), any(43)), "jwt"),
        ("license", format!("{}NRAL", hex(36)), "new-relic"),
        ("mail", format!("{}-us12", hex(32)), "mailchimp"),
        ("mail", format!("key-{}", hex(32)), "mailgun"),
        ("mail", format!("{}-{}-{}", hex(32), hex(8), hex(8)), "mailgun"),
        ("datadog.app_key", hex(40), "datadog"),
        ("DATADOG_API_KEY", hex(32), "datadog"),
        ("cloudflare.api_token", any(40), "cloudflare"),
        ("heroku.api_key", uuid.clone(), "heroku"),
        ("twilio.auth_token", hex(32), "twilio"),
        ("okta.token", format!("00{}", any(40)), "okta"),
        ("algolia.api_key", hex(32), "algolia"),
        ("fastly.token", any(32), "fastly"),
        ("aws.secret_access_key", any(40), "aws"),
        (
            "storage",
            format!(
                "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={}==;EndpointSuffix=core",
                any(86)
            ),
            "azure",
        ),
        (
            "bus",
            format!("Endpoint=sb://shop/;SharedAccessKeyName=Root;SharedAccessKey={}=", any(43)),
            "azure",
        ),
        ("blob", format!("https://shop.blob.core.windows.net/a?sv=2024&se=2030&sig={}%3D", any(43)), "azure"),
    ] {
        let findings = found(path, &json!(text));
        assert_eq!(findings.len(), 1, "{path} {text}: {findings:?}");
        assert_eq!(findings[0].kind, kind, "{path} {text}: {findings:?}");
        seen.insert(kind);
    }
    assert!(odd::KINDS.iter().all(|kind| seen.contains(kind)), "{seen:?}");
}

#[test]
fn private_keys_are_found_in_every_form() {
    let body = random(ALNUM, 64);
    let pem = |kind: &str| format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n");
    let private = |kind: &str| pem(&format!("{kind}{}", "PRIVATE KEY"));
    let account = json!({"type": "service_account", "project_id": "shop", "private_key": private("")});
    for (value, kind) in [
        (json!(private("")), "private-key"),
        (json!(private("RSA ")), "private-key"),
        (json!(private("EC ")), "private-key"),
        (json!(private("DSA ")), "private-key"),
        (json!(private("OPENSSH ")), "private-key"),
        (json!(private("ENCRYPTED ")), "private-key"),
        (json!(private("").replace('\n', "\\n")), "private-key"),
        (json!(pem(&format!("PGP {} BLOCK", "PRIVATE KEY"))), "private-key"),
        (json!(format!("---- BEGIN SSH2 ENCRYPTED {} ----\n{body}", "PRIVATE KEY")), "private-key"),
        (json!(format!("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{body}")), "private-key"),
        (json!({"kty": "EC", "crv": "P-256", "x": "a", "d": random(ALNUM, 43)}), "private-key"),
        (account.clone(), "google"),
        (json!(account.to_string()), "private-key"),
        (json!(["a", private("")]), "private-key"),
    ] {
        let findings = found("tls", &value);
        assert_eq!(findings.len(), 1, "{value}: {findings:?}");
        assert_eq!(findings[0].kind, kind, "{value}");
    }
}

#[test]
fn passwords_in_urls_parameters_and_headers_are_found() {
    for (text, kind, secret) in [
        ("postgres://app:hunter2@db:5432/app", "url-password", "hunter2"),
        ("redis://:hunter2@cache", "url-password", "hunter2"),
        ("amqp://guest:guest@localhost", "url-password", "guest"),
        ("postgres://app:hun/ter2@db", "url-password", "hun/ter2"),
        ("postgres://app:hun@ter2@db", "url-password", "hun@ter2"),
        ("a=http://a:1,b=https://u:hunter2@b", "url-password", "hunter2"),
        ("app:hunter2@tcp(db:3306)/app", "url-password", "hunter2"),
        ("jdbc:mysql://db/app?user=app&password=hunter2", "parameter", "hunter2"),
        ("jdbc:sqlserver://db;user=app;Password=hunter2;encrypt=true", "parameter", "hunter2"),
        ("Server=db;Database=app;User Id=app;Pwd=hunter2;", "parameter", "hunter2"),
        ("host=db user=app password='hunter2'", "parameter", "hunter2"),
        ("https://example.com/?access_token=aZ81kq07Xw", "parameter", "aZ81kq07Xw"),
        ("-Xmx1g -Djavax.net.ssl.keyStorePassword=hunter2", "parameter", "hunter2"),
        ("--db-password=hunter2 --port=1", "parameter", "hunter2"),
        (r#"{"user": "app", "password": "hunter2"}"#, "parameter", "hunter2"),
        ("Bearer aZ81kq07Xw91mmQ", "authorization-header", "aZ81kq07Xw91mmQ"),
        ("Basic YXBwOmh1bnRlcjI=", "authorization-header", "YXBwOmh1bnRlcjI="),
    ] {
        let findings = found("setting", &json!(text));
        assert_eq!(findings.len(), 1, "{text}: {findings:?}");
        assert_eq!((findings[0].kind.as_str(), &text[findings[0].span.clone()]), (kind, secret), "{text}");
        assert!(!findings[0].sentence().contains(secret), "{text}");
    }
}

#[test]
fn literals_are_found_by_name_and_random_text_by_itself() {
    let random = random(ALNUM, 48);
    for (path, text, kind) in [
        ("database.password", "hunter2", "by-name"),
        ("smtpPasswd", "correct horse battery staple", "by-name"),
        ("jwt.secret", "topsecret", "by-name"),
        ("OAUTH_CLIENT_SECRET", "9f1c2d3e-1111-4222-8333-444455556666", "by-name"),
        ("api_key", "hunter2", "by-name"),
        ("auth.token", "aZ81kq07Xw", "by-name"),
        ("consul.token", "9f1c2d3e-1111-4222-8333-444455556666", "by-name"),
        ("nacos.core.auth.plugin.nacos.token.secret.key", "VGhpc0lzTXlDdXN0b21LZXk=", "by-name"),
        ("passwords.alice", "hunter2", "by-name"),
        ("db.pass", "nacos", "by-name"),
        ("pin.password", "4711", "by-name"),
        ("encryption_key", "/9aZ81kq07Xw91mmQpLk3bTy", "by-name"),
        ("setting", random.as_str(), "random-text"),
    ] {
        let findings = found(path, &json!(text));
        assert_eq!(findings.len(), 1, "{path} {text}: {findings:?}");
        assert_eq!(findings[0].kind, kind, "{path} {text}");
        assert!(kinds().contains(&kind));
    }
}

#[test]
fn a_token_is_found_wherever_it_stands_in_a_long_run() {
    let token = format!("ghp_{}", random(ALNUM, 36));
    for (before, after) in [("-".repeat(5000), String::new()), ("sk-".repeat(2000), " sk-".repeat(2000))] {
        let findings = found("server.note", &json!(format!("{before}{token}{after}")));
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].kind.as_str(), findings[0].span.start), ("github", before.len()));
    }
}
