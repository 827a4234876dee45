//! The sources are read: files, variables, addresses. No transaction is open meanwhile.
//!
//! What must stay true: what one source says of a path is one value, the last document's where several have it; a source
//! that cannot be read says so and stops nobody else.

mod fetch;

use super::load::{Loaded, hash_of};
use super::place::{folder_of, place_in};
use crate::api::reload::Reload;
use crate::domain::base_document::environment::{Given, is_variable, map, map_names};
use crate::domain::base_document::{self, expected_of, typed};
use crate::domain::breaker::{Breaker, Limits};
use crate::domain::document::Format;
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::sealed::is_sealed;
use crate::domain::secret::is_reference;
use crate::domain::source::{Kind, Source};
use crate::domain::time::Timestamp;
use crate::domain::value::{Value, ValueType, bare};
use crate::engine::Machine;
use crate::engine::seal::Sealer;
use crate::engine::transact::View;
use crate::source::{environment, file};
use crate::store::base::Said;
use crate::store::manifest;
use crate::store::operation::{self, SourceState};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;

/// What is known before the sources are read.
pub(in crate::engine) struct Prepared {
    /// The manifest that says what is read.
    pub(in crate::engine) manifest: i64,
    /// Every source of it.
    pub(in crate::engine) sources: Vec<Source>,
    /// Their names.
    pub(in crate::engine) declared: Vec<String>,
    /// Those that are to be read.
    pub(in crate::engine) asked: Vec<Source>,
    /// How they were found last.
    pub(in crate::engine) states: Vec<SourceState>,
    /// Whether what servers say is kept in their caches: nothing is where somebody only looks.
    keeps: bool,
    /// Whether the present base was resolved under this manifest.
    pub(in crate::engine) is_current: bool,
    /// The registered paths, each with the type that its setting asks for.
    registry: BTreeMap<Path, Option<ValueType>>,
    /// From which folder relative names count where `CONFIG_DIR` is not set.
    pub(super) folder: Option<PathBuf>,
    now: Timestamp,
    /// The secrets, and what seals them; none where the manifest names no secret.
    secrets: Option<(HashSet<String>, Sealer)>,
}

/// Learns what is to be read. `not-found` where a source or a generation is named that is not there.
pub(in crate::engine) fn prepare(view: &View<'_>, request: &Reload) -> Result<Prepared> {
    let db = view.db;
    let sources = manifest::sources(db)?;
    let asked = match &request.source {
        None => sources.clone(),
        Some(name) => vec![sources.iter().find(|source| source.name == *name).cloned().ok_or_else(|| {
            Error::not_found(format!("There is no source {name}."))
                .hint("See what there is: cfgctl source list")
        })?],
    };
    let current = manifest::current_generation(db)?;
    if let Some(generation) = request.to.filter(|to| *to < 1 || *to > current.id) {
        return Err(Error::not_found(format!(
            "There is no generation {generation}: the present one is {}.",
            current.id
        ))
        .hint("See what there was: cfgctl reload --list"));
    }
    let mut registry = BTreeMap::new();
    manifest::each_setting(db, |path, setting| {
        registry.insert(path, expected_of(&setting));
        Ok(())
    })?;
    let secrets = manifest::secrets(db)?;
    let secrets = if secrets.is_empty() { None } else { Some((secrets, Sealer::of(view)?)) };
    let manifest = manifest::current_id(db)?;
    let last = operation::last_successful(db)?;
    Ok(Prepared {
        manifest,
        declared: sources.iter().map(|source| source.name.clone()).collect(),
        sources,
        asked,
        states: operation::source_states(db)?,
        keeps: !request.dry_run,
        is_current: last.is_some_and(|last| last.manifest == manifest),
        registry,
        folder: folder_of(view).map(std::path::Path::to_path_buf),
        now: view.clock,
        secrets,
    })
}

/// Reads every source that is asked for.
pub(in crate::engine) fn read_all(machine: &Machine, prepared: &Prepared) -> Vec<Loaded> {
    let environment: Vec<(OsString, OsString)> = (machine.environment)();
    let reader = Reader { machine, prepared, variables: variables(&environment), environment };
    prepared.asked.iter().map(|source| reader.read(source)).collect()
}

impl Prepared {
    /// A registered path below another.
    pub(super) fn registered_below(&self, path: &Path) -> Option<&Path> {
        let prefix = format!("{path}.");
        let (first, _) = self.registry.range(Path::from_canonical(prefix.clone())..).next()?;
        Some(first).filter(|first| first.as_str().starts_with(&prefix))
    }

    /// The type that the setting of a path asks for.
    pub(in crate::engine) fn expected(&self, path: &Path) -> Option<ValueType> {
        self.registry.get(path).copied().flatten()
    }
}

pub(super) fn variables(environment: &[(OsString, OsString)]) -> HashMap<String, String> {
    let text =
        |(name, value): &(OsString, OsString)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned()));
    environment.iter().filter_map(text).collect()
}

/// What is remembered of a source over the network.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(in crate::engine) struct Remote {
    /// Whether it is left alone for a while.
    #[serde(default)]
    pub(in crate::engine) breaker: Breaker,
}

impl Remote {
    /// What is remembered of a source.
    pub(in crate::engine) fn of(states: &[SourceState], name: &str) -> Remote {
        let known = states.iter().find(|state| state.source == name);
        let remote = known.and_then(|state| state.remote.clone());
        remote.and_then(|remote| serde_json::from_value(remote).ok()).unwrap_or_default()
    }
}

/// The terms of a source's circuit breaker.
pub(in crate::engine) fn limits_of(source: &Source) -> Limits {
    let terms = source.breaker.unwrap_or_default();
    Limits { failures: terms.failures, pause: terms.pause }
}

struct Reader<'a> {
    machine: &'a Machine,
    prepared: &'a Prepared,
    variables: HashMap<String, String>,
    environment: Vec<(OsString, OsString)>,
}

/// What a source gave.
#[derive(Default)]
struct Gave {
    /// By path: a later document's value takes the place of an earlier one's.
    entries: BTreeMap<Path, (Value, String)>,
    warnings: Vec<String>,
    from_cache: bool,
}

impl Gave {
    fn put(&mut self, path: Path, value: Value, origin: String) {
        self.entries.insert(path, (value, origin));
    }
}

impl Reader<'_> {
    fn read(&self, source: &Source) -> Loaded {
        let begun = (self.machine.elapsed)();
        let mut remote = None;
        let gave = match source.kind() {
            Kind::File => self.file(source),
            Kind::Environment => self.environment(source),
            Kind::Http => self.http(source, &mut remote),
        };
        let (entries, warnings, from_cache) = match gave {
            Ok(Gave { entries, warnings, from_cache }) => {
                let said = |(path, (value, origin))| {
                    let (priority, source) = (source.priority, source.name.clone());
                    self.sealed(Said { path, source, priority, value, origin })
                };
                (entries.into_iter().map(said).collect::<Result<Vec<_>>>(), warnings, from_cache)
            }
            Err(error) => (Err(error), Vec::new(), false),
        };
        Loaded {
            name: source.name.clone(),
            content_hash: entries.as_ref().ok().map(|entries| hash_of(entries)),
            entries,
            warnings,
            from_cache,
            took: (self.machine.elapsed)().saturating_sub(begun),
            remote: remote.and_then(|remote| serde_json::to_value(remote).ok()),
        }
    }

    /// An entry with its value sealed, where that is a secret in the clear and there is a key: what is weighed, hashed and
    /// kept from here on is no secret.
    fn sealed(&self, said: Said) -> Result<Said> {
        let Some((secrets, sealer)) = &self.prepared.secrets else { return Ok(said) };
        let literal = !is_reference(&said.value) && !said.value.as_str().is_some_and(is_sealed);
        if !literal || !secrets.contains(said.path.as_str()) || sealer.keys()?.is_none() {
            return Ok(said);
        }
        Ok(Said { value: sealer.seal(&said.path, &said.value)?, ..said })
    }

    /// Where a file's name leads: a relative one from `CONFIG_DIR`, or from the store's folder.
    fn place(&self, name: &str) -> PathBuf {
        place_in(self.variables.get("CONFIG_DIR"), self.prepared.folder.as_deref(), name)
    }

    fn expected(&self, path: &Path) -> Option<ValueType> {
        self.prepared.expected(path)
    }

    fn file(&self, source: &Source) -> Result<Gave> {
        let named = source.file.as_deref().unwrap_or_default();
        let mut gave = Gave::default();
        for document in file::read(&self.place(named), named)?.documents {
            let format = match &source.format {
                Some(name) => Some(Format::parse(name)?),
                None => Format::of_name(&document.file_name),
            };
            self.document(format, &document.name, &document.bytes, &mut gave)?;
        }
        Ok(gave)
    }

    /// Reads one document, with the variables that it names put in.
    fn document(&self, format: Option<Format>, name: &str, bytes: &[u8], gave: &mut Gave) -> Result<()> {
        let format = format.ok_or_else(|| {
            Error::invalid(format!("What format {name} has cannot be told from its name."))
                .hint("Say it in the manifest: format: yaml")
        })?;
        let failed = RefCell::new(None);
        let lookup = |variable: &str| match self.variable(variable) {
            Ok(found) => found,
            Err(error) => {
                failed.replace(Some(error));
                None
            }
        };
        // A variable's text is typed by the path that its name stands for.
        let is_variable = |path: &Path| format == Format::Dotenv && is_variable(path);
        let text = Some(ValueType::String);
        let expected = |path: &Path| if is_variable(path) { text } else { self.expected(path) };
        let read = base_document::read(format, name, bytes, &expected, &lookup);
        // A file that a variable names and that cannot be read says more than that the variable is missing.
        if let Some(error) = failed.take() {
            return Err(error);
        }
        let (variables, entries): (Vec<_>, Vec<_>) =
            read?.into_iter().partition(|entry| is_variable(&entry.path));
        let paths: HashSet<Path> = entries.iter().map(|entry| entry.path.clone()).collect();
        for entry in entries {
            gave.put(entry.path, entry.value, format!("{name}:{}", entry.line));
        }
        self.variables_of_file(name, &variables, &paths, gave)
    }

    /// The variables of a dotenv file, which stand for paths as those of the environment do.
    fn variables_of_file(
        &self,
        name: &str,
        variables: &[base_document::Entry],
        paths: &HashSet<Path>,
        gave: &mut Gave,
    ) -> Result<()> {
        let line =
            |variable: &str| variables.iter().find(|one| one.path.as_str() == variable).map(|one| one.line);
        let texts = variables.iter().map(|one| (one.path.to_string(), bare(&one.value)));
        let mapping = map_names(texts, self.prepared.registry.keys(), &|path: &Path| self.expected(path))
            .map_err(|error| Error { message: format!("{name}: {}", error.message), ..error })?;
        gave.warnings.extend(mapping.warnings.into_iter().map(|warning| format!("{name}: {warning}")));
        for found in mapping.entries {
            let origin = format!("{name}:{}", line(&found.variable).unwrap_or_default());
            if paths.contains(&found.path) {
                return Err(Error::invalid(format!(
                    "{origin}: {} gives {} a second value.",
                    found.variable, found.path
                ))
                .hint("Keep one of the two."));
            }
            let value = match found.given {
                Given::Value(value) => Some(value),
                Given::FromFile(place) => {
                    let secret = environment::secret_file(&found.variable, std::path::Path::new(&place))?;
                    typed(&found.path, secret.reveal(), &|path: &Path| self.expected(path))?
                }
            };
            if let Some(value) = value {
                gave.put(found.path, value, origin);
            }
        }
        Ok(())
    }

    /// A variable's value, or what is in the file that the variable of the same name with `_FILE` names.
    fn variable(&self, name: &str) -> Result<Option<String>> {
        if let Some(value) = self.variables.get(name) {
            return Ok(Some(value.clone()));
        }
        let of_file = format!("{name}_FILE");
        let Some(place) = self.variables.get(&of_file).filter(|place| !place.is_empty()) else {
            return Ok(None);
        };
        let secret = environment::secret_file(&of_file, std::path::Path::new(place))?;
        Ok(Some(secret.reveal().to_owned()))
    }

    fn environment(&self, source: &Source) -> Result<Gave> {
        let prefix = source.env.as_deref().unwrap_or_default();
        let variables = environment::variables(prefix, self.environment.iter().cloned())?;
        let expected = |path: &Path| self.expected(path);
        let mapping = map(prefix, variables, self.prepared.registry.keys(), &expected)?;
        let mut gave = Gave { warnings: mapping.warnings, ..Gave::default() };
        for found in mapping.entries {
            let value = match found.given {
                Given::Value(value) => Some(value),
                Given::FromFile(place) => {
                    let secret = environment::secret_file(&found.variable, std::path::Path::new(&place))?;
                    typed(&found.path, secret.reveal(), &expected)?
                }
            };
            if let Some(value) = value {
                gave.put(found.path, value, format!("${}", found.variable));
            }
        }
        Ok(gave)
    }
}
