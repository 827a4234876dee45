//! Drift: where an override differs from what lies below it.

use super::change::{ChangeReply, ChangeView, Terms};
use super::reload::SourceResult;
use super::{Outcome, Reply};
use crate::domain::drift::Ignore;
use crate::domain::time::Timestamp;
use crate::domain::{path::Path, value::Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Compares the overrides with the base as the last reload resolved it (requirement A6).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FindDrift {
    /// Only these sections, paths and what lies below them; the empty name is the top level.
    #[serde(default)]
    pub names: Vec<String>,
    /// Differences that are meant, for this one look: a path, `server.*` or `*`.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Also read the sources, and tell where they say something else than at the last reload.
    #[serde(default)]
    pub fresh: bool,
}

/// What differs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DriftReply {
    /// The base that was compared with.
    pub generation: i64,
    /// Section by section and key by key, what differs and is not meant to.
    pub drift: BTreeMap<String, BTreeMap<String, Pair>>,
    /// Every override that differs from its base, and those that say what it says, in path order.
    pub items: Vec<DriftView>,
    /// Where a source says something else than at the last reload; only where the sources were read.
    pub moved: Vec<MovedView>,
    /// What became of reading each source; only where they were read.
    pub sources: Vec<SourceResult>,
    /// Rules of the manifest that have ended and would still match.
    pub ended: Vec<Ignore>,
}

/// A base value and the override over it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// What the base says; null where nothing below the override says anything.
    pub base: Option<Value>,
    /// The override.
    #[serde(rename = "override")]
    pub over: Value,
}

/// One override beside its base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftView {
    /// The path.
    pub path: Path,
    /// Whether it counts.
    pub status: Status,
    /// The two values.
    #[serde(flatten)]
    pub pair: Pair,
    /// The layer that the base value comes from: a source or `default`.
    pub layer: Option<String>,
    /// Where in it.
    pub origin: Option<String>,
    /// Since when it is so.
    pub since: Since,
    /// The rule that it is meant by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<Ignore>,
}

/// Whether a difference counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It does.
    Drift,
    /// It is meant.
    Suppressed,
    /// There is none: the override says what the base says.
    Redundant,
}

/// What made two values what they are to each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Since {
    /// Which of them moved.
    pub moved: Layer,
    /// When.
    pub at: Timestamp,
    /// Who did it; none where it is not known.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The version that set the override.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The generation that moved the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
}

/// One of the two that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// What the layers below the overrides say.
    Base,
    /// The override.
    Override,
}

/// A base value that a reload would move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MovedView {
    /// The path.
    pub path: Path,
    /// What the base says since the last reload.
    pub base: Option<Value>,
    /// What the sources say now.
    pub now: Option<Value>,
    /// The source that says so, or said so before.
    pub source: Option<String>,
    /// Where in it.
    pub origin: Option<String>,
}

/// Asks the services what they run with, and compares that with what is in force.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FindServiceDrift {
    /// Only these sections, paths and what lies below them; the empty name is the top level.
    #[serde(default)]
    pub names: Vec<String>,
}

/// Where a service runs with something else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServiceDriftReply {
    /// Service by service, in path order.
    pub items: Vec<ServiceDriftView>,
    /// Those that were asked.
    pub asked: Vec<String>,
    /// Those that did not answer, and why.
    pub silent: Vec<SilentView>,
}

/// A value that a service does not run with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceDriftView {
    /// The service.
    pub service: String,
    /// Its instance.
    pub instance: String,
    /// The path.
    pub path: Path,
    /// What it should run with.
    pub effective: Option<Value>,
    /// What it says; none where it says nothing of the path, and for a secret.
    pub there: Option<Value>,
    /// Whether it takes effect with a restart that is still to be made.
    pub restart_pending: bool,
}

/// An instance that could not be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SilentView {
    /// The service.
    pub service: String,
    /// Its instance.
    pub instance: String,
    /// Why.
    pub problem: String,
}

impl Reply for ServiceDriftReply {
    fn outcome(&self) -> Outcome {
        if self.items.is_empty() && self.silent.is_empty() { Outcome::Done } else { Outcome::No }
    }
}

impl Reply for DriftReply {
    fn outcome(&self) -> Outcome {
        let clean = self.drift.is_empty() && self.moved.is_empty() && self.sources.iter().all(|one| one.ok);
        if clean { Outcome::Done } else { Outcome::No }
    }
}

/// Writes overrides into the file of a source, and takes them away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AdoptDrift {
    /// Paths that have an override.
    pub paths: Vec<String>,
    /// The source that is to say it; the one that does where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Reason and the rest.
    pub terms: Terms,
}

/// What was, or would be, written, and the change that takes the overrides away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AdoptReply {
    /// One a file that is written; none where the base says it already.
    pub files: Vec<FileView>,
    /// The change.
    pub change: ChangeReply,
}

/// What is written into one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileView {
    /// The source.
    pub source: String,
    /// The file, as the manifest calls it.
    pub file: String,
    /// What is written of.
    pub paths: Vec<Path>,
    /// The lines that change, as a unified diff; null where one of them holds a secret.
    pub diff: Option<String>,
}

impl Reply for AdoptReply {
    fn outcome(&self) -> Outcome {
        self.change.outcome
    }

    fn made(&mut self) -> Option<(&mut ChangeView, &mut Outcome)> {
        self.change.made()
    }
}
