//! The manifest: the one document that says what an instance governs.
//!
//! What must stay true: a manifest that was read holds together (every default satisfies its own schema, no path is
//! another's prefix, every rule and every name means something), and one that does not is refused with everything that
//! is wrong, each with its line.

use super::path::Path;
use super::policy::Policy;
use super::rule::Rule;
use super::secret::SecretReferences;
use super::setting::Setting;
use super::value::Value;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use std::collections::BTreeMap;

/// The format of manifests that this program reads.
pub const FORMAT: u64 = 1;

/// What an instance governs.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The instance's short name; typed where a confirmation asks for it.
    pub instance: String,
    /// The registry.
    pub settings: BTreeMap<Path, Setting>,
    /// The rules across settings, in the order of the document.
    pub rules: Vec<Rule>,
    /// What each risk demands, and the terms of everything else.
    pub policy: Policy,
    /// Whom to call.
    pub contacts: Vec<Contact>,
    /// Where secrets may be kept.
    pub secrets: SecretReferences,
    /// The sections that other parts read, in shape: windows, sources, services, drift.
    pub rest: Map<String, Value>,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What they are called for: primary, database.
    pub role: String,
    /// Who.
    pub name: String,
    /// A telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// An address for mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A room or channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// A page, such as a rota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The line, counted from 1, where it is known.
    pub line: Option<u32>,
    /// Where in the document: `settings.server.port.minimum`, `rules[2].check`.
    pub path: String,
    /// One sentence that says what is wrong and what would be right.
    pub message: String,
}

impl Manifest {
    /// Reads and checks a manifest. Gives everything that is wrong, in the order of the document.
    pub fn read(_text: &str) -> Result<Manifest, Vec<Problem>> {
        Err(vec![Problem { line: None, path: String::new(), message: "Not read yet.".to_owned() }])
    }

    /// The setting registered under a path.
    pub fn setting(&self, path: &Path) -> Option<&Setting> {
        self.settings.get(path)
    }

    /// The whole manifest as one value with sorted keys: equal manifests give equal text.
    pub fn to_value(&self) -> Value {
        Value::Null
    }
}
