//! Texts that were made to keep the scan busy.

use super::*;
use serde_json::json;
use std::time::{Duration, Instant};

const LENGTH: usize = 1 << 17;

fn repeated(part: &str) -> Value {
    let mut text = part.repeat(LENGTH / part.len() + 1);
    text.truncate(LENGTH);
    json!(text)
}

/// The least time of a few, so that what else the machine does hardly counts.
fn takes(path: &str, value: &Value) -> Duration {
    let path = Path::parse(path).unwrap();
    let once = || {
        let begun = Instant::now();
        std::hint::black_box(find(&path, value));
        begun.elapsed()
    };
    std::iter::repeat_with(once).take(3).min().unwrap()
}

#[test]
fn no_text_costs_much_more_than_an_ordinary_one_of_its_length() {
    let ordinary = takes("server.note", &repeated("port: 8080\nother = 12 # a comment\n"));
    let chunks = |prefix: &str, length: usize| format!("{}A1 ", prefix.repeat(length / prefix.len()));
    for text in [
        random(&format!("{ALNUM}+/"), LENGTH),
        chunks("sk-", 246),
        chunks("pypi-AgE-", 990),
        format!("{}hash=", "pwd_".repeat(14)),
    ]
    .iter()
    .map(String::as_str)
    .chain([
        "pwd=",
        "pwd=/",
        "pwd=arn:",
        "abc=",
        "\"pwd\":",
        "Q~",
        ":",
        "@",
        "=",
        ".",
        "://",
        "a://b:c@",
        "-----BEGIN",
        "-----BEGIN PRIVATE KEY----- ",
        "PRIVATE KEY-----",
        "sk-",
        "-s.",
        "-SG.",
        "-AKIA",
        "-ya29.",
        "pypi-AgE-",
        "eyJrIjoi/",
        ":AA",
        "12345678:AA",
        ".eyJ",
        "eyJaaaaaaaaaa.eyJaaaaaaaaaaaa.",
        "aaaaaaaaaaaaaa.atlasv1.",
    ]) {
        for path in ["server.note", "database.password"] {
            let hostile = takes(path, &repeated(text));
            let begin: String = text.chars().take(40).collect();
            assert!(
                hostile < ordinary * 20,
                "{path} {begin}: {hostile:?}, and an ordinary text {ordinary:?}"
            );
        }
    }
}

#[test]
fn a_token_is_found_wherever_it_stands_in_a_long_run() {
    let token = format!("ghp_{}", random(ALNUM, 36));
    for (before, after) in [("-".repeat(5000), String::new()), ("sk-".repeat(2000), " sk-".repeat(2000))] {
        let findings = found("server.note", &json!(format!("{before}{token}{after}")));
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].kind.as_str(), findings[0].span.start), ("github", before.len()));
    }
}
