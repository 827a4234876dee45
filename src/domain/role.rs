//! What a member may do, in five ordered steps.

use super::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A member's role. Ordered: whoever has a role may do all that the lower ones may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Proposes changes, and makes the ones whose risk needs nobody's approval.
    Operator,
    /// Approves medium changes, executes approved ones, keeps house.
    Admin,
    /// Approves high changes.
    SeniorAdmin,
    /// Approves critical changes.
    Board,
}

impl Role {
    /// All five, the least first.
    pub const ALL: [Role; 5] = [Role::Viewer, Role::Operator, Role::Admin, Role::SeniorAdmin, Role::Board];

    /// The word in files, output and the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Admin => "admin",
            Role::SeniorAdmin => "senior-admin",
            Role::Board => "board",
        }
    }

    /// The role of that name. `usage` lists them.
    pub fn parse(name: &str) -> Result<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == name).ok_or_else(|| {
            Error::usage(format!("{name:?} is not a role."))
                .hint("The roles are viewer, operator, admin, senior-admin and board.")
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
