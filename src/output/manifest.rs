//! The manifest: its text, what is wrong with one, what it would change.

use super::change::warnings;
use super::color::Paint;
use super::facts::Facts;
use super::items::{self, Item};
use super::member::waiting;
use super::{Render, Style, escape, rule, words};
use crate::api::Outcome;
use crate::api::change::ItemView;
use crate::api::manifest::{ApplyManifestReply, CheckManifestReply, DiffManifestReply, ShowManifestReply};
use crate::domain::manifest::Problem;

impl Render for ShowManifestReply {
    fn table(&self, _style: &Style) -> String {
        escape::lines(&self.text).into_owned()
    }

    fn names(&self) -> Vec<String> {
        vec![self.number.to_string()]
    }

    fn raw(&self) -> Option<String> {
        Some(self.text.strip_suffix('\n').unwrap_or(&self.text).to_owned())
    }

    fn remarks(&self, style: &Style) -> Vec<String> {
        let (by, reason) = (escape::line(&self.created_by), escape::line(&self.reason));
        vec![format!("Manifest {}, by {by}, {}: {reason}", self.number, style.time(self.created_at))]
    }
}

/// A problem with its place: `line 12: settings.server.port: message`.
fn problem(problem: &Problem) -> String {
    let line = problem.line.map(|line| format!("line {line}: ")).unwrap_or_default();
    // Most messages name their place themselves.
    let path = if problem.message.starts_with(&problem.path) {
        String::new()
    } else {
        format!("{}: ", problem.path)
    };
    escape::line(&format!("{line}{path}{}", problem.message)).into_owned()
}

impl Render for CheckManifestReply {
    fn table(&self, style: &Style) -> String {
        if self.valid {
            let (settings, rules) =
                (words::count(self.settings as u64, "setting"), words::count(self.rules as u64, "rule"));
            let explained: String =
                self.rules_explained.iter().flatten().map(|rule| rule::explained(rule, style)).collect();
            return format!("{}: {settings}, {rules}\n{explained}", Paint::Green.on("Valid", style));
        }
        let head = Paint::Red.on("Not valid", style);
        let lines: String = self.problems.iter().map(|found| problem(found) + "\n").collect();
        format!("{head}: {}\n{lines}", words::count(self.problems.len() as u64, "problem"))
    }

    fn names(&self) -> Vec<String> {
        self.problems.iter().map(|problem| problem.path.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        warnings(&self.warnings)
    }
}

/// A part that differs, called by its place in the document.
fn part(view: &ItemView) -> Item<'_> {
    Item {
        label: view.path.clone(),
        before: view.before.as_ref(),
        after: view.after.as_ref(),
        base: None,
        base_layer: None,
    }
}

impl Render for DiffManifestReply {
    fn table(&self, style: &Style) -> String {
        let parts: Vec<Item<'_>> = self.items.iter().map(part).collect();
        items::items(&parts, None, style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.path.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        let mut remarks = words::about_list(self.items.len(), "The manifest in force is the same.", None);
        remarks.extend(warnings(&self.warnings));
        remarks
    }
}

impl Render for ApplyManifestReply {
    fn table(&self, style: &Style) -> String {
        if self.outcome == Outcome::Unchanged {
            return format!("Unchanged: manifest {} already is in force.\n", self.number);
        }
        if let Some(awaits) = &self.awaits {
            return waiting(awaits, style) + &items::first(self.items.iter().map(part), style);
        }
        let what = match (self.dry_run, self.outcome) {
            (true, Outcome::Pending) => "would wait for another member of the board",
            (true, _) => "would be in force",
            (false, _) => "is in force",
        };
        let head = Paint::Bold.on(&format!("Manifest {} {what}", self.number), style);
        let mut facts = Facts::default();
        let version =
            self.version.map(|version| format!("{version}, because effective values changed with defaults"));
        facts.maybe("Version", version);
        facts.maybe("Audit", self.audit_head.as_ref());
        format!("{head}\n{}{}", items::first(self.items.iter().map(part), style), facts.text(style))
    }

    fn names(&self) -> Vec<String> {
        vec![self.change.clone()]
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        warnings(&self.warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Format, render, samples};
    use insta::assert_snapshot;
    use serde_json::json;

    fn shown(text: &str) -> ShowManifestReply {
        ShowManifestReply {
            number: 3,
            hash: String::new(),
            created_at: samples::at("2026-11-21T09:30:05Z"),
            created_by: "ann".into(),
            reason: "more room".into(),
            text: text.into(),
        }
    }

    #[test]
    fn a_manifest_is_shown_as_its_text() {
        let reply = shown("instance: prod\n# \u{1b}[2J\n");
        assert_eq!(render(&reply, Format::Table, &Style::PLAIN).unwrap(), "instance: prod\n# \\u{1b}[2J\n");
        assert_eq!(render(&reply, Format::Raw, &Style::PLAIN).unwrap(), reply.text);
        assert_eq!(reply.remarks(&Style::PLAIN), ["Manifest 3, by ann, 2026-11-21 09:30:05Z: more room"]);
    }

    #[test]
    fn problems_stand_with_line_and_place() {
        let found =
            |line, path: &str, message: &str| Problem { line, path: path.into(), message: message.into() };
        let problems = vec![
            found(Some(12), "settings.server.port", "The default 0 is less than the minimum 1."),
            found(None, "", "There is no instance."),
        ];
        let reply = CheckManifestReply {
            valid: false,
            settings: 0,
            rules: 0,
            problems,
            warnings: vec!["Mind it.".into()],
            rules_explained: None,
        };
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        Not valid: 2 problems
        line 12: settings.server.port: The default 0 is less than the minimum 1.
        There is no instance.
        ");
        assert_eq!(reply.remarks(&Style::PLAIN), ["warning: Mind it."]);
        let valid = CheckManifestReply {
            valid: true,
            settings: 12,
            rules: 1,
            problems: vec![],
            warnings: vec![],
            rules_explained: None,
        };
        assert_eq!(valid.table(&Style::PLAIN), "Valid: 12 settings, 1 rule\n");
    }

    #[test]
    fn putting_one_in_force_shows_the_parts_that_differ() {
        let mut reply = ApplyManifestReply {
            outcome: Outcome::Done,
            dry_run: false,
            number: 4,
            change: samples::ID.into(),
            items: vec![samples::item(
                "settings.server.port",
                Some(json!({"default": 1})),
                Some(json!({"default": 2})),
            )],
            awaits: None,
            warnings: vec![],
            version: Some(10),
            audit_head: Some("15:abcd".into()),
        };
        assert_snapshot!(reply.table(&Style::PLAIN), @r#"
        Manifest 4 is in force
          ~ settings.server.port  {"default":1} → {"default":2}
        Version  10, because effective values changed with defaults
        Audit    15:abcd
        "#);
        reply.outcome = Outcome::Unchanged;
        assert_eq!(reply.table(&Style::PLAIN), "Unchanged: manifest 4 already is in force.\n");
    }
}
