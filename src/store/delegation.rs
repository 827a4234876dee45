//! Who lets whom approve in their place, and until when.

use super::{optional_time, time_of};
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, Row};

/// One member's leave to another to approve in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Its number.
    pub id: i64,
    /// Whose authority it is.
    pub member: String,
    /// Who may use it.
    pub delegate: String,
    /// Until when.
    pub until: Timestamp,
    /// Since when.
    pub at: Timestamp,
    /// How the member proved who they are.
    pub proof: String,
    /// Why.
    pub reason: String,
    /// When it was taken back.
    pub ended_at: Option<Timestamp>,
}

impl Delegation {
    /// Whether it is in force.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.until > now
    }
}

fn to_delegation(row: &Row<'_>) -> Result<Delegation> {
    Ok(Delegation {
        id: row.get(0)?,
        member: row.get(1)?,
        delegate: row.get(2)?,
        until: time_of(&row.get::<_, String>(3)?)?,
        at: time_of(&row.get::<_, String>(4)?)?,
        proof: row.get(5)?,
        reason: row.get(6)?,
        ended_at: optional_time(row.get(7)?)?,
    })
}

fn some(db: &Connection, tail: &str, values: impl rusqlite::Params) -> Result<Vec<Delegation>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, member, delegate, until, created_at, proof, reason, ended_at FROM delegations {tail}"
    ))?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(to_delegation(row)?);
    }
    Ok(found)
}

/// What a member may do in others' place, the oldest first; former ones too.
pub fn to(db: &Connection, delegate: &str) -> Result<Vec<Delegation>> {
    some(db, "WHERE delegate = ?1 ORDER BY id", [delegate])
}

/// All of them, the oldest first.
pub fn all(db: &Connection) -> Result<Vec<Delegation>> {
    some(db, "ORDER BY id", [])
}

/// Records one and gives its number.
pub fn insert(db: &Connection, given: &Delegation) -> Result<i64> {
    db.execute(
        "INSERT INTO delegations (member, delegate, until, created_at, proof, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            &given.member,
            &given.delegate,
            given.until.to_string(),
            given.at.to_string(),
            &given.proof,
            &given.reason,
        ),
    )?;
    Ok(db.last_insert_rowid())
}

/// Takes one back.
pub fn end(db: &Connection, id: i64, now: Timestamp) -> Result<()> {
    db.execute("UPDATE delegations SET ended_at = ?2 WHERE id = ?1", (id, now.to_string()))?;
    Ok(())
}
