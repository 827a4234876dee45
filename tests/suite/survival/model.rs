//! Random operations against a model in memory: the store and the model never part.

use super::library::Library;
use super::tools::{Dice, SMALL};
use crate::harness::{BEGINNING, World};
use cfgctl::api::Outcome;
use cfgctl::api::backup::CreateBackup;
use cfgctl::api::diff::{Diff, Side};
use cfgctl::api::rollback::{BackupSource, Point, Restore, Rollback, Undo};
use cfgctl::api::value::Get;
use cfgctl::api::version::{CreateVersion, PruneVersions};
use cfgctl::domain::error::{Code, Result};
use cfgctl::engine::Access;
use serde_json::{Value, json};
use std::collections::BTreeMap;

type State = BTreeMap<String, Value>;

/// The overrides after every version, which of them changes made, and what every backup holds.
#[derive(Default)]
struct Model {
    versions: BTreeMap<i64, State>,
    changes: Vec<i64>,
    backups: Vec<(String, State)>,
    floor: i64,
}

impl Model {
    fn current(&self) -> (i64, &State) {
        let (version, state) = self.versions.last_key_value().unwrap();
        (*version, state)
    }

    /// A change was answered: a new version holds this, or nothing had to be done.
    #[track_caller]
    fn changed(&mut self, version: Option<i64>, outcome: Outcome, wanted: State) {
        let (last, state) = self.current();
        if *state == wanted {
            assert_eq!((outcome, version), (Outcome::Unchanged, None), "nothing had to be done");
        } else {
            assert_eq!(
                (outcome, version),
                (Outcome::Done, Some(last + 1)),
                "a change makes the next version"
            );
            self.versions.insert(last + 1, wanted);
            self.changes.push(last + 1);
        }
    }
}

fn value(dice: &mut Dice) -> Value {
    match dice.below(8) {
        0 => json!(dice.below(5)),
        1 => json!(-(dice.next() as i64 >> 1)),
        2 => json!(dice.below(1000) as f64 + 0.5),
        3 => json!(dice.below(2) == 0),
        4 => json!(["x", dice.below(3), [null, {}]]),
        5 => json!({}),
        6 => json!(format!("{}\u{1b}é'\"{}", dice.below(3), "y".repeat(dice.below(40)))),
        _ => json!(""),
    }
}

/// A path of a few, so that they meet; some lie below others, which must be refused.
fn path(dice: &mut Dice) -> String {
    const PATHS: [&str; 14] = [
        "limit",
        "name",
        "a",
        "a.b",
        "a.c",
        "a.c.d",
        "a.\"x y\"",
        "b.c",
        "b.c-d",
        "b.\"c.d\"",
        "b.c.e",
        "z",
        "a.b.\"\"",
        "é",
    ];
    PATHS[dice.below(PATHS.len())].replace('é', "\"é\"")
}

fn overrides(library: &mut Library, at: Option<i64>) -> Result<State> {
    let reply = library.ask(Get {
        layer: Some("override".to_owned()),
        at: at.map(|at| at.to_string()),
        ..Get::default()
    })?;
    Ok(reply.items.into_iter().map(|item| (item.path.as_str().to_owned(), item.value)).collect())
}

/// Whether no path of these is another's prefix, and the registered ones hold what they may.
fn may_be(state: &State) -> bool {
    let apart = state.keys().all(|path| !state.keys().any(|other| other.starts_with(&format!("{path}."))));
    let limit = state
        .get("limit")
        .is_none_or(|limit| limit.as_i64().is_some_and(|limit| limit >= 0) && limit.is_i64());
    let name = state.get("name").is_none_or(Value::is_string);
    apart && limit && name
}

fn step(library: &mut Library, model: &mut Model, dice: &mut Dice) -> String {
    library.clock.set(library.clock.get() + 1_000);
    let (version, state) = model.current();
    let state = state.clone();
    let choice = dice.below(20);
    match choice {
        0..10 => {
            let mut wanted = state.clone();
            let mut items: BTreeMap<String, Option<Value>> = BTreeMap::new();
            for _ in 0..=dice.below(4) {
                let unset = dice.below(4) == 0;
                let path = path(dice);
                if unset && !state.contains_key(&path) {
                    continue;
                }
                items.insert(path, (!unset).then(|| value(dice)));
            }
            for (path, value) in &items {
                match value {
                    Some(value) => drop(wanted.insert(path.clone(), value.clone())),
                    None => drop(wanted.remove(path)),
                }
            }
            let items: Vec<_> = items.into_iter().collect();
            if items.is_empty() {
                return "nothing".to_owned();
            }
            let what = format!("change {items:?}");
            match library.change(&items) {
                Ok(reply) => {
                    assert!(may_be(&wanted), "{what} was let through");
                    model.changed(reply.change.and_then(|change| change.version), reply.outcome, wanted);
                }
                Err(error) => {
                    assert!(!may_be(&wanted), "{what} was refused: {}", error.message);
                    assert!(
                        matches!(error.code, Code::Invalid | Code::Refused | Code::Conflict),
                        "{what}: {error:?}"
                    );
                }
            }
            what
        }
        10..13 => {
            let to = version - dice.below(10) as i64;
            let Some(wanted) = model.versions.get(&to).filter(|_| to > model.floor).cloned() else {
                return "nothing".to_owned();
            };
            let terms = library.terms();
            // A step is a change of values: a version that was only marked is none.
            let steps = (to + 1..=version)
                .filter(|at| model.versions.get(at) != model.versions.get(&(at - 1)))
                .count() as u32;
            let point = if choice == 12 { Point::Steps(steps) } else { Point::Version(to) };
            let what = format!("rollback {point:?}");
            if point == Point::Steps(0) {
                return "nothing".to_owned();
            }
            let request = Rollback {
                to: point,
                paths: Vec::new(),
                section: None,
                skip_invalid: false,
                trigger: None,
                terms,
            };
            let reply =
                library.ask(request).unwrap_or_else(|error| panic!("{what} at {version}: {}", error.message));
            let made = reply.change.change.and_then(|change| change.version);
            model.changed(made, reply.change.outcome, wanted);
            what
        }
        13..15 => {
            // Undoing an undo redoes; what was pruned, and the store's beginning, cannot be undone.
            let last = model.changes.last().copied().filter(|last| *last > model.floor);
            let terms = library.terms();
            match (library.ask(Undo { change: None, terms }), last) {
                (Ok(reply), Some(last)) => {
                    let made = reply.change.change.and_then(|change| change.version);
                    let former = model.versions[&(last - 1)].clone();
                    model.changed(made, reply.change.outcome, former);
                }
                (Ok(_), None) => panic!("undid what is not known"),
                (Err(error), None) => {
                    assert!(matches!(error.code, Code::Refused | Code::NotFound), "{error:?}")
                }
                (Err(error), Some(last)) => panic!("undo of version {last} at {version}: {}", error.message),
            }
            "undo".to_owned()
        }
        15 => {
            let reply = library
                .ask(CreateBackup { name: Some("model".to_owned()), ..CreateBackup::default() })
                .unwrap();
            assert_eq!(reply.backup.paths as usize, state.len());
            model.backups.push((reply.backup.name, state));
            "backup".to_owned()
        }
        16 => {
            if model.backups.is_empty() {
                return "nothing".to_owned();
            }
            let (name, wanted) = model.backups[dice.below(model.backups.len())].clone();
            let terms = library.terms();
            let request = Restore {
                from: BackupSource::Name(name.clone()),
                paths: Vec::new(),
                section: None,
                skip_invalid: false,
                foreign: false,
                rollback: false,
                trigger: None,
                terms,
            };
            let reply =
                library.ask(request).unwrap_or_else(|error| panic!("restore {name}: {}", error.message));
            let made = reply.change.change.and_then(|change| change.version);
            model.changed(made, reply.change.outcome, wanted);
            format!("restore {name}")
        }
        17 => {
            let request = CreateVersion { description: "by hand".to_owned(), tag: None, dry_run: false };
            let made = library.ask(request).unwrap().version.version;
            assert_eq!(made, version + 1);
            model.versions.insert(made, state);
            "version create".to_owned()
        }
        18 => {
            // Going back and going back from that: the state before.
            let to = (version - 1).max(model.floor + 1);
            for target in [to, version] {
                let wanted = model.versions[&target].clone();
                library.clock.set(library.clock.get() + 1_000);
                let terms = library.terms();
                let request = Rollback {
                    to: Point::Version(target),
                    paths: Vec::new(),
                    section: None,
                    skip_invalid: false,
                    trigger: None,
                    terms,
                };
                let reply = library.ask(request).unwrap();
                let made = reply.change.change.and_then(|change| change.version);
                model.changed(made, reply.change.outcome, wanted);
            }
            assert_eq!(model.current().1, &state, "rolling a rollback back gives the state before");
            "there and back".to_owned()
        }
        _ => {
            if dice.below(8) > 0 {
                return "nothing".to_owned();
            }
            let keep = 10 + dice.below(20) as u64;
            let request = PruneVersions { keep: Some(keep), reason: "r".to_owned(), dry_run: false };
            let reply = library.ask(request).unwrap();
            model.floor = reply.floor;
            format!("prune {keep}")
        }
    }
}

/// Measure 16.
#[test]
fn the_state_at_every_version_is_what_a_model_says() {
    let mut dice = Dice::new("random operations");
    for round in 0..4 {
        let world = World::new();
        let alice = world.user("alice", 1000);
        // Few backups of changes are kept elsewhere; here each stays, and all risks are one person's own.
        let manifest = world.file("small.yaml", SMALL.replace("keep: 2", "keep: 1000"));
        alice.run(&format!("init --solo --manifest {}", manifest.display())).ok();
        let mut library = Library::open(&world.store(), Access::Write, BEGINNING).unwrap();
        library.clock.set(library.clock.get() + 60_000);
        let mut model = Model::default();
        model.versions.insert(1, State::new());
        let mut log = Vec::new();
        for number in 0..150 {
            let what = step(&mut library, &mut model, &mut dice);
            log.push(what);
            let (version, state) = model.current();
            let found = overrides(&mut library, None).unwrap();
            assert_eq!(
                &found,
                state,
                "round {round}, step {number}, version {version}, after {:?}",
                log.last()
            );
        }
        for (version, state) in model.versions.range(model.floor + 1..) {
            let found = overrides(&mut library, Some(*version))
                .unwrap_or_else(|error| panic!("at {version}: {}", error.message));
            assert_eq!(
                &found,
                state,
                "round {round}, at version {version} of {}: {log:#?}",
                model.current().0
            );
        }
        let numbers: Vec<i64> =
            model.versions.range(model.floor + 1..).map(|(version, _)| *version).collect();
        for _ in 0..60 {
            let (a, b) = (numbers[dice.below(numbers.len())], numbers[dice.below(numbers.len())]);
            let side = |version: i64| Side::Named(version.to_string());
            let reply = library.ask(Diff { a: side(a), b: side(b), paths: Vec::new() }).unwrap();
            let mut state = model.versions[&a].clone();
            for item in reply.items {
                let path = item.path.as_str().to_owned();
                let default = |path: &str| match path {
                    "limit" => Some(json!(10)),
                    "name" => Some(json!("nobody")),
                    _ => None,
                };
                let before = state.get(&path).cloned().or_else(|| default(&path));
                assert!(
                    item.a == before || item.a == state.get(&path).cloned(),
                    "diff {a} {b} at {path}: {:?}",
                    item.a
                );
                let gone = !model.versions[&b].contains_key(&path);
                match item.b {
                    Some(value) if !gone => drop(state.insert(path, value)),
                    other => {
                        assert!(
                            other.is_none() || other == default(&path),
                            "diff {a} {b} at {path}: {other:?}"
                        );
                        state.remove(&path);
                    }
                }
            }
            let shown = |state: &State| {
                let mut state = state.clone();
                // Where an override says what the default says, nothing differs in what is in force.
                state.retain(|path, value| {
                    !(path == "limit" && *value == json!(10) || path == "name" && *value == json!("nobody"))
                });
                state
            };
            assert_eq!(shown(&state), shown(&model.versions[&b]), "diff {a} {b} applied to {a}");
        }
        assert_eq!(library.broken(), Vec::<String>::new(), "round {round}");
        eprintln!(
            "round {round}: {} versions, {} backups, floor {}",
            model.current().0,
            model.backups.len(),
            model.floor
        );
    }
}
