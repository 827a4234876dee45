//! Reading values: effective ones by layer, now or at a version, and everything about one path.

use super::known;
use super::mask::Mask;
use super::state;
use super::transact::View;
use super::{Engine, Handle};
use crate::api::value::{
    Blame, BlameReply, BlameView, Explain, ExplainReply, Get, GetReply, Layer, LayerView, VALUES_FORMAT,
    ValueView,
};
use crate::domain::error::{Error, Result};
use crate::domain::manifest::Manifest;
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::risk;
use crate::domain::value::Value;
use crate::store::version::Version;
use crate::store::{change, manifest, overrides, version};
use std::collections::BTreeMap;

impl Handle<Get> for Engine {
    fn handle(&mut self, caller: &Caller, request: Get) -> Result<GetReply> {
        self.look(caller, |view| match &request.at {
            None => now(view, &request),
            Some(name) => then(view, &request, &state::resolve(view, name)?),
        })
    }
}

impl Handle<Explain> for Engine {
    fn handle(&mut self, caller: &Caller, request: Explain) -> Result<ExplainReply> {
        self.look(caller, |view| explain(view, &Path::parse(&request.path)?))
    }
}

impl Handle<Blame> for Engine {
    fn handle(&mut self, caller: &Caller, request: Blame) -> Result<BlameReply> {
        self.look(caller, |view| {
            let prefix = request.prefix.as_deref().map(Path::parse).transpose()?;
            let mask = Mask::new(view);
            let mut items = Vec::new();
            overrides::each(view.db, prefix.as_ref().map(Path::as_str), |row| {
                if let Some(value) = row.value {
                    items.push(BlameView {
                        value: mask.shown(&row.path, value)?,
                        path: row.path,
                        version: row.version,
                        by: row.by,
                        at: row.at,
                        reason: row.reason,
                    });
                }
                Ok(())
            })?;
            if let Some(prefix) = prefix.as_ref().filter(|_| items.is_empty()) {
                known::check_path(view, prefix)?;
            }
            Ok(BlameReply { items })
        })
    }
}

/// Values gathered by path: the stronger layer is put last and wins.
struct Gathered<'a> {
    request: &'a Get,
    values: BTreeMap<Path, (Value, Layer)>,
}

impl Gathered<'_> {
    fn put(&mut self, path: Path, value: Value, layer: Layer) {
        let asked = self.request.layer.is_none_or(|only| only == layer);
        let within = self.request.section.as_deref().is_none_or(|section| path.section() == section);
        if asked && within {
            self.values.insert(path, (value, layer));
        }
    }
}

fn now(view: &View<'_>, request: &Get) -> Result<GetReply> {
    let mut gathered = Gathered { request, values: BTreeMap::new() };
    let prefixes = prefixes(request)?;
    for prefix in &prefixes {
        let before = gathered.values.len();
        if let Some(whole) = prefix.as_ref().filter(|_| prefixes.len() == 1) {
            // One whole path is the common case, and the quick one: nothing lies below a value.
            if let Some(value) = overrides::value(view.db, whole.as_str())? {
                gathered.put(whole.clone(), value, Layer::Override);
            }
            if gathered.values.is_empty()
                && let Some(value) = manifest::default(view.db, whole.as_str())?
            {
                gathered.put(whole.clone(), value, Layer::Default);
            }
            if !gathered.values.is_empty() {
                continue;
            }
        }
        let within = prefix.as_ref().map(Path::as_str);
        manifest::each_default(view.db, within, |path, value| {
            gathered.put(path, value, Layer::Default);
            Ok(())
        })?;
        overrides::each(view.db, within, |row| {
            if let Some(value) = row.value {
                gathered.put(row.path, value, Layer::Override);
            }
            Ok(())
        })?;
        let found = gathered.values.len() > before
            || within.is_some_and(|within| gathered.values.keys().any(|path| path.is_within(within)));
        if let (false, Some(path)) = (found, prefix) {
            return Err(nothing_in_layer(view, path, request.layer)?);
        }
    }
    check_section(view, request, &gathered)?;
    let version = version::current(view.db)?.map_or(0, |version| version.id);
    reply(view, version, gathered)
}

fn then(view: &View<'_>, request: &Get, version: &Version) -> Result<GetReply> {
    let mut gathered = Gathered { request, values: BTreeMap::new() };
    let defaults = defaults_at(view, version)?;
    let whole = match prefixes(request)?.as_slice() {
        [Some(path)] => state::value_at(view, path, version)?.map(|value| (path.clone(), value)),
        _ => None,
    };
    match whole {
        Some((path, value)) => gathered.put(path, value, Layer::Override),
        None => {
            defaults.into_iter().for_each(|(path, value)| gathered.put(path, value, Layer::Default));
            let then = state::at(view, version)?;
            then.into_iter().for_each(|(path, value)| gathered.put(path, value, Layer::Override));
        }
    }
    let prefixes = prefixes(request)?;
    for path in prefixes.iter().flatten() {
        if !gathered.values.keys().any(|found| found.is_within(path.as_str())) {
            return Err(Error::not_found(format!("{path} had no value at version {}.", version.id))
                .hint(format!("See what happened: cfgctl history {path}")));
        }
    }
    gathered.values.retain(|found, _| {
        prefixes.iter().any(|prefix| prefix.as_ref().is_none_or(|prefix| found.is_within(prefix.as_str())))
    });
    check_section(view, request, &gathered)?;
    reply(view, version.id, gathered)
}

/// The defaults of the manifest that was in force at a version.
fn defaults_at(view: &View<'_>, version: &Version) -> Result<BTreeMap<Path, Value>> {
    let generation = manifest::generation(view.db, version.generation)?;
    let applied = manifest::find(view.db, generation.manifest)?.ok_or_else(|| {
        Error::integrity("The store lacks a former manifest.").hint("Type `cfgctl doctor`.")
    })?;
    let read = Manifest::read(&applied.text).map_err(|_| {
        Error::integrity("A former manifest can no longer be read.").hint("Type `cfgctl doctor`.")
    })?;
    Ok(read.settings.into_iter().filter_map(|(path, setting)| Some((path, setting.default?))).collect())
}

fn prefixes(request: &Get) -> Result<Vec<Option<Path>>> {
    if request.paths.is_empty() {
        return Ok(vec![None]);
    }
    request.paths.iter().map(|path| Path::parse(path.strip_suffix('.').unwrap_or(path)).map(Some)).collect()
}

fn reply(view: &View<'_>, version: i64, gathered: Gathered<'_>) -> Result<GetReply> {
    let mask = Mask::new(view);
    let shown = |(path, (value, layer))| Ok(ValueView { value: mask.shown(&path, value)?, path, layer });
    let items = gathered.values.into_iter().map(shown).collect::<Result<_>>()?;
    Ok(GetReply { format: VALUES_FORMAT.to_owned(), version, items })
}

/// A section of which nothing is known is a slip of the pen; one of which nothing is set is not.
fn check_section(view: &View<'_>, request: &Get, gathered: &Gathered<'_>) -> Result<()> {
    match request.section.as_deref() {
        Some(section) if gathered.values.is_empty() => known::check_section(view, section),
        _ => Ok(()),
    }
}

/// That a path has no value, or none in the layer that was asked for.
fn nothing_in_layer(view: &View<'_>, path: &Path, layer: Option<Layer>) -> Result<Error> {
    let whole = format!("See its value, whatever the layer: cfgctl get {path}");
    let below = || manifest::registered_below(view.db, path.as_str());
    Ok(match layer {
        Some(Layer::Override) if manifest::default(view.db, path.as_str())?.is_some() => {
            Error::not_found(format!("Nobody set {path}: its default is in force.")).hint(whole)
        }
        Some(Layer::Override) if below()?.is_some() => {
            Error::not_found(format!("Nobody set anything below {path}.")).hint(whole)
        }
        Some(Layer::Default) if overrides::is_set(view.db, path.as_str())? => {
            Error::not_found(format!("{path} has no default: its value was set.")).hint(whole)
        }
        _ => nothing_there(view, path)?,
    })
}

fn nothing_there(view: &View<'_>, path: &Path) -> Result<Error> {
    let error = if manifest::is_registered(view.db, path.as_str())? {
        Error::not_found(format!("{path} is registered, but nobody set it and it has no default.")).hint(
            if manifest::is_secret(view.db, path.as_str())? {
                format!("Say where it is kept: cfgctl set {path} env:NAME --reason \"…\", or file:/PATH")
            } else {
                format!("Set it: cfgctl set {path} VALUE --reason \"…\"")
            },
        )
    } else {
        Error::not_found(format!("Nobody set {path}, and the manifest does not register it."))
            .hint("See what there is: cfgctl get")
    };
    Ok(error)
}

fn explain(view: &View<'_>, path: &Path) -> Result<ExplainReply> {
    let db = view.db;
    let row = overrides::find(db, path.as_str())?;
    let setting = manifest::setting(db, path.as_str())?;
    let open_requests = change::open_on_path(db, path.as_str())?;
    if row.is_none() && setting.is_none() && open_requests.is_empty() {
        return Err(nothing_there(view, path)?);
    }
    let mask = Mask::new(view);
    let overridden = mask.maybe(path, row.as_ref().and_then(|row| row.value.clone()))?;
    let default = mask.maybe(path, setting.as_ref().and_then(|setting| setting.default.clone()))?;
    let policy = manifest::policy(db)?;
    let risk = match &setting {
        Some(setting) => risk::highest(&setting.risk_reasons(path)),
        None => policy.unregistered,
    };
    let mut rules = manifest::rules_naming(db, path.as_str())?;
    rules.extend(manifest::rules_for_every_path(db)?);
    let layer = match (&overridden, &default) {
        (Some(_), _) => Some(Layer::Override),
        (None, Some(_)) => Some(Layer::Default),
        (None, None) => None,
    };
    let layers = vec![
        LayerView {
            layer: Layer::Override,
            value: overridden.clone(),
            wins: layer == Some(Layer::Override),
            by: row.as_ref().map(|row| row.by.clone()),
            at: row.as_ref().map(|row| row.at),
            reason: row.as_ref().map(|row| row.reason.clone()),
            version: row.as_ref().map(|row| row.version),
        },
        LayerView {
            layer: Layer::Default,
            value: default.clone(),
            wins: layer == Some(Layer::Default),
            by: None,
            at: None,
            reason: None,
            version: None,
        },
    ];
    Ok(ExplainReply {
        path: path.clone(),
        value: overridden.or(default),
        layer,
        layers,
        registered: setting.is_some(),
        restart: setting.as_ref().is_some_and(|setting| setting.restart),
        services: setting.as_ref().map(|setting| setting.services.clone()).unwrap_or_default(),
        setting: setting.map(|setting| setting.to_value()),
        risk,
        rules,
        demand: policy.demand(risk).in_words(),
        open_requests,
    })
}
