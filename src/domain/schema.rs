//! Whether a value is what its setting asks for, and whether a setting's schema makes sense at all.
//!
//! What must stay true: a schema stands by itself (nothing is fetched, nothing recurses), patterns are matched in
//! linear time, every keyword of a schema that was accepted takes effect, and no message holds a secret's value.

mod sentence;

use super::path::Path;
use super::secret::SecretReferences;
use super::setting::{Fault, SCHEMA_KEYWORDS, Setting, check_type, unknown};
use super::value::{Value, check_limits};
use super::wording::shown;
use jsonschema::{Draft, PatternOptions, Validator};
use sentence::{place, sentence, sentence_of_secret};
use serde_json::Map;

/// A setting whose schema is compiled: cheap to ask again and again.
#[derive(Debug)]
pub struct CompiledSetting {
    path: Path,
    /// A secret's is about the secret, not about the reference that stands for it.
    validator: Validator,
    secret: bool,
}

impl CompiledSetting {
    /// Compiles a setting's schema. The error is one sentence.
    pub fn compile(path: &Path, setting: &Setting) -> Result<CompiledSetting, String> {
        let validator = compile(&setting.schema)
            .map_err(|fault| format!("The schema of {path} cannot be used: {}", fault.message))?;
        Ok(CompiledSetting { path: path.clone(), validator, secret: setting.secret })
    }

    /// What is wrong with a value, as sentences that name the path, the value and the limit; nothing where it fits.
    pub fn check(&self, value: &Value, secrets: &SecretReferences) -> Vec<String> {
        let path = self.path.as_str();
        if self.secret {
            return secrets.refusal(value).map(|refusal| format!("{path} {refusal}")).into_iter().collect();
        }
        self.validator.iter_errors(value).map(|error| sentence(path, &error)).collect()
    }

    /// What is wrong with a secret itself, as sentences that say nothing of it; nothing where it fits.
    pub fn check_plain(&self, value: &Value) -> Vec<String> {
        let path = self.path.as_str();
        self.validator.iter_errors(value).map(|error| sentence_of_secret(path, &error)).collect()
    }
}

/// What is wrong with one value; see [`CompiledSetting`] for many.
pub fn check_value(path: &Path, setting: &Setting, value: &Value, secrets: &SecretReferences) -> Vec<String> {
    match CompiledSetting::compile(path, setting) {
        Ok(compiled) => compiled.check(value, secrets),
        Err(problem) => vec![problem],
    }
}

/// What is wrong with a setting's schema, and with its default.
pub fn check_schema(path: &Path, setting: &Setting, secrets: &SecretReferences) -> Vec<Fault> {
    let mut faults = Vec::new();
    check_keywords(&setting.schema, "", &mut faults);
    if setting.secret {
        let telling =
            ["enum", "const", "examples"].into_iter().filter(|key| setting.schema.contains_key(*key));
        faults.extend(
            telling.map(|key| fault(key, format!("{path} is a secret, whose values {key} would tell."))),
        );
    }
    if faults.is_empty() {
        let schema = Value::Object(setting.schema.clone());
        let errors = jsonschema::draft202012::meta::validator();
        faults.extend(errors.iter_errors(&schema).map(|error| {
            let place = place("", error.instance_path());
            fault(&place, sentence("", &error))
        }));
    }
    if !faults.is_empty() {
        return faults;
    }
    let validator = match compile(&setting.schema) {
        Ok(validator) => validator,
        Err(fault) => return vec![fault],
    };
    faults.extend(check_options(&setting.schema, &validator));
    if let Some(default) = setting.default.as_ref().filter(|_| faults.is_empty()) {
        let compiled = CompiledSetting { path: path.clone(), validator, secret: setting.secret };
        let limits = check_limits(default).err().map(|error| error.message);
        let problems = limits.into_iter().chain(compiled.check(default, secrets));
        faults
            .extend(problems.map(|problem| fault("default", format!("The default does not fit: {problem}"))));
    }
    faults
}

/// The draft that a schema is compiled by: 2020-12, or where it says only what both say alike, draft 7, whose own schema
/// (which the crate compiles first, in every process) is a fraction of the size.
fn draft_of(schema: &Map<String, Value>) -> Draft {
    const ALIKE: [&str; 15] = [
        "type",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "enum",
        "const",
        "minItems",
        "maxItems",
        "uniqueItems",
        "title",
    ];
    let alike = |schema: &Map<String, Value>| schema.keys().all(|key| ALIKE.contains(&key.as_str()));
    let rest = schema.iter().filter(|(key, _)| !ALIKE.contains(&key.as_str()));
    let mut nested = rest.map(|(key, value)| if key == "items" { value.as_object() } else { None });
    if nested.all(|inner| inner.is_some_and(alike)) { Draft::Draft7 } else { Draft::Draft202012 }
}

/// Makes what the first schema that is compiled in a process needs, and which takes longer than all else of a change: the
/// validator of most schemas. Whoever needs it meanwhile waits for it.
pub fn prepare() {
    let _ = jsonschema::draft7::meta::validator();
}

fn compile(schema: &Map<String, Value>) -> Result<Validator, Fault> {
    jsonschema::options()
        .with_draft(draft_of(schema))
        .offline()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .with_pattern_options(PatternOptions::regex())
        .build(&Value::Object(schema.clone()))
        .map_err(|error| {
            let key = place("", error.instance_path());
            let message = match error.instance().as_ref() {
                Value::String(format) if key.ends_with("format") => format!("{key} {format:?} is not known."),
                _ => sentence("", &error),
            };
            fault(&key, message)
        })
}

/// What no value could satisfy: an alternative of `enum` that the other keywords refuse.
fn check_options(schema: &Map<String, Value>, validator: &Validator) -> Vec<Fault> {
    let options = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let refused = options.filter(|option| option.is_null() || !validator.is_valid(option));
    refused
        .map(|option| {
            fault("enum", format!("enum lists {}, which the rest of the schema refuses.", shown(option)))
        })
        .collect()
}

/// Walks a schema and those inside it: unknown keywords, wrong types, keywords without effect, empty ranges.
fn check_keywords(schema: &Map<String, Value>, place: &str, faults: &mut Vec<Fault>) {
    let at = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    for (key, value) in schema {
        let here = at(key);
        if !place.is_empty()
            && !SCHEMA_KEYWORDS.contains(&key.as_str())
            && key != "description"
            && key != "default"
        {
            faults.push(fault(&here, unknown(key)));
        } else if !place.is_empty()
            && key == "type"
            && let Err(message) = check_type(value)
        {
            faults.push(fault(&here, message));
        } else if let Some(named) = schema.get("type").and_then(Value::as_str)
            && let Some(wanted) = concerns(key)
            && wanted != named
            && !(wanted == "number" && named == "integer")
        {
            faults.push(fault(&here, format!("{here} says nothing about a value of type {named}.")));
        }
        for (inner, below) in schemas_below(key, value) {
            check_keywords(below, &format!("{here}{inner}"), faults);
        }
    }
    for (least, most) in [
        ("minimum", "maximum"),
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
    ] {
        if let (Some(low), Some(high)) = (schema.get(least), schema.get(most))
            && low.as_f64() > high.as_f64()
        {
            let message = format!("{least} {low} is above {most} {high}, so that no value fits.");
            faults.push(fault(&at(least), message));
        }
    }
}

/// The type that a keyword is about; none where it is about any.
fn concerns(keyword: &str) -> Option<&'static str> {
    Some(match keyword {
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => "number",
        "pattern" | "minLength" | "maxLength" | "format" => "string",
        "items" | "prefixItems" | "contains" | "minContains" | "maxContains" | "minItems" | "maxItems"
        | "uniqueItems" | "unevaluatedItems" => "array",
        "properties"
        | "patternProperties"
        | "additionalProperties"
        | "required"
        | "propertyNames"
        | "minProperties"
        | "maxProperties"
        | "dependentRequired"
        | "dependentSchemas"
        | "unevaluatedProperties" => "object",
        _ => return None,
    })
}

/// The schemas that stand under a keyword, each with where it stands there.
fn schemas_below<'a>(keyword: &str, value: &'a Value) -> Vec<(String, &'a Map<String, Value>)> {
    let named = |fields: &'a Map<String, Value>| -> Vec<(String, &'a Map<String, Value>)> {
        fields.iter().filter_map(|(key, below)| Some((format!(".{key}"), below.as_object()?))).collect()
    };
    match (keyword, value) {
        ("properties" | "patternProperties" | "dependentSchemas", Value::Object(fields)) => named(fields),
        ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(items)) => {
            let objects = items.iter().enumerate();
            objects.filter_map(|(at, below)| Some((format!("[{at}]"), below.as_object()?))).collect()
        }
        (
            "items"
            | "additionalProperties"
            | "contains"
            | "not"
            | "if"
            | "then"
            | "else"
            | "propertyNames"
            | "unevaluatedItems"
            | "unevaluatedProperties",
            Value::Object(below),
        ) => vec![(String::new(), below)],
        _ => Vec::new(),
    }
}

fn fault(key: &str, message: String) -> Fault {
    Fault { key: key.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn setting(flat: Value) -> Setting {
        Setting::try_from(flat).unwrap()
    }

    fn problems(flat: Value, value: &Value) -> Vec<String> {
        let secrets = SecretReferences { env: vec!["APP_*".into()], ..SecretReferences::default() };
        check_value(&Path::parse("a.b").unwrap(), &setting(flat), value, &secrets)
    }

    #[test]
    fn a_value_that_does_not_fit_is_told_in_plain_words() {
        for (flat, value, told) in [
            (json!({"type": "integer"}), json!("x"), "a.b must be a whole number, not \"x\"."),
            (json!({"type": "integer"}), json!(1.5), "a.b must be a whole number, not 1.5."),
            (json!({"type": "boolean"}), json!("yes"), "a.b must be true or false, not \"yes\"."),
            (
                json!({"type": ["integer", "string"]}),
                json!([]),
                "a.b must be a whole number or text, not [].",
            ),
            (json!({"maximum": 65535}), json!(99999), "a.b must be at most 65535, not 99999."),
            (json!({"minimum": 5}), json!(1), "a.b must be at least 5, not 1."),
            (json!({"exclusiveMinimum": 0}), json!(0), "a.b must be more than 0, not 0."),
            (json!({"exclusiveMaximum": 1}), json!(1), "a.b must be less than 1, not 1."),
            (json!({"multipleOf": 5}), json!(7), "a.b must be a multiple of 5, not 7."),
            (json!({"enum": ["info", "warn"]}), json!("x"), "a.b must be one of info, warn, not \"x\"."),
            (json!({"const": 3}), json!(4), "a.b must be 3, not 4."),
            (
                json!({"pattern": "^a+$"}),
                json!("b"),
                "a.b must match the pattern ^a+$, which \"b\" does not.",
            ),
            (json!({"minLength": 3}), json!("ä"), "a.b must have at least 3 characters, not 1."),
            (json!({"maxLength": 1}), json!("ää"), "a.b must have at most 1 character, not 2."),
            (json!({"format": "email"}), json!("x"), "a.b must be a mail address, not \"x\"."),
            (
                json!({"format": "ipv4"}),
                json!("300.1.1.1"),
                "a.b must be an IPv4 address, not \"300.1.1.1\".",
            ),
            (json!({"minItems": 1}), json!([]), "a.b must have at least 1 item, not 0."),
            (json!({"maxItems": 1}), json!([1, 2]), "a.b must have at most 1 item, not 2."),
            (json!({"uniqueItems": true}), json!([1, 1]), "a.b may not hold the same item twice."),
            (json!({"items": {"enum": ["x"]}}), json!(["x", "y"]), "a.b[1] must be x, not \"y\"."),
            (json!({"required": ["k"]}), json!({}), "a.b must have the key k."),
            (
                json!({"properties": {"k": {"type": "integer"}}, "additionalProperties": false}),
                json!({"z": 1}),
                "a.b may not have the key z.",
            ),
            (
                json!({"properties": {"k": {"maximum": 1}}}),
                json!({"k": 2}),
                "a.b.k must be at most 1, not 2.",
            ),
            (
                json!({"anyOf": [{"type": "integer"}, {"const": "auto"}]}),
                json!("x"),
                "a.b must be a whole number, not \"x\", or must be auto, not \"x\".",
            ),
            (json!({"not": {"const": 0}}), json!(0), "a.b may not be 0."),
            (
                json!({"propertyNames": {"maxLength": 1}}),
                json!({"kk": 1}),
                "a.b has a key that is not allowed: it must have at most 1 character, not 2.",
            ),
        ] {
            assert_eq!(problems(flat.clone(), &value), [told], "{flat}");
        }
        assert_eq!(problems(json!({"type": "integer", "minimum": 5}), &json!(5)), Vec::<String>::new());
        assert_eq!(problems(json!({"type": "integer", "maximum": 5, "multipleOf": 4}), &json!(7)).len(), 2);
    }

    #[test]
    fn a_secret_is_a_reference_and_its_schema_is_not_about_the_reference() {
        let flat = json!({"type": "string", "secret": true, "minLength": 100});
        assert_eq!(problems(flat.clone(), &json!("env:APP_PASSWORD")), Vec::<String>::new());
        let told = problems(flat, &json!("hunter2"));
        assert!(told[0].starts_with("a.b is a secret") && !told[0].contains("hunter2"), "{told:?}");
    }

    #[test]
    fn a_schema_that_makes_no_sense_is_told_where() {
        for (flat, key, says) in [
            (json!({"minimum": "3"}), "minimum", "minimum must be a number, not \"3\"."),
            (json!({"type": "string", "pattern": "("}), "pattern", "regular expression"),
            (json!({"type": "string", "pattern": "(?=a)b"}), "pattern", "without look-around"),
            (json!({"type": "string", "format": "colour"}), "format", "format \"colour\" is not known"),
            (json!({"enum": "x"}), "enum", "must be a list"),
            (json!({"type": "integer", "enum": [1, "x"]}), "enum", "enum lists \"x\""),
            (json!({"required": "x"}), "required", "must be a list"),
            (json!({"type": "array", "items": {"typ": "string"}}), "items.typ", "did you mean type?"),
            (json!({"properties": {"k": {"type": "strin"}}}), "properties.k.type", "did you mean string?"),
            (json!({"anyOf": [{"$ref": "http://x/y"}]}), "anyOf[0].$ref", "stands by itself"),
            (json!({"type": "string", "minimum": 3}), "minimum", "says nothing about a value of type string"),
            (json!({"type": "integer", "minimum": 5, "maximum": 4}), "minimum", "no value fits"),
            (json!({"type": "integer", "maximum": 5, "default": 9}), "default", "must be at most 5, not 9"),
            (json!({"type": "string", "default": 9}), "default", "must be text"),
            (json!({"multipleOf": 0}), "multipleOf", "more than 0"),
        ] {
            let path = Path::parse("a").unwrap();
            let faults = check_schema(&path, &setting(flat.clone()), &SecretReferences::default());
            assert_eq!(faults.len(), 1, "{flat}: {faults:?}");
            assert!(faults[0].key == key && faults[0].message.contains(says), "{:?}", faults[0]);
        }
    }

    #[test]
    fn a_schema_that_makes_sense_is_accepted() {
        for flat in [
            json!({}),
            json!({"type": "integer", "minimum": 1, "exclusiveMaximum": 9, "default": 3}),
            json!({"type": "number", "multipleOf": 0.5, "default": 1}),
            json!({"type": "array", "items": {"type": "string", "format": "hostname"}, "minItems": 1}),
            json!({"type": "object", "properties": {"a": {"description": "x", "type": "integer"}},
                "additionalProperties": false, "required": ["a"], "default": {"a": 1}}),
            json!({"type": ["integer", "string"], "minimum": 0, "pattern": "^auto$", "default": "auto"}),
            json!({"type": "string", "secret": true, "minLength": 12}),
        ] {
            let path = Path::parse("a").unwrap();
            let faults = check_schema(&path, &setting(flat.clone()), &SecretReferences::default());
            assert_eq!(faults, [], "{flat}");
        }
    }

    #[test]
    fn a_secret_default_is_refused_without_being_told() {
        for flat in [
            json!({"type": "string", "secret": true, "default": "hunter2"}),
            json!({"type": "string", "secret": true, "enum": ["hunter2"]}),
        ] {
            let path = Path::parse("a").unwrap();
            let faults = check_schema(&path, &setting(flat), &SecretReferences::default());
            assert_eq!(faults.len(), 1);
            assert!(!faults[0].message.contains("hunter2"), "{:?}", faults[0]);
        }
    }
}
