//! Letting somebody approve in one's place, until a time.
//!
//! What must stay true: one gives only what is one's own, to another person, and it ends; what it counts for is
//! decided where votes are weighed (`vote`).

use super::terms::check_reason;
use super::transact::{Note, View};
use super::{Engine, Handle};
use crate::api::delegation::{
    Delegate, DelegateReply, DelegationView, ListDelegations, ListDelegationsReply,
};
use crate::domain::error::{Error, Result};
use crate::domain::member::{Caller, Member};
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::store::delegation::{self, Delegation};
use crate::store::{manifest, member};
use serde_json::json;

impl Handle<Delegate> for Engine {
    fn handle(&mut self, caller: &Caller, request: Delegate) -> Result<DelegateReply> {
        let body = |view: &View<'_>| match request.until {
            Some(until) => give(view, &request, until),
            None => take(view, &request),
        };
        let (dry_run, attempt) = (request.dry_run, ("member.delegate", request.to.as_str()));
        let (delegation, audit_head) = self.act(caller, attempt, dry_run, body)?;
        Ok(DelegateReply { dry_run, delegation, audit_head })
    }
}

fn give(view: &View<'_>, request: &Delegate, until: Timestamp) -> Result<(DelegationView, Option<Note>)> {
    check_reason(&request.reason)?;
    let me = &view.actor.member;
    if !me.is_person() {
        return Err(Error::denied(format!("{} is a program, and programs never approve.", me.name))
            .hint("A person may let another approve in their place."));
    }
    view.actor.require(Role::Operator, "letting somebody approve in one's place")?;
    if until <= view.clock {
        return Err(Error::usage(format!("{} is past.", until.short()))
            .hint("Name a time to come: --until \"2026-12-24 18:00 +01:00\""));
    }
    let longest = manifest::policy(view.db)?.members.delegated_for;
    if until > view.clock.after(longest) {
        return Err(Error::refused(format!("A delegation lasts {longest} at most."))
            .hint(format!("The latest end: --until {}", view.clock.after(longest))));
    }
    let to = member::find(view.db, &request.to)?.filter(Member::is_active).ok_or_else(|| {
        Error::not_found(format!("{} is no member.", request.to)).hint("See who is: cfgctl member list")
    })?;
    if !to.is_person() || to.role < Role::Operator {
        return Err(Error::refused(format!("{} may not approve in somebody's place.", to.name))
            .hint("It takes a person with the role operator or above: cfgctl member list"));
    }
    if member::names_of_the_same_user(view.db, &me.name)?.contains(&to.name) {
        return Err(Error::refused("Nobody approves in their own place.").hint("Name another member."));
    }
    if in_force(view, &to.name)?.is_some() {
        return Err(Error::conflict(format!("{} may approve in your place already.", to.name))
            .hint(format!("Take that back first: cfgctl member delegate {} --end --reason \"…\"", to.name)));
    }
    let mut given = Delegation {
        id: 0,
        member: me.name.clone(),
        delegate: to.name,
        until,
        at: view.now,
        proof: view.actor.proof.to_string(),
        reason: request.reason.clone(),
        ended_at: None,
    };
    if request.dry_run {
        return Ok((to_view(view, given), None));
    }
    given.id = delegation::insert(view.db, &given)?;
    let detail = json!({"to": given.delegate, "until": until, "reason": given.reason});
    let note = Note::new("member.delegate", &given.member, detail).record("delegation", given.id);
    Ok((to_view(view, given), Some(note)))
}

fn take(view: &View<'_>, request: &Delegate) -> Result<(DelegationView, Option<Note>)> {
    check_reason(&request.reason)?;
    let mut given = in_force(view, &request.to)?.ok_or_else(|| {
        Error::not_found(format!("{} may not approve in your place.", request.to))
            .hint("See who may: cfgctl member delegations")
    })?;
    given.ended_at = Some(view.now);
    let mut note = None;
    if !request.dry_run {
        delegation::end(view.db, given.id, view.now)?;
        let detail = json!({"to": given.delegate, "ended": true, "reason": request.reason});
        note = Some(Note::new("member.delegate", &given.member, detail).record("delegation", given.id));
    }
    Ok((to_view(view, given), note))
}

/// What the caller gave to somebody and still holds.
fn in_force(view: &View<'_>, to: &str) -> Result<Option<Delegation>> {
    let mine = |given: &Delegation| given.member == view.actor.name() && given.holds(view.clock);
    Ok(delegation::to(view.db, to)?.into_iter().find(mine))
}

fn to_view(view: &View<'_>, given: Delegation) -> DelegationView {
    let state = match given.ended_at {
        Some(_) => "ended",
        None if given.until <= view.clock => "expired",
        None => "active",
    };
    DelegationView {
        number: given.id,
        member: given.member,
        to: given.delegate,
        since: given.at,
        until: given.until,
        reason: given.reason,
        state: state.to_owned(),
    }
}

impl Handle<ListDelegations> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListDelegations) -> Result<ListDelegationsReply> {
        self.look(caller, |view| {
            let all = delegation::all(view.db)?;
            let wanted = |given: &Delegation| request.all || given.holds(view.clock);
            Ok(ListDelegationsReply {
                items: all.into_iter().filter(wanted).map(|given| to_view(view, given)).collect(),
            })
        })
    }
}
