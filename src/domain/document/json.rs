//! JSON as a value, where a key given twice and a number that would be rounded are errors.

use super::{DEEPEST_DOCUMENT, QUOTE_IT, Source, number, too_deep, twice};
use crate::domain::error::{Error, Result};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

pub(super) fn read(source: &Source<'_>) -> Result<Value> {
    let mut reader = serde_json::Deserializer::from_str(source.text);
    let value = Node { depth: 0 }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| wrong(source, &error))?;
    check_numbers(source)?;
    Ok(value)
}

fn wrong(source: &Source<'_>, error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let said = error.to_string();
    let said = said.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&said);
    let (what, hint) = match said {
        "recursion limit exceeded" => (too_deep(), "Flatten the document."),
        "number out of range" => ("the number is too large; the limit is about 1.8e308".to_owned(), QUOTE_IT),
        _ => (said.to_owned(), "Correct the document there."),
    };
    source.wrong(line.max(1), column.max(1), what).hint(hint)
}

/// The parser rounds what does not fit: look at every number of the text, which is known to be JSON by now.
fn check_numbers(source: &Source<'_>) -> Result<()> {
    let bytes = source.text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let ends = |b: &u8| !matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let end = bytes[at..].iter().position(ends).map_or(bytes.len(), |length| at + length);
                if let Some(Err(why)) = number(&source.text[at..end]) {
                    return Err(source.wrong_at(at, why).hint(QUOTE_IT));
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    Ok(())
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// One value at this depth.
struct Node {
    depth: usize,
}

impl Node {
    fn below<E: serde::de::Error>(&self) -> std::result::Result<usize, E> {
        if self.depth < DEEPEST_DOCUMENT { Ok(self.depth + 1) } else { Err(E::custom(too_deep())) }
    }
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> std::result::Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let depth = self.below()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Node { depth })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> std::result::Result<Value, A::Error> {
        let depth = self.below()?;
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(twice(&key)));
            }
            let value = fields.next_value_seed(Node { depth })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
