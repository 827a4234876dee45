//! How the instance stands, at a glance.

use super::change_request::present_state;
use super::manifest::{unmet, words};
use super::transact::View;
use super::{Engine, Handle, emergency, governance, keep, restart, service, state, stats};
use crate::api::status::{ServicesView, Status, StatusReply};
use crate::domain::audit::Head;
use crate::domain::change::State;
use crate::domain::error::Result;
use crate::domain::member::{Caller, Member, Membership};
use crate::domain::size::Size;
use crate::domain::time::Span;
use crate::store::{
    approval, audit, backup, change, comment, database, duty, manifest, member, metadata, overrides,
};
use std::path::Path;

/// How long a change that was taken back is told of.
const TOLD_FOR: Span = Span::days(1);
/// How many of them are told of.
const MOST_TOLD: u32 = 5;
/// How many open requests are looked at.
const MOST_LOOKED_AT: u32 = 1000;

/// What waits for its time or to be confirmed, and what lately came back.
fn about_changes(view: &View<'_>) -> Result<Vec<String>> {
    let mut told = Vec::new();
    if let Some(pending) = change::confirming(view.db)? {
        let by = duty::find(view.db, duty::Kind::Confirm, pending.number)?
            .map(|duty| format!(" by {}", duty.due_at.short()))
            .unwrap_or_default();
        told.push(format!("Change {0} waits to be confirmed{by}: cfgctl confirm {0}", pending.number));
    }
    for duty in duty::of_kind(view.db, duty::Kind::Execute)?.into_iter().take(MOST_TOLD as usize) {
        told.push(format!("Change request {} is scheduled for {}.", duty.change, duty.due_at.short()));
    }
    for back in change::rolled_back(view.db, MOST_TOLD)? {
        if back.updated_at.unwrap_or(back.created_at) > view.ago(TOLD_FOR) {
            let because = back.ended_because.unwrap_or_default();
            told.push(format!("Change {} by {} was rolled back: {because}.", back.number, back.requested_by));
        }
    }
    Ok(told)
}

/// What is to be done about services.
fn about_services(services: Option<ServicesView>) -> Vec<String> {
    let ServicesView { behind, never_delivered, failed, .. } = services.unwrap_or_default();
    let told = [
        (failed, "Services that what was done last did not succeed at"),
        (behind, "Services behind what is in force"),
        (never_delivered, "Services that were never given anything"),
    ];
    let some = told.into_iter().filter(|(count, _)| *count > 0);
    some.map(|(count, what)| format!("{what} ({count}): cfgctl service list")).collect()
}

/// What the caller is asked to look at, and has neither decided nor said anything about.
fn asked_to_look(view: &View<'_>) -> Result<Vec<String>> {
    let me = view.actor.name();
    let mut told = Vec::new();
    for open in change::list(view.db, change::Which::Open, None, MOST_LOOKED_AT)? {
        let asked = open.dossier.reviewers.iter().any(|name| name == me);
        if !asked || present_state(view, &open) == State::Expired || open.state == State::Draft {
            continue;
        }
        let decided = approval::of_change(view.db, open.number)?.iter().any(|given| given.member == me);
        if !decided && !comment::of_change(view.db, open.number)?.iter().any(|said| said.member == me) {
            told.push(format!(
                "{} asks you to look at change request {1}: cfgctl change-request show {1}",
                open.requested_by, open.number
            ));
        }
    }
    told.truncate(MOST_TOLD as usize);
    Ok(told)
}

/// How much room the store takes.
struct Room {
    /// The file and the log beside it.
    file: Size,
    /// What of it is free again.
    free: Size,
    warns_above: Size,
}

impl Room {
    fn of(view: &View<'_>) -> Result<Room> {
        let size = |name: &Path| std::fs::metadata(name).map_or(0, |file| file.len());
        let file = view.place.map_or(0, |place| size(place) + size(&database::with_suffix(place, "-wal")));
        Ok(Room {
            file: Size::of_bytes(file),
            free: Size::of_bytes(database::free_bytes(view.db)?),
            warns_above: manifest::policy(view.db)?.keep.warns_above(),
        })
    }

    /// What is free is not counted: pruning leaves it to what is written next.
    fn attention(&self, is_due: bool) -> Option<String> {
        let used = Size::of_bytes(self.file.bytes().saturating_sub(self.free.bytes()));
        let what = if is_due { "cfgctl settle" } else { "cfgctl version prune --dry-run" };
        (used > self.warns_above).then(|| {
            format!("The store takes {}, above {}: {what}", used.in_words(), self.warns_above.in_words())
        })
    }
}

fn bytes(size: Size) -> i64 {
    i64::try_from(size.bytes()).unwrap_or(i64::MAX)
}

impl Handle<Status> for Engine {
    fn handle(&mut self, caller: &Caller, _: Status) -> Result<StatusReply> {
        self.look(caller, |view| {
            let db = view.db;
            let current = state::current(view)?;
            let members = member::list(db)?;
            let active: Vec<&Member> =
                members.iter().filter(|member| member.membership == Membership::Active).collect();
            let one_owner = active.iter().filter(|member| member.owner).count() == 1;
            let solo = metadata::is_solo(db)?;
            let unmeetable = unmet(view, &manifest::policy(db)?)?;
            let open_requests = change::count_open(db)?;
            let last_full_backup = backup::last_full(db)?.map(|record| record.created_at);
            let mut attention = Vec::new();
            if !unmeetable.is_empty() {
                attention.push(format!(
                    "Nobody present could approve {} changes: invite members.",
                    words(&unmeetable)
                ));
            }
            // Where the board decides, an owner alone changes neither.
            if one_owner && !governance::is_by_board(view)? {
                attention.push("Members and manifest rest with one person.".to_owned());
            }
            if solo {
                attention
                    .push("The store is solo: one person's own approval counts at every risk.".to_owned());
            }
            if view.place.is_some() {
                attention.push(
                    "Identity is asserted: who can write the store's file can forge what is in it."
                        .to_owned(),
                );
            }
            if view.now > view.clock {
                attention.push(format!(
                    "The last entry was written at {}, by a clock that was far ahead.",
                    view.now
                ));
            }
            if open_requests > 0 {
                attention.push(format!(
                    "{open_requests} open change {}: cfgctl change-request list",
                    if open_requests == 1 { "request" } else { "requests" }
                ));
            }
            attention.extend(asked_to_look(view)?);
            attention.extend(about_changes(view)?);
            attention.extend(emergency::attention(view)?);
            let (unreviewed, emergencies, restarts) = change::count_waiting(db)?;
            if unreviewed > emergencies {
                attention.push(format!(
                    "Executed changes wait for a review ({}): cfgctl change-request list --unreviewed",
                    unreviewed - emergencies
                ));
            }
            if restarts > 0 {
                attention.push(format!(
                    "Changes wait for a restart ({restarts}): cfgctl change-request list --restart-pending"
                ));
            }
            let services = service::count(view)?;
            attention.extend(about_services(services));
            if last_full_backup.is_none() && view.place.is_some() {
                attention.push("There is no backup of everything yet: cfgctl backup create".to_owned());
            }
            let size = Room::of(view)?;
            let housekeeping = keep::due(view)?;
            attention.extend(keep::attention(&housekeeping));
            attention.extend(size.attention(!housekeeping.is_empty()));
            Ok(StatusReply {
                instance: manifest::instance(db)?,
                store: view.place.map(|place| place.display().to_string()),
                store_id: metadata::store_id(db)?,
                caller: view.actor.name().to_owned(),
                role: Some(view.actor.member.role),
                proof: view.actor.proof.to_string(),
                version: current.id,
                config_hash: current.config_hash,
                effective_hash: current.effective_hash,
                changed_at: Some(current.created_at),
                changed_by: Some(current.created_by),
                overrides: overrides::count(db)?,
                base: stats::health_of(view)?,
                settings: manifest::count(db)?,
                manifest: manifest::current_id(db)?,
                members: i64::try_from(active.len()).unwrap_or(i64::MAX),
                solo,
                one_owner,
                identity_asserted: view.place.is_some(),
                unmeetable,
                open_requests,
                unreviewed,
                restart_pending: if restarts > 0 { restart::pending(view)? } else { Vec::new() },
                services,
                last_full_backup,
                backups: backup::count(db)?,
                store_size: bytes(size.file),
                store_free: bytes(size.free),
                store_warns_above: bytes(size.warns_above),
                kept: keep::kept(view)?,
                housekeeping: housekeeping.into_iter().map(|(kind, _)| kind.name().to_owned()).collect(),
                audit_head: Head::to_string(&audit::head(db)?),
                attention,
            })
        })
    }
}
