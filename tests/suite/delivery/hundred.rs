//! A hundred services at once: what one change to all of them costs.

use super::stage::{Stage, change};
use std::time::{Duration, Instant};

const SERVICES: usize = 100;
/// Wide: machines differ, and so do the builds that are tested.
const LONGEST: Duration = Duration::from_secs(20);

/// P3: rendered, signalled and read back, with a transaction a service and few beside.
#[test]
fn a_hundred_services_have_a_change_at_once() {
    let names: Vec<String> = (0..SERVICES).map(|number| format!("service-{number:03}")).collect();
    let services: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let stage = Stage::new(&services, "{timeout: 60s, threshold: 1}");
    stage.alice.run("set shared.limit 11 --reason first").ok();
    let entries = |stage: &Stage| {
        stage.alice.run("audit list --limit 1 -o json").json()["items"][0]["seq"].as_i64().unwrap()
    };
    let before = entries(&stage);
    let begun = Instant::now();
    let ran = stage.alice.run("set shared.limit 20 --reason more -o json");
    let took = begun.elapsed();
    let shown = change(ran.exits(0));
    let all = shown["delivery"].as_array().unwrap();
    assert_eq!(all.len(), SERVICES);
    assert!(all.iter().all(|one| one["state"] == "verified"), "{shown:#}");
    for program in [&stage.programs[0], &stage.programs[SERVICES - 1]] {
        assert_eq!(stage.runs_with(program)["shared"]["limit"], 20);
    }
    let written = entries(&stage) - before;
    eprintln!("{SERVICES} services in {took:?}, with {written} transactions");
    assert!(written <= 30, "{written} transactions for {SERVICES} services");
    assert!(took < LONGEST, "{SERVICES} services took {took:?}");
}
