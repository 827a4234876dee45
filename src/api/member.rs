//! Members, their roles, and how they prove who they are.

use super::change::{Awaiting, Terms};
use super::{Outcome, Reply};
use crate::domain::{role::Role, time::Timestamp};
use serde::{Deserialize, Serialize};

/// Invites a person: gives a single-use code that only they redeem.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invite {
    /// Their name here.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// The operating system's user they are on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Whether they are an owner too.
    #[serde(default)]
    pub owner: bool,
    /// On a solo store: whether solo ends with this. `refused` where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_solo: Option<bool>,
    /// Reason and the rest.
    pub terms: Terms,
}

/// The code, shown this once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InviteReply {
    /// Whether this only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// The member as they will be.
    pub member: MemberView,
    /// The single-use code; none in a dry run.
    pub code: Option<String>,
    /// The code is worth nothing after this.
    pub expires_at: Timestamp,
    /// The request that another member of the board has to approve first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Awaiting>,
    /// What to know beside it.
    pub warnings: Vec<String>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// Redeems an invitation: the caller gets a token that nobody else has seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Join {
    /// The code.
    pub code: String,
    /// How long the token lives, in seconds; without an end where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// A token, shown this once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenReply {
    /// Whether this only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// Whose it is.
    pub member: String,
    /// Its number, to revoke it by; none in a dry run.
    pub number: Option<i64>,
    /// The token itself; none in a dry run.
    pub token: Option<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// Adds a program; the caller answers for it and makes its token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddProgram {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Reason and the rest.
    pub terms: Terms,
}

/// A member and the chain's head after the change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemberReply {
    /// Whether this only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// The member.
    pub member: MemberView,
    /// The request that another member of the board has to approve first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Awaiting>,
    /// What to know beside it.
    pub warnings: Vec<String>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// Lists members, now or at a time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListMembers {
    /// As of this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// The members.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListMembersReply {
    /// Whether the store is one person's.
    pub solo: bool,
    /// One a member, by name.
    pub items: Vec<MemberView>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberView {
    /// Their name.
    pub name: String,
    /// person or program.
    pub kind: String,
    /// Their role.
    pub role: Role,
    /// Whether they may change members and manifest.
    pub owner: bool,
    /// invited, active or removed.
    pub state: String,
    /// The operating system's user they are.
    pub uid: Option<u32>,
    /// Who answers for it, for a program.
    pub answerable: Option<String>,
    /// Since when they stand as they do.
    pub since: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Gives a member another role, or makes them an owner or no longer one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeRole {
    /// Who.
    pub name: String,
    /// The new role; the present one where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether they are to be an owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<bool>,
    /// Reason and the rest.
    pub terms: Terms,
}

/// Removes a member; their credentials end at once, what they did stays on record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveMember {
    /// Who.
    pub name: String,
    /// Reason and the rest.
    pub terms: Terms,
}

/// Ends solo: from then on a requester's own approval counts only where the policy says so.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndSolo {
    /// Reason and the rest.
    pub terms: Terms,
}

/// That solo has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndSoloReply {
    /// Whether this only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// Whether the store is still one person's.
    pub solo: bool,
    /// The request that another member of the board has to approve first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Awaiting>,
    /// What to know beside it.
    pub warnings: Vec<String>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// Makes a token: for a program one answers for, or a new one for oneself (the one used to call is then revoked).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct IssueToken {
    /// The program; oneself where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// How long the token lives, in seconds; without an end where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Lists tokens and open invitations: one's own, or everybody's for an owner.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListTokens {
    /// The ended ones too.
    #[serde(default)]
    pub all: bool,
}

/// The tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListTokensReply {
    /// One a token or invitation.
    pub items: Vec<TokenView>,
}

/// One token, never the secret itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenView {
    /// Its number.
    pub number: i64,
    /// Whose.
    pub member: String,
    /// token or invitation.
    pub kind: String,
    /// active, expired, revoked or used.
    pub state: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Revokes a token or an open invitation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevokeToken {
    /// Its number.
    pub number: i64,
    /// Reason and the rest.
    pub terms: Terms,
}

fn pending(awaits: Option<&Awaiting>) -> Outcome {
    if awaits.is_some() { Outcome::Pending } else { Outcome::Done }
}

impl Reply for InviteReply {
    fn outcome(&self) -> Outcome {
        pending(self.awaits.as_ref())
    }
}
impl Reply for TokenReply {}
impl Reply for MemberReply {
    fn outcome(&self) -> Outcome {
        pending(self.awaits.as_ref())
    }
}
impl Reply for EndSoloReply {
    fn outcome(&self) -> Outcome {
        pending(self.awaits.as_ref())
    }
}
impl Reply for ListMembersReply {}
impl Reply for ListTokensReply {}
