//! Backup files: made before every change and by hand, shown, verified, pruned.

use super::{column, json, json_exits, transcript, version};
use crate::harness::{User, World};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

fn folder(world: &World) -> PathBuf {
    world.store().parent().unwrap().join("backups")
}

fn read(world: &World, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder(world).join(name)).unwrap()).unwrap()
}

fn newest(alice: &User) -> String {
    json(alice, "backup list --limit 1")["items"][0]["name"].as_str().unwrap().to_owned()
}

/// P6: the name, `timestamp` and `configurations`: key → `value`, `data_type`, `updated_at`, `updated_by`.
#[test]
fn the_file_has_the_name_and_the_shape_that_operators_know() {
    let (world, alice) = World::solo();
    alice.run("set server.port=5050 alerts.disk=0.5 cache.enabled=false server.name=web-2 --reason x").ok();
    alice.run("set auth.backends='[\"ldap\"]' features.beta_search='{\"enabled\":true}' --reason x").ok();
    let made = json(&alice, "backup create --name before-upgrade");
    let name = made["name"].as_str().unwrap();
    assert_eq!(name, "config_backup_before-upgrade_20261121_090003.json");
    let file = read(&world, name);
    assert_eq!(
        (&file["timestamp"], &file["scope"], &file["instance"]),
        (&json!("2026-11-21T09:00:03.000Z"), &json!("full"), &json!("local"))
    );
    let types = |path: &str| file["configurations"][path]["data_type"].as_str().unwrap().to_owned();
    assert_eq!(
        [
            "server.port",
            "alerts.disk",
            "cache.enabled",
            "server.name",
            "auth.backends",
            "features.beta_search"
        ]
        .map(types),
        ["integer", "number", "boolean", "string", "list", "json"]
    );
    let port = json!({"data_type": "integer", "updated_at": "2026-11-21T09:00:01.000Z", "updated_by": "alice", "value": 5050});
    assert_eq!(file["configurations"]["server.port"], port);
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(folder(&world).join(name)), mode(folder(&world))), (0o600, 0o700));
    alice.run("backup create --name ../evil").refused(2, "../evil");
    alice.run("backup create --name a/b").refused(2, "a/b");
}

#[test]
fn before_every_change_a_file_holds_the_former_values_and_marks_what_was_absent() {
    let (world, alice) = World::solo();
    alice.run("set server.port 5050 --reason one").ok();
    let first = read(&world, json(&alice, "cr show 2")["backup"].as_str().unwrap());
    assert_eq!(
        (&first["absent"], &first["configurations"], &first["scope"]),
        (&json!(["server.port"]), &json!({}), &json!("change"))
    );
    for line in [
        "set server.port=6060 server.name=web-2 --reason two",
        "unset server.port --reason x",
        "rollback --version 2 --reason x",
        "undo 5 --reason x",
    ] {
        let before: Value = super::overrides(&alice);
        let answer = json(&alice, line);
        let name = answer["change"]["backup"]
            .as_str()
            .unwrap_or_else(|| panic!("{line}: no backup in {answer}"))
            .to_owned();
        assert!(folder(&world).join(&name).exists(), "{line}");
        let file = read(&world, &name);
        for item in answer["change"]["items"].as_array().unwrap() {
            let path = item["path"].as_str().unwrap();
            let absent = file["absent"].as_array().unwrap().contains(&json!(path));
            assert_eq!(
                file["configurations"].get(path).map(|saved| &saved["value"]),
                before.get(path),
                "{line}: {path}"
            );
            assert_eq!(absent, before.get(path).is_none(), "{line}: {path}");
        }
    }
    let daily = column(&json(&alice, "backup list")["items"], "name")
        .into_iter()
        .filter(|name| name.contains("_daily_"))
        .count();
    assert_eq!(daily, 1, "one full backup after the first change of a day");
    world.pass(86400);
    alice.run("set log_level debug --reason x").ok();
    assert_eq!(
        column(&json(&alice, "backup list")["items"], "scope")
            .iter()
            .filter(|scope| *scope == "full")
            .count(),
        2
    );
}

#[test]
fn without_a_backup_there_is_no_change() {
    let (world, alice) = World::solo();
    let before = version(&alice);
    let _ = std::fs::remove_dir_all(folder(&world));
    std::fs::write(folder(&world), "in the way").unwrap();
    for line in ["set server.port 5050 --reason x", "set log_level debug --reason x", "backup create"] {
        let ran = alice.run(line);
        ran.refused(7, "backup");
        assert!(ran.err.contains("hint: "), "{}", ran.err);
    }
    assert_eq!(version(&alice), before);
    assert_eq!(super::overrides(&alice), json!({}));
    std::fs::remove_file(folder(&world)).unwrap();
    alice.run("set server.port 5050 --reason x").ok();
}

#[test]
fn verify_finds_what_was_changed_truncated_or_taken_away() {
    let (world, alice) = World::solo();
    alice.run("set server.port 5050 --reason x").ok();
    let names: Vec<String> =
        (0..4).map(|_| alice.run("backup create -o name").ok().trim().to_owned()).collect();
    alice.run("backup verify").ok();
    let path = |name: &String| folder(&world).join(name);
    let text = std::fs::read_to_string(path(&names[0])).unwrap();
    std::fs::write(path(&names[0]), text.replace("5050", "5051")).unwrap();
    std::fs::write(path(&names[1]), &text[..text.len() / 2]).unwrap();
    std::fs::remove_file(path(&names[2])).unwrap();
    let answer = json_exits(&alice, "backup verify", 9);
    for item in answer["items"].as_array().unwrap() {
        let harmed = names[..3].iter().any(|name| item["name"] == name.as_str());
        assert_eq!((item["ok"].as_bool().unwrap(), item["problem"].is_string()), (!harmed, harmed), "{item}");
    }
    alice.run(&format!("backup verify {}", names[3])).ok();
    alice.run(&format!("backup verify {}", names[0])).exits(9);
    alice.run("backup verify nosuch").refused(3, "nosuch");
    for name in &names[..3] {
        let ran = alice.run(&format!("restore {name} --answer local --reason x"));
        assert!(matches!(ran.code, 3 | 9) && ran.out.is_empty(), "{name}: {} {}", ran.code, ran.out);
    }
    assert_eq!(super::overrides(&alice), json!({"server.port": 5050}));
}

/// The 50 newest automatic ones stay, those made by hand too, and the last full one whatever its age.
#[test]
fn pruning_keeps_the_newest_the_last_full_one_and_those_made_by_hand() {
    let team = World::team();
    let (world, alice) = (&team.world, &team.alice);
    team.frank.run("set server.name web --reason x").ok();
    let by_hand = alice.run("backup create --name mine -o name").ok().trim().to_owned();
    for number in 0..53 {
        team.frank.run(&format!("set server.name web-{number} --reason x")).ok();
    }
    let names = || column(&json(alice, "backup list --limit 1000")["items"], "name");
    let changes = |names: &[String]| names.iter().filter(|name| name.contains("_change_")).count();
    assert_eq!(changes(&names()), 50, "the policy keeps 50");
    team.frank.run("backup prune --keep 3 --reason x").refused(4, "");
    let dry = json(alice, "backup prune --keep 3 --dry-run");
    let done = json(alice, "backup prune --keep 3 --reason space");
    assert_eq!(dry["removed"], done["removed"]);
    let left = names();
    assert_eq!(changes(&left), 3, "{left:?}");
    assert!(left.contains(&by_hand) && left.iter().any(|name| name.contains("_daily_")), "{left:?}");
    let mut on_disk: Vec<String> = std::fs::read_dir(folder(world))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut listed = left.clone();
    on_disk.sort();
    listed.sort();
    assert_eq!(on_disk, listed, "the record and the folder differ");
    alice.run("backup verify").ok();
}

#[test]
fn what_a_person_sees_of_backups() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason x").ok();
    let name = newest(&alice);
    let lines = [
        "backup create --name mine",
        "backup list",
        &format!("backup show {name}"),
        "backup verify",
        "backup prune --keep 1 --dry-run",
        "backup show nosuch",
    ];
    insta::assert_snapshot!(transcript(&alice, &lines), @r#"
    $ cfgctl backup create --name mine
    Backup    config_backup_mine_20261121_090003.json
    Holds     version 2: 1 path, 486 B (full)
    Made      by alice, 2026-11-21 09:00:03Z
    Checksum  HASH
    Audit     4:HASH
    $ cfgctl backup list
    NAME                                         SCOPE   TIME                  BY      VERSION  CHANGE  PATHS  SIZE
    config_backup_mine_20261121_090003.json      full    2026-11-21 09:00:03Z  alice   2        -       1      486 B
    config_backup_daily_20261121_090001.json     full    2026-11-21 09:00:01Z  cfgctl  2        -       1      486 B
    config_backup_change_2_20261121_090001.json  change  2026-11-21 09:00:01Z  alice   1        2       0      383 B
    $ cfgctl backup show config_backup_daily_20261121_090001.json
    Backup    config_backup_daily_20261121_090001.json
    Holds     version 2: 1 path, 486 B (full)
    Made      by cfgctl, 2026-11-21 09:00:01Z, by itself
    Checksum  HASH

    PATH         VALUE  BY     TIME
    server.port  5050   alice  2026-11-21T09:00:01.000Z
    $ cfgctl backup verify
    NAME                                         RESULT  PROBLEM
    config_backup_mine_20261121_090003.json      holds   -
    config_backup_daily_20261121_090001.json     holds   -
    config_backup_change_2_20261121_090001.json  holds   -
    $ cfgctl backup prune --keep 1 --dry-run
    Would remove  0 backups
    $ cfgctl backup show nosuch
    ! error: There is no backup named nosuch.
    ! hint: See what there is: cfgctl backup list
    [exit 3]
    "#);
}
