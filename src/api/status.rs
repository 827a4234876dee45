//! How the instance stands, and whether the store is sound.

use super::{Outcome, Reply};
use crate::domain::{risk::Risk, role::Role, time::Timestamp};
use serde::{Deserialize, Serialize};

/// How the instance stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Status {}

/// The instance at a glance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatusReply {
    /// The instance's name.
    pub instance: String,
    /// Where its store is; none before the first write makes it.
    pub store: Option<String>,
    /// The store's identity.
    pub store_id: String,
    /// Who is calling.
    pub caller: String,
    /// With which role.
    pub role: Option<Role>,
    /// How they proved it.
    pub proof: String,
    /// The current version.
    pub version: i64,
    /// SHA-256 over the overrides.
    pub config_hash: String,
    /// SHA-256 over base and overrides.
    pub effective_hash: String,
    /// When the last version was made.
    pub changed_at: Option<Timestamp>,
    /// By whom.
    pub changed_by: Option<String>,
    /// How many overrides there are.
    pub overrides: i64,
    /// How many settings the manifest registers.
    pub settings: i64,
    /// The manifest's number.
    pub manifest: i64,
    /// How many members are active.
    pub members: i64,
    /// Whether one person's own approval counts at every risk.
    pub solo: bool,
    /// Whether members and manifest rest with one person.
    pub one_owner: bool,
    /// Whether identity is only asserted.
    pub identity_asserted: bool,
    /// Risks whose demand nobody present could meet.
    pub unmeetable: Vec<Risk>,
    /// The health of the layers below the overrides; none where the manifest names no source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<super::stats::Health>,
    /// Open change requests.
    pub open_requests: i64,
    /// Executed changes that somebody has to look back on, and nobody has; emergencies too.
    #[serde(default)]
    pub unreviewed: i64,
    /// Changes whose services have yet to restart, the newest first.
    #[serde(default)]
    pub restart_pending: Vec<RestartPending>,
    /// The services; none where the manifest names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<ServicesView>,
    /// The last backup of everything.
    pub last_full_backup: Option<Timestamp>,
    /// How many backups there are.
    pub backups: i64,
    /// The store's size in bytes: its file and the log beside it.
    pub store_size: i64,
    /// How much of that is free again, and taken by what is written next.
    #[serde(default)]
    pub store_free: i64,
    /// Above how many bytes in use there is a warning.
    #[serde(default)]
    pub store_warns_above: i64,
    /// How much is kept of what housekeeping takes.
    #[serde(default)]
    pub kept: Kept,
    /// The housekeeping that is due: baseline, versions, audit.
    #[serde(default)]
    pub housekeeping: Vec<String>,
    /// The audit chain's head, as `SEQ:HASH`.
    pub audit_head: String,
    /// What needs somebody's attention.
    pub attention: Vec<String>,
}

/// How much is kept of what housekeeping takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Versions.
    pub versions: i64,
    /// History begins after this version; 0 where nothing was pruned.
    pub history_after: i64,
    /// Rows of history since then; before it, there is at most one of each path.
    pub history_rows: i64,
    /// The audit log begins after this entry; 0 where nothing was pruned.
    pub audit_after: i64,
    /// Entries of the audit log.
    pub audit_entries: i64,
}

/// A change whose services have yet to restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartPending {
    /// Its number.
    pub number: i64,
    /// The services that have yet to restart.
    pub services: Vec<String>,
    /// The paths whose values take effect with that.
    pub paths: Vec<String>,
}

/// How many services stand how. One whose instances stand differently counts by each of their words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServicesView {
    /// All of them.
    pub total: u64,
    /// Those that have what was in force earlier.
    pub behind: u64,
    /// Those that were never given anything.
    pub never_delivered: u64,
    /// Those where what was done last did not succeed.
    pub failed: u64,
    /// Those that must restart to take what they were given.
    pub restart_pending: u64,
    /// Those to which nothing is delivered.
    pub disabled: u64,
}

/// Looks the store over: file, chain, hashes, rows, permissions, space.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Doctor {}

/// What was looked at and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DoctorReply {
    /// Whether nothing is broken.
    pub ok: bool,
    /// One a check.
    pub checks: Vec<Check>,
}

impl DoctorReply {
    /// The finding about a store that is too damaged to be asked.
    pub fn broken(finding: String) -> DoctorReply {
        let advice = "Keep the file for whoever looks into it; make a new store (cfgctl init --store PATH) and restore the \
                      newest full backup beside the old one (cfgctl restore FILE --foreign).";
        let check = Check {
            name: "file".to_owned(),
            status: CheckStatus::Failed,
            finding,
            advice: Some(advice.to_owned()),
        };
        DoctorReply { ok: false, checks: vec![check] }
    }
}

/// One check.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// ok, warning or failed.
    pub status: CheckStatus,
    /// What was found.
    pub finding: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// As it should be.
    Ok,
    /// To be looked at when there is time.
    Warning,
    /// Broken.
    Failed,
}

impl Reply for StatusReply {}
impl Reply for DoctorReply {
    fn outcome(&self) -> Outcome {
        if self.ok { Outcome::Done } else { Outcome::Integrity }
    }
}
