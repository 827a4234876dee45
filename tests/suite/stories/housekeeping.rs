//! Housekeeping by policy: old versions and entries of the audit log go, baselines come, the store's size is watched.

use super::{column, json, transcript};
use crate::harness::{User, World};
use serde_json::{Value, json};

const DAY: i64 = 86_400;

/// A solo world under a manifest with this policy, beside that everything may be set.
fn keeping(policy: &str) -> (World, User) {
    let world = World::new();
    let alice = world.user("alice", 1000);
    let manifest = format!(
        "format: 1\ninstance: shop\nsettings:\n  port: {{type: integer, default: 1, risk: low}}\n\
         policy: {{unregistered: low, low: {{approvals: []}}, {policy}}}\n"
    );
    let manifest = world.file("m.yaml", manifest);
    alice.run(&format!("init --solo --manifest {}", manifest.display())).ok();
    (world, alice)
}

fn set(alice: &User, ports: std::ops::RangeInclusive<i64>) {
    for port in ports {
        alice.run(&format!("set port={port} a.n{port}={port} --reason r{port}")).ok();
    }
}

#[track_caller]
fn holds(user: &User) {
    let verified = user.run("audit verify --full");
    assert_eq!(verified.code, 0, "{}", verified.out);
    let looked = user.run("doctor");
    assert_eq!(looked.code, 0, "{}", looked.out);
}

fn chores(answer: &Value) -> Vec<(String, String, i64)> {
    let text = |chore: &Value, member: &str| chore[member].as_str().unwrap().to_owned();
    let chores = answer["housekeeping"].as_array().unwrap().iter();
    chores
        .map(|chore| (text(chore, "what"), text(chore, "result"), chore["up_to"].as_i64().unwrap()))
        .collect()
}

/// A7.
#[test]
fn settle_prunes_what_the_policy_does_not_keep_and_every_answer_about_what_stays_is_the_same() {
    let (world, alice) = keeping("keep: {versions: 3, history: 30d}");
    set(&alice, 2..=5);
    alice.run("version tag known-good 3 --reason x").ok();
    alice.run("version baseline 4 --reason x").ok();
    world.pass(31 * DAY);
    set(&alice, 6..=9);
    let kept = ["known-good", "4", "7", "8", "9"];
    let questions = |which: &str| {
        [
            format!("version show {which}"),
            format!("get --at {which}"),
            format!("get port --at {which}"),
            format!("diff {which} --exit-zero"),
            format!("diff {which} known-good --exit-zero"),
        ]
    };
    let ask = || -> Vec<Value> {
        let asked = kept.iter().flat_map(|which| questions(which));
        asked.map(|line| json(&alice, &line)).collect()
    };
    let before = ask();
    // Within 30 days, or among the newest three: what changed the port to 6 and what was in force until then stay.
    assert_eq!(json(&alice, "status")["housekeeping"], json!(["versions"]));
    let dry = json(&alice, "settle --dry-run");
    assert_eq!(chores(&dry), [("versions".to_owned(), "due".to_owned(), 4)]);
    let done = json(&alice, "settle");
    assert_eq!(chores(&done), [("versions".to_owned(), "done".to_owned(), 4)]);
    for member in ["removed", "history_removed"] {
        assert_eq!(dry["housekeeping"][0][member], done["housekeeping"][0][member], "{member}");
    }
    assert_eq!(
        column(&json(&alice, "version list")["items"], "version"),
        ["9", "8", "7", "6", "5", "4", "3"]
    );
    assert_eq!(ask(), before);
    holds(&alice);
    let entry = &json(&alice, "audit list --action version.prune")["items"][0];
    assert_eq!(
        (&entry["actor"], &entry["detail"]),
        (
            &json!("cfgctl"),
            &json!({"after": 0, "floor": 4, "removed": 2, "history_removed": 2, "kept": [3, 4], "by": "policy.keep"})
        )
    );
    // What is gone is refused by name, never answered from what happens to be left.
    alice
        .run("version show 2")
        .refused(3, "Version 2 was pruned: but for tags and baselines the oldest is 5.");
    alice.run("rollback --version 2 --reason x").refused(3, "was pruned");
    alice.run("rollback --steps 7 --reason x").refused(3, "older ones were pruned");
    alice.run("get port --at 2026-11-21T09:00:01Z").refused(3, "was pruned");
    assert_eq!(alice.run("get port --at 2026-11-21T09:00:02Z").ok(), "3\n");
    alice.run("rollback --tag known-good --reason back").ok();
    assert_eq!(alice.run("get port").ok(), "3\n");
}

/// A7: a timer calls it every minute; the whole store is looked through once a day.
#[test]
fn housekeeping_has_its_turn_once_a_day_and_a_generous_policy_leaves_everything() {
    let (world, alice) = keeping("keep: {versions: 2}");
    set(&alice, 2..=5);
    assert_eq!(chores(&json(&alice, "settle")), [("versions".to_owned(), "done".to_owned(), 3)]);
    set(&alice, 6..=7);
    assert_eq!(chores(&json(&alice, "settle")), []);
    world.pass(DAY);
    assert_eq!(chores(&json(&alice, "settle")), [("versions".to_owned(), "done".to_owned(), 5)]);
    assert_eq!(column(&json(&alice, "version list")["items"], "version"), ["7", "6"]);
    holds(&alice);
    let (world, alice) = keeping("verify: {timeout: 60s}");
    set(&alice, 2..=5);
    world.pass(10_000 * DAY);
    assert_eq!(chores(&json(&alice, "settle")), []);
}

/// A7.
#[test]
fn the_audit_log_is_pruned_by_its_own_term_and_the_chain_holds_across_it() {
    let (world, alice) = keeping("keep: {audit: 30d}");
    set(&alice, 2..=4);
    let early = json(&alice, "status")["audit_head"].as_str().unwrap().to_owned();
    world.pass(29 * DAY);
    set(&alice, 5..=6);
    let late = json(&alice, "status")["audit_head"].as_str().unwrap().to_owned();
    world.pass(2 * DAY);
    assert_eq!(json(&alice, "status")["housekeeping"], json!(["audit"]));
    assert_eq!(json(&alice, "settle --dry-run")["housekeeping"][0]["removed"], 5);
    assert_eq!(chores(&json(&alice, "settle")), [("audit".to_owned(), "done".to_owned(), 5)]);
    holds(&alice);
    let entries = json(&alice, "audit list");
    assert_eq!(column(&entries["items"], "seq").last().unwrap(), "6");
    let pruned = &json(&alice, "audit list --action audit.prune")["items"][0];
    assert_eq!(
        (&pruned["actor"], &pruned["target"], &pruned["detail"]),
        (
            &json!("cfgctl"),
            &json!("5"),
            &json!({"after": 0, "up_to": 5, "until": "2026-11-21T09:00:03.000Z", "removed": 5, "by": "policy.keep"})
        )
    );
    let verified = json(&alice, "audit verify");
    assert_eq!((&verified["begins_after"], &verified["ok"]), (&json!(5), &json!(true)));
    // The checkpoint itself is a head that the chain holds; so are later ones.
    assert!(early.starts_with("5:"), "{early}");
    alice.run(&format!("audit verify --head {early}")).ok();
    alice.run(&format!("audit verify --head {late}")).ok();
    alice.run(&format!("audit verify --head 5:{}", "0".repeat(64))).exits(9);
    alice.run(&format!("audit verify --head 2:{}", "0".repeat(64))).refused(3, "Entry 2 was pruned");
    // What pruned entries vouched for is still compared with what the store holds.
    set(&alice, 7..=7);
    world.pass(40 * DAY);
    set(&alice, 8..=8);
    alice.run("settle").ok();
    holds(&alice);
    let store = rusqlite::Connection::open(world.store()).unwrap();
    for (harm, mend) in [
        (
            "UPDATE config_history SET new_value = '9' WHERE version_id = 3 AND key = 'port'",
            "UPDATE config_history SET new_value = '3' WHERE version_id = 3 AND key = 'port'",
        ),
        (
            "UPDATE audit_vouched SET seq = seq + 1 WHERE record = 'version:3'",
            "UPDATE audit_vouched SET seq = seq - 1 WHERE record = 'version:3'",
        ),
    ] {
        store.execute(harm, []).unwrap();
        alice.run("audit verify --full").exits(9);
        store.execute(mend, []).unwrap();
        holds(&alice);
    }
    // Who cuts the log's beginning off, and says that it was pruned, is found by the plain look, too.
    let (seq, hash): (i64, Vec<u8>) = store
        .query_row("SELECT seq, hash FROM audit_log ORDER BY seq LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    store.execute("DELETE FROM audit_log WHERE seq = ?1", [seq]).unwrap();
    assert!(alice.run("audit verify").exits(9).out.contains("is missing"));
    let head = format!("{seq}:{hash}");
    store.execute("UPDATE system_metadata SET value = ?1 WHERE key = 'audit_checkpoint'", [head]).unwrap();
    assert!(alice.run("audit verify").exits(9).out.contains("is not the one that pruning left"));
}

/// A7.
#[test]
fn every_so_many_versions_or_so_long_after_the_last_one_a_version_becomes_a_baseline() {
    let (world, alice) = keeping("baselines: {every: 3, after: 7d}");
    let baselines = || column(&json(&alice, "version list --baselines")["items"], "version");
    set(&alice, 2..=3);
    assert_eq!(baselines(), Vec::<String>::new());
    set(&alice, 4..=8);
    assert_eq!(baselines(), ["7", "4"], "with the change that crosses the line");
    world.pass(7 * DAY);
    alice.run("get port").ok();
    assert_eq!(baselines(), ["7", "4"], "reading marks nothing");
    assert_eq!(json(&alice, "status")["housekeeping"], json!(["baseline"]));
    assert_eq!(chores(&json(&alice, "settle")), [("baseline".to_owned(), "done".to_owned(), 8)]);
    assert_eq!(baselines(), ["8", "7", "4"]);
    world.pass(30 * DAY);
    assert_eq!(chores(&json(&alice, "settle")), [], "nothing is new");
    let entry = &json(&alice, "audit list --action version.baseline --limit 1")["items"][0];
    assert_eq!((&entry["actor"], &entry["detail"]), (&json!("cfgctl"), &json!({"by": "policy.baselines"})));
    alice.run("version prune --keep 1 --reason space --yes").ok();
    assert_eq!(json(&alice, "version show 4")["items"].as_array().unwrap().len(), 4);
    holds(&alice);
}

/// A7: reloads' own history goes with the versions that it made.
#[test]
fn what_reloads_made_of_values_goes_with_its_versions_and_the_record_holds() {
    let (world, alice) = keeping("keep: {versions: 2, audit: 1d}");
    let manifest = std::fs::read_to_string(world.folder().join("m.yaml")).unwrap();
    world.file(
        "n.yaml",
        manifest + "sources: [{name: file, file: app.yaml, priority: 10, max_risk: critical}]\n",
    );
    alice.run("manifest apply n.yaml --reason x --yes").ok();
    for port in 10..14 {
        world.file("store/app.yaml", format!("port: {port}\n"));
        alice.run("reload").ok();
    }
    set(&alice, 2..=3);
    assert_eq!(column(&json(&alice, "history port")["items"], "version").len(), 6);
    world.pass(2 * DAY);
    alice.run("settle").ok();
    assert_eq!(column(&json(&alice, "history port")["items"], "version").len(), 2);
    assert_eq!(json(&alice, "get port --layer file")["items"][0]["value"], 13);
    holds(&alice);
}

/// A7.
#[test]
fn a_store_above_its_size_is_a_warning_with_the_command_to_type() {
    let (_world, alice) = keeping("keep: {size: 1KiB, versions: 1}");
    let attention = || json(&alice, "status")["attention"].to_string();
    assert!(attention().contains("above 1 KiB: cfgctl version prune --dry-run"), "{}", attention());
    set(&alice, 2..=4);
    assert!(attention().contains("above 1 KiB: cfgctl settle"), "{}", attention());
    let status = json(&alice, "status");
    assert_eq!(
        status["kept"],
        json!({"versions": 4, "history_after": 0, "history_rows": 6, "audit_after": 0, "audit_entries": 5})
    );
    alice.run("settle").ok();
    set(&alice, 5..=5);
    assert_eq!(
        json(&alice, "status")["kept"],
        json!({"versions": 2, "history_after": 3, "history_rows": 4, "audit_after": 0, "audit_entries": 7})
    );
    let (_world, alice) = keeping("keep: {size: 2GiB}");
    let status = json(&alice, "status");
    assert_eq!(status["store_warns_above"], 2_147_483_648_i64);
    assert!(!status["attention"].to_string().contains("above"), "{status}");
}

/// Who pruned by their own word: a tag that was in force lately is still proven by its own version.
#[test]
fn going_back_to_a_kept_tag_of_the_last_30_days_still_asks_for_one_admin_only() {
    let team = World::team();
    let high = |value: u32| {
        let id = team.frank.run(&format!("set server.port {value} --reason x -o name")).exits(8).out.clone();
        let id = id.trim().to_owned();
        team.world.file("test.txt", "passed");
        team.frank.run(&format!("cr test {id} --evidence test.txt")).ok();
        team.dave.run(&format!("cr approve {id} --execute")).exits(0);
    };
    high(5050);
    team.alice.run("version tag known-good --reason x").ok();
    let old = json(&team.alice, "status")["version"].clone();
    high(6060);
    high(7070);
    team.alice.run("version prune --keep 1 --reason space --yes").ok();
    team.world.pass(20 * DAY);
    let looked = team.erin.run("rollback --tag known-good --reason back --dry-run -o json").json();
    assert_eq!(looked["change"]["demand"]["approvals"], json!([{"role": "admin", "count": 1}]), "{looked}");
    team.erin.run("rollback --tag known-good --reason back").ok();
    assert_eq!(team.erin.run("get server.port").ok(), "5050\n");
    high(6060);
    team.world.pass(11 * DAY);
    // Made longer ago than 30 days, it proves nothing any more; that it was in force again lately does.
    assert_eq!(json(&team.alice, &format!("version show {old}"))["tags"], json!(["known-good"]));
    holds(&team.alice);
}

#[test]
fn what_a_person_sees_of_housekeeping() {
    let (world, alice) = keeping("keep: {versions: 2, audit: 1d}, baselines: {after: 1d}");
    set(&alice, 2..=4);
    world.pass(2 * DAY);
    let lines =
        ["status", "settle --dry-run", "settle", "settle", "audit verify", "version show 2", "version list"];
    insta::assert_snapshot!(transcript(&alice, &lines), @"
    $ cfgctl status
    Attention  Members and manifest rest with one person.
               The store is solo: one person's own approval counts at every risk.
               Identity is asserted: who can write the store's file can forge what is in it.
               Housekeeping is due (version 4 becomes a baseline, versions up to 2 go, audit entries up to 5 go): cfgctl settle
    Instance   shop
    Store      WORLD/store/config_overrides.db
    You        alice (board, uid:1000)
    Version    4, by alice, 2026-11-21 09:00:03Z
    Overrides  4 over 1 settings
    Manifest   1
    Members    1, solo: one's own approval counts at every risk
    Requests   0 open
    Backups    4, the last full one 2026-11-21 09:00:01Z
    Identity   asserted: whoever can write the store's file can forge it
    Hash       HASH
    Effective  HASH
    Size       SIZE
    Kept       4 versions, 6 history rows, 5 audit entries
    Audit      5:HASH
    $ cfgctl settle --dry-run
    HOUSEKEEPING  UP TO  RESULT  ABOUT
    baseline      4      due     version 4
    versions      2      due     2 versions and 0 history rows would go
    audit         5      due     5 entries would go
    $ cfgctl settle
    HOUSEKEEPING  UP TO  RESULT  ABOUT
    baseline      4      done    version 4
    versions      2      done    2 versions and 0 history rows went
    audit         5      done    5 entries went
    $ cfgctl settle
    ! Nothing is due.
    $ cfgctl audit verify
    The chain holds
    Verified  4 entries
    Begins    after entry 5; older ones were pruned
    Head      9:HASH
    $ cfgctl version show 2
    ! error: Version 2 was pruned: but for tags and baselines the oldest is 3.
    ! hint: See what there is: cfgctl version list
    [exit 3]
    $ cfgctl version list
    VERSION  TIME                  BY     HASH          TAGS        DESCRIPTION
    4        2026-11-21 09:00:03Z  alice  625b33b37a5a  (baseline)  r4
    3        2026-11-21 09:00:02Z  alice  4c52de5c7ba5  -           r3
    ");
}
