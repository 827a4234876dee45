//! The programs that use settings, as the manifest says it: how each gets them, is told of them, and is asked.
//!
//! What must stay true: a definition that was read can be carried out as it stands, with every variable of an instance
//! put in and every time it has named; what a variable holds never reaches beyond the one text that it stands in.

mod check;
mod deliver;
mod health;
mod part;
mod read;
mod read_back;
mod reload;
mod restart;
mod variables;

use super::path::Path;
use super::time::Span;
use super::value::Value;
use serde_json::Map;
use std::collections::BTreeMap;

pub use check::{faults, unknown_names};
pub use deliver::{Check, Deliver, Form, Place, Sending, Stamping};
pub use health::{Figure, Figures, Probe, Series};
pub use part::is_on_this_machine;
pub use read::{read, read_all, to_value};
pub use read_back::{Answer, Ask, ReadBack};
pub use reload::{Process, Reload, Signal};
pub use restart::{Act, Restart};

/// How long a service has for whatever it is asked, where its definition does not say.
pub const USUAL_TIMEOUT: Span = Span::seconds(10);
/// How long it has to restart, where its definition does not say.
pub const RESTART_TIMEOUT: Span = Span::seconds(60);
/// How long a dump or its restore has, where its definition does not say.
pub const DUMP_TIMEOUT: Span = Span::seconds(600);
/// Whose turn it is among the services, where a definition does not say: after all others.
pub const USUAL_PRIORITY: u32 = 0;

/// The name in a command's arguments for the file that the command is about.
pub const FILE_VARIABLE: &str = "file";

/// A program that uses settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// The settings it uses: paths, everything below one (`server.*`), or `*`.
    pub uses: Vec<String>,
    /// Whoever has the higher priority is told first.
    pub priority: u32,
    /// Whether its failure is a reason to roll back.
    pub critical: bool,
    /// How many of its instances are told at once, and how long they are watched.
    pub rollout: Rollout,
    /// The values built in, put in place where its own are rolled back.
    pub fallback: BTreeMap<Path, Value>,
    instances: Vec<Instance>,
    written: Map<String, Value>,
}

/// One of the processes that a service is, with its own variables put in.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its name; the service's own where the service has no instances.
    pub name: String,
    /// What its definition and its templates call by a name, `instance` among them.
    pub variables: BTreeMap<String, String>,
    /// How it gets its settings.
    pub deliver: Option<Deliver>,
    /// How it is told to read them again.
    pub reload: Option<Reload>,
    /// How it is asked what it runs with.
    pub read_back: Option<ReadBack>,
    /// How it is asked whether it is well; every probe must say so.
    pub health: Vec<Probe>,
    /// How it is restarted, stopped and started.
    pub restart: Option<Restart>,
    /// The command that writes what it keeps to the file that its arguments name as `${file}`.
    pub dump: Option<Command>,
    /// The command that takes such a file back.
    pub restore: Option<Command>,
    /// The files and folders of the program itself.
    pub program_files: Vec<String>,
}

/// How a change comes to the instances of a service: in waves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rollout {
    /// How many instances at once.
    pub at_once: usize,
    /// How long a wave is watched before the next.
    pub bake: Span,
}

/// A program to run; no shell reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments.
    pub vector: Vec<String>,
    /// How long it may take.
    pub timeout: Span,
}

/// A resource on a web server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its address.
    pub url: String,
    /// What is sent along; `${NAME}` stands for a variable of the environment at run time.
    pub headers: BTreeMap<String, String>,
    /// Whether plain HTTP may leave this machine.
    pub plain: bool,
    /// The file of certificates that the server is trusted by, beside the system's.
    pub ca_file: Option<String>,
    /// How long it has to answer.
    pub timeout: Span,
}

/// Something wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where below `services`: `web.deliver.file`, `web.health[1].tcp`.
    pub place: String,
    /// One sentence.
    pub message: String,
}

impl Service {
    /// Whether it uses this setting.
    pub fn uses(&self, path: &Path) -> bool {
        self.uses.iter().any(|pattern| path.matches(pattern))
    }

    /// The processes that it is, in the order of their names; one of its own name where the manifest names none.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// Its instances in the waves in which a change comes to them.
    pub fn waves(&self) -> impl Iterator<Item = &[Instance]> {
        self.instances.chunks(self.rollout.at_once.max(1))
    }
}

#[cfg(test)]
mod tests;
