//! What people are told of a change, put together in the transaction that it speaks of and told after that.
//!
//! What must stay true: a change that tells nobody costs one look-up here; no value of a setting gets into a notice.

use super::case::Case;
use super::transact::View;
use super::vote;
use crate::domain::approval::{Lack, Vote, fills};
use crate::domain::change::State;
use crate::domain::error::Result;
use crate::domain::notice::{Event, Notice};
use crate::store::change::Change;
use crate::store::{manifest, member};

/// That a change waits: told to whoever could give what it lacks, and to whoever is asked to look at it. None where nobody wants to be told.
pub(super) fn request(view: &View<'_>, change: &Change, missing: &[Lack]) -> Result<Option<Notice>> {
    if !is_wanted(view, Event::Request)? {
        return Ok(None);
    }
    let lacks = in_words(missing);
    let summary = format!(
        "{} asks for change {} ({} risk), which waits for {}",
        change.requested_by,
        change.number,
        change.risk,
        if lacks.is_empty() { "its execution".to_owned() } else { lacks.join("; ") }
    );
    let mut to = able(view, change, missing)?;
    to.extend(change.dossier.reviewers.iter().filter(|name| !to.contains(name)).cloned().collect::<Vec<_>>());
    Ok(Some(Notice { missing: lacks, ..notice(view, change, Event::Request, &summary, to)? }))
}

/// That somebody decided about it, in a word such as "approved": told to the requester, or, where that was who
/// decided, to those who were asked.
pub(super) fn decision(view: &View<'_>, change: &Change, decided: &str) -> Result<Option<Notice>> {
    if !is_wanted(view, Event::Decision)? {
        return Ok(None);
    }
    let demand = change.decision.demand.clone().unwrap_or_default();
    let lacks = Case::of_change(view, &manifest::policy(view.db)?, change)?.weigh(&demand, change.risk).lacks;
    let missing = if change.state.is_open() { in_words(&lacks) } else { Vec::new() };
    let own = change.requested_by == view.actor.name();
    let whose = if own { "their own".to_owned() } else { format!("{}'s", change.requested_by) };
    let stands = match (change.state.is_open(), missing.is_empty()) {
        (false, _) => String::new(),
        (true, true) => ", which may be executed".to_owned(),
        (true, false) => format!(", which still waits for {}", missing.join("; ")),
    };
    let summary = format!(
        "{} {decided} {whose} change {} ({} risk){stands}",
        view.actor.name(),
        change.number,
        change.risk
    );
    let to = if own { able(view, change, &lacks)? } else { requester(view, change)? };
    let told = notice(view, change, Event::Decision, &summary, to)?;
    let execute = || format!("cfgctl change-request execute {}", change.id);
    let next = if change.state.is_open() && missing.is_empty() { Some(execute()) } else { told.next.clone() };
    Ok(Some(Notice { missing, next, ..told }))
}

/// What became of a change that waited: told to the requester and to those whose approval it rests on.
pub(super) fn outcome(view: &View<'_>, change: &Change) -> Result<Option<Notice>> {
    if !is_wanted(view, Event::Outcome)? {
        return Ok(None);
    }
    let became = match (change.state, change.version) {
        (State::Completed, Some(version)) => format!("applied as version {version}"),
        (state, _) => state.to_string(),
    };
    let summary = format!(
        "{}'s change {} ({} risk) is {became}, by {}",
        change.requested_by,
        change.number,
        change.risk,
        view.actor.name()
    );
    let mut to = requester(view, change)?;
    for vote in Case::of_change(view, &manifest::policy(view.db)?, change)?.votes {
        if !to.contains(&vote.member) {
            to.push(vote.member);
        }
    }
    notice(view, change, Event::Outcome, &summary, to).map(Some)
}

/// Anything else about a change, in a sentence without its full stop.
pub(super) fn custom(
    view: &View<'_>,
    change: &Change,
    event: Event,
    summary: &str,
    to: Vec<String>,
) -> Result<Option<Notice>> {
    if !is_wanted(view, event)? {
        return Ok(None);
    }
    notice(view, change, event, summary, to).map(Some)
}

fn is_wanted(view: &View<'_>, event: Event) -> Result<bool> {
    Ok(manifest::notify(view.db)?.is_some_and(|terms| terms.wants(event)))
}

fn in_words(missing: &[Lack]) -> Vec<String> {
    missing.iter().map(Lack::in_words).collect()
}

/// Who asked, and for a program, which reads no notices, the person who answers for it too.
pub(super) fn requester(view: &View<'_>, change: &Change) -> Result<Vec<String>> {
    let answerable = member::find(view.db, &change.requested_by)?.and_then(|member| member.answerable);
    Ok([Some(change.requested_by.clone()), answerable].into_iter().flatten().collect())
}

/// The people who could give what a change lacks; the requester where no approval is among it.
fn able(view: &View<'_>, change: &Change, missing: &[Lack]) -> Result<Vec<String>> {
    if !missing.iter().any(|lack| matches!(lack, Lack::Approvals { .. })) {
        return requester(view, change);
    }
    let policy = manifest::policy(view.db)?;
    let case = Case::of_change(view, &policy, change)?;
    let demand = change.decision.demand.clone().unwrap_or_default();
    let standing = case.standing(&demand, change.risk);
    let could = |vote: &Vote| {
        let voted = case.votes.iter().any(|given| given.member == vote.member);
        !voted && demand.approvals.iter().any(|group| fills(group, vote, &demand, &standing))
    };
    let present = vote::present(view, &policy)?;
    Ok(present.into_iter().filter(could).map(|vote| vote.member).collect())
}

fn notice(view: &View<'_>, change: &Change, event: Event, summary: &str, to: Vec<String>) -> Result<Notice> {
    let instance = manifest::instance(view.db)?;
    Ok(Notice {
        event,
        summary: format!("{instance}: {summary}."),
        instance,
        change: Some(change.number),
        id: Some(change.id.clone()),
        kind: Some(change.kind),
        state: Some(change.state),
        risk: Some(change.risk),
        by: view.actor.name().to_owned(),
        reason: change.ended_because.clone().unwrap_or_else(|| change.reason.clone()),
        to,
        missing: Vec::new(),
        next: Some(format!("cfgctl change-request show {}", change.id)),
        at: view.now,
    })
}
