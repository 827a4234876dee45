//! The manifest's own JSON Schema, for editors. It is made of the tables that reading checks against.

use super::FORMAT;
use super::sections::{MANIFEST, SETTING};
use super::shape::{Field, Shape};
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::setting::SCHEMA_KEYWORDS;
use crate::domain::value::Value;
use serde_json::{Map, json};

/// The JSON Schema (draft 2020-12) of manifests.
pub fn json_schema() -> Value {
    let mut schema = of(&MANIFEST);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("cfgctl manifest");
    schema["description"] = json!("What an instance of cfgctl governs.");
    schema["properties"]["format"]["const"] = json!(FORMAT);
    schema["properties"]["instance"]["pattern"] = json!("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
    schema["$defs"] = json!({"setting": setting()});
    schema
}

fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Any => json!({"not": {"type": "null"}}),
        Shape::Text => json!({"type": "string", "pattern": "\\S"}),
        Shape::Texts => {
            let text = of(&Shape::Text);
            json!({"oneOf": [text, {"type": "array", "items": text, "minItems": 1}]})
        }
        Shape::Name => json!({"type": "string", "pattern": "^[A-Za-z0-9._@-]{1,64}$"}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Whole(least, u64::MAX) => json!({"type": "integer", "minimum": least}),
        Shape::Whole(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Fraction => json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
        Shape::Span => {
            let pattern = "^[0-9]+ *[a-zµ]+( *[0-9]+ *[a-zµ]+)*$";
            json!({"type": "string", "pattern": pattern, "examples": ["30s", "10m", "48h", "14d"]})
        }
        Shape::Size => {
            let text = json!({"type": "string", "pattern": "^[0-9]+ *([KMGT]iB|B)?$", "examples": ["512MiB", "1GiB"]});
            json!({"oneOf": [text, {"type": "integer", "minimum": 0}]})
        }
        Shape::Risk => json!({"enum": Risk::ALL.map(Risk::as_str)}),
        Shape::Role => json!({"enum": Role::ALL.map(Role::as_str)}),
        Shape::Word(words) => json!({"enum": words}),
        Shape::Paths => json!({"type": "string", "minLength": 1}),
        Shape::Edge => {
            let (date, time) = ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "([01][0-9]|2[0-3]):[0-5][0-9]");
            let pattern = format!("^({time}|{date}( {time})?)$");
            json!({"type": "string", "pattern": pattern, "examples": ["22:00", "2026-12-20", "2026-12-20 18:00"]})
        }
        Shape::Zone => {
            json!({"type": "string", "pattern": "\\S", "examples": ["UTC", "Europe/Berlin", "America/New_York"]})
        }
        Shape::List(inner) => json!({"type": "array", "items": of(inner)}),
        Shape::Some(inner) => json!({"type": "array", "items": of(inner), "minItems": 1}),
        Shape::OneOrMore(inner) => {
            let one = of(inner);
            json!({"oneOf": [one, {"type": "array", "items": one, "minItems": 1}]})
        }
        Shape::Named(inner) => {
            json!({"type": "object", "propertyNames": of(&Shape::Name), "additionalProperties": of(inner)})
        }
        Shape::Values => json!({"type": "object", "additionalProperties": of(&Shape::Any)}),
        Shape::Settings => json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/setting"}}),
        Shape::Fields(fields, one_of) => {
            let needed: Vec<&str> =
                fields.iter().filter(|field| field.needed).map(|field| field.key).collect();
            let mut object =
                json!({"type": "object", "properties": properties(fields), "additionalProperties": false});
            if !needed.is_empty() {
                object["required"] = json!(needed);
            }
            if !one_of.is_empty() {
                object["oneOf"] = one_of.iter().map(|key| json!({"required": [key]})).collect();
            }
            object
        }
    }
}

fn properties(fields: &[Field]) -> Map<String, Value> {
    let described = fields.iter().map(|field| {
        let mut schema = of(&field.shape);
        schema["description"] = json!(field.about);
        (field.key.to_owned(), schema)
    });
    described.collect()
}

/// A setting: our own keys, and the JSON Schema keywords as the draft's meta-schema has them.
fn setting() -> Value {
    let mut properties = properties(SETTING);
    for keyword in SCHEMA_KEYWORDS.iter().filter(|keyword| **keyword != "type") {
        let vocabulary = match *keyword {
            "$comment" => "core",
            "format" => "format-annotation",
            "deprecated" | "examples" | "title" => "meta-data",
            "unevaluatedItems" | "unevaluatedProperties" => "unevaluated",
            "allOf"
            | "anyOf"
            | "oneOf"
            | "not"
            | "if"
            | "then"
            | "else"
            | "items"
            | "prefixItems"
            | "contains"
            | "properties"
            | "patternProperties"
            | "additionalProperties"
            | "propertyNames"
            | "dependentSchemas" => "applicator",
            _ => "validation",
        };
        let reference =
            format!("https://json-schema.org/draft/2020-12/meta/{vocabulary}#/properties/{keyword}");
        properties.insert((*keyword).to_owned(), json!({"$ref": reference}));
    }
    let types = json!({"enum": ["string", "integer", "number", "boolean", "array", "object"]});
    let either = json!({"anyOf": [types, {"type": "array", "items": types, "minItems": 1}],
        "description": "The type of its values."});
    properties.insert("type".to_owned(), either);
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::manifest::{Manifest, STARTER};

    #[test]
    fn the_starter_fits_the_schema_and_a_broken_manifest_does_not() {
        let schema = json_schema();
        assert!(jsonschema::draft202012::meta::is_valid(&schema));
        let validator = jsonschema::options().offline().build(&schema).unwrap();
        let starter = Manifest::read(STARTER).unwrap().to_value();
        let errors: Vec<String> = validator.iter_errors(&starter).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        for (pointer, broken) in [
            ("/format", json!(2)),
            ("/instance", json!("Not A Name")),
            ("/settings/server.port", json!({"type": "intger"})),
            ("/settings/server.port", json!({"minimun": 1})),
            ("/settings/server.port", json!({"minimum": "1"})),
            ("/settings/server.port", json!(4949)),
            ("/policy/high", json!({"approvals": [{"role": "king", "count": 1}]})),
            ("/policy/confirm", json!({"default": 600})),
            ("/rules", json!([{"check": "true"}])),
            ("/windows", json!([{"name": "a", "allow": true, "from": "25:00", "to": "05:00"}])),
            ("/windows", json!([{"name": "a", "allow": true, "from": "22:00", "to": "2026-1-5"}])),
            ("/contacts", json!([{"role": "primary"}])),
            ("/notify", json!({"command": "tell"})),
            ("/policy/keep", json!({"size": "1GB"})),
            ("/policy/keep", json!({"size": -1})),
            ("/policy", json!({"baselines": {"every": 0}})),
            ("/policy", json!({"baselines": {"after": 7}})),
            ("/notify", json!({"command": ["tell"], "events": ["all"]})),
        ] {
            let mut manifest = starter.clone();
            match pointer.rsplit_once('/') {
                Some(("", section)) => manifest[section] = broken.clone(),
                _ => *manifest.pointer_mut(pointer).unwrap() = broken.clone(),
            }
            assert!(!validator.is_valid(&manifest), "{pointer} {broken}");
            assert!(Manifest::read(&manifest.to_string()).is_err(), "{pointer} {broken}");
        }
        let sources = |source: Value| json!({"format": 1, "instance": "a", "sources": [source]});
        let health =
            |health: Value| json!({"format": 1, "instance": "a", "services": {"web": {"health": health}}});
        for (probes, is_valid) in [
            (json!({"tcp": "a:1"}), true),
            (json!([{"tcp": "a:1"}, {"http": "https://h/"}]), true),
            (json!([]), false),
            (json!({"tcp": "a:1", "http": "https://h/"}), false),
            (json!([{"tpc": "a:1"}]), false),
        ] {
            let manifest = health(probes);
            assert_eq!(validator.is_valid(&manifest), is_valid, "{manifest}");
            assert_eq!(Manifest::read(&manifest.to_string()).is_ok(), is_valid, "{manifest}");
        }
        assert!(validator.is_valid(&sources(json!({"name": "a", "priority": 1, "file": "b"}))));
        assert!(!validator.is_valid(&sources(json!({"name": "a", "priority": 1, "file": "b", "env": "c"}))));
    }

    #[test]
    fn everything_in_the_schema_is_described() {
        fn undescribed(schema: &Value, place: &str, found: &mut Vec<String>) {
            for (key, below) in schema["properties"].as_object().into_iter().flatten() {
                let described = below["description"].is_string() || below["$ref"].is_string();
                if !described {
                    found.push(format!("{place}/{key}"));
                }
                undescribed(below, &format!("{place}/{key}"), found);
            }
            let ways = schema["oneOf"].as_array().into_iter().flatten();
            for inner in
                ["items", "additionalProperties"].into_iter().filter_map(|key| schema.get(key)).chain(ways)
            {
                undescribed(inner, place, found);
            }
        }
        let (schema, mut found) = (json_schema(), Vec::new());
        undescribed(&schema, "", &mut found);
        undescribed(&schema["$defs"]["setting"], "setting", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
