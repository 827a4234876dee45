//! Changes told as they happen: a feed.

use super::Reply;
use super::history::HistoryView;
use crate::domain::time::Span;
use serde::{Deserialize, Serialize};

/// What happened to the values after a cursor, the oldest first. Where there is nothing yet, it waits.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Watch {
    /// Only this path or prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What came after this version: a number, a tag, a hash or a time. From now on where neither is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Go on after this cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How long to wait for something, at most 20 s; not at all where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Span>,
}

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WatchReply {
    /// One a path and version, the oldest first.
    pub items: Vec<WatchView>,
    /// The cursor that goes on after all that was looked at: a version, or a place within one.
    pub next: String,
}

/// What one version did to one path, as history tells it; the layer is always said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchView {
    /// What happened.
    #[serde(flatten)]
    pub event: HistoryView,
    /// The cursor that goes on after it.
    pub cursor: String,
}

impl WatchReply {
    /// Whether there was more to give already: its cursor is then within a version.
    pub fn has_more(&self) -> bool {
        self.next.contains('.')
    }
}

impl Reply for WatchReply {}
