//! The JSON of backups and of going back.

use super::answers;
use crate::harness::World;

#[test]
fn json_of_going_back_and_of_backups() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason x").ok();
    let lines = [
        "backup create --name mine",
        "backup list --limit 1",
        "backup show config_backup_mine_20261121_090002.json",
        "backup verify config_backup_mine_20261121_090002.json",
        "backup prune --keep 1 --reason x",
        "rollback --version 1 --reason back --dry-run",
        "undo 2 --reason x --dry-run",
        "restore config_backup_mine_20261121_090002.json --dry-run",
    ];
    insta::assert_snapshot!(answers(&alice, &lines), @r#"
    $ cfgctl backup create --name mine -o json
    {
      "dry_run": false,
      "name": "config_backup_mine_20261121_090002.json",
      "scope": "full",
      "automatic": false,
      "created_at": "2026-11-21T09:00:02.000Z",
      "created_by": "alice",
      "version": 2,
      "paths": 1,
      "size": 486,
      "checksum": "HASH",
      "change": null,
      "audit_head": "4:HASH" }
    $ cfgctl backup list --limit 1 -o json
    {
      "items": [
        { "name": "config_backup_mine_20261121_090002.json", "scope": "full", "automatic": false, "created_at": "2026-11-21T09:00:02.000Z", "created_by": "alice", "version": 2, "paths": 1, "size": 486, "checksum": "HASH", "change": null } ],
      "next": "3" }
    $ cfgctl backup show config_backup_mine_20261121_090002.json -o json
    {
      "name": "config_backup_mine_20261121_090002.json",
      "scope": "full",
      "automatic": false,
      "created_at": "2026-11-21T09:00:02.000Z",
      "created_by": "alice",
      "version": 2,
      "paths": 1,
      "size": 486,
      "checksum": "HASH",
      "change": null,
      "document": {
        "absent": [],
        "change": null,
        "checksum": "HASH",
        "config_hash": "HASH",
        "configurations": { "server.port": { "data_type": "integer", "updated_at": "2026-11-21T09:00:01.000Z", "updated_by": "alice", "value": 5050 } },
        "format": "cfgctl-backup/1",
        "instance": "local",
        "scope": "full",
        "store_id": "01M7YNAYM0YX885FBGHGT7EGA5",
        "timestamp": "2026-11-21T09:00:02.000Z",
        "version": 2 } }
    $ cfgctl backup verify config_backup_mine_20261121_090002.json -o json
    {
      "items": [
        { "name": "config_backup_mine_20261121_090002.json", "ok": true, "problem": null } ] }
    $ cfgctl backup prune --keep 1 --reason x -o json
    {
      "dry_run": false,
      "removed": [],
      "kept": [] }
    $ cfgctl rollback --version 1 --reason back --dry-run -o json
    {
      "outcome": "done",
      "dry_run": true,
      "change": {
        "id": "01M7YNB5ERTD76K33YJHANC923",
        "number": null,
        "kind": "rollback",
        "state": "pending",
        "risk": "high",
        "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ],
        "reason": "back",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "alice",
        "created_at": "2026-11-21T09:00:07.000Z",
        "updated_at": "2026-11-21T09:00:07.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "server.port", "before": 5050, "after": null, "base": 4949 } ],
        "demand": { "approvals": [ { "role": "admin", "count": 1 } ], "own": true, "test": "none", "review": true, "monitor": "5m" },
        "missing": [],
        "advice": [],
        "approvals": [],
        "evidence": [],
        "digest": "HASH",
        "base_version": 2,
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
    $ cfgctl undo 2 --reason x --dry-run -o json
    {
      "outcome": "done",
      "dry_run": true,
      "change": {
        "id": "01M7YNB6E0R2Q2WG5RM6NWRPS4",
        "number": null,
        "kind": "undo",
        "state": "pending",
        "risk": "high",
        "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ],
        "reason": "x",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "alice",
        "created_at": "2026-11-21T09:00:08.000Z",
        "updated_at": "2026-11-21T09:00:08.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "server.port", "before": 5050, "after": null, "base": 4949 } ],
        "demand": { "approvals": [ { "role": "admin", "count": 1 } ], "own": true, "test": "none", "review": true, "monitor": "5m" },
        "missing": [],
        "advice": [],
        "approvals": [],
        "evidence": [],
        "digest": "HASH",
        "base_version": 2,
        "version": null,
        "executed_by": null,
        "backup": null,
        "steps": [],
        "restart_required": true,
        "affected_services": [ "web" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": "before change 2",
        "trigger": null },
      "unchanged": [],
      "warnings": [],
      "to": "before change 2",
      "results": [
        { "path": "server.port", "status": "unset", "value": null } ] }
    $ cfgctl restore config_backup_mine_20261121_090002.json --dry-run -o json
    {
      "outcome": "unchanged",
      "dry_run": true,
      "change": null,
      "unchanged": [
        "server.port" ],
      "warnings": [],
      "to": "the backup config_backup_mine_20261121_090002.json",
      "results": [
        { "path": "server.port", "status": "unchanged", "value": 5050 } ],
      "confirm_name": "local" }
    "#);
}
