//! Changes told as they happen.
//!
//! What must stay true: every event after the cursor is given, once and in the order of the versions, because a version
//! and all its events are one transaction; nothing is open while it waits; what was pruned is told as an error, never
//! left out.

use super::history::{Row, no_cursor, place_of, to_view};
use super::mask::Mask;
use super::transact::View;
use super::{Engine, Handle, known, state};
use crate::api::watch::{Watch, WatchReply, WatchView};
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::store::{base, history, metadata};
use std::thread;
use std::time::Duration;

/// The longest that one request waits.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// How often it looks whether somebody has committed.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The most events of one answer.
const AT_ONCE: u32 = 1_000;

impl Handle<Watch> for Engine {
    fn handle(&mut self, caller: &Caller, mut request: Watch) -> Result<WatchReply> {
        let mut left = request.wait.map_or(Duration::ZERO, |wait| wait.duration().min(LONGEST_WAIT));
        loop {
            // Asked before the look: what is committed between the two stirs it again.
            let before = self.store.stirred()?;
            let reply = self.look(caller, |view| self.since(view, &request))?;
            if left.is_zero() || !reply.items.is_empty() {
                return Ok(reply);
            }
            (request.from, request.after) = (None, Some(reply.next));
            while !left.is_zero() && self.store.stirred()? == before {
                let pause = LOOK_AGAIN.min(left);
                thread::sleep(pause);
                left -= pause;
            }
        }
    }
}

impl Engine {
    fn since(&self, view: &View<'_>, request: &Watch) -> Result<WatchReply> {
        let path = request.path.as_deref().map(Path::parse).transpose()?;
        let current = state::current(view)?.id;
        let after = match (&request.after, &request.from) {
            (Some(cursor), _) => after(cursor)?,
            (None, Some(name)) => whole(from(view, name)?),
            (None, None) => whole(current),
        };
        check_is_kept(view, after, current)?;
        if let Some(path) = path.as_ref().filter(|_| request.after.is_none()) {
            // It may be set for the first time yet; and it may be a slip of the pen.
            match known::check_path(view, path) {
                Err(error) if error.code == Code::NotFound => {
                    self.remark([format!("{} It is watched all the same.", error.message)]);
                }
                other => other?,
            }
        }
        let overrides = history::list_after(view.db, path.as_ref(), after, AT_ONCE + 1)?;
        let mut rows: Vec<Row> = overrides.into_iter().map(Row::Override).collect();
        let bases = base::list_after(view.db, path.as_ref(), after, AT_ONCE + 1)?;
        rows.extend(bases.into_iter().map(Row::Base));
        rows.sort_by_key(Row::place);
        let more = rows.len() > AT_ONCE as usize;
        rows.truncate(AT_ONCE as usize);
        let last = rows.last().filter(|_| more).map(Row::place);
        let next = last.map_or_else(|| after.0.max(current).to_string(), cursor_of);
        let mask = Mask::new(view);
        let items = rows.into_iter().map(|row| told(view, &mask, row)).collect::<Result<_>>()?;
        Ok(WatchReply { items, next })
    }
}

fn told(view: &View<'_>, mask: &Mask<'_>, row: Row) -> Result<WatchView> {
    let cursor = cursor_of(row.place());
    let mut event = to_view(view, mask, row)?;
    event.layer.get_or_insert_with(|| "override".to_owned());
    Ok(WatchView { event, cursor })
}

/// The place after all that a version did.
fn whole(version: i64) -> (i64, i64) {
    (version, i64::MAX)
}

fn cursor_of((version, id): (i64, i64)) -> String {
    format!("{version}.{id}")
}

/// The place that a cursor names: a version, and the row of it where it was not given whole.
fn after(cursor: &str) -> Result<(i64, i64)> {
    if cursor.contains('.') {
        place_of(cursor)
    } else {
        cursor.parse().map(whole).map_err(|_| no_cursor(cursor))
    }
}

/// The version that somebody names. Its number is enough where the version itself was pruned.
fn from(view: &View<'_>, name: &str) -> Result<i64> {
    match (state::resolve(view, name), name.parse()) {
        (Err(error), Ok(number))
            if error.code == Code::NotFound && (0..state::current(view)?.id).contains(&number) =>
        {
            Ok(number)
        }
        (resolved, _) => resolved.map(|version| version.id),
    }
}

/// Whether all that came after a place is still there, and the place is this store's.
fn check_is_kept(view: &View<'_>, (version, _): (i64, i64), current: i64) -> Result<()> {
    let floor = metadata::history_floor(view.db)?;
    if version < floor {
        return Err(Error::not_found(format!(
            "What changed after version {version} is no longer known whole: history up to version {floor} was pruned."
        ))
        .hint(format!("It is complete from there on: cfgctl watch --from {floor}")));
    }
    if version > current {
        return Err(Error::conflict(format!(
            "Version {version} is yet to come: this store is at version {current}. It is another one, or an older copy."
        ))
        .hint("See where it stands: cfgctl status"));
    }
    Ok(())
}
