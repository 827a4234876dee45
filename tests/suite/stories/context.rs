//! Named stores: `context`, and what beats what.

use super::{column, json, transcript};
use crate::harness::{User, World};
use serde_json::json;

/// Three stores that answer with their own port: one, two, three; `one` and `two` have names.
fn three() -> (World, User) {
    let (world, alice) = World::solo();
    for (name, port) in [("one", "1001"), ("two", "1002"), ("three", "1003")] {
        let store = world.folder().join(name).join("store.db").display().to_string();
        alice.run(&format!("--store {store} init --solo")).ok();
        alice.run(&format!("--store {store} set server.port {port} --reason x")).ok();
        if name != "three" {
            alice.run(&format!("context add {name} --store {store}")).ok();
        }
    }
    alice.run("set server.port 1000 --reason x").ok();
    (world, alice)
}

/// Everything that runs without `CFGCTL_STORE`: an empty variable counts as unset.
fn unplaced(alice: &User) -> User {
    alice.with("CFGCTL_STORE", "")
}

#[test]
fn flags_beat_variables_beat_the_context_in_use() {
    let (world, alice) = three();
    let third = world.folder().join("three/store.db").display().to_string();
    alice.run("context use one").ok();
    let nowhere = unplaced(&alice);
    for (user, line, port, by) in [
        (&nowhere, "", "1001", "context use"),
        (&nowhere.with("CFGCTL_CONTEXT", ""), "", "1001", "context use"),
        (&nowhere.with("CFGCTL_CONTEXT", "two"), "", "1002", "$CFGCTL_CONTEXT"),
        (&alice.with("CFGCTL_CONTEXT", "two"), "", "1000", "$CFGCTL_STORE"),
        (&alice.with("CFGCTL_CONTEXT", "two"), "--context one", "1001", "--context"),
        (&alice, "--context two", "1002", "--context"),
        (&alice.with("CFGCTL_CONTEXT", "two"), &format!("--store {third}"), "1003", "--store"),
    ] {
        assert_eq!(user.run(&format!("{line} get server.port")).ok(), format!("{port}\n"), "{line}");
        let shown = json(user, &format!("{line} context show"));
        assert_eq!(shown["by"], by, "{line}: {shown}");
        let winners =
            shown["settings"].as_array().unwrap().iter().filter(|setting| setting["wins"] == true).count();
        assert_eq!(winners, 1, "{shown}");
    }
    alice.run(&format!("--store {third} --context one get")).refused(2, "--context");
    alice.run("--context nosuch get").refused(3, "nosuch");
    nowhere.with("CFGCTL_CONTEXT", "nosuch").run("get").refused(3, "nosuch");
}

#[test]
fn a_script_does_not_write_on_the_strength_of_context_use_alone() {
    let (_world, alice) = three();
    alice.run("context use one").ok();
    let nowhere = unplaced(&alice);
    assert_eq!(nowhere.run("get server.port").ok(), "1001\n");
    nowhere.run("set server.port 9 --reason x").refused(2, "one");
    nowhere.run("set server.port 9 --dry-run").ok();
    nowhere.run("--context one set server.port 9 --reason x").ok();
    nowhere.with("CFGCTL_CONTEXT", "one").run("set server.port 10 --reason x").ok();
    assert_eq!(nowhere.run("get server.port").ok(), "10\n");
}

#[test]
fn a_protected_context_asks_for_the_instances_name_whatever_yes_says() {
    let (world, alice) = three();
    let store = world.folder().join("one/store.db").display().to_string();
    alice.run(&format!("context add prod --store {store} --protected")).ok();
    for line in [
        "set server.port 9 --reason x",
        "--yes set server.port 9 --reason x",
        "--answer other set server.port 9 --reason x",
    ] {
        alice.run(&format!("--context prod {line}")).refused(2, "--answer local");
    }
    assert_eq!(alice.run("--context prod get server.port").ok(), "1001\n");
    alice.run("--context prod set server.port 9 --dry-run").ok();
    alice.run("--context prod --answer local set server.port 9 --reason x").ok();
    assert_eq!(alice.run("--context prod get server.port").ok(), "9\n");
}

#[test]
fn contexts_are_added_listed_chosen_and_forgotten() {
    let (world, alice) = three();
    assert_eq!(column(&json(&alice, "context list")["items"], "name"), ["one", "two"]);
    alice.run("context use two").ok();
    let in_use: Vec<String> = column(&json(&alice, "context list")["items"], "in_use");
    assert_eq!(in_use, ["false", "true"]);
    alice.run("context use --none").ok();
    assert!(!json(&alice, "context list").to_string().contains("\"in_use\":true"));
    alice.run("context use nosuch").refused(3, "nosuch");
    alice.run("context remove nosuch").refused(3, "nosuch");
    alice.run("context add ../x --store x.db").refused(2, "cannot be a context's name");
    let no_store = unplaced(&alice).run("context add x");
    no_store.refused(2, "--store PATH");
    alice.run("context remove two").ok();
    assert_eq!(alice.run("context list -o name").ok(), "one\n");
    assert!(world.folder().join("two/store.db").exists(), "forgetting a name removed its store");
    assert_eq!(json(&alice, "context show")["there"], json!(true));
    insta::assert_snapshot!(transcript(&alice, &["context list", "context use one", "context list", "context show"]), @r#"
    $ cfgctl context list
      one  WORLD/one/store.db
    $ cfgctl context use one
    ! one is in use: WORLD/one/store.db.
    $ cfgctl context list
    * one  WORLD/one/store.db
    $ cfgctl context show
    WORLD/store/config_overrides.db
      $CFGCTL_STORE decides: WORLD/store/config_overrides.db
      context use is weaker: one
    "#);
}

/// What is printed to be typed goes to the store that it was printed about.
#[test]
fn the_commands_that_are_shown_name_the_store_that_was_named() {
    let (world, alice) = three();
    let third = world.folder().join("three/store.db").display().to_string();
    for (flag, shown) in [
        (format!("--store {third}"), format!("--store {third}")),
        (
            "--store three/../three/store.db".to_owned(),
            format!("--store {}/three/../three/store.db", world.folder().display()),
        ),
        ("--context two".to_owned(), "--context two".to_owned()),
    ] {
        let set = alice.run(&format!("{flag} set cache.enabled=false log_level=debug --reason r"));
        let undo = set.ok().lines().find(|line| line.starts_with("Undo ")).unwrap().to_owned();
        assert!(undo.contains(&format!("cfgctl {shown} undo")), "{undo}");
        assert!(!set.err.contains("store: three"), "{}", set.err);
        let refused = alice.run(&format!("{flag} set server.port many --reason r"));
        refused.refused(6, &format!("cfgctl {shown} explain server.port"));
        let refused = alice.run(&format!("{flag} -o json set server.port many --reason r"));
        refused.refused(6, &format!("cfgctl {shown} explain server.port"));
        assert!(alice.run(&format!("{flag} doctor")).out.contains(&format!("cfgctl {shown} member invite")));
        alice.run(&format!("{flag} unset cache.enabled log_level --reason r")).ok();
    }
    // Where a variable or nothing named it, the command is the shorter one.
    let set = alice.run("set log_level debug --reason r").ok();
    assert!(set.contains("Undo      cfgctl undo"), "{set}");
    let made = alice.run("--store four/store.db init --solo").ok();
    assert!(made.contains("four/store.db status"), "{made}");
}

#[test]
fn a_name_is_given_to_another_store_only_when_that_is_said_and_its_protection_stays() {
    let (world, alice) = three();
    let third = world.folder().join("three/store.db").display().to_string();
    let fourth = world.folder().join("four/store.db").display().to_string();
    alice.run(&format!("context add safe --store {third} --protected")).ok();
    alice.run(&format!("context add safe --store {fourth}")).refused(5, "--replace");
    assert!(alice.run("context list").ok().contains(&third));
    let dry = json(&alice, &format!("context add safe --store {fourth} --replace --dry-run"));
    assert_eq!((&dry["dry_run"], &dry["protected"]), (&json!(true), &json!(true)));
    assert!(alice.run("context list").ok().contains(&third), "a dry run writes nothing");
    let answer = json(&alice, &format!("context add safe --store {fourth} --replace"));
    assert_eq!(answer["protected"], json!(true));
    assert_eq!(json(&alice, "context use safe")["store"], fourth);
    let gone = alice.run("context remove safe");
    assert!(gone.exits(0).err.contains("It was in use"), "{}", gone.err);
    world.file("home/.config/cfgctl/contexts.json", "{");
    let broken = alice.run("context list");
    assert!(broken.refused(6, "contexts.json").err.contains("hint: "), "{}", broken.err);
}
