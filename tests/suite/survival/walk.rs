//! One command, the state before it and the state after it, and what may be found when it was disturbed.

use super::library::Library;
use super::tools::{copy, dump, injected, whole_backups};
use crate::harness::{User, World};
use cfgctl::engine::Access;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Output;

/// When the commands that are disturbed run.
const NOW: &str = "2026-11-21T10:00:00Z";

/// A store's content without what measures time, and without the hashes over that (the chain is verified beside it).
fn content(store: &Path) -> Vec<String> {
    let lines = dump(store).unwrap().into_iter().map(|line| {
        let mut columns: Vec<&str> = line.split('|').collect();
        match columns[0] {
            "change_steps" => drop(columns.remove(5)),
            "audit_log" => columns.truncate(11),
            _ => {}
        }
        columns.join("|")
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines
}

/// A store as it is before a command, the command, and who runs it.
pub(super) struct Walk {
    pub(super) world: World,
    pub(super) user: User,
    base: PathBuf,
    pub(super) words: Vec<String>,
    /// The whole content before the command, and after it.
    states: [Vec<String>; 2],
}

impl Walk {
    /// Keeps the present store as the state before, and runs the command once undisturbed.
    pub(super) fn new(world: &World, user: &User, words: &[&str]) -> Walk {
        world.pass(60);
        let base = world.folder().join("base");
        copy(world.store().parent().unwrap(), &base);
        let user = user.with("CFGCTL_FAKE_SEED", &words.concat()).with("CFGCTL_FAKE_NOW", NOW);
        let old = content(&base.join("config_overrides.db"));
        let output = user.command(words).output().unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 8)),
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let new = content(&world.store());
        assert_ne!(old, new, "{words:?} changes something");
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Walk { world: world.clone(), user, base, words, states: [old, new] }
    }

    /// How a content differs from every state that may be.
    fn difference(&self, found: &[String]) -> Option<String> {
        let apart = |state: &Vec<String>| {
            let gone = state.iter().filter(|line| !found.contains(line)).map(|line| format!("\n- {line}"));
            gone.chain(found.iter().filter(|line| !state.contains(line)).map(|line| format!("\n+ {line}")))
                .collect()
        };
        let differences: [String; 2] = self.states.each_ref().map(apart);
        if differences.iter().any(String::is_empty) {
            return None;
        }
        differences.into_iter().min_by_key(String::len)
    }

    /// Puts the state before in place and runs the command with this injection; and whether
    /// that met a call.
    pub(super) fn run(&self, call: &str, injection: &str) -> (Output, bool) {
        copy(&self.base, self.world.store().parent().unwrap());
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        injected(&self.user, &words, call, injection)
    }

    /// Looks at what is left: one state or the other, the record whole, and the next set works. Says whether it is new.
    pub(super) fn look(&self, when: &str) -> bool {
        let store = self.world.store();
        let mut reader = Library::open(&store, Access::Read, NOW).unwrap();
        reader.values().unwrap_or_else(|error| panic!("{when}: reading: {}", error.message));
        reader.engine.close().unwrap();
        let found = content(&store);
        if let Some(odd) = self.difference(&found) {
            panic!("{when}: neither the old state nor the new one: {odd}");
        }
        whole_backups(&store, when);
        // The next command comes within the same second.
        let mut next = Library::open(&store, Access::Write, NOW).unwrap();
        assert_eq!(next.broken(), Vec::<String>::new(), "{when}");
        let reply = next.change(&[("limit".to_owned(), Some(json!(77)))]);
        reply.unwrap_or_else(|error| panic!("{when}: the next set: {}", error.message));
        assert_eq!(next.values().unwrap()["limit"], json!(77), "{when}");
        assert_eq!(next.broken(), Vec::<String>::new(), "{when}, and after the next set");
        next.engine.close().unwrap();
        found == self.states[1]
    }
}
