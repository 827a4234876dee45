//! Whether values would be accepted, and what changing them would mean, without changing anything.

use super::case::Case;
use super::mask::Mask;
use super::plan::{Going, Plan, plan};
use super::transact::View;
use super::view;
use super::wanted::{read_document, read_item};
use super::{Engine, Handle};
use crate::api::change::{Assess, AssessReply, Issue, ItemSpec, Validate, ValidateReply};
use crate::domain::change::Kind;
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::policy::Policy;
use crate::domain::value::Value;
use crate::store::manifest;

impl Handle<Validate> for Engine {
    fn handle(&mut self, caller: &Caller, request: Validate) -> Result<ValidateReply> {
        self.look(caller, |view| {
            let policy = manifest::policy(view.db)?;
            let (plan, unreadable) = plan_loosely(view, &request.items, request.document.as_ref(), &policy)?;
            Ok(validation(plan, unreadable))
        })
    }
}

impl Handle<Assess> for Engine {
    fn handle(&mut self, caller: &Caller, request: Assess) -> Result<AssessReply> {
        self.look(caller, |view| {
            let policy = manifest::policy(view.db)?;
            let (plan, unreadable) = plan_loosely(view, &request.items, request.document.as_ref(), &policy)?;
            let verdict =
                Case::of_new(view, &policy, &plan.demand, Kind::Set, false)?.weigh(&plan.demand, plan.risk);
            Ok(AssessReply {
                restart_required: plan.restart,
                affected_services: plan.services.clone(),
                risk_level: plan.risk,
                risk_reasons: plan.reasons.clone(),
                demand: plan.demand.in_words(),
                missing: verdict.lacks,
                advice: verdict.advice,
                items: {
                    let mask = Mask::new(view);
                    plan.items.iter().map(|item| view::item_view(view, &mask, item)).collect::<Result<_>>()?
                },
                validation_results: validation(plan, unreadable),
            })
        })
    }
}

fn validation(plan: Plan, unreadable: Vec<Issue>) -> ValidateReply {
    let checked = plan.items.len() + plan.unchanged.len() + unreadable.len();
    let issues: Vec<_> = unreadable.into_iter().chain(plan.issues).collect();
    ValidateReply { valid: issues.is_empty(), checked, issues, warnings: plan.warnings }
}

/// Plans what can be read, and says what can't instead of stopping at it.
fn plan_loosely(
    view: &View<'_>,
    items: &[ItemSpec],
    document: Option<&Value>,
    policy: &Policy,
) -> Result<(Plan, Vec<Issue>)> {
    let mut unreadable = Vec::new();
    let mut wanted = match document {
        Some(document) => read_document(view, document)?,
        None => Vec::new(),
    };
    for item in items {
        match read_item(view, item) {
            Ok(read) => wanted.push(read),
            Err(error) => unreadable.push(Issue {
                path: Path::parse(&item.path).ok(),
                rule: None,
                credential: None,
                message: error.message,
            }),
        }
    }
    Ok((plan(view, wanted, policy, Going::On)?, unreadable))
}
