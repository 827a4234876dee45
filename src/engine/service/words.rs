//! How a service is dealt with, in words.

use crate::domain::service::{Act, Ask, Deliver, Form, Probe, Process, ReadBack, Reload, Restart, Sending};
use crate::net::shown;

pub(super) fn of_delivery(deliver: &Deliver) -> String {
    let mut text = match deliver {
        Deliver::Render { place, form, .. } => format!("renders {} {}", place.file, of_form(form)),
        Deliver::Patch { place, format, .. } => format!("patches the values in {} ({format})", place.file),
        Deliver::Command { command, form } => {
            format!("gives {} {} on standard input", command.vector.join(" "), of_form(form))
        }
        Deliver::Http { call, method, form } => {
            let method = if *method == Sending::Put { "PUT" } else { "POST" };
            format!("{method} {} {}", shown(&call.url), of_form(form))
        }
    };
    if let Some(place) = deliver.place() {
        text.push_str(&place.mode.map(|mode| format!(", mode {mode:04o}")).unwrap_or_default());
        text.push_str(&place.owner.as_ref().map(|owner| format!(", owner {owner}")).unwrap_or_default());
    }
    if let Some(check) = deliver.check() {
        let place = if check.in_place { "in its place" } else { "before it is swapped" };
        text.push_str(&format!(", checked {place} by {}", check.vector.join(" ")));
    }
    text
}

fn of_form(form: &Form) -> String {
    match form {
        Form::Document { format, .. } => format!("as {format}"),
        Form::Template { file, .. } => format!("from the template {file}"),
    }
}

pub(super) fn of_reload(reload: &Reload) -> String {
    match reload {
        Reload::Signal { signal, process: Process::PidFile(file) } => {
            format!("{} to the process in {file}", signal.as_str())
        }
        Reload::Signal { signal, process: Process::Unit(unit) } => {
            format!("{} to the unit {unit}", signal.as_str())
        }
        Reload::Command(command) => command.vector.join(" "),
        Reload::Http(call) => format!("POST {}", shown(&call.url)),
    }
}

pub(super) fn of_read_back(definition: &ReadBack) -> String {
    match &definition.ask {
        Ask::Http(call) => format!("GET {}", shown(&call.url)),
        Ask::Command(command) => command.vector.join(" "),
        Ask::File(file) => format!("reads {file}"),
    }
}

pub(super) fn of_probe(probe: &Probe) -> String {
    match probe {
        Probe::Http { call, expect } => format!("GET {} answers {expect}", shown(&call.url)),
        Probe::Tcp { address, .. } => format!("{address} accepts a connection"),
        Probe::Command(command) => format!("{} succeeds", command.vector.join(" ")),
        Probe::Metrics { call, .. } => format!("figures from {}", shown(&call.url)),
        Probe::Prometheus { call, .. } => format!("figures from Prometheus at {}", shown(&call.url)),
    }
}

pub(super) fn of_restart(restart: &Restart) -> Option<String> {
    restart.command(Act::Restart).map(|command| command.vector.join(" "))
}
