//! Whether windows and freezes let a change be executed now.

use super::transact::View;
use crate::domain::approval::Lack;
use crate::domain::change::Kind;
use crate::domain::error::Result;
use crate::domain::policy::Demand;
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::domain::window::{Gate, Window, gate};
use crate::store::{manifest, member};

/// What is asked of the windows of the manifest in force.
pub(super) struct Windows {
    windows: Vec<Window>,
    kind: Kind,
    role: Role,
}

impl Windows {
    /// For a change of this kind that somebody executes, or that cfgctl executes for who asked.
    pub(super) fn of(view: &View<'_>, kind: Kind, requested_by: &str) -> Result<Windows> {
        let role = if view.actor.name() == super::identity::ITSELF {
            member::find(view.db, requested_by)?.map_or(Role::Viewer, |member| member.role)
        } else {
            view.actor.member.role
        };
        Ok(Windows { windows: manifest::part(view.db, "windows")?, kind, role })
    }

    /// What stands in the way at a moment.
    pub(super) fn closed(&self, at: Timestamp, risk: Risk, demand: &Demand) -> Option<Lack> {
        if self.kind.passes_windows() {
            return None;
        }
        match gate(&self.windows, at, risk, self.role, demand.window) {
            Gate::Open => None,
            Gate::Frozen { by, until } => Some(Lack::Frozen { by: by.name.clone(), until }),
            Gate::Shut { next } => Some(Lack::Window { next }),
        }
    }

    /// The first moment from then on at which nothing stands in the way.
    pub(super) fn next_open(&self, at: Timestamp, risk: Risk, demand: &Demand) -> Option<Timestamp> {
        crate::domain::window::next_open(&self.windows, at, risk, self.role, demand.window)
    }
}
