//! A service is left alone, and not any more.

use super::{named, show};
use crate::api::Outcome;
use crate::api::service::{DisableService, EnableService, SwitchReply};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::engine::delivery::{Round, shown};
use crate::engine::terms::check_reason;
use crate::engine::transact::Note;
use crate::engine::{Engine, Handle};
use crate::store::service::{self, Disabled};
use serde_json::json;

impl Handle<DisableService> for Engine {
    fn handle(&mut self, caller: &Caller, request: DisableService) -> Result<SwitchReply> {
        let DisableService { name, reason, dry_run } = request;
        let attempt = ("service.disable", name.as_str());
        let (reply, audit_head) = self.act(caller, attempt, dry_run, |view| {
            view.actor.require(Role::Operator, "disabling a service")?;
            check_reason(&reason)?;
            let service = named(view, &name)?.name;
            let former = service::disabled(view.db, &service)?;
            let outcome = if former.is_some() { Outcome::Unchanged } else { Outcome::Done };
            let by = view.actor.name().to_owned();
            let disabled = former.unwrap_or(Disabled { since: view.now, by, reason: reason.clone() });
            let mut note = None;
            if outcome == Outcome::Done && !dry_run {
                service::disable(view.db, &service, &disabled)?;
                note = Some(Note::new("service.disable", service.as_str(), json!({})).because(Some(&reason)));
            }
            let disabled = Some(show::to_view(disabled));
            Ok((
                SwitchReply { dry_run, outcome, service, disabled, items: Vec::new(), audit_head: None },
                note,
            ))
        })?;
        Ok(SwitchReply { audit_head, ..reply })
    }
}

impl Handle<EnableService> for Engine {
    fn handle(&mut self, caller: &Caller, request: EnableService) -> Result<SwitchReply> {
        let EnableService { name, reason, sync, dry_run } = request;
        let attempt = ("service.enable", name.as_str());
        let ((service, outcome), audit_head) = self.act(caller, attempt, dry_run, |view| {
            view.actor.require(Role::Operator, "enabling a service")?;
            check_reason(&reason)?;
            let service = named(view, &name)?;
            let is_disabled = service::disabled(view.db, &name)?.is_some();
            let outcome = if is_disabled || sync { Outcome::Done } else { Outcome::Unchanged };
            let mut note = None;
            if outcome == Outcome::Done && !dry_run {
                service::enable(view.db, &name)?;
                let detail = json!({"sync": sync});
                note = Some(Note::new("service.enable", name.as_str(), detail).because(Some(&reason)));
            }
            Ok(((service, outcome), note))
        })?;
        let services = [service];
        let (items, outcome) = match (sync, dry_run) {
            (false, _) => (Vec::new(), outcome),
            (true, true) => (shown(Round::of(&services, None).rows, None), outcome),
            (true, false) => self.bring(caller, "service.give", &services).map_err(enabled(&name))?,
        };
        Ok(SwitchReply { dry_run, outcome, service: name, disabled: None, items, audit_head })
    }
}

/// The same error with what stands.
fn enabled(name: &str) -> impl Fn(Error) -> Error {
    move |error| Error { message: format!("{name} is enabled. {}", error.message), ..error }
}
