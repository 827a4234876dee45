//! Values as a whole document, for a program that reads it.
//!
//! What must stay true: the same values give the same bytes; what is written is read again and says exactly these
//! values and nothing else, so that no value can break out of its place; no error holds a value.

use super::environment::variable_name;
use super::patch::toml;
use crate::domain::document::{Format, read, write_yaml};
use crate::domain::error::{Error, Result};
use crate::domain::flatten::nest;
use crate::domain::path::Path;
use crate::domain::value::{Value, bare, from_text};
use serde_json::Map;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The values as a document; `prefix` begins the names in dotenv, `head` is one more key at the top with its text.
/// `invalid` names a path whose value the language cannot hold.
pub fn render(
    format: Format,
    prefix: &str,
    values: &BTreeMap<Path, Value>,
    head: Option<(&str, &str)>,
) -> Result<String> {
    if format == Format::Dotenv {
        check_names(prefix, values)?;
    }
    let written = write(format, prefix, values, head);
    if let Some(written) = written
        && is_proven(format, prefix, values, head, &written)
    {
        return Ok(written);
    }
    let alone = |(path, value): (&Path, &Value)| {
        let one = BTreeMap::from([(path.clone(), value.clone())]);
        write(format, prefix, &one, None).is_some_and(|text| is_proven(format, prefix, &one, None, &text))
    };
    let culprit = values.iter().find(|one| !alone(*one)).map(|(path, _)| path.to_string());
    let what = culprit.unwrap_or_else(|| "what the values say together".to_owned());
    Err(Error::invalid(format!("{format} cannot hold {what} so that it is read back as it is."))
        .hint("Deliver it in another format, YAML or JSON, or give the path another value."))
}

/// The values nested by their paths' segments, as a document has them.
pub fn nested(values: &BTreeMap<Path, Value>) -> Value {
    let mut top = Map::new();
    for (path, value) in values {
        let segments = path.segments();
        let Some((last, above)) = segments.split_last() else { continue };
        let mut at = &mut top;
        for segment in above {
            let below = at.entry(segment).or_insert_with(|| Value::Object(Map::new()));
            // No path is another's prefix; were it so, the proof would fail.
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            let Value::Object(fields) = below else { return Value::Object(top) };
            at = fields;
        }
        at.insert(last.clone(), value.clone());
    }
    Value::Object(top)
}

fn with_head(values: &BTreeMap<Path, Value>, head: Option<(&str, &str)>) -> Value {
    let mut document = nested(values);
    if let (Value::Object(fields), Some((key, text))) = (&mut document, head) {
        fields.insert(key.to_owned(), Value::from(text));
    }
    document
}

fn write(
    format: Format,
    prefix: &str,
    values: &BTreeMap<Path, Value>,
    head: Option<(&str, &str)>,
) -> Option<String> {
    let head_key = head.and_then(|(key, _)| Path::from_segments([key]).ok());
    if head_key.is_some_and(|key| values.keys().any(|path| path.is_within(key.as_str()))) {
        return None;
    }
    match format {
        Format::Yaml => Some(write_yaml(&with_head(values, head))),
        Format::Json => serde_json::to_string_pretty(&with_head(values, head)).ok().map(|text| text + "\n"),
        Format::Toml => in_sections(values, |value| Some(toml(value))),
        Format::Ini => in_sections(values, |value| ini(&bare(value))),
        Format::Properties => {
            let line = |(path, value): (&Path, &Value)| {
                format!("{}={}\n", properties(path.as_str(), true), properties(&bare(value), false))
            };
            Some(values.iter().map(line).collect())
        }
        Format::Dotenv => {
            let line = |(path, value): (&Path, &Value)| {
                format!("{prefix}{}={}\n", variable_name(path), dotenv(&bare(value)))
            };
            Some(values.iter().map(line).collect())
        }
    }
}

/// Whether the text says these values and nothing else.
fn is_proven(
    format: Format,
    prefix: &str,
    values: &BTreeMap<Path, Value>,
    head: Option<(&str, &str)>,
    text: &str,
) -> bool {
    let Ok(said) = read(text.as_bytes(), Some(format), "the document") else { return false };
    if !format.is_text_alone() {
        let meant = with_head(values, head);
        return said == meant || (said.is_null() && values.is_empty());
    }
    let key = |path: &Path| match format {
        Format::Dotenv => Path::parse(&format!("{prefix}{}", variable_name(path))).ok(),
        _ => Some(path.clone()),
    };
    let meant = values.iter().map(|(path, value)| Some((key(path)?, from_text(bare(value)))));
    meant.collect::<Option<Vec<_>>>().is_some_and(|meant| said == nest(meant))
}

/// Two paths never share a variable.
fn check_names(prefix: &str, values: &BTreeMap<Path, Value>) -> Result<()> {
    let mut names: BTreeMap<String, &Path> = BTreeMap::new();
    for path in values.keys() {
        let name = format!("{prefix}{}", variable_name(path));
        if let Some(other) = names.insert(name.clone(), path) {
            return Err(Error::conflict(format!("{other} and {path} would both be the variable {name}."))
                .hint("Name only one of them in the service's uses, or deliver another format."));
        }
    }
    Ok(())
}

/// Lines of `key = value`: those of the top level first, then each section's.
fn in_sections(values: &BTreeMap<Path, Value>, spell: impl Fn(&Value) -> Option<String>) -> Option<String> {
    let mut sections: BTreeMap<&str, String> = BTreeMap::new();
    for (path, value) in values {
        let lines = sections.entry(path.section()).or_default();
        let _ = writeln!(lines, "{} = {}", path.key(), spell(value)?);
    }
    let mut out = String::new();
    for (section, lines) in sections {
        if !out.is_empty() {
            out.push('\n');
        }
        if !section.is_empty() {
            let _ = writeln!(out, "[{section}]");
        }
        out.push_str(&lines);
    }
    Some(out)
}

/// A text on one line, in quotes where some reader would take a part of it for something else.
fn ini(text: &str) -> Option<String> {
    let has = |signs: &[char]| text.contains(signs);
    let is_odd = text.is_empty() || text.trim() != text || has(&[';', '#', '"', '\'']);
    match () {
        () if text.contains(char::is_control) => None,
        () if !is_odd => Some(text.to_owned()),
        () if !has(&['"']) => Some(format!("\"{text}\"")),
        () if !has(&['\'']) => Some(format!("'{text}'")),
        () => (!has(&[';', '#']) && text.trim() == text).then(|| text.to_owned()),
    }
}

/// As Java reads it in whatever encoding: ASCII alone.
fn properties(text: &str, is_key: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' | '=' | ':' if is_key || at == 0 => out.extend(['\\', c]),
            '#' | '!' if is_key && at == 0 => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
        }
    }
    out
}

/// As shells, systemd and compose files read it: bare where nothing in it means anything, else in quotes.
fn dotenv(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::ValueType;
    use proptest::prelude::*;
    use serde_json::json;

    fn values(of: &[(&str, Value)]) -> BTreeMap<Path, Value> {
        of.iter().map(|(path, value)| (Path::parse(path).unwrap(), value.clone())).collect()
    }

    #[test]
    fn every_format_writes_the_same_values_in_its_own_way() {
        let values = values(&[
            ("server.port", json!(5050)),
            ("server.tls.cert", json!("/etc/x y.pem")),
            ("session", json!("a 'b' \"c\" ; ${d} \\ ü")),
            ("hosts", json!(["a", "b"])),
        ]);
        for (format, prefix, text) in [
            (
                Format::Yaml,
                "",
                "hosts:\n  - a\n  - b\nserver:\n  port: 5050\n  tls:\n    cert: /etc/x y.pem\nsession: \"a 'b' \\\"c\\\" ; ${d} \\\\ ü\"\n",
            ),
            (
                Format::Json,
                "",
                "{\n  \"hosts\": [\n    \"a\",\n    \"b\"\n  ],\n  \"server\": {\n    \"port\": 5050,\n    \"tls\": {\n      \"cert\": \"/etc/x y.pem\"\n    }\n  },\n  \"session\": \"a 'b' \\\"c\\\" ; ${d} \\\\ ü\"\n}\n",
            ),
            (
                Format::Toml,
                "",
                "hosts = [\"a\", \"b\"]\nsession = \"a 'b' \\\"c\\\" ; ${d} \\\\ ü\"\n\n[server]\nport = 5050\ntls.cert = \"/etc/x y.pem\"\n",
            ),
            (
                Format::Properties,
                "",
                "hosts=[\"a\",\"b\"]\nserver.port=5050\nserver.tls.cert=/etc/x y.pem\nsession=a 'b' \"c\" ; ${d} \\\\ \\u00FC\n",
            ),
            (
                Format::Dotenv,
                "APP_",
                "APP_HOSTS='[\"a\",\"b\"]'\nAPP_SERVER_PORT=5050\nAPP_SERVER_TLS__CERT='/etc/x y.pem'\nAPP_SESSION=\"a 'b' \\\"c\\\" ; \\${d} \\\\ ü\"\n",
            ),
        ] {
            assert_eq!(render(format, prefix, &values, None).unwrap(), text, "{format}");
        }
        let error = render(Format::Ini, "", &values, None).unwrap_err();
        assert_eq!(error.message, "INI cannot hold session so that it is read back as it is.");
        let mut fewer = values;
        fewer.remove("session");
        let ini = "hosts = '[\"a\",\"b\"]'\n\n[server]\nport = 5050\ntls.cert = /etc/x y.pem\n";
        assert_eq!(render(Format::Ini, "", &fewer, None).unwrap(), ini);
    }

    #[test]
    fn what_a_language_cannot_hold_is_refused_by_its_path_and_never_shown() {
        for (format, path, value) in [
            (Format::Ini, "a.b", json!("canary\nx = 1")),
            (Format::Ini, r#"a."b=c""#, json!("canary")),
            (Format::Toml, "a", json!(u64::MAX)),
            (Format::Toml, "a", json!(["canary", null])),
            (Format::Dotenv, "a", json!("canary\0")),
        ] {
            let error = render(format, "", &values(&[(path, value), ("z", json!(1))]), None).unwrap_err();
            assert!(error.message.contains(path) && !error.message.contains("canary"), "{error:?}");
        }
        let twins = values(&[("a.b-c", json!(1)), ("a.b_c", json!(2))]);
        let error = render(Format::Dotenv, "X_", &twins, None).unwrap_err();
        assert!(error.message.contains("X_A_B_C"), "{}", error.message);
        let clash = values(&[("_from.x", json!(1))]);
        assert!(render(Format::Json, "", &clash, Some(("_from", "x"))).is_err());
        let headed = render(Format::Json, "", &values(&[("a", json!(1))]), Some(("_from", "x"))).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&headed).unwrap(), json!({"_from": "x", "a": 1}));
    }

    #[test]
    fn no_values_are_a_document_too() {
        for format in Format::ALL {
            let text = render(format, "", &BTreeMap::new(), None).unwrap();
            assert!(matches!(text.trim(), "" | "{}"), "{format}: {text}");
        }
    }

    #[test]
    fn a_shell_reads_the_texts_of_dotenv_as_they_are() {
        let texts = ["it's \"q\" `id` $HOME $(id) \\ ;&| # x", "a&b", "two\nlines 'q'", "!x *", "a=b c"];
        for text in texts {
            let written = render(Format::Dotenv, "", &values(&[("v", json!(text))]), None).unwrap();
            let script = format!("{written}printf %s \"$V\"");
            let ran = std::process::Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(ran.stdout).unwrap(), text, "{written}");
        }
    }

    fn any_values() -> impl Strategy<Value = BTreeMap<Path, Value>> {
        let segment = || prop_oneof!["[a-d]", "[a-c.\" =:#;\\[\\]\\\\$'-]{1,4}"];
        let path = proptest::collection::vec(segment(), 1..4)
            .prop_map(|segments: Vec<String>| Path::from_segments(segments).unwrap());
        let text = prop_oneof![
            any::<String>(),
            "[ a-c\"'\\\\{}%$`;#=:\\[\\]\n\r\t&|<>!*,~-]{0,12}",
            "(\\{\\{ x \\}\\}|\\{% y %\\}|\\$\\{HOME\\}|---|\\.\\.\\.|'''|\"\"\"|\\]\\n\\[b\\]\\nx=1|a: b)",
        ];
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            proptest::num::f64::NORMAL.prop_map(Value::from),
            text.prop_map(Value::from)
        ];
        let value = leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-c\"' .=]{1,3}", inner, 0..3)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        });
        proptest::collection::vec((path, value), 0..6).prop_map(|items| {
            let mut kept: BTreeMap<Path, Value> = BTreeMap::new();
            for (path, value) in items {
                if kept.keys().all(|o| !o.is_within(path.as_str()) && !path.is_within(o.as_str())) {
                    kept.insert(path, value);
                }
            }
            kept
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_value_breaks_out_of_any_format(values in any_values()) {
            for format in [Format::Yaml, Format::Json, Format::Toml] {
                let text = match render(format, "", &values, None) {
                    Err(_) if format == Format::Toml => continue,
                    text => text.unwrap(),
                };
                let said = read(text.as_bytes(), Some(format), "x").unwrap();
                prop_assert_eq!(said, nested(&values), "{}", text);
            }
            for format in [Format::Ini, Format::Properties, Format::Dotenv] {
                // Where it can be written at all, it says these paths and no others, each with its own text.
                let Ok(text) = render(format, "P_", &values, None) else { continue };
                let kind = |path: &Path| values.get(path).map(|_| ValueType::Json);
                let said = super::super::entries::read(format, "x", text.as_bytes(), &kind).unwrap();
                let mut texts: Vec<String> = values.values().map(bare).collect();
                let mut found: Vec<String> = said.iter().map(|entry| bare(&entry.value)).collect();
                texts.sort();
                found.sort();
                prop_assert_eq!(found, texts, "{}", text);
                let paths: Vec<&Path> = said.iter().map(|entry| &entry.path).collect();
                prop_assert!(format == Format::Dotenv || values.keys().all(|path| paths.contains(&path)), "{}", text);
            }
        }

        #[test]
        fn texts_fit_into_every_format_but_several_lines_into_ini(text in "[ -~äß]{0,20}") {
            let values = values(&[("a.b", json!(text))]);
            for format in Format::ALL {
                let written = render(format, "", &values, None);
                let is_mixed = text.contains('"') && text.contains('\'');
                prop_assert!(written.is_ok() || (format == Format::Ini && is_mixed), "{} {:?}", format, written);
            }
        }
    }
}
