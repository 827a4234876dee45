//! The JSON of drift.

use super::answers;
use crate::harness::World;

#[test]
fn json_of_drift() {
    let (_world, alice) = World::solo();
    alice.run("set server.port=5050 log_level=info --reason 'New listener'").ok();
    alice.run("set motd hello --reason 'Announce'").ok();
    insta::assert_snapshot!(answers(&alice, &["drift server", "drift --ignore motd --ignore server.*", "drift --fresh server.name"]), @r#"
    $ cfgctl drift server -o json
    {
      "generation": 1,
      "drift": {
        "server": { "port": { "base": 4949, "override": 5050 } } },
      "items": [
        { "path": "server.port", "status": "drift", "base": 4949, "override": 5050, "layer": "default", "origin": null, "since": { "moved": "override", "at": "2026-11-21T09:00:01.000Z", "by": "alice", "reason": "New listener", "version": 2 } } ],
      "moved": [],
      "sources": [],
      "ended": [] }
    [exit 1]
    $ cfgctl drift --ignore motd --ignore server.* -o json
    {
      "generation": 1,
      "drift": {},
      "items": [
        { "path": "log_level", "status": "redundant", "base": "info", "override": "info", "layer": "default", "origin": null, "since": { "moved": "override", "at": "2026-11-21T09:00:01.000Z", "by": "alice", "reason": "New listener", "version": 2 } },
        { "path": "motd", "status": "suppressed", "base": null, "override": "hello", "layer": null, "origin": null, "since": { "moved": "override", "at": "2026-11-21T09:00:02.000Z", "by": "alice", "reason": "Announce", "version": 3 }, "ignored": { "path": "motd", "reason": "--ignore" } },
        { "path": "server.port", "status": "suppressed", "base": 4949, "override": 5050, "layer": "default", "origin": null, "since": { "moved": "override", "at": "2026-11-21T09:00:01.000Z", "by": "alice", "reason": "New listener", "version": 2 }, "ignored": { "path": "server.*", "reason": "--ignore" } } ],
      "moved": [],
      "sources": [],
      "ended": [] }
    $ cfgctl drift --fresh server.name -o json
    {
      "generation": 1,
      "drift": {},
      "items": [],
      "moved": [],
      "sources": [],
      "ended": [] }
    "#);
}

#[test]
fn json_of_adopting() {
    let world = World::new();
    let alice = world.user("alice", 1000);
    world.file(
        "based.yaml",
        "{format: 1, instance: based, settings: {a.b: {type: integer, risk: low}}, \
         sources: [{name: app, priority: 1, file: app.yaml}]}",
    );
    world.file("store/app.yaml", "a:\n  b: 1 # one\n");
    alice.run("init --solo --manifest based.yaml").ok();
    alice.run("reload --reason base").ok();
    alice.run("set a.b 2 --reason x").ok();
    insta::assert_snapshot!(answers(&alice, &["drift --adopt a.b --reason x"]), @r#"
    $ cfgctl drift --adopt a.b --reason x -o json
    {
      "files": [
        { "source": "app", "file": "app.yaml", "paths": [ "a.b" ], "diff": "--- app.yaml\n+++ app.yaml\n@@ -2 +2 @@\n-  b: 1 # one\n+  b: 2 # one\n" } ],
      "change": {
        "outcome": "done",
        "dry_run": false,
        "change": { "id": "01M7YNB1HRT2R8FYP1KGW9V7S8", "number": 3, "kind": "unset", "state": "completed", "risk": "low", "risk_reasons": [ { "risk": "low", "path": "a.b", "reason": "a.b is registered as low." } ], "reason": "x", "ticket": null, "rollback_plan": null, "requested_by": "alice", "created_at": "2026-11-21T09:00:03.000Z", "updated_at": "2026-11-21T09:00:03.000Z", "expires_at": null, "items": [ { "what": "value", "path": "a.b", "before": 2, "after": null, "base": 2, "base_layer": "app" } ], "demand": { "approvals": [], "test": "none" }, "missing": [], "advice": [], "approvals": [], "evidence": [], "digest": "", "base_version": 3, "version": 4, "executed_by": "alice", "backup": "config_backup_change_3_20261121_090003.json", "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 4" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back" } ], "restart_required": false, "affected_services": [], "identity_asserted": true, "ended_because": null, "returns_to": null, "trigger": null },
        "unchanged": [],
        "warnings": [],
        "audit_head": "7:HASH" } }
    "#);
}
