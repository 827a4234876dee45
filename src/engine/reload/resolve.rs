//! From what the sources say to what would move: which layers are altered, and which effective values with them.
//!
//! What must stay true: the strongest layer that has a path gives its base value; an override hides what moves below it;
//! nothing here writes.

use super::load::Loaded;
use crate::domain::change::Item;
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::risk::Risk;
use crate::domain::source::Source;
use crate::domain::value::Value;
use crate::engine::transact::View;
use crate::store::base::{self, Altered, Said};
use crate::store::{manifest, overrides};
use std::collections::{BTreeMap, BTreeSet};

/// What every source says, by path and source.
pub(super) type Layers = BTreeMap<(Path, String), Said>;

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
    /// Layer by layer.
    pub(super) altered: Vec<Altered>,
    /// The effective values that would move, in path order.
    pub(super) moves: Vec<Move>,
}

/// What every source says at present.
pub(super) fn present(view: &View<'_>) -> Result<Layers> {
    let mut layers = Layers::new();
    base::each(view.db, None, |said| {
        layers.insert((said.path.clone(), said.source.clone()), said);
        Ok(())
    })?;
    Ok(layers)
}

/// What every source said in a former generation.
pub(super) fn former(view: &View<'_>, generation: i64) -> Result<Layers> {
    let mut layers = present(view)?;
    for (key, then) in base::former(view.db, generation)? {
        match then {
            Some(then) => layers.insert(key, then),
            None => layers.remove(&key),
        };
    }
    Ok(layers)
}

/// What every source would say once these were read: those that the manifest no longer names say nothing, those that
/// were not read say what they said last.
pub(super) fn read_anew(last: &Layers, sources: &[Source], loaded: &[Loaded]) -> Layers {
    let read = |name: &str| loaded.iter().find(|loaded| loaded.name == name && loaded.entries.is_ok());
    let mut layers = Layers::new();
    for source in sources {
        match read(&source.name) {
            Some(Loaded { entries: Ok(entries), .. }) => {
                layers.extend(entries.iter().map(|entry| {
                    let said = Said {
                        path: entry.path.clone(),
                        source: source.name.clone(),
                        priority: source.priority,
                        value: entry.value.clone(),
                        origin: entry.origin.clone(),
                    };
                    ((entry.path.clone(), source.name.clone()), said)
                }));
            }
            _ => {
                let kept = last.iter().filter(|((_, name), _)| *name == source.name);
                layers.extend(
                    kept.map(|(key, said)| (key.clone(), Said { priority: source.priority, ..said.clone() })),
                );
            }
        }
    }
    layers
}

/// What differs between the layers as they are and as they would be.
pub(super) fn resolve(
    view: &View<'_>,
    present: &Layers,
    wanted: &Layers,
    sources: &[Source],
) -> Result<Resolved> {
    let mut altered = Vec::new();
    for (key, said) in wanted {
        let before = present.get(key);
        if before != Some(said) {
            altered.push(Altered { before: before.cloned(), after: Some(said.clone()) });
        }
    }
    for (_, said) in present.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
        altered.push(Altered { before: Some(said.clone()), after: None });
    }
    let paths: BTreeSet<&Path> = altered.iter().filter_map(path_of).collect();
    let mut moves = Vec::new();
    for path in paths {
        if overrides::is_set(view.db, path.as_str())? {
            continue;
        }
        moves.extend(base_move(view, present, wanted, sources, path)?);
    }
    Ok(Resolved { altered, moves })
}

/// How the base value of a path would move, whatever hides it; none where it would not.
pub(super) fn base_move(
    view: &View<'_>,
    present: &Layers,
    wanted: &Layers,
    sources: &[Source],
    path: &Path,
) -> Result<Option<Move>> {
    let (old, new) = (strongest(present, path), strongest(wanted, path));
    if old.map(|said| &said.value) == new.map(|said| &said.value) {
        return Ok(None);
    }
    let default = || manifest::default(view.db, path.as_str());
    let before = old.map_or_else(default, |said| Ok(Some(said.value.clone())))?;
    let after = new.map_or_else(default, |said| Ok(Some(said.value.clone())))?;
    if before == after {
        return Ok(None);
    }
    let says = new.or(old);
    let source = says.map(|said| said.source.clone());
    let declared = sources.iter().find(|declared| Some(&declared.name) == source.as_ref());
    Ok(Some(Move {
        path: path.clone(),
        before,
        after,
        origin: says.map(|said| said.origin.clone()),
        max_risk: declared.map_or(Risk::Medium, |declared| declared.max_risk),
        source,
    }))
}

/// The path that was altered.
pub(super) fn path_of(altered: &Altered) -> Option<&Path> {
    altered.after.as_ref().or(altered.before.as_ref()).map(|said| &said.path)
}

fn strongest<'a>(layers: &'a Layers, path: &Path) -> Option<&'a Said> {
    let of_path = layers.range((path.clone(), String::new())..).take_while(|((other, _), _)| other == path);
    of_path.map(|(_, said)| said).max_by_key(|said| said.priority)
}

/// `invalid` where a path would be both a value and another's prefix, among the sources or beside the overrides and the
/// registered settings.
pub(super) fn check_apart(view: &View<'_>, layers: &Layers) -> Result<()> {
    let place = |said: &Said| format!("{} ({})", said.path, said.origin);
    for ((path, _), said) in layers {
        for above in path.ancestors() {
            let other = layers.range((Path::from_canonical(above.to_owned()), String::new())..).next();
            let other = other.filter(|((other, _), _)| other.as_str() == above).map(|(_, said)| place(said));
            let other = match other {
                Some(other) => Some(other),
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
        let below = match manifest::registered_below(view.db, path.as_str())? {
            Some(below) => Some(below),
            None => overrides::paths_below(view.db, path.as_str(), 1)?.pop(),
        };
        if let Some(below) = below {
            return Err(Error::invalid(format!(
                "{} cannot have a value, because {below} lies inside it.",
                place(said)
            ))
            .hint(format!("See what there is: cfgctl get {path}")));
        }
    }
    Ok(())
}
