//! Documents as changes: `apply` and `edit`.

use super::{column, json, overrides, version};
use crate::harness::{User, World};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

const YAML: &str = "server: {port: 5050, name: web-2}\nlog_level: debug\nauth.backends: [ldap, local]\n";
const JSON: &str = r#"{"server.port": 5050, "server": {"name": "web-2"}, "log_level": "debug", "auth": {"backends": ["ldap", "local"]}}"#;
const TOML: &str =
    "log_level = 'debug'\nauth.backends = ['ldap', 'local']\n[server]\nport = 5050\nname = 'web-2'\n";

#[test]
fn yaml_json_and_toml_from_files_and_pipes_make_the_same_batch() {
    let mut hashes = Vec::new();
    for (name, text) in [("a.yaml", YAML), ("a.json", JSON), ("a.toml", TOML)] {
        let (world, alice) = World::solo();
        let file = world.file(name, text).display().to_string();
        let answer = json(&alice, &format!("apply -f {file} --reason batch"));
        assert_eq!(
            column(&answer["change"]["items"], "path"),
            ["auth.backends", "log_level", "server.name", "server.port"]
        );
        hashes.push(version(&alice));
        let (_world, alice) = World::solo();
        alice.run_with_input("apply -f - --reason batch", text).exits(0);
        hashes.push(version(&alice));
    }
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "{hashes:?}");
}

#[test]
fn a_document_is_applied_whole_or_not_at_all() {
    let (_world, alice) = World::solo();
    let ran = alice.run_with_input("apply -f - --reason x", "log_level: debug\nserver: {port: 0}\n");
    ran.refused(6, "server.port");
    for (text, words) in [("", "empty"), ("- 1\n", ""), ("a: [", "line"), ("a: 1\na: 2\n", "a")] {
        let ran = alice.run_with_input("apply -f - --reason x", text);
        assert!(matches!(ran.code, 2 | 6) && ran.out.is_empty(), "{text:?}: {} {}", ran.code, ran.out);
        assert!(ran.err.contains(words), "{text:?}: {}", ran.err);
    }
    alice.run("apply -f missing.yaml --reason x").refused(3, "missing.yaml");
    assert_eq!(overrides(&alice), json!({}));
}

#[test]
fn null_unsets_and_exact_also_unsets_what_the_document_leaves_out() {
    let (_world, alice) = World::solo();
    alice.run("set server.port=5050 server.name=web-2 log_level=debug --reason x").ok();
    alice.run_with_input("apply -f - --reason x", "log_level: null\n").exits(0);
    assert_eq!(overrides(&alice), json!({"server.name": "web-2", "server.port": 5050}));
    alice.run("set log_level debug --reason x").ok();
    alice.run_with_input("apply -f - --exact server --reason x", "server: {port: 7070}\n").exits(0);
    assert_eq!(overrides(&alice), json!({"log_level": "debug", "server.port": 7070}));
    // A pipe that gave nothing is not an order to unset everything; `{}` is.
    for nothing in ["", "# nothing\n"] {
        alice.run_with_input("apply -f - --exact server --reason x", nothing).refused(6, "empty");
    }
    assert_eq!(overrides(&alice), json!({"log_level": "debug", "server.port": 7070}));
    alice.run_with_input("apply -f - --exact server --reason x", "{}").exits(0);
    assert_eq!(overrides(&alice), json!({"log_level": "debug"}));
    let outside = alice
        .run_with_input("apply -f - --exact server --reason x", "server: {port: 7070}\nlog_level: info\n");
    assert!(
        outside.code != 0 || overrides(&alice)["log_level"] == "info",
        "a path outside the prefix was dropped silently"
    );
}

/// P17.
#[test]
fn what_get_exports_applies_again_as_unchanged() {
    let (_world, alice) = World::solo();
    alice.run("set server.port=5050 motd=5 'q.\"a.b\"=true' f=1.50 --reason x").ok();
    alice.run_with_input("set text.lines - --reason x", "two\nlines: # no\n\ttab \u{1f41f}\n").exits(0);
    alice.run("set text.yes yes --type string --reason x").ok();
    alice.run("set text.number 007 --type string --reason x").ok();
    alice.run("set features.beta_search '{\"enabled\":true}' --reason x").ok();
    let before = (version(&alice), overrides(&alice));
    for format in ["json", "yaml"] {
        for what in ["get", "get --layer override", "get server text"] {
            let exported = alice.run(&format!("{what} -o {format}")).ok();
            assert_eq!(
                exported,
                alice.run(&format!("{what} -o {format}")).ok(),
                "the export is not deterministic"
            );
            let ran = alice.run_with_input("apply -f - --reason again -o json", &exported);
            let answer = ran.exits(0).json();
            // Defaults that are exported come back as overrides; where only overrides are, nothing may change.
            if what.contains("override") {
                assert_eq!(answer["outcome"], "unchanged", "{what} -o {format}: {answer}");
            }
        }
    }
    assert_eq!((version(&alice), overrides(&alice)), before, "an export that was applied changed something");
}

#[test]
fn a_plan_is_applied_exactly_or_not_at_all() {
    let (world, alice) = World::solo();
    let file = world.file("peak.yaml", YAML).display().to_string();
    alice.run(&format!("apply -f {file} --plan-out one.plan")).ok();
    let taken = alice.run(&format!("apply -f {file} --plan-out one.plan"));
    taken.refused(2, "one.plan");
    assert!(taken.err.contains("hint: Name another file"), "{}", taken.err);
    assert_eq!(version(&alice).0, 1);
    assert_eq!(
        std::fs::metadata(world.folder().join("one.plan")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    alice.run(&format!("apply -f {file} --plan-out two.plan")).ok();
    alice.run("apply one.plan --reason planned").ok();
    assert_eq!(overrides(&alice)["server.port"], 5050);
    alice.run("set server.port 6060 --reason meanwhile").ok();
    let moved = alice.run("apply two.plan --reason planned");
    moved.refused(5, "");
    assert!(moved.err.contains("Make a new plan: cfgctl apply -f FILE --plan-out NEW"), "{}", moved.err);
    assert_eq!(overrides(&alice)["server.port"], 6060);
    let forged = std::fs::read_to_string(world.folder().join("one.plan")).unwrap().replace("5050", "5151");
    world.file("forged.plan", forged);
    alice.run("unset server.port server.name log_level auth.backends --reason back").ok();
    alice.run("apply forged.plan --reason planned").refused(5, "");
    alice.run(&format!("apply {file} --reason x")).refused(6, "is no plan");
}

/// A user whose editor is this shell script; the file is `$1`.
fn editing(alice: &User, script: &str) -> User {
    let path = alice.world.file("editor.sh", format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let drafts = alice.world.folder().join("drafts");
    std::fs::create_dir_all(&drafts).unwrap();
    alice.with("EDITOR", &path.display().to_string()).with("TMPDIR", &drafts.display().to_string())
}

fn drafts(world: &World) -> usize {
    std::fs::read_dir(world.folder().join("drafts")).unwrap().count()
}

#[test]
fn what_changed_in_the_editor_becomes_one_change() {
    let (world, alice) = World::solo();
    alice.run("set server.name web-1 --reason x").ok();
    let editor = editing(
        &alice,
        "cp \"$1\" seen.yaml; sed -i -e 's/port: 4949/port: 5050/' -e '/name:/d' \"$1\"; echo '  extra: 7' >> \"$1\"",
    );
    let answer = json(&editor, "edit server --reason edited");
    assert_eq!(column(&answer["change"]["items"], "path"), ["server.extra", "server.name", "server.port"]);
    assert_eq!(overrides(&alice), json!({"server.extra": 7, "server.port": 5050}));
    assert_eq!(drafts(&world), 0, "the draft was left behind");
    let seen = std::fs::read_to_string(world.folder().join("seen.yaml")).unwrap();
    insta::assert_snapshot!(seen, @r#"
    # The values in force below server, as of version 2. Save what you change, and leave the editor.
    # A removed line takes the override away; an empty or unchanged file does nothing.
    server:
      address: "127.0.0.1"
      max_connections: 1000
      name: web-1
      port: 4949
      request_timeout: 30
    "#);
}

#[test]
fn an_unchanged_or_emptied_text_does_nothing() {
    let (world, alice) = World::solo();
    for script in ["true", ": > \"$1\"", "sed -i 's/^#.*//' \"$1\""] {
        let ran = editing(&alice, script).run("edit server --reason x");
        ran.exits(0);
        assert!(ran.out.starts_with("Unchanged"), "{script}: {}", ran.out);
        assert_eq!((version(&alice).0, drafts(&world)), (1, 0), "{script}");
    }
}

#[test]
fn what_was_typed_and_cannot_be_taken_is_kept_and_said_where() {
    let (world, alice) = World::solo();
    for (script, code, words) in [
        ("sed -i 's/port: 4949/port: 0/' \"$1\"", 6, "server.port"),
        ("echo 'a: [' >> \"$1\"", 6, "edited text"),
        ("sed -i '/port:/d' \"$1\"", 6, "server.port"),
        ("exit 3", 2, "ended with an error"),
    ] {
        let before = std::fs::read_dir(world.folder().join("drafts")).map_or(0, Iterator::count);
        let ran = editing(&alice, script).run("edit server --reason x");
        ran.refused(ran.code, words);
        assert_eq!(ran.code, code, "{script}: {}", ran.err);
        if code == 6 {
            assert_eq!(drafts(&world), before + 1, "{script}: what was typed is lost");
            assert!(ran.err.contains("drafts/cfgctl-edit-"), "{script}: {}", ran.err);
        }
    }
    assert_eq!(version(&alice).0, 1);
}

#[test]
fn values_that_changed_while_the_editor_was_open_are_a_conflict() {
    let (_world, alice) = World::solo();
    let program = crate::harness::PROGRAM;
    let meanwhile = format!(
        "CFGCTL_FAKE_SEED=777 {program} set server.port 7070 --reason meanwhile >/dev/null; sed -i 's/port: 4949/port: 5050/' \"$1\""
    );
    editing(&alice, &meanwhile).run("edit server --reason x").refused(5, "server.port");
    assert_eq!(overrides(&alice)["server.port"], 7070);
}

/// A plan that no longer holds says which of its paths moved, from what to what.
#[test]
fn a_plan_that_is_out_of_date_lists_what_moved() {
    let (world, alice) = World::solo();
    world.file("peak.yaml", "log_level: debug\ncache: {ttl: 310}\n");
    alice.run("apply -f peak.yaml --dry-run --plan-out peak.plan").ok();
    alice.run("set cache.ttl 320 --reason meanwhile").ok();
    let ran = alice.run("apply peak.plan --reason x");
    ran.refused(5, "cache.ttl: not set when it was planned, 320 now");
    assert!(!ran.err.contains("log_level:"), "{}", ran.err);
    for line in ["apply --reason x", "member role alice --reason x"] {
        let usage = alice.run(line);
        usage.exits(2);
        let wanted = if line.starts_with("apply") { "-f <FILE>" } else { "<NAME> <ROLE" };
        assert!(usage.err.contains(wanted), "{}", usage.err);
    }
}

/// A plan keeps why it was made, so that what it prints applies it.
#[test]
fn a_plan_keeps_its_reason_unless_another_is_given() {
    let (world, alice) = World::solo();
    world.file("peak.yaml", "log_level: debug\n");
    let planned = alice.run("apply -f peak.yaml --plan-out peak.plan --reason peak");
    assert!(planned.exits(0).err.contains("Apply it: cfgctl apply peak.plan\n"), "{}", planned.err);
    alice.run("apply peak.plan").exits(0);
    assert_eq!(json(&alice, "history log_level")["items"][0]["reason"], "peak");

    let nothing = alice.run("apply -f peak.yaml --plan-out none.plan --reason peak");
    assert!(nothing.exits(0).err.contains("no plan was written to none.plan"), "{}", nothing.err);
    assert!(!world.folder().join("none.plan").exists());
    alice.run("unset log_level --reason back").exits(0);
    let planned = alice.run("apply -f peak.yaml --plan-out silent.plan");
    assert!(planned.err.contains("cfgctl apply silent.plan --reason \"…\""), "{}", planned.err);
    alice.run("apply silent.plan").refused(2, "reason");
    alice.run("apply silent.plan --reason other").exits(0);
    assert_eq!(json(&alice, "history log_level")["items"][0]["reason"], "other");
}
