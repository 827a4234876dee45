//! What JSON Schema finds, said in words that an operator understands: the place, the limit, the value.

use crate::domain::value::Value;
use crate::domain::wording::{join, shown};
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::{Location, LocationSegment};

/// The sentence for one finding about the value at `root`.
pub(super) fn sentence(root: &str, error: &ValidationError<'_>) -> String {
    format!("{} {}.", place(root, error.instance_path()), demand(error))
}

/// The same about a secret: neither its value nor its length nor its inside is told.
pub(super) fn sentence_of_secret(root: &str, error: &ValidationError<'_>) -> String {
    let demand = match error.kind() {
        _ if !error.instance_path().as_str().is_empty() => "does not fit its setting inside".to_owned(),
        Kind::Type { kind } => format!("must be {}", types(kind)),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::MinLength { limit } => format!("must have at least {}", count(*limit, "character")),
        Kind::MaxLength { limit } => format!("must have at most {}", count(*limit, "character")),
        Kind::Pattern { pattern } => format!("must match the pattern {pattern}"),
        Kind::Format { format } => format!("must be {}", named_format(format)),
        other => format!("does not satisfy `{}` of its schema", other.keyword()),
    };
    format!("{root} {demand}.")
}

/// The place inside a value: `auth.backends[1]`, `limits.rate`.
pub(super) fn place(root: &str, location: &Location) -> String {
    let mut place = root.to_owned();
    for segment in location.segments() {
        match segment {
            LocationSegment::Index(index) => place.push_str(&format!("[{index}]")),
            LocationSegment::Property(key) if place.is_empty() => place.push_str(&key),
            LocationSegment::Property(key) => place.push_str(&format!(".{key}")),
        }
    }
    place
}

/// What the place must be and is not, as the rest of a sentence.
fn demand(error: &ValidationError<'_>) -> String {
    let value = error.instance().as_ref();
    let found = shown(value);
    match error.kind() {
        Kind::Type { kind } => format!("must be {}, not {found}", types(kind)),
        Kind::Minimum { limit } => format!("must be at least {limit}, not {found}"),
        Kind::Maximum { limit } => format!("must be at most {limit}, not {found}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}, not {found}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}, not {found}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}, not {found}"),
        Kind::Enum { options } => format!("must be {}, not {found}", one_of(options)),
        Kind::Constant { expected_value } => format!("must be {}, not {found}", option(expected_value)),
        Kind::Pattern { pattern } => format!("must match the pattern {pattern}, which {found} does not"),
        Kind::Format { format } => format!("must be {}, not {found}", named_format(format)),
        Kind::MinLength { limit } => {
            format!("must have at least {}, not {}", count(*limit, "character"), size(value))
        }
        Kind::MaxLength { limit } => {
            format!("must have at most {}, not {}", count(*limit, "character"), size(value))
        }
        Kind::MinItems { limit } => {
            format!("must have at least {}, not {}", count(*limit, "item"), size(value))
        }
        Kind::MaxItems { limit } => {
            format!("must have at most {}, not {}", count(*limit, "item"), size(value))
        }
        Kind::AdditionalItems { limit } => {
            format!("must have at most {}, not {}", count(*limit as u64, "item"), size(value))
        }
        Kind::MinProperties { limit } => {
            format!("must have at least {}, not {}", count(*limit, "key"), size(value))
        }
        Kind::MaxProperties { limit } => {
            format!("must have at most {}, not {}", count(*limit, "key"), size(value))
        }
        Kind::UniqueItems => "may not hold the same item twice".to_owned(),
        Kind::Contains => "must hold an item of the kind that `contains` asks for".to_owned(),
        Kind::UnevaluatedItems { .. } => "holds items that its schema does not allow".to_owned(),
        Kind::Required { property } => format!("must have the key {}", option(property)),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let keys: Vec<&str> = unexpected.iter().map(String::as_str).collect();
            format!("may not have the key {}", join(&keys, "or"))
        }
        Kind::PropertyNames { error } => {
            format!("has a key that is not allowed: it {}", demand(error))
        }
        Kind::FalseSchema => "is not allowed here".to_owned(),
        Kind::Not { .. } => format!("may not be {found}"),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => alternatives(context, &found),
        Kind::OneOfMultipleValid { .. } => {
            format!("must fit exactly one of the alternatives of its schema; {found} fits several")
        }
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "takes too long to match against its pattern".to_owned()
        }
        other => format!("does not satisfy `{}` of its schema", other.keyword()),
    }
}

/// What each alternative lacks, where they are few enough to be read.
fn alternatives(context: &[Vec<ValidationError<'static>>], found: &str) -> String {
    let mut lacks: Vec<String> =
        context.iter().filter_map(|errors| errors.first()).map(|error| place_and_demand(error)).collect();
    lacks.dedup();
    if lacks.is_empty() || lacks.len() > 3 {
        return format!("fits none of the {} alternatives of its schema: {found}", context.len());
    }
    lacks.join(", or ")
}

fn place_and_demand(error: &ValidationError<'_>) -> String {
    let inside = place("", error.instance_path());
    if inside.is_empty() { demand(error) } else { format!("its {inside} {}", demand(error)) }
}

fn types(kind: &TypeKind) -> String {
    let named = |name: &str| match name {
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        _ => "empty",
    };
    match kind {
        TypeKind::Single(one) => named(one.as_str()).to_owned(),
        TypeKind::Multiple(set) => {
            let names: Vec<&str> = set.iter().map(|one| named(one.as_str())).collect();
            join(&names, "or")
        }
    }
}

fn one_of(options: &Value) -> String {
    let shown: Vec<String> = options.as_array().into_iter().flatten().map(option).collect();
    match shown.as_slice() {
        [only] => only.clone(),
        many if many.len() > 20 => format!("one of the {} values that its schema lists", many.len()),
        many => format!("one of {}", many.join(", ")),
    }
}

/// A word as itself, anything else as a message shows it.
fn option(value: &Value) -> String {
    match value {
        Value::String(word)
            if !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) =>
        {
            word.clone()
        }
        other => shown(other),
    }
}

fn count(limit: u64, what: &str) -> String {
    if limit == 1 { format!("1 {what}") } else { format!("{limit} {what}s") }
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    }
}

fn named_format(format: &str) -> &str {
    match format {
        "date" => "a date such as 2026-11-21",
        "date-time" => "a time such as 2026-11-21T09:30:00Z",
        "time" => "a time of day such as 09:30:00Z",
        "duration" => "an ISO 8601 duration such as PT10M",
        "email" => "a mail address",
        "hostname" => "a host name",
        "ipv4" => "an IPv4 address",
        "ipv6" => "an IPv6 address",
        "uri" => "a URI such as https://example.com/",
        "uri-reference" => "a URI or a part of one",
        "uuid" => "a UUID",
        "regex" => "a regular expression (without look-around and back-references)",
        other => other,
    }
}
