//! Reading the sources anew, and how that went before.

use super::change::{Awaiting, ItemView};
use super::delivery::DeliveryView;
use super::{Outcome, Reply};
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What makes a reload happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Somebody asked for it.
    #[default]
    Manual,
    /// A signal.
    Signal,
    /// A request over the wire.
    Api,
    /// A watched file changed.
    Watch,
    /// It fell due.
    Duty,
}

impl Cause {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Manual => "manual",
            Cause::Signal => "signal",
            Cause::Api => "api",
            Cause::Watch => "watch",
            Cause::Duty => "duty",
        }
    }
}

/// Reads the sources, and puts what they say in force all at once or not at all (requirements H3, Z1).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reload {
    /// The reload's ULID: the same one again is answered, and not done again.
    pub id: String,
    /// Only this source; all of them where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Go on although nothing has changed.
    #[serde(default)]
    pub force: bool,
    /// Back to the base of this generation; no source is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What made it happen.
    #[serde(default)]
    pub cause: Cause,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a reload came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReloadReply {
    /// Whether this only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// What the answer amounts to.
    pub outcome: Outcome,
    /// The record of it.
    #[serde(flatten)]
    pub operation: OperationView,
    /// The effective values that it altered.
    pub items: Vec<ItemView>,
    /// Those that it would have altered above their source's `max_risk`: their former base stays.
    pub held: Vec<ItemView>,
    /// How far the services have come that use the altered values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<DeliveryView>,
    /// The reload that went back, because too few services run with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back_by: Option<String>,
    /// The request that holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Awaiting>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// The record of one reload (requirement Z1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OperationView {
    /// Its ULID.
    pub operation_id: String,
    /// What made it happen.
    pub trigger: String,
    /// completed, unchanged, held (some of it waits for approval) or failed.
    pub status: String,
    /// Whether it did not fail.
    pub success: bool,
    /// Whether it was to go on although nothing had changed.
    pub forced: bool,
    /// When it began.
    pub begun_at: Timestamp,
    /// Who made it happen.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// How long all of it took.
    pub total_duration_ms: f64,
    /// How long the sources took.
    pub loading_duration_ms: f64,
    /// How long validation took.
    pub validation_duration_ms: f64,
    /// How long it took to put it in force.
    pub apply_duration_ms: f64,
    /// `name:success`, one a service.
    pub services_notified: Vec<String>,
    /// What is only noteworthy.
    pub validation_warnings: Vec<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What each source came to.
    pub sources: Vec<SourceResult>,
    /// How many effective values it altered.
    pub altered: u64,
    /// How many it held back.
    pub held_back: u64,
    /// The generation that it made.
    pub generation: Option<i64>,
    /// The version that it made.
    pub version: Option<i64>,
    /// The number of the request for what it held back.
    pub change: Option<i64>,
}

/// What one source came to in one reload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceResult {
    /// The source.
    pub source: String,
    /// Whether it could be read.
    pub ok: bool,
    /// How many values it holds.
    pub entries: u64,
    /// Whether it says the same as when it was read last.
    pub unchanged: bool,
    /// Whether its cache answered in its place.
    #[serde(default)]
    pub from_cache: bool,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How long it took.
    pub duration_ms: f64,
}

/// The reloads, the newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListReloads {
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Go on after this cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// One a reload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListReloadsReply {
    /// The newest first.
    pub items: Vec<OperationView>,
    /// The cursor of the next page, where there is one.
    pub next: Option<String>,
}

impl Reply for ReloadReply {
    fn outcome(&self) -> Outcome {
        self.outcome
    }
}
impl Reply for ListReloadsReply {}
