//! What happens to a change that waits: found, listed, shown, decided about.
//!
//! What must stay true: what is executed is what was approved (same items, same values before); the policy that let it
//! wait and the one in force are both satisfied; one vote a person, bound to the digest, counted by the role they have now.

mod approve;
mod edit;
mod execute;

use super::case::Case;
use super::change::outcome_of;
use super::history::{cursor, cut, page};
use super::mask::Mask;
use super::standing::{self, Now};
use super::transact::{Note, View};
use super::{Engine, Handle, governance, review, view};
use crate::api::Outcome;
use crate::api::change_request::{
    DecisionReply, ListRequests, ListRequestsReply, RequestSummary, ShowRequest, ShowRequestReply,
};
use crate::domain::approval::Verdict;
use crate::domain::change::{Item, Kind, State, Validity, digest};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::policy::Policy;
use crate::domain::role::Role;
use crate::store::change::{self, Change, Review, Which};
use crate::store::manifest;

pub(super) use approve::may_approve;
pub(super) use execute::{carry_out, check};

/// How much of an id names a change.
const LEAST_OF_ID: usize = 6;

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
    let mut found = change::by_beginning(view.db, &name)?;
    match (found.pop(), found.pop()) {
        (Some(_), Some(_)) => Err(Error::usage(format!("Several changes begin with {name}."))
            .hint("Give more of the id, or the number: cfgctl change-request list --all")),
        (Some(_), None) if name.len() < LEAST_OF_ID => Err(Error::usage(format!(
            "{name} is too little of an id: at least {LEAST_OF_ID} characters are needed."
        ))
        .hint("Give more of the id, or the number: cfgctl change-request list --all")),
        (Some(one), None) => Ok(one),
        _ => Err(missing()),
    }
}

impl Handle<ListRequests> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListRequests) -> Result<ListRequestsReply> {
        self.look(caller, |view| {
            let which = match request.state {
                Some(state) => Which::In(state),
                None if request.unreviewed => Which::Unreviewed,
                None if request.restart_pending => Which::RestartPending,
                None if request.all => Which::All,
                None => Which::Open,
            };
            let limit = page(request.limit);
            let policy = manifest::policy(view.db)?;
            let mut found = change::list(view.db, which, cursor(request.after.as_deref())?, limit + 1)?;
            let next = cut(&mut found, limit, |change| change.number);
            let items =
                found.into_iter().map(|change| summary(view, &policy, change)).collect::<Result<_>>()?;
            Ok(ListRequestsReply { items, next })
        })
    }
}

fn summary(view: &View<'_>, policy: &Policy, change: Change) -> Result<RequestSummary> {
    let mut state = present_state(view, &change);
    let mut validity = None;
    if state.is_open() {
        let case = Case::of_change(view, policy, &change)?;
        let now = Now::of(view, policy, &change, &case)?;
        state = now.state(view, &change)?;
        validity = Some(now.validity);
    }
    Ok(RequestSummary {
        state,
        validity,
        title: change.dossier.title,
        id: change.id,
        number: change.number,
        kind: change.kind,
        risk: change.risk,
        requested_by: change.requested_by,
        created_at: change.created_at,
        reason: change.reason,
        version: change.version,
        unreviewed: change.review == Some(Review::Due),
        restart: change.restart.map(|restart| restart.name().to_owned()),
    })
}

/// The state as it is now: nobody has to write down that time has passed.
pub(super) fn present_state(view: &View<'_>, change: &Change) -> State {
    let over = change.state.is_open() && change.expires_at.is_some_and(|end| end <= view.clock);
    if over { State::Expired } else { change.state }
}

/// Where an open request stands by what it has and lacks.
pub(super) fn standing_state(view: &View<'_>, change: &Change) -> Result<State> {
    let policy = manifest::policy(view.db)?;
    let case = Case::of_change(view, &policy, change)?;
    Now::of(view, &policy, change, &case)?.state(view, change)
}

impl Handle<ShowRequest> for Engine {
    fn handle(&mut self, caller: &Caller, request: ShowRequest) -> Result<ShowRequestReply> {
        self.look(caller, |view| {
            let found = find(view, &request.id)?;
            let (shown, issues) = view::with_issues(view, &found)?;
            let stale = matches!(shown.validity, Some(Validity::Stale | Validity::Held));
            let next = match view::next_command(view, &found, &shown)? {
                None => review::next_command(view, &found, &shown)?,
                next => next,
            };
            Ok(ShowRequestReply { change: shown, stale, issues, next })
        })
    }
}

/// An open change. `conflict` where it ended, `refused` where it expired.
pub(super) fn open(view: &View<'_>, name: &str) -> Result<Change> {
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

/// The same, where people may decide about it. `refused` where it is a draft.
fn decidable(view: &View<'_>, name: &str) -> Result<Change> {
    let found = open(view, name)?;
    if found.state == State::Draft {
        return Err(Error::refused(format!("Change request {} is still a draft.", found.number))
            .hint(format!("Its author finishes it: cfgctl change-request edit {} --submit", found.id)));
    }
    Ok(found)
}

/// `denied` where the caller may not do something with a change that somebody else asked for, or with their own.
pub(super) fn require_for(view: &View<'_>, change: &Change, own: &str, others: &str) -> Result<()> {
    let me = view.actor.name();
    let mine = change.requested_by == me || change.executed_by.as_deref() == Some(me);
    if mine {
        return view.actor.require(Role::Operator, own);
    }
    view.actor.require(manifest::policy(view.db)?.requests.others, others)
}

/// What approvals are bound to must still be what is recorded: `integrity` where somebody altered it.
fn check_digest(view: &View<'_>, change: &Change) -> Result<()> {
    if change.digest.as_deref() == Some(digest_of(view, change)?.as_str()) {
        return Ok(());
    }
    Err(Error::integrity(format!("Change request {} was altered after it was recorded.", change.number))
        .hint("Find out what else was: cfgctl audit verify --full"))
}

/// The digest of a request as it is recorded.
pub(super) fn digest_of(view: &View<'_>, change: &Change) -> Result<String> {
    let items = change::items(view.db, change.number)?;
    let demand = change.decision.demand.clone().unwrap_or_default();
    Ok(digest(items.iter().map(change::Other::parts), change.risk, &demand, change.dossier.edition))
}

/// `conflict` where what a request was made against has moved.
pub(super) fn refuse_stale(view: &View<'_>, change: &Change) -> Result<()> {
    if change.kind.governs() {
        return governance::check(view, change);
    }
    let moved = standing::moved(view, change)?;
    let Some(first) = moved.first() else { return Ok(()) };
    let what = match moved.iter().find_map(|moved| moved.by_request) {
        Some(number) => format!("held: change request {number} has landed on its paths"),
        None => "stale".to_owned(),
    };
    let all: Vec<String> = moved.iter().map(standing::Moved::in_words).collect();
    let by = if moved.len() == 1 { first.in_words() } else { all.join("; ") };
    Err(Error::conflict(format!("Change request {} is {what}. {by}.", change.number)).hint(
        match change.kind {
            Kind::Reload => "Read the sources again: cfgctl reload --force".to_owned(),
            _ => format!("Its author looks again: cfgctl change-request refresh {}", change.id),
        },
    ))
}

impl Engine {
    /// Decides about a request, or says what would be decided.
    pub(super) fn decide(
        &mut self,
        caller: &Caller,
        attempt: (&str, &str),
        dry_run: bool,
        body: impl FnOnce(&View<'_>) -> Result<Decided>,
    ) -> Result<DecisionReply> {
        let answer = |view: &View<'_>, decided: Decided| {
            let mut change = view::of_change(view, &decided.change)?;
            if let Some(verdict) = decided.verdict {
                change.state = decided.change.state;
                (change.missing, change.advice) = (verdict.lacks, verdict.advice);
            }
            let mask = Mask::new(view);
            let comes_back = decided
                .comes_back
                .iter()
                .map(|item| view::item_view(view, &mask, item))
                .collect::<Result<_>>()?;
            let outcome = decided.outcome.unwrap_or_else(|| outcome_of(decided.change.state));
            let next = if dry_run { None } else { view::next_command(view, &decided.change, &change)? };
            let reply = DecisionReply {
                outcome,
                dry_run,
                change,
                comes_back,
                warnings: decided.warnings,
                next,
                audit_head: None,
            };
            Ok((reply, decided.note))
        };
        let (reply, audit_head) = self.act(caller, attempt, dry_run, |view| answer(view, body(view)?))?;
        Ok(DecisionReply { audit_head, ..reply })
    }
}

/// What was decided.
pub(super) struct Decided {
    pub(super) change: Change,
    pub(super) warnings: Vec<String>,
    pub(super) outcome: Option<Outcome>,
    pub(super) note: Option<Note>,
    /// What it would lack, where this only says what would happen.
    pub(super) verdict: Option<Verdict>,
    /// What would come back, where this only says so.
    pub(super) comes_back: Vec<Item>,
}

impl Decided {
    pub(super) fn new(change: Change, note: Option<Note>) -> Decided {
        Decided { change, warnings: Vec::new(), outcome: None, note, verdict: None, comes_back: Vec::new() }
    }
}
