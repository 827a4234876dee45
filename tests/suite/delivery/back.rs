//! Going back: what others have changed meanwhile stays, and what cannot be written is said.

use super::stage::{Stage, change};
use serde_json::json;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

/// A command that runs beside the test.
fn beside(stage: &Stage, words: &[&str]) -> std::process::Child {
    stage.alice.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn waits_until(stage: &Stage, text: &str) {
    while !stage.web().text().contains(text) {
        thread::sleep(Duration::from_millis(10));
    }
}

/// P13, P14: nobody's work is undone with somebody else's, and what stays is named.
#[test]
fn what_somebody_else_changed_meanwhile_stays_and_is_named() {
    let stage = Stage::begun("", "{timeout: 5s}");
    stage.web().behaves("ignore");
    let child = beside(&stage, &["set", "shared.limit=20", "free.note=mine", "--reason", "r", "-o", "json"]);
    waits_until(&stage, "20");
    // Somebody is at it: nothing is overdue, and nobody goes on with it beside them.
    assert_eq!(stage.alice.run("status").err, "");
    assert_eq!(stage.alice.run("settle -o json").json()["items"][0]["result"], "underway");
    stage.alice.run("set free.note theirs --reason x").ok();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["change"]["taken_back"]["kept"], json!(["free.note"]));
    assert_eq!(stage.alice.run("get free.note").ok(), "theirs\n");
    assert_eq!(stage.alice.run("get shared.limit").ok(), "11\n");
    let table = stage.alice.run(&format!("cr show {}", shown["change"]["number"])).ok();
    assert!(table.contains("free.note: changed since by somebody else"), "{table}");
}

/// Z7: two that fail one over the other leave what was there before both.
#[test]
fn two_changes_of_one_path_that_both_fail_leave_what_was_there_before_them() {
    let stage = Stage::begun("", "{timeout: 4s}");
    stage.web().behaves("ignore");
    let first = beside(&stage, &["set", "shared.limit", "20", "--reason", "r", "-o", "json"]);
    waits_until(&stage, "20");
    thread::sleep(Duration::from_secs(1));
    let second = beside(&stage, &["set", "shared.limit", "30", "--reason", "r", "-o", "json"]);
    for child in [first, second] {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(10), "{output:?}");
    }
    assert_eq!(stage.alice.run("get shared.limit").ok(), "11\n");
    assert!(stage.web().text().contains("11"), "{}", stage.web().text());
    stage.alice.run("audit verify").ok();
}

/// Z7: while another change waits to be confirmed, what does not take effect goes back all the same.
#[test]
fn a_change_that_waits_to_be_confirmed_keeps_no_other_from_going_back() {
    let stage = Stage::begun("", "{timeout: 4s}");
    stage.web().behaves("ignore");
    let first = beside(&stage, &["set", "shared.limit", "20", "--reason", "r"]);
    waits_until(&stage, "20");
    stage.alice.run("set free.note new --reason x --confirm-within 10m").ok();
    assert_eq!(first.wait_with_output().unwrap().status.code(), Some(10));
    stage.alice.run("confirm").ok();
    assert_eq!(stage.alice.run("get shared.limit").ok(), "11\n");
}

/// Z7: a change that cannot be taken back is in force, and a person is needed.
#[test]
fn what_cannot_be_taken_back_is_said_with_what_is_in_force() {
    let stage = Stage::begun("", "{timeout: 4s}");
    stage.web().behaves("ignore");
    let child = beside(&stage, &["set", "shared.limit", "20", "--reason", "r", "-o", "json"]);
    waits_until(&stage, "20");
    // The folder of the backups is one no more: nothing can be written there, by root neither.
    let backups = stage.world.store().parent().unwrap().join("backups");
    std::fs::rename(&backups, stage.world.folder().join("moved")).unwrap();
    std::fs::write(&backups, "").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(11), "{output:?}");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["change"]["state"], "failed");
    let because = shown["change"]["ended_because"].as_str().unwrap();
    assert!(because.starts_with("it did not take effect at web, and could not be taken back: "), "{because}");
    assert_eq!(stage.alice.run("get shared.limit").ok(), "20\n");
    std::fs::remove_file(&backups).unwrap();
    std::fs::rename(stage.world.folder().join("moved"), &backups).unwrap();
    stage.web().behaves("");
    let number = shown["change"]["number"].to_string();
    let undone = stage.alice.run(&format!("undo {number} --reason back -o json"));
    assert_eq!(change(undone.exits(0))["state"], "completed");
    assert_eq!(stage.runs_with(stage.web())["shared"]["limit"], 11);
}
