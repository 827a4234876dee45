//! How a manifest's policy and its windows are read, which must fit each other.
//!
//! What must stay true: every group that is named is there, and every risk that asks for an open window can have one.

use super::Reader;
use crate::domain::policy::Policy;
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::window::Window;

impl Reader<'_> {
    pub(super) fn policy(&mut self) -> Policy {
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
    pub(super) fn windows(&mut self) -> Vec<Window> {
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
    pub(super) fn never_open(&mut self, policy: &Policy, windows: &[Window]) {
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
}
