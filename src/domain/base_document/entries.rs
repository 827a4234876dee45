//! A document's leaves as entries, before anything is put in for its variables.
//!
//! What must stay true: the same paths as those of a document that is applied; what is wrong is told with its line.

use super::{Entry, Expected};
use crate::domain::document::Format;
use crate::domain::document::located::{Form, Located, MERGED, Place, locate};
use crate::domain::error::{Error, Result};
use crate::domain::flatten::top_level;
use crate::domain::path::Path;
use crate::domain::value::{self, Value, ValueType};
use std::collections::HashMap;

/// A path of the document with its value, null where the document says so, and where it stands.
pub(super) struct Leaf<'a> {
    pub(super) path: Path,
    pub(super) value: &'a Value,
    pub(super) place: &'a Place,
    /// Whether the place is the path's own, and not that of what repeats it here.
    pub(super) is_here: bool,
}

/// The entries as they are written.
pub(super) fn read(format: Format, name: &str, bytes: &[u8], expected: Expected<'_>) -> Result<Vec<Entry>> {
    let located = locate(bytes, format, name)?;
    let leaves = leaves(&located, format, name, expected)?;
    Ok(entries(&leaves, format))
}

/// The leaves that say something, as entries.
pub(super) fn entries(leaves: &[Leaf<'_>], format: Format) -> Vec<Entry> {
    let said = leaves.iter().filter(|leaf| !leaf.value.is_null());
    said.map(|leaf| Entry {
        path: leaf.path.clone(),
        value: leaf.value.clone(),
        line: leaf.place.line,
        variables: Vec::new(),
        untyped: format.is_text_alone(),
    })
    .collect()
}

/// The leaves of a document in its order, null ones too.
pub(super) fn leaves<'a>(
    located: &'a Located<'_>,
    format: Format,
    name: &str,
    expected: Expected<'_>,
) -> Result<Vec<Leaf<'a>>> {
    let mut walk = Walk { name, expected, found: Vec::new() };
    match &located.value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, value) in fields {
                let (place, is_here) = below(&located.place, key, true);
                // The names of a language of texts are parted already; elsewhere a key may be a whole path.
                let mut segments = if format.is_text_alone() {
                    vec![key.clone()]
                } else {
                    top_level(key).map_err(|error| on_line(name, place.line, error))?.segments()
                };
                walk.add(&mut segments, value, place, is_here)?;
            }
        }
        _ => {
            return Err(Error::invalid(format!("{name} is no list of settings: its top is no object."))
                .hint("Write paths with values, such as `server.port: 5050`."));
        }
    }
    check_apart(name, &walk.found)?;
    Ok(walk.found)
}

struct Walk<'a, 'w> {
    name: &'w str,
    expected: Expected<'w>,
    found: Vec<Leaf<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn add(
        &mut self,
        segments: &mut Vec<String>,
        value: &'a Value,
        place: &'a Place,
        is_here: bool,
    ) -> Result<()> {
        let path = || Path::from_segments(&*segments).map_err(|error| on_line(self.name, place.line, error));
        if let Value::Object(fields) = value
            && !fields.is_empty()
            && (self.expected)(&path()?) != Some(ValueType::Json)
        {
            for (key, value) in fields {
                let (place, is_here) = below(place, key, is_here);
                segments.push(key.clone());
                self.add(segments, value, place, is_here)?;
                segments.pop();
            }
            return Ok(());
        }
        let path = path()?;
        self.found.push(Leaf { path, value, place, is_here: is_here && place.form != Form::Elsewhere });
        Ok(())
    }
}

/// The place of a key, or of what repeats it here: an alias or a merge.
fn below<'a>(place: &'a Place, key: &str, is_here: bool) -> (&'a Place, bool) {
    match place.fields.get(key) {
        Some(own) => (own, is_here),
        None => (place.fields.get(MERGED).unwrap_or(place), false),
    }
}

/// Refuses the same path twice, and a value that another path lies below.
fn check_apart(name: &str, leaves: &[Leaf<'_>]) -> Result<()> {
    let mut seen: HashMap<&str, &Leaf<'_>> = HashMap::with_capacity(leaves.len());
    for leaf in leaves {
        if let Some(first) = seen.insert(leaf.path.as_str(), leaf) {
            let (one, two) = (first.place.line.min(leaf.place.line), first.place.line.max(leaf.place.line));
            let path = &leaf.path;
            return Err(Error::invalid(format!("{name}, line {two}: {path} is on line {one} already."))
                .hint("Keep one of the two."));
        }
    }
    for leaf in leaves.iter().filter(|leaf| !leaf.value.is_null()) {
        let above =
            leaf.path.ancestors().find_map(|above| seen.get(above).filter(|above| !above.value.is_null()));
        if let Some(above) = above {
            return Err(Error::invalid(format!(
                "{name}, line {}: {} has a value, and {} on line {} lies below it.",
                above.place.line, above.path, leaf.path, leaf.place.line
            ))
            .hint("Keep one of the two: a path is a value or a group of settings."));
        }
    }
    Ok(())
}

/// Refuses a value that no setting may hold.
pub(super) fn check_limits(name: &str, entry: &Entry) -> Result<()> {
    value::check_limits(&entry.value).map_err(|error| at(name, entry, error))
}

/// The error with the file, the line and the path before it.
pub(super) fn at(name: &str, entry: &Entry, error: Error) -> Error {
    let hint =
        error.hint.unwrap_or_else(|| format!("What the setting takes: cfgctl explain {:#}", entry.path));
    let message = format!("{name}, line {}: {}: {}", entry.line, entry.path, error.message);
    Error { message, hint: Some(hint), ..Error::new(error.code, "") }
}

fn on_line(name: &str, line: u32, error: Error) -> Error {
    Error { message: format!("{name}, line {line}: {}", error.message), ..error }
}
