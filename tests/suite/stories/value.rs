//! Reading values: `get`, `explain`, `blame`.

use super::{column, json, overrides, pairs};
use crate::harness::{User, World};
use serde_json::json;

/// A store with three versions of a port: 5050 (version 2, tagged before), 6060 (3), and a name beside it (4).
fn ports() -> (World, User) {
    let (world, alice) = World::solo();
    alice.run("set server.port 5050 --reason one").ok();
    alice.run("version tag before --reason x").ok();
    world.pass(3600);
    alice.run("set server.port 6060 --reason two").ok();
    alice.run("set server.name web-2 --reason three").ok();
    (world, alice)
}

#[test]
fn one_whole_path_is_printed_bare_in_whatever_way_it_was_asked_for() {
    let (_world, alice) = ports();
    for (line, value) in [
        ("get server.port", "6060\n"),
        ("get server.port -o raw", "6060\n"),
        ("get server.name", "web-2\n"),
        ("get log_level", "info\n"),
        ("get alerts.error_rate", "0.05\n"),
        ("get cache.enabled", "true\n"),
        ("get auth.backends", "[\"local\"]\n"),
        ("get server.port --layer default", "4949\n"),
        ("get server.port --layer override", "6060\n"),
        ("get server.port --at 2", "5050\n"),
        ("get server.port --at before", "5050\n"),
        ("get server.port --at 2026-11-21T09:30:00Z", "5050\n"),
        ("get server.port --at 2026-11-21T09:00:00Z", "4949\n"),
        ("get server.port --default 1", "6060\n"),
        ("get nothing.here --default 1", "1\n"),
        ("get nothing.here --default -1", "-1\n"),
    ] {
        let ran = alice.run(line);
        assert_eq!((ran.exits(0).out.as_str(), ran.err.as_str()), (value, ""), "{line}");
    }
}

#[test]
fn prefixes_sections_and_everything_are_lists_in_bytewise_order() {
    let (_world, alice) = ports();
    let all = json(&alice, "get")["items"].clone();
    let paths = column(&all, "path");
    assert!(paths.is_sorted(), "{paths:?}");
    assert!(paths.len() > 40 && paths.contains(&"database.pool.max_size".to_owned()), "{paths:?}");
    for (line, expected) in [
        ("get database.pool", vec!["database.pool.max_size", "database.pool.min_size"]),
        ("get smtp.host database.pool.max_size", vec!["database.pool.max_size", "smtp.host"]),
        ("get --section uploads", vec!["uploads.allowed_types", "uploads.max_size"]),
        ("get --section server --layer override", vec!["server.name", "server.port"]),
        ("get --section server --layer override --at 2", vec!["server.port"]),
    ] {
        assert_eq!(column(&json(&alice, line)["items"], "path"), expected, "{line}");
    }
    let top = column(&json(&alice, "get --section ''")["items"], "path");
    assert!(top.contains(&"log_level".to_owned()) && top.iter().all(|path| !path.contains('.')), "{top:?}");
    insta::assert_snapshot!(alice.run("get server").ok(), @r#"
    PATH                    VALUE      LAYER
    server.address          127.0.0.1  default
    server.max_connections  1000       default
    server.name             web-2      override
    server.port             6060       override
    server.request_timeout  30         default
    "#);
}

#[test]
fn what_nobody_set_and_nothing_defaults_is_exit_3_and_says_what_to_type() {
    let (_world, alice) = ports();
    for line in ["get nothing.here", "get serve", "explain nothing.here", "get auth.signing_key"] {
        let ran = alice.run(line);
        ran.refused(3, "hint: ");
    }
    for line in ["get --at 99", "get server.port --at nosuchtag", "get --at 2020-01-01T00:00:00Z"] {
        alice.run(line).refused(3, "version");
    }
    for line in ["get a..b", "get .a", "get 'a.\"b'"] {
        let ran = alice.run(line);
        assert!(matches!(ran.code, 2 | 6), "{line}: {}", ran.code);
        assert!(ran.err.contains("is not a path"), "{line}: {}", ran.err);
    }
}

#[test]
fn explain_names_every_layer_which_wins_and_what_a_change_would_touch() {
    let (_world, alice) = ports();
    insta::assert_snapshot!(alice.run("explain server.port").ok(), @"
    server.port = 6060, from the override

    LAYER     VALUE  WINS  BY     TIME                  VERSION  REASON  WHERE
    override  6060   yes   alice  2026-11-21 10:00:03Z  3        two     -
    default   4949   no    -      -                     -        -       -

    About     The port to listen on.
    Setting   maximum 65535, minimum 1, type integer
    Risk      high, and a change needs a restart
    Demands   1 senior-admin other than the requester, evidence of a staging test, a review afterwards
    Services  web
    Rules     more-than-doubled
    ");
    let layers = json(&alice, "explain log_level")["layers"].clone();
    assert_eq!(pairs_of(&layers), json!({"default": true, "override": false}));
}

fn pairs_of(layers: &serde_json::Value) -> serde_json::Value {
    let pair =
        |layer: &serde_json::Value| (layer["layer"].as_str().unwrap().to_owned(), layer["wins"].clone());
    serde_json::Value::Object(layers.as_array().unwrap().iter().map(pair).collect())
}

#[test]
fn blame_names_who_set_each_override_when_and_why() {
    let (_world, alice) = ports();
    insta::assert_snapshot!(alice.run("blame").ok(), @r#"
    PATH         VALUE  VERSION  BY     TIME                  REASON
    server.name  web-2  4        alice  2026-11-21 10:00:04Z  three
    server.port  6060   3        alice  2026-11-21 10:00:03Z  two
    "#);
    assert_eq!(column(&json(&alice, "blame server.name")["items"], "reason"), ["three"]);
    let set = overrides(&alice);
    assert_eq!(pairs(&json(&alice, "blame")["items"], "value"), set);
}

#[test]
fn reading_never_writes() {
    let (world, alice) = ports();
    let store = world.store();
    let before = std::fs::read(&store).unwrap();
    let audit = alice.run("audit verify -o json").ok();
    for line in [
        "get",
        "explain server.port",
        "blame",
        "history",
        "diff",
        "version list",
        "version show 2",
        "backup list",
        "status",
        "validate server.port 1",
        "assess server.port 1",
        "set server.port 7070 --dry-run",
        "unset server.port --dry-run",
        "rollback --version 1 --dry-run",
        "undo 2 --dry-run",
        "backup create --dry-run",
        "version create --dry-run --reason x",
        "version prune --keep 1 --dry-run",
        "backup prune --keep 1 --dry-run",
        "version tag x --dry-run --reason x",
        "manifest show",
        "member list",
        "cr list",
        "audit list",
        "backup verify",
    ] {
        alice.run(line);
    }
    assert_eq!(std::fs::read(&store).unwrap(), before, "the store's file was changed");
    assert_eq!(alice.run("audit verify -o json").ok(), audit);
}

/// What nobody ever heard of is a slip of the pen, and not an empty answer.
#[test]
fn a_mistyped_section_or_path_is_not_found() {
    let (_world, alice) = World::solo();
    alice.run("set cache.ttl=310 custom.one=1 --reason x").ok();
    alice.run("unset custom.one --reason x").ok();
    let backup = alice.run("backup create -o name").ok().trim().to_owned();
    for line in [
        "get --section cahce",
        "get --section cahce --at 1",
        "rollback --version 1 --section cahce --reason x",
        &format!("restore {backup} --section cahce --reason x"),
        "history cahce.ttl",
        "blame cahce",
    ] {
        let ran = alice.run(line);
        ran.refused(3, "cahce");
        assert!(ran.err.contains("hint: See what there is: cfgctl get"), "{line}: {}", ran.err);
    }
    // What is known and holds nothing is an answer.
    for line in [
        "get --section cache --layer override --at 1",
        "get --section ''",
        "rollback --version 1 --section alerts --reason x",
        "rollback --version 2 --section '' --reason x",
        &format!("restore {backup} --section alerts --reason x"),
        "history alerts",
        "history custom.one",
        "blame alerts",
        "blame custom",
    ] {
        alice.run(line).exits(0);
    }
}

#[test]
fn a_layer_that_lacks_a_value_says_which_one_has_it() {
    let (_world, alice) = World::solo();
    alice.run("get cache.ttl --layer override").refused(3, "Nobody set cache.ttl: its default is in force.");
    alice.run("get cache --layer override").refused(3, "Nobody set anything below cache.");
    alice.run("set custom.one 1 --reason x").ok();
    alice.run("get custom.one --layer default").refused(3, "custom.one has no default");
    let unset = alice.run("get database.password");
    assert!(!unset.refused(3, "database.password").err.contains("VALUE"), "{}", unset.err);
}

/// A time may be given as how long ago, wherever a time may be given.
#[test]
fn a_former_value_is_asked_for_by_how_long_ago() {
    let (world, alice) = World::solo();
    alice.run("set cache.ttl 310 --reason x").ok();
    world.pass(3600);
    alice.run("set cache.ttl 320 --reason x").ok();
    assert_eq!(alice.run("get cache.ttl --at 30m").ok(), "310\n");
    alice.run("get cache.ttl --at soon").refused(3, "soon");
}
