//! Executing a change: backup, items, history, version, hashes, steps, in the transaction of the caller.
//!
//! What must stay true: the backup file is durable before anything is committed; cost follows the change (design.md
//! §3.7); what was written is read back before it is called done.

use super::plan::Plan;
use super::transact::{Note, View};
use super::{backup_file, confirm, delivery};
use crate::domain;
use crate::domain::backup::{Scope, Writer, file_name};
use crate::domain::change::{Item, Kind, State, hex};
use crate::domain::error::{Code, Error, Result};
use crate::domain::policy::Policy;
use crate::domain::time::Timestamp;
use crate::domain::tree;
use crate::domain::value::{self, Value};
use crate::store::change::{Change, Restart, Review, Step};
use crate::store::history::Done;
use crate::store::overrides::Stamp;
use crate::store::version::Version;
use crate::store::{backup, change, duty, hash_node, history, manifest, overrides, version};
use serde_json::json;
use std::fs::File;
use std::io::BufWriter;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How many old backups one change takes away: a few, so that its cost stays its own.
const ROTATED_AT_ONCE: u32 = 4;

/// How long each step took, one after the other.
pub(super) struct Steps<'a> {
    view: &'a View<'a>,
    last: Duration,
    done: Vec<Step>,
}

impl<'a> Steps<'a> {
    pub(super) fn begin(view: &'a View<'a>) -> Steps<'a> {
        Steps { view, last: (view.machine.elapsed)(), done: Vec::new() }
    }

    /// The steps so far.
    pub(super) fn done(self) -> Vec<Step> {
        self.done
    }

    /// The step that began with the last one's end is completed.
    pub(super) fn completed(&mut self, name: &str, result: String) {
        let now = (self.view.machine.elapsed)();
        let duration_us = i64::try_from(now.saturating_sub(self.last).as_micros()).unwrap_or(i64::MAX);
        self.last = now;
        self.done.push(Step { name: name.to_owned(), status: "completed".to_owned(), duration_us, result });
    }
}

/// Executes a planned change. Fills in what became of it, and gives the audit note.
pub(super) fn execute(
    view: &View<'_>,
    policy: &Policy,
    plan: &Plan,
    change: &mut Change,
    steps: Steps<'_>,
) -> Result<Note> {
    execute_with(view, policy, plan, change, steps, None)
}

/// The same, with a directory for the backup where its folder cannot be written.
pub(super) fn execute_with(
    view: &View<'_>,
    policy: &Policy,
    plan: &Plan,
    change: &mut Change,
    mut steps: Steps<'_>,
    elsewhere: Option<&Path>,
) -> Result<Note> {
    let db = view.db;
    // What did not take effect goes back at once: nothing that was changed since goes with it.
    if change.decision.takes_back.is_none() {
        confirm::refuse_while_confirming(view)?;
    }
    steps.completed("validation", format!("{} valid", paths(plan.items.len())));

    let record = write_backup(view, plan, change, elsewhere)?;
    backup::insert(db, &record)?;
    let gone = rotate(view, policy)?;
    steps.completed("backup", format!("checksum {}", &record.checksum[..16]));

    let (version, digest) = write_values(view, &plan.items, change)?;
    steps.completed("apply_change", format!("version {}", version.id));

    verify(view, &plan.items)?;
    steps.completed("verification", format!("{} read back", paths(plan.items.len())));

    let within = change.dossier.confirm_within;
    change.state = if within.is_some() { State::Confirming } else { State::Completed };
    change.restart = plan.restart.then_some(Restart::Pending);
    change.review = asks_for_review(plan, change).then_some(Review::Due);
    change.version = Some(version.id);
    change.executed_by = Some(view.actor.name().to_owned());
    change.backup = Some(record.name);
    change.steps = steps.done();
    let unusual = change.backup.clone().filter(|name| *name != usual_backup(change.number, view.now));
    let delivering = delivery::begin(view, change, plan)?;
    change::put(db, &Change { backup: unusual, ..change.clone() })?;
    if change.digest.is_some() {
        duty::remove(db, duty::Kind::Execute, change.number)?;
    }
    if let Some(within) = within {
        confirm::begin(view, change, within)?;
    }
    let mut detail = json!({"version": version.id});
    if let Some(within) = within {
        detail["confirm_within"] = json!(within);
    }
    for (name, said) in [("returns_to", &change.decision.returns_to), ("trigger", &change.decision.trigger)] {
        if let Some(said) = said {
            detail[name] = json!(said);
        }
    }
    let mut note = Note::new("change.execute", change.number.to_string(), detail)
        .record_digested("version", version.id, digest)
        .record("change", change.number);
    note.deadline = within.map(|within| view.clock.after(within));
    // What governance adds to a change's record: most have nothing of it.
    if change.digest.is_some()
        || change.restart.is_some()
        || change.review.is_some()
        || delivering
        || !change.dossier.is_empty()
    {
        note = note.record("request", change.number);
    }
    note.remove_after.extend(gone.into_iter().map(|old| old.name));
    Ok(note)
}

/// Whether somebody has to look back on it: as its demand says, and always on an emergency. What takes another change
/// back is looked back on with that one.
fn asks_for_review(plan: &Plan, change: &Change) -> bool {
    let asked = plan.demand.review || change.decision.demand.as_ref().is_some_and(|demand| demand.review);
    change.kind == Kind::Emergency || (asked && change.decision.takes_back.is_none())
}

/// The name of the backup before a change that was executed at this time, unless a file of that name was left over.
pub(super) fn usual_backup(number: i64, at: Timestamp) -> String {
    file_name(&format!("change_{number}"), at).unwrap_or_default()
}

fn paths(count: usize) -> String {
    if count == 1 { "1 path".to_owned() } else { format!("{count} paths") }
}

/// The former values of the paths that the change touches, and which had none.
fn write_backup(
    view: &View<'_>,
    plan: &Plan,
    change: &Change,
    elsewhere: Option<&Path>,
) -> Result<backup::Record> {
    let mut header = backup_file::header(view, Scope::Change, Some(change.number))?;
    header.absent =
        plan.items.iter().filter(|item| item.before.is_none()).map(|item| item.path.clone()).collect();
    let name = format!("change_{}", change.number);
    let fill = |writer: &mut Writer<BufWriter<File>>| {
        for (item, origin) in plan.items.iter().zip(&plan.origins) {
            let (Some(value), Some(origin)) = (&item.before, origin) else { continue };
            writer
                .value(
                    item.path.as_str(),
                    &value::canonical(value),
                    &origin.value_type,
                    &origin.at,
                    &origin.by,
                )
                .map_err(|error| {
                    Error::unavailable(format!("The backup cannot be written: {error}.")).not_retryable()
                })?;
        }
        Ok(())
    };
    if change.kind != Kind::Emergency && elsewhere.is_none() {
        return backup_file::write(view, &name, true, header, fill);
    }
    backup_file::write_at_once(view, elsewhere, &name, header, fill).map_err(|error| {
        match (error.code, elsewhere) {
            (Code::Unavailable, None) => error.hint("Write it where there is room: --backup-to DIR"),
            _ => error,
        }
    })
}

/// Keeps the newest automatic backups of changes; older ones go, unless the policy keeps them for a time or they are of
/// an emergency that nobody has looked back on yet.
fn rotate(view: &View<'_>, policy: &Policy) -> Result<Vec<backup::Record>> {
    let before = policy.backups.keep_for.map(|span| view.ago(span));
    let beyond = |most| backup::automatic_beyond(view.db, "change", policy.backups.keep, before, most);
    let mut gone = beyond(ROTATED_AT_ONCE)?;
    let held = if gone.is_empty() { Vec::new() } else { change::unreviewed_emergencies(view.db)? };
    if !held.is_empty() {
        gone = beyond(ROTATED_AT_ONCE.saturating_add(u32::try_from(held.len()).unwrap_or(u32::MAX)))?;
        gone.retain(|old| old.change.is_none_or(|number| !held.contains(&number)));
        gone.truncate(ROTATED_AT_ONCE as usize);
    }
    gone.iter().try_for_each(|old| backup::remove(view.db, old.id))?;
    Ok(gone)
}

/// Writes overrides, hashes, the version they make and its history. Gives the version, and the digest of its record.
fn write_values(view: &View<'_>, items: &[Item], change: &Change) -> Result<(Version, String)> {
    let db = view.db;
    let parent = version::current(db)?;
    let id = parent.as_ref().map_or(1, |parent| parent.id + 1);
    let at = view.now.to_string();
    let stamp = Stamp {
        at: &at,
        by: view.actor.name(),
        reason: &change.reason,
        origin: &view.caller.origin,
        version: id,
    };
    let text = |value: &Option<Value>| value.as_ref().map(value::canonical);
    let texts: Vec<[Option<String>; 2]> =
        items.iter().map(|item| [text(&item.before), text(&item.after)]).collect();
    let texts = texts.iter().map(|[before, after]| (before.as_deref(), after.as_deref()));
    let done = |(item, (before, after))| Done { item, before, after };
    let done: Vec<Done<'_>> = items.iter().zip(texts).map(done).collect();
    let put = || {
        let mut overrides = overrides::Put::new(db, stamp);
        done.iter().try_for_each(|&Done { item, before, after }| {
            overrides.put(&item.path, before.is_some(), item.after.as_ref().zip(after))
        })
    };
    let (written, leaves) = beside(done.len(), put, || done.iter().map(leaf).collect());
    written?;
    let config = hash_node::update(db, hash_node::Over::Overrides, leaves)?;
    let generation = manifest::current_generation(db)?;
    let version = Version {
        id,
        config_hash: hex(&config),
        effective_hash: effective_hash(&generation.base_hash, &config)?,
        created_at: view.now,
        created_by: view.actor.name().to_owned(),
        description: None,
        is_baseline: false,
        parent: parent.map(|parent| parent.id),
        change: Some(change.number),
        generation: generation.id,
    };
    version::insert(db, &version, None)?;
    let digest = history::insert(db, stamp, &done)?;
    Ok((version, digest))
}

/// So many items make a second thread worth its while.
const MANY: usize = 1000;

/// Does two things that do not need each other: for many items the second one on a thread of its own.
fn beside<A, B: Send>(items: usize, first: impl FnOnce() -> A, second: impl FnOnce() -> B + Send) -> (A, B) {
    if items < MANY {
        return (first(), second());
    }
    thread::scope(|scope| {
        let second = scope.spawn(second);
        let first = first();
        (first, second.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// What becomes of a path's leaf.
fn leaf(done: &Done<'_>) -> tree::Update {
    let path = done.item.path.as_str();
    let leaf = |text| tree::leaf_of_text(path, text);
    tree::Update { place: tree::place_of(path), before: done.before.map(leaf), after: done.after.map(leaf) }
}

/// The hash of base and overrides, in hexadecimal.
pub(super) fn effective_hash(base_hash: &str, config: &tree::Hash) -> Result<String> {
    Ok(hex(&tree::effective_hash(&unhex(base_hash)?, config)))
}

/// A hash from its hexadecimal text. `integrity` where it is none.
pub(super) fn unhex(text: &str) -> Result<tree::Hash> {
    domain::change::unhex(text).ok_or_else(|| {
        Error::integrity("The store holds a hash that cannot be read.").hint("Type `cfgctl doctor`.")
    })
}

/// Reads every item back as a reader would.
fn verify(view: &View<'_>, items: &[Item]) -> Result<()> {
    let expected = items.iter().map(|item| (&item.path, item.after.as_ref().map(value::canonical)));
    match overrides::first_other(view.db, expected)? {
        None => Ok(()),
        Some(path) => Err(Error::integrity(format!(
            "{path} does not read back as it was written; nothing was changed."
        ))
        .hint("Type `cfgctl doctor`.")),
    }
}
