//! Where a service runs with something else than is in force, by asking it now.
//!
//! What must stay true: nothing is written, and no transaction is open while a service is asked; one that does not answer
//! is told of, and is not taken for one that agrees.

use super::Named;
use crate::api::drift::{FindServiceDrift, ServiceDriftReply, ServiceDriftView, SilentView};
use crate::deliver::read_back::read_back;
use crate::domain::delivery::Found;
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::role::Role;
use crate::domain::service::{Instance, Service};
use crate::domain::value::Value;
use crate::engine::delivery::{Used, compared, for_each, in_force, used};
use crate::engine::mask::Mask;
use crate::engine::transact::View;
use crate::engine::{Engine, Handle, known};
use crate::store::{manifest, service};
use std::collections::BTreeMap;

/// An instance, and what it is asked for.
struct Asked {
    service: Service,
    instance: Instance,
    used: Used,
    paths: Vec<Path>,
    waits: bool,
    shown: BTreeMap<Path, Value>,
}

impl Handle<FindServiceDrift> for Engine {
    fn handle(&mut self, caller: &Caller, request: FindServiceDrift) -> Result<ServiceDriftReply> {
        let named = Named::of(&request.names)?;
        let asked = self.look(caller, |view| {
            view.actor.require(Role::Operator, "asking services what they run with")?;
            named.0.iter().flatten().try_for_each(|path| known::check_path(view, path))?;
            to_ask(view, &named)
        })?;
        let secrets = |one: &Asked| one.used.secret_texts();
        let answers = for_each(&self.machine, self.store.place(), &asked, secrets, |one, around| {
            let definition = one.instance.read_back.as_ref();
            definition.map(|definition| {
                read_back(definition, &one.paths, around).map(|said| compared(&one.used, said))
            })
        });
        let mut reply = ServiceDriftReply { items: Vec::new(), asked: Vec::new(), silent: Vec::new() };
        for (one, answer) in asked.into_iter().zip(answers) {
            match answer {
                None => {}
                Some(Ok(found)) => {
                    reply.asked.push(one.instance.name.clone());
                    reply.items.extend(found.into_iter().filter_map(|(path, found)| one.drifts(path, found)));
                }
                Some(Err(error)) => reply.silent.push(SilentView {
                    service: one.service.name,
                    instance: one.instance.name,
                    problem: error.message,
                }),
            }
        }
        Ok(reply)
    }
}

fn to_ask(view: &View<'_>, named: &Named) -> Result<Vec<Asked>> {
    let mask = Mask::new(view);
    let mut asked = Vec::new();
    for service in manifest::services(view.db)?.into_values() {
        if service.instances().iter().all(|instance| instance.read_back.is_none()) {
            continue;
        }
        let used = used(view, &service)?;
        let paths = used.comparable(used.values.keys().filter(|path| named.holds(path)));
        let mut shown = in_force(view, &service)?;
        for (path, value) in &mut shown {
            *value = mask.shown(path, value.take())?;
        }
        for instance in service.instances() {
            asked.push(Asked {
                waits: service::state(view.db, &service.name, &instance.name)?.restart_since.is_some(),
                service: service.clone(),
                instance: instance.clone(),
                used: used.clone(),
                paths: paths.clone(),
                shown: shown.clone(),
            });
        }
    }
    Ok(asked)
}

impl Asked {
    fn drifts(&self, path: Path, found: Found) -> Option<ServiceDriftView> {
        (!found.matches_expected).then(|| ServiceDriftView {
            service: self.service.name.clone(),
            instance: self.instance.name.clone(),
            effective: self.shown.get(&path).cloned(),
            there: found.value,
            restart_pending: self.waits && self.used.restart.contains(&path),
            path,
        })
    }
}
