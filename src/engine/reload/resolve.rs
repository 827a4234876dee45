//! From what the sources say to what would move: which layers are altered, and which effective values with them.
//!
//! What must stay true: the strongest layer that has a path gives its base value; an override hides what moves below it;
//! nothing here writes.

use super::load::Loaded;
use super::read::Prepared;
use crate::domain::change::Item;
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::risk::Risk;
use crate::domain::source::Source;
use crate::domain::value::Value;
use crate::engine::transact::View;
use crate::store::base::{self, Altered, Said};
use crate::store::{manifest, overrides};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What every source says, in the order of paths and of sources.
#[derive(Default)]
pub(super) struct Layers<'a>(Vec<Cow<'a, Said>>);

fn key(said: &Said) -> (&str, &str) {
    (said.path.as_str(), &said.source)
}

impl<'a> Layers<'a> {
    pub(super) fn new(said: impl IntoIterator<Item = Cow<'a, Said>>) -> Layers<'a> {
        let mut said: Vec<Cow<'a, Said>> = said.into_iter().collect();
        said.sort_by(|one, other| key(one).cmp(&key(other)));
        Layers(said)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Said> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// The same, each as one that need not be kept.
    pub(super) fn borrowed(&self) -> impl Iterator<Item = Cow<'_, Said>> {
        self.iter().map(Cow::Borrowed)
    }

    /// What the sources say of a path.
    fn of_path(&self, path: &str) -> impl Iterator<Item = &Said> {
        let begin = self.0.partition_point(|said| said.path.as_str() < path);
        self.0.iter().skip(begin).map(AsRef::as_ref).take_while(move |said| said.path.as_str() == path)
    }

    fn strongest(&self, path: &Path) -> Option<&Said> {
        self.of_path(path.as_str()).max_by_key(|said| said.priority)
    }
}

/// An effective value that would move.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct Move {
    pub(in crate::engine) path: Path,
    pub(in crate::engine) before: Option<Value>,
    pub(in crate::engine) after: Option<Value>,
    /// The source that says so, or said so before where nothing does any more.
    pub(in crate::engine) source: Option<String>,
    /// Where in it.
    pub(in crate::engine) origin: Option<String>,
    /// What that source may alter without a request.
    pub(super) max_risk: Risk,
}

impl Move {
    pub(super) fn item(&self) -> Item {
        Item { path: self.path.clone(), before: self.before.clone(), after: self.after.clone() }
    }
}

/// What would be altered.
#[derive(Default)]
pub(super) struct Resolved {
    /// Layer by layer, in path order.
    pub(super) altered: Vec<Altered>,
    /// The effective values that would move, in path order.
    pub(super) moves: Vec<Move>,
    /// The base values that would move below an override.
    pub(super) hidden: Vec<Move>,
}

/// What every source says at present.
pub(super) fn present(view: &View<'_>) -> Result<Layers<'static>> {
    let mut layers = Vec::new();
    base::each(view.db, None, |said| {
        layers.push(Cow::Owned(said));
        Ok(())
    })?;
    Ok(Layers::new(layers))
}

/// What every source said in a former generation.
pub(super) fn former<'a>(view: &View<'_>, present: &'a Layers<'_>, generation: i64) -> Result<Layers<'a>> {
    let former = base::former(view.db, generation)?;
    let is_of_then = |said: &Said| !former.contains_key(&(said.path.clone(), said.source.clone()));
    let kept: Vec<_> = present.borrowed().filter(|said| is_of_then(said)).collect();
    Ok(Layers::new(kept.into_iter().chain(former.into_values().flatten().map(Cow::Owned))))
}

/// What every source would say once these were read: those that the manifest no longer names say nothing, those that
/// were not read say what they said last.
pub(super) fn read_anew<'a>(last: &'a Layers<'_>, sources: &[Source], loaded: &'a [Loaded]) -> Layers<'a> {
    let mut layers = Vec::new();
    for source in sources {
        let read = loaded.iter().find(|loaded| loaded.name == source.name);
        match read.map(|loaded| &loaded.entries) {
            Some(Ok(entries)) => layers.extend(entries.iter().map(Cow::Borrowed)),
            _ => layers.extend(last.borrowed().filter(|said| said.source == source.name).map(|said| {
                match said.priority == source.priority {
                    true => said,
                    false => Cow::Owned(Said { priority: source.priority, ..said.into_owned() }),
                }
            })),
        }
    }
    Layers::new(layers)
}

/// What differs between the layers as they are and as they would be.
pub(super) fn resolve(
    view: &View<'_>,
    present: &Layers<'_>,
    wanted: &Layers<'_>,
    sources: &[Source],
) -> Result<Resolved> {
    let altered = altered(present, wanted);
    let mut paths: Vec<&Path> = altered.iter().filter_map(path_of).collect();
    paths.dedup();
    let defaults = manifest::defaults_of(view.db, paths.iter().copied())?;
    let overridden = overrides::are_set(view.db, paths.iter().copied())?;
    let (mut moves, mut hidden) = (Vec::new(), Vec::new());
    for ((path, default), overridden) in paths.into_iter().zip(defaults).zip(overridden) {
        let into = if overridden { &mut hidden } else { &mut moves };
        into.extend(base_move(present, wanted, sources, path, default));
    }
    Ok(Resolved { altered, moves, hidden })
}

/// What each source would say otherwise than it does, in path order.
fn altered(present: &Layers<'_>, wanted: &Layers<'_>) -> Vec<Altered> {
    let (mut before, mut after) = (present.iter().peekable(), wanted.iter().peekable());
    let mut altered = Vec::new();
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some(before), Some(after)) => key(before).cmp(&key(after)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return altered,
        };
        let before = if order == Ordering::Greater { None } else { before.next() };
        let after = if order == Ordering::Less { None } else { after.next() };
        if before != after {
            altered.push(Altered { before: before.cloned(), after: after.cloned() });
        }
    }
}

/// How the base value of a path would move, whatever hides it; none where it would not.
pub(super) fn base_move(
    present: &Layers<'_>,
    wanted: &Layers<'_>,
    sources: &[Source],
    path: &Path,
    default: Option<Value>,
) -> Option<Move> {
    let (old, new) = (present.strongest(path), wanted.strongest(path));
    let value = |said: Option<&Said>| said.map(|said| &said.value).or(default.as_ref()).cloned();
    if old.map(|said| &said.value) == new.map(|said| &said.value) {
        return None;
    }
    let (before, after) = (value(old), value(new));
    if before == after {
        return None;
    }
    let says = new.or(old);
    let source = says.map(|said| said.source.clone());
    let declared = sources.iter().find(|declared| Some(&declared.name) == source.as_ref());
    Some(Move {
        path: path.clone(),
        before,
        after,
        origin: says.map(|said| said.origin.clone()),
        max_risk: declared.map_or(Risk::Medium, |declared| declared.max_risk),
        source,
    })
}

/// The path that was altered.
pub(super) fn path_of(altered: &Altered) -> Option<&Path> {
    altered.after.as_ref().or(altered.before.as_ref()).map(|said| &said.path)
}

/// `invalid` where a path that a source says something new of would be both a value and another's prefix, among the
/// sources or beside the overrides and the registered settings.
pub(super) fn check_apart(
    view: &View<'_>,
    prepared: &Prepared,
    layers: &Layers<'_>,
    fresh: &[&Said],
) -> Result<()> {
    let place = |said: &Said| format!("{} ({})", said.path, said.origin);
    let mut apart: BTreeSet<&str> = BTreeSet::new();
    for said in fresh {
        for above in said.path.ancestors() {
            let other = match layers.of_path(above).next() {
                Some(other) => Some(place(other)),
                None if !apart.insert(above) => None,
                None if manifest::is_registered(view.db, above)? => Some(format!("the setting {above}")),
                None if overrides::is_set(view.db, above)? => Some(format!("the override {above}")),
                None => None,
            };
            if let Some(other) = other {
                return Err(Error::invalid(format!(
                    "{} lies inside {other}, which is a value of its own.",
                    place(said)
                ))
                .hint("Take one of them away; no path is both a value and another's prefix."));
            }
        }
    }
    let paths = || fresh.iter().map(|said| &said.path);
    let registered = paths().find_map(|path| Some((path, prepared.registered_below(path)?.to_string())));
    let below = match registered {
        Some(found) => Some(found),
        None => overrides::first_with_below(view.db, paths())?,
    };
    let said = |path: &Path| fresh.iter().find(|said| said.path == *path).map(|said| place(said));
    match below.and_then(|(path, below)| Some((path, said(path)?, below))) {
        Some((path, said, below)) => {
            Err(Error::invalid(format!("{said} cannot have a value, because {below} lies inside it."))
                .hint(format!("See what there is: cfgctl get {path:#}")))
        }
        None => Ok(()),
    }
}
