//! What a terminal must not be told: control characters and those that cannot be seen.
//!
//! What must stay true: text from outside can neither move the cursor, nor colour, nor reorder, nor hide what stands
//! beside it; and escaping JSON leaves it the same JSON.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character acts on the terminal, or is not seen: controls, bidirectional marks, zero-width characters.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The text on one line: a newline stands as `\n`, a hidden character as `\u{1b}`.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden)
}

/// The text with its lines and tabs kept, and every other hidden character as `\u{1b}`.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_hidden(c) && !matches!(c, '\n' | '\t'))
}

fn escaped(text: &str, must_go: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&must_go) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !must_go(c) => out.push(c),
            '\n' | '\t' | '\r' => out.extend(c.escape_default()),
            c => out.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(out)
}

/// The same JSON, with the hidden characters that JSON lets through written as `\u009b`. JSON's own escapes have the
/// others already, so that what is left of them are the line ends between its parts.
pub fn json(text: &str) -> String {
    let must_go = |c: char| c != '\n' && is_hidden(c);
    if !text.contains(must_go) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if must_go(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json as value};

    #[test]
    fn hidden_characters_are_shown_and_all_others_stay() {
        for (text, shown) in [
            ("plain ünïcödé 漢字 😀", "plain ünïcödé 漢字 😀"),
            ("\u{1b}[31mred", r"\u{1b}[31mred"),
            ("\u{1b}]0;title\u{7}", r"\u{1b}]0;title\u{7}"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("\u{7f}\u{0}\u{8}", r"\u{7f}\u{0}\u{8}"),
            ("over\rwritten", r"over\rwritten"),
            ("two\nlines\tand", r"two\nlines\tand"),
            ("a\u{202e}b\u{2066}c", r"a\u{202e}b\u{2066}c"),
            ("zero\u{200b}width\u{feff}", r"zero\u{200b}width\u{feff}"),
            ("\u{2028}\u{e0041}", r"\u{2028}\u{e0041}"),
            (r"C:\new", r"C:\new"),
        ] {
            assert_eq!(line(text), shown);
        }
        assert_eq!(lines("a\n\tb\r\n\u{1b}"), "a\n\tb\\r\n\\u{1b}");
    }

    #[test]
    fn escaped_json_is_the_same_json_without_hidden_characters() {
        let original = value!({"a\u{202e}": ["\u{7f}\u{9b}\u{1b}\u{feff}\u{e0041}\n", 1], "漢": "\\u"});
        for written in [original.to_string(), serde_json::to_string_pretty(&original).unwrap()] {
            let shown = json(&written);
            assert!(!shown.chars().any(|c| c != '\n' && is_hidden(c)), "{shown}");
            assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), original);
        }
    }
}
