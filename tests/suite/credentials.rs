//! The scan for hardcoded credentials over the configuration of real programs, where this machine has it: in the folder
//! that `CFGCTL_REAL_DATA` names, or else `../shared/data` beside the repository.

use cfgctl::domain::credential::{find, find_in};
use cfgctl::domain::document::{Format, read};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn real(name: &str) -> Option<String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("CFGCTL_REAL_DATA").map_or(beside, PathBuf::from);
    let text = std::fs::read_to_string(folder.join(name)).ok();
    if text.is_none() {
        println!(
            "skipped: {name} is not in {}; name a folder that has it: CFGCTL_REAL_DATA",
            folder.display()
        );
    }
    text
}

fn told(document: &Value) -> Vec<String> {
    find_in(document).iter().map(|finding| format!("{} {}", finding.path, finding.kind)).collect()
}

/// A properties file's pairs; with those that are commented out where asked for, unless what is in force has a value.
fn properties(text: &str, comments: bool) -> Value {
    let line = |line: &str| {
        let line = if comments { line.trim_start_matches(['#', ' ']) } else { line };
        let (name, value) =
            line.split_once('=').filter(|(name, _)| !name.starts_with('#') && !name.contains(' '))?;
        Some((name.to_owned(), Value::from(value)))
    };
    let mut pairs: Map<String, Value> = text.lines().filter_map(line).collect();
    pairs.extend(text.lines().filter_map(line).filter(|(_, value)| *value != ""));
    let mut document = Map::new();
    for (name, value) in pairs {
        let mut at = &mut document;
        let parts: Vec<&str> = name.split('.').collect();
        let (last, above) = parts.split_last().unwrap();
        for part in above {
            let below = at.entry(*part).or_insert_with(|| Value::Object(Map::new()));
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            at = below.as_object_mut().unwrap();
        }
        at.insert((*last).to_owned(), value);
    }
    Value::Object(document)
}

#[test]
fn real_configuration_gives_no_finding() {
    for name in ["etcd.conf.yml", "traefik-static.yaml", "traefik-static.toml"] {
        let Some(text) = real(name) else { continue };
        let document = read(text.as_bytes(), Format::of_name(name), name).unwrap();
        assert_eq!(told(&document), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_a_real_file_has_commented_out_is_found_once_it_is_not() {
    let Some(text) = real("nacos-application.properties") else { return };
    assert_eq!(told(&properties(&text, false)), Vec::<String>::new());
    assert_eq!(
        told(&properties(&text, true)),
        [
            "db.password by-name",
            "nacos.core.auth.ldap.password by-name",
            "nacos.core.auth.plugin.nacos.token.secret.key by-name"
        ]
    );
}

/// How long the hostile texts are.
const LENGTH: usize = 1 << 17;

fn repeated(part: &str) -> Value {
    let mut text = part.repeat(LENGTH / part.len() + 1);
    text.truncate(LENGTH);
    Value::from(text)
}

/// The least time of a few, so that what else the machine does hardly counts.
fn takes(path: &str, value: &Value) -> Duration {
    let path = cfgctl::domain::path::Path::parse(path).unwrap();
    let once = || {
        let begun = Instant::now();
        std::hint::black_box(find(&path, value));
        begun.elapsed()
    };
    std::iter::repeat_with(once).take(3).min().unwrap()
}

#[test]
fn no_text_keeps_the_scan_busy_much_longer_than_an_ordinary_one_of_its_length() {
    let ordinary = takes("server.note", &repeated("port: 8080\nother = 12 # a comment\n"));
    let chunk = |prefix: &str, length: usize| format!("{}A1 ", prefix.repeat(length / prefix.len()));
    let (keys, tokens, names) =
        (chunk("sk-", 246), chunk("pypi-AgE-", 990), format!("{}hash=", "pwd_".repeat(14)));
    #[rustfmt::skip]
    let parts = [
        "pwd=", "pwd=/", "pwd=arn:", "abc=", "\"pwd\":", &names, "Q~", ":", "@", "=", ".", "-", "://", "a://b:c@",
        "-----BEGIN", "-----BEGIN PRIVATE KEY----- ", "PRIVATE KEY-----", "sk-", &keys, &tokens, "-s.", "-SG.", "-AKIA",
        "-ya29.", "pypi-AgE-", "eyJrIjoi/", ":AA", "12345678:AA", ".eyJ", "eyJaaaaaaaaaa.eyJaaaaaaaaaaaa.",
        "aaaaaaaaaaaaaa.atlasv1.", "Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6",
    ];
    for part in parts {
        for path in ["server.note", "database.password"] {
            let hostile = takes(path, &repeated(part));
            assert!(
                hostile < ordinary * 20,
                "{path} {part:.40}: {hostile:?}, and an ordinary text {ordinary:?}"
            );
        }
    }
}
