//! Tokens and invitations: only their hashes are kept.

use super::{optional_time, time_of};
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, Row};

/// What a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Proves who calls.
    Token,
    /// Is redeemed once, for a token.
    Invitation,
}

impl Kind {
    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Token => "token",
            Kind::Invitation => "invitation",
        }
    }
}

/// One credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub member: String,
    /// token or invitation.
    pub kind: Kind,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// How: revoked or used.
    pub ended_how: Option<String>,
}

impl Credential {
    /// active, expired, revoked or used.
    pub fn state(&self, now: Timestamp) -> &str {
        match (&self.ended_how, self.expires_at) {
            (Some(how), _) => how,
            (None, Some(end)) if end <= now => "expired",
            _ => "active",
        }
    }
}

const COLUMNS: &str = "id, member, kind, created_at, created_by, expires_at, ended_at, ended_how";

fn to_credential(row: &Row<'_>) -> Result<Credential> {
    let kind: String = row.get(2)?;
    Ok(Credential {
        id: row.get(0)?,
        member: row.get(1)?,
        kind: if kind == "invitation" { Kind::Invitation } else { Kind::Token },
        created_at: time_of(&row.get::<_, String>(3)?)?,
        created_by: row.get(4)?,
        expires_at: optional_time(row.get(5)?)?,
        ended_at: optional_time(row.get(6)?)?,
        ended_how: row.get(7)?,
    })
}

/// The credential whose secret has this hash.
pub fn by_hash(db: &Connection, hash: &[u8]) -> Result<Option<Credential>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM credentials WHERE hash = ?1"))?;
    let mut rows = statement.query([hash])?;
    rows.next()?.map(to_credential).transpose()
}

/// The credential of that number.
pub fn find(db: &Connection, id: i64) -> Result<Option<Credential>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM credentials WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(to_credential).transpose()
}

/// Every credential, of one member or of all.
pub fn list(db: &Connection, member: Option<&str>) -> Result<Vec<Credential>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM credentials WHERE ?1 IS NULL OR member = ?1 ORDER BY id"
    ))?;
    let mut rows = statement.query([member])?;
    let mut credentials = Vec::new();
    while let Some(row) = rows.next()? {
        credentials.push(to_credential(row)?);
    }
    Ok(credentials)
}

/// Keeps a new credential. Gives its number.
pub fn insert(
    db: &Connection,
    member: &str,
    kind: Kind,
    hash: &[u8],
    now: Timestamp,
    by: &str,
    expires_at: Option<Timestamp>,
) -> Result<i64> {
    db.execute(
        "INSERT INTO credentials (member, kind, hash, created_at, created_by, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (member, kind.as_str(), hash, now.to_string(), by, expires_at.map(|end| end.to_string())),
    )?;
    Ok(db.last_insert_rowid())
}

/// Ends a credential: `revoked` or `used`.
pub fn end(db: &Connection, id: i64, how: &str, now: Timestamp, by: &str) -> Result<()> {
    db.execute(
        "UPDATE credentials SET ended_at = ?2, ended_by = ?3, ended_how = ?4 WHERE id = ?1 AND ended_at IS NULL",
        (id, now.to_string(), by, how),
    )?;
    Ok(())
}
