//! Services are given what is in force, told of it, and asked whether they run with it.
//!
//! What must stay true: it is no change, and doing it again is harmless; who asked for it and why is on record before
//! anything is given.

use super::{all_or, look};
use crate::api::Outcome;
use crate::api::delivery::DeliveryView;
use crate::api::service::{SyncReply, SyncServices};
use crate::domain::delivery::State;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::domain::service::Service;
use crate::engine::delivery::{Round, shown};
use crate::engine::terms::check_reason;
use crate::engine::transact::{Note, View};
use crate::engine::{Engine, Handle};
use crate::store::service;
use serde_json::json;

impl Handle<SyncServices> for Engine {
    fn handle(&mut self, caller: &Caller, request: SyncServices) -> Result<SyncReply> {
        let target = request.names.join(" ");
        let (services, audit_head) =
            self.act(caller, ("service.sync", target.as_str()), request.dry_run, |view| {
                view.actor.require(Role::Operator, "giving services what is in force")?;
                check_reason(&request.reason)?;
                let services = chosen(view, &request)?;
                let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
                let note =
                    Note::new("service.sync", names.join(" "), json!({})).because(Some(&request.reason));
                let note = (!services.is_empty()).then_some(note);
                Ok((services, note))
            })?;
        let (items, outcome) = match request.dry_run {
            true => (shown(Round::of(&services, None).rows, None), Outcome::Done),
            false => self.bring(caller, "service.give", &services)?,
        };
        let outcome = if items.is_empty() { Outcome::Unchanged } else { outcome };
        Ok(SyncReply { dry_run: request.dry_run, outcome, items, audit_head })
    }
}

/// The services that are meant. `refused` where one is named that is left alone.
fn chosen(view: &View<'_>, request: &SyncServices) -> Result<Vec<Service>> {
    let mut chosen = Vec::new();
    for service in all_or(view, &request.names)? {
        if let Some(disabled) = service::disabled(view.db, &service.name)? {
            if request.names.contains(&service.name) {
                return Err(Error::refused(format!(
                    "{} is disabled since {}: {}",
                    service.name,
                    disabled.since.short(),
                    disabled.reason
                ))
                .hint(format!("Enable it: cfgctl service enable {} --sync --reason \"…\"", service.name)));
            }
            continue;
        }
        let behind = look::standing(view, &service)?.iter().any(|(one, _)| one.state.is_behind());
        if behind || !request.all_behind {
            chosen.push(service);
        }
    }
    Ok(chosen)
}

impl Engine {
    /// Gives these services what is in force; how far they have come, and what that amounts to. `unavailable` where
    /// nothing could be delivered to any.
    pub(super) fn bring(
        &mut self,
        caller: &Caller,
        action: &str,
        services: &[Service],
    ) -> Result<(Vec<DeliveryView>, Outcome)> {
        let begun = (self.machine.now)();
        let mut round = Round::of(services, None);
        self.go_round(caller, action, &mut round)?;
        let items = shown(round.rows, Some(begun));
        let given = |one: &DeliveryView| one.written_at.or(one.reloaded_at).is_some();
        let failed: Vec<&DeliveryView> = items.iter().filter(|one| one.state == State::Failed).collect();
        if !failed.is_empty() && failed.len() == items.len() && !items.iter().any(given) {
            let of = |one: &&DeliveryView| {
                format!("{}: {}", one.instance, one.error.as_deref().unwrap_or("it failed"))
            };
            let told: Vec<String> = failed.iter().map(of).collect();
            return Err(Error::unavailable(format!("Nothing could be delivered. {}", told.join(" ")))
                .hint("See what is wrong with it: cfgctl service check"));
        }
        let outcome = if failed.is_empty() { Outcome::Done } else { Outcome::PartlyVerified };
        Ok((items, outcome))
    }
}
