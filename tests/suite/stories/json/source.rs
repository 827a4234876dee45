//! The JSON of the layers below the overrides, of features and of maintenance mode.

use super::answers;
use crate::harness::World;

const MANIFEST: &str = "\
format: 1
instance: shop
settings:
  server.name: {type: string, default: localhost, risk: low}
  server.port: {type: integer, default: 4949, risk: high}
  maintenance.enabled: {type: boolean, default: false, risk: low}
policy: {unregistered: low, low: {approvals: []}}
sources: [{name: file, file: app.yaml, priority: 20}]
";

#[test]
fn json_of_sources_and_reloads() {
    let (world, alice) = World::solo();
    world.file("m.yaml", MANIFEST);
    alice.run("manifest apply m.yaml --reason x").ok();
    world.file(
        "store/app.yaml",
        "server: {name: web, port: 5050}\nfeatures: {beta: {enabled: true, rollout_percentage: 40}}\n",
    );
    let lines = [
        "source check",
        "reload",
        "reload --list",
        "source list",
        "explain server.name",
        "history server.name",
        "stats",
        "feature list",
        "feature check beta --user ann",
        "maintenance status",
        "maintenance on --reason upgrade --dry-run",
        "maintenance off --reason done",
    ];
    insta::assert_snapshot!(answers(&alice, &lines), @r#"
    $ cfgctl source check -o json
    {
      "ok": true,
      "items": [
        { "source": "file", "ok": true, "entries": 4, "unchanged": false, "from_cache": false, "duration_ms": 0.0 } ],
      "problems": [],
      "warnings": [],
      "would_alter": 4 }
    $ cfgctl reload -o json
    {
      "dry_run": false,
      "outcome": "pending",
      "operation_id": "01M7YNB1HRT2R8FYP1KGW9V7S8",
      "trigger": "manual",
      "status": "held",
      "success": true,
      "forced": false,
      "begun_at": "2026-11-21T09:00:03.000Z",
      "by": "alice",
      "reason": null,
      "total_duration_ms": 0.0,
      "loading_duration_ms": 0.0,
      "validation_duration_ms": 0.0,
      "apply_duration_ms": 0.0,
      "services_notified": [],
      "validation_warnings": [],
      "sources": [
        { "source": "file", "ok": true, "entries": 4, "unchanged": false, "from_cache": false, "duration_ms": 0.0 } ],
      "altered": 3,
      "held_back": 1,
      "generation": 3,
      "version": 3,
      "change": 3,
      "items": [
        { "what": "value", "path": "features.beta.enabled", "before": null, "after": true },
        { "what": "value", "path": "features.beta.rollout_percentage", "before": null, "after": 40 },
        { "what": "value", "path": "server.name", "before": "localhost", "after": "web" } ],
      "held": [
        { "what": "value", "path": "server.port", "before": 4949, "after": 5050 } ],
      "awaits": {
        "number": 3,
        "id": "01M7YNB1HR5X1GR6X2TPRPFM1H",
        "missing": [] },
      "audit_head": "4:HASH" }
    [exit 8]
    $ cfgctl reload --list -o json
    {
      "items": [
        { "operation_id": "01M7YNB1HRT2R8FYP1KGW9V7S8", "trigger": "manual", "status": "held", "success": true, "forced": false, "begun_at": "2026-11-21T09:00:03.000Z", "by": "alice", "reason": null, "total_duration_ms": 0.0, "loading_duration_ms": 0.0, "validation_duration_ms": 0.0, "apply_duration_ms": 0.0, "services_notified": [], "validation_warnings": [], "sources": [ { "source": "file", "ok": true, "entries": 4, "unchanged": false, "from_cache": false, "duration_ms": 0.0 } ], "altered": 3, "held_back": 1, "generation": 3, "version": 3, "change": 3 } ],
      "next": null }
    $ cfgctl source list -o json
    {
      "generation": 3,
      "items": [
        { "name": "file", "kind": "file", "place": "app.yaml", "priority": 20, "max_risk": "medium", "optional": false, "ok": true, "entries": 4, "checked_at": "2026-11-21T09:00:03.000Z", "loaded_at": "2026-11-21T09:00:03.000Z" } ] }
    $ cfgctl explain server.name -o json
    {
      "path": "server.name",
      "value": "web",
      "layer": "file",
      "layers": [
        { "layer": "override", "value": null, "wins": false, "by": null, "at": null, "reason": null, "version": null },
        { "layer": "file", "value": "web", "origin": "app.yaml:1", "wins": true, "by": null, "at": null, "reason": null, "version": null },
        { "layer": "default", "value": "localhost", "wins": false, "by": null, "at": null, "reason": null, "version": null } ],
      "registered": true,
      "setting": {
        "default": "localhost",
        "risk": "low",
        "type": "string" },
      "risk": "low",
      "restart": false,
      "services": [],
      "rules": [],
      "demand": "nobody's approval",
      "open_requests": [] }
    $ cfgctl history server.name -o json
    {
      "items": [
        { "path": "server.name", "operation": "UPDATE", "before": "localhost", "after": "web", "at": "2026-11-21T09:00:03.000Z", "by": "alice", "reason": "reload of all", "source_ip": "local", "version": 3, "layer": "file", "origin": "app.yaml:1" } ],
      "next": null }
    $ cfgctl stats -o json
    {
      "total_operations": 1,
      "successful_operations": 1,
      "failed_operations": 0,
      "success_rate": 1.0,
      "average_duration_ms": 0.0,
      "last_reload_at": "2026-11-21T09:00:03.000Z",
      "last_duration_ms": 0.0,
      "listeners_registered": 0,
      "backups_available": 2,
      "current_config_hash": "HASH",
      "sources_total": 1,
      "sources_healthy": 1,
      "health": {
        "status": "healthy",
        "sources": "1/1",
        "reasons": [] },
      "slow_operations": [],
      "slow_over_ms": 100.0 }
    $ cfgctl feature list -o json
    {
      "items": [
        { "name": "beta", "enabled": true, "rollout_percentage": 40.0 } ] }
    $ cfgctl feature check beta --user ann -o json
    {
      "name": "beta",
      "enabled": true,
      "rollout_percentage": 40.0,
      "user": "ann",
      "place": 6.18,
      "on": true }
    $ cfgctl maintenance status -o json
    {
      "format": "cfgctl-values/1",
      "version": 3,
      "items": [
        { "path": "maintenance.enabled", "value": false, "layer": "default" } ] }
    $ cfgctl maintenance on --reason upgrade --dry-run -o json
    {
      "outcome": "done",
      "dry_run": true,
      "change": {
        "id": "01M7YNBAB0XRCS1JWDHGERK15K",
        "number": null,
        "kind": "set",
        "state": "pending",
        "risk": "low",
        "risk_reasons": [ { "risk": "low", "path": "maintenance.enabled", "reason": "maintenance.enabled is registered as low." } ],
        "reason": "upgrade",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "alice",
        "created_at": "2026-11-21T09:00:12.000Z",
        "updated_at": "2026-11-21T09:00:12.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "maintenance.enabled", "before": null, "after": true, "base": false } ],
        "demand": { "approvals": [], "test": "none" },
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
        "restart_required": false,
        "affected_services": [],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": null,
        "trigger": null },
      "unchanged": [],
      "warnings": [] }
    $ cfgctl maintenance off --reason done -o json
    {
      "outcome": "done",
      "dry_run": false,
      "change": {
        "id": "01M7YNBBA8YXWR6N0AVZG88W6A",
        "number": 4,
        "kind": "set",
        "state": "completed",
        "risk": "low",
        "risk_reasons": [ { "risk": "low", "path": "maintenance.enabled", "reason": "maintenance.enabled is registered as low." } ],
        "reason": "done",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "alice",
        "created_at": "2026-11-21T09:00:13.000Z",
        "updated_at": "2026-11-21T09:00:13.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "maintenance.enabled", "before": null, "after": false, "base": false } ],
        "demand": { "approvals": [], "test": "none" },
        "missing": [],
        "advice": [],
        "approvals": [],
        "evidence": [],
        "digest": "",
        "base_version": 3,
        "version": 4,
        "executed_by": "alice",
        "backup": "config_backup_change_4_20261121_090013.json",
        "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 4" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back" } ],
        "restart_required": false,
        "affected_services": [],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": null,
        "trigger": null },
      "unchanged": [],
      "warnings": [],
      "audit_head": "5:HASH" }
    "#);
}
