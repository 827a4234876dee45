//! Looking back on changes that were executed: once, by a person, kept for good.

use super::change_request::{Decided, find};
use super::emergency::reviewers_of;
use super::transact::{Note, View};
use super::{Engine, Handle};
use crate::api::Outcome;
use crate::api::change::ChangeView;
use crate::api::change_request::DecisionReply;
use crate::api::review::ReviewChange;
use crate::domain::change::Kind;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::review::Findings;
use crate::domain::role::Role;
use crate::store::change::{self, Change, Review};
use crate::store::{emergency, manifest, review};
use serde_json::json;

impl Handle<ReviewChange> for Engine {
    fn handle(&mut self, caller: &Caller, request: ReviewChange) -> Result<DecisionReply> {
        self.decide(caller, ("change.review", &request.id), request.dry_run, |view| {
            let change = find(view, &request.id)?;
            view.actor.require(Role::Operator, "reviewing a change")?;
            if !view.actor.member.is_person() {
                return Err(Error::denied(format!(
                    "{} is a program, and a review is a person's.",
                    view.actor.name()
                ))
                .hint("Ask a person: cfgctl member list"));
            }
            if change.kind == Kind::Emergency {
                return Err(Error::conflict(format!(
                    "Change {} is an emergency, which is reviewed by those whose approval was skipped.",
                    change.number
                ))
                .hint(format!(
                    "cfgctl emergency review {} --happened \"…\" --right ANSWER --solution \"…\"",
                    change.number
                )));
            }
            if !matches!(request.findings, Findings::Change { .. }) {
                return Err(Error::usage("A review says whether the objectives were met.")
                    .hint("cfgctl change-request review CHANGE --objectives-met ANSWER"));
            }
            record(view, change, &request.findings, "change.review", request.dry_run)
        })
    }
}

/// Keeps what was found. `conflict` where the change was never executed, or was looked back on already.
pub(super) fn record(
    view: &View<'_>,
    mut change: Change,
    findings: &Findings,
    action: &str,
    dry_run: bool,
) -> Result<Decided> {
    findings.check()?;
    let number = change.number;
    if !change.state.was_executed() || !change.kind.is_of_values() {
        let why = if change.kind.is_of_values() {
            format!("it is {}", super::change_request::present_state(view, &change))
        } else {
            "it sets no values".to_owned()
        };
        return Err(Error::conflict(format!("There is nothing of change {number} to look back on: {why}."))
            .hint(format!("See it: cfgctl change-request show {number}")));
    }
    if let Some(former) = review::of_change(view.db, number)? {
        return Err(Error::conflict(format!(
            "Change {number} was reviewed already: {} did, {}.",
            former.member,
            former.at.short()
        ))
        .hint(format!("See it: cfgctl change-request show {number}; add to it: cfgctl change-request comment {number} \"…\"")));
    }
    if dry_run {
        return Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, None) });
    }
    let found = review::Review {
        member: view.actor.name().to_owned(),
        proof: view.actor.proof.to_string(),
        at: view.now,
        findings: findings.clone(),
    };
    review::insert(view.db, number, &found)?;
    change.review = Some(Review::Done);
    change::put(view.db, &change)?;
    let note = Note::new(action, number.to_string(), json!({"findings": findings})).change(number);
    Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, Some(note)) })
}

/// What the caller may type about an executed change that somebody has to look back on.
pub(super) fn next_command(view: &View<'_>, change: &Change, shown: &ChangeView) -> Result<Option<String>> {
    let me = &view.actor.member;
    let number = change.number;
    let Some(mark) = emergency::of_change(view.db, number)? else {
        let may = shown.unreviewed && me.is_person() && me.role >= Role::Operator;
        return Ok(may.then(|| format!("cfgctl change-request review {number} --objectives-met ANSWER")));
    };
    if mark.answer.is_none() && mark.approver == me.name {
        return Ok(Some(format!("cfgctl emergency acknowledge {number}")));
    }
    let able = if shown.unreviewed {
        reviewers_of(view, &manifest::policy(view.db)?, change, &mark)?
    } else {
        Vec::new()
    };
    Ok(able.contains(&me.name).then(|| {
        format!("cfgctl emergency review {number} --happened \"…\" --right ANSWER --solution \"…\"")
    }))
}
