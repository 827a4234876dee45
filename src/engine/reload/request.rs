//! What a reload would alter and may not: a change request that holds the difference.
//!
//! What must stay true: at most one such request is open, and it says what the sources said when they were read last;
//! what is put in force is what was approved.

use super::decide::Held;
use super::put::put;
use super::resolve::{Layers, Move, Resolved, resolve};
use crate::api::Outcome;
use crate::api::change::Terms;
use crate::domain::change::{Item, Kind, State, content_hash};
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::policy::Policy;
use crate::engine::apply::Steps;
use crate::engine::change::{Parts, draft, request};
use crate::engine::change_request::Decided;
use crate::engine::plan::Plan;
use crate::engine::standing::Moved;
use crate::engine::transact::{Note, View};
use crate::engine::{delivery, governance, notice};
use crate::store::base;
use crate::store::change::{self, Change, Restart, Review};
use crate::store::{duty, manifest, overrides};
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What became of what is held back.
pub(super) struct Asked {
    /// The request that holds it.
    pub(super) change: Option<Change>,
    /// The records that were written.
    pub(super) notes: Vec<Note>,
}

/// Keeps what is held back as a request, takes back what an earlier one asked and the sources no longer say.
pub(super) fn ask(view: &View<'_>, policy: &Policy, held: &Held, reason: &str) -> Result<Asked> {
    let items: Vec<Item> = held.moves.iter().map(Move::item).collect();
    let mut asked = Asked { change: None, notes: Vec::new() };
    for open in change::open_of_kind(view.db, Kind::Reload)? {
        let alive = open.expires_at.is_none_or(|end| end > view.clock);
        if asked.change.is_none() && alive && change::value_items(view.db, open.number)? == items {
            asked.change = Some(open);
        } else {
            asked.notes.push(supersede(view, open)?);
        }
    }
    let Some(plan) = held.plan.as_ref().filter(|_| asked.change.is_none()) else { return Ok(asked) };
    let terms = Terms { id: view.machine.ulid(), reason: reason.to_owned(), ..Terms::default() };
    let parts = Parts {
        kind: Kind::Reload,
        terms: &terms,
        plan,
        returning: None,
        asked: content_hash(Kind::Reload, reason, &plan.digest(0)),
        within: None,
        waits: true,
    };
    let mut change = draft(view, policy, parts)?;
    base::ask(view.db, change.number, &held.said)?;
    let mut note = request(view, policy, plan, &mut change, &terms)?.record("base-request", change.number);
    note.tell.extend(notice::request(view, &change, &governance::awaiting_of(view, &change)?.missing)?);
    asked.notes.push(note);
    asked.change = Some(change);
    Ok(asked)
}

fn supersede(view: &View<'_>, mut open: Change) -> Result<Note> {
    open.state = State::Cancelled;
    open.updated_at = Some(view.now);
    open.ended_because = Some("a later reload found something else".to_owned());
    duty::remove(view.db, duty::Kind::Execute, open.number)?;
    change::put(view.db, &open)?;
    let detail = json!({"because": open.ended_because});
    let mut note = Note::new("change.cancel", open.number.to_string(), detail).change(open.number);
    note.tell.extend(notice::outcome(view, &open)?);
    Ok(note)
}

/// What every source said last: what is in force, and over it what an open request holds back.
pub(super) fn asked_over<'a>(view: &View<'_>, present: &'a Layers<'_>) -> Result<Layers<'a>> {
    let open = change::open_of_kind(view.db, Kind::Reload)?;
    match open.iter().find(|open| open.expires_at.is_none_or(|end| end > view.clock)) {
        Some(open) => with_asked(view, present, open),
        None => Ok(Layers::new(present.borrowed())),
    }
}

/// The layers with what a request asks in the place of what they say of its paths.
fn with_asked<'a>(view: &View<'_>, layers: &'a Layers<'_>, change: &Change) -> Result<Layers<'a>> {
    let paths: BTreeSet<Path> =
        change::value_items(view.db, change.number)?.into_iter().map(|item| item.path).collect();
    let others = layers.borrowed().filter(|said| !paths.contains(&said.path));
    Ok(Layers::new(others.chain(base::asked(view.db, change.number)?.into_iter().map(Cow::Owned))))
}

/// The paths of such a request of which something else is in force than when it was made.
pub(in crate::engine) fn moved(view: &View<'_>, change: &Change) -> Result<Vec<Moved>> {
    let mut moved = Vec::new();
    for item in change::value_items(view.db, change.number)? {
        let overridden = overrides::find(view.db, item.path.as_str())?.filter(|row| row.value.is_some());
        if let Some(row) = overridden {
            moved.push(Moved { path: item.path, version: row.version, by: row.by, by_request: None });
        } else if base::value(view.db, item.path.as_str())? != item.before {
            let since = base::first_since(view.db, item.path.as_str(), change.base_version)?;
            let version = since.map_or(0, |event| event.version);
            moved.push(Moved { path: item.path, version, by: "a reload".to_owned(), by_request: None });
        }
    }
    Ok(moved)
}

/// Puts in force what was approved.
pub(in crate::engine) fn execute(
    view: &View<'_>,
    mut change: Change,
    plan: &Plan,
    mut steps: Steps<'_>,
) -> Result<Decided> {
    if change.dossier.confirm_within.is_some() {
        return Err(Error::usage("What the sources say is not taken back by a deadline.")
            .hint("Go back with: cfgctl reload --to GENERATION"));
    }
    steps.completed("validation", format!("{} valid", plan.items.len()));
    let present = super::resolve::present(view)?;
    let wanted = with_asked(view, &present, &change)?;
    let resolved: Resolved = resolve(view, &present, &wanted, &manifest::sources(view.db)?)?;
    // Nothing but what was approved: the layers must come to just its values.
    let comes_to: Vec<Item> = resolved.moves.iter().map(Move::item).collect();
    if comes_to != plan.items {
        return Err(Error::conflict(format!(
            "Change request {} is stale: the base has moved since.",
            change.number
        ))
        .hint("Read the sources again: cfgctl reload --force"));
    }
    let put = put(view, &resolved, Some(change.number), None)?;
    steps.completed(
        "apply_change",
        put.version.map_or_else(String::new, |version| format!("version {version}")),
    );
    change.state = State::Completed;
    change.version = put.version;
    change.executed_by = Some(view.actor.name().to_owned());
    change.updated_at = Some(view.now);
    change.restart = plan.restart.then_some(Restart::Pending);
    change.review = plan.demand.review.then_some(Review::Due);
    change.steps = steps.done();
    delivery::begin(view, &mut change, plan)?;
    change::put(view.db, &change)?;
    duty::remove(view.db, duty::Kind::Execute, change.number)?;
    let detail = json!({"version": put.version, "generation": put.generation});
    let mut note =
        put.recorded(Note::new("change.execute", change.number.to_string(), detail).change(change.number));
    note.tell.extend(notice::outcome(view, &change)?);
    Ok(Decided {
        warnings: plan.warnings.clone(),
        outcome: Some(Outcome::Done),
        ..Decided::new(change, Some(note))
    })
}
