//! Trying the command that tells people what happens.

use super::{Outcome, Reply};
use crate::domain::notice::{Event, Notice};
use crate::domain::time::Span;
use serde::{Deserialize, Serialize};

/// Runs the manifest's notify command with a notice that says that it is a test.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TestNotify {
    /// As a notice of this event; of a request where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// Only show what the command would get.
    #[serde(default)]
    pub dry_run: bool,
}

/// What became of the command.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestNotifyReply {
    /// Whether the command succeeded.
    pub outcome: Outcome,
    /// Whether it was not run.
    pub dry_run: bool,
    /// The program, without its arguments.
    pub program: String,
    /// How long it may take.
    pub timeout: Span,
    /// How it ended, in a sentence; none where it was not run.
    pub result: Option<String>,
    /// Its exit code, where it ended by itself.
    pub exit_code: Option<i32>,
    /// How long it took, in microseconds.
    pub duration_us: Option<i64>,
    /// The first lines of its standard output.
    pub stdout: Vec<String>,
    /// The first lines of its standard error.
    pub stderr: Vec<String>,
    /// What it got.
    pub notice: Notice,
    /// What to know beside it.
    pub warnings: Vec<String>,
    /// The audit chain's head after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
}

impl Reply for TestNotifyReply {
    fn outcome(&self) -> Outcome {
        self.outcome
    }
}
