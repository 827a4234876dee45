//! Backups: made, listed, looked into, verified, pruned; and the day's full one after a change.

use super::backup_file;
use super::history::{cursor, cut, page};
use super::identity::{self, Actor};
use super::mask::Mask;
use super::terms::{check_reason, check_text};
use super::transact::{Note, View};
use super::{Engine, Handle, keep};
use crate::api::backup::{
    BackupCheck, BackupReply, BackupView, CreateBackup, KeptBackup, ListBackups, ListBackupsReply,
    PruneBackups, PruneBackupsReply, ShowBackup, ShowBackupReply, VerifyBackups, VerifyBackupsReply,
};
use crate::domain::audit::Head;
use crate::domain::backup as file;
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::role::Role;
use crate::domain::time::{Span, Timestamp};
use crate::domain::value::Value;
use crate::store::backup::{self, Record};
use crate::store::{Connection, change, manifest, overrides, version};
use serde_json::json;

fn to_view(record: Record) -> BackupView {
    BackupView {
        name: record.name,
        scope: record.scope,
        automatic: record.automatic,
        created_at: record.created_at,
        created_by: record.created_by,
        version: record.version,
        paths: record.paths,
        size: record.size,
        checksum: record.checksum,
        change: record.change,
    }
}

/// What the full backups that policy asks for are called.
const DAILY: &str = "daily";

impl Handle<CreateBackup> for Engine {
    fn handle(&mut self, caller: &Caller, request: CreateBackup) -> Result<BackupReply> {
        check_text("reason", request.reason.as_deref().unwrap_or_default())?;
        let name = request.name.clone().unwrap_or_else(|| "full".to_owned());
        file::check_name(&name)?;
        if name.starts_with("change_") || name == DAILY {
            return Err(Error::usage(format!("Backups named {name:?} are made by cfgctl itself."))
                .hint("Choose another name."));
        }
        if request.dry_run {
            return self.look(caller, |view| {
                view.actor.require(Role::Operator, "making a backup")?;
                let record = Record {
                    id: 0,
                    name: file::file_name(&name, view.now)?,
                    scope: file::Scope::Full.as_str().to_owned(),
                    automatic: false,
                    created_at: view.now,
                    created_by: view.actor.name().to_owned(),
                    version: version::current(view.db)?.map_or(0, |version| version.id),
                    paths: overrides::count(view.db)?,
                    size: 0,
                    checksum: String::new(),
                    change: None,
                };
                Ok(BackupReply { dry_run: true, backup: to_view(record), audit_head: None })
            });
        }
        let identify = |db: &Connection, now| identity::identify(db, caller, now);
        let (record, head) = self.take_full(caller, &name, request.reason.as_deref(), identify)?;
        Ok(BackupReply {
            dry_run: false,
            backup: to_view(record),
            audit_head: head.as_ref().map(Head::to_string),
        })
    }
}

impl Engine {
    /// The file is written from one consistent state without holding up writers; then it is recorded.
    fn take_full(
        &mut self,
        caller: &Caller,
        name: &str,
        reason: Option<&str>,
        identify: impl Fn(&Connection, Timestamp) -> Result<Actor>,
    ) -> Result<(Record, Option<Head>)> {
        let allowed = |view: &View<'_>| view.actor.require(Role::Operator, "making a backup");
        // Whoever may not is refused, and recorded, before anything is written.
        let written = self.look_as(caller, &identify, |view| match allowed(view) {
            Ok(()) => backup_file::write_full(view, name, name == DAILY).map(Some),
            Err(_) => Ok(None),
        });
        self.transact_as(caller, "backup.create", &identify, |view| {
            allowed(view)?;
            let record = written?.ok_or_else(|| Error::conflict("The caller's role has just changed."))?;
            let id = backup::insert(view.db, &record)?;
            let detail =
                json!({"checksum": record.checksum, "paths": record.paths, "version": record.version});
            let note = Note::new("backup.create", name, detail).because(reason);
            Ok((record, Some(note.record("backup", id))))
        })
    }

    /// What is due after a change was answered, done by cfgctl itself: the full backup and the baseline that the policy
    /// asks for. Gives what to warn of.
    pub fn afterwards(&mut self, caller: &Caller) -> Vec<String> {
        let baseline = self.look_as(caller, |_, now| Ok(identity::itself(now)), keep::is_baseline_due);
        let marked = baseline.and_then(|is_due| if is_due { self.mark_baseline(caller) } else { Ok(()) });
        let mut warnings = self.take_daily(caller);
        warnings.extend(
            marked
                .err()
                .map(|error| format!("The baseline that is due could not be marked: {}", error.message)),
        );
        warnings
    }

    /// Takes the full backup that the policy asks for. Gives what to warn of.
    fn take_daily(&mut self, caller: &Caller) -> Vec<String> {
        let itself = |_: &Connection, now| Ok(identity::itself(now));
        let due = self.look_as(caller, itself, |view| {
            let Some(last) = backup::last_full(view.db)? else {
                let changed = version::current(view.db)?.is_some_and(|version| version.id > 1);
                return Ok(changed && view.place.is_some());
            };
            // Nearly always it was taken within the minute (of many sets): then nothing else need be read.
            let lately = last.created_at > view.ago(Span::seconds(60));
            Ok(!lately && last.created_at <= view.ago(manifest::policy(view.db)?.backups.full_every))
        });
        match due.and_then(
            |due| {
                if due { self.take_full(caller, DAILY, None, itself).map(|_| ()) } else { Ok(()) }
            },
        ) {
            // Somebody else has just taken it.
            Err(error) if error.code == Code::Conflict => Vec::new(),
            Err(error) => vec![format!("The full backup that is due could not be taken: {}", error.message)],
            Ok(()) => Vec::new(),
        }
    }
}

impl Handle<ListBackups> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListBackups) -> Result<ListBackupsReply> {
        self.look(caller, |view| {
            let limit = page(request.limit);
            let mut records = backup::list(view.db, cursor(request.after.as_deref())?, limit + 1)?;
            let next = cut(&mut records, limit, |record| record.id);
            Ok(ListBackupsReply { items: records.into_iter().map(to_view).collect(), next })
        })
    }
}

/// A recorded backup and what its file holds. `not-found`; `integrity` where the file is not the one that was recorded.
pub(super) fn recorded(view: &View<'_>, name: &str) -> Result<(Record, file::Backup)> {
    let record = find(view, name)?;
    let backup = backup_file::read(view.place, &record.name)?;
    if backup.checksum == record.checksum {
        return Ok((record, backup));
    }
    Err(Error::integrity(format!("The backup {name} is whole, but not the file that was recorded."))
        .hint("If you know where it is from, give it as a file: cfgctl restore ./FILE"))
}

fn find(view: &View<'_>, name: &str) -> Result<Record> {
    // The whole path of one that an emergency wrote elsewhere is looked up like any other name.
    if !name.starts_with('/') {
        file::check_name(name)?;
    }
    backup::find(view.db, name)?.ok_or_else(|| {
        Error::not_found(format!("There is no backup named {name}."))
            .hint("See what there is: cfgctl backup list")
    })
}

impl Handle<ShowBackup> for Engine {
    fn handle(&mut self, caller: &Caller, request: ShowBackup) -> Result<ShowBackupReply> {
        self.look(caller, |view| {
            let (record, _) = recorded(view, &request.name)?;
            let text = backup_file::read_text(view.place, &record.name)?;
            let mut document: Value = serde_json::from_str(&text)
                .map_err(|_| Error::integrity(format!("The backup {} does not hold.", record.name)))?;
            let mask = Mask::new(view);
            let saved = document.get_mut("configurations").and_then(Value::as_object_mut);
            for (path, saved) in saved.into_iter().flatten() {
                if let Some(value) = saved.get_mut("value") {
                    *value = mask.shown(&Path::from_canonical(path.clone()), value.take())?;
                }
            }
            Ok(ShowBackupReply { backup: to_view(record), document })
        })
    }
}

impl Handle<VerifyBackups> for Engine {
    fn handle(&mut self, caller: &Caller, request: VerifyBackups) -> Result<VerifyBackupsReply> {
        self.look(caller, |view| {
            let records = if request.names.is_empty() {
                backup::list(view.db, None, u32::MAX)?
            } else {
                request.names.iter().map(|name| find(view, name)).collect::<Result<_>>()?
            };
            let check = |record: Record| {
                let problem = recorded(view, &record.name).err().map(|error| match error.code {
                    Code::NotFound => "Its file is gone.".to_owned(),
                    _ => error.message,
                });
                BackupCheck { name: record.name, ok: problem.is_none(), problem }
            };
            Ok(VerifyBackupsReply { items: records.into_iter().map(check).collect() })
        })
    }
}

impl Handle<PruneBackups> for Engine {
    fn handle(&mut self, caller: &Caller, request: PruneBackups) -> Result<PruneBackupsReply> {
        check_reason(&request.reason)?;
        let dry_run = request.dry_run;
        let (reply, audit_head) = self.act(caller, "backup.prune", dry_run, |view| {
            let Prunable { going, kept, lost } = prunable(view, request.keep)?;
            let mut note =
                Note::new("backup.prune", going.len().to_string(), json!({"reason": request.reason}));
            for record in going.iter().chain(&lost).filter(|_| !dry_run) {
                backup::remove(view.db, record.id)?;
                if record.change.is_none() {
                    note = note.record("backup", record.id);
                }
            }
            let removed: Vec<String> = going.into_iter().map(|record| record.name).collect();
            let lost: Vec<String> = lost.into_iter().map(|record| record.name).collect();
            note.detail["removed"] = json!(removed);
            if !lost.is_empty() {
                note.detail["lost"] = json!(lost);
            }
            note.remove_after.clone_from(&removed);
            let note = (!removed.is_empty() || !lost.is_empty()).then_some(note);
            Ok((PruneBackupsReply { dry_run, removed, lost, kept, audit_head: None }, note))
        })?;
        Ok(PruneBackupsReply { audit_head, ..reply })
    }
}

/// What pruning does with the backups there are.
struct Prunable {
    /// What may go, the oldest first.
    going: Vec<Record>,
    /// What is old but stays: the last full one, and what the policy keeps for a time.
    kept: Vec<KeptBackup>,
    /// Records of files that are no longer there.
    lost: Vec<Record>,
}

fn prunable(view: &View<'_>, keep: Option<u32>) -> Result<Prunable> {
    view.actor.require(Role::Admin, "pruning backups")?;
    let policy = manifest::policy(view.db)?;
    let keep = keep.unwrap_or(policy.backups.keep);
    let mut all = backup::list(view.db, None, u32::MAX)?;
    let lost: Vec<Record> =
        all.extract_if(.., |record| backup_file::is_gone(view.place, &record.name)).collect();
    // Of those that are there, the newest first: what is gone is nobody's last one.
    let last_full = all.iter().find(|record| record.scope == "full").map(|record| record.id);
    let unreviewed = change::unreviewed_emergencies(view.db)?;
    let (mut going, mut kept) = (Vec::new(), Vec::new());
    for scope in ["change", "full"] {
        for record in backup::automatic_beyond(view.db, scope, keep, None, u32::MAX)? {
            if lost.iter().any(|lost| lost.name == record.name) {
                continue;
            }
            let because = if Some(record.id) == last_full {
                Some("it is the last one of everything".to_owned())
            } else if record.change.is_some_and(|number| unreviewed.contains(&number)) {
                Some("it is of an emergency that nobody has reviewed yet".to_owned())
            } else if policy.backups.keep_for.is_some_and(|span| record.created_at > view.ago(span)) {
                Some("the policy keeps it for longer".to_owned())
            } else {
                None
            };
            match because {
                Some(because) => kept.push(KeptBackup { name: record.name, because }),
                None => going.push(record),
            }
        }
    }
    Ok(Prunable { going, kept, lost })
}
