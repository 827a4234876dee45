//! What a YAML scalar means: the table is part of what operators rely on.
//!
//! What must stay true: a plain scalar is null or a boolean where YAML 1.2's core schema says so, a number where it is
//! one in JSON, and text otherwise; what no value can hold is refused, never rounded.

use super::{QUOTE_IT, number};
use serde_json::Value;

/// Why a scalar is no value, as the end of a sentence, and what to do about it.
pub(super) struct Refusal {
    pub(super) why: String,
    pub(super) hint: &'static str,
}

/// The value of a scalar, by its text, whether it is plain, and the core type that its tag names.
pub(super) fn meaning(text: String, plain: bool, kind: Option<&str>) -> Result<Value, Refusal> {
    if kind == Some("str") || (kind.is_none() && !plain) {
        return Ok(Value::String(text));
    }
    let value = resolve(text).map_err(|why| Refusal { why, hint: QUOTE_IT })?;
    let fits = match kind {
        None => true,
        Some("null") => value.is_null(),
        Some("bool") => value.is_boolean(),
        Some("int") => value.is_i64() || value.is_u64(),
        Some("float") => value.is_number(),
        Some(_) => false,
    };
    match kind {
        Some(kind) if !fits => Err(Refusal {
            why: format!("the value is tagged !!{kind} and is none"),
            hint: "Remove the tag, or correct the value.",
        }),
        _ => Ok(value),
    }
}

/// Whether a plain scalar is null.
pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn resolve(text: String) -> Result<Value, String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    Ok(match text.as_str() {
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_null(&text) => Value::Null,
        _ if matches!(text.as_str(), ".nan" | ".NaN" | ".NAN")
            || matches!(unsigned, ".inf" | ".Inf" | ".INF") =>
        {
            return Err(format!("{text} is not a value: infinities and not-a-number cannot be kept"));
        }
        _ => match number(&text) {
            Some(number) => Value::Number(number?),
            None => Value::String(text),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Source, yaml};
    use super::*;
    use crate::domain::error::Result;
    use serde_json::json;

    fn read_text(text: &str) -> Result<Value> {
        yaml::read(&Source { name: "app.yaml", text })
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
}
