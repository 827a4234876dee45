//! A definition is proven before it is needed: everything that a delivery does is tried as far as it changes nothing.
//!
//! What must stay true: neither the target nor the store is written; the service is asked and never told.

use super::{all_or, instances};
use crate::api::service::{CheckServices, CheckServicesReply, CheckedView, StepStatus, StepView};
use crate::deliver::Surroundings;
use crate::deliver::file::{Found, look, try_check};
use crate::deliver::health::probe;
use crate::deliver::lock::lock;
use crate::deliver::read_back::read_back;
use crate::deliver::reload::could;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::domain::service::{Deliver, Form, Instance, Service};
use crate::engine::delivery::{LONGEST_LOCK, Used, bytes, for_each, foreign, used};
use crate::engine::{Engine, Handle};
use crate::store::{manifest, service};
use std::path::Path;

/// An instance with what it would be given.
struct Case<'a> {
    service: &'a Service,
    instance: &'a Instance,
    used: std::result::Result<&'a Used, &'a Error>,
    known: service::State,
    /// The manifest's instance, which a stamp names.
    owner: &'a str,
    locks: &'a Path,
}

impl Handle<CheckServices> for Engine {
    fn handle(&mut self, caller: &Caller, request: CheckServices) -> Result<CheckServicesReply> {
        let (services, mut given, known, owner) = self.look(caller, |view| {
            view.actor.require(Role::Operator, "trying what is said of services")?;
            let services = all_or(view, &request.names)?;
            let given: Vec<Result<Used>> = services.iter().map(|service| used(view, service)).collect();
            let known = instances(&services)
                .iter()
                .map(|(service, instance)| service::state(view.db, &service.name, &instance.name))
                .collect::<Result<Vec<_>>>()?;
            Ok((services, given, known, manifest::instance(view.db)?))
        })?;
        for one in &mut given {
            if let Ok(used) = one
                && let Err(error) = used.fetch(&self.machine)
            {
                *one = Err(error);
            }
        }
        let locks = self.locks()?;
        let of = |service: &Service| services.iter().zip(&given).find(|(one, _)| one.name == service.name);
        let cases: Vec<Case<'_>> = instances(&services)
            .into_iter()
            .zip(known)
            .filter_map(|((service, instance), known)| {
                let used = of(service)?.1.as_ref();
                Some(Case { service, instance, used, known, owner: &owner, locks: &locks })
            })
            .collect();
        let secrets =
            |case: &Case<'_>| case.used.as_ref().map_or_else(|_| Vec::new(), |used| used.secret_texts());
        let items = for_each(&self.machine, self.store.place(), &cases, secrets, Case::checked);
        Ok(CheckServicesReply { ok: items.iter().all(|item| item.ok), items })
    }
}

/// What a step came to: what was found, or nothing where it was not tried, with why.
enum Tried {
    Well(String),
    Not(String),
}

impl Case<'_> {
    fn checked(&self, around: &Surroundings<'_>) -> CheckedView {
        let mut steps = Vec::new();
        let mut step = |name: &str, tried: Result<Tried>| {
            let (status, finding) = match tried {
                Ok(Tried::Well(found)) => (StepStatus::Ok, found),
                Ok(Tried::Not(why)) => (StepStatus::Skipped, why),
                Err(Error { message, hint, .. }) => {
                    let hint = hint.map(|hint| format!(" {hint}")).unwrap_or_default();
                    (StepStatus::Failed, message + &hint)
                }
            };
            steps.push(StepView { step: name.to_owned(), status, finding });
        };
        if let Some(deliver) = &self.instance.deliver {
            let rendered = self.render(deliver, around);
            step("render", rendered.as_ref().map(|bytes| Tried::Well(sized(bytes))).map_err(Clone::clone));
            if deliver.place().is_some() {
                step("target", self.target(deliver));
            }
            if deliver.check().is_some() {
                step("check", self.check(deliver, rendered, around));
            }
        }
        if let Some(reload) = &self.instance.reload {
            step("reload", could(reload, around).map(Tried::Well));
        }
        if self.instance.read_back.is_some() {
            step("read_back", self.read_back(around));
        }
        for definition in &self.instance.health {
            let found = probe(definition, around);
            let problem = found.problem.unwrap_or_else(|| "It is not well.".to_owned());
            let well = Tried::Well("well".to_owned());
            step("health", if found.well { Ok(well) } else { Err(Error::unavailable(problem)) });
        }
        CheckedView {
            service: self.service.name.clone(),
            instance: self.instance.name.clone(),
            ok: steps.iter().all(|step| step.status != StepStatus::Failed),
            steps,
        }
    }

    fn used(&self) -> Result<&Used> {
        self.used.map_err(Clone::clone)
    }

    fn render(&self, deliver: &Deliver, around: &Surroundings<'_>) -> Result<Vec<u8>> {
        bytes(deliver, self.used()?, self.instance, self.owner, around)
    }

    /// Whose file stands there, and whether it may be replaced.
    fn target(&self, deliver: &Deliver) -> Result<Tried> {
        let Some(place) = deliver.place() else { return Ok(Tried::Not("no file".to_owned())) };
        let found = look(place, deliver.form().and_then(Form::stamp), self.owner)?;
        if let Some(whose) = foreign(&found, &self.known) {
            return Err(Error::refused(format!("{} {whose}.", place.file)).hint(format!(
                "See the difference, and say that it may be replaced: cfgctl service adopt {}",
                self.service.name
            )));
        }
        Ok(Tried::Well(match found {
            Found::Nothing => format!("{} is not there yet", place.file),
            Found::Ours(stamp) => format!("{} holds what version {} wrote", place.file, stamp.version),
            _ => format!("{} may be replaced", place.file),
        }))
    }

    fn check(
        &self,
        deliver: &Deliver,
        rendered: Result<Vec<u8>>,
        around: &Surroundings<'_>,
    ) -> Result<Tried> {
        let (Some(place), Some(check)) = (deliver.place(), deliver.check()) else {
            return Ok(Tried::Not("no check".to_owned()));
        };
        if check.in_place {
            return Ok(Tried::Not(
                "it looks at the file in its own place, so it runs at a delivery".to_owned(),
            ));
        }
        let Ok(bytes) = rendered else {
            return Ok(Tried::Not("there is nothing to look at".to_owned()));
        };
        let _lock = lock(self.locks, &self.service.name, LONGEST_LOCK)?;
        try_check(place, &bytes, check, around)?;
        Ok(Tried::Well(format!("{} accepts it", check.vector.first().map_or("", String::as_str))))
    }

    /// Which of the paths that it uses the service says something of.
    fn read_back(&self, around: &Surroundings<'_>) -> Result<Tried> {
        let Some(definition) = &self.instance.read_back else {
            return Ok(Tried::Not("it cannot be asked".to_owned()));
        };
        let used = self.used()?;
        let asked = used.comparable(used.values.keys());
        let said = read_back(definition, &asked, around)?;
        let answered: Vec<&str> =
            said.iter().filter(|(_, value)| value.is_some()).map(|(path, _)| path.as_str()).collect();
        if answered.is_empty() && !asked.is_empty() {
            return Err(Error::unavailable("It answers, and says nothing of any path that it uses.")
                .hint("See which names its answer has, and write them under read_back."));
        }
        Ok(Tried::Well(format!("{} of {}: {}", answered.len(), asked.len(), answered.join(", "))))
    }
}

fn sized(bytes: &[u8]) -> String {
    format!("{} bytes", bytes.len())
}
