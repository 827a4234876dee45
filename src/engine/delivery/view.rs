//! A delivery as everybody sees it.

use super::{is_open, the_change};
use crate::api::Outcome;
use crate::api::change::TakenBackView;
use crate::api::delivery::{DeliveryView, FollowReply};
use crate::domain::change::State;
use crate::domain::delivery;
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::time::Timestamp;
use crate::engine::transact::View;
use crate::engine::view;
use crate::store::change::{self, Change};
use crate::store::delivery::{Delivery, of_version};
use crate::store::{history, service, version};
use std::collections::BTreeSet;

/// How far each instance has come with a change; nothing where it concerns no service.
pub(in crate::engine) fn of_change(view: &View<'_>, change: &Change) -> Result<Vec<DeliveryView>> {
    let Some(version) = change.version else { return Ok(Vec::new()) };
    let rows = of_version(view.db, version)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let begun = version::find(view.db, version)?.map(|version| version.created_at);
    Ok(shown(rows, begun))
}

/// How far these instances have come since a moment.
pub(in crate::engine) fn shown(rows: Vec<Delivery>, begun: Option<Timestamp>) -> Vec<DeliveryView> {
    let shown = |row: Delivery| DeliveryView {
        state: row.state,
        matches_expected: row.state == delivery::State::Verified,
        propagation_time_ms: row
            .verified_at
            .zip(begun)
            .map(|(at, begun)| (at.millis() - begun.millis()).max(0)),
        service: row.service,
        instance: row.instance,
        critical: row.critical,
        wave: row.wave,
        written_at: row.written_at,
        reloaded_at: row.reloaded_at,
        verified_at: row.verified_at,
        error: row.problem,
        values: row.found,
    };
    rows.into_iter().map(shown).collect()
}

/// What became of taking a change back, where it was.
pub(in crate::engine) fn taken_back(view: &View<'_>, change: &Change) -> Result<Option<TakenBackView>> {
    let Some(version) = change.version.filter(|_| change.state == State::RolledBack) else { return Ok(None) };
    let Some(back) = change::taking_back(view.db, change)? else { return Ok(None) };
    let touched = |version| -> Result<BTreeSet<Path>> {
        Ok(history::of_version(view.db, version)?.into_iter().map(|event| event.path).collect())
    };
    let returned = back.version.map(touched).transpose()?.unwrap_or_default();
    let kept = touched(version)?.difference(&returned).cloned().collect();
    Ok(Some(TakenBackView {
        number: back.number,
        id: back.id.clone(),
        state: back.state,
        kept,
        delivery: of_change(view, &back)?,
    }))
}

/// Where a change's delivery stands.
pub(super) fn reply(view: &View<'_>, number: i64) -> Result<FollowReply> {
    let change = the_change(view, number)?;
    let open = is_open(view, number)?;
    let shown = view::of_change(view, &change)?;
    let failed = shown.delivery.iter().any(|one| one.state == delivery::State::Failed);
    let outcome = match change.state {
        State::RolledBack => match shown.taken_back.as_ref().map(|back| back.state) {
            Some(State::Failed) => Outcome::RollbackFailed,
            _ => Outcome::RolledBack,
        },
        State::Failed => Outcome::RollbackFailed,
        _ if failed => Outcome::PartlyVerified,
        _ => Outcome::Done,
    };
    Ok(FollowReply { outcome, settled: !open, change: shown })
}

/// Keeps of a service what was found of it.
pub(super) fn keep_fact(view: &View<'_>, row: &Delivery) -> Result<()> {
    let known = service::state(view.db, &row.service, &row.instance)?;
    service::put(
        view.db,
        &service::State {
            verified_at: row.verified_at.or(known.verified_at),
            // It may have its former file again: what it has is not known any more.
            digest: known
                .digest
                .clone()
                .filter(|_| row.state != delivery::State::Failed || row.written_at.is_none()),
            problem: row.problem.clone(),
            ..known
        },
    )
}
