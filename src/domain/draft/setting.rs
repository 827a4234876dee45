//! One setting as a draft proposes it: what its value tells, and what its name suggests, marked as guessed.
//!
//! What must stay true: no value that may be a secret is written, and what stands in a document is valid under it.

use super::Found;
use super::guess;
use super::guess::Secrecy;
use super::is_kept_elsewhere;
use crate::domain::document::write_yaml_inline;
use crate::domain::path::Path;
use crate::domain::risk::Risk;
use crate::domain::value::Value;
use std::fmt::Write;

/// Writes one setting; whether it is a secret that was found in the clear. Such a one is not yet called a secret: the
/// document that holds it would be refused.
pub(super) fn push_setting(text: &mut String, path: &Path, found: Option<&Found<'_>>) -> bool {
    let value = found.map(|(_, value)| value);
    let segments = path.segments();
    let (risk, restart) = guess::risk(&segments);
    let secrecy = guess::secrecy(&segments, value);
    let mut keys: Vec<(&str, Value)> = Vec::new();
    let mut guessed = vec!["risk"];
    let clear = (found.filter(|(_, value)| secrecy == Secrecy::Secret && !is_kept_elsewhere(value)))
        .map(|(name, _)| name);
    if secrecy == Secrecy::Secret && clear.is_none() {
        keys.extend([("type", Value::from("string")), ("secret", Value::Bool(true))]);
        guessed.push("secret");
    } else {
        keys.push(("type", Value::from(value.map_or("string", type_name))));
        if let Some(item) = value.and_then(item_type) {
            keys.push(("items", serde_json::json!({"type": item})));
        }
        if guess::is_port(&segments, value) {
            keys.extend([("minimum", Value::from(1)), ("maximum", Value::from(65535))]);
            guessed.push("range");
        }
        if let Some(value) = value.filter(|_| secrecy == Secrecy::None) {
            keys.push(("default", value.clone()));
        }
        if let Some(unit) = guess::unit(&segments, value) {
            keys.push(("unit", Value::from(unit)));
            guessed.push("unit");
        }
    }
    let risk = if secrecy == Secrecy::None { risk } else { Risk::Critical };
    keys.push(("risk", Value::from(risk.as_str())));
    if restart && secrecy == Secrecy::None {
        keys.push(("restart", Value::Bool(true)));
        guessed.push("restart");
    }
    let keys: Vec<_> =
        keys.iter().map(|(key, value)| format!("{key}: {}", write_yaml_inline(value))).collect();
    let name = write_yaml_inline(&Value::from(path.as_str()));
    if let Some(file) = clear {
        let file = write_yaml_inline(&Value::from(*file));
        let kept = if value == Some(&Value::from("")) { "empty" } else { "kept in the clear" };
        let _ = writeln!(
            text,
            "  {name}: {{{}}}  # guess: a secret, {kept} in {file}; move it to env:NAME or file:/PATH, then write secret: true",
            keys.join(", ")
        );
        return kept != "empty";
    }
    let guessed = guessed.join(", ");
    let note = match (secrecy, value) {
        (Secrecy::Inside, _) => "; left out: a secret may stand inside",
        (Secrecy::None, None) => "; no value found",
        _ => "",
    };
    let _ = writeln!(text, "  {name}: {{{}}}  # guessed: {guessed}{note}", keys.join(", "));
    false
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The one type of a list's items; whole and broken numbers together are numbers.
fn item_type(value: &Value) -> Option<&'static str> {
    let items = value.as_array()?;
    let first = items.first()?;
    if items.iter().any(Value::is_null) {
        return None;
    }
    if items.iter().all(|item| type_name(item) == type_name(first)) {
        return Some(type_name(first));
    }
    items.iter().all(Value::is_number).then_some("number")
}
