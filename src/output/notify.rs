//! What became of trying the notify command.

use super::change::warnings;
use super::color::Paint;
use super::facts::Facts;
use super::{Render, Style, words};
use crate::api::Outcome;
use crate::api::notify::TestNotifyReply;

impl Render for TestNotifyReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        match &self.result {
            Some(result) if self.outcome == Outcome::Done => facts.paint("Result", result, Paint::Green),
            Some(result) => facts.paint("Result", result, Paint::Red),
            None => facts.add("Would run", &self.program),
        }
        facts.add("Event", self.notice.event.as_str());
        facts.add("Summary", &self.notice.summary);
        facts.maybe("Took", self.duration_us.map(words::microseconds));
        facts.all("Output", &self.stdout);
        facts.all("Errors", &self.stderr);
        facts.maybe("Audit", self.audit_head.as_ref());
        facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        vec![self.program.clone()]
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        warnings(&self.warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::{Event, Notice};
    use crate::domain::time::Span;
    use crate::output::samples;
    use insta::assert_snapshot;

    fn tried(outcome: Outcome, result: Option<&str>) -> TestNotifyReply {
        let notice = Notice {
            event: Event::Outcome,
            summary: "prod: ann tests how people are told of this (outcome); nothing has happened.".into(),
            instance: "prod".into(),
            change: None,
            id: None,
            kind: None,
            state: None,
            risk: None,
            by: "ann".into(),
            reason: "test".into(),
            to: vec!["ann".into()],
            missing: vec![],
            next: None,
            at: samples::at("2026-11-21T09:30:05Z"),
        };
        TestNotifyReply {
            outcome,
            dry_run: result.is_none(),
            program: "/usr/local/bin/tell".into(),
            timeout: Span::seconds(10),
            result: result.map(str::to_owned),
            exit_code: result.map(|_| 7),
            duration_us: result.map(|_| 12_300),
            stdout: vec![],
            stderr: result.map(|_| "no route\u{1b}[31m to host".to_owned()).into_iter().collect(),
            notice,
            warnings: vec!["The command is not told of this in earnest.".into()],
            audit_head: None,
        }
    }

    #[test]
    fn a_command_that_failed_shows_what_it_said_with_nothing_for_the_terminal() {
        let reply = tried(Outcome::No, Some("/usr/local/bin/tell ended with exit code 7."));
        assert_snapshot!(reply.table(&Style::PLAIN), @r"
        Result   /usr/local/bin/tell ended with exit code 7.
        Event    outcome
        Summary  prod: ann tests how people are told of this (outcome); nothing has happened.
        Took     12.3 ms
        Errors   no route\u{1b}[31m to host
        ");
        assert_eq!(reply.remarks(&Style::PLAIN), ["warning: The command is not told of this in earnest."]);
    }

    #[test]
    fn a_command_that_was_not_run_says_what_would_be() {
        assert_snapshot!(tried(Outcome::Done, None).table(&Style::PLAIN), @r"
        Would run  /usr/local/bin/tell
        Event      outcome
        Summary    prod: ann tests how people are told of this (outcome); nothing has happened.
        ");
    }
}
