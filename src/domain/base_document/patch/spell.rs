//! How a value and a key are spelled in each language.
//!
//! A way that turns out wrong does no harm: whoever uses it reads the result again before it counts.

use crate::domain::document::{Format, write_yaml_inline};
use crate::domain::path::Path;
use crate::domain::value::{Value, bare};

/// The ways to write a value, the one nearest to what stands there first.
pub(super) fn ways(format: Format, value: &Value, written: &str) -> Vec<String> {
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    match (format, value.as_str()) {
        (Format::Json, _) => vec![value.to_string()],
        (Format::Yaml, Some(text)) => {
            let like = match quote {
                Some('\'') => vec![format!("'{}'", text.replace('\'', "''"))],
                Some(_) => vec![value.to_string()],
                None => vec![],
            };
            like.into_iter().chain([write_yaml_inline(value), value.to_string()]).collect()
        }
        (Format::Yaml, None) => vec![write_yaml_inline(value)],
        (Format::Toml, Some(text)) => match quote {
            Some('\'') => vec![format!("'{text}'"), toml(value)],
            // A date stands bare, and reads as its text.
            None if written.contains(['-', ':']) => vec![text.to_owned(), toml(value)],
            _ => vec![toml(value)],
        },
        (Format::Toml, None) => vec![toml(value)],
        (Format::Ini, _) => {
            let text = bare(value);
            let like = quote.map(|quote| format!("{quote}{text}{quote}"));
            let quoted = [format!("\"{text}\""), format!("'{text}'")];
            like.into_iter().chain([text]).chain(quoted).collect()
        }
        (Format::Properties, _) => vec![properties(&bare(value), false)],
        (Format::Dotenv, _) => dotenv(&bare(value), quote),
    }
}

/// The line that a person would write for this key with this value.
pub(super) fn line(format: Format, key: &[String], value: &Value) -> String {
    let value = ways(format, value, "").into_iter().next().unwrap_or_default();
    let key = spelled_key(format, key);
    match format {
        Format::Yaml | Format::Json => format!("{key}: {value}"),
        Format::Toml | Format::Ini => format!("{key} = {value}"),
        Format::Properties | Format::Dotenv => format!("{key}={value}"),
    }
}

/// A key of these segments; in YAML and JSON a key is one segment.
pub(super) fn spelled_key(format: Format, segments: &[String]) -> String {
    let path = || Path::from_segments(segments).map(|path| path.as_str().to_owned()).unwrap_or_default();
    match format {
        Format::Yaml => write_yaml_inline(&Value::from(segments.concat())),
        Format::Json => Value::from(segments.concat()).to_string(),
        // A path quotes its odd segments as TOML does.
        Format::Toml | Format::Ini | Format::Dotenv => path(),
        Format::Properties => properties(&path(), true),
    }
}

/// A value in TOML, on one line.
pub fn toml(value: &Value) -> String {
    match value {
        // JSON's escapes are TOML's, but for one control character that JSON leaves as it is.
        Value::String(text) => Value::from(text.as_str()).to_string().replace('\u{7f}', "\\u007F"),
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let each = |(key, field): (&String, &Value)| {
                format!("{} = {}", spelled_key(Format::Toml, std::slice::from_ref(key)), toml(field))
            };
            format!("{{ {} }}", fields.iter().map(each).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn properties(text: &str, is_key: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{c}' => out.push_str("\\f"),
            '\0' => out.push_str("\\u0000"),
            // At a text's beginning a sign could be taken for the one that parts it from its key.
            ' ' | '=' | ':' if is_key || at == 0 => out.extend(['\\', c]),
            '#' | '!' if is_key && at == 0 => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

fn dotenv(text: &str, quote: Option<char>) -> Vec<String> {
    let is_plain = |c: char| c.is_alphanumeric() || "_./:@%+,-=?&".contains(c);
    let mut double = String::from("\"");
    for c in text.chars() {
        match c {
            '\n' => double.push_str("\\n"),
            '\r' => double.push_str("\\r"),
            '\t' => double.push_str("\\t"),
            '"' | '\\' | '$' | '`' => double.extend(['\\', c]),
            _ => double.push(c),
        }
    }
    double.push('"');
    match quote {
        Some('\'') => vec![format!("'{text}'"), double],
        None if text.chars().all(is_plain) => vec![text.to_owned(), double],
        _ => vec![double],
    }
}
