//! What each risk demands, and the terms of everything else: the part of the manifest that says who decides.
//!
//! What must stay true: nothing here lowers a demand except `Demand::relieved`, which only history's proof may ask for.

use super::keep::{Baselines, Keep};
use super::monitor::Monitor;
use super::risk::Risk;
use super::role::Role;
use super::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many distinct people of at least this role, or of one of the policy's groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The least role that counts.
    #[serde(default = "any_role", skip_serializing_if = "is_any_role")]
    pub role: Role,
    /// How many people.
    pub count: u32,
    /// The policy's group they must belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

impl Group {
    /// So many people of at least this role.
    pub fn of(role: Role, count: u32) -> Group {
        Group { role, count, group: None }
    }

    /// Whether whoever fills this one fills the other, too.
    pub fn implies(&self, other: &Group) -> bool {
        self.role >= other.role
            && self.count >= other.count
            && other.group.as_ref().is_none_or(|group| self.group.as_ref() == Some(group))
    }
}

fn any_role() -> Role {
    Role::Viewer
}

fn is_any_role(role: &Role) -> bool {
    *role == any_role()
}

/// What test evidence a risk demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Test {
    /// Nothing.
    #[default]
    None,
    /// A staging test is recommended: a warning where there is none.
    Recommended,
    /// Evidence of a staging test.
    Required,
    /// Evidence of a full test with the rollback tested.
    Full,
}

/// What one risk demands before a change may be executed, and after.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Demand {
    /// The groups of approvers, each of which must be filled.
    pub approvals: Vec<Group>,
    /// Whether the requester's own approval counts.
    #[serde(skip_serializing_if = "is_false")]
    pub own: bool,
    /// Test evidence.
    pub test: Test,
    /// Whether a rollback plan must be written down.
    #[serde(skip_serializing_if = "is_false")]
    pub rollback_plan: bool,
    /// Whether a maintenance window must be open.
    #[serde(skip_serializing_if = "is_false")]
    pub window: bool,
    /// Whether a review must follow.
    #[serde(skip_serializing_if = "is_false")]
    pub review: bool,
    /// How long the services are watched afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor: Option<Span>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Demand {
    /// The least role whose approval it can use; none where it asks for none.
    pub fn least_role(&self) -> Option<Role> {
        self.approvals.iter().map(|group| group.role).min()
    }

    /// The lesser demand for values that this store's own history proves were in force lately: one person of the role
    /// that the terms name, the requester's own approval counting, no evidence, no plan, no window.
    #[must_use]
    pub fn relieved(&self, risk: Risk, terms: &Restore) -> Demand {
        let role = if risk == Risk::Critical { terms.critical } else { terms.role };
        let named = self.approvals.iter().any(|group| group.group.is_some());
        let weight = |groups: &[Group]| groups.iter().map(|g| (g.role, g.count)).max();
        let mut lesser = self.clone();
        if named
            || weight(&self.approvals) > Some((role, 1))
            || (weight(&self.approvals) == Some((role, 1)) && !self.own)
        {
            lesser.approvals = vec![Group::of(role, 1)];
            lesser.own = true;
        }
        Demand { test: Test::None, rollback_plan: false, window: false, ..lesser }
    }
}

/// The policy of an instance: what each risk demands, and the terms of everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The risk of a path that the manifest does not register.
    pub unregistered: Risk,
    /// What low changes demand.
    pub low: Demand,
    /// What medium changes demand.
    pub medium: Demand,
    /// What high changes demand.
    pub high: Demand,
    /// What critical changes demand.
    pub critical: Demand,
    /// Who decides about members and manifest.
    pub governance: Governance,
    /// Groups of members by name, from which a demand may ask for approvals.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Terms of change requests.
    pub requests: Requests,
    /// Terms of going back to what was in force lately.
    pub restore: Restore,
    /// Terms of membership.
    pub members: Members,
    /// Terms of confirmed changes.
    pub confirm: Confirm,
    /// Terms of verification at the services.
    pub verify: Verify,
    /// Terms of watching the services after a change.
    pub monitor: Monitor,
    /// Terms of emergencies.
    pub emergency: Emergency,
    /// Terms of backups.
    pub backups: Backups,
    /// When a version becomes a baseline by itself.
    #[serde(skip_serializing_if = "Baselines::is_never")]
    pub baselines: Baselines,
    /// How long things are kept, and how large the store may grow.
    pub keep: Keep,
}

/// Who decides about members and manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Governance {
    /// An owner alone.
    Owner,
    /// The board, as change requests.
    Board,
}

/// Terms of change requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Requests {
    /// An open request ends after this long.
    pub expire_after: Span,
    /// Who may edit, schedule, execute, confirm and take back what somebody else asked for.
    pub others: Role,
}

/// Terms of going back to what this store's own history proves was in force lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Restore {
    /// How lately.
    pub within: Span,
    /// Whose approval is enough; their own counts.
    pub role: Role,
    /// Whose approval is enough for critical changes.
    pub critical: Role,
}

/// Terms of membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Members {
    /// How long an invitation can be redeemed.
    pub invited_for: Span,
    /// How long a member may let another approve in their place.
    pub delegated_for: Span,
}

/// Terms of confirmed changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Confirm {
    /// The deadline where none is named.
    pub default: Span,
    /// The longest deadline.
    pub longest: Span,
}

/// Terms of verification at the services.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Verify {
    /// How long the services have.
    pub timeout: Span,
    /// The fraction of services that must succeed.
    pub threshold: f64,
}

impl Eq for Verify {}

/// Terms of emergencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Emergency {
    /// Who may, beside those on call.
    pub role: Role,
    /// Members who may whatever their role.
    pub on_call: Vec<String>,
    /// How long verification has.
    pub verify: Span,
    /// When the review is due.
    pub review_within: Span,
    /// How many may stand unreviewed.
    pub unreviewed_at_most: u32,
}

/// Terms of backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backups {
    /// How many automatic ones are kept.
    pub keep: u32,
    /// How often a full one is taken with a change.
    pub full_every: Span,
    /// Nothing younger than this is pruned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_for: Option<Span>,
}

impl Default for Policy {
    /// The default policy of design.md §7.
    fn default() -> Self {
        let one = |role| vec![Group::of(role, 1)];
        let minutes = |minutes: u64| Some(Span::seconds(60 * minutes));
        Policy {
            unregistered: Risk::High,
            low: Demand::default(),
            medium: Demand {
                approvals: one(Role::Admin),
                own: true,
                test: Test::Recommended,
                ..Demand::default()
            },
            high: Demand {
                approvals: one(Role::SeniorAdmin),
                test: Test::Required,
                review: true,
                monitor: minutes(5),
                ..Demand::default()
            },
            critical: Demand {
                approvals: vec![Group::of(Role::Board, 2)],
                test: Test::Full,
                rollback_plan: true,
                window: true,
                review: true,
                monitor: minutes(10),
                ..Demand::default()
            },
            governance: Governance::Owner,
            groups: BTreeMap::new(),
            requests: Requests::default(),
            restore: Restore::default(),
            members: Members::default(),
            confirm: Confirm::default(),
            verify: Verify::default(),
            monitor: Monitor::default(),
            emergency: Emergency::default(),
            backups: Backups::default(),
            baselines: Baselines::default(),
            keep: Keep::default(),
        }
    }
}

impl Default for Requests {
    fn default() -> Self {
        Requests { expire_after: Span::days(14), others: Role::Admin }
    }
}

impl Default for Restore {
    fn default() -> Self {
        Restore { within: Span::days(30), role: Role::Admin, critical: Role::Board }
    }
}

impl Default for Members {
    fn default() -> Self {
        Members { invited_for: Span::days(7), delegated_for: Span::days(92) }
    }
}

impl Default for Confirm {
    fn default() -> Self {
        Confirm { default: Span::seconds(600), longest: Span::seconds(3600) }
    }
}

impl Default for Verify {
    fn default() -> Self {
        Verify { timeout: Span::seconds(60), threshold: 0.5 }
    }
}

impl Default for Emergency {
    fn default() -> Self {
        Emergency {
            role: Role::Admin,
            on_call: Vec::new(),
            verify: Span::seconds(5),
            review_within: Span::days(2),
            unreviewed_at_most: 5,
        }
    }
}

impl Default for Backups {
    fn default() -> Self {
        Backups { keep: 50, full_every: Span::days(1), keep_for: None }
    }
}

impl Policy {
    /// What this risk demands.
    pub fn demand(&self, risk: Risk) -> &Demand {
        match risk {
            Risk::Low => &self.low,
            Risk::Medium => &self.medium,
            Risk::High => &self.high,
            Risk::Critical => &self.critical,
        }
    }
}

impl Demand {
    /// In one line: `1 admin (own approval counts), a staging test is recommended`.
    pub fn in_words(&self) -> String {
        let mut parts: Vec<String> = self
            .approvals
            .iter()
            .map(|group| {
                format!("{} {}", group.count, super::approval::of_whom(group.role, group.group.as_deref()))
            })
            .collect();
        if let (Some(last), true) = (parts.last_mut(), self.own) {
            last.push_str(" (own approval counts)");
        } else if let Some(last) = parts.last_mut() {
            last.push_str(" other than the requester");
        }
        match self.test {
            Test::None => {}
            Test::Recommended => parts.push("a staging test is recommended".to_owned()),
            Test::Required => parts.push("evidence of a staging test".to_owned()),
            Test::Full => parts.push("evidence of a full test with the rollback tested".to_owned()),
        }
        for (asked, name) in [
            (self.rollback_plan, "a rollback plan"),
            (self.window, "an open window"),
            (self.review, "a review afterwards"),
        ] {
            if asked {
                parts.push(name.to_owned());
            }
        }
        if parts.is_empty() { "nobody's approval".to_owned() } else { parts.join(", ") }
    }
}
