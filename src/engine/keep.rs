//! Keeping house: what the policy says goes, and which versions it makes baselines.
//!
//! What must stay true: it is done by cfgctl itself, in transactions of bounded size, each with its audit entry; killed
//! between two of them the rest goes the next time. Changes do none of it, so that their cost stays their own; reading
//! only says that it is due.

mod audit;
mod baseline;
mod version;

pub(super) use version::{is_floor_reached, prune, up_to};

use super::Engine;
use super::identity::itself;
use super::state;
use super::transact::{Note, View};
use crate::api::confirm::Chore;
use crate::api::status::Kept;
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::Caller;
use crate::domain::time::{Span, Timestamp};
use crate::store::{self, metadata};

/// Pruning by policy waits so long for the next time: each costs the whole store a look.
const EVERY: Span = Span::days(1);

/// One kind of housekeeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Baseline,
    Versions,
    Audit,
}

/// A baseline first: what it holds is then known however much goes.
const ALL: [Kind; 3] = [Kind::Baseline, Kind::Versions, Kind::Audit];

impl Kind {
    /// Its name in answers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Baseline => "baseline",
            Kind::Versions => "versions",
            Kind::Audit => "audit",
        }
    }

    /// What the log calls it.
    fn action(self) -> &'static str {
        match self {
            Kind::Baseline => "version.baseline",
            Kind::Versions => "version.prune",
            Kind::Audit => "audit.prune",
        }
    }

    /// Up to which version or entry it is due; none where it is not.
    fn due(self, view: &View<'_>) -> Result<Option<i64>> {
        match self {
            Kind::Baseline => baseline::due(view),
            Kind::Versions => version::due(view),
            Kind::Audit => audit::due(view),
        }
    }

    /// What it would come to.
    fn announce(self, view: &View<'_>, up_to: i64) -> Result<Chore> {
        let (removed, history_removed) = match self {
            Kind::Baseline => (0, 0),
            Kind::Versions => version::count(view, up_to)?,
            Kind::Audit => (audit::count(view, up_to)?, 0),
        };
        Ok(Chore { removed, history_removed, ..self.chore("due", up_to) })
    }

    /// One transaction of it, towards where it was due; nothing where that is reached.
    fn step(self, view: &View<'_>, target: i64) -> Result<Option<(Chore, Note)>> {
        match self {
            Kind::Baseline => baseline::mark(view),
            Kind::Versions => version::step(view, target),
            Kind::Audit => audit::step(view, target),
        }
    }

    fn chore(self, result: &str, up_to: i64) -> Chore {
        Chore {
            what: self.name().to_owned(),
            result: result.to_owned(),
            up_to,
            removed: 0,
            history_removed: 0,
            problem: None,
        }
    }
}

/// Every kind of housekeeping that is due.
pub(super) fn due(view: &View<'_>) -> Result<Vec<(Kind, i64)>> {
    let mut due = Vec::new();
    for kind in ALL {
        due.extend(kind.due(view)?.map(|up_to| (kind, up_to)));
    }
    Ok(due)
}

/// What is said of it to those who only read.
pub(super) fn attention(due: &[(Kind, i64)]) -> Option<String> {
    let said: Vec<String> = due
        .iter()
        .map(|(kind, up_to)| match kind {
            Kind::Baseline => format!("version {up_to} becomes a baseline"),
            Kind::Versions => format!("versions up to {up_to} go"),
            Kind::Audit => format!("audit entries up to {up_to} go"),
        })
        .collect();
    (!said.is_empty()).then(|| format!("Housekeeping is due ({}): cfgctl settle", said.join(", ")))
}

/// How much is kept of what housekeeping takes, without counting it.
pub(super) fn kept(view: &View<'_>) -> Result<Kept> {
    let floor = metadata::history_floor(view.db)?;
    let (first, last) = (store::audit::checkpoint(view.db)?.seq, store::audit::head(view.db)?.seq);
    let below = i64::try_from(store::keep::kept_up_to(view.db, floor)?.len()).unwrap_or(i64::MAX);
    Ok(Kept {
        versions: state::current(view)?.id - floor + below,
        history_after: floor,
        history_rows: store::keep::rows_after(view.db, floor)?,
        audit_after: first,
        audit_entries: last - first,
    })
}

/// Whether the policy asks for a baseline now.
pub(super) fn is_baseline_due(view: &View<'_>) -> Result<bool> {
    Ok(baseline::due(view)?.is_some())
}

/// Whether pruning under a fact of the store, which says how far it went, may begin again.
fn is_its_turn(view: &View<'_>, fact: &str) -> Result<bool> {
    Ok(metadata::updated_at(view.db, fact)?.is_none_or(|last: Timestamp| last <= view.ago(EVERY)))
}

impl Engine {
    /// Does all housekeeping that is due, or says what there is. What fails is told, and keeps nothing else from being
    /// done.
    pub(super) fn keep_house(&mut self, caller: &Caller, dry_run: bool) -> Result<Vec<Chore>> {
        let due = self.look_as(caller, |_, now| Ok(itself(now)), due)?;
        let mut done = Vec::new();
        for (kind, up_to) in due {
            if dry_run {
                done.push(self.look_as(
                    caller,
                    |_, now| Ok(itself(now)),
                    |view| kind.announce(view, up_to),
                )?);
                continue;
            }
            match self.do_chore(caller, kind, up_to) {
                Ok(chore) => done.extend(chore),
                Err(error) if error.code == Code::UnknownOutcome => return Err(error),
                Err(error) => {
                    done.push(Chore { problem: Some(error.message), ..kind.chore("failed", up_to) });
                }
            }
        }
        Ok(done)
    }

    /// Marks the baseline that the policy asks for.
    pub(super) fn mark_baseline(&mut self, caller: &Caller) -> Result<()> {
        self.do_chore(caller, Kind::Baseline, 0).map(drop)
    }

    fn do_chore(&mut self, caller: &Caller, kind: Kind, target: i64) -> Result<Option<Chore>> {
        let mut whole: Option<Chore> = None;
        loop {
            let (step, _) = self.transact_itself(caller, kind.action(), |view| {
                Ok(kind.step(view, target)?.map_or((None, None), |(chore, note)| (Some(chore), Some(note))))
            })?;
            let Some(step) = step else { return Ok(whole) };
            let before = whole.take();
            whole = Some(Chore {
                removed: step.removed + before.as_ref().map_or(0, |before| before.removed),
                history_removed: step.history_removed + before.map_or(0, |before| before.history_removed),
                ..step
            });
        }
    }
}

/// That what was to be done towards a baseline, a floor or a checkpoint cannot be: the store lacks a version.
fn no_version() -> Error {
    Error::integrity("The store has no version.").hint("Type `cfgctl doctor`.")
}
