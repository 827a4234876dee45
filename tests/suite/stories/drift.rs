//! Where overrides differ from what lies below them: `drift`.

use super::{column, json_exits, transcript};
use crate::harness::{User, World};
use serde_json::{Value, json};

const MANIFEST: &str = "\
format: 1
instance: shop
sources:
  - {name: file, priority: 50, file: app.yaml, max_risk: high}
  - {name: environment, priority: 60, env: APP_}
settings:
  log_level: {type: string, default: info, risk: low}
  server.port: {type: integer, default: 80, risk: low}
  server.name: {type: string, risk: low}
  server.motd: {type: string, risk: low}
  server.limit: {type: integer, risk: high}
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
        ! A redundant override can go: cfgctl drift --revert log_level --reason "…"
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
        ! A redundant override can go: cfgctl drift --revert log_level --reason "…"
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
        ! A redundant override can go: cfgctl drift --revert log_level --reason "…"
        $ cfgctl drift -o name
        pool.size
        server.motd
        server.port
        ! 3 paths drift.
        ! That pool.* differs was meant until 2026-11-20 (until the new machines are there), and counts again.
        ! A redundant override can go: cfgctl drift --revert log_level --reason "…"
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

fn app(world: &World) -> String {
    std::fs::read_to_string(world.folder().join("store/app.yaml")).unwrap()
}

#[test]
fn what_a_person_sees_of_adopting_and_reverting() {
    let (world, alice) = drifted();
    let lines = [
        "drift --adopt server.port --reason 'It proved itself' --dry-run",
        "drift --adopt server.port --reason 'It proved itself'",
        "drift server",
        "explain server.port",
        "drift --revert pool --reason 'Back to the file' --dry-run",
        "drift --revert pool --reason 'Back to the file'",
        "drift",
        "reload --list",
    ];
    insta::assert_snapshot!(transcript(&alice, &lines), @r#"
    $ cfgctl drift --adopt server.port --reason 'It proved itself' --dry-run
    --- app.yaml
    +++ app.yaml
    @@ -3 +3 @@
    -  port: 8080 # behind the proxy
    +  port: 9090 # behind the proxy
    Would apply: low risk
      - server.port  9090 → 9090 (file)
    Risk  low: server.port is registered as low.
    $ cfgctl drift --adopt server.port --reason 'It proved itself'
    --- app.yaml
    +++ app.yaml
    @@ -3 +3 @@
    -  port: 8080 # behind the proxy
    +  port: 9090 # behind the proxy
    Change 5 applied: version 6 (low risk)
      - server.port  9090 → 9090 (file)
    Backup  config_backup_change_5_20261121_090006.json
    Audit   9:HASH
    Undo    cfgctl undo 5 --reason "…"
    $ cfgctl drift server
    Suppressed, as it is meant:
    PATH         BASE  OVERRIDE  REASON        UNTIL
    server.name  shop  shop-2    set per host  2027-03-01
    ! Nothing drifts.
    $ cfgctl explain server.port
    server.port = 9090, from the source file

    LAYER     VALUE  WINS  BY     TIME                  VERSION  REASON            WHERE
    override  -      no    alice  2026-11-21 09:00:06Z  6        It proved itself  -
    file      9090   yes   -      -                     -        -                 app.yaml:3
    default   80     no    -      -                     -        -                 -

    Setting   type integer
    Risk      low
    Demands   nobody's approval
    Services  none
    Rules     none
    $ cfgctl drift --revert pool --reason 'Back to the file' --dry-run
    Would apply: low risk
      - pool.size  40 → 10 (file)
    Risk  low: pool.size is registered as low.
    $ cfgctl drift --revert pool --reason 'Back to the file'
    Change 6 applied: version 7 (low risk)
      - pool.size  40 → 10 (file)
    Backup  config_backup_change_6_20261121_090010.json
    Audit   10:HASH
    Undo    cfgctl undo 6 --reason "…"
    $ cfgctl drift
    Suppressed, as it is meant:
    PATH         BASE  OVERRIDE  REASON        UNTIL
    server.name  shop  shop-2    set per host  2027-03-01

    Redundant, as the base says the same:
    PATH       VALUE  BASE FROM  SINCE
    log_level  info   default    2026-11-21 09:00:04Z
    ! Nothing drifts.
    ! A redundant override can go: cfgctl drift --revert log_level --reason "…"
    $ cfgctl reload --list
    TIME                  STATUS     TRIGGER  BY     GENERATION  ALTERED  MS   ABOUT
    2026-11-21 09:00:06Z  completed  manual   alice  3           0        0.0  It proved itself
    2026-11-21 09:00:01Z  completed  manual   alice  2           4        0.0  First base
    "#);
    insta::assert_snapshot!(app(&world), @"
    # The listener.
    server:
      port: 9090 # behind the proxy
      name: shop
      motd: |
        Welcome.
        Open all day.
    pool: {size: 10}
    ");
}

#[test]
fn adopting_moves_no_effective_value_and_is_on_record() {
    use std::os::unix::fs::PermissionsExt;
    let (world, alice) = drifted();
    let file = world.folder().join("store/app.yaml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let effective = alice.run("get -o json").json()["items"].as_array().unwrap().len();
    let answer = json_exits(&alice, "drift --adopt server.port pool.size --reason x", 0);
    assert_eq!(column(&answer["files"], "file"), ["app.yaml"]);
    for (path, value) in [("server.port", "9090\n"), ("pool.size", "40\n")] {
        assert_eq!(alice.run(&format!("get {path} --layer base")).ok(), value);
        assert_eq!(alice.run(&format!("get {path}")).ok(), value);
        alice.run(&format!("get {path} --layer override")).refused(3, "");
    }
    assert_eq!(alice.run("get -o json").json()["items"].as_array().unwrap().len(), effective);
    assert_eq!(app(&world), APP.replace("8080", "9090").replace("10}", "40}"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o640);
    assert!(alice.run("audit list").ok().contains("drift.adopt"));
    alice.run("audit verify --full").ok();
    alice.run("reload --force --reason again").ok();
    assert_eq!(alice.run("get server.port").ok(), "9090\n");
}

#[test]
fn an_attempt_that_was_cut_short_is_harmless_and_the_next_one_ends_it() {
    for reloaded in [false, true] {
        let (world, alice) = drifted();
        // As it stands when the program ends right after the file, or right after the reload.
        world.file("store/app.yaml", APP.replace("8080", "9090"));
        if reloaded {
            alice.run("reload --reason x").ok();
            assert_eq!(json_exits(&alice, "drift server.port", 0)["items"][0]["status"], "redundant");
        }
        assert_eq!(alice.run("get server.port").ok(), "9090\n", "the override wins all the same");
        alice.run("drift --adopt server.port --reason x").ok();
        assert_eq!(alice.run("get server.port --layer base").ok(), "9090\n");
        alice.run("get server.port --layer override").refused(3, "");
        assert_eq!(app(&world), APP.replace("8080", "9090"));
    }
}

#[test]
fn what_cannot_be_adopted_is_refused_with_what_to_do_and_nothing_is_written() {
    let (world, alice) = drifted();
    let text = format!("{APP}db: {{password: env:DB_A}}\n").replace("server:\n", "server:\n  limit: 5\n");
    world.file("store/app.yaml", &text);
    alice.with("APP_LOG_LEVEL", "warn").run("reload --reason x").ok();
    alice.run("set server.limit 7 --reason x").ok();
    alice.run("set extra.key 1 --reason x").ok();
    alice.run("set extra.token ghp_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789 --reason x --type string");
    alice.run_words(&["set", "server.motd", "one line", "--reason", "x"]).ok();
    let code = alice.run("member invite frank --role operator --uid 1005 --keep-solo --reason team").ok();
    let frank = world.user("frank", 1005);
    frank.run(&format!("member join {}", code.trim())).ok();
    for (user, line, code, says) in [
        (&alice, "server.motd", 6, "Change line"),
        (&alice, "extra.key", 6, "--source NAME"),
        (&alice, "extra.key --source nosuch", 3, "source list"),
        (&alice, "extra.key --source environment", 6, "no file"),
        (&alice, "db.password", 3, "has no override"),
        (&alice, "nosuch.path", 3, "has no override"),
        (&frank, "server.limit", 6, "cfgctl unset server.limit"),
    ] {
        user.run(&format!("drift --adopt {line} --reason x")).refused(code, says);
        assert_eq!(app(&world), text, "{line}");
    }
    alice.run("drift --adopt server.limit").refused(2, "");
    alice.run("drift --adopt").refused(2, "");
    alice.run("drift --adopt --revert server.limit --reason x").refused(2, "");
    alice.run("drift --reason x").refused(2, "--adopt");
    world.file("store/app.yaml", text.replace("name: shop", "name: other"));
    alice.run("drift --adopt server.port --reason x").refused(5, "cfgctl reload file");
    world.file("store/app.yaml", &text);
    let store = world.folder().join("store");
    std::os::unix::fs::symlink("backups", store.join("..data")).unwrap();
    alice.run("drift --adopt server.port --reason x").refused(6, "is mounted");
    assert_eq!(app(&world), text);
}

#[test]
fn a_path_is_adopted_into_the_source_and_the_file_that_are_meant() {
    let (world, alice) = drifted();
    alice.run("set extra.key 1 --reason x").ok();
    alice.run("drift --adopt extra.key --source file --reason x").ok();
    assert_eq!(app(&world), format!("{APP}extra:\n  key: 1\n"));
    assert_eq!(alice.run("get extra.key --layer file").ok(), "1\n");
    world.file("shop.yaml", MANIFEST.replace("file: app.yaml", "file: conf.d"));
    world.file("store/conf.d/10-app.yaml", app(&world));
    world.file("store/conf.d/20-local.properties", "# local\nserver.port = 7070\n");
    alice.run("manifest apply shop.yaml --reason x --yes").ok();
    alice.run("reload --reason x").ok();
    alice.run("drift --adopt server.port --reason x").ok();
    let local = std::fs::read_to_string(world.folder().join("store/conf.d/20-local.properties")).unwrap();
    assert_eq!(local, "# local\nserver.port = 9090\n");
    alice.run("set extra.other 2 --reason x").ok();
    alice.run("drift --adopt extra.other --source file --reason x").refused(6, "Add it yourself");
}

#[test]
fn reverting_takes_what_drifts_and_leaves_what_is_meant() {
    let (_world, alice) = drifted();
    alice.run("drift --revert server --reason x --dry-run").ok();
    assert_eq!(alice.run("get server.port").ok(), "9090\n");
    alice.run("drift --revert server pool --reason x").ok();
    assert_eq!(
        super::overrides(&alice),
        json!({"log_level": "info", "server.name": "shop-2"}),
        "what is meant and what is redundant stay"
    );
    alice.run("drift --revert server --reason x").ok();
    alice.run("drift --revert server.name log_level --reason x").ok();
    assert_eq!(super::overrides(&alice), json!({}));
    assert_eq!(alice.run("get server.port").ok(), "8080\n");
    alice.run("drift --revert nosuch --reason x").refused(3, "");
}
