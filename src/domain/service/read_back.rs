//! How a service is asked which values it runs with.

use super::part::Part;
use super::{Call, Command, USUAL_TIMEOUT};
use crate::domain::document::Format;
use crate::domain::path::Path;
use std::collections::BTreeMap;

/// How a service is asked which values it runs with.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadBack {
    /// Whom to ask.
    pub ask: Ask,
    /// What the answer says.
    pub answer: Answer,
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
    let file = part.text("file");
    let one = part.text("of").and_then(|path| Path::parse(&path).ok());
    let pointer = part.fields.get("pointer").and_then(|pointer| pointer.as_str()).map(str::to_owned);
    let mut values = BTreeMap::new();
    for (path, pointer) in
        part.map("values").map(|(path, value)| (path.clone(), value.clone())).collect::<Vec<_>>()
    {
        let pointer = pointer.as_str().unwrap_or_default().to_owned();
        match Path::parse(&path) {
            Ok(parsed) => {
                values.insert(parsed, pointer);
            }
            Err(error) => part.tell(&format!("values.{path}"), error.message),
        }
    }
    if part.text("of").is_some_and(|path| path == "*" || path.ends_with(".*")) {
        part.tell("of", "of names one path, whose value the answer is.");
    }
    if part.has("of") && part.has("values") {
        part.tell("values", "One value is of a path, several stand in values: write one of the two.");
    }
    if pointer.is_some() && one.is_none() {
        part.tell("pointer", "pointer says where the value of a path stands: say of which, with of.");
    }
    let bare = one.is_some() && pointer.is_none();
    if let (Some(path), Some(pointer)) = (one.clone(), pointer) {
        values.insert(path, pointer);
    }
    for (path, pointer) in &values {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let key = if part.has("values") { format!("values.{path}") } else { "pointer".to_owned() };
            part.tell(&key, format!("{pointer:?} is no JSON Pointer, such as /server/port."));
        }
    }
    if bare {
        part.without(&["format", "prefix"], "belongs to a document, and this answer is one value");
        return Some(ReadBack { ask: ask?, answer: Answer::Bare(one?) });
    }
    let told = part.text("format").and_then(|name| Format::parse(&name).ok());
    let format = told.or_else(|| file.as_deref().map_or(Some(Format::Json), Format::of_name));
    let Some(format) = format else {
        part.lacks(&["format"], "the file's name does not tell it");
        return None;
    };
    let prefix = part.text("prefix").unwrap_or_default();
    if !prefix.is_empty() && (format != Format::Dotenv || !values.is_empty()) {
        part.tell("prefix", "prefix begins the names of a whole document in dotenv, and this is none.");
    }
    let answer = if values.is_empty() && !part.has("values") {
        Answer::Document { format, prefix }
    } else {
        Answer::Values { values, format }
    };
    Some(ReadBack { ask: ask?, answer })
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
