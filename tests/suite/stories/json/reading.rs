//! The JSON of reading values.

use super::super::transcript;
use super::answers;
use crate::harness::World;

#[test]
fn json_of_reading() {
    let (_world, alice) = World::solo();
    alice.run("set server.port=5050 server.name=web-2 --reason 'New listener'").ok();
    let lines = [
        "get server.port",
        "get server.port server.name",
        "explain server.port",
        "blame",
        "history",
        "diff 1",
        "status",
    ];
    insta::assert_snapshot!(answers(&alice, &lines), @r#"
    $ cfgctl get server.port -o json
    {
      "format": "cfgctl-values/1",
      "version": 2,
      "items": [
        { "path": "server.port", "value": 5050, "layer": "override" } ] }
    $ cfgctl get server.port server.name -o json
    {
      "format": "cfgctl-values/1",
      "version": 2,
      "items": [
        { "path": "server.name", "value": "web-2", "layer": "override" },
        { "path": "server.port", "value": 5050, "layer": "override" } ] }
    $ cfgctl explain server.port -o json
    {
      "path": "server.port",
      "value": 5050,
      "layer": "override",
      "layers": [
        { "layer": "override", "value": 5050, "wins": true, "by": "alice", "at": "2026-11-21T09:00:01.000Z", "reason": "New listener", "version": 2 },
        { "layer": "default", "value": 4949, "wins": false, "by": null, "at": null, "reason": null, "version": null } ],
      "registered": true,
      "setting": {
        "default": 4949,
        "description": "The port to listen on.",
        "maximum": 65535,
        "minimum": 1,
        "restart": true,
        "risk": "high",
        "services": [ "web" ],
        "type": "integer" },
      "risk": "high",
      "restart": true,
      "services": [
        "web" ],
      "rules": [
        "more-than-doubled" ],
      "demand": "1 senior-admin other than the requester, evidence of a staging test, a review afterwards",
      "open_requests": [] }
    $ cfgctl blame -o json
    {
      "items": [
        { "path": "server.name", "value": "web-2", "version": 2, "by": "alice", "at": "2026-11-21T09:00:01.000Z", "reason": "New listener" },
        { "path": "server.port", "value": 5050, "version": 2, "by": "alice", "at": "2026-11-21T09:00:01.000Z", "reason": "New listener" } ] }
    $ cfgctl history -o json
    {
      "items": [
        { "path": "server.port", "operation": "CREATE", "before": null, "after": 5050, "at": "2026-11-21T09:00:01.000Z", "by": "alice", "reason": "New listener", "source_ip": "local", "version": 2 },
        { "path": "server.name", "operation": "CREATE", "before": null, "after": "web-2", "at": "2026-11-21T09:00:01.000Z", "by": "alice", "reason": "New listener", "source_ip": "local", "version": 2 } ],
      "next": null }
    $ cfgctl diff 1 -o json
    {
      "a": "version 1",
      "b": "version 2 (current)",
      "items": [
        { "path": "server.name", "a": null, "b": "web-2" },
        { "path": "server.port", "a": null, "b": 5050 } ],
      "not_compared": [] }
    [exit 1]
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
      "overrides": 2,
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
        "history_rows": 2,
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
    "#);
}

#[test]
fn json_of_what_is_watched() {
    let (_world, alice) = World::solo();
    alice.run("set server.port=5050 server.name=web-2 --reason 'New listener'").ok();
    alice.run("unset server.name --reason 'Back to the default'").ok();
    insta::assert_snapshot!(transcript(&alice, &["watch server --from 1 --count 3 -o ndjson"]), @r#"
    $ cfgctl watch server --from 1 --count 3 -o ndjson
    {"after":"web-2","at":"2026-11-21T09:00:01.000Z","before":null,"by":"alice","cursor":"2.1","layer":"override","operation":"CREATE","path":"server.name","reason":"New listener","source_ip":"local","version":2}
    {"after":5050,"at":"2026-11-21T09:00:01.000Z","before":null,"by":"alice","cursor":"2.2","layer":"override","operation":"CREATE","path":"server.port","reason":"New listener","source_ip":"local","version":2}
    {"after":null,"at":"2026-11-21T09:00:02.000Z","before":"web-2","by":"alice","cursor":"3.3","layer":"override","operation":"DELETE","path":"server.name","reason":"Back to the default","source_ip":"local","version":3}
    ! watching server: the changes after version 1
    "#);
}
