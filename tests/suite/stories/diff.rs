//! Comparing two states: `diff`.

use super::{json_exits, pairs, transcript};
use crate::harness::{User, World};
use serde_json::{Value, json};

/// Version 2 (tag known-good): port 5050; version 3: port 6060 and a name; a full backup of version 3.
fn states() -> (World, User, String) {
    let (world, alice) = World::solo();
    alice.run("set server.port 5050 --reason one").ok();
    alice.run("version tag known-good --reason x").ok();
    alice.run("set server.port=6060 server.name=web-2 --reason two").ok();
    let backup = alice.run("backup create -o name").ok().trim().to_owned();
    alice.run("set log_level debug --reason three").ok();
    (world, alice, backup)
}

fn compared(alice: &User, line: &str, code: i32) -> Value {
    let answer = json_exits(alice, line, code);
    let side = |item: &Value| json!([item["a"], item["b"]]);
    let items: Vec<Value> = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!({"path": item["path"], "sides": side(item)}))
        .collect();
    pairs(&Value::Array(items), "sides")
}

#[test]
fn any_two_states_are_compared_path_by_path_and_a_difference_is_exit_1() {
    let (world, alice, backup) = states();
    world.file("peak.yaml", "server: {port: 7070, name: web-2}\n");
    world.file("same.json", r#"{"server.port": 6060}"#);
    let copy = format!("./copies/{backup}");
    std::fs::create_dir_all(world.folder().join("copies")).unwrap();
    std::fs::copy(world.folder().join("store/backups").join(&backup), world.folder().join(&copy)).unwrap();
    for (line, code, expected) in [
        ("diff 1 2".to_owned(), 1, json!({"server.port": [null, 5050]})),
        ("diff 2 1".to_owned(), 1, json!({"server.port": [5050, null]})),
        (
            "diff known-good 3".to_owned(),
            1,
            json!({"server.name": [null, "web-2"], "server.port": [5050, 6060]}),
        ),
        ("diff known-good 3 --path server.port".to_owned(), 1, json!({"server.port": [5050, 6060]})),
        (
            "version diff known-good 3".to_owned(),
            1,
            json!({"server.name": [null, "web-2"], "server.port": [5050, 6060]}),
        ),
        ("diff 3".to_owned(), 1, json!({"log_level": [null, "debug"]})),
        ("diff 3 --path server".to_owned(), 0, json!({})),
        ("diff 4".to_owned(), 0, json!({})),
        ("diff 2 2".to_owned(), 0, json!({})),
        (format!("diff 3 {backup}"), 0, json!({})),
        (format!("diff {backup}"), 1, json!({"log_level": [null, "debug"]})),
        (
            format!("diff known-good {copy}"),
            1,
            json!({"server.name": [null, "web-2"], "server.port": [5050, 6060]}),
        ),
        ("diff -f peak.yaml".to_owned(), 1, json!({"server.port": [6060, 7070]})),
        (
            "diff 2 -f peak.yaml".to_owned(),
            1,
            json!({"server.name": [null, "web-2"], "server.port": [5050, 7070]}),
        ),
        ("diff 3 same.json".to_owned(), 0, json!({})),
        (
            "diff base effective".to_owned(),
            1,
            json!({"log_level": ["info", "debug"], "server.name": ["localhost", "web-2"], "server.port": [4949, 6060]}),
        ),
        (
            "diff".to_owned(),
            1,
            json!({"log_level": ["info", "debug"], "server.name": ["localhost", "web-2"], "server.port": [4949, 6060]}),
        ),
        // Either with all layers stands for both: the overrides alone are no state beside it.
        (
            "diff base".to_owned(),
            1,
            json!({"log_level": ["info", "debug"], "server.name": ["localhost", "web-2"], "server.port": [4949, 6060]}),
        ),
        ("diff effective --path log_level".to_owned(), 1, json!({"log_level": ["info", "debug"]})),
        ("diff effective base --path log_level".to_owned(), 1, json!({"log_level": ["debug", "info"]})),
    ] {
        assert_eq!(compared(&alice, &line, code), expected, "{line}");
    }
    assert_eq!(
        alice.run_with_input("diff -f - -o json", "server.port: 6060\n").exits(0).json()["items"],
        json!([])
    );
}

#[test]
fn a_change_s_own_backup_stands_for_what_it_touched() {
    let (_world, alice, _) = states();
    let names = alice.run("backup list -o name").ok();
    let before_two = names.lines().find(|name| name.contains("_change_3_")).unwrap();
    assert_eq!(
        compared(&alice, &format!("diff {before_two}"), 1),
        json!({"server.name": [null, "web-2"], "server.port": [5050, 6060]})
    );
}

#[test]
fn a_state_that_is_not_there_is_exit_3_and_a_file_that_is_none_is_refused() {
    let (world, alice, _) = states();
    for line in ["diff 99", "diff nosuch", "diff 1 99", "diff ./missing.yaml", "diff -f missing.yaml"] {
        alice.run(line).refused(3, "");
    }
    world.file("broken.json", "{");
    alice.run("diff -f broken.json").refused(6, "broken.json");
    alice.run("diff 1 2 -f broken.json").refused(2, "");
}

#[test]
fn what_a_person_sees_of_a_difference() {
    let (_world, alice, _) = states();
    alice.run("unset server.name --reason x").ok();
    insta::assert_snapshot!(transcript(&alice, &["diff 3", "diff 2 2", "diff"]), @r#"
    $ cfgctl diff 3
    --- version 3
    +++ version 5 (current)
    + log_level    debug
    - server.name  web-2
    [exit 1]
    $ cfgctl diff 2 2
    ! version 2 and version 2 do not differ.
    $ cfgctl diff
    --- base
    +++ effective
    ~ log_level    info → debug
    ~ server.port  4949 → 6060
    [exit 1]
    "#);
}

/// A store beside the world's, under a name.
fn beside(alice: &User, name: &str, values: &str) {
    let store = alice.world.folder().join(name).join("store.db").display().to_string();
    alice.run(&format!("--store {store} init --solo")).ok();
    alice.run(&format!("--store {store} set {values} --reason x")).ok();
    alice.run(&format!("context add {name} --store {store}")).ok();
}

/// P17.
#[test]
fn what_is_effective_in_two_contexts_is_compared_and_one_alone_with_this_store() {
    let (world, alice, _) = states();
    beside(&alice, "staging", "server.port=6060 log_level=debug");
    beside(&alice, "production", "server.port=7070");
    let port = json!({"log_level": ["debug", "info"], "server.port": [6060, 7070]});
    let name = json!({"server.name": ["localhost", "web-2"]});
    world.file("peak.yaml", "server: {port: 7070, name: web-2}\n");
    for (line, code, expected) in [
        ("diff context:staging context:production", 1, port.clone()),
        ("diff staging production", 1, port),
        ("diff staging production --path server.name", 0, json!({})),
        ("diff staging staging", 0, json!({})),
        ("diff staging", 1, name.clone()),
        ("diff staging effective", 1, name),
        ("diff base staging", 1, json!({"log_level": ["info", "debug"], "server.port": [4949, 6060]})),
        ("diff production -f peak.yaml", 1, json!({"server.name": ["localhost", "web-2"]})),
    ] {
        assert_eq!(compared(&alice, line, code), expected, "{line}");
    }
    alice.run("version tag staging 2 --reason x").ok();
    alice.run("diff staging production").refused(2, "Say which: tag:staging or context:staging");
    assert_eq!(
        compared(&alice, "diff tag:staging 3 --path server.port", 1),
        json!({"server.port": [5050, 6060]})
    );
    assert_eq!(
        compared(&alice, "diff context:staging production --path log_level", 1).as_object().unwrap().len(),
        1
    );
    alice.run("diff context:nosuch").refused(3, "nosuch");
    alice.run("diff tag:nosuch").refused(3, "nosuch");
    alice.run("context add gone --store /nowhere/store.db").ok();
    alice.run("diff context:gone").refused(3, "/nowhere/store.db");
    world.user("mallory", 6666).run("diff context:staging").refused(4, "");
}

/// A6, N2: which secret a store holds is nobody's to guess from a comparison.
#[test]
fn secrets_of_two_contexts_are_never_called_equal_or_different() {
    let (world, alice, _) = states();
    let manifest = "format: 1\ninstance: a\nsettings:\n  password: {type: string, secret: true, risk: low}\n  \
                    token: {type: string, secret: true, risk: low}\npolicy: {low: {approvals: []}, high: {approvals: []}}\n";
    world.file("secret.yaml", manifest);
    for name in ["staging", "production"] {
        let store = alice.world.folder().join(name).join("store.db").display().to_string();
        alice.run(&format!("--store {store} init --solo --manifest secret.yaml")).ok();
        alice.run(&format!("--store {store} secret keygen")).ok();
        alice
            .run_with_input(&format!("--store {store} set password --stdin --reason x"), "hunter2hunter2")
            .ok();
        alice.run(&format!("context add {name} --store {store}")).ok();
    }
    let store = world.folder().join("production/store.db").display().to_string();
    alice.run_with_input(&format!("--store {store} set token --stdin --reason x"), "abcabcabcabc").ok();
    let lines = [
        "diff context:staging context:production --path password",
        "diff context:staging context:production",
        "diff context:staging context:production -o json",
    ];
    insta::assert_snapshot!(transcript(&alice, &lines), @r#"
    $ cfgctl diff context:staging context:production --path password
    ! context staging and context production do not differ in what can be compared.
    ! Secrets of two stores cannot be compared, whose keys differ: password
    $ cfgctl diff context:staging context:production
    --- context staging
    +++ context production
    + token  (secret)
    ! Secrets of two stores cannot be compared, whose keys differ: password
    [exit 1]
    $ cfgctl diff context:staging context:production -o json
    {
      "a": "context staging",
      "b": "context production",
      "items": [
        { "path": "token", "a": null, "b": "(secret)" } ],
      "not_compared": [
        "password" ] }
    [exit 1]
    "#);
}
