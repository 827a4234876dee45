//! One key of a JSON object of secrets.

use crate::domain::error::{Error, Result};
use crate::domain::value::{Value, canonical};
use crate::source::secret::Secret;

/// The text under a key; numbers and booleans as they are written. `of` names the object in errors.
pub(super) fn key(object: &Value, key: &str, of: &str) -> Result<Secret> {
    let Some(fields) = object.as_object() else {
        return Err(Error::invalid(format!("{of} is no JSON object, so it has no key {key:?}."))
            .hint("Write the reference without #KEY, or keep an object there."));
    };
    match fields.get(key) {
        Some(Value::String(text)) => Ok(Secret::new(text.as_str())),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Secret::new(canonical(value))),
        Some(_) => Err(Error::invalid(format!("The key {key:?} of {of} holds no text."))
            .hint("Name a key that holds a text, a number or a boolean.")),
        None => Err(Error::not_found(format!("{of} has no key {key:?}."))
            .hint("Look at the part of the reference after #, and at what is kept there.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_gives_its_text_and_errors_do_not_repeat_what_is_there() {
        let object = json!({"text": "canary", "number": 17, "flag": true, "list": ["canary"], "none": null});
        for (name, text) in [("text", "canary"), ("number", "17"), ("flag", "true")] {
            assert_eq!(key(&object, name, "it").unwrap().reveal(), text);
        }
        for (object, name, says) in [
            (&object, "other", "it has no key \"other\""),
            (&object, "list", "holds no text"),
            (&object, "none", "holds no text"),
            (&json!("canary"), "a", "no JSON object"),
        ] {
            let error = key(object, name, "it").unwrap_err();
            assert!(error.message.contains(says) && !error.message.contains("canary"), "{error}");
        }
    }
}
