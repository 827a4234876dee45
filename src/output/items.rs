//! What differs, path by path: `~ path  before → after`, and a line diff where a value is too long for that.

use super::color::Paint;
use super::{Style, escape, words};
use crate::api::change::{ItemKind, ItemView};
use crate::domain::value::{Value, bare};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write;
use std::time::Duration;

/// How many items a change shows.
pub(super) const MOST_ITEMS: usize = 50;
/// How many lines of one value's diff a change shows.
const MOST_LINES: usize = 60;
/// Longer values are compared line by line.
const LONGEST_INLINE: usize = 80;
/// Longer paths don't push the others' values to the right.
const WIDEST_PATH: usize = 48;

/// One path before and after; nothing where there is no value.
pub(super) struct Item<'a> {
    /// What it is called.
    pub(super) label: String,
    /// Before.
    pub(super) before: Option<&'a Value>,
    /// After.
    pub(super) after: Option<&'a Value>,
    /// What is effective without it.
    pub(super) base: Option<&'a Value>,
    /// The source that gives that.
    pub(super) base_layer: Option<&'a str>,
}

impl<'a> Item<'a> {
    /// A change's item, with what it is about where that is no path.
    pub(super) fn of(view: &'a ItemView) -> Item<'a> {
        let label = match view.what {
            ItemKind::Value => view.path.clone(),
            ItemKind::Manifest => format!("manifest {}", view.path),
            ItemKind::Member => format!("member {}", view.path),
            ItemKind::Instance => format!("instance {}", view.path),
        };
        Item {
            label,
            before: view.before.as_ref(),
            after: view.after.as_ref(),
            base: view.base.as_ref(),
            base_layer: view.base_layer.as_deref(),
        }
    }
}

/// A change's items, indented and cut.
pub(super) fn of_change(views: &[ItemView], style: &Style) -> String {
    first(views.iter().map(Item::of), style)
}

/// The first [`MOST_ITEMS`] items, indented, long values cut, and how many more there are.
pub(super) fn first<'a>(all: impl ExactSizeIterator<Item = Item<'a>>, style: &Style) -> String {
    let more = all.len().saturating_sub(MOST_ITEMS);
    let shown: Vec<Item<'_>> = all.take(MOST_ITEMS).collect();
    let mut text = indented(&items(&shown, Some(MOST_LINES), style));
    if more > 0 {
        let _ = writeln!(text, "  … and {} more; -o json lists all", words::thousands(more as u64));
    }
    text
}

/// The items, each long value's diff cut after so many lines.
pub(super) fn items(items: &[Item<'_>], most_lines: Option<usize>, style: &Style) -> String {
    let inline = |item: &&Item<'_>| is_inline(item);
    let width = items
        .iter()
        .filter(inline)
        .map(|item| length(&item.label))
        .filter(|width| *width <= WIDEST_PATH)
        .max();
    items
        .iter()
        .map(|item| {
            if is_inline(item) {
                inline_text(item, width.unwrap_or(0), style)
            } else {
                block(item, most_lines, style)
            }
        })
        .collect()
}

fn length(label: &str) -> usize {
    escape::line(label).chars().count()
}

fn is_inline(item: &Item<'_>) -> bool {
    let short = |value: &Value| {
        !matches!(value, Value::String(text) if text.trim_end_matches('\n').contains('\n'))
            && words::value(value).chars().count() <= LONGEST_INLINE
    };
    [item.before, item.after].into_iter().flatten().all(short)
}

fn sign(item: &Item<'_>) -> (&'static str, Paint) {
    match (item.before, item.after) {
        (None, _) => ("+", Paint::Green),
        (_, None) => ("-", Paint::Red),
        _ => ("~", Paint::Yellow),
    }
}

fn inline_text(item: &Item<'_>, width: usize, style: &Style) -> String {
    let (sign, paint) = sign(item);
    let layer = item.base_layer.map_or("default".into(), escape::line);
    let default = item.base.map(|value| format!("{} ({layer})", words::value(value)));
    let before =
        item.before.map(|value| Paint::Red.on(&words::value(value), style)).or_else(|| default.clone());
    let after = item.after.map(|value| Paint::Green.on(&words::value(value), style)).or(default);
    let values: Vec<String> = [before, after].into_iter().flatten().collect();
    format!("{} {:width$}  {}\n", paint.on(sign, style), escape::line(&item.label), values.join(" → "))
}

fn block(item: &Item<'_>, most_lines: Option<usize>, style: &Style) -> String {
    let (sign, paint) = sign(item);
    let mut lines = line_diff(item.before, item.after, style);
    let most = most_lines.unwrap_or(usize::MAX);
    let more = lines.len().saturating_sub(most);
    lines.truncate(most);
    if more > 0 {
        lines.push(format!("… and {}; -o json has all", words::count(more as u64, "more line")));
    }
    format!(
        "{} {}\n{}",
        paint.on(sign, style),
        escape::line(&item.label),
        indented(&(lines.join("\n") + "\n"))
    )
}

/// The lines that differ between two values, with three lines around them.
fn line_diff(before: Option<&Value>, after: Option<&Value>, style: &Style) -> Vec<String> {
    let (before, after) =
        (before.map_or_else(String::new, in_lines), after.map_or_else(String::new, in_lines));
    let diff = TextDiff::configure().timeout(Duration::from_secs(2)).diff_lines(&before, &after);
    let unified = diff.unified_diff();
    let hunks: Vec<_> = unified.iter_hunks().collect();
    let says_ends = before.ends_with('\n') || after.ends_with('\n');
    let mut lines = Vec::new();
    for hunk in &hunks {
        if hunks.len() > 1 {
            lines.push(hunk.header().to_string());
        }
        for change in hunk.iter_changes() {
            let (sign, paint) = match change.tag() {
                ChangeTag::Delete => ("-", Paint::Red),
                ChangeTag::Insert => ("+", Paint::Green),
                ChangeTag::Equal => (" ", Paint::Plain),
            };
            let text = change.value().strip_suffix('\n').unwrap_or(change.value());
            lines.push(paint.on(format!("{sign}{}", escape::line(text)).trim_end_matches(' '), style));
            if change.missing_newline() && says_ends && change.tag() != ChangeTag::Equal {
                lines.push("\\ no newline at the end".to_owned());
            }
        }
    }
    lines
}

/// A value as text in lines: lists and objects a member a line.
fn in_lines(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => {
            serde_json::to_string_pretty(value).unwrap_or_else(|_| bare(value))
        }
        other => bare(other),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;
    use insta::assert_snapshot;
    use serde_json::json;

    #[test]
    fn short_values_stand_on_a_line_and_long_ones_as_a_diff() {
        let certificate =
            |middle: &str| json!(format!("-----BEGIN-----\nabc\n{middle}\nxyz\n-----END-----\n"));
        let views = [
            samples::item("certificate", Some(certificate("old")), Some(certificate("new"))),
            samples::item("gone", Some(json!("x\u{1b}[2J")), None),
            samples::item("hosts", Some(json!(vec!["a"; 30])), Some(json!(["b"]))),
            samples::item("server.port", Some(json!(5050)), Some(json!("5051"))),
            samples::item("title", None, Some(json!("on call"))),
        ];
        assert_snapshot!(of_change(&views[..2], &Style::PLAIN), @r"
        ~ certificate
           -----BEGIN-----
           abc
          -old
          +new
           xyz
           -----END-----
        - gone  x\u{1b}[2J
        ");
        assert_snapshot!(of_change(&views[3..], &Style::PLAIN), @r#"
        ~ server.port  5050 → "5051"
        + title        on call
        "#);
        let list = of_change(&views[2..3], &Style::PLAIN);
        assert!(list.starts_with("  ~ hosts\n") && list.contains("+  \"b\"\n"), "{list}");
    }

    #[test]
    fn a_change_of_many_items_or_lines_is_cut_and_says_so() {
        let many: Vec<_> =
            (0..10_000).map(|n| samples::item(&format!("p{n}"), None, Some(json!(n)))).collect();
        let text = of_change(&many, &Style::PLAIN);
        assert_eq!(text.lines().count(), MOST_ITEMS + 1);
        assert!(text.ends_with("  … and 9,950 more; -o json lists all\n"), "{text}");
        let long = samples::item("long", None, Some(json!("line\n".repeat(100))));
        assert!(of_change(&[long], &Style::PLAIN).ends_with("… and 40 more lines; -o json has all\n"));
    }

    #[test]
    fn a_newline_more_or_less_at_the_end_shows() {
        let lines = line_diff(Some(&json!("a\nb\n")), Some(&json!("a\nb")), &Style::PLAIN);
        assert_eq!(lines, [" a", "-b", "+b", "\\ no newline at the end"]);
    }
}
