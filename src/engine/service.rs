//! The services: how they stand, whether their definitions can be carried out, and what is done to them beside bringing
//! a change to them.
//!
//! What must stay true: whether one has what is in force is told by a digest, not by the numbers of versions; nothing
//! that is done here alters an effective value; no transaction is open while a service is given, told or asked.

mod adopt;
mod check;
mod difference;
mod health;
mod look;
mod restart;
mod show;
mod switch;
mod sync;
mod words;

use super::transact::View;
use crate::domain::error::{Error, Result};
use crate::domain::service::{Instance, Service};
use crate::domain::wording::nearest;
use crate::store::manifest;
use std::collections::BTreeMap;

pub(super) use look::count;

/// The service of that name. `not-found`.
fn named(view: &View<'_>, name: &str) -> Result<Service> {
    manifest::services(view.db)?.remove(name).map_or_else(|| Err(unknown(view, name)), Ok)
}

/// The services of these names, or all of them, in the order in which they are told. `not-found`.
fn all_or(view: &View<'_>, names: &[String]) -> Result<Vec<Service>> {
    let services: BTreeMap<String, Service> = manifest::services(view.db)?;
    if let Some(name) = names.iter().find(|name| !services.contains_key(*name)) {
        return Err(unknown(view, name));
    }
    let asked = |service: &Service| names.is_empty() || names.contains(&service.name);
    let mut found: Vec<Service> = services.into_values().filter(asked).collect();
    found.sort_by_key(|service| std::cmp::Reverse(service.priority));
    Ok(found)
}

fn unknown(view: &View<'_>, name: &str) -> Error {
    let services = manifest::services(view.db).unwrap_or_default();
    let meant = nearest(name, services.keys().map(String::as_str));
    let meant = meant.map(|meant| format!(" Did you mean {meant}?")).unwrap_or_default();
    Error::not_found(format!("The manifest names no service {name}.{meant}"))
        .hint("See what there is: cfgctl service list")
}

/// Every instance of these services with its service.
fn instances(services: &[Service]) -> Vec<(&Service, &Instance)> {
    services.iter().flat_map(|service| service.instances().iter().map(move |one| (service, one))).collect()
}
