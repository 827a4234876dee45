//! What happened to the values, row by row.

use super::Reply;
use crate::domain::{path::Path, time::Timestamp, value::Value};
use serde::{Deserialize, Serialize};

/// Lists history, the newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct History {
    /// Only this path or prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only since this time (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only until this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Only by this member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Go on after this cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Some history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HistoryReply {
    /// One a path and version.
    pub items: Vec<HistoryView>,
    /// The cursor where there is more.
    pub next: Option<String>,
}

/// What one version did to one path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryView {
    /// The path.
    pub path: Path,
    /// CREATE, UPDATE or DELETE.
    pub operation: String,
    /// Before.
    pub before: Option<Value>,
    /// After.
    pub after: Option<Value>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// From where.
    pub source_ip: String,
    /// The version that did.
    pub version: i64,
    /// The source that says so, where a reload did it; `default` where none does any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// Where in that source: a file and its line, a variable, an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Whether it was an emergency.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emergency: bool,
}

impl Reply for HistoryReply {}
