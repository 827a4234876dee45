//! Values as YAML: one deterministic text, which reading gives back exactly.
//!
//! What must stay true: a text stands bare only where no YAML reader, old or new, could take it for something else.

use serde_json::Value;
use std::fmt::Write;

/// What a YAML key may be long without the explicit form, with room for its quotes.
const LONGEST_SIMPLE_KEY: usize = 1000;

/// The value as YAML in block style, ending with a newline.
pub fn write_yaml(value: &Value) -> String {
    let mut out = String::new();
    if is_block(value) {
        block(&mut out, value, 0);
    } else {
        out.push_str(&write_yaml_inline(value));
        out.push('\n');
    }
    out
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => false,
    }
}

/// Writes a collection whose first line has its indentation already.
fn block(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                margin(out, index, indent);
                out.push('-');
                if is_block(item) {
                    out.push(' ');
                    block(out, item, indent + 2);
                } else {
                    leaf(out, item, indent + 2);
                }
            }
        }
        Value::Object(fields) => {
            for (index, (key, field)) in fields.iter().enumerate() {
                margin(out, index, indent);
                let key = text(key);
                if key.len() > LONGEST_SIMPLE_KEY {
                    let _ = write!(out, "? {key}\n{:indent$}", "");
                } else {
                    out.push_str(&key);
                }
                out.push(':');
                if is_block(field) {
                    let _ = write!(out, "\n{:width$}", "", width = indent + 2);
                    block(out, field, indent + 2);
                } else {
                    leaf(out, field, indent + 2);
                }
            }
        }
        _ => {}
    }
}

fn margin(out: &mut String, index: usize, indent: usize) {
    if index > 0 {
        let _ = write!(out, "{:indent$}", "");
    }
}

/// Writes what stands after a key or a dash, to the end of its line or of its lines.
fn leaf(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::String(lines) if reads_well_in_lines(lines) => {
            out.push_str(if lines.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in lines.lines() {
                if !line.is_empty() {
                    let _ = write!(out, "{:indent$}{line}", "");
                }
                out.push('\n');
            }
        }
        _ => {
            out.push(' ');
            out.push_str(&write_yaml_inline(value));
            out.push('\n');
        }
    }
}

/// The value as YAML on one line: `[a, b]`, `{port: 5050}`; it may stand inside another such text.
pub fn write_yaml_inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(write_yaml_inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let each = |(name, field): (&String, &Value)| {
                let mark = if text(name).len() > LONGEST_SIMPLE_KEY { "? " } else { "" };
                format!("{mark}{}: {}", text(name), write_yaml_inline(field))
            };
            format!("{{{}}}", fields.iter().map(each).collect::<Vec<_>>().join(", "))
        }
        Value::String(string) => text(string),
        other => other.to_string(),
    }
}

fn text(text: &str) -> String {
    if is_safe_bare(text) { text.to_owned() } else { quoted(text) }
}

/// Words, names, paths and addresses stand bare; whatever begins like a number, a date or a sign is quoted.
fn is_safe_bare(text: &str) -> bool {
    let follows = |at: usize| text.as_bytes().get(at + 1).copied();
    let is_word =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'@' | b'%' | b'+' | b'-');
    let fits = |(at, b): (usize, u8)| match b {
        b':' => follows(at).is_some_and(is_word),
        b' ' => follows(at).is_some_and(|next| next.is_ascii_alphanumeric()),
        _ => is_word(b),
    };
    text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/'))
        && text.bytes().enumerate().all(fits)
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null"
        )
}

fn reads_well_in_lines(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && !text.ends_with("\n\n")
        && !text.chars().any(|c| c != '\n' && c != '\t' && must_escape(c))
        && text.lines().all(|line| !line.ends_with([' ', '\t']))
}

/// Double-quoted, with every character escaped that is a control or cannot be seen.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if must_escape(c) => {
                let _ = match u32::from(c) {
                    code @ ..=0xFF => write!(out, "\\x{code:02X}"),
                    code @ ..=0xFFFF => write!(out, "\\u{code:04X}"),
                    code => write!(out, "\\U{code:08X}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn must_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::document::{Format, read};
    use proptest::prelude::*;
    use serde_json::json;

    fn read_back(yaml: &str) -> Value {
        read(yaml.as_bytes(), Some(Format::Yaml), "written").unwrap_or_else(|error| panic!("{error}\n{yaml}"))
    }

    #[test]
    fn values_are_written_as_people_would() {
        let value = json!({
            "address": "http://localhost:2380", "certificate": "-----BEGIN-----\nabc\n\n-----END-----\n",
            "empty": {}, "hosts": [], "level": "no", "list": [[1, 2], {"a": 1, "b": [true]}, "two\nlines"],
            "mode": "0640", "name": "Configuration on call", "number": 1.5, "server": {"port": 5050},
            "text": "", "tricky": "a: b", "wide": "x\u{200B}\u{7}",
        });
        let yaml = "\
address: http://localhost:2380
certificate: |
  -----BEGIN-----
  abc

  -----END-----
empty: {}
hosts: []
level: \"no\"
list:
  - - 1
    - 2
  - a: 1
    b:
      - true
  - |-
    two
    lines
mode: \"0640\"
name: Configuration on call
number: 1.5
server:
  port: 5050
text: \"\"
tricky: \"a: b\"
wide: \"x\\u200B\\x07\"
";
        assert_eq!(write_yaml(&value), yaml);
        assert_eq!(read_back(yaml), value);
    }

    #[test]
    fn what_looks_like_something_else_is_quoted() {
        for text in [
            "",
            "~",
            "null",
            "Null",
            "true",
            "True",
            "no",
            "yes",
            "ON",
            "off",
            "y",
            "1",
            "017",
            "0x1F",
            "1_000",
            "1e3",
            ".5",
            "1.",
            "+1",
            "-1",
            "2026-01-01",
            "12:30:45",
            ".inf",
            ".nan",
            "- a",
            "-",
            "?",
            ":",
            "a:",
            "a: b",
            "a #b",
            "#a",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "'a'",
            "\"a\"",
            "[a",
            "{a",
            "a,b",
            "<<",
            "=",
            " a",
            "a ",
            "a\tb",
            "---",
            "...",
            "a\nb",
            "\n",
            "a\n",
            "a\n\n",
            "\na",
            " a\nb",
            "a\r\nb",
            "a\n \nb",
            "a\u{85}b",
            "a\u{2028}b",
            "\u{FEFF}a",
            "ü",
            "\u{202E}x",
            "😀",
            "\u{0}",
            "\u{FFFF}",
            "a\n---\nb",
            "a\n...\nb\n",
            "# a\nb",
        ] {
            for value in [json!(text), json!([text]), json!({"k": text}), json!({text: {text: [text]}})] {
                let yaml = write_yaml(&value);
                assert_eq!(read_back(&yaml), value, "{yaml}");
                let inline = write_yaml_inline(&value);
                assert_eq!(inline.lines().count(), 1);
                assert_eq!(read_back(&inline), value, "{inline}");
            }
        }
        let long = "k".repeat(5000);
        let value = json!([{long.as_str(): {long.as_str(): 1}, "z": 2}]);
        assert_eq!(read_back(&write_yaml(&value)), value);
        assert_eq!(read_back(&write_yaml_inline(&value)), value);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = || {
            prop_oneof![
                any::<String>(),
                "[ a-z0-9:#,.'\"&*!|>%@\\[\\]{}?\t\r\n~-]{0,12}",
                "(null|true|no|[0-9]{1,22}|-?[0-9]\\.[0-9]e[0-9]{1,2}|0x1F|a\nb|a: b)",
            ]
        };
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            proptest::num::f64::NORMAL.prop_map(Value::from),
            proptest::num::f64::SUBNORMAL.prop_map(Value::from),
            text().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(text(), inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_written_is_read_back(value in any_value()) {
            let yaml = write_yaml(&value);
            prop_assert_eq!(read_back(&yaml).to_string(), value.to_string(), "{}", yaml);
            let inline = format!("a: {{b: {}, c: [1]}} # said\n", write_yaml_inline(&value));
            prop_assert_eq!(read_back(&inline)["a"]["b"].to_string(), value.to_string(), "{}", inline);
        }

        #[test]
        fn no_text_makes_reading_panic(text in "[ -~\n\t]{0,80}|[\\[\\]{}:,&*!|>'\"%@#\n a1-]{0,60}") {
            for format in [None, Some(Format::Yaml), Some(Format::Json), Some(Format::Toml)] {
                let _ = read(text.as_bytes(), format, "any");
            }
        }
    }
}
