//! What comes next of a delivery.
//!
//! What must stay true: the services are told in the order of their priority; a service's next wave waits until the one
//! before runs with the values and has been well for a while; after a failure that decides everything nobody else is told.

use super::content::{Used, used};
use super::monitor::{self, Watched};
use super::{the_change, version_of};
use crate::domain::change::Kind;
use crate::domain::delivery::State;
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::service::{Instance, Service};
use crate::domain::time::{Span, Timestamp};
use crate::engine::transact::View;
use crate::store::delivery::{self, Delivery};
use crate::store::{base, duty, history, manifest, service};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How many instances are told between two looks.
const AT_ONCE: usize = 16;
/// The least time that an instance has to answer, however late it is.
const SHORTEST_QUESTION: Span = Span::seconds(1);

/// What comes next.
pub(super) enum Next {
    /// Nothing: it is over.
    Nothing,
    /// These are to be given their values and told.
    Give(Vec<Give>),
    /// These are to be asked what they run with and how they are.
    Ask(Vec<Ask>),
    /// These are not to be told any more.
    Note(Vec<Delivery>),
    /// Nothing can be done before some time has passed.
    Wait,
    /// Every instance has come to an end: what it amounts to is to be decided.
    Decide,
    /// It is time to ask how these fare.
    Watch(Vec<Watched>),
    /// They were watched long enough.
    EndWatch,
}

/// An instance that is to be given its values.
pub(super) struct Give {
    pub(super) service: Service,
    pub(super) instance: Instance,
    pub(super) delivery: Delivery,
    pub(super) known: service::State,
    /// The manifest's instance, which a stamp names.
    pub(super) owner: String,
    /// The paths that changed.
    pub(super) touched: BTreeSet<Path>,
    /// Whether it is watched afterwards, so that how fast it was before counts.
    pub(super) is_watched: bool,
}

/// An instance that is to be asked.
pub(super) struct Ask {
    pub(super) instance: Instance,
    pub(super) delivery: Delivery,
    pub(super) used: Used,
    /// The paths that it is asked for: those that changed and need no restart.
    pub(super) paths: Vec<Path>,
    /// When it has had time enough.
    pub(super) until: Timestamp,
    pub(super) now: Timestamp,
}

impl Ask {
    /// How long an answer may take: not much longer than the instance has.
    pub(super) fn time_left(&self) -> Span {
        let millis = self.until.millis().saturating_sub(self.now.millis());
        Span::of(Duration::from_millis(u64::try_from(millis).unwrap_or(0))).max(SHORTEST_QUESTION)
    }
}

/// What comes next of a change's delivery.
pub(super) fn next(view: &View<'_>, number: i64) -> Result<Next> {
    if duty::find(view.db, duty::Kind::Deliver, number)?.is_none() {
        return monitor::next(view, number);
    }
    let change = the_change(view, number)?;
    let version = version_of(view, number)?;
    let rows = delivery::of_version(view.db, version)?;
    let policy = manifest::policy(view.db)?;
    let patience = match change.kind {
        Kind::Emergency => policy.emergency.verify,
        _ => policy.verify.timeout,
    };
    let mut next = of_rows(view, &rows, &touched(view, version)?, patience)?;
    if let Next::Give(jobs) = &mut next {
        jobs.iter_mut().for_each(|job| job.is_watched = change.dossier.monitor.is_some());
    }
    Ok(next)
}

/// The paths whose effective values a version moved.
pub(super) fn touched(view: &View<'_>, version: i64) -> Result<BTreeSet<Path>> {
    let of_overrides = history::of_version(view.db, version)?.into_iter().map(|event| event.path);
    let of_base = base::events_of_version(view.db, version)?.into_iter().map(|event| event.path);
    Ok(of_overrides.chain(of_base).collect())
}

/// What comes next for these instances, to which these paths are brought.
pub(super) fn of_rows(
    view: &View<'_>,
    rows: &[Delivery],
    touched: &BTreeSet<Path>,
    patience: Span,
) -> Result<Next> {
    if rows.iter().all(|row| row.state.is_settled()) {
        return Ok(Next::Decide);
    }
    let services = manifest::services(view.db)?;
    let hopeless: Vec<Delivery> = rows.iter().filter_map(|row| hopeless(&services, row, rows)).collect();
    if !hopeless.is_empty() {
        return Ok(Next::Note(hopeless));
    }
    let owner: String = manifest::part(view.db, "instance")?;
    let mut give = Vec::new();
    for row in rows.iter().filter(|row| matches!(row.state, State::Waiting | State::Begun)) {
        let Some((service, instance)) = definition(&services, row) else { continue };
        if give.len() < AT_ONCE && is_its_turn(view, service, row, rows) {
            give.push(Give {
                service: service.clone(),
                instance: instance.clone(),
                delivery: row.clone(),
                known: service::state(view.db, &row.service, &row.instance)?,
                owner: owner.clone(),
                touched: touched.clone(),
                is_watched: false,
            });
        }
    }
    if !give.is_empty() {
        return Ok(Next::Give(give));
    }
    let mut ask = Vec::new();
    for row in rows.iter().filter(|row| row.state == State::Told || is_baking(row, rows)) {
        let Some((service, instance)) = definition(&services, row) else { continue };
        let used = used(view, service)?;
        let paths = touched.iter().filter(|path| service.uses(path) && used.can_be_asked(path));
        ask.push(Ask {
            instance: instance.clone(),
            delivery: row.clone(),
            paths: used.comparable(paths),
            used,
            until: row.reloaded_at.or(row.written_at).unwrap_or(view.clock).after(patience),
            now: view.clock,
        });
    }
    Ok(if ask.is_empty() { Next::Wait } else { Next::Ask(ask) })
}

pub(super) fn definition<'a>(
    services: &'a BTreeMap<String, Service>,
    row: &Delivery,
) -> Option<(&'a Service, &'a Instance)> {
    let service = services.get(&row.service)?;
    Some((service, service.instances().iter().find(|instance| instance.name == row.instance)?))
}

/// An instance that is not to be told any more, as failed: its service is gone, one before it has failed, or one without
/// which nothing works.
fn hopeless(services: &BTreeMap<String, Service>, row: &Delivery, rows: &[Delivery]) -> Option<Delivery> {
    if row.state.is_settled() {
        return None;
    }
    let failed = |other: &&Delivery| other.state == State::Failed;
    let earlier = |other: &&Delivery| other.service == row.service && other.wave < row.wave;
    let problem = if definition(services, row).is_none() {
        "The manifest has no such service any more.".to_owned()
    } else if row.state == State::Told {
        return None;
    } else if let Some(other) = rows.iter().filter(failed).find(earlier) {
        format!("It was not told, because {} had failed.", other.instance)
    } else {
        let critical = rows.iter().filter(failed).find(|other| other.critical)?;
        format!("It was not told, because {}, which is critical, had failed.", critical.service)
    };
    let problem = match row.state {
        State::Begun => format!("Its turn was cut short. {problem}"),
        _ => problem,
    };
    Some(Delivery { state: State::Failed, problem: Some(problem), ..row.clone() })
}

/// Whether the next wave of an instance's service waits for it to stay well.
fn is_baking(row: &Delivery, rows: &[Delivery]) -> bool {
    let waits = |other: &Delivery| {
        other.service == row.service && other.wave > row.wave && other.state == State::Waiting
    };
    row.state == State::Verified && rows.iter().any(waits)
}

/// Whether everything that an instance has to wait for has come to pass.
fn is_its_turn(view: &View<'_>, service: &Service, row: &Delivery, rows: &[Delivery]) -> bool {
    let before = rows.iter().filter(|other| other.service == row.service && other.wave < row.wave);
    before.into_iter().all(|other| {
        // Who cannot be asked counts from when it was told.
        let since = other.verified_at.or(other.reloaded_at).or(other.written_at);
        let baked = since.is_none_or(|at| at.after(service.rollout.bake) <= view.clock);
        other.state == State::Verified && baked
    })
}
