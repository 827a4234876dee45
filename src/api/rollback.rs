//! Going back: to a version, a time, a backup; undoing one change. Never rewrites history: each makes a new version.

use super::change::{ChangeReply, ChangeView, Terms};
use super::{Outcome, Reply};
use crate::domain::{path::Path, value::Value};
use serde::{Deserialize, Serialize};

/// Puts overrides back to what they were.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rollback {
    /// To what.
    pub to: Point,
    /// Only these paths and prefixes.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Only this section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Leave out what would not be valid, instead of refusing all.
    #[serde(default)]
    pub skip_invalid: bool,
    /// What set it off: performance, user-reports, vulnerability, corruption, compliance (requirement B2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// Reason and the rest.
    pub terms: Terms,
}

/// A state of the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// A version's number.
    Version(i64),
    /// A tag.
    Tag(String),
    /// A content hash, or its beginning.
    Hash(String),
    /// So many versions ago.
    Steps(u32),
    /// As it was at this time (RFC 3339).
    Time(String),
}

/// Undoes one executed change: its paths get their former values back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undo {
    /// Which; the caller's last where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Reason and the rest.
    pub terms: Terms,
}

/// Restores what a backup file holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Restore {
    /// From where.
    pub from: BackupSource,
    /// Only these paths and prefixes.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Only this section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Leave out what would not be valid, instead of refusing all.
    #[serde(default)]
    pub skip_invalid: bool,
    /// Take another store's backup.
    #[serde(default)]
    pub foreign: bool,
    /// Whether this is a rollback by its command's name, for the record.
    #[serde(default)]
    pub rollback: bool,
    /// What set it off (requirement B2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// Reason and the rest.
    pub terms: Terms,
}

/// Whose disk a backup is on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackupSource {
    /// The instance's: a bare name in its backup folder.
    Name(String),
    /// The caller's: the file travels with the request.
    File {
        /// Its name.
        name: String,
        /// Its content.
        content: String,
    },
}

/// What going back did, path by path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RollbackReply {
    /// The change it made.
    #[serde(flatten)]
    pub change: ChangeReply,
    /// In words, what was gone back to.
    pub to: String,
    /// Each path asked for, with what became of it (requirement P14).
    pub results: Vec<PathResult>,
    /// Whether a name must be typed first (complete restores, another store's backup), and which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_name: Option<String>,
}

/// What became of one path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathResult {
    /// The path.
    pub path: Path,
    /// restored, unset, unchanged, failed, pending.
    pub status: String,
    /// The value asked for.
    pub value: Option<Value>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Reply for RollbackReply {
    fn outcome(&self) -> Outcome {
        self.change.outcome
    }

    fn made(&mut self) -> Option<(&mut ChangeView, &mut Outcome)> {
        self.change.made()
    }
}
