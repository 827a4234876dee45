//! Backup files: made, listed, looked into, verified, pruned.

use super::{Outcome, Reply};
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use serde::{Deserialize, Serialize};

/// Writes a backup of everything.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CreateBackup {
    /// A name for it; letters, digits, `-`, `_` and `.`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// The backup, and the chain's head after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BackupReply {
    /// Whether this only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// The backup.
    #[serde(flatten)]
    pub backup: BackupView,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// One backup's facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackupView {
    /// Its file name in the backup folder.
    pub name: String,
    /// `full`, or `change` for the automatic ones of what a change touches.
    pub scope: String,
    /// Whether it was made by itself.
    pub automatic: bool,
    /// When.
    pub created_at: Timestamp,
    /// Who.
    pub created_by: String,
    /// The version it holds.
    pub version: i64,
    /// How many paths it holds.
    pub paths: i64,
    /// Its size in bytes.
    pub size: i64,
    /// SHA-256 over its content.
    pub checksum: String,
    /// The number of the change it was made before.
    pub change: Option<i64>,
}

/// Lists backups, the newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListBackups {
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Go on after this cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Some backups.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListBackupsReply {
    /// One a backup.
    pub items: Vec<BackupView>,
    /// The cursor where there is more.
    pub next: Option<String>,
}

/// A backup's content.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowBackup {
    /// Its file name.
    pub name: String,
}

/// A backup's facts and content.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowBackupReply {
    /// The facts.
    #[serde(flatten)]
    pub backup: BackupView,
    /// The document as it stands in the file.
    pub document: Value,
}

/// Verifies backups against their checksums and the record: the ones named, or all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct VerifyBackups {
    /// File names.
    #[serde(default)]
    pub names: Vec<String>,
}

/// What verifying found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyBackupsReply {
    /// One a backup.
    pub items: Vec<BackupCheck>,
}

/// Whether one backup holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BackupCheck {
    /// Its file name.
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// What is wrong.
    pub problem: Option<String>,
}

/// Removes old automatic backups, as the policy allows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PruneBackups {
    /// Keep so many; the policy's number where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u32>,
    /// Why.
    pub reason: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What was removed, and what was kept although it is old.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PruneBackupsReply {
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// File names removed.
    pub removed: Vec<String>,
    /// Backups forgotten because their files were gone already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
    /// File names kept although beyond the number, each with why.
    pub kept: Vec<KeptBackup>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// A backup that is old but stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptBackup {
    /// Its file name.
    pub name: String,
    /// Why it stays.
    pub because: String,
}

impl Reply for BackupReply {}
impl Reply for ListBackupsReply {}
impl Reply for ShowBackupReply {}
impl Reply for VerifyBackupsReply {
    fn outcome(&self) -> Outcome {
        if self.items.iter().all(|item| item.ok) { Outcome::Done } else { Outcome::Integrity }
    }
}
impl Reply for PruneBackupsReply {}
