//! The JSON of the store as a whole: its making, its audit log, its health.

use super::answers;
use crate::harness::World;

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
