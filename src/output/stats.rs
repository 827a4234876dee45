//! The numbers of the configuration system.

use super::color::Paint;
use super::facts::Facts;
use super::table::{Field, table};
use super::{Render, Style, words};
use crate::api::reload::OperationView;
use crate::api::stats::{Health, StatsReply};

/// How healthy it is, in a line.
pub(super) fn health(facts: &mut Facts, health: &Health) {
    let paint = if health.is_healthy() { Paint::Green } else { Paint::Yellow };
    let text = format!("{}, {} sources could be read", health.status, health.sources);
    facts.paint("Base", text, paint);
    facts.all("Base", &health.reasons);
}

impl Render for StatsReply {
    fn names(&self) -> Vec<String> {
        self.slow_operations.iter().map(|operation| operation.operation_id.clone()).collect()
    }

    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        let rate = self.success_rate.map(|rate| format!(", {:.1} % of them well", rate * 100.0));
        facts.add(
            "Reloads",
            format!(
                "{}: {} well, {} failed{}",
                words::thousands(self.total_operations.unsigned_abs()),
                words::thousands(self.successful_operations.unsigned_abs()),
                words::thousands(self.failed_operations.unsigned_abs()),
                rate.unwrap_or_default()
            ),
        );
        facts.maybe("Average", self.average_duration_ms.map(|millis| format!("{millis:.1} ms")));
        let last = self.last_reload_at.zip(self.last_duration_ms);
        facts.maybe("Last", last.map(|(at, millis)| format!("{}, {millis:.1} ms", style.time(at))));
        health(&mut facts, &self.health);
        facts.add("Listeners", self.listeners_registered.to_string());
        facts.add("Backups", format!("{} generations to go back to", self.backups_available));
        facts.add("Hash", &self.current_config_hash);
        let slow = |operation: &OperationView| -> [Field; 3] {
            [
                style.time(operation.begun_at).into(),
                format!("{:.1}", operation.total_duration_ms).into(),
                (&operation.status).into(),
            ]
        };
        if self.slow_operations.is_empty() {
            return facts.text(style);
        }
        let rows = table(["TIME", "MS", "STATUS"], self.slow_operations.iter().map(slow), style);
        format!("{}\nReloads over {} ms:\n{rows}", facts.text(style), self.slow_over_ms)
    }
}
