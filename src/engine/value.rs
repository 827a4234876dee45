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
use crate::store::base::Said;
use crate::store::version::Version;
use crate::store::{base, change, manifest, overrides, version};
use std::collections::BTreeMap;

impl Handle<Get> for Engine {
    fn handle(&mut self, caller: &Caller, request: Get) -> Result<GetReply> {
        self.look(caller, |view| {
            let (version, items) = gathered(view, &request)?;
            let mask = Mask::new(view);
            let shown =
                |item: ValueView| Ok(ValueView { value: mask.shown(&item.path, item.value)?, ..item });
            let items = items.into_iter().map(shown).collect::<Result<_>>()?;
            Ok(GetReply { format: VALUES_FORMAT.to_owned(), version, items })
        })
    }
}

/// The values asked for as they are kept, and the version they are of. Whoever shows them masks them.
pub(super) fn gathered(view: &View<'_>, request: &Get) -> Result<(i64, Vec<ValueView>)> {
    let (version, gathered) = match &request.at {
        None => now(view, request)?,
        Some(name) => then(view, request, &state::resolve(view, name)?)?,
    };
    let item = |(path, (value, layer))| ValueView { path, value, layer };
    Ok((version, gathered.values.into_iter().map(item).collect()))
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

/// Which layers are asked for.
enum Wanted {
    All,
    /// All below the overrides.
    Base,
    One(Layer),
}

impl Wanted {
    /// Reads a layer's name. `not-found` where there is no such layer.
    fn of(view: &View<'_>, name: Option<&str>) -> Result<Wanted> {
        let Some(name) = name else { return Ok(Wanted::All) };
        if name == "base" {
            return Ok(Wanted::Base);
        }
        let layer = Layer::from(name.to_owned());
        let sources = manifest::sources(view.db)?;
        if matches!(&layer, Layer::Source(_)) && !sources.iter().any(|source| source.name == name) {
            let known = sources.iter().map(|source| format!(", {}", source.name)).collect::<String>();
            return Err(Error::not_found(format!("There is no layer {name}."))
                .hint(format!("The layers are override, default, base{known}.")));
        }
        Ok(Wanted::One(layer))
    }

    fn holds(&self, layer: &Layer) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Base => *layer != Layer::Override,
            Wanted::One(only) => only == layer,
        }
    }
}

/// Values gathered by path: of those that are asked for, the strongest layer's.
struct Gathered<'a> {
    section: Option<&'a str>,
    wanted: Wanted,
    values: BTreeMap<Path, (Value, Layer)>,
}

impl<'a> Gathered<'a> {
    fn new(view: &View<'_>, request: &'a Get) -> Result<Gathered<'a>> {
        let wanted = Wanted::of(view, request.layer.as_deref())?;
        Ok(Gathered { section: request.section.as_deref(), wanted, values: BTreeMap::new() })
    }

    /// Takes what a layer says. A stronger one comes later; of the sources the strongest comes first.
    fn put(&mut self, path: Path, value: Value, layer: Layer) {
        let within = self.section.is_none_or(|section| path.section() == section);
        if !within || !self.wanted.holds(&layer) {
            return;
        }
        let by_source = matches!(self.values.get(&path), Some((_, Layer::Source(_))));
        if !(by_source && matches!(layer, Layer::Source(_))) {
            self.values.insert(path, (value, layer));
        }
    }

    fn put_said(&mut self, said: Said) {
        self.put(said.path, said.value, Layer::Source(said.source));
    }
}

fn now<'a>(view: &View<'_>, request: &'a Get) -> Result<(i64, Gathered<'a>)> {
    let db = view.db;
    let mut gathered = Gathered::new(view, request)?;
    let prefixes = prefixes(request)?;
    for prefix in &prefixes {
        let before = gathered.values.len();
        if let Some(whole) = prefix.as_ref().filter(|_| prefixes.len() == 1) {
            // One whole path is the common case, and the quick one: nothing lies below a value.
            if let Some(value) = overrides::value(db, whole.as_str())? {
                gathered.put(whole.clone(), value, Layer::Override);
            }
            if gathered.values.is_empty() {
                base::said_of(db, whole.as_str())?.into_iter().for_each(|said| gathered.put_said(said));
            }
            if gathered.values.is_empty()
                && let Some(value) = manifest::default(db, whole.as_str())?
            {
                gathered.put(whole.clone(), value, Layer::Default);
            }
            if !gathered.values.is_empty() {
                continue;
            }
        }
        let within = prefix.as_ref().map(Path::as_str);
        manifest::each_default(db, within, |path, value| {
            gathered.put(path, value, Layer::Default);
            Ok(())
        })?;
        base::each(db, within, |said| {
            gathered.put_said(said);
            Ok(())
        })?;
        overrides::each(db, within, |row| {
            if let Some(value) = row.value {
                gathered.put(row.path, value, Layer::Override);
            }
            Ok(())
        })?;
        let found = gathered.values.len() > before
            || within.is_some_and(|within| gathered.values.keys().any(|path| path.is_within(within)));
        if let (false, Some(path)) = (found, prefix) {
            return Err(nothing_in_layer(view, path, &gathered.wanted)?);
        }
    }
    check_section(view, request, &gathered)?;
    let version = version::current(db)?.map_or(0, |version| version.id);
    Ok((version, gathered))
}

fn then<'a>(view: &View<'_>, request: &'a Get, version: &Version) -> Result<(i64, Gathered<'a>)> {
    let mut gathered = Gathered::new(view, request)?;
    let whole = match prefixes(request)?.as_slice() {
        [Some(path)] => state::value_at(view, path, version)?.map(|value| (path.clone(), value)),
        _ => None,
    };
    match whole {
        Some((path, value)) => gathered.put(path, value, Layer::Override),
        None => {
            defaults_at(view, version)?
                .into_iter()
                .for_each(|(path, value)| gathered.put(path, value, Layer::Default));
            said_at(view, version)?.into_iter().for_each(|said| gathered.put_said(said));
            let then = state::at(view, version)?;
            then.into_iter().for_each(|(path, value)| gathered.put(path, value, Layer::Override));
        }
    }
    let prefixes = prefixes(request)?;
    for path in prefixes.iter().flatten() {
        if !gathered.values.keys().any(|found| found.is_within(path.as_str())) {
            return Err(Error::not_found(format!("{path} had no value at version {}.", version.id))
                .hint(format!("See what happened: cfgctl history {path:#}")));
        }
    }
    gathered.values.retain(|found, _| {
        prefixes.iter().any(|prefix| prefix.as_ref().is_none_or(|prefix| found.is_within(prefix.as_str())))
    });
    check_section(view, request, &gathered)?;
    Ok((version.id, gathered))
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

/// What the sources said at a version, of each path the strongest first.
fn said_at(view: &View<'_>, version: &Version) -> Result<Vec<Said>> {
    let mut said = BTreeMap::new();
    base::each(view.db, None, |one| {
        said.insert((one.path.clone(), one.source.clone()), one);
        Ok(())
    })?;
    for (key, then) in base::former(view.db, version.generation)? {
        match then {
            Some(then) => said.insert(key, then),
            None => said.remove(&key),
        };
    }
    let mut said: Vec<Said> = said.into_values().collect();
    said.sort_by(|a, b| (&a.path, b.priority, &a.source).cmp(&(&b.path, a.priority, &b.source)));
    Ok(said)
}

fn prefixes(request: &Get) -> Result<Vec<Option<Path>>> {
    if request.paths.is_empty() {
        return Ok(vec![None]);
    }
    request.paths.iter().map(|path| Path::parse(path.strip_suffix('.').unwrap_or(path)).map(Some)).collect()
}

/// A section of which nothing is known is a slip of the pen; one of which nothing is set is not.
fn check_section(view: &View<'_>, request: &Get, gathered: &Gathered<'_>) -> Result<()> {
    match request.section.as_deref() {
        Some(section) if gathered.values.is_empty() => known::check_section(view, section),
        _ => Ok(()),
    }
}

/// That a path has no value, or none in the layer that was asked for.
fn nothing_in_layer(view: &View<'_>, path: &Path, wanted: &Wanted) -> Result<Error> {
    let (db, name) = (view.db, path.as_str());
    let whole = format!("See its value, whatever the layer: cfgctl get {path:#}");
    let told = |message: String| Ok(Error::not_found(message).hint(whole));
    let below = || {
        Ok::<_, Error>(
            manifest::registered_below(db, name)?.is_some() || base::set_below(db, name)?.is_some(),
        )
    };
    match wanted {
        Wanted::One(Layer::Override) if base::is_set(db, name)? => {
            told(format!("Nobody set {path}: what a source says is in force."))
        }
        Wanted::One(Layer::Override) if manifest::default(db, name)?.is_some() => {
            told(format!("Nobody set {path}: its default is in force."))
        }
        Wanted::One(Layer::Override) if below()? => told(format!("Nobody set anything below {path}.")),
        Wanted::One(Layer::Default) if overrides::is_set(db, name)? || base::is_set(db, name)? => {
            told(format!("{path} has no default: its value was set."))
        }
        Wanted::Base if overrides::is_set(db, name)? => {
            told(format!("{path} has no base value: nothing but its override says something of it."))
        }
        Wanted::One(Layer::Source(source)) if known::check_path(view, path).is_ok() => {
            told(format!("The source {source} said nothing of {path} at the last reload."))
        }
        _ => nothing_there(view, path),
    }
}

fn nothing_there(view: &View<'_>, path: &Path) -> Result<Error> {
    let error = if manifest::is_registered(view.db, path.as_str())? {
        Error::not_found(format!("{path} is registered, but nobody set it and it has no default.")).hint(
            if manifest::is_secret(view.db, path.as_str())? {
                format!("Say where it is kept: cfgctl set {path:#} env:NAME --reason \"…\", or file:/PATH")
            } else {
                format!("Set it: cfgctl set {path:#} VALUE --reason \"…\"")
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
    let said = base::said_of(db, path.as_str())?;
    if row.is_none() && setting.is_none() && said.is_empty() && open_requests.is_empty() {
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
    let nothing = |layer: Layer, value: Option<Value>| LayerView {
        layer,
        value,
        origin: None,
        wins: false,
        by: None,
        at: None,
        reason: None,
        version: None,
    };
    let mut layers = vec![LayerView {
        by: row.as_ref().map(|row| row.by.clone()),
        at: row.as_ref().map(|row| row.at),
        reason: row.as_ref().map(|row| row.reason.clone()),
        version: row.as_ref().map(|row| row.version),
        ..nothing(Layer::Override, overridden)
    }];
    for said in said {
        let value = mask.maybe(path, Some(said.value))?;
        layers.push(LayerView { origin: Some(said.origin), ..nothing(Layer::Source(said.source), value) });
    }
    layers.push(nothing(Layer::Default, default));
    let winner = layers.iter_mut().find(|layer| layer.value.is_some());
    let (value, layer) = match winner {
        Some(winner) => {
            winner.wins = true;
            (winner.value.clone(), Some(winner.layer.clone()))
        }
        None => (None, None),
    };
    Ok(ExplainReply {
        path: path.clone(),
        value,
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
