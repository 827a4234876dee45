//! What differs between two manifests, part by part.
//!
//! What must stay true: settings and rules are told apart by name, so that one that moved is no difference.

use super::read;
use crate::api::change::{ItemKind, ItemView};
use crate::domain::error::Result;
use crate::domain::manifest::Manifest;
use crate::domain::value::Value;
use crate::engine::transact::View;
use crate::store::manifest;
use std::collections::BTreeMap;

/// What differs from the manifest in force: settings and rules by name, the rest part by part.
pub(in crate::engine) fn differences(view: &View<'_>, manifest: &Manifest) -> Result<Vec<ItemView>> {
    let present = read(&manifest::current(view.db)?.text)?;
    Ok(between(&present, manifest))
}

/// What differs between a former manifest and a latter one, in the same way.
pub(in crate::engine) fn between(former: &Manifest, latter: &Manifest) -> Vec<ItemView> {
    let (before, after) = (parts(former), parts(latter));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| ItemView {
            what: ItemKind::Manifest,
            path: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
            base: None,
            base_layer: None,
        })
        .collect()
}

fn parts(manifest: &Manifest) -> BTreeMap<String, Value> {
    let mut parts = BTreeMap::new();
    let whole = manifest.to_value();
    for (section, value) in whole.as_object().into_iter().flatten() {
        match (section.as_str(), value) {
            ("settings" | "policy" | "services", Value::Object(fields)) => {
                for (name, field) in fields {
                    parts.insert(format!("{section}.{name}"), field.clone());
                }
            }
            ("rules" | "windows" | "sources", Value::Array(items)) => {
                for item in items {
                    let name = item.get("name").and_then(Value::as_str).unwrap_or("?");
                    parts.insert(format!("{section}.{name}"), item.clone());
                }
            }
            _ => {
                parts.insert(section.clone(), value.clone());
            }
        }
    }
    parts
}
