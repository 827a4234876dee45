//! The only way to write: a list of items, with a kind, a state, and a digest that approvals are bound to.
//!
//! What must stay true: the digest covers every item with its value before and after, the risk and the demand, so
//! that approved is what is applied (design.md §3.2).

use super::error::{Error, Result};
use super::path::Path;
use super::policy::Demand;
use super::risk::Risk;
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
}

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits for what its risk demands.
    Pending,
    /// Has what it needs and waits to be executed.
    Approved,
    /// Executed.
    Completed,
    /// Somebody said no.
    Rejected,
    /// Taken back.
    Cancelled,
    /// Nobody decided in time.
    Expired,
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
named_by_serde!(Kind, State);

impl State {
    /// Whether something can still become of it.
    pub fn is_open(self) -> bool {
        matches!(self, State::Pending | State::Approved)
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

    /// One part of a type: the same bytes as text and as a blob differ.
    pub fn typed(&mut self, kind: u8, bytes: &[u8]) {
        self.0.update([kind]);
        self.part(bytes);
    }

    /// The finished hash.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
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

/// What approvals are bound to: the items with values before and after, the risk, and what it demands.
pub fn digest(items: &[Item], risk: Risk, demand: &Demand) -> String {
    let mut hasher = Hasher::of("cfgctl change");
    hasher.part(risk.as_str().as_bytes());
    hasher.part(serde_json::to_string(demand).unwrap_or_default().as_bytes());
    content_into(
        &mut hasher,
        items.iter().map(|item| (&item.path, item.before.as_ref(), item.after.as_ref())),
    );
    hex(&hasher.finish())
}

fn content_into<'a>(
    hasher: &mut Hasher,
    items: impl Iterator<Item = (&'a Path, Option<&'a Value>, Option<&'a Value>)>,
) {
    for (path, before, after) in items {
        hasher.part(path.as_str().as_bytes());
        for value in [before, after] {
            hasher.optional(value.map(super::value::canonical).as_deref().map(str::as_bytes));
        }
    }
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
        let of = |items: &[Item], risk, demand: &Demand| digest(items, risk, demand);
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
            State::Pending,
            State::Approved,
            State::Completed,
            State::Rejected,
            State::Cancelled,
            State::Expired,
        ] {
            assert_eq!(State::of_name(&state.name()), Some(state));
        }
        assert_eq!(Kind::of_name("undo"), Some(Kind::Undo));
        assert_eq!(Kind::of_name("nothing"), None);
    }
}
