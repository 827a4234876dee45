//! A change of members takes effect: they stand as its items say, and the credentials of whoever goes end with them.
//!
//! What must stay true: one person is one member; somebody remains who may change members.

use super::item::{INVITATION, facts, member_of};
use crate::domain::error::{Error, Result};
use crate::domain::member::{Member, Membership};
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use crate::engine::governance;
use crate::engine::manifest::unmet;
use crate::engine::transact::{Note, View};
use crate::store::change::{Change, Other};
use crate::store::credential::{self, Kind as CredentialKind};
use crate::store::{manifest, member, metadata};
use serde_json::json;

/// Does what the items of a change of members say, and gives the audit note.
pub(in crate::engine) fn enact(
    view: &View<'_>,
    change: &Change,
    items: &[Other],
    action: &str,
) -> Result<Note> {
    let policy = manifest::policy(view.db)?;
    let (before, board_before) = (unmet(view, &policy)?, governance::board(view)?);
    let mut note = Note::new(action, change.number.to_string(), Value::Null);
    let mut ends_solo = false;
    let mut members = Vec::new();
    for item in items {
        if item.what == "instance" {
            metadata::set(view.db, metadata::SOLO, "0", view.now)?;
            note = note.record("fact", metadata::SOLO);
            ends_solo = true;
            continue;
        }
        let after = item.after.as_ref().ok_or_else(|| Error::internal("A member's item says nothing."))?;
        let member = member_of(view, change, after)?;
        check_uid(view, &member)?;
        member::put(view.db, &member)?;
        note = note.record("member", &member.name);
        if let Some(invitation) = after.get(INVITATION) {
            note = note.record("credential", redeemable(view, change, &member.name, invitation)?);
        }
        if member.membership == Membership::Removed {
            for open in credential::list(view.db, Some(&member.name))? {
                if open.ended_at.is_none() {
                    credential::end(view.db, open.id, "revoked", view.now, view.actor.name())?;
                    note = note.record("credential", open.id);
                }
            }
        }
        members.push(member);
    }
    if !ends_solo {
        governance::refuse_unmet(view, &policy, &before, board_before)?;
    }
    if !member::list(view.db)?.iter().any(|member| member.owner && member.is_active()) {
        return Err(Error::refused("Nobody could change members or manifest any more.")
            .hint("Make somebody else an owner first: cfgctl member role NAME --owner --reason \"…\""));
    }
    note.detail = json!({"reason": change.reason, "members": members.iter().map(facts).collect::<Vec<_>>(), "ends_solo": ends_solo});
    Ok(note.record("change", change.number))
}

fn redeemable(view: &View<'_>, change: &Change, name: &str, invitation: &Value) -> Result<i64> {
    let damaged =
        || Error::integrity(format!("Change {} holds an invitation that cannot be read.", change.number));
    let text = |field: &str| invitation.get(field).and_then(Value::as_str).ok_or_else(damaged);
    let hash = crate::engine::apply::unhex(text("hash")?)?;
    let expires_at = Timestamp::parse(text("expires_at")?)?;
    credential::insert(
        view.db,
        name,
        CredentialKind::Invitation,
        &hash,
        view.now,
        &change.requested_by,
        Some(expires_at),
    )
}

/// One person is one member: `conflict` where another has the user already.
pub(super) fn check_uid(view: &View<'_>, member: &Member) -> Result<()> {
    let Some(uid) = member.uid.filter(|_| member.membership != Membership::Removed) else { return Ok(()) };
    let taken =
        member::list(view.db)?.into_iter().find(|other| other.uid == Some(uid) && other.name != member.name);
    let Some(taken) = taken else { return Ok(()) };
    Err(Error::conflict(format!("The user {uid} is {} already.", taken.name))
        .hint("One person is one member."))
}
