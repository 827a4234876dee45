//! The audit log's rows: one chain, only ever added to.

use super::{metadata, time_of};
use crate::domain::audit::{Columns, Entry, GENESIS, Head, parse_head};
use crate::domain::change::{hex, unhex};
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use crate::domain::tree::Hash;
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

/// The chain's end.
pub fn head(db: &Connection) -> Result<Head> {
    let mut statement = db.prepare_cached("SELECT seq, hash, at FROM audit_log ORDER BY seq DESC LIMIT 1")?;
    let row: Option<(i64, Vec<u8>, String)> =
        statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    match row {
        None => Ok(Head { seq: 0, hash: GENESIS, at: Timestamp::from_millis(0) }),
        Some((seq, hash, at)) => Ok(Head { seq, hash: to_hash(&hash)?, at: time_of(&at)? }),
    }
}

fn to_hash(bytes: &[u8]) -> Result<Hash> {
    Hash::try_from(bytes).map_err(|_| {
        Error::integrity("An audit entry's hash is damaged.").hint("Type `cfgctl audit verify`.")
    })
}

/// Adds an entry after the head. Gives the new head.
pub fn append(db: &Connection, head: &Head, entry: &Entry) -> Result<Head> {
    let hash = entry.hash(&head.hash);
    let mut statement = db.prepare_cached(
        "INSERT INTO audit_log (seq, at, actor, proof, origin, program, action, target, outcome, detail, rows, prev_hash, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    statement.execute((
        entry.seq,
        entry.at.to_string(),
        &entry.actor,
        &entry.proof,
        &entry.origin,
        &entry.program,
        &entry.action,
        &entry.target,
        &entry.outcome,
        &entry.detail,
        &entry.rows,
        head.hash.as_slice(),
        hash.as_slice(),
    ))?;
    Ok(Head { seq: entry.seq, hash, at: entry.at })
}

/// The last entry that was pruned: the log begins after it. With seq 0 nothing was.
pub fn checkpoint(db: &Connection) -> Result<Head> {
    let Some(kept) = metadata::get(db, metadata::AUDIT_CHECKPOINT)? else {
        return Ok(Head { seq: 0, hash: GENESIS, at: Timestamp::from_millis(0) });
    };
    let at = metadata::updated_at(db, metadata::AUDIT_CHECKPOINT)?.unwrap_or(Timestamp::from_millis(0));
    let parsed = parse_head(&kept).ok().and_then(|(seq, hash)| Some((seq, unhex(&hash)?)));
    let (seq, hash) = parsed.ok_or_else(|| {
        Error::integrity("The audit log's checkpoint is damaged.").hint("Type `cfgctl audit verify`.")
    })?;
    Ok(Head { seq, hash, at })
}

/// The last entry that was written before a time; 0 where there is none.
pub fn last_before(db: &Connection, time: Timestamp) -> Result<i64> {
    // Times never go back from entry to entry, so a binary search over the numbers finds it.
    let (mut low, mut high) =
        db.query_row("SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM audit_log", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?;
    let (time, mut found) = (time.to_string(), 0);
    let mut statement = db.prepare_cached("SELECT 1 FROM audit_log WHERE seq = ?1 AND at < ?2")?;
    while low <= high {
        let middle = low + (high - low) / 2;
        if statement.exists((middle, &time))? {
            found = middle;
            low = middle + 1;
        } else {
            high = middle - 1;
        }
    }
    Ok(found)
}

/// Forgets the entries after one and up to another, and keeps what they vouched for last: of records that are there
/// still, by the floor of history. Gives the last one that went.
pub fn prune(db: &Connection, after: i64, up_to: i64, floor: i64) -> Result<Head> {
    let mut put = db.prepare_cached(
        "INSERT INTO audit_vouched (record, digest, seq) VALUES (?1, ?2, ?3)
         ON CONFLICT (record) DO UPDATE SET digest = excluded.digest, seq = excluded.seq",
    )?;
    let mut gone = db.prepare_cached("DELETE FROM audit_vouched WHERE record = ?1")?;
    let mut statement =
        db.prepare_cached("SELECT seq, rows FROM audit_log WHERE seq > ?1 AND seq <= ?2 ORDER BY seq")?;
    let mut rows = statement.query((after, up_to))?;
    while let Some(row) = rows.next()? {
        let (seq, vouches): (i64, String) = (row.get(0)?, row.get(1)?);
        for (record, digest) in vouches.split(';').filter_map(|vouch| vouch.rsplit_once('=')) {
            match digest {
                "-" => gone.execute([record])?,
                digest => put.execute((record, digest, seq))?,
            };
        }
    }
    // What pruning took of history needs nobody to vouch for it.
    db.execute(
        "DELETE FROM audit_vouched
         WHERE (substr(record, 1, 8) = 'version:' AND CAST(substr(record, 9) AS INTEGER) <= ?1)
            OR (substr(record, 1, 6) = 'moves:' AND CAST(substr(record, 7) AS INTEGER) <= ?1)
            OR (substr(record, 1, 14) = 'history-up-to:' AND CAST(substr(record, 15) AS INTEGER) <> ?1)
            OR substr(record, 1, 14) = 'vouched-up-to:'",
        [floor],
    )?;
    let last = db.query_row("SELECT seq, hash, at FROM audit_log WHERE seq = ?1", [up_to], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, String>(2)?))
    })?;
    db.execute("DELETE FROM audit_log WHERE seq <= ?1", [up_to])?;
    Ok(Head { seq: last.0, hash: to_hash(&last.1)?, at: time_of(&last.2)? })
}

/// Calls back for every record that pruned entries vouched for, with the digest.
pub fn each_vouched(db: &Connection, mut visit: impl FnMut(String, String)) -> Result<()> {
    let mut statement = db.prepare("SELECT record, digest FROM audit_vouched")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        visit(row.get(0)?, row.get(1)?);
    }
    Ok(())
}

/// An entry with the hashes it was stored with.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The entry.
    pub entry: Entry,
    /// The hash of the one before, in hexadecimal.
    pub prev_hash: String,
    /// Its own, in hexadecimal.
    pub hash: String,
}

const COLUMNS: &str =
    "seq, at, actor, proof, origin, program, action, target, outcome, detail, rows, prev_hash, hash";

fn to_stored(row: &Row<'_>) -> Result<Stored> {
    Ok(Stored {
        entry: Entry {
            seq: row.get(0)?,
            at: time_of(&row.get::<_, String>(1)?)?,
            actor: row.get(2)?,
            proof: row.get(3)?,
            origin: row.get(4)?,
            program: row.get(5)?,
            action: row.get(6)?,
            target: row.get(7)?,
            outcome: row.get(8)?,
            detail: row.get(9)?,
            rows: row.get(10)?,
        },
        prev_hash: hex(&row.get::<_, Vec<u8>>(11)?),
        hash: hex(&row.get::<_, Vec<u8>>(12)?),
    })
}

/// What is asked of the log.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only since.
    pub since: Option<Timestamp>,
    /// Only until.
    pub until: Option<Timestamp>,
    /// Only by this member.
    pub by: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Go on after (or, the newest first, before) this entry.
    pub cursor: Option<i64>,
}

/// Entries that match, in one of the two orders.
pub fn list(db: &Connection, filter: &Filter, oldest_first: bool, limit: u32) -> Result<Vec<Stored>> {
    let (order, from) = if oldest_first { ("ASC", "seq >") } else { ("DESC", "seq <") };
    let start = filter.cursor.unwrap_or(if oldest_first { 0 } else { i64::MAX });
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_log WHERE {from} ?1 AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR at <= ?3)
           AND (?4 IS NULL OR actor = ?4) AND (?5 IS NULL OR action = ?5) ORDER BY seq {order} LIMIT ?6"
    );
    let values: [&dyn ToSql; 6] = [
        &start,
        &filter.since.map(|at| at.to_string()),
        &filter.until.map(|at| at.to_string()),
        &filter.by,
        &filter.action,
        &limit,
    ];
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(values)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(to_stored(row)?);
    }
    Ok(entries)
}

/// One link of the chain as it was read, for verifying: its place, the hashes stored and the hash it should have.
pub struct Link<'a> {
    /// Its place.
    pub seq: i64,
    /// The hash of the one before, as stored.
    pub prev_hash: &'a [u8],
    /// Its own, as stored.
    pub hash: &'a [u8],
    /// The digests of the rows it wrote, as stored.
    pub rows: &'a [u8],
    /// Its own, as computed from the columns and `prev_hash`.
    pub computed: Hash,
}

/// Walks the chain from its beginning, without making values of the columns: a million entries in about a second.
pub fn walk(db: &Connection, mut visit: impl FnMut(Link<'_>) -> Result<()>) -> Result<()> {
    let mut statement = db.prepare(&format!("SELECT {COLUMNS} FROM audit_log ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq = row.get(0)?;
        let mut texts: [&[u8]; 10] = [&[]; 10];
        for (at, text) in texts.iter_mut().enumerate() {
            *text =
                row.get_ref(at + 1)?.as_bytes_or_null().map_err(|_| damaged_column(seq))?.unwrap_or_default();
        }
        let bytes = |at: usize| -> Result<&[u8]> {
            Ok(row.get_ref(at)?.as_bytes_or_null().map_err(|_| damaged_column(seq))?.unwrap_or_default())
        };
        let (prev_hash, hash) = (bytes(11)?, bytes(12)?);
        let previous = Hash::try_from(prev_hash).unwrap_or(GENESIS);
        let computed = Columns { seq, texts }.hash(&previous);
        visit(Link { seq, prev_hash, hash, rows: texts[9], computed })?;
    }
    Ok(())
}

fn damaged_column(seq: i64) -> Error {
    Error::integrity(format!("Audit entry {seq} has a column of the wrong type."))
}
