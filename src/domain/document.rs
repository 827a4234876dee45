//! Configuration documents as values: YAML, JSON, TOML, INI, properties and dotenv read alike, YAML written.
//!
//! What must stay true: nothing is guessed away. A key given twice, a number that cannot be kept, a tag nobody
//! understands is refused with its line; what is plain text in one reader and something else in another stays text.
//! Whatever the bytes are, reading them ends in a value or an error, in bounded memory and stack.

mod dotenv;
mod format;
mod ini;
mod json;
pub(super) mod located;
mod pair;
mod properties;
mod scalar;
mod toml;
mod write;
mod yaml;

use super::error::{Error, Result};
use super::value::{Value, is_rounded};
use serde_json::Number;
use std::fmt::Display;

pub use format::Format;
pub use write::{write_yaml, write_yaml_inline};

/// The longest document, in bytes: 64 MiB.
pub const LONGEST_DOCUMENT: usize = 64 * 1024 * 1024;
/// The longest TOML document, in bytes: 8 MiB, because its parser takes a hundred times that in memory.
pub const LONGEST_TOML: usize = 8 * 1024 * 1024;
/// How deep lists and objects may nest in a document.
pub const DEEPEST_DOCUMENT: usize = 64;

/// Reads a document; `name` is what errors call it. Without a format the text itself decides.
///
/// In YAML a plain scalar is a number where it is one in JSON, a boolean or null where YAML 1.2's core schema says
/// so, and text everywhere else: `no`, `017`, `0x1F`, `1_000` and `2026-01-01` are text. A key is its text. `<<`
/// merges, as compose files and others use it: the mapping's own keys win, then the mappings merged first.
/// An empty YAML document is null. A TOML date or time is its RFC 3339 text.
///
/// INI, properties and dotenv know only text: a text is a number, a boolean, a list or an object where it is one in
/// JSON, as what is typed for an unregistered path. They are read only where the format is named, never guessed.
pub fn read(bytes: &[u8], format: Option<Format>, name: &str) -> Result<Value> {
    let source = Source { name, text: text(bytes, name)? };
    match format {
        Some(Format::Yaml) => yaml::read(&source),
        Some(Format::Json) => json::read(&source),
        Some(Format::Toml) => toml::read(&source),
        Some(Format::Ini) => ini::read(&source).and_then(|pairs| pair::to_value(&source, pairs)),
        Some(Format::Properties) => {
            properties::read(&source).and_then(|pairs| pair::to_value(&source, pairs))
        }
        Some(Format::Dotenv) => dotenv::read(&source).and_then(|pairs| pair::to_value(&source, pairs)),
        None => read_guessing(&source),
    }
}

/// JSON where the text starts like it, TOML where its first line looks like it and all of it is, else YAML.
fn read_guessing(source: &Source<'_>) -> Result<Value> {
    let first = source.text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let first = first.unwrap_or_default();
    let toml = || toml::read(source).ok();
    match first.chars().next() {
        Some('{') => json::read(source),
        Some('[') => json::read(source).or_else(|error| toml().ok_or(error)),
        _ if first.contains('=') => toml().map_or_else(|| yaml::read(source), Ok),
        _ => yaml::read(source),
    }
}

/// The document's text: UTF-8 without its byte order mark, no longer than allowed, without NUL.
fn text<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str> {
    if bytes.len() > LONGEST_DOCUMENT {
        let limit = format!("{LONGEST_DOCUMENT} (64 MiB)");
        return Err(too_long(name, bytes.len(), &limit).hint("Split it into several documents."));
    }
    if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) {
        return Err(Error::invalid(format!("{name} is UTF-16; only UTF-8 is read."))
            .hint("Convert it first: iconv -f UTF-16 -t UTF-8 FILE."));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Error::invalid(format!("{name} is not valid UTF-8: the byte at offset {at} is wrong."))
            .hint("Save it as UTF-8, or convert it: iconv -f LATIN1 -t UTF-8 FILE.")
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    match text.find('\0') {
        None => Ok(text),
        Some(offset) => Err(Source { name, text }
            .wrong_at(offset, "a NUL byte may not stand in a document")
            .hint("Remove the NUL byte; if the document is UTF-16, convert it to UTF-8.")),
    }
}

/// A document's text with the name that errors call it.
struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// What is wrong at this byte offset.
    fn wrong_at(&self, offset: usize, what: impl Display) -> Error {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        self.wrong(line, column, what)
    }

    /// What is wrong at this line and column, both counted from 1.
    fn wrong(&self, line: usize, column: usize, what: impl Display) -> Error {
        Error::invalid(format!("{}, line {line}, column {column}: {what}.", self.name))
    }
}

fn too_long(name: &str, length: usize, limit: &str) -> Error {
    Error::invalid(format!("{name} is {length} bytes long; the limit is {limit}."))
}

fn twice(key: &str) -> String {
    format!("the key {} is there twice", shown(key))
}

fn too_deep() -> String {
    format!("the document nests deeper than {DEEPEST_DOCUMENT} levels, the limit")
}

/// A text as an error shows it: quoted, escaped, not longer than a line bears.
fn shown(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

const QUOTE_IT: &str = "Quote it to keep it as text.";

/// The number that this text is in JSON, nothing where it is none, or why it cannot be kept: that the limit is
/// broken, not the digits, which may be a secret's. What is behind the point is rounded as every JSON reader does.
fn number(text: &str) -> Option<std::result::Result<Number, String>> {
    let of_numbers = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
    if !text.bytes().all(of_numbers) || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return None;
    }
    let refused = |why: &str| Some(Err(format!("the number {why}")));
    let Ok(number) = serde_json::from_str::<Number>(text) else {
        return refused("is too large; the limit is about 1.8e308");
    };
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let is_nothing = !mantissa.bytes().any(|b| b.is_ascii_digit() && b != b'0');
    let is_whole = text.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit());
    if is_whole && number.is_f64() && !is_nothing {
        return refused("needs more than 64 bits, the limit of integers");
    }
    if number.as_f64() == Some(0.0) && !is_nothing {
        return refused("is too small; the limit is about 4.9e-324");
    }
    if is_rounded(text, &Value::Number(number.clone())) {
        return refused("cannot be kept exactly");
    }
    Some(Ok(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;
    use proptest::prelude::*;
    use serde_json::json;

    const ALL: [Format; 3] = [Format::Yaml, Format::Json, Format::Toml];

    fn read_as(format: Format, text: &str) -> Result<Value> {
        read(text.as_bytes(), Some(format), "app.conf")
    }

    fn refusal(result: Result<Value>) -> String {
        let error = result.unwrap_err();
        assert_eq!(error.code, Code::Invalid);
        assert!(error.message.contains("app.conf"), "{}", error.message);
        assert!(error.message.ends_with('.') && error.message.lines().count() == 1, "{}", error.message);
        assert!(error.hint.is_some(), "{}", error.message);
        error.message
    }

    #[test]
    fn without_a_name_the_text_decides() {
        let port = json!({"server": {"port": 5050}});
        for text in [
            r#" {"server": {"port": 5050}}"#,
            "server:\n  port: 5050\n",
            "# JSON inside\nserver: {port: 5050}\n",
            "[server]\nport = 5050\n",
            "# TOML\n\nserver.port = 5050\n",
        ] {
            assert_eq!(read(text.as_bytes(), None, "standard input").unwrap(), port, "{text}");
        }
        for (text, value) in [
            ("[1, 2]", json!([1, 2])),
            ("a: b = c\n", json!({"a": "b = c"})),
            ("a: [1, 2]\n", json!({"a": [1, 2]})),
            ("a = \"x: y\"\n", json!({"a": "x: y"})),
            ("# nothing\n", Value::Null),
            ("just words", json!("just words")),
        ] {
            assert_eq!(read(text.as_bytes(), None, "standard input").unwrap(), value, "{text}");
        }
        let error = read(b"{\"a\": }", None, "standard input").unwrap_err();
        assert_eq!(error.message, "standard input, line 1, column 7: expected value.");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_in_every_format() {
        for format in ALL {
            let of = |bytes: &[u8]| refusal(read(bytes, Some(format), "app.conf"));
            assert!(of(b"ab\xFFc").contains("byte at offset 2"));
            assert!(of(b"\xFF\xFEa\0").contains("UTF-16"));
            assert!(of(b"\xFE\xFF\0a").contains("UTF-16"));
            assert!(of(b"a: 1\nb\0").contains("line 2, column 2: a NUL byte"));
            assert!(of(&vec![b' '; LONGEST_DOCUMENT + 1]).contains("67108864 (64 MiB)"));
        }
        let long = refusal(read_as(Format::Toml, &" ".repeat(LONGEST_TOML + 1)));
        assert!(long.contains("8388608 (8 MiB) for TOML"), "{long}");
        for (format, text) in [(Format::Yaml, "a: 1"), (Format::Json, "{\"a\":1}"), (Format::Toml, "a = 1")] {
            assert_eq!(read_as(format, &format!("\u{FEFF}{text}")).unwrap(), json!({"a": 1}));
            let crlf = read_as(format, &format!("\r\n{text}\r\n")).unwrap();
            assert_eq!(crlf, json!({"a": 1}));
        }
    }

    #[test]
    fn a_key_given_twice_is_refused_with_its_place() {
        for (format, text, place) in [
            (Format::Yaml, "a: 1\n\"a\": 2\n", "line 2, column 1: the key \"a\" is there twice"),
            (Format::Yaml, "x:\n  1: 1\n  '1': 2\n", "line 3, column 3: the key \"1\" is there twice"),
            (Format::Yaml, "{<<: {a: 1}, <<: {a: 2}}", "line 1, column 14: the key \"<<\" is there twice"),
            (Format::Json, "{\"a\": 1,\n \"\\u0061\": 2}", "line 2, column 9: the key \"a\" is there twice"),
            (Format::Toml, "a = 1\na = 2\n", "line 2, column 1: the key \"a\" is there twice"),
            (Format::Toml, "[s]\n[s]\n", "line 2, column 2: the key \"s\" is there twice"),
        ] {
            assert!(refusal(read_as(format, text)).contains(place), "{:?}", refusal(read_as(format, text)));
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        for levels in [65, 90, 130, 1001, 100_000] {
            let flow = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
            let objects = format!("{}1{}", "{\"a\": ".repeat(levels), "}".repeat(levels));
            let dotted = format!("{}a = 1", "a.".repeat(levels));
            let header = format!("[{}a]\n", "a.".repeat(levels));
            let dashes = format!("{}1", "- ".repeat(levels));
            for (format, text) in [
                (Format::Json, &flow),
                (Format::Json, &objects),
                (Format::Yaml, &flow),
                (Format::Yaml, &objects),
                (Format::Yaml, &dashes),
                (Format::Toml, &format!("a = {flow}")),
                (Format::Toml, &dotted),
                (Format::Toml, &header),
            ] {
                let message = refusal(read_as(format, text));
                assert!(message.contains("deeper than 64 levels"), "{format:?} {levels} {message}");
            }
        }
        let mixed = (0..78).fold("1".to_owned(), |inner, _| format!("{{ {}b = {inner} }}", "a.".repeat(78)));
        assert!(refusal(read_as(Format::Toml, &format!("c = {mixed}"))).contains("deeper than 64 levels"));
        let deepest = format!("{}1{}", "[".repeat(64), "]".repeat(64));
        assert!(read_as(Format::Json, &deepest).is_ok());
        assert!(read_as(Format::Yaml, &deepest).is_ok());
    }

    #[test]
    fn numbers_are_kept_exactly_or_refused_in_every_format() {
        for (format, text, value) in [
            (
                Format::Json,
                "[9007199254740993, 18446744073709551615, -9223372036854775808]",
                json!([9007199254740993_i64, u64::MAX, i64::MIN]),
            ),
            (Format::Json, "[1.5, 1e3, 0e0, -0.0]", json!([1.5, 1000.0, 0.0, -0.0])),
            (
                Format::Json,
                r#"["18446744073709551616", "1e400", "\"1e400"]"#,
                json!(["18446744073709551616", "1e400", "\"1e400"]),
            ),
            (
                Format::Toml,
                "a = [9007199254740993, 1_000, 0x1F, +5]",
                json!({"a": [9007199254740993_i64, 1000, 31, 5]}),
            ),
            (Format::Toml, "a = [1_0.5, 1e3, +0.5, -0.0]", json!({"a": [10.5, 1000.0, 0.5, -0.0]})),
            (
                Format::Toml,
                "a = 1979-05-27T07:32:00Z\nb = 1979-05-27",
                json!({"a": "1979-05-27T07:32:00Z", "b": "1979-05-27"}),
            ),
        ] {
            assert_eq!(read_as(format, text).unwrap(), value, "{text}");
        }
        for (format, text, limit) in [
            (
                Format::Json,
                "[1,\n 18446744073709551616]",
                "line 2, column 2: the number needs more than 64 bits",
            ),
            (Format::Json, "-9223372036854775809", "64 bits"),
            (Format::Json, "{\"a\": 1e400}", "1.8e308"),
            (Format::Json, "1e-400", "4.9e-324"),
            (Format::Json, "9007199254740993.0", "cannot be kept exactly"),
            (Format::Toml, "a = 1.00000000000000000001", "cannot be kept exactly"),
            (Format::Toml, "a = 9223372036854775808", "line 1, column 5: the number needs more than 64 bits"),
            (Format::Toml, "a = 1e400", "1.8e308"),
            (Format::Toml, "\na = inf", "line 2, column 5: inf is not a value"),
            (Format::Toml, "a = [nan]", "is not a value"),
        ] {
            let message = refusal(read_as(format, text));
            assert!(message.contains(limit), "{message}");
        }
    }

    #[test]
    fn a_language_of_texts_says_what_json_would_say_and_keeps_the_rest() {
        let mixed = "a.b=1\na.c=true\na.d=no\na.e=[1]\na.f=18446744073709551616\na.g=\n.level=x\nh[0]=y\n";
        let expected = json!({
            "a": {"b": 1, "c": true, "d": "no", "e": [1], "f": "18446744073709551616", "g": ""},
            "\".level\"": "x",
            "h[0]": "y",
        });
        for format in [Format::Ini, Format::Properties, Format::Dotenv] {
            assert_eq!(read_as(format, mixed).unwrap(), expected, "{format}");
            let crlf = read_as(format, &format!("\u{FEFF}{}", mixed.replace('\n', "\r\n"))).unwrap();
            assert_eq!(crlf, expected, "{format}");
            assert!(
                refusal(read_as(format, "a=1\n\na=2\n")).contains("line 3, column 1: the key \"a\" is there")
            );
            let message = refusal(read_as(format, "a.b=1\na=2\n"));
            assert!(message.contains("line 2, column 1: a has a value, and a.b lies below it"), "{message}");
            assert!(refusal(read_as(format, &format!("{}=1", ["a"; 65].join(".")))).contains("line 1"));
            assert_eq!(read_as(format, "# nothing\n").unwrap(), json!({}));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_make_reading_panic(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..60),
                "[a-b\\[\\]=:#;!'\" \\\\un0d\n\r.$-]{0,40}".prop_map(String::into_bytes),
            ],
        ) {
            for format in Format::ALL {
                let _ = read(&bytes, Some(format), "x");
            }
        }
    }

    #[test]
    fn what_does_not_parse_is_named_with_its_place() {
        for (format, text, place) in [
            (Format::Yaml, "a: [1, 2\nb: 3\n", "line "),
            (Format::Yaml, "a: 1\n b: 2\n", "line 2"),
            (Format::Yaml, "a: \"open\n", "line "),
            (Format::Yaml, "a:\n\tb: 1\n", "line 2"),
            (Format::Json, "{\"a\": 1,}", "line 1, column 9"),
            (Format::Json, "", "line 1, column 1"),
            (Format::Json, "{} {}", "line 1, column 4"),
            (Format::Toml, "a = \n", "line 1, column "),
            (Format::Toml, "a: 1\n", "line 1, column 4: key with no value, expected `=`"),
        ] {
            let message = refusal(read_as(format, text));
            assert!(message.contains(place), "{message}");
        }
    }
}
