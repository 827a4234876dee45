//! How a service is restarted, stopped and started.

use super::part::Part;
use super::reload::unit;
use super::{Command, RESTART_TIMEOUT};
use crate::domain::time::Span;

/// How a service is restarted, stopped and started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restart {
    /// By commands; that which restarts is always there.
    Commands {
        /// The command that restarts it.
        restart: Vec<String>,
        /// The one that stops it.
        stop: Option<Vec<String>>,
        /// The one that starts it.
        start: Option<Vec<String>>,
        /// How long each may take.
        timeout: Span,
    },
    /// As a unit of systemd.
    Unit {
        /// Which.
        unit: String,
        /// How long each may take.
        timeout: Span,
    },
}

/// What is done to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It is stopped and started.
    Restart,
    /// It is stopped.
    Stop,
    /// It is started.
    Start,
}

impl Act {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Act::Restart => "restart",
            Act::Stop => "stop",
            Act::Start => "start",
        }
    }
}

impl Restart {
    /// The command that does it; nothing where the manifest names none.
    pub fn command(&self, act: Act) -> Option<Command> {
        let (vector, timeout) = match self {
            Restart::Unit { unit, timeout } => {
                (Some(["systemctl", act.as_str(), unit].map(str::to_owned).to_vec()), timeout)
            }
            Restart::Commands { restart, stop, start, timeout } => match act {
                Act::Restart => (Some(restart.clone()), timeout),
                Act::Stop => (stop.clone(), timeout),
                Act::Start => (start.clone(), timeout),
            },
        };
        Some(Command { vector: vector?, timeout: *timeout })
    }
}

pub(super) fn read(mut part: Part<'_>) -> Option<Restart> {
    let timeout = part.span("timeout", RESTART_TIMEOUT);
    if part.has("unit") {
        part.without(&["stop", "start"], "is known of a unit");
        return unit(&mut part).map(|unit| Restart::Unit { unit, timeout });
    }
    let (stop, start) = (part.vector("stop"), part.vector("start"));
    if stop.is_some() != start.is_some() {
        part.tell("", "A service that can be stopped must be started again: write both stop and start.");
    }
    Some(Restart::Commands { restart: part.vector("command")?, stop, start, timeout })
}
