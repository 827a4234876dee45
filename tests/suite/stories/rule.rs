//! What raises a change's risk: rules over what it changes, compared with now and with a day ago.

use super::{json, json_exits};
use crate::harness::{User, World};
use serde_json::Value;

const POOL: &str = r#"
format: 1
instance: shop
settings:
  pool: {type: integer, minimum: 0, default: 10, risk: low}
  other: {type: integer, default: 10, risk: low}
  large: {type: integer, default: 10, risk: high}
  mode: {type: string, default: slow, risk: low}
  key: {type: string, secret: true, risk: low}
rules:
  - name: more-than-doubled
    when: type(new) == int && type(old) == int && new > 2 * old
    risk: high
    message: More than twice the former value.
policy:
  low: {approvals: []}
  medium: {approvals: []}
  high: {approvals: []}
  critical: {approvals: []}
secrets: {env: ["APP_*"]}
"#;

const DAY: i64 = 86_400;

/// A world that this manifest governs, with another rule in it where one is given.
fn governed(rule: &str) -> (World, User) {
    let (world, alice) = World::solo();
    world.file("m.yaml", POOL.replace("policy:", &format!("{rule}\npolicy:")));
    alice.run("manifest apply m.yaml --reason x").ok();
    (world, alice)
}

/// The risk of setting a path to a value, and why, but for what the manifest registers.
#[track_caller]
fn risk(user: &User, path: &str, value: &str) -> (String, Vec<String>) {
    let answer = json(user, &format!("assess {path} {value}"));
    let reasons = answer["risk_reasons"].as_array().unwrap().iter().map(|reason| &reason["reason"]);
    let reasons = reasons.filter_map(Value::as_str).filter(|reason| !reason.contains("is registered"));
    (answer["risk_level"].as_str().unwrap().to_owned(), reasons.map(str::to_owned).collect())
}

#[track_caller]
fn set(user: &User, path: &str, value: &str) {
    user.run(&format!("set {path} {value} --reason step")).exits(0);
}

#[test]
fn many_small_steps_within_a_day_are_weighed_as_the_one_step_they_make() {
    let (world, alice) = governed("");
    set(&alice, "pool", "11");
    world.pass(2 * DAY);
    set(&alice, "pool", "21");
    assert_eq!(risk(&alice, "pool", "22").0, "low");
    let (level, reasons) = risk(&alice, "pool", "40");
    assert_eq!(level, "high");
    assert_eq!(
        reasons,
        ["pool: More than twice the former value (compared with 24 hours ago, when it was 11)."]
    );
    // One large step is compared with what it steps from.
    assert_eq!(risk(&alice, "pool", "43").1, ["pool: More than twice the former value."]);
    // The path that nobody touched is compared with itself alone.
    assert_eq!(risk(&alice, "other", "20").0, "low");
    assert_eq!(risk(&alice, "other", "21").1, ["other: More than twice the former value."]);
    // An override that is taken away is a step, too.
    alice.run("unset pool --reason step").exits(0);
    assert_eq!(risk(&alice, "pool", "20").0, "low");
}

#[test]
fn a_day_later_small_steps_are_small_again() {
    let (world, alice) = governed("");
    set(&alice, "pool", "19");
    assert_eq!(risk(&alice, "pool", "37").0, "high");
    world.pass(DAY - 10);
    assert_eq!(risk(&alice, "pool", "37").0, "high");
    world.pass(10);
    assert_eq!(risk(&alice, "pool", "37"), ("low".to_owned(), vec![]));
}

#[test]
fn what_was_first_set_within_the_day_is_compared_with_the_default() {
    let (_world, alice) = governed("");
    for (value, expected) in [("19", "low"), ("20", "low"), ("37", "high")] {
        assert_eq!(risk(&alice, "pool", value).0, expected, "{value}");
        set(&alice, "pool", value);
    }
    assert_eq!(
        risk(&alice, "pool", "38").1,
        ["pool: More than twice the former value (compared with 24 hours ago, when it was 10)."]
    );
    // A value of no default had none: the rule says what that means.
    set(&alice, "unregistered", "1");
    let (level, reasons) = risk(&alice, "unregistered", "2");
    assert_eq!((level.as_str(), reasons.len()), ("high", 1), "{reasons:?}");
}

#[test]
fn where_older_history_is_pruned_the_oldest_that_is_left_says_what_it_replaced() {
    let (world, alice) = governed("");
    set(&alice, "pool", "11");
    world.pass(2 * DAY);
    for value in ["21", "22", "23"] {
        set(&alice, "pool", value);
    }
    alice.run("version prune --keep 1 --reason space --yes").ok();
    assert_eq!(json(&alice, "history pool")["items"].as_array().unwrap().len(), 2);
    assert_eq!(risk(&alice, "pool", "42").0, "low");
    assert_eq!(
        risk(&alice, "pool", "43").1,
        ["pool: More than twice the former value (compared with 24 hours ago, when it was 21)."]
    );
}

#[test]
fn a_rule_that_fails_with_the_value_of_a_day_ago_raises_to_critical_and_says_so() {
    let rule = "  - {name: steps, when: 'path == \"pool\" && 100 / old > 60', risk: medium}";
    let (world, alice) = governed(rule);
    set(&alice, "pool", "0");
    world.pass(2 * DAY);
    // It fails with the present value: whatever was before is not asked for.
    let (level, reasons) = risk(&alice, "pool", "3");
    assert_eq!(level, "critical");
    insta::assert_snapshot!(reasons[0], @"The risk rule steps could not be evaluated, which counts as critical: The rule steps cannot be evaluated: it divides by zero.");
    set(&alice, "pool", "3");
    let (level, reasons) = risk(&alice, "pool", "4");
    assert_eq!(level, "critical");
    insta::assert_snapshot!(reasons[0], @"The risk rule steps could not be evaluated, which counts as critical: The rule steps cannot be evaluated: it divides by zero (compared with 24 hours ago, when it was 0).");
    world.pass(2 * DAY);
    assert_eq!(risk(&alice, "pool", "4").0, "low");
}

/// A risk that is as high as the rule's is raised all the same where the rule fails.
#[test]
fn a_rule_that_fails_raises_even_where_it_could_not_have_raised_by_being_true() {
    let (_world, alice) = governed("  - {name: fails, when: 'path == \"large\" && new / 0 > 1', risk: low}");
    let (level, reasons) = risk(&alice, "large", "11");
    assert_eq!(level, "critical");
    assert!(reasons[0].contains("The risk rule fails could not be evaluated"), "{reasons:?}");
    assert_eq!(risk(&alice, "large", "100").0, "critical");
    assert_eq!(risk(&alice, "pool", "11").0, "low");
    // One that is true of what is as risky already says nothing new.
    let (_world, alice) = governed("");
    assert_eq!(risk(&alice, "large", "100"), ("high".to_owned(), vec![]));
}

#[test]
fn the_worse_of_both_comparisons_counts_and_risk_is_never_lowered() {
    let rule =
        "  - {name: far-down, when: 'type(new) == int && type(old) == int && new < old / 2', risk: critical}";
    let (world, alice) = governed(rule);
    set(&alice, "pool", "10000");
    world.pass(2 * DAY);
    set(&alice, "pool", "10");
    // Now it is more than twice what it is, and less than half of what it was.
    let (level, reasons) = risk(&alice, "pool", "30");
    assert_eq!(level, "critical");
    assert!(
        reasons.iter().any(|reason| reason.ends_with("(compared with 24 hours ago, when it was 10000)."))
    );
    assert!(reasons.contains(&"pool: More than twice the former value.".to_owned()), "{reasons:?}");
    // Back to what it was is a large step from what it is.
    assert_eq!(risk(&alice, "pool", "10000").0, "high");
}

#[test]
fn what_a_secret_was_a_day_ago_is_not_repeated() {
    let (_world, alice) = governed(
        "  - {name: rotated, when: 'path == \"key\" && old == null && new != null', risk: critical}",
    );
    set(&alice, "key", "env:APP_ONE");
    let (level, reasons) = risk(&alice, "key", "env:APP_TWO");
    assert_eq!(level, "critical");
    assert!(reasons.iter().any(|reason| reason.ends_with("(compared with 24 hours ago).")), "{reasons:?}");
}

#[test]
fn a_rule_that_does_not_compile_is_refused_with_its_line_wherever_a_manifest_is_given() {
    let (world, alice) = World::solo();
    for (rule, says) in [
        ("check: 'values[\"pool\"] <'", "cannot be read"),
        ("check: 'new > 1'", "no variable new"),
        ("when: 'sqrt(new) > 1', risk: high", "no function sqrt"),
        ("when: 'new > 1'", "needs the `risk`"),
        ("risk: high", "needs `check` or `when`"),
    ] {
        let text = POOL.replace("policy:", &format!("  - {{name: wrong, {rule}}}\npolicy:"));
        world.file("wrong.yaml", text);
        let answer = json_exits(&alice, "manifest check wrong.yaml", 1);
        let problem = &answer["problems"][0];
        assert_eq!((problem["line"].as_u64(), problem["path"].as_str()), (Some(15), Some("rules[1]")));
        assert!(problem["message"].as_str().unwrap().contains(says), "{problem}");
        alice.run("manifest apply wrong.yaml --reason x").refused(6, "line 15, rules[1]: The rule wrong:");
    }
}

const BOUNDS: &str = r#"
format: 1
instance: shop
settings:
  cache.ttl: {type: integer, minimum: 1, default: 300, risk: medium}
  database.pool.max_size: {type: integer, minimum: 1, default: 20, risk: high}
  database.pool.min_size: {type: integer, minimum: 0, default: 4, risk: high}
  log_level: {type: string, enum: [info, debug], default: info, risk: low}
rules:
  - name: pool-bounds
    check: values["database.pool.min_size"] <= values["database.pool.max_size"]
    message: The pool's minimum is above its maximum.
  - name: large-pool
    check: values["database.pool.max_size"] <= 200
    severity: warning
    message: Most databases accept fewer than 200 connections.
  - name: more-than-doubled
    when: type(new) == int && old != null && new > 2 * old
    risk: high
    message: More than twice the former value.
  - name: never
    when: path == "log_level" && new == "trace"
    risk: critical
  - name: careless
    when: new > 2 * old
    risk: critical
"#;

#[test]
fn an_example_that_fires_each_rule_is_found_and_does_fire_it() {
    let (world, alice) = World::solo();
    world.file("m.yaml", BOUNDS);
    alice.run("manifest apply m.yaml --reason x").ok();
    let ran = alice.run("manifest check m.yaml --explain");
    insta::assert_snapshot!(ran.shown(&world), @r#"
    exit 0
    --- stdout
    Valid: 4 settings, 5 rules

    pool-bounds refuses: The pool's minimum is above its maximum.
      Example  database.pool.min_size 4 → 21 with database.pool.max_size 20: refused

    large-pool warns: Most databases accept fewer than 200 connections.
      Example  database.pool.max_size 20 → 201: warned of

    more-than-doubled raises to high: More than twice the former value.
      Example  cache.ttl 300 → 601: raised to high

    never raises to critical: The rule never applies: path == "log_level" && new == "trace".
      Example  log_level info → trace: raised to critical
      Note     only a value that its own setting refuses fires it: it may never fire

    careless raises to critical: The rule careless applies: new > 2 * old.
      Example  cache.ttl 300 → 601: raised to critical
      Note     for log_level and one more path, the rule careless cannot be evaluated: mul does not take int and string, which raises to critical
    --- stderr
    warning: About the rule never: only a value that its own setting refuses fires it: it may never fire.
    "#);
    assert!(alice.run("manifest check m.yaml").ok().starts_with("Valid: 4 settings, 5 rules"));
    world.file("m.yaml", BOUNDS.replace("old != null && new > 2 * old", "new >"));
    assert!(json_exits(&alice, "manifest check m.yaml --explain", 1)["rules_explained"].is_null());
    // What the examples say is what happens.
    world.file("m.yaml", BOUNDS.split("  - name: never").next().unwrap());
    alice.run("manifest apply m.yaml --reason y").ok();
    alice
        .run("set database.pool.min_size 21 --reason x")
        .refused(6, "The pool's minimum is above its maximum.");
    alice.run("validate database.pool.min_size 20").ok();
    assert_eq!(risk(&alice, "cache.ttl", "601").0, "high");
    assert_eq!(risk(&alice, "cache.ttl", "600").0, "medium");
    assert_eq!(
        json(&alice, "validate database.pool.max_size 201")["warnings"][0],
        "Most databases accept fewer than 200 connections."
    );
}

#[test]
fn the_starter_manifests_rules_all_have_examples() {
    let (world, alice) = World::solo();
    world.file("starter.yaml", alice.run("manifest show").ok());
    let answer = json(&alice, "manifest check starter.yaml --explain");
    for rule in answer["rules_explained"].as_array().unwrap() {
        assert!(rule["example"].is_object() && rule["note"].is_null(), "{rule}");
    }
}
