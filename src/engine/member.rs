//! Members: invited, given roles, removed. The owner's to decide, each a change with its reason, on record.
//!
//! What must stay true: two people are two people (a person's credential is made by that person); somebody always
//! remains who may change members; no demand that could be met becomes one that nobody present could meet.

use super::change::id_taken;
use super::identity::ITSELF;
use super::manifest::{owner_change, unmet, words};
use super::terms::{check_terms, check_terms_id};
use super::token::{self, INVITATION_PREFIX};
use super::transact::{Note, View};
use super::{Engine, Handle, governance, vote};
use crate::api::change::{Awaiting, Terms};
use crate::api::member::{
    AddProgram, ChangeRole, EndSolo, EndSoloReply, Invite, InviteReply, ListMembers, ListMembersReply,
    MemberReply, MemberView, RemoveMember,
};
use crate::domain::change::{Kind, content_hash, hex};
use crate::domain::error::{Error, Result};
use crate::domain::member::{Caller, Member, Membership, Nature, is_name};
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use crate::store::change::{self, Change, Other};
use crate::store::credential::{self, Kind as CredentialKind};
use crate::store::{manifest, member, metadata};
use serde_json::json;

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
    /// The code that an invited member redeems.
    pub(super) invitation: Option<Invitation>,
}

/// A code that an invited member redeems.
pub(super) struct Invitation {
    pub(super) hash: Vec<u8>,
    pub(super) expires_at: Timestamp,
}

/// What came of a decision about members.
struct Governed {
    member: Member,
    warnings: Vec<String>,
    awaits: Option<Awaiting>,
    audit_head: Option<String>,
}

impl Engine {
    /// Decides about members in one change, asks the board to, or says what would be decided.
    fn govern(
        &mut self,
        caller: &Caller,
        terms: &Terms,
        action: &str,
        asked: &str,
        decide: impl FnOnce(&View<'_>) -> Result<Decision>,
    ) -> Result<Governed> {
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
            let member = decision.members.first().cloned().unwrap_or_else(|| view.actor.member.clone());
            let mut governed = Governed { member, warnings: Vec::new(), awaits: None, audit_head: None };
            let by_board = governance::is_by_board(view)?;
            if terms.dry_run {
                governed.warnings = warn_unmet(view, decision.ends_solo)?;
                if by_board {
                    governed.warnings.push("It would wait for another member of the board.".to_owned());
                }
                return Ok((governed, None));
            }
            let items = items_of(view, &decision)?;
            if by_board {
                let (change, note) = governance::request(view, Kind::Member, terms, asked, &items)?;
                governed.awaits = Some(governance::awaiting(&change));
                return Ok((governed, Some(note)));
            }
            let mut change = owner_change(view, Kind::Member, &terms.id, &terms.reason, asked)?;
            change.ticket.clone_from(&terms.ticket);
            change::put(view.db, &change)?;
            for (position, item) in items.iter().enumerate() {
                change::insert_item(view.db, change.number, position, &public(item))?;
            }
            let note = enact(view, &change, &items, action)?;
            governed.warnings = warn_unmet(view, decision.ends_solo)?;
            Ok((governed, Some(note)))
        };
        check_terms_id(terms)?;
        let (governed, audit_head) = self.act(caller, (action, target), terms.dry_run, body)?;
        Ok(Governed { audit_head, ..governed })
    }
}

fn warn_unmet(view: &View<'_>, ends_solo: bool) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    if ends_solo {
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

/// What a decision does, as the items of a change.
fn items_of(view: &View<'_>, decision: &Decision) -> Result<Vec<Other>> {
    let mut items = Vec::new();
    for member in &decision.members {
        let former = member::find(view.db, &member.name)?;
        let mut after = facts(member);
        if let Some(invitation) = &decision.invitation {
            after[INVITATION] = json!({"hash": hex(&invitation.hash), "expires_at": invitation.expires_at});
        }
        items.push(Other {
            what: "member".to_owned(),
            path: member.name.clone(),
            before: former.as_ref().map(facts),
            after: Some(after),
        });
    }
    if decision.ends_solo {
        items.push(Other {
            what: "instance".to_owned(),
            path: "solo".to_owned(),
            before: Some(Value::Bool(true)),
            after: Some(Value::Bool(false)),
        });
    }
    Ok(items)
}

/// Where an item keeps the hash of an invitation's code until it is enacted.
const INVITATION: &str = "invitation";

/// An item as it is kept once it is enacted: the invitation has a record of its own then.
fn public(item: &Other) -> Other {
    let mut item = item.clone();
    if let Some(after) = item.after.as_mut().and_then(Value::as_object_mut) {
        after.remove(INVITATION);
    }
    item
}

/// Does what the items of a change of members say, and gives the audit note.
pub(super) fn enact(view: &View<'_>, change: &Change, items: &[Other], action: &str) -> Result<Note> {
    let policy = manifest::policy(view.db)?;
    let (before, board_before) = (unmet(view, &policy)?, governance::board(view)?);
    let mut note = Note::new(action, change.number.to_string(), Value::Null);
    let mut ends_solo = false;
    let mut members = Vec::new();
    for item in items {
        if item.what == "instance" {
            metadata::set(view.db, metadata::SOLO, "0", view.now)?;
            note = note.record("fact", metadata::SOLO);
            ends_solo = true;
            continue;
        }
        let after = item.after.as_ref().ok_or_else(|| Error::internal("A member's item says nothing."))?;
        let member = member_of(view, change, after)?;
        check_uid(view, &member)?;
        member::put(view.db, &member)?;
        note = note.record("member", &member.name);
        if let Some(invitation) = after.get(INVITATION) {
            note = note.record("credential", redeemable(view, change, &member.name, invitation)?);
        }
        if member.membership == Membership::Removed {
            for open in credential::list(view.db, Some(&member.name))? {
                if open.ended_at.is_none() {
                    credential::end(view.db, open.id, "revoked", view.now, view.actor.name())?;
                    note = note.record("credential", open.id);
                }
            }
        }
        members.push(member);
    }
    if !ends_solo {
        governance::refuse_unmet(view, &policy, &before, board_before)?;
    }
    if !member::list(view.db)?.iter().any(|member| member.owner && member.is_active()) {
        return Err(Error::refused("Nobody could change members or manifest any more.")
            .hint("Make somebody else an owner first: cfgctl member role NAME --owner --reason \"…\""));
    }
    note.detail = json!({"reason": change.reason, "members": members.iter().map(facts).collect::<Vec<_>>(), "ends_solo": ends_solo});
    Ok(note.record("change", change.number))
}

/// A member as an item says they will stand.
fn member_of(view: &View<'_>, change: &Change, facts: &Value) -> Result<Member> {
    let damaged =
        || Error::integrity(format!("Change {} holds a member that cannot be read.", change.number));
    let text = |name: &str| facts.get(name).and_then(Value::as_str);
    Ok(Member {
        name: text("name").ok_or_else(damaged)?.to_owned(),
        nature: if text("kind") == Some("program") { Nature::Program } else { Nature::Person },
        role: Role::parse(text("role").ok_or_else(damaged)?)?,
        owner: facts.get("owner").and_then(Value::as_bool).ok_or_else(damaged)?,
        membership: match text("state") {
            Some("invited") => Membership::Invited,
            Some("active") => Membership::Active,
            Some("removed") => Membership::Removed,
            _ => return Err(damaged()),
        },
        uid: facts.get("uid").and_then(Value::as_u64).and_then(|uid| u32::try_from(uid).ok()),
        answerable: text("answerable").map(str::to_owned),
        since: view.now,
        by: change.requested_by.clone(),
        reason: change.reason.clone(),
    })
}

fn redeemable(view: &View<'_>, change: &Change, name: &str, invitation: &Value) -> Result<i64> {
    let damaged =
        || Error::integrity(format!("Change {} holds an invitation that cannot be read.", change.number));
    let text = |field: &str| invitation.get(field).and_then(Value::as_str).ok_or_else(damaged);
    let hash = super::apply::unhex(text("hash")?)?;
    let expires_at = Timestamp::parse(text("expires_at")?)?;
    credential::insert(
        view.db,
        name,
        CredentialKind::Invitation,
        &hash,
        view.now,
        &change.requested_by,
        Some(expires_at),
    )
}

/// One person is one member: `conflict` where another has the user already.
fn check_uid(view: &View<'_>, member: &Member) -> Result<()> {
    let Some(uid) = member.uid.filter(|_| member.membership != Membership::Removed) else { return Ok(()) };
    let taken =
        member::list(view.db)?.into_iter().find(|other| other.uid == Some(uid) && other.name != member.name);
    let Some(taken) = taken else { return Ok(()) };
    Err(Error::conflict(format!("The user {uid} is {} already.", taken.name))
        .hint("One person is one member."))
}

/// What a change of members keeps of one.
pub(super) fn facts(member: &Member) -> Value {
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
        let mut code = None;
        let mut expires_at = None;
        let governed = self.govern(caller, &terms, "member.invite", &asked, |view| {
            check_new_name(view, &request.name)?;
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
            check_uid(view, &member)?;
            let end = view.clock.after(manifest::policy(view.db)?.members.invited_for);
            expires_at = Some(end);
            let mut invitation = None;
            if !terms.dry_run {
                let (secret, hash) = token::secret(view, INVITATION_PREFIX);
                code = Some(secret);
                invitation = Some(Invitation { hash, expires_at: end });
            }
            let ends_solo = solo && request.end_solo == Some(true);
            Ok(Decision { members: vec![member], ends_solo, invitation })
        })?;
        Ok(InviteReply {
            dry_run: terms.dry_run,
            member: to_view(&governed.member),
            code,
            expires_at: expires_at.unwrap_or(governed.member.since),
            awaits: governed.awaits,
            warnings: governed.warnings,
            audit_head: governed.audit_head,
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
        let governed = self.govern(caller, terms, action, asked, decide)?;
        Ok(MemberReply {
            dry_run: terms.dry_run,
            member: to_view(&governed.member),
            awaits: governed.awaits,
            warnings: governed.warnings,
            audit_head: governed.audit_head,
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
            Ok(Decision {
                members: vec![Member { answerable, ..program }],
                ends_solo: false,
                invitation: None,
            })
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
