//! Where overrides differ from what lies below them: `drift`.

use super::{column, json_exits, transcript};
use crate::harness::{User, World};
use serde_json::{Value, json};

const MANIFEST: &str = "\
format: 1
instance: shop
sources:
  - {name: file, priority: 50, file: app.yaml}
  - {name: environment, priority: 60, env: APP_}
settings:
  log_level: {type: string, default: info, risk: low}
  server.port: {type: integer, default: 80, risk: low}
  server.name: {type: string, risk: low}
  server.motd: {type: string, risk: low}
  pool.size: {type: integer, risk: low}
  db.password: {type: string, secret: true, risk: low}
secrets:
  env: [DB_*]
drift:
  ignore:
    - {path: server.name, reason: set per host, until: 2027-03-01}
    - {path: pool.*, reason: until the new machines are there, until: 2026-11-20}
";

const APP: &str = "\
# The listener.
server:
  port: 8080 # behind the proxy
  name: shop
  motd: |
    Welcome.
    Open all day.
pool: {size: 10}
";

/// A store whose base is a file, and overrides of every kind over it.
fn drifted() -> (World, User) {
    let world = World::new();
    let alice = world.user("alice", 1000);
    world.file("shop.yaml", MANIFEST);
    world.file("store/app.yaml", APP);
    alice.run("init --solo --manifest shop.yaml").ok();
    alice.run("reload --reason 'First base'").ok();
    alice.run("set server.port=9090 server.name=shop-2 --reason 'Second listener'").ok();
    alice.run("set pool.size 40 --reason Peak").ok();
    alice.run("set log_level info --reason 'Be sure'").ok();
    (world, alice)
}

#[test]
fn what_a_person_sees_of_drift() {
    let (_world, alice) = drifted();
    alice.run_words(&["set", "server.motd", "Welcome.\nClosed.\n", "--reason", "Stocktaking"]).ok();
    insta::assert_snapshot!(
        transcript(&alice, &["drift", "drift --unified", "drift pool", "drift log_level", "drift -o name"]),
        @r#"
        $ cfgctl drift
        SECTION  KEY   BASE                         OVERRIDE               BASE FROM   SINCE                 BY     WHY
        pool     size  10                           40                     app.yaml:8  2026-11-21 09:00:03Z  alice  Peak
        server   motd  "Welcome.\nOpen all day.\n"  "Welcome.\nClosed.\n"  app.yaml:5  2026-11-21 09:00:05Z  alice  Stocktaking
        server   port  8080                         9090                   app.yaml:3  2026-11-21 09:00:02Z  alice  Second listener

        Suppressed, as it is meant:
        PATH         BASE  OVERRIDE  REASON        UNTIL
        server.name  shop  shop-2    set per host  2027-03-01

        Redundant, as the base says the same:
        PATH       VALUE  BASE FROM  SINCE
        log_level  info   default    2026-11-21 09:00:04Z
        ! 3 paths drift.
        ! That pool.* differs was meant until 2026-11-20 (until the new machines are there), and counts again.
        ! A redundant override can go: cfgctl unset log_level --reason "…"
        [exit 1]
        $ cfgctl drift --unified
        --- base (pool)
        +++ override (pool)
        @@ -1 +1 @@
        -pool.size: 10
        +pool.size: 40
        --- base (server)
        +++ override (server)
        @@ -1,4 +1,4 @@
         server.motd: |
           Welcome.
        -  Open all day.
        -server.port: 8080
        +  Closed.
        +server.port: 9090
        ! 3 paths drift.
        ! That pool.* differs was meant until 2026-11-20 (until the new machines are there), and counts again.
        ! A redundant override can go: cfgctl unset log_level --reason "…"
        [exit 1]
        $ cfgctl drift pool
        SECTION  KEY   BASE  OVERRIDE  BASE FROM   SINCE                 BY     WHY
        pool     size  10    40        app.yaml:8  2026-11-21 09:00:03Z  alice  Peak
        ! 1 path drifts.
        ! That pool.* differs was meant until 2026-11-20 (until the new machines are there), and counts again.
        [exit 1]
        $ cfgctl drift log_level
        Redundant, as the base says the same:
        PATH       VALUE  BASE FROM  SINCE
        log_level  info   default    2026-11-21 09:00:04Z
        ! Nothing drifts.
        ! A redundant override can go: cfgctl unset log_level --reason "…"
        $ cfgctl drift -o name
        pool.size
        server.motd
        server.port
        ! 3 paths drift.
        ! That pool.* differs was meant until 2026-11-20 (until the new machines are there), and counts again.
        ! A redundant override can go: cfgctl unset log_level --reason "…"
        [exit 1]
        "#
    );
}

#[test]
fn drift_is_exit_1_and_what_is_meant_is_not() {
    let (_world, alice) = drifted();
    for (line, code) in [
        ("drift", 1),
        ("drift --exit-zero", 0),
        ("drift server", 1),
        ("drift server.name", 0),
        ("drift log_level", 0),
        ("drift \"\"", 0),
        ("drift --ignore server.port", 1),
        ("drift --ignore server.port --ignore pool.*", 0),
        ("drift --ignore *", 0),
        ("drift nosuch", 3),
        ("drift --ignore a..b", 2),
    ] {
        alice.run(line).exits(code);
    }
}

#[test]
fn since_when_is_told_by_whichever_of_the_two_moved_last() {
    let (world, alice) = drifted();
    let since = |path: &str| -> Value {
        let answer = json_exits(&alice, &format!("drift {path} --exit-zero"), 0);
        let item = &answer["items"][0];
        json!([item["status"], item["since"]["moved"], item["since"]["by"], item["since"]["reason"]])
    };
    assert_eq!(since("server.port"), json!(["drift", "override", "alice", "Second listener"]));
    world.file("store/app.yaml", APP.replace("8080", "9090"));
    alice.run("reload --reason 'The port follows'").ok();
    assert_eq!(since("server.port"), json!(["redundant", "base", "alice", "The port follows"]));
    world.file("store/app.yaml", APP.replace("8080", "7070"));
    alice.run("reload --reason 'The port moves on'").ok();
    assert_eq!(since("server.port"), json!(["drift", "base", "alice", "The port moves on"]));
    world.file("store/app.yaml", APP.replace("8080", "6060"));
    alice.run("reload --reason 'Further still'").ok();
    assert_eq!(since("server.port"), json!(["drift", "base", "alice", "The port moves on"]));
    world.file("shop.yaml", MANIFEST.replace("default: info", "default: debug"));
    alice.run("manifest apply shop.yaml --reason 'Louder' --yes").ok();
    assert_eq!(since("log_level"), json!(["drift", "base", "alice", "Louder"]));
}

#[test]
fn an_override_with_no_base_drifts_from_nothing() {
    let (_world, alice) = drifted();
    alice.run("set extra.key 1 --reason x").ok();
    let answer = json_exits(&alice, "drift extra", 1);
    assert_eq!(answer["drift"], json!({"extra": {"key": {"base": null, "override": 1}}}));
    assert_eq!(answer["items"][0]["layer"], Value::Null);
}

#[test]
fn a_rule_counts_until_its_last_day_is_over() {
    let (world, alice) = drifted();
    assert_eq!(column(&json_exits(&alice, "drift", 1)["ended"], "path"), ["pool.*"]);
    world.pass(120 * 86_400);
    let answer = json_exits(&alice, "drift server.name", 1);
    assert_eq!(column(&answer["ended"], "path"), ["server.name"]);
}

#[test]
fn with_fresh_the_sources_are_read_and_nothing_is_written() {
    let (world, alice) = drifted();
    world.file("store/app.yaml", APP.replace("8080", "9191").replace("size: 10", "size: 11"));
    let state = || {
        let mut files: Vec<_> = std::fs::read_dir(world.folder().join("store"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file() && !path.to_string_lossy().ends_with("-shm"))
            .map(|path| (path.display().to_string(), std::fs::read(path).unwrap()))
            // Whoever reads may leave an empty log of the database behind.
            .filter(|(path, content)| !(path.ends_with("-wal") && content.is_empty()))
            .map(|(path, content)| (path, sum(&content)))
            .collect();
        files.sort();
        files
    };
    let before = state();
    assert_eq!(json_exits(&alice, "drift", 1)["moved"], json!([]));
    let answer =
        json_exits(&alice.with("APP_SERVER__MOTD", "x").with("APP_LOG__LEVEL", "warn"), "drift --fresh", 1);
    let moved: Vec<Value> = answer["moved"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!([item["path"], item["base"], item["now"], item["origin"]]))
        .collect();
    assert_eq!(
        moved,
        [
            json!(["log.level", null, "warn", "$APP_LOG__LEVEL"]),
            json!(["pool.size", 10, 11, "app.yaml:8"]),
            json!(["server.motd", "Welcome.\nOpen all day.\n", "x", "$APP_SERVER__MOTD"]),
            json!(["server.port", 8080, 9191, "app.yaml:3"]),
        ]
    );
    assert_eq!(answer["drift"]["server"]["port"]["base"], 8080, "the base is that of the last reload");
    assert_eq!(state(), before, "looking wrote nothing");
    std::fs::remove_file(world.folder().join("store/app.yaml")).unwrap();
    let ran = alice.run("drift --fresh --ignore *");
    assert!(ran.exits(1).err.contains("The source file could not be read"), "{}", ran.err);
}

/// Enough of a file's content to tell whether it was written to, and little enough to be shown.
fn sum(content: &[u8]) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn a_secret_in_the_clear_is_not_shown_though_it_drifts() {
    let (world, alice) = drifted();
    alice.run("set db.entry sesame-4711 --reason 'Before it was a secret'").ok();
    world.file("store/app.yaml", format!("{APP}db: {{entry: env:DB_ENTRY}}\n"));
    alice.run("reload --reason x").ok();
    world.file("shop.yaml", MANIFEST.replace("db.password", "db.entry"));
    alice.run("manifest apply shop.yaml --reason 'It is a secret' --yes").ok();
    let answer = json_exits(&alice, "drift db", 1);
    assert_eq!(answer["drift"]["db"]["entry"], json!({"base": "env:DB_ENTRY", "override": "(secret)"}));
    for line in ["drift", "drift --unified", "drift --fresh -o yaml"] {
        let ran = alice.run(line);
        assert!(!ran.out.contains("sesame") && !ran.err.contains("sesame"), "{line}");
    }
}
