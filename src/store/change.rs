//! Changes, their items and their steps.

mod decision;
mod item;
mod list;
mod row;
mod step;

pub use decision::Decision;
pub use item::{Other, asks_for, has_parts, insert_item, items, remove_items, value_items};
pub use list::{
    Which, confirming, count_open, count_waiting, last_executed_by, list, made, open_of_kind, open_on,
    open_on_path, rolled_back, taking_back, unreviewed_emergencies,
};
pub use row::put;
pub use step::Step;

use crate::domain::change::{Kind, State};
use crate::domain::dossier::Dossier;
use crate::domain::error::Result;
use crate::domain::risk::Risk;
use crate::domain::time::Timestamp;
use row::some;
use rusqlite::{Connection, OptionalExtension};

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its number, without gaps.
    pub number: i64,
    /// Its ULID.
    pub id: String,
    /// What kind.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// Its risk.
    pub risk: Risk,
    /// Why it is wanted.
    pub reason: String,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When its state last changed; none where it never did.
    pub updated_at: Option<Timestamp>,
    /// What was asked under its id.
    pub content_hash: String,
    /// The manifest whose policy decided.
    pub manifest: i64,
    /// The version it was made against.
    pub base_version: i64,
    /// The version it made.
    pub version: Option<i64>,
    /// Who executed it.
    pub executed_by: Option<String>,
    /// The backup written before it.
    pub backup: Option<String>,
    /// The recorded steps of its execution.
    pub steps: Vec<Step>,
    /// Its ticket.
    pub ticket: Option<String>,
    /// How to get back, in words.
    pub rollback_plan: Option<String>,
    /// What it was decided by.
    pub decision: Decision,
    /// What approvals are bound to; none for a change that waited for nobody.
    pub digest: Option<String>,
    /// When it ends if nobody decides.
    pub expires_at: Option<Timestamp>,
    /// Why it ended.
    pub ended_because: Option<String>,
    /// What its people say of it.
    pub dossier: Dossier,
    /// Whether the restart that it needs has been seen to; none where it needs none.
    pub restart: Option<Restart>,
    /// Whether the review that it asks for was made; none where it asks for none.
    pub review: Option<Review>,
}

/// Whether the review that a change asks for was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// Not yet.
    Due,
    /// Somebody looked back on it.
    Done,
}

impl Review {
    fn name(self) -> &'static str {
        match self {
            Review::Due => "due",
            Review::Done => "done",
        }
    }
}

/// Whether the restart that a change needs has been seen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Not yet: the services still run with the former values.
    Pending,
    /// Somebody recorded it, or it was verified.
    Recorded,
}

impl Restart {
    /// The word in output and the store.
    pub fn name(self) -> &'static str {
        match self {
            Restart::Pending => "pending",
            Restart::Recorded => "recorded",
        }
    }
}

/// The change of that ULID.
pub fn by_id(db: &Connection, id: &str) -> Result<Option<Change>> {
    // Nearly always asked of an id that is new: then no wide statement is prepared.
    let mut statement = db.prepare_cached("SELECT number FROM changes WHERE id = ?1")?;
    let number = statement.query_row([id], |row| row.get(0)).optional()?;
    number.map_or(Ok(None), |number| by_number(db, number))
}

/// The change of that number.
pub fn by_number(db: &Connection, number: i64) -> Result<Option<Change>> {
    Ok(some(db, "WHERE number = ?1", [number])?.pop())
}

/// At most two changes whose ULID begins so.
pub fn by_beginning(db: &Connection, beginning: &str) -> Result<Vec<Change>> {
    some(db, "WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT 2", [beginning])
}

/// The number the next change gets: one more than the last, so that there are no gaps.
pub fn next_number(db: &Connection) -> Result<i64> {
    let mut statement = db.prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM changes")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The number of the manifest that a change put in force, where it did.
pub fn manifest_of(db: &Connection, change: i64) -> Result<Option<i64>> {
    let mut statement = db.prepare_cached("SELECT id FROM manifests WHERE change = ?1")?;
    Ok(statement.query_row([change], |row| row.get(0)).optional()?)
}
