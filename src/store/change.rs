//! Changes, their items and their steps.

use super::{damaged, optional_time, optional_value, time_of};
use crate::domain::change::{Item, Kind, Parts, State};
use crate::domain::dossier::Dossier;
use crate::domain::error::{Error, Result};
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
    /// The recorded steps of its execution.
    pub steps: Vec<Step>,
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
    /// What its people say of it.
    pub dossier: Dossier,
    /// Whether the restart that it needs has been seen to; none where it needs none.
    pub restart: Option<Restart>,
    /// Whether the review that it asks for was made; none where it asks for none.
    pub review: Option<Review>,
}

/// Whether the review that a change asks for was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// Not yet.
    Due,
    /// Somebody looked back on it.
    Done,
}

impl Review {
    fn name(self) -> &'static str {
        match self {
            Review::Due => "due",
            Review::Done => "done",
        }
    }
}

/// Whether the restart that a change needs has been seen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Not yet: the services still run with the former values.
    Pending,
    /// Somebody recorded it, or it was verified.
    Recorded,
}

impl Restart {
    /// The word in output and the store.
    pub fn name(self) -> &'static str {
        match self {
            Restart::Pending => "pending",
            Restart::Recorded => "recorded",
        }
    }
}

/// What a change was decided by, as it stood then.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Decision {
    /// Why it has its risk.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "short_reasons")]
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
    /// The change that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<i64>,
}

/// Reasons as every change keeps them: the risk, how much of the sentence is the path it begins with, the sentence.
mod short_reasons {
    use super::{Risk, RiskReason};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Short {
        BeginsWithPath(Risk, usize, String),
        Whole(RiskReason),
    }

    pub(super) fn serialize<S: Serializer>(reasons: &[RiskReason], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(reasons.iter().map(|reason| match &reason.path {
            Some(path) if reason.reason.starts_with(path.as_str()) => {
                Short::BeginsWithPath(reason.risk, path.len(), reason.reason.clone())
            }
            _ => Short::Whole(reason.clone()),
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<RiskReason>, D::Error> {
        let short = Vec::<Short>::deserialize(deserializer)?;
        let whole = |short| match short {
            Short::Whole(reason) => reason,
            Short::BeginsWithPath(risk, length, reason) => {
                RiskReason { risk, path: reason.get(..length).map(str::to_owned), reason }
            }
        };
        Ok(short.into_iter().map(whole).collect())
    }
}

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
    // Nearly always asked of an id that is new: then no wide statement is prepared.
    let mut statement = db.prepare_cached("SELECT number FROM changes WHERE id = ?1")?;
    let number = statement.query_row([id], |row| row.get(0)).optional()?;
    number.map_or(Ok(None), |number| by_number(db, number))
}

/// Whether anything but its own row belongs to a change: items of its own, decisions or evidence. Most have none, and
/// one question is cheaper than three.
pub fn has_parts(db: &Connection, number: i64) -> Result<bool> {
    let mut statement = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM change_items WHERE change = ?1)
           OR EXISTS (SELECT 1 FROM approvals WHERE change = ?1) OR EXISTS (SELECT 1 FROM evidence WHERE change = ?1)",
    )?;
    Ok(statement.query_row([number], |row| row.get(0))?)
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
    Ok(some(db, "WHERE version_id IS NOT NULL AND coalesce(executed_by, requested_by) = ?1 ORDER BY number DESC LIMIT 1", [member])?.pop())
}

/// How many requests are open.
pub fn count_open(db: &Connection) -> Result<i64> {
    let mut statement = db.prepare_cached(
        "SELECT count(*) FROM changes WHERE state IN ('draft', 'pending', 'approved', 'scheduled')",
    )?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The ULIDs of open requests that would change a path.
pub fn open_on_path(db: &Connection, path: &str) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT c.id FROM changes c WHERE c.state IN ('draft', 'pending', 'approved', 'scheduled') AND EXISTS (
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
    /// Those whose services have yet to restart.
    RestartPending,
    /// Those that nobody has looked back on, though it is asked for.
    Unreviewed,
    /// Emergencies.
    Emergencies,
    /// Emergencies that nobody has looked back on.
    UnreviewedEmergencies,
    /// All.
    All,
}

/// Changes before a number, the newest first.
pub fn list(db: &Connection, which: Which, before: Option<i64>, limit: u32) -> Result<Vec<Change>> {
    let before = before.unwrap_or(i64::MAX);
    match which {
        Which::Open => some(
            db,
            "WHERE state IN ('draft', 'pending', 'approved', 'scheduled') AND number < ?1 ORDER BY number DESC LIMIT ?2",
            (before, limit),
        ),
        Which::In(state) => some(
            db,
            "WHERE state = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
            (state.name(), before, limit),
        ),
        Which::RestartPending => some(
            db,
            "WHERE restart = 'pending' AND number < ?1 ORDER BY number DESC LIMIT ?2",
            (before, limit),
        ),
        Which::Unreviewed => {
            some(db, "WHERE review = 'due' AND number < ?1 ORDER BY number DESC LIMIT ?2", (before, limit))
        }
        Which::Emergencies => some(
            db,
            "WHERE number IN (SELECT change FROM emergencies WHERE change < ?1 ORDER BY change DESC LIMIT ?2)
             ORDER BY number DESC",
            (before, limit),
        ),
        Which::UnreviewedEmergencies => some(
            db,
            "WHERE kind = 'emergency' AND review = 'due' AND number < ?1 ORDER BY number DESC LIMIT ?2",
            (before, limit),
        ),
        Which::All => some(db, "WHERE number < ?1 ORDER BY number DESC LIMIT ?2", (before, limit)),
    }
}

/// Changes made in a span of time, after a number, the oldest first: what an export reads, page by page.
pub fn made(
    db: &Connection,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    after: i64,
    limit: u32,
) -> Result<Vec<Change>> {
    let since = since.map_or_else(String::new, |at| at.to_string());
    let until = until.map_or_else(|| "9999-12-31T23:59:59.999Z".to_owned(), |at| at.to_string());
    some(
        db,
        "WHERE number > ?1 AND created_at >= ?2 AND created_at <= ?3 ORDER BY number LIMIT ?4",
        (after, since, until, limit),
    )
}

/// How many changes wait for a review, the emergencies among them, and for a restart.
pub fn count_waiting(db: &Connection) -> Result<(i64, i64, i64)> {
    let count = |query: &str| Ok::<i64, Error>(db.prepare_cached(query)?.query_row([], |row| row.get(0))?);
    Ok((
        count("SELECT count(*) FROM changes WHERE review = 'due'")?,
        count("SELECT count(*) FROM changes WHERE kind = 'emergency' AND review = 'due'")?,
        count("SELECT count(*) FROM changes WHERE restart = 'pending'")?,
    ))
}

/// The numbers of the emergencies that nobody has looked back on.
pub fn unreviewed_emergencies(db: &Connection) -> Result<Vec<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT number FROM changes WHERE kind = 'emergency' AND review = 'due' ORDER BY number",
    )?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
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

impl Other {
    /// An item that is a path's value.
    pub fn of_value(item: &Item) -> Other {
        Other {
            what: "value".to_owned(),
            path: item.path.to_string(),
            before: item.before.clone(),
            after: item.after.clone(),
        }
    }

    /// What a digest covers of it.
    pub fn parts(&self) -> Parts<'_> {
        (&self.path, self.before.as_ref(), self.after.as_ref())
    }
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

/// Takes a change's items away, for others to take their place.
pub fn remove_items(db: &Connection, change: i64) -> Result<()> {
    db.execute("DELETE FROM change_items WHERE change = ?1", [change])?;
    Ok(())
}

/// The change that waits to be confirmed: at most one does.
pub fn confirming(db: &Connection) -> Result<Option<Change>> {
    Ok(some(db, "WHERE state = 'confirming' ORDER BY number DESC LIMIT 1", [])?.pop())
}

/// The last changes that were taken back, the newest first.
pub fn rolled_back(db: &Connection, limit: u32) -> Result<Vec<Change>> {
    some(db, "WHERE state = 'rolled-back' ORDER BY number DESC LIMIT ?1", [limit])
}

/// A change's items as they were recorded before it was executed, in order.
pub fn items(db: &Connection, change: i64) -> Result<Vec<Other>> {
    if !has_parts(db, change)? {
        return Ok(Vec::new());
    }
    let mut statement = db.prepare_cached(
        "SELECT what, path, before, after FROM change_items WHERE change = ?1 ORDER BY position",
    )?;
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

/// What nearly every step came to.
const COMPLETED: &str = "completed";

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

/// Steps as the store keeps them: a line each, with what is not the usual status before the name.
fn steps_text(steps: &[Step]) -> Option<String> {
    let line = |step: &Step| {
        let status = if step.status == COMPLETED { String::new() } else { format!("{}!", step.status) };
        format!("{status}{} {} {}", step.name, step.duration_us, step.result)
    };
    (!steps.is_empty()).then(|| steps.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn steps_of(text: &str) -> Vec<Step> {
    let step = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let name = words.next().unwrap_or_default();
        let (status, name) = name.split_once('!').unwrap_or((COMPLETED, name));
        Step {
            name: name.to_owned(),
            status: status.to_owned(),
            duration_us: words.next().and_then(|word| word.parse().ok()).unwrap_or_default(),
            result: words.next().unwrap_or_default().to_owned(),
        }
    };
    text.lines().map(step).collect()
}

/// The number of the manifest that a change put in force, where it did.
pub fn manifest_of(db: &Connection, change: i64) -> Result<Option<i64>> {
    let mut statement = db.prepare_cached("SELECT id FROM manifests WHERE change = ?1")?;
    Ok(statement.query_row([change], |row| row.get(0)).optional()?)
}
