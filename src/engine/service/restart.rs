//! A service is restarted, instance by instance, and proven to run with everything that it was given (requirement P4).
//!
//! What must stay true: it is restarted only while the windows let the changes through that wait for it, or somebody
//! says otherwise, on record; a wave waits until the one before is well; a change waits for its restart until the service
//! is found to run with it.

use super::{health, look, named};
use crate::api::Outcome;
use crate::api::service::{RestartReply, RestartService, RestartedView};
use crate::deliver::Surroundings;
use crate::deliver::lock::lock;
use crate::deliver::read_back::read_back;
use crate::deliver::restart::act;
use crate::domain::change::Kind;
use crate::domain::delivery::{Found, State};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::role::Role;
use crate::domain::service::{Act, Instance, Service};
use crate::domain::time::Span;
use crate::engine::delivery::{LONGEST_LOCK, PAUSE, Used, compared, used, with_surroundings};
use crate::engine::restart::{see_to, waiting_for};
use crate::engine::terms::check_reason;
use crate::engine::transact::{Note, View};
use crate::engine::window::Windows;
use crate::engine::{Engine, Handle};
use crate::store::change::{self, Change};
use crate::store::{manifest, service};
use serde_json::json;
use std::collections::BTreeMap;
use std::thread;

/// A restart that was decided.
struct Planned {
    service: Service,
    waiting: Vec<Change>,
    overridden: Option<String>,
    behind: bool,
    patience: Span,
}

impl Handle<RestartService> for Engine {
    fn handle(&mut self, caller: &Caller, request: RestartService) -> Result<RestartReply> {
        let attempt = ("service.restart", request.name.as_str());
        let (planned, audit_head) = self.act(caller, attempt, request.dry_run, |view| {
            let planned = plan(view, &request)?;
            let numbers: Vec<i64> = planned.waiting.iter().map(|change| change.number).collect();
            let detail = json!({
                "instance": request.instance, "waiting": numbers, "overridden": planned.overridden,
            });
            let note = Note::new("service.restart", request.name.as_str(), detail);
            Ok((planned, Some(note.because(Some(&request.reason)))))
        })?;
        let mut reply = RestartReply {
            dry_run: request.dry_run,
            outcome: Outcome::Done,
            service: planned.service.name.clone(),
            items: rows(&planned.service, request.instance.as_deref()),
            overridden: planned.overridden.clone(),
            waiting: planned.waiting.iter().map(|change| change.number).collect(),
            recorded: Vec::new(),
            audit_head,
        };
        if request.dry_run {
            return Ok(reply);
        }
        if planned.behind {
            let (given, outcome) =
                self.bring(caller, "service.give", std::slice::from_ref(&planned.service))?;
            if outcome != Outcome::Done {
                let failed = given.iter().filter(|one| one.state == State::Failed);
                let told: Vec<&str> = failed.filter_map(|one| one.error.as_deref()).collect();
                return Err(Error::unavailable(format!(
                    "{} was not restarted: it could not be given what is in force. {}",
                    reply.service,
                    told.join(" ")
                ))
                .hint(format!("See what is wrong with it: cfgctl service check {}", reply.service)));
            }
        }
        self.restart(caller, &planned, &mut reply)?;
        if reply.items.iter().any(|item| item.state != State::Verified) {
            reply.outcome = Outcome::PartlyVerified;
        }
        Ok(reply)
    }
}

/// What is to be restarted, and whether it may be now. `refused` where a window or freeze stands in the way.
fn plan(view: &View<'_>, request: &RestartService) -> Result<Planned> {
    view.actor.require(Role::Operator, "restarting a service")?;
    check_reason(&request.reason)?;
    let service = named(view, &request.name)?;
    if let Some(name) = &request.instance
        && !service.instances().iter().any(|instance| instance.name == *name)
    {
        return Err(Error::not_found(format!("{} has no instance {name}.", service.name))
            .hint(format!("See which it has: cfgctl service show {}", service.name)));
    }
    if let Some(instance) = service.instances().iter().find(|instance| instance.restart.is_none()) {
        return Err(Error::refused(format!("The manifest does not say how to restart {}.", instance.name))
            .hint(format!(
                "Do it yourself and record it (cfgctl change-request restarted --service {0}), or write restart into services.{0}.",
                service.name
            )));
    }
    let waiting = waiting_for(view, &service.name)?;
    let policy = manifest::policy(view.db)?;
    let windows = Windows::of(view, Kind::Set, view.actor.name())?;
    let closed = waiting.iter().find_map(|change| {
        let lack = windows.closed(view.clock, change.risk, policy.demand(change.risk))?;
        Some(format!("change {}, which is {}, needs {}", change.number, change.risk, lack.in_words()))
    });
    if let Some(why) = closed.as_ref().filter(|_| !request.force) {
        return Err(Error::refused(format!("{} may not restart now: {why}.", service.name))
            .hint("Wait for it, or restart nevertheless, on record: --force"));
    }
    let is_left_alone = service::disabled(view.db, &service.name)?.is_some();
    let behind = look::standing(view, &service)?.iter().any(|(one, _)| one.state.is_behind());
    let can_deliver = service.instances().iter().any(|one| one.deliver.is_some() || one.reload.is_some());
    Ok(Planned {
        waiting,
        overridden: closed,
        behind: behind && can_deliver && !is_left_alone,
        patience: policy.verify.timeout,
        service,
    })
}

fn rows(service: &Service, only: Option<&str>) -> Vec<RestartedView> {
    let waves = (0..).zip(service.waves());
    let all = waves.flat_map(|(wave, instances)| instances.iter().map(move |instance| (wave, instance)));
    let asked = all.filter(|(_, instance)| only.is_none_or(|only| only == instance.name));
    asked
        .map(|(wave, instance)| RestartedView {
            instance: instance.name.clone(),
            wave,
            state: State::Waiting,
            restarted_at: None,
            verified_at: None,
            values: BTreeMap::new(),
            error: None,
        })
        .collect()
}

impl Engine {
    /// Restarts the instances wave by wave, and records what came of each.
    fn restart(&mut self, caller: &Caller, planned: &Planned, reply: &mut RestartReply) -> Result<()> {
        let service = &planned.service;
        let locks = self.locks()?;
        let mut wave = 0;
        for at in 0..reply.items.len() {
            let Some(instance) =
                service.instances().iter().find(|instance| instance.name == reply.items[at].instance)
            else {
                continue;
            };
            if reply.items[at].wave != wave {
                wave = reply.items[at].wave;
                thread::sleep(service.rollout.bake.duration());
            }
            let locked = lock(&locks, &service.name, LONGEST_LOCK);
            let restarted = locked.and_then(|_lock| {
                with_surroundings(&self.machine, self.store.place(), &[], |around| {
                    act(&instance.name, instance.restart.as_ref(), Act::Restart, around)
                })
            });
            let item = &mut reply.items[at];
            match restarted {
                Err(error) => {
                    item.state = State::Failed;
                    item.error = Some(error.message);
                }
                Ok(()) => {
                    item.restarted_at = Some((self.machine.now)());
                    self.prove(caller, service, instance, planned.patience, item)?;
                }
            }
            let failed = reply.items[at].state == State::Failed;
            reply.recorded.extend(self.record_restart(caller, planned, &reply.items[at])?);
            if failed {
                let why = format!("It was not restarted, because {} had failed.", instance.name);
                for later in &mut reply.items[at + 1..] {
                    later.state = State::Failed;
                    later.error = Some(why.clone());
                }
                break;
            }
        }
        Ok(())
    }

    /// Waits until an instance is well and runs with everything that it was given, or its time is over.
    fn prove(
        &self,
        caller: &Caller,
        service: &Service,
        instance: &Instance,
        patience: Span,
        item: &mut RestartedView,
    ) -> Result<()> {
        if instance.health.is_empty() && instance.read_back.is_none() {
            item.state = State::Verified;
            return Ok(());
        }
        let used = self.look_itself(caller, |view| used(view, service))?;
        let secrets = used.secret_texts();
        let until = item.restarted_at.unwrap_or_else(|| (self.machine.now)()).after(patience);
        loop {
            let (found, problem) = with_surroundings(&self.machine, self.store.place(), &secrets, |around| {
                let (found, problem) = asked(instance, &used, around);
                (found, problem.or_else(|| health::problem(instance, around)))
            });
            item.values = found;
            let now = (self.machine.now)();
            item.error = problem;
            if item.error.is_none() {
                item.state = State::Verified;
                item.verified_at = Some(now);
                return Ok(());
            }
            if now >= until {
                item.state = State::Failed;
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }

    /// Keeps what came of one instance; gives the changes that wait for nothing of this service any more.
    fn record_restart(
        &mut self,
        caller: &Caller,
        planned: &Planned,
        item: &RestartedView,
    ) -> Result<Vec<i64>> {
        let name = planned.service.name.as_str();
        let (recorded, _) = self.transact_itself(caller, ("service.restarted", name), |view| {
            let known = service::state(view.db, name, &item.instance)?;
            let well = item.state == State::Verified;
            let kept = service::State {
                restart_since: known.restart_since.filter(|_| !well),
                verified_at: item.verified_at.or(known.verified_at),
                problem: item.error.clone(),
                ..known
            };
            service::put(view.db, &kept)?;
            let mut recorded = Vec::new();
            if well && has_restarted(view, &planned.service)? {
                for change in &planned.waiting {
                    let Some(mut change) = change::by_number(view.db, change.number)? else { continue };
                    // Somebody may have recorded it by hand meanwhile.
                    if see_to(&mut change, Some(name)).is_ok() {
                        change::put(view.db, &change)?;
                        recorded.push(change.number);
                    }
                }
            }
            let detail = json!({
                "instance": item.instance, "state": item.state, "problem": item.error, "recorded": recorded,
            });
            let note = Note::new("service.restarted", name, detail);
            let note = recorded.iter().fold(note, |note, number| note.change(*number));
            Ok((recorded, Some(note)))
        })?;
        Ok(recorded)
    }
}

/// Whether every instance of a service has restarted since it was given what needs that.
fn has_restarted(view: &View<'_>, service: &Service) -> Result<bool> {
    for instance in service.instances() {
        if service::state(view.db, &service.name, &instance.name)?.restart_since.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What an instance says of all that it uses, and what is wrong with that.
fn asked(
    instance: &Instance,
    used: &Used,
    around: &Surroundings<'_>,
) -> (BTreeMap<Path, Found>, Option<String>) {
    let Some(definition) = &instance.read_back else { return (BTreeMap::new(), None) };
    match read_back(definition, &used.comparable(used.values.keys()), around) {
        Ok(said) => {
            let found = compared(used, said);
            let wrong = found.iter().find(|(_, found)| !found.matches_expected);
            let problem = wrong.map(|(path, _)| format!("It does not run with the value of {path}."));
            (found, problem)
        }
        Err(error) => (BTreeMap::new(), Some(error.message)),
    }
}
