//! Emergencies: what became of one, the mark it bears, the list of them, and whom to call.

use super::change::{Told, warnings};
use super::color::Paint;
use super::facts::Facts;
use super::table::{Field, or_dash, table};
use super::{Render, Style, escape, words};
use crate::api::emergency::{
    ContactsReply, EmergencyReply, EmergencySummary, EmergencyView, ListEmergenciesReply, SettledView,
};
use crate::api::review::ReviewView;
use crate::domain::emergency::{Answer, Settlement};
use crate::domain::manifest::Contact;
use crate::domain::review::Findings;

impl Render for EmergencyReply {
    fn table(&self, style: &Style) -> String {
        let Some(view) = &self.change.change else { return self.change.table(style) };
        let told = Told {
            view,
            outcome: self.change.outcome,
            dry_run: self.change.dry_run,
            next: self.change.next.as_deref(),
            audit_head: self.change.audit_head.as_deref(),
        };
        told.text(style)
    }

    fn names(&self) -> Vec<String> {
        self.change.names()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        let mut remarks = warnings(&self.change.warnings);
        remarks.extend(self.settled.as_ref().map(|settled| what_was_settled(settled, self.change.dry_run)));
        if let Some(name) = &self.confirm_name {
            let name = escape::line(name);
            remarks.push(format!("This asks to type {name}; without a terminal: --answer {name}"));
        }
        remarks
    }
}

/// What became of the change that waited to be confirmed.
fn what_was_settled(settled: &SettledView, dry_run: bool) -> String {
    let what = match (settled.how, dry_run, settled.taken_back_by) {
        (Settlement::Confirm, true, _) => "would stay".to_owned(),
        (Settlement::Confirm, false, _) => "stays".to_owned(),
        (Settlement::Cancel, true, _) => "would be taken back first".to_owned(),
        (Settlement::Cancel, false, Some(by)) => format!("was taken back first, by change {by}"),
        (Settlement::Cancel, false, None) => "was taken back first".to_owned(),
    };
    format!("Change {}, which waited to be confirmed, {what}.", settled.change)
}

/// What an emergency skipped, who was asked, and what it owes.
pub(super) fn mark(facts: &mut Facts, mark: &EmergencyView, reviewed: bool, style: &Style) {
    facts.paint("Emergency", words::skipped(mark.skipped, &mark.demand), Paint::Yellow);
    if !mark.justification.is_empty() {
        facts.add("Justified", &mark.justification);
    }
    if !mark.approver.is_empty() {
        asked(facts, mark, style);
    }
    if !reviewed {
        let (text, paint) = if mark.overdue {
            (format!("was due by {}", style.time(mark.review_due)), Paint::Red)
        } else {
            (format!("due by {}", style.time(mark.review_due)), Paint::Plain)
        };
        facts.paint("Review", text, paint);
    }
}

/// Who was asked, and what they say of it.
fn asked(facts: &mut Facts, mark: &EmergencyView, style: &Style) {
    let approver = &mark.approver;
    let when = mark.answered_at.map(|at| style.time(at)).unwrap_or_default();
    let proof = mark.answered_proof.as_deref().unwrap_or_default();
    let comment = mark.answer_comment.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let (text, paint) = match mark.answer {
        None => (format!("{approver}, who has yet to say so"), Paint::Plain),
        Some(Answer::Acknowledged) => {
            (format!("{approver}, who says so ({proof}), {when}{comment}"), Paint::Plain)
        }
        Some(Answer::Denied) => (format!("{approver}, who DENIES it ({proof}), {when}{comment}"), Paint::Red),
    };
    facts.paint("Asked", text, paint);
}

/// What was found when a change was looked back on.
pub(super) fn review(facts: &mut Facts, review: &ReviewView, style: &Style) {
    let ReviewView { member, proof, at, findings } = review;
    facts.add("Review", format!("by {member} ({proof}), {}: {}", style.time(*at), findings.in_words()));
}

impl Render for ListEmergenciesReply {
    fn table(&self, style: &Style) -> String {
        let row = |item: &EmergencySummary| -> [Field; 8] {
            [
                item.number.into(),
                style.time(item.at).into(),
                (&item.by).into(),
                Field::painted(item.risk, Paint::of_risk(item.risk)),
                item.emergency.skipped.into(),
                who_was_asked(&item.emergency),
                where_review_stands(item, style),
                (&item.reason).into(),
            ]
        };
        let header = ["NUMBER", "TIME", "BY", "RISK", "SKIPPED", "ASKED", "REVIEW", "REASON"];
        table(header, self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.id.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "No such emergencies.", self.next.as_deref())
    }
}

fn who_was_asked(mark: &EmergencyView) -> Field {
    match mark.answer {
        None => format!("{} (no answer yet)", mark.approver).into(),
        Some(Answer::Acknowledged) => format!("{} (acknowledged)", mark.approver).into(),
        Some(Answer::Denied) => Field::painted(format!("{} (DENIED)", mark.approver), Paint::Red),
    }
}

fn where_review_stands(item: &EmergencySummary, style: &Style) -> Field {
    let due = style.time(item.emergency.review_due);
    let by =
        if item.reviewers.is_empty() { "nobody present".to_owned() } else { words::list(&item.reviewers) };
    match &item.review {
        Some(review) => {
            let right = matches!(review.findings, Findings::Emergency { right: true, .. });
            format!("by {}: {}", review.member, if right { "right" } else { "not right" }).into()
        }
        None if item.emergency.overdue => Field::painted(format!("overdue since {due}, by {by}"), Paint::Red),
        None => format!("due by {due}, by {by}").into(),
    }
}

impl Render for ContactsReply {
    fn table(&self, style: &Style) -> String {
        let row = |contact: &Contact| -> [Field; 6] {
            [
                (&contact.role).into(),
                (&contact.name).into(),
                or_dash(contact.phone.as_ref()),
                or_dash(contact.chat.as_ref()),
                or_dash(contact.email.as_ref()),
                or_dash(contact.url.as_ref()),
            ]
        };
        table(["ROLE", "NAME", "PHONE", "CHAT", "EMAIL", "URL"], self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|contact| contact.name.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        let hint = "The manifest names nobody to call: add `contacts`, and cfgctl manifest apply FILE.";
        if self.items.is_empty() { vec![hint.to_owned()] } else { Vec::new() }
    }
}
