//! How an open request stands now: whether it still fits what it was made for, and what it lacks under the policy that
//! let it wait and under the one in force.
//!
//! What must stay true: what is shown is what executing would say.

use super::case::Case;
use super::change_request::present_state;
use super::governance;
use super::plan::{Going, Plan, plan, plan_base};
use super::transact::View;
use super::{proof, reload};
use crate::api::change::{ConflictView, Stricter};
use crate::domain::approval::{Lack, Verdict};
use crate::domain::change::{Kind, State, Validity};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::policy::Policy;
use crate::domain::risk::Risk;
use crate::store::change::{self, Change};
use crate::store::{duty, overrides, version};

/// How an open request stands.
pub(super) struct Now {
    pub(super) validity: Validity,
    /// Why it is not valid.
    pub(super) issues: Vec<String>,
    /// What it lacks, under both policies.
    pub(super) verdict: Verdict,
    /// The risk it has by now, where that is higher than what was recorded.
    pub(super) raised: Option<Risk>,
    /// The demand of the policy in force, where it asks for more than the one that let the change wait.
    pub(super) stricter: Option<Stricter>,
    /// As it would be planned now; none where it changes no values.
    pub(super) plan: Option<Plan>,
}

impl Now {
    /// Looks at a request.
    pub(super) fn of(view: &View<'_>, policy: &Policy, change: &Change, case: &Case) -> Result<Now> {
        let demand = change.decision.demand.clone().unwrap_or_default();
        let mut now = Now {
            validity: Validity::Valid,
            issues: Vec::new(),
            verdict: case.weigh(&demand, change.risk),
            raised: None,
            stricter: None,
            plan: None,
        };
        if change.kind.governs() {
            let moved = governance::moved(view, change)?;
            if !moved.is_empty() {
                now.validity = Validity::Stale;
            }
            now.issues = moved.into_iter().map(|what| format!("{what} has changed since")).collect();
            return Ok(now);
        }
        let moves = moved(view, change)?;
        if !moves.is_empty() {
            let held = moves.iter().any(|moved| moved.by_request.is_some());
            now.validity = if held { Validity::Held } else { Validity::Stale };
            now.issues = moves.iter().map(Moved::in_words).collect();
            return Ok(now);
        }
        let items = change::value_items(view.db, change.number)?;
        let plan = if change.kind == Kind::Reload {
            let mut plan = plan_base(view, items, policy)?.0;
            plan.issues.extend(reload::issues_of(view, change)?);
            plan
        } else {
            let wanted: Vec<_> = items.into_iter().map(|item| (item.path, item.after)).collect();
            // What history proved when the change was made may be too long ago by now.
            let proven = change.decision.proven && proof::is_proven(view, &wanted)?;
            plan(view, wanted, policy, Going::back(change.decision.returns_to.is_some(), proven))?
        };
        if !plan.issues.is_empty() {
            now.validity = Validity::Invalid;
            now.issues = plan.issues.iter().map(|issue| issue.message.clone()).collect();
        }
        if plan.risk > change.risk || plan.demand != demand {
            // The policy in force may be stricter than the one that let the change wait.
            let lacked = now.verdict.lacks.len();
            for lack in case.weigh(&plan.demand, plan.risk).lacks {
                if !now.verdict.lacks.contains(&lack) {
                    now.verdict.lacks.push(lack);
                }
            }
            if now.verdict.lacks.len() > lacked {
                now.stricter = Some(Stricter { risk: plan.risk, demand: plan.demand.clone() });
            }
            now.raised = Some(plan.risk).filter(|risk| *risk > change.risk);
        }
        now.plan = Some(plan);
        Ok(now)
    }

    /// The state that this amounts to: a window that is shut keeps nothing from being approved.
    pub(super) fn state(&self, view: &View<'_>, change: &Change) -> Result<State> {
        let state = present_state(view, change);
        if !state.is_open() || state == State::Draft {
            return Ok(state);
        }
        if !self.verdict.lacks.iter().all(Lack::is_of_time) {
            return Ok(State::Pending);
        }
        let scheduled = duty::find(view.db, duty::Kind::Execute, change.number)?.is_some();
        Ok(if scheduled { State::Scheduled } else { State::Approved })
    }
}

/// A path of a request that has changed since the request was made or refreshed.
pub(super) struct Moved {
    pub(super) path: Path,
    pub(super) version: i64,
    pub(super) by: String,
    /// The number of the change request that did it, where one did.
    pub(super) by_request: Option<i64>,
}

impl Moved {
    /// One path that moved, by whom and when.
    pub(super) fn in_words(&self) -> String {
        format!("{} changed: {} did at version {}", self.path, self.by, self.version)
    }
}

/// The paths that have changed since, whatever their value is by now.
pub(super) fn moved(view: &View<'_>, change: &Change) -> Result<Vec<Moved>> {
    if change.kind == Kind::Reload {
        return reload::moved(view, change);
    }
    let mut moved = Vec::new();
    for item in change::value_items(view.db, change.number)? {
        let row = overrides::find(view.db, item.path.as_str())?;
        let value = row.as_ref().and_then(|row| row.value.clone());
        let since = row.filter(|row| row.version > change.base_version || value != item.before);
        let Some(row) = since else {
            if value != item.before {
                moved.push(Moved {
                    path: item.path,
                    version: 0,
                    by: "somebody".to_owned(),
                    by_request: None,
                });
            }
            continue;
        };
        let landed = version::find(view.db, row.version)?.and_then(|version| version.change);
        let by_request = landed.map(|number| change::by_number(view.db, number)).transpose()?.flatten();
        moved.push(Moved {
            path: item.path,
            version: row.version,
            by: row.by,
            by_request: by_request.filter(|change| change.digest.is_some()).map(|change| change.number),
        });
    }
    Ok(moved)
}

/// Other open requests that would change one of its paths, or the same of members and manifest.
pub(super) fn conflicts(view: &View<'_>, change: &Change) -> Result<Vec<ConflictView>> {
    let mut found: Vec<ConflictView> = Vec::new();
    for item in change::items(view.db, change.number)? {
        for id in change::open_on(view.db, &item.what, &item.path)? {
            if id == change.id || found.iter().any(|known| known.id == id) {
                continue;
            }
            let Some(other) = change::by_id(view.db, &id)? else { continue };
            if other.expires_at.is_none_or(|end| end > view.clock) {
                found.push(ConflictView {
                    number: other.number,
                    id,
                    requested_by: other.requested_by,
                    path: governance::what_of(&item),
                });
            }
        }
    }
    Ok(found)
}
