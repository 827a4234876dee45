//! Changes as auditors read them: a line or a section each, every field named.
//!
//! What must stay true: nothing that somebody wrote can pass for structure, neither a column nor Markdown.

use super::{Render, Style, escape, words};
use crate::api::change::{ApprovalView, ChangeView, EvidenceView, ItemView};
use crate::api::emergency::EmergencyView;
use crate::api::export::{ExportRequestsReply, ExportView};

/// The columns of an export, in their order.
pub const COLUMNS: [&str; 27] = [
    "number",
    "id",
    "kind",
    "state",
    "risk",
    "title",
    "reason",
    "ticket",
    "need",
    "impact",
    "test_plan",
    "rollback_plan",
    "requested_by",
    "created_at",
    "approvals",
    "evidence",
    "executed_by",
    "executed_at",
    "version",
    "backup",
    "items",
    "restart",
    "emergency",
    "review",
    "comments",
    "ended_because",
    "identity_asserted",
];

/// What stands in each column for one change; empty where there is nothing.
pub fn fields(row: &ExportView) -> [String; COLUMNS.len()] {
    let change = &row.change;
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let comments = change.comments.iter().map(|said| format!("{} {}: {}", said.at, said.member, said.text));
    let all = [
        number(change.number),
        change.id.clone(),
        change.kind.name(),
        change.state.name(),
        change.risk.to_string(),
        said(&change.dossier.title),
        change.reason.clone(),
        said(&change.ticket),
        said(&change.dossier.need),
        said(&change.dossier.impact),
        said(&change.dossier.test_plan),
        said(&change.rollback_plan),
        change.requested_by.clone(),
        change.created_at.to_string(),
        joined(change.approvals.iter().map(approval)),
        joined(change.evidence.iter().map(evidence)),
        said(&change.executed_by),
        row.executed_at.map(|at| at.to_string()).unwrap_or_default(),
        number(change.version),
        said(&change.backup),
        joined(change.items.iter().map(item)),
        said(&change.restart),
        change.emergency.as_ref().map(emergency).unwrap_or_default(),
        review(change),
        joined(comments),
        said(&change.ended_because),
        change.identity_asserted.to_string(),
    ];
    all.map(|text| escape::line(&text).into_owned())
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join("; ")
}

fn approval(given: &ApprovalView) -> String {
    let ApprovalView { member, decision, proof, at, comment, counts, .. } = given;
    let role = words::acting(given);
    let decision = if decision == "reject" { "rejected" } else { "approved" };
    let counts = if *counts || decision == "rejected" { "" } else { " (does not count)" };
    let comment = comment.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    format!("{decision} by {member} ({role}, {proof}) {at}{counts}{comment}")
}

fn evidence(attached: &EvidenceView) -> String {
    let EvidenceView { name, sha256, by, at, nature, .. } = attached;
    format!("{name} sha256:{sha256} by {by} {at} ({nature})")
}

fn item(item: &ItemView) -> String {
    let value = |value: &Option<_>| value.as_ref().map_or_else(|| "-".to_owned(), words::value);
    format!("{}: {} → {}", item.path, value(&item.before), value(&item.after))
}

fn emergency(mark: &EmergencyView) -> String {
    let skipped = words::skipped(mark.skipped, &mark.demand);
    let answer = mark.answer.map_or("no answer yet", |answer| answer.name());
    format!("{skipped}; asked {} ({answer}); justified: {}", mark.approver, mark.justification)
}

fn review(change: &ChangeView) -> String {
    match &change.review {
        Some(review) => {
            format!("by {} ({}) {}: {}", review.member, review.proof, review.at, review.findings.in_words())
        }
        None if change.unreviewed => "due".to_owned(),
        None => String::new(),
    }
}

/// The beginning of an export in Markdown.
pub fn markdown_head(identity_asserted: bool) -> String {
    let asserted = if identity_asserted {
        "Identity is asserted on this store: whoever can write its file could have forged these names.\n"
    } else {
        ""
    };
    format!("# Changes\n\n{asserted}")
}

/// A section in Markdown for one change: what there is to say of it, and what it did.
pub fn markdown(row: &ExportView) -> String {
    let change = &row.change;
    let number = change.number.map(|number| number.to_string()).unwrap_or_default();
    let mut text = format!("\n## Change {number}\n\n| field | value |\n|---|---|\n");
    for (name, value) in COLUMNS.iter().zip(fields(row)) {
        if !value.is_empty() && !matches!(*name, "number" | "items" | "identity_asserted") {
            text += &format!("| {} | {} |\n", name.replace('_', " "), cell(&value));
        }
    }
    if !change.items.is_empty() {
        text += "\n| path | before | after |\n|---|---|---|\n";
    }
    for item in &change.items {
        let value = |value: &Option<_>| value.as_ref().map_or_else(|| "-".to_owned(), words::value);
        let (before, after) = (value(&item.before), value(&item.after));
        text += &format!("| {} | {} | {} |\n", cell(&escape::line(&item.path)), cell(&before), cell(&after));
    }
    text
}

/// Text that Markdown takes for nothing but text.
fn cell(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '|' | '~' | '!' | ':'
            | '@' => {
                shown.push('\\');
                shown.push(character);
            }
            other => shown.push(other),
        }
    }
    shown
}

impl Render for ExportRequestsReply {
    fn table(&self, _style: &Style) -> String {
        markdown_head(self.identity_asserted) + &self.items.iter().map(markdown).collect::<String>()
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|row| row.change.id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    fn row() -> ExportView {
        let mut change = samples::request().change;
        change.reason = "=1+1 | <b>\u{1b}[2J\nnext".into();
        ExportView { executed_at: Some(change.updated_at), change }
    }

    #[test]
    fn every_column_has_a_field_and_nothing_written_passes_for_markdown() {
        let fields = fields(&row());
        assert_eq!(fields[0], "12");
        assert!(fields[14].starts_with("approved by bob (senior-admin, token:3)"), "{}", fields[14]);
        assert!(fields[20].starts_with("session_timeout_minutes: 120 → 180"));
        let text = markdown(&row());
        assert!(text.contains(r"| reason | =1+1 \| &lt;b&gt;\\u\{1b\}\[2J\\nnext |"), "{text}");
        let columns = |line: &str| line.replace(r"\|", "").matches('|').count();
        for line in text.lines().filter(|line| line.starts_with('|')) {
            assert!(matches!(columns(line), 3 | 4), "{line}");
        }
    }
}
