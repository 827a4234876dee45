//! Comparing two states: versions, tags, backups, documents, the base, what is effective.

use super::mask::Mask;
use super::state::{self, Selection, State};
use super::transact::View;
use super::wanted::read_document;
use super::{Engine, Handle};
use crate::api::diff::{Diff, DiffReply, Difference, Side};
use crate::domain::backup::{self, Backup};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::sealed::is_mask;
use crate::domain::secret::MASKED;
use crate::domain::value::Value;
use crate::store::version::{self, Version};
use crate::store::{base, history, metadata};
use std::collections::{BTreeMap, BTreeSet};

/// One side, read.
enum Read {
    /// A version of this store (the current one too).
    Version(Version),
    /// Values that are all there is.
    Whole(State),
    /// Values of some paths; the others are not compared.
    Some(BTreeMap<Path, Option<Value>>),
    /// Values as another store shows them.
    Shown(State),
}

impl Handle<Diff> for Engine {
    fn handle(&mut self, caller: &Caller, request: Diff) -> Result<DiffReply> {
        self.look(caller, |view| {
            let (a, a_name) = read(view, &request.a)?;
            let (b, b_name) = read(view, &request.b)?;
            let selection = Selection::new(&request.paths, None)?;
            let mask = Mask::new(view);
            let mut not_compared = Vec::new();
            let mut items = match (&a, &b) {
                (Read::Version(a), Read::Version(b)) => between(view, a, b)?,
                (Read::Shown(_), _) | (_, Read::Shown(_)) => {
                    let shown;
                    (shown, not_compared) = as_shown(view, &mask, a, b)?;
                    shown
                }
                _ => {
                    let only = only(&a, &b);
                    let (a, b) = (values_of(view, a)?, values_of(view, b)?);
                    let paths: BTreeSet<&Path> = a.keys().chain(b.keys()).collect();
                    paths
                        .into_iter()
                        .filter(|path| only.as_ref().is_none_or(|only| only.contains(*path)))
                        .filter(|path| a.get(*path) != b.get(*path))
                        .map(|path| difference(path, a.get(path).cloned(), b.get(path).cloned()))
                        .collect()
                }
            };
            items.retain(|item| selection.holds(&item.path));
            not_compared.retain(|path| selection.holds(path));
            let mut told = Vec::with_capacity(items.len());
            for Difference { path, a, b } in items {
                let as_shown = [&a, &b].into_iter().flatten().any(is_hidden);
                let (a, b) = (mask.maybe(&path, a)?, mask.maybe(&path, b)?);
                // What was printed here holds a secret as it is shown: by the same fingerprint it is the same value.
                if !(as_shown && a == b) {
                    told.push(Difference { path, a, b });
                }
            }
            Ok(DiffReply { a: a_name, b: b_name, items: told, not_compared })
        })
    }
}

/// The paths that are compared, where a side speaks of some only.
fn only(a: &Read, b: &Read) -> Option<BTreeSet<Path>> {
    [a, b].into_iter().find_map(|side| match side {
        Read::Some(values) => Some(values.keys().cloned().collect()),
        _ => None,
    })
}

/// What differs where a side is another store's: of secrets, which each store shows in its own way, no more is told than
/// that both have one. Gives these beside the differences.
fn as_shown(view: &View<'_>, mask: &Mask<'_>, a: Read, b: Read) -> Result<(Vec<Difference>, Vec<Path>)> {
    let only = only(&a, &b);
    let shown = |side: Read| -> Result<State> {
        if let Read::Shown(values) = side {
            return Ok(values);
        }
        values_of(view, side)?
            .into_iter()
            .map(|(path, value)| Ok((path.clone(), mask.shown(&path, value)?)))
            .collect()
    };
    let (a, b) = (shown(a)?, shown(b)?);
    let (mut items, mut not_compared) = (Vec::new(), Vec::new());
    for path in a.keys().chain(b.keys()).collect::<BTreeSet<&Path>>() {
        if only.as_ref().is_some_and(|only| !only.contains(path)) {
            continue;
        }
        match (a.get(path), b.get(path)) {
            (Some(a), Some(b)) if is_hidden(a) || is_hidden(b) => not_compared.push(path.clone()),
            (a, b) if a != b => {
                // A fingerprint beside another store's would be taken for comparable.
                let told = |value: &Value| if is_hidden(value) { Value::from(MASKED) } else { value.clone() };
                items.push(difference(path, a.map(told), b.map(told)));
            }
            _ => {}
        }
    }
    Ok((items, not_compared))
}

/// Whether a value is what is shown in the place of a secret.
fn is_hidden(value: &Value) -> bool {
    value.as_str().is_some_and(is_mask)
}

fn difference(path: &Path, a: Option<Value>, b: Option<Value>) -> Difference {
    Difference { path: path.clone(), a, b }
}

/// What differs between two versions: cost follows what happened between them, not the store.
fn between(view: &View<'_>, a: &Version, b: &Version) -> Result<Vec<Difference>> {
    let (low, high) = if a.id <= b.id { (a, b) } else { (b, a) };
    let mut items = Vec::new();
    if low.id >= metadata::history_floor(view.db)? {
        let touched: BTreeMap<Path, Option<Value>> =
            history::first_since(view.db, low.id, high.id)?.into_iter().collect();
        for (path, before) in touched {
            let after = state::value_at(view, &path, high)?;
            if before != after {
                items.push(Difference { path, a: before, b: after });
            }
        }
    } else {
        let (before, after) = (state::at(view, low)?, state::at(view, high)?);
        let paths: BTreeSet<&Path> = before.keys().chain(after.keys()).collect();
        for path in paths.into_iter().filter(|path| before.get(*path) != after.get(*path)) {
            items.push(difference(path, before.get(path).cloned(), after.get(path).cloned()));
        }
    }
    if a.id > b.id {
        items.iter_mut().for_each(|item| std::mem::swap(&mut item.a, &mut item.b));
    }
    Ok(items)
}

fn values_of(view: &View<'_>, side: Read) -> Result<State> {
    Ok(match side {
        Read::Version(version) => state::at(view, &version)?,
        Read::Whole(state) | Read::Shown(state) => state,
        Read::Some(values) => values.into_iter().filter_map(|(path, value)| Some((path, value?))).collect(),
    })
}

fn read(view: &View<'_>, side: &Side) -> Result<(Read, String)> {
    Ok(match side {
        Side::Current => {
            let version = state::current(view)?;
            let name = format!("version {} (current)", version.id);
            (Read::Version(version), name)
        }
        Side::Named(name) if name == "base" => (Read::Whole(base::values(view.db, None)?), "base".to_owned()),
        Side::Named(name) if name == "effective" => {
            let mut effective = base::values(view.db, None)?;
            effective.extend(state::present(view)?);
            (Read::Whole(effective), "effective".to_owned())
        }
        Side::Named(name) => named(view, name)?,
        Side::Context { name, bare, values } => {
            if *bare && version::by_tag(view.db, name)?.is_some() {
                return Err(Error::usage(format!("{name} is a tag of this store and a context."))
                    .hint(format!("Say which: tag:{name} or context:{name}")));
            }
            (Read::Shown(values.clone()), format!("context {name}"))
        }
        Side::Backup { name, content } => (of_backup(backup::read(name, content)?), name.clone()),
        Side::Document { name, document } => {
            let values = read_document(view, document)?.into_iter().collect();
            (Read::Some(values), name.clone())
        }
    })
}

fn named(view: &View<'_>, name: &str) -> Result<(Read, String)> {
    let resolved = match name.strip_prefix("tag:") {
        Some(tag) => state::by_tag(view, tag),
        None => state::resolve(view, name),
    };
    match resolved {
        Ok(version) => {
            let shown = format!("version {}", version.id);
            let shown = if shown.ends_with(name) { shown } else { format!("{shown} ({name})") };
            Ok((Read::Version(version), shown))
        }
        Err(_) if backup::check_name(name).is_ok() && name.ends_with(".json") => {
            Ok((of_backup(super::backup::recorded(view, name)?.1), name.to_owned()))
        }
        Err(error) => Err(Error {
            hint: Some("Name a version, a tag, a backup, `base`, `effective`, a context or a file.".into()),
            ..error
        }),
    }
}

fn of_backup(backup: Backup) -> Read {
    let whole = backup.header.as_ref().is_some_and(|header| header.scope == backup::Scope::Full);
    let absent = backup.header.map(|header| header.absent).unwrap_or_default();
    let values = backup.values.into_iter().map(|(path, saved)| (path, saved.value));
    if whole {
        return Read::Whole(values.collect());
    }
    Read::Some(
        values
            .map(|(path, value)| (path, Some(value)))
            .chain(absent.into_iter().map(|path| (path, None)))
            .collect(),
    )
}
