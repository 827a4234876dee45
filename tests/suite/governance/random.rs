//! Random sequences of commands by random members: nothing is executed without the approvals that its policies demand,
//! nor with other content than was approved (requirements P1, P2, design.md §3.2).

use super::random_model::{Items, Policy};
use super::random_steps::{PEOPLE, Run, Step, step};
use crate::harness::World;
use cfgctl::api::audit::VerifyAudit;
use cfgctl::api::history::History;
use cfgctl::api::manifest::ShowManifest;
use cfgctl::api::value::Get;
use cfgctl::domain::change::{Kind, State};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use std::collections::BTreeMap;

impl Run {
    /// Looks at what the step did to the store.
    fn look(&mut self, step: &Step) {
        let changes = self.list();
        let numbers: Vec<i64> = changes.iter().rev().map(|change| change.number).collect();
        assert!(
            numbers.iter().zip(1..).all(|(number, wanted)| *number == wanted),
            "numbers have no gaps: {numbers:?}"
        );
        let confirming: Vec<&str> = changes
            .iter()
            .filter(|change| change.state == State::Confirming)
            .map(|change| change.id.as_str())
            .collect();
        assert!(confirming.len() <= 1, "two wait to be confirmed: {confirming:?}");
        let waits_on = confirming.iter().any(|id| self.states.get(*id) == Some(&State::Confirming));
        let history = self.ask(0, History { limit: Some(40), ..History::default() }).unwrap().items;
        let mut versions = 0;
        for change in changes.iter().rev() {
            let former = self.states.get(&change.id).copied();
            if !change.state.was_executed() || former.is_some_and(State::was_executed) {
                continue;
            }
            let Some(version) = change.version else { continue };
            let done: Items = history
                .iter()
                .filter(|row| row.version == version)
                .map(|row| (row.path.to_string(), (row.before.clone(), row.after.clone())))
                .collect();
            versions += 1;
            match self.model.requests.contains_key(&change.id) {
                _ if !change.kind.is_of_values() => assert_eq!(done, Items::new()),
                true => self.model.executed(&change.id, &done),
                false if change.kind == Kind::Undo => {
                    let view = self.show(&change.id);
                    let undone = changes.iter().find(|other| Some(other.number) == view.takes_back).unwrap();
                    assert_eq!(undone.state, State::RolledBack);
                    assert!(
                        self.states.get(&undone.id) == Some(&State::Confirming),
                        "{undone:?} was settled already"
                    );
                }
                false => self.model.executed_at_once(PEOPLE[step.who].0, &done),
            }
            self.model.happened(&done);
        }
        let layer = Some("override".to_owned());
        let values = self.ask(0, Get { layer, ..Get::default() }).unwrap().items;
        let values: BTreeMap<String, Value> =
            values.into_iter().map(|item| (item.path.to_string(), item.value)).collect();
        assert_eq!(values, self.model.values, "nothing but what was executed altered a value");
        let manifest = self.ask(0, ShowManifest::default()).unwrap().number;
        assert!(
            !waits_on || (versions == 0 && manifest == self.manifest),
            "something changed while {confirming:?} waits"
        );
        self.manifest = manifest;
        for change in changes.iter().filter(|change| change.state.is_open()) {
            let approvals = self.show(&change.id).approvals;
            for given in approvals.iter().filter(|given| given.counts) {
                self.model.may_count(&change.id, &given.member);
            }
        }
        self.states = changes.into_iter().map(|change| (change.id, change.state)).collect();
        let verified = self.ask(0, VerifyAudit::default()).unwrap();
        assert!(verified.ok, "{:?}", verified.problems);
    }
}

/// A store whose members are the people, with the first policy.
fn template() -> World {
    let world = World::new();
    let alice = world.user("alice", 1000);
    let manifest = world.file("random.yaml", Policy::First.manifest());
    alice.run(&format!("init --solo --manifest {}", manifest.display())).ok();
    for (name, uid, role) in &PEOPLE[1..] {
        let line = format!("member invite {name} --role {role} --uid {uid} --keep-solo --reason team");
        world.user(name, *uid).run(&format!("member join {}", alice.run(&line).ok().trim())).ok();
    }
    alice.run("member end-solo --reason 'the team is complete'").ok();
    world
}

/// P1, P2, design §3.2.
#[test]
fn no_sequence_of_commands_executes_what_was_not_approved() {
    let template = template();
    let seed: u64 = std::env::var("CFGCTL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let cases = std::env::var("CFGCTL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24);
    eprintln!("random sequences: CFGCTL_SEED={seed} CFGCTL_CASES={cases}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 60,
        max_shrink_time: 20_000,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let counts = std::cell::RefCell::new((0, 0, BTreeMap::<String, usize>::new()));
    runner
        .run(&prop::collection::vec(step(), 30..70), |steps| {
            let folder = template.folder().join("case");
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            let place = folder.join("config_overrides.db");
            std::fs::copy(template.store(), &place).unwrap();
            let mut run = Run::begin(&place);
            for step in &steps {
                let done = run.step(step);
                run.look(step);
                let mut counts = counts.borrow_mut();
                counts.0 += 1;
                counts.1 += usize::from(done);
                *counts
                    .2
                    .entry(format!("{:?} {}", step.what, if done { "done" } else { "refused" }))
                    .or_default() += 1;
            }
            assert_eq!(run.library.broken(), Vec::<String>::new());
            for state in run.states.values() {
                *counts.borrow_mut().2.entry(format!("{state}")).or_default() += 1;
            }
            run.library.engine.close().unwrap();
            Ok(())
        })
        .unwrap();
    let (steps, done, kinds) = counts.into_inner();
    eprintln!("{steps} steps, {done} done: {kinds:?}");
    assert!(done * 4 > steps, "hardly anything was done: {done} of {steps}");
    for end in ["completed", "rolled-back", "confirming", "rejected", "cancelled", "expired"] {
        assert!(kinds.contains_key(end), "no request ever became {end}");
    }
}
