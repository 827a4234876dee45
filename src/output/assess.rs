//! Whether values would be accepted, and what a change of them would mean.

use super::change::{lacking, reach, risk_facts, warnings};
use super::color::Paint;
use super::facts::Facts;
use super::{Render, Style, escape, items, words};
use crate::api::change::{AssessReply, Issue, ValidateReply};
use crate::domain::path::Path;

fn issue_line(issue: &Issue) -> String {
    let rule = issue.rule.as_ref().map(|rule| format!("rule {rule}"));
    // Most messages name their path themselves.
    let named = |path: &&Path| !issue.message.starts_with(path.as_str());
    let place = match (issue.path.as_ref().filter(named), rule) {
        (Some(path), Some(rule)) => format!("{path} ({rule}): "),
        (Some(path), None) => format!("{path}: "),
        (None, Some(rule)) => format!("{rule}: "),
        (None, None) => String::new(),
    };
    escape::line(&format!("{place}{}", issue.message)).into_owned()
}

fn verdict(reply: &ValidateReply, style: &Style) -> String {
    let checked = words::count(reply.checked as u64, "value");
    if reply.valid {
        return format!("{}: {checked}\n", Paint::Green.on("Valid", style));
    }
    let issues = words::count(reply.issues.len() as u64, "issue");
    let lines: String = reply.issues.iter().map(|issue| format!("  {}\n", issue_line(issue))).collect();
    format!("{}: {issues} in {checked}\n{lines}", Paint::Red.on("Not valid", style))
}

impl Render for ValidateReply {
    fn table(&self, style: &Style) -> String {
        verdict(self, style)
    }

    fn names(&self) -> Vec<String> {
        self.issues.iter().filter_map(|issue| issue.path.as_ref()).map(ToString::to_string).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        warnings(&self.warnings)
    }
}

impl Render for AssessReply {
    fn table(&self, style: &Style) -> String {
        let risk = self.risk_level;
        let head = format!("{} risk\n", Paint::of_risk(risk).on(risk.as_str(), style));
        let mut facts = Facts::default();
        risk_facts(&mut facts, &self.risk_reasons);
        facts.add("Demands", &self.demand);
        lacking(&mut facts, &self.missing, &self.advice);
        reach(&mut facts, self.restart_required, &self.affected_services);
        head + &items::of_change(&self.items, style)
            + &facts.text(style)
            + &verdict(&self.validation_results, style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.path.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        warnings(&self.validation_results.warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{path::Path, risk::Risk, value::Value};
    use crate::output::samples;
    use insta::assert_snapshot;

    #[test]
    fn validation_lists_every_issue_with_its_place() {
        let issue = |path: Option<&str>, rule: Option<&str>, message: &str| Issue {
            path: path.map(|path| Path::parse(path).unwrap()),
            rule: rule.map(str::to_owned),
            credential: None,
            message: message.to_owned(),
        };
        let issues = vec![
            issue(Some("server.port"), None, "0 is less than the minimum 1."),
            issue(None, Some("pool-fits"), "The pool is larger than the database allows.\u{1b}[2J"),
        ];
        let reply = ValidateReply { valid: false, checked: 3, issues, warnings: vec!["Odd\u{7}.".into()] };
        assert_snapshot!(reply.table(&Style::PLAIN), @r"
        Not valid: 2 issues in 3 values
          server.port: 0 is less than the minimum 1.
          rule pool-fits: The pool is larger than the database allows.\u{1b}[2J
        ");
        assert_eq!(
            (reply.names(), reply.remarks(&Style::PLAIN)),
            (vec!["server.port".into()], vec!["warning: Odd\\u{7}.".into()])
        );
    }

    #[test]
    fn an_assessment_says_risk_reach_and_demand() {
        let view = samples::pending().change.unwrap();
        let reply = AssessReply {
            restart_required: true,
            affected_services: view.affected_services,
            risk_level: Risk::High,
            validation_results: ValidateReply { valid: true, checked: 1, issues: vec![], warnings: vec![] },
            risk_reasons: view.risk_reasons,
            demand: words::demand(&view.demand),
            missing: view.missing,
            advice: vec![],
            items: vec![samples::item("certificate", None, Some(Value::from("x")))],
        };
        assert_snapshot!(reply.table(&Style::PLAIN), @r"
        high risk
          + certificate  x
        Risk     high: registered so
        Demands  1 approval by senior-admin, not the requester; evidence of a staging test; a review afterwards; 5m of monitoring afterwards
        Missing  1 approval by senior-admin, not the requester
                 evidence of a staging test
        Restart  needed of web, worker
        Valid: 1 value
        ");
        assert_eq!(reply.names(), ["certificate"]);
    }
}
