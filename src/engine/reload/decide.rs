//! What of a reload is put in force, and what waits for approval.
//!
//! What must stay true: what is put in force is valid as a whole; nothing above its source's `max_risk`, and nothing that
//! a freeze holds back, is altered without a request (design.md §3.1).

use super::resolve::{Layers, Move, Resolved, path_of};
use crate::domain::change::Kind;
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::policy::Policy;
use crate::domain::schema::CompiledSetting;
use crate::domain::secret::SecretReferences;
use crate::engine::plan::{Plan, plan_base};
use crate::engine::seal::Sealer;
use crate::engine::transact::View;
use crate::engine::window::Windows;
use crate::store::base::Said;
use crate::store::manifest;
use std::collections::BTreeSet;

/// How many problems one message tells.
const TOLD: usize = 20;

/// A reload, decided. Nothing is taken and nothing said of what is held where every source says what it said.
#[derive(Default)]
pub(super) struct Decided {
    /// What is put in force.
    pub(super) taken: Resolved,
    /// What waits for approval.
    pub(super) held: Option<Held>,
    /// What is only noteworthy.
    pub(super) warnings: Vec<String>,
}

/// What waits for approval.
pub(super) struct Held {
    /// The effective values that would move, in path order.
    pub(super) moves: Vec<Move>,
    /// Their risk, and what that demands; none where nothing waits.
    pub(super) plan: Option<Plan>,
    /// What every source says of their paths.
    pub(super) said: Vec<Said>,
}

impl Decided {
    pub(super) fn held_moves(&self) -> &[Move] {
        self.held.as_ref().map_or(&[], |held| &held.moves)
    }

    /// What it comes to, as the record names it.
    pub(super) fn status(&self) -> &'static str {
        match (self.held_moves().is_empty(), self.taken.altered.is_empty()) {
            (false, _) => "held",
            (true, false) => "completed",
            (true, true) => "unchanged",
        }
    }
}

/// Plans what would move, and tells what may be put in force from what has to wait.
pub(super) fn decide(
    view: &View<'_>,
    policy: &Policy,
    wanted: &Layers<'_>,
    resolved: Resolved,
) -> Result<Decided> {
    let items = |moves: &[Move]| moves.iter().map(Move::item).collect::<Vec<_>>();
    let (whole, risks) = plan_base(view, items(&resolved.moves), policy)?;
    whole.refuse_issues()?;
    let windows = Windows::of(view, Kind::Reload, view.actor.name())?;
    let waits = |one: &Move, risk| {
        // Only a freeze: that a window is open is asked where somebody has to approve.
        let unasked = crate::domain::policy::Demand::default();
        risk > one.max_risk || windows.closed(view.clock, risk, &unasked).is_some()
    };
    let (held, taken): (Vec<_>, Vec<_>) =
        resolved.moves.iter().zip(risks).partition(|(one, risk)| waits(one, *risk));
    let strip = |moves: Vec<(&Move, _)>| moves.into_iter().map(|(one, _)| one.clone()).collect::<Vec<_>>();
    let (mut held, mut taken) = (strip(held), strip(taken));
    let mut warnings = whole.warnings.clone();
    if !held.is_empty() && !taken.is_empty() {
        let (part, _) = plan_base(view, items(&taken), policy)?;
        if !part.issues.is_empty() {
            warnings
                .push("What could be taken alone is not valid without the rest: all of it waits.".to_owned());
            held.append(&mut taken);
            held.sort_by(|a, b| a.path.cmp(&b.path));
        }
    }
    let waiting: BTreeSet<&Path> = held.iter().map(|one| &one.path).collect();
    let altered = resolved.altered.into_iter();
    let altered = altered.filter(|one| path_of(one).is_none_or(|path| !waiting.contains(path))).collect();
    let plan = match (held.is_empty(), taken.is_empty()) {
        (true, _) => None,
        (false, true) => Some(whole),
        (false, false) => Some(plan_base(view, items(&held), policy)?.0),
    };
    let said = wanted.iter().filter(|said| waiting.contains(&said.path)).cloned().collect();
    drop(waiting);
    let held = Some(Held { moves: held, plan, said });
    Ok(Decided { taken: Resolved { altered, moves: taken, hidden: resolved.hidden }, held, warnings })
}

/// `invalid` with every value that its setting does not take, whichever layer would win: what is hidden today is in
/// force tomorrow.
pub(super) fn refuse_invalid(view: &View<'_>, fresh: &[&Said]) -> Result<()> {
    let secrets: SecretReferences = manifest::part(view.db, "secrets")?;
    let of_paths: Vec<&[&Said]> = fresh.chunk_by(|one, next| one.path == next.path).collect();
    let settings = manifest::settings_of(view.db, of_paths.iter().map(|of_path| &of_path[0].path))?;
    let sealer = Sealer::of(view)?;
    let mut problems = Vec::new();
    for (of_path, setting) in of_paths.into_iter().zip(settings) {
        let Some(setting) = setting else { continue };
        let path = &of_path[0].path;
        let compiled = CompiledSetting::compile(path, &setting).map_err(Error::invalid)?;
        for said in of_path {
            let found = if setting.secret {
                let taken = sealer.take(view, path, &compiled, said.value.clone(), &secrets)?;
                taken.err().unwrap_or_default().into_iter().map(|wrong| wrong.message).collect()
            } else {
                compiled.check(&said.value, &secrets)
            };
            problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", said.origin)));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(told(problems)).hint(HINT)) }
}

/// Problems as one message: the only one, or the first of them as a list.
pub(super) fn told(mut problems: Vec<String>) -> String {
    let count = problems.len();
    if count == 1 {
        return problems.remove(0);
    }
    let more = if count > TOLD { format!("\n  and {} more", count - TOLD) } else { String::new() };
    problems.truncate(TOLD);
    format!("{count} things are wrong:\n  {}{more}", problems.join("\n  "))
}

const HINT: &str = "Mend the source and reload; the former base stays in force until then.";
