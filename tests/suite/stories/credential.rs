//! A credential in the clear is not taken, whichever way it comes, unless its setting is a secret or the manifest allows
//! it by name (requirement H8).

use super::{json, json_exits, overrides};
use crate::harness::{Ran, Team, User, World};
use serde_json::json;

const MANIFEST: &str = "\
format: 1
instance: shop
settings:
  server.url: {type: string, risk: low}
  server.port: {type: integer, risk: low}
  mail.hooks: {type: object, risk: low}
  mail.password: {type: string, secret: true, risk: low}
policy:
  unregistered: low
  low: {approvals: []}
  medium: {approvals: [{role: admin, count: 1}], own: true}
  high: {approvals: [{role: admin, count: 1}], own: true}
  critical: {approvals: [{role: admin, count: 1}], own: true}
";

/// A token as GitHub gives them out, put together here so that no scan takes this file for one that leaks.
fn token() -> String {
    ["ghp", "_q7Rk2VwZ9sLx4TnB8cYd3FhJ6mPa1GuE5iKo"].concat()
}

/// The manifest with these findings allowed.
fn allowing(allow: &str) -> String {
    format!("{MANIFEST}secrets: {{env: [CFGCTL_*], folders: [], allow: [{allow}]}}\n")
}

#[track_caller]
fn govern(alice: &User, manifest: &str) {
    alice.world.file("next.yaml", manifest);
    alice.run("manifest apply next.yaml --yes --reason 'as it should be'").ok();
}

fn shop() -> (World, User) {
    let (world, alice) = World::solo();
    govern(&alice, MANIFEST);
    (world, alice)
}

/// The store of somebody who once allowed the token, set it, and allows it no more.
fn allowed_once() -> (World, User) {
    let (world, alice) = shop();
    govern(&alice, &allowing("{path: app.note, kind: github, reason: a demonstration}"));
    alice.run(&format!("set app.note {} --reason 'it is allowed'", token())).ok();
    govern(&alice, MANIFEST);
    (world, alice)
}

#[track_caller]
fn says_nothing<'a>(ran: &'a Ran, canary: &str) -> &'a Ran {
    assert!(!ran.out.contains(canary) && !ran.err.contains(canary), "{}\n{}{}", ran.line, ran.out, ran.err);
    ran
}

/// H8: `set`, a batch, the editor, a request and an emergency refuse it alike, tried or not, and nothing is changed.
#[test]
fn a_credential_in_the_clear_is_refused_whichever_way_it_comes() {
    let (world, alice) = shop();
    let token = token();
    world.file("batch.yaml", format!("app: {{note: {token}, port: 1}}\n"));
    world.file("inside.yaml", format!("app: {{list: [1, {{by: '{token}'}}]}}\n"));
    alice.run("set app.note=later app.list=[] --reason first").ok();
    alice.run("cr create app.note=soon --reason 'to be edited'").exits(8);
    let (before, number) = (overrides(&alice), 4);
    let folder = world.folder().display().to_string();
    let editor = alice.with("EDITOR", &format!("sed -i s/later/{token}/")).with("TMPDIR", &folder);
    for line in [
        format!("set app.note {token} --reason x"),
        format!("set app.note {token} --type string --reason x"),
        format!("set mail.hooks '{{\"ops\": \"{token}\"}}' --reason x"),
        "apply -f batch.yaml --reason x".to_owned(),
        "apply -f inside.yaml --reason x".to_owned(),
        "edit app --reason x".to_owned(),
        format!("cr create app.note={token} --reason x"),
        format!("cr edit {number} app.note={token}"),
        format!("emergency set app.note {token} --reason x --justification y --approver alice --answer shop"),
        "emergency apply -f batch.yaml --reason x --justification y --approver alice --answer shop"
            .to_owned(),
    ] {
        for more in ["", " --dry-run", " -o json"] {
            let ran = editor.run(&format!("{line}{more}"));
            let words =
                "looks like it holds a credential of GitHub (github, 40 bytes): no credential is kept";
            says_nothing(ran.refused(6, words), &token);
            assert!(ran.err.contains("kind: github, reason:"), "{}", ran.err);
        }
        let error = serde_json::from_str::<serde_json::Value>(&editor.run(&format!("{line} -o json")).err);
        let error = error.ok().map(|error| error["error"]["code"].clone());
        assert!(error.is_none_or(|code| code == "refused"), "{line}");
    }
    assert_eq!(overrides(&alice), before);
    says_nothing(&alice.run("audit export"), &token);
}

/// H8: what only looks tells it as what is wrong, by path and kind.
#[test]
fn validate_and_assess_tell_of_a_credential_and_do_not_repeat_it() {
    let (world, alice) = shop();
    let token = token();
    world.file(
        "batch.yaml",
        format!("app: {{note: {token}}}\nserver: {{url: 'postgres://app:h5nter2x@db/app'}}\n"),
    );
    let answer = json_exits(&alice, "validate -f batch.yaml", 1);
    let kinds: Vec<_> =
        answer["issues"].as_array().unwrap().iter().map(|issue| &issue["credential"]).collect();
    assert_eq!(kinds, ["github", "url-password"]);
    for (line, code) in [
        ("validate -f batch.yaml".to_owned(), 1),
        ("assess -f batch.yaml".to_owned(), 0),
        (format!("validate app.note {token}"), 1),
        (format!("assess app.note {token}"), 0),
    ] {
        for format in ["table", "json", "yaml"] {
            let ran = alice.run(&format!("{line} -o {format}"));
            let said = says_nothing(ran.exits(code), &token).out.as_str();
            assert!(said.contains("no credential is kept in the clear"), "{said}");
            assert!(!said.contains("h5nter2x"), "{said}");
        }
    }
}

/// H8: the line that the hint names is the line that allows it, and it allows nothing else.
#[test]
fn a_finding_is_allowed_by_name_with_the_line_that_the_hint_says() {
    let (_world, alice) = shop();
    let ran = alice.run(&format!("set app.note {} --reason x", token()));
    let line = ran.err.split_once("secrets.allow: - ").unwrap().1.lines().next().unwrap();
    govern(&alice, &allowing(&line.replace('…', "shown on purpose")));
    alice.run(&format!("set app.note {} --reason x", token())).ok();
    alice.run(&format!("set app.other {} --reason x", token())).refused(6, "app.other looks like");
    alice.run("set app.note postgres://app:h5nter2x@db/app --reason x").refused(6, "(url-password, 8 bytes)");
    let scan = json(&alice, "secret scan");
    assert_eq!((&scan["allowed"], &scan["items"]), (&json!(1), &json!([])));
}

/// H8: a default is nobody's change, and the manifest's author is told.
#[test]
fn a_manifest_whose_default_opens_something_is_warned_of() {
    let (world, alice) = shop();
    let default = format!("  app.note: {{type: string, default: {}, risk: low}}\npolicy:\n", token());
    world.file("next.yaml", MANIFEST.replace("policy:\n", &default));
    let ran = alice.run("manifest apply next.yaml --reason x --dry-run");
    let told = "As a default, app.note looks like it holds a credential of GitHub (github, 40 bytes).";
    assert!(ran.exits(0).err.contains(told), "{}", ran.err);
}

/// H8: a secret takes a reference, or the value sealed; neither is refused here, and nothing else stands in its place.
#[test]
fn a_secret_is_exempt_because_it_never_stands_in_the_clear() {
    let (_world, alice) = shop();
    alice.run("set mail.password env:CFGCTL_MAIL --reason x").refused(6, "may not name the variable");
    govern(&alice, &allowing(""));
    alice.run("set mail.password env:CFGCTL_MAIL --reason x").ok();
    alice.run("secret keygen").ok();
    let ran = alice.run_with_input("set mail.password --stdin --reason x", token());
    says_nothing(ran.exits(0), &token());
    assert!(alice.run("get mail.password").ok().starts_with("(secret "));
    // Its neighbours are looked at.
    alice.run("set mail.token Zx81kQ02hhQ --reason x").refused(6, "is named like a secret");
}

/// H8: ordinary values, under names near those of secrets too, cost nobody a question.
#[test]
fn ordinary_values_raise_no_alarm() {
    let (_world, alice) = shop();
    for value in [
        "server.url=https://example.com:8443/a/b?page=2&token_type=jwt",
        "auth.token_ttl=3600",
        "auth.password_file=/run/secrets/db",
        "auth.password_min_length=12",
        "db.password=${DB_PASSWORD}",
        "db.password=env:DB_PASSWORD",
        "build.commit=3f786850e387550fdab836ed7e6dc881de23001b",
        "image=registry.example.com/team/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "request.id=550e8400-e29b-41d4-a716-446655440000",
        "proxy.api_key=example-key",
        "note=changeme",
    ] {
        alice.run_words(&["set", value, "--reason", "x"]).ok();
    }
    alice.run("secret scan").exits(0);
}

/// H8: whoever has to go back at night can: what stood here returns, said aloud. Only new values are refused.
#[test]
fn what_was_in_force_here_may_return_and_is_said() {
    let (world, alice) = allowed_once();
    let (token, version) = (token(), super::version(&alice).0);
    let backup = alice.run("backup create --name then -o name").ok().trim().to_owned();
    std::fs::copy(world.folder().join("store/backups").join(&backup), world.folder().join("copy.json"))
        .unwrap();
    for line in [
        format!("rollback --version {version} --reason back"),
        "undo CHANGE --reason back".to_owned(),
        format!("restore {backup} --path app.note --reason back"),
        "restore ./copy.json --path app.note --reason back".to_owned(),
        format!(
            "emergency rollback app.note --backup {backup} --reason x --justification y --approver alice --answer shop"
        ),
    ] {
        let changed = json(&alice, "set app.note safe --reason 'taken out'");
        let line = line.replace("CHANGE", &changed["change"]["number"].to_string());
        let ran = alice.run(&format!("{line} --dry-run"));
        assert!(ran.exits(0).err.contains("It stood here before, and returns."), "{line}: {}", ran.err);
        let ran = alice.run(&line);
        assert!(
            ran.exits(0).err.contains("app.note looks like it holds a credential of GitHub"),
            "{}",
            ran.err
        );
        assert_eq!(json(&alice, "get app.note")["items"][0]["value"], token);
    }
    // Leaving it as it stands is no change, and asks nothing.
    alice.run(&format!("set app.note {token} --reason x")).ok();
    alice.run("set app.note safe --reason x").ok();
    says_nothing(alice.run(&format!("set app.note {token} --reason x")).refused(6, "github"), &token);
    let within = json(&alice, "set app.note safer --reason x --confirm-within 5m");
    alice.run(&format!("confirm --cancel {}", within["change"]["number"])).ok();
}

/// H8: a backup of another store is values from a file like any.
#[test]
fn the_values_of_a_foreign_backup_are_refused_and_left_out_unseen() {
    let (world, alice) = allowed_once();
    let token = token();
    alice.run("set app.port 1 --reason x").ok();
    let backup = alice.run("backup create --name then -o name").ok().trim().to_owned();
    let (other, bob) = shop();
    std::fs::copy(world.folder().join("store/backups").join(backup), other.folder().join("theirs.json"))
        .unwrap();
    let restore = "restore ./theirs.json --foreign --answer shop --reason x";
    says_nothing(bob.run(restore).refused(6, "app.note looks like"), &token);
    let answer = bob.run(&format!("{restore} --skip-invalid -o json"));
    says_nothing(answer.exits(1), &token);
    assert_eq!(overrides(&bob), json!({"app.port": 1}));
    let failed = &answer.json()["results"][0];
    assert_eq!((&failed["path"], &failed["value"]), (&json!("app.note"), &json!("(secret)")));
}

/// H8: a stricter policy in force holds what an older one let through.
#[test]
fn a_request_from_before_is_held_once_its_value_is_refused() {
    let Team { alice, erin, frank, .. } = World::team();
    let manifest = |allow: &str| allowing(allow).replace("unregistered: low", "unregistered: medium");
    govern(&alice, &manifest("{path: app.note, reason: a demonstration}"));
    let set = format!("set app.note {} --reason x -o name", token());
    let id = frank.run(&set).exits(8).out.trim().to_owned();
    govern(&alice, &manifest(""));
    assert_eq!(json(&erin, &format!("cr show {id}"))["validity"], "invalid");
    erin.run(&format!("cr approve {id} --execute")).refused(6, "no credential is kept in the clear");
    erin.run(&format!("cr approve {id}")).ok();
    frank.run(&format!("cr execute {id}")).refused(6, "no credential is kept in the clear");
    frank.run(&format!("cr refresh {id}")).refused(6, "no credential is kept in the clear");
    govern(&alice, &manifest("{path: 'app.*', reason: a demonstration}"));
    frank.run(&format!("cr execute {id}")).ok();
}

/// H8, H3: a source that holds one is refused whole, by file and line; what it said before stays.
#[test]
fn a_reload_of_a_credential_is_refused_whole_with_its_file_and_line() {
    let (world, alice) = shop();
    let sources = "sources: [{name: files, file: app.yaml, priority: 10, max_risk: critical}]\n";
    govern(&alice, &format!("{MANIFEST}{sources}"));
    world.file("store/app.yaml", "app:\n  port: 1\n");
    alice.run("reload").ok();
    let token = token();
    world.file("store/app.yaml", format!("app:\n  port: 2\n  note: {token}\n"));
    let told = "app.yaml:3: app.note looks like it holds a credential of GitHub (github, 40 bytes)";
    says_nothing(alice.run("reload").refused(6, told), &token);
    says_nothing(alice.run("reload --dry-run").refused(6, told), &token);
    let checked = alice.run("source check");
    assert!(says_nothing(checked.exits(1), &token).out.contains(told), "{}", checked.out);
    assert_eq!(json(&alice, "get app.port")["items"][0]["value"], 1);
    assert_eq!(json(&alice, "reload --list --limit 1")["items"][0]["status"], "failed");
    // An override above it does not hide it: what is hidden today is in force tomorrow.
    alice.run("set app.note mine --reason x").ok();
    alice.run("reload").refused(6, told);
    let allow = "secrets: {env: [], folders: [], allow: [{path: app.note, kind: github, reason: shown}]}\n";
    govern(&alice, &format!("{MANIFEST}{sources}{allow}"));
    alice.run("reload").ok();
    // What stands there since is no reason to refuse something else, wherever it has moved to.
    govern(&alice, &format!("{MANIFEST}{sources}"));
    world.file("store/app.yaml", format!("app:\n  # a line more\n  port: 3\n  note: {token}\n"));
    alice.run("reload").ok();
    world.file("store/app.yaml", "app:\n  port: 4\n");
    let generation = json(&alice, "reload")["generation"].as_i64().unwrap();
    let ran = alice.run(&format!("reload --to {} --reason back", generation - 1));
    assert!(ran.exits(0).err.contains("app.yaml:4: app.note looks like"), "{}", ran.err);
    world.file("store/app.yaml", format!("app:\n  port: 4\n  note: {token}x\nmail:\n  password: {token}\n"));
    let ran = alice.run("reload");
    says_nothing(ran.refused(6, "app.note"), &token);
}

/// H8: what a reload asked for before is held like any request.
#[test]
fn a_request_about_the_base_is_held_once_its_value_is_refused() {
    let Team { world, alice, bob, erin, frank, .. } = World::team();
    let manifest = |allow: &str| {
        let sources = "sources: [{name: files, file: app.yaml, priority: 10, max_risk: low}]\n";
        format!("{}{sources}", allowing(allow).replace("unregistered: low", "unregistered: medium"))
    };
    govern(&alice, &manifest("{path: app.note, reason: a demonstration}"));
    world.file("store/app.yaml", format!("app:\n  note: {}\n", token()));
    let held = frank.run("reload -o json");
    let id = held.exits(8).json()["change"].to_string();
    erin.run(&format!("cr approve {id}")).ok();
    govern(&alice, &manifest(""));
    let told = "app.yaml:2: app.note looks like it holds a credential";
    bob.run(&format!("cr execute {id}")).refused(6, told);
    govern(&alice, &manifest("{path: app.note, reason: a demonstration}"));
    bob.run(&format!("cr execute {id}")).ok();
}
