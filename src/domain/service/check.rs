//! What services must not be to each other and to the sources.
//!
//! What must stay true: a file has one writer; nothing that is delivered is read as a source again.

use super::{Deliver, Fault, Service};
use crate::domain::path::Path;
use crate::domain::setting::Setting;
use crate::domain::source::Source;
use crate::domain::wording::nearest;
use std::collections::BTreeMap;

/// What is wrong among services, and between them and the sources.
pub fn faults(services: &BTreeMap<String, Service>, sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut writers: BTreeMap<&str, (&Service, &str, bool)> = BTreeMap::new();
    for service in services.values() {
        for instance in service.instances() {
            let Some(file) = instance.file() else { continue };
            let mut tell = |message: String| {
                faults.push(Fault { place: format!("{}.deliver.file", service.name), message });
            };
            for source in sources.iter().filter(|source| reads(source, file)) {
                tell(format!(
                    "{file} is what the source {} is read from: a file is read or written, never both.",
                    source.name
                ));
            }
            let patches = matches!(instance.deliver, Some(Deliver::Patch { .. }));
            match writers.get(file) {
                Some((other, name, others_patch)) if !(patches && *others_patch) => {
                    let whose = if other.name == service.name {
                        format!("the instances {name} and {} of {}", instance.name, service.name)
                    } else {
                        format!("{} and {}", other.name, service.name)
                    };
                    tell(format!(
                        "{file} would be written by {whose}: give each its own, or let both patch it."
                    ));
                }
                _ => {
                    writers.insert(file, (service, &instance.name, patches));
                }
            }
        }
    }
    faults
}

/// Whether a source is read from this file, or from the folder that it lies in. Where a relative name leads is known at
/// run time alone.
fn reads(source: &Source, file: &str) -> bool {
    let Some(read) = source.file.as_deref().filter(|read| read.starts_with('/')) else { return false };
    let parts = |name: &'_ str| -> Vec<String> {
        name.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let (read, written) = (parts(read), parts(file));
    read == written || written.split_last().is_some_and(|(_, folder)| folder == read)
}

/// The names in settings' `services` that no service has, each with the first setting that says so and the name that
/// was perhaps meant. Nothing where the manifest names no service at all: then the names are for people.
pub fn unknown_names<'a>(
    services: &'a BTreeMap<String, Service>,
    settings: &'a BTreeMap<Path, Setting>,
) -> Vec<(&'a str, &'a Path, Option<&'a str>)> {
    let mut unknown: BTreeMap<&str, (&Path, Option<&str>)> = BTreeMap::new();
    if services.is_empty() {
        return Vec::new();
    }
    for (path, setting) in settings {
        for name in setting.services.iter().filter(|name| !services.contains_key(*name)) {
            let near = nearest(name, services.keys().map(String::as_str));
            unknown.entry(name).or_insert((path, near));
        }
    }
    unknown.into_iter().map(|(name, (path, near))| (name, path, near)).collect()
}
