//! Versions: listed, shown, made by hand, tagged, kept as baselines, pruned.

use super::history::{cursor, cut, page};
use super::mask::Mask;
use super::state;
use super::terms::check_reason;
use super::transact::{Note, View};
use super::{Engine, Handle, keep};
use crate::api::value::{Layer, ValueView};
use crate::api::version::{
    CreateVersion, ListVersions, ListVersionsReply, MarkBaseline, PruneVersions, PruneVersionsReply,
    ShowVersion, ShowVersionReply, TagVersion, UntagVersion, VersionReply, VersionView,
};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::store;
use crate::store::version::{self, Version};
use crate::store::{change, manifest, metadata};
use serde_json::json;

/// The longest tag, in bytes.
const LONGEST_TAG: usize = 100;

fn to_view(view: &View<'_>, version: &Version) -> Result<VersionView> {
    let made_by = match version.change {
        Some(number) => change::by_number(view.db, number)?,
        None => None,
    };
    let reason = made_by.as_ref().map(|change| change.reason.clone()).unwrap_or_default();
    Ok(VersionView {
        version: version.id,
        config_hash: version.config_hash.clone(),
        effective_hash: version.effective_hash.clone(),
        created_at: version.created_at,
        created_by: version.created_by.clone(),
        description: version.description.clone().unwrap_or(reason),
        is_baseline: version.is_baseline,
        parent: version.parent,
        change: made_by.map(|change| change.id),
        generation: version.generation,
        tags: version::tags_of(view.db, version.id)?,
    })
}

fn named(view: &View<'_>, name: Option<&str>) -> Result<Version> {
    name.map_or_else(|| state::current(view), |name| state::resolve(view, name))
}

impl Handle<ListVersions> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListVersions) -> Result<ListVersionsReply> {
        self.look(caller, |view| {
            let limit = page(request.limit);
            let before = cursor(request.after.as_deref())?;
            let mut versions = version::list(view.db, before, request.baselines, limit + 1)?;
            let next = cut(&mut versions, limit, |version| version.id);
            let items = versions.iter().map(|version| to_view(view, version)).collect::<Result<_>>()?;
            Ok(ListVersionsReply { items, next })
        })
    }
}

impl Handle<ShowVersion> for Engine {
    fn handle(&mut self, caller: &Caller, request: ShowVersion) -> Result<ShowVersionReply> {
        self.look(caller, |view| {
            let version = named(view, request.version.as_deref())?;
            let mask = Mask::new(view);
            let item = |(path, value)| {
                Ok(ValueView { value: mask.kept(&path, value)?, path, layer: Layer::Override })
            };
            let items = state::at(view, &version)?.into_iter().map(item).collect::<Result<_>>()?;
            let base_hash = manifest::generation(view.db, version.generation)?.base_hash;
            Ok(ShowVersionReply { version: to_view(view, &version)?, base_hash, items })
        })
    }
}

impl Engine {
    /// Does something about a version, or says what would be done.
    fn about_version(
        &mut self,
        caller: &Caller,
        action: &str,
        dry_run: bool,
        check: impl FnOnce(&View<'_>) -> Result<Version>,
        write: impl FnOnce(&View<'_>, &mut Version) -> Result<Note>,
    ) -> Result<VersionReply> {
        let (version, audit_head) = self.act(caller, action, dry_run, |view| {
            let mut version = check(view)?;
            if dry_run {
                return Ok((to_view(view, &version)?, None));
            }
            let note = write(view, &mut version)?;
            Ok((to_view(view, &state::by_number(view, version.id)?)?, Some(note)))
        })?;
        Ok(VersionReply { dry_run, version, audit_head })
    }
}

fn check_tag(view: &View<'_>, tag: &str) -> Result<()> {
    let fits = (1..=LONGEST_TAG).contains(&tag.len())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
        && !(tag.bytes().all(|byte| byte.is_ascii_hexdigit())
            && (tag.len() >= 12 || tag.bytes().all(|byte| byte.is_ascii_digit())))
        && !["base", "effective"].contains(&tag);
    if !fits {
        return Err(Error::usage(format!("{tag:?} cannot be a tag."))
            .hint(format!("Use 1 to {LONGEST_TAG} letters, digits, '-', '_', '.' and '/'; nothing that reads as a number or a hash.")));
    }
    match version::by_tag(view.db, tag)? {
        Some(version) => Err(Error::conflict(format!("The tag {tag} is version {version}'s already."))
            .hint(format!("Take it away first: cfgctl version untag {tag} --reason \"…\""))),
        None => Ok(()),
    }
}

impl Handle<CreateVersion> for Engine {
    fn handle(&mut self, caller: &Caller, request: CreateVersion) -> Result<VersionReply> {
        check_reason(&request.description)?;
        self.about_version(
            caller,
            "version.create",
            request.dry_run,
            |view| {
                view.actor.require(Role::Operator, "making a version")?;
                request.tag.as_deref().map_or(Ok(()), |tag| check_tag(view, tag))?;
                state::current(view)
            },
            |view, version| {
                let copy = state::copy_text(&state::present(view)?)?;
                *version = Version {
                    id: version.id + 1,
                    created_at: view.now,
                    created_by: view.actor.name().to_owned(),
                    description: Some(request.description.clone()),
                    is_baseline: false,
                    parent: Some(version.id),
                    change: None,
                    ..version.clone()
                };
                version::insert(view.db, version, Some(&copy))?;
                let mut note =
                    Note::new("version.create", version.id.to_string(), json!({"tag": request.tag}))
                        .record("version", version.id);
                if let Some(tag) = &request.tag {
                    version::tag(
                        view.db,
                        tag,
                        version.id,
                        view.now,
                        view.actor.name(),
                        &request.description,
                    )?;
                    note = note.record("tag", tag);
                }
                Ok(note)
            },
        )
    }
}

impl Handle<TagVersion> for Engine {
    fn handle(&mut self, caller: &Caller, request: TagVersion) -> Result<VersionReply> {
        check_reason(&request.reason)?;
        self.about_version(
            caller,
            "version.tag",
            request.dry_run,
            |view| {
                view.actor.require(Role::Operator, "tagging a version")?;
                check_tag(view, &request.tag)?;
                named(view, request.version.as_deref())
            },
            |view, version| {
                version::tag(
                    view.db,
                    &request.tag,
                    version.id,
                    view.now,
                    view.actor.name(),
                    &request.reason,
                )?;
                Ok(Note::new(
                    "version.tag",
                    version.id.to_string(),
                    json!({"tag": request.tag, "reason": request.reason}),
                )
                .record("tag", &request.tag))
            },
        )
    }
}

impl Handle<UntagVersion> for Engine {
    fn handle(&mut self, caller: &Caller, request: UntagVersion) -> Result<VersionReply> {
        check_reason(&request.reason)?;
        self.about_version(
            caller,
            "version.untag",
            request.dry_run,
            |view| {
                view.actor.require(Role::Admin, "taking a tag away")?;
                let tagged = version::by_tag(view.db, &request.tag)?.ok_or_else(|| {
                    Error::not_found(format!("There is no tag {}.", request.tag))
                        .hint("See what there is: cfgctl version list")
                })?;
                state::by_number(view, tagged)
            },
            |view, version| {
                version::untag(view.db, &request.tag)?;
                Ok(Note::new(
                    "version.untag",
                    version.id.to_string(),
                    json!({"tag": request.tag, "reason": request.reason}),
                )
                .record("tag", &request.tag))
            },
        )
    }
}

impl Handle<MarkBaseline> for Engine {
    fn handle(&mut self, caller: &Caller, request: MarkBaseline) -> Result<VersionReply> {
        check_reason(&request.reason)?;
        self.about_version(
            caller,
            "version.baseline",
            request.dry_run,
            |view| {
                view.actor.require(Role::Operator, "marking a baseline")?;
                named(view, request.version.as_deref())
            },
            |view, version| {
                let copy = state::copy_text(&state::at(view, version)?)?;
                version::keep_copy(view.db, version.id, &copy, true)?;
                let below = version.id <= metadata::history_floor(view.db)?;
                Ok(Note::new("version.baseline", version.id.to_string(), json!({"reason": request.reason}))
                    .record(if below { "version-copy" } else { "version" }, version.id))
            },
        )
    }
}

impl Handle<PruneVersions> for Engine {
    fn handle(&mut self, caller: &Caller, request: PruneVersions) -> Result<PruneVersionsReply> {
        check_reason(&request.reason)?;
        let dry_run = request.dry_run;
        let (reply, audit_head) = self.act(caller, "version.prune", dry_run, |view| {
            let floor = prunable(view, request.keep)?;
            let reply = |floor, removed, history_removed, kept| PruneVersionsReply {
                dry_run,
                removed,
                history_removed,
                floor,
                kept,
                audit_head: None,
            };
            if keep::is_floor_reached(view, floor)? {
                return Ok((reply(floor, 0, 0, store::keep::kept_up_to(view.db, floor)?), None));
            }
            if dry_run {
                let (removed, history_removed) = store::keep::count_prunable(view.db, floor)?;
                let kept = store::keep::kept_up_to(view.db, floor)?;
                return Ok((reply(floor, removed, history_removed, kept), None));
            }
            let pruned = keep::prune(view, floor)?;
            let note = pruned.note.because(Some(&request.reason));
            Ok((reply(pruned.floor, pruned.versions, pruned.history, pruned.kept), Some(note)))
        })?;
        Ok(PruneVersionsReply { audit_head, ..reply })
    }
}

/// Up to which version everything may go by the caller's word.
fn prunable(view: &View<'_>, newest: Option<u64>) -> Result<i64> {
    view.actor.require(Role::Admin, "pruning versions")?;
    let terms = manifest::policy(view.db)?.keep.or_usual();
    let allowed = keep::up_to(view, &terms)?.unwrap_or(0);
    let wanted = match newest {
        Some(0) => {
            return Err(Error::usage("The current version cannot be pruned.").hint("Use --keep 1 or more."));
        }
        Some(newest) => state::current(view)?.id - i64::try_from(newest).unwrap_or(i64::MAX),
        None => allowed,
    };
    // History is evidence: what the policy keeps goes only by an owner's own word.
    if wanted > allowed {
        view.actor.require_owner("forgetting what the policy keeps")?;
    }
    Ok(wanted.max(metadata::history_floor(view.db)?))
}
