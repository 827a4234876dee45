//! A change on its way to the services that use it.

use super::change::ChangeView;
use super::{Outcome, Reply};
use crate::domain::delivery::{Found, State};
use crate::domain::path::Path;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Goes on with a change's delivery, or looks on where somebody else does: answers when something has happened, and at
/// the latest after a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Follow {
    /// The change.
    pub id: String,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FollowReply {
    /// What it amounts to so far.
    pub outcome: Outcome,
    /// Whether nothing more is to come of it.
    pub settled: bool,
    /// The change; where it was taken back, the delivery of what does that is to be followed next.
    pub change: ChangeView,
}

/// How far one instance of a service has come with a change (requirement P11).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryView {
    /// The service.
    pub service: String,
    /// Its instance.
    pub instance: String,
    /// Whether its failure is reason enough to go back.
    pub critical: bool,
    /// Which of its service's waves it belongs to.
    pub wave: u32,
    /// How far it has come.
    pub state: State,
    /// When its values were written.
    pub written_at: Option<Timestamp>,
    /// When it was told of them.
    pub reloaded_at: Option<Timestamp>,
    /// When it was found to run with them.
    pub verified_at: Option<Timestamp>,
    /// Whether it runs with what it should.
    pub matches_expected: bool,
    /// What it said of the paths that changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<Path, Found>,
    /// What is wrong.
    pub error: Option<String>,
    /// How long it took from the change to its proof, in milliseconds.
    pub propagation_time_ms: Option<i64>,
}

impl Reply for FollowReply {
    fn outcome(&self) -> Outcome {
        self.outcome
    }
}
