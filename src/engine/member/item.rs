//! What a change of members keeps of them, written and read back.
//!
//! What must stay true: an invitation's hash is among the items only until they are enacted.

use super::govern::Decision;
use super::to_view;
use crate::domain::change::hex;
use crate::domain::error::{Error, Result};
use crate::domain::member::{Member, Membership, Nature};
use crate::domain::role::Role;
use crate::domain::value::Value;
use crate::engine::transact::View;
use crate::store::change::{Change, Other};
use crate::store::member;
use serde_json::json;

/// What a decision does, as the items of a change.
pub(super) fn items_of(view: &View<'_>, decision: &Decision) -> Result<Vec<Other>> {
    let mut items = Vec::new();
    for member in &decision.members {
        let former = member::find(view.db, &member.name)?;
        let mut after = facts(member);
        if let Some(invitation) = &decision.invitation {
            after[INVITATION] = json!({"hash": hex(&invitation.hash), "expires_at": invitation.expires_at});
        }
        items.push(Other {
            what: "member".to_owned(),
            path: member.name.clone(),
            before: former.as_ref().map(facts),
            after: Some(after),
        });
    }
    if decision.ends_solo {
        items.push(Other {
            what: "instance".to_owned(),
            path: "solo".to_owned(),
            before: Some(Value::Bool(true)),
            after: Some(Value::Bool(false)),
        });
    }
    Ok(items)
}

/// Where an item keeps the hash of an invitation's code until it is enacted.
pub(super) const INVITATION: &str = "invitation";

/// An item as it is kept once it is enacted: the invitation has a record of its own then.
pub(super) fn public(item: &Other) -> Other {
    let mut item = item.clone();
    if let Some(after) = item.after.as_mut().and_then(Value::as_object_mut) {
        after.remove(INVITATION);
    }
    item
}

/// A member as an item says they will stand.
pub(super) fn member_of(view: &View<'_>, change: &Change, facts: &Value) -> Result<Member> {
    let damaged =
        || Error::integrity(format!("Change {} holds a member that cannot be read.", change.number));
    let text = |name: &str| facts.get(name).and_then(Value::as_str);
    Ok(Member {
        name: text("name").ok_or_else(damaged)?.to_owned(),
        nature: if text("kind") == Some("program") { Nature::Program } else { Nature::Person },
        role: Role::parse(text("role").ok_or_else(damaged)?)?,
        owner: facts.get("owner").and_then(Value::as_bool).ok_or_else(damaged)?,
        membership: match text("state") {
            Some("invited") => Membership::Invited,
            Some("active") => Membership::Active,
            Some("removed") => Membership::Removed,
            _ => return Err(damaged()),
        },
        uid: facts.get("uid").and_then(Value::as_u64).and_then(|uid| u32::try_from(uid).ok()),
        answerable: text("answerable").map(str::to_owned),
        since: view.now,
        by: change.requested_by.clone(),
        reason: change.reason.clone(),
    })
}

/// What a change of members keeps of one.
pub(in crate::engine) fn facts(member: &Member) -> Value {
    json!({
        "name": member.name, "kind": to_view(member).kind, "role": member.role, "owner": member.owner,
        "state": to_view(member).state, "uid": member.uid, "answerable": member.answerable,
    })
}
