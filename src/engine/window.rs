//! Whether windows and freezes let a change be executed now.

use super::transact::View;
use crate::domain::approval::Lack;
use crate::domain::change::Kind;
use crate::domain::error::Result;
use crate::domain::policy::Demand;
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::time::{Span, Timestamp};
use crate::domain::window::{Gate, Window, gate};
use crate::store::change::{self, Change, Which};
use crate::store::{duty, manifest, member};

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

/// What the freezes among some windows that are not in force yet would hold back: requests that are scheduled into one,
/// and those that wait while one holds.
pub(super) fn would_hold(view: &View<'_>, windows: &[Window]) -> Result<Vec<String>> {
    let present: Vec<Window> = manifest::part(view.db, "windows")?;
    let new: Vec<&Window> =
        windows.iter().filter(|window| !window.allow && !present.contains(window)).collect();
    let mut told = Vec::new();
    if new.is_empty() {
        return Ok(told);
    }
    for change in change::list(view.db, Which::Open, None, MOST_HELD)? {
        let scheduled = duty::find(view.db, duty::Kind::Execute, change.number)?.map(|duty| duty.due_at);
        let role = member::find(view.db, &change.requested_by)?.map_or(Role::Viewer, |member| member.role);
        for window in &new {
            if change.kind.passes_windows() || !window.concerns(change.risk) || window.excepts(role) {
                continue;
            }
            let Some((_, until)) = window.span_at(scheduled.unwrap_or(view.clock)) else { continue };
            told.push(in_words(window, &change, scheduled, until));
        }
    }
    for window in new {
        if let Some((from, until)) = window.spans(view.clock, view.clock.after(AHEAD), 1).first() {
            told.push(format!(
                "The freeze {} holds from {} to {}.",
                window.name,
                from.short(),
                until.short()
            ));
        }
    }
    Ok(told)
}

/// How many open requests are looked at.
const MOST_HELD: u32 = 1000;
/// How far ahead a freeze is looked for.
const AHEAD: Span = Span::days(366);

fn in_words(window: &Window, change: &Change, scheduled: Option<Timestamp>, until: Timestamp) -> String {
    let when = scheduled.map(|at| format!(", scheduled for {},", at.short())).unwrap_or_default();
    format!(
        "The freeze {} would hold change request {} by {}{when} until {}.",
        window.name,
        change.number,
        change.requested_by,
        until.short()
    )
}
