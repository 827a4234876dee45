//! What each generation altered of what the sources say.
//!
//! What must stay true: a row says what was there before and after, so that the base of any generation can be computed.

use super::Said;
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::value;
use crate::store::value_of;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

/// What a generation did to what one source says of one path.
#[derive(Debug, Clone, PartialEq)]
pub struct Altered {
    /// What it said before; none where it said nothing.
    pub before: Option<Said>,
    /// What it says since.
    pub after: Option<Said>,
}

/// Writes what a generation alters, and keeps what was there before.
pub fn alter(db: &Connection, generation: i64, altered: &[Altered]) -> Result<()> {
    let mut keep = db.prepare_cached(
        "INSERT INTO base_changes (generation, path, source, old_priority, old_value, old_origin, new_priority, new_value,
           new_origin) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let mut put = db.prepare_cached(
        "INSERT INTO base_values (path, source, priority, value, origin) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (path, source) DO UPDATE SET priority = excluded.priority, value = excluded.value,
           origin = excluded.origin",
    )?;
    let mut remove = db.prepare_cached("DELETE FROM base_values WHERE path = ?1 AND source = ?2")?;
    for Altered { before, after } in altered {
        let Some(either) = after.as_ref().or(before.as_ref()) else { continue };
        let (path, source) = (either.path.as_str(), &either.source);
        let text = |said: &Option<Said>| said.as_ref().map(|said| value::canonical(&said.value));
        let priority = |said: &Option<Said>| said.as_ref().map(|said| said.priority);
        let origin = |said: &Option<Said>| said.as_ref().map(|said| said.origin.clone());
        keep.execute((
            generation,
            path,
            source,
            priority(before),
            text(before),
            origin(before),
            priority(after),
            text(after),
            origin(after),
        ))?;
        match after {
            Some(said) => put.execute((path, source, said.priority, text(after), &said.origin))?,
            None => remove.execute((path, source))?,
        };
    }
    Ok(())
}

/// One half of what a generation did: a path and a source, and what it says there before or after.
type Half = ((Path, String), Option<Said>);

fn to_half(row: &Row<'_>) -> Result<Half> {
    let (path, source): (String, String) = (row.get(0)?, row.get(1)?);
    let path = Path::from_canonical(path);
    let said = match row.get::<_, Option<String>>(3)? {
        Some(value) => Some(Said {
            path: path.clone(),
            source: source.clone(),
            priority: row.get(2)?,
            value: value_of(&value)?,
            origin: row.get(4)?,
        }),
        None => None,
    };
    Ok(((path, source), said))
}

/// What every source said, of each path and source that a later generation altered, when a generation was in force:
/// none where it said nothing.
pub fn former(db: &Connection, generation: i64) -> Result<BTreeMap<(Path, String), Option<Said>>> {
    let mut statement = db.prepare_cached(
        "SELECT path, source, old_priority, old_value, old_origin FROM base_changes
         WHERE generation > ?1 ORDER BY generation DESC",
    )?;
    let mut rows = statement.query([generation])?;
    let mut former = BTreeMap::new();
    while let Some(row) = rows.next()? {
        // The oldest of the later generations is the one that says what it replaced: it comes last.
        let (key, said) = to_half(row)?;
        former.insert(key, said);
    }
    Ok(former)
}

/// Calls back with what every generation after one altered, the newest first: the generation, the path, the source, and
/// what the source said before.
pub fn each_altered_after(
    db: &Connection,
    generation: i64,
    mut visit: impl FnMut(i64, Path, String, Option<Said>),
) -> Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT path, source, old_priority, old_value, old_origin, generation FROM base_changes
         WHERE generation > ?1 ORDER BY generation DESC",
    )?;
    let mut rows = statement.query([generation])?;
    while let Some(row) = rows.next()? {
        let ((path, source), said) = to_half(row)?;
        visit(row.get(5)?, path, source, said);
    }
    Ok(())
}

/// What the last generation that altered it left of what each source says of each path: none where it says nothing.
pub fn last_altered(db: &Connection) -> Result<BTreeMap<(Path, String), Option<Said>>> {
    let mut statement = db.prepare_cached(
        "SELECT path, source, new_priority, new_value, new_origin FROM base_changes ORDER BY generation",
    )?;
    let mut rows = statement.query([])?;
    let mut last = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (key, said) = to_half(row)?;
        last.insert(key, said);
    }
    Ok(last)
}
