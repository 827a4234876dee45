//! Comparing two states.

use super::{Outcome, Reply};
use crate::domain::{path::Path, value::Value};
use serde::{Deserialize, Serialize};

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
    /// A version, a tag, a backup's name, `base` or `effective`.
    Named(String),
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
