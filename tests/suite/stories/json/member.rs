//! The JSON of members and their tokens.

use super::super::told;
use super::answers;
use crate::harness::World;

/// Tokens and invitations are shown this once; what they are is not what a snapshot is about.
fn without_secrets(text: &str) -> String {
    let hide = |line: &str| match line.trim_start().split_once("\": \"") {
        Some((name @ ("\"token" | "\"code"), _)) => format!("  {name}\": \"SECRET\",\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(hide).collect()
}

#[test]
fn json_of_members() {
    let (world, alice) = World::solo();
    let lines = [
        "member invite bob --role admin --uid 1001 --keep-solo --reason team",
        "member add-program deploy --role operator --reason pipeline",
        "member token deploy --expires-in 90d",
        "member token list",
        "member token revoke 1 --reason lost",
        "member list",
    ];
    let mut text = answers(&alice, &lines);
    let code = alice.run("member invite carol --role board --uid 1002 --keep-solo --reason team").ok();
    let joined = world.user("carol", 1002).run(&format!("member join {} -o json", code.trim()));
    text.push_str(&told(&alice, "member join CODE -o json", &joined));
    let lines = [
        "member role carol senior-admin --reason x",
        "member remove carol --reason left",
        "member end-solo --reason 'one of us'",
        "member delegations",
    ];
    text.push_str(&answers(&alice, &lines));
    insta::assert_snapshot!(without_secrets(&text), @r#"
    $ cfgctl member invite bob --role admin --uid 1001 --keep-solo --reason team -o json
    {
      "dry_run": false,
      "member": {
        "name": "bob",
        "kind": "person",
        "role": "admin",
        "owner": false,
        "state": "invited",
        "uid": 1001,
        "answerable": null,
        "since": "2026-11-21T09:00:01.000Z",
        "by": "alice",
        "reason": "team" },
      "code": "SECRET",
      "expires_at": "2026-11-28T09:00:01.000Z",
      "warnings": [],
      "audit_head": "2:HASH" }
    $ cfgctl member add-program deploy --role operator --reason pipeline -o json
    {
      "dry_run": false,
      "member": {
        "name": "deploy",
        "kind": "program",
        "role": "operator",
        "owner": false,
        "state": "active",
        "uid": null,
        "answerable": "alice",
        "since": "2026-11-21T09:00:02.000Z",
        "by": "alice",
        "reason": "pipeline" },
      "warnings": [],
      "audit_head": "3:HASH" }
    $ cfgctl member token deploy --expires-in 90d -o json
    {
      "dry_run": false,
      "member": "deploy",
      "number": 2,
      "token": "SECRET",
      "expires_at": "2027-02-19T09:00:03.000Z",
      "audit_head": "4:HASH" }
    $ cfgctl member token list -o json
    {
      "items": [
        { "number": 1, "member": "bob", "kind": "invitation", "state": "active", "created_at": "2026-11-21T09:00:01.000Z", "created_by": "alice", "expires_at": "2026-11-28T09:00:01.000Z" },
        { "number": 2, "member": "deploy", "kind": "token", "state": "active", "created_at": "2026-11-21T09:00:03.000Z", "created_by": "alice", "expires_at": "2027-02-19T09:00:03.000Z" } ] }
    $ cfgctl member token revoke 1 --reason lost -o json
    {
      "dry_run": false,
      "member": {
        "name": "bob",
        "kind": "person",
        "role": "admin",
        "owner": false,
        "state": "invited",
        "uid": 1001,
        "answerable": null,
        "since": "2026-11-21T09:00:01.000Z",
        "by": "alice",
        "reason": "team" },
      "warnings": [],
      "audit_head": "5:HASH" }
    $ cfgctl member list -o json
    {
      "solo": true,
      "items": [
        { "name": "alice", "kind": "person", "role": "board", "owner": true, "state": "active", "uid": 1000, "answerable": null, "since": "2026-11-21T09:00:00.000Z", "by": "alice", "reason": "created the store (01M7YNAYM0BJ3K0Y87YKEJRRR5)" },
        { "name": "bob", "kind": "person", "role": "admin", "owner": false, "state": "invited", "uid": 1001, "answerable": null, "since": "2026-11-21T09:00:01.000Z", "by": "alice", "reason": "team" },
        { "name": "deploy", "kind": "program", "role": "operator", "owner": false, "state": "active", "uid": null, "answerable": "alice", "since": "2026-11-21T09:00:02.000Z", "by": "alice", "reason": "pipeline" } ] }
    $ cfgctl member join CODE -o json
    {
      "dry_run": false,
      "member": "carol",
      "number": 4,
      "token": "SECRET",
      "expires_at": null,
      "audit_head": "7:HASH" }
    $ cfgctl member role carol senior-admin --reason x -o json
    {
      "dry_run": false,
      "member": {
        "name": "carol",
        "kind": "person",
        "role": "senior-admin",
        "owner": false,
        "state": "active",
        "uid": 1002,
        "answerable": null,
        "since": "2026-11-21T09:00:09.000Z",
        "by": "alice",
        "reason": "x" },
      "warnings": [],
      "audit_head": "8:HASH" }
    $ cfgctl member remove carol --reason left -o json
    {
      "dry_run": false,
      "member": {
        "name": "carol",
        "kind": "person",
        "role": "senior-admin",
        "owner": false,
        "state": "removed",
        "uid": 1002,
        "answerable": null,
        "since": "2026-11-21T09:00:10.000Z",
        "by": "alice",
        "reason": "left" },
      "warnings": [],
      "audit_head": "9:HASH" }
    $ cfgctl member end-solo --reason 'one of us' -o json
    {
      "dry_run": false,
      "solo": false,
      "warnings": [
        "Solo ends: from now on the policy's approvals are asked of everybody.",
        "Until more members have joined, nobody present can approve high and critical changes." ],
      "audit_head": "10:HASH" }
    $ cfgctl member delegations -o json
    {
      "items": [] }
    "#);
}

#[test]
fn json_of_delegations() {
    let team = World::team();
    let text = answers(
        &team.dave,
        &[
            "member delegate erin --until 2026-11-22T09:00:00Z --reason 'on leave'",
            "member delegations",
            "member delegate erin --end --reason 'back again'",
            "member delegations --all",
        ],
    );
    insta::assert_snapshot!(text, @r#"
    $ cfgctl member delegate erin --until 2026-11-22T09:00:00Z --reason 'on leave' -o json
    {
      "dry_run": false,
      "delegation": {
        "number": 1,
        "member": "dave",
        "to": "erin",
        "since": "2026-11-21T09:00:14.000Z",
        "until": "2026-11-22T09:00:00.000Z",
        "reason": "on leave",
        "state": "active" },
      "audit_head": "15:HASH" }
    $ cfgctl member delegations -o json
    {
      "items": [
        { "number": 1, "member": "dave", "to": "erin", "since": "2026-11-21T09:00:14.000Z", "until": "2026-11-22T09:00:00.000Z", "reason": "on leave", "state": "active" } ] }
    $ cfgctl member delegate erin --end --reason 'back again' -o json
    {
      "dry_run": false,
      "delegation": {
        "number": 1,
        "member": "dave",
        "to": "erin",
        "since": "2026-11-21T09:00:14.000Z",
        "until": "2026-11-22T09:00:00.000Z",
        "reason": "on leave",
        "state": "ended" },
      "audit_head": "16:HASH" }
    $ cfgctl member delegations --all -o json
    {
      "items": [
        { "number": 1, "member": "dave", "to": "erin", "since": "2026-11-21T09:00:14.000Z", "until": "2026-11-22T09:00:00.000Z", "reason": "on leave", "state": "ended" } ] }
    "#);
}
