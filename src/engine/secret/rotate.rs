//! A new key, and whatever is in force sealed with it.
//!
//! What must stay true: no value changes, so nobody's approval is asked and no service is told; everything opens with the
//! former keys before a new one is made; the older keys stay, for what history holds.

use super::held::{Held, plain};
use super::require_keeper;
use crate::api::Outcome;
use crate::api::change::{ChangeReply, Terms};
use crate::api::secret::{Rotate, RotateReply};
use crate::crypt::keys::file;
use crate::domain::change::{Item, Kind, State, content_hash};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::policy::{Demand, Policy};
use crate::domain::risk::{Risk, RiskReason};
use crate::domain::value::Value;
use crate::engine::apply::{self, Steps};
use crate::engine::change::{Parts, answer_again, draft, reply_to};
use crate::engine::plan::Plan;
use crate::engine::seal::Sealer;
use crate::engine::terms::{check_terms, check_terms_id};
use crate::engine::transact::{Note, View};
use crate::engine::{Engine, Handle, confirm, reload};
use crate::store::base::{self, Altered, Event, Said};
use crate::store::change::{self, Change};
use crate::store::manifest::{self, Generation};
use crate::store::overrides;
use serde_json::json;
use std::collections::BTreeSet;

impl Handle<Rotate> for Engine {
    fn handle(&mut self, caller: &Caller, request: Rotate) -> Result<RotateReply> {
        let terms = &request.terms;
        check_terms(terms)?;
        check_terms_id(terms)?;
        let body = |view: &View<'_>| {
            let asked = content_hash(Kind::Rotate, &terms.reason, "");
            let Some(former) = change::by_id(view.db, &terms.id)? else {
                return rotate(view, terms, asked);
            };
            let (change, note) = answer_again(view, &former, &asked)?;
            let (key, older) = names(&Sealer::of(view)?)?;
            Ok((RotateReply { key: Some(key), older, overrides: 0, base: 0, change }, note))
        };
        let (mut reply, audit_head) = self.act(caller, "change.rotate", terms.dry_run, body)?;
        reply.change.audit_head = audit_head;
        Ok(reply)
    }
}

fn rotate(view: &View<'_>, terms: &Terms, asked: String) -> Result<(RotateReply, Option<Note>)> {
    require_keeper(view, "renewing the key")?;
    confirm::refuse_while_confirming(view)?;
    let former = Sealer::of(view)?;
    let held = Held::of(view)?;
    let (key, older) = names(&former)?;
    let opened: Vec<Value> =
        held.values().map(|(path, value)| plain(&former, path, value)).collect::<Result<_>>()?;
    let (overrides, base) = (held.overrides.len() as u64, held.base.len() as u64);
    let nothing = ChangeReply { dry_run: terms.dry_run, outcome: Outcome::Done, ..ChangeReply::unchanged() };
    if terms.dry_run {
        let older = std::iter::once(key).chain(older).collect();
        return Ok((RotateReply { key: None, older, overrides, base, change: nothing }, None));
    }
    let steps = Steps::begin(view);
    file::rotate(former.place()?, &mut || view.machine.secret())?;
    let sealer = Sealer::of(view)?;
    let (key, older) = names(&sealer)?;
    let sealed: Vec<Value> = held
        .values()
        .zip(&opened)
        .map(|((path, _), value)| sealer.seal(path, value))
        .collect::<Result<_>>()?;
    let (of_overrides, of_base) = sealed.split_at(held.overrides.len());
    let detail = json!({"key": key, "overrides": overrides, "base": base, "reason": terms.reason});
    if sealed.is_empty() {
        let reply = RotateReply { key: Some(key), older, overrides, base, change: nothing };
        return Ok((reply, Some(Note::new("change.rotate", "", detail))));
    }
    let plan = plan(view, &held, of_overrides)?;
    let policy = manifest::policy(view.db)?;
    let parts =
        Parts { kind: Kind::Rotate, terms, plan: &plan, returning: None, asked, within: None, waits: false };
    let mut change = draft(view, &policy, parts)?;
    let generation = alter_base(view, &held.base, of_base)?;
    let mut note = write(view, &policy, &plan, &mut change, generation.as_ref(), steps)?;
    if let (Some(generation), Some(version)) = (&generation, change.version) {
        base::record(view.db, &events(view, &held.base, of_base, version)?)?;
        note =
            note.record("generation", generation.id).record("reload", generation.id).record("moves", version);
    }
    note.action = "change.rotate".to_owned();
    for (name, value) in detail.as_object().into_iter().flatten() {
        note.detail[name] = value.clone();
    }
    let change = reply_to(view, &change, Outcome::Done, Vec::new(), Vec::new(), false)?;
    Ok((RotateReply { key: Some(key), older, overrides, base, change }, Some(note)))
}

/// The newest key's name, and those of the others.
fn names(sealer: &Sealer) -> Result<(String, Vec<String>)> {
    let mut names = sealer.present()?.ids().map(str::to_owned);
    let newest = names.next().ok_or_else(|| Error::internal("A keyring is empty."))?;
    Ok((newest, names.collect()))
}

/// What becomes of the overrides. It asks for nothing, because no value changes.
fn plan(view: &View<'_>, held: &Held, sealed: &[Value]) -> Result<Plan> {
    let present = overrides::of_each(view.db, held.overrides.iter().map(|(path, _)| path))?;
    let items = held.overrides.iter().zip(sealed).map(|((path, before), after)| Item {
        path: path.clone(),
        before: Some(before.clone()),
        after: Some(after.clone()),
    });
    Ok(Plan {
        items: items.collect(),
        origins: present.into_iter().map(|present| present.map(|(_, origin)| origin)).collect(),
        unchanged: Vec::new(),
        issues: Vec::new(),
        hint: None,
        warnings: Vec::new(),
        reasons: vec![RiskReason {
            risk: Risk::Low,
            path: None,
            reason: "Every secret keeps its value.".to_owned(),
        }],
        risk: Risk::Low,
        demand: Demand::default(),
        restart: false,
        services: Vec::new(),
    })
}

/// Writes what the sources say, sealed anew, as a generation; none where they say no secret.
fn alter_base(view: &View<'_>, said: &[Said], sealed: &[Value]) -> Result<Option<Generation>> {
    if said.is_empty() {
        return Ok(None);
    }
    let altered: Vec<Altered> = said
        .iter()
        .zip(sealed)
        .map(|(before, value)| Altered {
            before: Some(before.clone()),
            after: Some(Said { value: value.clone(), ..before.clone() }),
        })
        .collect();
    let paths: BTreeSet<&Path> = said.iter().map(|said| &said.path).collect();
    let values = || paths.iter().map(|path| base::value(view.db, path.as_str())).collect::<Result<Vec<_>>>();
    let before = values()?;
    let id = manifest::current_generation(view.db)?.id + 1;
    base::alter(view.db, id, &altered)?;
    let moved = paths.iter().zip(before).zip(values()?);
    let leaves = moved.map(|((path, before), after)| reload::leaf(path, before.as_ref(), after.as_ref()));
    reload::new_generation(view, id, leaves.collect()).map(Some)
}

/// Writes the overrides, or where only the base was altered the version that holds it.
fn write(
    view: &View<'_>,
    policy: &Policy,
    plan: &Plan,
    change: &mut Change,
    generation: Option<&Generation>,
    steps: Steps<'_>,
) -> Result<Note> {
    let Some(generation) = generation.filter(|_| plan.items.is_empty()) else {
        return apply::execute(view, policy, plan, change, steps);
    };
    let version = reload::new_version(view, generation, Some(change.number), None)?;
    change.state = State::Completed;
    change.version = Some(version.id);
    change.executed_by = Some(view.actor.name().to_owned());
    change::put(view.db, change)?;
    let note = Note::new("change.rotate", change.number.to_string(), json!({"version": version.id}));
    Ok(note.record("version", version.id).record("change", change.number))
}

/// What became of effective values that a source gives.
fn events(view: &View<'_>, said: &[Said], sealed: &[Value], version: i64) -> Result<Vec<Event>> {
    let mut told = BTreeSet::new();
    let mut events = Vec::new();
    for (before, after) in said.iter().zip(sealed) {
        let strongest = base::strongest(view.db, before.path.as_str())?;
        let wins = strongest.is_some_and(|strongest| strongest.source == before.source);
        if !wins || overrides::is_set(view.db, before.path.as_str())? || !told.insert(&before.path) {
            continue;
        }
        events.push(Event {
            version,
            path: before.path.clone(),
            before: Some(before.value.clone()),
            after: Some(after.clone()),
            source: Some(before.source.clone()),
            origin: Some(before.origin.clone()),
        });
    }
    Ok(events)
}
