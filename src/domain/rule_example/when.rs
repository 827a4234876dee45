//! A change that makes a risk rule true.

use super::search::{Candidate, Place, Search};
use super::{Example, Step};
use crate::domain::path::Path;
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::rule::Facts;
use crate::domain::setting::Setting;
use crate::domain::time::{Span, Timestamp};
use crate::domain::value::Value;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// A name that no manifest registers, for what a rule says of such paths.
const UNREGISTERED: &str = "example.unregistered";
/// How many values of a path are tried with each other, where one of them being the default is not enough.
const MOST_PAIRED: usize = 12;

/// What surrounds a change: who asks, when, and what else holds.
#[derive(Clone)]
struct Around {
    actor: (String, Role),
    now: Timestamp,
    values: BTreeMap<Path, Value>,
}

/// What one path was and becomes.
type Change = (Option<Value>, Option<Value>);

/// Paths in the order in which they are tried; what is worth trying at one is worked out when it is its turn.
struct Places<'a>(Vec<(Path, OnceCell<Place<'a>>)>);

impl<'a> Places<'a> {
    /// Every registered setting, those first that the rule's text names, and among them those of a lower risk than the
    /// rule's; then paths that nobody registered: those that the text names, and one that it does not.
    fn of(search: &Search<'a>, risk: Risk) -> Places<'a> {
        let registered = &search.manifest.settings;
        let names: Vec<&str> = search.hints.texts().filter(|text| !text.is_empty()).collect();
        let mut known: Vec<(&Path, &Setting)> = registered.iter().collect();
        known.sort_by_key(|(path, setting)| {
            let named = names.iter().any(|name| path.as_str().starts_with(*name));
            (!named, setting.base_risk() >= risk)
        });
        let others = names.into_iter().chain([UNREGISTERED]).filter_map(|name| Path::parse(name).ok());
        let others = others.filter(|path| !registered.contains_key(path));
        let paths = known.into_iter().map(|(path, _)| path.clone()).chain(others);
        Places(paths.map(|path| (path, OnceCell::new())).collect())
    }

    fn get(&self, search: &Search<'a>, at: usize) -> Option<&Place<'a>> {
        let (path, place) = self.0.get(at)?;
        Some(place.get_or_init(|| search.place(path)))
    }

    /// The first change of each place in turn, with which the rule is true.
    fn first(
        &self,
        search: &mut Search<'a>,
        around: &Around,
        changes: impl Fn(&Place<'_>) -> Vec<Change>,
    ) -> Option<Example> {
        for at in 0..self.0.len() {
            let place = self.get(search, at)?;
            for (old, new) in changes(place) {
                if search.is_over() {
                    return None;
                }
                if is_true(search, around, place, old.as_ref(), new.as_ref()) {
                    return Some(example(search, around, place, old, new));
                }
            }
        }
        None
    }
}

/// A change for which the rule is true, and whether its values are valid by their setting.
pub(super) fn find(
    search: &mut Search<'_>,
    risk: Risk,
    actor: (&str, Role),
    now: Timestamp,
) -> Option<(Example, bool)> {
    let places = Places::of(search, risk);
    let usual = Around { actor: (actor.0.to_owned(), actor.1), now, values: values(search) };
    let fitting = |place: &Place<'_>| changes(place, &place.fit);
    if let Some(found) = places.first(search, &usual, fitting) {
        return Some((found, true));
    }
    let others = surroundings(search, &usual);
    for (tried, around) in others.iter().enumerate() {
        // Each gets its share, and each setting its share of that.
        let share = search.left() / (others.len() - tried) / places.0.len().max(1);
        let few = |place: &Place<'_>| fitting(place).into_iter().take(share.max(4)).collect();
        if let Some(found) = places.first(search, around, few) {
            return Some((found, true));
        }
    }
    if let Some(found) = places.first(search, &usual, paired) {
        return Some((found, true));
    }
    let refused = |place: &Place<'_>| changes(place, &place.unfit);
    places.first(search, &usual, refused).map(|found| (found, false))
}

/// The first setting with a likely change of which the rule cannot be evaluated, how many such settings there are, and
/// what fails.
pub(super) fn failing(
    search: &mut Search<'_>,
    risk: Risk,
    actor: (&str, Role),
    now: Timestamp,
) -> Option<(Path, usize, String)> {
    let places = Places::of(search, risk);
    let around = Around { actor: (actor.0.to_owned(), actor.1), now, values: values(search) };
    let mut found: Option<(Path, usize, String)> = None;
    for at in 0..places.0.len() {
        let place = places.get(search, at)?;
        let Some(candidate) = place.fit.first().map(|candidate| &candidate.value) else { continue };
        search.failure = None;
        is_true(search, &around, place, place.default(), Some(candidate));
        is_true(search, &around, place, Some(candidate), place.default());
        if let Some(problem) = search.failure.take() {
            found.get_or_insert_with(|| (place.path.clone(), 0, problem)).1 += 1;
        }
        if search.is_over() {
            break;
        }
    }
    found
}

/// The defaults of what the rule reads.
fn values(search: &Search<'_>) -> BTreeMap<Path, Value> {
    let settings = search.manifest.settings.iter();
    let read = |path: &Path| search.rule.paths_named().is_none_or(|paths| paths.contains(path));
    let defaults = settings.filter(|(path, _)| read(path));
    defaults.filter_map(|(path, setting)| Some((path.clone(), setting.default.clone()?))).collect()
}

/// The changes from the default to each of these values, and back.
fn changes(place: &Place<'_>, candidates: &[Candidate]) -> Vec<Change> {
    let default = || place.default().cloned();
    let there = candidates.iter().map(|candidate| (default(), Some(candidate.value.clone())));
    let back = candidates.iter().map(|candidate| (Some(candidate.value.clone()), default()));
    there.chain(back).collect()
}

/// The changes from one value that is not the default to another.
fn paired(place: &Place<'_>) -> Vec<Change> {
    let few = || place.fit.iter().take(MOST_PAIRED).map(|candidate| Some(candidate.value.clone()));
    few().flat_map(|old| few().map(move |new| (old.clone(), new))).filter(|(old, new)| old != new).collect()
}

/// Other people, other times, other values of what the rule reads beside the changed path: as its text asks for.
fn surroundings(search: &Search<'_>, usual: &Around) -> Vec<Around> {
    let mut found = Vec::new();
    let names = &search.rule.expression.uses.names;
    if names.contains("actor") {
        let named = search.hints.texts().filter(|name| !name.is_empty() && Role::parse(name).is_err());
        for name in [usual.actor.0.as_str()].into_iter().chain(named) {
            let actors = Role::ALL.map(|role| (name.to_owned(), role));
            let others = actors.into_iter().filter(|actor| *actor != usual.actor);
            found.extend(others.map(|actor| Around { actor, ..usual.clone() }));
        }
    }
    if names.contains("now") {
        let written = search.hints.texts().filter_map(|text| Timestamp::parse(text).ok());
        let named = written.flat_map(|moment| {
            [
                moment.before(Span::days(1)),
                moment,
                moment.after(Span::seconds(1)),
                moment.after(Span::days(1)),
            ]
        });
        let days = (1..7).map(|day| usual.now.after(Span::days(day)));
        let hours = (1..24).map(|hour| usual.now.after(Span::seconds(hour * 3_600)));
        let months = (1..12).map(|month| usual.now.after(Span::days(month * 30)));
        let moments = named.chain(days).chain(hours).chain(months);
        found.extend(moments.map(|now| Around { now, ..usual.clone() }));
    }
    for path in search.rule.paths_named().unwrap_or_default() {
        for candidate in search.place(path).fit {
            let mut values = usual.values.clone();
            values.insert(path.clone(), candidate.value);
            found.push(Around { values, ..usual.clone() });
        }
    }
    found
}

fn is_true(
    search: &mut Search<'_>,
    around: &Around,
    place: &Place<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
) -> bool {
    let mut values = Cow::Borrowed(&around.values);
    let reads = search.rule.paths_named().is_none_or(|paths| paths.contains(&place.path));
    if reads && around.values.get(&place.path) != new {
        match new {
            Some(new) => values.to_mut().insert(place.path.clone(), new.clone()),
            None => values.to_mut().remove(&place.path),
        };
    }
    let setting = place.setting.map(Setting::to_value);
    let facts = Facts {
        values: &values,
        old,
        new,
        path: Some(&place.path),
        setting: setting.as_ref(),
        actor: Some((&around.actor.0, around.actor.1)),
        now: Some(around.now),
    };
    search.ask(&facts) == Some(true)
}

/// The change as an example, with the new number as near to the old one as it can be.
fn example(
    search: &mut Search<'_>,
    around: &Around,
    place: &Place<'_>,
    old: Option<Value>,
    new: Option<Value>,
) -> Example {
    let new = new.map(|new| {
        place.nearest(old.as_ref(), &new, |value| is_true(search, around, place, old.as_ref(), Some(value)))
    });
    let uses = &search.rule.expression.uses;
    let read = uses.keys.iter().filter_map(|key| Path::parse(key).ok()).filter(|path| *path != place.path);
    Example {
        values: read.map(|path| (path.clone(), around.values.get(&path).cloned())).collect(),
        changes: vec![Step { path: place.path.clone(), old, new }],
        actor: uses.names.contains("actor").then(|| around.actor.clone()),
        now: uses.names.contains("now").then_some(around.now),
    }
}
