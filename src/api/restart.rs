//! Restarts that changes need before their values take effect (requirement P4).

use super::Reply;
use super::change::ChangeView;
use serde::{Deserialize, Serialize};

/// Records that services were restarted for changes that need it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordRestart {
    /// Which changes.
    pub ids: Vec<String>,
    /// Only this service was restarted; all that the changes name where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What to say with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Where the changes stand now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordRestartReply {
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// One a change, as they were named.
    pub items: Vec<ChangeView>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

impl Reply for RecordRestartReply {}
