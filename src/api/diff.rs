//! Comparing two states.

use super::{Outcome, Reply};
use crate::domain::{path::Path, value::Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Compares two states; the current overrides where one side is not named.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Diff {
    /// The former side.
    pub a: Side,
    /// The latter side.
    pub b: Side,
    /// Only below these paths and prefixes.
    #[serde(default)]
    pub paths: Vec<String>,
}

/// One side of a comparison.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The overrides as they are.
    Current,
    /// A version, a tag (`tag:NAME` is nothing else), a backup's name, `base` or `effective`.
    Named(String),
    /// What is effective in another store, as that store shows it to the caller.
    Context {
        /// The context that names the store.
        name: String,
        /// Whether it was only called by its name, which may be a tag's, too.
        bare: bool,
        /// Its values by path.
        values: BTreeMap<Path, Value>,
    },
    /// A backup file of the caller's.
    Backup {
        /// Its name.
        name: String,
        /// Its content.
        content: String,
    },
    /// A document of the caller's; only the paths it names are compared.
    Document {
        /// Its name.
        name: String,
        /// What it says.
        document: Value,
    },
}

/// What differs, in path order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DiffReply {
    /// What the former side is called.
    pub a: String,
    /// What the latter side is called.
    pub b: String,
    /// One a path that differs.
    pub items: Vec<Difference>,
    /// Secrets that both sides have, each under a key of its own: whether they are equal cannot be told.
    #[serde(default)]
    pub not_compared: Vec<Path>,
}

/// One path that differs; null where a side has nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The path.
    pub path: Path,
    /// On the former side.
    pub a: Option<Value>,
    /// On the latter side.
    pub b: Option<Value>,
}

impl Reply for DiffReply {
    fn outcome(&self) -> Outcome {
        if self.items.is_empty() { Outcome::Done } else { Outcome::No }
    }
}
