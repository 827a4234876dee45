//! What is done to services, beside bringing a change to them.

use super::DisabledView;
use crate::api::delivery::DeliveryView;
use crate::api::{Outcome, Reply};
use crate::domain::delivery::{Found, State};
use crate::domain::path::Path;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Gives services what is in force, tells them, and sees that they run with it. Never a change, and harmless to repeat.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SyncServices {
    /// These; all where none is named.
    #[serde(default)]
    pub names: Vec<String>,
    /// Only those that are behind, failed, or were never given anything.
    #[serde(default)]
    pub all_behind: bool,
    /// Why.
    pub reason: String,
    /// Only say which it would be.
    #[serde(default)]
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncReply {
    /// Whether this only says what would be done.
    pub dry_run: bool,
    /// What it amounts to.
    pub outcome: Outcome,
    /// One an instance.
    pub items: Vec<DeliveryView>,
    /// The audit chain's head after it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// Says that a service's files may be replaced although something else wrote them, and replaces them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AdoptService {
    /// The service.
    pub name: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The digest that was shown: what stands there and what would be written are still the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// Only show what would be replaced by what.
    #[serde(default)]
    pub dry_run: bool,
}

/// What was, or would be, replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AdoptServiceReply {
    /// Whether this only says what would be done.
    pub dry_run: bool,
    /// What it amounts to.
    pub outcome: Outcome,
    /// The service.
    pub service: String,
    /// One a file.
    pub files: Vec<AdoptFile>,
    /// Over what stands there and what would be written.
    pub digest: String,
    /// The instance of cfgctl that wrote a file, whose name must be typed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_name: Option<String>,
    /// How far each instance has come.
    pub items: Vec<DeliveryView>,
    /// The audit chain's head after it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// A file that is to be replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdoptFile {
    /// The instance that reads it.
    pub instance: String,
    /// The file.
    pub file: String,
    /// Who wrote what stands there: nothing, ours, others or unstamped.
    pub found: String,
    /// The instance of cfgctl that did, where its stamp says so.
    pub written_by: Option<String>,
    /// What would change, as a unified diff without secrets; empty where nothing would, none where it cannot be shown.
    pub diff: Option<String>,
}

/// Restarts a service, instance by instance, and sees that it runs with everything it was given (requirement P4).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RestartService {
    /// The service.
    pub name: String,
    /// Only this instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Why.
    pub reason: String,
    /// Whatever windows and freezes say.
    #[serde(default)]
    pub force: bool,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestartReply {
    /// Whether this only says what would be done.
    pub dry_run: bool,
    /// What it amounts to.
    pub outcome: Outcome,
    /// The service.
    pub service: String,
    /// One an instance.
    pub items: Vec<RestartedView>,
    /// What stood in the way and was overridden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<String>,
    /// The changes that waited for this restart.
    pub waiting: Vec<i64>,
    /// Those of them for which it is recorded.
    pub recorded: Vec<i64>,
    /// The audit chain's head after it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

/// How far an instance has come with its restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestartedView {
    /// The instance.
    pub instance: String,
    /// Which wave it belongs to.
    pub wave: u32,
    /// waiting, verified or failed.
    pub state: State,
    /// When it was restarted.
    pub restarted_at: Option<Timestamp>,
    /// When it was found to run with what it was given, and to be well; none where it cannot be asked.
    pub verified_at: Option<Timestamp>,
    /// What it said of the paths that it uses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<Path, Found>,
    /// What is wrong.
    pub error: Option<String>,
}

/// Delivers nothing to a service until it is enabled again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DisableService {
    /// The service.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// Delivers to a service again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EnableService {
    /// The service.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Give it at once what is in force.
    #[serde(default)]
    pub sync: bool,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SwitchReply {
    /// Whether this only says what would be done.
    pub dry_run: bool,
    /// What it amounts to.
    pub outcome: Outcome,
    /// The service.
    pub service: String,
    /// Since when, by whom and why nothing is delivered to it; none where it is enabled.
    pub disabled: Option<DisabledView>,
    /// How far each instance has come, where it was given what is in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<DeliveryView>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

macro_rules! says_its_outcome {
    ($($reply:ty),*) => {$(
        impl Reply for $reply {
            fn outcome(&self) -> Outcome {
                self.outcome
            }
        }
    )*};
}
says_its_outcome!(SyncReply, AdoptServiceReply, RestartReply, SwitchReply);
