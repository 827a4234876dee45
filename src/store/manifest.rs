//! Manifests, and the one in force as rows, so that no command parses it whole.

mod generation;
mod row;
mod setting;

pub use generation::{Generation, current_generation, generation, generations_after, insert_generation};
pub use row::{Columns, kept_rows, put_in_force, rows_of};
pub use setting::{
    count, default, defaults_of, each_default, each_setting, is_registered, is_secret, paths_like,
    registered_below, secrets, setting, settings_of,
};

use super::time_of;
use crate::domain::drift::Drift;
use crate::domain::error::{Error, Result};
use crate::domain::notice::Notify;
use crate::domain::policy::Policy;
use crate::domain::rule::Rule;
use crate::domain::service::{self, Service};
use crate::domain::source::Source;
use crate::domain::time::Timestamp;
use crate::domain::value::{self, Value};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::de::DeserializeOwned;
use serde_json::Map;
use std::collections::BTreeMap;

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

/// The text of an applied manifest by its hash.
pub fn text_of(db: &Connection, hash: &str) -> Result<Option<String>> {
    let mut statement = db.prepare_cached("SELECT text FROM manifests WHERE hash = ?1 LIMIT 1")?;
    Ok(statement.query_row([hash], |row| row.get(0)).optional()?)
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

/// A part of the manifest in force: `instance`, `policy`, `windows`, `contacts`, `secrets`.
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
    let rest: Map<String, Value> = part_if_any(db, "rest")?.unwrap_or_default();
    Ok(rest.get(WINDOWS).map_or_else(|| "[]".to_owned(), value::canonical))
}

/// The command that tells people what happens, and its terms, where the manifest names one.
pub fn notify(db: &Connection) -> Result<Option<Notify>> {
    part_if_any(db, "notify")
}

/// Where values below the overrides come from.
pub fn sources(db: &Connection) -> Result<Vec<Source>> {
    Ok(part_if_any(db, "sources")?.unwrap_or_default())
}

/// The programs that use settings.
pub fn services(db: &Connection) -> Result<BTreeMap<String, Service>> {
    let section: Value = part_if_any(db, "services")?.unwrap_or_default();
    service::read(&section).map_err(|_| super::damaged("a part of the manifest"))
}

/// Which differences are meant to be there.
pub fn drift(db: &Connection) -> Result<Drift> {
    Ok(part_if_any(db, "drift")?.unwrap_or_default())
}

/// The policy in force.
pub fn policy(db: &Connection) -> Result<Policy> {
    part(db, "policy")
}

/// The instance's name.
pub fn instance(db: &Connection) -> Result<String> {
    part(db, "instance")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::manifest::Manifest;
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
