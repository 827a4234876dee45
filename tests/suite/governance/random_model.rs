//! What must be true of every sequence of commands, reckoned from what was done and from history, and not by asking the
//! code that decides.

use cfgctl::domain::role::Role;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Paths by risk, each with the value of its default.
pub(super) const PATHS: [&str; 4] = ["a.low", "a.medium", "a.high", "a.critical"];

/// Two policies that are each stricter than the other somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    First,
    Second,
}

impl Policy {
    /// What it demands at a risk: the role and how many of it, whether one's own counts, whether there must be evidence.
    fn demand(self, risk: usize) -> (Role, usize, bool, bool) {
        use Role::{Admin, Board, SeniorAdmin};
        match (self, risk) {
            (Policy::First, 0) => (Admin, 0, false, false),
            (Policy::First, 1) => (Admin, 1, true, false),
            (Policy::First, 2) => (SeniorAdmin, 1, false, true),
            (Policy::First, _) => (Board, 2, false, true),
            (Policy::Second, 0) => (Admin, 1, true, false),
            (Policy::Second, 1) => (SeniorAdmin, 1, false, false),
            (Policy::Second, 2) => (Admin, 2, false, true),
            (Policy::Second, _) => (Board, 1, false, true),
        }
    }

    /// The manifest that says so.
    pub(super) fn manifest(self) -> String {
        let mut text = "format: 1\ninstance: random\nsettings:\n".to_owned();
        for (path, risk) in PATHS.iter().zip(["low", "medium", "high", "critical"]) {
            text.push_str(&format!("  {path}: {{type: integer, default: 0, risk: {risk}}}\n"));
        }
        text.push_str("policy:\n");
        for (number, risk) in ["low", "medium", "high", "critical"].into_iter().enumerate() {
            let (role, count, own, evidence) = self.demand(number);
            let groups = if count == 0 { String::new() } else { format!("{{role: {role}, count: {count}}}") };
            let test = if evidence { "required" } else { "none" };
            text.push_str(&format!("  {risk}: {{approvals: [{groups}], own: {own}, test: {test}}}\n"));
        }
        text
    }
}

/// What a change does to each path: before and after.
pub(super) type Items = BTreeMap<String, (Option<Value>, Option<Value>)>;

/// What somebody looked at when they approved, or tested.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Content {
    pub(super) items: Items,
    pub(super) edition: u32,
    pub(super) policy: Policy,
}

/// The highest risk of the paths.
fn risk(items: &Items) -> usize {
    let of = |path: &String| PATHS.iter().position(|known| known == path).unwrap();
    items.keys().map(of).max().unwrap_or_default()
}

/// A request as its people made it.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) content: Content,
    /// Whoever made or edited it.
    pub(super) authors: BTreeSet<String>,
    pub(super) approvals: Vec<(String, Content)>,
    pub(super) tested: Vec<Content>,
}

/// What is known from what was done.
pub(super) struct Model {
    pub(super) policy: Policy,
    /// Who may act, with the role they have.
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) requests: BTreeMap<String, Request>,
    pub(super) values: BTreeMap<String, Value>,
}

impl Model {
    /// Whether these people's approvals are what a policy demands, by the roles they have now.
    fn enough(
        &self,
        policy: Policy,
        items: &Items,
        given: &BTreeSet<&String>,
        authors: &BTreeSet<String>,
    ) -> bool {
        let (role, count, own, _) = policy.demand(risk(items));
        let counts = |name: &&&String| {
            self.roles.get(**name).is_some_and(|has| *has >= role) && (own || !authors.contains(**name))
        };
        given.iter().filter(counts).count() >= count
    }

    /// Whose approval a requester gives with the change itself.
    pub(super) fn gives_own(&self, name: &str, items: &Items) -> bool {
        let (role, count, own, _) = self.policy.demand(risk(items));
        own && count > 0 && self.roles.get(name).is_some_and(|has| *has >= role)
    }

    /// A request was executed, and its version did this.
    #[track_caller]
    pub(super) fn executed(&self, id: &str, done: &Items) {
        let request = &self.requests[id];
        let Content { items, policy, .. } = &request.content;
        assert_eq!(done, items, "what was executed is what was asked for");
        for (path, (before, _)) in items {
            assert_eq!(self.values.get(path), before.as_ref(), "{path} was what who approved saw");
        }
        let given: BTreeSet<&String> = request
            .approvals
            .iter()
            .filter(|(_, content)| *content == request.content)
            .map(|(name, _)| name)
            .collect();
        for policy in [*policy, self.policy] {
            assert!(
                self.enough(policy, items, &given, &request.authors),
                "{policy:?} demands more than {given:?} of {request:?}, {:?}",
                self.roles
            );
            let tested = request.tested.contains(&request.content);
            assert!(!policy.demand(risk(items)).3 || tested, "{policy:?} demands evidence of {request:?}");
        }
    }

    /// Somebody's change was executed as soon as it was made.
    #[track_caller]
    pub(super) fn executed_at_once(&self, name: &str, done: &Items) {
        assert!(self.roles[name] >= Role::Operator, "{name} is {:?}", self.roles[name]);
        let own = name.to_owned();
        let alone = BTreeSet::from([own.clone()]);
        assert!(
            self.enough(self.policy, done, &BTreeSet::from([&own]), &alone)
                && !self.policy.demand(risk(done)).3,
            "{name}, {:?}, did {done:?} alone under {:?}",
            self.roles[name],
            self.policy
        );
    }

    /// What history tells was done.
    #[track_caller]
    pub(super) fn happened(&mut self, done: &Items) {
        for (path, (before, after)) in done {
            assert_eq!(self.values.get(path), before.as_ref(), "history continues what was at {path}");
            match after {
                Some(after) => self.values.insert(path.clone(), after.clone()),
                None => self.values.remove(path),
            };
        }
    }

    /// Whether an approval may be said to count: nobody's who is gone, or below the roles that the policy then and the
    /// one in force ask for.
    #[track_caller]
    pub(super) fn may_count(&self, id: &str, name: &str) {
        let request = &self.requests[id];
        let of_policy = |policy: Policy| policy.demand(risk(&request.content.items)).0;
        let role = of_policy(request.content.policy).min(of_policy(self.policy));
        let has = self.roles.get(name);
        assert!(has.is_some_and(|has| *has >= role), "{name} is {has:?}, and {role} is asked for");
        let bound = request.approvals.iter().any(|(who, content)| who == name && *content == request.content);
        assert!(bound, "{name} approved something else of {request:?}");
    }
}
