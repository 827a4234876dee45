//! Reading the sources anew: all they say is put in force at once, or nothing is.
//!
//! What must stay true: no transaction is open while a source is read; a reload that fails leaves every reader with the
//! former base; every reload leaves a record, whatever came of it (requirement Z1).

mod attempt;
mod credential;
mod decide;
mod fresh;
mod load;
mod place;
mod put;
mod read;
mod request;
mod resolve;
mod tell;
mod view;

use super::history::{cursor, cut, page};
use super::terms::check_text;
use super::transact::View;
use super::{Engine, Handle};
use crate::api::reload::{ListReloads, ListReloadsReply, Reload, ReloadReply};
use crate::domain::change::check_id;
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::store::operation;

pub(super) use attempt::Attempt;
pub(super) use credential::issues_of;
pub(super) use fresh::fresh;
pub(super) use load::Loaded;
pub(super) use place::{place_of, places};
pub(super) use put::{leaf, new_generation, new_version};
pub(super) use read::{Prepared, Remote, limits_of, prepare, read_all};
pub(super) use request::{execute, moved};
pub(super) use view::{result_of, to_view};

impl Handle<Reload> for Engine {
    fn handle(&mut self, caller: &Caller, request: Reload) -> Result<ReloadReply> {
        check_text("reason", request.reason.as_deref().unwrap_or_default())?;
        if !request.dry_run {
            check_id(&request.id)?;
        }
        let reply = self.reload(caller, &request)?;
        // What was answered again was brought to the services then.
        let is_new = reply.audit_head.is_some();
        if is_new { self.bring_reload(caller, reply) } else { Ok(reply) }
    }
}

impl Engine {
    /// Reads the sources, and puts in force what they say.
    fn reload(&mut self, caller: &Caller, request: &Reload) -> Result<ReloadReply> {
        let begun = (self.machine.elapsed)();
        let prepared = self.look(caller, |view| {
            view.actor.require(Role::Operator, "reading the sources")?;
            prepare(view, request)
        })?;
        let loaded = match request.to {
            Some(_) => Vec::new(),
            None => read_all(&self.machine, &prepared),
        };
        let loading = (self.machine.elapsed)().saturating_sub(begun);
        let target = request.source.clone().unwrap_or_default();
        let body = |view: &View<'_>| {
            let attempt = Attempt { request, prepared: &prepared, loaded: &loaded, begun, loading };
            attempt.record(view)
        };
        let attempt = ("reload", target.as_str());
        let (answer, audit_head) = self.act(caller, attempt, request.dry_run, body)?;
        // A failed one is on record by now, and an error for who asked.
        Ok(ReloadReply { audit_head, ..answer? })
    }
}

impl Handle<ListReloads> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListReloads) -> Result<ListReloadsReply> {
        self.look(caller, |view| {
            let limit = page(request.limit);
            let mut found = operation::list(view.db, cursor(request.after.as_deref())?, limit + 1)?;
            let next = cut(&mut found, limit, |operation| operation.number);
            Ok(ListReloadsReply { items: found.into_iter().map(to_view).collect(), next })
        })
    }
}
