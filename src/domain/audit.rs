//! One entry of the audit log, and the hash that chains it to the one before.
//!
//! What must stay true: every column of an entry is under its hash, parted by length, so that no two entries with
//! different columns hash the same.

use super::change::{Hasher, hex};
use super::error::{Error, Result};
use super::time::Timestamp;
use super::tree::Hash;

/// The hash before the first entry.
pub const GENESIS: Hash = [0; 32];

/// What is recorded of one write, refusal or reveal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// How they proved it.
    pub proof: String,
    /// From where.
    pub origin: String,
    /// With which program version.
    pub program: String,
    /// What was done or tried.
    pub action: String,
    /// To what.
    pub target: String,
    /// done or refused.
    pub outcome: String,
    /// More about it, as JSON.
    pub detail: String,
    /// The digests of the rows it wrote: `version:12=<hex>;change:01J…=<hex>`; `-` for a row that went.
    pub rows: String,
}

/// Borrowed columns of an entry, as they are hashed.
pub struct Columns<'a> {
    /// Its place in the chain.
    pub seq: i64,
    /// The text columns in the order of [`Entry`]'s fields, the time first.
    pub texts: [&'a [u8]; 10],
}

impl Columns<'_> {
    /// The entry's hash, chained to the one before it.
    pub fn hash(&self, previous: &Hash) -> Hash {
        let mut hasher = Hasher::of("cfgctl audit");
        hasher.part(previous);
        hasher.part(&self.seq.to_be_bytes());
        self.texts.iter().for_each(|text| hasher.part(text));
        hasher.finish()
    }
}

impl Entry {
    /// The entry's hash, chained to the one before it.
    pub fn hash(&self, previous: &Hash) -> Hash {
        let at = self.at.to_string();
        let texts = [
            &at,
            &self.actor,
            &self.proof,
            &self.origin,
            &self.program,
            &self.action,
            &self.target,
            &self.outcome,
            &self.detail,
            &self.rows,
        ];
        Columns { seq: self.seq, texts: texts.map(|text| text.as_bytes()) }.hash(previous)
    }
}

/// The chain's end: the last entry's place and hash. Written `SEQ:HASH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last entry's place; 0 before the first.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
    /// When it was written.
    pub at: Timestamp,
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, hex(&self.hash))
    }
}

/// Reads `SEQ:HASH` as it was printed. `usage` shows the form.
pub fn parse_head(text: &str) -> Result<(i64, String)> {
    let (seq, hash) = text.split_once(':').unwrap_or_default();
    match seq.parse() {
        Ok(seq) if hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Ok((seq, hash.to_lowercase()))
        }
        _ => Err(Error::usage(format!("{text:?} is not a head of the chain."))
            .hint("A head is printed with every change as SEQ:HASH, the hash with 64 digits.")),
    }
}
