//! Change requests: the list, everything an approver decides from, and what a decision did.

use super::change::{Told, conflicts, headline, lacking, restart, risk_facts, times, warnings};
use super::color::Paint;
use super::facts::Facts;
use super::table::{Field, table};
use super::{Render, Style, delivery, emergency, escape, items, words};
use crate::api::change::{ApprovalView, ChangeView, EvidenceView, StepView, Stricter};
use crate::api::change_request::{DecisionReply, ListRequestsReply, RequestSummary, ShowRequestReply};
use crate::domain::change::Validity;

impl Render for ListRequestsReply {
    fn table(&self, style: &Style) -> String {
        let row = |item: &RequestSummary| -> [Field; 7] {
            // What keeps a request from being executed matters more than that it is approved.
            let state = match item.validity {
                Some(validity) if validity != Validity::Valid => format!("{} ({validity})", item.state),
                _ => after_the_fact(item),
            };
            [
                item.number.into(),
                state.into(),
                Field::painted(item.risk, Paint::of_risk(item.risk)),
                item.kind.into(),
                (&item.requested_by).into(),
                style.time(item.created_at).into(),
                item.title.as_ref().unwrap_or(&item.reason).into(),
            ]
        };
        let header = ["NUMBER", "STATE", "RISK", "KIND", "BY", "TIME", "REASON"];
        table(header, self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.id.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "No such change requests.", self.next.as_deref())
    }
}

/// The state, with what an executed change still waits for.
fn after_the_fact(item: &RequestSummary) -> String {
    let restart = (item.restart.as_deref() == Some("pending")).then_some("restart pending");
    let waits: Vec<&str> = restart.into_iter().chain(item.unreviewed.then_some("unreviewed")).collect();
    if waits.is_empty() { item.state.to_string() } else { format!("{} ({})", item.state, waits.join(", ")) }
}

impl Render for ShowRequestReply {
    fn table(&self, style: &Style) -> String {
        let view = &self.change;
        let mut facts = asked(view, &self.issues, style);
        weighed(&mut facts, view, style);
        executed(&mut facts, view, style);
        facts.maybe("Next", self.next.as_ref());
        format!(
            "{}\n{}\n{}",
            headline(view, false, style),
            items::of_change(&view.items, style),
            facts.text(style)
        )
    }

    fn names(&self) -> Vec<String> {
        vec![self.change.id.clone()]
    }
}

/// What is wanted, by whom, why, and whether it still fits.
fn asked(view: &ChangeView, issues: &[String], style: &Style) -> Facts {
    let mut facts = Facts::default();
    let dossier = &view.dossier;
    facts.maybe("Title", dossier.title.as_ref());
    facts.add("Reason", &view.reason);
    facts.maybe("Need", dossier.need.as_ref());
    facts.maybe("Impact", dossier.impact.as_ref());
    facts.maybe("Test plan", dossier.test_plan.as_ref());
    facts.maybe("Wanted", dossier.requested_window.as_ref());
    facts.maybe("Ticket", view.ticket.as_ref());
    facts.add("Kind", view.kind.name());
    facts.maybe("Back to", view.returns_to.as_ref());
    facts.maybe("Trigger", view.trigger.as_ref());
    facts.add("Requested", format!("by {}, {}", view.requested_by, style.time(view.created_at)));
    facts.maybe("Edited", Some(words::list(&dossier.editors)).filter(|_| !dossier.editors.is_empty()));
    facts.maybe("Reviewers", Some(words::list(&dossier.reviewers)).filter(|_| !dossier.reviewers.is_empty()));
    facts.add("Made for", format!("version {}", view.base_version));
    let name = match view.validity {
        Some(Validity::Invalid) => "Invalid",
        Some(Validity::Held) => "Held",
        _ => "Stale",
    };
    for issue in issues {
        facts.paint(name, issue, Paint::Red);
    }
    conflicts(&mut facts, view);
    times(&mut facts, view, style);
    if view.state.is_open() {
        facts.maybe("Expires", view.expires_at.map(|at| style.time(at)));
    }
    facts.maybe("Because", view.ended_because.as_ref());
    facts
}

/// What its risk is and demands, and who decided what on which grounds.
fn weighed(facts: &mut Facts, view: &ChangeView, style: &Style) {
    risk_facts(facts, &view.risk_reasons);
    restart(facts, view);
    facts.add("Demands", words::demand(&view.demand));
    if let Some(Stricter { risk, demand }) = &view.stricter {
        let now = if *risk > view.risk {
            format!("its risk is {risk} by now")
        } else {
            "a stricter policy holds it".to_owned()
        };
        facts.paint("By now", format!("{now}: {}", words::demand(demand)), Paint::Yellow);
    }
    facts.all(
        "Decided",
        view.approvals.iter().map(|approval| decision(approval, view.identity_asserted, style)),
    );
    facts.all("Evidence", view.evidence.iter().map(|evidence| attached(evidence, style)));
    facts.maybe("Plan", view.rollback_plan.as_ref());
    facts.all(
        "Said",
        view.comments.iter().map(|said| format!("{}, {}: {}", said.member, style.time(said.at), said.text)),
    );
    if view.state.is_open() {
        lacking(facts, &view.missing, &view.advice);
    }
    if view.identity_asserted {
        let text = "asserted: whoever can write the store's file could have forged these names";
        facts.paint("Identity", text, Paint::Yellow);
    }
    facts.maybe("Digest", Some(&view.digest).filter(|digest| !digest.is_empty()));
}

fn decision(approval: &ApprovalView, asserted: bool, style: &Style) -> String {
    let ApprovalView { member, proof, .. } = approval;
    let role = words::acting(approval);
    let decision = if approval.decision == "reject" { "rejected" } else { "approved" };
    let asserted = if asserted { ", asserted" } else { "" };
    let comment = approval.comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
    let counts = if approval.counts { "" } else { " (does not count any more)" };
    format!(
        "{decision} by {member} ({role}, {proof}{asserted}), {}{counts}{comment}",
        style.time(approval.at)
    )
}

fn attached(evidence: &EvidenceView, style: &Style) -> String {
    let EvidenceView { name, nature, by, sha256, .. } = evidence;
    let counts = if evidence.counts { "" } else { " (for former content)" };
    let size = words::size(evidence.size);
    format!("{name}, {size}, {nature}, by {by}, {}{counts}, sha256 {sha256}", style.time(evidence.at))
}

/// How it went.
fn executed(facts: &mut Facts, view: &ChangeView, style: &Style) {
    if let Some(by) = &view.executed_by {
        facts.add("Executed", format!("by {by}, {}", style.time(view.updated_at)));
    }
    facts.maybe("Version", view.version.map(|version| version.to_string()));
    facts.maybe("Backup", view.backup.as_ref());
    if let Some(mark) = &view.emergency {
        emergency::mark(facts, mark, view.review.is_some(), style);
    }
    if let Some(review) = &view.review {
        emergency::review(facts, review, style);
    } else if view.unreviewed && view.emergency.is_none() {
        facts.add("Review", "has yet to be made");
    }
    for step in &view.steps {
        let paint = if step.status == "failed" { Paint::Red } else { Paint::Plain };
        facts.paint("Steps", step_line(step), paint);
    }
    delivery::facts(facts, view);
}

fn step_line(step: &StepView) -> String {
    let StepView { name, status, result, duration_us } = step;
    format!("{name} {status} in {}: {result}", words::microseconds(*duration_us))
}

impl Render for DecisionReply {
    fn table(&self, style: &Style) -> String {
        let audit_head = self.audit_head.as_deref();
        let next = self.next.as_deref();
        if !self.comes_back.is_empty() {
            let name = self.change.number.map_or_else(|| self.change.id.clone(), |number| number.to_string());
            let head = Paint::Bold.on(&format!("Change {} would be taken back", escape::line(&name)), style);
            return format!("{head}\n{}", items::of_change(&self.comes_back, style));
        }
        Told { view: &self.change, outcome: self.outcome, dry_run: self.dry_run, next, audit_head }
            .text(style)
    }

    fn names(&self) -> Vec<String> {
        vec![self.change.id.clone()]
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        warnings(&self.warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::State;
    use crate::output::samples;
    use insta::assert_snapshot;

    #[test]
    fn an_approver_sees_everything_they_decide_from() {
        assert_snapshot!(samples::request().table(&Style::PLAIN), @r"
        Change request 12 (01JD0000000000000000000000) waits: high risk
          ~ session_timeout_minutes  120 → 180

        Reason     people are logged out in meetings
        Ticket     OPS-1
        Kind       set
        Requested  by ann, 2026-11-21 09:30:05Z
        Made for   version 8
        Stale      session_timeout_minutes changed: bob did at version 9
        Expires    2026-12-05 09:30:05Z
        Risk       high: registered so
        Restart    needed of web, worker
        Demands    1 approval by senior-admin, not the requester; evidence of a staging test; a review afterwards; 5m of monitoring afterwards
        Decided    approved by bob (senior-admin, token:3, asserted), 2026-11-21 09:30:05Z (does not count any more): before the edit\u{1b}[2J
        Evidence   staging.txt, 2.00 KiB, attached, not measured, by ann, 2026-11-21 09:30:05Z, sha256 eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee
        Plan       undo it
        Missing    1 approval by senior-admin, not the requester
                   evidence of a staging test
        Identity   asserted: whoever can write the store's file could have forged these names
        Digest     dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
        Next       cfgctl change-request refresh 01JD0000000000000000000000
        ");
        assert_eq!(samples::request().names(), [samples::ID]);
    }

    #[test]
    fn an_executed_change_shows_how_it_went() {
        let mut reply = samples::request();
        reply.change = samples::applied().change.unwrap_or(reply.change);
        reply.next = None;
        let text = reply.table(&Style::PLAIN);
        let steps: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("Executed")).collect();
        assert_snapshot!(steps.join("\n"), @"
        Executed   by ann, 2026-11-21 09:30:05Z
        Version    9
        Backup     config_backup_change_12_20261121_093005.json
        Steps      validation completed in 85 µs: 1 value is valid
                   apply_change completed in 2.3 ms: version 9
        ");
    }

    #[test]
    fn a_decision_says_where_the_request_stands() {
        for (state, dry_run, start) in [
            (
                State::Approved,
                false,
                "Change request 12 (01JD0000000000000000000000) is approved and waits to be executed: high risk",
            ),
            (
                State::Approved,
                true,
                "Change request 12 (01JD0000000000000000000000) would be approved: high risk",
            ),
            (State::Rejected, false, "Change request 12 (01JD0000000000000000000000) was rejected\n"),
            (State::Cancelled, true, "Change request 12 (01JD0000000000000000000000) would be cancelled\n"),
            (State::Completed, true, "Change 12 would be applied (high risk)"),
        ] {
            let text = samples::decided(state, dry_run).table(&Style::PLAIN);
            assert!(text.starts_with(start), "{text}");
        }
        assert_snapshot!(samples::decided(State::Rejected, false).table(&Style::PLAIN), @"
        Change request 12 (01JD0000000000000000000000) was rejected
          ~ session_timeout_minutes  120 → 180
        Because  not tonight
        Audit    14:3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c
        ");
    }

    #[test]
    fn requests_are_listed_a_line_each() {
        assert_snapshot!(samples::requests().table(&Style::PLAIN), @"
        NUMBER  STATE    RISK  KIND  BY   TIME                  REASON
        12      pending  high  set   ann  2026-11-21 09:30:05Z  people are logged out
        ");
        assert_eq!(samples::requests().remarks(&Style::PLAIN), ["There is more: --after 7"]);
    }
}
