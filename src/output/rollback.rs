//! What going back did, path by path.

use super::change::{Told, warnings};
use super::color::Paint;
use super::facts::Facts;
use super::table::{Field, or_dash, table};
use super::{Render, Style, escape, items, words};
use crate::api::rollback::{PathResult, RollbackReply};
use std::collections::BTreeMap;

/// The order in which the counts of what became of paths are said.
const STATUSES: [&str; 5] = ["restored", "unset", "unchanged", "pending", "failed"];

impl Render for RollbackReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        facts.add("Back to", &self.to);
        facts.maybe("Results", counts(&self.results));
        let results = results(&self.results, style);
        let gap = if results.is_empty() { "" } else { "\n" };
        let Some(view) = &self.change.change else {
            return format!("{}{}{gap}{results}", self.change.table(style), facts.text(style));
        };
        let told = Told {
            view,
            outcome: self.change.outcome,
            dry_run: self.change.dry_run,
            next: self.change.next.as_deref(),
            audit_head: self.change.audit_head.as_deref(),
        };
        let facts = facts.followed_by(told.facts(style));
        format!("{}{}{gap}{results}", told.before_facts(style), facts.text(style))
    }

    fn names(&self) -> Vec<String> {
        self.change.names()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        let mut remarks = warnings(&self.change.warnings);
        if let Some(name) = &self.confirm_name {
            let name = escape::line(name);
            remarks.push(format!("This asks to type {name}; without a terminal: --answer {name}"));
        }
        remarks
    }
}

/// How many paths became what: `12 restored, 1 failed`.
fn counts(results: &[PathResult]) -> Option<String> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    results.iter().for_each(|result| *counts.entry(&result.status).or_default() += 1);
    let said = STATUSES.iter().filter_map(|status| counts.remove_entry(status)).collect::<Vec<_>>();
    let all =
        said.into_iter().chain(counts).map(|(status, count)| format!("{} {status}", words::thousands(count)));
    (!results.is_empty()).then(|| all.collect::<Vec<_>>().join(", "))
}

/// A line a path: the first fifty, and every failed one.
fn results(results: &[PathResult], style: &Style) -> String {
    let shown = results
        .iter()
        .enumerate()
        .filter(|(index, result)| *index < items::MOST_ITEMS || result.error.is_some());
    let rows: Vec<[Field; 3]> = shown
        .map(|(_, result)| {
            let paint = if result.status == "failed" { Paint::Red } else { Paint::Plain };
            [(&result.path).into(), Field::painted(&result.status, paint), or_dash(result.error.as_ref())]
        })
        .collect();
    let more = results.len() - rows.len();
    let rest = if more > 0 {
        format!("… and {} more; -o json lists all\n", words::thousands(more as u64))
    } else {
        String::new()
    };
    table(["PATH", "RESULT", "WHY"], rows, style) + &rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;
    use insta::assert_snapshot;

    #[test]
    fn going_back_reports_every_path() {
        assert_snapshot!(samples::rolled_back().table(&Style::PLAIN), @r#"
        Change 12 applied: version 9 (medium risk)
          ~ session_timeout_minutes  120 → 180
        Back to  version 7
        Results  1 restored, 1 failed
        Backup   config_backup_change_12_20261121_093005.json
        Audit    14:3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c
        Undo     cfgctl undo 12 --reason "…"

        PATH                     RESULT    WHY
        session_timeout_minutes  restored  -
        workers                  failed    must be at most 100
        "#);
        assert_eq!(samples::rolled_back().names(), [samples::ID]);
    }

    #[test]
    fn failures_are_named_however_many_paths_there_are() {
        let mut reply = samples::rolled_back();
        let failed = reply.results.iter().find(|result| result.error.is_some()).cloned().unwrap();
        let fine = reply.results[0].clone();
        reply.results = std::iter::repeat_n(fine, 2000).chain([failed]).collect();
        let text = reply.table(&Style::PLAIN);
        assert!(text.contains("2,000 restored, 1 failed"), "{text}");
        assert!(text.contains("must be at most 100") && text.contains("… and 1,950 more"), "{text}");
    }
}
