//! How reloads went so far, in numbers.

use super::Reply;
use super::reload::OperationView;
use crate::domain::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The numbers of the configuration system (requirements Z4, H6).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Reloads that took longer than this are listed; 100 ms where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_over: Option<Span>,
}

/// The numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatsReply {
    /// Reloads.
    pub total_operations: i64,
    /// Those that did not fail.
    pub successful_operations: i64,
    /// Those that failed.
    pub failed_operations: i64,
    /// The fraction that did not fail; none before the first.
    pub success_rate: Option<f64>,
    /// How long a reload takes on average.
    pub average_duration_ms: Option<f64>,
    /// When the last one was.
    pub last_reload_at: Option<Timestamp>,
    /// How long it took.
    pub last_duration_ms: Option<f64>,
    /// Who is told of changes now: those that watch an instance.
    pub listeners_registered: i64,
    /// The generations that one can go back to.
    pub backups_available: i64,
    /// SHA-256 over base and overrides.
    pub current_config_hash: String,
    /// The sources.
    pub sources_total: i64,
    /// Those that could be read when they were looked at last.
    pub sources_healthy: i64,
    /// How healthy the configuration system is.
    pub health: Health,
    /// Reloads that took long, the slowest first.
    pub slow_operations: Vec<OperationView>,
    /// Longer than this.
    pub slow_over_ms: f64,
}

/// The health of the configuration system (requirement H7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// healthy or unhealthy.
    pub status: String,
    /// How many sources could be read, of how many: `2/3`.
    pub sources: String,
    /// Why it is not healthy.
    pub reasons: Vec<String>,
}

impl Health {
    /// Whether nothing is wrong.
    pub fn is_healthy(&self) -> bool {
        self.reasons.is_empty()
    }
}

impl Reply for StatsReply {}
