//! Where requests go: the engine on the store of this machine.

use super::machine;
use super::place::Place;
use crate::api::Request;
use crate::api::secret::KeygenReply;
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::time::Timestamp;
use crate::engine::{Access, Engine, Handle, Keeper};
pub(crate) use crate::engine::{Machine, Terms, Told};
use std::sync::mpsc::{Receiver, Sender};

/// Whatever answers requests.
pub(crate) enum Target {
    /// The engine in this process.
    Local {
        /// The engine, on an open store.
        engine: Engine,
        /// Who is calling.
        caller: Caller,
    },
}

/// A request that a target answers.
pub(crate) trait Operation: Request {
    /// Sends it.
    fn send(self, target: &mut Target) -> Result<Self::Reply>;
}

impl<R: Request> Operation for R
where
    Engine: Handle<R>,
{
    fn send(self, target: &mut Target) -> Result<R::Reply> {
        match target {
            Target::Local { engine, caller } => engine.handle(caller, self),
        }
    }
}

impl Target {
    /// For reading: the store, or the starter manifest where the default store is yet to be made.
    pub(crate) fn to_read(place: &Place, caller: Caller) -> Result<Target> {
        if !place.exists()? {
            return if place.is_default() { Target::starter(caller) } else { Err(place.missing()) };
        }
        Ok(Target::Local {
            engine: Engine::open(&place.store, Access::Read, machine::machine("engine")?)?,
            caller,
        })
    }

    /// For writing: the store, which is there.
    pub(crate) fn to_write(place: &Place, caller: Caller) -> Result<Target> {
        Ok(Target::Local {
            engine: Engine::open(&place.store, Access::Write, machine::machine("engine")?)?,
            caller,
        })
    }

    /// What answers from the starter manifest, as the default store would on its first day.
    pub(crate) fn starter(caller: Caller) -> Result<Target> {
        Ok(Target::Local { engine: Engine::starter(machine::machine("engine")?, &caller)?, caller })
    }

    /// Sends a request.
    pub(crate) fn call<R: Operation>(&mut self, request: R) -> Result<R::Reply> {
        request.send(self)
    }

    /// Makes the store's key file, which only this machine can.
    pub(crate) fn keygen(&mut self) -> Result<KeygenReply> {
        let Target::Local { engine, caller } = self;
        engine.keygen(caller)
    }

    /// Keeps the base of a store current with the files that it is read from, until nobody is left who could call. Says
    /// first whether it may.
    pub(crate) fn keep(
        place: &Place,
        caller: &dyn Fn() -> Result<Caller>,
        terms: Terms,
        tell: &dyn Fn(Told),
        ready: &Sender<Result<()>>,
        calls: &Receiver<()>,
    ) {
        let open = |access| Ok((Engine::open(&place.store, access, machine::machine("keeper")?)?, caller()?));
        let (keeper, begun) = match Keeper::begin(&open, terms, tell) {
            Ok(keeper) => (Some(keeper), Ok(())),
            Err(error) => (None, Err(error)),
        };
        if let (Ok(()), Some(keeper)) = (ready.send(begun), keeper) {
            keeper.keep(calls);
        }
    }

    /// What to know beside the answers so far. Told once.
    pub(crate) fn take_remarks(&self) -> Vec<String> {
        let Target::Local { engine, .. } = self;
        engine.take_remarks()
    }

    /// The deadline that was set last. Told once.
    pub(crate) fn take_deadline(&mut self) -> Option<Timestamp> {
        let Target::Local { engine, .. } = self;
        engine.take_deadline()
    }

    /// Does what is left to do after the answer, and closes the store; gives what to know about it.
    pub(crate) fn finish(self, wrote: bool) -> Vec<String> {
        let Target::Local { mut engine, caller } = self;
        let mut warnings = if wrote { engine.afterwards(&caller) } else { Vec::new() };
        warnings.extend(engine.take_remarks());
        warnings.extend(engine.close().err().map(|error| error.message));
        warnings
    }
}
