//! What happens to a change that needs somebody's approval.

use super::change::{ChangeView, ItemSpec, ItemView};
use super::{Outcome, Reply};
use crate::domain::change::{State, Validity};
use crate::domain::dossier::Dossier;
use crate::domain::risk::Risk;
use crate::domain::time::{SpanOrDefault, Timestamp};
use serde::{Deserialize, Serialize};

/// Lists change requests, the newest first; the open ones where no state is named.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListRequests {
    /// Only in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Every change, the executed ones too.
    #[serde(default)]
    pub all: bool,
    /// Only executed ones that somebody has to look back on, and nobody has.
    #[serde(default)]
    pub unreviewed: bool,
    /// Only executed ones whose services have yet to restart.
    #[serde(default)]
    pub restart_pending: bool,
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Go on after this cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Some change requests.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListRequestsReply {
    /// One a request.
    pub items: Vec<RequestSummary>,
    /// The cursor where there is more.
    pub next: Option<String>,
}

/// One line of a list of requests.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RequestSummary {
    /// Its ULID.
    pub id: String,
    /// Its number.
    pub number: i64,
    /// What kind.
    pub kind: crate::domain::change::Kind,
    /// Where it stands.
    pub state: State,
    /// Its risk.
    pub risk: Risk,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Why.
    pub reason: String,
    /// The version it made.
    pub version: Option<i64>,
    /// Whether it still fits what it was made for, where it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
    /// In a few words, where somebody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether somebody has to look back on it, and nobody has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreviewed: bool,
    /// Whether the restart that it needs was seen to: pending or recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<String>,
}

/// One change with everything an approver decides from. An id is a ULID, a unique beginning of one, or a number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowRequest {
    /// Which.
    pub id: String,
}

/// The change and what to type next.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowRequestReply {
    /// The change.
    #[serde(flatten)]
    pub change: ChangeView,
    /// Whether what it was made against has moved.
    pub stale: bool,
    /// Why it could not be executed as it stands, beside what is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<String>,
    /// The command to type next.
    pub next: Option<String>,
}

/// A piece of evidence, with its content.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowEvidence {
    /// Of which request.
    pub id: String,
    /// The file's name.
    pub name: String,
}

/// What was attached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowEvidenceReply {
    /// The file's name.
    pub name: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Who attached it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The content as it was attached.
    pub content: String,
}

/// Approves a request as it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Approve {
    /// Which.
    pub id: String,
    /// What to say with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The digest that was shown: moved since, it is a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// Execute at once where this was the last thing missing.
    #[serde(default)]
    pub execute: bool,
    /// With `execute`: take it back unless it is confirmed within this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_within: Option<SpanOrDefault>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Rejects a request, with a reason.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reject {
    /// Which.
    pub id: String,
    /// Why.
    pub reason: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Takes one's own request back (an admin may take back anybody's).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cancel {
    /// Which.
    pub id: String,
    /// Why.
    pub reason: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Changes a draft or a request: approvals and evidence so far no longer count.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EditRequest {
    /// Which.
    pub id: String,
    /// Paths to set or unset, in place of what the request did to them.
    #[serde(default)]
    pub items: Vec<ItemSpec>,
    /// Paths to leave out of the request.
    #[serde(default)]
    pub leave_out: Vec<String>,
    /// A new reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Another ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Another rollback plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_plan: Option<String>,
    /// What else to say; an empty text takes away what was said.
    #[serde(default)]
    pub dossier: Dossier,
    /// Whether the draft is finished: people may decide about it from now on.
    #[serde(default)]
    pub submit: bool,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Makes a request anew against the present values: what its author does when it is stale or held. Approvals stay
/// where the values before and after, the risk and the policy are as they were.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefreshRequest {
    /// Which.
    pub id: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Says something about a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Comment {
    /// Which.
    pub id: String,
    /// What.
    pub text: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Sets when a request is to be executed, once it has what it needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Schedule {
    /// Which.
    pub id: String,
    /// When; none takes the schedule away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Executes a request that has what it needs: by its requester or an admin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Execute {
    /// Which.
    pub id: String,
    /// Why now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Take it back unless it is confirmed within this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_within: Option<SpanOrDefault>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Attaches a file as test evidence, kept with its hash and marked as attached, not measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttachEvidence {
    /// Which.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// The file's content, which must be text.
    pub content: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Where the request stands now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecisionReply {
    /// What it amounts to.
    pub outcome: Outcome,
    /// Whether this only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// The request.
    pub change: ChangeView,
    /// What would come back, where this only says so of a change that is taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comes_back: Vec<ItemView>,
    /// What to know beside it.
    pub warnings: Vec<String>,
    /// The command that the caller may type next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

impl Reply for ListRequestsReply {}
impl Reply for ShowRequestReply {}
impl Reply for ShowEvidenceReply {}
impl Reply for DecisionReply {
    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn made(&mut self) -> Option<(&mut ChangeView, &mut Outcome)> {
        Some((&mut self.change, &mut self.outcome))
    }
}
