//! The forms of an answer: which format gives what, errors in JSON, empty lists, escapes, exit codes.

use super::{json, transcript};
use crate::harness::{User, World};
use serde_json::Value;

fn error_of(user: &User, line: &str, code: i32) -> Value {
    let ran = user.run(&format!("{line} -o json"));
    ran.refused(code, "");
    let line = ran.err.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{}", ran.err));
    serde_json::from_str::<Value>(line).unwrap()["error"].clone()
}

#[test]
fn every_format_of_a_value_and_of_a_list() {
    let (_world, alice) = World::solo();
    alice.run("set server.port=5050 server.name=web-2 --reason x").ok();
    let lines = [
        "get server.port -o yaml",
        "get server.port -o name",
        "get server.port -o ndjson",
        "get server --layer override -o table",
        "get server --layer override -o yaml",
        "get server --layer override -o name",
        "get server --layer override -o ndjson",
        "get server -o raw",
        "version list -o name",
        "version list --limit 1 -o ndjson",
        "history -o name",
        "history --limit 1 -o yaml",
        "backup list -o name",
        "member list -o name",
        "diff 1 -o name",
        "diff 1 -o ndjson",
        "set log_level warn --reason x -o name",
        "backup create -o name",
        "version create --reason x -o name",
        "backup create -o raw",
    ];
    insta::assert_snapshot!(transcript(&alice, &lines), @r#"
    $ cfgctl get server.port -o yaml
    format: cfgctl-values/1
    items:
      - layer: override
        path: server.port
        value: 5050
    version: 2
    $ cfgctl get server.port -o name
    server.port
    $ cfgctl get server.port -o ndjson
    {"layer":"override","path":"server.port","value":5050}
    $ cfgctl get server --layer override -o table
    PATH         VALUE  LAYER
    server.name  web-2  override
    server.port  5050   override
    $ cfgctl get server --layer override -o yaml
    format: cfgctl-values/1
    items:
      - layer: override
        path: server.name
        value: web-2
      - layer: override
        path: server.port
        value: 5050
    version: 2
    $ cfgctl get server --layer override -o name
    server.name
    server.port
    $ cfgctl get server --layer override -o ndjson
    {"layer":"override","path":"server.name","value":"web-2"}
    {"layer":"override","path":"server.port","value":5050}
    $ cfgctl get server -o raw
    ! error: raw is for a single value, and this answer is none.
    ! hint: Ask for one path, or use -o json.
    [exit 2]
    $ cfgctl version list -o name
    2
    1
    $ cfgctl version list --limit 1 -o ndjson
    {"change":"01M7YNAZK8Y4C8ZFGW255TM2CA","config_hash":"HASH","created_at":"2026-11-21T09:00:01.000Z","created_by":"alice","description":"x","effective_hash":"HASH","generation":1,"is_baseline":false,"parent":1,"tags":[],"version":2}
    ! There is more: --after 2
    $ cfgctl history -o name
    2
    $ cfgctl history --limit 1 -o yaml
    items:
      - after: 5050
        at: "2026-11-21T09:00:01.000Z"
        before: null
        by: alice
        operation: CREATE
        path: server.port
        reason: x
        source_ip: local
        version: 2
    next: "2.2"
    $ cfgctl backup list -o name
    config_backup_daily_20261121_090001.json
    config_backup_change_2_20261121_090001.json
    $ cfgctl member list -o name
    alice
    ! This store is one person's: their own approval counts at every risk.
    $ cfgctl diff 1 -o name
    server.name
    server.port
    [exit 1]
    $ cfgctl diff 1 -o ndjson
    {"a":null,"b":"web-2","path":"server.name"}
    {"a":null,"b":5050,"path":"server.port"}
    [exit 1]
    $ cfgctl set log_level warn --reason x -o name
    01M7YNBG6GZK723V1J5R7R1E5A
    $ cfgctl backup create -o name
    config_backup_full_20261121_090019.json
    $ cfgctl version create --reason x -o name
    4
    $ cfgctl backup create -o raw
    config_backup_full_20261121_090021.json
    "#);
}

#[test]
fn the_variable_sets_the_format_and_the_flag_beats_it() {
    let (_world, alice) = World::solo();
    let whole = alice.run("get server -o json").ok();
    let by_variable = alice.with("CFGCTL_OUTPUT", "json");
    assert_eq!(by_variable.run("get server").ok(), whole);
    assert_eq!(by_variable.run("get server.port -o raw").ok(), "4949\n");
    assert_eq!(alice.with("CFGCTL_OUTPUT", "").run("get server.port").ok(), "4949\n");
    alice.with("CFGCTL_OUTPUT", "xml").run("get server.port").refused(2, "$CFGCTL_OUTPUT");
    assert_eq!(error_of(&by_variable, "get nothing", 3)["code"], "not-found");
}

#[test]
fn an_error_in_json_is_one_object_on_standard_error() {
    let (_world, alice) = World::solo();
    let stranger = alice.world.user("mallory", 1666);
    for (user, line, code, name) in [
        (&alice, "get nothing", 3, "not-found"),
        (&alice, "set server.port", 2, "usage"),
        (&alice, "set server.port 0 --reason x", 6, "invalid"),
        (&alice, "set server.port 1 --reason x --if-version 99999", 5, "conflict"),
        (&alice, "version show 99", 3, "not-found"),
        (&stranger, "set log_level debug --reason x", 4, "unauthenticated"),
        (&alice, "--store nowhere.db get", 3, "not-found"),
    ] {
        let error = error_of(user, line, code);
        assert_eq!((&error["code"], &error["exit_code"]), (&Value::from(name), &Value::from(code)), "{line}");
        let message = error["message"].as_str().unwrap();
        assert!(message.ends_with('.') && error["retryable"].is_boolean(), "{line}: {error}");
        let keys: Vec<&String> = error.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["code", "exit_code", "hint", "message", "retryable"], "{line}");
    }
}

#[test]
fn an_empty_list_is_an_empty_list_and_no_failure() {
    let (_world, alice) = World::solo();
    for line in [
        "get --layer override",
        "history",
        "blame",
        "cr list",
        "member token list",
        "context list",
        "backup list",
        "audit list --by nobody",
        "version list --baselines",
        "diff 1 1",
    ] {
        assert_eq!(json(&alice, line)["items"], Value::Array(Vec::new()), "{line}");
        assert_eq!(alice.run(&format!("{line} -o ndjson")).ok(), "", "{line}");
        assert_eq!(alice.run(&format!("{line} -o name")).ok(), "", "{line}");
    }
}

#[test]
fn control_characters_are_escaped_for_people_and_exact_in_bare_values() {
    let (_world, alice) = World::solo();
    let evil = "a\u{1b}[31mred\u{7}\u{202e}x\r";
    alice.run_with_input("set motd --stdin --type string --reason 'x\u{1b}[2J'", evil).exits(0);
    assert_eq!(alice.run("get motd").ok(), format!("{evil}\n"));
    assert_eq!(json(&alice, "get motd")["items"][0]["value"], evil);
    for line in [
        "get",
        "history",
        "blame",
        "explain motd",
        "version list",
        "diff 1",
        "cr list --all",
        "audit list",
        "get motd -o json",
    ] {
        let ran = alice.run(line);
        let hidden = |character: &char| matches!(character, '\u{1b}' | '\u{7}' | '\u{202e}' | '\r');
        assert!(
            !ran.out.contains(|c| hidden(&c)) && !ran.err.contains(|c| hidden(&c)),
            "{line}: {:?}",
            ran.out
        );
    }
}

#[test]
fn colour_comes_only_where_it_is_asked_for_and_changes_no_content() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason x").ok();
    let plain = alice.run("diff 1").exits(1).out.clone();
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let coloured = alice.run("diff 1 --color always").exits(1).out.clone();
    assert!(coloured.contains('\u{1b}'), "{coloured:?}");
    assert_eq!(stripped(&coloured), plain);
    assert_eq!(stripped(&alice.with("CLICOLOR_FORCE", "1").run("diff 1").out), plain);
    assert_eq!(alice.with("NO_COLOR", "1").run("diff 1").out, plain);
    assert_eq!(alice.run("get -o json --color always").ok(), alice.run("get -o json").ok());
}

fn stripped(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| done + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn quiet_says_less_and_local_shows_the_zone_and_exit_zero_forgives_a_no() {
    let (_world, alice) = World::solo();
    let loud = alice.run("set log_level warn --reason x");
    assert!(loud.err.starts_with("store: "), "{}", loud.err);
    assert_eq!(alice.run("-q set log_level error --reason x").exits(0).err, "");
    alice.run("diff 1").exits(1);
    alice.run("diff 1 --exit-zero").exits(0);
    alice.run("get nothing --exit-zero").exits(3);
    let berlin = alice.with("TZ", "Europe/Berlin");
    assert!(berlin.run("version list --limit 1 --local").ok().contains("+01:00"));
    assert!(berlin.run("version list --limit 1 --local -o json").ok().contains("Z\""));
}

/// Measures, survival 7.
#[test]
fn a_closed_pipe_ends_quietly() {
    let (_world, alice) = World::solo();
    let mut child = alice
        .command(&["get", "-o", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert!(ended.status.code().is_none_or(|code| code == 0 || code == 141), "{:?}", ended.status);
}

/// The same commands in two worlds answer the same, byte by byte, hashes included.
#[test]
fn everything_is_deterministic_under_fakes() {
    let told = |_| {
        let (world, alice) = World::solo();
        let lines = [
            "set server.port=5050 log_level=debug --reason x",
            "backup create",
            "version create --tag t --reason x",
            "undo 2 --reason x",
            "version show",
            "backup list",
            "history",
            "audit list",
            "audit verify",
            "status",
            "manifest show",
        ];
        let told = |line: &&str| alice.run(&format!("{line} -o json")).shown(&world);
        lines.iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(told(1), told(2));
}
