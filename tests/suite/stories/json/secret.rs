//! The JSON of the key and of what it seals.

use super::super::told;
use super::answers;
use crate::harness::World;

#[test]
fn json_of_secrets() {
    let (_, alice) = World::solo();
    let mut text = answers(&alice, &["secret keygen"]);
    alice
        .run_with_input("set database.password --stdin --reason x --rollback-plan y", "s3cret-Words")
        .exits(0);
    let sealed = alice.run_with_input("secret seal database.password -o json", "s3cret-Words");
    text.push_str(&told(&alice, "secret seal database.password -o json", &sealed));
    text.push_str(&answers(
        &alice,
        &[
            "secret scan",
            "secret rotate --reason yearly",
            "get database.password --reveal",
            "explain database.password",
        ],
    ));
    // Keys come from what the machine draws, and are another test's.
    insta::assert_snapshot!(text, @r#"
    $ cfgctl secret keygen -o json
    {
      "key": "ab8d5528",
      "file": "WORLD/store/config_overrides.db.key",
      "audit_head": "2:HASH" }
    $ cfgctl secret seal database.password -o json
    {
      "path": "database.password",
      "sealed": "sealed:1:ab8d5528:dxAPOH0YQF5nmXZmr7VRInYEg5YzUSMatBIv0qeoliFgYtAR5-dMrMdGKrSVaWfFbluX5X-4" }
    $ cfgctl secret scan -o json
    {
      "items": [],
      "checked": 52,
      "allowed": 0 }
    $ cfgctl secret rotate --reason yearly -o json
    {
      "key": "fe89e71c",
      "older": [
        "ab8d5528" ],
      "overrides": 1,
      "base": 0,
      "change": {
        "outcome": "done",
        "dry_run": false,
        "change": { "id": "01M7YNB3G8TXG1X1JJP0T98V5F", "number": 3, "kind": "rotate", "state": "completed", "risk": "low", "risk_reasons": [ { "risk": "low", "reason": "Every secret keeps its value." } ], "reason": "yearly", "ticket": null, "rollback_plan": null, "requested_by": "alice", "created_at": "2026-11-21T09:00:05.000Z", "updated_at": "2026-11-21T09:00:05.000Z", "expires_at": null, "items": [ { "what": "value", "path": "database.password", "before": "(secret 77100f387d18)", "after": "(secret cc18615a2ba8)" } ], "demand": { "approvals": [], "test": "none" }, "missing": [], "advice": [], "approvals": [], "evidence": [], "digest": "", "base_version": 2, "version": 3, "executed_by": "alice", "backup": "config_backup_change_3_20261121_090005.json", "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 3" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back" } ], "restart_required": false, "affected_services": [], "identity_asserted": true, "ended_because": null, "returns_to": null, "trigger": null },
        "unchanged": [],
        "warnings": [],
        "audit_head": "5:HASH" } }
    $ cfgctl get database.password --reveal -o json
    {
      "items": [
        { "path": "database.password", "value": "s3cret-Words", "layer": "override" } ],
      "revealed": [
        "database.password" ],
      "audit_head": "6:HASH" }
    $ cfgctl explain database.password -o json
    {
      "path": "database.password",
      "value": "(secret cc18615a2ba8)",
      "layer": "override",
      "layers": [
        { "layer": "override", "value": "(secret cc18615a2ba8)", "wins": true, "by": "alice", "at": "2026-11-21T09:00:05.000Z", "reason": "yearly", "version": 3 },
        { "layer": "default", "value": null, "wins": false, "by": null, "at": null, "reason": null, "version": null } ],
      "registered": true,
      "setting": {
        "description": "The password of database.user.",
        "owner": "dba",
        "restart": true,
        "risk": "critical",
        "secret": true,
        "services": [ "web", "worker" ],
        "type": "string" },
      "risk": "critical",
      "restart": true,
      "services": [
        "web",
        "worker" ],
      "rules": [
        "more-than-doubled" ],
      "demand": "2 board other than the requester, evidence of a full test with the rollback tested, a rollback plan, an open window, a review afterwards",
      "open_requests": [] }
    "#);
}
