//! What cannot wait: a change that is executed at once, without the approvals that its risk demands.
//!
//! What must stay true: it is valid, backed up and on record like any other; the mark, the one entry of the audit log
//! and what it did are one transaction; who owes a review makes no other while somebody else could have looked.

mod answer;
mod attention;
mod debt;
mod list;

use super::apply::{self, Steps};
use super::backup_file;
use super::case::{Case, requesters_of};
use super::change::{Parts, Returning, answer_again, draft, reply_to};
use super::confirm::{self, take_back_with};
use super::plan::{Going, Plan, Wanted, plan};
use super::rollback::{check_origin, wanted_of};
use super::seal::{text_of_document, text_of_items};
use super::state::Selection;
use super::terms::{check_terms, check_terms_id, check_text};
use super::transact::{Note, View};
use super::wanted::{read_document, read_items};
use super::{Engine, Handle, notice, view, vote};
use crate::api::Outcome;
use crate::api::change::ChangeReply;
use crate::api::emergency::{EmergencyReply, MakeEmergency, SettledView, What};
use crate::api::rollback::BackupSource;
use crate::domain::approval::{Verdict, missing_approvals};
use crate::domain::backup::{self};
use crate::domain::change::{Kind, content_hash, hex};
use crate::domain::emergency::{Settlement, asked_of, may_be_asked};
use crate::domain::error::{Error, Result};
use crate::domain::member::{Caller, Member};
use crate::domain::notice::{Event, Notice};
use crate::domain::path::Path;
use crate::domain::policy::Policy;
use crate::store::change::{self, Change, Step};
use crate::store::emergency::{self, Mark};
use crate::store::{manifest, member, metadata};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(super) use attention::attention;
pub(super) use debt::{reviewers_of, who};
pub(super) use list::{mark, mark_view};

impl Handle<MakeEmergency> for Engine {
    fn handle(&mut self, caller: &Caller, request: MakeEmergency) -> Result<EmergencyReply> {
        let terms = &request.terms;
        check_terms(terms)?;
        check_text("justification", request.justification.as_deref().unwrap_or_default())?;
        let body = |view: &View<'_>| {
            let asked = content_hash(Kind::Emergency, &terms.reason, &text_of(view, &request)?);
            match change::by_id(view.db, &terms.id)? {
                Some(former) => {
                    let (change, note) = answer_again(view, &former, &asked)?;
                    Ok((EmergencyReply { change, settled: None, confirm_name: None }, note))
                }
                None => make(view, &request, asked),
            }
        };
        check_terms_id(terms)?;
        let (mut reply, audit_head) = self.act(caller, "change.emergency", terms.dry_run, body)?;
        reply.change.audit_head = audit_head;
        Ok(reply)
    }
}

/// What is asked for, as an id stands for it.
fn text_of(view: &View<'_>, request: &MakeEmergency) -> Result<String> {
    let what = match &request.what {
        What::Items(items) => text_of_items(view, items)?,
        What::Document(document) => text_of_document(view, document)?,
        What::Backup { path, from: BackupSource::File { name, content }, foreign } => {
            format!("{path} {name} {} {foreign}", hex(&Sha256::digest(content)))
        }
        What::Backup { path, from: BackupSource::Name(name), foreign } => format!("{path} {name} {foreign}"),
    };
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(format!("{what} {} {}", said(&request.justification), said(&request.approver)))
}

fn make(view: &View<'_>, request: &MakeEmergency, asked: String) -> Result<(EmergencyReply, Option<Note>)> {
    let terms = &request.terms;
    let steps = Steps::begin(view);
    let policy = manifest::policy(view.db)?;
    require(view, &policy)?;
    debt::refuse(view, &policy)?;
    let within = confirm::span_of(terms.confirm_within, &policy)?;
    let elsewhere = request.backup_to.as_deref().map(std::path::Path::new);
    elsewhere.map_or(Ok(()), backup_file::check_directory)?;
    let (wanted, returning) = wanted(view, &request.what)?;
    let going = Going::back(returning.is_some(), false);
    let mut plan = plan(view, wanted.clone(), &policy, going)?;
    plan.refuse_issues()?;
    let pending = change::confirming(view.db)?;
    let settlement = settlement(pending.as_ref(), request.settle)?;
    let takes_back = settlement == Some(Settlement::Cancel);
    if plan.items.is_empty() && !takes_back {
        let change = ChangeReply {
            dry_run: terms.dry_run,
            unchanged: plan.unchanged,
            warnings: plan.warnings,
            ..ChangeReply::unchanged()
        };
        return Ok((EmergencyReply { change, settled: None, confirm_name: None }, None));
    }
    let justification = said(&request.justification, terms.dry_run, "justification", "why it cannot wait")?;
    let mut approver = approver(view, request, &policy, &plan)?;
    if let Some(expected) = &terms.expect
        && *expected != plan.digest(0)
    {
        return Err(Error::conflict("The change is no longer the one that was shown: something has moved.")
            .hint("Look at it again with --dry-run."));
    }
    let mut told = pending.as_ref().zip(settlement).map(|(pending, how)| SettledView {
        change: pending.number,
        how,
        taken_back_by: None,
    });
    let mut settled = None;
    if let (Some(pending), Some(settlement), false) = (pending, settlement, terms.dry_run) {
        let done = settle(view, pending, settlement, elsewhere)?;
        told = told.map(|told| SettledView { taken_back_by: done.back, ..told });
        settled = Some(done);
    }
    if takes_back && !terms.dry_run {
        // What was taken back moves what this one finds.
        plan = replan(view, wanted, &policy, going)?;
        approver = self::approver(view, request, &policy, &plan)?;
    }
    let parts = Parts { kind: Kind::Emergency, terms, plan: &plan, returning, asked, within, waits: false };
    let mut change = draft(view, &policy, parts)?;
    change.decision.demand = Some(plan.demand.clone());
    let own = Case::of_new(view, &policy, &plan.demand, Kind::Emergency, true)?;
    let mark = Mark {
        change: change.number,
        justification,
        approver,
        skipped: missing_approvals(&own.weigh(&plan.demand, plan.risk).lacks),
        demand: plan.demand.clone(),
        review_due: view.clock.after(policy.emergency.review_within),
        answer: None,
    };
    if terms.dry_run {
        return tried(view, &change, plan, &mark, told);
    }
    let mut warnings = plan.warnings.clone();
    let mut note = apply::execute_with(view, &policy, &plan, &mut change, steps, elsewhere)?;
    note_verification(view, &policy, &mut change, &mut warnings)?;
    emergency::put(view.db, &mark)?;
    note.action = "change.emergency".to_owned();
    describe(&mut note.detail, &change, &mark);
    if let Some(Settled { detail, note: other, .. }) = settled {
        note.detail["settled"] = detail;
        note.records.extend(other.records);
        note.remove_after.extend(other.remove_after);
        note.tell.extend(other.tell);
    }
    note.tell.extend(notice(view, &policy, &change, &mark)?);
    let reply = reply_to(view, &change, Outcome::Done, plan.unchanged, warnings, false)?;
    Ok((EmergencyReply { change: reply, settled: told, confirm_name: None }, Some(note)))
}

/// The plan after another change was taken back. `conflict` where that alone was enough.
fn replan(view: &View<'_>, wanted: Vec<Wanted>, policy: &Policy, going: Going) -> Result<Plan> {
    let plan = plan(view, wanted, policy, going)?;
    plan.refuse_issues()?;
    if plan.items.is_empty() {
        return Err(Error::conflict("Taking back what waits to be confirmed leaves nothing else to do.")
            .hint("That alone: cfgctl confirm --cancel"));
    }
    Ok(plan)
}

/// What would be done, and the name to type first.
fn tried(
    view: &View<'_>,
    change: &Change,
    plan: Plan,
    mark: &Mark,
    settled: Option<SettledView>,
) -> Result<(EmergencyReply, Option<Note>)> {
    let mut shown = view::of_plan(view, change, &plan, Verdict::default())?;
    shown.emergency = Some(mark_view(mark, false));
    let change = ChangeReply {
        outcome: Outcome::Done,
        dry_run: true,
        change: Some(shown),
        unchanged: plan.unchanged,
        warnings: plan.warnings,
        next: None,
        audit_head: None,
    };
    Ok((EmergencyReply { change, settled, confirm_name: Some(manifest::instance(view.db)?) }, None))
}

/// `denied` for programs, and for those who neither have the role nor are on call.
fn require(view: &View<'_>, policy: &Policy) -> Result<()> {
    let me = &view.actor.member;
    let terms = &policy.emergency;
    if !me.is_person() {
        return Err(Error::denied(format!(
            "{} is a program, and an emergency is a person's to declare.",
            me.name
        ))
        .hint("Call whoever is on call: cfgctl emergency contacts"));
    }
    if me.role >= terms.role || terms.on_call.contains(&me.name) {
        return Ok(());
    }
    Err(Error::denied(format!(
        "{} is {}, and an emergency asks for {}, or for somebody named on call.",
        me.name, me.role, terms.role
    ))
    .hint("Call whoever is on call: cfgctl emergency contacts"))
}

/// What is wanted, and what it goes back to.
fn wanted(view: &View<'_>, what: &What) -> Result<(Vec<Wanted>, Option<Returning>)> {
    match what {
        What::Items(items) => Ok((read_items(view, items)?, None)),
        What::Document(document) => Ok((read_document(view, document)?, None)),
        What::Backup { path, from, foreign } => {
            let path = Path::parse(path)?;
            let (name, backup) = match from {
                BackupSource::Name(name) => (name, super::backup::recorded(view, name)?.1),
                BackupSource::File { name, content } => (name, backup::read(name, content)?),
            };
            check_origin(view, name, &backup, *foreign)?;
            let selection = Selection::new(&[path.to_string()], None)?;
            let (mut wanted, _) = wanted_of(view, backup, &selection)?;
            wanted.retain(|(held, _)| *held == path);
            if wanted.is_empty() {
                return Err(Error::not_found(format!("The backup {name} does not hold {path}."))
                    .hint(format!("See what it holds: cfgctl backup show {name}")));
            }
            let to = format!("the backup {name}");
            Ok((wanted, Some(Returning { to, ..Returning::default() })))
        }
    }
}

/// What becomes of a change that waits to be confirmed; none where none does. `conflict` where nobody said.
fn settlement(pending: Option<&Change>, said: Option<Settlement>) -> Result<Option<Settlement>> {
    let Some(pending) = pending else { return Ok(None) };
    if said.is_some() {
        return Ok(said);
    }
    Err(Error::conflict(format!(
        "Change {} by {} waits to be confirmed, and an emergency has to say what becomes of it.",
        pending.number,
        pending.executed_by.as_deref().unwrap_or(&pending.requested_by)
    ))
    .hint("Say whether it stays or is taken back first: --settle confirm, or --settle cancel"))
}

/// What became of a change that waited to be confirmed.
struct Settled {
    detail: Value,
    note: Note,
    /// The change that brought its former state back.
    back: Option<i64>,
}

/// Settles the change that waits to be confirmed.
fn settle(
    view: &View<'_>,
    mut pending: Change,
    settlement: Settlement,
    elsewhere: Option<&std::path::Path>,
) -> Result<Settled> {
    let number = pending.number;
    let mut detail = json!({"change": number, "how": settlement});
    let mut taken_back_by = None;
    let note = match settlement {
        Settlement::Confirm => confirm::keep(view, &mut pending)?,
        Settlement::Cancel => {
            let because = format!("taken back by {} for an emergency", view.actor.name());
            let (back, note) = take_back_with(view, &mut pending, &because, elsewhere)?;
            detail["taken_back_by"] = json!(back.number);
            taken_back_by = Some(back.number);
            note
        }
    };
    Ok(Settled { detail, note, back: taken_back_by })
}

/// A text that only a dry run goes without. `usage` names the flag.
fn said(given: &Option<String>, dry_run: bool, flag: &str, what: &str) -> Result<String> {
    match given.as_deref().map(str::trim) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ if dry_run => Ok(String::new()),
        _ => {
            Err(Error::usage(format!("An emergency has to say {what}.")).hint(format!("Say it: --{flag} …")))
        }
    }
}

/// The member who was asked: somebody present who could have approved. `not-found`, `refused`.
fn approver(view: &View<'_>, request: &MakeEmergency, policy: &Policy, plan: &Plan) -> Result<String> {
    let name = said(&request.approver, request.terms.dry_run, "approver", "who was asked")?;
    if name.is_empty() {
        return Ok(name);
    }
    let requesters = requesters_of(view, view.actor.name())?;
    let solo = metadata::is_solo(view.db)?;
    let may = |vote: &crate::domain::approval::Vote| may_be_asked(&plan.demand, vote, &requesters, solo);
    let present = vote::present(view, policy)?;
    let could: Vec<&str> = present.iter().filter(|vote| may(vote)).map(|vote| vote.member.as_str()).collect();
    let hint = if could.is_empty() {
        "Nobody present could have: invite somebody, cfgctl member invite NAME --role ROLE".to_owned()
    } else {
        format!("Ask one who could have approved: {}", who(&could))
    };
    let Some(found) = member::find(view.db, &name)?.filter(Member::is_active) else {
        return Err(Error::not_found(format!("{name} is no member who may act.")).hint(hint));
    };
    if could.contains(&found.name.as_str()) {
        return Ok(found.name);
    }
    let asked = match asked_of(&plan.demand) {
        asked if asked.is_empty() => "another person who is admin or above".to_owned(),
        asked => format!("{asked}, not the requester"),
    };
    Err(Error::refused(format!(
        "{name} could not have approved this {} change: it asks for {asked}.",
        plan.risk
    ))
    .hint(hint))
}

/// Says on the step itself that every path was read back within the policy's time, or later than that.
fn note_verification(
    view: &View<'_>,
    policy: &Policy,
    change: &mut Change,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let limit = policy.emergency.verify;
    let Some(step) = change.steps.iter_mut().find(|step: &&mut Step| step.name == "verification") else {
        return Ok(());
    };
    let late = u128::try_from(step.duration_us).unwrap_or_default() > limit.duration().as_micros();
    if late {
        step.result += &format!(", later than {limit}");
        warnings.push(format!("Reading back took longer than {limit}: look whether the machine is well."));
    } else {
        step.result += &format!(" within {limit}");
    }
    let usual = apply::usual_backup(change.number, view.now);
    let backup = change.backup.clone().filter(|name| *name != usual);
    change::put(view.db, &Change { backup, ..change.clone() })
}

/// Tells the one who was asked, and those whose approval was skipped.
fn notice(view: &View<'_>, policy: &Policy, change: &Change, mark: &Mark) -> Result<Option<Notice>> {
    let skipped = match asked_of(&mark.demand) {
        of if of.is_empty() => "it asked for no approval".to_owned(),
        _ if mark.skipped == 0 => "its own approval was enough".to_owned(),
        of => format!("the approval of {of} was skipped"),
    };
    let summary = format!(
        "{} made emergency change {} ({} risk): {skipped}, and {} is said to have agreed",
        view.actor.name(),
        change.number,
        change.risk,
        mark.approver
    );
    let mut to = vec![mark.approver.clone()];
    to.extend(reviewers_of(view, policy, change, mark)?.into_iter().filter(|name| *name != mark.approver));
    notice::custom(view, change, Event::Emergency, &summary, to)
}

/// What the audit log keeps of it.
fn describe(detail: &mut Value, change: &Change, mark: &Mark) {
    let facts = json!({
        "risk": change.risk,
        "skipped": mark.skipped,
        "skipped_of": asked_of(&mark.demand),
        "asked": mark.approver,
        "justification": mark.justification,
        "reason": change.reason,
        "review_due": mark.review_due,
        "backup": change.backup,
    });
    if let (Value::Object(detail), Value::Object(facts)) = (detail, facts) {
        detail.extend(facts);
    }
}
