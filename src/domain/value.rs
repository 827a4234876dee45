//! What a setting can hold: a JSON value that is never null.
//!
//! What must stay true: a value has one canonical text (compact JSON, object keys sorted), so that equal values are
//! equal bytes and hashes can be recomputed by anybody; a number that cannot be kept exactly is refused, not rounded.

use super::error::{Error, Result};
use serde::{Deserialize, Serialize};
pub use serde_json::Value;

/// The longest value, as canonical text, in bytes.
pub const LONGEST_VALUE: usize = 1024 * 1024;
/// How deep lists and objects may nest inside a value.
pub const DEEPEST_VALUE: usize = 64;

/// The kind of a value, as the store's `value_type` column names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueType {
    /// Text.
    String,
    /// A whole number of at most 64 bits.
    Integer,
    /// Any other number.
    Number,
    /// true or false.
    Boolean,
    /// A list.
    List,
    /// An object kept as one value.
    Json,
}

impl ValueType {
    /// The name in the store and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            ValueType::String => "string",
            ValueType::Integer => "integer",
            ValueType::Number => "number",
            ValueType::Boolean => "boolean",
            ValueType::List => "list",
            ValueType::Json => "json",
        }
    }

    /// The type a person names in `--type` or a manifest's `type`. `usage` lists the names.
    pub fn parse(name: &str) -> Result<ValueType> {
        Ok(match name {
            "string" => ValueType::String,
            "integer" => ValueType::Integer,
            "number" => ValueType::Number,
            "boolean" => ValueType::Boolean,
            "list" | "array" => ValueType::List,
            "json" | "object" => ValueType::Json,
            _ => {
                return Err(Error::usage(format!("{name:?} is not a type."))
                    .hint("The types are string, integer, number, boolean, array and object."));
            }
        })
    }
}

/// The type of a value; null, which no setting holds, counts as json.
pub fn type_of(value: &Value) -> ValueType {
    match value {
        Value::String(_) => ValueType::String,
        Value::Number(number) if number.is_f64() => ValueType::Number,
        Value::Number(_) => ValueType::Integer,
        Value::Bool(_) => ValueType::Boolean,
        Value::Array(_) => ValueType::List,
        Value::Object(_) | Value::Null => ValueType::Json,
    }
}

/// The canonical text: compact JSON with sorted keys.
pub fn canonical(value: &Value) -> String {
    value.to_string()
}

/// The text that `get` prints: a string bare, anything else as canonical JSON.
pub fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => canonical(other),
    }
}

/// Whether two values say the same; `1` and `1.0` do not, because their canonical texts differ.
pub fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    a == b
}

/// Reads what was typed for a setting of this type. `invalid` says what the type expects.
pub fn read_typed(text: &str, expected: ValueType) -> Result<Value> {
    if expected == ValueType::String {
        return Ok(Value::String(text.to_owned()));
    }
    let value = match read_json(text)? {
        Some(value) if expected == ValueType::Integer => folded(value),
        Some(value) => value,
        None => return Err(not_of_type(text, expected)),
    };
    let fits = !value.is_null()
        && (type_of(&value) == expected || (expected == ValueType::Number && value.is_number()));
    if fits { Ok(value) } else { Err(not_of_type(text, expected)) }
}

/// A whole number written with a fraction (`1.0`, `1e3`) is an integer to JSON Schema: kept as one.
pub fn folded(value: Value) -> Value {
    match &value {
        Value::Number(number) => whole(number).map_or(value, Value::from),
        _ => value,
    }
}

/// Reads what was typed for a path nobody registered: JSON if it parses as a number, boolean, list or object, else text.
pub fn read_untyped(text: &str) -> Result<Value> {
    match read_json(text)? {
        Some(Value::Null | Value::String(_)) | None => Ok(Value::String(text.to_owned())),
        Some(value) => Ok(value),
    }
}

/// What a text of a language that knows only text is at a path nobody registered: as [`read_untyped`] has it, and text
/// where the number or the object that it is could not be kept.
pub fn from_text(text: String) -> Value {
    read_untyped(&text).unwrap_or(Value::String(text))
}

/// Refuses what no setting may hold: null anywhere at the top, too long, too deep.
pub fn check_limits(value: &Value) -> Result<()> {
    if value.is_null() {
        return Err(
            Error::invalid("A value may not be null.").hint("To remove a value, use `cfgctl unset PATH`.")
        );
    }
    if depth(value, DEEPEST_VALUE).is_none() {
        return Err(Error::invalid(format!(
            "The value nests deeper than {DEEPEST_VALUE} levels, the limit."
        )));
    }
    let length = match value {
        Value::String(text) => text.len(),
        Value::Array(_) | Value::Object(_) => canonical(value).len(),
        _ => 0,
    };
    if length > LONGEST_VALUE {
        return Err(Error::invalid(format!(
            "The value is {length} bytes long; the limit is {LONGEST_VALUE}."
        )));
    }
    Ok(())
}

/// How deep a value nests, or nothing where that is more than `allowed`.
fn depth(value: &Value, allowed: usize) -> Option<usize> {
    let below = |value: &Value| allowed.checked_sub(1).and_then(|left| depth(value, left));
    match value {
        Value::Array(items) => items.iter().try_fold(0, |most, item| below(item).map(|d| most.max(d + 1))),
        Value::Object(fields) => {
            fields.values().try_fold(0, |most, field| below(field).map(|d| most.max(d + 1)))
        }
        _ => Some(0),
    }
}

/// JSON as typed, or nothing where the text is not JSON; a number that would be rounded or overflow is `invalid`.
fn read_json(text: &str) -> Result<Option<Value>> {
    if looks_like_number(text) {
        return read_number(text).map(Some);
    }
    if text.len() > 4 * LONGEST_VALUE {
        return Err(Error::invalid(format!(
            "The value is {} bytes long; the limit is {LONGEST_VALUE}.",
            text.len()
        )));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if text.trim_start().starts_with(['[', '{']) && error.to_string().contains("recursion limit") =>
        {
            Err(Error::invalid(format!("The value nests deeper than {DEEPEST_VALUE} levels, the limit.")))
        }
        Err(_) => Ok(None),
    }
}

fn looks_like_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
        && follows_number_grammar(digits)
}

/// JSON's grammar of a number (RFC 8259 §6), without the sign: no leading zero, digits around `.` and after `e`.
fn follows_number_grammar(digits: &str) -> bool {
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = digits.split_once(['e', 'E']).map_or((digits, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    all_digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(all_digits)
        && exponent.is_none_or(|e| all_digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

fn read_number(text: &str) -> Result<Value> {
    let keep_as_text = "To keep it as it is written, make it text: --type string.";
    let value: Value = serde_json::from_str(text).map_err(|_| {
        Error::invalid(format!("The number {text} is too large; the limit is about 1.8e308."))
            .hint(keep_as_text)
    })?;
    if text == "-0" {
        return Ok(Value::from(0));
    }
    let whole_digits = text.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit());
    if whole_digits && value.is_f64() {
        return Err(Error::invalid(format!("The integer {text} needs more than 64 bits, the limit."))
            .hint(keep_as_text));
    }
    if is_rounded(text, &value) {
        return Err(Error::invalid(format!(
            "The number {text} cannot be kept exactly: it would be rounded to {value}."
        ))
        .hint(keep_as_text));
    }
    Ok(value)
}

/// Whether a whole number written with a fraction or an exponent is not what was kept of it, as it would be printed.
pub(in crate::domain) fn is_rounded(text: &str, value: &Value) -> bool {
    value.is_f64()
        && value.as_f64().is_some_and(|kept| kept.fract() == 0.0)
        && digits(text) != digits(&value.to_string())
}

/// A number's digits without zeros around them, and where its point stands: equal for equal numbers.
fn digits(number: &str) -> (String, i64) {
    let number = number.trim_start_matches('-');
    let (mantissa, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let point =
        whole.len() as i64 - (all.len() - significant.len()) as i64 + power.parse::<i64>().unwrap_or(0);
    let significant = significant.trim_end_matches('0');
    (significant.to_owned(), if significant.is_empty() { 0 } else { point })
}

fn whole(number: &serde_json::Number) -> Option<i64> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    // Below 2^53 every whole float is exactly one integer.
    (float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0).then_some(float as i64)
}

fn not_of_type(text: &str, expected: ValueType) -> Error {
    let shown: String = text.chars().take(60).collect();
    let expects = match expected {
        ValueType::String => "text",
        ValueType::Integer => "a whole number, such as 30",
        ValueType::Number => "a number, such as 0.5",
        ValueType::Boolean => "true or false",
        ValueType::List => r#"a list, such as ["local", "ldap"]"#,
        ValueType::Json => r#"an object, such as {"limit": 5}"#,
    };
    Error::invalid(format!("{shown:?} is not {expects}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unregistered_value_is_json_where_it_parses_as_more_than_text() {
        for (text, value) in [
            ("180", json!(180)),
            ("-1", json!(-1)),
            ("1.5", json!(1.5)),
            ("true", json!(true)),
            ("[1, 2]", json!([1, 2])),
            ("{}", json!({})),
            ("null", json!("null")),
            ("no", json!("no")),
            ("017", json!("017")),
            ("1_000", json!("1_000")),
            ("\"quoted\"", json!("\"quoted\"")),
            ("10.0.0.1", json!("10.0.0.1")),
            ("1e", json!("1e")),
            ("", json!("")),
            ("9007199254740993", json!(9007199254740993_i64)),
            ("18446744073709551615", json!(u64::MAX)),
            ("9007199254740992.0", json!(9007199254740992.0)),
            ("1e3", json!(1000.0)),
            ("1e25", json!(1e25)),
            ("10.0e24", json!(1e25)),
            ("0.0", json!(0.0)),
            ("1.50e1", json!(15.0)),
        ] {
            assert_eq!(read_untyped(text).unwrap(), value, "{text:?}");
        }
    }

    #[test]
    fn a_number_that_cannot_be_kept_is_refused_with_the_limit() {
        for (text, limit) in [
            ("1e400", "1.8e308"),
            ("-1e400", "1.8e308"),
            ("18446744073709551616", "64 bits"),
            ("9007199254740993.0", "rounded"),
            ("9007199254740993e0", "rounded"),
        ] {
            let error = read_untyped(text).unwrap_err();
            assert!(error.message.contains(limit), "{}", error.message);
            assert!(error.hint.unwrap().contains("--type string"));
        }
    }

    #[test]
    fn a_typed_value_must_be_of_its_type() {
        assert_eq!(read_typed("180", ValueType::String).unwrap(), json!("180"));
        assert_eq!(read_typed("1e3", ValueType::Integer).unwrap(), json!(1000));
        assert_eq!(read_typed("1", ValueType::Number).unwrap(), json!(1));
        for (text, expected) in [
            ("abc", ValueType::Integer),
            ("1.5", ValueType::Integer),
            ("yes", ValueType::Boolean),
            ("{}", ValueType::List),
            ("[]", ValueType::Json),
            ("null", ValueType::Json),
        ] {
            assert_eq!(read_typed(text, expected).unwrap_err().code, crate::domain::error::Code::Invalid);
        }
    }

    #[test]
    fn depth_and_length_have_limits() {
        let mut value = json!(1);
        for _ in 0..DEEPEST_VALUE {
            value = json!([value]);
        }
        assert!(check_limits(&value).is_ok());
        assert!(check_limits(&json!([value])).unwrap_err().message.contains("64"));
        assert!(check_limits(&json!("x".repeat(LONGEST_VALUE + 1))).unwrap_err().message.contains("1048576"));
        let deep = format!("{}1{}", "[".repeat(1001), "]".repeat(1001));
        assert!(read_untyped(&deep).unwrap_err().message.contains("64"));
    }
}
