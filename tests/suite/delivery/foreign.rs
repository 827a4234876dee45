//! Files that others wrote, and values that would like to be more than values.

use super::stage::{Stage, beside, change, entry};
use crate::harness::World;
use std::fs;

const LONG: &str = "{timeout: 60s}";

/// A service that is a file and nothing else.
fn of_file(world: World, deliver: &str) -> Stage {
    let folder = world.folder().display().to_string();
    let services = format!(
        "services:\n  web:\n    uses: [\"shared.*\"]\n    deliver: {}\n",
        deliver.replace("FOLDER", &folder)
    );
    Stage::with(world, &services, LONG)
}

/// P9: somebody's own file is not overwritten.
#[test]
fn a_file_that_somebody_else_wrote_is_left_alone_until_it_is_adopted() {
    for deliver in
        ["{file: FOLDER/app.yaml}", "{file: FOLDER/app.yaml, patch: true}", "{file: FOLDER/app.json}"]
    {
        let world = World::new();
        let name = if deliver.contains("json") { "app.json" } else { "app.yaml" };
        let file = world.file(name, "{\"shared\": {\"limit\": 5}, \"own\": 1}\n");
        let stage = of_file(world, deliver);
        let ran = stage.alice.run("set shared.limit 20 --reason more");
        ran.exits(10);
        assert!(
            ran.out.contains(
                "was not written by this instance, and nobody has said yet that it may be replaced"
            ),
            "{}",
            ran.out
        );
        assert!(ran.out.contains("cfgctl service adopt web"), "{}", ran.out);
        assert_eq!(fs::read_to_string(&file).unwrap(), "{\"shared\": {\"limit\": 5}, \"own\": 1}\n");
        assert_eq!(beside(&file), [""; 0], "{deliver}");
        assert_eq!(stage.alice.run("get shared.limit").ok(), "10\n");
    }
    let world = World::new();
    let file = world.file("app.yaml", "# cfgctl: instance=other version=3 hash=00\nshared: {limit: 5}\n");
    let stage = of_file(world, "{file: FOLDER/app.yaml}");
    let ran = stage.alice.run("set shared.limit 20 --reason more");
    assert!(ran.exits(10).out.contains("was written by the instance other"), "{}", ran.out);
    assert!(fs::read_to_string(file).unwrap().contains("instance=other"));
}

/// Z10: what a value holds stays a value, in every form and behind every hand.
#[test]
fn values_break_out_of_no_form_and_nothing_runs_through_a_shell() {
    let hostile = "$(touch FOLDER/pwned) `touch FOLDER/pwned` '; touch FOLDER/pwned; ' \" {{ 7 * 7 }} {% raw %} ${instance} #";
    let world = World::new();
    let hostile = hostile.replace("FOLDER", &world.folder().display().to_string());
    world.file("store/app.j2", "name = {{ shared.name | json }};\nlimit = {{ shared.limit }};\n");
    let folder = world.folder().display().to_string();
    let mut services = "services:\n".to_owned();
    for (name, deliver) in [
        ("yaml", "{file: FOLDER/out.yaml}"),
        ("json", "{file: FOLDER/out.json}"),
        ("toml", "{file: FOLDER/out.toml}"),
        ("properties", "{file: FOLDER/out.properties}"),
        ("dotenv", "{file: FOLDER/out.env, format: dotenv}"),
        (
            "template",
            "{file: FOLDER/out.conf, template: app.j2, comment: \"#\", check: [grep, -q, limit, \"${file}\"]}",
        ),
        ("command", "{command: [tee, FOLDER/out.command], format: json}"),
    ] {
        services += &format!(
            "  {name}:\n    uses: [\"shared.*\"]\n    deliver: {}\n",
            deliver.replace("FOLDER", &folder)
        );
    }
    let stage = Stage::with(world, &services, LONG);
    let ran = stage.alice.run_words(&["set", "shared.name", &hostile, "--reason", "r", "-o", "json"]);
    let shown = change(ran.exits(0));
    assert_eq!(entry(&shown, "template")["state"], "verified");
    let read = |name: &str| fs::read_to_string(stage.world.folder().join(name)).unwrap();
    let as_json =
        |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["shared"]["name"].clone();
    assert_eq!(as_json(&read("out.json")), hostile.as_str());
    assert_eq!(as_json(&read("out.command")), hostile.as_str());
    let conf = read("out.conf");
    let name = conf.lines().find_map(|line| line.strip_prefix("name = ")?.strip_suffix(';')).unwrap();
    assert_eq!(serde_json::from_str::<String>(name).unwrap(), hostile);
    for (name, format) in
        [("out.yaml", "yaml"), ("out.toml", "toml"), ("out.properties", "properties"), ("out.env", "dotenv")]
    {
        let ran = stage.alice.run(&format!("validate -f {name} --format {format}"));
        assert!(read(name).contains("pwned"), "{name}: {ran:?}");
    }
    let shell = std::process::Command::new("/bin/sh")
        .args(["-c", ". ./out.env; printf %s \"$SHARED_NAME\""])
        .current_dir(stage.world.folder())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&shell.stdout), hostile, "a shell reads the variables as they are");
    assert!(!stage.world.folder().join("pwned").exists());
}
