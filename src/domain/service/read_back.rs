//! How a service is asked which values it runs with.

use super::part::Part;
use super::{Call, Command, USUAL_TIMEOUT};
use crate::domain::document::Format;
use crate::domain::path::Path;
use crate::domain::time::Span;
use std::collections::BTreeMap;

/// How a service is asked which values it runs with.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadBack {
    /// Whom to ask.
    pub ask: Ask,
    /// What the answer says.
    pub answer: Answer,
}

impl ReadBack {
    /// The same with no more time than this to answer.
    pub fn within(&self, longest: Span) -> ReadBack {
        let mut asked = self.clone();
        match &mut asked.ask {
            Ask::Http(Call { timeout, .. }) | Ask::Command(Command { timeout, .. }) => {
                *timeout = (*timeout).min(longest);
            }
            Ask::File(_) => {}
        }
        asked
    }
}

/// Whom to ask.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// A web server, by GET.
    Http(Call),
    /// A command, by what it prints.
    Command(Command),
    /// A file.
    File(String),
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Nothing but the value of this path, as text.
    Bare(Path),
    /// The values of these paths, each where a JSON Pointer leads in a document.
    Values {
        /// The paths and where they stand.
        values: BTreeMap<Path, String>,
        /// The document's language.
        format: Format,
    },
    /// All values, as a document whose keys are the paths.
    Document {
        /// The document's language.
        format: Format,
        /// What the names begin with in dotenv.
        prefix: String,
    },
}

pub(super) fn read(mut part: Part<'_>) -> Option<ReadBack> {
    let ask = ask(&mut part);
    let answer = match one(&mut part) {
        Some((path, None)) => {
            part.without(&["format", "prefix"], "belongs to a document, and this answer is one value");
            Answer::Bare(path)
        }
        Some((path, Some(pointer))) => {
            check_pointer(&mut part, "pointer", &pointer);
            Answer::Values { values: BTreeMap::from([(path, pointer)]), format: format(&mut part)? }
        }
        None if part.has("values") => {
            Answer::Values { values: several(&mut part), format: format(&mut part)? }
        }
        None => {
            Answer::Document { format: format(&mut part)?, prefix: part.text("prefix").unwrap_or_default() }
        }
    };
    if part.has("prefix") && !matches!(answer, Answer::Document { format: Format::Dotenv, .. }) {
        part.tell("prefix", "prefix begins the names of a whole document in dotenv, and this is none.");
    }
    Some(ReadBack { ask: ask?, answer })
}

/// The one path that the answer is about, and where its value stands in it.
fn one(part: &mut Part<'_>) -> Option<(Path, Option<String>)> {
    let Some(of) = part.text("of") else {
        part.without(&["pointer"], "says where the value of a path stands: say of which, with of");
        return None;
    };
    if of == "*" || of.ends_with(".*") {
        part.tell("of", "of names one path, whose value the answer is.");
    }
    part.without(&["values"], "names several paths, and of names one: write one of the two");
    Some((Path::parse(&of).ok()?, part.text("pointer")))
}

fn several(part: &mut Part<'_>) -> BTreeMap<Path, String> {
    let mut values = BTreeMap::new();
    for (path, pointer) in part.map("values") {
        let pointer = pointer.as_str().unwrap_or("?");
        check_pointer(part, &format!("values.{path}"), pointer);
        values.extend(Path::parse(path).ok().map(|path| (path, pointer.to_owned())));
    }
    values
}

fn check_pointer(part: &mut Part<'_>, key: &str, pointer: &str) {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        part.tell(key, format!("{pointer:?} is no JSON Pointer, such as /server/port."));
    }
}

/// The answer's language: as it is said, as the file's name tells, JSON where there is no file.
fn format(part: &mut Part<'_>) -> Option<Format> {
    let told = part.text("format").and_then(|name| Format::parse(&name).ok());
    let of_name = || part.text("file").map_or(Some(Format::Json), |file| Format::of_name(&file));
    let format = told.or_else(of_name);
    if format.is_none() {
        part.lacks(&["format"], "the file's name does not tell it");
    }
    format
}

fn ask(part: &mut Part<'_>) -> Option<Ask> {
    if part.has("file") {
        part.without_call("a file");
        return part.place_of("file").map(Ask::File);
    }
    if part.has("command") {
        part.without_call("a command");
        return part.command("command", USUAL_TIMEOUT).map(Ask::Command);
    }
    part.call("http", USUAL_TIMEOUT).map(Ask::Http)
}
