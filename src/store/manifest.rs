//! Manifests, and the one in force as rows, so that no command parses it whole.

use super::{below, optional_value, ordered, time_of};
use crate::domain::error::{Error, Result};
use crate::domain::manifest::Manifest;
use crate::domain::notice::Notify;
use crate::domain::path::Path;
use crate::domain::policy::Policy;
use crate::domain::rule::Rule;
use crate::domain::setting::Setting;
use crate::domain::time::Timestamp;
use crate::domain::value::{self, Value};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Map;
use std::collections::HashSet;

/// Stands for every path in `rule_paths`.
const EVERY_PATH: &str = "*";
/// The part with the windows: a row only where there are any.
const WINDOWS: &str = "windows";

/// A manifest as it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its number.
    pub id: i64,
    /// Its text as it was given.
    pub text: String,
    /// SHA-256 of the text.
    pub hash: String,
    /// When.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// Why.
    pub reason: String,
    /// The number of the change that did.
    pub change: Option<i64>,
}

fn to_applied(row: &Row<'_>) -> Result<Applied> {
    Ok(Applied {
        id: row.get(0)?,
        text: row.get(1)?,
        hash: row.get(2)?,
        created_at: time_of(&row.get::<_, String>(3)?)?,
        created_by: row.get(4)?,
        reason: row.get(5)?,
        change: row.get(6)?,
    })
}

const COLUMNS: &str = "id, text, hash, created_at, created_by, reason, change";

/// The manifest in force.
pub fn current(db: &Connection) -> Result<Applied> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM manifests ORDER BY id DESC LIMIT 1"))?;
    let mut rows = statement.query([])?;
    rows.next()?.map_or_else(|| Err(Error::integrity("The store has no manifest.")), to_applied)
}

/// The number of the manifest in force.
pub fn current_id(db: &Connection) -> Result<i64> {
    let mut statement = db.prepare_cached("SELECT coalesce(max(id), 0) FROM manifests")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The manifest of that number.
pub fn find(db: &Connection, id: i64) -> Result<Option<Applied>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM manifests WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(to_applied).transpose()
}

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
        ("rest", json(&manifest.rest)?),
    ];
    // A part that may be absent has no row then, as in stores made before there was such a part.
    let windows = (!manifest.windows.is_empty()).then(|| json(&manifest.windows)).transpose()?;
    let notify = manifest.notify.as_ref().map(json).transpose()?;
    let absent_or = [(WINDOWS, windows), ("notify", notify)];
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

/// A setting's definition.
pub fn setting(db: &Connection, path: &str) -> Result<Option<Setting>> {
    let mut statement = db.prepare_cached("SELECT definition FROM settings WHERE path = ?1")?;
    let text: Option<String> = statement.query_row([path], |row| row.get(0)).optional()?;
    text.as_deref().map(Setting::from_json).transpose()
}

/// The definitions of these paths, which come in ascending order: none where a path is not registered.
pub fn settings_of<'a>(
    db: &Connection,
    paths: impl IntoIterator<Item = &'a Path>,
) -> Result<Vec<Option<Setting>>> {
    let query = "SELECT path, definition FROM settings WHERE path >= ?1 ORDER BY path";
    let mut found = Vec::new();
    ordered::each(db, query, paths.into_iter().map(Path::as_str), |_, row| {
        let text =
            |row: &Row<'_>| Setting::from_json(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
        found.push(row.map(text).transpose()?);
        Ok(())
    })?;
    Ok(found)
}

/// Whether the manifest registers a path.
pub fn is_registered(db: &Connection, path: &str) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM settings WHERE path = ?1")?.exists([path])?)
}

/// Whether the manifest calls a path a secret.
pub fn is_secret(db: &Connection, path: &str) -> Result<bool> {
    let mut statement =
        db.prepare_cached(&format!("SELECT definition FROM settings WHERE path = ?1 AND {MAY_BE_SECRET}"))?;
    let text: Option<String> = statement.query_row([path], |row| row.get(0)).optional()?;
    Ok(text.as_deref().map(Setting::from_json).transpose()?.is_some_and(|setting| setting.secret))
}

/// Every path that the manifest calls a secret.
pub fn secrets(db: &Connection) -> Result<HashSet<String>> {
    let mut statement =
        db.prepare_cached(&format!("SELECT path, definition FROM settings WHERE {MAY_BE_SECRET}"))?;
    let mut rows = statement.query([])?;
    let mut secrets = HashSet::new();
    while let Some(row) = rows.next()? {
        if Setting::from_json(&row.get::<_, String>(1)?)?.secret {
            secrets.insert(row.get(0)?);
        }
    }
    Ok(secrets)
}

/// Spares reading the definitions that cannot be a secret's.
const MAY_BE_SECRET: &str = r#"definition LIKE '%"secret":true%'"#;

/// A registered path below a prefix, if there is one.
pub fn registered_below(db: &Connection, prefix: &str) -> Result<Option<String>> {
    let mut statement =
        db.prepare_cached("SELECT path FROM settings WHERE path >= ?1 AND path < ?2 ORDER BY path LIMIT 1")?;
    Ok(statement.query_row(below(prefix), |row| row.get(0)).optional()?)
}

/// A setting's default.
pub fn default(db: &Connection, path: &str) -> Result<Option<Value>> {
    let mut statement = db.prepare_cached("SELECT default_value FROM settings WHERE path = ?1")?;
    let text: Option<Option<String>> = statement.query_row([path], |row| row.get(0)).optional()?;
    optional_value(text.flatten())
}

/// Calls back for each default in path order: all, or those that are or lie below a prefix.
pub fn each_default(
    db: &Connection,
    prefix: Option<&str>,
    mut visit: impl FnMut(Path, Value) -> Result<()>,
) -> Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT path, default_value FROM settings
         WHERE default_value IS NOT NULL AND (path = ?1 OR (path >= ?2 AND path < ?3)) ORDER BY path",
    )?;
    let (from, to) = prefix.map_or((String::new(), "\u{10FFFF}".into()), below);
    let mut rows = statement.query((prefix.unwrap_or_default(), from, to))?;
    while let Some(row) = rows.next()? {
        let (path, text): (String, String) = (row.get(0)?, row.get(1)?);
        visit(Path::from_canonical(path), super::value_of(&text)?)?;
    }
    Ok(())
}

/// Registered paths that begin so.
pub fn paths_like(db: &Connection, beginning: &str, limit: u32) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT path FROM settings WHERE path >= ?1 AND substr(path, 1, length(?1)) = ?1 ORDER BY path LIMIT ?2",
    )?;
    Ok(statement.query_map((beginning, limit), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// How many settings the manifest registers.
pub fn count(db: &Connection) -> Result<i64> {
    Ok(db.query_row("SELECT count(*) FROM settings", [], |row| row.get(0))?)
}

/// The names of the checks that read a path by name.
pub fn rules_naming(db: &Connection, path: &str) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached("SELECT rule FROM rule_paths WHERE path = ?1")?;
    Ok(statement.query_map([path], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// The names of the rules that concern every path.
pub fn rules_for_every_path(db: &Connection) -> Result<Vec<String>> {
    rules_naming(db, EVERY_PATH)
}

/// Whether the manifest has any rule.
pub fn has_rules(db: &Connection) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM rules LIMIT 1")?.exists([])?)
}

/// The rules of these names, in the manifest's order.
pub fn rules(db: &Connection, names: &[String]) -> Result<Vec<Rule>> {
    let mut statement = db.prepare_cached("SELECT position, rule FROM rules WHERE name = ?1")?;
    let mut found: Vec<(i64, Rule)> = Vec::new();
    for name in names {
        let (position, text): (i64, String) =
            statement.query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.push((position, read_part(&text)?));
    }
    found.sort_by_key(|(position, _)| *position);
    Ok(found.into_iter().map(|(_, rule)| rule).collect())
}

fn read_part<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| super::damaged("a part of the manifest"))
}

/// A part of the manifest in force: `instance`, `policy`, `windows`, `contacts`, `secrets`, `rest`.
pub fn part<T: DeserializeOwned>(db: &Connection, name: &str) -> Result<T> {
    part_if_any(db, name)?
        .ok_or_else(|| Error::integrity(format!("The store lacks the manifest's part {name:?}.")))
}

fn part_if_any<T: DeserializeOwned>(db: &Connection, name: &str) -> Result<Option<T>> {
    let mut statement = db.prepare_cached("SELECT part FROM manifest_parts WHERE name = ?1")?;
    let text: Option<String> = statement.query_row([name], |row| row.get(0)).optional()?;
    match text {
        Some(text) => read_part(&text).map(Some),
        None if name == WINDOWS => read_part(&windows_among_the_rest(db)?).map(Some),
        None => Ok(None),
    }
}

/// The windows of a store without a row for them: where an older program wrote it, they stand in the rest, and a
/// freeze in force must hold.
fn windows_among_the_rest(db: &Connection) -> Result<String> {
    let rest: Map<String, Value> = part(db, "rest")?;
    Ok(rest.get(WINDOWS).map_or_else(|| "[]".to_owned(), value::canonical))
}

/// The command that tells people what happens, and its terms, where the manifest names one.
pub fn notify(db: &Connection) -> Result<Option<Notify>> {
    part_if_any(db, "notify")
}

/// The policy in force.
pub fn policy(db: &Connection) -> Result<Policy> {
    part(db, "policy")
}

/// The instance's name.
pub fn instance(db: &Connection) -> Result<String> {
    part(db, "instance")
}

/// A base: what the layers below the overrides say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Its number.
    pub id: i64,
    /// The manifest whose defaults it holds.
    pub manifest: i64,
    /// SHA-256 over its values.
    pub base_hash: String,
    /// Since when.
    pub created_at: Timestamp,
}

fn one_generation(db: &Connection, tail: &str, values: impl rusqlite::Params) -> Result<Generation> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, manifest, base_hash, created_at FROM base_generations {tail}"
    ))?;
    let row = statement
        .query_row(values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?)));
    let (id, manifest, base_hash, at) = row?;
    Ok(Generation { id, manifest, base_hash, created_at: time_of(&at)? })
}

/// The present base.
pub fn current_generation(db: &Connection) -> Result<Generation> {
    one_generation(db, "ORDER BY id DESC LIMIT 1", [])
}

/// The base of that number.
pub fn generation(db: &Connection, id: i64) -> Result<Generation> {
    one_generation(db, "WHERE id = ?1", [id])
}

/// Keeps the text of a manifest that waits for the board.
pub fn propose(db: &Connection, change: i64, text: &str) -> Result<()> {
    db.execute("INSERT INTO proposed_manifests (change, text) VALUES (?1, ?2)", (change, text))?;
    Ok(())
}

/// The text of the manifest that a change would put in force.
pub fn proposed(db: &Connection, change: i64) -> Result<Option<String>> {
    let mut statement = db.prepare_cached("SELECT text FROM proposed_manifests WHERE change = ?1")?;
    Ok(statement.query_row([change], |row| row.get(0)).optional()?)
}

/// Records a base.
pub fn insert_generation(db: &Connection, generation: &Generation) -> Result<()> {
    db.execute(
        "INSERT INTO base_generations (id, manifest, base_hash, created_at) VALUES (?1, ?2, ?3, ?4)",
        (generation.id, generation.manifest, &generation.base_hash, generation.created_at.to_string()),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::window::Window;

    const NIGHT: &str = r#"{"allow":true,"from":"22:00","name":"night","to":"05:00","zone":"UTC"}"#;

    fn windows(parts: &[(&str, &str)]) -> Vec<String> {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE manifest_parts (name TEXT PRIMARY KEY, part TEXT NOT NULL)").unwrap();
        for row in parts {
            db.execute("INSERT INTO manifest_parts VALUES (?1, ?2)", *row).unwrap();
        }
        part::<Vec<Window>>(&db, "windows").unwrap().into_iter().map(|window| window.name).collect()
    }

    #[test]
    fn the_windows_are_a_part_and_stand_in_the_rest_of_an_older_store() {
        let (list, rest) = (format!("[{NIGHT}]"), format!("{{\"windows\":[{NIGHT}]}}"));
        assert_eq!(windows(&[("rest", "{}"), ("windows", &list)]), ["night"]);
        assert_eq!(windows(&[("rest", &rest)]), ["night"]);
        assert_eq!(windows(&[("rest", "{}")]), [""; 0]);
    }

    #[test]
    fn a_manifest_with_windows_has_a_row_for_them() {
        let row_of = |text: &str| {
            let rows = rows_of(&Manifest::read(text).unwrap()).unwrap();
            rows.into_iter()
                .find(|(_, row)| row[0].as_deref() == Some(WINDOWS))
                .map(|(table, row)| (table, row[1].clone()))
        };
        assert_eq!(row_of("{format: 1, instance: a, policy: {critical: {window: false}}}"), None);
        let (table, part) = row_of(&format!("{{format: 1, instance: a, windows: [{NIGHT}]}}")).unwrap();
        assert_eq!(table, "manifest_parts");
        let windows: Vec<Window> = read_part(&part.unwrap()).unwrap();
        assert_eq!(windows[0].in_words(), "night: open every day 22:00–05:00 UTC, every risk");
    }
}
