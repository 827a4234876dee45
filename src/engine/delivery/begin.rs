//! With a change's execution its delivery begins: which services it concerns, and that it is due.
//!
//! What must stay true: it is written in the transaction that executes the change, so that what was killed in between is
//! known to be undone; what never was given a change is left alone when that is taken back.

use super::the_change;
use crate::domain::change::{Item, State};
use crate::domain::delivery;
use crate::domain::error::Result;
use crate::domain::monitor;
use crate::domain::service::{Instance, Service};
use crate::engine::plan::Plan;
use crate::engine::transact::View;
use crate::store::change::Change;
use crate::store::delivery::{Delivery, put};
use crate::store::duty::{self, Duty};
use crate::store::{manifest, service};
use std::collections::BTreeMap;

/// Records which services an executed change is to be brought to; says whether there is any.
pub(in crate::engine) fn begin(view: &View<'_>, change: &mut Change, plan: &Plan) -> Result<bool> {
    let Some(version) = change.version else { return Ok(false) };
    let left = match change.decision.takes_back {
        Some(number) => the_change(view, number)?.version,
        None => None,
    };
    let mut any = false;
    for service in manifest::services(view.db)?.values() {
        if !concerns(service, &plan.items) || service::disabled(view.db, &service.name)?.is_some() {
            continue;
        }
        for row in rows(service) {
            let known = service::state(view.db, &row.service, &row.instance)?;
            if known.version < left {
                service::put(view.db, &service::State { problem: None, ..known })?;
                continue;
            }
            any = true;
            put(view.db, version, &row)?;
        }
    }
    if any {
        let by = view.actor.name().to_owned();
        let duty = Duty { kind: duty::Kind::Deliver, change: change.number, due_at: view.clock, by };
        duty::put(view.db, &duty, view.now)?;
        if change.state == State::Completed {
            change.state = State::Executing;
        }
        if change.decision.takes_back.is_none() {
            let conditions = (!change.dossier.rollback_if.is_empty()).then_some(monitor::USUAL);
            change.dossier.monitor = change.dossier.monitor.or(plan.demand.monitor).or(conditions);
        }
    }
    Ok(any)
}

/// A service's instances that something can be done with, each with its turn yet to come.
pub(super) fn rows(service: &Service) -> Vec<Delivery> {
    let waves = (0..).zip(service.waves());
    let of_wave = |(wave, instances): (u32, &[Instance])| {
        let able = instances.iter().filter(|instance| can_do_something(instance));
        able.map(|instance| waiting(service, instance, wave)).collect::<Vec<_>>()
    };
    waves.flat_map(of_wave).collect()
}

/// Whether a service uses any of these paths.
fn concerns(service: &Service, items: &[Item]) -> bool {
    items.iter().any(|item| service.uses(&item.path))
}

fn can_do_something(instance: &Instance) -> bool {
    instance.deliver.is_some() || instance.reload.is_some() || instance.read_back.is_some()
}

fn waiting(service: &Service, instance: &Instance, wave: u32) -> Delivery {
    Delivery {
        service: service.name.clone(),
        instance: instance.name.clone(),
        priority: service.priority,
        critical: service.critical,
        wave,
        state: delivery::State::Waiting,
        written_at: None,
        reloaded_at: None,
        verified_at: None,
        problem: None,
        former: None,
        found: BTreeMap::new(),
        before_us: None,
    }
}
