//! Documents as paths with values, and back.
//!
//! What must stay true: flattening what was nested gives the same paths and values, however odd the names; no path
//! is both a value and another's prefix.

use super::error::{Error, Result};
use super::path::Path;
use super::value::Value;
use serde_json::Map;
use std::collections::HashMap;

/// The document's leaves in its order; nothing stands for null, which unsets.
///
/// Objects flatten, except `{}` and those at a path that `keeps_whole`. A key of the top level may be a whole path,
/// `server.port`, as people write batches; below it a key is one segment, dots and all. A document that is null
/// (an empty file) has no leaves.
pub fn flatten(
    document: &Value,
    keeps_whole: &mut dyn FnMut(&Path) -> bool,
) -> Result<Vec<(Path, Option<Value>)>> {
    let mut leaves = Leaves { found: Vec::new(), keeps_whole };
    match document {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, value) in fields {
                leaves.add(&mut top_level(key)?.segments(), value)?;
            }
        }
        _ => {
            return Err(Error::invalid("The document is not a list of settings: its top is no object.")
                .hint("Write paths with values, such as `server.port: 5050`."));
        }
    }
    check_apart(&leaves.found)?;
    Ok(leaves.found)
}

/// The object that flattens to these items. No path may be another's prefix, as in every store.
pub fn nest(items: impl IntoIterator<Item = (Path, Value)>) -> Value {
    let mut top = Map::new();
    for (path, value) in items {
        let mut segments = path.segments();
        if let Some(first) = segments.first_mut() {
            *first = top_level_key(first);
        }
        if let Err(value) = place(&mut top, &segments, value) {
            // A path below a value: its whole name at the top keeps both, and flattening names them.
            top.insert(path.as_str().to_owned(), value);
        }
    }
    Value::Object(top)
}

struct Leaves<'a> {
    found: Vec<(Path, Option<Value>)>,
    keeps_whole: &'a mut dyn FnMut(&Path) -> bool,
}

impl Leaves<'_> {
    fn add(&mut self, segments: &mut Vec<String>, value: &Value) -> Result<()> {
        if let Value::Object(fields) = value
            && !fields.is_empty()
            && !(self.keeps_whole)(&Path::from_segments(&*segments)?)
        {
            for (key, value) in fields {
                segments.push(key.clone());
                self.add(segments, value)?;
                segments.pop();
            }
            return Ok(());
        }
        let leaf = Some(value).filter(|value| !value.is_null()).cloned();
        self.found.push((Path::from_segments(&*segments)?, leaf));
        Ok(())
    }
}

/// A key of the top level as a path: what looks like one must be one, anything else is a single segment.
pub(super) fn top_level(key: &str) -> Result<Path> {
    match Path::parse(key) {
        Err(error) if key.contains(['.', '"']) => Err(error),
        Err(_) => Path::from_segments([key]),
        parsed => parsed,
    }
}

/// The key that `top_level` reads as this one segment.
fn top_level_key(segment: &str) -> String {
    let alone = Path::from_segments([segment]).ok();
    match (top_level(segment).ok(), alone) {
        (Some(read), Some(alone)) if read != alone => alone.as_str().to_owned(),
        (None, Some(alone)) => alone.as_str().to_owned(),
        _ => segment.to_owned(),
    }
}

/// Puts the value where the keys lead, or gives it back where something that is no object is in the way.
fn place(object: &mut Map<String, Value>, keys: &[String], value: Value) -> std::result::Result<(), Value> {
    match keys {
        [] => Err(value),
        [last] => {
            object.insert(last.clone(), value);
            Ok(())
        }
        [first, rest @ ..] => match object.entry(first).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(inner) => place(inner, rest, value),
            _ => Err(value),
        },
    }
}

/// Refuses the same path twice, and a value that another path lies below.
fn check_apart(leaves: &[(Path, Option<Value>)]) -> Result<()> {
    let mut is_value = HashMap::with_capacity(leaves.len());
    for (path, value) in leaves {
        if is_value.insert(path.as_str(), value.is_some()).is_some() {
            return Err(Error::invalid(format!(
                "The document gives {path} twice, once as a path and once nested."
            ))
            .hint("Keep one of the two."));
        }
    }
    for (path, value) in leaves {
        if value.is_some()
            && let Some(above) = path.ancestors().find(|above| is_value.get(above) == Some(&true))
        {
            return Err(Error::invalid(format!(
                "The document gives {above} a value and also {path} below it."
            ))
            .hint("Keep one of the two: a path is a value or a group of settings."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::document::{Format, read, write_yaml};
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::{BTreeMap, BTreeSet};

    fn flat(document: Value) -> Result<Vec<(String, Option<Value>)>> {
        let leaves = flatten(&document, &mut |path| path.as_str() == "limits")?;
        Ok(leaves.into_iter().map(|(path, value)| (path.as_str().to_owned(), value)).collect())
    }

    #[test]
    fn a_document_flattens_to_its_leaves() {
        for (document, leaves) in [
            (
                json!({"server": {"port": 5050, "name": "a"}}),
                vec![("server.name", json!("a")), ("server.port", json!(5050))],
            ),
            (
                json!({"server.port": 5050, "log": null}),
                vec![("log", Value::Null), ("server.port", json!(5050))],
            ),
            (json!({"a": {"b.c": 1}}), vec![(r#"a."b.c""#, json!(1))]),
            (json!({"\"a.b\"": {"": 1}}), vec![(r#""a.b"."""#, json!(1))]),
            (json!({"a b": 1, "": 2}), vec![(r#""""#, json!(2)), (r#""a b""#, json!(1))]),
            (json!({"limits": {"a": {"b": null}}}), vec![("limits", json!({"a": {"b": null}}))]),
            (
                json!({"x": {}, "y": [], "z": [{"a": null}]}),
                vec![("x", json!({})), ("y", json!([])), ("z", json!([{"a": null}]))],
            ),
            (
                json!({"server": null, "server.port": 1}),
                vec![("server", Value::Null), ("server.port", json!(1))],
            ),
            (json!({"a.b": {"c": 1}, "a": {"d": 2}}), vec![("a.d", json!(2)), ("a.b.c", json!(1))]),
            (Value::Null, vec![]),
            (json!({}), vec![]),
        ] {
            let expected: Vec<_> = leaves
                .into_iter()
                .map(|(path, value)| (path.to_owned(), Some(value).filter(|v| !v.is_null())))
                .collect();
            assert_eq!(flat(document.clone()).unwrap(), expected, "{document}");
        }
    }

    #[test]
    fn what_is_no_list_of_settings_is_refused() {
        for (document, why) in [
            (json!([1]), "its top is no object"),
            (json!("text"), "its top is no object"),
            (json!({"server": {"port": 1}, "server.port": 2}), "gives server.port twice"),
            (json!({"server": {"port": null}, "server.port": 2}), "gives server.port twice"),
            (json!({"a b": 1, "\"a b\"": 2}), "gives \"a b\" twice"),
            (json!({"server": 1, "server.port": 2}), "gives server a value and also server.port below it"),
            (json!({"server": {}, "server.port": 2}), "gives server a value"),
            (json!({"server..port": 2}), "a segment is empty"),
            (json!({"\"open": 2}), "a quote is not closed"),
        ] {
            let message = flat(document).unwrap_err().message;
            assert!(message.contains(why), "{message}");
        }
        let error = flat(json!({"x": {"k".repeat(2000): 1}})).unwrap_err();
        assert!(error.message.contains("1024"), "{}", error.message);
    }

    #[test]
    fn nesting_gives_plain_keys_and_quotes_odd_ones_at_the_top() {
        let items = ["server.port", r#""a.b".c"#, r#"x."y.z""#, r#""\"q\"""#, r#""a b""#, r#""a..b""#]
            .map(|path| (Path::parse(path).unwrap(), json!(1)));
        assert_eq!(
            nest(items),
            json!({"server": {"port": 1}, "\"a.b\"": {"c": 1}, "x": {"y.z": 1}, "\"\\\"q\\\"\"": 1, "a b": 1,
                   "\"a..b\"": 1})
        );
        let clash = ["a", "a.b"].map(|path| (Path::parse(path).unwrap(), json!(1)));
        assert!(flatten(&nest(clash), &mut |_| false).unwrap_err().message.contains("a.b below it"));
    }

    fn any_items() -> impl Strategy<Value = BTreeMap<Path, Value>> {
        let segment = prop_oneof![
            "[a-c]",
            "[a-c.\" =\\\\]{0,4}",
            any::<String>().prop_map(|s| s.chars().take(6).collect())
        ];
        let path = proptest::collection::vec(segment, 1..4)
            .prop_map(|s: Vec<String>| Path::from_segments(s).unwrap());
        let value = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(json!({})),
            Just(json!([{"a": null}])),
            Just(json!({"a": {"b.c": 1}})),
        ];
        proptest::collection::vec((path, value), 0..12).prop_map(|items| {
            let mut kept: BTreeMap<Path, Value> = BTreeMap::new();
            for (path, value) in items {
                let apart = kept
                    .keys()
                    .all(|other| !other.is_within(path.as_str()) && !path.is_within(other.as_str()));
                if apart {
                    kept.insert(path, value);
                }
            }
            kept
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn flattening_undoes_nesting(items in any_items()) {
            let nested = nest(items.clone());
            let whole: BTreeSet<_> = items.keys().map(|path| path.as_str().to_owned()).collect();
            for document in [nested.clone(), read(write_yaml(&nested).as_bytes(), Some(Format::Yaml), "x").unwrap()] {
                let leaves = flatten(&document, &mut |path| whole.contains(path.as_str())).unwrap();
                let back: BTreeMap<_, _> = leaves.into_iter().map(|(path, value)| (path, value.unwrap())).collect();
                prop_assert_eq!(&back, &items, "{}", document);
            }
        }
    }
}
