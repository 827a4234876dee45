//! Services are asked whether they are well.

use super::{all_or, instances};
use crate::api::service::{ProbeServices, ProbeServicesReply, ProbedView};
use crate::deliver::Surroundings;
use crate::deliver::health::probe;
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::domain::service::{Instance, Service};
use crate::engine::delivery::for_each;
use crate::engine::{Engine, Handle};
use std::collections::BTreeMap;
use std::time::Duration;

impl Handle<ProbeServices> for Engine {
    fn handle(&mut self, caller: &Caller, request: ProbeServices) -> Result<ProbeServicesReply> {
        let services = self.look(caller, |view| {
            view.actor.require(Role::Operator, "asking services how they are")?;
            all_or(view, &request.names)
        })?;
        let items = for_each(
            &self.machine,
            self.store.place(),
            &instances(&services),
            |_| Vec::new(),
            |(service, instance), around| probed(service, instance, around),
        );
        Ok(ProbeServicesReply { ok: items.iter().all(|item| item.well != Some(false)), items })
    }
}

fn probed(service: &Service, instance: &Instance, around: &Surroundings<'_>) -> ProbedView {
    let mut view = ProbedView {
        service: service.name.clone(),
        instance: instance.name.clone(),
        well: None,
        response_time_ms: None,
        figures: BTreeMap::new(),
        problem: None,
    };
    let mut took = Duration::ZERO;
    for definition in &instance.health {
        let found = probe(definition, around);
        took += found.took;
        view.well = Some(view.well.unwrap_or(true) && found.well);
        view.problem = view.problem.or(found.problem);
        view.figures
            .extend(found.figures.iter().map(|(figure, number)| (figure.as_str().to_owned(), *number)));
    }
    view.response_time_ms = view.well.map(|_| took.as_micros() as f64 / 1000.0);
    view
}

/// Why an instance is not well; nothing where it is.
pub(super) fn problem(instance: &Instance, around: &Surroundings<'_>) -> Option<String> {
    instance
        .health
        .iter()
        .map(|definition| probe(definition, around))
        .find(|found| !found.well)
        .map(|found| found.problem.unwrap_or_else(|| "It is not well.".to_owned()))
}
