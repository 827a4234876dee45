//! What came of dealing with services.

use crate::api::delivery::DeliveryView;
use crate::api::service::{AdoptServiceReply, RestartReply, SwitchReply, SyncReply};
use crate::domain::delivery::State;
use crate::output::color::Paint;
use crate::output::delivery::of_instances;
use crate::output::facts::Facts;
use crate::output::{Render, Style, escape, words};

/// How far each instance has come, or that it would have its turn.
fn instances(facts: &mut Facts, items: &[DeliveryView], dry_run: bool) {
    if dry_run {
        items.iter().for_each(|one| facts.add("Would give", &one.instance));
    } else {
        of_instances(facts, "Service", items);
    }
}

fn names(items: &[DeliveryView]) -> Vec<String> {
    let mut names: Vec<String> = items.iter().map(|one| one.service.clone()).collect();
    names.dedup();
    names
}

impl Render for SyncReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        instances(&mut facts, &self.items, self.dry_run);
        facts.maybe("Audit", self.audit_head.as_ref());
        facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        names(&self.items)
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "There is nothing to give to any service.", None)
    }
}

impl Render for AdoptServiceReply {
    fn table(&self, style: &Style) -> String {
        let mut text = String::new();
        for file in &self.files {
            let whose = match (file.found.as_str(), &file.written_by) {
                ("nothing", _) => "is not there yet".to_owned(),
                ("ours", _) => "was written by this instance".to_owned(),
                ("others", Some(name)) => format!("was written by the instance {name}"),
                _ => "was not written by cfgctl".to_owned(),
            };
            text += &(escape::line(&format!("{} {whose}.", file.file)).into_owned() + "\n");
            match &file.diff {
                Some(diff) if diff.is_empty() => text += "Nothing of it would change.\n",
                Some(diff) => diff.lines().for_each(|line| text += &(escape::line(line).into_owned() + "\n")),
                None => text += "What would change cannot be shown without a secret.\n",
            }
        }
        let mut facts = Facts::default();
        if !self.dry_run {
            instances(&mut facts, &self.items, false);
        }
        facts.maybe("Audit", self.audit_head.as_ref());
        text + &facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        vec![self.service.clone()]
    }
}

impl Render for RestartReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        for one in &self.items {
            let word = match (one.state, one.verified_at) {
                _ if self.dry_run => "would be restarted",
                (State::Verified, Some(_)) => "restarted, and runs with everything",
                (State::Verified, None) => "restarted, and cannot be asked",
                (State::Failed, _) if one.restarted_at.is_some() => "restarted, and not verified",
                _ => "not restarted",
            };
            let why = one.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            let text = format!("{} {word}{why}", one.instance);
            let paint = if one.state == State::Failed { Paint::Red } else { Paint::Plain };
            facts.paint("Restart", text, paint);
        }
        if let Some(why) = &self.overridden {
            facts.paint("Overridden", why, Paint::Yellow);
        }
        let numbers = |changes: &[i64]| changes.iter().map(i64::to_string).collect::<Vec<_>>();
        let waits: Vec<i64> =
            self.waiting.iter().filter(|number| !self.recorded.contains(number)).copied().collect();
        if !self.recorded.is_empty() {
            facts.add("Recorded", format!("for change {}", words::list(&numbers(&self.recorded))));
        }
        if !waits.is_empty() {
            facts.add("Waiting", format!("change {}", words::list(&numbers(&waits))));
        }
        facts.maybe("Audit", self.audit_head.as_ref());
        facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|one| one.instance.clone()).collect()
    }
}

impl Render for SwitchReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        facts.add("Service", &self.service);
        let text = match &self.disabled {
            None => "enabled".to_owned(),
            Some(disabled) => {
                format!(
                    "disabled since {}, by {}: {}",
                    style.time(disabled.since),
                    disabled.by,
                    disabled.reason
                )
            }
        };
        facts.add("State", text);
        instances(&mut facts, &self.items, self.dry_run);
        facts.maybe("Audit", self.audit_head.as_ref());
        if self.disabled.is_some() {
            facts.add("Next", format!("cfgctl service enable {} --sync --reason \"…\"", self.service));
        }
        facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        vec![self.service.clone()]
    }
}
