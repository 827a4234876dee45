//! Changes that are taken back unless somebody confirms them, and whatever else falls due.

use super::change_request::DecisionReply;
use super::{Outcome, Reply};
use crate::domain::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What to do with the change that waits to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It stays.
    Confirm,
    /// The former state returns now.
    Cancel,
    /// It has this long from now on.
    Extend(Span),
}

/// Decides about the change that waits to be confirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Confirm {
    /// Which; the one that waits where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What to do.
    pub decision: Decision,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What stands after it.
pub type ConfirmReply = DecisionReply;

/// What of all that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Due {
    /// Everything.
    #[default]
    All,
    /// Scheduled changes.
    Scheduled,
    /// Changes that nobody confirmed.
    Unconfirmed,
}

/// Does whatever is due: takes back what nobody confirmed, executes what was scheduled; with everything also the
/// housekeeping that the policy asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settle {
    /// What of it.
    #[serde(default)]
    pub which: Due,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What was due and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SettleReply {
    /// What it amounts to.
    pub outcome: Outcome,
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// One a duty, the longest overdue first.
    pub items: Vec<Settled>,
    /// The housekeeping that was due, by kind.
    #[serde(default)]
    pub housekeeping: Vec<Chore>,
    /// When something falls due next.
    pub next: Option<Timestamp>,
}

/// One thing that was due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The change's number.
    pub change: i64,
    /// The change's ULID.
    pub id: String,
    /// execute or confirm.
    pub duty: String,
    /// Since when it was due.
    pub due_at: Timestamp,
    /// executed, rolled-back, held or failed; due where this only says what would happen.
    pub result: String,
    /// Why it was held or failed.
    pub problem: Option<String>,
    /// The change that took it back.
    pub rollback: Option<i64>,
}

/// Housekeeping of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chore {
    /// baseline, versions or audit.
    pub what: String,
    /// done or failed; due where this only says what would happen.
    pub result: String,
    /// The version that became a baseline; the last version, or the last entry of the audit log, that went.
    pub up_to: i64,
    /// How many versions or entries went.
    pub removed: u64,
    /// How many rows of history went with the versions.
    pub history_removed: u64,
    /// Why it failed.
    pub problem: Option<String>,
}

impl Reply for SettleReply {
    fn outcome(&self) -> Outcome {
        self.outcome
    }
}
