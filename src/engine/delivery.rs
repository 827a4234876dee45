//! A change on its way to the services that use it: told in order, asked what they run with, and taken back where too few
//! do (requirements P9, P11, Z7).
//!
//! What must stay true: no transaction is open while a service is given, told or asked; what is about to be done is on
//! record before it is, and what was done soon after; a delivery that was cut short can be gone on with by anybody, and
//! what was done twice is harmless; what is given is always what is in force then.

mod act;
mod ask;
mod begin;
mod content;
mod decide;
mod job;
mod view;

use super::change_request::find;
use super::identity::{identify, itself};
use super::transact::{Note, View};
use super::{Engine, Handle};
use crate::api::delivery::{Follow, FollowReply};
use crate::deliver::lock::{Lock, is_held, lock};
use crate::domain::change::State;
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::store::delivery::Delivery;
use crate::store::{change, delivery, duty};
use job::{Next, next};
use serde_json::json;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

pub(super) use begin::begin;
pub(super) use view::{of_change, taken_back};

/// How long a step may look on where nothing happens, before it answers.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait between two questions.
const PAUSE: Duration = Duration::from_millis(100);

/// How long what was done may wait to be recorded with what is done next.
const LONGEST_UNRECORDED: Duration = Duration::from_millis(100);

/// A delivery that this process is at.
pub(super) struct Held {
    change: i64,
    lock: Lock,
}

impl Handle<Follow> for Engine {
    fn handle(&mut self, caller: &Caller, request: Follow) -> Result<FollowReply> {
        // Without a word of what is overdue: this may be the one thing that is.
        let number = self.look_as(
            caller,
            |db, now| identify(db, caller, now),
            |view| {
                view.actor.require(Role::Operator, "delivering a change")?;
                Ok(find(view, &request.id)?.number)
            },
        )?;
        if self.take_up(caller, number)? {
            self.step(caller, number)?;
        } else if self.look_itself(caller, |view| is_open(view, number))? {
            thread::sleep(PAUSE);
        }
        self.look_itself(caller, |view| view::reply(view, number))
    }
}

impl Engine {
    fn look_itself<T>(&self, caller: &Caller, body: impl FnOnce(&View<'_>) -> Result<T>) -> Result<T> {
        self.look_as(caller, |_, now| Ok(itself(now)), body)
    }

    /// Goes on with a change's delivery to its end, unless somebody else is at it.
    pub(super) fn deliver_wholly(&mut self, caller: &Caller, number: i64) -> Result<()> {
        while self.take_up(caller, number)? {
            self.step(caller, number)?;
        }
        Ok(())
    }

    /// Whether this process is the one that goes on with a change's delivery.
    fn take_up(&mut self, caller: &Caller, number: i64) -> Result<bool> {
        if !self.look_itself(caller, |view| is_open(view, number))? {
            self.delivering = None;
            return Ok(false);
        }
        if self.delivering.as_ref().is_some_and(|held| held.change == number) {
            return Ok(true);
        }
        self.delivering = match lock(&self.locks()?, &lock_of(number), Duration::ZERO) {
            Ok(lock) => Some(Held { change: number, lock }),
            Err(error) if error.code == Code::Conflict => None,
            Err(error) => return Err(error),
        };
        Ok(self.delivering.is_some())
    }

    /// The folder of the locks: beside the store.
    fn locks(&self) -> Result<PathBuf> {
        let folder = self.store.place().and_then(|place| place.parent());
        folder
            .map(|folder| folder.join("locks"))
            .ok_or_else(|| Error::internal("A store in memory delivers nothing."))
    }

    /// Does what comes next of a change's delivery.
    fn step(&mut self, caller: &Caller, number: i64) -> Result<()> {
        let begun = (self.machine.elapsed)();
        loop {
            let next = self.look_itself(caller, |view| next(view, number))?;
            match next {
                Next::Nothing => return Ok(()),
                Next::Give(jobs) => return self.give(caller, number, jobs),
                Next::Ask(jobs) => {
                    let answers = ask::ask_all(&self.machine, self.store.place(), &jobs);
                    let news: Vec<Delivery> = answers.into_iter().flatten().collect();
                    if !news.is_empty() {
                        return self.note(caller, number, news);
                    }
                }
                Next::Note(news) => return self.note(caller, number, news),
                Next::Wait => {}
                Next::Decide => return self.conclude(caller, number),
            }
            if (self.machine.elapsed)().saturating_sub(begun) > PATIENCE {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }

    /// Gives these instances what they use, and tells them.
    fn give(&mut self, caller: &Caller, number: i64, jobs: Vec<job::Give>) -> Result<()> {
        let begun: Vec<Delivery> = jobs
            .iter()
            .map(|job| Delivery { state: crate::domain::delivery::State::Begun, ..job.delivery.clone() })
            .collect();
        self.note(caller, number, begun)?;
        let locks = self.locks()?;
        let mut given = Vec::new();
        let mut last = (self.machine.elapsed)();
        let mut jobs = jobs.into_iter();
        while let Some(job) = jobs.next() {
            let done = act::give(self, caller, &locks, &job)?;
            // It decides everything: nobody else is told.
            let is_over = done.has_failed() && job.service.critical;
            given.push((job, done));
            let now = (self.machine.elapsed)();
            if is_over || now.saturating_sub(last) > LONGEST_UNRECORDED {
                let left = if is_over { jobs.as_slice() } else { &[] };
                self.record(caller, number, std::mem::take(&mut given), left)?;
                last = now;
            }
            if is_over {
                return Ok(());
            }
        }
        self.record(caller, number, given, &[])
    }

    /// Records what some instances were given, and that others were not after all.
    fn record(
        &mut self,
        caller: &Caller,
        number: i64,
        given: Vec<(job::Give, act::Done)>,
        left: &[job::Give],
    ) -> Result<()> {
        if given.is_empty() {
            return Ok(());
        }
        self.transact_itself(caller, ("delivery.give", number.to_string().as_str()), |view| {
            let version = version_of(view, number)?;
            let mut named = Vec::with_capacity(given.len());
            for (job, done) in &given {
                let delivery = done.record(view, job)?;
                delivery::put(view.db, version, &delivery)?;
                named.push(json!({
                    "service": delivery.service, "instance": delivery.instance, "state": delivery.state,
                    "version": done.version, "secrets": done.secrets, "problem": delivery.problem,
                }));
            }
            for job in left {
                delivery::put(view.db, version, &job.delivery)?;
            }
            Ok(((), Some(Note::new("delivery.give", number.to_string(), named.into()))))
        })?;
        Ok(())
    }

    /// Records how far some instances have come.
    fn note(&mut self, caller: &Caller, number: i64, news: Vec<Delivery>) -> Result<()> {
        self.transact_itself(caller, ("delivery.note", number.to_string().as_str()), |view| {
            let version = version_of(view, number)?;
            for delivery in &news {
                delivery::put(view.db, version, delivery)?;
                view::keep_fact(view, delivery)?;
            }
            let named = news.iter().map(|one| {
                json!({"service": one.service, "instance": one.instance, "state": one.state, "problem": one.problem})
            });
            let note = Note::new("delivery.note", number.to_string(), named.collect());
            Ok(((), Some(note)))
        })?;
        Ok(())
    }
}

/// The lock of a change's delivery; no service has such a name.
fn lock_of(number: i64) -> String {
    format!("change {number}")
}

/// Whether nobody is at a change's delivery.
pub(super) fn is_abandoned(view: &View<'_>, number: i64) -> bool {
    let folder = view.place.and_then(std::path::Path::parent).map(|folder| folder.join("locks"));
    folder.is_none_or(|folder| !is_held(&folder, &lock_of(number)))
}

/// Whether a change is still on its way to the services.
pub(super) fn is_open(view: &View<'_>, number: i64) -> Result<bool> {
    Ok(duty::find(view.db, duty::Kind::Deliver, number)?.is_some())
}

fn the_change(view: &View<'_>, number: i64) -> Result<change::Change> {
    change::by_number(view.db, number)?.ok_or_else(|| Error::internal(format!("Change {number} is gone.")))
}

fn version_of(view: &View<'_>, number: i64) -> Result<i64> {
    let version = the_change(view, number)?.version;
    version.ok_or_else(|| Error::internal(format!("Change {number} made no version.")))
}

/// Whether a change was taken back, or takes one back, so that nothing more can be taken back on its account.
fn is_way_back(change: &change::Change) -> bool {
    change.decision.takes_back.is_some() || change.state == State::RolledBack
}
