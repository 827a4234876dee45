//! What the authors of a request do with it: edited, made anew, talked about, taken back.
//!
//! What must stay true: an edit makes another edition, to which no former approval or evidence is bound; who edits
//! counts as a requester; a refresh keeps approvals only where what they are bound to is the very same.

use super::{Decided, digest_of, open, refuse_stale, require_for, standing_state};
use crate::api::Outcome;
use crate::api::change_request::{Cancel, Comment, DecisionReply, EditRequest, RefreshRequest};
use crate::domain::approval::Lack;
use crate::domain::change::{Kind, State};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::risk;
use crate::engine::case::Case;
use crate::engine::change::approve_own;
use crate::engine::plan::{Going, Plan, Wanted, plan};
use crate::engine::terms::{check_reason, check_reviewers, check_text};
use crate::engine::transact::{Note, View};
use crate::engine::wanted::read_items;
use crate::engine::{Engine, Handle, notice, proof};
use crate::store::change::{self, Change, Other};
use crate::store::{approval, comment, duty, manifest, version};
use serde_json::json;

/// How many remarks a request may have.
const MOST_COMMENTS: usize = 1000;

impl Handle<EditRequest> for Engine {
    fn handle(&mut self, caller: &Caller, request: EditRequest) -> Result<DecisionReply> {
        self.decide(caller, ("change.edit", &request.id), request.dry_run, |view| edit(view, &request))
    }
}

fn edit(view: &View<'_>, request: &EditRequest) -> Result<Decided> {
    let mut change = open(view, &request.id)?;
    require_author(view, &change, "editing somebody else's request")?;
    request.dossier.check()?;
    check_reviewers(view, &request.dossier)?;
    check_text("ticket", request.ticket.as_deref().unwrap_or_default())?;
    check_text("rollback plan", request.rollback_plan.as_deref().unwrap_or_default())?;
    let says_something = !request.items.is_empty()
        || !request.leave_out.is_empty()
        || request.reason.is_some()
        || request.ticket.is_some()
        || request.rollback_plan.is_some()
        || !request.dossier.is_empty();
    if !says_something && !request.submit {
        return Err(Error::usage("There is nothing to edit.")
            .hint("Name what is to be different: PATH=VALUE, --reason \"…\", --title \"…\", or --submit."));
    }
    if request.submit && change.state != State::Draft {
        return Err(Error::conflict(format!("Change request {} is no draft.", change.number))
            .hint(format!("See it: cfgctl change-request show {}", change.id)));
    }
    if let Some(reason) = &request.reason {
        check_reason(reason)?;
        change.reason.clone_from(reason);
    }
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    if let Some(ticket) = &request.ticket {
        change.ticket = text(ticket);
    }
    if let Some(plan) = &request.rollback_plan {
        change.rollback_plan = text(plan);
    }
    let me = view.actor.name().to_owned();
    change.dossier.take(request.dossier.clone());
    if says_something {
        change.dossier.edition += 1;
        if change.requested_by != me && !change.dossier.editors.contains(&me) {
            change.dossier.editors.push(me);
        }
    }
    let mut wanted = if change.kind.is_of_values() { present_items(view, &change)? } else { Vec::new() };
    let touches_paths = !request.items.is_empty() || !request.leave_out.is_empty();
    if touches_paths && !change.kind.is_of_values() {
        return Err(Error::refused(format!("Change request {} sets no values.", change.number))
            .hint("Cancel it, and make it anew as you want it."));
    }
    for path in &request.leave_out {
        let path = Path::parse(path)?;
        let before = wanted.len();
        wanted.retain(|(known, _)| *known != path);
        if wanted.len() == before {
            return Err(Error::not_found(format!("Change request {} does not touch {path}.", change.number))
                .hint(format!("See what it does: cfgctl change-request show {}", change.id)));
        }
    }
    if !request.items.is_empty() {
        for (path, value) in read_items(view, &request.items)? {
            wanted.retain(|(known, _)| *known != path);
            wanted.push((path, value));
        }
    }
    if !request.items.is_empty() && matches!(change.kind, Kind::Undo | Kind::Rollback | Kind::Restore) {
        // What is edited goes back to nothing any more, and passes no window as if it did.
        change.kind = Kind::Batch;
        change.decision.returns_to = None;
    }
    let draft = change.state == State::Draft && !request.submit;
    let detail = json!({"edition": change.dossier.edition, "submitted": request.submit});
    replan(view, change, wanted, draft, request.dry_run, ("change.edit", detail))
}

fn present_items(view: &View<'_>, change: &Change) -> Result<Vec<Wanted>> {
    let items = change::value_items(view.db, change.number)?;
    Ok(items.into_iter().map(|item| (item.path, item.after)).collect())
}

impl Handle<RefreshRequest> for Engine {
    fn handle(&mut self, caller: &Caller, request: RefreshRequest) -> Result<DecisionReply> {
        self.decide(caller, ("change.refresh", &request.id), request.dry_run, |view| {
            let change = open(view, &request.id)?;
            let author = change.requested_by == view.actor.name()
                || change.dossier.editors.iter().any(|editor| editor == view.actor.name());
            if !author {
                return Err(Error::denied(format!(
                    "{} is {}'s: its author looks again at what moved.",
                    change.number, change.requested_by
                ))
                .hint(format!("Tell them: cfgctl change-request comment {} \"…\"", change.id)));
            }
            let draft = change.state == State::Draft;
            let wanted = present_items(view, &change)?;
            replan(view, change, wanted, draft, request.dry_run, ("change.refresh", json!({})))
        })
    }
}

/// Plans a request anew and writes down what came of it. Approvals count on where the digest is the same.
fn replan(
    view: &View<'_>,
    mut change: Change,
    wanted: Vec<Wanted>,
    draft: bool,
    dry_run: bool,
    (action, mut detail): (&str, serde_json::Value),
) -> Result<Decided> {
    let policy = manifest::policy(view.db)?;
    let former = change.digest.clone();
    // A draft that is finished is asked of people for the first time.
    let submitted = change.state == State::Draft && !draft;
    let mut warnings = Vec::new();
    if change.kind.is_of_values() {
        let proven = change.decision.proven && proof::is_proven(view, &wanted)?;
        let going = Going::back(change.decision.returns_to.is_some(), proven);
        let planned = plan(view, wanted, &policy, going)?;
        planned.refuse_issues()?;
        if planned.items.is_empty() {
            return Err(Error::conflict(format!(
                "Nothing is left of change request {}: everything already is as it asks.",
                change.number
            ))
            .hint(format!("Take it back: cfgctl change-request cancel {} --reason \"…\"", change.id)));
        }
        warnings.extend(planned.warnings.iter().cloned());
        take_plan(&mut change, &planned, proven);
        if !dry_run {
            change::remove_items(view.db, change.number)?;
            for (position, item) in planned.items.iter().enumerate() {
                change::insert_item(view.db, change.number, position, &Other::of_value(item))?;
            }
        }
        change.digest = Some(planned.digest(change.dossier.edition));
    } else {
        // What the board was asked stands or falls as it is: it is not made anew against others' decisions.
        refuse_stale(view, &change)?;
        change.digest = Some(digest_of(view, &change)?);
    }
    let demand = change.decision.demand.clone().unwrap_or_default();
    if !draft
        && demand.rollback_plan
        && change.rollback_plan.is_none()
        && !crate::store::metadata::is_solo(view.db)?
    {
        return Err(Error::refused(format!(
            "A {} change needs {}. {}",
            change.risk,
            Lack::RollbackPlan.in_words(),
            risk::why(&change.decision.reasons)
        ))
        .hint(format!(
            "Say how to get back: cfgctl change-request edit {} --rollback-plan \"…\"",
            change.id
        )));
    }
    change.manifest = manifest::current_id(view.db)?;
    change.base_version = version::current(view.db)?.map_or(0, |version| version.id);
    change.updated_at = Some(view.now);
    let same = change.digest == former;
    if !same {
        // What keeps its approvals keeps its end: nobody's approval lasts for ever.
        change.expires_at = Some(view.clock.after(policy.requests.expire_after));
    }
    let given = approval::of_change(view.db, change.number)?.len()
        + approval::evidence_of(view.db, change.number)?.len();
    if !same && given > 0 {
        warnings.push(
            "Approvals and evidence given before are for former content: they no longer count.".to_owned(),
        );
    }
    if dry_run {
        return Ok(Decided { warnings, outcome: Some(Outcome::Done), ..Decided::new(change, None) });
    }
    if draft {
        change.state = State::Draft;
    } else {
        // It is a request from now on, and carries what one carries.
        if (!same || submitted) && change.requested_by == view.actor.name() {
            approve_own(view, &policy, &change)?;
        }
        change.state = State::Pending;
        change.state = standing_state(view, &change)?;
    }
    change::put(view.db, &change)?;
    detail["digest"] = json!(change.digest);
    detail["approvals_kept"] = json!(same);
    let mut note = Note::new(action, change.number.to_string(), detail).change(change.number);
    if submitted || (!draft && !same) {
        let demand = change.decision.demand.clone().unwrap_or_default();
        let lacks = Case::of_change(view, &policy, &change)?.weigh(&demand, change.risk).lacks;
        note.tell.extend(notice::request(view, &change, &lacks)?);
    }
    Ok(Decided { warnings, outcome: Some(Outcome::Done), ..Decided::new(change, Some(note)) })
}

fn take_plan(change: &mut Change, planned: &Plan, proven: bool) {
    change.risk = planned.risk;
    change.decision.reasons.clone_from(&planned.reasons);
    change.decision.demand = Some(planned.demand.clone());
    change.decision.proven = proven;
    change.decision.restart = planned.restart;
    change.decision.services.clone_from(&planned.services);
}

/// `denied` where the caller neither asked for the request nor is an admin.
fn require_author(view: &View<'_>, change: &Change, what: &str) -> Result<()> {
    require_for(view, change, what, what)
}

impl Handle<Comment> for Engine {
    fn handle(&mut self, caller: &Caller, request: Comment) -> Result<DecisionReply> {
        self.decide(caller, ("change.comment", &request.id), request.dry_run, |view| {
            let change = super::find(view, &request.id)?;
            if request.text.trim().is_empty() {
                return Err(Error::usage("There is nothing to say.")
                    .hint(format!("Say it: cfgctl change-request comment {} \"…\"", change.id)));
            }
            check_text("comment", &request.text)?;
            if comment::of_change(view.db, change.number)?.len() >= MOST_COMMENTS {
                return Err(Error::refused(format!(
                    "Change request {} has {MOST_COMMENTS} comments, the limit.",
                    change.number
                ))
                .hint("Go on where the ticket is."));
            }
            let said = comment::Comment {
                member: view.actor.name().to_owned(),
                proof: view.actor.proof.to_string(),
                at: view.now,
                text: request.text.clone(),
            };
            let mut note = None;
            if !request.dry_run {
                comment::insert(view.db, change.number, &said)?;
                note = Some(
                    Note::new("change.comment", change.number.to_string(), json!({"text": said.text}))
                        .record("request", change.number),
                );
            }
            Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, note) })
        })
    }
}

impl Handle<Cancel> for Engine {
    fn handle(&mut self, caller: &Caller, request: Cancel) -> Result<DecisionReply> {
        let ended = self.decide(caller, ("change.cancel", &request.id), request.dry_run, |view| {
            let mut change = open(view, &request.id)?;
            require_for(view, &change, "taking a request back", "taking somebody else's request back")?;
            check_reason(&request.reason)?;
            end(view, &mut change, State::Cancelled, "change.cancel", &request.reason, request.dry_run)
        })?;
        Ok(DecisionReply { outcome: Outcome::Done, ..ended })
    }
}

/// Ends a request; what was due for it no longer is.
pub(super) fn end(
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
    duty::remove(view.db, duty::Kind::Execute, change.number)?;
    change::put(view.db, change)?;
    let mut note =
        Note::new(action, change.number.to_string(), json!({"reason": reason})).change(change.number);
    note.tell.extend(notice::decision(view, change, &state.to_string())?);
    Ok(Decided::new(change.clone(), Some(note)))
}
