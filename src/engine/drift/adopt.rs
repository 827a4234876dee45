//! The base becomes what an override says: the value is written into the source's file, and the override goes.
//!
//! What must stay true: the file is written only where taking the override away needs nobody else, and on record; the
//! order is file, reload, override, so that the effective value never moves and whoever is killed on the way leaves at
//! worst an override that says what its base says. No secret is written into a file.

use crate::api::change::{ChangeReply, Input, ItemSpec, MakeChange, Terms};
use crate::api::drift::{AdoptDrift, AdoptReply, FileView};
use crate::api::reload::{Cause, Reload};
use crate::api::{Outcome, Reply};
use crate::domain::base_document::environment::variable_name;
use crate::domain::base_document::patch::patch;
use crate::domain::change::{Kind, hex};
use crate::domain::credential::forbidden;
use crate::domain::document::Format;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::role::Role;
use crate::domain::secret::SecretReferences;
use crate::domain::source;
use crate::domain::source::Source;
use crate::domain::value::Value;
use crate::engine::reload::{Loaded, Prepared, place_of, prepare, read_all};
use crate::engine::transact::{Note, View};
use crate::engine::{Engine, Handle};
use crate::source::{file, write};
use crate::store::{base, manifest, overrides};
use serde_json::json;
use sha2::{Digest, Sha256};
use similar::{DiffOp, TextDiff};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What is written into one file.
struct Edit {
    source: String,
    /// How the manifest calls it.
    named: String,
    real: PathBuf,
    format: Format,
    before: String,
    after: String,
    paths: Vec<Path>,
}

/// An override, and the source that is to say it.
struct Wanted {
    path: Path,
    value: Value,
    /// None where the base says it already.
    into: Option<Source>,
}

impl Handle<AdoptDrift> for Engine {
    fn handle(&mut self, caller: &Caller, request: AdoptDrift) -> Result<AdoptReply> {
        let AdoptDrift { paths, source, terms } = request;
        let asked = Reload { force: true, dry_run: true, ..Reload::default() };
        let (mut prepared, wanted) = self.look(caller, |view| {
            view.actor.require(Role::Operator, "writing into a source")?;
            let prepared = prepare(view, &asked)?;
            let wanted = wanted(view, &prepared.sources, &paths, source.as_deref())?;
            Ok((prepared, wanted))
        })?;
        let into: BTreeSet<&str> =
            wanted.iter().filter_map(|one| Some(one.into.as_ref()?.name.as_str())).collect();
        prepared.asked.retain(|source| into.contains(source.name.as_str()));
        let loaded = read_all(&self.machine, &prepared);
        let edits = self.look(caller, |view| edits(view, &prepared, &loaded, &wanted))?;
        let items = wanted.iter().map(|one| ItemSpec { path: one.path.to_string(), input: Input::Unset });
        let change = |terms: Terms| MakeChange { kind: Kind::Unset, items: items.clone().collect(), terms };
        let tried: ChangeReply = self.handle(caller, change(Terms { dry_run: true, ..terms.clone() }))?;
        let files =
            self.look(caller, |view| edits.iter().map(|edit| shown(view, edit, &loaded)).collect())?;
        if terms.dry_run {
            let mut change = tried;
            // By then the base says what the override did.
            for item in change.change.iter_mut().flat_map(|view| &mut view.items) {
                item.base.clone_from(&item.before);
            }
            return Ok(AdoptReply { files, change });
        }
        if tried.outcome() == Outcome::Pending {
            return Err(waits(&wanted, &edits));
        }
        self.write(caller, &edits, &terms)?;
        for source in into {
            let reason = Some(terms.reason.clone());
            let id = self.machine.ulid();
            let source = Some(source.to_owned());
            let reload = Reload { id, source, reason, cause: Cause::Manual, ..Reload::default() };
            self.handle(caller, reload).map_err(|error| stands(&edits, error))?;
        }
        self.look(caller, |view| prove(view, &wanted)).map_err(|error| stands(&edits, error))?;
        let change = self.handle(caller, change(terms)).map_err(|error| stands(&edits, error))?;
        Ok(AdoptReply { files, change })
    }
}

impl Engine {
    /// Writes the files, each on record before.
    fn write(&mut self, caller: &Caller, edits: &[Edit], terms: &Terms) -> Result<()> {
        let sum = |text: &str| hex(&Sha256::digest(text));
        for edit in edits.iter().filter(|edit| edit.before != edit.after) {
            let detail = json!({
                "file": edit.named, "paths": edit.paths, "reason": terms.reason,
                "before": sum(&edit.before), "after": sum(&edit.after),
            });
            let note = Note::new("drift.adopt", edit.source.clone(), detail);
            self.act(caller, ("drift.adopt", edit.source.as_str()), false, |_| Ok(((), Some(note))))?;
            write::replace(&edit.real, &edit.named, edit.before.as_bytes(), edit.after.as_bytes())?;
        }
        Ok(())
    }
}

/// What each override is to be written into. `refused` where it may not be, or would not count there.
fn wanted(view: &View<'_>, sources: &[Source], paths: &[String], named: Option<&str>) -> Result<Vec<Wanted>> {
    let find = |name: &str| sources.iter().find(|source| source.name == name);
    if let Some(name) = named.filter(|name| find(name).is_none()) {
        return Err(Error::not_found(format!("There is no source {name}."))
            .hint("See what there is: cfgctl source list"));
    }
    let mut wanted = Vec::new();
    for path in paths {
        let path = Path::parse(path)?;
        let value = overrides::value(view.db, path.as_str())?.ok_or_else(|| {
            Error::not_found(format!("{path} has no override that the base could take over."))
                .hint("See what drifts: cfgctl drift")
        })?;
        refuse_secret(view, &path, &value)?;
        if base::value(view.db, path.as_str())?.as_ref() == Some(&value) {
            wanted.push(Wanted { path, value, into: None });
            continue;
        }
        let strongest = base::strongest(view.db, path.as_str())?;
        let name = named.or(strongest.as_ref().map(|said| said.source.as_str())).ok_or_else(|| {
            Error::refused(format!("No source says anything of {path}.")).hint(format!(
                "Say which one is to: cfgctl drift --adopt {path:#} --source NAME --reason \"…\""
            ))
        })?;
        let into = find(name).cloned().ok_or_else(|| {
            Error::conflict(format!("The manifest no longer names the source {name}, which says {path}."))
                .hint("Read the sources anew: cfgctl reload")
        })?;
        if into.kind() != source::Kind::File {
            return Err(Error::refused(format!(
                "{path} comes from the source {name}, which is no file that could be written."
            ))
            .hint(format!(
                "Change it there: {}.",
                strongest.map_or_else(|| into.place(), |said| said.origin)
            )));
        }
        if let Some(over) = strongest.filter(|said| said.priority > into.priority) {
            return Err(Error::refused(format!(
                "In the source {} the value of {path} would not count: {} is stronger and says it too ({}).",
                into.name, over.source, over.origin
            ))
            .hint("Name the stronger source, or take the value away there first."));
        }
        wanted.push(Wanted { path, value, into: Some(into) });
    }
    Ok(wanted)
}

/// `refused` for what must not stand in a file.
fn refuse_secret(view: &View<'_>, path: &Path, value: &Value) -> Result<()> {
    let secrets: SecretReferences = manifest::part(view.db, "secrets")?;
    let mut is_secret = forbidden(path, value, &secrets.allow).is_some();
    for name in path.ancestors().chain([path.as_str()]) {
        is_secret |= manifest::is_secret(view.db, name)?;
    }
    if is_secret {
        return Err(Error::refused(format!(
            "{path} is a secret, or looks like one: none is written into a file."
        ))
        .hint(format!("Keep the override, or take it away: cfgctl drift --revert {path:#} --reason \"…\"")));
    }
    Ok(())
}

/// What is to be written into which file, each proven by reading it again.
fn edits(view: &View<'_>, prepared: &Prepared, loaded: &[Loaded], wanted: &[Wanted]) -> Result<Vec<Edit>> {
    let mut edits: Vec<Edit> = Vec::new();
    for source in &prepared.asked {
        let said = loaded.iter().find(|loaded| loaded.name == source.name);
        let Some(said) = said else { continue };
        let entries = said.entries.as_ref().map_err(Clone::clone)?;
        let mine = || wanted.iter().filter(|one| one.into.as_ref().is_some_and(|into| into == source));
        refuse_moved(view, source, said, wanted)?;
        let folder = source.file.as_deref().unwrap_or_default();
        let place = place_of(view.machine, prepared, folder);
        let documents = file::read(&place, folder)?.documents;
        for one in mine() {
            let entry = entries.iter().find(|entry| entry.path == one.path);
            if entry.is_some_and(|entry| entry.value == one.value) {
                continue;
            }
            let origin = entry.and_then(|entry| Some(entry.origin.rsplit_once(':')?.0));
            let document = match (origin, documents.as_slice()) {
                (Some(origin), all) => all.iter().find(|document| document.name == origin),
                (None, [only]) => Some(only),
                (None, _) => None,
            };
            let document = document.ok_or_else(|| {
                Error::refused(format!(
                    "No file of the source {} says anything of {}.",
                    source.name, one.path
                ))
                .hint(format!("Add it yourself to the one in {folder} where it belongs, then: cfgctl reload"))
            })?;
            let at = match edits.iter().position(|edit| edit.named == document.name) {
                Some(at) => at,
                None => {
                    edits.push(begin(source, document, &place)?);
                    edits.len() - 1
                }
            };
            let Some(edit) = edits.get_mut(at) else { continue };
            let expected = |path: &Path| prepared.expected(path);
            let written = written_as(edit, &one.path);
            edit.after = patch(edit.format, &edit.named, &edit.after, &written, &one.value, &expected)?;
            edit.paths.push(one.path.clone());
        }
    }
    Ok(edits)
}

/// How a file names a path: a dotenv file may do so as a variable.
fn written_as(edit: &Edit, path: &Path) -> Path {
    let name = variable_name(path);
    let names = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        line.strip_prefix(&name).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    match edit.format == Format::Dotenv && edit.after.lines().any(names) {
        true => Path::from_canonical(name),
        false => path.clone(),
    }
}

fn begin(source: &Source, document: &file::Document, place: &std::path::Path) -> Result<Edit> {
    let named = document.name.clone();
    let place = if place.is_dir() { place.join(&document.file_name) } else { place.to_path_buf() };
    let format = match &source.format {
        Some(name) => Some(Format::parse(name)?),
        None => Format::of_name(&document.file_name),
    };
    let format = format.ok_or_else(|| Error::internal(format!("{named} was read and has no format.")))?;
    let before = String::from_utf8(document.bytes.clone())
        .map_err(|_| Error::refused(format!("{named} is not UTF-8.")).hint("Change it yourself."))?;
    let real = write::target(&place, &named)?;
    Ok(Edit {
        source: source.name.clone(),
        named,
        real,
        format,
        after: before.clone(),
        before,
        paths: Vec::new(),
    })
}

/// `conflict` where a source says something else than at the last reload: that would be taken over on the way.
fn refuse_moved(view: &View<'_>, source: &Source, loaded: &Loaded, wanted: &[Wanted]) -> Result<()> {
    let mut known = std::collections::BTreeMap::new();
    base::each(view.db, None, |said| {
        if said.source == source.name {
            known.insert(said.path, said.value);
        }
        Ok(())
    })?;
    let entries = loaded.entries.as_ref().map_err(Clone::clone)?;
    // What an attempt that was cut short has written is what is wanted.
    let is_wanted = |path: &Path, value: Option<&Value>| {
        wanted.iter().any(|one| one.path == *path && Some(&one.value) == value)
    };
    let mut moved = None;
    for entry in entries {
        let former = known.remove(&entry.path);
        if former.as_ref() != Some(&entry.value) && !is_wanted(&entry.path, Some(&entry.value)) {
            moved.get_or_insert(entry.path.clone());
        }
    }
    match moved.or_else(|| known.into_keys().next()) {
        None => Ok(()),
        Some(path) => Err(Error::conflict(format!(
            "The source {} says something else than at the last reload, of {path} for one.",
            source.name
        ))
        .hint(format!(
            "See what, then take it over first: cfgctl drift --fresh; cfgctl reload {}",
            source.name
        ))),
    }
}

/// What is shown of an edit: the lines that change and no others, and none that hold a secret.
fn shown(view: &View<'_>, edit: &Edit, loaded: &[Loaded]) -> Result<FileView> {
    let diff = TextDiff::from_lines(&edit.before, &edit.after);
    let changed: Vec<_> = diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. })).collect();
    let mut hidden = false;
    for entry in loaded.iter().filter_map(|loaded| loaded.entries.as_ref().ok()).flatten() {
        let Some((name, line)) = entry.origin.rsplit_once(':') else { continue };
        let line = line.parse::<usize>().unwrap_or_default();
        if name == edit.named && changed.iter().any(|op| op.old_range().contains(&line.wrapping_sub(1))) {
            hidden |= refuse_secret(view, &entry.path, &entry.value).is_err();
        }
    }
    let text = || diff.unified_diff().context_radius(0).header(&edit.named, &edit.named).to_string();
    Ok(FileView {
        source: edit.source.clone(),
        file: edit.named.clone(),
        paths: edit.paths.clone(),
        diff: (!hidden).then(text),
    })
}

/// `internal` where the base does not say what was written, which the edit was proven to.
fn prove(view: &View<'_>, wanted: &[Wanted]) -> Result<()> {
    for one in wanted {
        if base::value(view.db, one.path.as_str())?.as_ref() != Some(&one.value) {
            return Err(Error::conflict(format!("The base does not say what was written of {}.", one.path))
                .hint("Look: cfgctl drift"));
        }
    }
    Ok(())
}

/// That taking the overrides away needs somebody else, so that nothing was written.
fn waits(wanted: &[Wanted], edits: &[Edit]) -> Error {
    let paths: Vec<&str> = wanted.iter().map(|one| one.path.as_str()).collect();
    let files: Vec<&str> = edits.iter().map(|edit| edit.named.as_str()).collect();
    let paths = paths.join(" ");
    let first = match files.as_slice() {
        [] => String::new(),
        files => format!(
            "Change {} yourself (add --dry-run to see how) and cfgctl reload, then ask for the rest: ",
            files.join(", ")
        ),
    };
    Error::refused("Taking the override away needs an approval: nothing was written.")
        .hint(format!("{first}cfgctl unset {paths} --reason \"…\""))
}

/// The same error with what stands: the files are written, and the overrides still win.
fn stands(edits: &[Edit], error: Error) -> Error {
    let files: Vec<&str> = edits.iter().map(|edit| edit.named.as_str()).collect();
    if files.is_empty() {
        return error;
    }
    let message =
        format!("{} is written and the override still wins, but: {}", files.join(", "), error.message);
    Error { message, ..error }
}
