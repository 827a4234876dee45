//! Changing values: `set` and its operands, `unset`, and what asks beforehand: `validate` and `assess`.

use super::{column, json, json_exits, overrides, version};
use crate::harness::World;
use serde_json::json;

#[test]
fn operands_are_a_path_and_a_value_or_else_assignments() {
    let (world, alice) = World::solo();
    let file = world.file("text.txt", "two\nlines\n");
    let file = file.display();
    for (line, input, path, value) in [
        ("set a.n 5", "", "a.n", json!(5)),
        ("set a.n=6", "", "a.n", json!(6)),
        ("set a.n -7", "", "a.n", json!(-7)),
        ("set a.n=-8", "", "a.n", json!(-8)),
        ("set a.n --reason why -- -9", "", "a.n", json!(-9)),
        ("set a.f -1.5", "", "a.f", json!(-1.5)),
        ("set a.s=b=c", "", "a.s", json!("b=c")),
        ("set a.s --reason why -- --flag", "", "a.s", json!("--flag")),
        ("set a.s ''", "", "a.s", json!("")),
        ("set a.s \"two words\"", "", "a.s", json!("two words")),
        ("set a.s 'x = y' --type string", "", "a.s", json!("x = y")),
        ("set 'a.\"x=y\"=3'", "", "a.\"x=y\"", json!(3)),
        ("set 'a.\"x=y\"' 4", "", "a.\"x=y\"", json!(4)),
        ("set a.b true", "", "a.b", json!(true)),
        ("set a.l '[1,\"b\"]'", "", "a.l", json!([1, "b"])),
        ("set a.t 5 --type string", "", "a.t", json!("5")),
        ("set a.t 5 --type number", "", "a.t", json!(5)),
        ("set a.i -", "from a pipe\n", "a.i", json!("from a pipe")),
        ("set a.i=-", "never read", "a.i", json!("-")),
        ("set a.i --stdin", "42\n", "a.i", json!(42)),
        ("set a.i --stdin --type string", "42", "a.i", json!("42")),
        (&format!("set a.i --value-file {file}"), "", "a.i", json!("two\nlines")),
        ("set server.name 5050", "", "server.name", json!("5050")),
    ] {
        let line = if line.contains("--reason") { line.to_owned() } else { format!("{line} --reason why") };
        alice.run_with_input(&line, input).exits(0);
        assert_eq!(overrides(&alice)[path], value, "{line}");
    }
    alice.run("set b.x=1 b.y=2 b.z=3 --reason why").ok();
    assert_eq!(column(&json(&alice, "get b")["items"], "value"), ["1", "2", "3"]);
}

#[test]
fn words_that_are_neither_form_are_refused_and_say_the_forms() {
    let (world, alice) = World::solo();
    let before = version(&alice);
    let file = world.file("value", "1").display().to_string();
    for (line, words) in [
        ("set --reason x", "required"),
        ("set server.port --reason x", "no value"),
        ("set a=1 b c=2 --reason x", "\"b\" is not"),
        ("set a b c --reason x", "PATH=VALUE"),
        ("set a b --stdin --reason x", "exactly one path"),
        (&format!("set a --stdin --value-file {file} --reason x"), "--value-file"),
        ("set a 1 --type colour --reason x", "colour"),
        ("set server.port 5050", "reason"),
        ("set server.port 5050 --reason ''", "reason"),
        ("set server.port 5050 --reason x --if-version -1", "if-version"),
    ] {
        alice.run(line).refused(2, words);
    }
    assert_eq!(version(&alice), before);
}

/// A value that the setting does not take, a rule that does not hold, a secret in the clear.
#[test]
fn a_refusal_says_what_was_refused_and_what_to_type_and_changes_nothing() {
    let (_world, alice) = World::solo();
    let before = version(&alice);
    for (line, words) in [
        ("set server.port 99999 --reason x", "server.port must be at most 65535, not 99999."),
        ("set server.port soon --reason x", "server.port"),
        ("set log_level loud --reason x", "log_level"),
        ("set database.pool.min_size 30 --reason x", "The pool's minimum is above its maximum."),
        ("set database.password hunter2 --reason x", "database.password"),
        ("set server.port=5050 log_level=loud --reason x", "log_level"),
        ("set server 1 --reason x", "server"),
    ] {
        let ran = alice.run(line);
        ran.refused(6, words);
        assert!(ran.err.contains("hint: ") && !ran.err.contains("hunter2"), "{line}: {}", ran.err);
    }
    assert_eq!(version(&alice), before);
    assert_eq!(overrides(&alice), json!({}));
}

#[test]
fn a_set_to_what_already_is_changes_nothing_and_makes_no_version() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason x").ok();
    let before = version(&alice);
    let answer = json(&alice, "set server.port 5050 --reason again");
    assert_eq!((&answer["outcome"], &answer["unchanged"]), (&json!("unchanged"), &json!(["server.port"])));
    assert_eq!(json(&alice, "unset server.name --reason again")["outcome"], "unchanged");
    assert_eq!(version(&alice), before);
    let answer = json(&alice, "set server.port=5050 log_level=debug --reason half");
    assert_eq!((&answer["outcome"], &answer["unchanged"]), (&json!("done"), &json!(["server.port"])));
    assert_eq!(column(&answer["change"]["items"], "path"), ["log_level"]);
}

#[test]
fn unset_takes_overrides_away_so_that_defaults_are_in_force_again() {
    let (_world, alice) = World::solo();
    alice.run("set server.port=5050 server.name=web-2 log_level=debug --reason x").ok();
    alice.run("unset server.port server.name --reason back").ok();
    assert_eq!(overrides(&alice), json!({"log_level": "debug"}));
    assert_eq!(alice.run("get server.port").ok(), "4949\n");
}

#[test]
fn a_dry_run_shows_the_very_change_and_makes_none() {
    let (_world, alice) = World::solo();
    let before = version(&alice);
    let dry = json(&alice, "set server.port=5050 log_level=debug --dry-run");
    assert_eq!(version(&alice), before);
    let done = json(&alice, "set server.port=5050 log_level=debug --reason x");
    assert_eq!((&dry["dry_run"], &done["dry_run"]), (&json!(true), &json!(false)));
    for member in ["items", "risk", "risk_reasons", "restart_required", "affected_services"] {
        assert_eq!(dry["change"][member], done["change"][member], "{member}");
    }
}

#[test]
fn if_version_holds_only_while_these_paths_have_not_changed() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason x --if-version 0").ok();
    let (two, _) = version(&alice);
    alice.run("set log_level debug --reason x").ok();
    alice.run("set server.port 5051 --reason x --if-version 0").refused(5, "server.port");
    alice.run(&format!("set server.port 5051 --reason x --if-version {two}")).ok();
    alice.run(&format!("set server.port 5052 --reason x --if-version {two}")).refused(5, "server.port");
    alice.run(&format!("unset log_level --reason x --if-version {two}")).refused(5, "log_level");
}

/// P5.
#[test]
fn rules_are_asked_about_the_whole_batch() {
    let (_world, alice) = World::solo();
    alice.run("set database.pool.min_size 50 --reason x").refused(6, "minimum is above");
    alice.run("set database.pool.min_size=50 database.pool.max_size=90 --reason x").ok();
    alice.run("unset database.pool.max_size --reason x").refused(6, "minimum is above");
    let warned = json(&alice, "set database.pool.max_size 300 --reason x")["warnings"].to_string();
    assert!(warned.contains("Most databases accept fewer than 200 connections."), "{warned}");
}

/// A4.
#[test]
fn validate_lists_every_issue_and_exits_1_where_there_is_one() {
    let (world, alice) = World::solo();
    let good = world.file("good.yaml", "server: {port: 5050}\n").display().to_string();
    let bad = world.file("bad.toml", "log_level = 'loud'\n[server]\nport = 0\n").display().to_string();
    for (line, code, issues) in [
        ("validate server.port 5050".to_owned(), 0, vec![]),
        (format!("validate -f {good}"), 0, vec![]),
        ("validate server.port 0".to_owned(), 1, vec!["server.port"]),
        ("validate server.port=0 log_level=loud".to_owned(), 1, vec!["log_level", "server.port"]),
        (format!("validate -f {bad}"), 1, vec!["log_level", "server.port"]),
    ] {
        let answer = json_exits(&alice, &line, code);
        assert_eq!(column(&answer["issues"], "path"), issues, "{line}");
        assert_eq!(answer["valid"], code == 0, "{line}");
    }
    assert_eq!(
        alice.run("validate server.port 0 --exit-zero").exits(0).out,
        alice.run("validate server.port 0").exits(1).out
    );
    assert_eq!(version(&alice).0, 1);
}

/// P7: the names that clients of the former system know.
#[test]
fn assess_names_restart_services_risk_and_validation() {
    let (_world, alice) = World::solo();
    let answer = json(&alice, "assess server.port 5050");
    assert_eq!(answer["restart_required"], true);
    assert_eq!(answer["affected_services"], json!(["web"]));
    assert_eq!(answer["risk_level"], "high");
    assert_eq!(answer["validation_results"]["valid"], true);
    let answer = json(&alice, "assess log_level=debug cache.ttl=10");
    assert_eq!((&answer["restart_required"], &answer["risk_level"]), (&json!(false), &json!("medium")));
    assert_eq!(answer["affected_services"], json!(["web", "worker"]));
    assert_eq!(json(&alice, "assess cache.ttl 5000")["risk_level"], "high", "more than doubled");
    assert_eq!(json(&alice, "assess encryption.rotate_after_days 300")["risk_level"], "critical");
    assert_eq!(version(&alice).0, 1);
}

#[test]
fn what_a_person_sees_of_a_change() {
    let (_world, alice) = World::solo();
    let lines = [
        "set server.port=5050 log_level=debug --reason 'New listener' --ticket OPS-17 --dry-run",
        "set server.port=5050 log_level=debug --reason 'New listener' --ticket OPS-17",
        "set server.port 5050 --reason x",
        "set server.port 0 --reason x",
        "unset server.port --reason back",
        "assess server.port 7070",
        "validate server.port 0",
    ];
    insta::assert_snapshot!(super::transcript(&alice, &lines), @r#"
    $ cfgctl set server.port=5050 log_level=debug --reason 'New listener' --ticket OPS-17 --dry-run
    Would apply: high risk
      + log_level    info (default) → debug
      + server.port  4949 (default) → 5050
    Risk     high: server.port is registered as high.
             high: server.port needs a restart.
             low: log_level is registered as low.
    Advised  evidence of a staging test
    Restart  needed of web, worker
    ! warning: Better with evidence of a staging test.
    $ cfgctl set server.port=5050 log_level=debug --reason 'New listener' --ticket OPS-17
    Change 2 applied: version 2 (high risk)
      + log_level    info (default) → debug
      + server.port  4949 (default) → 5050
    Restart  needed of web, worker
    Backup   config_backup_change_2_20261121_090002.json
    Audit    2:HASH
    Undo     cfgctl undo 2 --reason "…"
    ! warning: Better with evidence of a staging test.
    $ cfgctl set server.port 5050 --reason x
    Unchanged: server.port already is as asked.
    $ cfgctl set server.port 0 --reason x
    ! error: server.port must be at least 1, not 0.
    ! hint: What the setting takes: cfgctl explain server.port
    [exit 6]
    $ cfgctl unset server.port --reason back
    Change 3 applied: version 3 (high risk)
      - server.port  5050 → 4949 (default)
    Restart  needed of web
    Backup   config_backup_change_3_20261121_090005.json
    Audit    5:HASH
    Undo     cfgctl undo 3 --reason "…"
    ! warning: Better with evidence of a staging test.
    $ cfgctl assess server.port 7070
    high risk
      + server.port  4949 (default) → 7070
    Risk     high: server.port is registered as high.
             high: server.port needs a restart.
    Demands  1 senior-admin other than the requester, evidence of a staging test, a review afterwards
    Advised  evidence of a staging test
    Restart  needed of web
    Valid: 1 value
    $ cfgctl validate server.port 0
    Not valid: 1 issue in 1 value
      server.port must be at least 1, not 0.
    [exit 1]
    "#);
}
