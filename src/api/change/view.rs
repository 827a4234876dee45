//! A change, and what belongs to it, as everybody sees it.
//!
//! What must stay true: what is shown of a change is the same near and far, before it is on record and after.

use crate::api::delivery::DeliveryView;
use crate::api::emergency::EmergencyView;
use crate::api::review::ReviewView;
use crate::domain::approval::Lack;
use crate::domain::change::{Kind, State, Validity};
use crate::domain::dossier::Dossier;
use crate::domain::path::Path;
use crate::domain::policy::Demand;
use crate::domain::risk::{Risk, RiskReason};
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use serde::{Deserialize, Serialize};

/// A change, as everybody sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeView {
    /// Its ULID.
    pub id: String,
    /// Its number, without gaps; none before it is on record.
    pub number: Option<i64>,
    /// What kind.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// The highest risk of its items, raised by rules.
    pub risk: Risk,
    /// Why it has that risk.
    pub risk_reasons: Vec<RiskReason>,
    /// Why it is wanted.
    pub reason: String,
    /// Its ticket.
    pub ticket: Option<String>,
    /// How to get back.
    pub rollback_plan: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// An open request ends then.
    pub expires_at: Option<Timestamp>,
    /// What it does, in path order.
    pub items: Vec<ItemView>,
    /// What its risk demands.
    pub demand: Demand,
    /// What is missing before it may be executed.
    pub missing: Vec<Lack>,
    /// What would be better to have.
    pub advice: Vec<Lack>,
    /// Decisions so far.
    pub approvals: Vec<ApprovalView>,
    /// Attached test evidence.
    pub evidence: Vec<EvidenceView>,
    /// What the policy in force demands, where that is more than what let the change wait: it holds the change too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stricter: Option<Stricter>,
    /// What approvals are bound to.
    pub digest: String,
    /// The version it was made against.
    pub base_version: i64,
    /// The version it made.
    pub version: Option<i64>,
    /// Who executed it.
    pub executed_by: Option<String>,
    /// The backup file written before it.
    pub backup: Option<String>,
    /// The recorded steps of its execution (requirement P9).
    pub steps: Vec<StepView>,
    /// Whether a service must restart for it to take effect.
    pub restart_required: bool,
    /// The services that use what it changes.
    pub affected_services: Vec<String>,
    /// Whether identity on this store is only asserted, so that approvals are too (design.md §6).
    pub identity_asserted: bool,
    /// Why it ended, where it was rejected, cancelled or failed.
    pub ended_because: Option<String>,
    /// What it goes back to, where it does.
    pub returns_to: Option<String>,
    /// What set a rollback off (requirement B2).
    pub trigger: Option<String>,
    /// Whether an open request still fits what it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
    /// What its people say of it.
    #[serde(default, skip_serializing_if = "Dossier::is_empty")]
    pub dossier: Dossier,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<CommentView>,
    /// Other open requests that would change one of its paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<ConflictView>,
    /// When it is to be executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<Timestamp>,
    /// Unless it is confirmed by then, the former state returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_by: Option<Timestamp>,
    /// Whether the restart that it needs was seen to: pending or recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<String>,
    /// The number of the change that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<i64>,
    /// How far it has come at the services that use what it changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery: Vec<DeliveryView>,
    /// What became of taking it back, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<TakenBackView>,
    /// The mark of an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyView>,
    /// Whether somebody has to look back on it, and nobody has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreviewed: bool,
    /// What was found when it was looked back on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewView>,
}

/// How a change was taken back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TakenBackView {
    /// The number of the change that did.
    pub number: i64,
    /// Its ULID.
    pub id: String,
    /// Where it stands: `failed` where the services do not run with the former values either.
    pub state: State,
    /// The paths that were left as they are, because somebody has changed them since.
    pub kept: Vec<Path>,
    /// How far the former values have come at the services.
    pub delivery: Vec<DeliveryView>,
}

/// A change of members or manifest that another member of the board has to approve first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaiting {
    /// Its number.
    pub number: i64,
    /// Its ULID.
    pub id: String,
    /// What is missing.
    pub missing: Vec<Lack>,
}

/// A remark about a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentView {
    /// Who.
    pub member: String,
    /// How they proved who they are.
    pub proof: String,
    /// When.
    pub at: Timestamp,
    /// What they said.
    pub text: String,
}

/// Another open request on one of a request's paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictView {
    /// Its number.
    pub number: i64,
    /// Its ULID.
    pub id: String,
    /// Who asked for it.
    pub requested_by: String,
    /// A path that both would change.
    pub path: String,
}

/// What a change does to one path, to the manifest, or to a member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemView {
    /// What it is about.
    pub what: ItemKind,
    /// The path, the member's name, or the manifest's instance.
    pub path: String,
    /// Before; null where there was nothing.
    pub before: Option<Value>,
    /// After; null where there will be nothing.
    pub after: Option<Value>,
    /// What is effective where there is no override: the default below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Value>,
    /// The source that gives that; none where it is the setting's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_layer: Option<String>,
}

/// What an item is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemKind {
    /// A path's override.
    Value,
    /// The manifest as a whole, by its hash.
    Manifest,
    /// A member.
    Member,
    /// A setting of the instance itself, such as `solo`.
    Instance,
}

/// One decision about a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApprovalView {
    /// Who.
    pub member: String,
    /// The role they had then, their own.
    pub role: String,
    /// In whose place they decided, beside their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_place_of: Vec<PlaceView>,
    /// approve or reject.
    pub decision: String,
    /// How they proved who they are: `uid:1000`, `sudo:1000`, `token:3`.
    pub proof: String,
    /// When.
    pub at: Timestamp,
    /// What they said.
    pub comment: Option<String>,
    /// Whether it counts for the present content, and with the role they have now.
    pub counts: bool,
}

/// What a change would have to meet if it were made now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stricter {
    /// The risk it would have.
    pub risk: Risk,
    /// What that demands.
    pub demand: Demand,
}

/// Somebody in whose place an approval was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceView {
    /// Who delegated.
    pub member: String,
    /// The role they had then.
    pub role: String,
}

/// One piece of test evidence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EvidenceView {
    /// The file's name.
    pub name: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Its size in bytes.
    pub size: i64,
    /// Who attached it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// `attached, not measured`, or `measured`.
    pub nature: String,
    /// Whether it is for the present digest.
    pub counts: bool,
}

/// One recorded step of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepView {
    /// validation, backup, apply_change, verification.
    pub name: String,
    /// completed, failed or skipped.
    pub status: String,
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// What came of it.
    pub result: String,
}
