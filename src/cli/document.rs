//! Documents of the caller's, read from a file or standard input.

use super::input;
use crate::domain::document::{self, Format};
use crate::domain::error::Result;
use crate::domain::value::Value;
use std::path::Path;

/// Reads a document; the file's name says in which format, or else the text itself.
pub(crate) fn read(file: &Path) -> Result<Value> {
    let given = input::read(file)?;
    document::read(&given.bytes, Format::of_name(&given.name), &given.name)
}
