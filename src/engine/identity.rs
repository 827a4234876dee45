//! Who a caller is, by what the store knows (design.md §6).

use crate::domain::error::{Code, Error, Result};
use crate::domain::member::{Caller, Claim, Member, Membership, Nature, Proof};
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::store::{Connection, credential, member};
use sha2::{Digest, Sha256};

/// A caller whom the store knows.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub(super) member: Member,
    pub(super) proof: Proof,
}

impl Actor {
    pub(super) fn name(&self) -> &str {
        &self.member.name
    }

    /// `denied` where the role does not reach.
    pub(super) fn require(&self, role: Role, what: &str) -> Result<()> {
        if self.member.role >= role {
            return Ok(());
        }
        Err(Error::denied(format!("{} is {}, and {what} asks for {role}.", self.name(), self.member.role))
            .hint(format!("Ask a member with the role {role} or above: cfgctl member list")))
    }

    /// `denied` where the caller is no owner.
    pub(super) fn require_owner(&self, what: &str) -> Result<()> {
        if self.member.owner && self.member.is_person() {
            return Ok(());
        }
        Err(Error::denied(format!("{} is no owner, and {what} is the owner's.", self.name()))
            .hint("Ask an owner: cfgctl member list"))
    }
}

/// The name under which cfgctl itself does what falls due.
pub(super) const ITSELF: &str = "cfgctl";

/// cfgctl itself, which may keep house and decides nothing.
pub(super) fn itself(now: Timestamp) -> Actor {
    let member = Member {
        name: ITSELF.to_owned(),
        nature: Nature::Program,
        role: Role::Operator,
        owner: false,
        membership: Membership::Active,
        uid: None,
        answerable: None,
        since: now,
        by: ITSELF.to_owned(),
        reason: String::new(),
    };
    Actor { member, proof: Proof::Itself }
}

/// The hash under which a secret is kept.
pub(super) fn hash_of_secret(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.trim().as_bytes()).to_vec()
}

/// The member a caller is. `unauthenticated` where there is none.
pub(super) fn identify(db: &Connection, caller: &Caller, now: Timestamp) -> Result<Actor> {
    match &caller.claim {
        Claim::User { uid, name, sudo } => match member::by_uid(db, *uid)? {
            Some(member) => {
                let proof = if *sudo { Proof::Sudo(*uid) } else { Proof::User(*uid) };
                Ok(Actor { member, proof })
            }
            None => Err(Error::new(
                Code::Unauthenticated,
                format!("The user {name} (uid {uid}) is no member of this store."),
            )
            .hint(format!(
                "Ask an owner for an invitation: cfgctl member invite {name} --role operator --uid {uid}"
            ))),
        },
        Claim::Token(token) => {
            let refused = |why: &str| {
                Err(Error::new(Code::Unauthenticated, format!("The token {why}."))
                    .hint("Get a new one: cfgctl member token, or ask an owner for an invitation."))
            };
            let Some(found) = credential::by_hash(db, &hash_of_secret(token))? else {
                return refused("is not one that this store knows");
            };
            match (found.kind, found.state(now)) {
                (credential::Kind::Token, "active") => {}
                (credential::Kind::Token, state) => {
                    return refused(&format!("number {} is {state}", found.id));
                }
                (credential::Kind::Invitation, _) => return refused("is an invitation's code"),
            }
            match member::find(db, &found.member)?.filter(Member::is_active) {
                Some(member) => Ok(Actor { member, proof: Proof::Token(found.id) }),
                None => refused(&format!("belongs to {}, who is no longer a member", found.member)),
            }
        }
    }
}
