//! The layers below the overrides: read anew, put in force at once or not at all, seen by layer, taken back.

use super::{json, json_exits};
use crate::harness::{Team, User, World};
use crate::sources::server::{Server, answer};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const SETTINGS: &str = r#"
format: 1
instance: shop
settings:
  timeout: {type: integer, minimum: 5, maximum: 1440, default: 120, risk: medium}
  server.port: {type: integer, default: 4949, risk: high}
  server.name: {type: string, default: localhost, risk: low}
  pool.min: {type: integer, default: 4, risk: low}
  pool.max: {type: integer, default: 20, risk: high}
  tags: {type: array, default: [], risk: low}
rules:
  - {name: pool-bounds, check: 'values["pool.min"] <= values["pool.max"]', message: The minimum is above the maximum.}
policy:
  unregistered: low
  low: {approvals: []}
  medium: {approvals: [{role: admin, count: 1}], own: true}
  high: {approvals: [{role: senior-admin, count: 1}]}
  critical: {approvals: [{role: board, count: 2}]}
"#;

/// A team whose store has these sources.
fn team(sources: &str) -> Team {
    let team = World::team();
    team.world.file("m.yaml", format!("{SETTINGS}sources:\n{sources}"));
    team.alice.run("manifest apply m.yaml --reason sources").ok();
    team
}

fn value(user: &User, path: &str) -> Value {
    json(user, &format!("get {path}"))["items"][0]["value"].clone()
}

fn layer(user: &User, path: &str) -> Value {
    json(user, &format!("explain {path}"))["layer"].clone()
}

const FILE: &str = "  - {name: file, file: app.yaml, priority: 20}\n";
const BOTH: &str =
    "  - {name: file, file: app.yaml, priority: 20}\n  - {name: variables, env: APP_, priority: 30}\n";

#[test]
fn the_strongest_layer_that_has_a_path_wins_and_explain_shows_them_all() {
    let Team { world, frank, .. } = team(BOTH);
    world.file("store/app.yaml", "server:\n  name: web\n  colour: blue\ntimeout: 90\n");
    let frank = frank.with("APP_SERVER_NAME", "from-env").with("APP_TAGS", "[\"a\", \"b\"]");
    frank.run("reload").exits(0);
    assert_eq!(value(&frank, "server.name"), "from-env");
    assert_eq!(value(&frank, "server.colour"), "blue");
    assert_eq!(value(&frank, "timeout"), 90);
    assert_eq!(value(&frank, "tags"), json!(["a", "b"]));
    assert_eq!(value(&frank, "pool.max"), 20);
    frank.run("set server.name mine --reason x").exits(0);
    let ran = frank.run("explain server.name");
    ran.exits(0);
    assert_snapshot!(ran.out.lines().take(7).collect::<Vec<_>>().join("\n"), @"
    server.name = mine, from the override

    LAYER      VALUE      WINS  BY     TIME                  VERSION  REASON  WHERE
    override   mine       yes   frank  2026-11-21 09:00:21Z  4        x       -
    variables  from-env   no    -      -                     -        -       $APP_SERVER_NAME
    file       web        no    -      -                     -        -       app.yaml:2
    default    localhost  no    -      -                     -        -       -
    ");
    assert_eq!(json(&frank, "get server.name --layer file")["items"][0]["value"], "web");
    assert_eq!(json(&frank, "get server.name --layer variables")["items"][0]["value"], "from-env");
    assert_eq!(json(&frank, "get server.name --layer base")["items"][0]["value"], "from-env");
    assert_eq!(json(&frank, "get server.name --layer default")["items"][0]["value"], "localhost");
    frank.run("get server.name --layer nothing").refused(3, "no layer nothing");
    frank.run("unset server.name --reason x").exits(0);
    assert_eq!(layer(&frank, "server.name"), "variables");
    assert_eq!(json(&frank, "doctor")["ok"], true);
}

#[test]
fn reading_opens_no_source() {
    let Team { world, frank, .. } = team(FILE);
    let file = world.file("store/app.yaml", "timeout: 90\n");
    frank.run("reload").exits(0);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(value(&frank, "timeout"), 90);
    frank.run("source check").exits(1);
    frank.run("reload").refused(3, "The source file cannot be read");
    assert_eq!(value(&frank, "timeout"), 90);
}

#[test]
fn a_reload_that_fails_leaves_everything_as_it_was_and_is_on_record() {
    let Team { world, frank, .. } = team(FILE);
    world.file("store/app.yaml", "timeout: 90\n");
    frank.run("reload").exits(0);
    let before = json(&frank, "get");
    for (text, words) in [
        ("timeout: 4\n", "app.yaml:1: timeout must be at least 5"),
        ("timeout: soon\n", "must be a whole number"),
        ("timeout: [\n", "app.yaml"),
        ("timeout: 90\ntimeout: 91\n", "timeout"),
        ("pool.min: 4\npool.min.x: 5\n", "pool.min"),
        ("timeout: ${NOT_THERE}\n", "NOT_THERE"),
        ("pool: {min: 30}\n", "The minimum is above the maximum"),
        ("timeout: 90\nserver: web\n", "server"),
    ] {
        world.file("store/app.yaml", text);
        let ran = frank.run("reload");
        assert!(ran.err.contains(words), "{text:?}: {}", ran.err);
        ran.exits(6);
        assert_eq!(json(&frank, "get"), before, "{text:?}");
        let last = json(&frank, "reload --list --limit 1")["items"][0].clone();
        assert_eq!((last["status"].as_str(), last["success"].as_bool()), (Some("failed"), Some(false)));
        assert!(last["problem"].as_str().is_some_and(|problem| problem.contains(words)), "{last}");
    }
    let audited = json(&frank, "audit list --limit 1")["items"][0].clone();
    assert_eq!(audited["action"], "reload");
    assert_eq!(json(&frank, "audit verify --full")["problems"], json!([]));
}

#[test]
fn what_is_above_the_sources_risk_keeps_its_base_and_waits_for_approval() {
    let Team { world, dave, erin, frank, .. } = team(FILE);
    world.file("store/app.yaml", "timeout: 90\nserver: {port: 5050}\n");
    let ran = frank.run("reload --reason 'the new site'");
    ran.exits(8);
    assert_snapshot!(ran.shown(&world), @"
    exit 8
    --- stdout
    Reloaded in part: 1 effective value altered, 1 held back
      ~ timeout  120 → 90
    Held back, each above what its source may alter alone:
      ~ server.port  4949 → 5050
    Generation  3
    Version     3
    Sources     file 2
    Took        0.0 ms (loading 0.0, validation 0.0, apply 0.0)
    Waits       change request 10 (01M7YNBD8RG420BCT44ME9B1WH)
    Missing     1 approval by senior-admin, not the requester
    Next        cfgctl change-request show 10
    Audit       17:107fd51eadcc97ce137310cb7be67a25aae6a1a66641f24fdcbb4da2690d29e2
    --- stderr
    store: WORLD/store/config_overrides.db
    ");
    assert_eq!((value(&frank, "timeout"), value(&frank, "server.port")), (json!(90), json!(4949)));
    // Nothing new: nothing is asked twice.
    frank.run("reload").exits(0);
    frank.run("reload --force").exits(8);
    let open = json(&frank, "cr list")["items"].clone();
    assert_eq!(open.as_array().unwrap().len(), 1, "{open}");
    let id = open[0]["id"].as_str().unwrap();
    assert_eq!((&open[0]["kind"], &open[0]["risk"]), (&json!("reload"), &json!("high")));
    erin.run(&format!("cr approve {id}")).refused(4, "senior-admin");
    frank.run(&format!("cr execute {id}")).refused(6, "senior-admin");
    dave.run(&format!("cr approve {id}")).exits(0);
    frank.run(&format!("cr execute {id}")).exits(0);
    assert_eq!((value(&frank, "server.port"), layer(&frank, "server.port")), (json!(5050), json!("file")));
    let history = json(&frank, "history server.port")["items"][0].clone();
    assert_eq!((&history["layer"], &history["origin"]), (&json!("file"), &json!("app.yaml:2")));
    frank.run(&format!("undo {id} --reason x")).refused(6, "altered the base");
    assert_eq!(json(&frank, "doctor")["ok"], true);
}

#[test]
fn a_request_says_what_the_sources_said_last() {
    let Team { world, dave, frank, .. } = team(FILE);
    let ports = |user: &User| -> Vec<(String, Value)> {
        let all = json(user, "cr list --all")["items"].clone();
        let reloads = all.as_array().unwrap().iter().filter(|one| one["kind"] == "reload");
        reloads.map(|one| (one["state"].as_str().unwrap().to_owned(), one["number"].clone())).collect()
    };
    world.file("store/app.yaml", "server: {port: 5050}\n");
    frank.run("reload").exits(8);
    world.file("store/app.yaml", "server: {port: 6060}\n");
    frank.run("reload").exits(8);
    let states: Vec<String> = ports(&frank).into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["pending", "cancelled"]);
    // The path gets an override meanwhile: what was asked is no longer what it was asked about.
    let id = json(&frank, "cr list")["items"][0]["id"].as_str().unwrap().to_owned();
    let set = frank.run("set server.port 7000 --reason x -o name").exits(8).out.clone();
    dave.run(&format!("cr approve {} --execute", set.trim())).exits(0);
    dave.run(&format!("cr approve {id}")).refused(5, "stale");
    // The source takes it back: nobody is asked any more.
    world.file("store/app.yaml", "pool: {min: 5}\n");
    frank.run("reload").exits(0);
    assert_eq!(ports(&frank)[0].0, "cancelled");
}

#[test]
fn a_freeze_holds_back_what_a_source_would_alter() {
    let Team { world, alice, frank, .. } = team(FILE);
    let freeze = "windows: [{name: stop, allow: false, from: 2026-11-20, to: 2026-11-30}]\n";
    world.file("m.yaml", format!("{SETTINGS}{freeze}sources:\n{FILE}"));
    alice.run("manifest apply m.yaml --reason freeze").ok();
    world.file("store/app.yaml", "server: {name: web}\n");
    frank.run("reload").exits(8);
    assert_eq!(value(&frank, "server.name"), "localhost");
    let id = json(&frank, "cr list")["items"][0]["id"].as_str().unwrap().to_owned();
    frank.run(&format!("cr execute {id}")).refused(6, "stop");
    world.pass(20 * 86_400);
    frank.run("reload --force").exits(0);
    assert_eq!(value(&frank, "server.name"), "web");
}

#[test]
fn going_back_to_a_generation_brings_its_base_and_versions_tell_what_they_had() {
    let Team { world, frank, .. } = team(FILE);
    for name in ["one", "two", "three"] {
        world.file("store/app.yaml", format!("server: {{name: {name}}}\n"));
        frank.run("reload").exits(0);
    }
    let generations = json(&frank, "reload --list")["items"].clone();
    let first = generations[2]["generation"].as_i64().unwrap();
    let version = generations[2]["version"].as_i64().unwrap();
    frank.run(&format!("reload --to {first} --reason back")).exits(0);
    assert_eq!(value(&frank, "server.name"), "one");
    // What the file says is known: only who insists reads it in again.
    let idle = frank.run("reload");
    idle.exits(0);
    let told = format!("The base is that of generation {first}, by reload --to.");
    assert!(idle.err.contains(&told) && idle.err.contains("cfgctl reload --force"), "{}", idle.err);
    assert_eq!(value(&frank, "server.name"), "one");
    frank.run("reload --force").exits(0);
    assert_eq!(value(&frank, "server.name"), "three");
    assert_eq!(json(&frank, &format!("get server.name --at {version}"))["items"][0]["value"], "one");
    assert_eq!(json(&frank, &format!("get server.name --at {}", version + 1))["items"][0]["value"], "two");
    let hashes: Vec<Value> = json(&frank, "version list")["items"]
        .as_array()
        .unwrap()
        .iter()
        .take(5)
        .map(|version| version["effective_hash"].clone())
        .collect();
    assert_eq!(hashes[0], hashes[2], "the same base and overrides give the same hash");
    assert_ne!(hashes[0], hashes[1]);
    frank.run("reload --to 99").refused(3, "no generation 99");
    assert_eq!(json(&frank, "doctor")["ok"], true);
}

#[test]
fn a_mounted_folder_is_read_whole_and_a_swap_is_seen() {
    let Team { world, frank, .. } = team(
        "  - {name: mount, file: /etc/none, priority: 1, optional: true}\n  - {name: files, file: conf, priority: 20}\n",
    );
    let folder = world.folder().join("store/conf");
    for (generation, name) in [("..a", "one"), ("..b", "two")] {
        world.file(&format!("store/conf/{generation}/10-app.yaml"), format!("server: {{name: {name}}}\n"));
        world.file(&format!("store/conf/{generation}/20-more.properties"), "server.colour=green\n");
    }
    symlink("..a", folder.join("..data")).unwrap();
    let ran = frank.run("reload");
    ran.exits(0);
    assert!(ran.err.contains("The source mount could not be read"), "{}", ran.err);
    assert_eq!(
        (value(&frank, "server.name"), value(&frank, "server.colour")),
        (json!("one"), json!("green"))
    );
    symlink("..b", folder.join("..tmp")).unwrap();
    std::fs::rename(folder.join("..tmp"), folder.join("..data")).unwrap();
    frank.run("reload").exits(0);
    assert_eq!(value(&frank, "server.name"), "two");
    // CONFIG_DIR says where relative names lead.
    world.file("elsewhere/conf/app.toml", "[server]\nname = 'three'\n");
    let there = world.folder().join("elsewhere");
    frank.with("CONFIG_DIR", &there.to_string_lossy()).run("reload").exits(0);
    assert_eq!(value(&frank, "server.name"), "three");
}

#[test]
fn a_server_is_asked_again_left_alone_when_it_fails_and_replaced_by_its_cache() {
    let well = Arc::new(AtomicBool::new(true));
    let is_well = well.clone();
    let server = Server::new(move |asked, stream| {
        match (is_well.load(Ordering::Relaxed), asked.header("if-none-match")) {
            (true, Some("\"1\"")) => answer(stream, 304, "", ""),
            (true, _) => {
                answer(stream, 200, "etag: \"1\"\r\ncontent-type: application/json\r\n", r#"{"timeout": 77}"#)
            }
            (false, _) => answer(stream, 500, "", ""),
        }
    });
    let source = format!(
        "  - {{name: central, http: \"{}\", plain: true, priority: 30, cache: central.cache, headers: {{X-Key: \"${{KEY}}\"}}}}\n",
        server.url("/app")
    );
    let Team { world, frank, .. } = team(&source);
    frank.run("reload").refused(6, "needs the variable KEY");
    let frank = frank.with("KEY", "k-1");
    frank.run("reload").exits(0);
    assert_eq!((value(&frank, "timeout"), layer(&frank, "timeout")), (json!(77), json!("central")));
    frank.run("reload").exits(0);
    let asked = server.asked();
    assert_eq!((asked[0].header("x-key"), asked[1].header("if-none-match")), (Some("k-1"), Some("\"1\"")));
    let read_last = json(&frank, "source list")["items"][0]["loaded_at"].clone();
    world.pass(1);
    well.store(false, Ordering::Relaxed);
    for _ in 0..6 {
        let ran = frank.run("reload --force");
        ran.exits(0);
        assert!(ran.err.contains("its cache of"), "{}", ran.err);
    }
    assert_eq!(server.asked().len(), 7, "after five failures it is left alone");
    let listed = json(&frank, "source list")["items"][0].clone();
    assert_eq!((&listed["breaker"], &listed["ok"]), (&json!("open"), &json!(false)));
    // That its cache serves is no reason to call it well: the problem is told, and when it was read last.
    assert!(listed["problem"].as_str().unwrap().contains("its cache of"), "{listed}");
    assert_eq!(listed["loaded_at"], read_last);
    assert_eq!(json(&frank, "stats")["sources_healthy"], 0);
    world.pass(60);
    assert_eq!(json(&frank, "source list")["items"][0]["breaker"], "half-open");
    well.store(true, Ordering::Relaxed);
    frank.run("reload --force").exits(0);
    let listed = json(&frank, "source list")["items"][0].clone();
    assert_eq!((&listed["breaker"], &listed["ok"]), (&json!("closed"), &json!(true)));
    std::fs::remove_file(world.folder().join("store/central.cache")).unwrap();
    drop(server);
    frank.run("reload --force").refused(7, "The source central cannot be read");
    assert_eq!(value(&frank, "timeout"), 77);
}

#[test]
fn a_viewer_reloads_nothing_and_a_dry_run_writes_nothing() {
    let Team { world, frank, grace, .. } = team(FILE);
    world.file("store/app.yaml", "timeout: 90\nserver: {port: 5050}\n");
    grace.run("reload").refused(4, "reading the sources");
    let before = json(&frank, "audit list --limit 1");
    let planned = json_exits(&frank, "reload --dry-run", 8);
    assert_eq!((planned["altered"].as_u64(), planned["held_back"].as_u64()), (Some(1), Some(1)));
    assert_eq!(json(&frank, "audit list --limit 1"), before);
    assert_eq!(json(&frank, "reload --list")["items"], json!([]));
}

#[test]
fn the_numbers_of_the_reloads_and_the_health_of_the_base_follow_what_happened() {
    let Team { world, frank, .. } = team(FILE);
    world.file("store/app.yaml", "timeout: 90\n");
    frank.run("reload").exits(0);
    world.file("store/app.yaml", "timeout: 1\n");
    frank.run("reload").exits(6);
    let stats = json(&frank, "stats --slow-over 1ms");
    let number = |name: &str| stats[name].as_f64().unwrap();
    assert_eq!(
        (number("total_operations"), number("successful_operations"), number("failed_operations")),
        (2.0, 1.0, 1.0)
    );
    assert_eq!((number("success_rate"), number("sources_healthy")), (0.5, 1.0));
    assert_eq!(stats["current_config_hash"], json(&frank, "status")["effective_hash"]);
    assert_eq!(
        json(&frank, "status")["base"],
        json!({"status": "unhealthy", "sources": "1/1", "reasons": ["1 reloads failed, and 1 did not."]})
    );
    world.file("store/app.yaml", "timeout: 91\n");
    frank.run("reload").exits(0);
    assert_eq!(json(&frank, "status")["base"]["status"], "healthy");
    world.pass(600);
    assert_eq!(
        json(&frank, "status")["base"]["reasons"],
        json!(["1 of 1 sources were not looked at within 5m."])
    );
    std::fs::remove_file(world.folder().join("store/app.yaml")).unwrap();
    frank.run("reload").exits(3);
    assert_eq!(json(&frank, "status")["base"]["reasons"][0], "No source could be read.");
}

#[test]
fn a_reload_of_one_source_leaves_waiting_what_another_one_said() {
    let Team { world, dave, frank, .. } = team(BOTH);
    world.file("store/app.yaml", "timeout: 90\nserver: {port: 5050}\n");
    frank.run("reload").exits(8);
    let waits = |user: &User| json(user, "cr list --state pending")["items"].clone();
    let asked = waits(&frank);
    assert_eq!(asked.as_array().map(Vec::len), Some(1));
    let frank = frank.with("APP_SERVER_NAME", "from-env");
    frank.run("reload variables").exits(8);
    assert_eq!(value(&frank, "server.name"), "from-env");
    assert_eq!(waits(&frank), asked);
    let frank = frank.with("APP_POOL_MAX", "30");
    frank.run("reload variables").exits(8);
    let both = waits(&frank);
    assert_eq!(both.as_array().map(Vec::len), Some(1));
    let id = both[0]["id"].as_str().unwrap();
    let items = json(&frank, &format!("cr show {id}"))["items"].clone();
    assert_eq!((&items[0]["path"], &items[1]["path"]), (&json!("pool.max"), &json!("server.port")));
    dave.run(&format!("cr approve {id} --execute --comment fine")).exits(0);
    assert_eq!((value(&frank, "pool.max"), value(&frank, "server.port")), (json!(30), json!(5050)));
    frank.run("reload").exits(0);
    assert_eq!(json(&frank, "doctor")["ok"], true);
}

#[test]
fn a_dotenv_file_names_paths_as_variables_do_and_is_adopted_into_as_it_is_written() {
    let Team { world, alice, frank, .. } = team("  - {name: file, file: app.env, priority: 20}\n");
    let file = world.file(
        "store/app.env",
        "# the site\nexport SERVER_NAME=web\nTIMEOUT=90\nCACHE_MAX__SIZE=64\npool.min=5\nTAGS='[\"a\"]'\n",
    );
    frank.run("reload").exits(0);
    assert_eq!(value(&frank, "server.name"), "web");
    assert_eq!(value(&frank, "timeout"), 90);
    assert_eq!(value(&frank, "cache.max.size"), 64);
    assert_eq!(value(&frank, "pool.min"), 5);
    assert_eq!(value(&frank, "tags"), json!(["a"]));
    assert!(frank.run("explain timeout").out.contains("app.env:3"));
    alice.run("set server.name shop --reason x").exits(0);
    alice.run("drift server.name --adopt --reason kept --yes").exits(0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# the site\nexport SERVER_NAME=shop\n"), "{text}");
    assert_eq!(layer(&frank, "server.name"), "file");
    world.file("store/app.env", "TIMEOUT=90\ntimeout=80\n");
    frank.run("reload").refused(6, "app.env:1: TIMEOUT gives timeout a second value");
    world.file("store/app.env", "TIMEOUT=soon\n");
    frank.run("reload").refused(6, "TIMEOUT (timeout)");
}
