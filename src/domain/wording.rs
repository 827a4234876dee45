//! The wording that messages share: the nearest known word, and a value in short.

use super::value::{Value, canonical};

/// The name that comes closest to what was written, where one is close enough to be meant.
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let key = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let written = key(written);
    names
        .into_iter()
        .map(|name| (edits(&written, &key(name)), name))
        .filter(|(edits, name)| *edits <= 1 + name.len() / 6 && *edits < name.len())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// The edit distance where swapping two neighbours is one edit (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let mut least =
                (last[j - 1] + usize::from(a[i - 1] != b[j - 1])).min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// A sentence that says what a place must hold and what it holds instead.
pub fn not_a(place: &str, wanted: &str, found: &Value) -> String {
    format!("{place} must be {wanted}, not {}.", shown(found))
}

/// What to say of a key with nothing under it that is the rest of a text with a comma: `{about: this, and that}`.
pub fn stray(key: &str) -> String {
    format!("{key:?} is no key; if it belongs to the text before the comma, put that text in quotes.")
}

/// Names in a row: `a, b or c`.
pub fn join(names: &[&str], word: &str) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} {word} {last}", most.join(", ")),
    }
}

/// A value as a message shows it: short, quoted as JSON, null as what it means.
pub fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => return "empty".to_owned(),
        Value::Array(items) if items.len() > 4 => return format!("a list of {} items", items.len()),
        Value::Object(fields) if fields.len() > 2 => return format!("an object of {} keys", fields.len()),
        other => canonical(other),
    };
    if text.chars().count() <= 80 {
        return text;
    }
    match value {
        Value::String(long) => {
            let start: String = long.chars().take(60).collect();
            format!("{}… ({} characters)", Value::from(start), long.chars().count())
        }
        Value::Array(_) => "a list".to_owned(),
        _ => "an object".to_owned(),
    }
}

/// What the system says of a failure, to stand inside a sentence: no number, no capital.
pub fn plain_reason(text: &str) -> String {
    let text = text.split(" (os error").next().unwrap_or(text);
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_nearest_word_is_named_only_where_it_can_be_meant() {
        let names = ["minimum", "maxLength", "risk", "restart"];
        for (written, near) in [
            ("minimun", Some("minimum")),
            ("max_length", Some("maxLength")),
            ("Risk", Some("risk")),
            ("rsik", Some("risk")),
            ("colour", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(written, names), near, "{written}");
        }
    }

    #[test]
    fn a_long_value_is_shown_short() {
        for (value, text) in [
            (json!("x"), "\"x\"".to_owned()),
            (json!([1, 2]), "[1,2]".to_owned()),
            (json!([1, 2, 3, 4, 5]), "a list of 5 items".to_owned()),
            (json!("x".repeat(100)), format!("\"{}\"… (100 characters)", "x".repeat(60))),
        ] {
            assert_eq!(shown(&value), text);
        }
    }
}
