//! Files that are watched: what is written into them is in force, and on record with what made it so.

use super::watch::Watching;
use super::{column, json};
use crate::harness::{Team, User, World};
use serde_json::Value;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

const MANIFEST: &str = "\
format: 1
instance: shop
settings:
  server.name: {type: string, default: localhost, risk: low}
  server.port: {type: integer, default: 4949, risk: high}
policy: {unregistered: low, low: {approvals: []}}
";

/// What surely comes comes within this time, also on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A team whose base is read from this file, beside the store.
fn team() -> (Team, PathBuf) {
    let team = World::team();
    apply(&team, "{name: file, file: app.yaml, priority: 20}");
    let file = team.world.file("store/app.yaml", "server: {name: first}\n");
    team.frank.run("reload").ok();
    (team, file)
}

fn apply(team: &Team, source: &str) {
    team.world.file("m.yaml", format!("{MANIFEST}sources: [{source}]\n"));
    team.alice.run("manifest apply m.yaml --reason sources").ok();
}

fn triggers(user: &User) -> Vec<String> {
    column(&json(user, "reload --list")["items"], "trigger")
}

#[test]
fn what_is_written_into_a_file_is_in_force_and_on_record() {
    let (team, file) = team();
    let (frank, grace) = (&team.frank, &team.grace);
    let watching = Watching::begin(frank, &["--reload", "--debounce", "50ms"]);
    std::fs::write(&file, "server: {name: written}\n").unwrap();
    insta::assert_snapshot!(watching.line(), @"2026-11-21 09:00:16Z  4  UPDATE  server.name  first → written  (file, app.yaml:1, by frank: reload of file)");
    insta::assert_snapshot!(watching.says("reload"), @"reload (watch): completed: version 4, 1 value altered");
    assert_eq!(json(grace, "get server.name")["items"][0]["value"], "written");
    // What fails is on record and told, and the feed goes on.
    std::fs::write(&file, "server: {name: [}\n").unwrap();
    assert!(watching.says("error: ").contains("The source file cannot be read"));
    std::fs::write(&file, "server: {name: mended, port: 5050}\n").unwrap();
    assert!(watching.line().contains("written → mended"));
    assert!(watching.says("held back").starts_with("1 value held back: cfgctl change-request show"));
    watching.signal("HUP");
    watching.says("reload (signal): unchanged");
    frank.run("set motto x --reason x").ok();
    assert!(watching.line().contains("motto"), "a hangup is no end");
    watching.signal("INT");
    assert_eq!(watching.ended().code, 130);
    let listed = json(grace, "reload --list");
    assert_eq!(column(&listed["items"], "trigger"), ["signal", "watch", "watch", "watch", "manual"]);
    assert_eq!(column(&listed["items"], "status"), ["unchanged", "held", "failed", "completed", "completed"]);
    assert_eq!(column(&listed["items"], "by"), ["frank"; 5]);
    // What is told is what history tells, of whatever prefix.
    frank.run("set server.name.x=1 server.name-2=2 motto.a=3 --reason x").exits(6);
    frank.run("set server.names=1 server.port-2=2 mottos.a=3 mottos.b.c=4 --reason x").ok();
    for prefix in ["", "server", "server.name", "motto", "mottos", "mottos.b", "nothing"] {
        let told = grace.run(&format!("watch {prefix} --from 1 --timeout 0s -o ndjson")).ok();
        let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let known = grace.run(&format!("history {prefix} -o ndjson")).out;
        let known: Vec<Value> = known.lines().rev().map(|line| serde_json::from_str(line).unwrap()).collect();
        for member in ["version", "path", "before", "after", "reason", "origin"] {
            assert_eq!(
                column(&told.clone().into(), member),
                column(&known.clone().into(), member),
                "{prefix}"
            );
        }
        assert_eq!(told.is_empty(), prefix == "nothing");
    }
    // What changed while nobody watched is found at the beginning, and what did not is no reload.
    std::fs::write(&file, "server: {name: meanwhile, port: 5050}\n").unwrap();
    let watching = Watching::begin(frank, &["--reload"]);
    assert!(watching.line().contains("mended → meanwhile"));
    assert_eq!(watching.ended_by("TERM"), 143);
    assert_eq!(triggers(grace).len(), 6);
    assert_eq!(Watching::begin(frank, &["--reload"]).ended_by("TERM"), 143);
    assert_eq!(triggers(grace).len(), 6);
}

#[test]
fn a_burst_makes_few_reloads_and_the_last_content_wins() {
    let (team, file) = team();
    for words in
        [&["--reload", "--debounce", "50ms"][..], &["--reload", "--debounce", "50ms", "--poll", "20ms"]]
    {
        let before = triggers(&team.grace).len();
        let watching = Watching::begin(&team.frank, words);
        for number in 0..100 {
            let draft = file.with_extension("draft");
            std::fs::write(&draft, format!("server: {{name: burst-{number}-{before}}}\n")).unwrap();
            std::fs::rename(draft, &file).unwrap();
            thread::sleep(Duration::from_millis(3));
        }
        while !watching.line().contains(&format!("→ burst-99-{before}")) {}
        assert_eq!(watching.ended_by("TERM"), 143);
        let reloads = triggers(&team.grace).len() - before;
        assert!((1..=10).contains(&reloads), "{words:?}: {reloads} reloads");
    }
}

#[test]
fn another_manifest_and_another_mount_are_watched_from_then_on() {
    let (team, _) = team();
    let folder = team.world.folder().join("mount");
    let mount = |generation: &str| {
        std::fs::create_dir_all(folder.join(generation)).unwrap();
        std::fs::write(
            folder.join(generation).join("app.yaml"),
            format!("server: {{name: mount{generation}}}\n"),
        )
        .unwrap();
        std::os::unix::fs::symlink(generation, folder.join("..tmp")).unwrap();
        std::fs::rename(folder.join("..tmp"), folder.join("..data")).unwrap();
    };
    let frank = team.frank.with("CONFIG_DIR", folder.parent().unwrap().to_str().unwrap());
    let watching = Watching::begin(&frank, &["--reload", "--debounce", "50ms"]);
    mount("..1");
    std::os::unix::fs::symlink("..data/app.yaml", folder.join("app.yaml")).unwrap();
    apply(&team, "{name: mounted, file: mount, priority: 20}");
    assert!(watching.line().contains("mount..1"));
    mount("..2");
    std::fs::remove_dir_all(folder.join("..1")).unwrap();
    assert!(watching.line().contains("mount..1 → mount..2"));
    assert_eq!(watching.ended_by("TERM"), 143);
}

#[test]
fn only_who_is_asked_to_reloads_and_only_who_may() {
    let (team, file) = team();
    let (frank, grace) = (&team.frank, &team.grace);
    let cases = [
        (frank.clone(), &[][..], false),
        (frank.with("APP_CONFIG_WATCH", ""), &[], false),
        (frank.with("APP_CONFIG_WATCH", "false"), &[], false),
        (frank.with("APP_CONFIG_WATCH", "false"), &["--reload"], true),
        (frank.with("APP_CONFIG_WATCH", "True"), &[], true),
    ];
    for (number, (user, words, reloads)) in cases.into_iter().enumerate() {
        let watching = Watching::begin(&user, &[words, &["--debounce", "20ms"]].concat());
        let before = triggers(grace).len();
        std::fs::write(&file, format!("server: {{name: name-{number}}}\n")).unwrap();
        let begun = Instant::now();
        let patience = if reloads { PATIENCE } else { Duration::from_millis(400) };
        while triggers(grace).len() == before && begun.elapsed() < patience {}
        assert_eq!(triggers(grace).len() > before, reloads, "{words:?}");
        assert_eq!(watching.ended_by("TERM"), 143);
    }
    frank.with("APP_CONFIG_WATCH", "perhaps").run("watch").refused(2, "neither true nor false");
    grace.run("watch --reload").refused(4, "operator");
    grace.with("APP_CONFIG_WATCH", "true").run("watch").refused(4, "operator");
    assert_eq!(Watching::begin(grace, &[]).ended_by("INT"), 130, "a viewer may watch");
}
