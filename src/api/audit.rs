//! The audit log: every write, refusal and reveal, in a hash chain.

use super::{Outcome, Reply};
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use serde::{Deserialize, Serialize};

/// Lists entries, the oldest first after a cursor, or the newest first without one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListAudit {
    /// Only since this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only until this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Only by this member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Only this action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The oldest first, as an export wants them.
    #[serde(default)]
    pub oldest_first: bool,
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Go on after this cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Some entries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListAuditReply {
    /// Whether identity on this store is only asserted (design.md §6).
    pub identity_asserted: bool,
    /// One an entry.
    pub items: Vec<AuditView>,
    /// The cursor where there is more.
    pub next: Option<String>,
}

/// One entry of the chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditView {
    /// Its place in the chain.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// How they proved it.
    pub proof: String,
    /// From where.
    pub origin: String,
    /// With which program version.
    pub program: String,
    /// What was done or tried.
    pub action: String,
    /// To what.
    pub target: String,
    /// done or refused.
    pub outcome: String,
    /// More about it.
    pub detail: Value,
    /// The digests of the rows it wrote.
    pub rows: String,
    /// The entry before it.
    pub prev_hash: String,
    /// Its own hash.
    pub hash: String,
}

/// Verifies the chain; with `full` also every row that the entries vouch for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct VerifyAudit {
    /// A head seen earlier, as `SEQ:HASH`: the chain must still contain it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Check the row digests too.
    #[serde(default)]
    pub full: bool,
}

/// What verifying found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyAuditReply {
    /// Whether everything holds.
    pub ok: bool,
    /// How many entries were verified.
    pub entries: i64,
    /// After which entry the log begins, because older ones were pruned; 0 where none was.
    #[serde(default)]
    pub begins_after: i64,
    /// The head, as `SEQ:HASH`.
    pub head: String,
    /// What does not hold; the first broken entry comes first.
    pub problems: Vec<String>,
}

impl Reply for ListAuditReply {}
impl Reply for VerifyAuditReply {
    fn outcome(&self) -> Outcome {
        if self.ok { Outcome::Done } else { Outcome::Integrity }
    }
}
