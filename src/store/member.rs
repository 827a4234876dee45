//! Members, as rows with a beginning and an end: the row without an end holds now.

use super::{damaged, time_of};
use crate::domain::error::Result;
use crate::domain::member::{Member, Membership, Nature};
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, Row};

const COLUMNS: &str = "name, nature, role, owner, membership, uid, answerable, since, created_by, reason";

fn to_member(row: &Row<'_>) -> Result<Member> {
    let nature: String = row.get(1)?;
    let role: String = row.get(2)?;
    let membership: String = row.get(4)?;
    Ok(Member {
        name: row.get(0)?,
        nature: if nature == "program" { Nature::Program } else { Nature::Person },
        role: Role::parse(&role).map_err(|_| damaged("a role"))?,
        owner: row.get(3)?,
        membership: match membership.as_str() {
            "invited" => Membership::Invited,
            "active" => Membership::Active,
            _ => Membership::Removed,
        },
        uid: row.get(5)?,
        answerable: row.get(6)?,
        since: time_of(&row.get::<_, String>(7)?)?,
        by: row.get(8)?,
        reason: row.get(9)?,
    })
}

fn all(db: &Connection, tail: &str, values: impl rusqlite::Params) -> Result<Vec<Member>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM members {tail}"))?;
    let mut rows = statement.query(values)?;
    let mut members = Vec::new();
    while let Some(row) = rows.next()? {
        members.push(to_member(row)?);
    }
    Ok(members)
}

/// The member of that name as they stand now, removed ones too.
pub fn find(db: &Connection, name: &str) -> Result<Option<Member>> {
    Ok(all(db, "WHERE name = ?1 AND until IS NULL", [name])?.pop())
}

/// The active member who is this user of the operating system.
pub fn by_uid(db: &Connection, uid: u32) -> Result<Option<Member>> {
    Ok(all(db, "WHERE uid = ?1 AND until IS NULL AND membership = 'active'", [uid])?.pop())
}

/// Every name that the operating system's user of this member ever had here, their own first.
pub fn names_of_the_same_user(db: &Connection, name: &str) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT DISTINCT o.name FROM members m JOIN members o ON o.uid = m.uid
         WHERE m.name = ?1 AND m.uid IS NOT NULL AND o.name <> ?1 ORDER BY o.name",
    )?;
    let mut names = vec![name.to_owned()];
    for other in statement.query_map([name], |row| row.get(0))? {
        names.push(other?);
    }
    Ok(names)
}

/// Whether somebody of that name was ever active: an invitation that nobody redeemed does not count.
pub fn was_ever_active(db: &Connection, name: &str) -> Result<bool> {
    let mut statement =
        db.prepare_cached("SELECT 1 FROM members WHERE name = ?1 AND membership = 'active'")?;
    Ok(statement.exists([name])?)
}

/// Every member who is not removed, by name.
pub fn list(db: &Connection) -> Result<Vec<Member>> {
    all(db, "WHERE until IS NULL AND membership <> 'removed' ORDER BY name", [])
}

/// Every member who was not removed at a time, by name.
pub fn list_at(db: &Connection, time: Timestamp) -> Result<Vec<Member>> {
    let at = time.to_string();
    all(
        db,
        "WHERE since <= ?1 AND (until IS NULL OR until > ?1) AND membership <> 'removed' ORDER BY name",
        [at],
    )
}

/// Lets a member stand so from now on. Gives the row's number.
pub fn put(db: &Connection, member: &Member) -> Result<i64> {
    let since = member.since.to_string();
    db.execute("UPDATE members SET until = ?2 WHERE name = ?1 AND until IS NULL", (&member.name, &since))?;
    let nature = if member.is_person() { "person" } else { "program" };
    let membership = match member.membership {
        Membership::Invited => "invited",
        Membership::Active => "active",
        Membership::Removed => "removed",
    };
    db.execute(
        "INSERT INTO members (name, nature, role, owner, membership, uid, answerable, since, created_by, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        (
            &member.name,
            nature,
            member.role.as_str(),
            member.owner,
            membership,
            member.uid,
            &member.answerable,
            since,
            &member.by,
            &member.reason,
        ),
    )?;
    Ok(db.last_insert_rowid())
}
