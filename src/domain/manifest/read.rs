//! How a manifest is read: once through the document, telling everything that is wrong on the way.

mod policy;
mod secret;
mod service;
mod setting;

use super::located::{Content, Node};
use super::sections::MANIFEST;
use super::shape::check;
use super::{Contact, FORMAT, INSTANCE_NAME, LONGEST_MANIFEST, Manifest, Problem, is_instance_name};
use crate::domain::drift::Drift;
use crate::domain::notice::{LONGEST_TIMEOUT, Notify, unusable_program};
use crate::domain::rule::Rule;
use crate::domain::source::{self, Source};
use crate::domain::time::Span;
use crate::domain::value::Value;
use crate::domain::wording::not_a;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// Reads and checks a manifest; see [`Manifest::read`].
pub(super) fn read(text: &str) -> Result<Manifest, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > LONGEST_MANIFEST {
        let message = format!("The manifest is {} bytes long; the limit is {LONGEST_MANIFEST}.", text.len());
        return Err(vec![Problem { line: None, path: String::new(), message }]);
    }
    let (node, flaws) = Node::read(text);
    let mut problems: Vec<Problem> = flaws
        .into_iter()
        .map(|flaw| Problem { line: flaw.line, path: flaw.key, message: flaw.message })
        .collect();
    let Some(node) = node else { return Err(problems) };
    if let Some(problem) = foreign(&node) {
        return Err(vec![problem]);
    }
    check(&MANIFEST, &node, "", &mut problems);
    let manifest = Reader { node: &node, problems: &mut problems }.manifest();
    if problems.is_empty() {
        return Ok(manifest);
    }
    problems.sort_by_key(|problem| problem.line.unwrap_or(0));
    problems.dedup();
    Err(problems)
}

/// What makes every further word pointless: no manifest at all, or one of another format.
fn foreign(node: &Node) -> Option<Problem> {
    let Some(entries) = node.entries() else {
        let what = "The manifest must be an object that begins with `format: 1` and `instance: NAME`";
        let found = if node.to_value().is_null() { "the document is empty" } else { "this document is none" };
        return Some(Problem::at(node.line, "", format!("{what}; {found}.")));
    };
    let format = entries.iter().find(|entry| entry.key == "format")?;
    let number = format.node.to_value().as_u64()?;
    let message = format!(
        "The manifest has format {number}; this program reads format {FORMAT}, the highest it knows."
    );
    (number > FORMAT).then(|| Problem::at(format.line, "format", message))
}

struct Reader<'a> {
    node: &'a Node,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn manifest(mut self) -> Manifest {
        let secrets = self.secrets();
        let in_shape = !self.is_misshapen("policy") && !self.is_misshapen("windows");
        let (policy, windows) = (self.policy(), self.windows());
        if in_shape {
            self.never_open(&policy, &windows);
        }
        let (settings, sources) = (self.settings(&secrets), self.sources());
        let services = self.services(&settings, &sources, &secrets);
        for section in ["rules", "windows"] {
            self.unique_names(section);
        }
        Manifest {
            instance: self.instance(),
            settings,
            rules: self.rules(),
            policy,
            windows,
            contacts: self.section::<Vec<Contact>>("contacts"),
            notify: self.notify(),
            secrets,
            sources,
            services,
            drift: self.drift(),
        }
    }

    fn tell(&mut self, line: u32, path: &str, message: impl Into<String>) {
        self.problems.push(Problem::at(line, path, message.into()));
    }

    /// Whether the walk over the shapes found something wrong in this section.
    fn is_misshapen(&self, section: &str) -> bool {
        self.problems.iter().any(|problem| {
            problem
                .path
                .strip_prefix(section)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    /// A section as its type; the default where it is absent or misshapen, which was told already.
    fn section<T: DeserializeOwned + Default>(&mut self, key: &str) -> T {
        let Some(entry) = self.node.get(key).filter(|_| !self.is_misshapen(key)) else { return T::default() };
        serde_json::from_value(entry.node.to_value()).unwrap_or_else(|error| {
            self.tell(entry.line, key, format!("{key} cannot be read: {error}."));
            T::default()
        })
    }

    fn instance(&mut self) -> String {
        let Some(entry) = self.node.get("instance") else { return String::new() };
        let name = entry.node.to_value();
        let name = name.as_str().unwrap_or_default();
        if !is_instance_name(name) && !self.is_misshapen("instance") {
            self.tell(entry.node.line, "instance", not_a("instance", INSTANCE_NAME, &Value::from(name)));
        }
        name.to_owned()
    }

    fn rules(&mut self) -> Vec<Rule> {
        let rules: Vec<Rule> = self.section("rules");
        let nodes = self.node.get("rules").and_then(|entry| entry.node.items()).unwrap_or_default();
        for (at, (rule, node)) in rules.iter().zip(nodes).enumerate() {
            for problem in rule.problems() {
                self.tell(node.line, &format!("rules[{at}]"), format!("The rule {}: {problem}", rule.name));
            }
        }
        rules
    }

    fn notify(&mut self) -> Option<Notify> {
        let notify: Notify = self.section::<Option<Notify>>("notify")?;
        let entry = self.node.get("notify")?;
        let line = |key: &str| entry.node.get(key).map_or(entry.line, |entry| entry.line);
        if let Some(message) = unusable_program(notify.program()) {
            self.tell(line("command"), "notify.command[0]", message);
        }
        if notify.timeout > LONGEST_TIMEOUT || notify.timeout == Span::seconds(0) {
            let message = format!(
                "notify.timeout must be above 0s and at most {}s, not {}: whoever makes a change waits for it.",
                LONGEST_TIMEOUT.duration().as_secs(),
                notify.timeout
            );
            self.tell(line("timeout"), "notify.timeout", message);
        }
        Some(notify)
    }

    fn sources(&mut self) -> Vec<Source> {
        let sources: Vec<Source> = self.section("sources");
        let nodes = self.node.get("sources").and_then(|entry| entry.node.items()).unwrap_or_default();
        for (at, field, message) in source::faults(&sources) {
            let line = nodes.get(at).and_then(|node| node.get(field)).map_or(1, |entry| entry.line);
            self.tell(line, &format!("sources[{at}].{field}"), message);
        }
        sources
    }

    fn drift(&mut self) -> Drift {
        let drift: Drift = self.section("drift");
        let Some(entry) = self.node.get("drift") else { return drift };
        let nodes = entry.node.get("ignore").and_then(|entry| entry.node.items()).unwrap_or_default();
        for (at, ignore) in drift.ignore.iter().enumerate().filter(|(_, ignore)| !ignore.is_well_formed()) {
            let line =
                nodes.get(at).and_then(|node| node.get("until")).map_or(entry.line, |entry| entry.line);
            let day = ignore.until.as_deref().unwrap_or_default();
            let message = format!("{day:?} is no day, such as 2027-03-01.");
            self.tell(line, &format!("drift.ignore[{at}].until"), message);
        }
        drift
    }

    fn unique_names(&mut self, section: &str) {
        let items = self.node.get(section).and_then(|entry| entry.node.items()).unwrap_or_default();
        let mut first: HashMap<&str, u32> = HashMap::new();
        for (at, item) in items.iter().enumerate() {
            let Some(entry) = item.get("name") else { continue };
            let Content::Scalar(Value::String(name)) = &entry.node.content else { continue };
            if let Some(before) = first.insert(name, entry.line) {
                let message = format!("The name {name} is taken already, on line {before}.");
                self.tell(entry.line, &format!("{section}[{at}].name"), message);
            }
        }
    }
}

#[cfg(test)]
mod table;
