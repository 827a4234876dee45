//! What a change does, item by item.
//!
//! What must stay true: they are kept as they were asked for, in order; what came of them is in the history.

use crate::domain::change::{Item, Parts};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::value::{self, Value};
use crate::store::optional_value;
use rusqlite::Connection;

/// Whether anything but its own row belongs to a change: items of its own, decisions or evidence. Most have none, and
/// one question is cheaper than three.
pub fn has_parts(db: &Connection, number: i64) -> Result<bool> {
    let mut statement = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM change_items WHERE change = ?1)
           OR EXISTS (SELECT 1 FROM approvals WHERE change = ?1) OR EXISTS (SELECT 1 FROM evidence WHERE change = ?1)",
    )?;
    Ok(statement.query_row([number], |row| row.get(0))?)
}

/// An item as the store keeps it, whatever it is about: a path's value, the manifest, a member, the instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Other {
    /// value, manifest, member or instance.
    pub what: String,
    /// The path, or the name of what it is about.
    pub path: String,
    /// Before.
    pub before: Option<Value>,
    /// After.
    pub after: Option<Value>,
}

impl Other {
    /// An item that is a path's value.
    pub fn of_value(item: &Item) -> Other {
        Other {
            what: "value".to_owned(),
            path: item.path.to_string(),
            before: item.before.clone(),
            after: item.after.clone(),
        }
    }

    /// What a digest covers of it.
    pub fn parts(&self) -> Parts<'_> {
        (&self.path, self.before.as_ref(), self.after.as_ref())
    }
}

/// Records an item of a change.
pub fn insert_item(db: &Connection, change: i64, position: usize, item: &Other) -> Result<()> {
    let mut statement = db.prepare_cached(
        "INSERT INTO change_items (change, position, what, path, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    statement.execute((
        change,
        position as i64,
        &item.what,
        &item.path,
        item.before.as_ref().map(value::canonical),
        item.after.as_ref().map(value::canonical),
    ))?;
    Ok(())
}

/// Takes a change's items away, for others to take their place.
pub fn remove_items(db: &Connection, change: i64) -> Result<()> {
    db.execute("DELETE FROM change_items WHERE change = ?1", [change])?;
    Ok(())
}

/// A change's items as they were recorded before it was executed, in order.
pub fn items(db: &Connection, change: i64) -> Result<Vec<Other>> {
    if !has_parts(db, change)? {
        return Ok(Vec::new());
    }
    let mut statement = db.prepare_cached(
        "SELECT what, path, before, after FROM change_items WHERE change = ?1 ORDER BY position",
    )?;
    let mut rows = statement.query([change])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(Other {
            what: row.get(0)?,
            path: row.get(1)?,
            before: optional_value(row.get(2)?)?,
            after: optional_value(row.get(3)?)?,
        });
    }
    Ok(items)
}

/// Whether a change, whatever became of it, asked for this value of a path.
pub fn asks_for(db: &Connection, path: &str, value: &str) -> Result<bool> {
    let mut statement = db.prepare_cached(
        "SELECT 1 FROM change_items WHERE path = ?1 AND what = 'value' AND after = ?2 LIMIT 1",
    )?;
    Ok(statement.exists((path, value))?)
}

/// The values a waiting change would set, in order.
pub fn value_items(db: &Connection, change: i64) -> Result<Vec<Item>> {
    let of_value = |item: Other| {
        (item.what == "value").then(|| Item {
            path: Path::from_canonical(item.path),
            before: item.before,
            after: item.after,
        })
    };
    Ok(items(db, change)?.into_iter().filter_map(of_value).collect())
}
