//! The one way in: what is wanted becomes a change, which is executed at once or waits for what its risk demands.

mod draft;
mod reply;

pub(super) use draft::{Parts, approve_own, draft, request};
pub(super) use reply::{answer_again, id_taken, outcome_of, reply_to};

use super::apply::{self, Steps};
use super::case::Case;
use super::delivery::check_quarantine;
use super::plan::{Going, Plan, Wanted, plan};
use super::seal::{text_of_document, text_of_items};
use super::terms::{check_reviewers, check_terms, check_terms_id};
use super::transact::{Note, View};
use super::wanted::{leave_nothing_else, read_document, read_items};
use super::{Engine, Handle, confirm, notice, schedule, view};
use crate::api::Outcome;
use crate::api::change::{ApplyDocument, ChangeReply, LOOK_AGAIN, MakeChange, Mode, Terms};
use crate::domain::approval::{Lack, Verdict};
use crate::domain::change::{Item, Kind, content_hash};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::monitor::Condition;
use crate::domain::policy::Policy;
use crate::domain::risk;
use crate::domain::role::Role;
use crate::domain::time::Span;
use crate::store::change::{self, Change};
use crate::store::{manifest, overrides, version};
use reply::reply_with;

/// What somebody wants to change.
pub(super) struct Proposal<'a> {
    pub(super) kind: Kind,
    pub(super) terms: &'a Terms,
    pub(super) wanted: Vec<Wanted>,
    /// What it goes back to, where it does.
    pub(super) returning: Option<Returning>,
}

/// What a change goes back to.
#[derive(Debug, Clone, Default)]
pub(super) struct Returning {
    /// In words.
    pub(super) to: String,
    /// Whether history proves that every value was in force lately.
    pub(super) proven: bool,
    /// What set it off.
    pub(super) trigger: Option<String>,
}

impl Handle<MakeChange> for Engine {
    fn handle(&mut self, caller: &Caller, request: MakeChange) -> Result<ChangeReply> {
        if !matches!(request.kind, Kind::Set | Kind::Unset | Kind::Edit | Kind::Batch) {
            return Err(Error::usage(format!("A change of values cannot be of the kind {}.", request.kind))
                .hint("The kinds are set, unset, edit and batch."));
        }
        let asked = |view: &View<'_>| text_of_items(view, &request.items);
        self.propose(caller, request.kind, &request.terms, asked, |view| {
            Ok(Proposal {
                kind: request.kind,
                terms: &request.terms,
                wanted: read_items(view, &request.items)?,
                returning: None,
            })
        })
    }
}

impl Handle<ApplyDocument> for Engine {
    fn handle(&mut self, caller: &Caller, request: ApplyDocument) -> Result<ChangeReply> {
        let asked = |view: &View<'_>| {
            let document = text_of_document(view, &request.document)?;
            Ok(format!("{document} {}", request.exact.as_deref().unwrap_or_default()))
        };
        self.propose(caller, Kind::Batch, &request.terms, asked, |view| {
            let mut wanted = read_document(view, &request.document)?;
            if let Some(prefix) = &request.exact {
                leave_nothing_else(view, prefix, &mut wanted)?;
            }
            Ok(Proposal { kind: Kind::Batch, terms: &request.terms, wanted, returning: None })
        })
    }
}

impl Engine {
    /// Plans a change and, unless only asked what would happen, records and perhaps executes it.
    pub(super) fn propose<'a>(
        &mut self,
        caller: &Caller,
        kind: Kind,
        terms: &'a Terms,
        asked: impl FnOnce(&View<'_>) -> Result<String>,
        read: impl FnOnce(&View<'_>) -> Result<Proposal<'a>>,
    ) -> Result<ChangeReply> {
        check_terms(terms)?;
        let body = |view: &View<'_>| {
            let asked = content_hash(kind, &terms.reason, &asked(view)?);
            match change::by_id(view.db, &terms.id)? {
                Some(former) => answer_again(view, &former, &asked),
                None => {
                    let proposal = read(view)?;
                    propose(view, proposal, asked)
                }
            }
        };
        check_terms_id(terms)?;
        let (reply, audit_head) = self.act(caller, format!("change.{kind}").as_str(), terms.dry_run, body)?;
        Ok(ChangeReply { audit_head, ..reply })
    }
}

/// Plans a proposal, and records and perhaps executes it unless it is a dry run.
fn propose(view: &View<'_>, proposal: Proposal<'_>, asked: String) -> Result<(ChangeReply, Option<Note>)> {
    let terms = proposal.terms;
    view.actor.require(Role::Operator, "making a change")?;
    check_reviewers(view, &terms.dossier)?;
    terms.dossier.rollback_if.iter().try_for_each(|text| Condition::read(text).map(drop))?;
    let steps = Steps::begin(view);
    check_if_version(view, terms.if_version, &proposal.wanted)?;
    let policy = manifest::policy(view.db)?;
    let within = confirm::span_of(terms.confirm_within, &policy)?;
    let proven = proposal.returning.as_ref().is_some_and(|returning| returning.proven);
    let going = Going::back(proposal.returning.is_some(), proven);
    let plan = plan(view, proposal.wanted, &policy, going)?;
    plan.refuse_issues()?;
    let mut warnings = plan.warnings.clone();
    if plan.items.is_empty() {
        let reply = ChangeReply {
            dry_run: terms.dry_run,
            unchanged: plan.unchanged,
            warnings,
            ..ChangeReply::unchanged()
        };
        return Ok((reply, None));
    }
    check_quarantine(view, &plan.items, terms.allow_rolled_back, terms.dry_run)?;
    let case = Case::of_new(view, &policy, &plan.demand, proposal.kind, terms.rollback_plan.is_some())?;
    let verdict = case.weigh(&plan.demand, plan.risk);
    if terms.mode != Mode::Draft && verdict.lacks.contains(&Lack::RollbackPlan) {
        return Err(Error::refused(format!(
            "A {} change needs {}. {}",
            plan.risk,
            Lack::RollbackPlan.in_words(),
            risk::why(&plan.reasons)
        ))
        .hint("Say how to get back: --rollback-plan \"…\""));
    }
    warnings.extend(verdict.advice.iter().map(Lack::as_advice));
    let only_asked = terms.mode != Mode::Execute || terms.schedule.is_some();
    let waits = only_asked || !verdict.lacks.is_empty();
    if !only_asked {
        refuse_closed(view, &policy, &plan, &case, &verdict)?;
    }
    if waits && let Some(mine) = equal_open_request(view, &plan.items, terms, within)? {
        let reply = reply_to(view, &mine, Outcome::Pending, plan.unchanged, warnings, terms.dry_run)?;
        return Ok((reply, None));
    }
    let Proposal { kind, returning, .. } = proposal;
    let parts = Parts { kind, terms, plan: &plan, returning, asked, within, waits };
    let mut change = draft(view, &policy, parts)?;
    if let Some(at) = terms.schedule {
        schedule::check_time(view, &change, at, schedule::as_option)?;
    }
    if !waits {
        confirm::refuse_while_confirming(view)?;
    }
    // After every rule that may refuse it, so that what was refused when it was tried goes on record with that rule.
    if let Some(expected) = &terms.expect
        && *expected != plan.digest(0)
    {
        return Err(Error::conflict("The change is no longer the one that was shown: something has moved.")
            .hint(LOOK_AGAIN));
    }
    if terms.dry_run {
        let reply = ChangeReply {
            outcome: if waits { Outcome::Pending } else { Outcome::Done },
            dry_run: true,
            change: Some(view::of_plan(view, &change, &plan, verdict)?),
            unchanged: plan.unchanged,
            warnings,
            next: None,
            audit_head: None,
        };
        return Ok((reply, None));
    }
    let (outcome, note) = if waits {
        let mut note = request(view, &policy, &plan, &mut change, terms)?;
        if terms.mode != Mode::Draft {
            note.tell.extend(notice::request(view, &change, &verdict.lacks)?);
        }
        (Outcome::Pending, note)
    } else {
        (Outcome::Done, apply::execute(view, &policy, &plan, &mut change, steps)?)
    };
    let shown = view::of_change_with(view, &change, &plan.items)?;
    let reply = reply_with(view, &change, shown, outcome, plan.unchanged, warnings, false)?;
    Ok((reply, Some(note)))
}

/// Where only a window or a freeze stands in the way there is nobody to ask: it is refused, with what would be allowed.
fn refuse_closed(
    view: &View<'_>,
    policy: &Policy,
    plan: &Plan,
    case: &Case,
    verdict: &Verdict,
) -> Result<()> {
    let closed = verdict.lacks.iter().find(|lack| lack.is_of_time());
    let Some(closed) = closed.filter(|_| verdict.lacks.iter().all(Lack::is_of_time)) else { return Ok(()) };
    let end = view.clock.after(policy.requests.expire_after);
    let hint = schedule::hint(case.next_open(&plan.demand, plan.risk), Some(end), schedule::as_option);
    let why = risk::why(&plan.reasons);
    Err(Error::refused(format!("A {} change waits for {}. {why}", plan.risk, closed.in_words())).hint(hint))
}

fn check_if_version(view: &View<'_>, expected: Option<i64>, wanted: &[Wanted]) -> Result<()> {
    let Some(expected) = expected else { return Ok(()) };
    let current = version::current(view.db)?.map_or(0, |version| version.id);
    if expected > current {
        return Err(Error::conflict(format!(
            "There is no version {expected} yet: the current one is {current}."
        ))
        .hint("See what there is: cfgctl version list"));
    }
    for (path, _) in wanted {
        let Some(row) = overrides::find(view.db, path.as_str())? else { continue };
        if expected == 0 && row.value.is_some() {
            return Err(Error::conflict(format!(
                "{path} is already set, by {} at version {}.",
                row.by, row.version
            ))
            .hint(format!("See it: cfgctl get {path:#}")));
        }
        if expected > 0 && row.version > expected {
            return Err(Error::conflict(format!(
                "{path} has changed since version {expected}: {} did at version {}.",
                row.by, row.version
            ))
            .hint(format!("See what happened: cfgctl history {path:#}")));
        }
    }
    Ok(())
}

/// The caller's own open request that would do the very same, at the time and with the deadline that are named now.
fn equal_open_request(
    view: &View<'_>,
    items: &[Item],
    terms: &Terms,
    within: Option<Span>,
) -> Result<Option<Change>> {
    let Some(first) = items.first() else { return Ok(None) };
    for id in change::open_on_path(view.db, first.path.as_str())? {
        let Some(open) = change::by_id(view.db, &id)? else { continue };
        let alive = open.expires_at.is_none_or(|end| end > view.clock);
        if alive
            && open.requested_by == view.actor.name()
            && within.is_none_or(|within| open.dossier.confirm_within == Some(within))
            && change::value_items(view.db, open.number)? == items
            && (terms.schedule.is_none() || terms.schedule == schedule::time_of(view, &open)?)
        {
            return Ok(Some(open));
        }
    }
    Ok(None)
}
