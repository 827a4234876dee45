//! How the instance stands, whether its store is sound, and that a new one was made.

use super::color::Paint;
use super::escape;
use super::facts::Facts;
use super::table::{Field, table};
use super::{Render, Style, words};
use crate::api::status::{Check, CheckStatus, DoctorReply, Kept, RestartPending, ServicesView, StatusReply};
use crate::domain::risk::Risk;

/// The answer to `init`.
pub fn initialised(
    store: &str,
    instance: &str,
    owner: &str,
    solo: bool,
    settings: usize,
    style: &Style,
) -> String {
    let mut facts = Facts::default();
    facts.add("Store", store);
    facts.add("Instance", instance);
    facts.add("Owner", format!("{owner} (board)"));
    facts.add("Settings", words::thousands(settings as u64));
    if solo {
        facts.add("Solo", "one person's store: their own approval counts at every risk");
    }
    facts.add("Next", "cfgctl status");
    facts.text(style)
}

fn number(number: i64) -> String {
    words::thousands(u64::try_from(number).unwrap_or_default())
}

impl Render for StatusReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        facts.all("Attention", self.attention.iter());
        facts.add("Instance", &self.instance);
        facts.add("Store", self.store.as_deref().unwrap_or("none yet: the first write makes it"));
        let role = self.role.map_or("no role", |role| role.as_str());
        facts.add("You", format!("{} ({role}, {})", self.caller, self.proof));
        let made = match (self.changed_at, &self.changed_by) {
            (Some(at), Some(by)) => format!(", by {by}, {}", style.time(at)),
            _ => String::new(),
        };
        facts.add("Version", format!("{}{made}", self.version));
        if let Some(base) = &self.base {
            super::stats::health(&mut facts, base);
        }
        facts.add("Overrides", format!("{} over {} settings", number(self.overrides), number(self.settings)));
        facts.add("Manifest", self.manifest.to_string());
        facts.add("Members", self.members());
        facts.add("Requests", format!("{} open", number(self.open_requests)));
        for waits in &self.restart_pending {
            facts.paint("Restart", waits.in_words(), Paint::Yellow);
        }
        if let Some(services) = &self.services {
            facts.add("Services", services.in_words());
        }
        let full = self.last_full_backup.map(|at| format!(", the last full one {}", style.time(at)));
        facts.add(
            "Backups",
            format!("{}{}", number(self.backups), full.unwrap_or_else(|| ", no full one yet".into())),
        );
        self.cautions(&mut facts);
        facts.add("Hash", &self.config_hash);
        facts.add("Effective", &self.effective_hash);
        let free = (self.store_free > 0).then(|| format!(", {} of it free", words::size(self.store_free)));
        facts.add("Size", words::size(self.store_size) + &free.unwrap_or_default());
        facts.add("Kept", self.kept.in_words());
        facts.add("Audit", &self.audit_head);
        facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        vec![self.instance.clone()]
    }
}

impl RestartPending {
    fn in_words(&self) -> String {
        let of = if self.services.is_empty() {
            String::new()
        } else {
            format!(" of {}", words::list(&self.services))
        };
        format!("change {} waits for a restart{of}: {}", self.number, words::list(&self.paths))
    }
}

impl Kept {
    fn in_words(&self) -> String {
        let count = |number: i64, noun| words::count(u64::try_from(number).unwrap_or_default(), noun);
        format!(
            "{}, {}, {}",
            count(self.versions, "version"),
            count(self.history_rows, "history row"),
            count(self.audit_entries, "audit entry"),
        )
    }
}

impl ServicesView {
    fn in_words(&self) -> String {
        let parts = [
            (self.behind, "behind"),
            (self.never_delivered, "never given anything"),
            (self.failed, "failed"),
            (self.restart_pending, "to restart"),
            (self.disabled, "disabled"),
        ];
        let some = parts.into_iter().filter(|(count, _)| *count > 0);
        let some: String =
            some.map(|(count, what)| format!(", {} {what}", words::thousands(count))).collect();
        format!("{}{some}", words::thousands(self.total))
    }
}

impl StatusReply {
    fn members(&self) -> String {
        let solo = if self.solo { ", solo: one's own approval counts at every risk" } else { "" };
        let one = if self.one_owner && !self.solo { ", only one of them an owner" } else { "" };
        format!("{}{solo}{one}", number(self.members))
    }

    fn cautions(&self, facts: &mut Facts) {
        if self.identity_asserted {
            facts.paint(
                "Identity",
                "asserted: whoever can write the store's file can forge it",
                Paint::Yellow,
            );
        }
        let risks: Vec<&str> = self.unmeetable.iter().map(|risk: &Risk| risk.as_str()).collect();
        if !risks.is_empty() {
            let text = format!("nobody present could approve: {}", words::list(&risks));
            facts.paint("Approvals", text, Paint::Red);
        }
    }
}

fn check_row(check: &Check) -> [Field; 3] {
    let (word, paint) = match check.status {
        CheckStatus::Ok => ("ok", Paint::Green),
        CheckStatus::Warning => ("warning", Paint::Yellow),
        CheckStatus::Failed => ("failed", Paint::Alarm),
    };
    [(&check.name).into(), Field::painted(word, paint), (&check.finding).into()]
}

impl Render for DoctorReply {
    fn table(&self, style: &Style) -> String {
        let mut text = table(["CHECK", "STATUS", "FINDING"], self.checks.iter().map(check_row), style);
        for check in &self.checks {
            if let Some(advice) = &check.advice {
                text.push_str(&format!(
                    "{}: {}\n",
                    escape::line(&check.name),
                    style.named.in_text(&escape::line(advice))
                ));
            }
        }
        text
    }

    /// The checks that are not as they should be.
    fn names(&self) -> Vec<String> {
        self.checks
            .iter()
            .filter(|check| check.status != CheckStatus::Ok)
            .map(|check| check.name.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;
    use insta::assert_snapshot;

    #[test]
    fn the_instance_shows_at_a_glance() {
        assert_snapshot!(samples::status().table(&Style::PLAIN), @"
        Attention  Change request 12 waits for you.
        Instance   prod
        Store      /var/lib/cfgctl/config_overrides.db
        You        ann (board, uid:1000)
        Version    9, by ann, 2026-11-21 09:30:05Z
        Overrides  1,200 over 40 settings
        Manifest   3
        Members    2, only one of them an owner
        Requests   1 open
        Backups    12, no full one yet
        Identity   asserted: whoever can write the store's file can forge it
        Approvals  nobody present could approve: critical
        Hash       aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        Effective  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
        Size       1.00 MiB, 4.00 KiB of it free
        Kept       9 versions, 1,234 history rows, 14 audit entries
        Audit      14:3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c
        ");
        assert_eq!(samples::status().names(), ["prod"]);
    }

    #[test]
    fn the_doctor_says_what_to_do() {
        let check = |name: &str, status, advice: Option<&str>| Check {
            name: name.into(),
            status,
            finding: "As it should be.".into(),
            advice: advice.map(str::to_owned),
        };
        let checks = vec![
            check("chain", CheckStatus::Ok, None),
            check("permissions", CheckStatus::Failed, Some("chmod 600 config_overrides.db")),
        ];
        let reply = DoctorReply { ok: false, checks };
        assert_snapshot!(reply.table(&Style::PLAIN), @r"
        CHECK        STATUS  FINDING
        chain        ok      As it should be.
        permissions  failed  As it should be.
        permissions: chmod 600 config_overrides.db
        ");
        assert_eq!(reply.names(), ["permissions"]);
    }

    #[test]
    fn a_new_store_says_whose_it_is_and_what_comes_next() {
        assert_snapshot!(initialised("/var/lib/cfgctl/config_overrides.db", "prod", "ann", true, 12, &Style::PLAIN), @"
        Store     /var/lib/cfgctl/config_overrides.db
        Instance  prod
        Owner     ann (board)
        Settings  12
        Solo      one person's store: their own approval counts at every risk
        Next      cfgctl status
        ");
    }
}
