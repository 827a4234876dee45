//! Going back: to a version, a time, a backup; undoing one change.
//!
//! What must stay true: it runs through the same pipeline as a set and makes a new version; only what history proves
//! was in force lately asks for less (design.md §7); only a full backup unsets what it does not hold.

use super::change::{Proposal, Returning};
use super::known;
use super::mask::Mask;
use super::plan::{Going, Wanted, plan};
use super::proof::is_proven;
use super::state::{self, Selection};
use super::transact::View;
use super::{Engine, Handle};
use crate::api::Outcome;
use crate::api::change::{ChangeReply, Issue};
use crate::api::rollback::{BackupSource, PathResult, Point, Restore, Rollback, RollbackReply, Undo};
use crate::domain::backup::{self, Backup, Scope};
use crate::domain::change::{Kind, State, hex};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::secret::MASKED;
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use crate::store::change::Change;
use crate::store::version::{self, Version};
use crate::store::{change, history, manifest, metadata, overrides};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What is gone back to, and what cannot be.
#[derive(Default)]
struct Return {
    /// Values from a file are classified like any set (design.md §7).
    may_be_proven: bool,
    to: String,
    wanted: Vec<Wanted>,
    failed: Vec<PathResult>,
    /// What is wanted, as it may be shown.
    shown: Vec<Wanted>,
    confirm_name: Option<String>,
}

impl Handle<Rollback> for Engine {
    fn handle(&mut self, caller: &Caller, request: Rollback) -> Result<RollbackReply> {
        let asked =
            format!("{:?} {:?} {:?} {}", request.to, request.paths, request.section, request.skip_invalid);
        let terms = request.terms.clone();
        self.go_back(caller, Kind::Rollback, &terms, asked, request.trigger.clone(), |view| {
            let selection = Selection::new(&request.paths, request.section.as_deref())?;
            let version = version_of(view, &request.to)?;
            let mut moved = state::moved_since(view, &version)?;
            moved.retain(|path, _| selection.holds(path));
            for path in selection.named() {
                if !moved.keys().any(|moved| moved.is_within(path.as_str())) {
                    known::check_path(view, path)?;
                }
            }
            if let Some(section) = request.section.as_deref().filter(|_| moved.is_empty()) {
                known::check_section(view, section)?;
            }
            let to = describe(&request.to, &version);
            sift(view, to, moved.into_iter().collect(), request.skip_invalid, None)
        })
    }
}

impl Handle<Undo> for Engine {
    fn handle(&mut self, caller: &Caller, request: Undo) -> Result<RollbackReply> {
        let asked = format!("{:?}", request.change);
        let terms = request.terms.clone();
        self.go_back(caller, Kind::Undo, &terms, asked, None, |view| {
            let found = match &request.change {
                Some(name) => super::change_request::find(view, name)?,
                None => change::last_executed_by(view.db, view.actor.name())?.ok_or_else(|| {
                    Error::not_found("You have executed no change that could be undone.")
                        .hint("Name one: cfgctl change-request list --all")
                })?,
            };
            let version = version_to_undo(&found)?;
            if found.kind == Kind::Reload {
                let generation = super::state::by_number(view, version)?.generation - 1;
                return Err(Error::refused(format!(
                    "Change {} altered the base, and undoing acts on overrides.",
                    found.number
                ))
                .hint(format!("Go back to the base before it: cfgctl reload --to {generation}")));
            }
            if version <= metadata::history_floor(view.db)? {
                return Err(Error::not_found(format!("What change {} did is no longer known: its history was pruned.", found.number)));
            }
            let mut wanted = Vec::new();
            for event in history::of_version(view.db, version)? {
                let present = overrides::find(view.db, event.path.as_str())?;
                if let Some(later) = present.filter(|row| row.version > version) {
                    return Err(Error::conflict(format!(
                        "{} has changed since change {}: {} did at version {}.",
                        event.path, found.number, later.by, later.version
                    ))
                    .hint(format!("Undo that one first, or go back to before it: cfgctl rollback --version {} --path {}", version - 1, event.path)));
                }
                wanted.push((event.path, event.before));
            }
            sift(view, format!("before change {}", found.number), wanted, false, None)
        })
    }
}

impl Handle<Restore> for Engine {
    fn handle(&mut self, caller: &Caller, request: Restore) -> Result<RollbackReply> {
        let name = match &request.from {
            BackupSource::Name(name) | BackupSource::File { name, .. } => name.clone(),
        };
        let content = match &request.from {
            BackupSource::Name(_) => String::new(),
            BackupSource::File { content, .. } => hex(&Sha256::digest(content)),
        };
        let asked =
            format!("{name} {content} {:?} {:?} {}", request.paths, request.section, request.skip_invalid);
        let terms = request.terms.clone();
        let kind = if request.rollback { Kind::Rollback } else { Kind::Restore };
        self.go_back(caller, kind, &terms, asked, request.trigger.clone(), |view| {
            let backup = match &request.from {
                BackupSource::Name(name) => super::backup::recorded(view, name)?.1,
                BackupSource::File { name, content } => backup::read(name, content)?,
            };
            let selection = Selection::new(&request.paths, request.section.as_deref())?;
            let foreign = check_origin(view, &name, &backup, request.foreign)?;
            let (wanted, whole) = wanted_of(view, backup, &selection)?;
            for path in selection.named() {
                if !wanted.iter().any(|(held, _)| held.is_within(path.as_str())) {
                    return Err(Error::not_found(format!("The backup {name} does not hold {path}."))
                        .hint(format!("See what it holds: cfgctl backup show {name}")));
                }
            }
            if let Some(section) = request.section.as_deref().filter(|_| wanted.is_empty()) {
                known::check_section(view, section)?;
            }
            let confirm = (foreign || (whole && selection.is_everything()))
                .then(|| manifest::instance(view.db))
                .transpose()?;
            let may_be_proven = matches!(request.from, BackupSource::Name(_));
            let going = sift(view, format!("the backup {name}"), wanted, request.skip_invalid, confirm)?;
            Ok(Return { may_be_proven, ..going })
        })
    }
}

impl Engine {
    fn go_back(
        &mut self,
        caller: &Caller,
        kind: Kind,
        terms: &crate::api::change::Terms,
        asked: String,
        trigger: Option<String>,
        read: impl FnOnce(&View<'_>) -> Result<Return>,
    ) -> Result<RollbackReply> {
        let mut gone = None;
        let change = self.propose(
            caller,
            kind,
            terms,
            |_| Ok(asked),
            |view| {
                let going = read(view)?;
                let proven = going.may_be_proven && is_proven(view, &going.wanted)?;
                let proposal = Proposal {
                    kind,
                    terms,
                    wanted: going.wanted.clone(),
                    returning: Some(Returning { to: going.to.clone(), proven, trigger }),
                };
                gone = Some(going);
                Ok(proposal)
            },
        )?;
        // Asked a second time under one id, the answer is what came of the first.
        Ok(report(change, gone.unwrap_or_default()))
    }
}

/// The version that a change made by setting values. `refused` says why there is none.
fn version_to_undo(found: &Change) -> Result<i64> {
    let number = found.number;
    let see = format!("See it: cfgctl change-request show {number}");
    let (why, hint) = match found.kind {
        Kind::Manifest => ("put a manifest in force and set no values", "A former manifest is applied again: cfgctl manifest show NUMBER prints it, and cfgctl manifest apply FILE puts it in force".to_owned()),
        Kind::Member => ("was about a member and set no values", "A member's role is changed again: cfgctl member role NAME ROLE".to_owned()),
        Kind::Init => ("made the store", see),
        _ => match (found.version, found.state) {
            (Some(version), _) => return Ok(version),
            (None, state) if state.is_open() => ("was not executed yet", format!("Take it back: cfgctl change-request cancel {number} --reason \"…\"")),
            (None, State::Rejected) => ("was rejected and changed nothing", see),
            (None, State::Cancelled) => ("was cancelled and changed nothing", see),
            (None, State::Expired) => ("expired and changed nothing", see),
            (None, _) => ("changed nothing", see),
        },
    };
    Err(Error::refused(format!("Change {number} {why}: there is nothing to undo.")).hint(hint))
}

/// What became of every path asked for.
fn report(mut change: ChangeReply, going: Return) -> RollbackReply {
    let changed: BTreeSet<String> =
        change.change.iter().flat_map(|change| &change.items).map(|item| item.path.clone()).collect();
    let status = |path: &Path, value: &Option<Value>| {
        if !changed.contains(path.as_str()) {
            "unchanged"
        } else if change.outcome == Outcome::Pending {
            "pending"
        } else if value.is_some() {
            "restored"
        } else {
            "unset"
        }
    };
    let mut results: Vec<PathResult> = going
        .shown
        .into_iter()
        .map(|(path, value)| PathResult {
            status: status(&path, &value).to_owned(),
            path,
            value,
            error: None,
        })
        .collect();
    if results.is_empty() {
        let done = change.change.iter().flat_map(|change| &change.items);
        results = done
            .map(|item| {
                let path = Path::from_canonical(item.path.clone());
                PathResult {
                    status: status(&path, &item.after).to_owned(),
                    path,
                    value: item.after.clone(),
                    error: None,
                }
            })
            .collect();
    }
    let skipped = !going.failed.is_empty();
    results.extend(going.failed);
    results.sort_by(|a, b| a.path.cmp(&b.path));
    if skipped && matches!(change.outcome, Outcome::Done | Outcome::Unchanged) {
        change.outcome = Outcome::No;
    }
    // Who has confirmed it need not be told how.
    let confirm_name = going.confirm_name.filter(|_| change.dry_run);
    RollbackReply { change, to: going.to, results, confirm_name }
}

/// With `skip_invalid`, what would not be valid is left out and listed; otherwise the pipeline refuses all.
fn sift(
    view: &View<'_>,
    to: String,
    mut wanted: Vec<Wanted>,
    skip_invalid: bool,
    confirm_name: Option<String>,
) -> Result<Return> {
    let mask = Mask::new(view);
    let mut failed = Vec::new();
    let mut looks = skip_invalid;
    while looks {
        let policy = manifest::policy(view.db)?;
        let planned = plan(view, wanted.clone(), &policy, Going::Back)?;
        let bad: BTreeMap<Path, Issue> =
            planned.issues.into_iter().filter_map(|issue| Some((issue.path.clone()?, issue))).collect();
        // A rule that speaks of several paths cannot be skipped by one: the pipeline refuses it.
        looks = !bad.is_empty();
        for (path, value) in wanted.extract_if(.., |(path, _)| bad.contains_key(path)) {
            let issue = bad.get(&path);
            let hides = issue.is_some_and(|issue| issue.credential.is_some());
            failed.push(PathResult {
                status: "failed".to_owned(),
                value: if hides { Some(Value::from(MASKED)) } else { mask.maybe(&path, value)? },
                error: issue.map(|issue| issue.message.clone()),
                path,
            });
        }
    }
    let shown = wanted.iter().map(|(path, value)| Ok((path.clone(), mask.maybe(path, value.clone())?)));
    let shown = shown.collect::<Result<_>>()?;
    Ok(Return { may_be_proven: true, to, wanted, failed, shown, confirm_name })
}

fn version_of(view: &View<'_>, point: &Point) -> Result<Version> {
    match point {
        Point::Version(number) => state::by_number(view, *number),
        Point::Tag(tag) => state::by_tag(view, tag),
        Point::Hash(hash) => {
            if hash.len() < 12 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(Error::usage(format!("{hash:?} is not the beginning of a hash."))
                    .hint("Give at least 12 hexadecimal digits of a config_hash."));
            }
            let current = state::current(view)?.id;
            version::by_hash(view.db, &hash.to_lowercase(), current)?.ok_or_else(|| {
                Error::not_found(format!("No former version has the hash {hash}."))
                    .hint("See what there is: cfgctl version list")
            })
        }
        Point::Steps(steps) => match version::steps_back(view.db, *steps)? {
            Some(version) => Ok(version),
            None => {
                let pruned = metadata::history_floor(view.db)? > 0;
                let why = if pruned { ": older ones were pruned" } else { "" };
                let message = format!("There are fewer than {steps} versions before the current one{why}.");
                Err(Error::not_found(message).hint("See what there is: cfgctl version list"))
            }
        },
        Point::Time(time) => state::at_time(view, Timestamp::parse(time)?),
    }
}

fn describe(point: &Point, version: &Version) -> String {
    match point {
        Point::Version(_) => format!("version {}", version.id),
        Point::Tag(tag) => format!("version {} ({tag})", version.id),
        Point::Hash(hash) => format!("version {} ({})", version.id, &hash[..12]),
        Point::Steps(steps) => format!("version {} ({steps} back)", version.id),
        Point::Time(time) => format!("version {} ({time})", version.id),
    }
}

/// Whether a backup is another store's. `refused` where it is and nobody said that it may be.
pub(super) fn check_origin(view: &View<'_>, name: &str, backup: &Backup, allowed: bool) -> Result<bool> {
    let Some(header) = &backup.header else { return Ok(false) };
    if header.store_id == metadata::store_id(view.db)? {
        return Ok(false);
    }
    if allowed {
        return Ok(true);
    }
    Err(Error::refused(format!(
        "The backup {name} is another store's: {} of {}.",
        header.store_id, header.instance
    ))
    .hint("If that is meant, say so: --foreign"))
}

/// What a backup says of the paths asked for, and whether it holds everything.
pub(super) fn wanted_of(
    view: &View<'_>,
    backup: Backup,
    selection: &Selection,
) -> Result<(Vec<Wanted>, bool)> {
    let whole = backup.header.as_ref().is_some_and(|header| header.scope == Scope::Full);
    let absent = backup.header.map(|header| header.absent).unwrap_or_default();
    let mut wanted: BTreeMap<Path, Option<Value>> = BTreeMap::new();
    if whole {
        overrides::each(view.db, None, |row| {
            wanted.insert(row.path, None);
            Ok(())
        })?;
    }
    wanted.extend(absent.into_iter().map(|path| (path, None)));
    for (path, saved) in backup.values {
        wanted.insert(path, Some(saved.value).filter(|value| !value.is_null()));
    }
    wanted.retain(|path, _| selection.holds(path));
    Ok((wanted.into_iter().collect(), whole))
}
