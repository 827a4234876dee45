//! Whether a change may be executed at a moment, and when it could be.

use super::Window;
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::time::{Span, Timestamp};

/// How far ahead an opening is looked for.
const AHEAD: Span = Span::days(366);

/// Whether a change of some risk may be executed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate<'a> {
    /// Nothing is in the way.
    Open,
    /// A freeze holds it until then; whether it may be executed then, [`next_open`] says.
    Frozen {
        /// The freeze; of several the one that ends last.
        by: &'a Window,
        /// When its span ends.
        until: Timestamp,
    },
    /// It needs an open window and none is.
    Shut {
        /// The next opening that no freeze takes away; none where there is none within a year.
        next: Option<Timestamp>,
    },
}

/// What stands in the way, without what comes next.
enum Held<'a> {
    By(&'a Window, Timestamp),
    NoWindow,
}

/// Whether a change of this risk may be executed at a moment by a member with this role. A freeze that concerns the
/// risk and does not except the role holds it; else, where `needs_window`, an allow window for the risk must be open.
pub fn gate<'a>(
    windows: &'a [Window],
    at: Timestamp,
    risk: Risk,
    role: Role,
    needs_window: bool,
) -> Gate<'a> {
    match held(windows, at, risk, role, needs_window) {
        None => Gate::Open,
        Some(Held::By(by, until)) => Gate::Frozen { by, until },
        Some(Held::NoWindow) => Gate::Shut { next: next_open(windows, at, risk, role, needs_window) },
    }
}

/// The first moment from `at` on when the gate would be open, looking a year ahead.
pub fn next_open(
    windows: &[Window],
    at: Timestamp,
    risk: Risk,
    role: Role,
    needs_window: bool,
) -> Option<Timestamp> {
    let horizon = at.after(AHEAD);
    let mut moment = at;
    // Every step goes to a later moment: a freeze ends after the moment it holds, a beginning is looked for after it.
    loop {
        let next = match held(windows, moment, risk, role, needs_window) {
            None => return Some(moment),
            Some(Held::By(_, until)) => until,
            Some(Held::NoWindow) => {
                let allowing = windows.iter().filter(|window| window.allow && window.concerns(risk));
                allowing.filter_map(|window| window.next_beginning(moment, horizon)).min()?
            }
        };
        if next >= horizon {
            return None;
        }
        moment = next;
    }
}

fn held<'a>(
    windows: &'a [Window],
    at: Timestamp,
    risk: Risk,
    role: Role,
    needs_window: bool,
) -> Option<Held<'a>> {
    let concerning = || windows.iter().filter(|window| window.concerns(risk));
    let freezes = concerning().filter(|window| !window.allow && !window.excepts(role));
    let holding = freezes.filter_map(|window| Some((window, window.span_at(at)?.1)));
    if let Some((by, until)) = holding.max_by_key(|(_, until)| *until) {
        return Some(Held::By(by, until));
    }
    let open = || concerning().any(|window| window.allow && window.span_at(at).is_some());
    (needs_window && !open()).then_some(Held::NoWindow)
}
