//! What is due at a time. A duty's row goes when it is done, in the transaction that does it.

use super::time_of;
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, Row};

/// What falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A scheduled change is to be executed.
    Execute,
    /// A change that nobody confirmed is to be taken back.
    Confirm,
    /// A change is to be brought to the services that use what it changed.
    Deliver,
    /// The services are watched after a change.
    Monitor,
}

impl Kind {
    /// The word in the store.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Execute => "execute",
            Kind::Confirm => "confirm",
            Kind::Deliver => "deliver",
            Kind::Monitor => "monitor",
        }
    }

    fn of_name(name: &str) -> Result<Kind> {
        [Kind::Execute, Kind::Confirm, Kind::Deliver, Kind::Monitor]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| super::damaged("a duty"))
    }
}

/// Something due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// What.
    pub kind: Kind,
    /// For which change.
    pub change: i64,
    /// When.
    pub due_at: Timestamp,
    /// Who set it.
    pub by: String,
}

fn to_duty(row: &Row<'_>) -> Result<Duty> {
    Ok(Duty {
        kind: Kind::of_name(&row.get::<_, String>(0)?)?,
        change: row.get(1)?,
        due_at: time_of(&row.get::<_, String>(2)?)?,
        by: row.get(3)?,
    })
}

fn some(db: &Connection, tail: &str, values: impl rusqlite::Params) -> Result<Vec<Duty>> {
    let mut statement =
        db.prepare_cached(&format!("SELECT kind, change, due_at, created_by FROM duties {tail}"))?;
    let mut rows = statement.query(values)?;
    let mut duties = Vec::new();
    while let Some(row) = rows.next()? {
        duties.push(to_duty(row)?);
    }
    Ok(duties)
}

/// Sets a duty, in the place of the change's former one of its kind.
pub fn put(db: &Connection, duty: &Duty, now: Timestamp) -> Result<()> {
    db.execute(
        "INSERT INTO duties (kind, change, due_at, created_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (kind, change) DO UPDATE SET due_at = excluded.due_at, created_at = excluded.created_at,
           created_by = excluded.created_by",
        (duty.kind.name(), duty.change, duty.due_at.to_string(), now.to_string(), &duty.by),
    )?;
    Ok(())
}

/// Takes a change's duty of a kind away.
pub fn remove(db: &Connection, kind: Kind, change: i64) -> Result<()> {
    db.execute("DELETE FROM duties WHERE kind = ?1 AND change = ?2", (kind.name(), change))?;
    Ok(())
}

/// A change's duty of a kind.
pub fn find(db: &Connection, kind: Kind, change: i64) -> Result<Option<Duty>> {
    Ok(some(db, "WHERE kind = ?1 AND change = ?2", (kind.name(), change))?.pop())
}

/// What is due by a moment, the longest overdue first.
pub fn due(db: &Connection, by: Timestamp) -> Result<Vec<Duty>> {
    some(db, "WHERE due_at <= ?1 ORDER BY due_at, id LIMIT 1000", [by.to_string()])
}

/// Everything that will fall due of a kind, the soonest first.
pub fn of_kind(db: &Connection, kind: Kind) -> Result<Vec<Duty>> {
    some(db, "WHERE kind = ?1 ORDER BY due_at, id LIMIT 1000", [kind.name()])
}
