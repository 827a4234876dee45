//! Members: invited, given roles, removed. The owner's to decide, each a change with its reason, on record.
//!
//! What must stay true: two people are two people (a person's credential is made by that person); somebody always
//! remains who may change members; no demand that could be met becomes one that nobody present could meet.

use super::change::id_taken;
use super::identity::ITSELF;
use super::manifest::{owner_change, unmet, words};
use super::terms::check_terms;
use super::token::{self, INVITATION_PREFIX};
use super::transact::{Note, View};
use super::{Engine, Handle, vote};
use crate::api::change::Terms;
use crate::api::member::{
    AddProgram, ChangeRole, EndSolo, EndSoloReply, Invite, InviteReply, ListMembers, ListMembersReply,
    MemberReply, MemberView, RemoveMember,
};
use crate::domain::audit::Head;
use crate::domain::change::{Kind, check_id, content_hash};
use crate::domain::error::{Error, Result};
use crate::domain::member::{Caller, Member, Membership, Nature, is_name};
use crate::domain::role::Role;
use crate::domain::time::Span;
use crate::domain::value::Value;
use crate::store::change::{self, Other};
use crate::store::credential::{self, Kind as CredentialKind};
use crate::store::{manifest, member, metadata};
use serde_json::json;

/// How long an invitation can be redeemed.
const INVITATION_LASTS: Span = Span::days(7);

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

/// What a decision about members leads to.
pub(super) struct Decision {
    /// The members as they will stand.
    pub(super) members: Vec<Member>,
    /// Whether solo ends.
    pub(super) ends_solo: bool,
}

impl Engine {
    /// Decides about members in one change, or says what would be decided.
    fn govern<T>(
        &mut self,
        caller: &Caller,
        terms: &Terms,
        action: &str,
        asked: &str,
        decide: impl FnOnce(&View<'_>) -> Result<Decision>,
        also: impl FnOnce(&View<'_>, &Member, Option<Note>) -> Result<(T, Option<Note>)>,
    ) -> Result<(Member, Vec<String>, T, Option<Head>)> {
        check_terms(terms)?;
        let target = asked.split(' ').next().unwrap_or_default();
        let asked = content_hash(Kind::Member, &terms.reason, &format!("{action} {asked}"));
        let body = |view: &View<'_>| {
            if let Some(former) = change::by_id(view.db, &terms.id)? {
                if former.content_hash != asked {
                    return Err(id_taken(&former.id));
                }
                return Err(Error::conflict(format!("The change {} was made already.", former.id))
                    .hint("See what came of it: cfgctl member list"));
            }
            view.actor.require_owner("who is a member")?;
            let decision = decide(view)?;
            if terms.expect.as_ref().is_some_and(|expected| *expected != asked) {
                return Err(Error::conflict("The decision is no longer the one that was shown.")
                    .hint("Look at it again with --dry-run."));
            }
            let first = decision.members.first().cloned();
            let (note, warnings) = if terms.dry_run {
                (None, warn_unmet(view, &decision)?)
            } else {
                record(view, terms, action, asked, &decision)?
            };
            let member = match first {
                Some(member) => member,
                None => view.actor.member.clone(),
            };
            let (answer, note) = also(view, &member, note)?;
            Ok(((member, warnings, answer), note))
        };
        if terms.dry_run {
            return self
                .look(caller, body)
                .map(|((member, warnings, answer), _)| (member, warnings, answer, None));
        }
        check_id(&terms.id)?;
        let ((member, warnings, answer), head) = self.transact(caller, (action, target), body)?;
        Ok((member, warnings, answer, head))
    }
}

fn warn_unmet(view: &View<'_>, decision: &Decision) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    if decision.ends_solo {
        warnings.push("Solo ends: from now on the policy's approvals are asked of everybody.".to_owned());
        let policy = manifest::policy(view.db)?;
        let unmet = crate::domain::approval::unmeetable(&policy, &vote::present(view, &policy)?, false);
        if !unmet.is_empty() {
            warnings.push(format!(
                "Until more members have joined, nobody present can approve {} changes.",
                words(&unmet)
            ));
        }
    }
    Ok(warnings)
}

/// Writes a decision as a change of its own.
fn record(
    view: &View<'_>,
    terms: &Terms,
    action: &str,
    asked: String,
    decision: &Decision,
) -> Result<(Option<Note>, Vec<String>)> {
    let policy = manifest::policy(view.db)?;
    let before = unmet(view, &policy)?;
    let mut change = owner_change(view, Kind::Member, &terms.id, &terms.reason, asked)?;
    change.ticket.clone_from(&terms.ticket);
    change::put(view.db, &change)?;
    let mut note = Note::new(action, change.number.to_string(), Value::Null);
    let mut items = Vec::new();
    for member in &decision.members {
        let former = member::find(view.db, &member.name)?;
        items.push(Other {
            what: "member".to_owned(),
            path: member.name.clone(),
            before: former.as_ref().map(facts),
            after: Some(facts(member)),
        });
        member::put(view.db, member)?;
        note = note.record("member", &member.name);
        if member.membership == Membership::Removed {
            for open in credential::list(view.db, Some(&member.name))? {
                if open.ended_at.is_none() {
                    credential::end(view.db, open.id, "revoked", view.now, view.actor.name())?;
                    note = note.record("credential", open.id);
                }
            }
        }
    }
    if decision.ends_solo {
        metadata::set(view.db, metadata::SOLO, "0", view.now)?;
        items.push(Other {
            what: "instance".to_owned(),
            path: "solo".to_owned(),
            before: Some(Value::Bool(true)),
            after: Some(Value::Bool(false)),
        });
        note = note.record("fact", metadata::SOLO);
    }
    for (position, item) in items.iter().enumerate() {
        change::insert_item(view.db, change.number, position, item)?;
    }
    if !decision.ends_solo {
        let newly: Vec<_> = unmet(view, &policy)?.into_iter().filter(|risk| !before.contains(risk)).collect();
        if !newly.is_empty() {
            return Err(Error::refused(format!(
                "After this, nobody present could approve {} changes.",
                words(&newly)
            ))
            .hint("Invite somebody who can first: cfgctl member invite NAME --role ROLE"));
        }
    }
    note.detail = json!({"reason": terms.reason, "members": decision.members.iter().map(facts).collect::<Vec<_>>(), "ends_solo": decision.ends_solo});
    Ok((Some(note.record("change", change.number)), warn_unmet(view, decision)?))
}

fn facts(member: &Member) -> Value {
    json!({
        "name": member.name, "kind": to_view(member).kind, "role": member.role, "owner": member.owner,
        "state": to_view(member).state, "uid": member.uid, "answerable": member.answerable,
    })
}

/// A name for a new member. `usage` where it cannot be one, `conflict` where it is taken, also by somebody who left:
/// what they did must never seem to be another's.
fn check_new_name(view: &View<'_>, name: &str) -> Result<()> {
    if !is_name(name) || name == ITSELF || name == "unknown" {
        return Err(Error::usage(format!("{name:?} cannot be a member's name."))
            .hint("Use 1 to 64 letters, digits, '.', '-', '_' and '@', beginning with a letter or digit."));
    }
    match member::find(view.db, name)? {
        None => Ok(()),
        Some(known)
            if known.membership == Membership::Removed && !member::was_ever_active(view.db, name)? =>
        {
            Ok(())
        }
        Some(known) if known.membership == Membership::Removed => Err(Error::conflict(format!(
            "{name} was a member until {}; names are not given twice.",
            known.since.day()
        ))
        .hint("Choose another name.")),
        Some(known) if known.membership == Membership::Invited => {
            let open = credential::list(view.db, Some(name))?
                .into_iter()
                .any(|found| found.state(view.clock) == "active");
            if !open {
                return Ok(());
            }
            Err(Error::conflict(format!("{name} has been invited already."))
                .hint(format!("Take the invitation back first: cfgctl member remove {name} --reason \"…\"")))
        }
        Some(_) => {
            Err(Error::conflict(format!("{name} is a member already."))
                .hint("See who is: cfgctl member list"))
        }
    }
}

fn known(view: &View<'_>, name: &str) -> Result<Member> {
    member::find(view.db, name)?.filter(|member| member.membership != Membership::Removed).ok_or_else(|| {
        Error::not_found(format!("{name} is no member.")).hint("See who is: cfgctl member list")
    })
}

fn new_member(view: &View<'_>, name: &str, nature: Nature, role: Role, reason: &str) -> Member {
    Member {
        name: name.to_owned(),
        nature,
        role,
        owner: false,
        membership: Membership::Active,
        uid: None,
        answerable: None,
        since: view.now,
        by: view.actor.name().to_owned(),
        reason: reason.to_owned(),
    }
}

impl Handle<Invite> for Engine {
    fn handle(&mut self, caller: &Caller, request: Invite) -> Result<InviteReply> {
        let terms = request.terms.clone();
        let asked = format!("{} {} {:?} {}", request.name, request.role, request.uid, request.owner);
        let (member, warnings, (code, expires_at), head) = self.govern(
            caller,
            &terms,
            "member.invite",
            &asked,
            |view| {
                check_new_name(view, &request.name)?;
                if let Some(uid) = request.uid {
                    let taken = member::list(view.db)?.into_iter().find(|member| member.uid == Some(uid));
                    if let Some(taken) = taken {
                        return Err(Error::conflict(format!("The user {uid} is {} already.", taken.name))
                            .hint("One person is one member."));
                    }
                }
                let solo = metadata::is_solo(view.db)?;
                if solo && request.end_solo.is_none() {
                    return Err(Error::usage(
                        "This store is one person's (solo): their own approval counts at every risk. Does that end with this member?",
                    )
                    .hint("Say so: --end-solo, or --keep-solo until the team is complete (then cfgctl member end-solo)."));
                }
                let member = Member {
                    membership: Membership::Invited,
                    uid: request.uid,
                    owner: request.owner,
                    ..new_member(view, &request.name, Nature::Person, request.role, &request.terms.reason)
                };
                Ok(Decision { members: vec![member], ends_solo: solo && request.end_solo == Some(true) })
            },
            |view, member, note| {
                let expires_at = view.clock.after(INVITATION_LASTS);
                let Some(note) = note else { return Ok(((None, expires_at), None)) };
                let made = token::make(view, INVITATION_PREFIX, &member.name, CredentialKind::Invitation, Some(expires_at))?;
                Ok(((Some(made.secret), expires_at), Some(note.record("credential", made.number))))
            },
        )?;
        Ok(InviteReply {
            dry_run: terms.dry_run,
            member: to_view(&member),
            code,
            expires_at,
            warnings,
            audit_head: head.as_ref().map(Head::to_string),
        })
    }
}

impl Engine {
    fn govern_member(
        &mut self,
        caller: &Caller,
        terms: &Terms,
        action: &str,
        asked: &str,
        decide: impl FnOnce(&View<'_>) -> Result<Decision>,
    ) -> Result<MemberReply> {
        let (member, warnings, (), head) =
            self.govern(caller, terms, action, asked, decide, |_, _, note| Ok(((), note)))?;
        Ok(MemberReply {
            dry_run: terms.dry_run,
            member: to_view(&member),
            warnings,
            audit_head: head.as_ref().map(Head::to_string),
        })
    }
}

impl Handle<AddProgram> for Engine {
    fn handle(&mut self, caller: &Caller, request: AddProgram) -> Result<MemberReply> {
        let asked = format!("{} {}", request.name, request.role);
        self.govern_member(caller, &request.terms, "member.add-program", &asked, |view| {
            check_new_name(view, &request.name)?;
            if ["list", "revoke"].contains(&request.name.as_str()) {
                return Err(Error::usage(format!(
                    "A program may not be called {}: `member token` uses the word.",
                    request.name
                ))
                .hint("Choose another name."));
            }
            if request.role > Role::Admin {
                return Err(Error::refused("A program can be an admin at most: programs never approve.")
                    .hint("The roles for programs are viewer, operator and admin."));
            }
            let answerable = Some(view.actor.name().to_owned());
            let program =
                new_member(view, &request.name, Nature::Program, request.role, &request.terms.reason);
            Ok(Decision { members: vec![Member { answerable, ..program }], ends_solo: false })
        })
    }
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
            Ok(Decision { members: vec![member], ends_solo: false })
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
            Ok(Decision { members: vec![member], ends_solo: false })
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
            Ok(Decision { members: Vec::new(), ends_solo: true })
        })?;
        Ok(EndSoloReply { dry_run, solo: dry_run, warnings: ended.warnings, audit_head: ended.audit_head })
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
