//! Decisions about changes, and the evidence attached to them.

use super::change::has_parts;
use super::time_of;
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, Row};

/// One member's decision; one vote a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Who.
    pub member: String,
    /// The role they had then, their own.
    pub role: String,
    /// approve or reject.
    pub decision: String,
    /// The digest it is bound to.
    pub digest: String,
    /// How they proved who they are.
    pub proof: String,
    /// When.
    pub at: Timestamp,
    /// What they said.
    pub comment: Option<String>,
    /// In whose place they gave it, beside their own.
    pub places: Vec<Place>,
}

/// Somebody in whose place an approval was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The delegation under which it was given: with that it ends, and no later one revives it.
    pub delegation: i64,
    /// Who delegated.
    pub member: String,
    /// The role they had then.
    pub role: String,
}

fn to_approval(row: &Row<'_>) -> Result<Approval> {
    Ok(Approval {
        member: row.get(0)?,
        role: row.get(1)?,
        decision: row.get(2)?,
        digest: row.get(3)?,
        proof: row.get(4)?,
        at: time_of(&row.get::<_, String>(5)?)?,
        comment: row.get(6)?,
        places: Vec::new(),
    })
}

/// Keeps a decision in the place of the member's former one.
pub fn put(db: &Connection, change: i64, approval: &Approval) -> Result<()> {
    db.execute(
        "INSERT INTO approvals (change, member, role, decision, digest, proof, at, comment)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (change, member) DO UPDATE SET role = excluded.role, decision = excluded.decision,
           digest = excluded.digest, proof = excluded.proof, at = excluded.at, comment = excluded.comment",
        (
            change,
            &approval.member,
            &approval.role,
            &approval.decision,
            &approval.digest,
            &approval.proof,
            approval.at.to_string(),
            &approval.comment,
        ),
    )?;
    db.execute("DELETE FROM approval_places WHERE change = ?1 AND member = ?2", (change, &approval.member))?;
    for place in &approval.places {
        db.execute(
            "INSERT INTO approval_places (change, member, delegation, role) VALUES (?1, ?2, ?3, ?4)",
            (change, &approval.member, place.delegation, &place.role),
        )?;
    }
    Ok(())
}

/// In whose place the approvals of a change were given, each with the member who gave it.
fn places(db: &Connection, change: i64) -> Result<Vec<(String, Place)>> {
    let mut statement = db.prepare_cached(
        "SELECT place.member, place.delegation, given.member, place.role
         FROM approval_places AS place JOIN delegations AS given ON given.id = place.delegation
         WHERE place.change = ?1 ORDER BY place.delegation",
    )?;
    let mut rows = statement.query([change])?;
    let mut places = Vec::new();
    while let Some(row) = rows.next()? {
        let place = Place { delegation: row.get(1)?, member: row.get(2)?, role: row.get(3)? };
        places.push((row.get(0)?, place));
    }
    Ok(places)
}

/// The decisions about a change, in the order they were made.
pub fn of_change(db: &Connection, change: i64) -> Result<Vec<Approval>> {
    if !has_parts(db, change)? {
        return Ok(Vec::new());
    }
    let mut statement = db.prepare_cached(
        "SELECT member, role, decision, digest, proof, at, comment FROM approvals WHERE change = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([change])?;
    let mut approvals = Vec::new();
    while let Some(row) = rows.next()? {
        approvals.push(to_approval(row)?);
    }
    if approvals.is_empty() {
        return Ok(approvals);
    }
    for (member, place) in places(db, change)? {
        if let Some(given) = approvals.iter_mut().find(|given: &&mut Approval| given.member == member) {
            given.places.push(place);
        }
    }
    Ok(approvals)
}

/// One piece of evidence, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The file's name.
    pub name: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Its size in bytes.
    pub size: i64,
    /// Whether cfgctl measured it itself.
    pub measured: bool,
    /// The digest it is for.
    pub digest: String,
    /// When it was attached.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// Keeps a file as evidence.
pub fn attach(db: &Connection, change: i64, evidence: &Evidence, content: &str) -> Result<()> {
    db.execute(
        "INSERT INTO evidence (change, name, content, sha256, measured, digest, created_at, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            change,
            &evidence.name,
            content,
            &evidence.sha256,
            evidence.measured,
            &evidence.digest,
            evidence.at.to_string(),
            &evidence.by,
        ),
    )?;
    Ok(())
}

/// The content of a change's piece of evidence, by its place among all of them.
pub fn content_of_evidence(db: &Connection, change: i64, at: usize) -> Result<Option<String>> {
    let mut statement =
        db.prepare_cached("SELECT content FROM evidence WHERE change = ?1 ORDER BY id LIMIT 1 OFFSET ?2")?;
    let mut rows = statement.query((change, i64::try_from(at).unwrap_or(i64::MAX)))?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

/// The evidence attached to a change, in order.
pub fn evidence_of(db: &Connection, change: i64) -> Result<Vec<Evidence>> {
    if !has_parts(db, change)? {
        return Ok(Vec::new());
    }
    let mut statement = db.prepare_cached(
        "SELECT name, sha256, length(CAST(content AS BLOB)), measured, digest, created_at, created_by
         FROM evidence WHERE change = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([change])?;
    let mut evidence = Vec::new();
    while let Some(row) = rows.next()? {
        evidence.push(Evidence {
            name: row.get(0)?,
            sha256: row.get(1)?,
            size: row.get(2)?,
            measured: row.get(3)?,
            digest: row.get(4)?,
            at: time_of(&row.get::<_, String>(5)?)?,
            by: row.get(6)?,
        });
    }
    Ok(evidence)
}
