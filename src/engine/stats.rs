//! How reloads went so far, and whether the configuration system is well.

use super::reload::to_view;
use super::transact::View;
use super::{Engine, Handle, state};
use crate::api::stats::{Health, Stats, StatsReply};
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::time::Span;
use crate::store::manifest;
use crate::store::operation::{self, SourceState, Totals};

/// A source that nobody looked at for this long is not known to be well (requirement H7).
const LOOKED_AT_WITHIN: Span = Span::seconds(300);
/// A reload should take less, in microseconds.
const USUAL_US: i64 = 100_000;
/// How many slow reloads are listed.
const MOST_SLOW: u32 = 10;

impl Handle<Stats> for Engine {
    fn handle(&mut self, caller: &Caller, request: Stats) -> Result<StatsReply> {
        self.look(caller, |view| {
            let db = view.db;
            let totals = operation::totals(db)?;
            let last = operation::last(db)?;
            let states = states(view)?;
            let asked = request.slow_over.map(|span| span.duration().as_micros());
            let slow_over = asked.map_or(USUAL_US, |micros| i64::try_from(micros).unwrap_or(i64::MAX));
            let slow = operation::slow(db, slow_over.saturating_add(1), MOST_SLOW)?;
            let rate = |part: i64| (totals.total > 0).then(|| part as f64 / totals.total as f64);
            Ok(StatsReply {
                total_operations: totals.total,
                successful_operations: totals.successful,
                failed_operations: totals.failed,
                success_rate: rate(totals.successful),
                average_duration_ms: rate(totals.total_us).map(|micros| micros / 1000.0),
                last_reload_at: last.as_ref().map(|last| last.begun_at),
                last_duration_ms: last.as_ref().map(|last| last.total_us as f64 / 1000.0),
                listeners_registered: 0,
                backups_available: manifest::current_generation(db)?.id - 1,
                current_config_hash: state::current(view)?.effective_hash,
                sources_total: states.len() as i64,
                sources_healthy: states.iter().filter(|state| is_well(state)).count() as i64,
                health: health(view, &states, totals),
                slow_operations: slow.into_iter().map(to_view).collect(),
                slow_over_ms: slow_over as f64 / 1000.0,
            })
        })
    }
}

/// How each source of the manifest was found last; none where nobody has looked yet.
fn states(view: &View<'_>) -> Result<Vec<Option<SourceState>>> {
    let known = operation::source_states(view.db)?;
    let of = |name: &str| known.iter().find(|state| state.source == name).cloned();
    Ok(manifest::sources(view.db)?.iter().map(|source| of(&source.name)).collect())
}

fn is_well(state: &Option<SourceState>) -> bool {
    state.as_ref().is_some_and(|state| state.problem.is_none())
}

/// Whether the configuration system is well; none where the manifest names no source.
pub(super) fn health_of(view: &View<'_>) -> Result<Option<Health>> {
    let states = states(view)?;
    if states.is_empty() {
        return Ok(None);
    }
    Ok(Some(health(view, &states, operation::totals(view.db)?)))
}

fn health(view: &View<'_>, states: &[Option<SourceState>], totals: Totals) -> Health {
    let well = states.iter().filter(|state| is_well(state)).count();
    let since = view.clock.before(LOOKED_AT_WITHIN);
    let lately = |state: &Option<SourceState>| state.as_ref().is_some_and(|state| state.checked_at >= since);
    let mut reasons = Vec::new();
    if !states.is_empty() {
        if well == 0 {
            reasons.push("No source could be read.".to_owned());
        }
        let unseen = states.iter().filter(|state| !lately(state)).count();
        if unseen > 0 {
            reasons.push(format!(
                "{unseen} of {} sources were not looked at within {LOOKED_AT_WITHIN}.",
                states.len()
            ));
        }
    }
    if totals.total > 0 && totals.total_us / totals.total >= USUAL_US {
        let average = totals.total_us / totals.total / 1000;
        reasons
            .push(format!("A reload takes {average} ms on average; it should be under {}.", USUAL_US / 1000));
    }
    if totals.failed > 0 && totals.failed >= totals.successful {
        reasons.push(format!("{} reloads failed, and {} did not.", totals.failed, totals.successful));
    }
    let status = if reasons.is_empty() { "healthy" } else { "unhealthy" };
    Health { status: status.to_owned(), sources: format!("{well}/{}", states.len()), reasons }
}
