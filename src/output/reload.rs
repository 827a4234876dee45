//! What a reload came to, and the list of them.

use super::change::warnings;
use super::color::Paint;
use super::facts::Facts;
use super::items::of_change;
use super::table::{Field, or_dash, table};
use super::{Render, Style, escape, words};
use crate::api::Outcome;
use crate::api::reload::{ListReloadsReply, OperationView, ReloadReply, SourceResult};

impl Render for ReloadReply {
    fn table(&self, style: &Style) -> String {
        let mut text = head(self) + "\n";
        text += &of_change(&self.items, style);
        if !self.held.is_empty() {
            text += &format!(
                "Held back, each above what its source may alter alone:\n{}",
                of_change(&self.held, style)
            );
        }
        let operation = &self.operation;
        let mut facts = Facts::default();
        facts.maybe("Generation", operation.generation.map(|number| number.to_string()));
        facts.maybe("Version", operation.version.map(|number| number.to_string()));
        facts.maybe("Sources", (!operation.sources.is_empty()).then(|| sources(&operation.sources)));
        super::delivery::of_instances(&mut facts, "Service", &self.services);
        if let Some(back) = &self.taken_back_by {
            let what = match self.outcome {
                Outcome::RolledBack => "the former base is in force again, by reload",
                _ => "the former base could NOT be brought back everywhere, by reload",
            };
            facts.paint("Went back", format!("{what} {back}"), Paint::Red);
        }
        facts.add("Took", took(operation));
        if let Some(awaits) = &self.awaits {
            let missing: Vec<String> = awaits.missing.iter().map(words::lack).collect();
            let waits = format!("change request {} ({})", awaits.number, awaits.id);
            facts.paint("Waits", waits, Paint::Bold);
            facts.maybe("Missing", (!missing.is_empty()).then(|| missing.join("; ")));
            facts.add("Next", format!("cfgctl change-request show {}", awaits.number));
        }
        facts.maybe("Audit", self.audit_head.as_ref());
        text + &facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        vec![self.operation.operation_id.clone()]
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        warnings(&self.operation.validation_warnings)
    }
}

fn head(reply: &ReloadReply) -> String {
    let operation = &reply.operation;
    let values = |count: u64| match count {
        1 => "1 effective value".to_owned(),
        _ => format!("{} effective values", words::thousands(count)),
    };
    let (altered, held) = (values(operation.altered), words::thousands(operation.held_back));
    match (operation.status.as_str(), reply.dry_run) {
        ("held", false) => format!("Reloaded in part: {altered} altered, {held} held back"),
        ("held", true) => format!("Would reload in part: {altered} altered, {held} held back"),
        ("unchanged", _) => "Nothing has changed".to_owned(),
        (_, false) => format!("Reloaded: {altered} altered"),
        (_, true) => format!("Would reload: {altered} altered"),
    }
}

fn sources(sources: &[SourceResult]) -> String {
    let one = |source: &SourceResult| {
        let name = escape::line(&source.source);
        match (&source.problem, source.from_cache) {
            (Some(_), _) => format!("{name} not read"),
            (None, true) => format!("{name} {} from its cache", words::thousands(source.entries)),
            (None, false) => format!("{name} {}", words::thousands(source.entries)),
        }
    };
    sources.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn took(operation: &OperationView) -> String {
    format!(
        "{:.1} ms (loading {:.1}, validation {:.1}, apply {:.1})",
        operation.total_duration_ms,
        operation.loading_duration_ms,
        operation.validation_duration_ms,
        operation.apply_duration_ms
    )
}

impl Render for ListReloadsReply {
    fn table(&self, style: &Style) -> String {
        let row = |operation: &OperationView| -> [Field; 8] {
            let status = match operation.success {
                true => Field::from(&operation.status),
                false => Field::painted(&operation.status, Paint::Red),
            };
            [
                style.time(operation.begun_at).into(),
                status,
                (&operation.trigger).into(),
                (&operation.by).into(),
                or_dash(operation.generation),
                words::thousands(operation.altered).into(),
                format!("{:.1}", operation.total_duration_ms).into(),
                or_dash(operation.problem.as_ref().or(operation.reason.as_ref())),
            ]
        };
        let head = ["TIME", "STATUS", "TRIGGER", "BY", "GENERATION", "ALTERED", "MS", "ABOUT"];
        table(head, self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|operation| operation.operation_id.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "Nothing was ever reloaded.", self.next.as_deref())
    }
}
