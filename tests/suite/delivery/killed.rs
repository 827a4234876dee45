//! Killed at any moment of a delivery: the file is whole, what is told is true, and `settle` brings it to its end.

use super::stage::{Stage, beside};
use crate::harness::World;
use crate::survival::tools::Dice;
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

const KILLS: u32 = 200;

/// Z7, measure 2.
#[test]
fn a_delivery_killed_two_hundred_times_at_random_is_gone_on_with_and_nothing_lies() {
    let stage = Stage::begun("", "{timeout: 20s}");
    let mut dice = Dice::new("a delivery killed at random");
    let begun = Instant::now();
    stage.alice.run("set shared.limit 1 --reason r").ok();
    let whole = begun.elapsed();
    let limit_of = |document: &Value| document["shared"]["limit"].as_u64().unwrap();
    let of_file = || limit_of(&serde_json::from_str(&stage.web().text()).unwrap());
    let (mut last, mut cut_short, mut acknowledged) = (1, 0, 0);
    for round in 2..KILLS + 2 {
        let value = round.to_string();
        let mut child = stage
            .alice
            .command(&["set", "shared.limit", &value, "--reason", "r"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(dice.below(whole.as_micros() as usize * 11 / 10) as u64));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let round = u64::from(round);
        let found = of_file();
        assert!(found == last || found == round, "round {round}: the file has {found} after {last}");
        let status = stage.alice.run("status");
        let set = stage.alice.run("get shared.limit");
        let in_force: u64 = set.ok().trim().parse().unwrap();
        assert!(in_force == last || in_force == round, "round {round}: {in_force} is in force after {last}");
        let is_open = status.err.contains("its delivery to the services was cut short: cfgctl settle");
        if !output.stdout.is_empty() {
            acknowledged += 1;
            assert_eq!((in_force, is_open), (round, false), "round {round} was acknowledged");
        }
        // What is not told of as cut short is either not begun or over.
        assert!(
            is_open || found == in_force,
            "round {round}: {found} in the file, {in_force} in force, and nothing said"
        );
        if is_open {
            cut_short += 1;
            stage.alice.run("settle -q").ok();
            assert_eq!(stage.alice.run("status").err, "", "round {round}");
        }
        assert_eq!(of_file(), in_force, "round {round}");
        assert_eq!(limit_of(&stage.runs_with(stage.web())), in_force, "round {round}");
        last = in_force;
        if round % 50 == 0 {
            stage.alice.run("audit verify").ok();
            let history = stage.alice.run("history shared.limit --limit 1 -o json").json();
            assert_eq!(history["items"][0]["after"], last, "round {round}");
            stage.alice.run("doctor").ok();
        }
    }
    assert_eq!(beside(&stage.web().file()), [".app.json.cfgctl-former"]);
    eprintln!("{cut_short} of {KILLS} were cut short, {acknowledged} acknowledged");
    assert!(
        cut_short > 10 && acknowledged < KILLS,
        "the kills fell on one side: {cut_short}, {acknowledged}"
    );
}

/// Z7: killed between the file and its record, where the file itself does not say who wrote it.
#[test]
fn a_file_without_a_stamp_is_known_again_after_a_kill() {
    let world = World::new();
    let folder = world.folder().display().to_string();
    world.file("kills", "");
    // The command's parent is the program that delivers.
    let script = format!("test ! -e {folder}/kills || kill -9 $PPID");
    let services = format!(
        "services:\n  web:\n    uses: [\"shared.*\"]\n    deliver: {{file: {folder}/app.json}}\n    \
         reload: {{command: [/bin/sh, -c, '{script}']}}\n"
    );
    let stage = Stage::with(world, &services, "{timeout: 20s}");
    assert_eq!(stage.alice.run("set shared.limit 20 --reason r").code, -1);
    let file = stage.world.folder().join("app.json");
    assert!(std::fs::read_to_string(&file).unwrap().contains("20"));
    let cut_short = "Change 2 is in force, and its delivery to the services was cut short: cfgctl settle";
    assert!(stage.alice.run("get shared.limit").err.contains(cut_short));
    std::fs::remove_file(stage.world.folder().join("kills")).unwrap();
    let settled = stage.alice.run("settle -o json");
    settled.exits(0);
    assert_eq!(settled.json()["items"][0]["result"], "delivered");
    assert_eq!(stage.alice.run("status").err, "");
    stage.alice.run("set shared.limit 30 --reason r").ok();
    assert!(std::fs::read_to_string(&file).unwrap().contains("30"));
}
