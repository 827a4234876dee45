//! Looking back on changes that were executed.

use super::change_request::DecisionReply;
use crate::domain::review::Findings;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Looks back on a change: whether it did what it was made for, what went wrong, what is to follow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReviewChange {
    /// Which.
    pub id: String,
    /// What was found.
    pub findings: Findings,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What stands after it.
pub type ReviewReply = DecisionReply;

/// A review, as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewView {
    /// Who looked back.
    pub member: String,
    /// How they proved who they are.
    pub proof: String,
    /// When.
    pub at: Timestamp,
    /// What they found.
    pub findings: Findings,
}
