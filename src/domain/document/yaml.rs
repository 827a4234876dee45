//! YAML as a value, composed from the parser's events so that every scalar's meaning is decided here.
//!
//! What must stay true: `scalar` is the whole table of scalars, and what aliases copy stays within a budget.

use super::{DEEPEST_DOCUMENT, LONGEST_DOCUMENT, QUOTE_IT, Source, number, shown, too_deep, twice};
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
        if kind.is_none() && style == ScalarStyle::Plain && is_null(&text) || kind == Some("null") {
            return Err(self
                .wrong(span, "a key may not be empty or null")
                .hint("Quote it if it is meant as text: \"\" or \"null\"."));
        }
        Ok(text.into_owned())
    }

    /// The table of scalars.
    fn scalar(&self, text: String, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Result<Value> {
        let kind = self.kind(tag, span)?;
        if kind == Some("str") || (kind.is_none() && style != ScalarStyle::Plain) {
            return Ok(Value::String(text));
        }
        let value = match text.as_str() {
            _ if is_null(&text) => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            ".nan" | ".NaN" | ".NAN" => return Err(self.no_number(&text, span)),
            _ if matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF") => {
                return Err(self.no_number(&text, span));
            }
            _ => match number(&text) {
                Some(Ok(number)) => Value::Number(number),
                Some(Err(why)) => return Err(self.wrong(span, &why).hint(QUOTE_IT)),
                None => Value::String(text),
            },
        };
        let fits = match kind {
            Some("null") => value.is_null(),
            Some("bool") => value.is_boolean(),
            Some("int") => value.is_i64() || value.is_u64(),
            Some("float") => value.is_number(),
            Some(_) => false,
            None => true,
        };
        match kind {
            Some(kind) if !fits => {
                let what = format!("the value is tagged !!{kind} and is none");
                Err(self.wrong(span, &what).hint("Remove the tag, or correct the value."))
            }
            _ => Ok(value),
        }
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

    fn no_number(&self, text: &str, span: &Span) -> Error {
        self.wrong(span, &format!("{text} is not a value: infinities and not-a-number cannot be kept"))
            .hint(QUOTE_IT)
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

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
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
    fn every_scalar_means_what_the_table_says() {
        for (written, value) in [
            // Null, booleans.
            ("", Value::Null),
            ("~", Value::Null),
            ("null", Value::Null),
            ("Null", Value::Null),
            ("NULL", Value::Null),
            ("nULL", json!("nULL")),
            ("true", json!(true)),
            ("True", json!(true)),
            ("TRUE", json!(true)),
            ("false", json!(false)),
            ("FALSE", json!(false)),
            ("tRUE", json!("tRUE")),
            // What older readers take for booleans is text.
            ("no", json!("no")),
            ("yes", json!("yes")),
            ("on", json!("on")),
            ("off", json!("off")),
            ("y", json!("y")),
            ("N", json!("N")),
            // JSON's numbers are numbers.
            ("0", json!(0)),
            ("-1", json!(-1)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("1E+3", json!(1000.0)),
            ("-0", json!(-0.0)),
            ("9007199254740993", json!(9007199254740993_i64)),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            // What only some readers take for numbers is text.
            ("017", json!("017")),
            ("0o17", json!("0o17")),
            ("0x1F", json!("0x1F")),
            ("0b11", json!("0b11")),
            ("1_000", json!("1_000")),
            (".5", json!(".5")),
            ("1.", json!("1.")),
            ("+1", json!("+1")),
            ("12:30:45", json!("12:30:45")),
            ("2026-01-01", json!("2026-01-01")),
            ("2026-01-01T00:00:00Z", json!("2026-01-01T00:00:00Z")),
            ("1.2.3", json!("1.2.3")),
            ("-", json!([null])),
            ("--", json!("--")),
            ("inf", json!("inf")),
            ("nan", json!("nan")),
            ("=", json!("=")),
            // Quoted, block and tagged scalars.
            ("\"\"", json!("")),
            ("''", json!("")),
            ("\"null\"", json!("null")),
            ("'true'", json!("true")),
            ("\"1\"", json!("1")),
            ("'1e400'", json!("1e400")),
            ("\".inf\"", json!(".inf")),
            ("\"no\"", json!("no")),
            ("|\n  1\n", json!("1\n")),
            (">-\n  true\n", json!("true")),
            ("!!str 1", json!("1")),
            ("!!str", json!("")),
            ("!!str null", json!("null")),
            ("! 1", json!("1")),
            ("!!int 1", json!(1)),
            ("!!int \"1\"", json!(1)),
            ("!!float 1", json!(1)),
            ("!!bool 'true'", json!(true)),
            ("!!null ''", Value::Null),
            ("!!map {a: 1}", json!({"a": 1})),
            ("!!seq [1]", json!([1])),
        ] {
            let document = format!("key:\n {written}\n");
            let read = read_text(&document).unwrap_or_else(|error| panic!("{written:?}: {error}"));
            let text = read["key"].to_string();
            assert_eq!(text, value.to_string(), "{written:?}");
        }
    }

    #[test]
    fn a_scalar_that_cannot_be_kept_is_refused_with_its_place_and_a_way_out() {
        for (written, why) in [
            (".inf", ".inf is not a value"),
            ("-.INF", "-.INF is not a value"),
            ("+.Inf", "+.Inf is not a value"),
            (".nan", ".nan is not a value"),
            (".NaN", ".NaN is not a value"),
            ("1e400", "the number is too large; the limit is about 1.8e308"),
            ("-1e400", "1.8e308"),
            ("1e-400", "4.9e-324"),
            ("18446744073709551616", "needs more than 64 bits"),
            ("-9223372036854775809", "needs more than 64 bits"),
        ] {
            let error = read_text(&format!("a: 1\nkey: {written}\n")).unwrap_err();
            assert!(error.message.starts_with("app.yaml, line 2, column 6: "), "{}", error.message);
            assert!(error.message.contains(why), "{}", error.message);
            assert_eq!(error.hint.as_deref(), Some(QUOTE_IT));
        }
        for (written, why) in [
            ("!custom x", "the tag \"!custom\" has no meaning here"),
            ("!include /etc/passwd", "has no meaning"),
            ("!!binary aGk=", "has no meaning"),
            ("!!timestamp 2026-01-01", "has no meaning"),
            ("!!set {a}", "has no meaning"),
            ("!!int x", "tagged !!int and is none"),
            ("!!int 1.5", "tagged !!int and is none"),
            ("!!bool yes", "tagged !!bool and is none"),
            ("!!map 1", "tagged !!map and is none"),
            ("!!str [1]", "tagged !!str and is none"),
        ] {
            let error = read_text(&format!("key: {written}\n")).unwrap_err();
            assert!(error.message.contains(why) && error.message.contains("line 1"), "{}", error.message);
        }
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
