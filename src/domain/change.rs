//! The only way to write: a list of items, with a kind, a state, and a digest that approvals are bound to.
//!
//! What must stay true: the digest covers every item with its value before and after, the risk and the demand, so
//! that approved is what is applied (design.md §3.2).

use super::error::{Error, Result};
use super::path::Path;
use super::policy::Demand;
use super::risk::Risk;
use super::tree;
use super::value::Value;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Sets paths.
    Set,
    /// Unsets paths.
    Unset,
    /// What an editor session changed.
    Edit,
    /// A document as a whole.
    Batch,
    /// Back to a version, a time or a hash.
    Rollback,
    /// One change undone.
    Undo,
    /// What a backup holds.
    Restore,
    /// A new manifest.
    Manifest,
    /// Members, their roles and credentials.
    Member,
    /// The store's own creation.
    Init,
    /// What cannot wait: approvals and windows are skipped, and a review is owed.
    Emergency,
    /// What the sources say since a reload, where that needs approval.
    Reload,
    /// Secrets sealed with a new key.
    Rotate,
}

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Still being written; nobody decides yet.
    Draft,
    /// Waits for what its risk demands.
    Pending,
    /// Has what it needs and waits to be executed.
    Approved,
    /// Has what it needs and waits for its time.
    Scheduled,
    /// In force, and on its way to the services that use it.
    Executing,
    /// The services run with it, and are watched.
    Monitoring,
    /// Executed; the former state returns unless somebody confirms it in time.
    Confirming,
    /// Executed.
    Completed,
    /// Somebody said no.
    Rejected,
    /// Taken back.
    Cancelled,
    /// Nobody decided in time.
    Expired,
    /// Executed, and the former state is back.
    RolledBack,
    /// Executed and taken back, and not every service has the former state again: a person is needed.
    Failed,
}

/// Gives an enum's serde name: the one table of names is the derive.
macro_rules! named_by_serde {
    ($($name:ident),*) => {$(
        impl $name {
            /// The word in files, output and the store.
            pub fn name(self) -> String {
                match serde_json::to_value(self) {
                    Ok(Value::String(name)) => name,
                    _ => String::new(),
                }
            }

            /// What that word means.
            pub fn of_name(name: &str) -> Option<$name> {
                serde_json::from_value(Value::from(name)).ok()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.name())
            }
        }
    )*};
}
pub(super) use named_by_serde;
named_by_serde!(Kind, State, Validity);

impl State {
    /// Whether it has yet to be executed, and still may be.
    pub fn is_open(self) -> bool {
        matches!(self, State::Draft | State::Pending | State::Approved | State::Scheduled)
    }

    /// Whether it was executed, whatever came of it later.
    pub fn was_executed(self) -> bool {
        matches!(
            self,
            State::Executing
                | State::Monitoring
                | State::Confirming
                | State::Completed
                | State::RolledBack
                | State::Failed
        )
    }
}

/// Whether an open request still fits what it was made for, beside its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Validity {
    /// It could be executed as it stands, once it has what it needs.
    Valid,
    /// Its values are not accepted by the manifest in force.
    Invalid,
    /// One of its paths has changed since.
    Stale,
    /// Another request has landed on one of its paths.
    Held,
}

impl Kind {
    /// Whether it goes through windows and freezes: taking back what does harm never waits.
    pub fn passes_windows(self) -> bool {
        // Whoever governs must be able to lift a freeze.
        matches!(self, Kind::Undo | Kind::Emergency) || self.governs()
    }

    /// Whether it changes overrides, and neither the base nor who governs.
    pub fn is_of_values(self) -> bool {
        !self.governs() && self != Kind::Reload
    }

    /// Whether it changes who governs, or by what.
    pub fn governs(self) -> bool {
        matches!(self, Kind::Init | Kind::Manifest | Kind::Member)
    }
}

/// One path with its override before and after; none means no override.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Which path.
    pub path: Path,
    /// The override before.
    pub before: Option<Value>,
    /// The override after.
    pub after: Option<Value>,
}

impl Item {
    /// CREATE, UPDATE or DELETE, as history names it.
    pub fn operation(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "CREATE",
            (_, None) => "DELETE",
            _ => "UPDATE",
        }
    }
}

/// What a digest covers of an item: its name, before, after.
pub type Parts<'a> = (&'a str, Option<&'a Value>, Option<&'a Value>);

impl Item {
    /// What a digest covers of it.
    pub fn parts(&self) -> Parts<'_> {
        (self.path.as_str(), self.before.as_ref(), self.after.as_ref())
    }
}

/// A SHA-256 under construction whose parts are told apart by their lengths.
pub struct Hasher(Sha256);

impl Hasher {
    /// Begins with a word that says what is hashed, so that no two kinds of content can collide.
    pub fn of(what: &str) -> Hasher {
        let mut hasher = Hasher(Sha256::new());
        hasher.part(what.as_bytes());
        hasher
    }

    /// One part: its length as eight bytes, big-endian, then the bytes.
    pub fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// One part that may be absent: absent and empty differ.
    pub fn optional(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => {
                self.0.update([1]);
                self.part(bytes);
            }
            None => self.0.update([0]),
        }
    }

    /// Bytes that say themselves how they are told apart.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The finished hash.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// A hash from its hexadecimal text; none where it is none.
pub fn unhex(text: &str) -> Option<tree::Hash> {
    let mut hash = tree::Hash::default();
    if text.len() != 2 * hash.len() || !text.is_ascii() {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(hash)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

/// What approvals are bound to: the items with values before and after, the risk, what it demands, and which edition
/// of the request it is (every edit makes another one).
pub fn digest<'a>(
    items: impl Iterator<Item = Parts<'a>>,
    risk: Risk,
    demand: &Demand,
    edition: u32,
) -> String {
    let mut hasher = Hasher::of("cfgctl change");
    hasher.part(risk.as_str().as_bytes());
    hasher.part(serde_json::to_string(demand).unwrap_or_default().as_bytes());
    if edition > 0 {
        hasher.part(&edition.to_be_bytes());
    }
    for (path, before, after) in items {
        hasher.part(path.as_bytes());
        for value in [before, after] {
            hasher.optional(value.map(super::value::canonical).as_deref().map(str::as_bytes));
        }
    }
    hex(&hasher.finish())
}

/// What a request under one id asked for, so that the same id with other content is seen as a conflict.
pub fn content_hash(kind: Kind, reason: &str, wanted: &str) -> String {
    let mut hasher = Hasher::of("cfgctl request");
    hasher.part(kind.name().as_bytes());
    hasher.part(reason.as_bytes());
    hasher.part(wanted.as_bytes());
    hex(&hasher.finish()[..12])
}

/// Refuses a change's id that is no ULID.
pub fn check_id(id: &str) -> Result<()> {
    // One spelling only: the same id must be the same bytes.
    if ulid::Ulid::from_string(id).is_ok() && !id.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(Error::usage(format!("{id:?} is not a ULID."))
        .hint("Leave the id out, or give 26 capitals and digits of Crockford's base 32."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_digest_moves_with_every_part_it_covers() {
        let item = |path: &str, before, after| Item { path: Path::parse(path).unwrap(), before, after };
        let base = vec![item("a", None, Some(json!(1)))];
        let of =
            |items: &[Item], risk, demand: &Demand| digest(items.iter().map(Item::parts), risk, demand, 0);
        assert_ne!(
            of(&base, Risk::Low, &Demand::default()),
            digest(base.iter().map(Item::parts), Risk::Low, &Demand::default(), 1)
        );
        let first = of(&base, Risk::Low, &Demand::default());
        assert_eq!(first, of(&base.clone(), Risk::Low, &Demand::default()));
        for (items, risk, demand) in [
            (vec![item("b", None, Some(json!(1)))], Risk::Low, Demand::default()),
            (vec![item("a", Some(json!(0)), Some(json!(1)))], Risk::Low, Demand::default()),
            (vec![item("a", None, Some(json!("1")))], Risk::Low, Demand::default()),
            (base.clone(), Risk::High, Demand::default()),
            (base.clone(), Risk::Low, Demand { own: true, ..Demand::default() }),
        ] {
            assert_ne!(first, of(&items, risk, &demand));
        }
    }

    #[test]
    fn names_read_back_as_what_they_name() {
        for state in [
            State::Draft,
            State::Pending,
            State::Approved,
            State::Scheduled,
            State::Confirming,
            State::Completed,
            State::Rejected,
            State::Cancelled,
            State::Expired,
            State::RolledBack,
        ] {
            assert_eq!(State::of_name(&state.name()), Some(state));
        }
        assert_eq!(Kind::of_name("undo"), Some(Kind::Undo));
        assert_eq!(Kind::of_name("nothing"), None);
    }
}
