//! What happened to the values.

use super::known;
use super::mask::Mask;
use super::transact::View;
use super::{Engine, Handle};
use crate::api::history::{History, HistoryReply, HistoryView};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::store::history::{self, Event, Filter};
use crate::store::{base, version};

/// How many rows a list gives where nobody says.
pub(super) const PAGE: u32 = 100;

/// The most rows a list gives at once.
pub(super) const LARGEST_PAGE: u32 = 10_000;

/// How many rows to give, of how many were asked for.
pub(super) fn page(limit: Option<u32>) -> u32 {
    limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)
}

/// Reads a cursor that a list gave. `usage` where it is another's.
pub(super) fn cursor(after: Option<&str>) -> Result<Option<i64>> {
    after.map(|after| after.parse().map_err(|_| no_cursor(after))).transpose()
}

pub(super) fn no_cursor(text: &str) -> Error {
    Error::usage(format!("{text:?} is no cursor.")).hint("Give what was printed as `next`, or `cursor`.")
}

/// Cuts one row too many off a list, and gives the cursor that goes on after the last one kept.
pub(super) fn cut<T>(items: &mut Vec<T>, limit: u32, key: impl Fn(&T) -> i64) -> Option<String> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    items.last().filter(|_| more).map(|last| key(last).to_string())
}

impl Handle<History> for Engine {
    fn handle(&mut self, caller: &Caller, request: History) -> Result<HistoryReply> {
        self.look(caller, |view| {
            let limit = page(request.limit);
            let filter = Filter {
                path: request.path.as_deref().map(Path::parse).transpose()?,
                since: request.since,
                until: request.until,
                by: request.by.clone(),
                before: request.after.as_deref().map(place_of).transpose()?,
            };
            let mut rows: Vec<Row> =
                history::list(view.db, &filter, limit + 1)?.into_iter().map(Row::Override).collect();
            rows.extend(base::list(view.db, &filter, limit + 1)?.into_iter().map(Row::Base));
            // A version is of one of the two, never of both.
            rows.sort_by_key(|row| std::cmp::Reverse(row.place()));
            let more = rows.len() > limit as usize;
            rows.truncate(limit as usize);
            let last = rows.last().filter(|_| more).map(Row::place);
            let next = last.map(|(version, id)| format!("{version}.{id}"));
            if let Some(path) = filter.path.as_ref().filter(|_| rows.is_empty()) {
                known::check_path(view, path)?;
            }
            let mask = Mask::new(view);
            let items = rows.into_iter().map(|row| to_view(view, &mask, row)).collect::<Result<_>>()?;
            Ok(HistoryReply { items, next })
        })
    }
}

/// What happened to an override, or what a reload made of an effective value.
pub(super) enum Row {
    Override(Event),
    Base(base::Listed),
}

impl Row {
    /// Its version, and its number among the rows of its kind.
    pub(super) fn place(&self) -> (i64, i64) {
        match self {
            Row::Override(event) => (event.version, event.id),
            Row::Base(listed) => (listed.event.version, listed.id),
        }
    }
}

/// Reads the cursor that a page of history gave. `usage` where it is another's.
pub(super) fn place_of(cursor: &str) -> Result<(i64, i64)> {
    let place =
        cursor.split_once('.').and_then(|(version, id)| Some((version.parse().ok()?, id.parse().ok()?)));
    place.ok_or_else(|| no_cursor(cursor))
}

pub(super) fn to_view(view: &View<'_>, mask: &Mask<'_>, row: Row) -> Result<HistoryView> {
    Ok(match row {
        Row::Override(event) => HistoryView {
            emergency: version::is_emergency(view.db, event.version)?,
            operation: event.operation,
            before: mask.maybe(&event.path, event.before)?,
            after: mask.maybe(&event.path, event.after)?,
            path: event.path,
            at: event.at,
            by: event.by,
            reason: event.reason,
            source_ip: event.origin,
            version: event.version,
            layer: None,
            origin: None,
        },
        Row::Base(base::Listed { event, at, by, reason, .. }) => HistoryView {
            emergency: false,
            operation: event.operation().to_owned(),
            before: mask.maybe(&event.path, event.before)?,
            after: mask.maybe(&event.path, event.after)?,
            path: event.path,
            at,
            by,
            reason,
            source_ip: "local".to_owned(),
            version: event.version,
            layer: Some(event.source.unwrap_or_else(|| "default".to_owned())),
            origin: event.origin,
        },
    })
}
