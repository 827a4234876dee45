//! Each change as it happens: in order, none missing and none twice, whoever makes it and however often one comes back.

use super::{column, json, transcript};
use crate::harness::{Team, User, World};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What surely comes comes within this time, also on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A `watch` that runs.
pub(super) struct Watching {
    child: Child,
    lines: Receiver<String>,
    said: Receiver<String>,
}

/// How it ended.
pub(super) struct Ended {
    /// As a shell gives it.
    pub(super) code: i32,
    /// The lines that nobody had read.
    pub(super) rest: Vec<String>,
    /// What it said, and nobody had read.
    pub(super) said: Vec<String>,
}

fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    told
}

impl Watching {
    /// Starts it, and waits until it watches.
    #[track_caller]
    pub(super) fn begin(user: &User, words: &[&str]) -> Watching {
        let mut command = user.command(&[&["watch"], words].concat());
        // Its reloads are not to have the numbers of each other.
        command.env_remove("CFGCTL_FAKE_SEED");
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let said = lines_of(child.stderr.take().unwrap());
        let watching = Watching { child, lines, said };
        watching.says("watching ");
        watching
    }

    /// The next line.
    #[track_caller]
    pub(super) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("no line came: {error}"))
    }

    /// What it says next on standard error that holds these words.
    #[track_caller]
    pub(super) fn says(&self, words: &str) -> String {
        let mut others = Vec::new();
        loop {
            match self.said.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return line,
                Ok(line) => others.push(line),
                Err(error) => panic!("{words:?} is not said ({error}), but {others:#?}"),
            }
        }
    }

    #[track_caller]
    fn says_no_line_within(&self, time: Duration) {
        assert_eq!(self.lines.recv_timeout(time), Err(RecvTimeoutError::Timeout));
    }

    pub(super) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
    }

    /// Ends it by a signal; gives its code.
    pub(super) fn ended_by(self, signal: &str) -> i32 {
        self.signal(signal);
        self.ended().code
    }

    /// Waits for its end.
    pub(super) fn ended(mut self) -> Ended {
        let begun = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => thread::sleep(Duration::from_millis(5)),
            }
            if begun.elapsed() > PATIENCE {
                self.child.kill().unwrap();
            }
        };
        let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap();
        Ended { code, rest: self.lines.iter().collect(), said: self.said.iter().collect() }
    }
}

#[test]
fn each_change_is_a_line_for_whoever_may_read() {
    let Team { alice, erin, frank, grace, .. } = World::team();
    let all = Watching::begin(&grace, &["--count", "5"]);
    let some = Watching::begin(&grace, &["cache", "-o", "ndjson"]);
    frank.run("set log_level debug --reason 'look closer'").ok();
    let two = erin.run("set session_timeout_minutes=90 cache.ttl=500 --reason 'two at once' -o name").ok();
    erin.run(&format!("undo {} --reason 'not yet'", two.trim())).exits(0);
    let told: Vec<String> = (0..5).map(|_| all.line()).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    2026-11-21 09:00:14Z  2  CREATE  log_level  - → debug  (override, by frank: look closer)
    2026-11-21 09:00:15Z  3  CREATE  cache.ttl  - → 500  (override, by erin: two at once)
    2026-11-21 09:00:15Z  3  CREATE  session_timeout_minutes  - → 90  (override, by erin: two at once)
    2026-11-21 09:00:16Z  4  DELETE  cache.ttl  500 → -  (override, by erin: not yet)
    2026-11-21 09:00:16Z  4  DELETE  session_timeout_minutes  90 → -  (override, by erin: not yet)
    ");
    assert_eq!(all.ended().code, 0, "it ends after so many");
    let told: Vec<Value> = (0..2).map(|_| serde_json::from_str(&some.line()).unwrap()).collect();
    some.says_no_line_within(Duration::from_millis(300));
    some.signal("TERM");
    let ended = some.ended();
    assert_eq!((ended.code, ended.rest.len()), (143, 0));
    // What both tell is named as history names it.
    let mut history = json(&alice, "history cache --limit 2")["items"].as_array().unwrap().clone();
    history.reverse();
    for (told, mut known) in told.into_iter().zip(history) {
        known["layer"] = "override".into();
        known["cursor"] = told["cursor"].clone();
        assert_eq!(told, known);
    }
}

#[test]
fn a_change_is_told_within_a_blink() {
    let (_world, alice) = World::solo();
    let watching = Watching::begin(&alice, &["-o", "name"]);
    let mut fastest = PATIENCE;
    for value in 0..5 {
        alice.run(&format!("set log_level {} --reason x", ["debug", "info"][value % 2])).ok();
        let done = Instant::now();
        assert_eq!(watching.line(), "log_level");
        fastest = fastest.min(done.elapsed());
    }
    // Of several, because the machine may be busy; what is measured ends after the commit, and so errs on this side.
    assert!(fastest < Duration::from_millis(50), "told after {fastest:?}");
}

/// Requirement H5: whoever comes back with the last cursor misses nothing and sees nothing twice.
#[test]
fn nothing_is_missing_and_nothing_comes_twice_while_two_write_and_it_is_stopped_and_started() {
    let (_world, alice) = World::solo();
    let writer = |name: &str| -> Vec<Command> {
        (0..100)
            .map(|number| {
                let one = format!("load.{name}={number}");
                let other = format!("load.{name}_twice={}", 2 * number);
                alice.command(&["set", &one, &other, "--reason", "load", "-q"])
            })
            .collect()
    };
    let writers: Vec<_> = ["one", "other"]
        .map(|name| {
            let commands = writer(name);
            thread::spawn(move || {
                for mut command in commands {
                    assert!(command.stdout(Stdio::null()).status().unwrap().success());
                }
            })
        })
        .into();
    let mut told: Vec<Value> = Vec::new();
    let mut starts = 0;
    while told.len() < 400 {
        starts += 1;
        assert!(starts < 400, "it goes on without getting anywhere");
        let from = told.last().map_or(("--from", "1".to_owned()), |last| {
            ("--after", last["cursor"].as_str().unwrap().to_owned())
        });
        // Every other one is killed wherever it happens to be, and the others end in the middle of a version.
        let killed = starts % 2 == 0;
        let count = if killed { "1000" } else { "33" };
        let watching = Watching::begin(&alice, &["load", from.0, &from.1, "-o", "ndjson", "--count", count]);
        for _ in 0..33.min(400 - told.len()) {
            told.push(serde_json::from_str(&watching.line()).unwrap());
        }
        watching.signal("KILL");
        let rest = watching.ended().rest;
        assert!(killed || rest.is_empty(), "{rest:?}");
        // What was written half when it was killed is no line.
        told.extend(rest.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()));
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let mut history = json(&alice, "history load --limit 1000")["items"].as_array().unwrap().clone();
    history.reverse();
    for member in ["version", "path", "after"] {
        assert_eq!(column(&Value::from(told.clone()), member), column(&Value::from(history.clone()), member));
    }
}

#[test]
fn a_version_of_more_than_a_page_comes_whole_and_once() {
    let (world, alice) = World::solo();
    let members: Vec<String> = (0..2_300).map(|number| format!("\"k{number}\": {number}")).collect();
    let file = world.file("bulk.json", format!("{{\"bulk\": {{{}}}}}", members.join(",")));
    alice.run(&format!("apply -f {} --reason bulk", file.display())).ok();
    alice.run("set motto one --reason x").ok();
    let told = alice.run("watch --from 1 --timeout 0s -o name").ok();
    let mut known = column(&json(&alice, "history --limit 10000")["items"], "path");
    known.reverse();
    assert_eq!(known.len(), 2_301);
    assert!(told.lines().eq(&known), "what is there already comes whole, whatever the timeout");
}

#[test]
fn a_program_is_run_for_each_change_with_the_facts_and_without_secrets() {
    let (world, alice) = World::solo();
    alice.run("secret keygen").ok();
    let script = world.file(
        "told.sh",
        "printf '%s|' \"$CFGCTL_PATH\" \"$CFGCTL_KIND\" \"${CFGCTL_OLD-unset}\" \"$CFGCTL_NEW\" \"$CFGCTL_VERSION\" \
         \"$CFGCTL_LAYER\" \"$CFGCTL_BY\" \"$CFGCTL_REASON\" \"$CFGCTL_CURSOR\" \"$CFGCTL_TOKEN\" \"$1\" >> \"$2\"\n\
         cat >> \"$2.json\"; echo >> \"$2\"\n\
         case $CFGCTL_NEW in fail) echo no such luck >&2; exit 3;; slow) sleep 60;; esac\n",
    );
    let out = world.folder().join("told.txt");
    let (script, told) = (script.display().to_string(), out.display().to_string());
    let words = ["--count", "5", "--exec-timeout", "2s", "--exec", "--", "/bin/sh", &script, "-a b", &told];
    let watching = Watching::begin(&alice.with("CFGCTL_TOKEN", ""), &words);
    alice
        .run_with_input("set database.password --stdin --reason rotate --rollback-plan p", "hunter2-canary")
        .ok();
    for value in ["fail", "slow", "$(touch gone)", "last"] {
        alice.run_words(&["set", "motto", value, "--reason", "a; b"]).ok();
    }
    let failed = watching.says("error: ");
    assert_eq!(
        failed,
        "error: The change of motto by version 3 was not taken: /bin/sh ended with exit code 3."
    );
    assert!(watching.says("error: ").contains("did not end within 2s"));
    let ended = watching.ended();
    assert_eq!((ended.code, ended.rest.len()), (0, 5), "what a program does stops nothing");
    let told = std::fs::read_to_string(&out).unwrap();
    let input = std::fs::read_to_string(format!("{}.json", out.display())).unwrap();
    for text in [&told, &input, &ended.rest.join("")] {
        assert!(text.contains("(secret ") && !text.contains("canary"), "{text}");
    }
    let told: Vec<&str> = told.lines().skip(1).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    motto|CREATE|unset|fail|3|override|alice|a; b|3.2||-a b|
    motto|UPDATE|fail|slow|4|override|alice|a; b|4.3||-a b|
    motto|UPDATE|slow|$(touch gone)|5|override|alice|a; b|5.4||-a b|
    motto|UPDATE|$(touch gone)|last|6|override|alice|a; b|6.5||-a b|
    ");
    assert_eq!(input.lines().count(), 5);
    assert!(!world.folder().join("gone").exists(), "no shell reads it");
    // What cannot be run is told for each change, and a name with a folder is one of this folder.
    let missing = Watching::begin(&alice, &["--count", "1", "--exec", "./missing"]);
    alice.run("set motto more --reason x").ok();
    assert!(
        missing
            .says("error: ")
            .contains(&format!("{}/missing could not be started", world.folder().display()))
    );
    assert_eq!(missing.ended().code, 0);
}

#[test]
fn a_signal_ends_it_and_lets_the_program_that_runs_end_first() {
    let (world, alice) = World::solo();
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let watching = Watching::begin(&alice, &[]);
        watching.signal(signal);
        let ended = watching.ended();
        assert_eq!((ended.code, ended.rest.len()), (code, 0), "{signal}: {:?}", ended.said);
    }
    let end = world.folder().join("end");
    let script = format!("echo begun; sleep 0.5; echo done > '{}'", end.display());
    let watching = Watching::begin(&alice, &["--exec-timeout", "20s", "--exec", "sh", "-c", &script]);
    alice.run("set motto one --reason x").ok();
    alice.run("set motto other --reason x").ok();
    watching.line();
    thread::sleep(Duration::from_millis(200));
    watching.signal("TERM");
    let ended = watching.ended();
    assert_eq!((ended.code, ended.rest.len()), (143, 0), "no other change is begun: {:?}", ended.said);
    assert_eq!(std::fs::read_to_string(end).unwrap(), "done\n");
}

#[test]
fn a_reader_that_goes_away_ends_it_though_nothing_happens() {
    let (_world, alice) = World::solo();
    let mut child = alice
        .command(&["watch", "--from", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let begun = Instant::now();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), said.contains("error")), (Some(0), false), "{said}");
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn what_cannot_be_watched_is_said() {
    let (world, alice) = World::solo();
    for value in ["one", "two", "three"] {
        alice.run(&format!("set motto {value} --reason x")).ok();
    }
    alice.run("version tag release --reason x").exits(0);
    alice.run("set motto four --reason x").ok();
    alice.run("version prune --keep 2 --reason x").ok();
    insta::assert_snapshot!(transcript(&alice, &[
        "watch --from release --count 1",
        "watch --from 1",
        "watch --from 3 --count 2 -o name",
        "watch --from 99",
        "watch --after 99",
        "watch --after 4.x",
        "watch moto --count 1 --timeout 20ms",
        "watch --timeout 20ms -q",
        "watch -o json",
        "watch --exec --",
        "watch --poll 1ms",
    ]), @r#"
    $ cfgctl watch --from release --count 1
    2026-11-21 09:00:05Z  5  UPDATE  motto  three → four  (override, by alice: x)
    ! watching everything: the changes after version release
    $ cfgctl watch --from 1
    ! error: What changed after version 1 is no longer known whole: history up to version 3 was pruned.
    ! hint: It is complete from there on: cfgctl watch --from 3
    [exit 3]
    $ cfgctl watch --from 3 --count 2 -o name
    motto
    motto
    ! watching everything: the changes after version 3
    $ cfgctl watch --from 99
    ! error: There is no version 99.
    ! hint: See what there is: cfgctl version list
    [exit 3]
    $ cfgctl watch --after 99
    ! error: Version 99 is yet to come: this store is at version 5. It is another one, or an older copy.
    ! hint: See where it stands: cfgctl status
    [exit 5]
    $ cfgctl watch --after 4.x
    ! error: "4.x" is no cursor.
    ! hint: Give what was printed as `next`, or `cursor`.
    [exit 2]
    $ cfgctl watch moto --count 1 --timeout 20ms
    ! warning: Nobody ever set moto, and the manifest does not register it. It is watched all the same.
    ! watching moto: the changes after version 5
    [exit 1]
    $ cfgctl watch --timeout 20ms -q
    $ cfgctl watch -o json
    ! {"error":{"code":"usage","exit_code":2,"hint":"For programs: cfgctl watch -o ndjson","message":"What goes on is written line by line: -o table, ndjson or name.","retryable":false}}
    [exit 2]
    $ cfgctl watch --exec --
    ! error: There is no program to run.
    ! hint: cfgctl watch --exec PROGRAM ARGUMENTS
    [exit 2]
    $ cfgctl watch --poll 1ms
    ! error: invalid value '1ms' for '--poll <DURATION>': "1ms" is too short. Use 10ms or more.
    ! 
    ! For more information, try '--help'.
    [exit 2]
    "#);
    for format in ["json", "yaml", "raw"] {
        alice.run(&format!("watch -o {format}")).refused(2, "ndjson");
    }
    world.user("mallory", 4242).run("watch --timeout 1s").refused(4, "");
    let nowhere = World::new();
    nowhere.user("alice", 1000).run("watch").refused(3, "no store");
}
