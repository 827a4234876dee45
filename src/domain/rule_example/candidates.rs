//! Values worth trying at a setting where an example of a rule is looked for: what its schema and the rule's own text
//! suggest, and what lies around that.

use crate::domain::rule_expression::Uses;
use crate::domain::secret::SecretReferences;
use crate::domain::setting::Setting;
use crate::domain::value::Value;
use serde_json::{Map, Number};
use std::collections::BTreeSet;

/// How many values of an item or a member are tried inside a list or an object.
const MOST_INSIDE: usize = 12;
/// How long a text or a list is made because a rule or a schema names that length.
const LONGEST: i128 = 300;

/// What a rule's text and the settings it reads suggest.
#[derive(Debug, Default)]
pub(super) struct Hints {
    wholes: BTreeSet<i128>,
    fractions: Vec<f64>,
    texts: BTreeSet<String>,
    fields: BTreeSet<String>,
}

impl Hints {
    /// From what an expression uses, and from the defaults of what it reads.
    pub(super) fn of<'v>(uses: &'v Uses, defaults: impl Iterator<Item = &'v Value>) -> Hints {
        let mut hints = Hints { fields: uses.fields.clone(), ..Hints::default() };
        for value in uses.literals.iter().chain(defaults) {
            match value {
                Value::Number(number) => match whole(number) {
                    Some(whole) => _ = hints.wholes.insert(whole),
                    None => hints.fractions.extend(number.as_f64()),
                },
                Value::String(text) => _ = hints.texts.insert(text.clone()),
                _ => {}
            }
        }
        hints
    }

    /// The texts that the rule names.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }
}

fn whole(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// Values worth trying at a setting, in no order, some of them twice and some not valid. A path that nobody registered
/// may hold anything.
pub(super) fn worth_trying(
    setting: Option<&Setting>,
    secrets: &SecretReferences,
    hints: &Hints,
) -> Vec<Value> {
    let empty = Map::new();
    let default = setting.and_then(|setting| setting.default.as_ref());
    if setting.is_some_and(|setting| setting.secret) {
        let variables = secrets.env.iter().map(|pattern| format!("env:{}", pattern.replace('*', "EXAMPLE")));
        let files = secrets.folders.iter().map(|folder| format!("file:{folder}/example"));
        let commands = secrets.commands.keys().map(|name| format!("command:{name}"));
        let vault =
            secrets.vault.iter().flat_map(|vault| &vault.paths).map(|path| format!("vault:{path}#example"));
        let aws = secrets
            .aws
            .iter()
            .flat_map(|aws| &aws.names)
            .map(|name| format!("aws:{}", name.replace('*', "example")));
        return variables.chain(files).chain(commands).chain(vault).chain(aws).map(Value::from).collect();
    }
    of_schema(setting.map_or(&empty, |setting| &setting.schema), default, hints, 0)
}

fn of_schema(
    schema: &Map<String, Value>,
    default: Option<&Value>,
    hints: &Hints,
    depth: usize,
) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for key in ["enum", "examples"] {
        found.extend(schema.get(key).and_then(Value::as_array).into_iter().flatten().cloned());
    }
    found.extend(schema.get("const").cloned());
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ if !found.is_empty() => return found,
        _ => vec!["integer", "string", "boolean", "number", "array"],
    };
    for name in types {
        match name {
            "integer" => found.extend(wholes(schema, default, hints).into_iter().filter_map(as_value)),
            "number" => found.extend(numbers(schema, default, hints)),
            "boolean" => found.extend([Value::Bool(true), Value::Bool(false)]),
            "string" => found.extend(texts(schema, default, hints).into_iter().map(Value::from)),
            "array" if depth < 2 => found.extend(lists(schema, default, hints, depth)),
            "object" if depth < 2 => found.extend(objects(schema, default, hints, depth)),
            _ => {}
        }
    }
    found
}

fn as_value(whole: i128) -> Option<Value> {
    i64::try_from(whole).map(Value::from).ok().or_else(|| u64::try_from(whole).map(Value::from).ok())
}

fn limits(schema: &Map<String, Value>) -> impl Iterator<Item = &Number> {
    let keys = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
    keys.into_iter().filter_map(|key| schema.get(key)).filter_map(|value| match value {
        Value::Number(number) => Some(number),
        _ => None,
    })
}

fn wholes(schema: &Map<String, Value>, default: Option<&Value>, hints: &Hints) -> BTreeSet<i128> {
    let default = default.and_then(|value| match value {
        Value::Number(number) => whole(number),
        _ => None,
    });
    let fractions = hints.fractions.iter().map(|fraction| fraction.floor() as i128);
    let mut around: BTreeSet<i128> = hints.wholes.iter().copied().chain(fractions).collect();
    around.extend(hints.wholes.iter().map(|whole| -whole));
    around.extend([0, 1, 10, 100, 1_000, 1_000_000]);
    around.extend(limits(schema).filter_map(whole));
    if let Some(default) = default {
        around.extend([default, default / 2, default.saturating_mul(10)]);
        for factor in hints.wholes.iter().copied().chain([2]).filter(|factor| *factor != 0) {
            around.extend([default.saturating_mul(factor), default / factor, default.saturating_add(factor)]);
        }
        for factor in &hints.fractions {
            around.insert((default as f64 * factor) as i128);
        }
    }
    let step = schema.get("multipleOf").and_then(Value::as_i64).map_or(1, i128::from).max(1);
    let near = |whole: i128| {
        let below = whole.div_euclid(step).saturating_mul(step);
        [whole.saturating_sub(1), whole, whole.saturating_add(1), below, below.saturating_add(step)]
    };
    around.into_iter().flat_map(near).collect()
}

fn numbers(schema: &Map<String, Value>, default: Option<&Value>, hints: &Hints) -> Vec<Value> {
    let mut found: Vec<Value> = wholes(schema, default, hints).into_iter().filter_map(as_value).collect();
    let limits = limits(schema).filter_map(Number::as_f64);
    let named: Vec<f64> = limits.chain(hints.fractions.iter().copied()).collect();
    let default = default.and_then(Value::as_f64);
    let scaled = default.into_iter().flat_map(|default| {
        let by = hints.wholes.iter().map(|whole| *whole as f64).chain(hints.fractions.iter().copied());
        by.chain([0.5, 1.5, 2.5]).map(move |factor| default * factor).collect::<Vec<_>>()
    });
    let around = named
        .iter()
        .copied()
        .chain(default)
        .chain(scaled)
        .flat_map(|near| [near, near - 0.5, near + 0.5, near - 0.01, near + 0.01]);
    found.extend(around.filter_map(Number::from_f64).map(Value::Number));
    found
}

fn lengths(schema: &Map<String, Value>, hints: &Hints, least: &str, most: &str) -> BTreeSet<usize> {
    let limits = [least, most].into_iter().filter_map(|key| schema.get(key)).filter_map(Value::as_i64);
    let named = hints.wholes.iter().copied().chain(limits.map(i128::from));
    let near = named.flat_map(|length| [length.saturating_sub(1), length, length.saturating_add(1)]);
    near.filter(|length| (0..=LONGEST).contains(length))
        .filter_map(|length| usize::try_from(length).ok())
        .collect()
}

fn texts(schema: &Map<String, Value>, default: Option<&Value>, hints: &Hints) -> Vec<String> {
    let mut found: Vec<String> = ["", "a", "x", "A", "0", "1", " ", "a.b"].map(str::to_owned).to_vec();
    if let Some(Value::String(default)) = default {
        found.extend([format!("{default}x"), format!("x{default}"), default.to_uppercase()]);
        found.extend(default.char_indices().nth(1).map(|(at, _)| default[..at].to_owned()));
    }
    for text in &hints.texts {
        let plain = text.trim_start_matches('^').trim_end_matches('$');
        found.extend([text.clone(), format!("{text}x"), format!("x{text}"), plain.to_owned()]);
    }
    for length in lengths(schema, hints, "minLength", "maxLength") {
        found.push("x".repeat(length));
    }
    let formatted = match schema.get("format").and_then(Value::as_str) {
        Some("email" | "idn-email") => "somebody@example.com",
        Some("uri" | "iri" | "uri-reference" | "iri-reference") => "https://example.com/",
        Some("ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        Some("hostname" | "idn-hostname") => "host.example.com",
        Some("date-time") => "2026-11-21T09:00:00Z",
        Some("date") => "2026-11-21",
        Some("time") => "09:00:00Z",
        Some("duration") => "PT1H",
        Some("uuid") => "01890a5d-ac96-774b-bcce-b302099a8057",
        _ => return found,
    };
    found.push(formatted.to_owned());
    found
}

fn lists(schema: &Map<String, Value>, default: Option<&Value>, hints: &Hints, depth: usize) -> Vec<Value> {
    let nothing = Map::new();
    let of = schema.get("items").and_then(Value::as_object).unwrap_or(&nothing);
    let former: &[Value] = default.and_then(Value::as_array).map_or(&[], Vec::as_slice);
    // What the rule names comes first: of an item's values, only a few are tried.
    let mut inside: Vec<Value> = hints.texts().map(Value::from).collect();
    inside.extend(of_schema(of, None, hints, depth + 1));
    let member = of.get("enum").and_then(Value::as_array);
    inside.retain(|value| member.is_none_or(|members| members.contains(value)));
    inside.truncate(MOST_INSIDE);
    let mut found = vec![Value::Array(Vec::new())];
    for item in &inside {
        found.push(Value::Array(vec![item.clone()]));
        found.push(Value::Array(former.iter().chain([item]).cloned().collect()));
    }
    for left_out in 0..former.len().min(MOST_INSIDE) {
        let rest = former.iter().enumerate().filter(|(at, _)| *at != left_out);
        found.push(Value::Array(rest.map(|(_, item)| item.clone()).collect()));
    }
    found.push(Value::Array(inside.clone()));
    for length in lengths(schema, hints, "minItems", "maxItems") {
        let item = |at: usize| inside.get(at).or(inside.first()).cloned().unwrap_or(Value::from(at));
        found.push(Value::Array((0..length).map(item).collect()));
    }
    found
}

fn objects(schema: &Map<String, Value>, default: Option<&Value>, hints: &Hints, depth: usize) -> Vec<Value> {
    let nothing = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    let former = default.and_then(Value::as_object).unwrap_or(&nothing);
    let names: BTreeSet<&String> = known.keys().chain(&hints.fields).chain(former.keys()).collect();
    let mut found = vec![Value::Object(Map::new())];
    for name in names {
        let of = known.get(name).and_then(Value::as_object).unwrap_or(&nothing);
        for value in of_schema(of, former.get(name), hints, depth + 1) {
            let mut object = former.clone();
            object.insert(name.clone(), value);
            found.push(Value::Object(object));
        }
    }
    found
}
