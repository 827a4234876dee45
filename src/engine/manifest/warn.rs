//! What a manifest would do to the present values, and what else to know of it before it is in force.
//!
//! What must stay true: what makes present values invalid is said, and what this build does not act on too.

use super::{NAMED, unmet, words};
use crate::domain::error::Result;
use crate::domain::manifest::Manifest;
use crate::domain::path::Path;
use crate::domain::policy::Governance;
use crate::domain::rule::Facts;
use crate::domain::schema::CompiledSetting;
use crate::domain::service::unknown_names;
use crate::domain::value::{self, Value};
use crate::engine::transact::View;
use crate::engine::{governance, window};
use crate::store::{base, manifest, overrides};
use std::collections::BTreeMap;

/// What a manifest would do to the present values, and what else to know about it.
pub(super) fn warnings(view: &View<'_>, manifest: &Manifest) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    let mut invalid = 0;
    overrides::each(view.db, None, |row| {
        let Some(value) = row.value else { return Ok(()) };
        let problem = match manifest.settings.get(&row.path) {
            Some(setting) => match CompiledSetting::compile(&row.path, setting) {
                Ok(compiled) => compiled.check(&value, &manifest.secrets).into_iter().next(),
                Err(problem) => Some(problem),
            },
            None => conflict(manifest, &row.path),
        };
        if let Some(problem) = problem {
            invalid += 1;
            if invalid <= NAMED {
                warnings.push(format!("A present value would not be valid: {problem}"));
            }
        }
        Ok(())
    })?;
    if invalid > NAMED {
        warnings.push(format!("{} more present values would not be valid.", invalid - NAMED));
    }
    let mut moved = 0;
    let mut defaults: BTreeMap<Path, (Option<Value>, Option<Value>)> = BTreeMap::new();
    manifest::each_default(view.db, None, |path, value| {
        defaults.entry(path).or_default().0 = Some(value);
        Ok(())
    })?;
    for (path, setting) in &manifest.settings {
        if let Some(default) = &setting.default {
            defaults.entry(path.clone()).or_default().1 = Some(default.clone());
        }
    }
    // In memory stands the starter manifest, which nobody uses yet: nothing moves away from it.
    let used = view.place.is_some();
    for (path, (before, after)) in defaults.into_iter().filter(|_| used) {
        // A new setting's default is what its services assume already; one that changes is felt.
        if before.is_some() && before != after && !is_given(view, &path)? {
            moved += 1;
            if moved <= NAMED {
                let shown = |value: Option<Value>| {
                    value.map_or_else(|| "nothing".to_owned(), |value| value::bare(&value))
                };
                warnings.push(format!(
                    "Nobody overrides {path}: it becomes {} (it is {}).",
                    shown(after),
                    shown(before)
                ));
            }
        }
    }
    if moved > NAMED {
        warnings.push(format!("{} more effective values change with their defaults.", moved - NAMED));
    }
    warnings.extend(broken_rules(view, manifest)?);
    warnings.extend(window::would_hold(view, &manifest.windows)?);
    warnings.extend(unknown_services(manifest));
    if manifest.sources != manifest::sources(view.db)? {
        warnings.push(
            "The sources differ: what they say is in force with the next reload: cfgctl reload".to_owned(),
        );
    }
    if manifest.policy.governance == Governance::Board && governance::board(view)? < 2 {
        warnings.push(
            "governance: board is in force as soon as there are two of the board; until then owners decide alone."
                .to_owned(),
        );
    }
    let unmet = unmet(view, &manifest.policy)?;
    if !unmet.is_empty() {
        warnings.push(format!("Nobody present could approve {} changes.", words(&unmet)));
    }
    Ok(warnings)
}

/// Whether an override or a source gives a path's value, so that its default does not matter.
fn is_given(view: &View<'_>, path: &Path) -> Result<bool> {
    Ok(overrides::is_set(view.db, path.as_str())? || base::is_set(view.db, path.as_str())?)
}

/// The checks that the present values, over a manifest's defaults, do not pass.
fn broken_rules(view: &View<'_>, manifest: &Manifest) -> Result<Vec<String>> {
    let checks: Vec<_> = manifest.rules.iter().filter(|rule| rule.check.is_some()).collect();
    if checks.is_empty() {
        return Ok(Vec::new());
    }
    let defaults = manifest.settings.iter();
    let mut values: BTreeMap<Path, Value> =
        defaults.filter_map(|(path, setting)| Some((path.clone(), setting.default.clone()?))).collect();
    base::each_strongest(view.db, None, |said| {
        values.insert(said.path, said.value);
        Ok(())
    })?;
    overrides::each(view.db, None, |row| {
        values.extend(row.value.map(|value| (row.path, value)));
        Ok(())
    })?;
    let facts =
        Facts { values: &values, old: None, new: None, path: None, setting: None, actor: None, now: None };
    let broken = checks.into_iter().filter_map(|rule| {
        match rule.compile().and_then(|compiled| compiled.holds(&facts)) {
            Ok(true) => None,
            Ok(false) => {
                Some(format!("The present values break the rule {}: {}", rule.name, rule.sentence()))
            }
            Err(problem) => {
                Some(format!("The rule {} cannot be asked of the present values: {problem}", rule.name))
            }
        }
    });
    Ok(broken.collect())
}

/// Names of services in settings that no service has.
fn unknown_services(manifest: &Manifest) -> impl Iterator<Item = String> {
    let unknown = unknown_names(&manifest.services, &manifest.settings).into_iter();
    unknown.map(|(name, path, near)| {
        let meant = near.map(|near| format!("; did you mean {near}?")).unwrap_or_else(|| ".".to_owned());
        format!("{path} names the service {name}, and services has none of that name{meant}")
    })
}

/// Why an override's path cannot stand beside the settings that a manifest registers.
fn conflict(manifest: &Manifest, path: &Path) -> Option<String> {
    if let Some(above) = path.ancestors().find(|above| manifest.settings.contains_key(*above)) {
        return Some(format!("{path} lies inside {above}, which is a value of its own."));
    }
    let from = format!("{path}.");
    let below = manifest.settings.range::<Path, _>(Path::from_canonical(from.clone())..).next()?.0;
    below
        .as_str()
        .starts_with(&from)
        .then(|| format!("{path} cannot have a value, because {below} lies inside it."))
}
