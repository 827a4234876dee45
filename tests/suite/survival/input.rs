//! Hostile input: refused with an error that names the limit, or stored and given back byte for byte; and shown harmless.

use super::library::Library;
use super::tools::small;
use crate::harness::{BEGINNING, Ran, User, World};
use cfgctl::engine::Access;
use serde_json::json;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

/// Texts that are legal and yet make trouble where somebody is careless.
const ODD: &[&str] = &[
    "",
    " ",
    "a\r\nb\n",
    "\u{200b}zero\u{200d}width\u{feff}",
    "\u{202e}right to left\u{202c}",
    "'; DROP TABLE config_overrides; --",
    "\" OR 1=1 --",
    "%s%n${HOME}`id`$(id)",
    "--",
    "-1",
    "--reason",
    "null",
    "true",
    "0x10",
    "1e3",
    "{\"a\":",
    "\u{1b}]52;c;aGk=\u{7}",
    "\u{9b}31m\u{85}",
    "\u{10ffff}\u{e000}\u{fffe}",
    "e\u{301} é",
];

fn values(world: &World) -> std::collections::BTreeMap<String, serde_json::Value> {
    Library::open(&world.store(), Access::Read, BEGINNING).unwrap().values().unwrap()
}

/// Measure 11.
#[test]
fn odd_texts_come_back_byte_for_byte_from_every_way_in() {
    let (world, alice, _) = small();
    for (number, text) in ODD.iter().enumerate() {
        let given_back = |path: &str| {
            let ran = alice.run_words(&["get", path, "-o", "json"]);
            let shown = ran.json();
            assert_eq!(shown["items"][0]["value"], json!(text), "{text:?} as {path}: {}", ran.out);
            assert_eq!(alice.run_words(&["get", path]).ok(), format!("{text}\n"), "{text:?}");
        };
        // As an argument, as an assignment, on standard input, in a file, in a document.
        alice.run_words(&["set", "name", "other", "--reason", "r"]);
        alice.run_words(&["set", "--reason", "r", "--", "name", text]).ok();
        given_back("name");
        alice
            .run_words(&["set", &format!("free.a{number}={text}"), "--type", "string", "--reason", "r"])
            .ok();
        given_back(&format!("free.a{number}"));
        alice.run_words(&["set", "name", "other", "--reason", "r"]);
        let file = world.file("value", text);
        // One newline at the end of a file or of what was typed belongs to the file.
        let file_holds = text.strip_suffix('\n').unwrap_or(text);
        alice.run_words(&["set", "name", "--value-file", file.to_str().unwrap(), "--reason", "r"]).ok();
        let stored = alice.run_words(&["get", "name", "-o", "json"]).json()["items"][0]["value"].clone();
        assert!(stored == json!(text) || stored == json!(file_holds), "{text:?} by file: {stored}");
        let document = json!({"free": {format!("b{number}"): text}}).to_string();
        alice.run_with_input("apply -f - --reason r", &document).ok();
        given_back(&format!("free.b{number}"));
        // In a segment of a path, in a reason and in a ticket.
        let path = format!("free.{}", json!(text));
        let ran = alice.run_words(&[
            "set",
            &path,
            "1",
            "--reason",
            &format!("r {text}"),
            "--ticket",
            &format!("t {text}"),
        ]);
        if ran.code == 0 {
            assert_eq!(alice.run_words(&["get", &path]).ok(), "1\n", "{path:?}");
            let history = alice.run_words(&["history", &path, "-o", "json"]).json();
            assert_eq!(history["items"][0]["reason"], json!(format!("r {text}")), "{history}");
        } else {
            assert!([2, 6].contains(&ran.code), "{path:?}: {}", ran.err);
        }
    }
    let mut library = Library::open(&world.store(), Access::Write, BEGINNING).unwrap();
    assert_eq!(library.broken(), Vec::<String>::new());
}

/// Measure 11.
#[test]
fn what_is_too_long_too_deep_or_inexact_is_refused_with_the_limit() {
    let (world, alice, _) = small();
    let before = values(&world);
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(1001), "}".repeat(1001));
    let bomb = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
        let below = format!("*a{},", level - 1).repeat(9);
        format!("{text}a{level}: &a{level} [{}]\n", below.trim_end_matches(','))
    });
    let value = |text: &str, says: &'static str| {
        ("set free.x --stdin --reason r".to_string(), text.as_bytes().to_vec(), says)
    };
    let document =
        |text: &str, says: &'static str| ("apply -f - --reason r".to_owned(), text.as_bytes().to_vec(), says);
    let with_invalid_utf8 = |line: &str| (line.to_owned(), b"\"a\xff\xfeb\"".to_vec(), "UTF-8");
    let mut cases = vec![
        value(&deep(65), "64"),
        value(&deep(1001), "64"),
        value(&deep_object, "64"),
        value(&"x".repeat((1 << 20) + 1), "1048576"),
        value(&"x".repeat(64 << 20), "limit"),
        value("1e400", "number"),
        value("123456789012345678901234567890", "64 bits"),
        value("9007199254740993.0", "exact"),
        document("{\"free\": {\"x\": 1, \"x\": 2}}", "twice"),
        document("free:\n  x: 1\n  x: 2\n", "twice"),
        document("free.x: 1\nfree: {x: 2}\n", "free.x"),
        document(&format!("{{\"free\": {}}}", deep(1001)), "64"),
        document(&deep_object, "64"),
        document(&bomb, "alias"),
        document("", "empty"),
        document("# nothing\n", "empty"),
        ("apply -f - --exact free --reason r".to_owned(), Vec::new(), "empty"),
        document("[1, 2]", "object"),
        document("{\"free\": {\"x\": 1e400}}", "number"),
        with_invalid_utf8("set free.x --stdin --reason r"),
        with_invalid_utf8("apply -f - --reason r"),
        (format!("set {} 1 --reason r", "a".repeat(1025)), Vec::new(), "1024"),
        (format!("set {} 1 --reason r", "a.".repeat(64) + "a"), Vec::new(), "64"),
        ("set '' 1 --reason r".to_owned(), Vec::new(), "path"),
        ("set . 1 --reason r".to_owned(), Vec::new(), "path"),
        ("set a..b 1 --reason r".to_owned(), Vec::new(), "path"),
        ("set limit 5 --reason ''".to_owned(), Vec::new(), "reason"),
        (format!("set limit 5 --reason {}", "r".repeat(100_000)), Vec::new(), "16384"),
        ("set limit '' --reason r".to_owned(), Vec::new(), "whole number"),
        ("set limit 1.5 --reason r".to_owned(), Vec::new(), "whole number"),
        ("set limit 99999999999999999999 --reason r".to_owned(), Vec::new(), "64 bits"),
    ];
    cases.push(document(&"x: 1\n".repeat(300_000), "twice"));
    let mut wrong = Vec::new();
    for (line, input, says) in cases {
        let begun = Instant::now();
        let ran = alice.run_with_input(&line, &input);
        let shown = format!("{} <<< {}", cut(&line), cut(&String::from_utf8_lossy(&input)));
        assert!(begun.elapsed() < Duration::from_secs(20), "{shown} took {:?}", begun.elapsed());
        if ![2, 6].contains(&ran.code)
            || !ran.out.is_empty()
            || !ran.err.to_lowercase().contains(&says.to_lowercase())
        {
            wrong.push(format!("{shown}\n  wanted {says:?}, exit {}: {}", ran.code, cut(&ran.err)));
        }
        if ran.err.len() > 4_000 {
            wrong.push(format!("{shown}\n  the error is {} bytes long", ran.err.len()));
        }
        if values(&world) != before {
            wrong.push(format!("{shown}\n  something was changed"));
            alice.run("rollback --version 4 --reason r --yes").ok();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Measure 11: what is exactly at the limit goes through.
#[test]
fn what_is_just_within_the_limits_comes_back() {
    let (_world, alice, _) = small();
    let long = "x".repeat(1 << 20);
    alice.run_with_input("set free.long --stdin --reason r", &long).ok();
    assert!(alice.run("get free.long").ok() == format!("{long}\n"));
    let deep = format!("{}1{}", "[".repeat(64), "]".repeat(64));
    alice.run_with_input("set free.deep --stdin --reason r", &deep).ok();
    assert_eq!(alice.run("get free.deep").ok(), format!("{deep}\n"));
    for number in [
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "0.1",
        "1e-300",
    ] {
        let ran = alice.run_words(&["set", &format!("free.n={number}"), "--reason", "r"]);
        ran.ok();
        assert_eq!(alice.run("get free.n").ok(), format!("{number}\n"));
    }
    let path = format!("free.{}", "p".repeat(1024 - 5));
    alice.run_words(&["set", &path, "1", "--reason", "r"]).ok();
    assert_eq!(alice.run_words(&["get", &path]).ok(), "1\n");
    let marked = "\u{feff}free: {bom: 1}\n";
    alice.run_with_input("apply -f - --reason r", marked).ok();
    assert_eq!(alice.run("get free.bom").ok(), "1\n");
}

/// Measure 11: words that are not UTF-8, and a byte that ends strings in C.
#[test]
fn words_that_are_no_text_are_refused() {
    let (world, alice, _) = small();
    let before = values(&world);
    for words in [
        &[&b"set"[..], b"name", b"a\xffb", b"--reason", b"r"][..],
        &[b"set", b"na\xffme", b"1", b"--reason", b"r"],
        &[b"set", b"name=\xc3\x28", b"--reason", b"r"],
        &[b"set", b"limit", b"5", b"--reason", b"\xed\xa0\x80"],
        &[b"get", b"\xff"],
        &[b"history", b"--by", b"\xff"],
        &[b"\xff"],
    ] {
        let mut command = alice.command(&[]);
        let output = command.args(words.iter().map(|word| OsStr::from_bytes(word))).output().unwrap();
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {shown}");
        let named = shown.to_lowercase().contains("utf-8") || words.len() == 1;
        assert!(output.stdout.is_empty() && named, "{words:?}: {shown}");
    }
    assert_eq!(values(&world), before);
}

/// Measure 11: a store's name is a file's name and nothing else.
#[test]
fn a_stores_name_means_a_file_and_nothing_else() {
    let world = World::new();
    let alice = world.user("alice", 1000);
    for name in [
        "file:x?mode=memory",
        ":memory:",
        "file:y.db?mode=ro&immutable=1",
        "a?b#c%20d.db",
        "-x.db",
        " ",
        "st\nore.db",
        "é.db",
    ] {
        let store = format!("--store={name}");
        let missing = alice.run_words(&[&store, "get", "log_level"]);
        missing.refused(3, "There is no store");
        alice.run_words(&[&store, "init", "--solo"]).ok();
        assert!(world.folder().join(name).is_file(), "{name:?} is a file of that name");
        alice.run_words(&[&store, "set", "log_level", "debug", "--reason", "r"]).ok();
        assert_eq!(alice.run_words(&[&store, "get", "log_level"]).ok(), "debug\n", "{name:?}");
        alice.run_words(&[&store, "doctor"]).ok();
    }
    for name in [
        "",
        "nowhere/at/all/\u{0}".trim_end_matches('\u{0}'),
        "/dev/null",
        "/proc/self/mem",
        &"x".repeat(300),
    ] {
        let ran = alice.run_words(&["--store", name, "get", "log_level"]);
        assert!(
            [2, 3, 7, 9].contains(&ran.code) && !ran.err.is_empty(),
            "{name:?}: {} {}",
            ran.code,
            ran.err
        );
    }
}

/// The texts that a terminal would obey.
const COMMANDS: &str = "\u{1b}[31mred\u{1b}]52;c;aGk=\u{7}\u{9b}2J\u{7}\r\u{8}\u{7f}\u{202e}end";

/// No byte that a terminal obeys, but newlines.
#[track_caller]
fn harmless(ran: &Ran, alice: &User) {
    for text in [&ran.out, &ran.err] {
        let odd =
            text.chars().find(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c));
        assert!(odd.is_none(), "{} for {} shows {odd:?}: {text:?}", ran.line.escape_debug(), alice.name);
    }
}

/// Measure 12.
#[test]
fn what_a_terminal_would_obey_is_shown_escaped() {
    let (world, alice, bob) = small();
    let path = format!("free.{}", json!(COMMANDS));
    alice.run_words(&["set", "name", COMMANDS, "--reason", COMMANDS, "--ticket", COMMANDS]).ok();
    let made = alice.run_words(&["set", &path, COMMANDS, "--reason", COMMANDS]);
    harmless(&made, &alice);
    harmless(
        &alice.run_words(&["set", "pool", "9", "--reason", COMMANDS, "--rollback-plan", COMMANDS]),
        &alice,
    );
    harmless(
        &alice.run_words(&["version", "create", "--description", COMMANDS, "--reason", COMMANDS]),
        &alice,
    );
    for line in [
        "get",
        "history",
        "blame",
        "version list",
        "version show",
        "explain name",
        "audit list",
        "change-request list",
        "status",
        "diff 2",
        "backup list",
        "history -o name",
        "audit list -o json",
        "history -o json",
        "get -o yaml",
        "doctor",
        "audit export",
        "change-request show 7",
        "assess name x",
        "validate name x",
    ] {
        let ran = bob.run(line);
        assert!([0, 1, 2, 3].contains(&ran.code), "{line}: {} {}", ran.code, ran.err);
        harmless(&ran, &bob);
    }
    // In what is refused, the words come back too.
    let odd_file = world.file(&format!("odd{}.yaml", "\u{1b}[31m"), "x: [1");
    for words in [
        &["get", COMMANDS][..],
        &["set", COMMANDS, "1", "--reason", "r"],
        &["set", "limit", COMMANDS, "--reason", "r"],
        &["version", "show", COMMANDS],
        &["version", "tag", "2", COMMANDS, "--reason", "r"],
        &["member", "invite", COMMANDS, "--role", "admin", "--reason", "r"],
        &["member", "join", COMMANDS],
        &["backup", "create", "--name", COMMANDS],
        &["restore", COMMANDS, "--reason", "r"],
        &["change-request", "show", COMMANDS],
        &["audit", "verify", "--head", COMMANDS],
        &["apply", "-f", odd_file.to_str().unwrap(), "--reason", "r"],
        &["--store", COMMANDS, "get"],
        &[COMMANDS],
        &["get", "-o", COMMANDS],
    ] {
        let ran = alice.run_words(words);
        assert_ne!(ran.code, 0, "{words:?}");
        harmless(&ran, &alice);
        harmless(&alice.with("CFGCTL_OUTPUT", "json").run_words(words), &alice);
    }
    // A bare value is the value: it goes to programs.
    assert_eq!(alice.run("get name -o raw").ok(), format!("{COMMANDS}\n"));
}
