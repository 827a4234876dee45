//! How a manifest is read: once through the document, telling everything that is wrong on the way.

use super::located::{Content, Entry, Node, to_fields};
use super::sections::MANIFEST;
use super::shape::check;
use super::{Contact, FORMAT, INSTANCE_NAME, LONGEST_MANIFEST, Manifest, Problem, is_instance_name};
use crate::domain::notice::{LONGEST_TIMEOUT, Notify, unusable_program};
use crate::domain::path::Path;
use crate::domain::policy::Policy;
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::rule::Rule;
use crate::domain::schema::check_schema;
use crate::domain::secret::{SecretReferences, is_variable_pattern, plain_parts};
use crate::domain::setting::{OWN_KEYS, SCHEMA_KEYWORDS, Setting};
use crate::domain::time::Span;
use crate::domain::value::Value;
use crate::domain::window::Window;
use crate::domain::wording::not_a;
use serde::de::DeserializeOwned;
use serde_json::Map;
use std::collections::{BTreeMap, HashMap};

/// The sections that other parts read.
const REST: [&str; 3] = ["sources", "services", "drift"];

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
        Manifest {
            instance: self.instance(),
            settings: self.settings(&secrets),
            rules: self.rules(),
            policy,
            windows,
            contacts: self.section::<Vec<Contact>>("contacts"),
            notify: self.notify(),
            secrets,
            rest: self.rest(),
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

    fn secrets(&mut self) -> SecretReferences {
        let secrets: SecretReferences = self.section("secrets");
        let Some(entry) = self.node.get("secrets") else { return secrets };
        let line = |key: &str, at: usize| {
            let items = entry.node.get(key).and_then(|entry| entry.node.items());
            items.and_then(|items| items.get(at)).map_or(entry.line, |item| item.line)
        };
        for (at, pattern) in
            secrets.env.iter().enumerate().filter(|(_, pattern)| !is_variable_pattern(pattern))
        {
            let message = format!("{pattern:?} is no pattern of variable names, such as CFGCTL_SECRET_*.");
            self.tell(line("env", at), &format!("secrets.env[{at}]"), message);
        }
        let usable = |folder: &str| plain_parts(folder).is_some_and(|parts| !parts.is_empty());
        for (at, folder) in secrets.folders.iter().enumerate().filter(|(_, folder)| !usable(folder)) {
            let message = format!("{folder:?} must be an absolute folder without .., such as /run/secrets.");
            self.tell(line("folders", at), &format!("secrets.folders[{at}]"), message);
        }
        secrets
    }

    fn settings(&mut self, secrets: &SecretReferences) -> BTreeMap<Path, Setting> {
        let entries = self.node.get("settings").and_then(|entry| entry.node.entries()).unwrap_or_default();
        let mut settings = BTreeMap::new();
        let mut lines: HashMap<Path, u32> = HashMap::with_capacity(entries.len());
        for entry in entries {
            let place = format!("settings.{}", entry.key);
            let path = match Path::parse(&entry.key) {
                Ok(path) => path,
                Err(error) => {
                    self.tell(entry.line, &place, error.message);
                    continue;
                }
            };
            match lines.get(&path) {
                Some(before) if path.as_str() != entry.key => {
                    let message = format!("{} is {path}, which is on line {before} already.", entry.key);
                    self.tell(entry.line, &place, message);
                }
                _ => {
                    lines.insert(path.clone(), entry.line);
                }
            }
            if let Some(setting) = self.setting(&path, entry, &place, secrets) {
                settings.insert(path, setting);
            }
        }
        self.conflicts(&settings, &lines);
        settings
    }

    fn setting(
        &mut self,
        path: &Path,
        entry: &Entry,
        place: &str,
        secrets: &SecretReferences,
    ) -> Option<Setting> {
        let Some(keys) = entry.node.entries() else {
            let message = format!(
                "{path} must be a setting such as {{type: integer, default: 5}}; a value is set by `cfgctl set`, not \
                 here."
            );
            self.tell(entry.line, place, message);
            return None;
        };
        let line = |key: &str| {
            let first = key.split(['.', '[']).next().unwrap_or(key);
            keys.iter().rev().find(|entry| entry.key == first).map_or(entry.line, |entry| entry.line)
        };
        let (setting, mut faults) = Setting::from_flat(to_fields(keys));
        for fault in &mut faults {
            let holds_more =
                keys.iter().any(|entry| entry.key == fault.key && entry.node.entries().is_some());
            if holds_more
                && !OWN_KEYS.contains(&fault.key.as_str())
                && !SCHEMA_KEYWORDS.contains(&fault.key.as_str())
            {
                fault.message = format!(
                    "{} is no key of a setting; if it is a setting of its own, write its whole path: {path}.{}.",
                    fault.key, fault.key
                );
            }
        }
        if faults.is_empty() {
            faults = check_schema(path, &setting, secrets);
        }
        for fault in faults {
            self.tell(line(&fault.key), &format!("{place}.{}", fault.key), fault.message);
        }
        Some(setting)
    }

    /// No path is both a value and another's prefix.
    fn conflicts(&mut self, settings: &BTreeMap<Path, Setting>, lines: &HashMap<Path, u32>) {
        for path in settings.keys() {
            for ancestor in path.ancestors().filter(|ancestor| settings.contains_key(*ancestor)) {
                let line_of = |path: &str| lines.get(path).copied().unwrap_or(0);
                let (line, above) = (line_of(path.as_str()), line_of(ancestor));
                let message = format!(
                    "{path} and {ancestor} (line {above}) cannot both be settings: a path that has a value has no \
                     paths below it."
                );
                self.tell(line, &format!("settings.{path}"), message);
            }
        }
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

    fn policy(&mut self) -> Policy {
        let policy: Policy = self.section("policy");
        let Some(entry) = self.node.get("policy").filter(|_| !self.is_misshapen("policy")) else {
            return policy;
        };
        let line = |section: &str| entry.node.get(section).map_or(entry.line, |entry| entry.line);
        if policy.confirm.default > policy.confirm.longest {
            let (default, longest) = (policy.confirm.default, policy.confirm.longest);
            let message =
                format!("policy.confirm.default ({default}) may not be longer than longest ({longest}).");
            self.tell(line("confirm"), "policy.confirm.default", message);
        }
        for risk in Risk::ALL {
            for (at, group) in policy.demand(risk).approvals.iter().enumerate() {
                let (field, message) = match &group.group {
                    Some(name) if !policy.groups.contains_key(name) => {
                        ("group", format!("There is no group {name} in policy.groups."))
                    }
                    None if group.role < Role::Admin => (
                        "role",
                        format!("A {} may not approve; the least role that may is admin.", group.role),
                    ),
                    _ => continue,
                };
                self.tell(line(risk.as_str()), &format!("policy.{risk}.approvals[{at}].{field}"), message);
            }
        }
        policy
    }

    /// The windows; where neither they nor a demand for one is written, the default policy's own.
    fn windows(&mut self) -> Vec<Window> {
        let demands = |risk: Risk| self.node.get("policy")?.node.get(risk.as_str())?.node.get("window");
        if self.node.get("windows").is_none() && Risk::ALL.into_iter().all(|risk| demands(risk).is_none()) {
            return vec![Window::nightly()];
        }
        let windows: Vec<Window> = self.section("windows");
        let nodes = self.node.get("windows").and_then(|entry| entry.node.items()).unwrap_or_default();
        for (at, (window, node)) in windows.iter().zip(nodes).enumerate() {
            for problem in window.problems() {
                let message = format!("The window {}: {problem}", window.name);
                self.tell(node.line, &format!("windows[{at}]"), message);
            }
        }
        windows
    }

    /// Every risk that asks for an open window has one.
    fn never_open(&mut self, policy: &Policy, windows: &[Window]) {
        let node = self.node;
        for risk in Risk::ALL.into_iter().filter(|risk| policy.demand(*risk).window) {
            if windows.iter().any(|window| window.allow && window.concerns(risk)) {
                continue;
            }
            let demand = node.get("policy").and_then(|policy| policy.node.get(risk.as_str()));
            let place = match demand.and_then(|demand| demand.node.get("window")) {
                Some(entry) => Some((entry.line, format!("policy.{risk}.window"))),
                None => node.get("windows").map(|entry| (entry.line, "windows".to_owned())),
            };
            if let Some((line, place)) = place {
                let message = format!(
                    "{risk} changes need an open window, and no window of this manifest is ever open for them."
                );
                self.tell(line, &place, message);
            }
        }
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

    fn rest(&mut self) -> Map<String, Value> {
        let mut rest = Map::new();
        for entry in REST.iter().filter_map(|key| self.node.get(key)) {
            rest.insert(entry.key.clone(), entry.node.to_value());
        }
        for section in ["rules", "windows", "sources"] {
            self.unique_names(section);
        }
        rest
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
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<Problem> {
        read(text).map(|_| Vec::new()).unwrap_or_else(|problems| problems)
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_its_place() {
        for (body, line, path, says) in [
            ("colour: red", 3, "colour", "colour is no key of the manifest, which knows format"),
            ("setings: {}", 3, "setings", "did you mean settings?"),
            ("settings:", 3, "settings", "settings is empty"),
            ("settings: [a]", 3, "settings", "must be an object of paths"),
            ("settings:\n  a.b: 5", 4, "settings.a.b", "a value is set by `cfgctl set`"),
            ("settings:\n  a..b: {}", 4, "settings.a..b", "is not a path"),
            ("settings:\n  a: {minimun: 5}", 4, "settings.a.minimun", "did you mean minimum?"),
            (
                "settings:\n  a:\n    type: integer\n    risk: hihg",
                6,
                "settings.a.risk",
                "low, medium, high or critical",
            ),
            (
                "settings:\n  a:\n    type: integer\n    default: x",
                6,
                "settings.a.default",
                "must be a whole number",
            ),
            ("settings:\n  a:\n    default:", 5, "settings.a.default", "default is empty"),
            ("settings:\n  a:\n    b: {type: integer}", 5, "settings.a.b", "write its whole path: a.b."),
            ("settings:\n  a: {items: {typ: string}}", 4, "settings.a.items.typ", "did you mean type?"),
            (
                "settings:\n  a: {}\n  a.b: {}",
                5,
                "settings.a.b",
                "a.b and a (line 4) cannot both be settings",
            ),
            ("settings:\n  a: {}\n  a: {}", 5, "a", "line 4 already"),
            (
                "settings:\n  a.b: {}\n  \"\\\"a\\\".b\": {}",
                5,
                "settings.\"a\".b",
                "is a.b, which is on line 4",
            ),
            ("settings:\n  a: {default: 1e999}", 4, "default", "1.8e308"),
            ("settings:\n  a: {secret: true, default: hunter2}", 4, "settings.a.default", "is a secret"),
            ("rules:\n  - {name: a, check: values.x == 1, wen: 1}", 4, "rules[0].wen", "did you mean when?"),
            ("rules:\n  - {check: 'true'}", 4, "rules[0].name", "rules[0] lacks name"),
            ("rules:\n  - {name: a, check: 'values[\"a\"] >'}", 4, "rules[0]", "The rule a:"),
            ("rules:\n  - {name: a, when: 'true'}", 4, "rules[0]", "needs the `risk`"),
            (
                "rules:\n  - {name: a, check: 'values[\"a\"]', severity: fatal}",
                4,
                "rules[0].severity",
                "error or warning",
            ),
            (
                "rules:\n  - {name: a, check: 'values[\"a\"]'}\n  - {name: a, check: 'values[\"b\"]'}",
                5,
                "rules[1].name",
                "taken already, on line 4",
            ),
            ("policy:\n  high: {aprovals: []}", 4, "policy.high.aprovals", "did you mean approvals?"),
            (
                "policy:\n  high: {approvals: [{role: senior_admin, count: 1}]}",
                4,
                "policy.high.approvals[0].role",
                "Did you mean senior-admin?",
            ),
            (
                "policy:\n  high: {approvals: [{role: admin, count: 0}]}",
                4,
                "policy.high.approvals[0].count",
                "between 1 and 100, not 0",
            ),
            (
                "policy:\n  low: {approvals: [{role: viewer, count: 1}]}",
                4,
                "policy.low.approvals[0].role",
                "may not approve",
            ),
            ("policy: {verify: {threshold: 50}}", 3, "policy.verify.threshold", "above 0 and at most 1"),
            ("policy: {verify: {timeout: 60}}", 3, "policy.verify.timeout", "such as 30s"),
            ("policy: {confirm: {default: 2h}}", 3, "policy.confirm.default", "may not be longer"),
            ("policy: {unregistered: hi}", 3, "policy.unregistered", "low, medium, high or critical"),
            (
                "windows: [{name: a, from: \"22:00\", to: \"05:00\"}]",
                3,
                "windows[0].allow",
                "windows[0] lacks allow",
            ),
            (
                "windows: [{name: a, allow: yes, from: \"22:00\", to: \"05:00\"}]",
                3,
                "windows[0].allow",
                "true or false",
            ),
            (
                "windows:\n  - name: a\n    allow: true\n    from: \"25:99\"\n    to: 05:00",
                6,
                "windows[0].from",
                "\"25:99\" is not a time: write \"22:00\", or a date like 2026-12-20.",
            ),
            (
                "windows:\n  - name: a\n    allow: true\n    from: 22:00\n    to: 5",
                7,
                "windows[0].to",
                "a time such as \"22:00\", or a date such as 2026-12-20, not 5.",
            ),
            (
                "windows:\n  - {name: a, allow: true, from: 22:00, to: 05:00,\n     zone: Europe/Berln}",
                5,
                "windows[0].zone",
                "\"Europe/Berln\" is not a time zone: write a name like Europe/Berlin or UTC.",
            ),
            (
                "windows:\n  - {name: a, allow: true, from: 22:00, to: 05:00}\n  \
                 - {name: b, allow: false, from: 2027-01-03, to: 2026-12-20}",
                5,
                "windows[1]",
                "The window b: It must end after it begins; it begins 2027-01-03 and ends 2026-12-20.",
            ),
            (
                "windows:\n  - {name: a, allow: true, from: 22:00, to: 05:00}\n  \
                 - {name: a, allow: false, from: 22:00, to: 05:00}",
                5,
                "windows[1].name",
                "The name a is taken already, on line 4.",
            ),
            (
                "policy:\n  high:\n    window: true",
                5,
                "policy.high.window",
                "high changes need an open window, and no window of this manifest is ever open for them.",
            ),
            (
                "windows:\n  - {name: a, allow: false, from: 22:00, to: 05:00}",
                3,
                "windows",
                "critical changes need an open window, and no window",
            ),
            (
                "policy: {high: {window: true}}\nwindows: [{name: a, allow: true, from: 22:00, to: 05:00, risk: [critical]}]",
                3,
                "policy.high.window",
                "high changes need an open window, and no window",
            ),
            (
                "sources: [{name: a, priority: 1}]",
                3,
                "sources[0]",
                "exactly one of file, env or http; it has none",
            ),
            ("sources: [{name: a, priority: 1, file: x, env: y}]", 3, "sources[0]", "it has file and env"),
            ("services: {web: {helth: {}}}", 3, "services.web.helth", "did you mean health?"),
            (
                "services: {web: {restart: {command: reboot}}}",
                3,
                "services.web.restart.command",
                "must be a list",
            ),
            ("services: {web: {fallback: {a..b: 1}}}", 3, "services.web.fallback.a..b", "is not a path"),
            ("contacts: [{role: a, name: b, or c}]", 3, "contacts[0].or c", "put that text in quotes"),
            (
                "contacts: [{role: a, name: b, phone: 12345}]",
                3,
                "contacts[0].phone",
                "Put it in quotes: \"12345\".",
            ),
            ("notify: {command: [tell], event: [outcome]}", 3, "notify.event", "did you mean events?"),
            ("notify: {timeout: 5s}", 3, "notify.command", "notify lacks command"),
            ("notify: {command: tell --now}", 3, "notify.command", "must be a list"),
            ("notify: {command: []}", 3, "notify.command", "at least one item"),
            ("notify:\n  command: [./tell]", 4, "notify.command[0]", "must be a whole path such as"),
            ("notify:\n  command: [tell]\n  timeout: 61s", 5, "notify.timeout", "at most 60s, not 61s"),
            ("notify: {command: [tell], timeout: 0s}", 3, "notify.timeout", "above 0s"),
            ("notify: {command: [tell], timeout: 5}", 3, "notify.timeout", "such as 30s"),
            ("notify: {command: [tell], events: [requests]}", 3, "notify.events[0]", "Did you mean request?"),
            ("secrets: {env: [\"A B\"]}", 3, "secrets.env[0]", "no pattern of variable names"),
            ("secrets: {folders: [secrets]}", 3, "secrets.folders[0]", "absolute folder"),
            ("drift: {ignore: [{path: a}]}", 3, "drift.ignore[0].reason", "lacks reason"),
            ("policy: {low: [}", 3, "", "not YAML"),
        ] {
            let found = problems(&format!("format: 1\ninstance: a\n{body}\n"));
            assert_eq!(found.len(), 1, "{body}: {found:#?}");
            assert_eq!((found[0].line, found[0].path.as_str()), (Some(line), path), "{found:?}");
            assert!(found[0].message.contains(says), "{body}: {}", found[0].message);
            assert!(found[0].message.ends_with(['.', '?']), "{}", found[0].message);
            assert!(!found[0].message.contains("hunter2"), "{}", found[0].message);
        }
    }

    #[test]
    fn a_document_that_is_no_manifest_of_ours_is_told_so() {
        for (text, says) in [
            ("", "the document is empty"),
            ("[]", "this document is none"),
            ("format: 2\nwhat: ever\n", "has format 2; this program reads format 1"),
            ("instance: a\n", "The manifest lacks format"),
            ("format: 1\n", "The manifest lacks instance"),
            ("format: 1\ninstance: Billing\n", "lower-case letters"),
            ("format: x\ninstance: a\n", "format must be a whole number"),
        ] {
            let found = problems(text);
            assert_eq!(found.len(), 1, "{text}: {found:#?}");
            assert!(found[0].message.contains(says), "{}", found[0].message);
        }
    }

    #[test]
    fn a_manifest_that_says_nothing_of_windows_has_the_default_policy_s() {
        for body in [
            "",
            "policy: {low: {own: true}}",
            "policy: {critical: {window: false}}\nwindows: [{name: a, allow: false, from: 22:00, to: 05:00}]",
            "policy: {high: {window: true}}\nwindows: [{name: a, allow: true, from: 22:00, to: 05:00}]",
        ] {
            assert_eq!(problems(&format!("format: 1\ninstance: a\n{body}\n")), [], "{body}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_in_the_order_of_the_document() {
        let text = "format: 1\ninstance: A\nsettings:\n  a: {typ: integer, risk: none}\n  b: {default: 1, type: string}\n  \
                    a: {}\nrules: [{name: x}]\npolicy: {low: {own: maybe}, verify: {threshold: 2}}\ntypo: 1\n";
        let lines: Vec<Option<u32>> = problems(text).into_iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 4, 4, 5, 6, 7, 8, 8, 9].map(Some));
    }

    #[test]
    fn a_large_manifest_is_read_and_all_its_problems_are_told() {
        let setting = |at: usize, default: &str| {
            format!(
                "  section_{}.key_{at}: {{type: integer, minimum: 5, maximum: 1440, default: {default}, unit: minutes, \
                 risk: medium, services: [web], description: \"{}\"}}\n",
                at % 50,
                "What it does. ".repeat(5)
            )
        };
        let manifest = |default: &str| {
            let settings: String = (0..2000).map(|at| setting(at, default)).collect();
            format!("format: 1\ninstance: a\nsettings:\n{settings}")
        };
        assert_eq!(problems(&manifest("120")), []);
        assert_eq!(problems(&manifest("1441")).len(), 2000);
    }
}
