//! Executing a request that has what it needs: by a person, or when its time has come.

use super::{Decided, check_digest, decidable, refuse_stale, require_for};
use crate::api::Outcome;
use crate::api::change_request::{DecisionReply, Execute};
use crate::domain::approval::Lack;
use crate::domain::change::Kind;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::time::SpanOrDefault;
use crate::engine::apply::{self, Steps};
use crate::engine::case::Case;
use crate::engine::plan::Plan;
use crate::engine::standing::Now;
use crate::engine::terms::check_text;
use crate::engine::transact::View;
use crate::engine::{Engine, Handle, confirm, governance, identity, notice, reload, schedule};
use crate::store::change::Change;
use crate::store::manifest;

impl Handle<Execute> for Engine {
    fn handle(&mut self, caller: &Caller, request: Execute) -> Result<DecisionReply> {
        check_text("reason", request.reason.as_deref().unwrap_or_default())?;
        self.decide(caller, ("change.execute", &request.id), request.dry_run, |view| {
            let change = decidable(view, &request.id)?;
            if request.dry_run {
                check(view, &change)?;
                confirm::span_of(request.confirm_within, &manifest::policy(view.db)?)?;
                confirm::refuse_while_confirming(view)?;
                return Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, None) });
            }
            let mut done = execute(view, change, request.confirm_within)?;
            done.note = done.note.map(|note| note.because(request.reason.as_deref()));
            Ok(done)
        })
    }
}

/// That a waiting change has what it needs, as it would be planned now: only [`check`] says so.
pub(in crate::engine) struct Ready<'a> {
    steps: Steps<'a>,
    /// None where it changes no values.
    plan: Option<Plan>,
    /// Whose approvals count for it.
    counted: Vec<String>,
}

/// Everything that must hold before a waiting change is executed.
pub(in crate::engine) fn check<'a>(view: &'a View<'a>, change: &Change) -> Result<Ready<'a>> {
    let steps = Steps::begin(view);
    require_executor(view, change)?;
    refuse_stale(view, change)?;
    check_digest(view, change)?;
    let policy = manifest::policy(view.db)?;
    let case = Case::of_change(view, &policy, change)?;
    let Now { plan, verdict, raised, .. } = Now::of(view, &policy, change, &case)?;
    plan.as_ref().map_or(Ok(()), Plan::refuse_issues)?;
    let lacks = verdict.lacks;
    if lacks.is_empty() {
        let demand = change.decision.demand.clone().unwrap_or_default();
        let counted = case.counted(&demand, plan.as_ref().map(|plan| &plan.demand));
        return Ok(Ready { steps, plan, counted });
    }
    let missing: Vec<String> = lacks.iter().map(Lack::in_words).collect();
    let stricter = raised.map(|risk| format!(" (its risk is {risk} by now)")).unwrap_or_default();
    let hint = match &plan {
        Some(plan) if lacks.iter().all(Lack::is_of_time) => {
            let next = case.next_open(&plan.demand, plan.risk);
            schedule::hint(next, change.expires_at, schedule::as_command(change))
        }
        _ => format!("See what it waits for: cfgctl change-request show {}", change.id),
    };
    Err(Error::refused(format!("Change request {} lacks {}{stricter}.", change.number, missing.join("; ")))
        .hint(hint))
}

/// `denied` where the caller may not execute a change.
fn require_executor(view: &View<'_>, change: &Change) -> Result<()> {
    if view.actor.name() == identity::ITSELF {
        return Ok(());
    }
    require_for(view, change, "executing a change", "executing somebody else's change")
}

/// Executes a waiting change that has what it needs.
pub(super) fn execute(
    view: &View<'_>,
    change: Change,
    confirm_within: Option<SpanOrDefault>,
) -> Result<Decided> {
    let ready = check(view, &change)?;
    carry_out(view, change, ready, confirm_within)
}

/// Executes a waiting change that was found to have what it needs.
pub(in crate::engine) fn carry_out(
    view: &View<'_>,
    mut change: Change,
    ready: Ready<'_>,
    confirm_within: Option<SpanOrDefault>,
) -> Result<Decided> {
    change.decision.counted = ready.counted;
    let Some(plan) = ready.plan else { return governance::execute(view, change) };
    let policy = manifest::policy(view.db)?;
    let within = confirm::span_of(confirm_within, &policy)?;
    if change.kind == Kind::Reload {
        change.dossier.confirm_within = within;
        return reload::execute(view, change, &plan, ready.steps);
    }
    change.dossier.confirm_within = within.or(change.dossier.confirm_within);
    change.updated_at = Some(view.now);
    let mut note = apply::execute(view, &policy, &plan, &mut change, ready.steps)?;
    note.tell.extend(notice::outcome(view, &change)?);
    Ok(Decided { warnings: plan.warnings, outcome: Some(Outcome::Done), ..Decided::new(change, Some(note)) })
}
