//! The audit log, and how the instance stands: `audit`, `status`, `doctor`.

use super::{column, json, json_exits, transcript};
use crate::harness::{User, World};
use serde_json::Value;

fn busy() -> (World, User) {
    let (world, alice) = World::solo();
    alice.run("set server.port 5050 --reason one").ok();
    alice.run("set server.port 0 --reason two").exits(6);
    alice.run("backup create").ok();
    (world, alice)
}

fn store(world: &World) -> rusqlite::Connection {
    rusqlite::Connection::open(world.store()).unwrap()
}

#[test]
fn every_write_and_refusal_is_an_entry_that_can_be_filtered() {
    let team = World::team();
    let (world, alice, frank) = (&team.world, &team.alice, &team.frank);
    world.pass(7200);
    frank.run("set server.name web-2 --reason x").ok();
    frank.run("set server.name 'no good' --reason x").exits(6);
    for (line, actors, outcomes) in [
        // Between the two, the full backup of the day that the program takes by itself.
        ("audit list --since 1h", vec!["frank", "cfgctl", "frank"], vec!["refused", "done", "done"]),
        ("audit list --by frank --since 1h --limit 1", vec!["frank"], vec!["refused"]),
        ("audit list --by nobody", vec![], vec![]),
        ("audit list --action store.init", vec!["alice"], vec!["done"]),
        ("audit list --action nothing.at-all", vec![], vec![]),
    ] {
        let items = json(alice, line)["items"].clone();
        assert_eq!(
            (column(&items, "actor"), column(&items, "outcome")),
            (
                actors.iter().map(|s| (*s).to_owned()).collect(),
                outcomes.iter().map(|s| (*s).to_owned()).collect()
            ),
            "{line}"
        );
    }
    let all = column(&json(alice, "audit list --limit 1000")["items"], "seq");
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = json(alice, &format!("audit list --limit 3 {after}"));
        paged.extend(column(&page["items"], "seq"));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("--after {next}");
    }
    assert_eq!(paged, all);
}

#[test]
fn the_chain_holds_a_head_that_was_seen_and_no_other() {
    let (_world, alice) = busy();
    let answer = json(&alice, "set log_level debug --reason x");
    let head = answer["audit_head"].as_str().unwrap().to_owned();
    alice.run("set log_level warn --reason x").ok();
    alice.run(&format!("audit verify --head {head}")).ok();
    alice.run(&format!("audit verify --head {head} --full")).ok();
    let (place, hash) = head.split_once(':').unwrap();
    let other = format!("{place}:{}", hash.chars().rev().collect::<String>());
    let later = format!("9999:{hash}");
    for head in [other, later] {
        let answer = json_exits(&alice, &format!("audit verify --head {head}"), 9);
        assert_eq!(
            (answer["ok"].as_bool(), answer["problems"].as_array().unwrap().is_empty()),
            (Some(false), false),
            "{answer}"
        );
    }
    alice.run("audit verify --head nonsense").refused(2, "SEQ:HASH");
}

#[test]
fn what_was_forged_cut_or_slipped_in_is_found_and_named() {
    for (forgery, full, named) in [
        ("UPDATE audit_log SET actor = 'mallory' WHERE seq = 2", false, "2"),
        ("UPDATE audit_log SET outcome = 'done' WHERE outcome = 'refused'", false, "4"),
        ("DELETE FROM audit_log WHERE seq = 2", false, "3"),
        ("DELETE FROM audit_log WHERE seq = 1", false, "2"),
        ("UPDATE config_versions SET description = 'other' WHERE id = 2", true, "version"),
        ("UPDATE config_history SET changed_by = 'bob' WHERE version_id = 2", true, "history"),
        ("UPDATE config_overrides SET value = '5051' WHERE section = 'server'", true, "server.port"),
        ("DELETE FROM config_overrides WHERE section = 'server'", true, "server.port"),
    ] {
        let (world, alice) = busy();
        assert!(store(&world).execute(forgery, []).unwrap() > 0, "{forgery}");
        let line = if full { "audit verify --full" } else { "audit verify" };
        let answer = json_exits(&alice, line, 9);
        assert!(answer["problems"].to_string().contains(named), "{forgery}: {answer}");
        alice.run("doctor").exits(9);
    }
}

#[test]
fn entries_are_exported_oldest_first_as_lines_as_csv_and_whole() {
    let (world, alice) = busy();
    let lines: Vec<Value> =
        alice.run("audit export").ok().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let listed = json(&alice, "audit list --limit 1000")["items"].clone();
    let mut expected = column(&listed, "hash");
    expected.reverse();
    assert_eq!(column(&Value::from(lines.clone()), "hash"), expected);
    assert!(lines.iter().all(|line| line["identity_asserted"] == true));
    let csv = alice.run("audit export --csv").ok();
    assert_eq!(csv.lines().count(), lines.len() + 1);
    assert!(
        csv.starts_with(
            "seq,at,actor,proof,origin,program,action,target,outcome,detail,rows,prev_hash,hash,"
        ),
        "{csv}"
    );
    assert_eq!(json(&alice, "audit export")["items"].as_array().unwrap().len(), lines.len());
    assert_eq!(alice.run("audit export -o ndjson").ok(), alice.run("audit export").ok());
    assert_eq!(alice.run("audit export --by nobody").ok(), "");
    alice.run("audit export -o raw").refused(2, "raw");
    // A spreadsheet must not read a reason or a name as a formula, nor break at a comma or quote.
    let bob = world.user("bob", 1001);
    bob.run("set '=cmd' 1 --reason 'x, \"y\"'").exits(4);
    let csv = alice.run("audit export --csv").ok();
    assert!(!csv.lines().any(|line| line.split(',').any(|field| field.starts_with(['=', '@']))), "{csv}");
}

#[test]
fn status_and_doctor_say_how_it_stands_and_what_is_wrong() {
    let (world, alice) = busy();
    insta::assert_snapshot!(transcript(&alice, &["status", "doctor", "audit list --limit 2", "audit verify --full"]), @"
    $ cfgctl status
    Attention  Members and manifest rest with one person.
               The store is solo: one person's own approval counts at every risk.
               Identity is asserted: who can write the store's file can forge what is in it.
               Executed changes wait for a review (1): cfgctl change-request list --unreviewed
               Changes wait for a restart (1): cfgctl change-request list --restart-pending
    Instance   local
    Store      WORLD/store/config_overrides.db
    You        alice (board, uid:1000)
    Version    2, by alice, 2026-11-21 09:00:01Z
    Overrides  1 over 56 settings
    Manifest   1
    Members    1, solo: one's own approval counts at every risk
    Requests   0 open
    Restart    change 2 waits for a restart of web: server.port
    Backups    3, the last full one 2026-11-21 09:00:03Z
    Identity   asserted: whoever can write the store's file can forge it
    Hash       HASH
    Effective  HASH
    Size       SIZE
    Kept       2 versions, 1 history row, 5 audit entries
    Audit      5:HASH
    $ cfgctl doctor
    CHECK        STATUS   FINDING
    file         ok       holds
    audit chain  ok       holds
    records      ok       holds
    values       ok       holds
    base         ok       holds
    registry     ok       holds
    backups      ok       hold
    permissions  ok       only the owner can read and write the store
    file system  ok       local
    space        ok       enough
    writing      ok       the store and its backups can be written
    governance   warning  members and manifest rest with one person; the store is solo; identity is asserted: who can write the file can forge what is in it.
    governance: Invite a second owner: cfgctl member invite NAME --role ROLE --owner
    $ cfgctl audit list --limit 2
    SEQ  TIME                  ACTOR  PROOF     ORIGIN  ACTION         TARGET  OUTCOME
    5    2026-11-21 09:00:03Z  alice  uid:1000  local   backup.create  full    done
    4    2026-11-21 09:00:02Z  alice  uid:1000  local   change.set     -       refused
    ! Identity on this store is asserted: whoever can write its file could have forged these names.
    ! There is more: --after 4
    $ cfgctl audit verify --full
    The chain holds
    Verified  5 entries
    Head      5:HASH
    ");
    std::fs::remove_dir_all(world.store().parent().unwrap().join("backups")).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(world.store(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let answer = json_exits(&alice, "doctor", 9);
    let state = |name: &str| {
        let checks = answer["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("backups"), "failed", "{answer}");
    assert_ne!(state("permissions"), "ok", "{answer}");
    assert_eq!(state("audit chain"), "ok", "{answer}");
}
