//! Members and manifest, decided by two: an owner asks, another member of the board approves.
//!
//! What must stay true: it is in force as soon as there are two of the board (design.md §3.3), and by the policy in
//! force, so that turning it off is such a request itself; what is enacted is what was approved, against the members and
//! the manifest that it was made against.

use super::case::Case;
use super::change_request::Decided;
use super::manifest::{self as manifests, owner_change, unmet, words};
use super::member::{self as members, facts};
use super::notice;
use super::transact::{Note, View};
use crate::api::Outcome;
use crate::api::change::{Awaiting, ItemView, Terms};
use crate::domain::approval::Lack;
use crate::domain::change::{Kind, State, digest, hex};
use crate::domain::error::{Error, Result};
use crate::domain::member::Member;
use crate::domain::policy::{Demand, Governance, Group, Policy};
use crate::domain::risk::{Risk, RiskReason};
use crate::domain::role::Role;
use crate::domain::value::Value;
use crate::store::change::{self, Change, Other};
use crate::store::{manifest, member, metadata};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Whether the board decides about members and manifest now.
pub(super) fn is_by_board(view: &View<'_>) -> Result<bool> {
    let asked = manifest::policy(view.db)?.governance == Governance::Board;
    Ok(asked && !metadata::is_solo(view.db)? && board(view)? >= 2)
}

/// How many people of the board may act.
pub(super) fn board(view: &View<'_>) -> Result<usize> {
    let of_board = |member: &Member| member.is_active() && member.is_person() && member.role == Role::Board;
    Ok(member::list(view.db)?.iter().filter(|member| of_board(member)).count())
}

/// What such a change demands: one of the board, not who asked.
fn demand() -> Demand {
    Demand { approvals: vec![Group::of(Role::Board, 1)], ..Demand::default() }
}

/// Records what an owner asks of the board. Nothing is changed yet.
pub(super) fn request(
    view: &View<'_>,
    kind: Kind,
    terms: &Terms,
    asked: String,
    items: &[Other],
) -> Result<(Change, Note)> {
    let policy = manifest::policy(view.db)?;
    let mut change = owner_change(view, kind, &terms.id, &terms.reason, asked)?;
    change.ticket.clone_from(&terms.ticket);
    change.state = State::Pending;
    change.executed_by = None;
    change.expires_at = Some(view.clock.after(policy.requests.expire_after));
    change.decision.demand = Some(demand());
    change.decision.reasons = vec![RiskReason {
        risk: Risk::Critical,
        path: None,
        reason: "Members and manifest are the board's: two people decide.".to_owned(),
    }];
    change.digest = Some(digest(items.iter().map(Other::parts), change.risk, &demand(), 0));
    for (position, item) in items.iter().enumerate() {
        change::insert_item(view.db, change.number, position, item)?;
    }
    change::put(view.db, &change)?;
    let detail = json!({"kind": kind, "reason": terms.reason, "digest": change.digest});
    let mut note = Note::new("change.request", change.number.to_string(), detail).change(change.number);
    note.tell.extend(notice::request(view, &change, &awaiting(&change).missing)?);
    Ok((change, note))
}

/// What an answer says of a request, whatever it is about.
pub(super) fn awaiting_of(view: &View<'_>, change: &Change) -> Result<Awaiting> {
    let demand = change.decision.demand.clone().unwrap_or_default();
    let lacks = Case::of_change(view, &manifest::policy(view.db)?, change)?.weigh(&demand, change.risk).lacks;
    Ok(Awaiting { number: change.number, id: change.id.clone(), missing: lacks })
}

/// What its answer says of a request to the board.
pub(super) fn awaiting(change: &Change) -> Awaiting {
    let missing = Lack::Approvals { role: Role::Board, missing: 1, other_than_requester: true, group: None };
    Awaiting { number: change.number, id: change.id.clone(), missing: vec![missing] }
}

/// What a change of the manifest would change, or has changed, part by part; members are shown as they are recorded.
pub(super) fn items_of(view: &View<'_>, change: &Change) -> Result<Option<Vec<ItemView>>> {
    if change.kind != Kind::Manifest {
        return Ok(None);
    }
    let proposed = manifest::proposed(view.db, change.number)?;
    if change.state.is_open() {
        let Some(text) = proposed else { return Ok(None) };
        return manifests::differences(view, &manifests::read(&text)?).map(Some);
    }
    // What has ended is told as it was decided, whatever is in force by now.
    let items = change::items(view.db, change.number)?;
    let text_of = |hash: Option<&Value>| match hash.and_then(Value::as_str) {
        Some(hash) => manifest::text_of(view.db, hash),
        None => Ok(None),
    };
    let Some(item) = items.first() else { return Ok(None) };
    let latter = proposed.map_or_else(|| text_of(item.after.as_ref()), |text| Ok(Some(text)))?;
    let (Some(former), Some(latter)) = (text_of(item.before.as_ref())?, latter) else { return Ok(None) };
    Ok(Some(manifests::between(&manifests::read(&former)?, &manifests::read(&latter)?)))
}

/// Enacts an approved request about members or the manifest, which was found not to be stale.
pub(super) fn execute(view: &View<'_>, mut change: Change) -> Result<Decided> {
    change.executed_by = Some(view.actor.name().to_owned());
    change.updated_at = Some(view.now);
    change.state = State::Completed;
    let items = change::items(view.db, change.number)?;
    let note = match change.kind {
        Kind::Manifest => {
            let text = manifest::proposed(view.db, change.number)?
                .ok_or_else(|| Error::internal("A manifest to be applied has no text."))?;
            let read = manifests::read(&text)?;
            manifests::refuse_unmet(view, &read.policy)?;
            manifests::enact(view, &mut change, &read, &text)?.1
        }
        _ => {
            change::put(view.db, &change)?;
            members::enact(view, &change, &items, "member.decided")?
        }
    };
    let mut note = note.record("request", change.number);
    note.tell.extend(notice::outcome(view, &change)?);
    Ok(Decided { outcome: Some(Outcome::Done), ..Decided::new(change, Some(note)) })
}

/// What of the members or the manifest has moved since the request was made.
pub(super) fn moved(view: &View<'_>, change: &Change) -> Result<Vec<String>> {
    let mut moved = Vec::new();
    for item in change::items(view.db, change.number)? {
        let present = match item.what.as_str() {
            "member" => member::find(view.db, &item.path)?.as_ref().map(facts),
            "instance" => Some(json!(metadata::is_solo(view.db)?)),
            _ => Some(json!(manifest::current(view.db)?.hash)),
        };
        if present != item.before {
            moved.push(what_of(&item));
        }
    }
    Ok(moved)
}

/// `conflict` where they have.
pub(super) fn check(view: &View<'_>, change: &Change) -> Result<()> {
    let Some(what) = moved(view, change)?.into_iter().next() else { return Ok(()) };
    Err(Error::conflict(format!("Change request {} is stale: {what} has changed since.", change.number))
        .hint(format!(
            "Take it back and ask anew: cfgctl change-request cancel {} --reason \"stale\"",
            change.id
        )))
}

/// What an item of a request to the board is about.
pub(super) fn what_of(item: &Other) -> String {
    match item.what.as_str() {
        "manifest" => "the manifest in force".to_owned(),
        _ => item.path.clone(),
    }
}

/// The item that stands for a manifest.
pub(super) fn manifest_item(instance: &str, before: &str, text: &str) -> Other {
    Other {
        what: "manifest".to_owned(),
        path: instance.to_owned(),
        before: Some(json!(before)),
        after: Some(json!(hex(&Sha256::digest(text)))),
    }
}

/// `refused` where after a change of members nobody could decide any more what needs a decision.
pub(super) fn refuse_unmet(
    view: &View<'_>,
    policy: &Policy,
    before: &[Risk],
    board_before: usize,
) -> Result<()> {
    let newly: Vec<_> = unmet(view, policy)?.into_iter().filter(|risk| !before.contains(risk)).collect();
    if !newly.is_empty() {
        return Err(Error::refused(format!(
            "After this, nobody present could approve {} changes.",
            words(&newly)
        ))
        .hint("Invite somebody who can first: cfgctl member invite NAME --role ROLE"));
    }
    if policy.governance == Governance::Board && board_before >= 2 && board(view)? < 2 {
        return Err(Error::refused(
            "After this, nobody present could approve changes of members and manifest: the board decides, and it would be one person.",
        )
        .hint("Invite another member of the board first: cfgctl member invite NAME --role board"));
    }
    Ok(())
}
