//! What was found when changes were looked back on.

use super::{damaged, time_of};
use crate::domain::error::Result;
use crate::domain::review::Findings;
use crate::domain::time::Timestamp;
use rusqlite::Connection;

/// One review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Who.
    pub member: String,
    /// How they proved who they are.
    pub proof: String,
    /// When.
    pub at: Timestamp,
    /// What they found.
    pub findings: Findings,
}

/// Keeps the review of a change.
pub fn insert(db: &Connection, change: i64, review: &Review) -> Result<()> {
    let findings = serde_json::to_string(&review.findings).map_err(|_| damaged("a review"))?;
    db.execute(
        "INSERT INTO reviews (change, member, proof, at, findings) VALUES (?1, ?2, ?3, ?4, ?5)",
        (change, &review.member, &review.proof, review.at.to_string(), findings),
    )?;
    Ok(())
}

/// The review of a change, where there was one.
pub fn of_change(db: &Connection, change: i64) -> Result<Option<Review>> {
    let mut statement =
        db.prepare_cached("SELECT member, proof, at, findings FROM reviews WHERE change = ?1")?;
    let mut rows = statement.query([change])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (at, findings): (String, String) = (row.get(2)?, row.get(3)?);
    Ok(Some(Review {
        member: row.get(0)?,
        proof: row.get(1)?,
        at: time_of(&at)?,
        findings: serde_json::from_str(&findings).map_err(|_| damaged("a review"))?,
    }))
}
