//! YAML as a value, composed from the parser's events so that every scalar's meaning is decided here.
//!
//! What must stay true: `scalar` alone says what a scalar means, and what aliases copy stays within a budget.

use super::{DEEPEST_DOCUMENT, LONGEST_DOCUMENT, Source, scalar, shown, too_deep, twice};
use crate::domain::error::{Error, Result};
use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{
    self, ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag,
};
use std::collections::HashMap;

/// What one value weighs in the budget of copies, beside its text: about what it takes in memory.
const WEIGHT_OF_A_VALUE: usize = 64;

pub(super) fn read(source: &Source<'_>) -> Result<Value> {
    let options = granit_parser::options! { emit_comments: false };
    let events = Parser::new_from_str_with_options(source.text, options);
    Composer { source, events, anchors: HashMap::new(), copied: 0 }.document()
}

struct Composer<'a> {
    source: &'a Source<'a>,
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Anchored>,
    /// The weight of what anchors and aliases have copied so far.
    copied: usize,
}

struct Anchored {
    value: Value,
    weight: usize,
    depth: usize,
}

impl<'a> Composer<'a> {
    fn document(mut self) -> Result<Value> {
        let mut value = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => return Ok(value.unwrap_or(Value::Null)),
                Event::DocumentStart(..) if value.is_some() => {
                    return Err(self
                        .wrong(&span, "a second YAML document begins here; only one is read")
                        .hint("Split the file at its `---` lines."));
                }
                Event::DocumentStart(..) => {
                    let (event, span) = self.next()?;
                    value = Some(self.node(event, &span, 0)?);
                }
                _ => return Err(self.wrong(&span, "the document's structure is broken")),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span)> {
        match self.events.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(self.unreadable(&error)),
            None => Err(self
                .source
                .wrong_at(self.source.text.len(), "the document ends in the middle of a value")),
        }
    }

    /// The value that begins with this event; `depth` collections are around it.
    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Value> {
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(text.into_owned(), style, tag.as_deref(), span)?, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.enter("seq", tag.as_deref(), span, depth)?;
                (self.list(depth + 1)?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.enter("map", tag.as_deref(), span, depth)?;
                (self.object(depth + 1)?, anchor)
            }
            Event::Alias(anchor) => return self.copy(anchor, span, depth),
            _ => return Err(self.wrong(span, "a value is missing")),
        };
        if anchor != 0 {
            let weight = weight(&value);
            self.spend(weight, span)?;
            self.anchors.insert(anchor, Anchored { value: value.clone(), weight, depth: height(&value) });
        }
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Result<Value> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(items)),
                (event, span) => items.push(self.node(event, &span, depth)?),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value> {
        let mut fields = Map::new();
        let mut merged = None;
        loop {
            let (event, key_span) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let merges =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text.as_ref() == "<<");
            let key = self.key(event, &key_span)?;
            let (event, span) = self.next()?;
            let value = self.node(event, &span, depth)?;
            if fields.contains_key(&key) || (merges && merged.is_some()) {
                return Err(self.wrong(&key_span, &twice(&key)).hint("Keep one of the two."));
            }
            if merges {
                merged = Some((value, span));
            } else {
                fields.insert(key, value);
            }
        }
        if let Some((value, span)) = merged {
            self.merge(&mut fields, value, &span)?;
        }
        Ok(Value::Object(fields))
    }

    fn merge(&self, fields: &mut Map<String, Value>, value: Value, span: &Span) -> Result<()> {
        match value {
            Value::Object(more) => more.into_iter().for_each(|(key, value)| {
                fields.entry(key).or_insert(value);
            }),
            Value::Array(items) if items.iter().all(Value::is_object) => {
                items.into_iter().try_for_each(|item| self.merge(fields, item, span))?;
            }
            _ => {
                return Err(self
                    .wrong(span, "`<<` merges a mapping or a list of mappings, and this is neither")
                    .hint("Quote the key, \"<<\", to keep it as a key."));
            }
        }
        Ok(())
    }

    /// A key is its text, whatever it would mean as a value.
    fn key(&self, event: Event<'a>, span: &Span) -> Result<String> {
        let Event::Scalar(text, style, anchor, tag) = event else {
            return Err(self
                .wrong(span, "a key must be text, not a list, a mapping or an alias")
                .hint("Write the key out as text."));
        };
        let kind = self.kind(tag.as_deref(), span)?;
        if anchor != 0 {
            return Err(self.wrong(span, "a key may not carry an anchor").hint("Remove the anchor."));
        }
        if kind.is_none() && style == ScalarStyle::Plain && scalar::is_null(&text) || kind == Some("null") {
            return Err(self
                .wrong(span, "a key may not be empty or null")
                .hint("Quote it if it is meant as text: \"\" or \"null\"."));
        }
        Ok(text.into_owned())
    }

    fn scalar(&self, text: String, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Result<Value> {
        let kind = self.kind(tag, span)?;
        scalar::meaning(text, style == ScalarStyle::Plain, kind)
            .map_err(|refusal| self.wrong(span, &refusal.why).hint(refusal.hint))
    }

    /// The core type that a tag names: `!` alone means text. Any other tag is refused.
    fn kind<'t>(&self, tag: Option<&'t Tag>, span: &Span) -> Result<Option<&'t str>> {
        let Some(tag) = tag else { return Ok(None) };
        match tag.core_suffix() {
            Some(kind) => Ok(Some(kind)),
            None if tag.original() == "!" => Ok(Some("str")),
            None => {
                let what = format!("the tag {} has no meaning here", shown(&tag.original()));
                Err(self.wrong(span, &what).hint("Remove the tag, and quote the value if it is text."))
            }
        }
    }

    fn enter(&self, collection: &str, tag: Option<&Tag>, span: &Span, depth: usize) -> Result<()> {
        if depth >= DEEPEST_DOCUMENT {
            return Err(self.wrong(span, &too_deep()).hint("Flatten the document."));
        }
        match self.kind(tag, span)? {
            Some(kind) if kind != collection => {
                let what = format!("the value is tagged !!{kind} and is none");
                Err(self.wrong(span, &what).hint("Remove the tag, or correct the value."))
            }
            _ => Ok(()),
        }
    }

    fn copy(&mut self, anchor: usize, span: &Span, depth: usize) -> Result<Value> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(self
                .wrong(span, "the alias stands inside the value that it names")
                .hint("Write the value out instead of the alias."));
        };
        if depth + anchored.depth > DEEPEST_DOCUMENT {
            return Err(self.wrong(span, &too_deep()).hint("Flatten the document."));
        }
        let weight = anchored.weight;
        self.spend(weight, span)?;
        Ok(self.anchors.get(&anchor).map_or(Value::Null, |anchored| anchored.value.clone()))
    }

    fn spend(&mut self, weight: usize, span: &Span) -> Result<()> {
        self.copied = self.copied.saturating_add(weight);
        if self.copied > LONGEST_DOCUMENT {
            return Err(self
                .wrong(span, "what anchors and aliases repeat is more than 64 MiB, the limit")
                .hint("Write the values out instead of aliases."));
        }
        Ok(())
    }

    fn wrong(&self, span: &Span, what: &str) -> Error {
        self.source.wrong(span.start.line(), span.start.col() + 1, what)
    }

    fn unreadable(&self, error: &ScanError) -> Error {
        let (line, column) = (error.marker().line().max(1), error.marker().col() + 1);
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => {
                self.source.wrong(line, column, too_deep()).hint("Flatten the document.")
            }
            _ => self
                .source
                .wrong(line, column, error.info().trim_end_matches('.'))
                .hint("Check the indentation, the quotes and the brackets there."),
        }
    }
}

fn weight(value: &Value) -> usize {
    WEIGHT_OF_A_VALUE
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weight).sum(),
            Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + weight(value)).sum(),
            _ => 0,
        }
}

/// How many collections lie inside each other in this value, itself included.
fn height(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(height).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_text(text: &str) -> Result<Value> {
        read(&Source { name: "app.yaml", text })
    }

    #[test]
    fn a_key_is_its_text() {
        let text = "1: a\ntrue: b\n1e3: c\nno: d\n\"null\": e\n? f\n: g\n.inf: h\n\"<<\": i\n";
        assert_eq!(
            read_text(text).unwrap(),
            json!({"1": "a", "true": "b", "1e3": "c", "no": "d", "null": "e", "f": "g", ".inf": "h", "<<": "i"})
        );
        for text in
            ["~: 1", "null: 1", ": 1", "[a]: 1", "{a: 1}: 1", "a: &x 1\n*x : 2", "&x a: 1", "!custom a: 1"]
        {
            assert!(read_text(text).unwrap_err().message.contains("line "), "{text}");
        }
    }

    #[test]
    fn aliases_copy_and_merge_keys_yield_to_own_keys() {
        let text = "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\nsame: *base\n\
                    one: {<<: *base, b: 9}\nlist:\n  <<: [*base, *more]\n  d: 5\n";
        let read = read_text(text).unwrap();
        assert_eq!(read["same"], json!({"a": 1, "b": 2}));
        assert_eq!(read["one"], json!({"a": 1, "b": 9}));
        assert_eq!(read["list"], json!({"a": 1, "b": 2, "c": 4, "d": 5}));
        for text in ["a: {<<: 1}", "a: {<<: [1]}", "a: *nobody", "a: &a [*a]"] {
            assert!(read_text(text).unwrap_err().message.contains("line 1"), "{text}");
        }
    }

    #[test]
    fn aliases_are_no_bomb() {
        let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}", level - 1);
            laughs += &format!("a{level}: &a{level} [{}]\n", [below.as_str(); 9].join(", "));
        }
        assert!(read_text(&laughs).unwrap_err().message.contains("64 MiB"));
        let long = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(1 << 20), ["*a"; 100].join(", "));
        assert!(read_text(&long).unwrap_err().message.contains("64 MiB"));
        let mut tower = "a0: &a0 [1]\n".to_owned();
        for level in 1..100 {
            tower += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
        }
        assert!(read_text(&tower).unwrap_err().message.contains("64 levels"));
    }

    #[test]
    fn one_document_is_read_and_a_second_refused() {
        for (text, value) in [
            ("", Value::Null),
            ("# only a comment\n", Value::Null),
            ("---\n", Value::Null),
            ("%YAML 1.2\n---\na: 1\n...\n", json!({"a": 1})),
        ] {
            assert_eq!(read_text(text).unwrap(), value, "{text:?}");
        }
        let error = read_text("a: 1\n---\nb: 2\n").unwrap_err();
        assert_eq!(
            error.message,
            "app.yaml, line 2, column 1: a second YAML document begins here; only one is read."
        );
        let comments = format!("a: 1\n{}b: 2\n", "# comment\n".repeat(1000));
        assert_eq!(read_text(&comments).unwrap(), json!({"a": 1, "b": 2}));
    }
}
