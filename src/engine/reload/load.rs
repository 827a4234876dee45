//! What a source said when it was read.

use crate::domain::error::Error;
use crate::domain::path::Path;
use crate::domain::value::Value;
use crate::store::operation::SourceState;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// One value that a source gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::engine) struct Entry {
    pub(in crate::engine) path: Path,
    pub(in crate::engine) value: Value,
    /// Where in the source.
    pub(in crate::engine) origin: String,
}

/// What reading one source came to.
pub(in crate::engine) struct Loaded {
    pub(in crate::engine) name: String,
    /// In path order, each path once; or why it could not be read.
    pub(in crate::engine) entries: Result<Vec<Entry>, Error>,
    /// Whether its cache answered in its place.
    pub(in crate::engine) from_cache: bool,
    pub(in crate::engine) warnings: Vec<String>,
    pub(in crate::engine) took: Duration,
    /// For a source over the network: what is to be remembered of it.
    pub(in crate::engine) remote: Option<Value>,
}

impl Loaded {
    /// SHA-256 over what it says; none where it could not be read.
    pub(in crate::engine) fn content_hash(&self) -> Option<String> {
        let entries = self.entries.as_ref().ok()?;
        let mut hasher = Sha256::new();
        for entry in entries {
            for part in [entry.path.as_str(), &entry.value.to_string(), &entry.origin] {
                hasher.update((part.len() as u64).to_be_bytes());
                hasher.update(part);
            }
        }
        Some(crate::domain::change::hex(&hasher.finalize()))
    }

    /// Whether it says the same as when it was read last.
    pub(in crate::engine) fn is_unchanged(&self, states: &[SourceState]) -> bool {
        let known = states.iter().find(|state| state.source == self.name);
        let hash = self.content_hash();
        hash.is_some() && known.is_some_and(|state| state.content_hash == hash)
    }

    pub(in crate::engine) fn count(&self) -> usize {
        self.entries.as_ref().map_or(0, Vec::len)
    }
}
