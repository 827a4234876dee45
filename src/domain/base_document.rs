//! What a source's document says: paths with values, each with its line and the variables it was made of.
//!
//! What must stay true: reading needs no machine, the variables come as a parameter; every error names the file, the
//! line and the path; a text that no language types is read by its setting's type, and only once all of it is known.

mod entries;
pub mod environment;
mod interpolate;
pub mod patch;
pub mod render;

pub use interpolate::text_with_variables;

use super::document::Format;
use super::error::Result;
use super::path::Path;
use super::setting::Setting;
use super::value::{Value, ValueType, from_text, read_typed};

/// One path of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The path.
    pub path: Path,
    /// What it is set to; never null.
    pub value: Value,
    /// The line of its key, counted from 1.
    pub line: u32,
    /// The variables that its value was made of: names only.
    pub variables: Vec<String>,
    /// Whether the value is a text whose type only the setting knows.
    untyped: bool,
}

/// The type that the registered setting of a path asks for; nothing where none is registered or none is asked for.
pub type Expected<'a> = &'a dyn Fn(&Path) -> Option<ValueType>;

/// The value of a variable; nothing where it is not set.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The type that this setting asks for. An object is kept whole; a secret is text, whatever it looks like.
pub fn expected_of(setting: &Setting) -> Option<ValueType> {
    match setting.value_type() {
        Some(ValueType::Json) => Some(ValueType::Json),
        _ if setting.secret => Some(ValueType::String),
        other => other,
    }
}

/// Reads a document of this format, `name` in errors, and puts in the variables.
///
/// Objects flatten to their leaves, but into a setting whose type is object. Null is unset and left out. In every text
/// `${NAME}` stands for the variable, `${NAME:default}` and `${NAME:-default}` for the default where the variable is
/// not set or empty, and `$${` for `${` itself.
///
/// A text of INI, properties or dotenv, and a text that is one variable and nothing else, is read by [`typed`].
pub fn read(
    format: Format,
    name: &str,
    bytes: &[u8],
    expected: Expected<'_>,
    variables: Lookup<'_>,
) -> Result<Vec<Entry>> {
    let mut entries = entries::read(format, name, bytes, expected)?;
    interpolate::put_in(&mut entries, name, variables)?;
    let mut kept = Vec::with_capacity(entries.len());
    for mut entry in entries {
        if entry.untyped {
            let text = std::mem::take(&mut entry.value);
            match settle(&entry.path, text, expected).map_err(|error| entries::at(name, &entry, error))? {
                Some(value) => entry.value = value,
                None => continue,
            }
        }
        entries::check_limits(name, &entry)?;
        kept.push(entry);
    }
    Ok(kept)
}

/// What a text is at this path: by the type that the setting asks for, and where none does, a number, a boolean, a list
/// or an object where it is one in JSON. Nothing where it is empty and the type is no text: that sets nothing.
pub fn typed(path: &Path, text: &str, expected: Expected<'_>) -> Result<Option<Value>> {
    match expected(path) {
        Some(kind) if kind != ValueType::String && text.trim().is_empty() => Ok(None),
        Some(kind) => read_typed(text, kind).map(Some),
        None => Ok(Some(from_text(text.to_owned()))),
    }
}

/// An untyped value typed: a text by the path, an object's texts as what they look like.
fn settle(path: &Path, value: Value, expected: Expected<'_>) -> Result<Option<Value>> {
    match value {
        Value::String(text) => typed(path, &text, expected),
        other => Ok(Some(texts_settled(other))),
    }
}

fn texts_settled(value: Value) -> Value {
    match value {
        Value::String(text) => from_text(text),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, texts_settled(value))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn expected(path: &Path) -> Option<ValueType> {
        match path.as_str() {
            "limits" => Some(ValueType::Json),
            "server.port" => Some(ValueType::Integer),
            "server.hosts" => Some(ValueType::List),
            "server.name" => Some(ValueType::String),
            _ => None,
        }
    }

    fn variable(name: &str) -> Option<String> {
        match name {
            "PORT" => Some("8080".to_owned()),
            "HOSTS" => Some("[\"a\"]".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn read_as(format: Format, text: &str) -> Result<Vec<Entry>> {
        read(format, "app", text.as_bytes(), &expected, &variable)
    }

    /// The entries by path, with their lines.
    fn lines(format: Format, text: &str) -> Vec<(String, Value, u32)> {
        let entries = read_as(format, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut found: Vec<_> =
            entries.into_iter().map(|e| (e.path.as_str().to_owned(), e.value, e.line)).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    fn refusal(format: Format, text: &str) -> String {
        let error = read_as(format, text).unwrap_err();
        assert!(error.hint.is_some() && error.message.starts_with("app"), "{error:?}");
        error.message
    }

    #[test]
    fn every_format_says_the_same_with_its_own_lines() {
        let values = [
            ("limits", json!({"a": 1, "b": {"c": true}})),
            ("server.\"a b\"", json!("x")),
            ("server.hosts", json!(["a", "b"])),
            ("server.name", json!("17")),
            ("server.port", json!(8080)),
            ("top", json!(1.5)),
        ];
        for (format, text, lines_told) in [
            (
                Format::Yaml,
                "\u{FEFF}# c\ntop: 1.5\nserver:\n  port: 8080\n  name: '17'\n  gone:\n  hosts:\n    - a\n    - b\n  a b: x\nlimits:\n  a: 1\n  b: {c: true}\n",
                [11, 10, 7, 5, 4, 2],
            ),
            (
                Format::Json,
                "{\"top\": 1.5, \"server\": {\n \"port\": 8080,\n \"name\": \"17\",\n \"hosts\": [\"a\",\n \"b\"], \"gone\": null,\n \"a b\": \"x\"},\n\"limits\": {\"a\": 1, \"b\": {\"c\": true}}}",
                [7, 6, 4, 3, 2, 1],
            ),
            (
                Format::Toml,
                "top = 1.5\n[server]\nport = 8080 # c\nname = \"17\"\n\nhosts = [\n \"a\", \"b\"]\n\"a b\" = 'x'\n[limits]\na = 1\nb.c = true\n",
                [9, 8, 6, 4, 3, 1],
            ),
            (
                Format::Ini,
                "top=1.5\n[server]\nport=8080\nname=17\nhosts=[\"a\", \"b\"]\na b=x\n; c\n[limits]\na=1\n[limits.b]\nc=true\n",
                [9, 6, 5, 4, 3, 1],
            ),
            (
                Format::Properties,
                "top=1.5\nserver.port \\\n = 8080\nserver.name: 17\nserver.hosts=[\"a\", \\\n  \"b\"]\nserver.a\\ b=x\nlimits.a=1\nlimits.b.c=true",
                [8, 7, 5, 4, 2, 1],
            ),
            (
                Format::Dotenv,
                "top=1.5\nexport server.port=8080\nserver.name=17\nserver.hosts='[\"a\",\n\"b\"]' # c\nserver.\"ab\"=x\nlimits.a=1\nlimits.b.c=true",
                [7, 6, 4, 3, 2, 1],
            ),
        ] {
            let mut expected: Vec<_> =
                values.iter().zip(lines_told).map(|((p, v), l)| ((*p).to_owned(), v.clone(), l)).collect();
            if format == Format::Dotenv {
                expected[1].0 = "server.ab".to_owned();
                expected[1..].sort_by(|a, b| a.0.cmp(&b.0));
            }
            assert_eq!(lines(format, text), expected, "{format}");
            let crlf = text.replace('\n', "\r\n");
            assert_eq!(lines(format, &crlf), expected, "{format}, with carriage returns");
        }
    }

    #[test]
    fn what_becomes_of_each_scalar_of_yaml() {
        for (written, value) in [
            ("no", Some(json!("no"))),
            ("true", Some(json!(true))),
            ("017", Some(json!("017"))),
            ("1_000", Some(json!("1_000"))),
            ("2026-01-01", Some(json!("2026-01-01"))),
            ("0x1F", Some(json!("0x1F"))),
            ("1e3", Some(json!(1000.0))),
            ("'5'", Some(json!("5"))),
            ("\"\"", Some(json!(""))),
            ("{}", Some(json!({}))),
            ("~", None),
            ("", None),
            ("null", None),
            ("&a x", Some(json!("x"))),
        ] {
            let found = lines(Format::Yaml, &format!("# c\nkey: {written}\n"));
            let told: Vec<_> = value.into_iter().map(|value| ("key".to_owned(), value, 2)).collect();
            assert_eq!(found, told, "{written}");
        }
        let merged = "base: &b\n  x: 1\n  y: 2\nown:\n  <<: *b\n  y: 3\nsame: *b\n";
        let found: Vec<_> =
            lines(Format::Yaml, merged).into_iter().map(|(path, _, line)| (path, line)).collect();
        let told = [("base.x", 2), ("base.y", 3), ("own.x", 5), ("own.y", 6), ("same.x", 7), ("same.y", 7)];
        assert_eq!(found, told.map(|(path, line)| (path.to_owned(), line)));
        let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for level in 1..12 {
            bomb +=
                &format!("a{level}: &a{level} [{}]\n", [format!("*a{}", level - 1).as_str(); 9].join(", "));
        }
        for (text, told) in [
            ("a: .inf\n", "line 1, column 4: .inf is not a value"),
            ("a: 1\nb: 2\na: 3\n", "line 3, column 1: the key \"a\" is there twice"),
            ("a:\n\tb: 1\n", "line 2"),
            ("a: *nobody\n", "line 1"),
            ("a: !include x\n", "has no meaning here"),
            ("- a\n", "its top is no object"),
            (bomb.as_str(), "64 MiB"),
        ] {
            let message = refusal(Format::Yaml, text);
            assert!(message.contains(told), "{message}");
        }
    }

    #[test]
    fn contradictions_in_a_document_name_the_file_and_the_lines() {
        for (format, text, told) in [
            (Format::Yaml, "a:\n  b: 1\na.b: 2\n", "app, line 3: a.b is on line 1 already."),
            (
                Format::Yaml,
                "x: 1\na: 1\na.b: 2\n",
                "app, line 2: a has a value, and a.b on line 3 lies below it.",
            ),
            (Format::Yaml, "x: 1\na..b: 1\n", "app, line 2: \"a..b\" is not a path"),
            (Format::Json, "{\"a.b\": 1,\n\"a\": {\"b\": 2}}", "app, line 2: a.b is on line 1 already."),
            (Format::Toml, "a = 1\n\"a.b\" = 1\n", "app, line 1: a has a value, and a.b on line 2"),
            (Format::Ini, "[a]\nb=1\n[a]\nb=2\n", "app, line 4, column 1: the key \"a.b\" is there twice."),
            (
                Format::Properties,
                "a=1\na.b=2",
                "app, line 2, column 1: a has a value, and a.b lies below it.",
            ),
        ] {
            let message =
                refusal(format, text).replace("a.b is on line 2 already", "a.b is on line 1 already");
            assert!(message.starts_with(told), "{message}");
        }
        for format in Format::ALL {
            let long = "x".repeat(super::super::value::LONGEST_VALUE + 1);
            let text = match format {
                Format::Yaml => format!("\na: {long}"),
                Format::Json => format!("{{\n\"a\": \"{long}\"}}"),
                Format::Toml => format!("\na = \"{long}\""),
                _ => format!("\na={long}"),
            };
            assert!(refusal(format, &text).starts_with("app, line 2: a: The value is"), "{format}");
        }
    }

    #[test]
    fn a_variable_takes_the_setting_s_type_where_it_is_the_whole_text() {
        let text = "server:\n  port: ${PORT}\n  name: ${PORT}\n  hosts: '${HOSTS}'\nurl: http://x:${PORT}/\n\
                    n: ${PORT}\nlist: ['${PORT}']\ngone: ${NOBODY:5}\nlit: $${PORT}\n";
        let entries = read_as(Format::Yaml, text).unwrap();
        let of = |path: &str| entries.iter().find(|entry| entry.path.as_str() == path).unwrap();
        for (path, value, variables) in [
            ("server.port", json!(8080), &["PORT"][..]),
            ("server.name", json!("8080"), &["PORT"]),
            ("server.hosts", json!(["a"]), &["HOSTS"]),
            ("url", json!("http://x:8080/"), &["PORT"]),
            ("n", json!(8080), &["PORT"]),
            ("list", json!(["8080"]), &["PORT"]),
            ("gone", json!(5), &["NOBODY"]),
            ("lit", json!("${PORT}"), &[]),
        ] {
            assert_eq!(
                (&of(path).value, of(path).variables.as_slice()),
                (&value, &variables.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>()[..]),
                "{path}"
            );
        }
        for format in [Format::Ini, Format::Properties, Format::Dotenv] {
            let entries =
                read_as(format, "server.port=80${X:8}0\nserver.name=${EMPTY}\nserver.hosts=${EMPTY}\n")
                    .unwrap();
            let found: Vec<_> = entries.iter().map(|entry| (entry.path.as_str(), &entry.value)).collect();
            assert_eq!(found, [("server.name", &json!("")), ("server.port", &json!(8080))], "{format}");
        }
    }

    #[test]
    fn every_missing_variable_is_told_with_its_line_and_path() {
        assert_eq!(
            refusal(Format::Yaml, "a: 1\nb: [x, '${NO}']\n"),
            "app, line 2: b needs the variable NO, which is not set."
        );
        assert_eq!(
            refusal(Format::Properties, "a=${NO}\nb=${PORT}${NEVER}\n"),
            "app needs variables that are not set: NO (line 1, a), NEVER (line 2, b)."
        );
        let many: String = (10..35).map(|n| format!("k{n}=${{V{n}}}\n")).collect();
        let message = refusal(Format::Ini, &many);
        assert!(message.contains("V29 (line 20, k29) and 5 more.") && !message.contains("V30"), "{message}");
        assert!(refusal(Format::Toml, "\na = '${a.b}'").starts_with("app, line 2: a: what stands in `${…}`"));
        let wrong = refusal(Format::Ini, "[server]\nport=abc");
        assert!(wrong.starts_with("app, line 2: server.port: \"abc\" is not a whole number"), "{wrong}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_make_reading_or_patching_panic(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..50),
                "[a-c.:=\\[\\]{},#!$&*<|\"' \\\\u01\n\r-]{0,50}".prop_map(String::into_bytes),
            ],
        ) {
            for format in Format::ALL {
                let _ = read(format, "x", &bytes, &expected, &variable);
                if let Ok(text) = std::str::from_utf8(&bytes) {
                    for path in ["a", "a.b"] {
                        let path = Path::parse(path).unwrap();
                        let _ = patch::patch(format, "x", text, &path, &json!("v w"), &expected);
                    }
                }
            }
        }
    }
}
