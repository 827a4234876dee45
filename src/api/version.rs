//! Versions: what the configuration was after each change.

use super::Reply;
use super::value::ValueView;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Lists versions, the newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListVersions {
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Go on after this cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Only baselines.
    #[serde(default)]
    pub baselines: bool,
}

/// Some versions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListVersionsReply {
    /// One a version.
    pub items: Vec<VersionView>,
    /// The cursor where there is more.
    pub next: Option<String>,
}

/// One version's facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionView {
    /// Its number.
    pub version: i64,
    /// SHA-256 over the overrides.
    pub config_hash: String,
    /// SHA-256 over base and overrides.
    pub effective_hash: String,
    /// When.
    pub created_at: Timestamp,
    /// Who.
    pub created_by: String,
    /// Why.
    pub description: String,
    /// Whether it is a baseline.
    pub is_baseline: bool,
    /// The version before it.
    pub parent: Option<i64>,
    /// The ULID of the change that made it.
    pub change: Option<String>,
    /// The base it stands on.
    pub generation: i64,
    /// Its tags.
    pub tags: Vec<String>,
}

/// One version with the overrides it held; named by number, tag or hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowVersion {
    /// Which; the current one where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A version and all its overrides: enough to recompute `config_hash`, and with `base_hash` `effective_hash`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowVersionReply {
    /// The facts.
    #[serde(flatten)]
    pub version: VersionView,
    /// SHA-256 over the base.
    pub base_hash: String,
    /// The overrides, in path order.
    pub items: Vec<ValueView>,
}

/// Makes a version by hand, of the state as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateVersion {
    /// Why.
    pub description: String,
    /// A tag for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Gives a version a tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TagVersion {
    /// Which version; the current one where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The tag.
    pub tag: String,
    /// Why.
    pub reason: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Takes a tag away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UntagVersion {
    /// The tag.
    pub tag: String,
    /// Why.
    pub reason: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Marks a version as a baseline and keeps a whole copy of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MarkBaseline {
    /// Which version; the current one where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why.
    pub reason: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// The version and the chain's head after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VersionReply {
    /// Whether this only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// The version.
    #[serde(flatten)]
    pub version: VersionView,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// Forgets old versions and their history; tagged ones, baselines and the newest stay.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PruneVersions {
    /// Keep so many of the newest; the policy's number where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u64>,
    /// Why.
    pub reason: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What was forgotten.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PruneVersionsReply {
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// How many versions went.
    pub removed: u64,
    /// How many history rows went.
    pub history_removed: u64,
    /// History begins after this version.
    pub floor: i64,
    /// Older versions that stay: tags and baselines.
    pub kept: Vec<i64>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

impl Reply for ListVersionsReply {}
impl Reply for ShowVersionReply {}
impl Reply for VersionReply {}
impl Reply for PruneVersionsReply {}
