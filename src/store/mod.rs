//! The only SQL. Plain functions by noun, on a transaction, over one small seam to the database.
//!
//! What must stay true: queries keep to what SQLite and PostgreSQL both understand; nothing here knows a rule about
//! who may do what; a row becomes a value in one place for each table.

pub mod approval;
pub mod audit;
pub mod backup;
pub mod base;
pub mod change;
pub mod comment;
pub mod credential;
pub mod database;
pub mod delegation;
pub mod delivery;
pub mod digest;
pub mod duty;
pub mod emergency;
pub mod failure;
pub mod hash_node;
pub mod history;
pub mod keep;
pub mod manifest;
pub mod member;
pub mod metadata;
pub mod migration;
pub mod operation;
mod ordered;
pub mod overrides;
pub mod owner;
pub mod quarantine;
pub mod review;
pub mod service;
pub mod version;

pub use rusqlite::Connection;

use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use crate::domain::value::Value;

/// Reads a value's canonical text as the store keeps it. `integrity` where it is not JSON.
pub fn value_of(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|_| damaged("a value"))
}

fn optional_value(text: Option<String>) -> Result<Option<Value>> {
    text.as_deref().map(value_of).transpose()
}

fn time_of(text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).map_err(|_| damaged("a time"))
}

fn optional_time(text: Option<String>) -> Result<Option<Timestamp>> {
    text.as_deref().map(time_of).transpose()
}

fn damaged(what: &str) -> Error {
    Error::integrity(format!("The store holds {what} that cannot be read.")).hint("Type `cfgctl doctor`.")
}

/// The end of the range of text that begins with this prefix and a dot: `a.` up to `a/`.
fn below(prefix: &str) -> (String, String) {
    (format!("{prefix}."), format!("{prefix}/"))
}
