//! Changes that are taken back unless somebody confirms them in time (NETCONF's confirmed commit, RFC 6241 §8.4).
//!
//! What must stay true: the deadline is written with the change; one waits at a time, and while it does nothing else
//! changes values or the manifest, so that nobody's work is undone with it; what returns is the former state of its
//! paths, as a change of its own, on record.

use super::apply::{self, Steps};
use super::case::Case;
use super::change_request::{Decided, find, require_for};
use super::plan::{Going, Plan, plan};
use super::transact::{Note, View};
use super::{Engine, Handle, notice};
use crate::api::Outcome;
use crate::api::change_request::DecisionReply;
use crate::api::confirm::{Confirm, Decision};
use crate::domain::approval::Lack;
use crate::domain::change::{Kind, State};
use crate::domain::dossier::Dossier;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::notice::Event;
use crate::domain::path::Path;
use crate::domain::policy::Policy;
use crate::domain::role::Role;
use crate::domain::time::{Span, SpanOrDefault, Timestamp};
use crate::domain::value::Value;
use crate::store::change::{self, Change};
use crate::store::duty::{self, Duty};
use crate::store::{history, manifest, overrides, version};
use serde_json::json;

/// The time in which a change is to be confirmed. Refuses one that is longer than the policy allows, or none at all.
pub(super) fn span_of(asked: Option<SpanOrDefault>, policy: &Policy) -> Result<Option<Span>> {
    let Some(within) = asked.map(|asked| asked.or(policy.confirm.default)) else { return Ok(None) };
    if within < Span::seconds(1) {
        return Err(Error::usage("A change can be confirmed within a second at the least.")
            .hint(format!("The usual: --confirm-within {}", policy.confirm.default)));
    }
    if within > policy.confirm.longest {
        return Err(Error::refused(format!(
            "A change may wait to be confirmed for {} at most; {within} is longer.",
            policy.confirm.longest
        ))
        .hint(format!("Ask for less: --confirm-within {}", policy.confirm.longest)));
    }
    Ok(Some(within))
}

/// `conflict` while a change waits to be confirmed.
pub(super) fn refuse_while_confirming(view: &View<'_>) -> Result<()> {
    let Some(pending) = change::confirming(view.db)? else { return Ok(()) };
    let until = deadline(view, &pending)?.map(|end| format!(" until {}", end.short())).unwrap_or_default();
    Err(Error::conflict(format!(
        "Change {} by {} waits to be confirmed{until}; nothing else is changed meanwhile.",
        pending.number,
        pending.executed_by.as_deref().unwrap_or(&pending.requested_by)
    ))
    .hint(format!("Settle it first: cfgctl confirm {0}, or cfgctl confirm --cancel {0}", pending.number)))
}

fn deadline(view: &View<'_>, change: &Change) -> Result<Option<Timestamp>> {
    Ok(duty::find(view.db, duty::Kind::Confirm, change.number)?.map(|duty| duty.due_at))
}

/// Writes the deadline of a change that was just executed.
pub(super) fn begin(view: &View<'_>, change: &Change, within: Span) -> Result<()> {
    let due_at = view.clock.after(within);
    let by = view.actor.name().to_owned();
    duty::put(view.db, &Duty { kind: duty::Kind::Confirm, change: change.number, due_at, by }, view.now)
}

impl Handle<Confirm> for Engine {
    fn handle(&mut self, caller: &Caller, request: Confirm) -> Result<DecisionReply> {
        let action = match request.decision {
            Decision::Confirm => "change.confirm",
            Decision::Cancel => "change.take-back",
            Decision::Extend(_) => "change.extend",
        };
        let target = request.id.clone().unwrap_or_default();
        self.decide(caller, (action, &target), request.dry_run, |view| decide(view, &request))
    }
}

fn decide(view: &View<'_>, request: &Confirm) -> Result<Decided> {
    let mut change = named(view, request.id.as_deref())?;
    if request.decision != Decision::Cancel || !may_make(view, &change)? {
        require_for(view, &change, "settling a change", "settling somebody else's change")?;
    }
    let due = deadline(view, &change)?;
    if due.is_some_and(|due| due <= view.clock) && request.decision != Decision::Cancel {
        return Err(Error::conflict(format!(
            "The time to confirm change {} is over: its former state returns.",
            change.number
        ))
        .hint("Let that happen: cfgctl settle"));
    }
    if request.dry_run {
        let cancels = request.decision == Decision::Cancel;
        let comes_back = if cancels { former(view, &change)?.items } else { Vec::new() };
        return Ok(Decided { comes_back, outcome: Some(Outcome::Done), ..Decided::new(change, None) });
    }
    match request.decision {
        Decision::Confirm => {
            let note = keep(view, &mut change)?;
            Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, Some(note)) })
        }
        Decision::Cancel => {
            let because = format!("cancelled by {}", view.actor.name());
            let (_, note) = take_back(view, &mut change, &because)?;
            Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, Some(note)) })
        }
        Decision::Extend(by) => {
            let policy = manifest::policy(view.db)?;
            // Written down by a clock that was far ahead, it would have begun in the future.
            let begun = change.updated_at.unwrap_or(change.created_at).min(view.clock);
            let latest = begun.after(policy.confirm.longest);
            let until = view.clock.after(by);
            if until > latest {
                return Err(Error::refused(format!(
                    "A change may wait to be confirmed for {} at most: until {}.",
                    policy.confirm.longest,
                    latest.short()
                ))
                .hint(format!(
                    "Settle it: cfgctl confirm {0}, or cfgctl confirm --cancel {0}",
                    change.number
                )));
            }
            begin(view, &change, by)?;
            let mut note = Note::new("change.extend", change.number.to_string(), json!({"until": until}))
                .change(change.number);
            note.deadline = Some(until);
            Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, Some(note)) })
        }
    }
}

/// A change stays: nobody's word is waited for any more. Gives the audit note.
pub(super) fn keep(view: &View<'_>, change: &mut Change) -> Result<Note> {
    duty::remove(view.db, duty::Kind::Confirm, change.number)?;
    change.state = State::Completed;
    change::put(view.db, change)?;
    Ok(Note::new("change.confirm", change.number.to_string(), json!({})).change(change.number))
}

/// Whether the caller could make such a change alone: who could, may take it back (its own approval would be enough).
fn may_make(view: &View<'_>, change: &Change) -> Result<bool> {
    let policy = manifest::policy(view.db)?;
    let demand = policy.demand(change.risk);
    let lacks = Case::of_new(view, &policy, demand, change.kind, true)?.weigh(demand, change.risk).lacks;
    let approved = !lacks.iter().any(|lack| matches!(lack, Lack::Approvals { .. }));
    Ok(approved && view.actor.member.role >= Role::Operator)
}

/// The change that waits. `not-found`, or `conflict` where the one named does not.
fn named(view: &View<'_>, name: Option<&str>) -> Result<Change> {
    let Some(name) = name else {
        return change::confirming(view.db)?.ok_or_else(|| {
            Error::not_found("No change waits to be confirmed.").hint("See what happened: cfgctl history")
        });
    };
    let found = find(view, name)?;
    match found.state {
        State::Confirming => Ok(found),
        State::RolledBack => Err(Error::conflict(format!(
            "Change {} was rolled back: {}.",
            found.number,
            found.ended_because.as_deref().unwrap_or("it was not confirmed in time")
        ))
        .hint("Make it again if it is still wanted.")),
        state => Err(Error::conflict(format!(
            "Change {} does not wait to be confirmed: it is {state}.",
            found.number
        ))
        .hint(format!("See it: cfgctl change-request show {}", found.number))),
    }
}

fn version_of(change: &Change) -> Result<i64> {
    change.version.ok_or_else(|| Error::internal(format!("Change {} made no version.", change.number)))
}

/// The former state of a change's paths, as it would come back.
fn former(view: &View<'_>, change: &Change) -> Result<Plan> {
    let version = version_of(change)?;
    let mut wanted = Vec::new();
    for event in history::of_version(view.db, version)? {
        // What somebody has changed since is theirs.
        if was_last_set_by(view, &event.path, version)? {
            let before = before(view, &event.path, version, event.before)?;
            wanted.push((event.path, before));
        }
    }
    plan(view, wanted, &manifest::policy(view.db)?, Going::BackProven)
}

/// Whether a path has what a version gave it. What was changed since and taken back again does not count.
fn was_last_set_by(view: &View<'_>, path: &Path, version: i64) -> Result<bool> {
    let mut last = overrides::find(view.db, path.as_str())?.map(|row| row.version);
    while let Some(later) = last.filter(|last| *last > version) {
        let Some(undone) = maker(view, later)?.and_then(|change| change.decision.takes_back) else {
            return Ok(false);
        };
        let Some(undone) = change::by_number(view.db, undone)? else { return Ok(false) };
        last = earlier(view, path, version_of(&undone)?)?.map(|event| event.version);
    }
    Ok(last == Some(version))
}

/// What a path had before a version; where that is what was taken back meanwhile, what it had before that.
fn before(view: &View<'_>, path: &Path, version: i64, value: Option<Value>) -> Result<Option<Value>> {
    let (mut version, mut value) = (version, value);
    while let Some(event) = earlier(view, path, version)? {
        if maker(view, event.version)?.is_none_or(|change| change.state != State::RolledBack) {
            break;
        }
        (version, value) = (event.version, event.before);
    }
    Ok(value)
}

/// The last time that a path was set before a version.
fn earlier(view: &View<'_>, path: &Path, version: i64) -> Result<Option<history::Event>> {
    let filter = history::Filter {
        path: Some(path.clone()),
        before: Some((version, 0)),
        ..history::Filter::default()
    };
    Ok(history::list(view.db, &filter, 1)?.pop())
}

/// The change that made a version.
fn maker(view: &View<'_>, version: i64) -> Result<Option<Change>> {
    let number = version::find(view.db, version)?.and_then(|version| version.change);
    Ok(number.map(|number| change::by_number(view.db, number)).transpose()?.flatten())
}

/// Brings back the former state of a change's paths, as a change of its own; gives that change and the audit note. Where
/// the manifest in force would refuse the former values they return nevertheless: they were in force.
pub(super) fn take_back(view: &View<'_>, change: &mut Change, because: &str) -> Result<(Change, Note)> {
    take_back_with(view, change, because, None)
}

/// The same, with a directory for the backup where its folder cannot be written.
pub(super) fn take_back_with(
    view: &View<'_>,
    change: &mut Change,
    because: &str,
    elsewhere: Option<&std::path::Path>,
) -> Result<(Change, Note)> {
    let version = version_of(change)?;
    let policy = manifest::policy(view.db)?;
    let steps = Steps::begin(view);
    let planned = former(view, change)?;
    duty::remove(view.db, duty::Kind::Confirm, change.number)?;
    change.state = State::RolledBack;
    // Whether a service must restart for the former state is the other change's to say.
    change.restart = None;
    change.ended_because = Some(because.to_owned());
    change::put(view.db, change)?;
    let mut back = Change {
        number: change::next_number(view.db)?,
        id: view.machine.ulid(),
        kind: Kind::Undo,
        state: State::Pending,
        risk: planned.risk,
        reason: format!("Change {}: {because}", change.number),
        requested_by: view.actor.name().to_owned(),
        created_at: view.now,
        updated_at: None,
        content_hash: String::new(),
        base_version: version,
        version: None,
        executed_by: None,
        backup: None,
        steps: Vec::new(),
        ticket: change.ticket.clone(),
        rollback_plan: None,
        digest: None,
        expires_at: None,
        ended_because: None,
        dossier: Dossier::default(),
        restart: None,
        review: None,
        decision: change::Decision {
            reasons: planned.reasons.clone(),
            restart: planned.restart,
            services: planned.services.clone(),
            returns_to: Some(format!("before change {}", change.number)),
            trigger: Some(because.to_owned()),
            takes_back: Some(change.number),
            ..change::Decision::default()
        },
        manifest: manifest::current_id(view.db)?,
    };
    let mut note = apply::execute_with(view, &policy, &planned, &mut back, steps, elsewhere)?;
    note.action = "change.take-back".to_owned();
    let summary = format!("change {} was rolled back by change {}: {because}", change.number, back.number);
    note.tell.extend(notice::custom(
        view,
        change,
        Event::Confirm,
        &summary,
        notice::requester(view, change)?,
    )?);
    Ok((back, note.change(change.number)))
}
