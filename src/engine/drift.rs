//! Drift: every override beside what the layers below it say.
//!
//! What must stay true: looking writes nothing, not even the cache of a source that is read for it; a difference is told
//! whoever meant it, and only what is meant by a rule that has not ended does not count.

mod adopt;
mod services;
mod since;

use super::mask::Mask;
use super::reload::{Loaded, Prepared, fresh, prepare, read_all, result_of};
use super::transact::View;
use super::{Engine, Handle, known};
use crate::api::drift::{DriftReply, DriftView, FindDrift, MovedView, Pair, Status};
use crate::api::reload::Reload;
use crate::domain::drift::{Drift, Ignore};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::value::Value;
use crate::store::overrides::{self, Override};
use crate::store::{base, manifest};
use since::Past;
use std::collections::BTreeMap;

impl Handle<FindDrift> for Engine {
    fn handle(&mut self, caller: &Caller, request: FindDrift) -> Result<DriftReply> {
        let named = Named::of(&request.names)?;
        let meant = request.ignore.iter().map(|pattern| meant(pattern)).collect::<Result<Vec<_>>>()?;
        if !request.fresh {
            return self.look(caller, |view| find(view, &named, meant, None));
        }
        let asked = Reload { force: true, dry_run: true, ..Reload::default() };
        let prepared = self.look(caller, |view| prepare(view, &asked))?;
        let loaded = read_all(&self.machine, &prepared);
        self.look(caller, |view| find(view, &named, meant, Some((&prepared, &loaded))))
    }
}

/// A difference that is meant for one look. `usage` where it can match nothing.
fn meant(pattern: &str) -> Result<Ignore> {
    if pattern != "*" {
        Path::parse(pattern.strip_suffix(".*").unwrap_or(pattern)).map_err(|error| {
            Error::usage(format!("--ignore {pattern}: {}", error.message))
                .hint("Name a path, everything below one as server.*, or *.")
        })?;
    }
    Ok(Ignore { path: pattern.to_owned(), reason: "--ignore".to_owned(), until: None })
}

/// What is asked about: everything, or some sections, paths and what lies below them.
struct Named(Vec<Option<Path>>);

impl Named {
    fn of(names: &[String]) -> Result<Named> {
        let read = |name: &String| match name.as_str() {
            "" => Ok(None),
            name => Path::parse(name.strip_suffix('.').unwrap_or(name)).map(Some),
        };
        names.iter().map(read).collect::<Result<_>>().map(Named)
    }

    fn holds(&self, path: &Path) -> bool {
        let holds = |name: &Option<Path>| match name {
            Some(name) => path.is_within(name.as_str()),
            None => path.section().is_empty(),
        };
        self.0.is_empty() || self.0.iter().any(holds)
    }
}

/// An override beside its base.
struct Beside {
    row: Override,
    over: Value,
    base: Option<Value>,
    layer: Option<String>,
    origin: Option<String>,
}

fn find(
    view: &View<'_>,
    named: &Named,
    meant: Vec<Ignore>,
    sources: Option<(&Prepared, &[Loaded])>,
) -> Result<DriftReply> {
    for path in named.0.iter().flatten() {
        known::check_path(view, path)?;
    }
    let found = beside(view, |path| named.holds(path))?;
    let past = Past::of(view, &found)?;
    let (meant, ruled) = (Drift { ignore: meant }, manifest::drift(view.db)?);
    let mask = Mask::new(view);
    let mut reply = DriftReply {
        generation: manifest::current_generation(view.db)?.id,
        drift: BTreeMap::new(),
        items: Vec::new(),
        moved: Vec::new(),
        sources: Vec::new(),
        ended: Vec::new(),
    };
    for one in found {
        let path = &one.row.path;
        let ignored = meant.ignored(path, view.clock).or_else(|| ruled.ignored(path, view.clock)).cloned();
        let status = match &ignored {
            _ if one.base.as_ref() == Some(&one.over) => Status::Redundant,
            Some(_) => Status::Suppressed,
            None => Status::Drift,
        };
        let since = past.since(view, &one)?;
        let path = one.row.path;
        let pair = Pair { base: mask.maybe(&path, one.base)?, over: mask.shown(&path, one.over)? };
        if status == Status::Drift {
            let section = reply.drift.entry(path.section().to_owned()).or_default();
            section.insert(path.key().to_owned(), pair.clone());
            let ended = ruled.ended(&path, view.clock).filter(|rule| !reply.ended.contains(rule));
            reply.ended.extend(ended.cloned());
        }
        let ignored = ignored.filter(|_| status == Status::Suppressed);
        let (layer, origin) = (one.layer, one.origin);
        reply.items.push(DriftView { path, status, pair, layer, origin, since, ignored });
    }
    if let Some((prepared, loaded)) = sources {
        reply.sources = loaded.iter().map(|loaded| result_of(loaded, &prepared.states)).collect();
        for one in fresh(view, prepared, loaded)?.into_iter().filter(|one| named.holds(&one.path)) {
            reply.moved.push(MovedView {
                base: mask.maybe(&one.path, one.before)?,
                now: mask.maybe(&one.path, one.after)?,
                path: one.path,
                source: one.source,
                origin: one.origin,
            });
        }
    }
    Ok(reply)
}

/// The overrides of these paths, each beside its base.
fn beside(view: &View<'_>, wanted: impl Fn(&Path) -> bool) -> Result<Vec<Beside>> {
    let mut found = Vec::new();
    overrides::each(view.db, None, |row| {
        let Some(over) = row.value.clone().filter(|_| wanted(&row.path)) else { return Ok(()) };
        let path = row.path.as_str();
        let (base, layer, origin) = match base::strongest(view.db, path)? {
            Some(said) => (Some(said.value), Some(said.source), Some(said.origin)),
            None => match manifest::default(view.db, path)? {
                Some(default) => (Some(default), Some("default".to_owned()), None),
                None => (None, None, None),
            },
        };
        found.push(Beside { row, over, base, layer, origin });
        Ok(())
    })?;
    Ok(found)
}
