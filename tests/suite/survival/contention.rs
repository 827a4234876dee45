//! Many at once: nobody is lost, nobody waits long, and readers see all of a change or nothing of it.

use super::library::Library;
use super::tools::{Dice, small};
use crate::harness::BEGINNING;
use cfgctl::api::value::Get;
use cfgctl::domain::error::Code;
use cfgctl::engine::Access;
use serde_json::Value;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const WRITERS: u64 = 32;

/// How often each writer must succeed: few here, where the program is a slow build; `CFGCTL_SETS=50` is the measure's.
fn sets() -> u64 {
    std::env::var("CFGCTL_SETS").ok().and_then(|sets| sets.parse().ok()).unwrap_or(5)
}

/// What one writer lived through.
struct Lived {
    conflicts: u64,
    longest: Duration,
}

/// Adds one to `limit`, again and again, each time only if nobody has changed it since it was looked at.
fn write(command: &(dyn Fn(&[&str]) -> Command + Sync), mut dice: Dice) -> Lived {
    let mut lived = Lived { conflicts: 0, longest: Duration::ZERO };
    for _ in 0..sets() {
        loop {
            let seen = command(&["blame", "limit", "-o", "json"]).output().unwrap();
            assert!(seen.status.success(), "{seen:?}");
            let seen: Value = serde_json::from_slice(&seen.stdout).unwrap();
            let (version, value) =
                (&seen["items"][0]["version"], seen["items"][0]["value"].as_u64().unwrap());
            let words = [
                "set",
                "limit",
                &(value + 1).to_string(),
                "--if-version",
                &version.to_string(),
                "--reason",
                "r",
            ];
            let begun = Instant::now();
            let output = command(&words).output().unwrap();
            lived.longest = lived.longest.max(begun.elapsed());
            let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
            assert!(!said.contains("locked") && !said.contains("busy"), "{said}");
            match output.status.code() {
                Some(0) => break,
                Some(5) => lived.conflicts += 1,
                _ => panic!("{output:?}"),
            }
            // Who lost lets the others by.
            std::thread::sleep(Duration::from_millis(dice.below(400) as u64));
        }
    }
    lived
}

/// Measure 8.
#[test]
fn every_one_of_many_writers_succeeds_exactly_as_often_as_it_means_to() {
    let (world, alice, _) = small();
    alice.run("set limit 0 --reason r").ok();
    let seed = Dice::new("many writers").next();
    let template = alice.command(&[]);
    let variables: Vec<_> =
        template.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    let (folder, count) = (world.folder().to_owned(), AtomicU64::new(0));
    let command = |words: &[&str]| {
        let mut command = Command::new(crate::harness::PROGRAM);
        let number = count.fetch_add(1, Ordering::Relaxed);
        command
            .args(words)
            .env_clear()
            .envs(variables.iter().cloned())
            .current_dir(&folder)
            .stdin(Stdio::null());
        command.env("CFGCTL_FAKE_SEED", format!("writers {number}"));
        command
    };
    let lived: Vec<Lived> = std::thread::scope(|scope| {
        let command = &command;
        let running: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(command, Dice::seeded(seed.wrapping_add(writer)))))
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let conflicts: u64 = lived.iter().map(|lived| lived.conflicts).sum();
    let longest = lived.iter().map(|lived| lived.longest).max().unwrap();
    eprintln!("{} sets, {conflicts} conflicts, the longest took {longest:?}", WRITERS * sets());
    assert_eq!(alice.run("get limit").ok(), format!("{}\n", WRITERS * sets()));
    assert!(conflicts > 0, "nobody ever met anybody");
    // The measure's 3 seconds are for the program as it ships; a slow build on a machine that is busy gets more.
    let patience = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 3 });
    assert!(longest < patience, "somebody waited {longest:?}");
    let mut library = Library::open(&world.store(), Access::Write, BEGINNING).unwrap();
    assert_eq!(library.broken(), Vec::<String>::new());
}

/// Measure 9.
#[test]
fn readers_beside_a_large_batch_see_all_of_it_or_nothing() {
    const PATHS: usize = 20_000;
    let (world, alice, _) = small();
    let document = |value: u8| {
        let members: Vec<String> = (0..PATHS).map(|number| format!("\"k{number}\": {value}")).collect();
        world.file(&format!("bulk{value}.json"), format!("{{\"bulk\": {{{}}}}}", members.join(",")))
    };
    let (first, second) = (document(1), document(2));
    let (store, done) = (world.store(), AtomicBool::new(false));
    let read = || {
        let (mut looks, mut seen) = (0, std::collections::BTreeSet::new());
        while !done.load(Ordering::Relaxed) {
            let mut library = Library::open(&store, Access::Read, BEGINNING).unwrap();
            // Before the first batch there is no such section, which is an answer too.
            let values: Vec<u64> =
                match library.ask(Get { section: Some("bulk".to_owned()), ..Get::default() }) {
                    Err(error) if error.code == Code::NotFound => Vec::new(),
                    reply => reply.unwrap().items.iter().map(|item| item.value.as_u64().unwrap()).collect(),
                };
            assert!(values.is_empty() || values.len() == PATHS, "a reader saw {} of {PATHS}", values.len());
            assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "a reader saw a mixture");
            seen.insert(values.first().copied().unwrap_or(0));
            looks += 1;
        }
        (looks, seen)
    };
    let (looks, seen) = std::thread::scope(|scope| {
        let reader = scope.spawn(read);
        for file in [&first, &second] {
            alice.run(&format!("apply -f {} --reason bulk", file.display())).ok();
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    eprintln!("{looks} looks saw {seen:?}");
    assert!(looks > 5 && seen.contains(&0) && seen.contains(&1), "{looks} looks saw only {seen:?}");
}
