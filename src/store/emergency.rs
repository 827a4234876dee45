//! The marks that stay on changes that skipped what their risk demands.

use super::{damaged, optional_time, time_of};
use crate::domain::emergency::Answer;
use crate::domain::error::Result;
use crate::domain::policy::Demand;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, Row};

/// The mark on one change.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Which change.
    pub change: i64,
    /// Why it could not wait.
    pub justification: String,
    /// Who was asked, by word.
    pub approver: String,
    /// How many approvals were skipped.
    pub skipped: u32,
    /// What its risk demanded then.
    pub demand: Demand,
    /// When somebody has to have looked back on it.
    pub review_due: Timestamp,
    /// What the one who was asked says.
    pub answer: Option<Said>,
}

/// What the one who was asked says afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whether they agreed.
    pub answer: Answer,
    /// When they said it.
    pub at: Timestamp,
    /// How they proved who they are.
    pub proof: String,
    /// What they said with it.
    pub comment: Option<String>,
}

const COLUMNS: &str = "change, justification, approver, skipped, demand, review_due, answer, answered_at, answered_proof, answer_comment";

fn to_mark(row: &Row<'_>) -> Result<Mark> {
    let demand: String = row.get(4)?;
    let answer: Option<String> = row.get(6)?;
    let said = answer.map(|name| {
        Ok::<Said, crate::domain::error::Error>(Said {
            answer: Answer::of_name(&name).ok_or_else(|| damaged("an answer about an emergency"))?,
            at: optional_time(row.get(7)?)?.ok_or_else(|| damaged("an answer about an emergency"))?,
            proof: row.get::<_, Option<String>>(8)?.unwrap_or_default(),
            comment: row.get(9)?,
        })
    });
    Ok(Mark {
        change: row.get(0)?,
        justification: row.get(1)?,
        approver: row.get(2)?,
        skipped: row.get(3)?,
        demand: serde_json::from_str(&demand).map_err(|_| damaged("an emergency's demand"))?,
        review_due: time_of(&row.get::<_, String>(5)?)?,
        answer: said.transpose()?,
    })
}

/// The mark on a change, where it has one.
pub fn of_change(db: &Connection, change: i64) -> Result<Option<Mark>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM emergencies WHERE change = ?1"))?;
    let mut rows = statement.query([change])?;
    rows.next()?.map(to_mark).transpose()
}

/// Marks a change, or keeps what the one who was asked says.
pub fn put(db: &Connection, mark: &Mark) -> Result<()> {
    let said = mark.answer.as_ref();
    db.execute(
        "INSERT INTO emergencies (change, justification, approver, skipped, demand, review_due, answer, answered_at,
           answered_proof, answer_comment)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (change) DO UPDATE SET answer = excluded.answer, answered_at = excluded.answered_at,
           answered_proof = excluded.answered_proof, answer_comment = excluded.answer_comment",
        (
            mark.change,
            &mark.justification,
            &mark.approver,
            mark.skipped,
            serde_json::to_string(&mark.demand).map_err(|_| damaged("an emergency's demand"))?,
            mark.review_due.to_string(),
            said.map(|said| said.answer.name()),
            said.map(|said| said.at.to_string()),
            said.map(|said| &said.proof),
            said.and_then(|said| said.comment.as_ref()),
        ),
    )?;
    Ok(())
}

/// The marks that somebody denied to have agreed to and that nobody has looked back on since, the oldest first.
pub fn denied(db: &Connection) -> Result<Vec<Mark>> {
    some(
        db,
        "WHERE answer = 'denied' AND NOT EXISTS (
           SELECT 1 FROM reviews WHERE reviews.change = emergencies.change AND reviews.at > answered_at)
         ORDER BY change LIMIT 100",
        [],
    )
}

/// The marks for which somebody was named who has not said anything yet, the oldest first.
pub fn unanswered_by(db: &Connection, approver: &str) -> Result<Vec<Mark>> {
    some(db, "WHERE approver = ?1 AND answer IS NULL ORDER BY change LIMIT 100", [approver])
}

/// Whether an emergency up to a version was not reviewed yet, or was not right.
pub fn is_unsettled_up_to(db: &Connection, version: i64) -> Result<bool> {
    let mut statement = db.prepare_cached(
        "SELECT 1 FROM emergencies e JOIN changes c ON c.number = e.change
         WHERE c.version_id <= ?1 AND NOT EXISTS (
           SELECT 1 FROM reviews r WHERE r.change = e.change AND json_extract(r.findings, '$.right') = 1)
         LIMIT 1",
    )?;
    Ok(statement.exists([version])?)
}

fn some(db: &Connection, tail: &str, values: impl rusqlite::Params) -> Result<Vec<Mark>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM emergencies {tail}"))?;
    let mut rows = statement.query(values)?;
    let mut marks = Vec::new();
    while let Some(row) = rows.next()? {
        marks.push(to_mark(row)?);
    }
    Ok(marks)
}
