//! A change's row: written, and read back in one place.
//!
//! What must stay true: what is written is what is read, also where an earlier program wrote it.

use super::step::{steps_of, steps_text};
use super::{Change, Decision, Restart, Review};
use crate::domain::change::{Kind, State};
use crate::domain::dossier::Dossier;
use crate::domain::error::Result;
use crate::domain::risk::Risk;
use crate::store::{damaged, optional_time, time_of};
use rusqlite::{Connection, Row};

const COLUMNS: &str = "number, id, kind, state, risk, reason, requested_by, created_at, updated_at, content_hash, manifest,
  base_version, version_id, executed_by, backup, ticket, rollback_plan, decided_by, digest, expires_at, ended_because, steps,
  dossier, restart, review";

fn to_change(row: &Row<'_>) -> Result<Change> {
    let (kind, state, risk): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let decision: Option<String> = row.get(17)?;
    let requested_by: String = row.get(6)?;
    let state = State::of_name(&state).ok_or_else(|| damaged("a change's state"))?;
    let steps: Option<String> = row.get(21)?;
    let (dossier, restart): (Option<String>, Option<String>) = (row.get(22)?, row.get(23)?);
    Ok(Change {
        number: row.get(0)?,
        id: row.get(1)?,
        kind: Kind::of_name(&kind).ok_or_else(|| damaged("a change's kind"))?,
        state,
        risk: Risk::parse(&risk).ok_or_else(|| damaged("a risk"))?,
        reason: row.get(5)?,
        requested_by: requested_by.clone(),
        created_at: time_of(&row.get::<_, String>(7)?)?,
        updated_at: optional_time(row.get(8)?)?,
        content_hash: row.get(9)?,
        manifest: row.get(10)?,
        base_version: row.get(11)?,
        version: row.get(12)?,
        executed_by: row
            .get::<_, Option<String>>(13)?
            .or_else(|| state.was_executed().then(|| requested_by.clone())),
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
        steps: steps.map(|text| steps_of(&text)).unwrap_or_default(),
        dossier: match dossier {
            Some(text) => serde_json::from_str(&text).map_err(|_| damaged("a request's dossier"))?,
            None => Dossier::default(),
        },
        restart: restart.map(|name| if name == "pending" { Restart::Pending } else { Restart::Recorded }),
        review: row
            .get::<_, Option<String>>(24)?
            .map(|name| if name == "due" { Review::Due } else { Review::Done }),
    })
}

pub(super) fn some(db: &Connection, tail: &str, values: impl rusqlite::Params) -> Result<Vec<Change>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM changes {tail}"))?;
    let mut rows = statement.query(values)?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(to_change(row)?);
    }
    Ok(changes)
}

/// Records a change, or what has become of it.
pub fn put(db: &Connection, change: &Change) -> Result<()> {
    let decision = if change.decision == Decision::default() {
        None
    } else {
        Some(serde_json::to_string(&change.decision).map_err(|_| damaged("a change's decision"))?)
    };
    let dossier = if change.dossier.is_empty() {
        None
    } else {
        Some(serde_json::to_string(&change.dossier).map_err(|_| damaged("a request's dossier"))?)
    };
    let mut statement = db.prepare_cached(
        "INSERT INTO changes (number, id, kind, state, risk, reason, requested_by, created_at, updated_at, content_hash,
           manifest, base_version, version_id, executed_by, backup, ticket, rollback_plan, decided_by, digest,
           expires_at, ended_because, steps, dossier, restart, review)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
           ?23, ?24, ?25)
         ON CONFLICT (number) DO NOTHING",
    )?;
    let updated_at = change.updated_at.map(|at| at.to_string());
    let executed_by = change.executed_by.as_ref().filter(|by| **by != change.requested_by);
    let expires_at = change.expires_at.map(|at| at.to_string());
    let steps = steps_text(&change.steps);
    let restart = change.restart.map(Restart::name);
    let review = change.review.map(Review::name);
    let inserted = statement.execute(rusqlite::params![
        change.number,
        change.id,
        change.kind.name(),
        change.state.name(),
        change.risk.as_str(),
        change.reason,
        change.requested_by,
        change.created_at.to_string(),
        updated_at,
        change.content_hash,
        change.manifest,
        change.base_version,
        change.version,
        executed_by,
        change.backup,
        change.ticket,
        change.rollback_plan,
        decision,
        change.digest,
        expires_at,
        change.ended_because,
        steps,
        dossier,
        restart,
        review,
    ])?;
    if inserted == 1 {
        return Ok(());
    }
    // Apart, and not as what a conflict leads to: preparing that for every new change costs more than the change.
    let mut statement = db.prepare_cached(
        "UPDATE changes SET state = ?2, risk = ?3, updated_at = ?4, manifest = ?5, version_id = ?6, executed_by = ?7,
           backup = ?8, decided_by = ?9, digest = ?10, expires_at = ?11, ended_because = ?12, steps = ?13, reason = ?14,
           base_version = ?15, ticket = ?16, rollback_plan = ?17, dossier = ?18, restart = ?19, review = ?20,
           kind = ?21
         WHERE number = ?1",
    )?;
    statement.execute(rusqlite::params![
        change.number,
        change.state.name(),
        change.risk.as_str(),
        updated_at,
        change.manifest,
        change.version,
        executed_by,
        change.backup,
        decision,
        change.digest,
        expires_at,
        change.ended_because,
        steps,
        change.reason,
        change.base_version,
        change.ticket,
        change.rollback_plan,
        dossier,
        restart,
        review,
        change.kind.name(),
    ])?;
    Ok(())
}
