//! What cannot wait: a change that skips approvals and windows, and the review it owes.

use super::change::{ChangeReply, ChangeView, ItemSpec, Terms};
use super::change_request::DecisionReply;
use super::rollback::BackupSource;
use super::{Outcome, Reply};
use crate::domain::emergency::{Answer, Settlement};
use crate::domain::manifest::Contact;
use crate::domain::policy::Demand;
use crate::domain::review::Findings;
use crate::domain::risk::Risk;
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use serde::{Deserialize, Serialize};

/// Makes a change at once: validated, backed up and on record, without the approvals that its risk demands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MakeEmergency {
    /// What it does.
    pub what: What,
    /// Why it cannot wait. Only a dry run goes without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// The member who was asked, by word. Only a dry run goes without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// A directory of the instance's where the backup goes if it cannot be written in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_to: Option<String>,
    /// What to do with a change that waits to be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<Settlement>,
    /// Reason and the rest.
    pub terms: Terms,
}

/// What an emergency does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Sets or unsets paths.
    Items(Vec<ItemSpec>),
    /// Applies a document; null leaves unset.
    Document(Value),
    /// Brings back one path as a backup holds it (requirement P15).
    Backup {
        /// Which path.
        path: String,
        /// From where.
        from: BackupSource,
        /// Take another store's backup.
        #[serde(default)]
        foreign: bool,
    },
}

/// What became, or would become, of an emergency.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EmergencyReply {
    /// The change it made.
    #[serde(flatten)]
    pub change: ChangeReply,
    /// What became of a change that waited to be confirmed, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<SettledView>,
    /// The name that must be typed first, where this only says what would happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_name: Option<String>,
}

/// What became of a change that waited to be confirmed and stood in an emergency's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledView {
    /// Its number.
    pub change: i64,
    /// Whether it stays or its former state returned first.
    pub how: Settlement,
    /// The number of the change that brought its former state back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back_by: Option<i64>,
}

/// The mark that stays on an emergency, as everybody sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmergencyView {
    /// Why it could not wait.
    pub justification: String,
    /// Who was asked, by word.
    pub approver: String,
    /// How many approvals were skipped.
    pub skipped: u32,
    /// What its risk demanded then.
    pub demand: Demand,
    /// When somebody has to have looked back on it.
    pub review_due: Timestamp,
    /// Whether that is over, and nobody has.
    pub overdue: bool,
    /// acknowledged or denied, by the one who was asked; null where they said nothing yet.
    pub answer: Option<Answer>,
    /// When they said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// How they proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_proof: Option<String>,
    /// What they said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_comment: Option<String>,
}

/// Lists emergencies, the newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListEmergencies {
    /// Only those that nobody has looked back on.
    #[serde(default)]
    pub unreviewed: bool,
    /// Only those whose review is overdue.
    #[serde(default)]
    pub overdue: bool,
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Go on after this cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Some emergencies.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListEmergenciesReply {
    /// One an emergency.
    pub items: Vec<EmergencySummary>,
    /// The cursor where there is more.
    pub next: Option<String>,
}

/// One line of a list of emergencies.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EmergencySummary {
    /// The change's number.
    pub number: i64,
    /// The change's ULID.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who made it.
    pub by: String,
    /// Its risk.
    pub risk: Risk,
    /// Why.
    pub reason: String,
    /// The mark it bears.
    pub emergency: EmergencyView,
    /// What was found when it was looked back on; null until then.
    pub review: Option<super::review::ReviewView>,
    /// Who of those present may review it, where nobody has.
    pub reviewers: Vec<String>,
}

/// Says whether one was asked before an emergency, as it is recorded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Acknowledge {
    /// Which.
    pub id: String,
    /// Whether one agreed.
    pub answer: Answer,
    /// What to say with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What stands after it.
pub type AcknowledgeReply = DecisionReply;

/// Looks back on an emergency: what happened, whether it was right, what solves it for good.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReviewEmergency {
    /// Which.
    pub id: String,
    /// What was found.
    pub findings: Findings,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What stands after it.
pub type EmergencyReviewReply = DecisionReply;

/// Whom to call, as the manifest says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Contacts {}

/// Whom to call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContactsReply {
    /// The instance's name.
    pub instance: String,
    /// In the manifest's order.
    pub items: Vec<Contact>,
}

impl Reply for EmergencyReply {
    fn outcome(&self) -> Outcome {
        self.change.outcome
    }

    fn made(&mut self) -> Option<(&mut ChangeView, &mut Outcome)> {
        self.change.made()
    }
}
impl Reply for ListEmergenciesReply {}
impl Reply for ContactsReply {}
