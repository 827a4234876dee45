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

/// Does whatever is due: takes back what nobody confirmed, executes what was scheduled.
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

impl Reply for SettleReply {
    fn outcome(&self) -> Outcome {
        self.outcome
    }
}
