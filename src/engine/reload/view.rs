//! What a reload came to, as it is told and as it is kept.

use super::load::Loaded;
use super::resolve::Move;
use crate::api::Outcome;
use crate::api::change::ItemView;
use crate::api::reload::{OperationView, SourceResult};
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use crate::engine::transact::View;
use crate::engine::view;
use crate::store::operation::{Operation, SourceState};
use std::time::Duration;

/// How many values of one kind an answer shows.
const SHOWN: usize = 1000;

pub(super) fn outcome_of(status: &str) -> Outcome {
    match status {
        "held" => Outcome::Pending,
        "unchanged" => Outcome::Unchanged,
        _ => Outcome::Done,
    }
}

pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(super) fn state_of(
    loaded: &Loaded,
    known: Option<&SourceState>,
    now: Timestamp,
    weighed: bool,
) -> SourceState {
    let former = |read: fn(&SourceState) -> Option<String>| known.and_then(read);
    let hash = loaded.content_hash.clone();
    SourceState {
        source: loaded.name.clone(),
        checked_at: now,
        loaded_at: if hash.is_some() && !loaded.from_cache {
            Some(now)
        } else {
            known.and_then(|known| known.loaded_at)
        },
        problem: match &loaded.entries {
            Err(error) => Some(error.message.clone()),
            // What a cache says is in force, and its source is not well.
            Ok(_) => loaded.warnings.last().filter(|_| loaded.from_cache).cloned(),
        },
        content_hash: match hash {
            Some(hash) if weighed => Some(hash),
            _ => former(|known| known.content_hash.clone()),
        },
        entries: match &loaded.entries {
            Ok(entries) => i64::try_from(entries.len()).unwrap_or(i64::MAX),
            Err(_) => known.map_or(0, |known| known.entries),
        },
        remote: loaded.remote.clone().or_else(|| known.and_then(|known| known.remote.clone())),
    }
}

/// What reading a source came to, beside how it was found last.
pub(in crate::engine) fn result_of(loaded: &Loaded, states: &[SourceState]) -> SourceResult {
    SourceResult {
        source: loaded.name.clone(),
        ok: loaded.entries.is_ok(),
        entries: loaded.count() as u64,
        unchanged: loaded.is_unchanged(states),
        from_cache: loaded.from_cache,
        problem: loaded.entries.as_ref().err().map(|error| error.message.clone()),
        duration_ms: millis(micros(loaded.took)),
    }
}

fn millis(micros: i64) -> f64 {
    micros as f64 / 1000.0
}

pub(super) fn shown(view: &View<'_>, moves: &[Move]) -> Result<Vec<ItemView>> {
    let items: Vec<_> = moves.iter().take(SHOWN).map(Move::item).collect();
    view::of_base_items(view, &items)
}

pub(in crate::engine) fn to_view(operation: Operation) -> OperationView {
    let of = |key: &str| operation.detail.get(key).cloned().unwrap_or_default();
    let sources = serde_json::from_value(of("sources")).unwrap_or_default();
    let validation_warnings = serde_json::from_value(of("warnings")).unwrap_or_default();
    OperationView {
        operation_id: operation.id,
        trigger: operation.cause,
        success: operation.status != "failed",
        status: operation.status,
        forced: operation.forced,
        begun_at: operation.begun_at,
        by: operation.actor,
        reason: operation.reason,
        total_duration_ms: millis(operation.total_us),
        loading_duration_ms: millis(operation.loading_us),
        validation_duration_ms: millis(operation.validation_us),
        apply_duration_ms: millis(operation.apply_us),
        services_notified: serde_json::from_value(of("services")).unwrap_or_default(),
        validation_warnings,
        problem: of("problem").as_str().map(str::to_owned),
        sources,
        altered: of("altered").as_u64().unwrap_or(0),
        held_back: of("held").as_u64().unwrap_or(0),
        generation: operation.generation,
        version: operation.version,
        change: operation.change,
    }
}
