//! All changes for those who look at them later: every one, numbered without gaps.

use super::Reply;
use super::change::ChangeView;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Gives changes with everything that is on record of them, the oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ExportRequests {
    /// Only those made since this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only those made until this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Go on after this cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Some changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportRequestsReply {
    /// Whether identity on this store is only asserted (design.md §6).
    pub identity_asserted: bool,
    /// One a change.
    pub items: Vec<ExportView>,
    /// The cursor where there is more.
    pub next: Option<String>,
}

/// One change as it is exported.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportView {
    /// The change.
    #[serde(flatten)]
    pub change: ChangeView,
    /// When it was executed.
    pub executed_at: Option<Timestamp>,
}

impl Reply for ExportRequestsReply {}
