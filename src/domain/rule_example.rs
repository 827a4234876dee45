//! An example that fires a rule, found by trying: what a `check` refuses, what a `when` raises.
//!
//! What must stay true: whatever is shown as an example has been asked of the rule itself; the same manifest gives the
//! same examples; a search ends.

mod candidates;
mod check;
mod search;
mod when;

use super::manifest::Manifest;
use super::path::Path;
use super::risk::Risk;
use super::role::Role;
use super::rule::{Rule, Severity};
use super::time::Timestamp;
use super::value::Value;
pub use search::MOST_QUESTIONS;
use search::Search;
use std::collections::BTreeMap;

/// What to say of a rule that nothing fires.
pub const NONE_FOUND: &str = "no example found: this rule may never fire";

/// One path that an example changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The path.
    pub path: Path,
    /// Its value before; none where it has none.
    pub old: Option<Value>,
    /// Its value after.
    pub new: Option<Value>,
}

/// What fires a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Example {
    /// What differs from the defaults, or the one path that a `when` looks at. Nothing where the defaults fire it.
    pub changes: Vec<Step>,
    /// What else the rule reads; none where a path has no value.
    pub values: BTreeMap<Path, Option<Value>>,
    /// Who changes it, where the rule reads that.
    pub actor: Option<(String, Role)>,
    /// When, where the rule reads that.
    pub now: Option<Timestamp>,
}

/// What trying a rule has shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Explanation {
    /// What fires it.
    pub example: Option<Example>,
    /// What else there is to know: why there is none, or what fails.
    pub note: Option<String>,
    /// Whether nothing that a setting accepts was found to fire it.
    pub may_never_fire: bool,
}

impl Rule {
    /// What it does where it fires: `refuses`, `warns`, `raises to high`.
    pub fn effect(&self) -> String {
        match (&self.check, self.severity, self.risk) {
            (Some(_), Severity::Error, _) => "refuses".to_owned(),
            (Some(_), Severity::Warning, _) => "warns".to_owned(),
            (None, _, Some(risk)) => format!("raises to {risk}"),
            (None, _, None) => "raises".to_owned(),
        }
    }
}

/// Looks for an example that fires a rule under a manifest, as this member might at this moment. The search ends where
/// `goes_on` says so.
pub fn explain(
    rule: &Rule,
    manifest: &Manifest,
    actor: (&str, Role),
    now: Timestamp,
    goes_on: &dyn Fn() -> bool,
) -> Explanation {
    let compiled = match rule.compile() {
        Ok(compiled) => compiled,
        Err(problem) => {
            return Explanation { example: None, note: Some(problem), may_never_fire: true };
        }
    };
    let mut search = Search::new(&compiled, manifest, goes_on);
    let found = match rule.risk {
        None => check::find(&mut search),
        Some(risk) => when::find(&mut search, risk, actor, now),
    };
    let mut notes: Vec<String> = about_found(rule, manifest, &search, found.as_ref()).into_iter().collect();
    let goes_well = !search.always_fails() && !search.was_cut_short();
    match rule.risk {
        Some(risk) if goes_well => {
            let failing = when::failing(&mut search, risk, actor, now);
            notes.extend(failing.map(|failing| about_failing(&failing)));
        }
        Some(_) => {}
        None => {
            let problem = search.failure.filter(|_| found.is_some());
            let as_well = |problem: String| {
                format!("with some values, {}, which {} as well", said(&problem), rule.effect())
            };
            notes.extend(problem.map(as_well));
            let unknown = compiled.paths_named().unwrap_or_default().iter();
            let unknown = unknown.filter(|path: &&Path| !manifest.settings.contains_key(*path));
            notes.extend(unknown.map(|path| format!("{path} is not registered")));
        }
    }
    let may_never_fire = !matches!(found, Some((_, true)));
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    Explanation { example: found.map(|(example, _)| example), note, may_never_fire }
}

/// What to say of an example, or of there being none.
fn about_found(
    rule: &Rule,
    manifest: &Manifest,
    search: &Search<'_>,
    found: Option<&(Example, bool)>,
) -> Option<String> {
    match (found, rule.risk) {
        (None, risk) if search.always_fails() => {
            let counts = if risk.is_some() { ", which raises to critical" } else { "" };
            let problem = said(search.failure.as_deref()?);
            Some(format!("no example found: with every value tried, {problem}{counts}"))
        }
        (None, _) if search.was_cut_short() => Some(format!("{NONE_FOUND} (the search was cut short)")),
        (None, _) => Some(NONE_FOUND.to_owned()),
        (Some((_, false)), _) => {
            Some("only a value that its own setting refuses fires it: it may never fire".to_owned())
        }
        (Some((example, true)), Some(risk)) => already(example, manifest, risk),
        (Some((example, true)), None) => {
            example.changes.is_empty().then(|| "the defaults themselves do not pass it".to_owned())
        }
    }
}

fn about_failing((path, count, problem): &(Path, usize, String)) -> String {
    let others = match count {
        0 | 1 => String::new(),
        2 => " and one more path".to_owned(),
        _ => format!(" and {} more paths", count - 1),
    };
    format!("for {path}{others}, {}, which raises to critical", said(problem))
}

/// A sentence as the part of another.
fn said(sentence: &str) -> String {
    sentence.replacen("The rule", "the rule", 1).trim_end_matches('.').to_owned()
}

/// That the path of an example has the rule's risk without it.
fn already(example: &Example, manifest: &Manifest, risk: Risk) -> Option<String> {
    let path = &example.changes.first()?.path;
    let own = manifest.settings.get(path).map_or(manifest.policy.unregistered, |known| known.base_risk());
    (own >= risk).then(|| format!("{path} is {own} without it, so that it raises nothing there"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::canonical;
    use insta::assert_snapshot;

    const SETTINGS: &str = "
  cache.ratio: {type: number, minimum: 0, maximum: 1, default: 0.5, risk: low}
  limits: {type: object, default: {jobs: 4}, risk: medium}
  log.level: {type: string, enum: [error, info, debug], default: info, risk: low}
  name: {type: string, pattern: '^[a-z]+$', default: shop, risk: low}
  password: {type: string, secret: true, default: 'env:APP_PASSWORD', risk: critical}
  pool.max: {type: integer, minimum: 1, default: 20, risk: high}
  pool.min: {type: integer, minimum: 0, default: 4, risk: high}
  roles: {type: array, items: {enum: [a, b, c]}, uniqueItems: true, default: [a], risk: low}
  step: {type: integer, multipleOf: 5, minimum: 0, maximum: 50, default: 10, risk: medium}
  tls.on: {type: boolean, default: false, risk: low}
  tls.port: {type: integer, minimum: 0, maximum: 65535, default: 443, risk: high}
  unset: {type: integer, risk: low}
";

    fn explained(fields: &str, goes_on: &dyn Fn() -> bool) -> Explanation {
        let text = format!(
            "format: 1\ninstance: x\nsettings:{SETTINGS}rules:\n  - {{name: r, {fields}}}\nsecrets: {{env: [\"APP_*\"]}}\n"
        );
        let manifest = Manifest::read(&text).unwrap_or_else(|problems| panic!("{fields}: {problems:?}"));
        let now = Timestamp::parse("2026-11-21T09:00:00Z").unwrap();
        explain(&manifest.rules[0], &manifest, ("alice", Role::Operator), now, goes_on)
    }

    fn in_words(explanation: &Explanation) -> String {
        let text = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), canonical);
        let mut parts: Vec<String> = Vec::new();
        if let Some(example) = &explanation.example {
            let step = |step: &Step| format!("{} {} → {}", step.path, text(&step.old), text(&step.new));
            parts.extend(example.changes.iter().map(step));
            parts.extend(example.values.iter().map(|(path, value)| format!("with {path} {}", text(value))));
            parts.extend(example.actor.iter().map(|(name, role)| format!("by {name}, {role}")));
            parts.extend(example.now.iter().map(|now| format!("at {}", now.short())));
        }
        parts.extend(explanation.note.iter().map(|note| format!("({note})")));
        parts.join("  ")
    }

    fn table(rules: &[&str]) -> String {
        rules.iter().map(|rule| format!("{rule}\n  {}\n", in_words(&explained(rule, &|| true)))).collect()
    }

    #[test]
    fn a_check_is_broken_by_the_values_nearest_to_the_defaults() {
        assert_snapshot!(table(&[
            r#"check: 'values["pool.min"] <= values["pool.max"]'"#,
            r#"check: 'values["pool.max"] <= 200', severity: warning"#,
            r#"check: 'values["pool.min"] + values["pool.max"] < 100'"#,
            r#"check: 'values["log.level"] in ["info", "error"]'"#,
            r#"check: '!(values["tls.on"] && values["tls.port"] == 0)'"#,
            r#"check: 'values["tls.on"] || values["tls.port"] == 443 || values["name"] == "shop"'"#,
            r#"check: 'values["name"].size() < 12'"#,
            r#"check: '!values["name"].matches("^prod")'"#,
            r#"check: '!values["roles"].exists(role, role == "c")'"#,
            r#"check: 'size(values["roles"]) <= 2'"#,
            r#"check: 'values["limits"].jobs <= 8'"#,
            r#"check: 'values["cache.ratio"] <= 0.9'"#,
            r#"check: 'values["step"] < 33'"#,
            r#"check: 'values.all(key, key != "tls.port" || values[key] != 22)'"#,
            r#"check: 'values["password"].startsWith("file:")'"#,
        ]), @r#"
        check: 'values["pool.min"] <= values["pool.max"]'
          pool.min 4 → 21  with pool.max 20
        check: 'values["pool.max"] <= 200', severity: warning
          pool.max 20 → 201
        check: 'values["pool.min"] + values["pool.max"] < 100'
          pool.min 4 → 80  with pool.max 20
        check: 'values["log.level"] in ["info", "error"]'
          log.level "info" → "debug"
        check: '!(values["tls.on"] && values["tls.port"] == 0)'
          tls.on false → true  tls.port 443 → 0
        check: 'values["tls.on"] || values["tls.port"] == 443 || values["name"] == "shop"'
          name "shop" → "a"  tls.port 443 → 444  with tls.on false
        check: 'values["name"].size() < 12'
          name "shop" → "xxxxxxxxxxxx"
        check: '!values["name"].matches("^prod")'
          name "shop" → "prod"
        check: '!values["roles"].exists(role, role == "c")'
          roles ["a"] → ["c"]
        check: 'size(values["roles"]) <= 2'
          roles ["a"] → ["a","b","c"]
        check: 'values["limits"].jobs <= 8'
          limits {"jobs":4} → {"jobs":9}  (with some values, the rule r cannot be evaluated: there is no key jobs, which refuses as well)
        check: 'values["cache.ratio"] <= 0.9'
          cache.ratio 0.5 → 0.91
        check: 'values["step"] < 33'
          step 10 → 35
        check: 'values.all(key, key != "tls.port" || values[key] != 22)'
          tls.port 443 → 22
        check: 'values["password"].startsWith("file:")'
          with password "env:APP_PASSWORD"  (the defaults themselves do not pass it)
        "#);
    }

    #[test]
    fn what_nothing_breaks_and_what_always_fails_is_said_plainly() {
        assert_snapshot!(table(&[
            r#"check: 'values["pool.min"] >= 0'"#,
            r#"check: 'values["tls.port"] <= 65535'"#,
            r#"check: 'values["pool.max"] == values["pool.max"]'"#,
            r#"check: 'values["name"] > 3'"#,
            r#"check: 'values["unset"] < 100'"#,
            r#"check: 'values["nothing.such"] < 100'"#,
            r#"check: '!("tls.prot" in values) || values["tls.prot"] > 0'"#,
            "when: 'old == 1 && new == 1 && old != new', risk: high",
            "when: 'path == \"tls.port\" && new > 65535', risk: critical",
            "when: 'new / 0 > 1', risk: high",
            "when: 'path', risk: high",
        ]), @r#"
        check: 'values["pool.min"] >= 0'
          pool.min 4 → -1  (only a value that its own setting refuses fires it: it may never fire)
        check: 'values["tls.port"] <= 65535'
          tls.port 443 → 65536  (only a value that its own setting refuses fires it: it may never fire)
        check: 'values["pool.max"] == values["pool.max"]'
          (no example found: this rule may never fire)
        check: 'values["name"] > 3'
          (no example found: with every value tried, the rule r cannot be evaluated: > does not take string and int)
        check: 'values["unset"] < 100'
          unset - → 100  (with some values, the rule r cannot be evaluated: there is no value at unset, which refuses as well)
        check: 'values["nothing.such"] < 100'
          nothing.such - → 100  (with some values, the rule r cannot be evaluated: there is no value at nothing.such, which refuses as well; nothing.such is not registered)
        check: '!("tls.prot" in values) || values["tls.prot"] > 0'
          tls.prot - → 0  (tls.prot is not registered)
        when: 'old == 1 && new == 1 && old != new', risk: high
          (no example found: this rule may never fire)
        when: 'path == "tls.port" && new > 65535', risk: critical
          tls.port 443 → 65536  (only a value that its own setting refuses fires it: it may never fire)
        when: 'new / 0 > 1', risk: high
          (no example found: with every value tried, the rule r cannot be evaluated: div does not take double and int, which raises to critical)
        when: 'path', risk: high
          (no example found: with every value tried, the rule r cannot be evaluated: it gives a string, not true or false, which raises to critical)
        "#);
    }

    #[test]
    fn a_risk_rule_is_shown_with_the_change_that_fires_it() {
        assert_snapshot!(table(&[
            "when: 'type(new) == int && type(old) == int && new > 2 * old', risk: high",
            "when: 'new > 2 * old', risk: high",
            "when: 'type(new) == int && type(old) == int && new < old / 2', risk: high",
            "when: 'path.startsWith(\"tls.\")', risk: critical",
            "when: 'path.startsWith(\"tls.\") && old == true && new == false', risk: high",
            "when: 'path == \"tls.port\"', risk: high",
            "when: 'old == null', risk: high",
            "when: 'new == null', risk: high",
            "when: 'setting == null', risk: critical",
            "when: 'setting != null && has(setting.enum) && new == \"debug\"', risk: medium",
            "when: 'path == \"log.level\" && old == \"debug\" && new == \"error\"', risk: medium",
            "when: 'path == \"log.level\" && values[\"tls.on\"]', risk: medium",
            "when: 'path == \"name\" && actor.role == \"viewer\"', risk: medium",
            "when: 'path == \"name\" && actor.name == \"bob\"', risk: medium",
            "when: 'path == \"name\" && now.getDayOfWeek(\"UTC\") == 0', risk: medium",
            "when: 'path == \"name\" && now > timestamp(\"2027-01-01T00:00:00Z\")', risk: medium",
            "when: 'path == \"password\" && new != old', risk: critical",
            "when: 'setting.services.size() > 0', risk: high",
        ]), @r#"
        when: 'type(new) == int && type(old) == int && new > 2 * old', risk: high
          step 10 → 25
        when: 'new > 2 * old', risk: high
          cache.ratio 0 → 0.5  (for cache.ratio and 8 more paths, the rule r cannot be evaluated: mul does not take int and double, which raises to critical)
        when: 'type(new) == int && type(old) == int && new < old / 2', risk: high
          step 10 → 0
        when: 'path.startsWith("tls.")', risk: critical
          tls.on false → true
        when: 'path.startsWith("tls.") && old == true && new == false', risk: high
          tls.on true → false
        when: 'path == "tls.port"', risk: high
          tls.port 443 → 444  (tls.port is high without it, so that it raises nothing there)
        when: 'old == null', risk: high
          unset - → 0
        when: 'new == null', risk: high
          unset 0 → -
        when: 'setting == null', risk: critical
          example.unregistered - → 0
        when: 'setting != null && has(setting.enum) && new == "debug"', risk: medium
          log.level "info" → "debug"
        when: 'path == "log.level" && old == "debug" && new == "error"', risk: medium
          log.level "debug" → "error"
        when: 'path == "log.level" && values["tls.on"]', risk: medium
          log.level "info" → "error"  with tls.on true
        when: 'path == "name" && actor.role == "viewer"', risk: medium
          name "shop" → "a"  by alice, viewer
        when: 'path == "name" && actor.name == "bob"', risk: medium
          name "shop" → "a"  by bob, viewer
        when: 'path == "name" && now.getDayOfWeek("UTC") == 0', risk: medium
          name "shop" → "a"  at 2026-11-22 09:00:00Z
        when: 'path == "name" && now > timestamp("2027-01-01T00:00:00Z")', risk: medium
          name "shop" → "a"  at 2027-01-01 00:00:01Z
        when: 'path == "password" && new != old', risk: critical
          password "env:APP_PASSWORD" → "env:APP_EXAMPLE"  (password is critical without it, so that it raises nothing there)
        when: 'setting.services.size() > 0', risk: high
          (no example found: with every value tried, the rule r cannot be evaluated: there is no key services, which raises to critical)
        "#);
    }

    #[test]
    fn a_search_ends_when_it_is_told_to_and_says_so() {
        let rule = "when: 'values[\"pool.min\"] < 0 && new == old && now < timestamp(0)', risk: high";
        let explanation = explained(rule, &|| false);
        assert_eq!(explanation.example, None);
        assert_eq!(explanation.note.unwrap(), format!("{NONE_FOUND} (the search was cut short)"));
    }

    #[test]
    fn the_same_manifest_gives_the_same_examples_within_the_questions_allowed() {
        let rule = "check: 'values.all(a, values.all(b, a == b || values[a] != values[b]))'";
        assert_eq!(explained(rule, &|| true), explained(rule, &|| true));
        let asked = std::cell::Cell::new(0_usize);
        explained(
            "check: 'values[\"pool.min\"] + values[\"pool.max\"] + values[\"step\"] + values[\"tls.port\"] >= 0'",
            &|| {
                asked.set(asked.get() + 16);
                true
            },
        );
        assert!(asked.get() <= 2 * MOST_QUESTIONS, "{}", asked.get());
    }
}
