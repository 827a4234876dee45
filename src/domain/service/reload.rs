//! How a service is told to read its settings again: a signal, a command, a request.

use super::part::Part;
use super::{Call, Command, USUAL_TIMEOUT};

/// How a service is told to read its settings again.
#[derive(Debug, Clone, PartialEq)]
pub enum Reload {
    /// By a signal.
    Signal {
        /// Which.
        signal: Signal,
        /// To which process.
        process: Process,
    },
    /// By a command that must succeed.
    Command(Command),
    /// By a POST that is answered with 2xx.
    Http(Call),
}

/// A signal that programs read their settings at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP.
    Hangup,
    /// SIGUSR1.
    User1,
    /// SIGUSR2.
    User2,
}

impl Signal {
    /// The words of all of them.
    pub const NAMES: &'static [&'static str] = &["HUP", "USR1", "USR2"];

    /// Its word in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Signal::Hangup => "HUP",
            Signal::User1 => "USR1",
            Signal::User2 => "USR2",
        }
    }

    fn parse(text: &str) -> Option<Signal> {
        [Signal::Hangup, Signal::User1, Signal::User2].into_iter().find(|signal| signal.as_str() == text)
    }
}

/// How a process is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Process {
    /// By the number in a file.
    PidFile(String),
    /// As the main process of a unit of systemd.
    Unit(String),
}

pub(super) fn read(mut part: Part<'_>) -> Option<Reload> {
    if part.has("signal") {
        part.without_call("a signal");
        let signal = part.text("signal").as_deref().and_then(Signal::parse);
        let pid_file = part.place_of("pid_file").map(Process::PidFile);
        let unit = unit(&mut part).map(Process::Unit);
        if pid_file.is_some() == unit.is_some() {
            part.tell("", "A signal goes to the process of exactly one of pid_file or unit.");
        }
        return Some(Reload::Signal { signal: signal?, process: pid_file.or(unit)? });
    }
    part.without(&["pid_file", "unit"], "belongs to a signal, and there is none");
    if part.has("command") {
        part.without_call("a command");
        return part.command("command", USUAL_TIMEOUT).map(Reload::Command);
    }
    part.call("http", USUAL_TIMEOUT).map(Reload::Http)
}

/// The name of a unit, which can be no option.
pub(super) fn unit(part: &mut Part<'_>) -> Option<String> {
    let unit = part.text("unit")?;
    let is_fit = |b: u8| b.is_ascii_alphanumeric() || b":_.@\\-".contains(&b);
    if unit.starts_with('-') || !unit.bytes().all(is_fit) {
        part.tell("unit", format!("{unit:?} is no name of a unit, such as nginx.service."));
    }
    Some(unit)
}
