//! Executing a request that has what it needs: by a person, or when its time has come.

use super::{Decided, check_digest, decidable, refuse_stale, require_for};
use crate::api::Outcome;
use crate::api::change_request::{DecisionReply, Execute};
use crate::domain::approval::Lack;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::time::SpanOrDefault;
use crate::engine::apply::{self, Steps};
use crate::engine::case::Case;
use crate::engine::plan::Plan;
use crate::engine::standing::Now;
use crate::engine::transact::View;
use crate::engine::{Engine, Handle, confirm, governance, identity, notice, schedule};
use crate::store::change::Change;
use crate::store::manifest;

impl Handle<Execute> for Engine {
    fn handle(&mut self, caller: &Caller, request: Execute) -> Result<DecisionReply> {
        self.decide(caller, ("change.execute", &request.id), request.dry_run, |view| {
            let change = decidable(view, &request.id)?;
            if request.dry_run {
                if change.kind.is_of_values() {
                    check_executable(view, &change)?;
                } else {
                    check_decided(view, &change)?;
                }
                confirm::span_of(request.confirm_within, &manifest::policy(view.db)?)?;
                confirm::refuse_while_confirming(view)?;
                return Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, None) });
            }
            execute(view, change, request.confirm_within)
        })
    }
}

/// Everything that must hold before a waiting change is executed. Gives it as it would be planned now.
pub(in crate::engine) fn check_executable(view: &View<'_>, change: &Change) -> Result<Plan> {
    require_executor(view, change)?;
    refuse_stale(view, change)?;
    check_digest(view, change)?;
    let policy = manifest::policy(view.db)?;
    let case = Case::of_change(view, &policy, change)?;
    let now = Now::of(view, &policy, change, &case)?;
    let plan = now.plan.ok_or_else(|| Error::internal("A request that sets no values was to be planned."))?;
    plan.refuse_issues()?;
    let lacks = now.verdict.lacks;
    if lacks.is_empty() {
        return Ok(plan);
    }
    let missing: Vec<String> = lacks.iter().map(Lack::in_words).collect();
    let stricter =
        if plan.risk > change.risk { format!(" (its risk is {} by now)", plan.risk) } else { String::new() };
    let hint = if lacks.iter().all(Lack::is_of_time) {
        let next = case.next_open(&plan.demand, plan.risk);
        schedule::hint(next, change.expires_at, schedule::as_command(change))
    } else {
        format!("See what it waits for: cfgctl change-request show {}", change.id)
    };
    Err(Error::refused(format!("Change request {} lacks {}{stricter}.", change.number, missing.join("; ")))
        .hint(hint))
}

/// The same for a change of members or manifest.
fn check_decided(view: &View<'_>, change: &Change) -> Result<()> {
    require_executor(view, change)?;
    check_digest(view, change)?;
    governance::check(view, change)?;
    let policy = manifest::policy(view.db)?;
    let demand = change.decision.demand.clone().unwrap_or_default();
    let lacks = Case::of_change(view, &policy, change)?.weigh(&demand, change.risk).lacks;
    if lacks.is_empty() {
        return Ok(());
    }
    let missing: Vec<String> = lacks.iter().map(Lack::in_words).collect();
    Err(Error::refused(format!("Change request {} lacks {}.", change.number, missing.join("; ")))
        .hint(format!("See what it waits for: cfgctl change-request show {}", change.id)))
}

/// `denied` where the caller may not execute a change.
fn require_executor(view: &View<'_>, change: &Change) -> Result<()> {
    if view.actor.name() == identity::ITSELF {
        return Ok(());
    }
    require_for(view, change, "executing a change", "executing somebody else's change")
}

/// Executes a waiting change that has what it needs.
pub(in crate::engine) fn execute(
    view: &View<'_>,
    mut change: Change,
    confirm_within: Option<SpanOrDefault>,
) -> Result<Decided> {
    if !change.kind.is_of_values() {
        check_decided(view, &change)?;
        return governance::execute(view, change);
    }
    let steps = Steps::begin(view);
    let plan = check_executable(view, &change)?;
    let policy = manifest::policy(view.db)?;
    let within = confirm::span_of(confirm_within, &policy)?;
    change.dossier.confirm_within = within.or(change.dossier.confirm_within);
    change.updated_at = Some(view.now);
    let mut note = apply::execute(view, &policy, &plan, &mut change, steps)?;
    note.tell.extend(notice::outcome(view, &change)?);
    Ok(Decided { warnings: plan.warnings, outcome: Some(Outcome::Done), ..Decided::new(change, Some(note)) })
}
