//! The JSON of emergencies, and of what comes after changes.

use super::answers;
use crate::harness::World;

#[test]
fn json_of_emergencies() {
    let team = World::team();
    let (erin, dave) = (&team.erin, &team.dave);
    let said = "--reason fire --justification 'checkout is down' --approver dave --answer local";
    team.world.file("good.yaml", "log_level: debug\n");
    let backup = erin.run("backup create --name good -o name").ok().trim().to_owned();
    let mut text = answers(
        erin,
        &[
            &format!("emergency set server.port 5050 {said} --dry-run"),
            &format!("emergency set server.port 5050 {said}"),
            &format!("emergency apply -f good.yaml {said}"),
            &format!("emergency unset log_level {said} --dry-run"),
            &format!("emergency rollback log_level --backup {backup} {said}"),
        ],
    );
    text.push_str(&answers(
        dave,
        &[
            "emergency acknowledge 9 --comment 'by telephone'",
            "emergency review 9 --happened 'the pool ran dry' --right yes --solution 'a larger pool'",
            "emergency list",
            "emergency contacts",
        ],
    ));
    insta::assert_snapshot!(text, @r#"
    $ cfgctl emergency set server.port 5050 --reason fire --justification 'checkout is down' --approver dave --answer local --dry-run -o json
    {
      "outcome": "done",
      "dry_run": true,
      "change": {
        "id": "01M7YNBD8RHN688VTMEPCWQBB4",
        "number": null,
        "kind": "emergency",
        "state": "pending",
        "risk": "high",
        "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ],
        "reason": "fire",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "erin",
        "created_at": "2026-11-21T09:00:15.000Z",
        "updated_at": "2026-11-21T09:00:15.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "server.port", "before": null, "after": 5050, "base": 4949 } ],
        "demand": { "approvals": [ { "role": "senior-admin", "count": 1 } ], "test": "required", "review": true, "monitor": "5m" },
        "missing": [],
        "advice": [],
        "approvals": [],
        "evidence": [],
        "digest": "HASH",
        "base_version": 1,
        "version": null,
        "executed_by": null,
        "backup": null,
        "steps": [],
        "restart_required": true,
        "affected_services": [ "web" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": null,
        "trigger": null,
        "emergency": { "justification": "checkout is down", "approver": "dave", "skipped": 1, "demand": { "approvals": [ { "role": "senior-admin", "count": 1 } ], "test": "required", "review": true, "monitor": "5m" }, "review_due": "2026-11-23T09:00:15.000Z", "overdue": false, "answer": null } },
      "unchanged": [],
      "warnings": [],
      "confirm_name": "local" }
    $ cfgctl emergency set server.port 5050 --reason fire --justification 'checkout is down' --approver dave --answer local -o json
    {
      "outcome": "done",
      "dry_run": false,
      "change": {
        "id": "01M7YNBE808S88N22EQ2AMDB0A",
        "number": 9,
        "kind": "emergency",
        "state": "completed",
        "risk": "high",
        "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ],
        "reason": "fire",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "erin",
        "created_at": "2026-11-21T09:00:16.000Z",
        "updated_at": "2026-11-21T09:00:16.000Z",
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
        "executed_by": "erin",
        "backup": "config_backup_change_9_20261121_090016.json",
        "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 2" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back within 5s" } ],
        "restart_required": true,
        "affected_services": [ "web" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": null,
        "trigger": null,
        "restart": "pending",
        "emergency": { "justification": "checkout is down", "approver": "dave", "skipped": 1, "demand": { "approvals": [ { "role": "senior-admin", "count": 1 } ], "test": "required", "review": true, "monitor": "5m" }, "review_due": "2026-11-23T09:00:16.000Z", "overdue": false, "answer": null },
        "unreviewed": true },
      "unchanged": [],
      "warnings": [],
      "audit_head": "16:HASH" }
    $ cfgctl emergency apply -f good.yaml --reason fire --justification 'checkout is down' --approver dave --answer local -o json
    {
      "outcome": "done",
      "dry_run": false,
      "change": {
        "id": "01M7YNBF781MKKRHV66CHD7XMW",
        "number": 10,
        "kind": "emergency",
        "state": "completed",
        "risk": "low",
        "risk_reasons": [ { "risk": "low", "path": "log_level", "reason": "log_level is registered as low." } ],
        "reason": "fire",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "erin",
        "created_at": "2026-11-21T09:00:17.000Z",
        "updated_at": "2026-11-21T09:00:17.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "log_level", "before": null, "after": "debug", "base": "info" } ],
        "demand": { "approvals": [], "test": "none" },
        "missing": [],
        "advice": [],
        "approvals": [],
        "evidence": [],
        "digest": "",
        "base_version": 2,
        "version": 3,
        "executed_by": "erin",
        "backup": "config_backup_change_10_20261121_090017.json",
        "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 3" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back within 5s" } ],
        "restart_required": false,
        "affected_services": [ "web", "worker" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": null,
        "trigger": null,
        "emergency": { "justification": "checkout is down", "approver": "dave", "skipped": 0, "demand": { "approvals": [], "test": "none" }, "review_due": "2026-11-23T09:00:17.000Z", "overdue": false, "answer": null },
        "unreviewed": true },
      "unchanged": [],
      "warnings": [],
      "audit_head": "17:HASH" }
    $ cfgctl emergency unset log_level --reason fire --justification 'checkout is down' --approver dave --answer local --dry-run -o json
    {
      "outcome": "done",
      "dry_run": true,
      "change": {
        "id": "01M7YNBG6GZK723V1J5R7R1E5A",
        "number": null,
        "kind": "emergency",
        "state": "pending",
        "risk": "low",
        "risk_reasons": [ { "risk": "low", "path": "log_level", "reason": "log_level is registered as low." } ],
        "reason": "fire",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "erin",
        "created_at": "2026-11-21T09:00:18.000Z",
        "updated_at": "2026-11-21T09:00:18.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "log_level", "before": "debug", "after": null, "base": "info" } ],
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
        "affected_services": [ "web", "worker" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": null,
        "trigger": null,
        "emergency": { "justification": "checkout is down", "approver": "dave", "skipped": 0, "demand": { "approvals": [], "test": "none" }, "review_due": "2026-11-23T09:00:18.000Z", "overdue": false, "answer": null } },
      "unchanged": [],
      "warnings": [],
      "confirm_name": "local" }
    $ cfgctl emergency rollback log_level --backup config_backup_good_20261121_090014.json --reason fire --justification 'checkout is down' --approver dave --answer local -o json
    {
      "outcome": "done",
      "dry_run": false,
      "change": {
        "id": "01M7YNBH5RDFT26VH0GSS275GZ",
        "number": 11,
        "kind": "emergency",
        "state": "completed",
        "risk": "low",
        "risk_reasons": [ { "risk": "low", "path": "log_level", "reason": "log_level is registered as low." } ],
        "reason": "fire",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "erin",
        "created_at": "2026-11-21T09:00:19.000Z",
        "updated_at": "2026-11-21T09:00:19.000Z",
        "expires_at": null,
        "items": [ { "what": "value", "path": "log_level", "before": "debug", "after": null, "base": "info" } ],
        "demand": { "approvals": [], "test": "none" },
        "missing": [],
        "advice": [],
        "approvals": [],
        "evidence": [],
        "digest": "",
        "base_version": 3,
        "version": 4,
        "executed_by": "erin",
        "backup": "config_backup_change_11_20261121_090019.json",
        "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 4" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back within 5s" } ],
        "restart_required": false,
        "affected_services": [ "web", "worker" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": "the backup config_backup_good_20261121_090014.json",
        "trigger": null,
        "emergency": { "justification": "checkout is down", "approver": "dave", "skipped": 0, "demand": { "approvals": [], "test": "none" }, "review_due": "2026-11-23T09:00:19.000Z", "overdue": false, "answer": null },
        "unreviewed": true },
      "unchanged": [],
      "warnings": [],
      "audit_head": "18:HASH" }
    $ cfgctl emergency acknowledge 9 --comment 'by telephone' -o json
    {
      "outcome": "done",
      "dry_run": false,
      "change": {
        "id": "01M7YNBE808S88N22EQ2AMDB0A",
        "number": 9,
        "kind": "emergency",
        "state": "completed",
        "risk": "high",
        "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ],
        "reason": "fire",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "erin",
        "created_at": "2026-11-21T09:00:16.000Z",
        "updated_at": "2026-11-21T09:00:16.000Z",
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
        "executed_by": "erin",
        "backup": "config_backup_change_9_20261121_090016.json",
        "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 2" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back within 5s" } ],
        "restart_required": true,
        "affected_services": [ "web" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": null,
        "trigger": null,
        "restart": "pending",
        "emergency": { "justification": "checkout is down", "approver": "dave", "skipped": 1, "demand": { "approvals": [ { "role": "senior-admin", "count": 1 } ], "test": "required", "review": true, "monitor": "5m" }, "review_due": "2026-11-23T09:00:16.000Z", "overdue": false, "answer": "acknowledged", "answered_at": "2026-11-21T09:00:20.000Z", "answered_proof": "uid:1003", "answer_comment": "by telephone" },
        "unreviewed": true },
      "warnings": [],
      "audit_head": "19:HASH" }
    $ cfgctl emergency review 9 --happened 'the pool ran dry' --right yes --solution 'a larger pool' -o json
    {
      "outcome": "done",
      "dry_run": false,
      "change": {
        "id": "01M7YNBE808S88N22EQ2AMDB0A",
        "number": 9,
        "kind": "emergency",
        "state": "completed",
        "risk": "high",
        "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ],
        "reason": "fire",
        "ticket": null,
        "rollback_plan": null,
        "requested_by": "erin",
        "created_at": "2026-11-21T09:00:16.000Z",
        "updated_at": "2026-11-21T09:00:16.000Z",
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
        "executed_by": "erin",
        "backup": "config_backup_change_9_20261121_090016.json",
        "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 2" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back within 5s" } ],
        "restart_required": true,
        "affected_services": [ "web" ],
        "identity_asserted": true,
        "ended_because": null,
        "returns_to": null,
        "trigger": null,
        "restart": "pending",
        "emergency": { "justification": "checkout is down", "approver": "dave", "skipped": 1, "demand": { "approvals": [ { "role": "senior-admin", "count": 1 } ], "test": "required", "review": true, "monitor": "5m" }, "review_due": "2026-11-23T09:00:16.000Z", "overdue": false, "answer": "acknowledged", "answered_at": "2026-11-21T09:00:20.000Z", "answered_proof": "uid:1003", "answer_comment": "by telephone" },
        "review": { "member": "dave", "proof": "uid:1003", "at": "2026-11-21T09:00:21.000Z", "findings": { "happened": "the pool ran dry", "right": true, "solution": "a larger pool" } } },
      "warnings": [],
      "audit_head": "20:HASH" }
    $ cfgctl emergency list -o json
    {
      "items": [
        { "number": 11, "id": "01M7YNBH5RDFT26VH0GSS275GZ", "at": "2026-11-21T09:00:19.000Z", "by": "erin", "risk": "low", "reason": "fire", "emergency": { "justification": "checkout is down", "approver": "dave", "skipped": 0, "demand": { "approvals": [], "test": "none" }, "review_due": "2026-11-23T09:00:19.000Z", "overdue": false, "answer": null }, "review": null, "reviewers": [ "alice", "bob", "carol", "dave" ] },
        { "number": 10, "id": "01M7YNBF781MKKRHV66CHD7XMW", "at": "2026-11-21T09:00:17.000Z", "by": "erin", "risk": "low", "reason": "fire", "emergency": { "justification": "checkout is down", "approver": "dave", "skipped": 0, "demand": { "approvals": [], "test": "none" }, "review_due": "2026-11-23T09:00:17.000Z", "overdue": false, "answer": null }, "review": null, "reviewers": [ "alice", "bob", "carol", "dave" ] },
        { "number": 9, "id": "01M7YNBE808S88N22EQ2AMDB0A", "at": "2026-11-21T09:00:16.000Z", "by": "erin", "risk": "high", "reason": "fire", "emergency": { "justification": "checkout is down", "approver": "dave", "skipped": 1, "demand": { "approvals": [ { "role": "senior-admin", "count": 1 } ], "test": "required", "review": true, "monitor": "5m" }, "review_due": "2026-11-23T09:00:16.000Z", "overdue": false, "answer": "acknowledged", "answered_at": "2026-11-21T09:00:20.000Z", "answered_proof": "uid:1003", "answer_comment": "by telephone" }, "review": { "member": "dave", "proof": "uid:1003", "at": "2026-11-21T09:00:21.000Z", "findings": { "happened": "the pool ran dry", "right": true, "solution": "a larger pool" } }, "reviewers": [] } ],
      "next": null }
    $ cfgctl emergency contacts -o json
    {
      "instance": "local",
      "items": [
        { "role": "primary", "name": "(nobody named yet)", "chat": "(edit contacts in the manifest)" } ] }
    "#);
}

#[test]
fn json_of_what_comes_after_a_change() {
    let (_world, alice) = World::solo();
    alice.run("set server.port 5050 --reason 'a second listener'").exits(0);
    let text = answers(
        &alice,
        &[
            "cr list --unreviewed",
            "status",
            "cr restarted 2 --service web --comment 'at night'",
            "cr review 2 --objectives-met partly --issues slow",
            "cr export --since 2026-11-21T09:00:01Z",
        ],
    );
    insta::assert_snapshot!(text, @r#"
    $ cfgctl cr list --unreviewed -o json
    {
      "items": [
        { "id": "01M7YNAZK8Y4C8ZFGW255TM2CA", "number": 2, "kind": "set", "state": "completed", "risk": "high", "requested_by": "alice", "created_at": "2026-11-21T09:00:01.000Z", "reason": "a second listener", "version": 2, "unreviewed": true, "restart": "pending" } ],
      "next": null }
    $ cfgctl status -o json
    {
      "instance": "local",
      "store": "WORLD/store/config_overrides.db",
      "store_id": "01M7YNAYM0YX885FBGHGT7EGA5",
      "caller": "alice",
      "role": "board",
      "proof": "uid:1000",
      "version": 2,
      "config_hash": "HASH",
      "effective_hash": "HASH",
      "changed_at": "2026-11-21T09:00:01.000Z",
      "changed_by": "alice",
      "overrides": 1,
      "settings": 56,
      "manifest": 1,
      "members": 1,
      "solo": true,
      "one_owner": true,
      "identity_asserted": true,
      "unmeetable": [],
      "open_requests": 0,
      "unreviewed": 1,
      "restart_pending": [
        { "number": 2, "services": [ "web" ], "paths": [ "server.port" ] } ],
      "last_full_backup": "2026-11-21T09:00:01.000Z",
      "backups": 2,
      "store_size": SIZE,
      "store_free": SIZE,
      "store_warns_above": 1073741824,
      "kept": {
        "versions": 2,
        "history_after": 0,
        "history_rows": 1,
        "audit_after": 0,
        "audit_entries": 3 },
      "housekeeping": [],
      "audit_head": "3:HASH",
      "attention": [
        "Members and manifest rest with one person.",
        "The store is solo: one person's own approval counts at every risk.",
        "Identity is asserted: who can write the store's file can forge what is in it.",
        "Executed changes wait for a review (1): cfgctl change-request list --unreviewed",
        "Changes wait for a restart (1): cfgctl change-request list --restart-pending" ] }
    $ cfgctl cr restarted 2 --service web --comment 'at night' -o json
    {
      "dry_run": false,
      "items": [
        { "id": "01M7YNAZK8Y4C8ZFGW255TM2CA", "number": 2, "kind": "set", "state": "completed", "risk": "high", "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ], "reason": "a second listener", "ticket": null, "rollback_plan": null, "requested_by": "alice", "created_at": "2026-11-21T09:00:01.000Z", "updated_at": "2026-11-21T09:00:01.000Z", "expires_at": null, "items": [ { "what": "value", "path": "server.port", "before": null, "after": 5050, "base": 4949 } ], "demand": { "approvals": [ { "role": "senior-admin", "count": 1 } ], "test": "required", "review": true, "monitor": "5m" }, "missing": [], "advice": [], "approvals": [], "evidence": [], "digest": "", "base_version": 1, "version": 2, "executed_by": "alice", "backup": "config_backup_change_2_20261121_090001.json", "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 2" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back" } ], "restart_required": true, "affected_services": [ "web" ], "identity_asserted": true, "ended_because": null, "returns_to": null, "trigger": null, "dossier": { "restarted": [ "web" ] }, "restart": "recorded", "unreviewed": true } ],
      "audit_head": "4:HASH" }
    $ cfgctl cr review 2 --objectives-met partly --issues slow -o json
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
        "reason": "a second listener",
        "ticket": null,
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
        "dossier": { "restarted": [ "web" ] },
        "restart": "recorded",
        "review": { "member": "alice", "proof": "uid:1000", "at": "2026-11-21T09:00:05.000Z", "findings": { "objectives_met": "partly", "issues": "slow" } } },
      "warnings": [],
      "audit_head": "5:HASH" }
    $ cfgctl cr export --since 2026-11-21T09:00:01Z -o json
    {
      "identity_asserted": true,
      "items": [
        { "id": "01M7YNAZK8Y4C8ZFGW255TM2CA", "number": 2, "kind": "set", "state": "completed", "risk": "high", "risk_reasons": [ { "risk": "high", "path": "server.port", "reason": "server.port is registered as high." }, { "risk": "high", "path": "server.port", "reason": "server.port needs a restart." } ], "reason": "a second listener", "ticket": null, "rollback_plan": null, "requested_by": "alice", "created_at": "2026-11-21T09:00:01.000Z", "updated_at": "2026-11-21T09:00:01.000Z", "expires_at": null, "items": [ { "what": "value", "path": "server.port", "before": null, "after": 5050, "base": 4949 } ], "demand": { "approvals": [ { "role": "senior-admin", "count": 1 } ], "test": "required", "review": true, "monitor": "5m" }, "missing": [], "advice": [], "approvals": [], "evidence": [], "digest": "", "base_version": 1, "version": 2, "executed_by": "alice", "backup": "config_backup_change_2_20261121_090001.json", "steps": [ { "name": "validation", "status": "completed", "duration_us": 0, "result": "1 path valid" }, { "name": "backup", "status": "completed", "duration_us": 0, "result": "checksum HASH" }, { "name": "apply_change", "status": "completed", "duration_us": 0, "result": "version 2" }, { "name": "verification", "status": "completed", "duration_us": 0, "result": "1 path read back" } ], "restart_required": true, "affected_services": [ "web" ], "identity_asserted": true, "ended_because": null, "returns_to": null, "trigger": null, "dossier": { "restarted": [ "web" ] }, "restart": "recorded", "review": { "member": "alice", "proof": "uid:1000", "at": "2026-11-21T09:00:05.000Z", "findings": { "objectives_met": "partly", "issues": "slow" } }, "executed_at": "2026-11-21T09:00:01.000Z" } ],
      "next": null }
    "#);
}
