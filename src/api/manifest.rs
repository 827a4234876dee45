//! The manifest: what this instance governs.

use super::change::Awaiting;
use super::change::{ItemView, Terms};
use super::{Outcome, Reply};
use crate::domain::manifest::Problem;
use crate::domain::path::Path;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The manifest in force, or a former one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ShowManifest {
    /// Its number; the one in force where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
}

/// A manifest as it was applied.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowManifestReply {
    /// Its number.
    pub number: i64,
    /// SHA-256 of its text.
    pub hash: String,
    /// When it was applied.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// Why.
    pub reason: String,
    /// The text as it was given.
    pub text: String,
}

/// Asks whether a manifest would be accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckManifest {
    /// Its text.
    pub text: String,
    /// Whether to look for an example that fires each rule.
    #[serde(default)]
    pub explain: bool,
}

/// Whether a manifest would be accepted here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckManifestReply {
    /// Whether it would be.
    pub valid: bool,
    /// How many settings it registers.
    pub settings: usize,
    /// How many rules it has.
    pub rules: usize,
    /// Every error, with line and path.
    pub problems: Vec<Problem>,
    /// Present values that it would make invalid, and other things to know.
    pub warnings: Vec<String>,
    /// What each rule does, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules_explained: Option<Vec<RuleExplained>>,
}

/// What a rule does, with an example that fires it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleExplained {
    /// Its name.
    pub name: String,
    /// `refuses`, `warns`, `raises to high`.
    pub effect: String,
    /// What it tells people.
    pub message: String,
    /// What fires it; none where nothing was found.
    pub example: Option<RuleExample>,
    /// What else there is to know: why there is no example, or where the rule fails.
    pub note: Option<String>,
}

/// Something that fires a rule.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RuleExample {
    /// The changed path that a `when` is true of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// Its value before; none where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// Its value after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// The values that a rule reads, null where a path has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<Path, Option<Value>>,
    /// Which of these a check wants changed, and what their defaults are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<Path, Option<Value>>,
    /// Who asks for the change, where the rule reads that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<RuleActor>,
    /// When, where the rule reads that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Timestamp>,
}

/// Who asks, as a rule sees them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleActor {
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
}

/// Compares a manifest with the one in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DiffManifest {
    /// Its text.
    pub text: String,
}

/// What a manifest would change, part by part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DiffManifestReply {
    /// One a setting, rule or part that differs: `settings.server.port`, `policy.high`.
    pub items: Vec<ItemView>,
    /// What its freezes would hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Puts a manifest in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApplyManifest {
    /// Its text.
    pub text: String,
    /// Reason and the rest.
    pub terms: Terms,
}

/// What putting it in force did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApplyManifestReply {
    /// What it amounts to.
    pub outcome: Outcome,
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// Its number.
    pub number: i64,
    /// The change's ULID.
    pub change: String,
    /// What differs from the former one.
    pub items: Vec<ItemView>,
    /// The request that another member of the board has to approve first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Awaiting>,
    /// What to know beside it.
    pub warnings: Vec<String>,
    /// The version it made, where an effective value changed with a default.
    pub version: Option<i64>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

impl Reply for ShowManifestReply {}
impl Reply for CheckManifestReply {
    fn outcome(&self) -> Outcome {
        if self.valid { Outcome::Done } else { Outcome::No }
    }
}
impl Reply for DiffManifestReply {
    fn outcome(&self) -> Outcome {
        if self.items.is_empty() { Outcome::Done } else { Outcome::No }
    }
}
impl Reply for ApplyManifestReply {
    fn outcome(&self) -> Outcome {
        self.outcome
    }
}
