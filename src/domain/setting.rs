//! A setting: what the registry knows about one path. Its JSON form is flat, as operators write it in a manifest and
//! as the store keeps it in a row.
//!
//! What must stay true: whatever is not one of our own keys is a JSON Schema keyword that is named here, so a misspelt
//! key is an error and never a constraint that silently does nothing.

use super::error::{Error, Result};
use super::path::Path;
use super::risk::{Risk, RiskReason, highest};
use super::value::{Value, ValueType, canonical};
use super::wording::{nearest, not_a, stray};
use serde::{Deserialize, Serialize};
use serde_json::Map;

/// The keys of a setting that are ours rather than JSON Schema's.
pub const OWN_KEYS: [&str; 8] =
    ["default", "description", "owner", "restart", "risk", "secret", "services", "unit"];

/// The JSON Schema keywords that a setting may use.
#[rustfmt::skip]
pub const SCHEMA_KEYWORDS: [&str; 42] = [
    "$comment", "additionalProperties", "allOf", "anyOf", "const", "contains", "dependentRequired",
    "dependentSchemas", "deprecated", "else", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum", "format",
    "if", "items", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum", "minContains", "minItems",
    "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern", "patternProperties",
    "prefixItems", "properties", "propertyNames", "required", "then", "title", "type", "unevaluatedItems",
    "unevaluatedProperties", "uniqueItems",
];

/// What the registry knows about one path.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub struct Setting {
    /// The JSON Schema keywords, `type` among them.
    pub schema: Map<String, Value>,
    /// The value where no layer gives one.
    pub default: Option<Value>,
    /// What the number counts, for people: minutes, MiB.
    pub unit: Option<String>,
    /// The risk as registered; see [`Setting::base_risk`] for what it comes to.
    pub risk: Option<Risk>,
    /// Whether a service must restart to take the value; otherwise it is hot.
    pub restart: bool,
    /// The services that use it.
    pub services: Vec<String>,
    /// Whether the value is a secret: kept as a reference, never shown.
    pub secret: bool,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What it does, in a sentence.
    pub description: Option<String>,
}

/// What is wrong with one key of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key.
    pub key: String,
    /// One sentence.
    pub message: String,
}

impl Setting {
    /// The one type of its values; none where `type` is absent or names several.
    pub fn value_type(&self) -> Option<ValueType> {
        match self.schema.get("type")?.as_str()? {
            "string" => Some(ValueType::String),
            "integer" => Some(ValueType::Integer),
            "number" => Some(ValueType::Number),
            "boolean" => Some(ValueType::Boolean),
            "array" => Some(ValueType::List),
            "object" => Some(ValueType::Json),
            _ => None,
        }
    }

    /// Whether its value is an object kept whole, so that paths below it do not exist.
    pub fn is_object(&self) -> bool {
        self.value_type() == Some(ValueType::Json)
    }

    /// The risk before any rule: as registered, else medium, and at least high where it needs a restart or is a secret.
    pub fn base_risk(&self) -> Risk {
        let least = if self.restart || self.secret { Risk::High } else { Risk::Low };
        self.risk.unwrap_or(Risk::Medium).max(least)
    }

    /// Why the base risk is what it is: one sentence for each reason, the registered risk first.
    pub fn risk_reasons(&self, path: &Path) -> Vec<RiskReason> {
        let reason = |risk, reason: String| RiskReason { risk, path: Some(path.as_str().to_owned()), reason };
        let mut reasons = vec![match self.risk {
            Some(risk) => reason(risk, format!("{path} is registered as {risk}.")),
            None => {
                reason(Risk::Medium, format!("{path} is registered without a risk, which counts as medium."))
            }
        }];
        if self.restart {
            reasons.push(reason(Risk::High, format!("{path} needs a restart.")));
        }
        if self.secret {
            reasons.push(reason(Risk::High, format!("{path} is a secret.")));
        }
        debug_assert_eq!(highest(&reasons), self.base_risk());
        reasons
    }

    /// The flat form: our keys where they say something, and the JSON Schema keywords beside them.
    pub fn to_value(&self) -> Value {
        let mut flat = self.schema.clone();
        let mut put = |key: &str, value: Value| flat.insert(key.to_owned(), value);
        let texts = [("unit", &self.unit), ("owner", &self.owner), ("description", &self.description)];
        for (key, text) in texts.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?))) {
            put(key, Value::from(text.as_str()));
        }
        if let Some(default) = &self.default {
            put("default", default.clone());
        }
        if let Some(risk) = self.risk {
            put("risk", Value::from(risk.as_str()));
        }
        for (key, flag) in [("restart", self.restart), ("secret", self.secret)] {
            if flag {
                put(key, Value::Bool(true));
            }
        }
        if !self.services.is_empty() {
            put("services", Value::from(self.services.clone()));
        }
        Value::Object(flat)
    }

    /// The canonical text of the flat form, as the store's row holds it.
    pub fn to_json(&self) -> String {
        canonical(&self.to_value())
    }

    /// Reads a row of the store. `integrity` where the row is not a setting.
    pub fn from_json(text: &str) -> Result<Setting> {
        serde_json::from_str(text)
            .map_err(|error| Error::integrity(format!("A stored setting cannot be read: {error}.")))
    }

    /// Reads the flat form and says everything that is wrong with its keys; what is right is kept.
    pub fn from_flat(flat: Map<String, Value>) -> (Setting, Vec<Fault>) {
        let mut setting = Setting::default();
        let mut faults = Vec::new();
        for (key, value) in flat {
            if let Err(message) = setting.take(&key, value) {
                faults.push(Fault { key, message });
            }
        }
        (setting, faults)
    }

    fn take(&mut self, key: &str, value: Value) -> Result<(), String> {
        let known = OWN_KEYS.contains(&key) || SCHEMA_KEYWORDS.contains(&key);
        if value.is_null() && known {
            return Err(format!("{key} is empty: give it a value or remove it."));
        }
        match key {
            "default" => self.default = Some(value),
            "unit" => self.unit = Some(text(key, value)?),
            "owner" => self.owner = Some(text(key, value)?),
            "description" => self.description = Some(text(key, value)?),
            "restart" => self.restart = flag(key, &value)?,
            "secret" => self.secret = flag(key, &value)?,
            "risk" => self.risk = Some(risk(&value)?),
            "services" => self.services = names(key, value)?,
            "type" => {
                check_type(&value)?;
                self.schema.insert(key.to_owned(), value);
            }
            _ if SCHEMA_KEYWORDS.contains(&key) => {
                self.schema.insert(key.to_owned(), value);
            }
            _ if value.is_null() && key.contains(' ') => return Err(stray(key)),
            _ => return Err(unknown(key)),
        }
        Ok(())
    }
}

impl From<Setting> for Value {
    fn from(setting: Setting) -> Value {
        setting.to_value()
    }
}

impl TryFrom<Value> for Setting {
    type Error = String;

    fn try_from(value: Value) -> Result<Setting, String> {
        let Value::Object(flat) = value else { return Err(not_a("A setting", "an object", &value)) };
        let (setting, faults) = Setting::from_flat(flat);
        faults.into_iter().next().map_or(Ok(setting), |fault| Err(fault.message))
    }
}

pub(super) fn unknown(key: &str) -> String {
    let near = nearest(key, OWN_KEYS.into_iter().chain(SCHEMA_KEYWORDS));
    match (key, near) {
        ("$ref" | "$defs" | "definitions", _) => {
            format!("{key} is not supported: a setting's schema stands by itself; write it out in place.")
        }
        ("hot", _) => "A setting is hot unless it says `restart: true`; remove `hot`.".to_owned(),
        ("min" | "max", _) => {
            format!("{key} is no key of a setting; write {key}imum, {key}Length or {key}Items.")
        }
        (_, Some(near)) => format!("{key} is no key of a setting; did you mean {near}?"),
        _ => format!("{key} is neither a key of a setting nor a JSON Schema keyword."),
    }
}

fn text(key: &str, value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(not_a(key, "text", &other)),
    }
}

fn flag(key: &str, value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| not_a(key, "true or false", value))
}

fn risk(value: &Value) -> Result<Risk, String> {
    value.as_str().and_then(Risk::parse).ok_or_else(|| not_a("risk", "low, medium, high or critical", value))
}

fn names(key: &str, value: Value) -> Result<Vec<String>, String> {
    let wanted = "a list of names, such as [web]";
    match value {
        Value::Array(items) => items
            .into_iter()
            .map(|item| match item {
                Value::String(name) if !name.is_empty() => Ok(name),
                other => Err(not_a(key, wanted, &other)),
            })
            .collect(),
        other => Err(not_a(key, wanted, &other)),
    }
}

/// Refuses what is no JSON Schema type, and null, which no setting holds.
pub(super) fn check_type(value: &Value) -> Result<(), String> {
    const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];
    let one = |value: &Value| {
        let name = value.as_str().unwrap_or_default();
        if TYPES.contains(&name) {
            return Ok(());
        }
        let meant = match name {
            "list" => Some("array"),
            "json" | "map" | "dict" => Some("object"),
            "text" | "str" => Some("string"),
            "int" | "long" => Some("integer"),
            "float" | "double" | "decimal" => Some("number"),
            "bool" => Some("boolean"),
            _ => nearest(name, TYPES),
        };
        let wanted = "string, integer, number, boolean, array or object";
        match (name, meant) {
            ("null", _) => Err("type may not be null: no setting holds null.".to_owned()),
            (_, Some(meant)) => Err(format!("type must be {wanted}, not {name:?}; did you mean {meant}?")),
            _ => Err(not_a("type", wanted, value)),
        }
    };
    match value {
        Value::Array(names) if !names.is_empty() => names.iter().try_for_each(one),
        other => one(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn setting(flat: Value) -> Setting {
        Setting::try_from(flat).unwrap()
    }

    #[test]
    fn the_flat_form_survives_the_store() {
        let flat = json!({"type": "integer", "minimum": 5, "default": 120, "unit": "minutes", "risk": "medium",
            "restart": true, "services": ["web"], "secret": true, "owner": "dba", "description": "Idle minutes."});
        let read = setting(flat.clone());
        assert_eq!(read.to_value(), flat);
        assert_eq!(Setting::from_json(&read.to_json()).unwrap(), read);
        assert_eq!(setting(json!({})).to_json(), "{}");
    }

    #[test]
    fn a_restart_and_a_secret_are_at_least_high() {
        for (flat, risk) in [
            (json!({}), Risk::Medium),
            (json!({"risk": "low"}), Risk::Low),
            (json!({"risk": "low", "restart": true}), Risk::High),
            (json!({"risk": "medium", "secret": true}), Risk::High),
            (json!({"risk": "critical", "restart": true, "secret": true}), Risk::Critical),
        ] {
            let setting = setting(flat);
            assert_eq!(setting.base_risk(), risk);
            assert_eq!(highest(&setting.risk_reasons(&Path::parse("a").unwrap())), risk);
        }
    }

    #[test]
    fn a_misspelt_key_is_an_error_that_names_the_right_one() {
        for (key, value, says) in [
            ("minimun", json!(1), "did you mean minimum?"),
            ("Default", json!(1), "did you mean default?"),
            ("max_length", json!(1), "did you mean maxLength?"),
            ("max", json!(1), "maximum, maxLength or maxItems"),
            ("hot", json!(true), "remove `hot`"),
            ("in this order.", json!(null), "put that text in quotes"),
            ("colour", json!("red"), "neither a key of a setting nor a JSON Schema keyword"),
            ("risk", json!("hihg"), "low, medium, high or critical, not \"hihg\""),
            ("restart", json!("yes"), "true or false, not \"yes\""),
            ("services", json!("web"), "a list of names"),
            ("unit", json!(null), "unit is empty"),
            ("unit", json!(5), "text, not 5"),
            ("$ref", json!("#/$defs/a"), "stands by itself"),
            ("type", json!("list"), "did you mean array?"),
            ("type", json!("intger"), "did you mean integer?"),
            ("type", json!(["integer", "null"]), "may not be null"),
            ("type", json!([]), "not []"),
            ("$schema", json!("x"), "neither"),
        ] {
            let flat = Map::from_iter([(key.to_owned(), value)]);
            let (_, faults) = Setting::from_flat(flat);
            assert_eq!(faults.len(), 1, "{key}");
            assert!(faults[0].message.contains(says), "{key}: {}", faults[0].message);
            assert_eq!(faults[0].key, key);
        }
    }

    #[test]
    fn only_one_named_type_is_the_type() {
        for (flat, expected) in [
            (json!({"type": "array"}), Some(ValueType::List)),
            (json!({"type": "object"}), Some(ValueType::Json)),
            (json!({"type": ["integer", "string"]}), None),
            (json!({"enum": [1, 2]}), None),
        ] {
            assert_eq!(setting(flat.clone()).value_type(), expected, "{flat}");
            assert_eq!(setting(flat).is_object(), expected == Some(ValueType::Json));
        }
    }
}
