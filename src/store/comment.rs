//! What people say about a change request while it is decided.

use super::time_of;
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use rusqlite::Connection;

/// One remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Who.
    pub member: String,
    /// How they proved who they are.
    pub proof: String,
    /// When.
    pub at: Timestamp,
    /// What they said.
    pub text: String,
}

/// Keeps a remark.
pub fn insert(db: &Connection, change: i64, comment: &Comment) -> Result<()> {
    db.execute(
        "INSERT INTO comments (change, member, proof, at, text) VALUES (?1, ?2, ?3, ?4, ?5)",
        (change, &comment.member, &comment.proof, comment.at.to_string(), &comment.text),
    )?;
    Ok(())
}

/// The remarks about a change, in the order they were made.
pub fn of_change(db: &Connection, change: i64) -> Result<Vec<Comment>> {
    let mut statement =
        db.prepare_cached("SELECT member, proof, at, text FROM comments WHERE change = ?1 ORDER BY id")?;
    let mut rows = statement.query([change])?;
    let mut comments = Vec::new();
    while let Some(row) = rows.next()? {
        comments.push(Comment {
            member: row.get(0)?,
            proof: row.get(1)?,
            at: time_of(&row.get::<_, String>(2)?)?,
            text: row.get(3)?,
        });
    }
    Ok(comments)
}
