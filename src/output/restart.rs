//! Restarts that were recorded.

use super::facts::Facts;
use super::{Render, Style, words};
use crate::api::change::ChangeView;
use crate::api::restart::RecordRestartReply;

impl Render for RecordRestartReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        for change in &self.items {
            facts.add("Change", line(change, self.dry_run));
        }
        facts.maybe("Audit", self.audit_head.as_ref());
        facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|change| change.id.clone()).collect()
    }
}

fn line(change: &ChangeView, dry_run: bool) -> String {
    let number = change.number.map(|number| number.to_string()).unwrap_or_default();
    let done = &change.dossier.restarted;
    let of = if done.is_empty() { String::new() } else { format!(" of {}", words::list(done)) };
    let what = if dry_run { "would be recorded" } else { "recorded" };
    let left: Vec<&String> =
        change.affected_services.iter().filter(|service| !done.contains(service)).collect();
    if change.restart.as_deref() == Some("pending") {
        return format!("{number}: restart{of} {what}; that of {} is pending", words::list(&left));
    }
    format!("{number}: restart{of} {what}")
}
