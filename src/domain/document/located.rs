//! A document as a value together with where each of its parts stands in the text.
//!
//! What must stay true: the value is the one that [`super::read`] gives, but that texts of INI, properties and dotenv
//! stay texts; a span holds exactly the bytes of a part, so that others in their place change nothing else.

mod json;
mod toml;
mod yaml;

use super::pair::{Pair, check_apart};
use super::{Format, Source, dotenv, ini, properties, text};
use crate::domain::error::Result;
use crate::domain::value::Value;
use serde_json::Map;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

/// A document that was read.
pub(in crate::domain) struct Located<'a> {
    /// The text without its byte order mark; spans count from its beginning.
    pub(in crate::domain) text: &'a str,
    /// What it says.
    pub(in crate::domain) value: Value,
    /// Where it says so.
    pub(in crate::domain) place: Place,
}

/// Where a part of a document stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain) struct Place {
    /// The line of its key, counted from 1.
    pub(in crate::domain) line: u32,
    /// Where its key begins and ends; empty at the top.
    pub(in crate::domain) key: Range<usize>,
    /// Where its value begins and ends.
    pub(in crate::domain) span: Range<usize>,
    /// How it is written.
    pub(in crate::domain) form: Form,
    /// What stands below it, by the keys.
    pub(in crate::domain) fields: BTreeMap<String, Place>,
}

/// How a part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::domain) enum Form {
    /// As one piece: its span is all of it.
    Inline,
    /// Over lines whose beginnings matter: a YAML block, a TOML table, a group of names.
    Block,
    /// It stands at an anchor or in a merged mapping, and is only repeated here.
    Elsewhere,
}

/// The key below which a place keeps where a YAML mapping merges others.
pub(in crate::domain) const MERGED: &str = "<<";

impl Place {
    fn new(line: u32, key: Range<usize>, span: Range<usize>, form: Form) -> Place {
        Place { line, key, span, form, fields: BTreeMap::new() }
    }
}

/// Reads a document of this format; `name` is what errors call it.
pub(in crate::domain) fn locate<'a>(bytes: &'a [u8], format: Format, name: &str) -> Result<Located<'a>> {
    let text = text(bytes, name)?;
    let source = Source { name, text };
    let lines = Lines::of(text);
    let (value, place) = match format {
        Format::Yaml => yaml(&source)?,
        Format::Json => (super::json::read(&source)?, json::place(text, &lines)),
        Format::Toml => (super::toml::read(&source)?, toml::place(text, &lines)),
        Format::Ini => group(&source, ini::read(&source)?, &lines)?,
        Format::Properties => group(&source, properties::read(&source)?, &lines)?,
        Format::Dotenv => group(&source, dotenv::read(&source)?, &lines)?,
    };
    Ok(Located { text, value, place })
}

/// A text from which on a second thread is worth its while, in bytes.
const LONG: usize = 64 * 1024;

/// A YAML document and where its parts stand: the parser goes over it once for either, for a long one side by side.
fn yaml(source: &Source<'_>) -> Result<(Value, Place)> {
    if source.text.len() < LONG {
        return Ok((super::yaml::read(source)?, yaml::place(source.text)));
    }
    thread::scope(|scope| {
        let place = scope.spawn(|| yaml::place(source.text));
        let value = super::yaml::read(source);
        let place = place.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok((value?, place))
    })
}

/// Names with texts as one tree, a segment a step.
fn group(source: &Source<'_>, pairs: Vec<Pair>, lines: &Lines) -> Result<(Value, Place)> {
    check_apart(source, &pairs)?;
    let mut top = Map::new();
    let mut place = Place::new(1, 0..0, 0..source.text.len(), Form::Block);
    for pair in pairs {
        let line = lines.line(pair.start);
        let (mut object, mut at) = (&mut top, &mut place);
        let mut segments = pair.path.segments();
        let Some(last) = segments.pop() else { continue };
        for segment in segments {
            let new = || Place::new(line, pair.start..pair.start, pair.span.clone(), Form::Block);
            at = at.fields.entry(segment.clone()).or_insert_with(new);
            let below = object.entry(segment).or_insert_with(|| Value::Object(Map::new()));
            // That no path lies below a text was looked at above.
            let Value::Object(fields) = below else { return Ok((Value::Null, place)) };
            object = fields;
        }
        let key = pair.start..pair.span.start;
        at.fields.insert(last.clone(), Place::new(line, key, pair.span, Form::Inline));
        object.insert(last, Value::String(pair.text));
    }
    Ok((Value::Object(top), place))
}

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        Lines(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    /// The line of this byte, counted from 1.
    fn line(&self, at: usize) -> u32 {
        u32::try_from(self.0.partition_point(|begin| *begin <= at) + 1).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts with their lines, forms and texts, the top left out.
    fn parts(format: Format, text: &str) -> Vec<(String, u32, Form, String)> {
        fn walk(place: &Place, above: &str, text: &str, found: &mut Vec<(String, u32, Form, String)>) {
            for (key, below) in &place.fields {
                let path = format!("{above}/{key}");
                let span = if below.form == Form::Inline { &text[below.span.clone()] } else { "" };
                found.push((path.clone(), below.line, below.form, span.to_owned()));
                walk(below, &path, text, found);
            }
        }
        let located = locate(text.as_bytes(), format, "x").unwrap();
        let mut found = Vec::new();
        walk(&located.place, "", located.text, &mut found);
        found
    }

    fn expect(format: Format, text: &str, expected: &[(&str, u32, Form, &str)]) {
        let found = parts(format, text);
        let found: Vec<_> = found.iter().map(|(a, b, c, d)| (a.as_str(), *b, *c, d.as_str())).collect();
        assert_eq!(found, expected, "{format}");
    }

    #[test]
    fn every_part_of_yaml_knows_where_it_stands() {
        let text = "\u{FEFF}# ü\na: &n 'x y' # c\nb:\n  c: 1_0\n  \"d\":\n    - 1\n  e: [1,\n    2]\nf: *n\ng: {<<: {h: 1}, i: \"\"}\n\
                    j: |\n  text\nk:\nl: !!str 5\n";
        expect(
            Format::Yaml,
            text,
            &[
                ("/a", 2, Form::Inline, "'x y'"),
                ("/b", 3, Form::Block, ""),
                ("/b/c", 4, Form::Inline, "1_0"),
                ("/b/d", 5, Form::Block, ""),
                ("/b/e", 7, Form::Inline, "[1,\n    2]"),
                ("/f", 9, Form::Elsewhere, ""),
                ("/g", 10, Form::Inline, "{<<: {h: 1}, i: \"\"}"),
                ("/g/<<", 10, Form::Elsewhere, ""),
                ("/g/i", 10, Form::Inline, "\"\""),
                ("/j", 11, Form::Block, ""),
                ("/k", 13, Form::Inline, ""),
                ("/l", 14, Form::Inline, "5"),
            ],
        );
    }

    #[test]
    fn every_part_of_json_knows_where_it_stands() {
        expect(
            Format::Json,
            "{\n \"a\": {\"b\\n\" : -1.5e3,\n  \"c\":\n \"x\\\"]}\"}, \"d\": [1, {\"e\": []}], \"f\": null }",
            &[
                ("/a", 2, Form::Inline, "{\"b\\n\" : -1.5e3,\n  \"c\":\n \"x\\\"]}\"}"),
                ("/a/b\n", 2, Form::Inline, "-1.5e3"),
                ("/a/c", 3, Form::Inline, "\"x\\\"]}\""),
                ("/d", 4, Form::Inline, "[1, {\"e\": []}]"),
                ("/f", 4, Form::Inline, "null"),
            ],
        );
    }

    #[test]
    fn every_part_of_toml_knows_where_it_stands() {
        expect(
            Format::Toml,
            "a.b = 1 # c\n[s]\nk = \"\"\"\nx\"\"\"\n\n[s.t]\n\"u v\" = {w = 1979-05-27}\n[[l]]\nx = 1\n",
            &[
                ("/a", 1, Form::Block, ""),
                ("/a/b", 1, Form::Inline, "1"),
                ("/l", 8, Form::Block, ""),
                ("/s", 2, Form::Block, ""),
                ("/s/k", 3, Form::Inline, "\"\"\"\nx\"\"\""),
                ("/s/t", 6, Form::Block, ""),
                ("/s/t/u v", 7, Form::Inline, "{w = 1979-05-27}"),
                ("/s/t/u v/w", 7, Form::Inline, "1979-05-27"),
            ],
        );
    }

    #[test]
    fn names_with_texts_are_one_tree() {
        let expected =
            [("/a", 2, Form::Block, ""), ("/a/b", 2, Form::Inline, "1"), ("/a/c", 4, Form::Inline, "\"2\"")];
        expect(Format::Properties, "\r\na.b=1\r\n\r\na.c \"2\"", &expected);
        expect(Format::Dotenv, "\na.b=1\n#\na.c=\"2\" # x\n", &expected);
        expect(Format::Ini, "[a]\nb=1\n\nc= \"2\"", &expected);
    }
}
