//! What falls due, done: what nobody confirmed is taken back, what was scheduled is executed, and house is kept.
//!
//! What must stay true: each duty is a transaction of its own, done by cfgctl itself; what was already settled by
//! somebody else is left alone; reading settles nothing, and says what is overdue.

use super::case::Case;
use super::change_request::{carry_out, check, standing_state};
use super::confirm::{self, take_back};
use super::identity::itself;
use super::transact::{Note, View};
use super::window::Windows;
use super::{Engine, Handle, delivery, system_log};
use crate::api::Outcome;
use crate::api::confirm::{Due, Settle, SettleReply, Settled};
use crate::domain::approval::Lack;
use crate::domain::change::State;
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::{Caller, Member};
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::store::duty::{self, Duty, Kind};
use crate::store::{change, comment, manifest, member, metadata};
use serde_json::{Value, json};

impl Handle<Settle> for Engine {
    fn handle(&mut self, caller: &Caller, request: Settle) -> Result<SettleReply> {
        let wanted = |kind| match request.which {
            Due::All => !matches!(kind, Kind::Deliver | Kind::Monitor),
            Due::Scheduled => kind == Kind::Execute,
            Due::Unconfirmed => kind == Kind::Confirm,
        };
        let due = self.look_as(caller, |_, now| Ok(itself(now)), due)?;
        let due: Vec<Duty> = due.into_iter().filter(|duty| wanted(duty.kind)).collect();
        let mut items = Vec::new();
        for duty in due {
            items.extend(if request.dry_run {
                self.announce(caller, &duty)?
            } else {
                self.settle(caller, &duty)?
            });
        }
        if !request.dry_run {
            items.extend(self.deliver_due(caller)?);
        }
        let next = self.look_as(
            caller,
            |_, now| Ok(itself(now)),
            |view| {
                let mut ahead: Vec<Timestamp> = Vec::new();
                for kind in [Kind::Confirm, Kind::Execute].into_iter().filter(|kind| wanted(*kind)) {
                    let later = |duty: &Duty| duty.due_at > view.clock;
                    ahead.extend(
                        duty::of_kind(view.db, kind)?.into_iter().filter(later).map(|duty| duty.due_at),
                    );
                }
                Ok(ahead.into_iter().min())
            },
        )?;
        // What waits for one kind of duty alone comes often, and leaves the house alone.
        let housekeeping = match request.which {
            Due::All => self.keep_house(caller, request.dry_run)?,
            Due::Scheduled | Due::Unconfirmed => Vec::new(),
        };
        let has = |result: &str| items.iter().any(|item| item.result == result);
        let outcome = if has("failed") {
            Outcome::RollbackFailed
        } else if has("held") || housekeeping.iter().any(|chore| chore.problem.is_some()) {
            Outcome::No
        } else {
            Outcome::Done
        };
        Ok(SettleReply { outcome, dry_run: request.dry_run, items, housekeeping, next })
    }
}

impl Engine {
    /// Says loudly, in the system log, what came of a duty.
    fn log(&self, remark: &str) -> Result<()> {
        if self.machine.system_log {
            system_log::warn(&self.store.read(metadata::store_id)?, remark);
        }
        Ok(())
    }

    /// Before something is written: takes back what nobody confirmed in time. What cannot be taken back is remarked on,
    /// and stays in the way of changes until it is.
    pub(super) fn settle_overdue(&mut self, caller: &Caller) -> Result<()> {
        let overdue = self.store.read(|db| {
            let (_, clock) = super::transact::times(&self.machine, crate::store::audit::head(db)?.at);
            duty::due(db, clock)
        })?;
        for duty in overdue.into_iter().filter(|duty| duty.kind == Kind::Confirm) {
            let settled = self.settle(caller, &duty)?;
            self.remark(settled.iter().map(in_words));
        }
        Ok(())
    }

    /// Goes on with every delivery that nobody else is at.
    fn deliver_due(&mut self, caller: &Caller) -> Result<Vec<Settled>> {
        let (mut items, mut seen) = (Vec::new(), Vec::new());
        // One that is taken back makes another.
        loop {
            let open = self.store.read(|db| duty::of_kind(db, Kind::Deliver))?;
            let Some(duty) = open.into_iter().find(|duty| !seen.contains(&duty.change)) else { break };
            seen.push(duty.change);
            self.deliver_wholly(caller, duty.change)?;
            items.extend(match self.came_of(&duty)? {
                // Somebody else is at it.
                None => {
                    self.announce(caller, &duty)?.map(|one| Settled { result: "underway".to_owned(), ..one })
                }
                settled => settled,
            });
        }
        for duty in self.store.read(|db| duty::of_kind(db, Kind::Monitor))? {
            self.watch_on(caller, duty.change)?;
            items.extend(self.came_of(&duty)?);
        }
        Ok(items)
    }

    /// What became of a delivery or of watching the services; nothing where that goes on.
    fn came_of(&self, duty: &Duty) -> Result<Option<Settled>> {
        let open = self.store.read(|db| duty::find(db, duty.kind, duty.change))?.is_some();
        let Some(change) = self.store.read(|db| change::by_number(db, duty.change))?.filter(|_| !open) else {
            return Ok(None);
        };
        let result = match (change.state, duty.kind) {
            (State::RolledBack, _) => "rolled-back",
            (State::Failed, _) => "failed",
            (_, Kind::Monitor) => "watched",
            _ => "delivered",
        };
        Ok(Some(Settled { problem: change.ended_because, ..settled(&change.id, duty, result) }))
    }

    /// What would be done of a duty.
    fn announce(&self, caller: &Caller, duty: &Duty) -> Result<Option<Settled>> {
        self.look_as(
            caller,
            |_, now| Ok(itself(now)),
            |view| {
                let Some(change) = change::by_number(view.db, duty.change)? else { return Ok(None) };
                Ok(Some(settled(&change.id, duty, "due")))
            },
        )
    }

    /// Does one duty; nothing where somebody else has done it meanwhile.
    fn settle(&mut self, caller: &Caller, duty: &Duty) -> Result<Option<Settled>> {
        let mut id = String::new();
        let number = duty.change.to_string();
        let done = self.transact_itself(caller, ("duty.settle", number.as_str()), |view| {
            // It may have been done, or moved, since it was looked for.
            match duty::find(view.db, duty.kind, duty.change)? {
                None => return Ok((None, None)),
                Some(present) if present.due_at > view.clock && !is_free(view, &present)? => {
                    return Ok((None, None));
                }
                Some(_) => {}
            }
            let Some(change) = change::by_number(view.db, duty.change)? else {
                duty::remove(view.db, duty.kind, duty.change)?;
                return Ok((None, None));
            };
            id.clone_from(&change.id);
            match duty.kind {
                // They are gone on with outside of any transaction.
                Kind::Deliver | Kind::Monitor => Ok((None, None)),
                Kind::Confirm => take_back_due(view, change, duty),
                Kind::Execute => execute_scheduled(view, change, duty),
            }
        });
        let failed = |result: &str, problem: &Error| Settled {
            problem: Some(problem.message.clone()),
            ..settled(&id, duty, result)
        };
        let answer = match done {
            Ok((answer, _)) => answer,
            Err(error) if error.code == Code::UnknownOutcome => return Err(error),
            // A scheduled change that could not be executed stays due.
            Err(error) if duty.kind == Kind::Execute => Some(failed("held", &error)),
            Err(error) => Some(failed("failed", &error)),
        };
        if let Some(settled) = answer.as_ref().filter(|settled| settled.result != "executed") {
            self.log(&in_words(settled))?;
        }
        Ok(answer)
    }
}

/// What is due by now, and what only a freeze or a window had moved that holds it no more.
fn due(view: &View<'_>) -> Result<Vec<Duty>> {
    let mut due = duty::due(view.db, view.clock)?;
    for later in duty::of_kind(view.db, Kind::Execute)? {
        if later.due_at > view.clock && is_free(view, &later)? {
            due.push(later);
        }
    }
    Ok(due)
}

/// Whether a scheduled change was wanted by now, was moved, and nothing stands in its way any more: a freeze that was
/// lifted early holds nothing until its former end.
fn is_free(view: &View<'_>, duty: &Duty) -> Result<bool> {
    let Some(change) = change::by_number(view.db, duty.change)? else { return Ok(false) };
    if duty.kind != Kind::Execute || change.dossier.wanted_at.is_none_or(|wanted| wanted > view.clock) {
        return Ok(false);
    }
    let demand = change.decision.demand.clone().unwrap_or_default();
    let windows = Windows::of(view, change.kind, &change.requested_by)?;
    Ok(windows.closed(view.clock, change.risk, &demand).is_none())
}

fn take_back_due(
    view: &View<'_>,
    mut change: change::Change,
    duty: &Duty,
) -> Result<(Option<Settled>, Option<Note>)> {
    if change.state != State::Confirming {
        duty::remove(view.db, duty.kind, duty.change)?;
        let note =
            Note::new("duty.drop", duty.change.to_string(), Value::Null).record("request", duty.change);
        return Ok((None, Some(note)));
    }
    let because = format!("not confirmed by {}", duty.due_at.short());
    let (back, note) = take_back(view, &mut change, &because)?;
    let answer = Settled { rollback: Some(back.number), ..settled(&change.id, duty, "rolled-back") };
    Ok((Some(answer), Some(note)))
}

fn execute_scheduled(
    view: &View<'_>,
    change: change::Change,
    duty: &Duty,
) -> Result<(Option<Settled>, Option<Note>)> {
    if !super::change_request::present_state(view, &change).is_open() {
        duty::remove(view.db, duty.kind, duty.change)?;
        let note =
            Note::new("duty.drop", duty.change.to_string(), Value::Null).record("request", duty.change);
        return Ok((None, Some(note)));
    }
    let id = change.id.clone();
    let held =
        |problem: &str| Some(Settled { problem: Some(problem.to_owned()), ..settled(&id, duty, "held") });
    if let Err(error) = confirm::refuse_while_confirming(view) {
        return Ok((held(&error.message), None));
    }
    match still_may(view, &change, duty).and_then(|()| check(view, &change)) {
        Ok(ready) => {
            let done = carry_out(view, change, ready, None)?;
            Ok((Some(settled(&id, duty, "executed")), done.note))
        }
        Err(error) if matches!(error.code, Code::Unavailable | Code::Integrity | Code::Internal) => {
            Err(error)
        }
        Err(error) => {
            let note = hold(view, change, duty, &error)?;
            Ok((held(&error.message), Some(note)))
        }
    }
}

/// `denied` where whoever scheduled it could not execute it any more: what was left behind is nobody's wish. `refused`
/// where its author never finished it.
fn still_may(view: &View<'_>, change: &change::Change, duty: &Duty) -> Result<()> {
    if change.state == State::Draft {
        return Err(Error::refused(format!("Change request {} is still a draft.", change.number))
            .hint(format!("Its author finishes it: cfgctl change-request edit {} --submit", change.id)));
    }
    let least = if duty.by == change.requested_by {
        Role::Operator
    } else {
        manifest::policy(view.db)?.requests.others
    };
    let scheduler = member::find(view.db, &duty.by)?.filter(Member::is_active);
    if duty.by == view.actor.name() || scheduler.is_some_and(|member| member.role >= least) {
        return Ok(());
    }
    Err(Error::denied(format!("{} scheduled it, and may no longer execute it.", duty.by)).hint(format!(
        "Whoever may schedules it anew: cfgctl change-request schedule {} --at TIME",
        change.id
    )))
}

/// What may not be executed now that its time has come: where only a window is shut it waits for the next, otherwise it
/// is a person's to look at, and no longer scheduled.
fn hold(view: &View<'_>, mut change: change::Change, duty: &Duty, error: &Error) -> Result<Note> {
    let policy = manifest::policy(view.db)?;
    let demand = change.decision.demand.clone().unwrap_or_default();
    let lacks = Case::of_change(view, &policy, &change)?.weigh(&demand, change.risk).lacks;
    let only_shut = error.code == Code::Refused && !lacks.is_empty() && lacks.iter().all(Lack::is_of_time);
    let windows = Windows::of(view, change.kind, &change.requested_by)?;
    let next = windows.next_open(view.clock, change.risk, &demand).filter(|_| only_shut);
    match next {
        // It stays the duty of whoever scheduled it.
        Some(next) => {
            change.dossier.wanted_at.get_or_insert(duty.due_at);
            duty::put(view.db, &Duty { due_at: next, ..duty.clone() }, view.now)?;
        }
        None => {
            change.dossier.wanted_at = None;
            duty::remove(view.db, Kind::Execute, change.number)?;
        }
    }
    change.state = standing_state(view, &change)?;
    change.updated_at = Some(view.now);
    change::put(view.db, &change)?;
    let said = comment::Comment {
        member: view.actor.name().to_owned(),
        proof: view.actor.proof.to_string(),
        at: view.now,
        text: match next {
            Some(next) => format!("Not executed: {} It is scheduled for {}.", error.message, next.short()),
            None => format!("Not executed, and no longer scheduled: {}", error.message),
        },
    };
    comment::insert(view.db, change.number, &said)?;
    let detail = json!({"problem": error.message, "scheduled_at": next});
    Ok(Note::new("change.hold", change.number.to_string(), detail).change(change.number))
}

fn settled(id: &str, duty: &Duty, result: &str) -> Settled {
    Settled {
        change: duty.change,
        id: id.to_owned(),
        duty: duty.kind.name().to_owned(),
        due_at: duty.due_at,
        result: result.to_owned(),
        problem: None,
        rollback: None,
    }
}

/// What was settled, or could not be, in a sentence.
fn in_words(settled: &Settled) -> String {
    let Settled { change, due_at, problem, .. } = settled;
    match (settled.result.as_str(), problem) {
        ("rolled-back", _) => {
            format!("Change {change} was not confirmed by {}: its former state is back.", due_at.short())
        }
        ("held", Some(problem)) => {
            format!("Change {change} was due at {} and not executed: {problem}", due_at.short())
        }
        (_, Some(problem)) => format!(
            "Change {change} was not confirmed by {}, and its former state could NOT be brought back: {problem}",
            due_at.short()
        ),
        _ => format!("Change {change}: {}.", settled.result),
    }
}

/// What is overdue, in sentences for those who only read.
pub(super) fn overdue(view: &View<'_>, duties: &[Duty]) -> Vec<String> {
    let said = |duty: &Duty| match duty.kind {
        Kind::Confirm => Some(format!(
            "Change {} was not confirmed by {}: its former state returns with the next write, or now: cfgctl settle",
            duty.change,
            duty.due_at.short()
        )),
        Kind::Execute => Some(format!(
            "Change {} was to be executed at {}: cfgctl change-request execute --due",
            duty.change,
            duty.due_at.short()
        )),
        Kind::Deliver if !delivery::is_abandoned(view, duty.change) => None,
        Kind::Deliver => Some(format!(
            "Change {} is in force, and its delivery to the services was cut short: cfgctl settle",
            duty.change
        )),
        Kind::Monitor if !delivery::is_abandoned(view, duty.change) => None,
        Kind::Monitor => Some(format!(
            "The services were to be watched until {} after change {}, and were not: cfgctl settle",
            duty.due_at.short(),
            duty.change
        )),
    };
    duties.iter().filter(|duty| duty.due_at <= view.clock).filter_map(said).collect()
}
