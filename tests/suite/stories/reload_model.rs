//! Reloads of random sources against a model: the strongest layer wins, nothing above a source's risk moves by itself,
//! and one that fails moves nothing.

use crate::harness::World;
use crate::survival::library::Library;
use cfgctl::api::reload::Reload;
use cfgctl::api::value::Get;
use cfgctl::engine::Access;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PATHS: [(&str, &str); 6] =
    [("a", "low"), ("b", "medium"), ("c", "high"), ("d", "critical"), ("e.f", "low"), ("e.g", "high")];
const SOURCES: [(&str, i64, &str); 3] = [("one", 10, "low"), ("two", 20, "medium"), ("three", 30, "high")];
const RISKS: [&str; 4] = ["low", "medium", "high", "critical"];
const NOW: &str = "2026-11-21T09:00:00Z";

fn manifest() -> String {
    let settings: String = PATHS
        .iter()
        .map(|(path, risk)| {
            format!("  {path}: {{type: integer, minimum: 0, maximum: 9, default: 0, risk: {risk}}}\n")
        })
        .collect();
    let sources: String = SOURCES
        .iter()
        .map(|(name, priority, risk)| {
            format!("  - {{name: {name}, file: {name}.yaml, priority: {priority}, max_risk: {risk}, optional: true}}\n")
        })
        .collect();
    let policy = "policy: {low: {approvals: []}, medium: {approvals: []}, high: {approvals: []}, critical: {approvals: []}}\n";
    format!("format: 1\ninstance: model\nsettings:\n{settings}{policy}sources:\n{sources}")
}

/// What one source says: of each path a value, or nothing; 10 is one that its setting does not take.
type Said = Vec<Option<i64>>;

#[derive(Debug, Clone)]
enum Step {
    Write(usize, Said),
    Set(usize, Option<i64>),
    Reload,
}

fn step() -> impl Strategy<Value = Step> {
    let said = prop::collection::vec(
        prop::option::weighted(0.6, prop_oneof![9 => 0i64..10, 1 => Just(10i64)]),
        PATHS.len(),
    );
    prop_oneof![
        4 => (0..SOURCES.len(), said).prop_map(|(source, said)| Step::Write(source, said)),
        2 => (0..PATHS.len(), prop::option::of(1i64..10)).prop_map(|(path, value)| Step::Set(path, value)),
        4 => Just(Step::Reload),
    ]
}

fn level(risk: &str) -> usize {
    RISKS.iter().position(|known| *known == risk).unwrap()
}

/// The base by path: the source that gives it, if one does, and the value.
type Base = BTreeMap<usize, (Option<usize>, i64)>;

struct Model {
    files: Vec<Option<Said>>,
    base: Base,
    overrides: BTreeMap<usize, i64>,
}

impl Model {
    fn strongest(&self, path: usize) -> (Option<usize>, i64) {
        let said = (0..SOURCES.len()).rev().find_map(|source| {
            Some((Some(source), self.files[source].as_ref().and_then(|said| said[path])?))
        });
        said.unwrap_or((None, 0))
    }

    /// What a reload makes of the base; false where it must fail.
    fn reload(&mut self) -> bool {
        if self.files.iter().flatten().flatten().any(|value| *value == Some(10)) {
            return false;
        }
        for (path, (_, risk)) in PATHS.iter().enumerate() {
            let (source, value) = self.strongest(path);
            let (former, before) = self.base[&path];
            let says = source.or(former).map_or("medium", |source| SOURCES[source].2);
            let hidden = self.overrides.contains_key(&path);
            if hidden || before == value || level(risk) <= level(says) {
                self.base.insert(path, (source, value));
            }
        }
        true
    }

    fn effective(&self, path: usize) -> i64 {
        self.overrides.get(&path).copied().unwrap_or(self.base[&path].1)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_strongest_layer_wins_and_nothing_above_its_sources_risk_moves(steps in prop::collection::vec(step(), 4..24)) {
        let world = World::new();
        world.file("m.yaml", manifest());
        world.user("alice", 1000).run("init --solo --manifest m.yaml").ok();
        let mut library = Library::open(&world.store(), Access::Write, NOW).unwrap();
        let mut model = Model {
            files: vec![None; SOURCES.len()],
            base: (0..PATHS.len()).map(|path| (path, (None, 0))).collect(),
            overrides: BTreeMap::new(),
        };
        for step in steps {
            match step {
                Step::Write(source, said) => {
                    let lines = PATHS.iter().zip(&said).filter_map(|((path, _), value)| Some(format!("{path}: {}\n", (*value)?)));
                    world.file(&format!("store/{}.yaml", SOURCES[source].0), lines.collect::<String>());
                    model.files[source] = Some(said);
                }
                Step::Set(path, value) => {
                    library.change(&[(PATHS[path].0.to_owned(), value.map(Value::from))]).unwrap();
                    match value {
                        Some(value) => drop(model.overrides.insert(path, value)),
                        None => drop(model.overrides.remove(&path)),
                    }
                }
                Step::Reload => {
                    let id = library.terms().id;
                    let done = library.ask(Reload { id, force: true, ..Reload::default() });
                    prop_assert_eq!(done.is_ok(), model.reload(), "{:?}", done.err());
                }
            }
            let values = library.ask(Get::default()).unwrap().items;
            let values: BTreeMap<String, Value> =
                values.into_iter().map(|item| (item.path.to_string(), item.value)).collect();
            for (at, (path, _)) in PATHS.iter().enumerate() {
                prop_assert_eq!(&values[*path], &json!(model.effective(at)), "{}", path);
            }
        }
        prop_assert!(library.broken().is_empty(), "{:?}", library.broken());
    }
}
