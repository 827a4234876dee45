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
