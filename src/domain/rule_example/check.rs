//! Values that a check does not pass.

use super::search::{Candidate, Place, Search};
use super::{Example, Step};
use crate::domain::path::Path;
use crate::domain::rule::Facts;
use crate::domain::rule_expression::Uses;
use crate::domain::value::Value;
use std::collections::BTreeMap;

/// How many values an example changes at most.
const MOST_CHANGED: usize = 4;

type Values = BTreeMap<Path, Value>;

/// The values nearest to the defaults of which the check is false; the flag tells that each is valid by its setting.
pub(super) fn find(search: &mut Search<'_>) -> Option<(Example, bool)> {
    let uses = &search.rule.expression.uses;
    let mut paths: Vec<Path> = uses.keys.iter().filter_map(|key| Path::parse(key).ok()).collect();
    if search.rule.paths_named().is_none() {
        let named = paths.clone();
        paths.extend(search.manifest.settings.keys().filter(|path| !named.contains(path)).cloned());
    }
    let mut places: Vec<Place<'_>> = Vec::with_capacity(paths.len());
    for path in &paths {
        if search.is_over() {
            break;
        }
        places.push(search.place(path));
    }
    let defaults: Values =
        places.iter().filter_map(|place| Some((place.path.clone(), place.default()?.clone()))).collect();
    let mut filled = defaults.clone();
    for place in places.iter().filter(|place| place.default().is_none()) {
        filled.extend(place.fit.first().map(|candidate| (place.path.clone(), candidate.value.clone())));
    }
    let mut bases = vec![defaults.clone()];
    if filled != defaults {
        bases.push(filled);
    }
    let steps = (0..=MOST_CHANGED).map(|count| (count, true)).chain((1..=2).map(|count| (count, false)));
    for (count, fit) in steps {
        for base in &bases {
            let Some(found) = broken(search, &places, base, count, fit) else { continue };
            let found = narrowed(search, &places, base, found);
            return Some((example(&places, &defaults, &found, &search.rule.expression.uses), fit));
        }
    }
    None
}

fn is_broken(search: &mut Search<'_>, values: &Values) -> bool {
    let facts = Facts { values, old: None, new: None, path: None, setting: None, actor: None, now: None };
    search.ask(&facts) == Some(false)
}

/// The values of the least cost that differ from the base at so many places and break the check.
fn broken(
    search: &mut Search<'_>,
    places: &[Place<'_>],
    base: &Values,
    count: usize,
    fit: bool,
) -> Option<Values> {
    if count > places.len() {
        return None;
    }
    let choices = combinations(places.len(), count, search.left());
    // So that every combination of places is tried with its nearest values, before any with its farthest.
    let share = (search.left() / choices.len().max(1)) as f64;
    let each = if count == 0 { 0 } else { share.powf(1.0 / count as f64) as usize };
    let mut picks: Vec<(f64, Vec<(usize, &Candidate)>)> = Vec::new();
    for chosen in &choices {
        let mut partial = vec![(0.0, Vec::new())];
        for at in chosen {
            let candidates = if fit { &places[*at].fit } else { &places[*at].unfit };
            partial = partial
                .iter()
                .flat_map(|(cost, picked)| {
                    candidates.iter().take(each).map(move |candidate| {
                        let picked: Vec<_> = picked.iter().copied().chain([(*at, candidate)]).collect();
                        (cost + candidate.cost, picked)
                    })
                })
                .collect();
        }
        picks.append(&mut partial);
    }
    picks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut values = base.clone();
    for (_, picked) in picks {
        if search.is_over() {
            return None;
        }
        for (at, candidate) in &picked {
            values.insert(places[*at].path.clone(), candidate.value.clone());
        }
        if is_broken(search, &values) {
            return Some(values);
        }
        for (at, _) in &picked {
            let path = &places[*at].path;
            match base.get(path) {
                Some(value) => values.insert(path.clone(), value.clone()),
                None => values.remove(path),
            };
        }
    }
    None
}

/// Every way to choose so many of the first places, in order; none where there are more than may be tried.
fn combinations(places: usize, count: usize, most: usize) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..count {
        let longer = |chosen: &Vec<usize>| {
            let from = chosen.last().map_or(0, |last| last + 1);
            let chosen = chosen.clone();
            (from..places).map(move |at| chosen.iter().copied().chain([at]).collect::<Vec<_>>())
        };
        found = found.iter().flat_map(longer).take(most + 1).collect();
        if found.len() > most {
            return Vec::new();
        }
    }
    found
}

/// The same example with each number as near to its former value as it can be.
fn narrowed(search: &mut Search<'_>, places: &[Place<'_>], base: &Values, mut found: Values) -> Values {
    for place in places {
        let (before, Some(after)) = (base.get(&place.path), found.get(&place.path).cloned()) else {
            continue;
        };
        if before == Some(&after) {
            continue;
        }
        let nearest = place.nearest(before, &after, |value| {
            let mut tried = found.clone();
            tried.insert(place.path.clone(), value.clone());
            is_broken(search, &tried)
        });
        found.insert(place.path.clone(), nearest);
    }
    found
}

fn example(places: &[Place<'_>], defaults: &Values, found: &Values, uses: &Uses) -> Example {
    let mut example = Example::default();
    for place in places {
        let (old, new) = (defaults.get(&place.path), found.get(&place.path));
        if old != new {
            let (old, new) = (old.cloned(), new.cloned());
            example.changes.push(Step { path: place.path.clone(), old, new });
        } else if uses.keys.contains(place.path.as_str()) {
            example.values.insert(place.path.clone(), new.cloned());
        }
    }
    example
}
