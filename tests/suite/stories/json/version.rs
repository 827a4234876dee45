//! The JSON of versions.

use super::answers;
use crate::harness::World;

#[test]
fn json_of_versions() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason x").ok();
    let lines = [
        "version create --reason 'Before the upgrade' --tag before",
        "version list --limit 1",
        "version show 2",
        "version tag good 2 --reason x",
        "version untag good --reason x",
        "version baseline 2 --reason x",
        "version diff 1 2",
        "version restore 1 --reason x --dry-run",
        "version prune --keep 1 --reason x",
    ];
    insta::assert_snapshot!(answers(&alice, &lines), @r#"
    $ cfgctl version create --reason 'Before the upgrade' --tag before -o json
    {
      "dry_run": false,
      "version": 3,
      "config_hash": "HASH",
      "effective_hash": "HASH",
      "created_at": "2026-11-21T09:00:02.000Z",
      "created_by": "alice",
      "description": "Before the upgrade",
      "is_baseline": false,
      "parent": 2,
      "change": null,
      "generation": 1,
      "tags": [
        "before" ],
      "audit_head": "4:HASH" }
    $ cfgctl version list --limit 1 -o json
    {
      "items": [
        { "version": 3, "config_hash": "HASH", "effective_hash": "HASH", "created_at": "2026-11-21T09:00:02.000Z", "created_by": "alice", "description": "Before the upgrade", "is_baseline": false, "parent": 2, "change": null, "generation": 1, "tags": [ "before" ] } ],
      "next": "3" }
    $ cfgctl version show 2 -o json
    {
      "version": 2,
      "config_hash": "HASH",
      "effective_hash": "HASH",
      "created_at": "2026-11-21T09:00:01.000Z",
      "created_by": "alice",
      "description": "x",
      "is_baseline": false,
      "parent": 1,
      "change": "01M7YNAZK8Y4C8ZFGW255TM2CA",
      "generation": 1,
      "tags": [],
      "base_hash": "HASH",
      "items": [
        { "path": "server.port", "value": 5050, "layer": "override" } ] }
    $ cfgctl version tag good 2 --reason x -o json
    {
      "dry_run": false,
      "version": 2,
      "config_hash": "HASH",
      "effective_hash": "HASH",
      "created_at": "2026-11-21T09:00:01.000Z",
      "created_by": "alice",
      "description": "x",
      "is_baseline": false,
      "parent": 1,
      "change": "01M7YNAZK8Y4C8ZFGW255TM2CA",
      "generation": 1,
      "tags": [
        "good" ],
      "audit_head": "5:HASH" }
    $ cfgctl version untag good --reason x -o json
    {
      "dry_run": false,
      "version": 2,
      "config_hash": "HASH",
      "effective_hash": "HASH",
      "created_at": "2026-11-21T09:00:01.000Z",
      "created_by": "alice",
      "description": "x",
      "is_baseline": false,
      "parent": 1,
      "change": "01M7YNAZK8Y4C8ZFGW255TM2CA",
      "generation": 1,
      "tags": [],
      "audit_head": "6:HASH" }
    $ cfgctl version baseline 2 --reason x -o json
    {
      "dry_run": false,
      "version": 2,
      "config_hash": "HASH",
      "effective_hash": "HASH",
      "created_at": "2026-11-21T09:00:01.000Z",
      "created_by": "alice",
      "description": "x",
      "is_baseline": true,
      "parent": 1,
      "change": "01M7YNAZK8Y4C8ZFGW255TM2CA",
      "generation": 1,
      "tags": [],
      "audit_head": "7:HASH" }
    $ cfgctl version diff 1 2 -o json
    {
      "a": "version 1",
      "b": "version 2",
      "items": [
        { "path": "server.port", "a": null, "b": 5050 } ],
      "not_compared": [] }
    [exit 1]
    $ cfgctl version restore 1 --reason x --dry-run -o json
    {
      "outcome": "done",
      "dry_run": true,
      "change": {
        "id": "01M7YNB7D8R09YQKFCKDF5TR62",
        "number": null,
        "kind": "rollback",
        "state": "pending",
        "risk": "high",
        "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ],
        "reason": "x",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "alice",
        "created_at": "2026-11-21T09:00:09.000Z",
        "updated_at": "2026-11-21T09:00:09.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "server.port", "before": 5050, "after": null, "base": 4949 } ],
        "demand": { "approvals": [ { "role": "admin", "count": 1 } ], "own": true, "test": "none", "review": true, "monitor": "5m" },
        "missing": [],
        "advice": [],
        "approvals": [],
        "evidence": [],
        "digest": "HASH",
        "base_version": 3,
        "version": null,
        "executed_by": null,
        "backup": null,
        "steps": [],
        "restart_required": true,
        "affected_services": [ "web" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": "version 1",
        "trigger": null },
      "unchanged": [],
      "warnings": [],
      "to": "version 1",
      "results": [
        { "path": "server.port", "status": "unset", "value": null } ] }
    $ cfgctl version prune --keep 1 --reason x -o json
    {
      "dry_run": false,
      "removed": 1,
      "history_removed": 0,
      "floor": 2,
      "kept": [
        2 ],
      "audit_head": "8:HASH" }
    "#);
}
