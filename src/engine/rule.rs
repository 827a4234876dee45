//! What each rule of a manifest does, shown by an example that fires it.

use super::transact::View;
use crate::api::manifest::{RuleActor, RuleExample, RuleExplained};
use crate::domain::manifest::Manifest;
use crate::domain::path::Path;
use crate::domain::rule::Rule;
use crate::domain::rule_example::{Example, Explanation, explain};
use crate::domain::value::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long an example of one rule is looked for.
const LONGEST_LOOK: Duration = Duration::from_millis(300);

/// What each rule does, and warnings about those that nothing was found to fire.
pub(super) fn explained(view: &View<'_>, manifest: &Manifest) -> (Vec<RuleExplained>, Vec<String>) {
    let mut warnings = Vec::new();
    let mut explained = Vec::new();
    for rule in &manifest.rules {
        let begun = (view.machine.elapsed)();
        let goes_on = || (view.machine.elapsed)().saturating_sub(begun) < LONGEST_LOOK;
        let actor = (view.actor.name(), view.actor.member.role);
        let Explanation { example, note, may_never_fire } =
            explain(rule, manifest, actor, view.clock, &goes_on);
        if may_never_fire {
            let note = note.as_deref().unwrap_or_default();
            warnings.push(format!("About the rule {}: {note}.", rule.name));
        }
        explained.push(RuleExplained {
            name: rule.name.clone(),
            effect: rule.effect(),
            message: rule.sentence(),
            example: example.map(|example| as_view(rule, example)),
            note,
        });
    }
    (explained, warnings)
}

fn as_view(rule: &Rule, example: Example) -> RuleExample {
    let mut shown = RuleExample {
        values: example.values,
        actor: example.actor.map(|(name, role)| RuleActor { name, role }),
        now: example.now,
        ..RuleExample::default()
    };
    let mut defaults: BTreeMap<Path, Option<Value>> = BTreeMap::new();
    for step in example.changes {
        if rule.when.is_some() {
            (shown.path, shown.old, shown.new) = (Some(step.path), step.old, step.new);
        } else {
            defaults.insert(step.path.clone(), step.old);
            shown.values.insert(step.path, step.new);
        }
    }
    shown.defaults = defaults;
    shown
}
