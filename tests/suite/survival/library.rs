//! The store asked in this process: thousands of looks at a store cost no thousand programs.

use cfgctl::api::audit::VerifyAudit;
use cfgctl::api::change::{ChangeReply, Input, ItemSpec, MakeChange, Terms};
use cfgctl::api::status::{CheckStatus, Doctor};
use cfgctl::api::value::Get;
use cfgctl::domain::change::Kind;
use cfgctl::domain::error::Result;
use cfgctl::domain::member::{Caller, Claim};
use cfgctl::domain::time::Timestamp;
use cfgctl::engine::{Access, Engine, Handle, Machine};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// An open store with alice at it.
pub(crate) struct Library {
    pub(crate) engine: Engine,
    pub(crate) caller: Caller,
    /// The milliseconds of its clock, which a test moves.
    pub(crate) clock: Rc<Cell<i64>>,
    drawn: Rc<Cell<u64>>,
}

impl Library {
    /// Opens a store, the clock standing at this moment.
    pub(crate) fn open(place: &Path, access: Access, now: &str) -> Result<Library> {
        let clock = Rc::new(Cell::new(Timestamp::parse(now)?.millis()));
        // Two libraries on one store draw different numbers, as two commands would.
        static OPENED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let opened = OPENED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let drawn = Rc::new(Cell::new(opened << 32));
        let (time, random) = (clock.clone(), drawn.clone());
        let machine = Machine {
            now: Box::new(move || Timestamp::from_millis(time.get())),
            elapsed: Box::new(|| Duration::ZERO),
            random: Box::new(move || u128::from(random.replace(random.get() + 1))),
            environment: Box::new(Vec::new),
            system_log: false,
            key_file: None,
        };
        let caller = Caller {
            claim: Claim::User { uid: 1000, name: "alice".to_owned(), sudo: false },
            origin: "local".to_owned(),
            program: "test".to_owned(),
        };
        Ok(Library { engine: Engine::open(place, access, machine)?, caller, clock, drawn })
    }

    /// Asks the engine.
    pub(crate) fn ask<R: cfgctl::api::Request>(&mut self, request: R) -> Result<R::Reply>
    where
        Engine: Handle<R>,
    {
        self.engine.handle(&self.caller, request)
    }

    /// Terms of a write, under an identifier of their own.
    pub(crate) fn terms(&self) -> Terms {
        let random = u128::from(self.drawn.replace(self.drawn.get() + 1));
        let millis = u64::try_from(self.clock.get()).unwrap();
        Terms {
            id: ulid::Ulid::from_parts(millis, random).to_string(),
            reason: "survival".to_owned(),
            ..Terms::default()
        }
    }

    /// Sets (or, with none, unsets) paths as one change.
    pub(crate) fn change(&mut self, items: &[(String, Option<Value>)]) -> Result<ChangeReply> {
        let input = |value: &Option<Value>| value.clone().map_or(Input::Unset, Input::Json);
        let items =
            items.iter().map(|(path, value)| ItemSpec { path: path.clone(), input: input(value) }).collect();
        let terms = self.terms();
        self.ask(MakeChange { kind: Kind::Batch, items, terms })
    }

    /// Every effective value.
    pub(crate) fn values(&mut self) -> Result<BTreeMap<String, Value>> {
        let reply = self.ask(Get::default())?;
        Ok(reply.items.into_iter().map(|item| (item.path.as_str().to_owned(), item.value)).collect())
    }

    /// What `audit verify --full` and `doctor` find broken.
    pub(crate) fn broken(&mut self) -> Vec<String> {
        let mut problems = match self.ask(VerifyAudit { head: None, full: true }) {
            Ok(reply) => reply.problems,
            Err(error) => vec![format!("audit verify: {}", error.message)],
        };
        match self.ask(Doctor {}) {
            Ok(reply) => problems.extend(
                reply
                    .checks
                    .into_iter()
                    .filter(|check| check.status == CheckStatus::Failed)
                    .map(|check| format!("doctor: {}: {}", check.name, check.finding)),
            ),
            Err(error) => problems.push(format!("doctor: {}", error.message)),
        }
        problems
    }
}
