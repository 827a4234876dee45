//! The shapes that a manifest's sections are made of, and one walk that says wherever a document departs from them.
//!
//! What must stay true: the walk, and the JSON Schema that editors get, read the same tables, so they cannot disagree.

use super::Problem;
use super::located::{Content, Entry, Node};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::size::Size;
use crate::domain::time::Span;
use crate::domain::value::Value;
use crate::domain::window::{Edge, Zone};
use crate::domain::wording::{join, nearest, not_a, stray};

/// What may stand in one place of a manifest.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Anything but nothing.
    Any,
    /// Text that is not empty.
    Text,
    /// A name: letters, digits, `-`, `_`, `.` and `@`, at most 64.
    Name,
    /// true or false.
    Flag,
    /// A whole number between these two.
    Whole(u64, u64),
    /// A number above 0 and at most 1.
    Fraction,
    /// A length of time, as `10m`.
    Span,
    /// A size, as `512MiB`, or bytes.
    Size,
    /// A risk.
    Risk,
    /// A role.
    Role,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A path, or everything below one: `server.*`.
    Paths,
    /// A time of day, a date, or a moment of a date.
    Edge,
    /// A time zone.
    Zone,
    /// A list of these.
    List(&'static Shape),
    /// A text, or a list of them with at least one.
    Texts,
    /// A list of these with at least one.
    Some(&'static Shape),
    /// One of these, or a list of them with at least one.
    OneOrMore(&'static Shape),
    /// Names, each with one of these.
    Named(&'static Shape),
    /// Paths, each with a value.
    Values,
    /// These keys. Of the named ones, where there are any, exactly one must be there.
    Fields(&'static [Field], &'static [&'static str]),
    /// What the registry checks: settings by path.
    Settings,
}

/// A key that may or must be there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// The key.
    pub(super) key: &'static str,
    /// What stands under it.
    pub(super) shape: Shape,
    /// Whether it must be there.
    pub(super) needed: bool,
    /// What it says, in a sentence.
    pub(super) about: &'static str,
}

/// A key that must be there.
pub(super) const fn must(key: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { key, shape, needed: true, about }
}

/// A key that may be there.
pub(super) const fn may(key: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { key, shape, needed: false, about }
}

/// Says wherever a node departs from its shape; `place` is where it stands in the manifest.
pub(super) fn check(shape: &Shape, node: &Node, place: &str, problems: &mut Vec<Problem>) {
    let mut tell = |message: String| problems.push(Problem::at(node.line, place, message));
    let value = match &node.content {
        Content::Scalar(Value::Null) => {
            return tell(format!("{place} is empty: give it a value or remove the line."));
        }
        Content::Scalar(value) => Some(value),
        _ => None,
    };
    match (shape, &node.content) {
        (Shape::Any, _) | (Shape::Settings, Content::Map(_)) => {}
        (Shape::List(_) | Shape::Some(_), Content::List(items)) => {
            check_list(shape, items, node, place, problems)
        }
        (Shape::Texts, Content::List(items)) => {
            check_list(&Shape::Some(&Shape::Text), items, node, place, problems)
        }
        (Shape::OneOrMore(inner), Content::List(items)) => {
            check_list(&Shape::Some(inner), items, node, place, problems)
        }
        (Shape::OneOrMore(inner), _) => check(inner, node, place, problems),
        (Shape::Named(inner), Content::Map(entries)) => check_named(inner, entries, place, problems),
        (Shape::Values, Content::Map(entries)) => {
            for entry in entries {
                let below = format!("{place}.{}", entry.key);
                if let Err(error) = Path::parse(&entry.key) {
                    problems.push(Problem::at(entry.line, &below, error.message));
                }
                check(&Shape::Any, &entry.node, &below, problems);
            }
        }
        (Shape::Fields(fields, one_of), Content::Map(entries)) => {
            check_fields(fields, one_of, entries, node.line, place, problems);
        }
        _ => {
            if let Some(message) = departs(shape, value, node, place) {
                tell(message);
            }
        }
    }
}

fn check_list(shape: &Shape, items: &[Node], node: &Node, place: &str, problems: &mut Vec<Problem>) {
    let (Shape::List(inner) | Shape::Some(inner)) = shape else { return };
    if items.is_empty() && matches!(shape, Shape::Some(_)) {
        problems.push(Problem::at(node.line, place, format!("{place} must have at least one item.")));
    }
    for (index, item) in items.iter().enumerate() {
        check(inner, item, &format!("{place}[{index}]"), problems);
    }
}

fn check_named(inner: &Shape, entries: &[Entry], place: &str, problems: &mut Vec<Problem>) {
    for entry in entries {
        let below = format!("{place}.{}", entry.key);
        if !is_name(&entry.key) {
            problems.push(Problem::at(entry.line, &below, wrong_name(&entry.key)));
        }
        check(inner, &entry.node, &below, problems);
    }
}

fn check_fields(
    fields: &[Field],
    one_of: &[&str],
    entries: &[Entry],
    line: u32,
    place: &str,
    problems: &mut Vec<Problem>,
) {
    let whose = if place.is_empty() { "the manifest" } else { place };
    let below = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    for entry in entries {
        match fields.iter().find(|field| field.key == entry.key) {
            Some(field) => check(&field.shape, &entry.node, &below(&entry.key), problems),
            None if entry.key.contains(' ') && entry.node.to_value().is_null() => {
                problems.push(Problem::at(entry.line, &below(&entry.key), stray(&entry.key)));
            }
            None => {
                let keys = || fields.iter().map(|field| field.key);
                let message = match nearest(&entry.key, keys()) {
                    Some(near) => format!("{} is no key of {whose}; did you mean {near}?", entry.key),
                    None => {
                        let known = join(&keys().collect::<Vec<_>>(), "and");
                        format!("{} is no key of {whose}, which knows {known}.", entry.key)
                    }
                };
                problems.push(Problem::at(entry.line, &below(&entry.key), message));
            }
        }
    }
    let there = |key: &str| entries.iter().any(|entry| entry.key == key);
    for field in fields.iter().filter(|field| field.needed && !there(field.key)) {
        let meaning = field.about.trim_end_matches('.');
        let message = format!("{} lacks {}: {meaning}.", capital(whose), field.key);
        problems.push(Problem::at(line, &below(field.key), message));
    }
    let chosen: Vec<&str> = one_of.iter().copied().filter(|key| there(key)).collect();
    if !one_of.is_empty() && chosen.len() != 1 {
        let choice = join(one_of, "or");
        let found = if chosen.is_empty() { "none".to_owned() } else { join(&chosen, "and") };
        problems.push(Problem::at(
            line,
            place,
            format!("{place} must have exactly one of {choice}; it has {found}."),
        ));
    }
}

/// How a scalar, or something that should be one, departs from its shape.
fn departs(shape: &Shape, value: Option<&Value>, node: &Node, place: &str) -> Option<String> {
    let wanted = wanted(shape);
    let text = value.and_then(Value::as_str);
    let fits = match shape {
        Shape::Text | Shape::Texts => text.is_some_and(|text| !text.trim().is_empty()),
        Shape::Name => {
            let Some(text) = text else { return Some(not_a(place, &wanted, &node.to_value())) };
            return (!is_name(text)).then(|| wrong_name(text));
        }
        Shape::Edge | Shape::Zone => match text.map(|text| read_clock(shape, text)) {
            Some(read) => return read.err().map(|error| error.message),
            None => false,
        },
        Shape::Flag => value.is_some_and(Value::is_boolean),
        Shape::Whole(least, most) => {
            value.and_then(Value::as_u64).is_some_and(|number| (*least..=*most).contains(&number))
        }
        Shape::Fraction => value.and_then(Value::as_f64).is_some_and(|number| number > 0.0 && number <= 1.0),
        Shape::Span => text.is_some_and(|text| Span::parse(text).is_ok()),
        Shape::Size => text.is_some_and(|text| Size::parse(text).is_ok()) || value.is_some_and(Value::is_u64),
        Shape::Risk => text.is_some_and(|text| Risk::parse(text).is_some()),
        Shape::Role => text.is_some_and(|text| Role::parse(text).is_ok()),
        Shape::Word(words) => text.is_some_and(|text| words.contains(&text)),
        Shape::Paths => text.is_some_and(is_pattern),
        _ => false,
    };
    if fits {
        return None;
    }
    let told = not_a(place, &wanted, &node.to_value());
    let near = match (shape, text, value) {
        (Shape::Risk, Some(text), _) => {
            nearest(text, Risk::ALL.map(Risk::as_str)).map(|near| format!("Did you mean {near}?"))
        }
        (Shape::Role, Some(text), _) => {
            nearest(text, Role::ALL.map(Role::as_str)).map(|near| format!("Did you mean {near}?"))
        }
        (Shape::Word(words), Some(text), _) => {
            nearest(text, words.iter().copied()).map(|near| format!("Did you mean {near}?"))
        }
        (Shape::Text, None, Some(scalar)) => Some(format!("Put it in quotes: \"{scalar}\".")),
        _ => None,
    };
    Some(near.map_or(told.clone(), |near| format!("{told} {near}")))
}

/// What a place must be, as a message says it.
pub(super) fn wanted(shape: &Shape) -> String {
    match shape {
        Shape::Any => "a value".to_owned(),
        Shape::Text => "text".to_owned(),
        Shape::Texts => "text, or a list of texts".to_owned(),
        Shape::Name => "a name".to_owned(),
        Shape::Flag => "true or false".to_owned(),
        Shape::Whole(least, u64::MAX) => format!("a whole number of at least {least}"),
        Shape::Whole(least, most) => format!("a whole number between {least} and {most}"),
        Shape::Fraction => "a number above 0 and at most 1, such as 0.5".to_owned(),
        Shape::Span => "a length of time such as 30s, 10m, 48h or 14d".to_owned(),
        Shape::Size => "a size such as 512MiB or 1GiB, or a number of bytes".to_owned(),
        Shape::Risk => join(&Risk::ALL.map(Risk::as_str), "or"),
        Shape::Role => join(&Role::ALL.map(Role::as_str), "or"),
        Shape::Word(words) => join(words, "or"),
        Shape::Paths => "a path such as server.port, or everything below one, as server.*".to_owned(),
        Shape::Edge => "a time such as \"22:00\", or a date such as 2026-12-20".to_owned(),
        Shape::Zone => "a time zone such as Europe/Berlin".to_owned(),
        Shape::List(_) | Shape::Some(_) => "a list".to_owned(),
        Shape::OneOrMore(inner) => format!("{}, or a list of such", wanted(inner)),
        Shape::Named(_) => "an object of names".to_owned(),
        Shape::Values => "an object of paths and values".to_owned(),
        Shape::Fields(fields, _) => {
            let keys: Vec<&str> = fields.iter().map(|field| field.key).collect();
            format!("an object with {}", join(&keys, "and"))
        }
        Shape::Settings => "an object of paths, each with its setting".to_owned(),
    }
}

/// Whether what a window says of time can be read.
fn read_clock(shape: &Shape, text: &str) -> Result<()> {
    match shape {
        Shape::Zone => Zone::parse(text).map(drop),
        _ => Edge::parse(text).map(drop),
    }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b))
}

fn wrong_name(text: &str) -> String {
    format!("{text:?} is no name: use 1 to 64 letters, digits, -, _, . and @.")
}

fn is_pattern(text: &str) -> bool {
    text == "*" || Path::parse(text.strip_suffix(".*").unwrap_or(text)).is_ok()
}

fn capital(text: &str) -> String {
    if text == "the manifest" { "The manifest".to_owned() } else { text.to_owned() }
}
