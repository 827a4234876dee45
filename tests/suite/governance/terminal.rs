//! What is asked of a person at a terminal before members change, and what their answers come to.

use super::{all_but_the_audit_log, audit};
use crate::harness::{Team, User, World};
use expectrl::process::unix::WaitStatus;
use expectrl::{Eof, Expect, Session};
use std::process::Stdio;
use std::time::Duration;

/// Runs these words at a terminal and answers each question with keys; gives the exit code.
fn at_terminal(user: &User, words: &[&str], answers: &[(&str, &str)]) -> i32 {
    let mut command = user.command(words);
    command.env("TERM", "xterm").stdin(Stdio::inherit());
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    for (question, keys) in answers {
        session.expect(*question).unwrap_or_else(|error| panic!("{words:?}: {question}: {error}"));
        session.send(*keys).unwrap();
    }
    session.expect(Eof).unwrap();
    user.world.pass(1);
    match session.get_process().wait().unwrap() {
        WaitStatus::Exited(_, code) => code,
        other => panic!("{words:?} ended by {other:?}"),
    }
}

#[test]
fn the_second_member_is_a_question_whether_solo_ends() {
    for (answer, solo) in [("y\r", false), ("n\r", true), ("yes\r", false), ("No\r", true)] {
        let (_world, alice) = World::solo();
        let words = ["member", "invite", "bob", "--role", "board", "--uid", "1001"];
        let code = at_terminal(&alice, &words, &[("End that?", answer), ("Reason", "no longer alone\r")]);
        assert_eq!(code, 0);
        assert_eq!(alice.run("member list -o json").json()["solo"], solo, "answered {answer:?}");
    }
}

#[test]
fn a_member_is_removed_once_the_question_is_answered_with_yes() {
    let Team { world, alice, .. } = World::team();
    let words = ["member", "remove", "frank", "--reason", "left"];
    let before = all_but_the_audit_log(&world);
    assert_eq!(at_terminal(&alice, &words, &[("Remove this member?", "n\r")]), 1);
    assert_eq!(all_but_the_audit_log(&world), before, "no is no");
    assert_eq!(
        at_terminal(&alice, &words, &[("Remove this member?", "perhaps\r"), ("yes or no", "\u{15}yes\r")]),
        0
    );
    assert!(!alice.run("member list").ok().contains("frank"));
}

/// A refusal met before the question is asked goes on record like any other.
#[test]
fn a_refusal_at_a_terminal_is_on_record() {
    let Team { world, alice, bob, .. } = World::team();
    world.file("broken.yaml", "format: 9\n");
    for (user, words, code) in [
        (&bob, &["member", "remove", "frank", "--reason", "x"][..], 4),
        (&bob, &["member", "role", "frank", "admin", "--reason", "x"], 4),
        (&bob, &["member", "end-solo", "--reason", "x"], 4),
        (&bob, &["rollback", "--version", "9", "--reason", "x"], 3),
        (&alice, &["member", "remove", "alice", "--reason", "x"], 6),
        (&alice, &["manifest", "apply", "broken.yaml", "--reason", "x"], 6),
    ] {
        let (before, logged) = (all_but_the_audit_log(&world), audit(&world).len());
        assert_eq!(at_terminal(user, words, &[]), code, "{words:?}");
        assert_eq!(all_but_the_audit_log(&world), before, "{words:?}");
        assert_eq!(
            audit(&world).len(),
            logged + usize::from(code != 3),
            "{words:?}: entries in the audit log"
        );
    }
}

/// Whoever is in a hurry at a terminal is asked for what is missing; `--yes` does not type the name.
#[test]
fn at_a_terminal_an_emergency_asks_for_what_is_missing_and_for_the_name() {
    let Team { erin, .. } = World::team();
    let words = ["emergency", "set", "log_level", "debug", "--yes"];
    let asked = |name: &'static str| {
        [
            ("Reason", "logs are full\r"),
            ("Why it cannot wait", "the disk is full in an hour\r"),
            ("Who was asked", "dave\r"),
            ("Type local to go on", name),
        ]
    };
    assert_eq!(at_terminal(&erin, &words, &asked("locla\r")), 2);
    assert_eq!(erin.run("get log_level").ok(), "info\n");
    assert_eq!(at_terminal(&erin, &words, &asked("local\r")), 0);
    let listed = erin.run("emergency list -o json").json();
    assert_eq!(listed["items"][0]["emergency"]["justification"], "the disk is full in an hour");
}
