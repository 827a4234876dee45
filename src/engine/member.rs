//! Members: invited, given roles, removed. The owner's to decide, each a change with its reason, on record.
//!
//! What must stay true: two people are two people (a person's credential is made by that person); somebody always
//! remains who may change members; no demand that could be met becomes one that nobody present could meet.

mod enact;
mod govern;
mod item;
mod new;

pub(super) use enact::enact;
pub(super) use item::facts;

use super::transact::View;
use super::{Engine, Handle};
use crate::api::member::{
    ChangeRole, EndSolo, EndSoloReply, ListMembers, ListMembersReply, MemberReply, MemberView, RemoveMember,
};
use crate::domain::error::{Error, Result};
use crate::domain::member::{Caller, Member, Membership};
use crate::domain::role::Role;
use crate::store::{member, metadata};
use govern::Decision;

pub(super) fn to_view(member: &Member) -> MemberView {
    MemberView {
        name: member.name.clone(),
        kind: if member.is_person() { "person" } else { "program" }.to_owned(),
        role: member.role,
        owner: member.owner,
        state: match member.membership {
            Membership::Invited => "invited",
            Membership::Active => "active",
            Membership::Removed => "removed",
        }
        .to_owned(),
        uid: member.uid,
        answerable: member.answerable.clone(),
        since: member.since,
        by: member.by.clone(),
        reason: member.reason.clone(),
    }
}

fn known(view: &View<'_>, name: &str) -> Result<Member> {
    member::find(view.db, name)?.filter(|member| member.membership != Membership::Removed).ok_or_else(|| {
        Error::not_found(format!("{name} is no member.")).hint("See who is: cfgctl member list")
    })
}

impl Handle<ChangeRole> for Engine {
    fn handle(&mut self, caller: &Caller, request: ChangeRole) -> Result<MemberReply> {
        let asked = format!("{} {:?} {:?}", request.name, request.role, request.owner);
        self.govern_member(caller, &request.terms, "member.role", &asked, |view| {
            let former = known(view, &request.name)?;
            let role = request.role.unwrap_or(former.role);
            let owner = request.owner.unwrap_or(former.owner);
            if role == former.role && owner == former.owner {
                return Err(Error::conflict(format!("{} is {role} already.", former.name))
                    .hint("See who is what: cfgctl member list"));
            }
            if !former.is_person() && (owner || role > Role::Admin) {
                return Err(Error::refused("A program can be an admin at most, and never an owner.")
                    .hint("The roles for programs are viewer, operator and admin."));
            }
            if former.owner && !owner {
                keep_an_owner(view, &former)?;
            }
            let member = Member {
                role,
                owner,
                since: view.now,
                by: view.actor.name().to_owned(),
                reason: request.terms.reason.clone(),
                ..former
            };
            Ok(Decision { members: vec![member], ends_solo: false, invitation: None })
        })
    }
}

impl Handle<RemoveMember> for Engine {
    fn handle(&mut self, caller: &Caller, request: RemoveMember) -> Result<MemberReply> {
        self.govern_member(caller, &request.terms, "member.remove", &request.name, |view| {
            let former = known(view, &request.name)?;
            if former.owner {
                keep_an_owner(view, &former)?;
            }
            let answers: Vec<Member> = member::list(view.db)?
                .into_iter()
                .filter(|member| member.answerable.as_deref() == Some(&former.name))
                .collect();
            if let Some(program) = answers.first() {
                return Err(Error::refused(format!(
                    "{} answers for the program {}.",
                    former.name, program.name
                ))
                .hint(format!("Remove that first: cfgctl member remove {} --reason \"…\"", program.name)));
            }
            let member = Member {
                membership: Membership::Removed,
                since: view.now,
                by: view.actor.name().to_owned(),
                reason: request.terms.reason.clone(),
                ..former
            };
            Ok(Decision { members: vec![member], ends_solo: false, invitation: None })
        })
    }
}

fn keep_an_owner(view: &View<'_>, going: &Member) -> Result<()> {
    let others = member::list(view.db)?
        .into_iter()
        .filter(|member| member.owner && member.is_active() && member.name != going.name)
        .count();
    if others > 0 {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{} is the only owner: nobody could change members or manifest any more.",
        going.name
    ))
    .hint("Make somebody else an owner first: cfgctl member role NAME --owner --reason \"…\""))
}

impl Handle<EndSolo> for Engine {
    fn handle(&mut self, caller: &Caller, request: EndSolo) -> Result<EndSoloReply> {
        let dry_run = request.terms.dry_run;
        let ended = self.govern_member(caller, &request.terms, "member.end-solo", "", |view| {
            if !metadata::is_solo(view.db)? {
                return Err(
                    Error::conflict("This store is not solo.").hint("See how it stands: cfgctl status")
                );
            }
            Ok(Decision { members: Vec::new(), ends_solo: true, invitation: None })
        })?;
        let solo = dry_run || ended.awaits.is_some();
        Ok(EndSoloReply {
            dry_run,
            solo,
            awaits: ended.awaits,
            warnings: ended.warnings,
            audit_head: ended.audit_head,
        })
    }
}

impl Handle<ListMembers> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListMembers) -> Result<ListMembersReply> {
        self.look(caller, |view| {
            let members = match request.at {
                Some(time) => member::list_at(view.db, time)?,
                None => member::list(view.db)?,
            };
            Ok(ListMembersReply {
                solo: metadata::is_solo(view.db)?,
                items: members.iter().map(to_view).collect(),
            })
        })
    }
}
