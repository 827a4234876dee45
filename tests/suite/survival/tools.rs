//! Seeds, copies, dumps, and commands under strace.

use crate::harness::{PROGRAM, User, World};
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A manifest that is read quickly, with one low setting, one free text and one that needs an approval.
pub(super) const SMALL: &str = "\
format: 1
instance: small
settings:
  limit: {type: integer, minimum: 0, default: 10, risk: low}
  name: {type: string, default: nobody, risk: low}
  pool: {type: integer, minimum: 1, default: 5, risk: high}
policy:
  unregistered: low
  low: {approvals: []}
  medium: {approvals: []}
  high: {approvals: [{role: admin, count: 1}], own: false}
  critical: {approvals: [{role: admin, count: 1}]}
  backups: {keep: 2, full_every: 1d}
";

/// A world with a store from the small manifest; alice owns it and bob is an admin. The day's full backup is taken, and so
/// many of changes that the next one takes the oldest's place.
pub(super) fn small() -> (World, User, User) {
    let world = World::new();
    let alice = world.user("alice", 1000);
    let manifest = world.file("small.yaml", SMALL);
    alice.run(&format!("init --manifest {}", manifest.display())).ok();
    let code = alice.run("member invite bob --role admin --uid 1001 --reason team").ok();
    let bob = world.user("bob", 1001);
    bob.run(&format!("member join {}", code.trim())).ok();
    for limit in 20..23 {
        alice.run(&format!("set limit {limit} --reason first")).ok();
    }
    (world, alice, bob)
}

/// An emergency in the small store, which bob is said to have agreed to.
pub(super) const EMERGENCY: &[&str] = &[
    "emergency",
    "set",
    "pool",
    "11",
    "--reason",
    "r",
    "--justification",
    "j",
    "--approver",
    "bob",
    "--answer",
    "small",
];

/// Numbers that look random and repeat: splitmix64.
pub(crate) struct Dice(u64);

impl Dice {
    /// From `CFGCTL_SEED`, else always the same; says which, for whoever reads the output of a failed test.
    pub(crate) fn new(test: &str) -> Dice {
        let seed = std::env::var("CFGCTL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
        eprintln!("{test}: CFGCTL_SEED={seed}");
        Dice(seed)
    }

    /// From this seed.
    pub(super) fn seeded(seed: u64) -> Dice {
        Dice(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// Whether strace is there; says by name what is skipped where it is not.
pub(super) fn strace(test: &str) -> bool {
    let there = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        eprintln!("skipped: {test}: strace is not installed");
    }
    there
}

/// The user's command under strace with this injection into one kind of call, run to its end; and whether the injection
/// met a call.
pub(super) fn injected(user: &User, words: &[&str], call: &str, injection: &str) -> (Output, bool) {
    let plain = user.command(words);
    let trace = user.world.folder().join("trace");
    let mut traced = Command::new("strace");
    traced
        .args(["-f", "-e", &format!("trace={call}"), "-e", &format!("inject={call}:{injection}"), "-o"])
        .args([trace.as_os_str(), PROGRAM.as_ref()])
        .args(plain.get_args())
        .env_clear()
        .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(plain.get_current_dir().unwrap())
        .stdin(Stdio::null());
    let output = traced.output().unwrap();
    let met = output.status.signal() == Some(9) || fs::read_to_string(trace).unwrap().contains("(INJECTED)");
    (output, met)
}

/// Replaces a folder by a copy of another; pipes and links are not copied.
pub(super) fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, target) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if !kind.is_symlink() && !kind.is_fifo() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Everything a store's tables hold, row by row, read past the program; or why it cannot be read.
pub(super) fn dump(place: &Path) -> rusqlite::Result<Vec<String>> {
    use rusqlite::types::ValueRef;
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = rusqlite::Connection::open_with_flags(place, flags)?;
    let mut lines = Vec::new();
    let mut statement =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let tables: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for table in tables {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\" NOT INDEXED"))?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut line = table.clone();
            for column in 0..columns {
                line.push('|');
                line.push_str(&match row.get_ref(column)? {
                    ValueRef::Null => "null".to_owned(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => format!("{number:?}"),
                    ValueRef::Text(text) => format!("t{}", String::from_utf8_lossy(text).escape_debug()),
                    ValueRef::Blob(blob) => format!("b{blob:?}"),
                });
            }
            lines.push(line);
        }
    }
    lines.sort();
    Ok(lines)
}

/// The backup files beside a store that have a final name.
pub(super) fn backup_files(store: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(store.parent().unwrap().join("backups")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.'))
        .collect();
    files.sort();
    files
}

/// That every backup file under a final name is whole.
#[track_caller]
pub(super) fn whole_backups(store: &Path, when: &str) {
    for file in backup_files(store) {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.display().to_string();
        cfgctl::domain::backup::read(&name, &text)
            .unwrap_or_else(|error| panic!("{when}: {}", error.message));
    }
}
