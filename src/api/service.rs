//! The services: what each was given, was told of and was found to run with, and what can be done about it.

mod act;

pub use act::{
    AdoptFile, AdoptService, AdoptServiceReply, DisableService, EnableService, RestartReply, RestartService,
    RestartedView, SwitchReply, SyncReply, SyncServices,
};

use super::{Outcome, Reply};
use crate::domain::delivery::Standing;
use crate::domain::path::Path;
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The services, instance by instance, as they were left. Asks none of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListServices {}

/// One an instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListServicesReply {
    /// In the order in which they are told.
    pub items: Vec<InstanceView>,
}

/// One instance of a service. *Written*, *reloaded* and *verified* are three facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceView {
    /// The service.
    pub service: String,
    /// Its instance; the service's own name where it has none.
    pub instance: String,
    /// The higher is told first.
    pub priority: u32,
    /// Whether its failure is reason enough to go back.
    pub critical: bool,
    /// How it stands, in a word.
    pub state: Standing,
    /// The version whose values it was given last.
    pub version: Option<i64>,
    /// When they were written.
    pub written_at: Option<Timestamp>,
    /// When it was told of them.
    pub reloaded_at: Option<Timestamp>,
    /// When it was found to run with them.
    pub verified_at: Option<Timestamp>,
    /// Since when it must restart to take what it was given.
    pub restart_since: Option<Timestamp>,
    /// What went wrong last.
    pub problem: Option<String>,
}

/// Everything about one service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowService {
    /// Its name.
    pub name: String,
}

/// A service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowServiceReply {
    /// Its name.
    pub service: String,
    /// What it is.
    pub description: Option<String>,
    /// The higher is told first.
    pub priority: u32,
    /// Whether its failure is reason enough to go back.
    pub critical: bool,
    /// Since when, by whom and why nothing is delivered to it.
    pub disabled: Option<DisabledView>,
    /// What it uses, as the manifest says it.
    pub uses: Vec<String>,
    /// The values that it uses.
    pub values: Vec<UsedView>,
    /// The instances in the waves in which a change comes to them.
    pub waves: Vec<Vec<String>>,
    /// How long a wave is watched before the next.
    pub bake: String,
    /// The values built in, put in place where its own are rolled back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fallback: BTreeMap<Path, Value>,
    /// One an instance.
    pub instances: Vec<InstanceDetail>,
}

/// That nothing is delivered to a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DisabledView {
    /// Since when.
    pub since: Timestamp,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A value that a service uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsedView {
    /// Its path.
    pub path: Path,
    /// The effective value; a secret is not shown.
    pub value: Value,
    /// Whether it takes effect with a restart.
    pub restart: bool,
}

/// One instance, and how it is dealt with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceDetail {
    /// How it stands.
    #[serde(flatten)]
    pub instance: InstanceView,
    /// Whether its file may be replaced although something else wrote it.
    pub adopted: bool,
    /// How it gets its settings, in words.
    pub deliver: Option<String>,
    /// How it is told of them.
    pub reload: Option<String>,
    /// How it is asked what it runs with.
    pub read_back: Option<String>,
    /// How it is asked whether it is well.
    pub health: Vec<String>,
    /// How it is restarted.
    pub restart: Option<String>,
}

/// Proves that what the manifest says of services can be carried out. Changes nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CheckServices {
    /// Only these.
    #[serde(default)]
    pub names: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckServicesReply {
    /// Whether nothing failed.
    pub ok: bool,
    /// One an instance.
    pub items: Vec<CheckedView>,
}

/// How one instance was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckedView {
    /// The service.
    pub service: String,
    /// Its instance.
    pub instance: String,
    /// Whether nothing failed.
    pub ok: bool,
    /// What was tried, in the order of a delivery.
    pub steps: Vec<StepView>,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepView {
    /// render, target, check, reload, read_back or health.
    pub step: String,
    /// How it went.
    pub status: StepStatus,
    /// What was found.
    pub finding: String,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// It would do.
    Ok,
    /// It was not tried.
    Skipped,
    /// It would fail.
    Failed,
}

/// Asks services whether they are well. Records nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ProbeServices {
    /// Only these.
    #[serde(default)]
    pub names: Vec<String>,
}

/// What they answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProbeServicesReply {
    /// Whether none is unwell.
    pub ok: bool,
    /// One an instance.
    pub items: Vec<ProbedView>,
}

/// How one instance is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbedView {
    /// The service.
    pub service: String,
    /// Its instance.
    pub instance: String,
    /// Whether it is well; none where the manifest does not say how to ask.
    pub well: Option<bool>,
    /// How long it took to answer.
    pub response_time_ms: Option<f64>,
    /// What it said in numbers.
    pub figures: BTreeMap<String, f64>,
    /// What is wrong.
    pub problem: Option<String>,
}

impl Reply for ListServicesReply {}
impl Reply for ShowServiceReply {}
impl Reply for CheckServicesReply {
    fn outcome(&self) -> Outcome {
        if self.ok { Outcome::Done } else { Outcome::No }
    }
}
impl Reply for ProbeServicesReply {
    fn outcome(&self) -> Outcome {
        if self.ok { Outcome::Done } else { Outcome::No }
    }
}
