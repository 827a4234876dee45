//! What became of a change, as an operator at night must grasp it at once.

use super::color::Paint;
use super::facts::Facts;
use super::{Render, Style, delivery, emergency, escape, items, words};
use crate::api::Outcome;
use crate::api::change::{ChangeReply, ChangeView};
use crate::domain::approval::Lack;
use crate::domain::change::{Kind, State};
use crate::domain::path::Path;
use crate::domain::risk::RiskReason;

/// How many unchanged paths are named.
const MOST_UNCHANGED: usize = 10;

/// What there is to say of a change that was just made, decided about, or only tried.
pub(super) struct Told<'a> {
    /// The change.
    pub(super) view: &'a ChangeView,
    /// What it amounts to.
    pub(super) outcome: Outcome,
    /// Whether nothing happened yet.
    pub(super) dry_run: bool,
    /// The command to type next.
    pub(super) next: Option<&'a str>,
    /// The audit chain's head after it.
    pub(super) audit_head: Option<&'a str>,
}

impl Told<'_> {
    /// The headline, the items, and what to know or type next.
    pub(super) fn text(&self, style: &Style) -> String {
        let text = self.before_facts(style);
        text + &self.facts(style).text(style)
    }

    /// The headline and the items.
    pub(super) fn before_facts(&self, style: &Style) -> String {
        headline(self.view, self.dry_run, style) + "\n" + &items::of_change(&self.view.items, style)
    }

    /// What is missing, where the backup is, how to undo it.
    pub(super) fn facts(&self, style: &Style) -> Facts {
        let view = self.view;
        let mut facts = Facts::default();
        if matches!(
            view.state,
            State::Rejected | State::Cancelled | State::Expired | State::RolledBack | State::Failed
        ) {
            facts.maybe("Because", view.ended_because.as_ref());
        }
        let was_executed = view.state.was_executed() && !self.dry_run;
        if self.dry_run || view.state.is_open() {
            risk_facts(&mut facts, &view.risk_reasons);
            lacking(&mut facts, &view.missing, &view.advice);
        }
        if let Some(mark) = &view.emergency {
            emergency::mark(&mut facts, mark, view.review.is_some(), style);
        }
        if let Some(review) = &view.review {
            emergency::review(&mut facts, review, style);
        }
        restart(&mut facts, view);
        delivery::facts(&mut facts, view);
        times(&mut facts, view, style);
        conflicts(&mut facts, view);
        if was_executed {
            facts.maybe("Backup", view.backup.as_ref());
        }
        facts.maybe("Audit", self.audit_head);
        if !self.dry_run {
            if self.outcome == Outcome::Done || self.outcome == Outcome::No {
                facts.maybe("Undo", undo(view));
            }
            facts.maybe("Next", self.next);
        }
        facts
    }
}

/// One line that says what became of it.
pub(super) fn headline(view: &ChangeView, dry_run: bool, style: &Style) -> String {
    let risk = format!("{} risk", Paint::of_risk(view.risk).on(view.risk.as_str(), style));
    let Some(number) = view.number else {
        let what = match (view.emergency.is_some(), view.missing.is_empty()) {
            (true, _) => "Would apply as an emergency",
            (false, true) => "Would apply",
            (false, false) => "Would wait for approval",
        };
        return format!("{}: {risk}", Paint::Bold.on(what, style));
    };
    let name = if view.emergency.is_some() { "Emergency change" } else { "Change" };
    let (happened, would, shows_risk) = match view.state {
        State::Completed => {
            let waits = view.restart.as_deref() == Some("pending");
            let what = match (dry_run, waits) {
                (true, _) => "would be applied",
                (false, true) => "applied; a restart is pending",
                (false, false) => "applied",
            };
            let version = view.version.filter(|_| !dry_run).map(|version| format!(": version {version}"));
            let head = Paint::Bold.on(&format!("{name} {number} {what}"), style);
            return format!("{head}{} ({risk})", version.unwrap_or_default());
        }
        State::Confirming => {
            let version = view.version.map(|version| format!(": version {version}")).unwrap_or_default();
            let head = Paint::Bold.on(&format!("{name} {number} applied, and waits to be confirmed"), style);
            return format!("{head}{version} ({risk})");
        }
        State::Executing | State::Monitoring => {
            let version = view.version.map(|version| format!(": version {version}")).unwrap_or_default();
            let what = if view.state == State::Executing {
                "is in force, and on its way to the services"
            } else {
                "applied, and its services are watched"
            };
            let head = Paint::Bold.on(&format!("{name} {number} {what}"), style);
            return format!("{head}{version} ({risk})");
        }
        State::RolledBack => {
            let failed = view.taken_back.as_ref().is_some_and(|back| back.state == State::Failed);
            let what = if failed { "was rolled back, and that failed" } else { "was rolled back" };
            let head = Paint::Bold.on(&format!("{name} {number} {what}"), style);
            return format!("{head} ({risk})");
        }
        State::Failed => {
            let head = Paint::Bold.on(&format!("{name} {number} failed, and needs a person"), style);
            return format!("{head} ({risk})");
        }
        State::Draft => ("is a draft", "would stay a draft", true),
        State::Scheduled => ("is approved and scheduled", "would be scheduled", true),
        State::Pending => ("waits", "would still wait", true),
        State::Approved => ("is approved and waits to be executed", "would be approved", true),
        State::Rejected => ("was rejected", "would be rejected", false),
        State::Cancelled => ("was cancelled", "would be cancelled", false),
        State::Expired => ("has expired", "has expired", false),
    };
    let head = Paint::Bold.on(&format!("Change request {number}"), style);
    let what = if dry_run { would } else { happened };
    let risk = if shows_risk { format!(": {risk}") } else { String::new() };
    format!("{head} ({}) {what}{risk}", escape::line(&view.id))
}

/// Why a change has its risk, a reason a line.
pub(super) fn risk_facts(facts: &mut Facts, reasons: &[RiskReason]) {
    for reason in reasons.iter().take(items::MOST_ITEMS) {
        facts.paint("Risk", format!("{}: {}", reason.risk, reason.reason), Paint::of_risk(reason.risk));
    }
    if let Some(more) = reasons.len().checked_sub(items::MOST_ITEMS).filter(|more| *more > 0) {
        facts.add("Risk", format!("… and {}; -o json lists all", words::count(more as u64, "more reason")));
    }
}

/// What is missing, and what would be better to have.
pub(super) fn lacking(facts: &mut Facts, missing: &[Lack], advice: &[Lack]) {
    missing.iter().for_each(|lack| facts.paint("Missing", words::lack(lack), Paint::Bold));
    facts.all("Advised", advice.iter().map(words::lack));
}

/// When it is to be executed, or confirmed at the latest.
pub(super) fn times(facts: &mut Facts, view: &ChangeView, style: &Style) {
    facts.maybe("Scheduled", view.scheduled_at.map(|at| style.time(at)));
    if let Some(at) = view.confirm_by {
        let text = format!("by {}, or the former state returns", style.time(at));
        facts.paint("Confirm", text, Paint::Yellow);
    }
}

/// Other open requests on its paths.
pub(super) fn conflicts(facts: &mut Facts, view: &ChangeView) {
    for other in &view.conflicts {
        let text =
            format!("request {} by {} would change {} too", other.number, other.requested_by, other.path);
        facts.paint("Conflict", text, Paint::Yellow);
    }
}

/// The services it touches, and that those that must restart were restarted.
pub(super) fn restart(facts: &mut Facts, view: &ChangeView) {
    if view.restart.as_deref() == Some("recorded") {
        facts.add("Restart", format!("recorded, of {}", words::list(&view.dossier.restarted)));
    } else if view.restart_required || view.delivery.is_empty() {
        reach(facts, view.restart_required, &view.affected_services);
    }
}

/// The services it touches.
pub(super) fn reach(facts: &mut Facts, restart_required: bool, services: &[String]) {
    match (restart_required, services.is_empty()) {
        (true, true) => facts.paint("Restart", "needed before it takes effect", Paint::Yellow),
        (true, false) => {
            facts.paint("Restart", format!("needed of {}", words::list(services)), Paint::Yellow)
        }
        (false, false) => facts.add("Services", words::list(services)),
        (false, true) => {}
    }
}

fn undo(view: &ChangeView) -> Option<String> {
    let can = view.state == State::Completed && !view.kind.governs() && view.kind != Kind::Reload;
    view.number.filter(|_| can).map(|number| format!("cfgctl undo {number} --reason \"…\""))
}

/// What was asked for and is so already.
fn unchanged(paths: &[Path]) -> String {
    match paths {
        [] => "Unchanged: nothing had to be done.\n".to_owned(),
        [path] => format!("Unchanged: {} already is as asked.\n", escape::line(path.as_str())),
        paths => format!(
            "Unchanged: {} already are as asked: {}.\n",
            words::count(paths.len() as u64, "path"),
            named(paths)
        ),
    }
}

fn named(paths: &[Path]) -> String {
    let names: Vec<_> = paths.iter().take(MOST_UNCHANGED).map(|path| escape::line(path.as_str())).collect();
    let more = paths.len().saturating_sub(MOST_UNCHANGED);
    let rest = if more > 0 { format!(" and {} more", words::thousands(more as u64)) } else { String::new() };
    names.join(", ") + &rest
}

/// The warnings, escaped.
pub(super) fn warnings(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| format!("warning: {}", escape::line(text))).collect()
}

impl Render for ChangeReply {
    fn table(&self, style: &Style) -> String {
        let Some(view) = &self.change else { return unchanged(&self.unchanged) };
        let told = Told {
            view,
            outcome: self.outcome,
            dry_run: self.dry_run,
            next: self.next.as_deref(),
            audit_head: self.audit_head.as_deref(),
        };
        let mut text = told.text(style);
        if !self.unchanged.is_empty() {
            text += &unchanged(&self.unchanged);
        }
        text
    }

    fn names(&self) -> Vec<String> {
        self.change.iter().map(|change| change.id.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        warnings(&self.warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;
    use insta::assert_snapshot;

    #[test]
    fn an_applied_change_says_what_it_did_and_how_to_undo_it() {
        assert_snapshot!(samples::applied().table(&Style::PLAIN), @r#"
        Change 12 applied: version 9 (medium risk)
          ~ session_timeout_minutes  120 → 180
        Backup  config_backup_change_12_20261121_093005.json
        Audit   14:3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c
        Undo    cfgctl undo 12 --reason "…"
        "#);
        assert_eq!(samples::applied().names(), [samples::ID]);
    }

    #[test]
    fn a_waiting_change_says_what_is_missing_and_what_to_type() {
        assert_snapshot!(samples::pending().table(&Style::PLAIN), @r"
        Change request 12 (01JD0000000000000000000000) waits: high risk
          ~ session_timeout_minutes  120 → 180
        Risk     high: registered so
        Missing  1 approval by senior-admin, not the requester
                 evidence of a staging test
        Restart  needed of web, worker
        Audit    14:3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c
        ");
    }

    #[test]
    fn a_dry_run_says_what_would_happen() {
        assert_snapshot!(samples::tried().table(&Style::PLAIN), @r"
        Would apply: medium risk
          ~ session_timeout_minutes  120 → 180
        Risk     medium: registered so
        Advised  evidence of a staging test
        ");
        let mut waits = samples::tried();
        waits.change.as_mut().unwrap().missing.push(Lack::RollbackPlan);
        assert!(waits.table(&Style::PLAIN).starts_with("Would wait for approval: medium risk\n"));
    }

    #[test]
    fn a_change_that_did_not_take_effect_says_how_far_each_service_has_come_and_what_took_it_back() {
        assert_snapshot!(samples::taken_back(State::Completed).table(&Style::PLAIN), @"
        Change 12 was rolled back (low risk)
          ~ session_timeout_minutes  120 → 180
        Because     it did not take effect at web
        Service     web: failed: It does not run with the new value.
                    jobs: verified in 140.0 ms
        Taken back  by change 13
        Now         web: verified in 140.0 ms
                    jobs: verified in 140.0 ms
        Kept        server.name: changed since by somebody else
        Audit       14:3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c
        ");
        assert_snapshot!(samples::taken_back(State::Failed).table(&Style::PLAIN), @"
        Change 12 was rolled back, and that failed (low risk)
          ~ session_timeout_minutes  120 → 180
        Because     it did not take effect at web
        Service     web: failed: It does not run with the new value.
                    jobs: verified in 140.0 ms
        Taken back  by change 13, which the services below did not all take: a person is needed
        Now         web: failed: It is not well.
                    jobs: verified in 140.0 ms
        Kept        server.name: changed since by somebody else
        Audit       14:3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c
        ");
    }

    #[test]
    fn what_is_so_already_is_said_so() {
        for (paths, text) in [
            (&["server.port"][..], "Unchanged: server.port already is as asked.\n"),
            (&["a", "b"], "Unchanged: 2 paths already are as asked: a, b.\n"),
            (&[], "Unchanged: nothing had to be done.\n"),
        ] {
            assert_eq!(samples::unchanged(paths).table(&Style::PLAIN), text);
        }
        assert!(samples::unchanged(&["a"]).names().is_empty());
    }
}
