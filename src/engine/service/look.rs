//! How the services stand, from what is kept of them.

use super::all_or;
use crate::api::service::{InstanceView, ListServices, ListServicesReply};
use crate::api::status::ServicesView;
use crate::domain::delivery::Standing;
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::service::Service;
use crate::engine::delivery::{digest_of, in_force};
use crate::engine::transact::View;
use crate::engine::{Engine, Handle};
use crate::store::service::{State, disabled, state};
use std::collections::BTreeSet;

impl Handle<ListServices> for Engine {
    fn handle(&mut self, caller: &Caller, _: ListServices) -> Result<ListServicesReply> {
        self.look(caller, |view| {
            let mut items = Vec::new();
            for service in all_or(view, &[])? {
                items.extend(standing(view, &service)?.into_iter().map(|(view, _)| view));
            }
            Ok(ListServicesReply { items })
        })
    }
}

/// How each instance of a service stands, with what is kept of it.
pub(super) fn standing(view: &View<'_>, service: &Service) -> Result<Vec<(InstanceView, State)>> {
    let disabled = disabled(view.db, &service.name)?.is_some();
    let digest = digest_of(&in_force(view, service)?);
    let of = |instance: &str| {
        let known = state(view.db, &service.name, instance)?;
        let view = InstanceView {
            service: service.name.clone(),
            instance: instance.to_owned(),
            priority: service.priority,
            critical: service.critical,
            state: if disabled { Standing::Disabled } else { word(&known, &digest) },
            version: known.version,
            written_at: known.written_at,
            reloaded_at: known.reloaded_at,
            verified_at: known.verified_at,
            restart_since: known.restart_since,
            problem: known.problem.clone(),
        };
        Ok((view, known))
    };
    service.instances().iter().map(|instance| of(&instance.name)).collect()
}

fn word(known: &State, digest: &str) -> Standing {
    if known.problem.is_some() {
        Standing::Failed
    } else if known.version.is_none() {
        Standing::NeverDelivered
    } else if known.digest.as_deref() != Some(digest) {
        Standing::Behind
    } else if known.restart_since.is_some() {
        Standing::RestartPending
    } else {
        Standing::Current
    }
}

/// How many services stand how; nothing where the manifest names none.
pub(in crate::engine) fn count(view: &View<'_>) -> Result<Option<ServicesView>> {
    let services = all_or(view, &[])?;
    let mut counted = ServicesView { total: services.len() as u64, ..ServicesView::default() };
    for service in &services {
        let words: BTreeSet<String> =
            standing(view, service)?.iter().map(|(instance, _)| instance.state.name()).collect();
        let has = |standing: Standing| u64::from(words.contains(&standing.name()));
        counted.behind += has(Standing::Behind);
        counted.never_delivered += has(Standing::NeverDelivered);
        counted.failed += has(Standing::Failed);
        counted.restart_pending += has(Standing::RestartPending);
        counted.disabled += has(Standing::Disabled);
    }
    Ok((counted.total > 0).then_some(counted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn an_instance_stands_by_what_it_has_and_not_by_the_number_of_its_version() {
        let at = Some(Timestamp::from_millis(0));
        let given = State { version: Some(3), digest: Some("now".to_owned()), ..State::default() };
        for (known, expected) in [
            (State::default(), Standing::NeverDelivered),
            (State { problem: Some("x".to_owned()), ..State::default() }, Standing::Failed),
            (given.clone(), Standing::Current),
            (State { version: Some(1), ..given.clone() }, Standing::Current),
            (State { digest: Some("then".to_owned()), ..given.clone() }, Standing::Behind),
            (State { digest: None, ..given.clone() }, Standing::Behind),
            (State { restart_since: at, ..given.clone() }, Standing::RestartPending),
            (State { restart_since: at, digest: None, ..given.clone() }, Standing::Behind),
            (State { problem: Some("x".to_owned()), ..given }, Standing::Failed),
        ] {
            assert_eq!(word(&known, "now"), expected, "{known:?}");
        }
    }
}
