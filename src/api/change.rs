//! Changing values: the one way in. A set, an unset, an edit and a batch are all changes, told apart by their kind.

mod view;

pub use view::{
    ApprovalView, Awaiting, ChangeView, CommentView, ConflictView, EvidenceView, ItemKind, ItemView,
    PlaceView, StepView, Stricter, TakenBackView,
};

use super::{Outcome, Reply};
use crate::domain::approval::Lack;
use crate::domain::change::Kind;
use crate::domain::dossier::Dossier;
use crate::domain::risk::{Risk, RiskReason};
use crate::domain::time::{SpanOrDefault, Timestamp};
use crate::domain::{path::Path, value::Value, value::ValueType};
use serde::{Deserialize, Serialize};

/// What to do where a change is no longer the one that was shown.
pub const LOOK_AGAIN: &str = "Look at it again with --dry-run.";

/// What every write carries.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Terms {
    /// The change's ULID, chosen by the caller: the same id with the same content gets the same answer.
    pub id: String,
    /// Why.
    pub reason: String,
    /// The ticket it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// How to get back, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_plan: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// The digest a dry run showed: moved since, it is a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// None of the paths may have changed since this version; 0: they must not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_version: Option<i64>,
    /// Execute it then, and not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Timestamp>,
    /// Take it back unless it is confirmed within this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_within: Option<SpanOrDefault>,
    /// Even where it did harm before and was taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_rolled_back: bool,
    /// Whether to execute it as soon as it may be, or only to ask for it.
    #[serde(default, skip_serializing_if = "Mode::is_execute")]
    pub mode: Mode,
    /// What to say of it beside the reason.
    #[serde(default, skip_serializing_if = "Dossier::is_empty")]
    pub dossier: Dossier,
}

/// How far a change is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Executed where nothing is missing; otherwise it waits.
    #[default]
    Execute,
    /// A request, which somebody executes later.
    Request,
    /// A draft, about which nobody decides yet.
    Draft,
}

impl Mode {
    fn is_execute(&self) -> bool {
        *self == Mode::Execute
    }
}

/// Sets or unsets some paths.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MakeChange {
    /// Set, unset or edit.
    pub kind: Kind,
    /// What to do to which path.
    pub items: Vec<ItemSpec>,
    /// Reason and the rest.
    pub terms: Terms,
}

/// What to do to one path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ItemSpec {
    /// The path as typed.
    pub path: String,
    /// The new value, or that there is to be none.
    pub input: Input,
}

/// A new value as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Typed text, read by the setting's type, or by the type named where the path is not registered.
    Text {
        /// What was typed.
        text: String,
        /// The type named with `--type`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value_type: Option<ValueType>,
        /// Whether it stood among a command's words, where everybody on the machine can read it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_words: bool,
    },
    /// A value that already has a type.
    Json(Value),
    /// No value: the override goes.
    Unset,
}

/// Applies a whole document as one change; null leaves unset.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApplyDocument {
    /// The nested or flat document, or what `get -o json` gave.
    pub document: Value,
    /// Below this prefix, also unset what the document leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// Reason and the rest.
    pub terms: Terms,
}

/// What became, or would become, of a change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeReply {
    /// What it amounts to.
    pub outcome: Outcome,
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// The change; none where there was nothing to do.
    pub change: Option<ChangeView>,
    /// Paths that already had the value.
    pub unchanged: Vec<Path>,
    /// What to know beside it.
    pub warnings: Vec<String>,
    /// The command that the caller may type next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

impl ChangeReply {
    /// The answer where nothing was to be changed.
    pub fn unchanged() -> ChangeReply {
        ChangeReply {
            outcome: Outcome::Unchanged,
            dry_run: false,
            change: None,
            unchanged: Vec::new(),
            warnings: Vec::new(),
            next: None,
            audit_head: None,
        }
    }
}

/// Asks whether values would be accepted, without changing anything (requirement A4).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Validate {
    /// Single items.
    #[serde(default)]
    pub items: Vec<ItemSpec>,
    /// Or a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Value>,
}

/// Valid, or the list of issues.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ValidateReply {
    /// Whether all would be accepted.
    pub valid: bool,
    /// How many paths were looked at.
    pub checked: usize,
    /// What is wrong.
    pub issues: Vec<Issue>,
    /// What is only noteworthy.
    pub warnings: Vec<String>,
}

/// One thing that is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// The path; none where a rule speaks of several.
    pub path: Option<Path>,
    /// The cross-setting rule that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The kind of credential that it holds in the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// One sentence.
    pub message: String,
}

/// Asks what a change would mean (requirement P7).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assess {
    /// Single items.
    #[serde(default)]
    pub items: Vec<ItemSpec>,
    /// Or a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Value>,
}

/// The impact of a change. The first four names are those of requirement P7.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssessReply {
    /// Whether a service must restart.
    pub restart_required: bool,
    /// The services that use the paths.
    pub affected_services: Vec<String>,
    /// The risk.
    pub risk_level: Risk,
    /// Whether it would be accepted.
    pub validation_results: ValidateReply,
    /// Why it has that risk.
    pub risk_reasons: Vec<RiskReason>,
    /// What that risk demands, in words.
    pub demand: String,
    /// What would be missing if the caller made it now.
    pub missing: Vec<Lack>,
    /// What would be better to have.
    pub advice: Vec<Lack>,
    /// What would change.
    pub items: Vec<ItemView>,
}

impl Reply for ChangeReply {
    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn made(&mut self) -> Option<(&mut ChangeView, &mut Outcome)> {
        self.change.as_mut().map(|change| (change, &mut self.outcome))
    }
}
impl Reply for ValidateReply {
    fn outcome(&self) -> Outcome {
        if self.valid { Outcome::Done } else { Outcome::No }
    }
}
impl Reply for AssessReply {}
