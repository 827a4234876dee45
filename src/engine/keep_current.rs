//! Keeps the base current with the files that it is read from, as long as it is let.
//!
//! What must stay true: it reloads as whoever started it, and a reload by it says in its record what made it happen;
//! the store is closed while it waits; what fails is on record and told, and tried again when the file stirs next, or
//! soon where it failed for a moment's reason. Files named by a manifest of a minute ago are not watched.

use super::Engine;
use super::Handle;
use super::reload::places;
use crate::api::reload::{Cause, Reload, ReloadReply};
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::source::watch::{OFTEN, Terms, Watcher};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

/// How often it looks whether somebody calls it, or lets it go.
const LISTEN_AGAIN: Duration = Duration::from_millis(50);
/// How often it looks whether the manifest names other files.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// When it tries again what failed for a moment's reason: first, and at most.
const RETRY: Duration = Duration::from_secs(2);
const LATEST_RETRY: Duration = Duration::from_secs(300);

/// What it has to tell.
pub enum Told {
    /// What a reload came to.
    Reloaded(Box<ReloadReply>),
    /// Why one failed.
    Failed(Error),
    /// What to know beside.
    Remark(String),
}

/// Opens the store anew, to write or only to read, with who is calling.
pub type Open<'a> = &'a dyn Fn(super::Access) -> Result<(Engine, Caller)>;

/// Keeps the base of one store current.
pub struct Keeper<'a> {
    open: Open<'a>,
    tell: &'a dyn Fn(Told),
    watcher: Watcher,
    /// The sources that are read from files, and where those are.
    sources: Vec<(String, PathBuf)>,
    looked: Instant,
    complaint: Option<Error>,
    /// The sources that are to be read anew.
    waiting: BTreeSet<String>,
    retry: Option<(Instant, Duration)>,
}

impl<'a> Keeper<'a> {
    /// Begins: whatever changed while nobody watched is reloaded. `denied` for whoever may not reload.
    pub fn begin(open: Open<'a>, terms: Terms, tell: &'a dyn Fn(Told)) -> Result<Keeper<'a>> {
        let mut keeper = Keeper {
            open,
            tell,
            watcher: Watcher::new(terms),
            sources: Vec::new(),
            looked: Instant::now(),
            complaint: None,
            waiting: BTreeSet::new(),
            retry: None,
        };
        keeper.look()?;
        if keeper.sources.is_empty() {
            keeper.remark("The manifest names no file to watch.");
        }
        keeper.reload_waiting();
        Ok(keeper)
    }

    /// Goes on until nobody is left who could call: at each call all sources are read anew.
    pub fn keep(mut self, calls: &Receiver<()>) {
        loop {
            match calls.try_recv() {
                Ok(()) => self.reload(None, Cause::Signal),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return,
            }
            for place in self.watcher.wait(LISTEN_AGAIN) {
                let of_place = self.sources.iter().filter(|(_, of)| *of == place);
                self.waiting.extend(of_place.map(|(name, _)| name.clone()));
                if let Some((at, _)) = &mut self.retry {
                    *at = Instant::now();
                }
            }
            if self.looked.elapsed() >= LOOK_AGAIN {
                self.look_again();
            }
            if self.retry.is_none_or(|(at, _)| at <= Instant::now()) {
                self.reload_waiting();
            }
            self.tell_if_deaf();
        }
    }

    /// What keeps it from looking is told once, and not every time.
    fn look_again(&mut self) {
        let complaint = self.look().err();
        if let Some(error) = complaint.clone().filter(|_| complaint != self.complaint) {
            (self.tell)(Told::Failed(error));
        }
        self.complaint = complaint;
    }

    /// Learns what there is to watch, and which of what is new there was not read as it stands.
    fn look(&mut self) -> Result<()> {
        self.looked = Instant::now();
        let (mut engine, caller) = (self.open)(super::Access::Read)?;
        let sources = engine.look(&caller, |view| {
            view.actor.require(Role::Operator, "reading the sources")?;
            places(view)
        })?;
        if sources != self.sources {
            self.watcher.watch(&sources.iter().map(|(_, place)| place.clone()).collect::<Vec<_>>());
            for (name, _) in sources.iter().filter(|source| !self.sources.contains(source)) {
                let asked = Reload { source: Some(name.clone()), dry_run: true, ..Reload::default() };
                let known = engine.handle(&caller, asked);
                if !known.is_ok_and(|reply| reply.operation.status == "unchanged") {
                    self.waiting.insert(name.clone());
                }
            }
            self.waiting.retain(|name| sources.iter().any(|(known, _)| known == name));
            self.sources = sources;
        }
        self.tell_if_deaf();
        engine.close()
    }

    /// Reads what waits: one source by itself, several with all others, because what they say counts together.
    fn reload_waiting(&mut self) {
        match self.waiting.len() {
            0 => {}
            1 => self.reload(self.waiting.first().cloned(), Cause::Watch),
            _ => self.reload(None, Cause::Watch),
        }
    }

    fn reload(&mut self, source: Option<String>, cause: Cause) {
        let reloaded = self.try_reload(source, cause);
        let waiting = std::mem::take(&mut self.waiting);
        let former = self.retry.take();
        match reloaded {
            Ok(reply) => (self.tell)(Told::Reloaded(Box::new(reply))),
            Err(error) => {
                for (_, place) in self.sources.iter().filter(|(name, _)| waiting.contains(name)) {
                    self.watcher.forget(place);
                }
                if error.retryable || error.code == Code::Conflict {
                    let pause = former.map_or(RETRY, |(_, pause)| (pause * 2).min(LATEST_RETRY));
                    self.retry = Some((Instant::now() + pause, pause));
                    self.waiting = waiting;
                }
                (self.tell)(Told::Failed(error));
            }
        }
    }

    fn try_reload(&self, source: Option<String>, cause: Cause) -> Result<ReloadReply> {
        let (mut engine, caller) = (self.open)(super::Access::Write)?;
        let id = engine.machine.ulid();
        let reloaded = engine.handle(&caller, Reload { id, source, cause, ..Reload::default() });
        engine.afterwards(&caller).into_iter().for_each(|warning| self.remark(&warning));
        engine.take_remarks().into_iter().for_each(|remark| self.remark(&remark));
        engine.close()?;
        reloaded
    }

    fn tell_if_deaf(&mut self) {
        if let Some(error) = self.watcher.take_deaf() {
            let often = OFTEN.as_secs();
            self.remark(&format!(
                "The kernel tells of no more files ({error}): they are looked at every {often} s instead."
            ));
        }
    }

    fn remark(&self, remark: &str) {
        (self.tell)(Told::Remark(remark.to_owned()));
    }
}
