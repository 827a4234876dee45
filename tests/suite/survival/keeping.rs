//! Random changes, tags and baselines under a policy that prunes, against a model that forgets nothing: whatever is
//! answered after housekeeping is what was answered before, and what cannot be answered is refused.

use super::library::Library;
use super::tools::{Dice, SMALL};
use crate::harness::{BEGINNING, World};
use cfgctl::api::confirm::{Due, Settle};
use cfgctl::api::history::History;
use cfgctl::api::value::Get;
use cfgctl::api::version::{ListVersions, MarkBaseline, TagVersion};
use cfgctl::domain::error::{Code, Result};
use cfgctl::domain::time::Timestamp;
use cfgctl::engine::Access;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

type State = BTreeMap<String, Value>;

const HOUR: i64 = 3_600_000;

/// What every version held, and since when.
type Versions = BTreeMap<i64, (i64, State)>;

fn overrides(library: &mut Library, at: &str) -> Result<State> {
    let at = Some(at.to_owned());
    let reply = library.ask(Get { layer: Some("override".to_owned()), at, ..Get::default() })?;
    Ok(reply.items.into_iter().map(|item| (item.path.as_str().to_owned(), item.value)).collect())
}

fn listed(library: &mut Library) -> BTreeSet<i64> {
    let request = ListVersions { limit: Some(10_000), ..ListVersions::default() };
    library.ask(request).unwrap().items.into_iter().map(|view| view.version).collect()
}

/// Compares every answer about versions and times with the model.
fn compare(library: &mut Library, versions: &Versions, marked: &BTreeSet<i64>, dice: &mut Dice, when: &str) {
    let there = listed(library);
    assert!(there.is_superset(marked), "{when}: {marked:?} are kept, and {there:?} are there");
    for (version, (_, state)) in versions {
        match overrides(library, &version.to_string()) {
            Ok(found) => assert_eq!(&found, state, "{when}: version {version}"),
            Err(error) => {
                assert_eq!(error.code, Code::NotFound, "{when}: version {version}: {}", error.message);
                assert!(!there.contains(version), "{when}: version {version}: {}", error.message);
            }
        }
    }
    let (first, last) = (versions.first_key_value().unwrap().1.0, library.clock.get());
    for _ in 0..20 {
        let time = first + (dice.next() % (last - first) as u64) as i64;
        let (version, (_, state)) = versions.iter().rfind(|(_, (since, _))| *since <= time).unwrap();
        match overrides(library, &Timestamp::from_millis(time).to_string()) {
            Ok(found) => assert_eq!(&found, state, "{when}: at the time of version {version}"),
            Err(error) => {
                assert_eq!(error.code, Code::NotFound, "{when}: {}", error.message);
                // When the next one began is no longer known, where that was pruned.
                let known = there.contains(version) && there.contains(&(version + 1));
                assert!(!known, "{when}: version {version}: {}", error.message);
            }
        }
        let since = Some(Timestamp::from_millis(time));
        let rows = library.ask(History { since, limit: Some(10_000), ..History::default() }).unwrap().items;
        assert!(rows.iter().all(|row| row.at.millis() >= time), "{when}: history since {time}");
        let until = since;
        let rows = library.ask(History { until, limit: Some(10_000), ..History::default() }).unwrap().items;
        assert!(rows.iter().all(|row| row.at.millis() <= time), "{when}: history until {time}");
    }
    assert_eq!(library.broken(), Vec::<String>::new(), "{when}");
}

/// A7.
#[test]
fn whatever_housekeeping_takes_every_answer_stays_true() {
    let mut dice = Dice::new("housekeeping");
    for policy in [
        "keep: {versions: 6, history: 2d, audit: 3d}\n  baselines: {every: 9}",
        "keep: {versions: 3}",
        "keep: {history: 1d, audit: 1d}\n  baselines: {after: 2d}",
    ] {
        let world = World::new();
        let alice = world.user("alice", 1000);
        let manifest =
            SMALL.replace("keep: 2", "keep: 1000").replace("  backups:", &format!("  {policy}\n  backups:"));
        let manifest = world.file("small.yaml", manifest);
        alice.run(&format!("init --solo --manifest {}", manifest.display())).ok();
        let mut library = Library::open(&world.store(), Access::Write, BEGINNING).unwrap();
        let mut versions = Versions::from([(1, (library.clock.get(), State::new()))]);
        let mut marked = BTreeSet::new();
        let mut pruned = 0;
        for number in 0..120 {
            library.clock.set(library.clock.get() + HOUR + dice.below(5) as i64 * HOUR);
            let (current, state) =
                versions.last_key_value().map(|(id, (_, state))| (*id, state.clone())).unwrap();
            let there: Vec<i64> = listed(&mut library).into_iter().collect();
            let one = there[dice.below(there.len())];
            match dice.below(12) {
                0 => {
                    let tag = format!("t{number}-x");
                    let version = Some(one.to_string());
                    let reason = "r".to_owned();
                    library.ask(TagVersion { version, tag, reason, dry_run: false }).unwrap();
                    marked.insert(one);
                }
                1 => {
                    let version = Some(one.to_string());
                    library.ask(MarkBaseline { version, reason: "r".to_owned(), dry_run: false }).unwrap();
                    marked.insert(one);
                }
                2 => {
                    let request = Settle { which: Due::All, dry_run: false };
                    let done = library.ask(request).unwrap().housekeeping;
                    assert!(done.iter().all(|chore| chore.result == "done"), "{done:?}");
                    pruned += done.iter().map(|chore| chore.removed).sum::<u64>();
                    let when = format!("{policy}: step {number}");
                    compare(&mut library, &versions, &marked, &mut dice, &when);
                }
                _ => {
                    let mut wanted = state.clone();
                    let items: BTreeMap<String, Option<Value>> = (0..=dice.below(3))
                        .map(|_| {
                            let value = (dice.below(3) > 0).then(|| json!(dice.below(4)));
                            (format!("a.n{}", dice.below(6)), value)
                        })
                        .filter(|(path, value)| value.is_some() || state.contains_key(path))
                        .collect();
                    for (path, value) in &items {
                        match value {
                            Some(value) => drop(wanted.insert(path.clone(), value.clone())),
                            None => drop(wanted.remove(path)),
                        }
                    }
                    if wanted != state {
                        library.change(&items.into_iter().collect::<Vec<_>>()).unwrap();
                        versions.insert(current + 1, (library.clock.get(), wanted));
                    }
                }
            }
        }
        eprintln!("{policy}: {} versions, {pruned} rows went", versions.len());
        assert!(pruned > 20, "{policy}: only {pruned} went");
    }
}
