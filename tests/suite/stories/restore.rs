//! Restoring what a backup holds: `restore`, and `rollback --backup`.

use super::{json, json_exits, overrides, pairs, transcript, version};
use crate::harness::{User, World};
use serde_json::json;
use std::path::PathBuf;

/// A full backup of port 5050 and name web-2; since then port 6060, the name gone, a timeout set.
fn harmed() -> (World, User, String) {
    let (world, alice) = World::solo();
    alice.run("set server.port=5050 server.name=web-2 --reason one").ok();
    let backup = alice.run("backup create --name good -o name").ok().trim().to_owned();
    alice
        .run_with_input(
            "apply -f - --reason two",
            "server: {port: 6060, name: null}\nsession_timeout_minutes: 90\n",
        )
        .exits(0);
    (world, alice, backup)
}

fn copy(world: &World, backup: &str) -> PathBuf {
    let target = world.folder().join("copy.json");
    std::fs::copy(world.folder().join("store/backups").join(backup), &target).unwrap();
    target
}

/// B3: all values of a backup, each reported; a complete restore asks for the name.
#[test]
fn a_complete_restore_asks_for_the_instances_name_and_brings_everything_back() {
    let (_world, alice, backup) = harmed();
    for line in ["", "--yes", "--answer other"] {
        alice.run(&format!("restore {backup} --reason x {line}")).refused(2, "--answer local");
    }
    assert_eq!(version(&alice).0, 3);
    let answer = json(&alice, &format!("restore {backup} --reason lost --answer local"));
    let expected =
        json!({"server.name": "restored", "server.port": "restored", "session_timeout_minutes": "unset"});
    assert_eq!(pairs(&answer["results"], "status"), expected);
    assert_eq!(overrides(&alice), json!({"server.name": "web-2", "server.port": 5050}));
    assert_eq!(
        json(&alice, &format!("restore {backup} --reason again --answer local"))["outcome"],
        "unchanged"
    );
}

#[test]
fn a_part_needs_no_name_and_leaves_the_rest() {
    for (line, expected) in [
        ("restore BACKUP --path server.port", json!({"server.port": 5050, "session_timeout_minutes": 90})),
        (
            "restore BACKUP --section server",
            json!({"server.name": "web-2", "server.port": 5050, "session_timeout_minutes": 90}),
        ),
        (
            "restore ./copy.json --path server.name",
            json!({"server.name": "web-2", "server.port": 6060, "session_timeout_minutes": 90}),
        ),
        (
            "rollback --backup BACKUP --section server",
            json!({"server.name": "web-2", "server.port": 5050, "session_timeout_minutes": 90}),
        ),
        ("rollback --backup copy.json --path session_timeout_minutes", json!({"server.port": 6060})),
    ] {
        let (world, alice, backup) = harmed();
        copy(&world, &backup);
        alice.run(&format!("{} --reason x", line.replace("BACKUP", &backup))).ok();
        assert_eq!(overrides(&alice), expected, "{line}");
    }
}

#[test]
fn only_full_backups_unset_what_they_do_not_hold() {
    let (_world, alice, _) = harmed();
    let of_change = json(&alice, "cr show 3")["backup"].as_str().unwrap().to_owned();
    alice.run("set log_level debug --reason x").ok();
    let ran = alice.run(&format!("restore {of_change} --reason x --answer local -o json"));
    let expected =
        json!({"server.name": "restored", "server.port": "restored", "session_timeout_minutes": "unset"});
    assert_eq!(pairs(&ran.exits(0).json()["results"], "status"), expected);
    assert_eq!(overrides(&alice), json!({"log_level": "debug", "server.name": "web-2", "server.port": 5050}));
}

#[test]
fn another_store_s_backup_needs_foreign_and_the_name() {
    let (world, _, backup) = harmed();
    let text = std::fs::read(copy(&world, &backup)).unwrap();
    // A day later, so that the store is not only another file but another store.
    let other = World::new();
    other.pass(86400);
    let bob = other.user("bob", 1001);
    bob.run("init --solo").ok();
    other.file("theirs.json", text);
    bob.run("restore ./theirs.json --reason x --answer local").refused(6, "--foreign");
    bob.run("rollback --backup theirs.json --reason x --answer local").refused(6, "--foreign");
    bob.run("restore ./theirs.json --foreign --reason x").refused(2, "--answer local");
    bob.run("restore ./theirs.json --foreign --reason x --answer local").ok();
    assert_eq!(overrides(&bob), json!({"server.name": "web-2", "server.port": 5050}));
}

const FORMER: &str = r#"{"timestamp": "2024-01-15T10:30:00", "configurations": {
  "session_timeout_minutes": {"value": 60, "data_type": "integer", "updated_at": "2024-01-15T10:00:00", "updated_by": "admin"},
  "max_concurrent_jobs": {"value": 20, "data_type": "integer", "updated_at": "2024-01-15T10:00:00", "updated_by": "admin"},
  "server.port": {"value": 0, "data_type": "integer", "updated_at": "2024-01-15T10:00:00", "updated_by": "admin"}}}"#;

/// P14: a file without a checksum is an ordinary batch: nothing is unset, every value must be valid.
#[test]
fn the_former_system_s_file_is_read_as_a_batch() {
    let (world, alice, _) = harmed();
    world.file("former.json", FORMER);
    let before = overrides(&alice);
    alice.run("restore ./former.json --reason x").refused(6, "server.port must be at least 1, not 0.");
    assert_eq!(overrides(&alice), before);
    let answer = json_exits(&alice, "restore ./former.json --skip-invalid --reason x", 1);
    let expected = json!({"max_concurrent_jobs": "restored", "server.port": "failed", "session_timeout_minutes": "restored"});
    assert_eq!(pairs(&answer["results"], "status"), expected);
    assert_eq!(
        overrides(&alice),
        json!({"max_concurrent_jobs": 20, "server.port": 6060, "session_timeout_minutes": 60})
    );
    alice.run("rollback --backup former.json --path max_concurrent_jobs --reason x").ok();
}

#[test]
fn a_file_that_is_no_backup_is_refused_before_anything_is_touched() {
    let (world, alice, backup) = harmed();
    let good = std::fs::read_to_string(copy(&world, &backup)).unwrap();
    let before = version(&alice);
    for (name, text) in [
        ("empty.json", String::new()),
        ("cut.json", good[..good.len() - 40].to_owned()),
        ("list.json", "[]".to_owned()),
        ("other.json", "{\"a\": 1}".to_owned()),
        ("value.json", good.replace("5050", "5051")),
        ("sum.json", good.replace("\"checksum\":\"", "\"checksum\":\"0")),
        ("scope.json", good.replace("\"full\"", "\"change\"")),
        ("later.json", good.replace("cfgctl-backup/1", "cfgctl-backup/9")),
    ] {
        world.file(name, text);
        let ran = alice.run(&format!("restore ./{name} --reason x --answer local"));
        assert!(matches!(ran.code, 6 | 9), "{name}: exit {}: {}{}", ran.code, ran.out, ran.err);
        ran.refused(ran.code, name);
    }
    alice.run("restore ./missing.json --reason x").refused(3, "missing.json");
    alice.run("restore ../copy.json --reason x").refused(3, "copy.json");
    assert_eq!(version(&alice), before);
    // Reformatted, it is the same backup.
    let pretty =
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&good).unwrap()).unwrap();
    world.file("pretty.json", pretty);
    alice.run("restore ./pretty.json --reason x --answer local").ok();
}

#[test]
fn what_a_person_sees_of_a_restore() {
    let (world, alice, backup) = harmed();
    world.file("former.json", FORMER);
    let lines = [
        &format!("restore {backup} --dry-run"),
        &format!("restore {backup} --reason lost"),
        &format!("restore {backup} --reason lost --answer local"),
        "restore ./former.json --skip-invalid --reason x",
        "restore nosuch --reason x",
    ];
    insta::assert_snapshot!(transcript(&alice, &lines), @r#"
    $ cfgctl restore config_backup_good_20261121_090002.json --dry-run
    Would apply: high risk
      + server.name              localhost (default) → web-2
      ~ server.port              6060 → 5050
      - session_timeout_minutes  90 → 120 (default)
    Back to  the backup config_backup_good_20261121_090002.json
    Results  2 restored, 1 unset
    Risk     high: server.port is registered as high.
             high: server.port needs a restart.
             medium: session_timeout_minutes is registered as medium.
             low: server.name is registered as low.
    Restart  needed of web

    PATH                     RESULT    WHY
    server.name              restored  -
    server.port              restored  -
    session_timeout_minutes  unset     -
    ! This asks to type local; without a terminal: --answer local
    $ cfgctl restore config_backup_good_20261121_090002.json --reason lost
    ! error: This replaces what is in force. It must be confirmed by name.
    ! hint: Confirm it: --answer local
    [exit 2]
    $ cfgctl restore config_backup_good_20261121_090002.json --reason lost --answer local
    Change 4 applied; a restart is pending: version 4 (high risk)
      + server.name              localhost (default) → web-2
      ~ server.port              6060 → 5050
      - session_timeout_minutes  90 → 120 (default)
    Back to  the backup config_backup_good_20261121_090002.json
    Results  2 restored, 1 unset
    Restart  needed of web
    Backup   config_backup_change_4_20261121_090006.json
    Audit    6:HASH
    Undo     cfgctl undo 4 --reason "…"

    PATH                     RESULT    WHY
    server.name              restored  -
    server.port              restored  -
    session_timeout_minutes  unset     -
    $ cfgctl restore ./former.json --skip-invalid --reason x
    Change 5 applied: version 5 (medium risk)
      + max_concurrent_jobs      10 (default) → 20
      + session_timeout_minutes  120 (default) → 60
    Back to   the backup ./former.json
    Results   2 restored, 1 failed
    Services  web, worker
    Backup    config_backup_change_5_20261121_090007.json
    Audit     7:HASH
    Undo      cfgctl undo 5 --reason "…"

    PATH                     RESULT    WHY
    max_concurrent_jobs      restored  -
    server.port              failed    server.port must be at least 1, not 0.
    session_timeout_minutes  restored  -
    ! warning: Better with evidence of a staging test.
    [exit 1]
    $ cfgctl restore nosuch --reason x
    ! error: There is no backup named nosuch.
    ! hint: See what there is: cfgctl backup list
    [exit 3]
    "#);
}
