//! What a rule does, with an example that fires it.

use super::color::Paint;
use super::facts::Facts;
use super::{Style, escape, words};
use crate::api::manifest::{RuleExample, RuleExplained};
use crate::domain::path::Path;
use crate::domain::value::Value;

/// One rule, parted by an empty line from what stands before it.
pub(super) fn explained(rule: &RuleExplained, style: &Style) -> String {
    let (name, effect) = (Paint::Bold.on(&escape::line(&rule.name), style), escape::line(&rule.effect));
    let head = format!("\n{name} {effect}: {}\n", escape::line(&rule.message));
    let mut facts = Facts::default();
    let fired = fired(&rule.effect);
    facts.maybe(
        "Example",
        rule.example.as_ref().map(|example| format!("{}: {fired}", in_words(example, style))),
    );
    facts.maybe("Note", rule.note.as_ref());
    let facts: String = facts.text(style).lines().map(|line| format!("  {line}\n")).collect();
    head + &facts
}

fn fired(effect: &str) -> String {
    match effect {
        "refuses" => "refused".to_owned(),
        "warns" => "warned of".to_owned(),
        other => other.replacen("raises", "raised", 1),
    }
}

/// `a.b 4 → 21 and c true → false with d 20, by alice (viewer), at …`
fn in_words(example: &RuleExample, style: &Style) -> String {
    let step = |path: &Path, old: Option<&Value>, new: Option<&Value>| {
        format!("{path} {} → {}", value(old), value(new))
    };
    let changed = example.path.as_ref().map(|path| step(path, example.old.as_ref(), example.new.as_ref()));
    let others = example
        .defaults
        .iter()
        .map(|(path, old)| step(path, old.as_ref(), example.values.get(path).and_then(Option::as_ref)));
    let changes: Vec<String> = changed.into_iter().chain(others).collect();
    let held: Vec<String> = example
        .values
        .iter()
        .filter(|(path, _)| !example.defaults.contains_key(*path))
        .map(|(path, held)| format!("{path} {}", value(held.as_ref())))
        .collect();
    let mut text = changes.join(" and ");
    if !held.is_empty() {
        let with = if text.is_empty() { "with " } else { " with " };
        text = format!("{text}{with}{}", held.join(" and "));
    }
    if let Some(actor) = &example.actor {
        text = format!("{text}, by {} ({})", actor.name, actor.role);
    }
    if let Some(now) = example.now {
        text = format!("{text}, at {}", style.time(now));
    }
    text
}

fn value(value: Option<&Value>) -> String {
    value.map_or_else(|| "(no value)".to_owned(), words::value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::manifest::RuleActor;
    use crate::domain::role::Role;
    use crate::output::samples;
    use insta::assert_snapshot;
    use serde_json::json;

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    fn rule(effect: &str, example: Option<RuleExample>, note: Option<&str>) -> String {
        let (name, message) = ("pool-bounds".to_owned(), "The pool is upside down.".to_owned());
        let note = note.map(str::to_owned);
        explained(&RuleExplained { name, effect: effect.to_owned(), message, example, note }, &Style::PLAIN)
    }

    #[test]
    fn an_example_reads_as_what_would_be_typed_and_what_would_come_of_it() {
        let check = RuleExample {
            values: [(path("pool.min"), Some(json!(21))), (path("pool.max"), Some(json!(20)))].into(),
            defaults: [(path("pool.min"), Some(json!(4)))].into(),
            ..RuleExample::default()
        };
        let defaults = RuleExample { defaults: [].into(), ..check.clone() };
        let two = RuleExample {
            defaults: [(path("pool.min"), None), (path("pool.max"), Some(json!(9)))].into(),
            ..check.clone()
        };
        let when = RuleExample {
            path: Some(path("name")),
            new: Some(json!("a\u{1b}b")),
            values: [(path("tls.on"), None)].into(),
            actor: Some(RuleActor { name: "bob".into(), role: Role::SeniorAdmin }),
            now: Some(samples::at("2026-11-21T09:30:05Z")),
            ..RuleExample::default()
        };
        let all = [
            rule("refuses", Some(check), None),
            rule("warns", Some(two), Some("only so")),
            rule("warns", Some(defaults), None),
            rule("raises to high", Some(when), None),
            rule("refuses", None, Some("no example found: this rule may never fire")),
        ];
        assert_snapshot!(all.concat(), @r#"

        pool-bounds refuses: The pool is upside down.
          Example  pool.min 4 → 21 with pool.max 20: refused

        pool-bounds warns: The pool is upside down.
          Example  pool.max 9 → 20 and pool.min (no value) → 21: warned of
          Note     only so

        pool-bounds warns: The pool is upside down.
          Example  with pool.max 20 and pool.min 21: warned of

        pool-bounds raises to high: The pool is upside down.
          Example  name (no value) → a\u{1b}b with tls.on (no value), by bob (senior-admin), at 2026-11-21 09:30:05Z: raised to high

        pool-bounds refuses: The pool is upside down.
          Note  no example found: this rule may never fire
        "#);
    }
}
