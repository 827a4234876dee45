//! Changes, their items and their steps.

use super::{damaged, optional_time, optional_value, time_of};
use crate::domain::change::{Item, Kind, State};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::policy::Demand;
use crate::domain::risk::{Risk, RiskReason};
use crate::domain::time::Timestamp;
use crate::domain::value::{self, Value};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

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
}

/// What a change was decided by, as it stood then.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Decision {
    /// Why it has its risk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<RiskReason>,
    /// What its risk demanded; none where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<Demand>,
    /// Whether history proved that its values were in force lately.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proven: bool,
    /// Whether a service must restart.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restart: bool,
    /// The services that use its paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// What it goes back to, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns_to: Option<String>,
    /// What set a rollback off (requirement B2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
}

const COLUMNS: &str = "number, id, kind, state, risk, reason, requested_by, created_at, updated_at, content_hash, manifest,
  base_version, version_id, executed_by, backup, ticket, rollback_plan, decided_by, digest, expires_at, ended_because";

fn to_change(row: &Row<'_>) -> Result<Change> {
    let (kind, state, risk): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let decision: Option<String> = row.get(17)?;
    Ok(Change {
        number: row.get(0)?,
        id: row.get(1)?,
        kind: Kind::of_name(&kind).ok_or_else(|| damaged("a change's kind"))?,
        state: State::of_name(&state).ok_or_else(|| damaged("a change's state"))?,
        risk: Risk::parse(&risk).ok_or_else(|| damaged("a risk"))?,
        reason: row.get(5)?,
        requested_by: row.get(6)?,
        created_at: time_of(&row.get::<_, String>(7)?)?,
        updated_at: optional_time(row.get(8)?)?,
        content_hash: row.get(9)?,
        manifest: row.get(10)?,
        base_version: row.get(11)?,
        version: row.get(12)?,
        executed_by: row.get(13)?,
        backup: row.get(14)?,
        ticket: row.get(15)?,
        rollback_plan: row.get(16)?,
        decision: match decision {
            Some(text) => serde_json::from_str(&text).map_err(|_| damaged("a change's decision"))?,
            None => Decision::default(),
        },
        digest: row.get(18)?,
        expires_at: optional_time(row.get(19)?)?,
        ended_because: row.get(20)?,
    })
}

fn some(db: &Connection, tail: &str, values: impl rusqlite::Params) -> Result<Vec<Change>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM changes {tail}"))?;
    let mut rows = statement.query(values)?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(to_change(row)?);
    }
    Ok(changes)
}

/// The change of that ULID.
pub fn by_id(db: &Connection, id: &str) -> Result<Option<Change>> {
    Ok(some(db, "WHERE id = ?1", [id])?.pop())
}

/// The change of that number.
pub fn by_number(db: &Connection, number: i64) -> Result<Option<Change>> {
    Ok(some(db, "WHERE number = ?1", [number])?.pop())
}

/// At most two changes whose ULID begins so.
pub fn by_beginning(db: &Connection, beginning: &str) -> Result<Vec<Change>> {
    some(db, "WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT 2", [beginning])
}

/// A member's last executed change that made a version.
pub fn last_executed_by(db: &Connection, member: &str) -> Result<Option<Change>> {
    Ok(some(db, "WHERE executed_by = ?1 AND version_id IS NOT NULL ORDER BY number DESC LIMIT 1", [member])?.pop())
}

/// How many requests are open.
pub fn count_open(db: &Connection) -> Result<i64> {
    let mut statement = db.prepare_cached("SELECT count(*) FROM changes WHERE state IN ('pending', 'approved')")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The ULIDs of open requests that would change a path.
pub fn open_on_path(db: &Connection, path: &str) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT c.id FROM changes c WHERE c.state IN ('pending', 'approved') AND EXISTS (
           SELECT 1 FROM change_items i WHERE i.path = ?1 AND i.change = c.number AND i.what = 'value') ORDER BY c.number",
    )?;
    Ok(statement.query_map([path], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// What a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The open ones.
    Open,
    /// Those in one state.
    In(State),
    /// All.
    All,
}

/// Changes before a number, the newest first.
pub fn list(db: &Connection, which: Which, before: Option<i64>, limit: u32) -> Result<Vec<Change>> {
    let before = before.unwrap_or(i64::MAX);
    match which {
        Which::Open => some(
            db,
            "WHERE state IN ('pending', 'approved') AND number < ?1 ORDER BY number DESC LIMIT ?2",
            (before, limit),
        ),
        Which::In(state) => some(
            db,
            "WHERE state = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
            (state.name(), before, limit),
        ),
        Which::All => some(db, "WHERE number < ?1 ORDER BY number DESC LIMIT ?2", (before, limit)),
    }
}

/// The number the next change gets: one more than the last, so that there are no gaps.
pub fn next_number(db: &Connection) -> Result<i64> {
    let mut statement = db.prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM changes")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Records a change, or what has become of it.
pub fn put(db: &Connection, change: &Change) -> Result<()> {
    let decision = if change.decision == Decision::default() {
        None
    } else {
        Some(serde_json::to_string(&change.decision).map_err(|_| damaged("a change's decision"))?)
    };
    let mut statement = db.prepare_cached(
        "INSERT INTO changes (number, id, kind, state, risk, reason, requested_by, created_at, updated_at, content_hash,
           manifest, base_version, version_id, executed_by, backup, ticket, rollback_plan, decided_by, digest,
           expires_at, ended_because)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
         ON CONFLICT (number) DO UPDATE SET state = excluded.state, risk = excluded.risk,
           updated_at = excluded.updated_at, manifest = excluded.manifest, version_id = excluded.version_id,
           executed_by = excluded.executed_by, backup = excluded.backup, decided_by = excluded.decided_by,
           digest = excluded.digest, expires_at = excluded.expires_at, ended_because = excluded.ended_because",
    )?;
    statement.execute(rusqlite::params![
        change.number,
        change.id,
        change.kind.name(),
        change.state.name(),
        change.risk.as_str(),
        change.reason,
        change.requested_by,
        change.created_at.to_string(),
        change.updated_at.map(|at| at.to_string()),
        change.content_hash,
        change.manifest,
        change.base_version,
        change.version,
        change.executed_by,
        change.backup,
        change.ticket,
        change.rollback_plan,
        decision,
        change.digest,
        change.expires_at.map(|at| at.to_string()),
        change.ended_because,
    ])?;
    Ok(())
}

/// An item that is no path's value: the manifest, a member, the instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Other {
    /// manifest, member or instance.
    pub what: String,
    /// Its name.
    pub path: String,
    /// Before.
    pub before: Option<Value>,
    /// After.
    pub after: Option<Value>,
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

/// A change's items as they were recorded before it was executed, in order.
pub fn items(db: &Connection, change: i64) -> Result<Vec<Other>> {
    let mut statement =
        db.prepare_cached("SELECT what, path, before, after FROM change_items WHERE change = ?1 ORDER BY position")?;
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

/// One recorded step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// validation, backup, apply_change, verification.
    pub name: String,
    /// completed, failed or skipped.
    pub status: String,
    /// In microseconds.
    pub duration_us: i64,
    /// What came of it.
    pub result: String,
}

/// Records a change's steps.
pub fn insert_steps(db: &Connection, change: i64, steps: &[Step]) -> Result<()> {
    let mut statement = db.prepare_cached(
        "INSERT INTO change_steps (change, position, name, status, duration_us, result) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (position, step) in steps.iter().enumerate() {
        statement.execute((change, position as i64, &step.name, &step.status, step.duration_us, &step.result))?;
    }
    Ok(())
}

/// A change's steps, in order.
pub fn steps(db: &Connection, change: i64) -> Result<Vec<Step>> {
    let mut statement = db.prepare_cached(
        "SELECT name, status, duration_us, result FROM change_steps WHERE change = ?1 ORDER BY position",
    )?;
    let step = |row: &Row<'_>| {
        Ok(Step { name: row.get(0)?, status: row.get(1)?, duration_us: row.get(2)?, result: row.get(3)? })
    };
    Ok(statement.query_map([change], step)?.collect::<rusqlite::Result<_>>()?)
}

/// The number of the manifest that a change put in force, where it did.
pub fn manifest_of(db: &Connection, change: i64) -> Result<Option<i64>> {
    let mut statement = db.prepare_cached("SELECT id FROM manifests WHERE change = ?1")?;
    Ok(statement.query_row([change], |row| row.get(0)).optional()?)
}
