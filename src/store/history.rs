//! What each version did to each path; read by index in both directions.

use super::overrides::Stamp;
use super::{below, digest, optional_value, time_of};
use crate::domain::change::Item;
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, ToSql};

/// One row of history.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number.
    pub id: i64,
    /// CREATE, UPDATE or DELETE.
    pub operation: String,
    /// The path.
    pub path: Path,
    /// Before.
    pub before: Option<Value>,
    /// After.
    pub after: Option<Value>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// From where.
    pub origin: String,
    /// Why.
    pub reason: String,
    /// The version.
    pub version: i64,
}

const COLUMNS: &str = "id, operation, section, key, old_value, new_value, changed_at, changed_by, source_ip, reason, version_id";

fn to_event(row: &Row<'_>) -> Result<Event> {
    let (section, key): (String, String) = (row.get(2)?, row.get(3)?);
    Ok(Event {
        id: row.get(0)?,
        operation: row.get(1)?,
        path: Path::from_section_and_key(&section, &key),
        before: optional_value(row.get(4)?)?,
        after: optional_value(row.get(5)?)?,
        at: time_of(&row.get::<_, String>(6)?)?,
        by: row.get(7)?,
        origin: row.get(8)?,
        reason: row.get(9)?,
        version: row.get(10)?,
    })
}

/// What a version did to one path, its values as canonical text.
#[derive(Debug, Clone, Copy)]
pub struct Done<'a> {
    /// The path, with its values before and after.
    pub item: &'a Item,
    /// The value before.
    pub before: Option<&'a str>,
    /// The value after.
    pub after: Option<&'a str>,
}

/// So many rows are written with one statement where there are many: beginning and ending one costs as much as a row.
pub(super) const TOGETHER: usize = 32;

/// Records what one version, whose own row is written, did to paths. Gives the digest of the version's record, which
/// is made on the way: reading the rows again for it would cost half as much as writing them.
pub fn insert(db: &Connection, stamp: Stamp<'_>, rows: &[Done<'_>]) -> Result<String> {
    let mut digest = digest::OfVersion::begin(db, stamp)?;
    let (many, few) = rows.split_at(rows.len() - rows.len() % TOGETHER);
    for (rows, together) in [(many, TOGETHER), (few, 1)] {
        if rows.is_empty() {
            continue;
        }
        let mut statement = prepare(db, stamp, together)?;
        for rows in rows.chunks_exact(together) {
            for (place, row) in (1..).step_by(ROW).map(|place| place + SHARED).zip(rows) {
                statement.raw_bind_parameter(place, row.item.operation())?;
                statement.raw_bind_parameter(place + 1, row.item.path.section())?;
                statement.raw_bind_parameter(place + 2, row.item.path.key())?;
                statement.raw_bind_parameter(place + 3, row.before)?;
                statement.raw_bind_parameter(place + 4, row.after)?;
            }
            statement.raw_execute()?;
            // Rows of one statement have numbers that follow each other.
            let last = db.last_insert_rowid();
            for (id, row) in (last + 1 - together as i64..).zip(rows) {
                digest.row(id, row);
            }
        }
    }
    Ok(digest.finish())
}

/// How many columns every row shares, and how many are a row's own.
const SHARED: usize = 5;
const ROW: usize = 5;

/// The statement for so many rows, with what they share bound to it.
fn prepare<'c>(db: &'c Connection, stamp: Stamp<'_>, together: usize) -> Result<CachedStatement<'c>> {
    let row = |number: usize| {
        let own: Vec<String> = (1..=ROW).map(|at| format!("?{}", SHARED + number * ROW + at)).collect();
        format!("({}, ?1, ?2, ?3, ?4, ?5)", own.join(", "))
    };
    let rows: Vec<String> = (0..together).map(row).collect();
    let mut statement = db.prepare_cached(&format!(
        "INSERT INTO config_history
           (operation, section, key, old_value, new_value, changed_at, changed_by, source_ip, reason, version_id)
         VALUES {}",
        rows.join(", ")
    ))?;
    for (at, text) in (1..).zip([stamp.at, stamp.by, stamp.origin, stamp.reason]) {
        statement.raw_bind_parameter(at, text)?;
    }
    statement.raw_bind_parameter(SHARED, stamp.version)?;
    Ok(statement)
}

/// What is asked of history.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this path, or what lies below it.
    pub path: Option<Path>,
    /// Only since.
    pub since: Option<Timestamp>,
    /// Only until.
    pub until: Option<Timestamp>,
    /// Only by this member.
    pub by: Option<String>,
    /// Only rows before this one: its version and its number.
    pub before: Option<(i64, i64)>,
}

/// Rows that match, the newest first.
pub fn list(db: &Connection, filter: &Filter, limit: u32) -> Result<Vec<Event>> {
    let mut conditions = vec!["1 = 1".to_owned()];
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut condition = |text: &str, value: Box<dyn ToSql>, values: &mut Vec<Box<dyn ToSql>>| {
        values.push(value);
        conditions.push(text.replace("{}", &format!("?{}", values.len())));
    };
    if let Some(path) = &filter.path {
        // A path's own rows come by index; what lies below shares its section, or has it as its section.
        let segments = path.segments().len();
        let (from, to) = below(path.key());
        if segments == 1 {
            condition("(section = '' AND key = {}", Box::new(path.as_str().to_owned()), &mut values);
            condition("OR section = {})", Box::new(path.as_str().to_owned()), &mut values);
        } else {
            condition("section = {}", Box::new(path.section().to_owned()), &mut values);
            condition("(key = {}", Box::new(path.key().to_owned()), &mut values);
            condition("OR (key >= {}", Box::new(from), &mut values);
            condition("AND key < {}))", Box::new(to), &mut values);
        }
    }
    // Times never go back from version to version: a time is a version, and versions have an index. Where versions were
    // pruned, rows of them are left.
    if let Some(since) = filter.since {
        let before = super::version::at_time(db, Timestamp::from_millis(since.millis() - 1))?;
        condition("version_id > {}", Box::new(before.map_or(0, |version| version.id)), &mut values);
        condition("changed_at >= {}", Box::new(since.to_string()), &mut values);
    }
    if let Some(until) = filter.until {
        let last = super::version::at_time(db, until)?.map_or(0, |version| version.id);
        let next = super::version::next(db, last)?.map_or(i64::MAX, |version| version.id);
        condition("version_id < {}", Box::new(next), &mut values);
        condition("changed_at <= {}", Box::new(until.to_string()), &mut values);
    }
    if let Some(by) = &filter.by {
        condition("changed_by = {}", Box::new(by.clone()), &mut values);
    }
    if let Some((version, id)) = filter.before {
        condition("(version_id < {}", Box::new(version), &mut values);
        condition("OR (version_id = {}", Box::new(version), &mut values);
        condition("AND id < {}))", Box::new(id), &mut values);
    }
    let conditions = conditions.join(" AND ").replace("AND OR", "OR").replace("AND AND", "AND");
    let sql = format!(
        "SELECT {COLUMNS} FROM config_history WHERE {conditions} ORDER BY version_id DESC, id DESC LIMIT {limit}"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values.iter()))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(to_event(row)?);
    }
    Ok(events)
}

/// Rows after this one (its version and its number), the oldest first. Read by version, whatever the path: the cost is
/// what happened since, and never what a path went through before.
pub fn list_after(db: &Connection, path: Option<&Path>, after: (i64, i64), limit: u32) -> Result<Vec<Event>> {
    // A path of one segment stands at the top level, or is a section.
    let (section, key, whole) = match path {
        None => (None, "", None),
        Some(path) if path.segments().len() == 1 => (Some(""), path.as_str(), Some(path.as_str())),
        Some(path) => (Some(path.section()), path.key(), None),
    };
    let (from, to) = if whole.is_some() { Default::default() } else { below(key) };
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM config_history
         WHERE version_id >= ?1 AND (version_id > ?1 OR id > ?2)
           AND (?3 IS NULL OR (section = ?3 AND (key = ?4 OR (key >= ?5 AND key < ?6))) OR section = ?7)
         ORDER BY version_id, id LIMIT ?8"
    ))?;
    let mut rows =
        statement.query(rusqlite::params![after.0, after.1, section, key, from, to, whole, limit])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(to_event(row)?);
    }
    Ok(events)
}

/// What a version did.
pub fn of_version(db: &Connection, version: i64) -> Result<Vec<Event>> {
    let sql = format!("SELECT {COLUMNS} FROM config_history WHERE version_id = ?1 ORDER BY id");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([version])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(to_event(row)?);
    }
    Ok(events)
}

/// For every path touched after a version: what it held at that version. Cost follows what happened since.
pub fn values_at(db: &Connection, version: i64) -> Result<Vec<(Path, Option<Value>)>> {
    first_since(db, version, i64::MAX)
}

/// For every path touched by the versions after `a` up to `b`: what it held at `a`.
pub fn first_since(db: &Connection, a: i64, b: i64) -> Result<Vec<(Path, Option<Value>)>> {
    let mut statement = db.prepare_cached(
        "SELECT h.section, h.key, h.old_value FROM config_history h
         JOIN (SELECT min(id) AS id FROM config_history WHERE version_id > ?1 AND version_id <= ?2
               GROUP BY section, key) f ON f.id = h.id",
    )?;
    let mut rows = statement.query((a, b))?;
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        let (section, key): (String, String) = (row.get(0)?, row.get(1)?);
        values.push((Path::from_section_and_key(&section, &key), optional_value(row.get(2)?)?));
    }
    Ok(values)
}

/// What a path held at a version: none where nothing has touched it since (it holds that still).
pub fn value_at(db: &Connection, path: &Path, version: i64) -> Result<Option<Option<Value>>> {
    let mut statement = db.prepare_cached(
        "SELECT old_value FROM config_history WHERE section = ?1 AND key = ?2 AND version_id > ?3
         ORDER BY version_id LIMIT 1",
    )?;
    let old: Option<Option<String>> =
        statement.query_row((path.section(), path.key(), version), |row| row.get(0)).optional()?;
    old.map(optional_value).transpose()
}

/// Whether a path held this very value (or none) at some moment since then: as what a row left behind that was not
/// replaced before, or as what the first row since then replaced.
pub fn was_in_force_since(
    db: &Connection,
    path: &Path,
    value: Option<&str>,
    since: Timestamp,
) -> Result<bool> {
    let mut statement = db.prepare_cached(
        "SELECT 1 FROM config_history h
         WHERE section = ?1 AND key = ?2 AND changed_at >= ?3 AND old_value IS ?4
           AND NOT EXISTS (
             SELECT 1 FROM (SELECT max(p.version_id) AS version_id FROM config_history p
                            WHERE p.section = h.section AND p.key = h.key AND p.version_id < h.version_id) l
               CROSS JOIN emergencies e JOIN changes c ON c.number = e.change
             WHERE c.version_id = l.version_id
               AND NOT EXISTS (SELECT 1 FROM reviews r
                               WHERE r.change = e.change AND json_extract(r.findings, '$.right') = 1))
         LIMIT 1",
    )?;
    Ok(statement.exists((path.section(), path.key(), since.to_string(), value))?)
}

/// Whether a path ever had this value, as far back as history goes.
pub fn was_ever(db: &Connection, path: &Path, value: &str) -> Result<bool> {
    let mut statement = db.prepare_cached(
        "SELECT 1 FROM config_history WHERE section = ?1 AND key = ?2 AND (new_value = ?3 OR old_value = ?3) LIMIT 1",
    )?;
    Ok(statement.exists((path.section(), path.key(), value))?)
}

/// Calls back for the last row of every path: path, new value as text, when, by whom, why, version.
pub fn each_last(
    db: &Connection,
    mut visit: impl FnMut(String, Option<String>, String, String, String, i64) -> Result<()>,
) -> Result<()> {
    let mut statement = db.prepare(
        "SELECT h.section, h.key, h.new_value, h.changed_at, h.changed_by, h.reason, h.version_id FROM config_history h
         JOIN (SELECT max(id) AS id FROM config_history GROUP BY section, key) l ON l.id = h.id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (section, key): (String, String) = (row.get(0)?, row.get(1)?);
        let path = Path::from_section_and_key(&section, &key).as_str().to_owned();
        visit(path, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::Store;
    use crate::store::migration;
    use serde_json::json;

    #[test]
    fn the_digest_made_while_writing_is_that_of_the_rows() {
        let store = Store::in_memory().unwrap();
        migration::migrate(&store).unwrap();
        let db = store.connection();
        for (version, count) in (1..).zip([1, 0, TOGETHER - 1, TOGETHER, TOGETHER + 1, 20 * TOGETHER + 3]) {
            db.execute(
                "INSERT INTO config_versions (id, config_hash, effective_hash, created_at, created_by, generation)
                 VALUES (?1, 'a', 'b', '2026-11-21T09:30:00.000Z', 'alice', 1)",
                [version],
            )
            .unwrap();
            let items: Vec<Item> = (0..count)
                .map(|number| Item {
                    path: Path::parse(&if number % 3 == 0 {
                        format!("p{number}")
                    } else {
                        format!("s.p{number}.x")
                    })
                    .unwrap(),
                    before: (number % 2 == 0).then(|| json!(number)),
                    after: (number % 5 != 0).then(|| json!({"é": number})),
                })
                .collect();
            let texts: Vec<_> = items
                .iter()
                .map(|item| [&item.before, &item.after].map(|value| value.as_ref().map(ToString::to_string)))
                .collect();
            let rows: Vec<_> = items
                .iter()
                .zip(&texts)
                .map(|(item, [before, after])| Done {
                    item,
                    before: before.as_deref(),
                    after: after.as_deref(),
                })
                .collect();
            let stamp =
                Stamp { at: "2026-11-21T09:30:00.000Z", by: "alice", reason: "", origin: "local", version };
            let digest = insert(db, stamp, &rows).unwrap();
            assert_eq!(digest::of_record(db, "version", &version.to_string()).unwrap(), Some(digest));
            let events = of_version(db, version).unwrap();
            let written: Vec<Item> = events
                .into_iter()
                .map(|event| Item { path: event.path, before: event.before, after: event.after })
                .collect();
            assert_eq!(written, items);
        }
    }
}
