//! The JSON of every command: names and shapes that clients rely on, one file a noun.

mod backup;
mod change_request;
mod changing;
mod drift;
mod emergency;
mod manifest;
mod member;
mod notify;
mod reading;
mod secret;
mod service;
mod source;
mod store;
mod version;

use super::transcript;
use crate::harness::{User, World};

/// Lines with `-o json`, for a snapshot.
fn answers(user: &User, lines: &[&str]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("{line} -o json")).collect();
    transcript(user, &lines.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn every_command_is_among_the_snapshots() {
    let (_world, alice) = World::solo();
    let told = [
        include_str!("backup.rs"),
        include_str!("change_request.rs"),
        include_str!("changing.rs"),
        include_str!("drift.rs"),
        include_str!("emergency.rs"),
        include_str!("manifest.rs"),
        include_str!("member.rs"),
        include_str!("notify.rs"),
        include_str!("reading.rs"),
        include_str!("secret.rs"),
        include_str!("service.rs"),
        include_str!("source.rs"),
        include_str!("store.rs"),
        include_str!("version.rs"),
    ]
    .concat();
    // These have no answer, or one that is another program's, a script or a page.
    let without = ["completions", "exec", "generate", "man", "edit", "manifest draft", "manifest schema"];
    for command in super::help::leaves(&alice) {
        let shown = told.contains(&format!("$ cfgctl {command} "))
            || told.contains(&format!("$ cfgctl {} ", command.replace("change-request", "cr")));
        assert!(
            shown || without.contains(&command.as_str()),
            "the JSON of `cfgctl {command}` is nowhere looked at"
        );
    }
}
