//! New members: people are invited, programs are added by whoever answers for them.
//!
//! What must stay true: a name is never given twice, and no program is more than an admin.

use super::enact::check_uid;
use super::govern::{Decision, Invitation};
use super::to_view;
use crate::api::member::{AddProgram, Invite, InviteReply, MemberReply};
use crate::domain::error::{Error, Result};
use crate::domain::member::{Caller, Member, Membership, Nature, is_name};
use crate::domain::role::Role;
use crate::engine::identity::ITSELF;
use crate::engine::token::{self, INVITATION_PREFIX};
use crate::engine::transact::View;
use crate::engine::{Engine, Handle};
use crate::store::{credential, manifest, member, metadata};

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
