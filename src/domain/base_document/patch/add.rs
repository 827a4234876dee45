//! Where a key that is not there yet could stand.
//!
//! Every place is only proposed, the most natural first: the first one that reads back as meant is taken.

use super::spell::{line, spelled_key, ways};
use super::{Document, Edit};
use crate::domain::document::Format;
use crate::domain::document::located::{Form, Place};
use crate::domain::error::Error;
use crate::domain::path::Path;
use crate::domain::value::Value;

/// The ways to add this path.
pub(super) fn edits(document: &Document<'_>, path: &Path, wanted: &Value) -> Vec<Edit> {
    let segments = path.segments();
    match document.format {
        Format::Json => in_json(document, &segments, wanted),
        Format::Yaml => in_yaml(document, &segments, wanted),
        Format::Toml | Format::Ini => in_sections(document, &segments, wanted),
        Format::Properties | Format::Dotenv => in_lines(document, &segments, wanted),
    }
}

/// That a path is not there and cannot be added, with the line that adds it.
pub(super) fn refused(document: &Document<'_>, path: &Path, wanted: &Value) -> Error {
    let (name, format) = (document.name, document.format);
    let segments = path.segments();
    let (above, depth) = deepest(&document.located.place, &segments);
    let nested = matches!(format, Format::Yaml | Format::Json);
    let below = match depth {
        0 => String::new(),
        _ if !nested => String::new(),
        _ => format!(", below {} on line {}", segments[..depth].join("."), above.line),
    };
    let written = if nested {
        let (first, value) = nest(&segments[depth..], wanted);
        line(format, &[first], &value)
    } else {
        line(format, &segments, wanted)
    };
    Error::refused(format!("{name} does not have {path}, and it cannot be added there safely."))
        .hint(format!("Add to {name} yourself{below}: {written}"))
}

/// The first of these keys, and the value that holds what the others lead to.
fn nest(keys: &[String], wanted: &Value) -> (String, Value) {
    let (first, more) =
        keys.split_first().map_or((String::new(), keys), |(first, more)| (first.clone(), more));
    let value = more.iter().rev().fold(wanted.clone(), |value, key| Value::from_iter([(key.clone(), value)]));
    (first, value)
}

/// The deepest place on the way that is not the path's own, and how many segments lead to it.
fn deepest<'a>(top: &'a Place, segments: &[String]) -> (&'a Place, usize) {
    let mut at = top;
    for (depth, segment) in segments.iter().enumerate() {
        match at.fields.get(segment) {
            Some(below) if depth + 1 < segments.len() => at = below,
            _ => return (at, depth),
        }
    }
    (at, segments.len().saturating_sub(1))
}

fn in_json(document: &Document<'_>, segments: &[String], wanted: &Value) -> Vec<Edit> {
    let text = document.located.text;
    let (above, depth) = deepest(&document.located.place, segments);
    let (key, value) = nest(&segments[depth..], wanted);
    let written = format!("{}: {value}", spelled_key(document.format, &[key]));
    vec![match above.fields.values().max_by_key(|field| field.span.end) {
        Some(last) => {
            let before = text.get(..last.key.start).unwrap_or_default();
            let blank = &before[before.trim_end().len()..];
            Edit { at: last.span.end..last.span.end, piece: format!(",{blank}{written}") }
        }
        None => Edit { at: above.span.start + 1..above.span.start + 1, piece: written },
    }]
}

fn in_yaml(document: &Document<'_>, segments: &[String], wanted: &Value) -> Vec<Edit> {
    let text = document.located.text;
    let (above, depth) = deepest(&document.located.place, segments);
    if above.form != Form::Block {
        return Vec::new();
    }
    let begins =
        |at: usize| text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let margin = above.fields.values().next().map_or(0, |field| field.key.start - begins(field.key.start));
    let keys = &segments[depth..];
    let key = |(step, key): (usize, &String)| {
        let key = spelled_key(Format::Yaml, std::slice::from_ref(key));
        format!("{:width$}{key}:", "", width = margin + 2 * step)
    };
    let keys = keys.iter().enumerate().map(key).collect::<Vec<_>>().join(line_end(text));
    let value = ways(Format::Yaml, wanted, "").into_iter().next().unwrap_or_default();
    let piece = format!("{keys} {value}");
    // After a key whose value ends on its own line nothing can be taken for part of something else.
    let is_simple = |field: &&Place| field.form == Form::Inline && !field.span.is_empty();
    let last = above.fields.values().filter(is_simple).map(|field| field.span.end).max();
    let mut edits: Vec<Edit> = last.map(|last| after_line(text, last, &piece)).into_iter().collect();
    if depth == 0 {
        edits.push(after_line(text, text.len(), &piece));
    }
    edits
}

/// After the last line of the deepest section that there is, else in a section of its own at the end.
fn in_sections(document: &Document<'_>, segments: &[String], wanted: &Value) -> Vec<Edit> {
    let (text, top) = (document.located.text, &document.located.place);
    let end = line_end(text);
    let mut edits = Vec::new();
    let split = segments.len().saturating_sub(1);
    for value in ways(document.format, wanted, "") {
        let mut add = |depth: usize| {
            let section = segments[..depth].iter().try_fold(top, |at, segment| at.fields.get(segment));
            let Some(section) = section else { return };
            let lines = section.fields.values().filter(|field| field.form == Form::Inline);
            let last = lines.map(|field| field.span.end).max();
            // Below a header the key is the rest of the path; where the names are dotted, it is more of it.
            for from in (0..=depth).rev() {
                let piece = format!("{} = {value}", spelled_key(document.format, &segments[from..]));
                edits.push(match last {
                    Some(last) => after_line(text, last, &piece),
                    // What no header stands above belongs to the top: before all headers.
                    None if depth == 0 => Edit { at: 0..0, piece: piece + end },
                    None => after_line(text, section.span.start, &piece),
                });
            }
        };
        (1..=split).rev().for_each(&mut add);
        if split == 0 {
            add(0);
            continue;
        }
        let header = spelled_key(document.format, &segments[..split]);
        let key = spelled_key(document.format, &segments[split..]);
        let gap = if text.trim().is_empty() { "" } else { end };
        edits.push(after_line(text, text.len(), &format!("{gap}[{header}]{end}{key} = {value}")));
    }
    edits
}

/// After the last line of the names that begin the same, else at the end.
fn in_lines(document: &Document<'_>, segments: &[String], wanted: &Value) -> Vec<Edit> {
    fn farthest(place: &Place) -> usize {
        place.fields.values().map(farthest).max().unwrap_or(place.span.end)
    }
    let text = document.located.text;
    let (above, depth) = deepest(&document.located.place, segments);
    let at = if depth == 0 { text.len() } else { farthest(above) };
    let key = spelled_key(document.format, segments);
    let pieces = ways(document.format, wanted, "").into_iter().map(|value| format!("{key}={value}"));
    pieces.flat_map(|piece| [after_line(text, at, &piece), after_line(text, text.len(), &piece)]).collect()
}

fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// The piece as lines of its own after the line that this byte is on.
fn after_line(text: &str, at: usize, piece: &str) -> Edit {
    let end = line_end(text);
    // The end of a text whose last line is closed is the beginning of the next.
    let begins = (at == text.len() && (at == 0 || text.ends_with('\n'))).then_some(at);
    let next = text.get(at..).and_then(|rest| rest.find('\n')).map(|newline| at + newline + 1);
    match begins.or(next) {
        Some(at) => Edit { at: at..at, piece: format!("{piece}{end}") },
        None => Edit { at: text.len()..text.len(), piece: format!("{end}{piece}") },
    }
}
