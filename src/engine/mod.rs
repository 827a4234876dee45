//! Does what is asked: the only writer. One `Handle` impl a request; `transact` writes data and audit entry together.

mod apply;
mod assess;
mod audit;
mod backup;
mod backup_file;
mod case;
mod change;
mod change_request;
mod complete;
mod confirm;
mod delegation;
mod delivery;
mod diff;
mod doctor;
mod drift;
mod emergency;
mod evidence;
mod export;
mod feature;
mod former;
mod governance;
mod history;
mod identity;
mod init;
mod keep;
mod keep_current;
mod known;
mod machine;
mod manifest;
mod mask;
mod member;
mod notice;
mod notify;
mod plan;
mod proof;
mod reload;
mod restart;
mod review;
mod rollback;
mod rule;
mod schedule;
mod seal;
mod secret;
mod service;
mod settle;
mod source;
mod standing;
mod state;
mod stats;
mod status;
mod system_log;
mod terms;
mod token;
mod transact;
mod value;
mod verify;
mod version;
mod view;
mod vote;
mod wanted;
mod watch;
mod window;

pub use crate::source::watch::Terms;
pub use crate::store::database::Access;
pub use init::{InitReply, init};
pub use keep_current::{Keeper, Open, Told};
pub use machine::Machine;

use crate::api::Request;
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::schema;
use crate::domain::time::Timestamp;
use crate::store::database::Store;
use std::cell::RefCell;
use std::path::Path;
use std::thread::JoinHandle;

/// That the engine does this operation.
pub trait Handle<R: Request> {
    /// Does it, for this caller.
    fn handle(&mut self, caller: &Caller, request: R) -> Result<R::Reply>;
}

/// An open store and the machine it runs on.
pub struct Engine {
    store: Store,
    machine: Machine,
    /// The last deadline that was set.
    deadline: Option<Timestamp>,
    /// What to know beside the answers.
    remarks: RefCell<Vec<String>>,
    /// The delivery that this process is at.
    delivering: Option<delivery::Held>,
    /// What removes old backups while the answer is given.
    removing: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Opens an existing store. `not-found`, `denied`, `integrity` or `unavailable`.
    pub fn open(store: &Path, access: Access, machine: Machine) -> Result<Engine> {
        if access == Access::Write {
            // While the store is opened. Where no thread is to be had, it is done when the first schema is compiled.
            let _ = std::thread::Builder::new().spawn(schema::prepare);
        }
        Ok(Engine::on(Store::open(store, access)?, machine))
    }

    fn on(store: Store, machine: Machine) -> Engine {
        let (deadline, delivering) = (None, None);
        Engine { store, machine, deadline, remarks: RefCell::default(), delivering, removing: Vec::new() }
    }

    /// What to know beside the answers given so far: what is overdue, what was settled. Told once.
    pub fn take_remarks(&self) -> Vec<String> {
        self.remarks.take()
    }

    /// The deadline that was set last, for whoever sees to it that it is kept. Told once.
    pub fn take_deadline(&mut self) -> Option<Timestamp> {
        self.deadline.take()
    }

    fn remark(&self, remarks: impl IntoIterator<Item = String>) {
        let mut kept = self.remarks.borrow_mut();
        for remark in remarks {
            if !kept.contains(&remark) {
                kept.push(remark);
            }
        }
    }

    /// A store in memory with the starter manifest and the caller as its only member: what reading commands answer
    /// from before the default store exists.
    pub fn starter(machine: Machine, caller: &Caller) -> Result<Engine> {
        init::starter(machine, caller)
    }

    /// Closes the store's file properly.
    pub fn close(self) -> Result<()> {
        let closed = self.store.close();
        for thread in self.removing {
            // What could not be removed is a file too many, which `doctor` names.
            let _ = thread.join();
        }
        closed
    }
}

/// That every operation of the table has a handler: a row without one does not compile.
macro_rules! every_operation_is_handled {
    ($($request:ty,)*) => {
        const _: () = {
            const fn handled<R: Request>() where Engine: Handle<R> {}
            $(handled::<$request>();)*
        };
    };
}
crate::api::for_each_operation!(every_operation_is_handled);
