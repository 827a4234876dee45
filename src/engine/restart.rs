//! Restarts that changes need: which are still to be made, and that they were.
//!
//! What must stay true: a change is waited for until every service that it names was restarted.

use super::change_request::find;
use super::terms::check_text;
use super::transact::{Note, View};
use super::{Engine, Handle, view};
use crate::api::restart::{RecordRestart, RecordRestartReply};
use crate::api::status::RestartPending;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::store::change::{self, Change, Restart, Which};
use crate::store::{base, history, manifest};
use serde_json::json;

/// How many changes that wait for a restart are named at once.
const NAMED: u32 = 100;

/// The changes that wait for a restart, the newest first.
pub(super) fn pending(view: &View<'_>) -> Result<Vec<RestartPending>> {
    let found = change::list(view.db, Which::RestartPending, None, NAMED)?;
    found
        .into_iter()
        .map(|change| {
            Ok(RestartPending {
                number: change.number,
                services: left(&change),
                paths: paths(view, &change)?,
            })
        })
        .collect()
}

/// The changes that wait for a restart of this service.
pub(super) fn waiting_for(view: &View<'_>, service: &str) -> Result<Vec<Change>> {
    let mut found = change::list(view.db, Which::RestartPending, None, u32::MAX)?;
    found.retain(|change| left(change).iter().any(|name| name == service));
    Ok(found)
}

/// The services that have yet to restart for a change.
fn left(change: &Change) -> Vec<String> {
    let done = &change.dossier.restarted;
    change.decision.services.iter().filter(|service| !done.contains(service)).cloned().collect()
}

/// The paths of a change whose settings take effect with a restart.
fn paths(view: &View<'_>, change: &Change) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let Some(version) = change.version else { return Ok(paths) };
    let of_overrides = history::of_version(view.db, version)?.into_iter().map(|event| event.path);
    let of_base = base::events_of_version(view.db, version)?.into_iter().map(|event| event.path);
    for path in of_overrides.chain(of_base) {
        if manifest::setting(view.db, path.as_str())?.is_some_and(|setting| setting.restart) {
            paths.push(path.to_string());
        }
    }
    Ok(paths)
}

impl Handle<RecordRestart> for Engine {
    fn handle(&mut self, caller: &Caller, request: RecordRestart) -> Result<RecordRestartReply> {
        let target = request.ids.join(" ");
        let attempt = ("change.restarted", target.as_str());
        let (reply, audit_head) =
            self.act(caller, attempt, request.dry_run, |view| record(view, &request))?;
        Ok(RecordRestartReply { audit_head, ..reply })
    }
}

fn record(view: &View<'_>, request: &RecordRestart) -> Result<(RecordRestartReply, Option<Note>)> {
    view.actor.require(Role::Operator, "recording a restart")?;
    check_text("comment", request.comment.as_deref().unwrap_or_default())?;
    if request.ids.is_empty() {
        return Err(Error::usage("No change was named.")
            .hint("See what waits: cfgctl change-request list --restart-pending"));
    }
    let mut items = Vec::new();
    let mut numbers: Vec<i64> = Vec::new();
    for id in &request.ids {
        let mut change = find(view, id)?;
        if numbers.contains(&change.number) {
            continue;
        }
        numbers.push(change.number);
        see_to(&mut change, request.service.as_deref())?;
        if !request.dry_run {
            change::put(view.db, &change)?;
        }
        let mut shown = view::of_change(view, &change)?;
        shown.restart = change.restart.map(|restart| restart.name().to_owned());
        items.push(shown);
    }
    let target: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let detail = json!({"service": request.service, "comment": request.comment});
    let mut note = Note::new("change.restarted", target.join(" "), detail);
    for number in numbers {
        note = note.change(number);
    }
    Ok((RecordRestartReply { dry_run: request.dry_run, items, audit_head: None }, Some(note)))
}

/// Records a restart of one of a change's services, or of all. `conflict` where none is waited for.
pub(super) fn see_to(change: &mut Change, service: Option<&str>) -> Result<()> {
    let number = change.number;
    let waits = Error::conflict(match change.restart {
        Some(Restart::Recorded) => format!("The restart for change {number} was recorded already."),
        _ => format!("Change {number} does not wait for a restart."),
    });
    if change.restart != Some(Restart::Pending) {
        return Err(waits.hint("See what does: cfgctl change-request list --restart-pending"));
    }
    let open = left(change);
    match service {
        None => change.dossier.restarted.extend(open),
        Some(service) if open.iter().any(|name| name == service) => {
            change.dossier.restarted.push(service.to_owned());
        }
        Some(service) => {
            let hint = if open.is_empty() {
                "It names no service: leave --service out.".to_owned()
            } else {
                format!("It waits for {}.", open.join(", "))
            };
            return Err(Error::conflict(format!(
                "Change {number} does not wait for a restart of {service}."
            ))
            .hint(hint));
        }
    }
    if left(change).is_empty() {
        change.restart = Some(Restart::Recorded);
    }
    Ok(())
}
