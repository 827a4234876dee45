//! Changes by what they wait for, by whom and by when.
//!
//! What must stay true: a request is open here in the states in which the domain calls it so.

use super::Change;
use super::row::some;
use crate::domain::change::{Kind, State};
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use rusqlite::Connection;

/// The states in which a request is open, as [`State::is_open`] and the index of the open ones have them.
const OPEN: &str = "('draft', 'pending', 'approved', 'scheduled')";

/// The change that took one back.
pub fn taking_back(db: &Connection, change: &Change) -> Result<Option<Change>> {
    let Some(version) = change.version else { return Ok(None) };
    let later = some(
        db,
        "WHERE number > ?1 AND base_version = ?2 AND kind = 'undo' ORDER BY number",
        (change.number, version),
    )?;
    Ok(later.into_iter().find(|later| later.decision.takes_back == Some(change.number)))
}

/// A member's last executed change that made a version.
pub fn last_executed_by(db: &Connection, member: &str) -> Result<Option<Change>> {
    Ok(some(db, "WHERE version_id IS NOT NULL AND coalesce(executed_by, requested_by) = ?1 ORDER BY number DESC LIMIT 1", [member])?.pop())
}

/// How many requests are open.
pub fn count_open(db: &Connection) -> Result<i64> {
    let mut statement = db.prepare_cached(&format!("SELECT count(*) FROM changes WHERE state IN {OPEN}"))?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The ULIDs of open requests that would change a path.
pub fn open_on_path(db: &Connection, path: &str) -> Result<Vec<String>> {
    open_on(db, "value", path)
}

/// The ULIDs of open requests with an item of a kind and a path: a value, a member, the manifest.
pub fn open_on(db: &Connection, what: &str, path: &str) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT c.id FROM changes c WHERE c.state IN {OPEN} AND EXISTS (
           SELECT 1 FROM change_items i WHERE i.path = ?1 AND i.change = c.number AND i.what = ?2) ORDER BY c.number",
    ))?;
    Ok(statement.query_map([path, what], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// The open requests of a kind, the oldest first.
pub fn open_of_kind(db: &Connection, kind: Kind) -> Result<Vec<Change>> {
    some(db, &format!("WHERE state IN {OPEN} AND kind = ?1 ORDER BY number"), [kind.name()])
}

/// What a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The open ones.
    Open,
    /// Those in one state.
    In(State),
    /// Those whose services have yet to restart.
    RestartPending,
    /// Those that nobody has looked back on, though it is asked for.
    Unreviewed,
    /// Emergencies.
    Emergencies,
    /// Emergencies that nobody has looked back on.
    UnreviewedEmergencies,
    /// All.
    All,
}

/// Changes before a number, the newest first.
pub fn list(db: &Connection, which: Which, before: Option<i64>, limit: u32) -> Result<Vec<Change>> {
    let before = before.unwrap_or(i64::MAX);
    match which {
        Which::Open => some(
            db,
            &format!("WHERE state IN {OPEN} AND number < ?1 ORDER BY number DESC LIMIT ?2"),
            (before, limit),
        ),
        Which::In(state) => some(
            db,
            "WHERE state = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
            (state.name(), before, limit),
        ),
        Which::RestartPending => some(
            db,
            "WHERE restart = 'pending' AND number < ?1 ORDER BY number DESC LIMIT ?2",
            (before, limit),
        ),
        Which::Unreviewed => {
            some(db, "WHERE review = 'due' AND number < ?1 ORDER BY number DESC LIMIT ?2", (before, limit))
        }
        Which::Emergencies => some(
            db,
            "WHERE number IN (SELECT change FROM emergencies WHERE change < ?1 ORDER BY change DESC LIMIT ?2)
             ORDER BY number DESC",
            (before, limit),
        ),
        Which::UnreviewedEmergencies => some(
            db,
            "WHERE kind = 'emergency' AND review = 'due' AND number < ?1 ORDER BY number DESC LIMIT ?2",
            (before, limit),
        ),
        Which::All => some(db, "WHERE number < ?1 ORDER BY number DESC LIMIT ?2", (before, limit)),
    }
}

/// Changes made in a span of time, after a number, the oldest first: what an export reads, page by page.
pub fn made(
    db: &Connection,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    after: i64,
    limit: u32,
) -> Result<Vec<Change>> {
    let since = since.map_or_else(String::new, |at| at.to_string());
    let until = until.map_or_else(|| "9999-12-31T23:59:59.999Z".to_owned(), |at| at.to_string());
    some(
        db,
        "WHERE number > ?1 AND created_at >= ?2 AND created_at <= ?3 ORDER BY number LIMIT ?4",
        (after, since, until, limit),
    )
}

/// How many changes wait for a review, the emergencies among them, and for a restart.
pub fn count_waiting(db: &Connection) -> Result<(i64, i64, i64)> {
    let count = |query: &str| Ok::<i64, Error>(db.prepare_cached(query)?.query_row([], |row| row.get(0))?);
    Ok((
        count("SELECT count(*) FROM changes WHERE review = 'due'")?,
        count("SELECT count(*) FROM changes WHERE kind = 'emergency' AND review = 'due'")?,
        count("SELECT count(*) FROM changes WHERE restart = 'pending'")?,
    ))
}

/// The numbers of the emergencies that nobody has looked back on.
pub fn unreviewed_emergencies(db: &Connection) -> Result<Vec<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT number FROM changes WHERE kind = 'emergency' AND review = 'due' ORDER BY number",
    )?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// The change that waits to be confirmed: at most one does.
pub fn confirming(db: &Connection) -> Result<Option<Change>> {
    Ok(some(db, "WHERE state = 'confirming' ORDER BY number DESC LIMIT 1", [])?.pop())
}

/// The last changes that were taken back, the newest first.
pub fn rolled_back(db: &Connection, limit: u32) -> Result<Vec<Change>> {
    some(db, "WHERE state = 'rolled-back' ORDER BY number DESC LIMIT ?1", [limit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_are_the_states_that_the_domain_calls_open() {
        use State::{
            Approved, Cancelled, Completed, Confirming, Draft, Expired, Pending, Rejected, RolledBack,
            Scheduled,
        };
        for state in [
            Draft, Pending, Approved, Scheduled, Confirming, Completed, Rejected, Cancelled, Expired,
            RolledBack,
        ] {
            assert_eq!(OPEN.contains(&format!("'{state}'")), state.is_open(), "{state}");
        }
    }
}
