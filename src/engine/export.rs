//! All changes for those who look at them later, page by page.

use super::history::{cursor, cut, page};
use super::{Engine, Handle, view};
use crate::api::export::{ExportRequests, ExportRequestsReply, ExportView};
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::store::change;

impl Handle<ExportRequests> for Engine {
    fn handle(&mut self, caller: &Caller, request: ExportRequests) -> Result<ExportRequestsReply> {
        self.look(caller, |view| {
            let limit = page(request.limit);
            let after = cursor(request.after.as_deref())?.unwrap_or(0);
            let mut found = change::made(view.db, request.since, request.until, after, limit + 1)?;
            let next = cut(&mut found, limit, |change| change.number);
            let mut items = Vec::with_capacity(found.len());
            for change in &found {
                let shown = view::of_change(view, change)?;
                let executed_at = shown.executed_by.is_some().then_some(shown.updated_at);
                items.push(ExportView { change: shown, executed_at });
            }
            Ok(ExportRequestsReply { identity_asserted: true, items, next })
        })
    }
}
