//! What happened to the values.

use super::known;
use super::mask::Mask;
use super::{Engine, Handle};
use crate::api::history::{History, HistoryReply, HistoryView};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::store::history::{self, Event, Filter};

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
    after
        .map(|after| {
            after.parse().map_err(|_| {
                Error::usage(format!("{after:?} is no cursor.")).hint("Give what the list printed as `next`.")
            })
        })
        .transpose()
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
                before: cursor(request.after.as_deref())?,
            };
            let mut events = history::list(view.db, &filter, limit + 1)?;
            let next = cut(&mut events, limit, |event| event.id);
            if let Some(path) = filter.path.as_ref().filter(|_| events.is_empty()) {
                known::check_path(view, path)?;
            }
            let mask = Mask::new(view);
            Ok(HistoryReply {
                items: events.into_iter().map(|event| to_view(&mask, event)).collect::<Result<_>>()?,
                next,
            })
        })
    }
}

fn to_view(mask: &Mask<'_>, event: Event) -> Result<HistoryView> {
    Ok(HistoryView {
        operation: event.operation,
        before: mask.maybe(&event.path, event.before)?,
        after: mask.maybe(&event.path, event.after)?,
        path: event.path,
        at: event.at,
        by: event.by,
        reason: event.reason,
        source_ip: event.origin,
        version: event.version,
    })
}
