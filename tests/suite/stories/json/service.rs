//! The JSON of services.

use super::answers;
use crate::harness::World;

#[test]
fn json_of_services() {
    let (world, alice) = World::solo();
    let folder = world.folder().display().to_string();
    world.file(
        "m.yaml",
        format!(
            "\
format: 1
instance: shop
settings:
  colour: {{type: string, default: blue, risk: low}}
  size: {{type: integer, default: 3, risk: low, restart: true}}
policy: {{unregistered: low, low: {{approvals: []}}}}
services:
  jobs:
    description: What runs at night.
    uses: [colour, size]
    priority: 20
    deliver: {{file: {folder}/jobs.yaml, check: [grep, -q, colour, '${{file}}']}}
    read_back: {{file: {folder}/jobs.yaml}}
    reload: {{command: [\"true\"]}}
    restart: {{command: [\"true\"]}}
"
        ),
    );
    alice.run("manifest apply m.yaml --reason x").ok();
    world.file("jobs.yaml", "colour: red\n");
    let lines = [
        "service list",
        "service check",
        "service adopt jobs --dry-run",
        "service adopt jobs --yes",
        "service show jobs",
        "service sync --reason x",
        "service health",
        "drift --services",
        "service restart jobs --reason x",
        "service disable jobs --reason rebuilt",
        "service sync --all-behind --reason x",
        "service enable jobs --sync --reason rebuilt",
    ];
    insta::assert_snapshot!(answers(&alice, &lines), @r#"
    $ cfgctl service list -o json
    {
      "items": [
        { "service": "jobs", "instance": "jobs", "priority": 20, "critical": false, "state": "never-delivered", "version": null, "written_at": null, "reloaded_at": null, "verified_at": null, "restart_since": null, "problem": null } ] }
    $ cfgctl service check -o json
    {
      "ok": false,
      "items": [
        { "service": "jobs", "instance": "jobs", "ok": false, "steps": [ { "step": "render", "status": "ok", "finding": "125 bytes" }, { "step": "target", "status": "failed", "finding": "WORLD/jobs.yaml was not written by this instance. See the difference, and say that it may be replaced: cfgctl service adopt jobs" }, { "step": "check", "status": "ok", "finding": "grep accepts it" }, { "step": "reload", "status": "ok", "finding": "/usr/bin/true would be run" }, { "step": "read_back", "status": "ok", "finding": "1 of 2: colour" } ] } ] }
    [exit 1]
    $ cfgctl service adopt jobs --dry-run -o json
    {
      "dry_run": true,
      "outcome": "done",
      "service": "jobs",
      "files": [
        { "instance": "jobs", "file": "WORLD/jobs.yaml", "found": "unstamped", "written_by": null, "diff": "--- WORLD/jobs.yaml\n+++ WORLD/jobs.yaml\n@@ -1 +1,3 @@\n-colour: red\n+# cfgctl: instance=shop version=2 hash=HASH\n+colour: blue\n+size: 3\n" } ],
      "digest": "HASH",
      "items": [] }
    $ cfgctl service adopt jobs --yes -o json
    {
      "dry_run": false,
      "outcome": "done",
      "service": "jobs",
      "files": [
        { "instance": "jobs", "file": "WORLD/jobs.yaml", "found": "unstamped", "written_by": null, "diff": "--- WORLD/jobs.yaml\n+++ WORLD/jobs.yaml\n@@ -1 +1,3 @@\n-colour: red\n+# cfgctl: instance=shop version=2 hash=HASH\n+colour: blue\n+size: 3\n" } ],
      "digest": "HASH",
      "items": [
        { "service": "jobs", "instance": "jobs", "critical": false, "wave": 0, "state": "verified", "written_at": "2026-11-21T09:00:05.000Z", "reloaded_at": "2026-11-21T09:00:05.000Z", "verified_at": "2026-11-21T09:00:05.000Z", "matches_expected": true, "values": { "colour": { "value": "blue", "matches_expected": true } }, "error": null, "propagation_time_ms": 0 } ],
      "audit_head": "4:HASH" }
    $ cfgctl service show jobs -o json
    {
      "service": "jobs",
      "description": "What runs at night.",
      "priority": 20,
      "critical": false,
      "disabled": null,
      "uses": [
        "colour",
        "size" ],
      "values": [
        { "path": "colour", "value": "blue", "restart": false },
        { "path": "size", "value": 3, "restart": true } ],
      "waves": [
        [ "jobs" ] ],
      "bake": "0s",
      "instances": [
        { "service": "jobs", "instance": "jobs", "priority": 20, "critical": false, "state": "restart-pending", "version": 2, "written_at": "2026-11-21T09:00:05.000Z", "reloaded_at": "2026-11-21T09:00:05.000Z", "verified_at": "2026-11-21T09:00:05.000Z", "restart_since": "2026-11-21T09:00:05.000Z", "problem": null, "adopted": true, "deliver": "renders WORLD/jobs.yaml as YAML, checked before it is swapped by grep -q colour ${file}", "reload": "true", "read_back": "reads WORLD/jobs.yaml", "health": [], "restart": "true" } ] }
    $ cfgctl service sync --reason x -o json
    {
      "dry_run": false,
      "outcome": "done",
      "items": [
        { "service": "jobs", "instance": "jobs", "critical": false, "wave": 0, "state": "verified", "written_at": "2026-11-21T09:00:07.000Z", "reloaded_at": "2026-11-21T09:00:07.000Z", "verified_at": "2026-11-21T09:00:07.000Z", "matches_expected": true, "values": { "colour": { "value": "blue", "matches_expected": true } }, "error": null, "propagation_time_ms": 0 } ],
      "audit_head": "7:HASH" }
    $ cfgctl service health -o json
    {
      "ok": true,
      "items": [
        { "service": "jobs", "instance": "jobs", "well": null, "response_time_ms": null, "figures": {}, "problem": null } ] }
    $ cfgctl drift --services -o json
    {
      "items": [],
      "asked": [
        "jobs" ],
      "silent": [] }
    $ cfgctl service restart jobs --reason x -o json
    {
      "dry_run": false,
      "outcome": "done",
      "service": "jobs",
      "items": [
        { "instance": "jobs", "wave": 0, "state": "verified", "restarted_at": "2026-11-21T09:00:10.000Z", "verified_at": "2026-11-21T09:00:10.000Z", "values": { "colour": { "value": "blue", "matches_expected": true }, "size": { "value": 3, "matches_expected": true } }, "error": null } ],
      "waiting": [],
      "recorded": [],
      "audit_head": "10:HASH" }
    $ cfgctl service disable jobs --reason rebuilt -o json
    {
      "dry_run": false,
      "outcome": "done",
      "service": "jobs",
      "disabled": {
        "since": "2026-11-21T09:00:11.000Z",
        "by": "alice",
        "reason": "rebuilt" },
      "audit_head": "12:HASH" }
    $ cfgctl service sync --all-behind --reason x -o json
    {
      "dry_run": false,
      "outcome": "unchanged",
      "items": [] }
    $ cfgctl service enable jobs --sync --reason rebuilt -o json
    {
      "dry_run": false,
      "outcome": "done",
      "service": "jobs",
      "disabled": null,
      "items": [
        { "service": "jobs", "instance": "jobs", "critical": false, "wave": 0, "state": "verified", "written_at": "2026-11-21T09:00:13.000Z", "reloaded_at": "2026-11-21T09:00:13.000Z", "verified_at": "2026-11-21T09:00:13.000Z", "matches_expected": true, "values": { "colour": { "value": "blue", "matches_expected": true } }, "error": null, "propagation_time_ms": 0 } ],
      "audit_head": "13:HASH" }
    "#);
}
