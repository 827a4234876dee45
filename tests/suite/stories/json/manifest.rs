//! The JSON of manifests and contexts.

use super::super::told;
use super::answers;
use crate::harness::World;

#[test]
fn json_of_rules_that_are_explained() {
    let (world, alice) = World::solo();
    let rules = "  - {name: bounds, check: 'values.low <= values.high', message: Upside down.}
  - {name: doubled, when: 'path == \"low\" && new > 2 * old && actor.role == \"operator\"', risk: high}
  - {name: never, check: 'values.low >= 0', severity: warning}";
    let own = "format: 1\ninstance: shop\nsettings:\n  low: {type: integer, minimum: 0, default: 4, risk: low}\n  high: {type: integer, default: 20, risk: low}\n";
    world.file("own.yaml", format!("{own}rules:\n{rules}\n"));
    alice.run("manifest apply own.yaml --reason x").ok();
    insta::assert_snapshot!(answers(&alice, &["manifest check own.yaml --explain"]), @r#"
    $ cfgctl manifest check own.yaml --explain -o json
    {
      "valid": true,
      "settings": 2,
      "rules": 3,
      "problems": [],
      "warnings": [
        "About the rule never: only a value that its own setting refuses fires it: it may never fire." ],
      "rules_explained": [
        { "name": "bounds", "effect": "refuses", "message": "Upside down.", "example": { "values": { "high": 20, "low": 21 }, "defaults": { "low": 4 } }, "note": null },
        { "name": "doubled", "effect": "raises to high", "message": "The rule doubled applies: path == \"low\" && new > 2 * old && actor.role == \"operator\".", "example": { "path": "low", "old": 4, "new": 9, "actor": { "name": "alice", "role": "operator" } }, "note": null },
        { "name": "never", "effect": "warns", "message": "The rule never does not hold: values.low >= 0.", "example": { "values": { "low": -1 }, "defaults": { "low": 4 } }, "note": "only a value that its own setting refuses fires it: it may never fire" } ] }
    "#);
}

#[test]
fn json_of_manifests_and_contexts() {
    let (world, alice) = World::solo();
    let own = "format: 1\ninstance: shop\nsettings:\n  port: {type: integer, default: 80, risk: low}\n";
    world.file("own.yaml", own);
    alice.run("manifest apply own.yaml --reason x").ok();
    world.file("next.yaml", own.replace("80", "8080"));
    world.file("bad.yaml", own.replace("integer", "nothing"));
    world.file("app.json", "{\"port\": 81}");
    let lines = [
        "manifest show",
        "manifest check next.yaml",
        "manifest check bad.yaml",
        "manifest diff next.yaml",
        "manifest apply next.yaml --reason 'Another port'",
        "context add shop --store store/config_overrides.db",
        "context use shop",
        "context list",
        "context show",
        "context remove shop",
    ];
    insta::assert_snapshot!(answers(&alice, &lines), @r#"
    $ cfgctl manifest show -o json
    {
      "number": 2,
      "hash": "HASH",
      "created_at": "2026-11-21T09:00:01.000Z",
      "created_by": "alice",
      "reason": "x",
      "text": "format: 1\ninstance: shop\nsettings:\n  port: {type: integer, default: 80, risk: low}\n" }
    $ cfgctl manifest check next.yaml -o json
    {
      "valid": true,
      "settings": 1,
      "rules": 0,
      "problems": [],
      "warnings": [
        "Nobody overrides port: it becomes 8080 (it is 80)." ] }
    $ cfgctl manifest check bad.yaml -o json
    {
      "valid": false,
      "settings": 0,
      "rules": 0,
      "problems": [
        { "line": 4, "path": "settings.port.type", "message": "type must be string, integer, number, boolean, array or object, not \"nothing\"." } ],
      "warnings": [] }
    [exit 1]
    $ cfgctl manifest diff next.yaml -o json
    {
      "items": [
        { "what": "manifest", "path": "settings.port", "before": { "default": 80, "risk": "low", "type": "integer" }, "after": { "default": 8080, "risk": "low", "type": "integer" } } ] }
    [exit 1]
    $ cfgctl manifest apply next.yaml --reason 'Another port' -o json
    {
      "outcome": "done",
      "dry_run": false,
      "number": 3,
      "change": "01M7YNB4FG0XWCN37WXQ010F2R",
      "items": [
        { "what": "manifest", "path": "settings.port", "before": { "default": 80, "risk": "low", "type": "integer" }, "after": { "default": 8080, "risk": "low", "type": "integer" } } ],
      "warnings": [
        "Nobody overrides port: it becomes 8080 (it is 80)." ],
      "version": 3,
      "audit_head": "4:HASH" }
    $ cfgctl context add shop --store store/config_overrides.db -o json
    {
      "context": "shop",
      "store": "WORLD/store/config_overrides.db",
      "protected": false,
      "dry_run": false }
    $ cfgctl context use shop -o json
    {
      "context": "shop",
      "store": "WORLD/store/config_overrides.db",
      "protected": false,
      "dry_run": false }
    $ cfgctl context list -o json
    {
      "items": [
        { "name": "shop", "store": "WORLD/store/config_overrides.db", "protected": false, "in_use": true, "of": "user" } ] }
    $ cfgctl context show -o json
    {
      "store": "WORLD/store/config_overrides.db",
      "there": true,
      "readable": true,
      "by": "$CFGCTL_STORE",
      "context": null,
      "protected": false,
      "settings": [
        { "by": "$CFGCTL_STORE", "value": "WORLD/store/config_overrides.db", "wins": true },
        { "by": "context use", "value": "shop", "wins": false } ] }
    $ cfgctl context remove shop -o json
    {
      "context": "shop",
      "store": "WORLD/store/config_overrides.db",
      "protected": false,
      "dry_run": false }
    "#);
    let schema = alice.run("manifest schema -o json").exits(0).json();
    assert_eq!(schema["type"], "object");
    let draft = alice.run("manifest draft app.json");
    insta::assert_snapshot!(told(&alice, "manifest draft app.json", &draft), @"
    $ cfgctl manifest draft app.json
    # Drafted from app.json. Check it before it governs anything:
    # - risk, restart, unit and range marked as guessed follow from names alone;
    # - a guessed secret has no default, and what was found is not repeated here: keep it where the service can read it,
    #   then set env:NAME or file:/PATH; a secret that was not guessed stands here in the clear, so remove it;
    # - a setting without a value was text as far as anybody can tell: correct its type;
    # - add what a name cannot say: description, owner, services, limits.
    format: 1
    instance: local

    # Which variables and folders a secret may name, once there are some:
    # secrets:
    #   env: [APP_SECRET_*]
    #   folders: [/run/secrets]

    settings:
      port: {type: integer, minimum: 1, maximum: 65535, default: 81, risk: high, restart: true}  # guessed: risk, range, restart
    ");
}
