//! Telling people: the manifest's notify command, from a local store.

use super::json;
use crate::harness::{Ran, Team, User, World};
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

const MEDIUM: &str = "session_timeout_minutes";

/// The manifest in force with this notify section in the place of the one it had.
#[track_caller]
fn tell_by(owner: &User, notify: &str) {
    let manifest = owner.run("manifest show -o raw").ok();
    let without: String = manifest
        .lines()
        .filter(|line| !line.starts_with("notify:"))
        .map(|line| format!("{line}\n"))
        .collect();
    owner.world.file("next.yaml", format!("{without}notify: {notify}\n"));
    owner.run("manifest apply next.yaml --yes --reason 'people are to be told'").ok();
}

/// A command that appends what it gets to a file, and what it finds in its environment to another.
fn scribe(world: &World) -> String {
    let folder = world.folder().display().to_string();
    let script = format!("cat >> {folder}/told\nenv | sort > {folder}/environment\n");
    let script = world.file("tell.sh", script);
    format!("{{command: [/bin/sh, {}]}}", script.display())
}

/// The notices so far.
fn told(world: &World) -> Vec<Value> {
    let text = std::fs::read_to_string(world.folder().join("told")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn summaries(world: &World) -> Vec<String> {
    told(world).iter().map(|notice| notice["summary"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn warned<'a>(ran: &'a Ran, words: &str) -> &'a Ran {
    let line = ran.err.lines().find(|line| line.starts_with("warning: The notice")).unwrap_or_else(|| {
        panic!("{} warns of nothing: {}", ran.line, ran.err);
    });
    assert!(line.contains(words), "{line}");
    assert!(line.ends_with("cfgctl notify test"), "{line}");
    ran
}

#[test]
fn people_are_told_of_a_request_its_approval_and_its_execution() {
    let Team { world, alice, erin, frank, .. } = World::team();
    tell_by(&alice, &scribe(&world));
    frank.run("set log_level debug --reason x").ok();
    assert_eq!(told(&world), Vec::<Value>::new(), "a change that waits for nobody tells nobody");

    let id = frank.run(&format!("set {MEDIUM} 90 --reason 'Fewer sessions' -o name")).exits(8).out.clone();
    let id = id.trim();
    let [request] = told(&world).try_into().unwrap();
    assert_eq!(
        request["summary"],
        "local: frank asks for change 11 (medium risk), which waits for 1 approval by admin."
    );
    for (key, value) in [
        ("event", "request"),
        ("instance", "local"),
        ("id", id),
        ("kind", "set"),
        ("state", "pending"),
        ("risk", "medium"),
        ("by", "frank"),
        ("reason", "Fewer sessions"),
        ("next", &format!("cfgctl change-request show {id}")),
    ] {
        assert_eq!(request[key], value, "{key}");
    }
    assert_eq!(request["change"], 11);
    assert_eq!(request["to"], serde_json::json!(["alice", "bob", "carol", "dave", "erin"]));
    assert_eq!(request["missing"], serde_json::json!(["1 approval by admin"]));

    erin.run("cr approve 11").ok();
    frank.run("cr execute 11").ok();
    let all = told(&world);
    assert_eq!(all.len(), 3);
    assert_eq!((&all[1]["event"], &all[1]["to"]), (&"decision".into(), &serde_json::json!(["frank"])));
    assert_eq!(all[1]["next"], format!("cfgctl change-request execute {id}"));
    assert_eq!((&all[2]["event"], &all[2]["to"]), (&"outcome".into(), &serde_json::json!(["frank", "erin"])));
    assert_eq!(
        summaries(&world)[1..],
        [
            "local: erin approved frank's change 11 (medium risk), which may be executed.",
            "local: frank's change 11 (medium risk) is applied as version 3, by frank.",
        ]
    );
    alice.run("doctor").ok();
}

#[test]
fn people_are_told_of_a_rejection_of_what_is_taken_back_and_of_both_where_approval_executes() {
    let Team { world, alice, bob, dave, erin, frank, .. } = World::team();
    tell_by(&alice, &scribe(&world));
    for value in [90, 91, 92] {
        frank.run(&format!("set {MEDIUM} {value} --reason x")).exits(8);
    }
    erin.run("cr reject 10 --reason 'not now'").ok();
    frank.run("cr cancel 11 --reason 'mistyped'").ok();
    erin.run("cr approve 12 --execute").ok();
    frank.run("set encryption.rotate_after_days 30 --reason x --rollback-plan back").exits(8);
    bob.run("cr approve 13").ok();
    dave.run("cr approve 12 --dry-run").exits(5);
    assert_eq!(
        summaries(&world)[3..],
        [
            "local: erin rejected frank's change 10 (medium risk).",
            "local: frank cancelled their own change 11 (medium risk).",
            "local: erin approved frank's change 12 (medium risk), which may be executed.",
            "local: frank's change 12 (medium risk) is applied as version 2, by erin.",
            "local: frank asks for change 13 (critical risk), which waits for 2 approvals by board, not the requester; \
             evidence of a full test with the rollback tested; an open window (the next opens 2026-11-21 22:00:00Z).",
            "local: bob approved frank's change 13 (critical risk), which still waits for 1 approval by board, not the \
             requester; evidence of a full test with the rollback tested; an open window (the next opens \
             2026-11-21 22:00:00Z).",
        ]
    );
    let all = told(&world);
    assert_eq!(all[3]["reason"], "not now");
    assert_eq!(all[4]["to"], serde_json::json!(["alice", "bob", "carol", "dave", "erin"]), "who was asked");
    assert_eq!(all[7]["to"], serde_json::json!(["alice", "bob", "carol"]), "who could approve");
}

#[test]
fn whoever_answers_for_a_program_is_told_what_became_of_its_request() {
    let Team { world, alice, erin, .. } = World::team();
    tell_by(&alice, &scribe(&world));
    alice.run("member add-program deploy --role operator --reason x").ok();
    let token = alice.run("member token deploy").ok();
    let deploy = alice.with("CFGCTL_TOKEN", token.trim());
    let id = deploy.run(&format!("set {MEDIUM} 90 --reason x -o name")).exits(8).out.trim().to_owned();
    erin.run(&format!("cr reject {id} --reason 'not now'")).ok();
    let [_, decision] = told(&world).try_into().unwrap();
    assert_eq!(decision["to"], serde_json::json!(["deploy", "alice"]));
}

#[test]
fn only_the_events_that_are_named_are_told_and_a_dry_run_tells_nobody() {
    let Team { world, alice, erin, frank, .. } = World::team();
    let terms = scribe(&world).replace('}', ", events: [outcome]}");
    tell_by(&alice, &terms);
    frank.run(&format!("set {MEDIUM} 90 --reason x --dry-run")).exits(8);
    frank.run(&format!("set {MEDIUM} 90 --reason x")).exits(8);
    frank.run(&format!("set {MEDIUM} 90 --reason x")).exits(8);
    erin.run("cr approve 10").ok();
    assert!(told(&world).is_empty());
    frank.run("cr execute 10").ok();
    assert_eq!(told(&world).len(), 1);
}

#[test]
fn a_reason_arrives_as_it_is_and_no_value_no_token_and_no_secret_does() {
    let Team { world, alice, frank, .. } = World::team();
    tell_by(&alice, &scribe(&world));
    let frank = frank.with("CFGCTL_UNRELATED", "hunter2").with("AWS_SECRET_ACCESS_KEY", "hunter2");
    let token = frank.run("member token").ok();
    let frank = frank.with("CFGCTL_TOKEN", token.trim());
    let reason = "first line\nsecond \u{1b}[31m\"quoted\"";
    frank.run_words(&["set", "server.name=secret-host", "server.port=5151", "--reason", reason]).exits(8);
    let [notice] = told(&world).try_into().unwrap();
    assert_eq!(notice["reason"], reason);
    let bytes = std::fs::read(world.folder().join("told")).unwrap();
    assert_eq!(bytes.iter().filter(|byte| byte.is_ascii_control()).count(), 1, "one line");
    let environment = std::fs::read_to_string(world.folder().join("environment")).unwrap();
    let names: Vec<&str> = environment.lines().filter_map(|line| line.split('=').next()).collect();
    for name in names {
        // The shell adds two of its own.
        let known = ["CFGCTL_CHANGE", "CFGCTL_EVENT", "CFGCTL_SUMMARY", "HOME", "PATH", "PWD", "_"];
        assert!(known.contains(&name), "{name} reaches the command");
    }
    let all = String::from_utf8(bytes).unwrap() + &environment;
    for hidden in ["secret-host", "5151", "hunter2", token.trim()] {
        assert!(!all.contains(hidden), "{hidden} reaches the command: {all}");
    }
}

#[test]
fn a_command_that_fails_is_a_warning_and_the_change_is_done_nevertheless() {
    let Team { world, alice, erin, frank, .. } = World::team();
    let failing = world.file("failing.sh", "echo token-in-the-output >&2; exit 3");
    for (notify, words) in [
        (format!("{{command: [/bin/sh, {}]}}", failing.display()), "/bin/sh ended with exit code 3."),
        ("{command: [/no/such/tell]}".to_owned(), "/no/such/tell could not be started: no such file"),
        ("{command: [sh, -c, 'kill -9 $$']}".to_owned(), "sh was ended by SIGKILL (signal 9)."),
    ] {
        tell_by(&alice, &notify);
        let ran = frank.run(&format!("set {MEDIUM} 90 --reason x -o json"));
        let id = ran.exits(8).json()["change"]["id"].as_str().unwrap().to_owned();
        warned(&ran, words);
        assert!(!ran.err.contains("token-in-the-output"), "what the command says is for `notify test`");
        let ran = erin.run(&format!("cr approve {id} --execute"));
        assert!(ran.exits(0).out.contains("applied"), "{}", ran.out);
        warned(&ran, words);
        assert_eq!(frank.run(&format!("get {MEDIUM}")).ok(), "90\n");
        erin.run(&format!("unset {MEDIUM} --reason back")).ok();
    }
    let quiet = frank.run(&format!("set {MEDIUM} 90 --reason x -q"));
    assert_eq!(quiet.exits(8).err, "");
    alice.run("audit verify --full").ok();
}

#[test]
fn a_command_that_hangs_costs_its_time_once_and_is_killed() {
    let Team { world, alice, erin, frank, .. } = World::team();
    let pids = world.folder().join("pids");
    let script = format!("echo $$ >> {}; trap '' TERM; sleep 300 & echo $! >> {0}; wait", pids.display());
    let script = world.file("hanging.sh", script);
    tell_by(&alice, &format!("{{command: [/bin/sh, {}], timeout: 1s}}", script.display()));
    let begun = Instant::now();
    warned(
        frank.run(&format!("set {MEDIUM} 90 --reason x")).exits(8),
        "did not end within 1s and was killed.",
    );
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // Decision and outcome are two notices; what hangs is not tried twice.
    let ran = erin.run("cr approve 10 --execute");
    assert_eq!(ran.exits(0).err.matches("was killed").count(), 1, "{}", ran.err);
    let pids = std::fs::read_to_string(pids).unwrap();
    assert!(pids.lines().count() >= 2, "{pids}");
    for pid in pids.lines() {
        let begun = Instant::now();
        while !is_gone(pid) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{pid} goes on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Gone, or dead and only waiting for whoever adopted it.
fn is_gone(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    state.map_or(true, |line| line.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X'])))
}

/// Under a parent that ignores SIGCHLD the kernel reaps children before anybody asks how they ended.
#[test]
fn how_the_command_ended_is_known_whatever_the_caller_does_about_children() {
    let (world, alice) = World::solo();
    tell_by(&alice, "{command: [sh, -c, 'exit 5']}");
    if !std::path::Path::new("/bin/bash").exists() {
        // Other shells do not let SIGCHLD be ignored.
        return println!("skipped: a caller that ignores its children: there is no /bin/bash");
    }
    let environment = alice.command(&[]);
    let mut shell = std::process::Command::new("/bin/bash");
    shell.args(["-c", "trap '' CHLD; exec \"$0\" notify test -o json", crate::harness::PROGRAM]).env_clear();
    shell.envs(environment.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.current_dir(world.folder()).stdin(Stdio::null()).output().unwrap();
    let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&reply["exit_code"], output.status.code()), (&5.into(), Some(1)), "{reply}");
}

#[test]
fn the_store_is_free_while_the_command_runs() {
    let Team { world, alice, erin, frank, .. } = World::team();
    let done = world.folder().join("done");
    let script = format!("while ! test -e {}; do sleep 0.02; done", done.display());
    let script = world.file("slow.sh", script);
    tell_by(&alice, &format!("{{command: [/bin/sh, {}], timeout: 60s}}", script.display()));
    let words = ["set", MEDIUM, "90", "--reason", "x", "-o", "name"];
    let mut child = frank.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while erin.run("cr list -o name").ok().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the request is not there while people are told");
    }
    erin.run("set log_level debug --reason 'somebody else writes'").ok();
    std::fs::write(done, "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(8));
}

#[test]
fn the_command_is_tried_by_owner_or_admin_and_that_is_on_record() {
    let Team { world, alice, erin, frank, .. } = World::team();
    alice.run("notify test").refused(3, "The manifest names no notify command.");
    tell_by(&alice, &scribe(&world));
    frank.run("notify test").refused(4, "asks for admin");
    let dry = json(&erin, "notify test --dry-run --event decision");
    assert_eq!(
        (&dry["dry_run"], &dry["result"], &dry["notice"]["event"]),
        (&true.into(), &Value::Null, &"decision".into())
    );
    assert!(told(&world).is_empty(), "a dry run runs nothing");
    let ran = erin.run("notify test --event outcome");
    assert!(ran.ok().contains("/bin/sh ended with exit code 0."), "{}", ran.out);
    assert_eq!(
        summaries(&world),
        ["local: erin tests how people are told of this (outcome); nothing has happened."]
    );
    let entries = json(&alice, "audit list --action notify.test");
    let outcomes = super::column(&entries["items"], "outcome");
    assert_eq!(outcomes, ["done", "refused"]);
    assert_eq!(entries["items"][0]["detail"], serde_json::json!({"event": "outcome", "program": "/bin/sh"}));

    tell_by(
        &alice,
        "{command: [sh, -c, 'echo one; printf \"two \\\\033[31m\" >&2; exit 4'], events: [request]}",
    );
    let ran = alice.run("notify test --event confirm");
    ran.exits(1);
    assert!(
        ran.out.contains("sh ended with exit code 4.") && ran.out.contains("Output   one"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains(r"two \u{1b}[31m"), "{}", ran.out);
    assert!(ran.err.contains("notify.events leaves confirm out"), "{}", ran.err);
    alice.run("notify test --exit-zero").exits(0);
    alice.run("notify test --event nothing").refused(2, "nothing");
}

#[test]
fn the_section_is_checked_with_its_line_shown_in_a_diff_and_part_of_the_schema() {
    let (world, alice) = World::solo();
    world.file("wrong.yaml", "format: 1\ninstance: a\nnotify:\n  command: [bin/tell]\n  timeout: 5m\n");
    let ran = alice.run("manifest check wrong.yaml");
    ran.exits(1);
    assert!(ran.out.contains("line 4: notify.command[0]:") || ran.out.contains("line 4"), "{}", ran.out);
    assert!(ran.out.contains("at most 60s, not 5m"), "{}", ran.out);
    let schema = alice.run("manifest schema").ok();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["properties"]["notify"]["required"], serde_json::json!(["command"]));
    tell_by(&alice, "{command: [tell, --channel, ops], events: [request]}");
    world.file("other.yaml", alice.run("manifest show -o raw").ok().replace("ops", "night"));
    assert!(alice.run("manifest diff other.yaml").exits(1).out.contains("notify"));
    assert!(alice.run("manifest show -o raw").ok().contains("--channel"));
    alice.run("doctor").ok();
}

/// A draft is asked of nobody until its author says that it is finished.
#[test]
fn people_are_told_of_a_draft_once_it_is_submitted_and_reviewers_among_them() {
    let Team { world, alice, frank, grace, .. } = World::team();
    tell_by(&alice, &scribe(&world));
    let create = format!("cr create {MEDIUM}=90 --draft --reason x --reviewer grace");
    let missing = format!("{create} --reviewer heidi");
    frank.run(&missing).refused(3, "heidi is no member");
    let id = frank.run(&format!("{create} -o name")).exits(8).out.trim().to_owned();
    frank.run(&format!("cr edit {id} --reviewer ivan")).refused(3, "ivan is no member");
    assert_eq!(told(&world), Vec::<Value>::new());
    let asked = |user: &User| json(user, "status")["attention"].to_string();
    let words = "frank asks you to look at change request";
    assert!(!asked(&grace).contains(words), "{}", asked(&grace));

    frank.run(&format!("cr edit {id} --submit")).exits(0);
    let [request] = told(&world).try_into().unwrap();
    assert_eq!((&request["event"], &request["id"]), (&"request".into(), &id.as_str().into()));
    let to = serde_json::json!(["alice", "bob", "carol", "dave", "erin", "grace"]);
    assert_eq!(request["to"], to);
    assert!(asked(&grace).contains(words) && !asked(&alice).contains(words), "{}", asked(&grace));
    alice.run(&format!("cr cancel {id} --reason x")).exits(0);
    assert!(!asked(&grace).contains(words), "{}", asked(&grace));
}

/// H8: what people are told of a change says that there is one, and never what a secret is.
#[test]
fn a_notice_of_a_secret_holds_neither_its_value_nor_its_sealed_form() {
    const CANARY: &str = "canary-Zx81-told";
    let Team { world, alice, bob, carol, dave, .. } = World::team();
    tell_by(&alice, &scribe(&world));
    alice.run("secret keygen").ok();
    let set =
        "set database.password --stdin --reason 'New password' --rollback-plan 'The former one' -o name";
    let id = dave.run_with_input(set, CANARY).exits(8).out.clone();
    for who in [&bob, &carol] {
        who.run(&format!("cr approve {}", id.trim())).ok();
    }
    assert_eq!(told(&world).len(), 3);
    for file in ["told", "environment"] {
        let text = std::fs::read_to_string(world.folder().join(file)).unwrap();
        assert!(!text.contains(CANARY) && !text.contains("sealed:"), "{text}");
    }
}
