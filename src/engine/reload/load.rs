//! What a source said when it was read.

use crate::domain::change::hex;
use crate::domain::error::{Error, Result};
use crate::domain::value::{Value, canonical};
use crate::store::base::Said;
use crate::store::operation::SourceState;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// What reading one source came to.
pub(in crate::engine) struct Loaded {
    pub(in crate::engine) name: String,
    /// In path order, each path once; or why it could not be read.
    pub(in crate::engine) entries: Result<Vec<Said>, Error>,
    /// SHA-256 over what it says; none where it could not be read.
    pub(in crate::engine) content_hash: Option<String>,
    /// Whether its cache answered in its place.
    pub(in crate::engine) from_cache: bool,
    pub(in crate::engine) warnings: Vec<String>,
    pub(in crate::engine) took: Duration,
    /// For a source over the network: what is to be remembered of it.
    pub(in crate::engine) remote: Option<Value>,
}

impl Loaded {
    /// Whether it says the same as when it was read last.
    pub(in crate::engine) fn is_unchanged(&self, states: &[SourceState]) -> bool {
        let known = states.iter().find(|state| state.source == self.name);
        self.content_hash.is_some() && known.is_some_and(|state| state.content_hash == self.content_hash)
    }

    pub(in crate::engine) fn count(&self) -> usize {
        self.entries.as_ref().map_or(0, Vec::len)
    }
}

/// SHA-256 over what a source says, and where.
pub(super) fn hash_of(entries: &[Said]) -> String {
    let mut hasher = Sha256::new();
    let mut text = Vec::new();
    for entry in entries {
        text.clear();
        for part in [entry.path.as_str(), &canonical(&entry.value), &entry.origin] {
            text.extend((part.len() as u64).to_be_bytes());
            text.extend(part.as_bytes());
        }
        hasher.update(&text);
    }
    hex(&hasher.finalize())
}
