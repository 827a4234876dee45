//! The whole program, as somebody uses it: a story a noun, told by running commands and looking at what they answer.

mod audit;
mod backup;
mod change;
mod completion;
mod context;
mod credential;
mod diff;
mod doctor;
mod document;
mod drift;
mod exec;
mod feature;
mod hash;
mod help;
mod history;
mod housekeeping;
mod json;
mod manifest;
mod notify;
mod output;
mod place;
mod reference;
mod reload;
mod reload_model;
mod restore;
mod rollback;
mod rule;
mod seal;
mod secret;
mod service;
mod value;
mod version;
mod watch;
mod watch_reload;

use crate::harness::{Ran, User};
use serde_json::Value;

/// Runs a line with `-o json`, which must end with this code, and gives the answer.
#[track_caller]
fn json_exits(user: &User, line: &str, code: i32) -> Value {
    user.run(&format!("{line} -o json")).exits(code).json()
}

/// Runs a line with `-o json`, which must succeed, and gives the answer.
#[track_caller]
fn json(user: &User, line: &str) -> Value {
    json_exits(user, line, 0)
}

/// Everything that is set, path by path, with its value.
#[track_caller]
fn overrides(user: &User) -> Value {
    pairs(&json(user, "get --layer override")["items"], "value")
}

/// Items by their path.
fn pairs(items: &Value, member: &str) -> Value {
    let pair = |item: &Value| (item["path"].as_str().unwrap().to_owned(), item[member].clone());
    Value::Object(items.as_array().unwrap().iter().map(pair).collect())
}

/// One field of each item.
fn column(items: &Value, member: &str) -> Vec<String> {
    let text = |item: &Value| item[member].as_str().map_or_else(|| item[member].to_string(), str::to_owned);
    items.as_array().unwrap_or_else(|| panic!("{items} is no list")).iter().map(text).collect()
}

/// The newest version's number and hash.
#[track_caller]
fn version(user: &User) -> (i64, String) {
    let status = json(user, "status");
    (status["version"].as_i64().unwrap(), status["config_hash"].as_str().unwrap().to_owned())
}

/// What the commands answered, one after the other, fit for a snapshot.
fn transcript(user: &User, lines: &[&str]) -> String {
    lines.iter().map(|line| told(user, line, &user.run(line))).collect()
}

/// One command and what it answered, fit for a snapshot.
fn told(user: &User, line: &str, ran: &Ran) -> String {
    let world = user.world.folder().display().to_string();
    let end = if ran.code == 0 { String::new() } else { format!("[exit {}]\n", ran.code) };
    let said: String = ran
        .err
        .lines()
        .filter(|line| !line.starts_with("store: "))
        .map(|line| format!("! {line}\n"))
        .collect();
    let program = concat!("\"program\": \"", env!("CARGO_PKG_VERSION"), "\"");
    let text = format!("$ cfgctl {line}\n{}{said}{end}", folded(&ran.out));
    let text = text.replace(&world, "WORLD").replace(program, "\"program\": \"VERSION\"");
    without_hashes(&without_sizes(&text))
}

/// JSON whose inner members stand on their parent's line, so that an item is a line; any other text as it is.
fn folded(text: &str) -> String {
    if !text.starts_with('{') {
        return text.to_owned();
    }
    let mut folded = String::new();
    for line in text.lines() {
        let inner = line.trim_start();
        let depth = line.len() - inner.len();
        let stands_alone = depth < 6 && !inner.starts_with(['}', ']']);
        if !folded.is_empty() {
            folded.push_str(if stands_alone { "\n" } else { " " });
        }
        folded.push_str(if stands_alone { line } else { inner });
    }
    folded + "\n"
}

/// The store's size follows from the database's pages.
fn without_sizes(text: &str) -> String {
    let shown = |line: &str| match line.trim_start() {
        size if size.starts_with("\"store_size\"") => "  \"store_size\": SIZE,".to_owned(),
        size if size.starts_with("\"store_free\"") => "  \"store_free\": SIZE,".to_owned(),
        size if size.starts_with("Size  ") => "Size       SIZE".to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|line| shown(line) + "\n").collect()
}

/// Hashes follow from the program's version and the starter manifest, which a snapshot is not about.
fn without_hashes(text: &str) -> String {
    let (mut result, mut run) = (String::new(), String::new());
    for character in text.chars().chain(['\0']) {
        if matches!(character, '0'..='9' | 'a'..='f') {
            run.push(character);
            continue;
        }
        result.push_str(if run.len() >= 16 { "HASH" } else { &run });
        run.clear();
        result.push(character);
    }
    result.pop();
    result
}
