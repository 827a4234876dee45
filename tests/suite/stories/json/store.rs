//! The JSON of the store as a whole: its making, its audit log, its health.

use super::answers;
use crate::harness::World;

/// A7.
#[test]
fn json_of_housekeeping() {
    let world = World::new();
    let alice = world.user("alice", 1000);
    world.file(
        "m.yaml",
        "format: 1\ninstance: shop\npolicy: {unregistered: low, low: {approvals: []}, \
         keep: {versions: 1, audit: 1d}, baselines: {after: 1d}}\n",
    );
    alice.run("init --solo --manifest m.yaml").ok();
    for port in 1..4 {
        alice.run(&format!("set port {port} --reason x")).ok();
    }
    world.pass(2 * 86_400);
    let lines = ["settle --dry-run", "settle", "audit verify", "audit list --limit 4"];
    insta::assert_snapshot!(answers(&alice, &lines), @r#"
    $ cfgctl settle --dry-run -o json
    {
      "outcome": "done",
      "dry_run": true,
      "items": [],
      "housekeeping": [
        { "what": "baseline", "result": "due", "up_to": 4, "removed": 0, "history_removed": 0, "problem": null },
        { "what": "versions", "result": "due", "up_to": 3, "removed": 3, "history_removed": 1, "problem": null },
        { "what": "audit", "result": "due", "up_to": 5, "removed": 5, "history_removed": 0, "problem": null } ],
      "next": null }
    $ cfgctl settle -o json
    {
      "outcome": "done",
      "dry_run": false,
      "items": [],
      "housekeeping": [
        { "what": "baseline", "result": "done", "up_to": 4, "removed": 0, "history_removed": 0, "problem": null },
        { "what": "versions", "result": "done", "up_to": 3, "removed": 3, "history_removed": 1, "problem": null },
        { "what": "audit", "result": "done", "up_to": 5, "removed": 5, "history_removed": 0, "problem": null } ],
      "next": null }
    $ cfgctl audit verify -o json
    {
      "ok": true,
      "entries": 4,
      "begins_after": 5,
      "head": "9:HASH",
      "problems": [] }
    $ cfgctl audit list --limit 4 -o json
    {
      "identity_asserted": true,
      "items": [
        { "seq": 9, "at": "2026-11-23T09:00:05.000Z", "actor": "cfgctl", "proof": "itself", "origin": "local", "program": "VERSION", "action": "backup.create", "target": "daily", "outcome": "done", "detail": { "checksum": "HASH", "paths": 1, "version": 4 }, "rows": "backup:5=HASH", "prev_hash": "HASH", "hash": "HASH" },
        { "seq": 8, "at": "2026-11-23T09:00:05.000Z", "actor": "cfgctl", "proof": "itself", "origin": "local", "program": "VERSION", "action": "audit.prune", "target": "5", "outcome": "done", "detail": { "after": 0, "by": "policy.keep", "removed": 5, "until": "2026-11-21T09:00:03.000Z", "up_to": 5 }, "rows": "fact:audit_checkpoint=HASH;vouched-up-to:5=HASH", "prev_hash": "HASH", "hash": "HASH" },
        { "seq": 7, "at": "2026-11-23T09:00:05.000Z", "actor": "cfgctl", "proof": "itself", "origin": "local", "program": "VERSION", "action": "version.prune", "target": "3", "outcome": "done", "detail": { "after": 0, "by": "policy.keep", "floor": 3, "history_removed": 1, "kept": [], "removed": 3 }, "rows": "fact:history_floor=HASH;history-up-to:3=HASH", "prev_hash": "HASH", "hash": "HASH" },
        { "seq": 6, "at": "2026-11-23T09:00:05.000Z", "actor": "cfgctl", "proof": "itself", "origin": "local", "program": "VERSION", "action": "version.baseline", "target": "4", "outcome": "done", "detail": { "by": "policy.baselines" }, "rows": "version:4=HASH", "prev_hash": "HASH", "hash": "HASH" } ],
      "next": null }
    "#);
}

#[test]
fn json_of_the_audit_log_and_the_store() {
    let world = World::new();
    let alice = world.user("alice", 1000);
    let lines = ["init --solo", "audit list", "audit verify", "audit export", "doctor"];
    insta::assert_snapshot!(answers(&alice, &lines), @r#"
    $ cfgctl init --solo -o json
    {
      "store": "WORLD/store/config_overrides.db",
      "store_id": "01M7YNAYM0YX885FBGHGT7EGA5",
      "instance": "local",
      "owner": "alice",
      "solo": true,
      "settings": 56,
      "audit_head": "1:HASH" }
    $ cfgctl audit list -o json
    {
      "identity_asserted": true,
      "items": [
        { "seq": 1, "at": "2026-11-21T09:00:00.000Z", "actor": "alice", "proof": "uid:1000", "origin": "local", "program": "VERSION", "action": "store.init", "target": "01M7YNAYM0YX885FBGHGT7EGA5", "outcome": "done", "detail": { "instance": "local", "solo": true, "store_id": "01M7YNAYM0YX885FBGHGT7EGA5" }, "rows": "fact:store_id=HASH;fact:solo=HASH;fact:history_floor=HASH;member:alice=HASH;manifest:1=HASH;generation:1=HASH;version:1=HASH;change:1=HASH", "prev_hash": "HASH", "hash": "HASH" } ],
      "next": null }
    $ cfgctl audit verify -o json
    {
      "ok": true,
      "entries": 1,
      "begins_after": 0,
      "head": "1:HASH",
      "problems": [] }
    $ cfgctl audit export -o json
    {
      "identity_asserted": true,
      "items": [
        { "seq": 1, "at": "2026-11-21T09:00:00.000Z", "actor": "alice", "proof": "uid:1000", "origin": "local", "program": "VERSION", "action": "store.init", "target": "01M7YNAYM0YX885FBGHGT7EGA5", "outcome": "done", "detail": { "instance": "local", "solo": true, "store_id": "01M7YNAYM0YX885FBGHGT7EGA5" }, "rows": "fact:store_id=HASH;fact:solo=HASH;fact:history_floor=HASH;member:alice=HASH;manifest:1=HASH;generation:1=HASH;version:1=HASH;change:1=HASH", "prev_hash": "HASH", "hash": "HASH" } ],
      "next": null }
    $ cfgctl doctor -o json
    {
      "ok": true,
      "checks": [
        { "name": "file", "status": "ok", "finding": "holds" },
        { "name": "audit chain", "status": "ok", "finding": "holds" },
        { "name": "records", "status": "ok", "finding": "holds" },
        { "name": "values", "status": "ok", "finding": "holds" },
        { "name": "base", "status": "ok", "finding": "holds" },
        { "name": "registry", "status": "ok", "finding": "holds" },
        { "name": "backups", "status": "ok", "finding": "hold" },
        { "name": "permissions", "status": "ok", "finding": "only the owner can read and write the store" },
        { "name": "file system", "status": "ok", "finding": "local" },
        { "name": "space", "status": "ok", "finding": "enough" },
        { "name": "writing", "status": "ok", "finding": "the store and its backups can be written" },
        { "name": "governance", "status": "warning", "finding": "members and manifest rest with one person; the store is solo; identity is asserted: who can write the file can forge what is in it.", "advice": "Invite a second owner: cfgctl member invite NAME --role ROLE --owner" } ] }
    "#);
}
