//! Keys and secrets: what they are sealed with, what is sealed, what stands in the clear, and one of them revealed.

use super::change::{ChangeReply, Terms};
use super::value::ValueView;
use super::{Outcome, Reply};
use crate::domain::path::Path;
use crate::domain::value::Value;
use serde::{Deserialize, Serialize};

/// The key file that was made. It is made beside the store, by whoever is there: no request asks for one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeygenReply {
    /// The key's name.
    pub key: String,
    /// Where its file is.
    pub file: String,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// Makes a new key, and seals with it whatever is in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rotate {
    /// Reason and the rest.
    pub terms: Terms,
}

/// What was sealed anew.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RotateReply {
    /// The key that seals from now on; none where nothing was done yet.
    pub key: Option<String>,
    /// The older keys, which still open what history holds.
    pub older: Vec<String>,
    /// How many overrides were sealed anew.
    pub overrides: u64,
    /// How many base values were.
    pub base: u64,
    /// The change that holds it.
    pub change: ChangeReply,
}

/// Takes an older key out of the key file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Forget {
    /// Its name.
    pub key: String,
    /// Why.
    pub reason: String,
    /// Only show what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// A key that is gone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForgetReply {
    /// Its name.
    pub key: String,
    /// The keys that are left, the newest first.
    pub left: Vec<String>,
    /// Whether it is still there.
    pub dry_run: bool,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// Seals a value for a path, and keeps nothing.
#[derive(Clone, Serialize, Deserialize)]
pub struct Seal {
    /// The path, whose setting is a secret.
    pub path: String,
    /// The value as text, read by the setting's type.
    pub text: String,
}

/// A sealed value, for a document that is applied later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealReply {
    /// The path that it is sealed for.
    pub path: Path,
    /// The text.
    pub sealed: String,
}

/// Looks for credentials in the clear: in what is in force, in the base, and in documents.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Scan {
    /// Documents beside the store.
    #[serde(default)]
    pub documents: Vec<ScanDocument>,
}

/// A document to look into.
#[derive(Clone, Serialize, Deserialize)]
pub struct ScanDocument {
    /// What it is called.
    pub name: String,
    /// What it holds.
    pub content: Value,
}

/// What was found; never the values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScanReply {
    /// Path by path.
    pub items: Vec<FindingView>,
    /// How many values were looked at.
    pub checked: u64,
    /// How many findings the manifest allows.
    pub allowed: u64,
}

/// A credential in the clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingView {
    /// `override`, `default`, a source's name, or a document's.
    pub place: String,
    /// The path.
    pub path: Path,
    /// Where inside its value, as a JSON Pointer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pointer: String,
    /// What kind it is, as the manifest's `secrets.allow` names it.
    pub kind: String,
    /// Why it is taken for one.
    pub why: String,
    /// How long it is, in bytes.
    pub bytes: u64,
}

/// Values with their secrets opened and fetched, on record.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reveal {
    /// Whole paths and prefixes; everything where nothing is named.
    #[serde(default)]
    pub paths: Vec<String>,
    /// As of a version's number, a tag, or a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// The values asked for, in path order, secrets in the clear.
#[derive(Clone, Serialize, Deserialize)]
pub struct RevealReply {
    /// One a path.
    pub items: Vec<ValueView>,
    /// Which of them are secrets.
    pub revealed: Vec<Path>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

impl Reply for KeygenReply {}
impl Reply for ForgetReply {}
impl Reply for SealReply {}
impl Reply for RevealReply {}

impl Reply for RotateReply {
    fn outcome(&self) -> Outcome {
        self.change.outcome
    }
}

impl Reply for ScanReply {
    fn outcome(&self) -> Outcome {
        if self.items.is_empty() { Outcome::Done } else { Outcome::No }
    }
}
