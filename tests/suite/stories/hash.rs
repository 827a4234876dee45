//! The content hash: the same overrides give the same one, and anybody can compute it again.

use super::{json, overrides, version};
use crate::harness::{User, World};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::{Command, Stdio};

/// The rule as `src/domain/tree.rs` states it, written a second time, without the program.
fn node(leaves: &[([u8; 32], [u8; 32])], depth: usize) -> [u8; 32] {
    let mut hasher = Sha256::new();
    if leaves.len() <= 16 {
        hasher.update(b"leaves\0");
        leaves.iter().for_each(|(_, leaf)| hasher.update(leaf));
        return hasher.finalize().into();
    }
    hasher.update(b"branch\0");
    for child in 0..16 {
        let digit = |place: &[u8; 32]| place[depth / 2] >> (if depth.is_multiple_of(2) { 4 } else { 0 }) & 15;
        let below: Vec<_> = leaves.iter().filter(|(place, _)| digit(place) == child).copied().collect();
        hasher.update(if below.is_empty() { [0; 32] } else { node(&below, depth + 1) });
    }
    hasher.finalize().into()
}

fn hash_of(items: &Value) -> [u8; 32] {
    let entry = |item: &Value| {
        let path = item["path"].as_str().unwrap();
        let leaf = Sha256::new()
            .chain_update(path)
            .chain_update([0])
            .chain_update(item["value"].to_string())
            .finalize();
        (Sha256::digest(path).into(), leaf.into())
    };
    let mut leaves: Vec<([u8; 32], [u8; 32])> = items.as_array().unwrap().iter().map(entry).collect();
    leaves.sort_unstable();
    node(&leaves, 0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Both hashes of a version follow from what `version show` prints, in Rust here and in the script of the docs.
fn holds(alice: &User, which: &str) {
    let shown = alice.run(&format!("version show {which} -o json")).ok();
    let version: Value = serde_json::from_str(&shown).unwrap();
    let config = hash_of(&version["items"]);
    assert_eq!(hex(&config), version["config_hash"], "config_hash of version {which}");
    let base = from_hex(version["base_hash"].as_str().unwrap());
    let effective =
        Sha256::new().chain_update(b"effective\0").chain_update(base).chain_update(config).finalize();
    assert_eq!(hex(&effective), version["effective_hash"], "effective_hash of version {which}");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recompute_hash.py");
    let Ok(mut python) =
        Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    else {
        println!("skipped: the script of the docs, there is no python3");
        return;
    };
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), shown.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "version {which}: {said}");
    assert!(said.contains(&hex(&config)) && said.contains(&hex(&effective)), "{said}");
}

#[test]
fn anybody_recomputes_both_hashes_from_what_is_shown() {
    let (_world, alice) = World::solo();
    holds(&alice, "1");
    alice.run("set server.port=5050 f=1.50 big=12345678901234567890 tiny=1e-7 t=true 'q.\"ü \\\"x\"=[1,{\"b\":null,\"a\":[]}]' --reason x").ok();
    alice
        .run_with_input(
            "set text - --type string --reason x",
            "quote \" back \\ tab \t bell \u{7} \u{1f41f} \u{2028}\n",
        )
        .exits(0);
    holds(&alice, "2");
    holds(&alice, "3");
    let many: String = (0..400).map(|number| format!("many.n{number}: {number}\n")).collect();
    alice.run_with_input("apply -f - --reason x", &many).exits(0);
    holds(&alice, "4");
    alice.run("unset many.n3 many.n5 text --reason x").ok();
    holds(&alice, "5");
    alice.run("rollback --version 3 --reason x").ok();
    holds(&alice, "6");
    assert_eq!(json(&alice, "version show 6")["config_hash"], json(&alice, "version show 3")["config_hash"]);
}

#[test]
fn the_same_overrides_in_any_order_and_by_any_way_give_the_same_hash() {
    let ways: [&[&str]; 4] = [
        &["set server.port=5050 server.name=web-2 cache.ttl=10 --reason x"],
        &[
            "set cache.ttl 10 --reason x",
            "set server.name web-2 --reason x",
            "set server.port 5050 --reason x",
        ],
        &[
            "set server.name=a server.port=1 log_level=debug --reason x",
            "set server.port=5050 server.name=web-2 --reason x",
            "unset log_level --reason x",
            "set cache.ttl 11 --reason x",
            "set cache.ttl 10 --reason x",
        ],
        &[
            "set server.port=5050 cache.ttl=10 --reason x",
            "set server.name=web-2 server.port=7 --reason x",
            "undo 3 --reason x",
            "set server.name=web-2 --reason x",
        ],
    ];
    let outcomes: Vec<(Value, String)> = ways
        .iter()
        .map(|lines| {
            let (_world, alice) = World::solo();
            lines.iter().for_each(|line| drop(alice.run(line).ok()));
            (overrides(&alice), version(&alice).1)
        })
        .collect();
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:#?}");
}
