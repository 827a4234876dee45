//! A change on its way to the services that use it: told in order, asked what they run with, and taken back where too few
//! do (requirements P9, P11, Z7).
//!
//! What must stay true: no transaction is open while a service is given, told or asked; what is about to be done is on
//! record before it is, and what was done soon after; a delivery that was cut short can be gone on with by anybody, and
//! what was done twice is harmless; what is given is always what is in force then.

mod act;
mod around;
mod ask;
mod begin;
mod content;
mod decide;
mod job;
mod monitor;
mod quarantine;
mod round;
mod view;

use super::change_request::find;
use super::identity::{identify, itself};
use super::transact::{Note, View};
use super::{Engine, Handle};
use crate::api::delivery::{Follow, FollowReply};
use crate::deliver::lock::{Lock, is_held, lock, retire};
use crate::domain::change::{Kind, State};
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::store::database::folder_of;
use crate::store::delivery::Delivery;
use crate::store::{change, delivery, duty};
use job::{Next, next};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

pub(super) use act::{LONGEST_LOCK, bytes, foreign};
pub(super) use around::{for_each, with_surroundings};
pub(super) use ask::compared;
pub(super) use begin::begin;
pub(super) use content::{Used, digest_of, in_force, used};
pub(super) use quarantine::check as check_quarantine;
pub(super) use round::Round;
pub(super) use view::{of_change, shown, taken_back};

/// How often a step looks on where nothing happens, before it answers.
const PATIENCE: u32 = 10;
/// How long to wait between two looks.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

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
        self.let_go_of_what_is_over(caller)?;
        self.look_itself(caller, |view| view::reply(view, number))
    }
}

impl Engine {
    pub(super) fn look_itself<T>(
        &self,
        caller: &Caller,
        body: impl FnOnce(&View<'_>) -> Result<T>,
    ) -> Result<T> {
        self.look_as(caller, |_, now| Ok(itself(now)), body)
    }

    /// Goes on with a change's delivery to its end, unless somebody else is at it.
    pub(super) fn deliver_wholly(&mut self, caller: &Caller, number: i64) -> Result<()> {
        let due = |view: &View<'_>| duty::find(view.db, duty::Kind::Deliver, number);
        while self.look_itself(caller, due)?.is_some() && self.take_up(caller, number)? {
            self.step(caller, number)?;
        }
        self.let_go_of_what_is_over(caller)
    }

    /// Asks once more how the services fare that are watched after a change, unless somebody else does; after the time
    /// for which they are watched that is the last word.
    pub(super) fn watch_on(&mut self, caller: &Caller, number: i64) -> Result<()> {
        if !self.take_up(caller, number)? {
            return Ok(());
        }
        loop {
            let next = self.look_itself(caller, |view| monitor::next(view, number))?;
            match next {
                Next::Watch(jobs) => self.watch(caller, number, &jobs)?,
                Next::EndWatch => self.end_watch(caller, number)?,
                _ => return self.let_go_of_what_is_over(caller),
            }
        }
    }

    /// Nobody wants the lock of a delivery that is over.
    fn let_go_of_what_is_over(&mut self, caller: &Caller) -> Result<()> {
        let Some(number) = self.delivering.as_ref().map(|held| held.change) else { return Ok(()) };
        if !self.look_itself(caller, |view| is_open(view, number))?
            && let Some(held) = self.delivering.take()
        {
            retire(&self.locks()?, &lock_of(number), held.lock);
        }
        Ok(())
    }

    /// Whether this process is the one that goes on with a change's delivery.
    fn take_up(&mut self, caller: &Caller, number: i64) -> Result<bool> {
        if !self.look_itself(caller, |view| is_open(view, number))? {
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

    /// The folder of the locks.
    pub(super) fn locks(&self) -> Result<PathBuf> {
        let place =
            self.store.place().ok_or_else(|| Error::internal("A store in memory delivers nothing."))?;
        Ok(lock_folder(place))
    }

    /// Does what comes next of a change's delivery.
    fn step(&mut self, caller: &Caller, number: i64) -> Result<()> {
        for _ in 0..PATIENCE {
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
                Next::Watch(jobs) => return self.watch(caller, number, &jobs),
                Next::EndWatch => return self.end_watch(caller, number),
            }
            thread::sleep(PAUSE);
        }
        Ok(())
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
    view.place.is_none_or(|place| !is_held(&lock_folder(place), &lock_of(number)))
}

/// The folder of the locks: beside the store.
pub(super) fn lock_folder(store: &Path) -> PathBuf {
    folder_of(store).join("locks")
}

/// Whether a change is still on its way to the services, or they are watched.
pub(super) fn is_open(view: &View<'_>, number: i64) -> Result<bool> {
    let has = |kind| duty::find(view.db, kind, number);
    Ok(has(duty::Kind::Deliver)?.is_some() || has(duty::Kind::Monitor)?.is_some())
}

fn the_change(view: &View<'_>, number: i64) -> Result<change::Change> {
    change::by_number(view.db, number)?.ok_or_else(|| Error::internal(format!("Change {number} is gone.")))
}

fn version_of(view: &View<'_>, number: i64) -> Result<i64> {
    let version = the_change(view, number)?.version;
    version.ok_or_else(|| Error::internal(format!("Change {number} made no version.")))
}

/// Whether a change can be taken back: it was not, and takes none back itself.
fn can_go_back(change: &change::Change) -> bool {
    let is_way_back = change.decision.takes_back.is_some() || change.state == State::RolledBack;
    // What the sources say is no override that could be taken back.
    !is_way_back && change.kind != Kind::Reload
}
