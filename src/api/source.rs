//! The layers below the overrides: where they come from and how they were found.

use super::{Outcome, Reply};
use crate::domain::risk::Risk;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The sources, the strongest first, as the last reload found them. Opens none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListSources {}

/// One a source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListSourcesReply {
    /// The present generation.
    pub generation: i64,
    /// The strongest first.
    pub items: Vec<SourceView>,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceView {
    /// Its name.
    pub name: String,
    /// file, environment or http.
    pub kind: String,
    /// What it is read from.
    pub place: String,
    /// The stronger source has the higher priority.
    pub priority: u32,
    /// What a reload may alter without a request.
    pub max_risk: Risk,
    /// Whether a reload goes on without it.
    pub optional: bool,
    /// Whether it could be read when it was looked at last; none where nobody has yet.
    pub ok: Option<bool>,
    /// How many values it held.
    pub entries: u64,
    /// When it was looked at last.
    pub checked_at: Option<Timestamp>,
    /// When it could be read last.
    pub loaded_at: Option<Timestamp>,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// For one over HTTP: its circuit breaker, closed, open or half-open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<String>,
}

/// Reads the sources and says what is wrong with them; puts nothing in force and writes nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CheckSources {
    /// Only this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// How each was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckSourcesReply {
    /// Whether all could be read, and what they say together is valid.
    pub ok: bool,
    /// One a source.
    pub items: Vec<super::reload::SourceResult>,
    /// What is wrong with what they say together.
    pub problems: Vec<String>,
    /// What is only noteworthy.
    pub warnings: Vec<String>,
    /// How many effective values a reload would alter, or ask for.
    pub would_alter: u64,
}

impl Reply for ListSourcesReply {}
impl Reply for CheckSourcesReply {
    fn outcome(&self) -> Outcome {
        if self.ok { Outcome::Done } else { Outcome::No }
    }
}
