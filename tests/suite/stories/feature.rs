//! Feature flags and maintenance mode, as the application's scripts ask for them.

use super::{json, json_exits};
use crate::harness::World;
use insta::assert_snapshot;

#[test]
fn a_feature_is_rolled_out_by_steps_and_who_is_in_stays_in() {
    let (world, alice) = World::solo();
    assert_snapshot!(alice.run("feature list").shown(&world), @"
    exit 0
    --- stdout
    FEATURE            ENABLED  ROLLOUT
    background_export  yes      100 %
    beta_search        no       0 %
    new_dashboard      no       0 %
    --- stderr
    ");
    alice.run("feature check beta_search --user alice").exits(1);
    let mut seen = 0;
    for percentage in [0, 30, 60, 100] {
        let value = format!("{{\"enabled\": true, \"rollout_percentage\": {percentage}}}");
        alice.run(&format!("set features.beta_search '{value}' --reason rollout")).exits(0);
        let users = ["ann", "ben", "cleo", "dan", "eve", "fay", "gus", "hal"];
        let on = users.iter().filter(|user| {
            let ran = alice.run(&format!("feature check features.beta_search --user {user}"));
            assert!([0, 1].contains(&ran.code), "{}", ran.err);
            ran.code == 0
        });
        let on = on.count();
        assert!(on >= seen, "{percentage} %: {on} after {seen}");
        seen = on;
    }
    assert_eq!(seen, 8);
    assert_snapshot!(alice.run("feature check beta_search --user ann").shown(&world), @"
    exit 0
    --- stdout
    ann sees beta_search (place 53.43 of a rollout of 100 %)
    --- stderr
    ");
    alice.run("feature check nothing --user ann").refused(3, "There is no feature nothing");
}

#[test]
fn a_feature_may_be_written_path_by_path_in_a_source() {
    let (world, alice) = World::solo();
    world.file("m.yaml", "format: 1\ninstance: a\npolicy: {unregistered: low, low: {approvals: []}}\nsources: [{name: file, file: app.yaml, priority: 1}]\n");
    alice.run("manifest apply m.yaml --reason x").ok();
    world.file(
        "store/app.yaml",
        "features:\n  dark: {enabled: true, rollout_percentage: 50}\n  broken: {enabled: maybe}\n",
    );
    alice.run("reload").exits(0);
    let items = json(&alice, "feature list")["items"].clone();
    assert_eq!((items.as_array().unwrap().len(), &items[0]["name"]), (1, &serde_json::json!("dark")));
    alice.run("feature check broken --user x").refused(6, "is no feature");
}

#[test]
fn maintenance_is_an_ordinary_change() {
    let (_, alice) = World::solo();
    assert_eq!(alice.run("maintenance status").ok().trim(), "false");
    let on = json(&alice, "maintenance on --reason upgrade");
    assert_eq!(
        (&on["change"]["risk"], &on["change"]["items"][0]["path"]),
        (&"medium".into(), &"maintenance.enabled".into())
    );
    assert_eq!(alice.run("maintenance status").ok().trim(), "true");
    alice.run("maintenance on --reason again").exits(0);
    alice.run("maintenance off --reason done --dry-run").exits(0);
    assert_eq!(alice.run("maintenance status").ok().trim(), "true");
    alice.run("maintenance off --reason done").exits(0);
    assert_eq!(json_exits(&alice, "maintenance status", 0)["items"][0]["value"], false);
}
