//! What the search for an example asks, how often it may, and the values that it tries at a path.

use super::candidates::{Hints, worth_trying};
use crate::domain::manifest::Manifest;
use crate::domain::path::Path;
use crate::domain::rule::{Compiled, Facts};
use crate::domain::schema::CompiledSetting;
use crate::domain::setting::Setting;
use crate::domain::value::{Value, canonical, check_limits};
use std::collections::BTreeSet;

/// How often one rule is asked at most.
pub const MOST_QUESTIONS: usize = 20_000;

/// One rule that is asked again and again, but not for ever.
pub(super) struct Search<'a> {
    pub(super) rule: &'a Compiled,
    pub(super) manifest: &'a Manifest,
    pub(super) hints: Hints,
    goes_on: &'a dyn Fn() -> bool,
    asked: usize,
    answered: usize,
    stopped: bool,
    /// Why it could not be evaluated, the first time.
    pub(super) failure: Option<String>,
}

impl<'a> Search<'a> {
    pub(super) fn new(rule: &'a Compiled, manifest: &'a Manifest, goes_on: &'a dyn Fn() -> bool) -> Self {
        let named = rule.paths_named().unwrap_or_default().iter();
        let defaults = named.filter_map(|path| manifest.settings.get(path)?.default.as_ref());
        Search {
            hints: Hints::of(&rule.expression.uses, defaults),
            rule,
            manifest,
            goes_on,
            asked: 0,
            answered: 0,
            stopped: false,
            failure: None,
        }
    }

    /// Whether the rule's expression is true of these facts; nothing where it fails.
    pub(super) fn ask(&mut self, facts: &Facts<'_>) -> Option<bool> {
        self.asked += 1;
        match self.rule.holds(facts) {
            Ok(holds) => {
                self.answered += 1;
                Some(holds)
            }
            Err(problem) => {
                self.failure.get_or_insert(problem);
                None
            }
        }
    }

    /// Whether it has been asked as often, or for as long, as it may.
    pub(super) fn is_over(&mut self) -> bool {
        self.stopped |= self.left() == 0 || (self.asked.is_multiple_of(16) && !(self.goes_on)());
        self.stopped
    }

    /// How often it may still be asked.
    pub(super) fn left(&self) -> usize {
        MOST_QUESTIONS.saturating_sub(self.asked)
    }

    /// Whether every question failed.
    pub(super) fn always_fails(&self) -> bool {
        self.asked > 0 && self.answered == 0
    }

    /// Whether there was more to try.
    pub(super) fn was_cut_short(&self) -> bool {
        self.stopped
    }

    /// A path with what is worth trying at it.
    pub(super) fn place(&self, path: &Path) -> Place<'a> {
        Place::new(path, self.manifest, &self.hints)
    }
}

/// A value worth trying, and how far it is from the default.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) value: Value,
    pub(super) cost: f64,
}

/// A path with the values that are worth trying at it, the nearest to its default first.
pub(super) struct Place<'a> {
    pub(super) path: Path,
    pub(super) setting: Option<&'a Setting>,
    manifest: &'a Manifest,
    compiled: Option<CompiledSetting>,
    /// What the setting accepts, or what any path may hold.
    pub(super) fit: Vec<Candidate>,
    /// What it refuses.
    pub(super) unfit: Vec<Candidate>,
}

impl<'a> Place<'a> {
    fn new(path: &Path, manifest: &'a Manifest, hints: &Hints) -> Place<'a> {
        let setting = manifest.settings.get(path);
        let mut place = Place {
            path: path.clone(),
            setting,
            manifest,
            compiled: setting.and_then(|setting| CompiledSetting::compile(path, setting).ok()),
            fit: Vec::new(),
            unfit: Vec::new(),
        };
        let mut seen: BTreeSet<String> = place.default().map(canonical).into_iter().collect();
        for (at, value) in worth_trying(setting, &manifest.secrets, hints).into_iter().enumerate() {
            if !seen.insert(canonical(&value)) {
                continue;
            }
            let cost = distance(place.default(), &value, at);
            let accepted = place.accepts(&value);
            let found = if accepted { &mut place.fit } else { &mut place.unfit };
            found.push(Candidate { value, cost });
        }
        for found in [&mut place.fit, &mut place.unfit] {
            found.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        }
        place
    }

    pub(super) fn default(&self) -> Option<&'a Value> {
        self.setting.and_then(|setting| setting.default.as_ref())
    }

    /// Whether the setting accepts this value.
    pub(super) fn accepts(&self, value: &Value) -> bool {
        check_limits(value).is_ok()
            && match (&self.setting, &self.compiled) {
                (Some(_), Some(compiled)) => compiled.check(value, &self.manifest.secrets).is_empty(),
                (Some(_), None) => false,
                (None, _) => true,
            }
    }

    /// The whole number nearest to `from`, between it and `to`, of which this still holds.
    pub(super) fn nearest(
        &self,
        from: Option<&Value>,
        to: &Value,
        mut still: impl FnMut(&Value) -> bool,
    ) -> Value {
        let (Some(mut near), Some(mut far)) = (from.and_then(Value::as_i64), to.as_i64()) else {
            return to.clone();
        };
        let accepted = self.accepts(to);
        while near.abs_diff(far) > 1 {
            let middle = Value::from(near.midpoint(far));
            if self.accepts(&middle) == accepted && still(&middle) {
                far = near.midpoint(far);
            } else {
                near = near.midpoint(far);
            }
        }
        Value::from(far)
    }
}

/// How far a value is from a default. Numbers by how much they differ, and of two that differ alike the greater one;
/// anything else in the order in which it was thought of.
fn distance(default: Option<&Value>, value: &Value, at: usize) -> f64 {
    let from = match default {
        Some(default) => default.as_f64(),
        None => Some(0.0),
    };
    match (from, value.as_f64()) {
        (Some(from), Some(to)) if to < from => from - to + 0.001,
        (Some(from), Some(to)) => to - from,
        _ => 1.0 + at as f64,
    }
}
