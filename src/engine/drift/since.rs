//! Since when an override and its base are what they are to each other.
//!
//! What must stay true: it is told from what is recorded alone. Where the base has said what the override says at some
//! moment since the override was set, and no longer does (or now does and did not), the generation that moved the base
//! is named; otherwise the version that set the override is.

use super::Beside;
use crate::api::drift::{Layer, Since};
use crate::domain::error::Result;
use crate::domain::manifest::Manifest;
use crate::domain::path::Path;
use crate::domain::value::Value;
use crate::engine::transact::View;
use crate::store::base::{self, Said};
use crate::store::manifest::{self, Generation};
use crate::store::{operation, version};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

/// What one source said of a path before a generation.
struct Before {
    generation: i64,
    source: String,
    said: Option<Said>,
}

/// What the base was since the oldest of some overrides was set.
pub(super) struct Past {
    /// The newest first; the last one is the oldest override's own.
    generations: Vec<Generation>,
    /// What they altered, the newest first.
    altered: HashMap<Path, Vec<Before>>,
    /// The generation in which each version was made.
    made_in: HashMap<i64, i64>,
    /// The defaults of former manifests.
    defaults: RefCell<HashMap<i64, Rc<BTreeMap<Path, Value>>>>,
}

impl Past {
    pub(super) fn of(view: &View<'_>, found: &[Beside]) -> Result<Past> {
        let mut made_in = HashMap::new();
        for number in found.iter().map(|one| one.row.version).collect::<HashSet<_>>() {
            // Of a version that was pruned nothing more is known than that it was.
            if let Some(version) = version::find(view.db, number)? {
                made_in.insert(number, version.generation);
            }
        }
        let oldest = made_in.values().min().copied().unwrap_or(i64::MAX - 1);
        let paths: HashSet<&Path> = found.iter().map(|one| &one.row.path).collect();
        let mut altered: HashMap<Path, Vec<Before>> = HashMap::new();
        base::each_altered_after(view.db, oldest, |generation, path, source, said| {
            if paths.contains(&path) {
                altered.entry(path).or_default().push(Before { generation, source, said });
            }
        })?;
        let generations = manifest::generations_after(view.db, oldest - 1)?;
        Ok(Past { generations, altered, made_in, defaults: RefCell::default() })
    }

    pub(super) fn since(&self, view: &View<'_>, one: &Beside) -> Result<Since> {
        let is_equal = one.base.as_ref() == Some(&one.over);
        match self.moved_by(view, one, is_equal)? {
            Some(generation) => by_generation(view, generation, self.former_of(generation)),
            None => Ok(Since {
                moved: Layer::Override,
                at: one.row.at,
                by: Some(one.row.by.clone()),
                reason: Some(one.row.reason.clone()),
                version: Some(one.row.version),
                generation: None,
            }),
        }
    }

    /// The generation that made the base equal to the override, or made it differ, if that was after it was set.
    fn moved_by(&self, view: &View<'_>, one: &Beside, is_equal: bool) -> Result<Option<&Generation>> {
        let path = &one.row.path;
        let Some(set_in) = self.made_in.get(&one.row.version) else { return Ok(None) };
        let mut layers: BTreeMap<String, Said> = base::said_of(view.db, path.as_str())?
            .into_iter()
            .map(|said| (said.source.clone(), said))
            .collect();
        let mut altered = self.altered.get(path).into_iter().flatten().peekable();
        for pair in self.generations.windows(2) {
            let [generation, former] = pair else { break };
            if generation.id <= *set_in {
                break;
            }
            let mut moved = generation.manifest != former.manifest;
            while let Some(before) = altered.next_if(|before| before.generation >= generation.id) {
                moved = true;
                match &before.said {
                    Some(said) => layers.insert(before.source.clone(), said.clone()),
                    None => layers.remove(&before.source),
                };
            }
            if !moved {
                continue;
            }
            let strongest = layers.values().max_by_key(|said| said.priority).map(|said| said.value.clone());
            let before = match strongest {
                Some(value) => Some(value),
                None => self.default(view, former.manifest, path)?,
            };
            if (before.as_ref() == Some(&one.over)) != is_equal {
                return Ok(Some(generation));
            }
        }
        Ok(None)
    }

    fn former_of(&self, generation: &Generation) -> Option<&Generation> {
        self.generations.iter().find(|former| former.id < generation.id)
    }

    /// What a path defaulted to under a manifest.
    fn default(&self, view: &View<'_>, manifest: i64, path: &Path) -> Result<Option<Value>> {
        if let Some(known) = self.defaults.borrow().get(&manifest) {
            return Ok(known.get(path).cloned());
        }
        let applied = manifest::find(view.db, manifest)?;
        let read = applied.and_then(|applied| Manifest::read(&applied.text).ok());
        let settings = read.map(|manifest| manifest.settings).unwrap_or_default();
        let defaults: BTreeMap<Path, Value> =
            settings.into_iter().filter_map(|(path, setting)| Some((path, setting.default?))).collect();
        let found = defaults.get(path).cloned();
        self.defaults.borrow_mut().insert(manifest, Rc::new(defaults));
        Ok(found)
    }
}

/// Who made a generation: a reload, or whoever applied the manifest.
fn by_generation(view: &View<'_>, generation: &Generation, former: Option<&Generation>) -> Result<Since> {
    let (by, reason) = match operation::by_generation(view.db, generation.id)? {
        Some(reload) => (Some(reload.actor), reload.reason),
        None if former.is_none_or(|former| former.manifest != generation.manifest) => {
            manifest::find(view.db, generation.manifest)?
                .map_or((None, None), |applied| (Some(applied.created_by), Some(applied.reason)))
        }
        None => (None, None),
    };
    Ok(Since {
        moved: Layer::Base,
        at: generation.created_at,
        by,
        reason,
        version: None,
        generation: Some(generation.id),
    })
}
