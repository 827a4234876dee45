//! The manifest: shown, checked against the present state, compared, put in force.
//!
//! What must stay true: it is the owner's to change (design.md §2); what it makes of present values is said before;
//! a policy whose demands nobody present could meet is refused (design.md §6).

mod difference;
mod enact;
mod warn;

pub(super) use difference::{between, differences};
pub(super) use enact::{enact, put_in_force};

use super::change::id_taken;
use super::terms::{check_terms, check_terms_id};
use super::transact::{Note, View};
use super::{Engine, Handle, confirm, governance, rule, vote, window};
use crate::api::Outcome;
use crate::api::manifest::{
    ApplyManifest, ApplyManifestReply, CheckManifest, CheckManifestReply, DiffManifest, DiffManifestReply,
    ShowManifest, ShowManifestReply,
};
use crate::domain::approval::unmeetable;
use crate::domain::change::{Kind, State, content_hash};
use crate::domain::dossier::Dossier;
use crate::domain::error::{Error, Result};
use crate::domain::manifest::{Manifest, Problem};
use crate::domain::member::Caller;
use crate::domain::policy::Policy;
use crate::domain::risk::Risk;
use crate::store::change::{self, Change, Decision};
use crate::store::{manifest, metadata, version};
use warn::warnings;

/// How many present values that a manifest would make invalid are named.
const NAMED: usize = 20;

impl Handle<ShowManifest> for Engine {
    fn handle(&mut self, caller: &Caller, request: ShowManifest) -> Result<ShowManifestReply> {
        self.look(caller, |view| {
            let applied = match request.number {
                None => manifest::current(view.db)?,
                Some(number) => manifest::find(view.db, number)?.ok_or_else(|| {
                    Error::not_found(format!("There is no manifest {number}."))
                        .hint("The one in force: cfgctl manifest show")
                })?,
            };
            Ok(ShowManifestReply {
                number: applied.id,
                hash: applied.hash,
                created_at: applied.created_at,
                created_by: applied.created_by,
                reason: applied.reason,
                text: applied.text,
            })
        })
    }
}

impl Handle<CheckManifest> for Engine {
    fn handle(&mut self, caller: &Caller, request: CheckManifest) -> Result<CheckManifestReply> {
        self.look(caller, |view| match Manifest::read(&request.text) {
            Err(problems) => Ok(CheckManifestReply {
                valid: false,
                settings: 0,
                rules: 0,
                problems,
                warnings: Vec::new(),
                rules_explained: None,
            }),
            Ok(manifest) => {
                let mut warnings = warnings(view, &manifest)?;
                let explained = request.explain.then(|| rule::explained(view, &manifest));
                let rules_explained = explained.map(|(rules, more)| {
                    warnings.extend(more);
                    rules
                });
                Ok(CheckManifestReply {
                    valid: true,
                    settings: manifest.settings.len(),
                    rules: manifest.rules.len(),
                    problems: Vec::new(),
                    warnings,
                    rules_explained,
                })
            }
        })
    }
}

impl Handle<DiffManifest> for Engine {
    fn handle(&mut self, caller: &Caller, request: DiffManifest) -> Result<DiffManifestReply> {
        self.look(caller, |view| {
            let manifest = read(&request.text)?;
            let warnings = window::would_hold(view, &manifest.windows)?;
            Ok(DiffManifestReply { items: differences(view, &manifest)?, warnings })
        })
    }
}

impl Handle<ApplyManifest> for Engine {
    fn handle(&mut self, caller: &Caller, request: ApplyManifest) -> Result<ApplyManifestReply> {
        check_terms(&request.terms)?;
        check_terms_id(&request.terms)?;
        let body = |view: &View<'_>| apply_manifest(view, &request);
        let (reply, audit_head) = self.act(caller, "manifest.apply", request.terms.dry_run, body)?;
        Ok(ApplyManifestReply { audit_head, ..reply })
    }
}

/// Reads a manifest. `invalid` with everything that is wrong with it.
pub(super) fn read(text: &str) -> Result<Manifest> {
    Manifest::read(text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().take(NAMED).map(Problem::to_string).collect();
        let more = problems.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        Error::invalid(format!("The manifest does not hold together:\n  {}{more}", lines.join("\n  ")))
            .hint("Every error with its line: cfgctl manifest check FILE")
    })
}

/// The risks whose demand nobody present could meet under a policy.
pub(super) fn unmet(view: &View<'_>, policy: &Policy) -> Result<Vec<Risk>> {
    Ok(unmeetable(policy, &vote::present(view, policy)?, metadata::is_solo(view.db)?))
}

/// Risks as a list in a sentence.
pub(super) fn words(risks: &[Risk]) -> String {
    risks.iter().map(|risk| risk.as_str()).collect::<Vec<_>>().join(" and ")
}

fn apply_manifest(view: &View<'_>, request: &ApplyManifest) -> Result<(ApplyManifestReply, Option<Note>)> {
    let db = view.db;
    let terms = &request.terms;
    let asked = content_hash(Kind::Manifest, &terms.reason, &request.text);
    let reply = |number, change: &str, items, warnings, outcome| ApplyManifestReply {
        outcome,
        dry_run: terms.dry_run,
        number,
        change: change.to_owned(),
        items,
        awaits: None,
        warnings,
        version: None,
        audit_head: None,
    };
    if let Some(former) = change::by_id(db, &terms.id)? {
        if former.content_hash != asked {
            return Err(id_taken(&former.id));
        }
        let number = change::manifest_of(db, former.number)?.unwrap_or(0);
        return Ok((reply(number, &former.id, Vec::new(), Vec::new(), Outcome::Done), None));
    }
    view.actor.require_owner("the manifest")?;
    let manifest = read(&request.text)?;
    let present = manifest::current(db)?;
    let items = differences(view, &manifest)?;
    let warned = warnings(view, &manifest)?;
    if items.is_empty() && present.text == request.text {
        return Ok((reply(present.id, "", items, warned, Outcome::Unchanged), None));
    }
    refuse_unmet(view, &manifest.policy)?;
    confirm::refuse_while_confirming(view)?;
    // After every rule that may refuse it, so that what was refused when it was tried goes on record with that rule.
    if let Some(expected) = &terms.expect
        && *expected != present.hash
    {
        return Err(Error::conflict("The manifest in force is no longer the one that was compared with.")
            .hint("Look again: cfgctl manifest diff FILE"));
    }
    let by_board = governance::is_by_board(view)?;
    if terms.dry_run {
        let outcome = if by_board { Outcome::Pending } else { Outcome::Done };
        return Ok((reply(present.id + 1, &terms.id, items, warned, outcome), None));
    }
    if by_board {
        let item = governance::manifest_item(&manifest.instance, &present.hash, &request.text);
        let (change, note) = governance::request(view, Kind::Manifest, terms, asked, &[item])?;
        manifest::propose(db, change.number, &request.text)?;
        let mut answer = reply(present.id, &change.id, items, warned, Outcome::Pending);
        answer.awaits = Some(governance::awaiting(&change));
        return Ok((answer, Some(note)));
    }
    let mut change = owner_change(view, Kind::Manifest, &terms.id, &terms.reason, asked)?;
    change.ticket.clone_from(&terms.ticket);
    let item = governance::manifest_item(&manifest.instance, &present.hash, &request.text);
    change::insert_item(db, change.number, 0, &item)?;
    let (applied, note) = enact(view, &mut change, &manifest, &request.text)?;
    let mut answer = reply(applied.id, &change.id, items, warned, Outcome::Done);
    answer.version = change.version;
    Ok((answer, Some(note)))
}

/// `refused` where under a policy nobody present could approve what they can now.
pub(super) fn refuse_unmet(view: &View<'_>, policy: &Policy) -> Result<()> {
    let before = unmet(view, &manifest::policy(view.db)?)?;
    let newly: Vec<Risk> = unmet(view, policy)?.into_iter().filter(|risk| !before.contains(risk)).collect();
    if newly.is_empty() {
        return Ok(());
    }
    Err(Error::refused(format!("Nobody present could approve {} changes under this policy.", words(&newly)))
        .hint("Invite them first: cfgctl member invite NAME --role ROLE"))
}

/// A change of members or manifest, which an owner makes alone: done as soon as it is recorded.
pub(super) fn owner_change(
    view: &View<'_>,
    kind: Kind,
    id: &str,
    reason: &str,
    asked: String,
) -> Result<Change> {
    Ok(Change {
        number: change::next_number(view.db)?,
        id: id.to_owned(),
        kind,
        state: State::Completed,
        risk: Risk::Critical,
        reason: reason.to_owned(),
        requested_by: view.actor.name().to_owned(),
        created_at: view.now,
        updated_at: None,
        content_hash: asked,
        manifest: manifest::current_id(view.db)?,
        base_version: version::current(view.db)?.map_or(0, |version| version.id),
        version: None,
        executed_by: Some(view.actor.name().to_owned()),
        backup: None,
        steps: Vec::new(),
        ticket: None,
        rollback_plan: None,
        decision: Decision::default(),
        digest: None,
        expires_at: None,
        ended_because: None,
        dossier: Dossier::default(),
        restart: None,
        review: None,
    })
}
