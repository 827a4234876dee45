//! Configuration as real programs have it: a manifest drafted from it, the whole file applied, changed, brought back.
//!
//! Our own documents have the shapes of well-known programs' files and always run. The programs' files themselves run
//! where they are: in the folder that `CFGCTL_REAL_DATA` names, or else `../shared/data` beside the repository.

use crate::harness::{User, World};
use cfgctl::domain::base_document::{self, patch};
use cfgctl::domain::document::Format;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The file of that name; nothing, said by name, where this machine does not have it.
fn real(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("CFGCTL_REAL_DATA").map_or(beside, PathBuf::from);
    let file = folder.join(name);
    if file.is_file() {
        return Some(file);
    }
    println!("skipped: {name} is not in {}; name a folder that has it: CFGCTL_REAL_DATA", folder.display());
    None
}

fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// What a YAML document says, leaf by leaf, as the contract has it: null is nothing, lists and `{}` are values.
fn leaves(yaml: &Path) -> Map<String, Value> {
    let mut found = Map::new();
    walk(
        String::new(),
        &serde_saphyr::from_str(&std::fs::read_to_string(yaml).unwrap()).unwrap(),
        &mut found,
    );
    found
}

fn walk(path: String, value: &Value, found: &mut Map<String, Value>) {
    match value {
        Value::Null => {}
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
                    && !key.is_empty();
                let segment = if plain { key.clone() } else { Value::from(key.as_str()).to_string() };
                walk(if path.is_empty() { segment } else { format!("{path}.{segment}") }, value, found);
            }
        }
        leaf => drop(found.insert(path, leaf.clone())),
    }
}

fn values(user: &User, line: &str) -> Map<String, Value> {
    let answer = user.run(&format!("{line} -o json")).exits(0).json();
    let pair = |item: &Value| (item["path"].as_str().unwrap().to_owned(), item["value"].clone());
    answer["items"].as_array().unwrap().iter().map(pair).collect()
}

fn overrides(user: &User) -> Map<String, Value> {
    values(user, "get --layer override")
}

fn config_hash(user: &User) -> String {
    user.run("status -o json").exits(0).json()["config_hash"].as_str().unwrap().to_owned()
}

/// A store whose manifest was drafted from this file, and taken as it was drafted.
fn governed_by_draft(file: &Path) -> (World, User) {
    let (world, alice) = World::solo();
    let draft = alice.run_words(&["manifest", "draft", file.to_str().unwrap(), "--instance", "drafted"]).ok();
    assert_eq!(
        draft,
        alice.run_words(&["manifest", "draft", file.to_str().unwrap(), "--instance", "drafted"]).ok()
    );
    world.file("draft.yaml", draft);
    alice.run("manifest check draft.yaml").ok();
    alice.run("manifest apply draft.yaml --reason 'Drafted from what runs'").ok();
    (world, alice)
}

fn apply(user: &User, file: &Path) -> Value {
    user.run_words(&["apply", "-f", file.to_str().unwrap(), "--reason", "the whole file", "-o", "json"])
        .exits(0)
        .json()
}

/// Drafted, applied as one batch, one value changed, rolled back: afterwards every path is what the file says.
fn goes_in_and_comes_back(yaml: &Path, changed: &str, value: &str) {
    let expected = leaves(yaml);
    assert!(expected.len() > 15, "{} has only {} values", yaml.display(), expected.len());
    let (_world, alice) = governed_by_draft(yaml);
    let answer = apply(&alice, yaml);
    assert_eq!(
        answer["change"]["items"].as_array().unwrap().len(),
        expected.len(),
        "one batch holds every value"
    );
    assert_eq!(overrides(&alice), expected);
    let hash = config_hash(&alice);
    let version = answer["change"]["version"].to_string();
    alice.run_words(&["set", changed, value, "--reason", "a change"]).ok();
    assert_ne!(alice.run_words(&["get", changed]).ok(), format!("{}\n", expected[changed]));
    assert_eq!(alice.run(&format!("diff {version} -o name")).exits(1).out, format!("{changed}\n"));
    alice.run(&format!("rollback --version {version} --reason back")).ok();
    assert_eq!(overrides(&alice), expected, "after the rollback");
    assert_eq!(config_hash(&alice), hash);
    assert_eq!(apply(&alice, yaml)["outcome"], "unchanged", "the file and the store say the same");
    for path in expected.keys() {
        let shown = alice.run_words(&["get", path, "-o", "json"]).exits(0).json();
        assert_eq!(shown["items"][0]["value"], expected[path], "{path} asked for by itself");
    }
}

/// The same content in two languages gives the same paths, values and hash, but for the paths that only one of them has.
fn say_the_same(yaml: &Path, toml: &Path, apart: &[&str]) {
    let (_first, alice) = World::solo();
    apply(&alice, yaml);
    let (_second, bob) = World::solo();
    apply(&bob, toml);
    let (ours, theirs) = (overrides(&alice), overrides(&bob));
    let differ = |path: &&String| ours.get(*path) != theirs.get(*path);
    let mut found: Vec<&String> = ours.keys().chain(theirs.keys()).filter(differ).collect();
    found.sort();
    found.dedup();
    assert_eq!(found, apart);
    for (user, set) in [(&alice, &ours), (&bob, &theirs)] {
        for path in apart.iter().filter(|path| set.contains_key(**path)) {
            user.run_words(&["unset", path, "--reason", "only one file has it"]).ok();
        }
    }
    assert_eq!(config_hash(&bob), config_hash(&alice));
}

fn comments(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.trim_start().starts_with(['#', '!'])).collect()
}

/// Reads a file as a source would, and writes some of its values anew: each reads back, and so does the
/// former value put back. Gives how many paths there are, how many were tried, and how many of these were refused.
fn reads_and_takes_values(file: &Path) -> (usize, usize, usize) {
    let name = file.display().to_string();
    let format = Format::of_name(&name).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let read = |text: &str| -> Map<String, Value> {
        let entries = base_document::read(format, &name, text.as_bytes(), &|_| None, &|_| None).unwrap();
        entries.into_iter().map(|entry| (entry.path.as_str().to_owned(), entry.value)).collect()
    };
    let before = read(&text);
    let patched = |text: &str, path: &str, value: &Value| {
        let path = cfgctl::domain::path::Path::parse(path).unwrap();
        patch::patch(format, &name, text, &path, value, &|_| None)
    };
    let (mut tried, mut refused) = (0, 0);
    for (path, value) in before.iter().step_by(before.len() / 25 + 1) {
        tried += 1;
        let other = if value.is_number() { Value::from(4711) } else { Value::from("another one") };
        let Ok(altered) = patched(&text, path, &other) else {
            refused += 1;
            continue;
        };
        let mut expected = before.clone();
        expected.insert(path.clone(), other);
        assert_eq!(read(&altered), expected, "{path}");
        assert_eq!(comments(&altered), comments(&text), "{path}");
        let back = patched(&altered, path, value).unwrap();
        assert_eq!(read(&back), before, "{path}");
    }
    (before.len(), tried, refused)
}

/// The file as the base of a store: effective path by path, one value changed and adopted, another reverted.
fn drifts_and_is_adopted(file: &Path, path: &str, value: Value) {
    let (world, name) = (World::new(), file.file_name().unwrap().to_str().unwrap());
    let read = |text: &[u8]| -> Map<String, Value> {
        let format = Format::of_name(name).unwrap();
        let entries = base_document::read(format, name, text, &|_| None, &|_| None).unwrap();
        entries.into_iter().map(|entry| (entry.path.as_str().to_owned(), entry.value)).collect()
    };
    let text = std::fs::read_to_string(file).unwrap();
    let place = world.file(&format!("store/{name}"), &text);
    world.file(
        "based.yaml",
        format!("{{format: 1, instance: based, sources: [{{name: app, priority: 1, max_risk: critical, file: {name}}}]}}"),
    );
    let alice = world.user("alice", 1000);
    alice.run("init --solo --manifest based.yaml").ok();
    alice.run("reload --reason base").ok();
    let mut expected = read(text.as_bytes());
    assert_eq!(values(&alice, "get"), expected);
    let former = expected[path].clone();
    let typed = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let set = |typed: &str| alice.run_words(&["set", path, typed, "--reason", "x"]).ok();
    let drift = |code: i32| alice.run_words(&["drift", path, "-o", "json"]).exits(code).json();
    set(&typed);
    let found = drift(1);
    assert_eq!((&found["items"][0]["base"], &found["items"][0]["override"]), (&former, &value));
    assert!(found["items"][0]["origin"].as_str().unwrap().starts_with(&format!("{name}:")));
    alice.run_words(&["drift", "--adopt", path, "--reason", "it stays"]).ok();
    expected.insert(path.to_owned(), value);
    let after = std::fs::read_to_string(&place).unwrap();
    assert_eq!(read(after.as_bytes()), expected);
    assert_eq!((values(&alice, "get"), overrides(&alice)), (expected.clone(), Map::new()));
    assert_eq!(comments(&after), comments(&text));
    let differ = text.lines().zip(after.lines()).filter(|(before, after)| before != after).count();
    assert_eq!((differ, after.lines().count()), (1, text.lines().count()), "one line of {name} has changed");
    alice
        .run_words(&[
            "set",
            path,
            &former.as_str().map_or_else(|| former.to_string(), str::to_owned),
            "--reason",
            "x",
        ])
        .ok();
    drift(1);
    alice.run_words(&["drift", "--revert", path, "--reason", "x"]).ok();
    drift(0);
    assert_eq!((values(&alice, "get"), overrides(&alice)), (expected, Map::new()));
}

#[test]
fn our_own_documents_as_base_drift_and_are_adopted() {
    drifts_and_is_adopted(&own("member.yml"), "heartbeat-interval", Value::from(175));
    for file in ["proxy.yaml", "proxy.toml"] {
        drifts_and_is_adopted(&own(file), "entryPoints.\"web.internal\".address", Value::from(":9090"));
    }
    drifts_and_is_adopted(&own("registry.properties"), "registry.server.main.port", Value::from(9848));
}

#[test]
fn real_files_as_base_drift_and_are_adopted() {
    for (file, path, value) in [
        ("etcd.conf.yml", "heartbeat-interval", Value::from(150)),
        ("traefik-static.yaml", "log.level", Value::from("DEBUG")),
        ("traefik-static.toml", "log.level", Value::from("DEBUG")),
        ("nacos-application.properties", "nacos.server.main.port", Value::from(9848)),
    ] {
        if let Some(file) = real(file) {
            drifts_and_is_adopted(&file, path, value);
        }
    }
}

#[test]
fn our_own_documents_read_as_sources_and_take_values() {
    for (file, paths) in [
        ("member.yml", leaves(&own("member.yml")).len()),
        ("proxy.yaml", leaves(&own("proxy.yaml")).len()),
        ("proxy.toml", leaves(&own("proxy.yaml")).len()),
        ("registry.properties", 16),
    ] {
        let (found, tried, refused) = reads_and_takes_values(&own(file));
        assert_eq!(found, paths, "{file}");
        assert!(refused * 5 < tried, "{file}: {refused} of {tried} refused");
    }
}

#[test]
fn real_files_read_as_sources_and_take_values() {
    for file in
        ["etcd.conf.yml", "traefik-static.yaml", "traefik-static.toml", "nacos-application.properties"]
    {
        let Some(file) = real(file) else { continue };
        let (found, tried, refused) = reads_and_takes_values(&file);
        let name = file.display();
        assert!(found > 20 && refused * 5 < tried, "{name}: {refused} of {tried} refused, {found} found");
    }
}

#[test]
fn our_own_documents_go_in_and_come_back_path_by_path() {
    goes_in_and_comes_back(&own("member.yml"), "heartbeat-interval", "175");
    goes_in_and_comes_back(&own("proxy.yaml"), "entryPoints.\"web.internal\".address", ":9090");
}

#[test]
fn our_own_yaml_and_toml_say_the_same() {
    say_the_same(&own("proxy.yaml"), &own("proxy.toml"), &[]);
    let (_world, alice) = governed_by_draft(&own("proxy.toml"));
    apply(&alice, &own("proxy.toml"));
    assert_eq!(overrides(&alice), leaves(&own("proxy.yaml")));
}

#[test]
fn words_that_look_like_something_else_stay_what_they_are() {
    let (_world, alice) = governed_by_draft(&own("member.yml"));
    apply(&alice, &own("member.yml"));
    let set = overrides(&alice);
    for (path, value) in [
        ("answer", "no"),
        ("release", "1.10"),
        ("build", "007"),
        ("when", "2026-11-21"),
        ("tilde", "~"),
        ("name", "north-1"),
    ] {
        assert_eq!(set[path], value, "{path}");
        assert_eq!(alice.run(&format!("get {path}")).ok(), format!("{value}\n"));
    }
    assert_eq!(
        (set["large"].to_string(), set["profile"].to_string()),
        ("9007199254740993".to_owned(), "true".to_owned())
    );
    assert!(
        !set.contains_key("data-dir") && !set.contains_key("client-transport.cert-file"),
        "an empty key is no value"
    );
}

#[test]
fn odd_keys_are_quoted_and_round_trip() {
    let (_world, alice) = World::solo();
    apply(&alice, &own("proxy.yaml"));
    let before = overrides(&alice);
    for path in [
        "entryPoints.\"web.internal\".address",
        "entryPoints.\"with space\".address",
        "metrics.labels.\"X-Name 0\"",
        "metrics.labels.\"a=b\"",
    ] {
        assert!(before.contains_key(path), "{path} is missing in {before:?}");
    }
    assert_eq!(alice.run("get 'metrics.labels.\"a=b\"'").ok(), "c=d\n");
    for format in ["json", "yaml"] {
        let exported = alice.run(&format!("get --layer override -o {format}")).ok();
        let (_other, bob) = World::solo();
        bob.run_with_input("apply -f - --reason imported", &exported).exits(0);
        assert_eq!((overrides(&bob), config_hash(&bob)), (before.clone(), config_hash(&alice)), "{format}");
    }
    let there = alice.run_words(&["set", "metrics.labels.\"a=b\"=e=f", "--reason", "x", "--if-version", "0"]);
    there.exits(5);
    assert!(there.err.contains("cfgctl get 'metrics.labels.\"a=b\"'"), "as it is typed: {}", there.err);
    alice.run_words(&["set", "metrics.labels.\"a=b\"=e=f", "--reason", "x"]).ok();
    assert_eq!(alice.run("get 'metrics.labels.\"a=b\"'").ok(), "e=f\n");
    alice.run_words(&["unset", "metrics.labels.\"a=b\"", "--reason", "x"]).ok();
    assert_eq!(overrides(&alice).len(), before.len() - 1);
}

#[test]
fn a_registry_s_properties_are_drafted_and_applied_as_they_are() {
    let file = own("registry.properties");
    let (_world, alice) = governed_by_draft(&file);
    apply(&alice, &file);
    let set = overrides(&alice);
    for (path, value) in [
        ("registry.server.main.port", Value::from(8848)),
        ("registry.naming.empty-service.auto-clean", Value::from(true)),
        ("registry.console.contextPath", Value::from("")),
        ("registry.build", Value::from("007")),
        ("server.greeting", Value::from("Gr\u{fc}\u{df}e\t!")),
        ("security.ignore.urls", Value::from("/,/error,/**/*.css,/**/*.js,/v1/auth/**")),
        ("\"members[1]\".address", Value::from("10.0.0.2:8848")),
    ] {
        assert_eq!(set[path], value, "{path}");
    }
    assert_eq!(set.len(), 16, "{set:?}");
    assert_eq!(apply(&alice, &file)["outcome"], "unchanged");
}

#[test]
fn a_registry_s_real_file_is_drafted_and_applied_as_it_is() {
    let Some(file) = real("nacos-application.properties") else { return };
    let text = std::fs::read_to_string(&file).unwrap();
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).count();
    let (_world, alice) = governed_by_draft(&file);
    apply(&alice, &file);
    let set = overrides(&alice);
    assert_eq!(set.len(), lines, "every line is a path");
    assert_eq!(set["nacos.server.main.port"], 8848);
    assert_eq!(apply(&alice, &file)["outcome"], "unchanged");
}

#[test]
fn a_store_member_s_real_file_goes_in_and_comes_back() {
    let Some(file) = real("etcd.conf.yml") else { return };
    goes_in_and_comes_back(&file, "heartbeat-interval", "150");
}

#[test]
fn a_proxy_s_real_files_go_in_and_come_back() {
    let (Some(yaml), Some(toml)) = (real("traefik-static.yaml"), real("traefik-static.toml")) else { return };
    let (_world, alice) = governed_by_draft(&yaml);
    let answer = apply(&alice, &yaml);
    let expected = leaves(&yaml);
    assert_eq!(overrides(&alice), expected);
    let hash = config_hash(&alice);
    alice.run("set log.level DEBUG --reason 'Looking closer'").ok();
    alice.run(&format!("rollback --version {} --reason back", answer["change"]["version"])).ok();
    assert_eq!((overrides(&alice), config_hash(&alice)), (expected, hash));
    assert_eq!(apply(&alice, &yaml)["outcome"], "unchanged");
    let (_second, bob) = governed_by_draft(&toml);
    apply(&bob, &toml);
    // The two files put one setting into different places, and where one says 42.0 the other says 42.
    let apart = [
        "metrics.otlp.explicitBoundaries",
        "metrics.prometheus.buckets",
        "providers.http.headers.maxResponseBodySize",
        "providers.http.maxResponseBodySize",
        "tracing.sampleRate",
    ];
    say_the_same(&yaml, &toml, &apart);
    // Secrets in a real file are guessed, and what was found does not stand in the draft.
    let drafted = alice.run_words(&["manifest", "draft", yaml.to_str().unwrap()]);
    let draft = drafted.ok();
    let guessed: Vec<&str> =
        draft.lines().filter(|line| line.contains("  # guess: a secret, kept in the clear in ")).collect();
    assert!(
        drafted
            .err
            .contains(&format!("{} secrets, to judge by the names, stand in the clear", guessed.len())),
        "{}",
        drafted.err
    );
    assert!(guessed.len() > 3, "{guessed:?}");
    assert!(guessed.iter().all(|line| !line.contains("foobar")), "{guessed:?}");
}
