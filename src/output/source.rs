//! The sources: how they stand, and what is wrong with them.

use super::change::warnings;
use super::color::Paint;
use super::table::{Field, or_dash, table};
use super::{Render, Style, words};
use crate::api::reload::SourceResult;
use crate::api::source::{CheckSourcesReply, ListSourcesReply, SourceView};

impl Render for ListSourcesReply {
    fn table(&self, style: &Style) -> String {
        let row = |view: &SourceView| -> [Field; 8] {
            let status = match (view.ok, view.breaker.as_deref()) {
                (_, Some("open")) => Field::painted("left alone", Paint::Red),
                (Some(true), _) => "ok".into(),
                (Some(false), _) => Field::painted("failed", Paint::Red),
                (None, _) => "not read yet".into(),
            };
            [
                (&view.name).into(),
                (&view.kind).into(),
                view.priority.into(),
                view.max_risk.into(),
                words::thousands(view.entries).into(),
                status,
                or_dash(view.loaded_at.map(|at| style.time(at))),
                view.problem.as_ref().unwrap_or(&view.place).into(),
            ]
        };
        let head = ["SOURCE", "KIND", "PRIORITY", "MAX RISK", "VALUES", "STATUS", "READ", "PLACE"];
        table(head, self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|view| view.name.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "The manifest names no source.", None)
    }
}

impl Render for CheckSourcesReply {
    fn table(&self, style: &Style) -> String {
        let row = |result: &SourceResult| -> [Field; 5] {
            let status = match result.ok {
                true => Field::painted("ok", Paint::Green),
                false => Field::painted("failed", Paint::Red),
            };
            let about = match (&result.problem, result.from_cache, result.unchanged) {
                (Some(problem), ..) => problem.clone(),
                (None, true, _) => "from its cache".to_owned(),
                (None, false, true) => "as it was read last".to_owned(),
                (None, false, false) => "changed since it was read last".to_owned(),
            };
            [
                (&result.source).into(),
                status,
                words::thousands(result.entries).into(),
                format!("{:.1}", result.duration_ms).into(),
                about.into(),
            ]
        };
        let rows = table(["SOURCE", "STATUS", "VALUES", "MS", "ABOUT"], self.items.iter().map(row), style);
        let problems: String = self.problems.iter().map(|problem| format!("{problem}\n")).collect();
        let moves = match (self.ok, self.would_alter) {
            (false, _) => String::new(),
            (true, 0) => "A reload would alter nothing.\n".to_owned(),
            (true, 1) => "A reload would alter 1 effective value.\n".to_owned(),
            (true, count) => {
                format!("A reload would alter {} effective values.\n", words::thousands(count))
            }
        };
        format!("{rows}{problems}{moves}")
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().filter(|result| !result.ok).map(|result| result.source.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        warnings(&self.warnings)
    }
}
