//! Which version somebody means, and what it held.
//!
//! What must stay true: what a version held is computed when someone asks, from the present state and what happened
//! since; only baselines and what pruning left hold a copy.

use super::transact::View;
use crate::domain::change::hex;
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::time::{Span, Timestamp};
use crate::domain::value::Value;
use crate::store::version::Version;
use crate::store::{history, metadata, overrides, version};
use std::collections::BTreeMap;

/// Overrides by path.
pub(super) type State = BTreeMap<Path, Value>;

/// The current version. `integrity` where the store has none.
pub(super) fn current(view: &View<'_>) -> Result<Version> {
    version::current(view.db)?
        .ok_or_else(|| Error::integrity("The store has no version.").hint("Type `cfgctl doctor`."))
}

/// The version of a number. `not-found`, which tells what was pruned from what never was.
pub(super) fn by_number(view: &View<'_>, number: i64) -> Result<Version> {
    if let Some(version) = version::find(view.db, number)? {
        return Ok(version);
    }
    let floor = metadata::history_floor(view.db)?;
    if !(1..=floor).contains(&number) {
        return Err(no_version(&number.to_string()));
    }
    Err(Error::not_found(format!(
        "Version {number} was pruned: but for tags and baselines the oldest is {}.",
        floor + 1
    ))
    .hint("See what there is: cfgctl version list"))
}

/// The version that a tag names. `not-found`.
pub(super) fn by_tag(view: &View<'_>, tag: &str) -> Result<Version> {
    match version::by_tag(view.db, tag)? {
        Some(number) => by_number(view, number),
        None => Err(Error::not_found(format!("There is no tag {tag}."))
            .hint("See what there is: cfgctl version list")),
    }
}

fn no_version(name: &str) -> Error {
    Error::not_found(format!("There is no version {name}.")).hint("See what there is: cfgctl version list")
}

/// The version a number, a tag or (the beginning of) a hash names; a time too where that is asked for. `not-found`.
pub(super) fn resolve(view: &View<'_>, name: &str) -> Result<Version> {
    if let Some(tagged) = version::by_tag(view.db, name)? {
        return by_number(view, tagged);
    }
    if let Ok(number) = name.parse() {
        return by_number(view, number);
    }
    if name.len() >= 12
        && name.bytes().all(|byte| byte.is_ascii_hexdigit())
        && let Some(found) = version::by_hash(view.db, &name.to_lowercase(), -1)?
    {
        return Ok(found);
    }
    match Timestamp::parse(name) {
        Ok(time) => at_time(view, time),
        // What is nearly a time is told as one: its zone is missing.
        Err(error) if error.message.contains("no zone") => Err(error),
        // How long ago, as every other time may be given.
        Err(_) => match Span::parse(name) {
            Ok(ago) => at_time(view, view.ago(ago)),
            Err(_) => Err(no_version(name)),
        },
    }
}

/// The version in force at a time. `not-found` before the first, and where it was pruned: the one before it that is
/// left is not what was in force.
pub(super) fn at_time(view: &View<'_>, time: Timestamp) -> Result<Version> {
    let found = version::at_time(view.db, time)?;
    let (id, floor) = (found.as_ref().map_or(0, |found| found.id), metadata::history_floor(view.db)?);
    let hint = "See what there is: cfgctl version list";
    if id <= floor && floor > 0 && version::find(view.db, id + 1)?.is_none() {
        return Err(Error::not_found(format!(
            "What was in force at {time} was pruned: but for tags and baselines the oldest version is {}.",
            floor + 1
        ))
        .hint(hint));
    }
    found.ok_or_else(|| Error::not_found(format!("There was no version yet at {time}.")).hint(hint))
}

/// Every present override.
pub(super) fn present(view: &View<'_>) -> Result<State> {
    let mut state = State::new();
    overrides::each(view.db, None, |row| {
        if let Some(value) = row.value {
            state.insert(row.path, value);
        }
        Ok(())
    })?;
    Ok(state)
}

/// Every override that a version held.
pub(super) fn at(view: &View<'_>, version: &Version) -> Result<State> {
    if let Some(copy) = copy_of(view, version)? {
        return Ok(copy);
    }
    let mut state = present(view)?;
    for (path, value) in history::values_at(view.db, version.id)? {
        match value {
            Some(value) => state.insert(path, value),
            None => state.remove(&path),
        };
    }
    Ok(state)
}

/// What a version held of every path that differs from now, or may: cost follows what happened since.
pub(super) fn moved_since(view: &View<'_>, version: &Version) -> Result<BTreeMap<Path, Option<Value>>> {
    if version.id >= metadata::history_floor(view.db)? {
        return Ok(history::values_at(view.db, version.id)?.into_iter().collect());
    }
    let then = at(view, version)?;
    let mut moved: BTreeMap<Path, Option<Value>> =
        then.into_iter().map(|(path, value)| (path, Some(value))).collect();
    for path in present(view)?.into_keys() {
        moved.entry(path).or_insert(None);
    }
    Ok(moved)
}

/// What one path's override was at a version.
pub(super) fn value_at(view: &View<'_>, path: &Path, version: &Version) -> Result<Option<Value>> {
    if version.id < metadata::history_floor(view.db)? {
        return Ok(at(view, version)?.remove(path));
    }
    match history::value_at(view.db, path, version.id)? {
        Some(then) => Ok(then),
        None => overrides::value(view.db, path.as_str()),
    }
}

/// The whole copy that a version holds, where history no longer reaches it.
fn copy_of(view: &View<'_>, version: &Version) -> Result<Option<State>> {
    if version.id >= metadata::history_floor(view.db)? {
        return Ok(None);
    }
    let copy = version::copy_of(view.db, version.id)?.ok_or_else(|| {
        Error::not_found(format!(
            "What version {} held is no longer known: its history was pruned.",
            version.id
        ))
        .hint("Tags and baselines are kept: cfgctl version list --baselines")
    })?;
    parse_copy(&copy).map(Some)
}

/// The text of a whole copy.
pub(super) fn copy_text(state: &State) -> Result<String> {
    serde_json::to_string(state).map_err(|error| Error::internal(error.to_string()))
}

fn parse_copy(text: &str) -> Result<State> {
    let damaged = |_| Error::integrity("A version's copy is damaged.").hint("Type `cfgctl doctor`.");
    let raw: BTreeMap<String, Value> = serde_json::from_str(text).map_err(damaged)?;
    Ok(raw.into_iter().map(|(path, value)| (Path::from_canonical(path), value)).collect())
}

/// The content hash of a whole state, in hexadecimal.
pub(super) fn hash_of(state: &State) -> Result<String> {
    use crate::domain::tree;
    let leaves = state.iter().map(|(path, value)| (tree::place_of(path.as_str()), tree::leaf(path, value)));
    Ok(hex(&tree::root_of(leaves)?))
}

/// Whether a path is asked for: by a path or prefix named, within a section, or because nothing was named.
pub(super) struct Selection {
    prefixes: Vec<Path>,
    section: Option<String>,
}

impl Selection {
    pub(super) fn new(paths: &[String], section: Option<&str>) -> Result<Selection> {
        let prefixes = paths.iter().map(|path| Path::parse(path)).collect::<Result<_>>()?;
        Ok(Selection { prefixes, section: section.map(str::to_owned) })
    }

    pub(super) fn is_everything(&self) -> bool {
        self.prefixes.is_empty() && self.section.is_none()
    }

    pub(super) fn holds(&self, path: &Path) -> bool {
        (self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| path.is_within(prefix.as_str())))
            && self.section.as_deref().is_none_or(|section| path.section() == section)
    }

    /// The paths that were named.
    pub(super) fn named(&self) -> &[Path] {
        &self.prefixes
    }
}
