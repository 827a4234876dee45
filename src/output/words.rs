//! What people read in place of data: demands, lacks, values, counts.
//!
//! What must stay true: a thing is said in the same words wherever it is said.

use super::escape;
use crate::api::change::{ApprovalView, PlaceView};
use crate::domain::approval::{Lack, of_whom};
use crate::domain::emergency::{approvals_of, asked_of};
use crate::domain::policy::{Demand, Group, Test};
use crate::domain::sealed::masked;
use crate::domain::value::{Value, canonical, read_untyped};

/// A value on one line: text bare where nobody can take it for anything else, quoted otherwise; the rest as JSON. Of a
/// sealed one only its fingerprint.
pub fn value(value: &Value) -> String {
    if let Some(mask) = value.as_str().and_then(masked) {
        return mask;
    }
    match value {
        Value::String(text) if reads_as_text(text) => escape::line(text).into_owned(),
        other => escape::line(&canonical(other)).into_owned(),
    }
}

fn reads_as_text(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.starts_with('"')
        && read_untyped(text).is_ok_and(|value| value.is_string())
        && !matches!(text, "null" | "-")
}

/// What is missing.
pub fn lack(lack: &Lack) -> String {
    match lack {
        Lack::Approvals { role, missing, other_than_requester, group: name } => {
            let group = group(&Group { role: *role, count: *missing, group: name.clone() });
            if *other_than_requester { format!("{group}, not the requester") } else { group }
        }
        Lack::Evidence { test } => evidence(*test).to_owned(),
        Lack::RollbackPlan | Lack::Window { .. } | Lack::Frozen { .. } => lack.in_words(),
    }
}

/// How many approvals an emergency skipped, and of whom.
pub fn skipped(missing: u32, demand: &Demand) -> String {
    let (of, all) = (asked_of(demand), approvals_of(demand));
    match missing {
        _ if all == 0 => "no approval was asked for".to_owned(),
        0 => format!("no approval skipped: who made it could give what it asks for ({of})"),
        missing if missing < all => format!("{} skipped of {of}", count(u64::from(missing), "approval")),
        missing => format!("{} skipped ({of})", count(u64::from(missing), "approval")),
    }
}

/// Whose word an approval is: the role of whoever gave it, and in whose place they did.
pub fn acting(given: &ApprovalView) -> String {
    let giver = |place: &PlaceView| format!("{}, {}", place.member, place.role);
    if given.in_place_of.is_empty() {
        return given.role.clone();
    }
    let givers: Vec<String> = given.in_place_of.iter().map(giver).collect();
    format!("{}, in place of {}", given.role, givers.join(" and of "))
}

/// What a risk demands before a change may be executed, and after.
pub fn demand(demand: &Demand) -> String {
    let whose = if demand.own { " (the requester's own counts)" } else { ", not the requester" };
    let mut parts: Vec<String> = demand.approvals.iter().map(|wanted| group(wanted) + whose).collect();
    if parts.is_empty() {
        parts.push("no approval".to_owned());
    }
    match demand.test {
        Test::None => {}
        Test::Recommended => parts.push(format!("{} (advised)", evidence(demand.test))),
        Test::Required | Test::Full => parts.push(evidence(demand.test).to_owned()),
    }
    let others = [
        (demand.rollback_plan, "a rollback plan"),
        (demand.window, "an open maintenance window"),
        (demand.review, "a review afterwards"),
    ];
    parts.extend(others.into_iter().filter(|(wanted, _)| *wanted).map(|(_, words)| words.to_owned()));
    parts.extend(demand.monitor.map(|span| format!("{span} of monitoring afterwards")));
    parts.join("; ")
}

fn group(group: &Group) -> String {
    let whom = of_whom(group.role, group.group.as_deref());
    format!("{} by {whom}", count(u64::from(group.count), "approval"))
}

fn evidence(test: Test) -> &'static str {
    match test {
        Test::None => "no test evidence",
        Test::Recommended | Test::Required => "evidence of a staging test",
        Test::Full => "evidence of a full test with the rollback tested",
    }
}

/// A number with its noun: `1 path`, `2 paths`, `9,950 paths`.
pub fn count(number: u64, noun: &str) -> String {
    let end = match (number, noun) {
        (1, _) => "",
        (_, noun) if noun.ends_with('y') => {
            return format!("{} {}ies", thousands(number), &noun[..noun.len() - 1]);
        }
        _ => "s",
    };
    format!("{} {noun}{end}", thousands(number))
}

/// A number in groups of three digits.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes as people read them.
pub fn size(bytes: i64) -> String {
    indicatif::BinaryBytes(u64::try_from(bytes).unwrap_or_default()).to_string()
}

/// Microseconds as people read them.
pub fn microseconds(duration: i64) -> String {
    match duration {
        0..1_000 => format!("{duration} µs"),
        1_000..1_000_000 => format!("{:.1} ms", duration as f64 / 1e3),
        _ => format!("{:.1} s", duration as f64 / 1e6),
    }
}

/// What to say beside a list: that there is nothing, or how to get more.
pub(super) fn about_list(items: usize, nothing: &str, next: Option<&str>) -> Vec<String> {
    match next {
        Some(cursor) => vec![format!("There is more: --after {}", escape::line(cursor))],
        None if items == 0 => vec![nothing.to_owned()],
        None => Vec::new(),
    }
}

/// Names in a row, or that there are none.
pub fn list<T: AsRef<str>>(names: &[T]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{policy::Policy, risk::Risk, role::Role};
    use serde_json::json;

    #[test]
    fn text_is_quoted_where_it_could_be_taken_for_something_else() {
        for (given, shown) in [
            (json!("info"), "info"),
            (json!("a b: c"), "a b: c"),
            (json!("180"), "\"180\""),
            (json!(180), "180"),
            (json!("true"), "\"true\""),
            (json!(""), "\"\""),
            (json!(" x"), "\" x\""),
            (json!("null"), "\"null\""),
            (json!("-"), "\"-\""),
            (json!("\"x\""), r#""\"x\"""#),
            (json!("a\u{1b}b\nc"), r"a\u{1b}b\nc"),
            (json!({"b": [1, "x\u{9b}"]}), r#"{"b":[1,"x\u{9b}"]}"#),
        ] {
            assert_eq!(value(&given), shown);
        }
    }

    #[test]
    fn demands_read_as_the_policy_means_them() {
        let policy = Policy::default();
        for (risk, words) in [
            (Risk::Low, "no approval"),
            (
                Risk::Medium,
                "1 approval by admin (the requester's own counts); evidence of a staging test (advised)",
            ),
            (
                Risk::High,
                "1 approval by senior-admin, not the requester; evidence of a staging test; a review afterwards; \
                 5m of monitoring afterwards",
            ),
            (
                Risk::Critical,
                "2 approvals by board, not the requester; evidence of a full test with the rollback tested; \
                 a rollback plan; an open maintenance window; a review afterwards; 10m of monitoring afterwards",
            ),
        ] {
            assert_eq!(demand(policy.demand(risk)), words);
        }
    }

    #[test]
    fn a_lack_says_whose_approval_counts() {
        for (other_than_requester, words) in
            [(true, "2 approvals by board, not the requester"), (false, "2 approvals by board")]
        {
            assert_eq!(
                lack(&Lack::Approvals { role: Role::Board, missing: 2, other_than_requester, group: None }),
                words
            );
        }
        assert_eq!(lack(&Lack::Evidence { test: Test::Required }), "evidence of a staging test");
    }

    #[test]
    fn numbers_carry_their_nouns_and_units() {
        assert_eq!(count(1, "path"), "1 path");
        assert_eq!(count(0, "path"), "0 paths");
        assert_eq!(count(2, "entry"), "2 entries");
        assert_eq!(count(1_234_567, "path"), "1,234,567 paths");
        assert_eq!(thousands(999), "999");
        assert_eq!((microseconds(12), microseconds(1_500)), ("12 µs".to_owned(), "1.5 ms".to_owned()));
        assert_eq!(microseconds(2_000_000), "2.0 s");
        assert_eq!(size(2048), "2.00 KiB");
    }
}
