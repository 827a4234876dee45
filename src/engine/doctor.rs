//! Looks the store over and says what to do about what is found.

mod services;

use super::backup_file;
use super::delivery::lock_folder;
use super::seal::Sealer;
use super::secret::Held;
use super::transact::View;
use super::{Engine, Handle, verify};
use crate::api::status::{Check, CheckStatus, Doctor, DoctorReply};
use crate::domain::error::{Code, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::domain::sealed::is_sealed;
use crate::domain::wording::plain_reason;
use crate::store::database::{folder_of, network_file_system, with_suffix};
use crate::store::{backup, member, metadata};
use rustix::fs::{Access as FileAccess, AtFlags, CWD, accessat};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Less free space than this is worth a warning, in bytes.
const LITTLE_SPACE: u64 = 256 * 1024 * 1024;

impl Handle<Doctor> for Engine {
    fn handle(&mut self, caller: &Caller, _: Doctor) -> Result<DoctorReply> {
        self.look(caller, |view| {
            let db = view.db;
            let mut checks = vec![finding(
                "file",
                verify::file(db),
                "Restore from a backup: cfgctl init --store NEW, then cfgctl restore FILE --foreign",
            )];
            let restore =
                "Compare with a head that was printed or logged earlier: cfgctl audit verify --head SEQ:HASH";
            let chain = verify::chain(db, None, true);
            let vouched = chain.as_ref().map(|chain| chain.vouched.clone()).unwrap_or_default();
            checks.push(finding("audit chain", chain.map(|chain| chain.problems), restore));
            checks.push(finding("records", verify::records(db, &vouched), restore));
            checks.push(finding(
                "values",
                verify::values(db),
                "See what changed: cfgctl history; restore a backup.",
            ));
            checks.push(finding("base", verify::base(db), "Read the sources again: cfgctl reload --force"));
            checks.push(finding(
                "registry",
                verify::registry(db),
                "Put the manifest in force again: cfgctl manifest apply FILE",
            ));
            checks.extend(secrets(view)?);
            checks.extend(services::check(view)?);
            checks.push(backups(view)?);
            if let Some(place) = view.place {
                checks.extend(surroundings(place));
                checks.push(writable(view, place));
            }
            checks.push(governance(view)?);
            Ok(DoctorReply { ok: checks.iter().all(|check| check.status != CheckStatus::Failed), checks })
        })
    }
}

fn check(name: &str, status: CheckStatus, finding: String, advice: Option<&str>) -> Check {
    Check { name: name.to_owned(), status, finding, advice: advice.map(str::to_owned) }
}

fn ok(name: &str, finding: &str) -> Check {
    check(name, CheckStatus::Ok, finding.to_owned(), None)
}

/// What a check that gives problems came to; one that could not even be made has failed.
fn finding(name: &str, problems: Result<Vec<String>>, advice: &str) -> Check {
    match problems {
        Ok(problems) if problems.is_empty() => ok(name, "holds"),
        Ok(problems) => check(name, CheckStatus::Failed, problems.join(" "), Some(advice)),
        Err(error) => check(name, CheckStatus::Failed, error.message, Some(advice)),
    }
}

/// Whether what is sealed opens with the keys at hand; nothing where nothing is sealed and there is no key.
fn secrets(view: &View<'_>) -> Result<Option<Check>> {
    let sealer = Sealer::of(view)?;
    let held = Held::of(view)?;
    let sealed: Vec<_> = held
        .values()
        .filter_map(|(path, value)| Some((path, value.as_str().filter(|text| is_sealed(text))?)))
        .collect();
    let name = "secrets";
    let restore = "Put the key file back that holds the key, with mode 0600, or name it in $CFGCTL_KEY_FILE";
    Ok(Some(match sealer.keys() {
        Err(error) => check(name, CheckStatus::Failed, error.message, error.hint.as_deref()),
        Ok(None) if sealed.is_empty() => return Ok(None),
        Ok(None) => {
            let finding =
                format!("{} sealed, and there is no key file {}.", sealed.len(), sealer.place_in_words());
            check(name, CheckStatus::Warning, finding, Some(restore))
        }
        Ok(Some(_)) => {
            let closed: Vec<String> = sealed
                .iter()
                .filter_map(|(path, text)| sealer.open(path, text).err())
                .map(|error| error.message)
                .collect();
            finding(name, Ok(closed), restore)
        }
    }))
}

fn backups(view: &View<'_>) -> Result<Check> {
    let mut problems = Vec::new();
    let mut known = BTreeSet::new();
    let mut gone = false;
    for record in backup::list(view.db, None, u32::MAX)? {
        match backup_file::read(view.place, &record.name) {
            Ok(read) if read.checksum == record.checksum => {}
            Ok(_) => problems.push(format!("{} is not the file that was recorded.", record.name)),
            Err(error) if error.code == Code::NotFound => {
                gone = true;
                problems.push(format!("{} is gone.", record.name));
            }
            Err(error) => problems.push(error.message),
        }
        known.insert(record.name);
    }
    let folder = view.place.map(backup_file::folder);
    let stray: Vec<String> = folder
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !known.contains(name))
        .collect();
    if !problems.is_empty() {
        let advice = if gone {
            "Find out what happened to the folder; take a new one: cfgctl backup create; and forget what is gone: \
             cfgctl backup prune --reason \"…\""
        } else {
            "Find out what happened to the folder; take a new one: cfgctl backup create"
        };
        return Ok(check("backups", CheckStatus::Failed, problems.join(" "), Some(advice)));
    }
    if !stray.is_empty() {
        let shown = format!(
            "Not recorded (left by an interrupted change, or put there by hand): {}",
            stray.join(", ")
        );
        return Ok(check(
            "backups",
            CheckStatus::Warning,
            shown,
            Some("Remove them when you know what they are."),
        ));
    }
    Ok(ok("backups", "hold"))
}

fn surroundings(place: &Path) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut open = Vec::new();
    let mut names = vec![place.to_path_buf(), backup_file::folder(place), lock_folder(place)];
    names.extend(["-wal", "-shm", ".lock"].map(|suffix| with_suffix(place, suffix)));
    for name in names {
        if let Ok(metadata) = std::fs::metadata(&name) {
            let mode = metadata.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                open.push(format!("{} is open to others ({mode:o})", name.display()));
            }
        }
    }
    checks.push(if open.is_empty() {
        ok("permissions", "only the owner can read and write the store")
    } else {
        check("permissions", CheckStatus::Warning, open.join("; "), Some("chmod go= on what is named"))
    });
    checks.push(match network_file_system(place) {
        Some(kind) => check(
            "file system",
            CheckStatus::Failed,
            format!("The store is on {kind}, a network file system."),
            Some("Move it to a local disk."),
        ),
        None => ok("file system", "local"),
    });
    checks.push(match rustix::fs::statvfs(folder_of(place)) {
        Ok(space) if space.f_bavail.saturating_mul(space.f_frsize) < LITTLE_SPACE => check(
            "space",
            CheckStatus::Warning,
            format!("{} MiB are free.", space.f_bavail.saturating_mul(space.f_frsize) >> 20),
            Some("Make space, or prune: cfgctl backup prune, cfgctl version prune"),
        ),
        Ok(_) => ok("space", "enough"),
        Err(error) => check("space", CheckStatus::Warning, format!("cannot be asked for: {error}"), None),
    });
    checks
}

/// Whether this process could write what a change writes: the store, its companions, a backup.
fn writable(view: &View<'_>, place: &Path) -> Check {
    let backups = backup_file::folder(place);
    let mut refused = Vec::new();
    let companions = ["", "-wal", "-shm", ".lock"].map(|suffix| with_suffix(place, suffix));
    // The store's folder is written only where a companion is yet to be made.
    let complete = companions.iter().all(|name| name.exists());
    let folders = [(!complete).then(|| folder_of(place).to_path_buf()), Some(backups)];
    let folders: Vec<_> = folders.into_iter().flatten().collect();
    for (names, access) in
        [(&companions[..], FileAccess::WRITE_OK), (&folders[..], FileAccess::WRITE_OK | FileAccess::EXEC_OK)]
    {
        for name in names.iter().filter(|name| name.exists()) {
            // With the rights that the change would have, which need not be those of whoever runs this.
            if let Err(error) = accessat(CWD, name, access, AtFlags::EACCESS) {
                refused.push(format!("{}: {}", name.display(), plain_reason(&error.to_string())));
            }
        }
    }
    if refused.is_empty() {
        return ok("writing", "the store and its backups can be written");
    }
    // To whoever may change nothing it is no harm.
    let changes = view.actor.member.role >= Role::Operator;
    let status = if changes { CheckStatus::Failed } else { CheckStatus::Warning };
    let finding = format!("Nothing can be changed: {}.", refused.join("; "));
    let advice = "Let the store's owner write there: chmod u+rwX, and chown to the owner, what is named";
    check("writing", status, finding, Some(advice))
}

fn governance(view: &View<'_>) -> Result<Check> {
    let owners =
        member::list(view.db)?.into_iter().filter(|member| member.owner && member.is_active()).count();
    let mut remarks = Vec::new();
    if owners == 1 {
        remarks.push("members and manifest rest with one person");
    }
    let solo = metadata::is_solo(view.db)?;
    if solo {
        remarks.push("the store is solo");
    }
    if view.place.is_some() {
        remarks.push("identity is asserted: who can write the file can forge what is in it");
    }
    Ok(if remarks.is_empty() {
        ok("governance", "separated")
    } else {
        let advice = if owners == 1 {
            Some("Invite a second owner: cfgctl member invite NAME --role ROLE --owner")
        } else if solo {
            Some("End that: cfgctl member end-solo --reason \"…\"")
        } else {
            None
        };
        // Where nothing is left to do about it, it is how such a store is, and no finding.
        let status = if advice.is_some() { CheckStatus::Warning } else { CheckStatus::Ok };
        check("governance", status, format!("{}.", remarks.join("; ")), advice)
    })
}
