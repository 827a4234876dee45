//! Ordinary values, none of which may be taken for a credential.

use super::*;
use crate::domain::manifest::{Manifest, STARTER};
use serde_json::json;

#[rustfmt::skip]
const ORDINARY: &[(&str, &str)] = &[
    // Identifiers, hashes, versions.
    ("id", "9f1c2d3e-1111-4222-8333-444455556666"),
    ("request_id", "01JD7Y3N5Q8R2S4T6V8W0X1Y2Z"),
    ("commit", "3a641c1f0b33672376cbae1eabe241d5a7c9e0f2"),
    ("checksum", "9e107d9d372bb6826bd81d3542a419d6"),
    ("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("config_hash", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("setting", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("setting", "9e107d9d372bb6826bd81d3542a419d6"),
    ("image", "registry.example.com/shop/web@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("image", "nginx:1.27.3-alpine"),
    ("script.integrity", "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"),
    ("password_hash", "$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"),
    ("password", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b6fdQ"),
    ("admin.password", "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="),
    // Placeholders and examples.
    ("password", "changeme"),
    ("password", "change-me-please"),
    ("password", "xxx"),
    ("password", "********"),
    ("password", "<password>"),
    ("password", "${DB_PASSWORD}"),
    ("password", "$DB_PASSWORD"),
    ("password", "%DB_PASSWORD%"),
    ("password", "{{ vault_password }}"),
    ("password", "#{db_password}"),
    ("password", "$(cat /run/secrets/db)"),
    ("password", "your-password-here"),
    ("password", "password"),
    ("password", "(secret)"),
    ("password", ""),
    ("api_key", "YOUR_API_KEY"),
    ("api_key", "example-key-1234"),
    ("token", "your-token-here"),
    ("token", "my-token"),
    ("secret", "mysecret"),
    ("database.url", "postgres://app:${DB_PASSWORD}@db/app"),
    ("database.url", "postgres://user:password@localhost/app"),
    ("database.url", "jdbc:mysql://db/app?user=app&password=${DB_PASSWORD}"),
    ("authorization", "Bearer ${TOKEN}"),
    // References, sealed and encrypted values.
    ("password", "env:DB_PASSWORD"),
    ("password", "file:/run/secrets/database"),
    ("password", "command:database-password"),
    ("password", "vault:secret/data/shop#password"),
    ("password", "aws:shop/database#password"),
    ("password", "sealed:1:2ca7cc16:vF-b6vTZ2UiSAwaOzPwSqW72IgUXQHNn-x1Q0Nrs4lB5sMX00Ggp17MG2AGqY3NdgQ"),
    ("password", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-a1b2c3"),
    ("password", "ENC[AES256_GCM,data:p673w==,iv:YY=,aad:UQ=,tag:A=]"),
    ("password", "op://shop/database/password"),
    ("password", "vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9g=="),
    // Names beside a secret, and what describes one.
    ("password_file", "/run/secrets/database"),
    ("password.path", "secrets/db.txt"),
    ("tls.key", "/etc/tls/server.key"),
    ("tls.private_key", "certs/server.pem"),
    ("private_key", "C:\\certs\\server.key"),
    ("token_ttl", "300s"),
    ("token", "24h"),
    ("token_url", "https://login.example.com/oauth/token"),
    ("password_min_length", "12"),
    ("password_policy", "at least 12 characters"),
    ("password_hint", "Ask the database team for it."),
    ("password", "Ask the database team for it."),
    ("secret_name", "shop-database"),
    ("secretKeyRef.key", "database-password"),
    ("imagePullSecrets", "regcred"),
    ("existingSecret", "shop-postgresql"),
    ("secrets.database", "shop-postgresql"),
    ("initial-cluster-token", "etcd-cluster"),
    ("token", "bearer"),
    ("auth.token_type", "JWT"),
    ("credentials", "include"),
    ("credentials.username", "alice"),
    ("access_key_id", "shop-reader"),
    ("session.key", "user_id"),
    ("proxy_pass", "http://backend:8080"),
    ("max_tokens", "4096"),
    ("auth_header", "X-Auth-Token"),
    // Public keys, certificates, pictures.
    ("ssh.authorized", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9h1sF2Qm0v7k3X8bq1RzLw5YpT6uEoNcVdGaHjKfMx alice@example.com"),
    ("public_key", "dGhpcyBpcyBhIHB1YmxpYyBrZXkgb2YgV2lyZUd1YXJkIQ=="),
    ("ca", "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n-----END CERTIFICATE-----"),
    ("jwt.key", "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----"),
    ("about", "The file begins with -----BEGIN PRIVATE KEY-----"),
    ("logo", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
    ("picture", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"),
    // Ordinary text of every sort.
    ("server.url", "https://example.com:8443/path?key=value&page=2"),
    ("cluster", "infra0=http://10.0.1.10:2380,infra1=http://10.0.1.11:2380"),
    ("peers", "git@example.com"),
    ("image", "registry:5000/app@sha256"),
    ("format", "%h %l %u %t \"%r\" %s %b %D %{User-Agent}i"),
    ("cipher", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    ("class", "com.example.shop.security.TokenAuthenticationFilterFactoryBean"),
    ("pattern", "^[A-Za-z0-9+/=_-]{40,128}$"),
    ("path", "/usr/lib/x86_64-linux-gnu/security/pam_unix2_v3.so"),
    ("query", "token = ? AND active"),
    ("time", "2026-11-21T09:00:00.000Z"),
    ("about", "Set password: at the prompt, token=name is optional"),
    ("labels", "app.kubernetes.io/name=shop,app.kubernetes.io/part-of=platform-production-v2"),
    ("selector", "shop-web-7d9f8b6c5d-x2k4j"),
    ("arn", "arn:aws:iam::123456789012:role/shop-production-reader"),
    ("words", "sk-learn task-proj-alpha hf_transfer npm_config_registry s.internal ghp_short"),
];

#[test]
fn ordinary_configuration_gives_no_finding() {
    assert!(ORDINARY.len() >= 60);
    for (path, text) in ORDINARY {
        let findings = found(path, &json!(text));
        assert!(findings.is_empty(), "{path} {text}: {findings:?}");
    }
    for (path, value) in [
        ("password", json!(true)),
        ("password", json!(4711)),
        ("token", json!({"enabled": true, "ttl": 300, "name": "shop"})),
        ("passwords", json!([])),
        ("secretKeyRef", json!({"name": "shop", "key": "password"})),
    ] {
        assert!(found(path, &value).is_empty(), "{path} {value}");
    }
}

#[test]
fn the_examples_of_providers_documentation_are_none() {
    for (path, text) in [
        ("aws.access_key", format!("AKIA{}", "IOSFODNN7EXAMPLE")),
        ("aws.secret_access_key", format!("wJalrXUtnFEMI/K7MDENG/{}", "bPxRfiCYEXAMPLEKEY")),
        ("github.token", format!("ghp_{}", "x".repeat(36))),
        ("github.token", format!("ghp_{}", "1234567890abcdefghijklmnopqrstuvwxyz")),
        ("slack.token", format!("xoxb-{}", "your-token-goes-here-please")),
        ("stripe.key", format!("sk_test_{}", "0".repeat(24))),
    ] {
        assert!(found(path, &json!(text)).is_empty(), "{path} {text}");
    }
}

#[test]
fn the_starter_manifest_holds_no_credential() {
    for (path, setting) in Manifest::read(STARTER).unwrap().settings {
        let findings: Vec<Finding> =
            setting.default.iter().flat_map(|default| find(&path, default)).collect();
        assert_eq!(findings, []);
    }
}
