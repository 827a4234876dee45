//! Several services: who is told first, how many must succeed, and where it stops.

use super::program::{Program, told};
use super::stage::{Stage, change, entry, folder};

use crate::harness::World;
use serde_json::json;

const SHORT: &str = "{timeout: 1s, threshold: 0.5}";

fn three(last: &str) -> Stage {
    let stage = Stage::new(&[("a", "priority: 10"), ("b", "priority: 30"), ("c", last)], SHORT);
    stage.alice.run("set shared.limit 11 --reason first").ok();
    stage
}

/// Z7: the higher priority first.
#[test]
fn services_are_told_in_the_order_of_their_priority() {
    let stage = three("priority: 20");
    assert_eq!(told(&stage.world.folder().join("services")), ["b", "c", "a"]);
}

/// Z7: at least half of them have to take it.
#[test]
fn a_minority_that_fails_is_named_and_a_majority_brings_the_former_values_back() {
    let stage = three("");
    stage.programs[2].behaves("ignore");
    let ran = stage.alice.run("set shared.limit 20 --reason more -o json");
    let shown = change(ran.exits(13));
    assert_eq!(ran.json()["outcome"], "partly-verified");
    assert_eq!(entry(&shown, "c")["state"], "failed");
    assert_eq!(stage.alice.run("get shared.limit").ok(), "20\n");
    assert_eq!(stage.runs_with(&stage.programs[0])["shared"]["limit"], 20);
    let table = stage.alice.run("set shared.limit 21 --reason more");
    assert!(table.exits(13).out.contains("c: failed: It does not run with the new value"), "{}", table.out);
    stage.programs[1].behaves("ignore");
    let ran = stage.alice.run("set shared.limit 30 --reason more -o json");
    let shown = change(ran.exits(if ran.code == 11 { 11 } else { 10 }));
    assert_eq!(shown["ended_because"], "it did not take effect at b, c");
    assert_eq!(stage.runs_with(&stage.programs[0])["shared"]["limit"], 21);
    assert_eq!(stage.alice.run("get shared.limit").ok(), "21\n");
}

/// Z7, B1: a critical one decides alone, and whoever comes after it is not told.
#[test]
fn a_critical_failure_brings_the_former_values_back_and_nobody_else_is_told() {
    let check = "critical: true\npriority: 90\ndeliver: {file: FOLDER/app.json, stamp: _from, check: [/bin/sh, -c, '! grep -q 1313 \"$1\"', check, '${file}']}";
    let stage = three(check);
    let before = told(&stage.world.folder().join("services"));
    let ran = stage.alice.run("set shared.limit 1313 --reason bad -o json");
    let shown = change(ran.exits(10));
    for name in ["a", "b"] {
        assert_eq!(
            entry(&shown, name)["error"],
            "It was not told, because c, which is critical, had failed."
        );
    }
    assert_eq!(told(&stage.world.folder().join("services")), before);
    // What was found out only later, from one that everybody was told with.
    stage.programs[2].behaves("sick-when 20");
    let ran = stage.alice.run("set shared.limit 20 --reason bad -o json");
    let shown = change(ran.exits(10));
    assert_eq!(entry(&shown, "a")["state"], "verified");
    for program in &stage.programs {
        assert_eq!(stage.runs_with(program)["shared"]["limit"], 11);
    }
}

/// A service of instances `a` to `d`, two at once.
fn waves(rollout: &str) -> Stage {
    let world = World::new();
    let names = ["a", "b", "c", "d"];
    let mut programs: Vec<Program> =
        names.iter().map(|name| Program::starting(&folder(&world, name))).collect();
    programs.iter_mut().for_each(Program::wait);
    let port = |program: &Program| program.url("").rsplit_once(':').unwrap().1.to_owned();
    let instances: Vec<String> = names
        .iter()
        .zip(&programs)
        .map(|(name, program)| format!("{name}: {{port: \"{}\"}}", port(program)))
        .collect();
    let folder = world.folder().join("services").display().to_string();
    let services = format!(
        "services:
  web:
    uses: [\"shared.*\"]
    instances: {{{}}}
    rollout: {rollout}
    deliver: {{file: \"{folder}/${{instance}}/app.json\", stamp: _from}}
    reload: {{signal: HUP, pid_file: \"{folder}/${{instance}}/pid\"}}
    read_back: {{http: \"http://127.0.0.1:${{port}}/config\"}}
    health: {{http: \"http://127.0.0.1:${{port}}/health\"}}
",
        instances.join(", ")
    );
    let stage = Stage::with(world, &services, "{timeout: 2s}");
    let stage = Stage { programs, ..stage };
    stage.alice.run("set shared.limit 11 --reason first").ok();
    stage
}

/// P16: instance by instance, and a wave that fails stops those after it and takes the change back.
#[test]
fn a_wave_that_fails_stops_the_rest() {
    let stage = waves("{at_once: 2, bake: 500ms}");
    let folder = stage.world.folder().join("services");
    let told_first = told(&folder);
    assert_eq!(told_first.len(), 4);
    assert!(told_first[..2].iter().all(|name| ["a", "b"].contains(&name.as_str())), "{told_first:?}");
    stage.programs[1].behaves("sick-when 20");
    let ran = stage.alice.run("set shared.limit 20 --reason bad -o json");
    let shown = change(ran.exits(10));
    let states: Vec<_> = shown["delivery"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["instance"], &one["wave"], &one["error"]))
        .collect();
    assert_eq!(states[2], (&json!("c"), &json!(1), &json!("It was not told, because b had failed.")));
    assert_eq!(states[3].2, "It was not told, because b had failed.");
    for (name, program) in ["c", "d"].iter().zip(&stage.programs[2..]) {
        assert_eq!(told(&folder).iter().filter(|told| told == name).count(), 1, "{name} was told");
        assert_eq!(stage.runs_with(program)["shared"]["limit"], 11);
    }
    for program in &stage.programs {
        assert_eq!(stage.runs_with(program)["shared"]["limit"], 11);
    }
}

/// P16: a wave that falls ill while it is watched stops the next one, too.
#[test]
fn a_wave_is_watched_for_its_time_before_the_next_one() {
    let stage = waves("{at_once: 2, bake: 3s}");
    let folder = stage.programs[0].folder.clone();
    let falls_ill = std::thread::spawn(move || {
        while !std::fs::read_to_string(folder.join("app.json")).unwrap().contains("20") {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        std::thread::sleep(std::time::Duration::from_millis(1200));
        std::fs::write(folder.join("behaviour"), "sick-when 20").unwrap();
    });
    let ran = stage.alice.run("set shared.limit 20 --reason bad -o json");
    falls_ill.join().unwrap();
    let shown = change(ran.exits(10));
    let first = shown["delivery"].as_array().unwrap()[0].clone();
    assert!(first["error"].as_str().unwrap().contains("503"), "{first}");
    assert_eq!(told(&stage.world.folder().join("services")).iter().filter(|name| *name == "d").count(), 1);
}

/// P16: instances that nobody can ask come one after the other all the same.
#[test]
fn instances_that_cannot_be_asked_are_told_in_waves_too() {
    let world = World::new();
    let folder = world.folder().display().to_string();
    let services = format!(
        "services:
  web:
    uses: [\"shared.*\"]
    instances: {{a: {{}}, b: {{}}}}
    rollout: {{at_once: 1}}
    deliver: {{file: \"{folder}/${{instance}}.yaml\"}}
"
    );
    let stage = Stage::with(world, &services, SHORT);
    let table = stage.alice.run("set shared.limit 20 --reason more").ok();
    assert!(table.contains("web b: told, and cannot be asked"), "{table}");
    assert!(std::fs::read_to_string(stage.world.folder().join("b.yaml")).unwrap().contains("limit: 20"));
}
