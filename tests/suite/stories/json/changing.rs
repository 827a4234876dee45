//! The JSON of changing values, and of what asks beforehand.

use super::answers;
use crate::harness::World;

#[test]
fn json_of_changing() {
    let (world, alice) = World::solo();
    world.file("one.yaml", "cache: {ttl: 310}\n");
    let lines = [
        "set server.port 5050 --reason 'New listener' --ticket OPS-17",
        "set server.port 5050 --reason again",
        "unset server.port --reason back --dry-run",
        "validate server.port 0",
        "assess server.port 6060",
        "apply -f one.yaml --reason x --dry-run",
    ];
    insta::assert_snapshot!(answers(&alice, &lines), @r#"
    $ cfgctl set server.port 5050 --reason 'New listener' --ticket OPS-17 -o json
    {
      "outcome": "done",
      "dry_run": false,
      "change": {
        "id": "01M7YNAZK8Y4C8ZFGW255TM2CA",
        "number": 2,
        "kind": "set",
        "state": "completed",
        "risk": "high",
        "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ],
        "reason": "New listener",
        "ticket": "OPS-17",
        "rollback_plan": null,
        "requested_by": "alice",
        "created_at": "2026-11-21T09:00:01.000Z",
        "updated_at": "2026-11-21T09:00:01.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "server.port", "before": null, "after": 5050, "base": 4949 } ],
        "demand": { "approvals": [ { "role": "senior-admin", "count": 1 } ], "test": "required", "review": true, "monitor": "5m" },
        "missing": [],
        "advice": [],
        "approvals": [],
        "evidence": [],
        "digest": "",
        "base_version": 1,
        "version": 2,
        "executed_by": "alice",
        "backup": "config_backup_change_2_20261121_090001.json",
        "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 2" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back" } ],
        "restart_required": true,
        "affected_services": [ "web" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": null,
        "trigger": null,
        "restart": "pending" },
      "unchanged": [],
      "warnings": [
        "Better with evidence of a staging test." ],
      "audit_head": "2:HASH" }
    $ cfgctl set server.port 5050 --reason again -o json
    {
      "outcome": "unchanged",
      "dry_run": false,
      "change": null,
      "unchanged": [
        "server.port" ],
      "warnings": [] }
    $ cfgctl unset server.port --reason back --dry-run -o json
    {
      "outcome": "done",
      "dry_run": true,
      "change": {
        "id": "01M7YNB1HRT2R8FYP1KGW9V7S8",
        "number": null,
        "kind": "unset",
        "state": "pending",
        "risk": "high",
        "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ],
        "reason": "back",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "alice",
        "created_at": "2026-11-21T09:00:03.000Z",
        "updated_at": "2026-11-21T09:00:03.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "server.port", "before": 5050, "after": null, "base": 4949 } ],
        "demand": { "approvals": [ { "role": "senior-admin", "count": 1 } ], "test": "required", "review": true, "monitor": "5m" },
        "missing": [],
        "advice": [ { "what": "evidence", "test": "required" } ],
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
        "returns_to": null,
        "trigger": null },
      "unchanged": [],
      "warnings": [
        "Better with evidence of a staging test." ] }
    $ cfgctl validate server.port 0 -o json
    {
      "valid": false,
      "checked": 1,
      "issues": [
        { "path": "server.port", "message": "server.port must be at least 1, not 0." } ],
      "warnings": [] }
    [exit 1]
    $ cfgctl assess server.port 6060 -o json
    {
      "restart_required": true,
      "affected_services": [
        "web" ],
      "risk_level": "high",
      "validation_results": {
        "valid": true,
        "checked": 1,
        "issues": [],
        "warnings": [] },
      "risk_reasons": [
        { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." },
        { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ],
      "demand": "1 senior-admin other than the requester, evidence of a staging test, a review afterwards",
      "missing": [],
      "advice": [
        { "what": "evidence", "test": "required" } ],
      "items": [
        { "what": "value", "path": "server.port", "before": 5050, "after": 6060 } ] }
    $ cfgctl apply -f one.yaml --reason x --dry-run -o json
    {
      "outcome": "done",
      "dry_run": true,
      "change": {
        "id": "01M7YNB4FG0XWCN37WXQ010F2R",
        "number": null,
        "kind": "batch",
        "state": "pending",
        "risk": "medium",
        "risk_reasons": [ { "risk": "medium", "path": "cache.ttl", "reason": "cache.ttl is registered as medium." } ],
        "reason": "x",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "alice",
        "created_at": "2026-11-21T09:00:06.000Z",
        "updated_at": "2026-11-21T09:00:06.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "cache.ttl", "before": null, "after": 310, "base": 300 } ],
        "demand": { "approvals": [ { "role": "admin", "count": 1 } ], "own": true, "test": "recommended" },
        "missing": [],
        "advice": [ { "what": "evidence", "test": "recommended" } ],
        "approvals": [],
        "evidence": [],
        "digest": "HASH",
        "base_version": 2,
        "version": null,
        "executed_by": null,
        "backup": null,
        "steps": [],
        "restart_required": false,
        "affected_services": [ "web" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": null,
        "trigger": null },
      "unchanged": [],
      "warnings": [
        "Better with evidence of a staging test." ] }
    "#);
    let editor = alice.with("EDITOR", "sed -i s/4949/5050/");
    assert_eq!(editor.run("edit database --reason x -o json").exits(0).json()["outcome"], "unchanged");
}
