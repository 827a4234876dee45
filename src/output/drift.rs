//! Where overrides differ from their base: a table by section, or a unified diff.

use super::color::Paint;
use super::table::{Field, or_dash, table};
use super::{Render, Style, escape, words};
use crate::api::drift::{
    AdoptReply, DriftReply, DriftView, Layer, MovedView, ServiceDriftReply, ServiceDriftView, Since, Status,
};
use crate::domain::document::write_yaml;
use crate::domain::value::Value;
use serde::Serialize;
use serde_json::Map;
use similar::{ChangeTag, TextDiff};

impl Render for DriftReply {
    fn table(&self, style: &Style) -> String {
        let of = |status: Status| self.items.iter().filter(move |item| item.status == status);
        let parts = [
            (None, drifted(of(Status::Drift), style)),
            (Some("Suppressed, as it is meant:"), suppressed(of(Status::Suppressed), style)),
            (Some("Redundant, as the base says the same:"), redundant(of(Status::Redundant), style)),
            (Some("Said otherwise by the sources since the last reload:"), moved(&self.moved, style)),
        ];
        let mut text = String::new();
        for (title, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
            if !text.is_empty() {
                text.push('\n');
            }
            text += &title.map(|title| Paint::Bold.on(title, style) + "\n").unwrap_or_default();
            text += &part;
        }
        text
    }

    fn names(&self) -> Vec<String> {
        let drifted = self.items.iter().filter(|item| item.status == Status::Drift);
        drifted.map(|item| item.path.to_string()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        remarks(self)
    }
}

impl Render for ServiceDriftReply {
    fn table(&self, style: &Style) -> String {
        let row = |item: &ServiceDriftView| -> [Field; 6] {
            let about = if item.restart_pending { "waits for a restart" } else { "-" };
            [
                (&item.service).into(),
                (&item.instance).into(),
                (&item.path).into(),
                or_dash(item.effective.as_ref().map(words::value)),
                or_dash(item.there.as_ref().map(words::value)),
                about.into(),
            ]
        };
        let head = ["SERVICE", "INSTANCE", "PATH", "EFFECTIVE", "THERE", "ABOUT"];
        let mut text = table(head, self.items.iter().map(row), style);
        for one in &self.silent {
            text +=
                &format!("{} does not answer: {}\n", escape::line(&one.instance), escape::line(&one.problem));
        }
        text
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.path.to_string()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        match (self.items.is_empty() && self.silent.is_empty(), self.asked.is_empty()) {
            (true, true) => vec!["No service can be asked what it runs with.".to_owned()],
            (true, false) => vec![format!("As it should be: {}.", words::list(&self.asked))],
            _ => Vec::new(),
        }
    }
}

/// The same as a unified diff, section by section.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Unified(pub DriftReply);

impl Render for Unified {
    fn table(&self, style: &Style) -> String {
        let mut sections: Vec<(&str, Vec<&DriftView>)> = Vec::new();
        for item in self.0.items.iter().filter(|item| item.status == Status::Drift) {
            match sections.iter_mut().find(|(section, _)| *section == item.path.section()) {
                Some((_, items)) => items.push(item),
                None => sections.push((item.path.section(), vec![item])),
            }
        }
        sections.into_iter().map(|(section, items)| unified(section, &items, style)).collect()
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        remarks(&self.0)
    }
}

impl Render for AdoptReply {
    fn table(&self, style: &Style) -> String {
        let mut text = String::new();
        for file in &self.files {
            match &file.diff {
                Some(diff) => {
                    diff.lines().for_each(|line| text += &(escape::line(line).into_owned() + "\n"));
                }
                None => text += &format!("{}: (the line holds a secret)\n", escape::line(&file.file)),
            }
        }
        text + &self.change.table(style)
    }

    fn names(&self) -> Vec<String> {
        self.change.names()
    }

    fn remarks(&self, style: &Style) -> Vec<String> {
        self.change.remarks(style)
    }
}

fn drifted<'a>(items: impl Iterator<Item = &'a DriftView>, style: &Style) -> String {
    let row = |item: &DriftView| -> [Field; 8] {
        [
            item.path.section().into(),
            item.path.key().into(),
            or_dash(item.pair.base.as_ref().map(words::value)),
            Field::painted(words::value(&item.pair.over), Paint::Yellow),
            place(item),
            style.time(item.since.at).into(),
            or_dash(item.since.by.as_ref()),
            why(&item.since).into(),
        ]
    };
    table(["SECTION", "KEY", "BASE", "OVERRIDE", "BASE FROM", "SINCE", "BY", "WHY"], items.map(row), style)
}

fn suppressed<'a>(items: impl Iterator<Item = &'a DriftView>, style: &Style) -> String {
    let row = |item: &DriftView| -> [Field; 5] {
        let rule = item.ignored.as_ref();
        [
            item.path.to_string().into(),
            or_dash(item.pair.base.as_ref().map(words::value)),
            words::value(&item.pair.over).into(),
            or_dash(rule.map(|rule| &rule.reason)),
            or_dash(rule.and_then(|rule| rule.until.as_ref())),
        ]
    };
    table(["PATH", "BASE", "OVERRIDE", "REASON", "UNTIL"], items.map(row), style)
}

fn redundant<'a>(items: impl Iterator<Item = &'a DriftView>, style: &Style) -> String {
    let row = |item: &DriftView| -> [Field; 4] {
        let value = words::value(&item.pair.over);
        [item.path.to_string().into(), value.into(), place(item), style.time(item.since.at).into()]
    };
    table(["PATH", "VALUE", "BASE FROM", "SINCE"], items.map(row), style)
}

fn moved(items: &[MovedView], style: &Style) -> String {
    let row = |item: &MovedView| -> [Field; 4] {
        [
            item.path.to_string().into(),
            or_dash(item.base.as_ref().map(words::value)),
            or_dash(item.now.as_ref().map(words::value)),
            or_dash(item.origin.as_ref().or(item.source.as_ref())),
        ]
    };
    table(["PATH", "LAST RELOAD", "NOW", "WHERE"], items.iter().map(row), style)
}

/// Where the base value comes from.
fn place(item: &DriftView) -> Field {
    or_dash(item.origin.as_ref().or(item.layer.as_ref()))
}

fn why(since: &Since) -> String {
    let reason = since.reason.as_deref().unwrap_or_default();
    match (since.moved, since.generation) {
        (Layer::Base, Some(generation)) if reason.is_empty() => {
            format!("the base moved, generation {generation}")
        }
        (Layer::Base, Some(generation)) => format!("the base moved, generation {generation}: {reason}"),
        _ => reason.to_owned(),
    }
}

fn unified(section: &str, items: &[&DriftView], style: &Style) -> String {
    let side = |value: &dyn Fn(&DriftView) -> Option<Value>| {
        let fields = items.iter().filter_map(|item| Some((item.path.to_string(), value(item)?)));
        match fields.collect::<Map<_, _>>() {
            none if none.is_empty() => String::new(),
            fields => write_yaml(&Value::Object(fields)),
        }
    };
    let (base, over) = (side(&|item| item.pair.base.clone()), side(&|item| Some(item.pair.over.clone())));
    let name = |sign: &str, layer: &str, paint: Paint| {
        let section = if section.is_empty() { "top level" } else { section };
        paint.on(&format!("{sign} {layer} ({})", escape::line(section)), style)
    };
    let mut text =
        format!("{}\n{}\n", name("---", "base", Paint::Red), name("+++", "override", Paint::Green));
    for hunk in TextDiff::from_lines(&base, &over).unified_diff().iter_hunks() {
        text += &format!("{}\n", hunk.header());
        for change in hunk.iter_changes() {
            let (sign, paint) = match change.tag() {
                ChangeTag::Delete => ("-", Paint::Red),
                ChangeTag::Insert => ("+", Paint::Green),
                ChangeTag::Equal => (" ", Paint::Plain),
            };
            let line = change.value().strip_suffix('\n').unwrap_or(change.value());
            text += &(paint.on(&format!("{sign}{}", escape::line(line)), style) + "\n");
        }
    }
    text
}

fn remarks(reply: &DriftReply) -> Vec<String> {
    let count = |status: Status| reply.items.iter().filter(|item| item.status == status).count() as u64;
    let mut remarks = Vec::new();
    match count(Status::Drift) {
        0 => remarks.push("Nothing drifts.".to_owned()),
        1 => remarks.push("1 path drifts.".to_owned()),
        many => remarks.push(format!("{} drift.", words::count(many, "path"))),
    }
    for rule in &reply.ended {
        let until = rule.until.as_deref().unwrap_or_default();
        let (path, reason) = (escape::line(&rule.path), escape::line(&rule.reason));
        remarks.push(format!("That {path} differs was meant until {until} ({reason}), and counts again."));
    }
    let mut redundant = reply.items.iter().filter(|item| item.status == Status::Redundant);
    if let Some(first) = redundant.next() {
        remarks.push(format!(
            "A redundant override can go: cfgctl drift --revert {:#} --reason \"…\"",
            first.path
        ));
    }
    for source in reply.sources.iter().filter(|source| !source.ok) {
        let problem = source.problem.as_deref().unwrap_or_default();
        let name = escape::line(&source.source);
        remarks.push(format!("The source {name} could not be read: {}", escape::line(problem)));
    }
    if !reply.moved.is_empty() {
        remarks.push("Take what the sources say now: cfgctl reload --force".to_owned());
    }
    remarks
}
