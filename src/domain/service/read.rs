//! How the section of services is read: each definition once for every instance.

use super::part::Part;
use super::variables::{Variables, names_file, with_file};
use super::{
    Command, DUMP_TIMEOUT, FILE_VARIABLE, Fault, Instance, Rollout, Service, USUAL_PRIORITY, deliver, health,
    read_back, reload, restart,
};
use crate::domain::path::Path;
use crate::domain::time::Span;
use crate::domain::value::Value;
use serde_json::Map;
use std::collections::{BTreeMap, HashSet};

/// The parts of a definition that variables stand in.
const WITH_VARIABLES: [&str; 8] =
    ["deliver", "reload", "read_back", "health", "restart", "dump", "restore", "program_files"];

/// The name of the variable that holds the instance's own name.
const INSTANCE_VARIABLE: &str = "instance";

/// Reads the section of a manifest in force.
pub fn read(section: &Value) -> Result<BTreeMap<String, Service>, Vec<Fault>> {
    let (services, faults) = read_all(section);
    if faults.is_empty() { Ok(services) } else { Err(faults) }
}

/// Reads the manifest's section of services, whose shape was checked, with everything that is wrong with them.
pub fn read_all(section: &Value) -> (BTreeMap<String, Service>, Vec<Fault>) {
    let mut faults = Vec::new();
    let named = section.as_object().into_iter().flatten();
    let services = named
        .filter_map(|(name, written)| Some((name.clone(), service(name, written.as_object()?, &mut faults))));
    let services = services.collect();
    // What is wrong for one instance is wrong for the others.
    let mut told = HashSet::new();
    faults.retain(|fault| told.insert((fault.place.clone(), fault.message.clone())));
    (services, faults)
}

/// The section that reads as these services.
pub fn to_value(services: &BTreeMap<String, Service>) -> Value {
    let written =
        services.values().map(|service| (service.name.clone(), Value::Object(service.written.clone())));
    Value::Object(written.collect())
}

fn service(name: &str, written: &Map<String, Value>, faults: &mut Vec<Fault>) -> Service {
    let mut part = Part { place: name.to_owned(), fields: written, faults };
    let uses = part.texts("uses");
    if uses.is_empty() && part.has("deliver") {
        part.lacks(&["uses"], "the settings that it is given");
    }
    let fallback =
        part.map("fallback").filter_map(|(path, value)| Some((Path::parse(path).ok()?, value.clone())));
    let fallback = fallback.collect();
    let rollout = rollout(&mut part);
    let instances = named_instances(&mut part).into_iter();
    let instances =
        instances.map(|(instance, variables)| self::instance(&mut part, instance, variables)).collect();
    Service {
        name: name.to_owned(),
        description: part.text("description"),
        uses,
        priority: part
            .whole("priority")
            .and_then(|priority| u32::try_from(priority).ok())
            .unwrap_or(USUAL_PRIORITY),
        critical: part.flag("critical").unwrap_or_default(),
        rollout,
        fallback,
        instances,
        written: written.clone(),
    }
}

fn rollout(part: &mut Part<'_>) -> Rollout {
    if part.has("rollout") && !part.has("instances") {
        part.tell("rollout", "rollout says how many instances are told at once, and there are no instances.");
    }
    let below = part.below("rollout");
    let whole = below.as_ref().and_then(|part| part.whole("at_once"));
    let bake = below.as_ref().map_or(Span::seconds(0), |part| part.span("bake", Span::seconds(0)));
    Rollout { at_once: whole.and_then(|whole| usize::try_from(whole).ok()).unwrap_or(1), bake }
}

/// The instances' names and variables; one of the service's own name where there are none.
fn named_instances(part: &mut Part<'_>) -> Vec<(String, BTreeMap<String, String>)> {
    let name = part.place.clone();
    let Some(mut instances) = part.below("instances") else {
        return vec![(name.clone(), BTreeMap::from([(INSTANCE_VARIABLE.to_owned(), name)]))];
    };
    let mut found = Vec::new();
    if instances.fields.is_empty() {
        instances.tell("", "instances names no instance: name one, or leave it out.");
    }
    for instance in instances.fields.keys() {
        let Some(mut given) = instances.below(instance) else { continue };
        let mut variables = BTreeMap::from([(INSTANCE_VARIABLE.to_owned(), instance.clone())]);
        for (variable, value) in given.fields {
            let Some(value) = value.as_str() else { continue };
            if [INSTANCE_VARIABLE, FILE_VARIABLE].contains(&variable.as_str()) {
                given.tell(
                    variable,
                    format!("{variable} has a meaning already; give the variable another name."),
                );
            }
            if !is_variable(variable) {
                let message = "is no name of a variable: use letters, digits and _, such as port";
                given.tell(variable, format!("{variable:?} {message}."));
            }
            if value.contains("${") || value.contains(char::is_control) {
                given.tell(variable, "A variable holds plain text: no ${, and all of it on one line.");
            }
            variables.insert(variable.clone(), value.to_owned());
        }
        found.push((instance.clone(), variables));
    }
    found
}

fn is_variable(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

fn instance(part: &mut Part<'_>, name: String, variables: BTreeMap<String, String>) -> Instance {
    let mut fields = Map::new();
    for (key, below) in part.fields.iter().filter(|(key, _)| WITH_VARIABLES.contains(&key.as_str())) {
        let place = format!("{}.{key}", part.place);
        let mut put = Variables { known: &variables, faults: part.faults };
        fields.insert(key.clone(), put.put_into(key, below, &place));
    }
    let mut own = Part { place: part.place.clone(), fields: &fields, faults: part.faults };
    let deliver = own.below("deliver").and_then(deliver::read);
    let reload = own.below("reload").and_then(reload::read);
    let read_back = own.below("read_back").and_then(read_back::read);
    let restart = own.below("restart").and_then(restart::read);
    let health = probes(&mut own);
    let (dump, restore) = (about_a_file(&mut own, "dump"), about_a_file(&mut own, "restore"));
    if dump.is_some() != restore.is_some() {
        own.tell(
            "dump",
            "What is dumped must be restored, and the other way round: write both dump and restore.",
        );
    }
    let program_files = own.texts("program_files");
    for (at, file) in program_files.iter().enumerate() {
        own.check_whole(&format!("program_files[{at}]"), file);
    }
    Instance { name, variables, deliver, reload, read_back, health, restart, dump, restore, program_files }
}

fn probes(part: &mut Part<'_>) -> Vec<health::Probe> {
    let place = format!("{}.health", part.place);
    let (listed, single): (&[Value], _) = match part.fields.get("health") {
        Some(Value::Array(probes)) => (probes, None),
        Some(Value::Object(probe)) => (&[], Some(probe)),
        _ => (&[], None),
    };
    let listed = listed
        .iter()
        .enumerate()
        .filter_map(|(at, probe)| Some((format!("{place}[{at}]"), probe.as_object()?)));
    let all = single.map(|probe| (place.clone(), probe)).into_iter().chain(listed);
    let all: Vec<_> = all.collect();
    all.into_iter()
        .filter_map(|(place, fields)| health::read(Part { place, fields, faults: part.faults }))
        .collect()
}

/// A command that is about a file, which its arguments name.
fn about_a_file(part: &mut Part<'_>, key: &str) -> Option<Command> {
    let mut below = part.below(key)?;
    let command = below.command("command", DUMP_TIMEOUT)?;
    if !names_file(&command.vector) {
        below.tell(
            "command",
            format!("{key} must name the file that it is about: put \"${{file}}\" into its arguments."),
        );
    }
    Some(command)
}

impl Command {
    /// The arguments with the name of the file in the place of `${file}`.
    pub fn vector_for(&self, file: &str) -> Vec<String> {
        with_file(&self.vector, file)
    }
}
