//! Who is calling, and how they prove it (design.md §6).

use super::role::Role;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a caller claims to be, before the store says who that is. Never a name in a flag.
#[derive(Clone, PartialEq, Eq)]
pub enum Claim {
    /// The operating system's user.
    User {
        /// The user's number.
        uid: u32,
        /// The user's name, for messages and for the first member of a store.
        name: String,
        /// Whether `sudo` says so.
        sudo: bool,
    },
    /// Whoever holds this token.
    Token(String),
}

/// Who calls, from where, with which program.
#[derive(Clone)]
pub struct Caller {
    /// What they claim to be.
    pub claim: Claim,
    /// From where: `local`, or an address.
    pub origin: String,
    /// The program's version.
    pub program: String,
}

/// How a member proved who they are, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The operating system's user.
    User(u32),
    /// The person whom `sudo` names.
    Sudo(u32),
    /// The token of this number.
    Token(i64),
    /// An invitation's code, of this number.
    Invitation(i64),
    /// cfgctl itself, for what falls due.
    Itself,
    /// Nobody known: only a refusal records this.
    Nobody,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Proof::User(uid) => write!(f, "uid:{uid}"),
            Proof::Sudo(uid) => write!(f, "sudo:{uid}"),
            Proof::Token(number) => write!(f, "token:{number}"),
            Proof::Invitation(number) => write!(f, "invitation:{number}"),
            Proof::Itself => f.write_str("itself"),
            Proof::Nobody => f.write_str("nobody"),
        }
    }
}

/// Whether a member is a person or a program. Programs propose and execute; they never approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    /// Somebody.
    Person,
    /// Something somebody answers for.
    Program,
}

/// Where a membership stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Membership {
    /// Invited, and not yet there.
    Invited,
    /// May act.
    Active,
    /// May no longer.
    Removed,
}

/// A member as they stand from one moment to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Their name.
    pub name: String,
    /// Person or program.
    pub nature: Nature,
    /// Their role.
    pub role: Role,
    /// Whether they may change members and manifest.
    pub owner: bool,
    /// Where the membership stands.
    pub membership: Membership,
    /// The operating system's user they are.
    pub uid: Option<u32>,
    /// Who answers for a program.
    pub answerable: Option<String>,
    /// Since when they stand so.
    pub since: Timestamp,
    /// Who decided it.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl Member {
    /// Whether they may act at all.
    pub fn is_active(&self) -> bool {
        self.membership == Membership::Active
    }

    /// Whether their approval can count.
    pub fn is_person(&self) -> bool {
        self.nature == Nature::Person
    }
}

/// Whether a name can be a member's: 1 to 64 letters, digits, `.`, `-`, `_`, `@`, beginning with a letter or digit.
pub fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@'))
}
