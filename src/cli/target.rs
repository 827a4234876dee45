//! Where requests go: the engine on the store of this machine.

use super::machine::Surroundings;
use super::place::Place;
use crate::api::Request;
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::engine::{Access, Engine, Handle};

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
    /// Opens the store that is there.
    pub(crate) fn open(place: &Place, write: bool, surroundings: &Surroundings, caller: Caller) -> Result<Target> {
        let access = if write { Access::Write } else { Access::Read };
        Ok(Target::Local { engine: Engine::open(&place.store, access, surroundings.machine())?, caller })
    }

    /// Answers from the starter manifest, as the default store would on its first day.
    pub(crate) fn starter(surroundings: &Surroundings, caller: Caller) -> Result<Target> {
        Ok(Target::Local { engine: Engine::starter(surroundings.machine(), &caller)?, caller })
    }

    /// What is left to do after the answer; what to know about it.
    pub(crate) fn afterwards(&mut self) -> Vec<String> {
        match self {
            Target::Local { engine, caller } => engine.afterwards(caller),
        }
    }
}
