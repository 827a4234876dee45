//! Decisions about a request: approved, rejected, tested.
//!
//! What must stay true: programs decide nothing; a requester's own approval counts only where the policy says so; an
//! approval is bound to the digest that was looked at.

use super::{Decided, check_digest, decidable, execute, refuse_stale, require_for};
use crate::api::Outcome;
use crate::api::change_request::{Approve, AttachEvidence, DecisionReply, Reject};
use crate::domain::approval::{Lack, Lent, Standing, Vote, fills, of_whom};
use crate::domain::change::{State, hex};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::policy::{Demand, Group, Policy};
use crate::domain::role::Role;
use crate::engine::case::Case;
use crate::engine::standing::Now;
use crate::engine::terms::{check_reason, check_text};
use crate::engine::transact::{Note, View};
use crate::engine::vote::{self, Voter};
use crate::engine::{Engine, Handle, notice};
use crate::store::approval::{self, Approval, Evidence, Place};
use crate::store::change::{self, Change};
use crate::store::manifest;
use serde_json::json;
use sha2::{Digest, Sha256};

/// How many files of evidence a request may have.
const MOST_EVIDENCE: usize = 20;

/// The largest evidence file, in bytes.
const LARGEST_EVIDENCE: usize = 1024 * 1024;

impl Handle<Approve> for Engine {
    fn handle(&mut self, caller: &Caller, request: Approve) -> Result<DecisionReply> {
        self.decide(caller, ("change.approve", &request.id), request.dry_run, |view| approve(view, &request))
    }
}

fn approve(view: &View<'_>, request: &Approve) -> Result<Decided> {
    let mut change = decidable(view, &request.id)?;
    let member = &view.actor.member;
    let demand = change.decision.demand.clone().unwrap_or_default();
    check_text("comment", request.comment.as_deref().unwrap_or_default())?;
    if !member.is_person() {
        return Err(Error::denied(format!("{} is a program, and programs never approve.", member.name))
            .hint("A person has to decide."));
    }
    let policy = manifest::policy(view.db)?;
    let case = Case::of_change(view, &policy, &change)?;
    let mine = own_vote(view, &policy, &case)?;
    let standing = Standing { solo: case.solo, ..Standing::default() };
    let fills_any =
        |demand: &Demand| demand.approvals.iter().any(|group| fills(group, &mine, demand, &standing));
    if !fills_any(&demand) {
        let plan = Now::of(view, &policy, &change, &case)?.plan;
        if plan.is_some_and(|plan| fills_any(&plan.demand)) {
            return Err(Error::refused(format!(
                "Change request {} was made under another policy, and cannot take your approval as it stands.",
                change.number
            ))
            .hint(format!("Its author looks at it again: cfgctl change-request refresh {}", change.id)));
        }
        if demand.approvals.is_empty() {
            return Err(Error::refused(format!("Change request {} waits for no approval.", change.number))
                .hint(format!("See what it waits for: cfgctl change-request show {}", change.id)));
        }
        return Err(may_not(view, &demand, &change));
    }
    check_digest(view, &change)?;
    if case.requesters.contains(&member.name) && !demand.own && !case.solo {
        let asked = if change.requested_by == member.name {
            format!("{} asked for this change", member.name)
        } else if change.dossier.editors.contains(&member.name) {
            format!("{} edited this change", member.name)
        } else {
            format!("{} asked for this change, for whom {} answers", change.requested_by, member.name)
        };
        let whom = demand.least_role().map_or_else(String::new, |role| of_whom(role, None));
        return Err(Error::refused(format!("{asked}; {} may not approve it too.", member.name))
            .hint(format!("Another member with the role {whom} or above has to: cfgctl member list")));
    }
    refuse_stale(view, &change)?;
    let digest = change.digest.clone().unwrap_or_default();
    if request.expect.as_ref().is_some_and(|expected| *expected != digest) {
        return Err(Error::conflict("The request is no longer the one that was shown.")
            .hint(format!("Look at it again: cfgctl change-request show {}", change.id)));
    }
    let places: Vec<Place> = mine.lent_by.into_iter().map(place).collect();
    // What was given under a delegation that no longer carries it is given anew.
    let again = case.approvals.iter().any(|given| {
        given.member == member.name
            && given.digest == digest
            && given.decision == "approve"
            && given.places == places
    });
    if again && !request.execute {
        return Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, None) });
    }
    if request.dry_run {
        return would_be(view, &policy, change, case, request.execute);
    }
    let given = Approval {
        member: member.name.clone(),
        role: member.role.to_string(),
        decision: "approve".to_owned(),
        digest,
        proof: view.actor.proof.to_string(),
        at: view.now,
        comment: request.comment.clone(),
        places,
    };
    approval::put(view.db, change.number, &given)?;
    let lacks = stand(view, &mut change)?;
    let mut detail =
        json!({"digest": given.digest, "role": given.role, "state": change.state, "comment": given.comment});
    if !given.places.is_empty() {
        let lent = |place: &Place| json!({"member": place.member, "role": place.role, "delegation": place.delegation});
        detail["in_place_of"] = given.places.iter().map(lent).collect();
    }
    let tell = notice::decision(view, &change, "approved")?;
    if request.execute && change.state == State::Approved && lacks.is_empty() {
        let number = change.number;
        let mut decided = execute::execute(view, change, request.confirm_within)?;
        if let Some(note) = &mut decided.note {
            note.detail["approved_with_it"] = detail;
            note.tell.splice(..0, tell);
            note.records.push(("places", number.to_string(), None));
        }
        return Ok(decided);
    }
    let mut note = Note::new("change.approve", change.number.to_string(), detail)
        .change(change.number)
        .record("places", change.number);
    note.tell.extend(tell);
    let mut decided = Decided::new(change, Some(note));
    if request.execute {
        let missing: Vec<String> = lacks.iter().map(Lack::in_words).collect();
        decided.warnings.push(if missing.is_empty() {
            "It is not executed yet: it is scheduled.".to_owned()
        } else {
            format!("It is not executed yet: it lacks {}.", missing.join("; "))
        });
    } else {
        decided.outcome = Some(Outcome::Done);
    }
    Ok(decided)
}

/// What would come of the approval.
fn would_be(
    view: &View<'_>,
    policy: &Policy,
    mut change: Change,
    mut case: Case,
    execute: bool,
) -> Result<Decided> {
    let voters = with_own(view, &case);
    case.votes = vote::votes(view, policy, &voters, &case.requesters)?;
    let now = Now::of(view, policy, &change, &case)?;
    change.state = now.state(view, &change)?;
    if execute && change.state == State::Approved && now.verdict.lacks.is_empty() {
        change.state = State::Completed;
    }
    let verdict = Some(now.verdict);
    Ok(Decided { outcome: Some(Outcome::Done), verdict, ..Decided::new(change, None) })
}

/// What the caller's approval would count as, whoever asked for the change.
fn own_vote(view: &View<'_>, policy: &Policy, case: &Case) -> Result<Vote> {
    let votes = vote::votes(view, policy, &with_own(view, case), &case.requesters)?;
    Ok(votes.into_iter().next_back().unwrap_or_default())
}

/// Whether the caller's approval, given now, would fill a place that is empty, whoever's authority it rests on.
pub(in crate::engine) fn may_approve(view: &View<'_>, change: &Change, missing: &[Lack]) -> Result<bool> {
    let policy = manifest::policy(view.db)?;
    let case = Case::of_change(view, &policy, change)?;
    let mine = own_vote(view, &policy, &case)?;
    let demand = change.decision.demand.clone().unwrap_or_default();
    let standing = case.standing(&demand, change.risk);
    let places: Vec<Place> = mine.lent_by.iter().cloned().map(place).collect();
    let said = |given: &Approval| {
        given.member == mine.member && given.digest == case.digest && given.places == places
    };
    let fits = |lack: &Lack| match lack {
        Lack::Approvals { role, group, .. } => {
            let place = Group { role: *role, count: 1, group: group.clone() };
            fills(&place, &mine, &demand, &standing)
        }
        _ => false,
    };
    let recorded = demand.approvals.iter().any(|group| fills(group, &mine, &demand, &standing));
    Ok(recorded && !case.approvals.iter().any(said) && missing.iter().any(fits))
}

/// Whoever voted, and the caller after them, as if they voted now.
fn with_own(view: &View<'_>, case: &Case) -> Vec<Voter> {
    let me = view.actor.name();
    let others = case.voters.iter().filter(|voter| voter.name != me).cloned();
    others.chain([Voter { name: me.to_owned(), under: None }]).collect()
}

fn place(lent: Lent) -> Place {
    Place { delegation: lent.delegation, member: lent.member, role: lent.role.to_string() }
}

fn may_not(view: &View<'_>, demand: &Demand, change: &Change) -> Error {
    let member = &view.actor.member;
    let whom: Vec<String> =
        demand.approvals.iter().map(|group| of_whom(group.role, group.group.as_deref())).collect();
    Error::denied(format!(
        "{} is {}, and approving a {} change asks for {}.",
        member.name,
        member.role,
        change.risk,
        whom.join(" or ")
    ))
    .hint(match demand.least_role() {
        Some(least) if least > Role::Operator => {
            format!("Ask a member with the role {least} or above: cfgctl member list")
        }
        _ => "Ask a member of that group: cfgctl manifest show".to_owned(),
    })
}

/// Writes down where a request stands now that something was added to it; gives what it still lacks.
fn stand(view: &View<'_>, change: &mut Change) -> Result<Vec<Lack>> {
    let policy = manifest::policy(view.db)?;
    let now = Now::of(view, &policy, change, &Case::of_change(view, &policy, change)?)?;
    let state = now.state(view, change)?;
    if state != change.state {
        change.state = state;
        change.updated_at = Some(view.now);
        change::put(view.db, change)?;
    }
    Ok(now.verdict.lacks)
}

impl Handle<Reject> for Engine {
    fn handle(&mut self, caller: &Caller, request: Reject) -> Result<DecisionReply> {
        let ended = self.decide(caller, ("change.reject", &request.id), request.dry_run, |view| {
            let mut change = decidable(view, &request.id)?;
            let member = &view.actor.member;
            if !member.is_person() {
                return Err(Error::denied(format!(
                    "{} is a program, and programs decide nothing.",
                    member.name
                ))
                .hint("A person has to decide."));
            }
            let demand = change.decision.demand.clone().unwrap_or_default();
            let policy = manifest::policy(view.db)?;
            let mine = own_vote(view, &policy, &Case::of_change(view, &policy, &change)?)?;
            let standing = Standing { solo: true, ..Standing::default() };
            if !demand.approvals.iter().any(|group| fills(group, &mine, &demand, &standing)) {
                let least = demand.least_role().unwrap_or(Role::Admin);
                view.actor.require(
                    least.clamp(Role::Admin, Role::SeniorAdmin),
                    &format!("rejecting a {} change", change.risk),
                )?;
            }
            check_reason(&request.reason)?;
            let given = Approval {
                member: member.name.clone(),
                role: member.role.to_string(),
                decision: "reject".to_owned(),
                digest: change.digest.clone().unwrap_or_default(),
                proof: view.actor.proof.to_string(),
                at: view.now,
                comment: Some(request.reason.clone()),
                places: Vec::new(),
            };
            if !request.dry_run {
                approval::put(view.db, change.number, &given)?;
            }
            let (reason, dry_run) = (&request.reason, request.dry_run);
            let mut decided =
                super::edit::end(view, &mut change, State::Rejected, "change.reject", reason, dry_run)?;
            // Whoever rejects takes their former approval back, also where it was given in somebody's place.
            decided.note = decided.note.map(|note| note.record("places", change.number));
            Ok(decided)
        })?;
        Ok(DecisionReply { outcome: Outcome::Done, ..ended })
    }
}

impl Handle<AttachEvidence> for Engine {
    fn handle(&mut self, caller: &Caller, request: AttachEvidence) -> Result<DecisionReply> {
        self.decide(caller, ("change.test", &request.id), request.dry_run, |view| attach(view, &request))
    }
}

fn attach(view: &View<'_>, request: &AttachEvidence) -> Result<Decided> {
    let mut change = decidable(view, &request.id)?;
    require_for(view, &change, "attaching evidence", "attaching evidence to somebody else's request")?;
    if approval::evidence_of(view.db, change.number)?.len() >= MOST_EVIDENCE {
        return Err(Error::refused(format!(
            "Change request {} has {MOST_EVIDENCE} files of evidence, the limit.",
            change.number
        ))
        .hint("Make one file of several."));
    }
    check_text("evidence's name", &request.name)?;
    if request.content.trim().is_empty() || request.content.len() > LARGEST_EVIDENCE {
        return Err(Error::invalid(format!(
            "Evidence is a text file of 1 to {LARGEST_EVIDENCE} bytes; {} has {}.",
            request.name,
            request.content.len()
        ))
        .hint("Attach the test's protocol as a text file, or a part of it."));
    }
    refuse_stale(view, &change)?;
    let evidence = Evidence {
        name: request.name.clone(),
        sha256: hex(&Sha256::digest(&request.content)),
        size: i64::try_from(request.content.len()).unwrap_or(i64::MAX),
        measured: false,
        digest: change.digest.clone().unwrap_or_default(),
        at: view.now,
        by: view.actor.name().to_owned(),
    };
    let mut note = None;
    if !request.dry_run {
        approval::attach(view.db, change.number, &evidence, &request.content)?;
        stand(view, &mut change)?;
        let detail =
            json!({"name": evidence.name, "sha256": evidence.sha256, "nature": "attached, not measured"});
        note = Some(Note::new("change.test", change.number.to_string(), detail).change(change.number));
    }
    Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, note) })
}
