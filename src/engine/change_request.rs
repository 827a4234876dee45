//! What happens to a change that waits: looked at, approved, rejected, taken back, tested, executed.
//!
//! What must stay true: what is executed is what was approved (same items, same values before); the policy that let it
//! wait and the one in force are both satisfied; one vote a person, bound to the digest, counted by the role they have now.

use super::apply::{self, Steps};
use super::change::outcome_of;
use super::history::{cursor, cut, page};
use super::notice;
use super::plan::plan;
use super::terms::{check_reason, check_text};
use super::transact::{Note, View};
use super::view::{self, Case, least_role};
use super::{Engine, Handle};
use crate::api::Outcome;
use crate::api::change_request::{
    Approve, AttachEvidence, Cancel, DecisionReply, Execute, ListRequests, ListRequestsReply, Reject,
    RequestSummary, ShowRequest, ShowRequestReply,
};
use crate::domain::approval::Lack;
use crate::domain::audit::Head;
use crate::domain::change::{State, digest, hex};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::store::approval::{self, Approval, Evidence};
use crate::store::change::{self, Change, Which};
use crate::store::{manifest, overrides};
use serde_json::json;
use sha2::{Digest, Sha256};

/// How many files of evidence a request may have.
const MOST_EVIDENCE: usize = 20;

/// The largest evidence file, in bytes.
const LARGEST_EVIDENCE: usize = 1024 * 1024;

/// The change a ULID, a unique beginning of one (at least 6 characters) or a number names. `not-found`, `usage`.
pub(super) fn find(view: &View<'_>, name: &str) -> Result<Change> {
    let missing = || {
        Error::not_found(format!("There is no change {name}."))
            .hint("See what there is: cfgctl change-request list --all")
    };
    if let Ok(number) = name.parse::<i64>()
        && let Some(found) = change::by_number(view.db, number)?
    {
        return Ok(found);
    }
    let name = name.to_uppercase();
    if let Some(found) = change::by_id(view.db, &name)? {
        return Ok(found);
    }
    if name.len() < 6 {
        return Err(missing());
    }
    let mut found = change::by_beginning(view.db, &name)?;
    match (found.pop(), found.pop()) {
        (Some(_), Some(_)) => Err(Error::usage(format!("Several changes begin with {name}."))
            .hint("Give more of the id, or the number.")),
        (Some(one), None) => Ok(one),
        _ => Err(missing()),
    }
}

impl Handle<ListRequests> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListRequests) -> Result<ListRequestsReply> {
        self.look(caller, |view| {
            let which = match (request.state, request.all) {
                (Some(state), _) => Which::In(state),
                (None, true) => Which::All,
                (None, false) => Which::Open,
            };
            let limit = page(request.limit);
            let mut found = change::list(view.db, which, cursor(request.after.as_deref())?, limit + 1)?;
            let next = cut(&mut found, limit, |change| change.number);
            Ok(ListRequestsReply {
                items: found.into_iter().map(|change| summary(view, change)).collect(),
                next,
            })
        })
    }
}

fn summary(view: &View<'_>, change: Change) -> RequestSummary {
    RequestSummary {
        state: present_state(view, &change),
        id: change.id,
        number: change.number,
        kind: change.kind,
        risk: change.risk,
        requested_by: change.requested_by,
        created_at: change.created_at,
        reason: change.reason,
        version: change.version,
    }
}

/// The state as it is now: nobody has to write down that time has passed.
fn present_state(view: &View<'_>, change: &Change) -> State {
    let over = change.state.is_open() && change.expires_at.is_some_and(|end| end <= view.clock);
    if over { State::Expired } else { change.state }
}

impl Handle<ShowRequest> for Engine {
    fn handle(&mut self, caller: &Caller, request: ShowRequest) -> Result<ShowRequestReply> {
        self.look(caller, |view| {
            let found = find(view, &request.id)?;
            let state = present_state(view, &found);
            let stale = state.is_open() && !moved(view, &found)?.is_empty();
            let mut shown = view::of_change(view, &found)?;
            shown.state = state;
            let next = state.is_open().then(|| view::next_command(view, &found, &shown.missing, stale));
            Ok(ShowRequestReply { change: shown, stale, next })
        })
    }
}

/// The paths whose present value is not the one the change was made against.
fn moved(view: &View<'_>, change: &Change) -> Result<Vec<String>> {
    let mut moved = Vec::new();
    for item in change::value_items(view.db, change.number)? {
        if overrides::value(view.db, item.path.as_str())? != item.before {
            moved.push(item.path.to_string());
        }
    }
    Ok(moved)
}

/// An open change that nothing has moved under. `conflict` where it ended or is stale, `refused` where it expired.
fn open(view: &View<'_>, name: &str) -> Result<Change> {
    let found = find(view, name)?;
    match present_state(view, &found) {
        State::Expired => Err(Error::refused(format!(
            "Change request {} expired: nobody decided within its time.",
            found.number
        ))
        .hint("Make the change again.")),
        state if !state.is_open() => {
            Err(Error::conflict(format!("Change {} is {state} already.", found.number))
                .hint(format!("See it: cfgctl change-request show {}", found.id)))
        }
        _ => Ok(found),
    }
}

/// What approvals are bound to must still be what is recorded: `integrity` where somebody altered it.
fn check_digest(view: &View<'_>, change: &Change) -> Result<()> {
    let items = change::value_items(view.db, change.number)?;
    let demand = change.decision.demand.clone().unwrap_or_default();
    if change.digest.as_deref() == Some(digest(&items, change.risk, &demand).as_str()) {
        return Ok(());
    }
    Err(Error::integrity(format!("Change request {} was altered after it was recorded.", change.number))
        .hint("Find out what else was: cfgctl audit verify --full"))
}

fn refuse_stale(view: &View<'_>, change: &Change) -> Result<()> {
    let moved = moved(view, change)?;
    if moved.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "Change request {} is stale: {} changed since it was made.",
        change.number,
        moved.join(", ")
    ))
    .hint(format!(
        "Cancel it and make the change again: cfgctl change-request cancel {} --reason \"stale\"",
        change.id
    )))
}

impl Engine {
    /// Decides about a request, or says what would be decided.
    fn decide(
        &mut self,
        caller: &Caller,
        attempt: (&str, &str),
        dry_run: bool,
        body: impl FnOnce(&View<'_>) -> Result<Decided>,
    ) -> Result<DecisionReply> {
        let answer = |view: &View<'_>, decided: Decided| {
            let change = view::of_change(view, &decided.change)?;
            let outcome = decided.outcome.unwrap_or_else(|| outcome_of(decided.change.state));
            let open = decided.change.state.is_open() && !dry_run;
            let next = open.then(|| view::next_command(view, &decided.change, &change.missing, false));
            let reply = DecisionReply {
                outcome,
                dry_run,
                change,
                warnings: decided.warnings,
                next,
                audit_head: None,
            };
            Ok((reply, decided.note))
        };
        if dry_run {
            return self.look(caller, |view| answer(view, body(view)?).map(|(reply, _)| reply));
        }
        let (mut reply, head) = self.transact(caller, attempt, |view| answer(view, body(view)?))?;
        reply.audit_head = head.as_ref().map(Head::to_string);
        Ok(reply)
    }
}

/// What was decided.
struct Decided {
    change: Change,
    warnings: Vec<String>,
    outcome: Option<Outcome>,
    note: Option<Note>,
}

impl Decided {
    fn new(change: Change, note: Option<Note>) -> Decided {
        Decided { change, warnings: Vec::new(), outcome: None, note }
    }
}

impl Handle<Approve> for Engine {
    fn handle(&mut self, caller: &Caller, request: Approve) -> Result<DecisionReply> {
        self.decide(caller, ("change.approve", &request.id), request.dry_run, |view| approve(view, &request))
    }
}

fn approve(view: &View<'_>, request: &Approve) -> Result<Decided> {
    let mut change = open(view, &request.id)?;
    let member = &view.actor.member;
    let demand = change.decision.demand.clone().unwrap_or_default();
    check_text("comment", request.comment.as_deref().unwrap_or_default())?;
    if !member.is_person() {
        return Err(Error::denied(format!("{} is a program, and programs never approve.", member.name))
            .hint("A person has to decide."));
    }
    let Some(least) = least_role(&demand) else {
        return Err(Error::refused(format!("Change request {} waits for no approval.", change.number))
            .hint(format!("See what it waits for: cfgctl change-request show {}", change.id)));
    };
    view.actor.require(least, &format!("approving a {} change", change.risk))?;
    let case = Case::of_change(view, &change)?;
    check_digest(view, &change)?;
    if case.requesters.contains(&member.name) && !demand.own && !case.solo {
        let asked = match change.requested_by == member.name {
            true => format!("{} asked for this change", member.name),
            false => {
                format!("{} asked for this change, for whom {} answers", change.requested_by, member.name)
            }
        };
        return Err(Error::refused(format!("{asked}; {} may not approve it too.", member.name))
            .hint(format!("Another member with the role {least} or above has to: cfgctl member list")));
    }
    refuse_stale(view, &change)?;
    let digest = change.digest.clone().unwrap_or_default();
    if request.expect.as_ref().is_some_and(|expected| *expected != digest) {
        return Err(Error::conflict("The request is no longer the one that was shown.")
            .hint(format!("Look at it again: cfgctl change-request show {}", change.id)));
    }
    let again = case.approvals.iter().any(|given| given.member == member.name && given.digest == digest);
    if request.dry_run || (again && !request.execute) {
        return Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, None) });
    }
    let given = Approval {
        member: member.name.clone(),
        role: member.role.to_string(),
        decision: "approve".to_owned(),
        digest,
        proof: view.actor.proof.to_string(),
        at: view.now,
        comment: request.comment.clone(),
    };
    approval::put(view.db, change.number, &given)?;
    let verdict = Case::of_change(view, &change)?.weigh(&demand);
    let complete = verdict.lacks.is_empty();
    if complete && change.state == State::Pending {
        change.state = State::Approved;
        change.updated_at = Some(view.now);
        change::put(view.db, &change)?;
    }
    let detail =
        json!({"digest": given.digest, "role": given.role, "state": change.state, "comment": given.comment});
    let tell = notice::decision(view, &change, "approved")?;
    if request.execute && complete {
        let mut decided = execute(view, change)?;
        if let Some(note) = &mut decided.note {
            note.detail["approved_with_it"] = detail;
            note.tell.splice(..0, tell);
        }
        return Ok(decided);
    }
    let mut note =
        Note::new("change.approve", change.number.to_string(), detail).record("change", change.number);
    note.tell.extend(tell);
    let mut decided = Decided::new(change, Some(note));
    if request.execute {
        decided.warnings.push("It is not executed yet: something is still missing.".to_owned());
    } else {
        decided.outcome = Some(Outcome::Done);
    }
    Ok(decided)
}

impl Handle<Reject> for Engine {
    fn handle(&mut self, caller: &Caller, request: Reject) -> Result<DecisionReply> {
        let ended = self.decide(caller, ("change.reject", &request.id), request.dry_run, |view| {
            let mut change = open(view, &request.id)?;
            let member = &view.actor.member;
            if !member.is_person() {
                return Err(Error::denied(format!(
                    "{} is a program, and programs decide nothing.",
                    member.name
                ))
                .hint("A person has to decide."));
            }
            let least = change.decision.demand.as_ref().and_then(least_role).unwrap_or(Role::Admin);
            view.actor
                .require(least.min(Role::SeniorAdmin), &format!("rejecting a {} change", change.risk))?;
            check_reason(&request.reason)?;
            let given = Approval {
                member: member.name.clone(),
                role: member.role.to_string(),
                decision: "reject".to_owned(),
                digest: change.digest.clone().unwrap_or_default(),
                proof: view.actor.proof.to_string(),
                at: view.now,
                comment: Some(request.reason.clone()),
            };
            if !request.dry_run {
                approval::put(view.db, change.number, &given)?;
            }
            end(view, &mut change, State::Rejected, "change.reject", &request.reason, request.dry_run)
        })?;
        Ok(DecisionReply { outcome: Outcome::Done, ..ended })
    }
}

impl Handle<Cancel> for Engine {
    fn handle(&mut self, caller: &Caller, request: Cancel) -> Result<DecisionReply> {
        let ended = self.decide(caller, ("change.cancel", &request.id), request.dry_run, |view| {
            let mut change = open(view, &request.id)?;
            if change.requested_by != view.actor.name() {
                view.actor.require(Role::Admin, "taking somebody else's request back")?;
            }
            check_reason(&request.reason)?;
            end(view, &mut change, State::Cancelled, "change.cancel", &request.reason, request.dry_run)
        })?;
        Ok(DecisionReply { outcome: Outcome::Done, ..ended })
    }
}

fn end(
    view: &View<'_>,
    change: &mut Change,
    state: State,
    action: &str,
    reason: &str,
    dry_run: bool,
) -> Result<Decided> {
    change.state = state;
    change.updated_at = Some(view.now);
    change.ended_because = Some(reason.to_owned());
    if dry_run {
        return Ok(Decided::new(change.clone(), None));
    }
    change::put(view.db, change)?;
    let mut note = Note::new(action, change.number.to_string(), json!({"reason": reason}))
        .record("change", change.number);
    note.tell.extend(notice::decision(view, change, &state.to_string())?);
    Ok(Decided::new(change.clone(), Some(note)))
}

impl Handle<Execute> for Engine {
    fn handle(&mut self, caller: &Caller, request: Execute) -> Result<DecisionReply> {
        self.decide(caller, ("change.execute", &request.id), request.dry_run, |view| {
            let change = open(view, &request.id)?;
            if request.dry_run {
                check_executable(view, &change)?;
                return Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, None) });
            }
            execute(view, change)
        })
    }
}

/// Everything that must hold before a waiting change is executed. Gives it as it would be planned now.
fn check_executable(view: &View<'_>, change: &Change) -> Result<super::plan::Plan> {
    if change.requested_by != view.actor.name() {
        view.actor.require(Role::Admin, "executing somebody else's change")?;
    } else {
        view.actor.require(Role::Operator, "executing a change")?;
    }
    refuse_stale(view, change)?;
    check_digest(view, change)?;
    let policy = manifest::policy(view.db)?;
    let wanted: Vec<_> = change::value_items(view.db, change.number)?
        .into_iter()
        .map(|item| (item.path, item.after))
        .collect();
    // What history proved when the change was made may be too long ago by now.
    let proven = change.decision.proven && super::rollback::is_proven(view, &wanted)?;
    let plan = plan(view, wanted, &policy, proven)?;
    plan.refuse_issues()?;
    let case = Case::of_change(view, change)?;
    let demand = change.decision.demand.clone().unwrap_or_default();
    let mut lacks = case.weigh(&demand).lacks;
    if plan.risk > change.risk || plan.demand != demand {
        // The policy in force may be stricter than the one that let the change wait.
        for lack in case.weigh(&plan.demand).lacks {
            if !lacks.contains(&lack) {
                lacks.push(lack);
            }
        }
    }
    if lacks.is_empty() {
        return Ok(plan);
    }
    let missing: Vec<String> = lacks.iter().map(Lack::in_words).collect();
    let stricter =
        if plan.risk > change.risk { format!(" (its risk is {} by now)", plan.risk) } else { String::new() };
    Err(Error::refused(format!("Change request {} lacks {}{stricter}.", change.number, missing.join(", ")))
        .hint(format!("See what it waits for: cfgctl change-request show {}", change.id)))
}

fn execute(view: &View<'_>, mut change: Change) -> Result<Decided> {
    let steps = Steps::begin(view);
    let plan = check_executable(view, &change)?;
    let policy = manifest::policy(view.db)?;
    change.updated_at = Some(view.now);
    let mut note = apply::execute(view, &policy, &plan, &mut change, steps)?;
    note.tell.extend(notice::outcome(view, &change)?);
    let warnings = plan.warnings;
    Ok(Decided { change, warnings, outcome: Some(Outcome::Done), note: Some(note) })
}

impl Handle<AttachEvidence> for Engine {
    fn handle(&mut self, caller: &Caller, request: AttachEvidence) -> Result<DecisionReply> {
        self.decide(caller, ("change.test", &request.id), request.dry_run, |view| {
            let mut change = open(view, &request.id)?;
            view.actor.require(Role::Operator, "attaching evidence")?;
            if change.requested_by != view.actor.name() {
                view.actor.require(Role::Admin, "attaching evidence to somebody else's request")?;
            }
            if approval::evidence_of(view.db, change.number)?.len() >= MOST_EVIDENCE {
                return Err(Error::refused(format!("Change request {} has {MOST_EVIDENCE} files of evidence, the limit.", change.number))
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
                let demand = change.decision.demand.clone().unwrap_or_default();
                if Case::of_change(view, &change)?.weigh(&demand).lacks.is_empty() {
                    change.state = State::Approved;
                    change.updated_at = Some(view.now);
                    change::put(view.db, &change)?;
                }
                let detail = json!({"name": evidence.name, "sha256": evidence.sha256, "nature": "attached, not measured"});
                note = Some(Note::new("change.test", change.number.to_string(), detail).record("change", change.number));
            }
            Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, note) })
        })
    }
}
