//! TOML as a value.

use super::{DEEPEST_DOCUMENT, LONGEST_TOML, QUOTE_IT, Source, number, too_deep, too_long, twice};
use crate::domain::error::{Error, Result};
use serde_json::{Map, Value};
use std::ops::Range;
use toml_edit::{Document, Item, Table, TableLike, TomlError, Value as TomlValue};

pub(super) fn read(source: &Source<'_>) -> Result<Value> {
    if source.text.len() > LONGEST_TOML {
        let limit = format!("{LONGEST_TOML} (8 MiB) for TOML");
        return Err(too_long(source.name, source.text.len(), &limit)
            .hint("Write it as YAML or JSON, whose limit is 64 MiB."));
    }
    let document = Document::parse(source.text).map_err(|error| unreadable(source, &error))?;
    table(source, document.as_table(), document.span(), 1)
}

fn unreadable(source: &Source<'_>, error: &TomlError) -> Error {
    let at = error.span().unwrap_or(0..0);
    let said = error.message().trim_end_matches('.').replace('\n', "; ");
    let (what, hint) = match said.as_str() {
        "recursion limit" | "cannot recurse further; max recursion depth met" => {
            (too_deep(), "Flatten the document.")
        }
        "integer number overflowed" => {
            ("the number needs more than 64 bits with its sign, the limit of integers".to_owned(), QUOTE_IT)
        }
        "floating-point number overflowed" => {
            ("the number is too large; the limit is about 1.8e308".to_owned(), QUOTE_IT)
        }
        "duplicate key" => (twice(source.text.get(at.clone()).unwrap_or_default()), "Keep one of the two."),
        _ => (said, "Correct the document there."),
    };
    source.wrong_at(at.start, what).hint(hint)
}

fn table(
    source: &Source<'_>,
    table: &dyn TableLike,
    at: Option<Range<usize>>,
    depth: usize,
) -> Result<Value> {
    check_depth(source, at, depth)?;
    let mut object = Map::new();
    for (key, field) in table.iter() {
        if let Some(value) = item(source, field, depth + 1)? {
            object.insert(key.to_owned(), value);
        }
    }
    Ok(Value::Object(object))
}

fn item(source: &Source<'_>, item: &Item, depth: usize) -> Result<Option<Value>> {
    match item {
        Item::None => Ok(None),
        Item::Value(found) => value(source, found, depth).map(Some),
        Item::Table(found) => table(source, found, found.span(), depth).map(Some),
        Item::ArrayOfTables(found) => {
            check_depth(source, found.span(), depth)?;
            let each = |found: &Table| table(source, found, found.span(), depth + 1);
            found.iter().map(each).collect::<Result<_>>().map(Value::Array).map(Some)
        }
    }
}

fn value(source: &Source<'_>, found: &TomlValue, depth: usize) -> Result<Value> {
    Ok(match found {
        TomlValue::String(text) => Value::from(text.value().as_str()),
        TomlValue::Integer(number) => Value::from(*number.value()),
        TomlValue::Boolean(flag) => Value::from(*flag.value()),
        TomlValue::Datetime(time) => Value::from(time.value().to_string()),
        TomlValue::Float(float) => {
            let span = found.span().unwrap_or(0..0);
            let written = source.text.get(span.clone()).unwrap_or_default().replace('_', "");
            match number(written.trim_start_matches('+')) {
                Some(Ok(number)) => Value::Number(number),
                Some(Err(why)) => return Err(source.wrong_at(span.start, why).hint(QUOTE_IT)),
                None => {
                    let what = format!(
                        "{} is not a value: infinities and not-a-number cannot be kept",
                        float.value()
                    );
                    return Err(source.wrong_at(span.start, what).hint(QUOTE_IT));
                }
            }
        }
        TomlValue::Array(items) => {
            check_depth(source, items.span(), depth)?;
            let each = |item: &TomlValue| value(source, item, depth + 1);
            Value::Array(items.iter().map(each).collect::<Result<_>>()?)
        }
        TomlValue::InlineTable(fields) => table(source, fields, fields.span(), depth)?,
    })
}

fn check_depth(source: &Source<'_>, at: Option<Range<usize>>, depth: usize) -> Result<()> {
    if depth <= DEEPEST_DOCUMENT {
        return Ok(());
    }
    Err(source.wrong_at(at.map_or(0, |at| at.start), too_deep()).hint("Flatten the document."))
}
