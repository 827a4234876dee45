//! The JSON of trying the notify command.

use super::answers;
use crate::harness::World;

#[test]
fn json_of_trying_the_notify_command() {
    let (world, alice) = World::solo();
    let manifest = alice.run("manifest show -o raw").ok();
    let notify = "notify: {command: [sh, -c, 'cat >/dev/null; echo sent; echo late >&2; exit 3']}";
    world.file("next.yaml", format!("{manifest}{notify}\n"));
    alice.run("manifest apply next.yaml --yes --reason told").ok();
    let lines = ["notify test", "notify test --event outcome --dry-run"];
    insta::assert_snapshot!(answers(&alice, &lines), @r#"
    $ cfgctl notify test -o json
    {
      "outcome": "no",
      "dry_run": false,
      "program": "sh",
      "timeout": "10s",
      "result": "sh ended with exit code 3.",
      "exit_code": 3,
      "duration_us": 0,
      "stdout": [
        "sent" ],
      "stderr": [
        "late" ],
      "notice": {
        "event": "request",
        "summary": "local: alice tests how people are told of this (request); nothing has happened.",
        "instance": "local",
        "change": null,
        "id": null,
        "kind": null,
        "state": null,
        "risk": null,
        "by": "alice",
        "reason": "test",
        "to": [ "alice" ],
        "missing": [],
        "next": null,
        "at": "2026-11-21T09:00:03.000Z" },
      "warnings": [],
      "audit_head": "3:HASH" }
    [exit 1]
    $ cfgctl notify test --event outcome --dry-run -o json
    {
      "outcome": "done",
      "dry_run": true,
      "program": "sh",
      "timeout": "10s",
      "result": null,
      "exit_code": null,
      "duration_us": null,
      "stdout": [],
      "stderr": [],
      "notice": {
        "event": "outcome",
        "summary": "local: alice tests how people are told of this (outcome); nothing has happened.",
        "instance": "local",
        "change": null,
        "id": null,
        "kind": null,
        "state": null,
        "risk": null,
        "by": "alice",
        "reason": "test",
        "to": [ "alice" ],
        "missing": [],
        "next": null,
        "at": "2026-11-21T09:00:04.000Z" },
      "warnings": [] }
    "#);
}
