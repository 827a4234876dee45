//! The manifest: shown, checked against the present state, compared, put in force.
//!
//! What must stay true: it is the owner's to change (design.md §2); what it makes of present values is said before;
//! a policy whose demands nobody present could meet is refused (design.md §6).

use super::apply;
use super::change::id_taken;
use super::rule;
use super::state;
use super::terms::{check_terms, check_terms_id};
use super::transact::{Note, View};
use super::{Engine, Handle, confirm, governance, vote, window};
use crate::api::Outcome;
use crate::api::change::{ItemKind, ItemView};
use crate::api::manifest::{
    ApplyManifest, ApplyManifestReply, CheckManifest, CheckManifestReply, DiffManifest, DiffManifestReply,
    ShowManifest, ShowManifestReply,
};
use crate::domain::approval::unmeetable;
use crate::domain::change::{Kind, State, content_hash, hex};
use crate::domain::dossier::Dossier;
use crate::domain::error::{Error, Result};
use crate::domain::manifest::{Manifest, Problem};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::policy::{Governance, Policy};
use crate::domain::risk::Risk;
use crate::domain::rule::Facts;
use crate::domain::schema::CompiledSetting;
use crate::domain::tree;
use crate::domain::value::{self, Value};
use crate::store::change::{self, Change, Decision};
use crate::store::manifest::{self, Applied, Generation};
use crate::store::version::{self, Version};
use crate::store::{Connection, metadata, overrides};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

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
            Ok(DiffManifestReply { items: differences(view, &manifest)? })
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

/// What a manifest would do to the present values, and what else to know about it.
fn warnings(view: &View<'_>, manifest: &Manifest) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    let mut invalid = 0;
    overrides::each(view.db, None, |row| {
        let Some(value) = row.value else { return Ok(()) };
        let problem = match manifest.settings.get(&row.path) {
            Some(setting) => match CompiledSetting::compile(&row.path, setting) {
                Ok(compiled) => compiled.check(&value, &manifest.secrets).into_iter().next(),
                Err(problem) => Some(problem),
            },
            None => conflict(manifest, &row.path),
        };
        if let Some(problem) = problem {
            invalid += 1;
            if invalid <= NAMED {
                warnings.push(format!("A present value would not be valid: {problem}"));
            }
        }
        Ok(())
    })?;
    if invalid > NAMED {
        warnings.push(format!("{} more present values would not be valid.", invalid - NAMED));
    }
    let mut moved = 0;
    let mut defaults: BTreeMap<Path, (Option<Value>, Option<Value>)> = BTreeMap::new();
    manifest::each_default(view.db, None, |path, value| {
        defaults.entry(path).or_default().0 = Some(value);
        Ok(())
    })?;
    for (path, setting) in &manifest.settings {
        if let Some(default) = &setting.default {
            defaults.entry(path.clone()).or_default().1 = Some(default.clone());
        }
    }
    // In memory stands the starter manifest, which nobody uses yet: nothing moves away from it.
    let used = view.place.is_some();
    for (path, (before, after)) in defaults.into_iter().filter(|_| used) {
        // A new setting's default is what its services assume already; one that changes is felt.
        if before.is_some() && before != after && !overrides::is_set(view.db, path.as_str())? {
            moved += 1;
            if moved <= NAMED {
                let shown = |value: Option<Value>| {
                    value.map_or_else(|| "nothing".to_owned(), |value| value::bare(&value))
                };
                warnings.push(format!(
                    "Nobody overrides {path}: it becomes {} (it is {}).",
                    shown(after),
                    shown(before)
                ));
            }
        }
    }
    if moved > NAMED {
        warnings.push(format!("{} more effective values change with their defaults.", moved - NAMED));
    }
    warnings.extend(broken_rules(view, manifest)?);
    warnings.extend(window::would_hold(view, &manifest.windows)?);
    warnings.extend(not_enforced(manifest));
    if manifest.policy.governance == Governance::Board && governance::board(view)? < 2 {
        warnings.push(
            "governance: board is in force as soon as there are two of the board; until then owners decide alone."
                .to_owned(),
        );
    }
    let unmet = unmet(view, &manifest.policy)?;
    if !unmet.is_empty() {
        warnings.push(format!("Nobody present could approve {} changes.", words(&unmet)));
    }
    Ok(warnings)
}

/// The checks that the present values, over a manifest's defaults, do not pass.
fn broken_rules(view: &View<'_>, manifest: &Manifest) -> Result<Vec<String>> {
    let checks: Vec<_> = manifest.rules.iter().filter(|rule| rule.check.is_some()).collect();
    if checks.is_empty() {
        return Ok(Vec::new());
    }
    let defaults = manifest.settings.iter();
    let mut values: BTreeMap<Path, Value> =
        defaults.filter_map(|(path, setting)| Some((path.clone(), setting.default.clone()?))).collect();
    overrides::each(view.db, None, |row| {
        values.extend(row.value.map(|value| (row.path, value)));
        Ok(())
    })?;
    let facts =
        Facts { values: &values, old: None, new: None, path: None, setting: None, actor: None, now: None };
    let broken = checks.into_iter().filter_map(|rule| {
        match rule.compile().and_then(|compiled| compiled.holds(&facts)) {
            Ok(true) => None,
            Ok(false) => {
                Some(format!("The present values break the rule {}: {}", rule.name, rule.sentence()))
            }
            Err(problem) => {
                Some(format!("The rule {} cannot be asked of the present values: {problem}", rule.name))
            }
        }
    });
    Ok(broken.collect())
}

/// Controls that a manifest may ask for and that this build keeps without acting on them. Silence would be worse.
fn not_enforced(manifest: &Manifest) -> Vec<String> {
    let asked = [
        (manifest.rest.contains_key("sources"), "sources"),
        (manifest.rest.contains_key("services"), "services"),
    ];
    let kept = asked.iter().filter(|(asked, _)| *asked);
    kept.map(|(_, name)| format!("This build keeps {name} in the manifest and does not act on it yet."))
        .collect()
}

/// Why an override's path cannot stand beside the settings that a manifest registers.
fn conflict(manifest: &Manifest, path: &Path) -> Option<String> {
    if let Some(above) = path.ancestors().find(|above| manifest.settings.contains_key(*above)) {
        return Some(format!("{path} lies inside {above}, which is a value of its own."));
    }
    let from = format!("{path}.");
    let below = manifest.settings.range::<Path, _>(Path::from_canonical(from.clone())..).next()?.0;
    below
        .as_str()
        .starts_with(&from)
        .then(|| format!("{path} cannot have a value, because {below} lies inside it."))
}

/// The risks whose demand nobody present could meet under a policy.
pub(super) fn unmet(view: &View<'_>, policy: &Policy) -> Result<Vec<Risk>> {
    Ok(unmeetable(policy, &vote::present(view, policy)?, metadata::is_solo(view.db)?))
}

/// Risks as a list in a sentence.
pub(super) fn words(risks: &[Risk]) -> String {
    risks.iter().map(|risk| risk.as_str()).collect::<Vec<_>>().join(" and ")
}

/// What differs from the manifest in force: settings and rules by name, the rest part by part.
pub(super) fn differences(view: &View<'_>, manifest: &Manifest) -> Result<Vec<ItemView>> {
    let present = read(&manifest::current(view.db)?.text)?;
    let (before, after) = (parts(&present), parts(manifest));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| ItemView {
            what: ItemKind::Manifest,
            path: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
            base: None,
        })
        .collect())
}

fn parts(manifest: &Manifest) -> BTreeMap<String, Value> {
    let mut parts = BTreeMap::new();
    let whole = manifest.to_value();
    for (section, value) in whole.as_object().into_iter().flatten() {
        match (section.as_str(), value) {
            ("settings" | "policy" | "services", Value::Object(fields)) => {
                for (name, field) in fields {
                    parts.insert(format!("{section}.{name}"), field.clone());
                }
            }
            ("rules" | "windows" | "sources", Value::Array(items)) => {
                for item in items {
                    let name = item.get("name").and_then(Value::as_str).unwrap_or("?");
                    parts.insert(format!("{section}.{name}"), item.clone());
                }
            }
            _ => {
                parts.insert(section.clone(), value.clone());
            }
        }
    }
    parts
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

/// Puts a manifest in force, as the change that is given; gives what was applied and the audit note.
pub(super) fn enact(
    view: &View<'_>,
    change: &mut Change,
    manifest: &Manifest,
    text: &str,
) -> Result<(Applied, Note)> {
    let db = view.db;
    confirm::refuse_while_confirming(view)?;
    let applied = Applied {
        id: manifest::current(db)?.id + 1,
        text: text.to_owned(),
        hash: hex(&Sha256::digest(text)),
        created_at: view.now,
        created_by: change.requested_by.clone(),
        reason: change.reason.clone(),
        change: Some(change.number),
    };
    let made = put_in_force(db, view, &applied, manifest, change.number)?;
    change.version = made.as_ref().map(|version| version.id);
    change::put(db, change)?;
    let mut note = Note::new(
        "manifest.apply",
        change.number.to_string(),
        json!({"manifest": applied.id, "hash": applied.hash}),
    )
    .record("manifest", applied.id)
    .record("change", change.number);
    if let Some(version) = &made {
        note = note.record("version", version.id).record("generation", version.generation);
    }
    Ok((applied, note))
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

/// Puts a manifest's rows in force; a base that differs with its defaults makes a generation and a version.
pub(super) fn put_in_force(
    db: &Connection,
    view: &View<'_>,
    applied: &Applied,
    manifest: &Manifest,
    change: i64,
) -> Result<Option<Version>> {
    manifest::put_in_force(db, applied, manifest)?;
    let leaves = manifest.settings.iter().filter_map(|(path, setting)| {
        let default = setting.default.as_ref()?;
        Some((tree::place_of(path.as_str()), tree::leaf(path, default)))
    });
    let base_hash = hex(&tree::root_of(leaves)?);
    let former = if applied.id == 1 { None } else { Some(manifest::current_generation(db)?) };
    if former.as_ref().is_some_and(|former| former.base_hash == base_hash) {
        return Ok(None);
    }
    let generation = Generation {
        id: former.map_or(1, |former| former.id + 1),
        manifest: applied.id,
        base_hash,
        created_at: view.now,
    };
    manifest::insert_generation(db, &generation)?;
    let parent = version::current(db)?;
    let config_hash = match &parent {
        Some(parent) => parent.config_hash.clone(),
        None => state::hash_of(&state::State::new())?,
    };
    let version = Version {
        id: parent.as_ref().map_or(1, |parent| parent.id + 1),
        effective_hash: apply::effective_hash(&generation.base_hash, &apply::unhex(&config_hash)?)?,
        config_hash,
        created_at: view.now,
        created_by: view.actor.name().to_owned(),
        description: None,
        is_baseline: false,
        parent: parent.map(|parent| parent.id),
        change: Some(change),
        generation: generation.id,
    };
    version::insert(db, &version, None)?;
    Ok(Some(version))
}
