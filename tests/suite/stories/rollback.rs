//! Going back: `rollback` to any point, whole or in part, and `undo`.

use super::{column, json, json_exits, overrides, pairs, transcript, version};
use crate::harness::{User, World};
use serde_json::{Value, json};

/// Version 2 at 09:00:01 (tag quiet): port 5050, name web-2. An hour later version 3: port 6060, timeout 90, name gone.
fn past() -> (World, User) {
    let (world, alice) = World::solo();
    alice.run("set server.port=5050 server.name=web-2 --reason one").ok();
    alice.run("version tag quiet --reason x").ok();
    world.pass(3600);
    alice
        .run_with_input(
            "apply -f - --reason two",
            "server: {port: 6060, name: null}\nsession_timeout_minutes: 90\n",
        )
        .exits(0);
    (world, alice)
}

fn at_two() -> Value {
    json!({"server.name": "web-2", "server.port": 5050})
}

/// B7, H4, Z8. Each path is reported, and the past stays: a rollback is a new version.
#[test]
fn every_way_to_name_a_point_leads_to_it() {
    let (_world, alice) = past();
    let hash = json(&alice, "version show 2")["config_hash"].as_str().unwrap().to_owned();
    let full = hash.clone();
    let beginning = &hash[..12];
    for line in [
        "--version 2".to_owned(),
        "--tag quiet".to_owned(),
        format!("--hash {full}"),
        format!("--hash {beginning}"),
        "--steps 1".to_owned(),
        "--to-time 2026-11-21T09:30:00Z".to_owned(),
        "--to-time 30m".to_owned(),
    ] {
        let (_world, alice) = past();
        let answer = json(&alice, &format!("rollback {line} --reason back"));
        assert_eq!(overrides(&alice), at_two(), "{line}");
        let expected =
            json!({"server.name": "restored", "server.port": "restored", "session_timeout_minutes": "unset"});
        assert_eq!(pairs(&answer["results"], "status"), expected, "{line}");
        assert_eq!((version(&alice).0, answer["change"]["kind"].as_str()), (4, Some("rollback")), "{line}");
        assert_eq!(
            json(&alice, "version show 3")["items"][0]["value"],
            6060,
            "{line}: history was rewritten"
        );
    }
    alice.run("version restore quiet --reason back").ok();
    assert_eq!(overrides(&alice), at_two());
    alice.run("version restore 3 --reason forth").ok();
    assert_eq!(overrides(&alice), json!({"server.port": 6060, "session_timeout_minutes": 90}));
}

#[test]
fn a_part_is_a_path_a_prefix_or_a_section() {
    for (part, expected) in [
        ("--path server.port", json!({"server.port": 5050, "session_timeout_minutes": 90})),
        (
            "--path server",
            json!({"server.name": "web-2", "server.port": 5050, "session_timeout_minutes": 90}),
        ),
        (
            "--section server",
            json!({"server.name": "web-2", "server.port": 5050, "session_timeout_minutes": 90}),
        ),
        ("--section ''", json!({"server.port": 6060})),
        (
            "--path server.name --path session_timeout_minutes",
            json!({"server.name": "web-2", "server.port": 6060}),
        ),
    ] {
        let (_world, alice) = past();
        alice.run(&format!("rollback --version 2 {part} --reason back")).ok();
        assert_eq!(overrides(&alice), expected, "{part}");
    }
    let (_world, alice) = past();
    assert_eq!(json(&alice, "rollback --version 2 --path cache --reason back")["outcome"], "unchanged");
    assert_eq!(version(&alice).0, 3);
}

#[test]
fn a_point_that_is_not_there_or_not_said_is_refused() {
    let (_world, alice) = past();
    for (line, code) in [
        ("rollback --reason x", 2),
        ("rollback --version 1 --tag quiet --reason x", 2),
        ("rollback --steps 0 --reason x", 2),
        ("rollback --hash zz --reason x", 2),
        ("rollback --version 2", 2),
        ("rollback --version 2 --trigger boredom --reason x", 2),
        ("rollback --version 99 --reason x", 3),
        ("rollback --tag nosuch --reason x", 3),
        ("rollback --hash 0123456789ab --reason x", 3),
        ("rollback --steps 9 --reason x", 3),
        ("rollback --to-time 2020-01-01T00:00:00Z --reason x", 3),
        ("rollback --backup nosuch --reason x", 3),
        ("undo 99 --reason x", 3),
        ("undo --reason x", 2),
    ] {
        let ran = alice.run(line);
        ran.refused(code, "");
        assert!(
            ["hint: ", "Usage: ", "For more information"].iter().any(|help| ran.err.contains(help)),
            "{line}: {}",
            ran.err
        );
    }
    assert_eq!(version(&alice).0, 3);
}

/// B2.
#[test]
fn what_set_a_rollback_off_is_on_record() {
    let (_world, alice) = past();
    alice.run("rollback --steps 1 --trigger performance --reason slow").ok();
    assert!(json(&alice, "cr show 4").to_string().contains("performance"), "the record does not say it");
}

/// B7: validated like any change. A state of the past that a rule of today forbids is not brought back.
#[test]
fn a_rollback_that_breaks_a_rule_is_refused_whole() {
    let (_world, alice) = World::solo();
    alice.run("set database.pool.min_size=50 database.pool.max_size=90 --reason one").ok();
    alice.run("unset database.pool.min_size database.pool.max_size --reason two").ok();
    alice
        .run("rollback --version 2 --path database.pool.min_size --reason x")
        .refused(6, "The pool's minimum is above its maximum.");
    assert_eq!(overrides(&alice), json!({}));
    alice.run("rollback --version 2 --path database.pool --reason x").ok();
}

/// P14: all or nothing by default; `--skip-invalid` brings the rest back as one change and lists what failed.
#[test]
fn values_that_are_no_longer_valid_refuse_all_or_are_skipped_as_asked() {
    let (world, alice) = past();
    let narrowed = alice
        .run("manifest show")
        .ok()
        .replace("maximum: 65535, default: 4949", "maximum: 5000, default: 4949");
    alice.run("set server.port 4000 --reason x").ok();
    world.file("narrowed.yaml", narrowed);
    alice.run("manifest apply narrowed.yaml --reason x").ok();
    let before = overrides(&alice);
    alice.run("rollback --version 2 --reason back").refused(6, "server.port must be at most 5000, not 5050.");
    assert_eq!(overrides(&alice), before);
    let answer = json_exits(&alice, "rollback --version 2 --skip-invalid --reason back", 1);
    let expected =
        json!({"server.name": "restored", "server.port": "failed", "session_timeout_minutes": "unset"});
    assert_eq!(pairs(&answer["results"], "status"), expected);
    assert!(answer["results"][1]["error"].as_str().unwrap().contains("5000"), "{answer}");
    assert_eq!(overrides(&alice), json!({"server.name": "web-2", "server.port": 4000}));
}

#[test]
fn undo_brings_former_values_back_and_an_undone_undo_redoes() {
    let (_world, alice) = past();
    let state = |number: &str| pairs(&json(&alice, &format!("version show {number}"))["items"], "value");
    let number = |answer: &Value| answer["change"]["number"].to_string();
    let undone = json(&alice, "undo 3 --reason wrong");
    assert_eq!((overrides(&alice), undone["change"]["kind"].as_str()), (state("2"), Some("undo")));
    let redone = json(&alice, &format!("undo {} --reason right", number(&undone)));
    assert_eq!(overrides(&alice), state("3"));
    let id = redone["change"]["id"].as_str().unwrap().to_owned();
    alice.run(&format!("undo {id} --reason wrong")).ok();
    assert_eq!(overrides(&alice), state("2"));
    // What changed since is not overwritten by an undo of something older.
    alice.run("set server.port 7070 --reason since").ok();
    alice.run("undo 3 --path x --reason x").exits(2);
    let older = alice.run("undo 2 --reason x");
    assert!(older.code == 5 || overrides(&alice)["server.port"] != 7070, "{}", older.err);
}

#[test]
fn what_a_person_sees_of_going_back() {
    let (_world, alice) = past();
    let lines = [
        "rollback --tag quiet --section server --reason 'Only the listener' --dry-run",
        "rollback --tag quiet --section server --reason 'Only the listener'",
        "undo 4 --reason 'Not needed after all'",
        "rollback --version 99 --reason x",
        "rollback --version 2 --path cache --reason x",
    ];
    insta::assert_snapshot!(transcript(&alice, &lines), @r#"
    $ cfgctl rollback --tag quiet --section server --reason 'Only the listener' --dry-run
    Would apply: high risk
      + server.name  localhost (default) → web-2
      ~ server.port  6060 → 5050
    Back to  version 2 (quiet)
    Results  2 restored
    Risk     high: server.port is registered as high.
             high: server.port needs a restart.
             low: server.name is registered as low.
    Restart  needed of web

    PATH         RESULT    WHY
    server.name  restored  -
    server.port  restored  -
    $ cfgctl rollback --tag quiet --section server --reason 'Only the listener'
    Change 4 applied: version 4 (high risk)
      + server.name  localhost (default) → web-2
      ~ server.port  6060 → 5050
    Back to  version 2 (quiet)
    Results  2 restored
    Restart  needed of web
    Backup   config_backup_change_4_20261121_100005.json
    Audit    6:HASH
    Undo     cfgctl undo 4 --reason "…"

    PATH         RESULT    WHY
    server.name  restored  -
    server.port  restored  -
    $ cfgctl undo 4 --reason 'Not needed after all'
    Change 5 applied: version 5 (high risk)
      - server.name  web-2 → localhost (default)
      ~ server.port  5050 → 6060
    Back to  before change 4
    Results  1 restored, 1 unset
    Restart  needed of web
    Backup   config_backup_change_5_20261121_100006.json
    Audit    7:HASH
    Undo     cfgctl undo 5 --reason "…"

    PATH         RESULT    WHY
    server.name  unset     -
    server.port  restored  -
    $ cfgctl rollback --version 99 --reason x
    ! error: There is no version 99.
    ! hint: See what there is: cfgctl version list
    [exit 3]
    $ cfgctl rollback --version 2 --path cache --reason x
    Unchanged: nothing had to be done.
    Back to  version 2
    "#);
    assert_eq!(column(&json(&alice, "cr list --all --limit 2")["items"], "kind"), ["undo", "rollback"]);
}

/// A mark that somebody set before a change does not eat the step back.
#[test]
fn a_step_back_is_a_change_of_values_and_not_a_mark() {
    let (_world, alice) = World::solo();
    alice.run("set log_level debug --reason one").ok();
    alice.run("set log_level trace --reason two").ok();
    alice.run("version create --reason 'before the night'").ok();
    alice.run("rollback --steps 1 --reason back").ok();
    assert_eq!(alice.run("get log_level").ok(), "debug\n");
}

/// Whoever is refused by a rule learns which one, and what it saw.
#[test]
fn a_rule_s_refusal_names_the_rule_the_paths_and_the_values() {
    let (_world, alice) = World::solo();
    let ran = alice.run("set database.pool.min_size=30 --reason x");
    ran.refused(6, "pool-bounds");
    for words in ["database.pool.min_size would be 30", "database.pool.max_size would be 20"] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
}
