//! Reading and writing with who calls and when, and the audit entry in the same transaction.
//!
//! What must stay true: nothing is written without an entry; a refusal is written too, in a transaction of its own;
//! time never goes back in the log, whatever the clock does (`max(now, last)`).

use super::backup_file::{self, Written};
use super::identity::{self, Actor};
use super::{Engine, Machine, settle, system_log};
use crate::domain::audit::{Entry, Head};
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::{Caller, Claim, Proof};
use crate::domain::notice::Notice;
use crate::domain::time::{Span, Timestamp};
use crate::domain::value::Value;
use crate::store::{Connection, audit, digest, duty, metadata};
use serde_json::json;
use std::path::Path;

/// One consistent state, who looks at it, and when.
pub(super) struct View<'a> {
    pub(super) db: &'a Connection,
    /// When it is written down: never before the last entry.
    pub(super) now: Timestamp,
    /// When it is, as deadlines and expiries are judged.
    pub(super) clock: Timestamp,
    pub(super) actor: Actor,
    pub(super) caller: &'a Caller,
    pub(super) machine: &'a Machine,
    /// Where the store is; none in memory.
    pub(super) place: Option<&'a Path>,
    /// Backups written in this transaction.
    pub(super) written: &'a Written,
}

/// What somebody tries to do: what the log keeps of it where it is refused.
pub(super) struct Attempt<'a> {
    /// `change.approve`.
    pub(super) action: &'a str,
    /// What it is about, as they named it.
    pub(super) target: &'a str,
}

impl<'a> From<&'a str> for Attempt<'a> {
    fn from(action: &'a str) -> Self {
        Attempt { action, target: "" }
    }
}

impl<'a> From<(&'a str, &'a str)> for Attempt<'a> {
    fn from((action, target): (&'a str, &'a str)) -> Self {
        Attempt { action, target }
    }
}

/// What the audit log keeps of a write.
#[derive(Debug, Default)]
pub(super) struct Note {
    /// What was done: `change.execute`, `member.invite`.
    pub(super) action: String,
    /// To what.
    pub(super) target: String,
    /// More about it.
    pub(super) detail: Value,
    /// The records it wrote, as kind and key, with the digest where it is known already.
    pub(super) records: Vec<(&'static str, String, Option<String>)>,
    /// When somebody has to look after it: a deadline that it set.
    pub(super) deadline: Option<Timestamp>,
    /// Backups whose files go once the record that they are gone is durable: a file that stays is one too many, which
    /// `doctor` names, and never one too few.
    pub(super) remove_after: Vec<String>,
    /// What people are told once all of it is durable, never before.
    pub(super) tell: Vec<Notice>,
}

impl Note {
    pub(super) fn new(action: &str, target: impl Into<String>, detail: Value) -> Note {
        Note { action: action.to_owned(), target: target.into(), detail, ..Note::default() }
    }

    /// The record of a change, with what governance adds to it.
    #[must_use]
    pub(super) fn change(self, number: i64) -> Note {
        self.record("change", number).record("request", number)
    }

    #[must_use]
    pub(super) fn record(mut self, kind: &'static str, key: impl ToString) -> Note {
        self.records.push((kind, key.to_string(), None));
        self
    }

    /// Why, where whoever did it said so.
    #[must_use]
    pub(super) fn because(mut self, reason: Option<&str>) -> Note {
        if let Some(reason) = reason {
            self.detail["reason"] = Value::from(reason);
        }
        self
    }

    /// A record whose digest was made while it was written.
    #[must_use]
    pub(super) fn record_digested(mut self, kind: &'static str, key: impl ToString, digest: String) -> Note {
        self.records.push((kind, key.to_string(), Some(digest)));
        self
    }
}

impl Engine {
    /// Answers a question on one consistent state, for a member.
    pub(super) fn look<T>(&self, caller: &Caller, body: impl FnOnce(&View<'_>) -> Result<T>) -> Result<T> {
        let (answer, overdue) = self.look_as(
            caller,
            |db, now| identity::identify(db, caller, now),
            |view| Ok((body(view)?, settle::overdue(view, &duty::due(view.db, view.clock)?))),
        )?;
        self.remark(overdue);
        Ok(answer)
    }

    /// The same, for a caller who is known in another way.
    pub(super) fn look_as<T>(
        &self,
        caller: &Caller,
        identify: impl FnOnce(&Connection, Timestamp) -> Result<Actor>,
        body: impl FnOnce(&View<'_>) -> Result<T>,
    ) -> Result<T> {
        self.store.read(|db| {
            let (now, clock) = times(&self.machine, audit::head(db)?.at);
            let actor = identify(db, clock)?;
            let written = Written::default();
            body(&View {
                db,
                now,
                clock,
                actor,
                caller,
                machine: &self.machine,
                place: self.store.place(),
                written: &written,
            })
        })
    }

    /// Does something in one transaction, or looks what it would do: the body of a dry run writes nothing. Gives the
    /// chain's head after it, as text.
    pub(super) fn act<'t, T>(
        &mut self,
        caller: &Caller,
        attempt: impl Into<Attempt<'t>>,
        dry_run: bool,
        body: impl FnOnce(&View<'_>) -> Result<(T, Option<Note>)>,
    ) -> Result<(T, Option<String>)> {
        if dry_run {
            return self.look(caller, |view| Ok((body(view)?.0, None)));
        }
        let (answer, head) = self.transact(caller, attempt, body)?;
        Ok((answer, head.as_ref().map(Head::to_string)))
    }

    /// Does something in one transaction with its audit entry, and gives the chain's head after it. A body that
    /// returns no note wrote nothing. A refusal leaves everything as it was but for an entry that says so.
    pub(super) fn transact<'t, T>(
        &mut self,
        caller: &Caller,
        attempt: impl Into<Attempt<'t>>,
        body: impl FnOnce(&View<'_>) -> Result<(T, Option<Note>)>,
    ) -> Result<(T, Option<Head>)> {
        self.settle_overdue(caller)?;
        self.transact_as(caller, attempt, |db, now| identity::identify(db, caller, now), body)
    }

    /// The same for what cfgctl itself does when it falls due.
    pub(super) fn transact_itself<'t, T>(
        &mut self,
        caller: &Caller,
        attempt: impl Into<Attempt<'t>>,
        body: impl FnOnce(&View<'_>) -> Result<(T, Option<Note>)>,
    ) -> Result<(T, Option<Head>)> {
        self.transact_as(caller, attempt, |_, now| Ok(identity::itself(now)), body)
    }

    /// The same, for a caller who proves who they are in another way.
    pub(super) fn transact_as<'t, T>(
        &mut self,
        caller: &Caller,
        attempt: impl Into<Attempt<'t>>,
        identify: impl FnOnce(&Connection, Timestamp) -> Result<Actor>,
        body: impl FnOnce(&View<'_>) -> Result<(T, Option<Note>)>,
    ) -> Result<(T, Option<Head>)> {
        let attempt = attempt.into();
        let machine = &self.machine;
        let place = self.store.place().map(Path::to_path_buf);
        let mut tried_by = None;
        let written = Written::default();
        let in_turn = |db: &Connection| {
            let head = audit::head(db)?;
            let (now, clock) = times(machine, head.at);
            let actor = identify(db, clock)?;
            tried_by = Some(actor.clone());
            let view =
                View { db, now, clock, actor, caller, machine, place: place.as_deref(), written: &written };
            let (answer, note) = body(&view)?;
            let head = note.as_ref().map(|note| append(&view, &head, note, "done")).transpose()?;
            let store_id = metadata::store_id(db)?;
            written.flush_beside(db)?;
            Ok((answer, head, note.unwrap_or_default(), store_id))
        };
        // Whatever came of it, nobody else's turn begins while a backup is on its way; and none is left behind.
        let answer = self.store.write(|db| {
            let answer = in_turn(db);
            let settled = written.settle();
            answer.and_then(|answer| settled.map(|()| answer))
        });
        match answer {
            Ok((answer, head, note, store_id)) => {
                self.deadline = note.deadline.or(self.deadline);
                self.removing.retain(|thread| !thread.is_finished());
                self.removing.extend(backup_file::remove_beside(place, note.remove_after));
                if let (Some(head), true) = (&head, self.machine.system_log) {
                    system_log::send(&store_id, head, attempt.action);
                }
                self.tell(&store_id, note.tell);
                Ok((answer, head))
            }
            Err(error) => {
                if error.code != Code::UnknownOutcome {
                    for name in written.into_names() {
                        let _ = backup_file::remove(place.as_deref(), &name);
                    }
                }
                if is_refusal(error.code) {
                    self.record_refusal(caller, tried_by, &attempt, &error)?;
                }
                Err(error)
            }
        }
    }

    /// Where the entry cannot be written the caller learns that instead: no record, no answer.
    fn record_refusal(
        &mut self,
        caller: &Caller,
        actor: Option<Actor>,
        attempt: &Attempt<'_>,
        error: &Error,
    ) -> Result<()> {
        let machine = &self.machine;
        self.store.write(|db| {
            let head = audit::head(db)?;
            let now = (machine.now)().max(head.at);
            let (name, proof) = match &actor {
                Some(actor) => (actor.name().to_owned(), actor.proof.to_string()),
                None => (claimed_name(caller), Proof::Nobody.to_string()),
            };
            let mut detail = json!({"code": error.code, "message": error.message});
            if actor.is_none() && matches!(caller.claim, Claim::Token(_)) {
                match count_wrong_token(db, now)? {
                    None => return Ok(()),
                    Some(before) => detail["wrong_tokens_in_the_minute_before"] = Value::from(before),
                }
            }
            let entry = Entry {
                seq: head.seq + 1,
                at: now,
                actor: name,
                proof,
                origin: caller.origin.clone(),
                program: caller.program.clone(),
                action: attempt.action.to_owned(),
                target: attempt.target.to_owned(),
                outcome: "refused".to_owned(),
                detail: detail.to_string(),
                rows: String::new(),
            };
            audit::append(db, &head, &entry).map(|_| ())
        })
    }
}

/// A clock this far behind the last entry was wrong then, not now.
const LEAP: Span = Span::days(1);

/// When something is written down, and when it is. Time never goes back in the log; but one entry from a clock that
/// was far ahead must not hold every deadline and expiry still until then.
pub(super) fn times(machine: &Machine, last: Timestamp) -> (Timestamp, Timestamp) {
    let clock = (machine.now)();
    let now = clock.max(last);
    (now, if last > clock.after(LEAP) { clock } else { now })
}

fn is_refusal(code: Code) -> bool {
    matches!(code, Code::Refused | Code::Denied | Code::Invalid | Code::Conflict | Code::Unauthenticated)
}

fn claimed_name(caller: &Caller) -> String {
    match &caller.claim {
        Claim::User { name, .. } => name.clone(),
        Claim::Token(_) => "unknown".to_owned(),
    }
}

/// Counts wrong tokens by the minute, so that a flood of them does not flood the log: gives the former minute's count
/// when a new minute begins, and nothing within one.
fn count_wrong_token(db: &Connection, now: Timestamp) -> Result<Option<u64>> {
    let minute = now.millis() / 60_000;
    let kept = metadata::get(db, metadata::WRONG_TOKENS)?.unwrap_or_default();
    let (last, count) = kept.split_once(' ').unwrap_or(("", "0"));
    let count: u64 = count.parse().unwrap_or(0);
    let same = last == minute.to_string();
    let counted = if same { count + 1 } else { 1 };
    metadata::set(db, metadata::WRONG_TOKENS, &format!("{minute} {counted}"), now)?;
    Ok((!same).then_some(count))
}

fn append(view: &View<'_>, head: &Head, note: &Note, outcome: &str) -> Result<Head> {
    let mut rows = String::new();
    for (kind, key, known) in &note.records {
        if !rows.is_empty() {
            rows.push(';');
        }
        let digest = match known {
            Some(known) => Some(known.clone()),
            None => digest::of_record(view.db, kind, key)?,
        };
        rows.push_str(&format!("{kind}:{key}={}", digest.as_deref().unwrap_or("-")));
    }
    let entry = Entry {
        seq: head.seq + 1,
        at: view.now,
        actor: view.actor.name().to_owned(),
        proof: view.actor.proof.to_string(),
        origin: view.caller.origin.clone(),
        program: view.caller.program.clone(),
        action: note.action.clone(),
        target: note.target.clone(),
        outcome: outcome.to_owned(),
        detail: if note.detail.is_null() { String::new() } else { note.detail.to_string() },
        rows,
    };
    audit::append(view.db, head, &entry)
}

impl View<'_> {
    /// So long ago.
    pub(super) fn ago(&self, span: Span) -> Timestamp {
        self.clock.before(span)
    }
}
