//! One value written into documents of every format.

use super::*;
use crate::domain::error::Code;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn patched(format: Format, text: &str, path: &str, value: &Value) -> Result<String> {
    patch(format, "app", text, &Path::parse(path).unwrap(), value, &|_| None)
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    let yaml = "\u{FEFF}# head\r\na: &n 'x'  # why\r\nb:\r\n  c: [1, 2] # list\r\n  d: \"q\"\r\ne:\r\n";
    let json = "{ \"a\" : 1,\n\t\"b\":{\"c\":[ 1 ]} }";
    let toml = "# head\na = 'x' # why\n[b]\nc = [1,\n 2]\nd = 1979-05-27\n[b.e]\nf = { g = 1 }\n";
    let ini = "; head\r\na = 1\r\n[b]\r\n  c=\"x y\"\r\n";
    let properties = "# head\na : 1, \\\n  2\nb.c=x\nd\n";
    let dotenv = "export A='x' # why\nB=1 # c\nC=\n";
    for (format, text, path, value, from, to) in [
        (Format::Yaml, yaml, "a", json!("it's"), "'x'", "'it''s'"),
        (Format::Yaml, yaml, "a", json!(5), "'x'", "5"),
        (Format::Yaml, yaml, "b.c", json!([3]), "[1, 2]", "[3]"),
        (Format::Yaml, yaml, "b.d", json!("no\n"), "\"q\"", "\"no\\n\""),
        (Format::Yaml, yaml, "e", json!("new"), "e:", "e: new"),
        (Format::Yaml, yaml, "b.d", json!("${X}"), "\"q\"", "\"$${X}\""),
        (Format::Json, json, "a", json!([{"x": 1}]), "1,", "[{\"x\":1}],"),
        (Format::Json, json, "b.c", json!("y"), "[ 1 ]", "\"y\""),
        (Format::Toml, toml, "a", json!("y"), "'x'", "'y'"),
        (Format::Toml, toml, "a", json!("it's"), "'x'", "\"it's\""),
        (Format::Toml, toml, "b.c", json!([1.0, true]), "[1,\n 2]", "[1.0, true]"),
        (Format::Toml, toml, "b.d", json!("1980-01-01"), "1979-05-27", "1980-01-01"),
        (Format::Toml, toml, "b.e.f.g", json!("é"), "g = 1", "g = \"é\""),
        (Format::Ini, ini, "a", json!(true), "a = 1", "a = true"),
        (Format::Ini, ini, "b.c", json!("z"), "\"x y\"", "\"z\""),
        (Format::Ini, ini, "a", json!(" z "), "= 1", "= \" z \""),
        (Format::Properties, properties, "a", json!(" z\t"), "1, \\\n  2", "\\ z\\t"),
        (Format::Properties, properties, "b.c", json!([1]), "x", "[1]"),
        (Format::Properties, properties, "d", json!("v"), "\nd\n", "\nd=v\n"),
        (Format::Dotenv, dotenv, "A", json!("a b"), "'x'", "'a b'"),
        (Format::Dotenv, dotenv, "B", json!("$ #"), "1 #", "\"\\$ #\" #"),
        (Format::Dotenv, dotenv, "C", json!(7), "C=", "C=7"),
    ] {
        let told = patched(format, text, path, &value).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        assert_eq!(told, text.replacen(from, to, 1), "{format} {path} {value}");
    }
}

#[test]
fn in_another_program_s_document_a_value_stands_as_it_is() {
    let text = "a: \"${HOME}\" # c\nb: 1\n";
    for value in ["${X}", "$${X}", "{{ x }}"] {
        let after =
            patch_foreign(Format::Yaml, "app", text, &Path::parse("a").unwrap(), &json!(value), &|_| None);
        assert_eq!(after.unwrap(), format!("a: \"{value}\" # c\nb: 1\n"));
    }
}

#[test]
fn a_key_is_added_where_that_is_safe() {
    for (format, text, path, to) in [
        (
            Format::Yaml,
            "a: 1\nb:\n  c: 1 # x\n  d: |\n    t\ne: 1\n",
            "b.z",
            "a: 1\nb:\n  c: 1 # x\n  z: 7\n  d: |\n    t\ne: 1\n",
        ),
        (Format::Yaml, "b:\n  c: 1", "x.z", "b:\n  c: 1\nx:\n  z: 7"),
        (Format::Yaml, "", "x", "x: 7\n"),
        (
            Format::Json,
            "{\n  \"b\": {\n    \"c\": 1\n  }\n}",
            "b.z",
            "{\n  \"b\": {\n    \"c\": 1,\n    \"z\": 7\n  }\n}",
        ),
        (Format::Json, "{}", "x.z", "{\"x\": {\"z\":7}}"),
        (Format::Toml, "# c\n[b]\nc = 1\n\n[d]\n", "b.z", "# c\n[b]\nc = 1\nz = 7\n\n[d]\n"),
        (Format::Toml, "# c\n[b] # x\n[d]\n", "b.z", "# c\n[b] # x\nz = 7\n[d]\n"),
        (Format::Toml, "b.c = 1\n[d]\n", "b.z", "b.c = 1\nb.z = 7\n[d]\n"),
        (Format::Toml, "[d]\r\n", "z", "z = 7\r\n[d]\r\n"),
        (Format::Toml, "[d]\n", "x.y.z", "[d]\n\n[x.y]\nz = 7\n"),
        (Format::Ini, "[b]\nc=1\n[d]\n", "b.z", "[b]\nc=1\nz = 7\n[d]\n"),
        (Format::Ini, "[d]\nq=1", "b.z", "[d]\nq=1\n\n[b]\nz = 7"),
        (Format::Properties, "b.c=1\nd=2\n", "b.z", "b.c=1\nb.z=7\nd=2\n"),
        (Format::Properties, "", "\".x y\"", "\".x\\ y\"=7\n"),
        (Format::Dotenv, "A=1", "B", "A=1\nB=7"),
    ] {
        assert_eq!(patched(format, text, path, &json!(7)).unwrap(), to, "{format}");
    }
}

#[test]
fn what_cannot_be_done_safely_is_refused_with_the_line_to_write() {
    for (format, text, path, why, hint) in [
        (Format::Yaml, "a: &x 1\nb: *x\n", "b", "an anchor", "Change line 2 of app yourself: b: v"),
        (Format::Yaml, "a: &x 1\nb: *x\n", "a", "gives back exactly", "Change line 1 of app yourself: a: v"),
        (Format::Yaml, "a: |\n  t\n", "a", "several lines", "Change line 1 of app yourself: a: v"),
        (Format::Yaml, "a:\n  - 1\n", "a", "several lines", "line 1"),
        (Format::Yaml, "a: [1, # one\n 2]\n", "a", "comments", "line 1"),
        (Format::Yaml, "a: x${B}\n", "a", "made of variables", "line 1"),
        (
            Format::Yaml,
            "m: &m {x: 1}\nb:\n  <<: *m\n",
            "b.x",
            "an anchor",
            "Change line 3 of app yourself: x: v",
        ),
        (
            Format::Yaml,
            "b:\n  c: |\n    x\n",
            "b.z",
            "does not have b.z",
            "Add to app yourself, below b on line 1: z: v",
        ),
        (Format::Yaml, "b: 1\n", "b.z", "does not have b.z", "Add to app yourself"),
        (Format::Json, "{\"b\": 1}", "b.z", "does not have b.z", "\"z\": \"v\""),
        (Format::Toml, "b = 1\n", "b.z", "does not have b.z", "Add to app yourself: b.z = \"v\""),
        (Format::Toml, "[[b]]\nx = 1\n", "b", "several lines", "Change line 1 of app yourself: b = \"v\""),
        (Format::Properties, "b=1\n", "b.z", "does not have b.z", "Add to app yourself: b.z=v"),
        (Format::Dotenv, "B=${X}\n", "B", "made of variables", "Change line 1 of app yourself: B=v"),
    ] {
        let error = patched(format, text, path, &json!("v")).unwrap_err();
        assert_eq!(error.code, Code::Refused);
        assert!(error.message.contains(why), "{}", error.message);
        assert!(error.hint.as_ref().unwrap().contains(hint), "{error:?}");
    }
    let texts = patched(Format::Ini, "a=1\n", "a", &json!("true")).unwrap_err();
    assert!(
        texts.message.contains("gives back exactly this value"),
        "a text alone cannot say that it is text"
    );
    let lines = patched(Format::Ini, "a=1\n", "a", &json!("x\nb = 2")).unwrap_err();
    assert_eq!(lines.code, Code::Refused);
}

/// A document of this format with these values below sections, with comments between them.
fn written(format: Format, values: &BTreeMap<(String, String), Value>) -> String {
    let mut out = String::from(if format == Format::Json { "{" } else { "# head\n" });
    let mut last = None;
    for ((section, key), value) in values {
        let keys = [section.clone(), key.clone()];
        let value = escaped(value);
        match format {
            Format::Json => {
                let gap = if last.is_none() { "" } else { ",\n" };
                out += &format!("{gap}  \"{section}.{key}\" : {value}");
            }
            Format::Properties | Format::Dotenv => {
                out += &format!("# why\n{}\n", spell::line(format, &keys, &value));
            }
            _ => {
                if last != Some(section) {
                    out += &if format == Format::Yaml {
                        format!("{section}:\n")
                    } else {
                        format!("[{section}]\n")
                    };
                }
                out += &format!("  {}\n  # why\n", spell::line(format, &keys[1..], &value));
            }
        }
        last = Some(section);
    }
    out + if format == Format::Json { "}" } else { "" }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (-1.0e6..1.0e6_f64).prop_map(Value::from),
        "[a-z ${}#:='\"\\\\,-]{0,12}".prop_map(Value::from),
        any::<String>().prop_map(|text| Value::from(text.replace('\0', ""))),
        Just(json!(["a", 1, "${X}"])),
        Just(json!([])),
    ]
}

proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_patched_reads_back_and_nothing_else_moves(
            values in proptest::collection::btree_map(("[a-c]", "[d-f]"), any_value(), 1..6),
            path in ("[a-c]", "[d-f]"),
            value in any_value(),
        ) {
            for format in Format::ALL {
                let text = written(format, &values);
                let read = |text: &str| -> Result<BTreeMap<Path, Value>> {
                    let entries = super::super::read(format, "x", text.as_bytes(), &|_| None, &|_| None)?;
                    Ok(entries.into_iter().map(|entry| (entry.path, entry.value)).collect())
                };
                // A language of texts does not hold every text; then there is nothing to patch.
                let Ok(mut before) = read(&text) else { continue };
                let at = Path::from_segments([&path.0, &path.1]).unwrap();
                match patch(format, "x", &text, &at, &value, &|_| None) {
                    Ok(after) => {
                        before.insert(at, value.clone());
                        prop_assert_eq!(read(&after).unwrap(), before, "{}", after);
                        let kept = |text: &str| text.matches("# why").count();
                        prop_assert!(kept(&after) >= kept(&text) || !text.contains("# why"));
                    }
                    Err(error) => {
                        prop_assert_eq!(error.code, Code::Refused);
                        let full = matches!(format, Format::Json | Format::Yaml | Format::Toml);
prop_assert!(!full, "{} {:?}\n{}", format, error, text);
                    }
                }
            }
        }
    }
