//! One value written into a document's text.
//!
//! What must stay true: nothing but the value's own bytes is replaced, or one piece is put in; the result is read again
//! and says exactly what was meant at that path and the same as before at every other. Where that cannot be had, the
//! text stays as it is, and the error says which line a person would write.

mod add;
mod spell;

pub use spell::toml;

use super::entries::{Leaf, entries, leaves};
use super::interpolate::{self, escaped, is_interpolated};
use super::{Entry, Expected, settle};
use crate::domain::document::Format;
use crate::domain::document::located::{Form, Located, locate};
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::value::Value;
use std::ops::Range;

/// A piece of text to put in the place of these bytes.
struct Edit {
    at: Range<usize>,
    piece: String,
}

impl Edit {
    fn applied(&self, text: &str) -> Option<String> {
        let (before, after) = (text.get(..self.at.start)?, text.get(self.at.end..)?);
        Some([before, &self.piece, after].concat())
    }
}

/// The text with this value at this path; `name` is what errors call the document.
///
/// The value is written so that [`super::read`] gives it back: signs that would name a variable are escaped. `refused`
/// where the text cannot be altered safely; its hint holds the line to write, and so the value: a secret's may not come
/// here.
pub fn patch(
    format: Format,
    name: &str,
    text: &str,
    path: &Path,
    value: &Value,
    expected: Expected<'_>,
) -> Result<String> {
    patch_as(format, name, text, path, value, expected, Signs::Variables)
}

/// The same in a document of another program, to whom `${` may mean something else or nothing: the value stands there
/// as it is.
pub fn patch_foreign(
    format: Format,
    name: &str,
    text: &str,
    path: &Path,
    value: &Value,
    expected: Expected<'_>,
) -> Result<String> {
    patch_as(format, name, text, path, value, expected, Signs::Text)
}

/// What `${NAME}` in a document is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signs {
    /// A variable, which [`super::read`] puts in.
    Variables,
    /// Text like any other.
    Text,
}

fn patch_as(
    format: Format,
    name: &str,
    text: &str,
    path: &Path,
    value: &Value,
    expected: Expected<'_>,
    signs: Signs,
) -> Result<String> {
    let located = locate(text.as_bytes(), format, name)?;
    let body = located.text;
    let head = &text[..text.len() - body.len()];
    let document = Document { format, name, expected, located, signs };
    let leaves = leaves(&document.located, format, name, expected)?;
    let leaf = leaves.iter().find(|leaf| leaf.path == *path);
    let wanted = match signs {
        Signs::Variables => escaped(value),
        Signs::Text => value.clone(),
    };
    let before = entries(&leaves, format);
    let edits = match leaf {
        Some(leaf) => document.changes(leaf, &wanted).map_err(|why| document.refused(leaf, &wanted, why))?,
        None => add::edits(&document, path, &wanted),
    };
    let proven = edits.into_iter().find_map(|edit| {
        let after = edit.applied(body)?;
        document.is_proven(&before, &after, path, value).then_some(after)
    });
    match (proven, leaf) {
        (Some(after), _) => Ok(format!("{head}{after}")),
        (None, Some(leaf)) => {
            Err(document.refused(leaf, &wanted, "no way to write it there gives back exactly this value"))
        }
        (None, None) => Err(add::refused(&document, path, &wanted)),
    }
}

struct Document<'a> {
    format: Format,
    name: &'a str,
    expected: Expected<'a>,
    located: Located<'a>,
    signs: Signs,
}

impl Document<'_> {
    /// The ways to write another value where this one stands, or why there is none.
    fn changes(&self, leaf: &Leaf<'_>, wanted: &Value) -> Result<Vec<Edit>, &'static str> {
        let written = self.located.text.get(leaf.place.span.clone()).unwrap_or_default();
        if !leaf.is_here {
            return Err("the value comes from an anchor that other places use too");
        }
        if leaf.place.form != Form::Inline {
            return Err("the value is written over several lines");
        }
        if self.signs == Signs::Variables && is_interpolated(leaf.value) {
            return Err("the value is made of variables");
        }
        let is_collection = leaf.value.is_array() || leaf.value.is_object();
        if is_collection && written.contains('\n') && written.contains('#') {
            return Err("comments may stand inside the value");
        }
        let mut edits: Vec<Edit> = spell::ways(self.format, wanted, written)
            .into_iter()
            .map(|piece| Edit { at: leaf.place.span.clone(), piece })
            .collect();
        if written.is_empty() {
            edits.extend(self.after_nothing(leaf, wanted));
        }
        Ok(edits)
    }

    /// Where a key has nothing after it, a value needs a blank or a sign before it.
    fn after_nothing(&self, leaf: &Leaf<'_>, wanted: &Value) -> Vec<Edit> {
        let signs: &[&str] = match self.format {
            Format::Yaml => &[" "],
            Format::Properties => &["="],
            _ => &[],
        };
        let after_key = self.located.text.get(leaf.place.key.end..).unwrap_or_default();
        let colon = after_key.find(':').map(|at| leaf.place.key.end + at + 1);
        let at = if self.format == Format::Yaml { colon } else { Some(leaf.place.span.start) };
        let ways = spell::ways(self.format, wanted, "");
        let pieces = signs.iter().flat_map(|sign| ways.iter().map(move |way| format!("{sign}{way}")));
        at.map(|at| pieces.map(|piece| Edit { at: at..at, piece }).collect()).unwrap_or_default()
    }

    /// Whether the altered text says this value at this path, and the same as before everywhere else.
    fn is_proven(&self, before: &[Entry], after: &str, path: &Path, value: &Value) -> bool {
        let Ok(after) = super::entries::read(self.format, self.name, after.as_bytes(), self.expected) else {
            return false;
        };
        // An empty group is no value any more once something stands in it.
        let is_filled = |entry: &Entry| {
            entry.value == Value::Object(Default::default()) && path.is_within(entry.path.as_str())
        };
        let others = |entries: &[Entry]| {
            let mut others: Vec<(Path, Value)> = entries
                .iter()
                .filter(|entry| entry.path != *path && !is_filled(entry))
                .map(|entry| (entry.path.clone(), entry.value.clone()))
                .collect();
            others.sort_by(|a, b| a.0.cmp(&b.0));
            others
        };
        if others(before) != others(&after) {
            return false;
        }
        let Some(mut entry) = after.into_iter().find(|entry| entry.path == *path) else { return false };
        if self.signs == Signs::Variables
            && interpolate::put_in(std::slice::from_mut(&mut entry), self.name, &|_| None).is_err()
        {
            return false;
        }
        let read = if entry.untyped {
            settle(&entry.path, entry.value, self.expected)
        } else {
            Ok(Some(entry.value))
        };
        read.is_ok_and(|read| read.as_ref() == Some(value))
    }

    fn refused(&self, leaf: &Leaf<'_>, wanted: &Value, why: &str) -> Error {
        let (line, path) = (leaf.place.line, &leaf.path);
        let segments = path.segments();
        // A line of properties or dotenv holds the whole name, one of the others its end.
        let is_whole = matches!(self.format, Format::Properties | Format::Dotenv);
        let from = if is_whole { 0 } else { segments.len().saturating_sub(1) };
        let written = spell::line(self.format, &segments[from..], wanted);
        Error::refused(format!("{}, line {line}: {path} cannot be changed there safely: {why}.", self.name))
            .hint(format!("Change line {line} of {} yourself: {written}", self.name))
    }
}

#[cfg(test)]
mod tests;
