//! The services: how they stand, and what came of dealing with them.

mod act;

use super::color::Paint;
use super::facts::Facts;
use super::table::{Field, or_dash, table};
use super::{Render, Style, words};
use crate::api::service::{
    CheckServicesReply, InstanceDetail, InstanceView, ListServicesReply, ProbeServicesReply, ProbedView,
    ShowServiceReply, StepStatus, UsedView,
};
use crate::domain::delivery::Standing;

/// How an instance stands, in a word.
fn state(one: &InstanceView) -> Field {
    let text = match (one.state, one.version) {
        (Standing::Behind, Some(version)) => format!("behind: has version {version}"),
        (state, _) => state.name().replace('-', " "),
    };
    match one.state {
        Standing::Failed => Field::painted(text, Paint::Red),
        Standing::Current => text.into(),
        _ => Field::painted(text, Paint::Yellow),
    }
}

impl Render for ListServicesReply {
    fn table(&self, style: &Style) -> String {
        let row = |one: &InstanceView| -> [Field; 10] {
            let time = |at: Option<_>| or_dash(at.map(|at| style.time(at)));
            [
                (&one.service).into(),
                (&one.instance).into(),
                one.priority.into(),
                (if one.critical { "critical" } else { "-" }).into(),
                state(one),
                or_dash(one.version),
                time(one.written_at),
                time(one.reloaded_at),
                time(one.verified_at),
                or_dash(one.problem.as_ref()),
            ]
        };
        let head = [
            "SERVICE", "INSTANCE", "PRIORITY", "CRITICAL", "STATE", "VERSION", "WRITTEN", "RELOADED",
            "VERIFIED", "PROBLEM",
        ];
        table(head, self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.items.iter().map(|one| one.service.clone()).collect();
        names.dedup();
        names
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "The manifest names no service.", None)
    }
}

impl Render for ShowServiceReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        facts.add("Service", &self.service);
        facts.maybe("About", self.description.as_ref());
        if let Some(disabled) = &self.disabled {
            let text =
                format!("since {}, by {}: {}", style.time(disabled.since), disabled.by, disabled.reason);
            facts.paint("Disabled", text, Paint::Yellow);
        }
        let critical = if self.critical { ", critical" } else { "" };
        facts.add("Priority", format!("{}{critical}", self.priority));
        facts.add("Uses", words::list(&self.uses));
        if self.waves.len() > 1 {
            for wave in &self.waves {
                facts.add("Wave", format!("{}, watched for {}", words::list(wave), self.bake));
            }
        }
        let mut text = facts.text(style);
        for instance in &self.instances {
            text += &format!("\n{}", instance.facts(style).text(style));
        }
        let row = |one: &UsedView| -> [Field; 3] {
            let takes = if one.restart { "restart" } else { "reload" };
            [(&one.path).into(), words::value(&one.value).into(), takes.into()]
        };
        let values = table(["PATH", "VALUE", "TAKES"], self.values.iter().map(row), style);
        if values.is_empty() { text } else { format!("{text}\n{values}") }
    }

    fn names(&self) -> Vec<String> {
        vec![self.service.clone()]
    }
}

impl InstanceDetail {
    fn facts(&self, style: &Style) -> Facts {
        let one = &self.instance;
        let mut facts = Facts::default();
        facts.add("Instance", &one.instance);
        let of_version = one.version.map(|version| format!(", version {version}")).unwrap_or_default();
        facts.add("State", format!("{}{of_version}", one.state.name().replace('-', " ")));
        facts.maybe("Written", one.written_at.map(|at| style.time(at)));
        facts.maybe("Reloaded", one.reloaded_at.map(|at| style.time(at)));
        facts.maybe("Verified", one.verified_at.map(|at| style.time(at)));
        facts.maybe("Restart", one.restart_since.map(|at| format!("waited for since {}", style.time(at))));
        if let Some(problem) = &one.problem {
            facts.paint("Problem", problem, Paint::Red);
        }
        facts.maybe("Adopted", self.adopted.then_some("its file may be replaced, whoever wrote it"));
        facts.maybe("Delivery", self.deliver.as_ref());
        facts.maybe("Reload", self.reload.as_ref());
        facts.maybe("Read back", self.read_back.as_ref());
        facts.all("Health", &self.health);
        facts.maybe("Restarts by", self.restart.as_ref());
        facts
    }
}

/// How a step went, in colour.
fn status(status: StepStatus) -> Field {
    match status {
        StepStatus::Ok => Field::painted("ok", Paint::Green),
        StepStatus::Skipped => Field::painted("not tried", Paint::Yellow),
        StepStatus::Failed => Field::painted("failed", Paint::Red),
    }
}

impl Render for CheckServicesReply {
    fn table(&self, style: &Style) -> String {
        let rows = self.items.iter().flat_map(|item| {
            item.steps.iter().map(move |step| -> [Field; 5] {
                [
                    (&item.service).into(),
                    (&item.instance).into(),
                    step.step.replace('_', " ").into(),
                    status(step.status),
                    (&step.finding).into(),
                ]
            })
        });
        table(["SERVICE", "INSTANCE", "STEP", "STATUS", "FINDING"], rows, style)
    }

    /// The instances at which something failed.
    fn names(&self) -> Vec<String> {
        self.items.iter().filter(|item| !item.ok).map(|item| item.instance.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "The manifest names no service.", None)
    }
}

impl Render for ProbeServicesReply {
    fn table(&self, style: &Style) -> String {
        let row = |one: &ProbedView| -> [Field; 6] {
            let well = match one.well {
                Some(true) => Field::painted("well", Paint::Green),
                Some(false) => Field::painted("not well", Paint::Red),
                None => Field::painted("cannot be asked", Paint::Yellow),
            };
            let figures: Vec<String> =
                one.figures.iter().map(|(name, number)| format!("{name} {number}")).collect();
            [
                (&one.service).into(),
                (&one.instance).into(),
                well,
                or_dash(one.response_time_ms.map(|took| format!("{took:.1}"))),
                or_dash((!figures.is_empty()).then(|| figures.join(", "))),
                or_dash(one.problem.as_ref()),
            ]
        };
        table(
            ["SERVICE", "INSTANCE", "HEALTH", "MS", "FIGURES", "PROBLEM"],
            self.items.iter().map(row),
            style,
        )
    }

    /// The instances that are not well.
    fn names(&self) -> Vec<String> {
        self.items.iter().filter(|one| one.well == Some(false)).map(|one| one.instance.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "The manifest names no service.", None)
    }
}
