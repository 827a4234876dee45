//! What the instance governs: `manifest show`, `check`, `diff`, `apply`, `schema`, `draft`.

use super::{column, json, json_exits, overrides, transcript, version};
use crate::harness::World;
use serde_json::{Value, json};

const SHOP: &str = "\
format: 1
instance: shop
settings:
  server.port: {type: integer, minimum: 1, maximum: 65535, default: 80, risk: low}
  server.name: {type: string, default: shop, risk: low}
rules:
  - {name: not-ftp, check: 'values[\"server.port\"] != 21', message: Port 21 is FTP's.}
";

/// Every error with its line and path.
#[test]
fn check_names_every_error_with_its_line() {
    let (world, alice) = World::solo();
    for (text, expected) in [
        (SHOP, vec![]),
        ("format: 2\ninstance: shop\nsettings: {}\n", vec![("1", "format")]),
        ("format: 1\nsettings: {}\n", vec![("1", "instance")]),
        (
            "format: 1\ninstance: x\nsettings:\n  a: {type: nothing}\n  b: {type: integer, maxmum: 3}\n",
            vec![("4", "settings.a.type"), ("5", "settings.b.maxmum")],
        ),
        (
            "format: 1\ninstance: x\nsettings:\n  a: {type: integer, minimum: 5, default: 1}\n",
            vec![("4", "settings.a.default")],
        ),
        (
            "format: 1\ninstance: x\nsettings:\n  a: {type: integer}\n  a.b: {type: integer}\n",
            vec![("5", "settings.a.b")],
        ),
        (
            "format: 1\ninstance: x\nsettings:\n  a: {type: integer}\nrules:\n  - {name: r, check: 'values[\"a\"] <'}\n",
            vec![("6", "rules[0]")],
        ),
        (
            "format: 1\ninstance: x\nsettings: {}\npolicy:\n  low: {approvals: [{role: king, count: 1}]}\n",
            vec![("5", "policy.low.approvals[0].role")],
        ),
        ("format: 1\ninstance: x\nsettings: {}\nsurprise: 1\n", vec![("4", "surprise")]),
    ] {
        world.file("m.yaml", text);
        let answer = json_exits(&alice, "manifest check m.yaml", i32::from(!expected.is_empty()));
        let problems = answer["problems"].clone();
        let found: Vec<(String, String)> =
            column(&problems, "line").into_iter().zip(column(&problems, "path")).collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(line, path)| ((*line).to_owned(), (*path).to_owned())).collect();
        assert_eq!(found, expected, "{text}\n{answer}");
    }
    world.file("broken.yaml", "format: 1\ninstance: [\n");
    alice.run("manifest check broken.yaml").exits(1);
    world.file("m.toml", "format = 1\n");
    alice.run("manifest check m.toml").refused(2, "TOML");
    alice.run("manifest check missing.yaml").refused(3, "missing.yaml");
    assert!(alice.run("manifest show").ok().contains("retry-bounds"));
    assert_eq!(alice.run_with_input("manifest check -", alice.run("manifest show").ok()).code, 0);
}

#[test]
fn a_manifest_is_compared_applied_and_governs_from_then_on() {
    let (world, alice) = World::solo();
    world.file("shop.yaml", SHOP);
    alice.run("set server.port 5050 --reason x").ok();
    let parts = column(&json_exits(&alice, "manifest diff shop.yaml", 1)["items"], "path");
    assert!(
        parts.contains(&"instance".to_owned()) && parts.contains(&"settings.log_level".to_owned()),
        "{parts:?}"
    );
    alice.run("manifest apply shop.yaml --reason x --dry-run").ok();
    assert_eq!(json(&alice, "status")["manifest"], 1);
    alice.run("manifest apply shop.yaml").refused(2, "reason");
    alice.run("manifest apply shop.yaml --reason 'Our own'").ok();
    assert_eq!(
        (alice.run("manifest show").ok(), alice.run("get server.name").ok()),
        (SHOP.to_owned(), "shop\n".to_owned())
    );
    assert!(alice.run("manifest show 1").ok().contains("starter"), "the former one stays");
    assert_eq!(alice.run("manifest diff shop.yaml").code, 0);
    assert_eq!(json(&alice, "manifest apply shop.yaml --reason again")["outcome"], "unchanged");
    alice.run("set server.port 21 --reason x").refused(6, "Port 21 is FTP's.");
    assert_eq!(overrides(&alice), json!({"server.port": 5050}));
    alice.run("get log_level").refused(3, "");
    alice.run("manifest show 9").refused(3, "9");
    // The manifest shown is the manifest given, byte for byte (P17).
    let shown = alice.run("manifest show").ok();
    assert_eq!(alice.run_with_input("manifest diff -", &shown).code, 0);
}

/// An override that the new manifest does not allow, or that breaks its rule, is told before it is in force.
#[test]
fn a_manifest_that_what_is_set_would_break_is_refused_or_warned_of() {
    let (world, alice) = World::solo();
    alice.run("set server.port 21 --reason x").ok();
    world.file("shop.yaml", SHOP);
    let before = version(&alice);
    let ran = alice.run("manifest apply shop.yaml --reason x");
    assert!(ran.err.contains("Port 21") || ran.err.contains("not-ftp"), "exit {}: {}", ran.code, ran.err);
    if ran.code == 6 {
        assert_eq!(version(&alice), before);
    }
}

#[test]
fn a_manifest_is_the_owners() {
    let team = World::team();
    team.world.file("shop.yaml", SHOP);
    team.dave.run("manifest apply shop.yaml --reason x").refused(4, "");
    team.grace.run("manifest show").ok();
    team.grace.run("manifest check shop.yaml").ok();
}

#[test]
fn the_schema_accepts_what_the_program_accepts() {
    let (_world, alice) = World::solo();
    let schema: Value = serde_json::from_str(&alice.run("manifest schema").ok()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for text in [SHOP.to_owned(), alice.run("manifest show").ok()] {
        let manifest: Value = serde_saphyr::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&manifest).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    assert!(
        !validator.is_valid(&json!({"format": 1, "instance": "x", "settings": {"a": {"type": "nothing"}}}))
    );
}

#[test]
fn a_draft_from_existing_files_is_a_manifest_that_holds_their_values_but_no_secret() {
    let (world, alice) = World::solo();
    world.file("app.yaml", "server: {port: 80, tls: {key_password: hunter2hunter2}}\nlist: [a, b]\n'odd key': {'a.b': 1.5}\nnothing:\n");
    world.file("local.toml", "[server]\nport = 8080\n");
    let draft = alice.run("manifest draft app.yaml local.toml --instance shop").ok();
    assert!(!draft.contains("hunter2"), "a secret stands in the draft:\n{draft}");
    assert_eq!(alice.run_with_input("manifest check -", &draft).code, 0, "{draft}");
    insta::assert_snapshot!(draft, @r#"
    # Drafted from app.yaml, local.toml. Check it before it governs anything:
    # - risk, restart, unit and range marked as guessed follow from names alone;
    # - a guessed secret has no default, and what was found is not repeated here: keep it where the service can read it,
    #   then set env:NAME or file:/PATH; a secret that was not guessed stands here in the clear, so remove it;
    # - 1 secret, to judge by the names, stands in the clear in the files and is not marked `secret: true` yet:
    #   look for "a secret, kept in the clear";
    # - a setting without a value was text as far as anybody can tell: correct its type;
    # - add what a name cannot say: description, owner, services, limits.
    format: 1
    instance: shop

    secrets:
      env: []
      folders: []
      # What stands in the clear may stay until it is moved; then its line goes too:
      allow:
        - {path: server.tls.key_password, kind: by-name, reason: It stands in app.yaml.}

    settings:
      "\"odd key\".\"a.b\"": {type: number, default: 1.5, risk: high}  # guessed: risk
      list: {type: array, items: {type: string}, default: [a, b], risk: medium}  # guessed: risk
      nothing: {type: string, risk: medium}  # guessed: risk; no value found
      server.port: {type: integer, minimum: 1, maximum: 65535, default: 8080, risk: high, restart: true}  # guessed: risk, range, restart
      server.tls.key_password: {type: string, risk: critical}  # guess: a secret, kept in the clear in app.yaml; move it to env:NAME or file:/PATH, then write secret: true
    "#);
    alice.run_with_input("manifest apply - --reason drafted", &draft).exits(0);
    assert_eq!(alice.run("get server.port").ok(), "8080\n");
    assert_eq!(alice.run("get '\"odd key\".\"a.b\"'").ok(), "1.5\n");
    alice.run("manifest draft missing.yaml").refused(3, "missing.yaml");
    alice.run("manifest draft app.yaml --instance t-app.yaml").refused(2, "t-app.yaml");
    let document = alice.run("manifest draft app.yaml -o json").exits(0).json();
    assert_eq!(document["settings"]["server.port"]["default"], 80);
    // What was drafted from goes in as it is: what stands in the clear there is allowed by name until it is moved (H8).
    for file in ["app.yaml", "local.toml"] {
        alice.run(&format!("apply -f {file} --reason adopt --rollback-plan 'the files are kept'")).exits(0);
    }
}

#[test]
fn what_a_person_sees_of_a_manifest() {
    let (world, alice) = World::solo();
    world.file("one.yaml", SHOP);
    alice.run("manifest apply one.yaml --reason x").ok();
    world.file(
        "two.yaml",
        SHOP.replace("default: 80", "default: 8080")
            .replace("  server.name: {type: string, default: shop, risk: low}\n", ""),
    );
    world.file("bad.yaml", "format: 1\ninstance: shop\nsettings:\n  a: {type: nothing}\n");
    let lines = [
        "manifest diff two.yaml",
        "manifest apply two.yaml --reason 'No name' --dry-run",
        "manifest apply two.yaml --reason 'No name'",
        "manifest check two.yaml",
        "manifest check bad.yaml",
        "manifest apply bad.yaml --reason x",
    ];
    insta::assert_snapshot!(transcript(&alice, &lines), @r#"
    $ cfgctl manifest diff two.yaml
    - settings.server.name  {"default":"shop","risk":"low","type":"string"}
    ~ settings.server.port  {"default":80,"maximum":65535,"minimum":1,"risk":"low","type":"integer"} → {"default":8080,"maximum":65535,"minimum":1,"risk":"low","type":"integer"}
    [exit 1]
    $ cfgctl manifest apply two.yaml --reason 'No name' --dry-run
    Manifest 3 would be in force
      - settings.server.name  {"default":"shop","risk":"low","type":"string"}
      ~ settings.server.port  {"default":80,"maximum":65535,"minimum":1,"risk":"low","type":"integer"} → {"default":8080,"maximum":65535,"minimum":1,"risk":"low","type":"integer"}
    ! warning: Nobody overrides server.name: it becomes nothing (it is shop).
    ! warning: Nobody overrides server.port: it becomes 8080 (it is 80).
    $ cfgctl manifest apply two.yaml --reason 'No name'
    Manifest 3 is in force
      - settings.server.name  {"default":"shop","risk":"low","type":"string"}
      ~ settings.server.port  {"default":80,"maximum":65535,"minimum":1,"risk":"low","type":"integer"} → {"default":8080,"maximum":65535,"minimum":1,"risk":"low","type":"integer"}
    Version  3, because effective values changed with defaults
    Audit    4:HASH
    ! warning: Nobody overrides server.name: it becomes nothing (it is shop).
    ! warning: Nobody overrides server.port: it becomes 8080 (it is 80).
    $ cfgctl manifest check two.yaml
    Valid: 1 setting, 1 rule
    $ cfgctl manifest check bad.yaml
    Not valid: 1 problem
    line 4: settings.a.type: type must be string, integer, number, boolean, array or object, not "nothing".
    [exit 1]
    $ cfgctl manifest apply bad.yaml --reason x
    ! error: The manifest does not hold together:
    !   line 4, settings.a.type: type must be string, integer, number, boolean, array or object, not "nothing".
    ! hint: Every error with its line: cfgctl manifest check FILE
    [exit 6]
    "#);
}

/// Before there is a store, nothing moves away from a starter manifest that nobody uses.
#[test]
fn a_manifest_is_checked_by_itself_where_there_is_no_store() {
    let world = World::new();
    let alice = world.user("alice", 1000);
    world.file(
        "m.yaml",
        "format: 1\ninstance: shop\nsettings:\n  port: {type: integer, default: 80, risk: low}\n",
    );
    let ran = alice.run("init --manifest m.yaml --dry-run");
    assert!(!ran.exits(0).err.contains("Nobody overrides"), "{}", ran.err);
}

/// Names are for people where no service is defined; where one is, a name that nobody has is perhaps a slip.
#[test]
fn check_warns_of_services_that_settings_name_and_nobody_defined() {
    let (world, alice) = World::solo();
    let settings = "format: 1\ninstance: shop\nsettings:\n  port: {type: integer, services: [wbe, jobs]}\n";
    world.file("m.yaml", settings);
    assert!(!alice.run("manifest check m.yaml").exits(0).err.contains("names the service"));
    world.file("m.yaml", format!("{settings}services: {{web: {{uses: [port]}}}}\n"));
    let ran = alice.run("manifest check m.yaml");
    let warned: Vec<&str> =
        ran.exits(0).err.lines().filter(|line| line.contains("names the service")).collect();
    assert_eq!(
        warned,
        [
            "warning: port names the service jobs, and services has none of that name.",
            "warning: port names the service wbe, and services has none of that name; did you mean web?",
        ]
    );
}

/// A relative source lies beside the store, where a service may write by the whole name.
#[test]
fn check_warns_of_a_service_that_would_write_a_source() {
    let (world, alice) = World::solo();
    let file = world.store().with_file_name("app.yaml");
    world.file(
        "m.yaml",
        format!(
            "format: 1\ninstance: shop\nsources: [{{name: file, file: ./app.yaml, priority: 1, optional: true}}]\n\
             services: {{web: {{uses: [a], deliver: {{file: \"{}\"}}}}}}\n",
            file.display()
        ),
    );
    let ran = alice.run("manifest check m.yaml");
    assert!(ran.exits(0).err.contains("app.yaml is what the source file is read from"), "{}", ran.err);
}

/// A mistake in a service has its line, also where it is an instance's variable.
#[test]
fn check_names_what_is_wrong_with_a_service() {
    let (world, alice) = World::solo();
    world.file(
        "m.yaml",
        "format: 1\ninstance: shop\nsources: [{name: file, file: /etc/shop/app.yaml, priority: 1}]\nservices:\n  web:\n    \
         uses: [\"server.*\"]\n    deliver: {file: /etc/shop/app.yaml}\n    reload: {http: \"http://10.0.0.1/reload\"}\n    \
         health:\n      - {tcp: \"127.0.0.1:80\"}\n      - {http: \"http://127.0.0.1:${port}/\"}\n",
    );
    let ran = alice.run("manifest check m.yaml");
    insta::assert_snapshot!(ran.exits(1).out, @"
    Not valid: 3 problems
    line 7: services.web.deliver.file: /etc/shop/app.yaml is what the source file is read from: a file is read or written, never both.
    line 8: services.web.reload.http: http://10.0.0.1/reload is plain HTTP to another machine: write plain: true where that is meant.
    line 11: services.web.health[1].http: There is no variable port here; there is instance.
    ");
}
