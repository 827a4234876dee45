//! What comes after an emergency: the one who was asked says so, and those who were not asked look back on it.
//!
//! What must stay true: each is said once, by nobody else, and stays.

use super::{reviewers_of, who};
use crate::api::Outcome;
use crate::api::change_request::DecisionReply;
use crate::api::emergency::{Acknowledge, ReviewEmergency};
use crate::domain::emergency::Answer;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::notice::{Event, Notice};
use crate::domain::review::Findings;
use crate::engine::change_request::{Decided, find};
use crate::engine::review::record;
use crate::engine::terms::check_text;
use crate::engine::transact::{Note, View};
use crate::engine::{Engine, Handle, notice};
use crate::store::change::Change;
use crate::store::emergency::{self, Mark, Said};
use crate::store::manifest;
use serde_json::json;

/// The emergency that a name means. `not-found`.
fn marked(view: &View<'_>, name: &str) -> Result<(Change, Mark)> {
    let change = find(view, name)?;
    let mark = emergency::of_change(view.db, change.number)?.ok_or_else(|| {
        Error::not_found(format!("Change {} is no emergency.", change.number))
            .hint("See which are: cfgctl emergency list")
    })?;
    Ok((change, mark))
}

impl Handle<Acknowledge> for Engine {
    fn handle(&mut self, caller: &Caller, request: Acknowledge) -> Result<DecisionReply> {
        self.decide(caller, ("emergency.acknowledge", &request.id), request.dry_run, |view| {
            let (change, mut mark) = marked(view, &request.id)?;
            if mark.approver != view.actor.name() {
                return Err(Error::denied(format!(
                    "Emergency change {} names {} as the one who was asked.",
                    change.number, mark.approver
                ))
                .hint(format!(
                    "They say whether they were: cfgctl emergency acknowledge {}",
                    change.number
                )));
            }
            if let Some(said) = &mark.answer {
                return Err(Error::conflict(format!(
                    "You have {} emergency change {} already, {}.",
                    said.answer.name(),
                    change.number,
                    said.at.short()
                ))
                .hint(format!("See it: cfgctl change-request show {}", change.number)));
            }
            check_text("comment", request.comment.as_deref().unwrap_or_default())?;
            mark.answer = Some(Said {
                answer: request.answer,
                at: view.now,
                proof: view.actor.proof.to_string(),
                comment: request.comment.clone().filter(|text| !text.trim().is_empty()),
            });
            let mut note = None;
            if !request.dry_run {
                emergency::put(view.db, &mark)?;
                let detail = json!({"answer": request.answer, "comment": request.comment});
                let mut said = Note::new("emergency.acknowledge", change.number.to_string(), detail)
                    .record("request", change.number);
                if request.answer == Answer::Denied {
                    said.tell.extend(denial(view, &change, &mark)?);
                }
                note = Some(said);
            }
            Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, note) })
        })
    }
}

/// Tells who made it and those who are to review it that nobody agreed to it.
fn denial(view: &View<'_>, change: &Change, mark: &Mark) -> Result<Option<Notice>> {
    let summary = format!("{} denies having agreed to emergency change {}", mark.approver, change.number);
    let mut to = notice::requester(view, change)?;
    to.extend(reviewers_of(view, &manifest::policy(view.db)?, change, mark)?);
    to.retain(|name| *name != mark.approver);
    notice::custom(view, change, Event::Emergency, &summary, to)
}

impl Handle<ReviewEmergency> for Engine {
    fn handle(&mut self, caller: &Caller, request: ReviewEmergency) -> Result<DecisionReply> {
        self.decide(caller, ("emergency.review", &request.id), request.dry_run, |view| {
            let (change, mark) = marked(view, &request.id)?;
            if !matches!(request.findings, Findings::Emergency { .. }) {
                return Err(Error::usage("A review of an emergency says what happened, whether it was right, and what solves it for good.")
                    .hint("cfgctl emergency review CHANGE --happened \"…\" --right ANSWER --solution \"…\""));
            }
            let able = reviewers_of(view, &manifest::policy(view.db)?, &change, &mark)?;
            if !able.iter().any(|name| name == view.actor.name()) {
                let hint = if able.is_empty() {
                    "Nobody present could: invite somebody, cfgctl member invite NAME --role ROLE".to_owned()
                } else {
                    format!("Ask one of them: {}", who(&able))
                };
                return Err(Error::denied(format!(
                    "Emergency change {} is reviewed by those whose approval was skipped, and {} is none of them.",
                    change.number,
                    view.actor.name()
                ))
                .hint(hint));
            }
            record(view, change, &request.findings, "emergency.review", request.dry_run)
        })
    }
}
