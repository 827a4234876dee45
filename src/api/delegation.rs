//! Approving in somebody else's place: explicit, and with an end.

use super::Reply;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Lets another member approve in the caller's place until a time; or takes that back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delegate {
    /// Who may.
    pub to: String,
    /// Until when; none takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What stands after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DelegateReply {
    /// Whether this only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// The delegation.
    pub delegation: DelegationView,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// Lists delegations in force.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListDelegations {
    /// Former ones too.
    #[serde(default)]
    pub all: bool,
}

/// The delegations, the oldest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListDelegationsReply {
    /// One each.
    pub items: Vec<DelegationView>,
}

/// One member's leave to another to approve in their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationView {
    /// Its number.
    pub number: i64,
    /// Whose authority it is.
    pub member: String,
    /// Who may use it.
    pub to: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// active, expired or ended.
    pub state: String,
}

impl Reply for DelegateReply {}
impl Reply for ListDelegationsReply {}
