//! The services are watched after a change (requirements P12, P13).
//!
//! What must stay true: how each was found is kept; what does harm is taken back by itself, once; where nobody looked,
//! nobody says that all was well.

use super::around::for_each;
use super::job::{Next, definition};
use super::{can_go_back, quarantine, the_change, version_of};
use crate::deliver::Surroundings;
use crate::deliver::health::probe;
use crate::domain::change::State;
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::monitor::{Condition, LOOK_AT_CONDITIONS, Sample, trouble};
use crate::domain::service::{Figures, Instance};
use crate::domain::time::Timestamp;
use crate::engine::transact::{Note, View};
use crate::engine::{Engine, confirm, notice};
use crate::store::change::{self, Change};
use crate::store::delivery::{self, Delivery};
use crate::store::duty::{self, Duty};
use crate::store::manifest;
use serde_json::json;

/// An instance that is watched.
pub(super) struct Watched {
    instance: Instance,
    delivery: Delivery,
}

/// Sees to it that the services of a change that was delivered are watched; until when.
pub(super) fn begin(view: &View<'_>, change: &Change, rows: &[Delivery]) -> Result<Option<Timestamp>> {
    let Some(span) = change.dossier.monitor.filter(|_| can_go_back(change)) else { return Ok(None) };
    let services = manifest::services(view.db)?;
    let can_be_asked =
        |row: &Delivery| definition(&services, row).is_some_and(|(_, instance)| !instance.health.is_empty());
    if !rows.iter().any(can_be_asked) {
        return Ok(None);
    }
    let until = view.clock.after(span);
    let by = view.actor.name().to_owned();
    let duty = Duty { kind: duty::Kind::Monitor, change: change.number, due_at: until, by };
    duty::put(view.db, &duty, view.now)?;
    Ok(Some(until))
}

/// What comes next of watching the services after a change.
pub(super) fn next(view: &View<'_>, number: i64) -> Result<Next> {
    let Some(duty) = duty::find(view.db, duty::Kind::Monitor, number)? else { return Ok(Next::Nothing) };
    let change = the_change(view, number)?;
    // Somebody has taken it back meanwhile: there is nothing left to watch, and nothing is taken back twice.
    if !can_go_back(&change) {
        return Ok(Next::EndWatch);
    }
    let version = version_of(view, number)?;
    let last = delivery::last_sample(view.db, version)?;
    let is_over = view.clock >= duty.due_at;
    let mut interval = manifest::policy(view.db)?.monitor.interval;
    if !change.dossier.rollback_if.is_empty() {
        interval = interval.min(LOOK_AT_CONDITIONS);
    }
    // Once more when the time is over, so that the last word is not an old one.
    if last.is_some_and(|last| last.after(interval) > view.clock && !(is_over && last < duty.due_at)) {
        return Ok(if is_over { Next::EndWatch } else { Next::Wait });
    }
    let services = manifest::services(view.db)?;
    let watched = delivery::of_version(view.db, version)?.into_iter().filter_map(|row| {
        let (_, instance) = definition(&services, &row)?;
        (!instance.health.is_empty()).then(|| Watched { instance: instance.clone(), delivery: row })
    });
    let watched: Vec<Watched> = watched.collect();
    Ok(if watched.is_empty() { Next::EndWatch } else { Next::Watch(watched) })
}

/// Asks an instance how it is: with all its probes, each of which must be content.
fn ask(instance: &Instance, around: &Surroundings<'_>, at: Timestamp) -> Sample {
    let mut sample = Sample { at, well: true, took_us: 0, figures: Figures::new(), problem: None };
    for definition in &instance.health {
        let probed = probe(definition, around);
        let took = i64::try_from(probed.took.as_micros()).unwrap_or(i64::MAX);
        sample.took_us = sample.took_us.max(took);
        sample.well &= probed.well;
        sample.figures.extend(probed.figures);
        sample.problem = sample.problem.or(probed.problem);
    }
    sample
}

impl Engine {
    /// Asks the services how they are, and takes the change back where it does them harm.
    pub(super) fn watch(&mut self, caller: &Caller, number: i64, watched: &[Watched]) -> Result<()> {
        let at = self.look_itself(caller, |view| Ok(view.clock))?;
        let ask = |one: &Watched, around: &Surroundings<'_>| ask(&one.instance, around, at);
        let samples = for_each(&self.machine, self.store.place(), watched, |_| Vec::new(), ask);
        self.transact_itself(caller, ("monitor.look", number.to_string().as_str()), |view| {
            let version = version_of(view, number)?;
            let mut change = the_change(view, number)?;
            if !can_go_back(&change) {
                return Ok(((), None));
            }
            for (one, sample) in watched.iter().zip(&samples) {
                delivery::put_sample(view.db, version, &one.delivery, sample)?;
            }
            let terms = manifest::policy(view.db)?.monitor;
            let conditions = &change.dossier.rollback_if;
            let conditions =
                conditions.iter().map(|text| Condition::read(text)).collect::<Result<Vec<_>>>()?;
            for (one, sample) in watched.iter().zip(&samples) {
                let row = &one.delivery;
                let kept = delivery::samples(view.db, version, &row.service, &row.instance)?;
                let met = conditions.iter().find_map(|condition| condition.trouble(sample, row.before_us));
                if let Some(trouble) = met.or_else(|| trouble(&terms, &kept, row.before_us)) {
                    duty::remove(view.db, duty::Kind::Monitor, number)?;
                    let because = format!("{} {trouble}", row.instance);
                    quarantine::remember(view, &change)?;
                    let (_, note) = confirm::take_back(view, &mut change, &because)?;
                    return Ok(((), Some(note)));
                }
            }
            let unwell: Vec<&str> = watched
                .iter()
                .zip(&samples)
                .filter(|(_, sample)| !sample.well)
                .map(|(one, _)| one.delivery.instance.as_str())
                .collect();
            let detail = json!({"looked_at": watched.len(), "unwell": unwell});
            Ok(((), Some(Note::new("monitor.look", number.to_string(), detail))))
        })?;
        Ok(())
    }

    /// The services were watched long enough: the change stays.
    pub(super) fn end_watch(&mut self, caller: &Caller, number: i64) -> Result<()> {
        self.transact_itself(caller, ("monitor.end", number.to_string().as_str()), |view| {
            if duty::find(view.db, duty::Kind::Monitor, number)?.is_none() {
                return Ok(((), None));
            }
            duty::remove(view.db, duty::Kind::Monitor, number)?;
            let mut change = the_change(view, number)?;
            if change.state == State::Monitoring {
                change.state = State::Completed;
            }
            change.updated_at = Some(view.now);
            change::put(view.db, &change)?;
            let mut note =
                Note::new("monitor.end", number.to_string(), json!({"state": change.state})).change(number);
            note.tell.extend(notice::outcome(view, &change)?);
            Ok(((), Some(note)))
        })?;
        Ok(())
    }
}
