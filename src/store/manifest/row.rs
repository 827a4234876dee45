//! A manifest as the rows it stands for.
//!
//! What must stay true: the rows follow from the manifest alone, so that anybody can tell whether they are still its.

use super::{Applied, EVERY_PATH, WINDOWS};
use crate::domain::error::{Error, Result};
use crate::domain::manifest::Manifest;
use crate::domain::path::Path;
use crate::domain::service;
use crate::domain::value;
use rusqlite::Connection;
use serde::Serialize;

/// Records a manifest and puts its rows in the place of the former one's.
pub fn put_in_force(db: &Connection, applied: &Applied, manifest: &Manifest) -> Result<()> {
    db.execute(
        "INSERT INTO manifests (id, text, hash, created_at, created_by, reason, change) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            applied.id,
            &applied.text,
            &applied.hash,
            applied.created_at.to_string(),
            &applied.created_by,
            &applied.reason,
            applied.change,
        ),
    )?;
    for table in ["settings", "rules", "rule_paths", "manifest_parts"] {
        db.execute(&format!("DELETE FROM {table}"), [])?;
    }
    for (table, columns) in rows_of(manifest)? {
        let marks: Vec<String> = (1..=columns.len()).map(|at| format!("?{at}")).collect();
        let mut statement =
            db.prepare_cached(&format!("INSERT INTO {table} VALUES ({})", marks.join(", ")))?;
        statement.execute(rusqlite::params_from_iter(columns))?;
    }
    Ok(())
}

/// A row's columns as text.
pub type Columns = Vec<Option<String>>;

/// The rows a manifest stands for: table and columns.
pub fn rows_of(manifest: &Manifest) -> Result<Vec<(&'static str, Columns)>> {
    let mut rows = Vec::new();
    for (path, setting) in &manifest.settings {
        let default = setting.default.as_ref().map(value::canonical);
        rows.push(("settings", vec![Some(path.to_string()), Some(setting.to_json()), default]));
    }
    for (position, rule) in manifest.rules.iter().enumerate() {
        rows.push(("rules", vec![Some(rule.name.clone()), Some(position.to_string()), Some(json(rule)?)]));
        let paths = match rule.paths_named() {
            Some(paths) if rule.check.is_some() => paths.iter().map(Path::to_string).collect(),
            _ => vec![EVERY_PATH.to_owned()],
        };
        for path in paths {
            rows.push(("rule_paths", vec![Some(path), Some(rule.name.clone())]));
        }
    }
    let parts = [
        ("instance", json(&manifest.instance)?),
        ("policy", json(&manifest.policy)?),
        ("contacts", json(&manifest.contacts)?),
        ("secrets", json(&manifest.secrets)?),
    ];
    // A part that may be absent has no row then, as in stores made before there was such a part.
    let windows = (!manifest.windows.is_empty()).then(|| json(&manifest.windows)).transpose()?;
    let notify = manifest.notify.as_ref().map(json).transpose()?;
    let sources = (!manifest.sources.is_empty()).then(|| json(&manifest.sources)).transpose()?;
    let drift = (!manifest.drift.ignore.is_empty()).then(|| json(&manifest.drift)).transpose()?;
    let services =
        (!manifest.services.is_empty()).then(|| json(&service::to_value(&manifest.services))).transpose()?;
    let absent_or = [
        (WINDOWS, windows),
        ("notify", notify),
        ("sources", sources),
        ("services", services),
        ("drift", drift),
    ];
    let parts = parts.into_iter().chain(absent_or.into_iter().filter_map(|(name, part)| Some((name, part?))));
    rows.extend(parts.map(|(name, part)| ("manifest_parts", vec![Some(name.to_owned()), Some(part)])));
    Ok(rows)
}

fn json<T: Serialize>(part: &T) -> Result<String> {
    serde_json::to_string(part).map_err(|error| Error::internal(error.to_string()))
}

/// Every row of one of the tables that hold the manifest in force, as text.
pub fn kept_rows(db: &Connection, table: &str) -> Result<Vec<Columns>> {
    let mut statement = db.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let text = |at: usize| -> rusqlite::Result<Option<String>> {
            Ok(match row.get_ref(at)? {
                rusqlite::types::ValueRef::Null => None,
                rusqlite::types::ValueRef::Integer(number) => Some(number.to_string()),
                rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                    Some(String::from_utf8_lossy(bytes).into_owned())
                }
                rusqlite::types::ValueRef::Real(number) => Some(number.to_string()),
            })
        };
        all.push((0..columns).map(text).collect::<rusqlite::Result<_>>()?);
    }
    Ok(all)
}
