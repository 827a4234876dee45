//! What a reload altered is brought to the services that use it (requirements Z1, Z7).
//!
//! What must stay true: no transaction is open meanwhile; who was told and who was not is in the reload's record; where
//! too few succeed, or one without which nothing works, the former base comes back, once.

use super::Engine;
use super::view::to_view;
use crate::api::Outcome;
use crate::api::reload::{Cause, Reload, ReloadReply};
use crate::domain::delivery::{State, Verdict};
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::service::Service;
use crate::engine::delivery::{Round, shown};
use crate::engine::transact::{Note, View};
use crate::store::{base, manifest, operation, service};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

impl Engine {
    /// Brings what a reload altered to the services, and goes back where that is what it comes to.
    pub(super) fn bring_reload(&mut self, caller: &Caller, mut reply: ReloadReply) -> Result<ReloadReply> {
        let Some(verdict) = self.tell_services(caller, &mut reply)? else { return Ok(reply) };
        match verdict {
            Verdict::Verified => {}
            Verdict::Partly(_) => reply.outcome = Outcome::PartlyVerified,
            Verdict::Failed(failed) => {
                let Some(former) = reply.operation.generation.map(|generation| generation - 1) else {
                    return Ok(reply);
                };
                let reason = format!(
                    "reload {} did not take effect at {}",
                    reply.operation.operation_id,
                    failed.join(", ")
                );
                let back = Reload {
                    id: self.machine.ulid(),
                    to: Some(former),
                    reason: Some(reason),
                    cause: Cause::Duty,
                    ..Reload::default()
                };
                reply.outcome = Outcome::RollbackFailed;
                reply.taken_back_by = Some(back.id.clone());
                let mut back = self.reload(caller, &back)?;
                let told = self.tell_services(caller, &mut back)?;
                if back.operation.status == "completed" && matches!(told, None | Some(Verdict::Verified)) {
                    reply.outcome = Outcome::RolledBack;
                }
                reply.audit_head = back.audit_head;
            }
        }
        Ok(reply)
    }

    /// Tells the services that use what a reload altered; what that amounts to, nothing where there are none.
    fn tell_services(&mut self, caller: &Caller, reply: &mut ReloadReply) -> Result<Option<Verdict>> {
        let Some(version) = reply.operation.version else { return Ok(None) };
        let (services, moved) = self.look_itself(caller, |view| concerned(view, version))?;
        if services.is_empty() {
            return Ok(None);
        }
        let begun = (self.machine.now)();
        let mut round = Round::of(&services, Some(moved));
        self.go_round(caller, "reload.give", &mut round)?;
        let notified = notified(&round);
        let threshold = self.look_itself(caller, |view| Ok(manifest::policy(view.db)?.verify.threshold))?;
        let verdict = round.verdict(threshold);
        let id = reply.operation.operation_id.clone();
        let ((), head) = self.transact_itself(caller, ("reload.end", id.as_str()), |view| {
            if let Some(mut operation) = operation::by_id(view.db, &id)? {
                operation.detail["services"] = json!(notified);
                operation::put_detail(view.db, &operation)?;
                reply.operation = to_view(operation);
            }
            Ok(((), Some(Note::new("reload.end", id.as_str(), json!({"services": notified})))))
        })?;
        reply.services = shown(round.rows, Some(begun));
        reply.audit_head = head.map(|head| head.to_string());
        Ok(Some(verdict))
    }
}

/// The services that use what a version's reload altered, and what that is.
fn concerned(view: &View<'_>, version: i64) -> Result<(Vec<Service>, BTreeSet<Path>)> {
    let events = base::events_of_version(view.db, version)?;
    let moved: BTreeSet<Path> = events.into_iter().map(|event| event.path).collect();
    let mut services = Vec::new();
    for service in manifest::services(view.db)?.into_values() {
        let uses = moved.iter().any(|path| service.uses(path));
        if uses && service::disabled(view.db, &service.name)?.is_none() {
            services.push(service);
        }
    }
    Ok((services, moved))
}

/// `name:success` or `name:failed`, in the order in which they were told.
fn notified(round: &Round) -> Vec<Value> {
    let mut succeeded: BTreeMap<&str, bool> = BTreeMap::new();
    let mut names: Vec<&str> = Vec::new();
    for row in &round.rows {
        let well = row.state == State::Verified;
        let all = succeeded.entry(&row.service).or_insert_with(|| {
            names.push(&row.service);
            true
        });
        *all &= well;
    }
    let word = |name: &str| if succeeded.get(name) == Some(&true) { "success" } else { "failed" };
    names.into_iter().map(|name| Value::from(format!("{name}:{}", word(name)))).collect()
}
