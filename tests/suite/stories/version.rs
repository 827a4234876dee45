//! Versions: listed, shown, made by hand, tagged, compared, marked as baselines, pruned.

use super::{column, json, overrides, transcript, version};
use crate::harness::World;
use serde_json::json;

#[test]
fn every_change_makes_a_version_and_a_number_tag_or_hash_names_it() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason one").ok();
    alice.run("set server.port 6060 --reason two").ok();
    let list = json(&alice, "version list");
    assert_eq!(column(&list["items"], "version"), ["3", "2", "1"]);
    assert_eq!(column(&list["items"], "description"), ["two", "one", "created the store"]);
    alice.run("version tag peak 2 --reason x").ok();
    let by_number = json(&alice, "version show 2");
    let hash = by_number["config_hash"].as_str().unwrap().to_owned();
    assert_eq!(json(&alice, "version show peak"), by_number);
    assert_eq!(json(&alice, &format!("version show {hash}")), by_number);
    assert_eq!(by_number["items"][0]["value"], 5050);
    assert_eq!(json(&alice, "version show")["version"], 3);
    let mut seen = Vec::new();
    let mut after = String::new();
    while let Some(page) = Some(json(&alice, &format!("version list --limit 1 {after}"))) {
        seen.extend(column(&page["items"], "version"));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("--after {next}");
    }
    assert_eq!(seen, ["3", "2", "1"]);
    for line in ["version show 99", "version show nosuch", "version diff 1 99", "version tag x 99 --reason x"]
    {
        alice.run(line).refused(3, "");
    }
}

#[test]
fn a_version_made_by_hand_holds_the_state_as_it_is() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason one").ok();
    let (_, hash) = version(&alice);
    let made = json(&alice, "version create --reason 'Before the upgrade' --tag before-upgrade");
    assert_eq!(
        (&made["version"], &made["config_hash"], &made["tags"]),
        (&json!(3), &json!(hash), &json!(["before-upgrade"]))
    );
    alice.run("version create --reason x --tag before-upgrade").refused(5, "before-upgrade");
    alice.run("version create").refused(2, "reason");
    assert_eq!(version(&alice), (3, hash));
}

#[test]
fn tags_are_given_once_and_taken_away() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason one").ok();
    alice.run("version tag known-good --reason x").ok();
    alice.run("version tag also-good 2 --reason x").ok();
    assert_eq!(json(&alice, "version show 2")["tags"], json!(["also-good", "known-good"]));
    alice.run("version tag known-good 1 --reason x").refused(5, "version 2");
    alice.run("version tag 17 --reason x").refused(2, "17");
    alice.run("version tag 'a b' --reason x").refused(2, "a b");
    alice.run("version untag known-good --reason x").ok();
    alice.run("version untag known-good --reason x").refused(3, "known-good");
    alice.run("version tag known-good 1 --reason x").ok();
    assert_eq!(json(&alice, "version show known-good")["version"], 1);
    // Tags are on record: who gave and took them is an entry each.
    let tagged = column(&json(&alice, "audit list --limit 5")["items"], "action");
    assert!(tagged.iter().filter(|action| action.contains("tag")).count() >= 3, "{tagged:?}");
}

/// A5.
#[test]
fn pruning_leaves_tags_baselines_and_the_newest_and_they_can_still_be_restored() {
    let (_world, alice) = World::solo();
    for port in 5001..=5009 {
        alice.run(&format!("set server.port={port} a.n{port}=1 --reason r{port}")).ok();
    }
    alice.run("version tag known-good 4 --reason x").ok();
    alice.run("version baseline 6 --reason x").ok();
    assert_eq!(column(&json(&alice, "version list --baselines")["items"], "version"), ["6"]);
    let held: Vec<_> = ["known-good", "6", "9", "10"]
        .iter()
        .map(|which| json(&alice, &format!("version show {which}")))
        .collect();
    let dry = json(&alice, "version prune --keep 2 --dry-run");
    let done = json(&alice, "version prune --keep 2 --reason space");
    assert_eq!(column(&json(&alice, "version list")["items"], "version"), ["10", "9", "6", "4"]);
    for member in ["removed", "history_removed", "floor", "kept"] {
        assert_eq!(dry[member], done[member], "the dry run and the pruning differ in {member}");
    }
    for (which, before) in ["known-good", "6", "9", "10"].iter().zip(&held) {
        let now = json(&alice, &format!("version show {which}"));
        assert_eq!(
            (&now["items"], &now["config_hash"]),
            (&before["items"], &before["config_hash"]),
            "{which}"
        );
    }
    alice.run("version show 5").refused(3, "5");
    alice.run("rollback --version 5 --reason x").refused(3, "5");
    for (which, port, count) in
        [("--tag known-good", 5003, 4), ("--version 6", 5005, 6), ("--version 9", 5008, 9)]
    {
        alice.run(&format!("rollback {which} --reason back")).ok();
        let now = overrides(&alice);
        assert_eq!((&now["server.port"], now.as_object().unwrap().len()), (&json!(port), count), "{which}");
    }
    assert_eq!(alice.run("audit verify --full").code, 0);
    assert_eq!(alice.run("doctor").code, 0);
}

#[test]
fn only_who_may_prunes() {
    let team = World::team();
    team.frank.run("version prune --keep 1 --reason x").refused(4, "");
    team.grace.run("version create --reason x").refused(4, "");
    team.grace.run("version list").ok();
}

#[test]
fn what_a_person_sees_of_versions() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason 'New listener'").ok();
    let lines = [
        "version create --reason 'Before the upgrade' --tag before-upgrade",
        "version list",
        "version show before-upgrade",
        "version baseline 2 --reason 'Known good'",
        "version diff 1 2",
        "version prune --keep 1 --dry-run",
        "version show nosuch",
    ];
    insta::assert_snapshot!(transcript(&alice, &lines), @"
    $ cfgctl version create --reason 'Before the upgrade' --tag before-upgrade
    Version    3
    Made       by alice, 2026-11-21 09:00:02Z
    About      Before the upgrade
    Tags       before-upgrade
    Parent     2
    Hash       HASH
    Effective  HASH
    Audit      4:HASH
    $ cfgctl version list
    VERSION  TIME                  BY     HASH          TAGS            DESCRIPTION
    3        2026-11-21 09:00:02Z  alice  a010b99fa1d1  before-upgrade  Before the upgrade
    2        2026-11-21 09:00:01Z  alice  a010b99fa1d1  -               New listener
    1        2026-11-21 09:00:00Z  alice  b5a3e1bb0019  -               created the store
    $ cfgctl version show before-upgrade
    Version    3
    Made       by alice, 2026-11-21 09:00:02Z
    About      Before the upgrade
    Tags       before-upgrade
    Parent     2
    Hash       HASH
    Effective  HASH
    Base       HASH
    Overrides  1

    PATH         VALUE
    server.port  5050
    $ cfgctl version baseline 2 --reason 'Known good'
    Version    2
    Made       by alice, 2026-11-21 09:00:01Z
    About      New listener
    Tags       (baseline)
    Parent     1
    Change     01M7YNAZK8Y4C8ZFGW255TM2CA
    Hash       HASH
    Effective  HASH
    Audit      5:HASH
    $ cfgctl version diff 1 2
    --- version 1
    +++ version 2
    + server.port  5050
    [exit 1]
    $ cfgctl version prune --keep 1 --dry-run
    Would remove  1 version, 0 history rows
    History       begins after version 2
    Kept          2 (tags and baselines)
    $ cfgctl version show nosuch
    ! error: There is no version nosuch.
    ! hint: See what there is: cfgctl version list
    [exit 3]
    ");
}
