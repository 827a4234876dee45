//! Signals and readers that go away: the right exit code, and no half-written file.

use super::library::Library;
use super::tools::{backup_files, injected, small, strace, whole_backups};
use crate::harness::{BEGINNING, User};
use cfgctl::engine::Access;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A pipe whose reading end is closed already.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// Measure 7.
#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let (world, alice, _) = small();
    let members: Vec<String> = (0..3_000).map(|number| format!("\"k{number}\": {number}")).collect();
    let file = world.file("bulk.json", format!("{{\"bulk\": {{{}}}}}", members.join(",")));
    alice.run(&format!("apply -f {} --reason bulk", file.display())).ok();
    for words in [
        &["history", "--limit", "1000"][..],
        &["get"],
        &["get", "-o", "json"],
        &["audit", "export"],
        &["audit", "list", "-o", "ndjson"],
        &["manifest", "show"],
        &["version", "show"],
        &["completions", "bash"],
        &["--help"],
        &["set", "--help"],
        &["--version"],
    ] {
        // Nobody reads at all.
        let output = alice.command(words).stdout(closed_pipe()).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {:?} {said}", output.status);
        assert!(!said.contains("error") && !said.contains("ipe"), "{words:?} is not quiet: {said}");
        // One line is read, as `head -1` does.
        let mut child = alice.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 1];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {:?} {said}", output.status);
    }
    let line = format!("'{}' history | head -1", crate::harness::PROGRAM);
    let plain = alice.command(&[]);
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("set -o pipefail; {line}")]).env_clear();
    shell.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.output().unwrap();
    assert!(
        output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("error"),
        "{output:?}"
    );
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1);
}

/// Measure 7: a write whose answer nobody reads is made all the same, and one whose remarks nobody reads, too.
#[test]
fn a_write_whose_words_go_nowhere_is_made() {
    let (_world, alice, _) = small();
    let nowhere = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let set = |value: &str| alice.command(&["set", "limit", value, "--reason", "r"]);
    let output = set("31").stdout(closed_pipe()).output().unwrap();
    assert_eq!(
        (output.status.code(), alice.run("get limit").ok()),
        (Some(0), "31\n".to_owned()),
        "{output:?}"
    );
    let output = set("32").stderr(closed_pipe()).stdout(Stdio::piped()).output().unwrap();
    assert_eq!(
        (output.status.code(), alice.run("get limit").ok()),
        (Some(0), "32\n".to_owned()),
        "{output:?}"
    );
    let output = set("33").stdout(nowhere()).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), alice.run("get limit").ok()), (Some(7), "33\n".to_owned()), "{said}");
    assert!(said.contains("done nevertheless"), "{said}");
    let output = alice.command(&["get", "limit"]).stdout(nowhere()).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let plain = alice.command(&[]);
        let mut shell = Command::new("bash");
        shell
            .args([
                "-c",
                &format!("'{}' set limit 4{} --reason r {closed}", crate::harness::PROGRAM, closed.len()),
            ])
            .env_clear();
        shell.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let status = shell.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(matches!(status.code(), Some(0 | 7)), "{closed}: {status:?}");
        alice.run("doctor").ok();
    }
}

/// Sends a signal once the child sleeps in what it was asked to do.
fn interrupted(alice: &User, words: &[&str], signal: &str, after: Duration) -> std::process::Output {
    let child = alice
        .command(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    let status =
        Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
    assert!(status.success(), "the command had ended already");
    let begun = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{words:?} took {:?} to end", begun.elapsed());
    output
}

/// Measure 7: who waits, and who reads a pipe that says nothing, ends at once and says 130 or 143.
#[test]
fn an_interrupted_command_ends_with_the_signals_code() {
    let (_world, alice, _) = small();
    let id = alice.run("set pool 9 --reason r -o name").out.trim().to_owned();
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        for words in [
            &["set", "pool", "9", "--wait", "--timeout", "1m", "--reason", "r"][..],
            &["set", "limit", "--stdin", "--reason", "r"],
            &["apply", "-f", "-", "--reason", "r"],
        ] {
            let output = interrupted(&alice, words, signal, Duration::from_millis(300));
            let ended = output.status.code() == Some(128 + number) || output.status.signal() == Some(number);
            assert!(ended, "{words:?} by {signal}: {:?} {output:?}", output.status);
            assert!(
                !output.stderr.contains(&0x1b),
                "what is no terminal is sent nothing for one: {output:?}"
            );
        }
    }
    assert!(alice.run("change-request list -o name").ok().contains(&id));
    alice.run("doctor").ok();
}

/// Measure 7.
#[test]
fn a_signal_within_a_write_leaves_it_done_or_not_begun() {
    if !strace("a signal within a write") {
        return;
    }
    let (world, alice, _) = small();
    for (round, (call, signal)) in ["fsync", "pwrite64", "renameat2", "unlink", "openat"]
        .into_iter()
        .flat_map(|call| [(call, "INT"), (call, "TERM")])
        .enumerate()
    {
        for when in [1, 2, 5, 9, 14] {
            let value = (100 * (round + 1) + when).to_string();
            world.pass(1);
            let before = alice.run("get limit").ok();
            let words = ["set", "limit", &value, "--reason", "r"];
            let (output, _) = injected(&alice, &words, call, &format!("signal={signal}:when={when}"));
            let after = alice.run("get limit").ok();
            let what = format!("{signal} at {call} {when}: {output:?}");
            assert!(after == before || after.trim() == value, "{what}");
            assert!(output.stdout.is_empty() || after.trim() == value, "{what}");
            assert!(output.status.code() != Some(0) || after.trim() == value, "{what}");
            whole_backups(&world.store(), &what);
        }
    }
    assert!(!backup_files(&world.store()).is_empty());
    let mut library = Library::open(&world.store(), Access::Write, BEGINNING).unwrap();
    assert_eq!(library.broken(), Vec::<String>::new());
}
