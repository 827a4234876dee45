//! What completion asks for: names that begin with what was typed.

use super::Reply;
use serde::{Deserialize, Serialize};

/// Names of one kind that begin so.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Complete {
    /// Names of what.
    pub noun: Noun,
    /// What was typed so far.
    pub prefix: String,
}

/// What names can be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noun {
    /// Settings and overrides.
    Path,
    /// Version numbers and tags.
    Version,
    /// Tags.
    Tag,
    /// Open change requests.
    Request,
    /// Executed changes.
    Change,
    /// Backup files.
    Backup,
    /// Members.
    Member,
    /// The manifest's sources.
    Source,
    /// The manifest's services.
    Service,
}

/// At most 200 names, each with a word about it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompleteReply {
    /// One a name.
    pub items: Vec<Candidate>,
}

/// One name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The name.
    pub name: String,
    /// A word about it.
    pub about: String,
}

impl Reply for CompleteReply {}
