//! A decision about members becomes a change: made at once by an owner, or asked of the board.
//!
//! What must stay true: what a dry run would decide is what is decided, and an id that was used is not used again.

use super::enact::enact;
use super::item::{items_of, public};
use super::to_view;
use crate::api::change::{Awaiting, Terms};
use crate::api::member::MemberReply;
use crate::domain::change::{Kind, content_hash};
use crate::domain::error::{Error, Result};
use crate::domain::member::{Caller, Member};
use crate::domain::time::Timestamp;
use crate::engine::change::id_taken;
use crate::engine::manifest::{owner_change, words};
use crate::engine::terms::{check_terms, check_terms_id};
use crate::engine::transact::View;
use crate::engine::{Engine, governance, vote};
use crate::store::{change, manifest};

/// What a decision about members leads to.
pub(super) struct Decision {
    /// The members as they will stand.
    pub(super) members: Vec<Member>,
    /// Whether solo ends.
    pub(super) ends_solo: bool,
    /// The code that an invited member redeems.
    pub(super) invitation: Option<Invitation>,
}

/// A code that an invited member redeems.
pub(super) struct Invitation {
    pub(super) hash: Vec<u8>,
    pub(super) expires_at: Timestamp,
}

/// What came of a decision about members.
pub(super) struct Governed {
    pub(super) member: Member,
    pub(super) warnings: Vec<String>,
    pub(super) awaits: Option<Awaiting>,
    pub(super) audit_head: Option<String>,
}

impl Engine {
    /// Decides about members in one change, asks the board to, or says what would be decided.
    pub(super) fn govern(
        &mut self,
        caller: &Caller,
        terms: &Terms,
        action: &str,
        asked: &str,
        decide: impl FnOnce(&View<'_>) -> Result<Decision>,
    ) -> Result<Governed> {
        check_terms(terms)?;
        let target = asked.split(' ').next().unwrap_or_default();
        let asked = content_hash(Kind::Member, &terms.reason, &format!("{action} {asked}"));
        let body = |view: &View<'_>| {
            if let Some(former) = change::by_id(view.db, &terms.id)? {
                if former.content_hash != asked {
                    return Err(id_taken(&former.id));
                }
                return Err(Error::conflict(format!("The change {} was made already.", former.id))
                    .hint("See what came of it: cfgctl member list"));
            }
            view.actor.require_owner("who is a member")?;
            let decision = decide(view)?;
            if terms.expect.as_ref().is_some_and(|expected| *expected != asked) {
                return Err(Error::conflict("The decision is no longer the one that was shown.")
                    .hint("Look at it again with --dry-run."));
            }
            let member = decision.members.first().cloned().unwrap_or_else(|| view.actor.member.clone());
            let mut governed = Governed { member, warnings: Vec::new(), awaits: None, audit_head: None };
            let by_board = governance::is_by_board(view)?;
            if terms.dry_run {
                governed.warnings = warn_unmet(view, decision.ends_solo)?;
                if by_board {
                    governed.warnings.push("It would wait for another member of the board.".to_owned());
                }
                return Ok((governed, None));
            }
            let items = items_of(view, &decision)?;
            if by_board {
                let (change, note) = governance::request(view, Kind::Member, terms, asked, &items)?;
                governed.awaits = Some(governance::awaiting(&change));
                return Ok((governed, Some(note)));
            }
            let mut change = owner_change(view, Kind::Member, &terms.id, &terms.reason, asked)?;
            change.ticket.clone_from(&terms.ticket);
            change::put(view.db, &change)?;
            for (position, item) in items.iter().enumerate() {
                change::insert_item(view.db, change.number, position, &public(item))?;
            }
            let note = enact(view, &change, &items, action)?;
            governed.warnings = warn_unmet(view, decision.ends_solo)?;
            Ok((governed, Some(note)))
        };
        check_terms_id(terms)?;
        let (governed, audit_head) = self.act(caller, (action, target), terms.dry_run, body)?;
        Ok(Governed { audit_head, ..governed })
    }
}

fn warn_unmet(view: &View<'_>, ends_solo: bool) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    if ends_solo {
        warnings.push("Solo ends: from now on the policy's approvals are asked of everybody.".to_owned());
        let policy = manifest::policy(view.db)?;
        let unmet = crate::domain::approval::unmeetable(&policy, &vote::present(view, &policy)?, false);
        if !unmet.is_empty() {
            warnings.push(format!(
                "Until more members have joined, nobody present can approve {} changes.",
                words(&unmet)
            ));
        }
    }
    Ok(warnings)
}

impl Engine {
    pub(super) fn govern_member(
        &mut self,
        caller: &Caller,
        terms: &Terms,
        action: &str,
        asked: &str,
        decide: impl FnOnce(&View<'_>) -> Result<Decision>,
    ) -> Result<MemberReply> {
        let governed = self.govern(caller, terms, action, asked, decide)?;
        Ok(MemberReply {
            dry_run: terms.dry_run,
            member: to_view(&governed.member),
            awaits: governed.awaits,
            warnings: governed.warnings,
            audit_head: governed.audit_head,
        })
    }
}
