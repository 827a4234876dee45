//! A YAML document of which every part knows its line, so that whatever is wrong with it can be pointed at.
//!
//! What must stay true: a plain scalar is a number only where JSON has such a number, a boolean or null only where
//! YAML 1.2's core schema says so (`017`, `1_000` and `no` are text); a number that cannot be kept exactly is an error,
//! and so is a duplicated key.

use crate::domain::value::{Value, read_untyped};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Map;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, Options, Spanned};
use std::collections::HashMap;
use std::fmt;

/// A part of a document and the line it begins on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// The line, counted from 1.
    pub(super) line: u32,
    /// What it holds.
    pub(super) content: Content,
}

/// What a part of a document holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// Text, a number, a boolean or null.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// Keys and what stands under them, in the order of the document.
    Map(Vec<Entry>),
}

/// A key and what stands under it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: String,
    /// The key's own line.
    pub(super) line: u32,
    /// What stands under it.
    pub(super) node: Node,
}

/// Something wrong with the document itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// The line, counted from 1, where it is known.
    pub(super) line: Option<u32>,
    /// The key it concerns, where it concerns one.
    pub(super) key: String,
    /// One sentence.
    pub(super) message: String,
}

impl Node {
    /// Reads one YAML document. The flaws beside a node are worth telling with whatever else is wrong; where there is
    /// no node, nothing more can be said than the flaw.
    pub(super) fn read(text: &str) -> (Option<Node>, Vec<Flaw>) {
        let mut flaws = Vec::new();
        let mut parsed: Result<Raw, _> = parse(text, DuplicateKeyPolicy::Error);
        if matches!(&parsed, Err(error) if is_duplicate(error)) {
            // Read once more, taking all: so that every duplicate is told, and what else is wrong too.
            parsed = parse(text, DuplicateKeyPolicy::LastWins);
        }
        match parsed {
            Ok(raw) => {
                let node = raw.settle(text, "", &mut flaws);
                (Some(node), flaws)
            }
            Err(error) => (None, vec![syntax_flaw(&error)]),
        }
    }

    /// The entries of a map; nothing where it is none.
    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match &self.content {
            Content::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a list; nothing where it is none.
    pub(super) fn items(&self) -> Option<&[Node]> {
        match &self.content {
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    /// What stands under a key.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries()?.iter().find(|entry| entry.key == key)
    }

    /// The same as a value, without the lines.
    pub(super) fn to_value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => items.iter().map(Node::to_value).collect(),
            Content::Map(entries) => Value::Object(to_fields(entries)),
        }
    }
}

/// The entries as a JSON object; of a key that stands twice, the last.
pub(super) fn to_fields(entries: &[Entry]) -> Map<String, Value> {
    entries.iter().map(|entry| (entry.key.clone(), entry.node.to_value())).collect()
}

/// The words for booleans in YAML 1.2's core schema.
const BOOLEANS: [&str; 6] = ["true", "True", "TRUE", "false", "False", "FALSE"];
/// How deep a document may nest: more than any manifest needs, less than a thread's stack holds.
const DEEPEST_DOCUMENT: usize = 32;

fn parse(text: &str, duplicate_keys: DuplicateKeyPolicy) -> Result<Raw, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(text, options(duplicate_keys))
}

fn options(duplicate_keys: DuplicateKeyPolicy) -> Options {
    serde_saphyr::options! {
        strict_booleans: true,
        duplicate_keys: duplicate_keys,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
        emit_comments: false,
        reject_unsupported_tags: true,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: DEEPEST_DOCUMENT,
            max_nodes: 1_000_000,
            max_events: 2_000_000,
        },
    }
}

fn is_duplicate(error: &serde_saphyr::Error) -> bool {
    matches!(error.without_snippet(), serde_saphyr::Error::DuplicateMappingKey { .. })
}

fn syntax_flaw(error: &serde_saphyr::Error) -> Flaw {
    let error = error.without_snippet();
    let told = error.to_string();
    let what = told.split(" at line ").next().unwrap_or(&told);
    Flaw {
        line: error.location().and_then(|at| u32::try_from(at.line()).ok()),
        key: String::new(),
        message: format!("This is not YAML that can be read: {what}."),
    }
}

/// A node as the parser gives it: scalars are not yet what their text says.
struct Raw {
    at: Location,
    content: RawContent,
}

enum RawContent {
    Null,
    Flag(bool),
    /// Something the parser takes for a number; its text decides.
    Number,
    Text(String),
    List(Vec<Raw>),
    Map(Vec<(Spanned<String>, Raw)>),
}

impl Raw {
    fn settle(self, text: &str, key: &str, flaws: &mut Vec<Flaw>) -> Node {
        let line = line(self.at);
        let written = || written(text, self.at);
        let content = match self.content {
            RawContent::Null => Content::Scalar(Value::Null),
            RawContent::Flag(flag) => Content::Scalar(match written() {
                Some(word) if !BOOLEANS.contains(&word) => Value::from(word),
                _ => Value::Bool(flag),
            }),
            RawContent::Number => match read_untyped(written().unwrap_or_default()) {
                Ok(value) => Content::Scalar(value),
                Err(error) => {
                    let message = format!("{} To keep it as it is written, put it in quotes.", error.message);
                    flaws.push(Flaw { line: Some(line), key: key.to_owned(), message });
                    Content::Scalar(Value::from(0))
                }
            },
            RawContent::Text(text) => Content::Scalar(Value::String(text)),
            RawContent::List(items) => {
                Content::List(items.into_iter().map(|item| item.settle(text, key, flaws)).collect())
            }
            RawContent::Map(entries) => {
                let mut first: HashMap<String, u32> = HashMap::with_capacity(entries.len());
                let entries = entries.into_iter().map(|(key, raw)| {
                    let line = self::line(key.referenced);
                    if let Some(before) = first.insert(key.value.clone(), line) {
                        flaws.push(Flaw {
                            line: Some(line),
                            key: key.value.clone(),
                            message: format!(
                                "{} stands here a second time; it is on line {before} already.",
                                key.value
                            ),
                        });
                    }
                    Entry { node: raw.settle(text, &key.value, flaws), line, key: key.value }
                });
                Content::Map(entries.collect())
            }
        };
        Node { line, content }
    }
}

fn line(at: Location) -> u32 {
    u32::try_from(at.line()).unwrap_or(u32::MAX)
}

/// The text of a scalar as it stands in the document.
fn written(text: &str, at: Location) -> Option<&str> {
    let start = usize::try_from(at.span().byte_offset()?).ok()?;
    let length = usize::try_from(at.span().byte_len()?).ok()?;
    text.get(start..start.checked_add(length)?).map(str::trim)
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        let spanned = Spanned::<RawContent>::deserialize(deserializer)?;
        Ok(Raw { at: spanned.defined, content: spanned.value })
    }
}

impl<'de> Deserialize<'de> for RawContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawContent, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawContent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<RawContent, E> {
        Ok(RawContent::Null)
    }
    fn visit_bool<E>(self, flag: bool) -> Result<RawContent, E> {
        Ok(RawContent::Flag(flag))
    }
    fn visit_u64<E>(self, _: u64) -> Result<RawContent, E> {
        Ok(RawContent::Number)
    }
    fn visit_i64<E>(self, _: i64) -> Result<RawContent, E> {
        Ok(RawContent::Number)
    }
    fn visit_f64<E>(self, _: f64) -> Result<RawContent, E> {
        Ok(RawContent::Number)
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RawContent, E> {
        Ok(RawContent::Text(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<RawContent, E> {
        Ok(RawContent::Text(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawContent, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(RawContent::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<RawContent, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = fields.next_entry()? {
            entries.push(entry);
        }
        Ok(RawContent::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(text: &str) -> Value {
        let (node, flaws) = Node::read(text);
        assert_eq!(flaws, [], "{text}");
        node.unwrap().to_value()
    }

    #[test]
    fn a_plain_scalar_is_what_json_would_say_and_otherwise_text() {
        for (written, expected) in [
            ("1", json!(1)),
            ("-7", json!(-7)),
            ("0.50", json!(0.5)),
            ("1e3", json!(1e3)),
            ("18446744073709551615", json!(u64::MAX)),
            ("true", json!(true)),
            ("false", json!(false)),
            ("null", json!(null)),
            ("~", json!(null)),
            ("", json!(null)),
            ("017", json!("017")),
            ("1_000", json!("1_000")),
            ("0x1F", json!("0x1F")),
            ("0o17", json!("0o17")),
            ("+5", json!("+5")),
            (".5", json!(".5")),
            ("5.", json!("5.")),
            (".inf", json!(".inf")),
            (".nan", json!(".nan")),
            ("no", json!("no")),
            ("on", json!("on")),
            ("yes", json!("yes")),
            ("True", json!(true)),
            ("FALSE", json!(false)),
            ("tRUE", json!("tRUE")),
            ("22:00", json!("22:00")),
            ("2026-12-20", json!("2026-12-20")),
            ("1.2.3.4", json!("1.2.3.4")),
            ("\"17\"", json!("17")),
            ("'true'", json!("true")),
            ("\"null\"", json!("null")),
            ("!!str 17", json!("17")),
            ("grüße", json!("grüße")),
        ] {
            assert_eq!(value(&format!("ü: [ä]\na: {written}\nb: 1\n"))["a"], expected, "{written}");
            if !written.is_empty() {
                assert_eq!(value(&format!("{{ü: ä, a: [{written}, 2]}}"))["a"][0], expected, "{written}");
            }
        }
        assert_eq!(value("a: |\n  017\n  x\nb: >-\n  12\n"), json!({"a": "017\nx\n", "b": "12"}));
    }

    #[test]
    fn an_alias_is_what_its_anchor_is() {
        let text = "a: &n 1_000\nb: *n\nc: &m {x: 12, y: 017}\nd: {<<: *m, y: 3}\n";
        assert_eq!(
            value(text),
            json!({"a": "1_000", "b": "1_000", "c": {"x": 12, "y": "017"}, "d": {"x": 12, "y": 3}})
        );
    }

    #[test]
    fn every_part_knows_its_line() {
        let (node, _) = Node::read("# head\na: 1\nb:\n  c:\n    - x\n    - {d: 2,\n       e: 3}\n");
        let node = node.unwrap();
        let (a, b) = (node.get("a").unwrap(), node.get("b").unwrap());
        assert_eq!((a.line, b.line), (2, 3));
        let c = b.node.get("c").unwrap();
        let lines: Vec<u32> = c.node.items().unwrap().iter().map(|item| item.line).collect();
        assert_eq!((c.line, lines), (4, vec![5, 6]));
        assert_eq!(c.node.items().unwrap()[1].get("e").unwrap().line, 7);
    }

    #[test]
    fn every_duplicated_key_and_every_number_that_cannot_be_kept_is_told() {
        let (node, flaws) = Node::read("a: 1\nb: {x: 1, x: 2}\na: 2\nn: [1e999, 18446744073709551616]\n");
        assert!(node.is_some());
        let told: Vec<_> = flaws.iter().map(|flaw| (flaw.line, flaw.key.as_str())).collect();
        assert_eq!(told, [(Some(2), "x"), (Some(3), "a"), (Some(4), "n"), (Some(4), "n")]);
        assert!(flaws[1].message.contains("line 1"), "{}", flaws[1].message);
        assert!(flaws[2].message.contains("1.8e308") && flaws[3].message.contains("64 bits"));
    }

    #[test]
    fn what_is_no_yaml_or_a_bomb_is_one_flaw() {
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        let mut bomb = "a0: &a0 [x]\n".to_owned();
        for n in 1..12 {
            let last = format!("*a{}, ", n - 1).repeat(9);
            bomb.push_str(&format!("a{n}: &a{n} [{last}]\n"));
        }
        for (text, line) in [
            ("a: [1, 2\nb: 3\n", None),
            ("a: 1\n\tb: 2\n", Some(1)),
            ("a: 'x\n", None),
            ("a: *nowhere\n", Some(1)),
            ("a: !custom x\n", Some(1)),
            ("a: 1\n---\nb: 2\n", None),
            (deep.as_str(), None),
            (bomb.as_str(), None),
        ] {
            let (node, flaws) = Node::read(text);
            assert!(node.is_none() && flaws.len() == 1, "{text:.30}: {flaws:?}");
            println!("{:?}", flaws[0]);
            assert!(line.is_none() || flaws[0].line == line, "{flaws:?}");
        }
    }
}
