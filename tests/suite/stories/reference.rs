//! A secret's reference is followed to where the secret is kept, when somebody asks for it by name (requirement H8).

use crate::harness::{User, World};
use crate::sources::server::{Asked, Server, answer};
use crate::sources::tls::Authority;

const CANARY: &str = "canary-Zx81-kept";

/// A store with one secret, and what its references may name.
fn shop(secrets: &str) -> (World, User) {
    let (world, alice) = World::solo();
    let settings =
        "format: 1\ninstance: shop\nsettings: {mail.password: {type: string, secret: true, risk: low}}\n";
    let policy = "policy: {low: {approvals: []}, medium: {approvals: []}, high: {approvals: []}, critical: {approvals: []}}\n";
    world.file("next.yaml", format!("{settings}{policy}secrets: {{env: [], folders: [], {secrets}}}\n"));
    alice.run("manifest apply next.yaml --yes --reason secrets").ok();
    (world, alice)
}

/// Set, shown as what it is, and revealed alone on standard output, on record and nowhere else.
#[track_caller]
fn is_revealed(alice: &User, reference: &str) {
    alice.run(&format!("set mail.password {reference} --reason x")).ok();
    assert_eq!(alice.run("get mail.password").ok(), format!("{reference}\n"));
    let ran = alice.run("get mail.password --reveal");
    assert_eq!((ran.ok(), ran.err.contains(CANARY)), (format!("{CANARY}\n"), false));
    let audit = alice.run("audit export").ok();
    assert!(audit.contains("secret.reveal") && !audit.contains(CANARY), "{audit}");
}

#[test]
fn what_a_command_of_the_manifest_prints_is_the_secret() {
    let (world, alice) = shop("commands: {pass: [/bin/cat, WORLD/kept], gone: [/bin/cat, /no/such/file]}");
    let text = std::fs::read_to_string(world.folder().join("next.yaml")).unwrap();
    world.file("next.yaml", text.replace("WORLD", &world.folder().display().to_string()));
    alice.run("manifest apply next.yaml --yes --reason 'where it is'").ok();
    world.file("kept", format!("{CANARY}\n"));
    is_revealed(&alice, "command:pass");
    alice.run("set mail.password command:rm --reason x").refused(6, "secrets.commands allows gone, pass");
    alice.run("set mail.password command:gone --reason x").ok();
    let ran = alice.run("get mail.password --reveal");
    assert!(
        ran.code == 7 && ran.out.is_empty() && ran.err.contains("mail.password: "),
        "{} {}",
        ran.code,
        ran.err
    );
}

#[test]
fn a_field_of_a_vault_s_secret_is_asked_for_with_its_token() {
    let vault = Server::new(|asked, stream| {
        let is_known = asked.header("x-vault-token") == Some("canary-token");
        let (status, body) = match asked.line.split(' ').nth(1) {
            Some("/v1/kv/data/shop") if is_known => {
                (200, format!(r#"{{"data":{{"data":{{"mail":"{CANARY}"}},"metadata":{{"version":2}}}}}}"#))
            }
            _ if is_known => (404, r#"{"errors":[]}"#.to_owned()),
            _ => (403, r#"{"errors":["no"]}"#.to_owned()),
        };
        answer(stream, status, "content-type: application/json\r\n", &body);
    });
    let (_world, alice) = shop(&format!("vault: {{address: '{}', paths: [kv/data/shop]}}", vault.url("")));
    alice.run("set mail.password vault:kv/data/shop#mail --reason x").ok();
    let ran = alice.run("get mail.password --reveal");
    assert!(
        ran.code != 0 && ran.out.is_empty() && ran.err.contains("VAULT_TOKEN"),
        "{} {}",
        ran.code,
        ran.err
    );
    let alice = alice.with("VAULT_TOKEN", "canary-token");
    alice.run("set mail.password vault:kv/data/shop#other --reason x").ok();
    alice.run("get mail.password --reveal").refused(3, "has no key \"other\"");
    is_revealed(&alice, "vault:kv/data/shop#mail");
    alice.run("set mail.password vault:kv/data/other#mail --reason x").refused(6, "allows kv/data/shop");
}

#[test]
fn a_member_of_an_aws_secret_is_asked_for_with_a_signature() {
    let authority = Authority::new("aws-story");
    let service = Server::with_tls(authority.certified(&["127.0.0.1"], 2100), |asked: &Asked, stream| {
        let is_signed =
            asked.header("authorization").is_some_and(|text| text.starts_with("AWS4-HMAC-SHA256 "));
        let (status, body) = match asked.body.as_str() {
            r#"{"SecretId":"shop/mail"}"# if is_signed => {
                (200, format!(r#"{{"Name":"shop/mail","SecretString":"{{\"password\":\"{CANARY}\"}}"}}"#))
            }
            _ => (400, r#"{"__type":"ResourceNotFoundException"}"#.to_owned()),
        };
        answer(stream, status, "", &body);
    });
    let (_world, alice) = shop("aws: {region: eu-central-1, names: ['shop/*']}");
    let alice = alice
        .with("SSL_CERT_FILE", &authority.file.display().to_string())
        .with("AWS_ENDPOINT_URL", &service.url("/"))
        .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "canary-key");
    is_revealed(&alice, "aws:shop/mail#password");
    alice.run("set mail.password aws:shop/none --reason x").ok();
    alice.run("get mail.password --reveal").refused(3, "no secret \"shop/none\"");
    alice.run("set mail.password aws:other/mail --reason x").refused(6, "secrets.aws.names allows shop/*");
    assert!(!format!("{:?}", service.asked()).contains("canary-key"));
}
