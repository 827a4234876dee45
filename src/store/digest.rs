//! The digests of rows that audit entries carry, so that a row altered outside cfgctl shows.
//!
//! A record is named `kind:key`; its digest covers fixed columns, in fixed order, of every row that belongs to it. What
//! must stay true: the columns of a kind never change; a new column needs a new kind.

use super::change;
use super::history::Done;
use super::overrides::Stamp;
use crate::domain::change::{Hasher, hex};
use crate::domain::error::Result;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params};

/// The kinds of records, each with the queries whose rows belong to it; `?1` is the record's key.
const KINDS: &[(&str, &[&str])] = &[
    (
        "version",
        &[
            "SELECT id, config_json, config_hash, effective_hash, created_at, created_by, description, is_baseline, parent,
               change, generation FROM config_versions WHERE id = ?1",
            "SELECT id, operation, section, key, old_value, new_value, changed_at, changed_by, source_ip, reason, version_id
             FROM config_history WHERE version_id = ?1 ORDER BY id",
        ],
    ),
    (
        "change",
        &[
            "SELECT number, id, kind, state, risk, reason, requested_by, created_at, updated_at, content_hash, manifest,
               base_version, version_id, executed_by, backup, steps, ticket, rollback_plan, decided_by, digest, expires_at,
               ended_because FROM changes WHERE number = ?1",
            "SELECT position, what, path, before, after FROM change_items WHERE change = ?1 ORDER BY position",
            "SELECT id, member, role, decision, digest, proof, at, comment FROM approvals WHERE change = ?1 ORDER BY id",
            "SELECT id, name, content, sha256, measured, digest, created_at, created_by FROM evidence
             WHERE change = ?1 ORDER BY id",
        ],
    ),
    // What came to changes with governance; a change that none of it concerns has no such record.
    (
        "request",
        &[
            "SELECT number, dossier, restart, review FROM changes
             WHERE number = ?1 AND (dossier IS NOT NULL OR restart IS NOT NULL OR review IS NOT NULL)",
            "SELECT id, kind, change, due_at, created_at, created_by FROM duties WHERE change = ?1 ORDER BY id",
            "SELECT id, member, proof, at, text FROM comments WHERE change = ?1 ORDER BY id",
            "SELECT change, member, proof, at, findings FROM reviews WHERE change = ?1",
            "SELECT change, justification, approver, skipped, demand, review_due, answer, answered_at, answered_proof,
               answer_comment FROM emergencies WHERE change = ?1",
            "SELECT change, text FROM proposed_manifests WHERE change = ?1",
        ],
    ),
    // In whose place approvals of a change were given.
    (
        "places",
        &["SELECT change, member, delegation, role FROM approval_places WHERE change = ?1 ORDER BY member, delegation"],
    ),
    (
        "delegation",
        &["SELECT id, member, delegate, until, created_at, proof, reason, ended_at FROM delegations WHERE id = ?1"],
    ),
    (
        "member",
        &["SELECT id, name, nature, role, owner, membership, uid, answerable, since, until, created_by, reason
           FROM members WHERE name = ?1 ORDER BY id"],
    ),
    (
        "credential",
        &["SELECT id, member, kind, hash, created_at, created_by, expires_at, ended_at, ended_by, ended_how
           FROM credentials WHERE id = ?1"],
    ),
    (
        "manifest",
        &["SELECT id, text, hash, created_at, created_by, reason, change FROM manifests WHERE id = ?1"],
    ),
    // A version that stands below the floor of history, with the copy it holds.
    (
        "version-copy",
        &["SELECT id, config_json, config_hash, effective_hash, created_at, created_by, description, is_baseline, parent,
           change, generation FROM config_versions WHERE id = ?1"],
    ),
    // What pruning left of history: the last row of every path, up to the floor.
    (
        "history-up-to",
        &["SELECT id, operation, section, key, old_value, new_value, changed_at, changed_by, source_ip, reason, version_id
           FROM config_history WHERE version_id <= ?1 ORDER BY id"],
    ),
    ("generation", &["SELECT id, manifest, base_hash, created_at FROM base_generations WHERE id = ?1"]),
    // What a reload altered of layers, and of the effective values with them.
    (
        "reload",
        &["SELECT generation, path, source, old_priority, old_value, old_origin, new_priority, new_value, new_origin
           FROM base_changes WHERE generation = ?1 ORDER BY path, source"],
    ),
    (
        "moves",
        &["SELECT id, version_id, path, old_value, new_value, source, origin FROM base_history
           WHERE version_id = ?1 ORDER BY id"],
    ),
    (
        "base-request",
        &["SELECT change, path, source, priority, value, origin FROM base_requests WHERE change = ?1
           ORDER BY path, source"],
    ),
    ("tag", &["SELECT tag, version_id, created_at, created_by, reason FROM version_tags WHERE tag = ?1"]),
    (
        "backup",
        &["SELECT id, name, scope, automatic, created_at, created_by, version, paths, size, checksum, change
           FROM backups WHERE id = ?1"],
    ),
    ("fact", &["SELECT key, value, updated_at FROM system_metadata WHERE key = ?1"]),
    // What pruned entries of the audit log vouched for last.
    ("vouched-up-to", &["SELECT record, digest, seq FROM audit_vouched WHERE ?1 > 0 ORDER BY record"]),
];

/// The kinds whose key is a name, whatever it looks like.
const NAMED_BY_TEXT: &[&str] = &["member", "tag", "fact"];

/// The queries that list the keys of every record of a kind.
const KEYS: &[(&str, &str)] = &[
    ("version", "SELECT id FROM config_versions UNION SELECT version_id FROM config_history"),
    (
        "change",
        "SELECT number FROM changes UNION SELECT change FROM change_items UNION SELECT change FROM approvals
         UNION SELECT change FROM evidence",
    ),
    (
        "request",
        "SELECT number FROM changes WHERE dossier IS NOT NULL OR restart IS NOT NULL OR review IS NOT NULL
         UNION SELECT change FROM duties UNION SELECT change FROM comments UNION SELECT change FROM reviews UNION SELECT change FROM emergencies
         UNION SELECT change FROM proposed_manifests",
    ),
    ("places", "SELECT DISTINCT change FROM approval_places"),
    ("delegation", "SELECT id FROM delegations"),
    ("member", "SELECT DISTINCT name FROM members"),
    ("credential", "SELECT id FROM credentials"),
    ("manifest", "SELECT id FROM manifests"),
    ("generation", "SELECT id FROM base_generations"),
    ("reload", "SELECT DISTINCT generation FROM base_changes"),
    ("moves", "SELECT DISTINCT version_id FROM base_history"),
    ("base-request", "SELECT DISTINCT change FROM base_requests"),
    ("tag", "SELECT tag FROM version_tags"),
    ("backup", "SELECT id FROM backups WHERE digest IS NULL"),
    ("fact", "SELECT key FROM system_metadata WHERE key <> 'wrong_tokens'"),
];

/// The digest of a record's rows, in hexadecimal; none where there is no row.
pub fn of_record(db: &Connection, kind: &str, key: &str) -> Result<Option<String>> {
    let queries = queries(kind);
    let mut hasher = Hasher::of(kind);
    let mut found = false;
    // What does not belong to a change adds nothing to its digest: preparing the queries for it is spared.
    let number = key.parse().ok().filter(|_| kind == "change");
    let alone = number.map_or(Ok(false), |number| change::has_parts(db, number).map(|has| !has))?;
    for query in if alone { &queries[..1] } else { queries } {
        let visit = |row: &[u8]| {
            found = true;
            hasher.raw(row);
        };
        match key.parse::<i64>() {
            Ok(number) if !NAMED_BY_TEXT.contains(&kind) => each_row(db, query, [number], visit)?,
            _ => each_row(db, query, [key], visit)?,
        }
    }
    Ok(found.then(|| short(hasher)))
}

/// The digest of a version's record while its rows of history are written: what `of_record` gives for it afterwards.
pub struct OfVersion {
    hasher: Hasher,
    /// Rows that are not hashed yet.
    rows: Vec<u8>,
    /// The columns that all rows share, which are the last.
    shared: Vec<u8>,
}

impl OfVersion {
    /// Begins with the version's own row.
    pub fn begin(db: &Connection, stamp: Stamp<'_>) -> Result<OfVersion> {
        let kind = "version";
        let mut rows = Vec::new();
        let query = queries(kind).first().copied().unwrap_or_default();
        each_row(db, query, [stamp.version], |row| rows.extend_from_slice(row))?;
        let mut shared = Vec::new();
        for text in [stamp.at, stamp.by, stamp.origin, stamp.reason] {
            push_column(&mut shared, ValueRef::from(text));
        }
        push_column(&mut shared, ValueRef::Integer(stamp.version));
        Ok(OfVersion { hasher: Hasher::of(kind), rows, shared })
    }

    /// A row of history that was written under this number.
    pub fn row(&mut self, id: i64, row: &Done<'_>) {
        let rows = &mut self.rows;
        push_column(rows, ValueRef::Integer(id));
        for text in [row.item.operation(), row.item.path.section(), row.item.path.key()] {
            push_column(rows, ValueRef::from(text));
        }
        for value in [row.before, row.after] {
            push_column(rows, value.map_or(ValueRef::Null, ValueRef::from));
        }
        rows.extend_from_slice(&self.shared);
        if rows.len() >= AT_ONCE {
            self.hasher.raw(rows);
            rows.clear();
        }
    }

    /// The digest, in hexadecimal.
    pub fn finish(mut self) -> String {
        self.hasher.raw(&self.rows);
        short(self.hasher)
    }
}

/// So many bytes are gathered before they are hashed: a hash takes long over every small piece.
const AT_ONCE: usize = 16 * 1024;

fn queries(kind: &str) -> &'static [&'static str] {
    KINDS.iter().find(|(name, _)| *name == kind).map_or(&[], |(_, queries)| queries)
}

fn short(hasher: Hasher) -> String {
    hex(&hasher.finish()[..12])
}

/// Calls back for each row with its columns as a digest covers them.
fn each_row(db: &Connection, query: &str, values: impl Params, mut visit: impl FnMut(&[u8])) -> Result<()> {
    let mut statement = db.prepare_cached(query)?;
    let columns = statement.column_count();
    let mut rows = statement.query(values)?;
    let mut bytes = Vec::new();
    while let Some(row) = rows.next()? {
        bytes.clear();
        for column in 0..columns {
            push_column(&mut bytes, row.get_ref(column)?);
        }
        visit(&bytes);
    }
    Ok(())
}

/// A column as a digest covers it: its type, its length as eight bytes, big-endian, and its bytes.
fn push_column(row: &mut Vec<u8>, column: ValueRef<'_>) {
    let (kind, bytes): (u8, &[u8]) = match column {
        ValueRef::Null => return row.push(0),
        ValueRef::Integer(number) => (b'i', &number.to_be_bytes()),
        ValueRef::Real(number) => (b'r', &number.to_be_bytes()),
        ValueRef::Text(bytes) => (b't', bytes),
        ValueRef::Blob(bytes) => (b'b', bytes),
    };
    row.push(kind);
    row.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    row.extend_from_slice(bytes);
}

/// The names of all records that are in the store, as `kind:key`.
pub fn names(db: &Connection, mut visit: impl FnMut(&str, &str) -> Result<()>) -> Result<()> {
    for (kind, query) in KEYS {
        let mut statement = db.prepare(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let key = match row.get_ref(0)? {
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                _ => return Err(super::damaged("a key")),
            };
            visit(kind, &key)?;
        }
    }
    Ok(())
}
