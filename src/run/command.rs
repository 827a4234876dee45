//! Running another program: an argument vector, never a shell; with a time that it has, and a way out of every end.
//!
//! What must stay true: the child is always reaped; one that outlives its time is killed with its whole process group,
//! by the group's number, and only while that number is surely its own; a child that reads nothing, writes without end,
//! ends at once or leaves others behind holds nobody up.

use super::capture::{Captured, Pipes};
use crate::domain::wording::plain_reason;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

/// What of this program's environment a child gets, beside what is given to it by name.
const INHERITED: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// The longest time between two looks whether the child has ended, where its pipes do not say.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How long a killed child may take to go. Only one that hangs in the kernel takes longer.
const GOING: Duration = Duration::from_secs(2);

/// A program to run.
#[derive(Debug, Clone)]
pub struct Command<'a> {
    /// The program, as a whole path or found in `PATH`, and its arguments.
    pub vector: &'a [String],
    /// What it gets on its standard input.
    pub input: &'a str,
    /// What it finds in its environment beside `PATH`, `HOME`, `LANG` and `TZ`; there is nothing else.
    pub variables: &'a [(String, String)],
    /// How long it may take.
    pub timeout: Duration,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal, which was not ours.
    Signalled(i32),
    /// It was killed because its time was over.
    TimedOut(Duration),
    /// It never began, for this reason.
    NotStarted(String),
    /// It began, and for this reason nobody could learn what became of it.
    Lost(String),
}

/// What became of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Which.
    pub program: String,
    /// How it ended.
    pub end: End,
    /// How long it took.
    pub took: Duration,
    /// What it wrote to standard output.
    pub stdout: Captured,
    /// What it wrote to standard error.
    pub stderr: Captured,
}

impl Ran {
    /// Whether it ended by itself with 0.
    pub fn succeeded(&self) -> bool {
        self.end == End::Exited(0)
    }

    /// The exit code, where it ended by itself.
    pub fn exit_code(&self) -> Option<i32> {
        match self.end {
            End::Exited(code) => Some(code),
            _ => None,
        }
    }

    /// How it ended, in one sentence. What it wrote is not in it.
    pub fn sentence(&self) -> String {
        let program = &self.program;
        match &self.end {
            End::Exited(code) => format!("{program} ended with exit code {code}."),
            End::Signalled(signal) => format!("{program} was ended by {}.", signal_name(*signal)),
            End::TimedOut(timeout) => {
                format!(
                    "{program} did not end within {} and was killed.",
                    humantime::format_duration(*timeout)
                )
            }
            End::NotStarted(why) => format!("{program} could not be started: {why}."),
            End::Lost(why) => format!("{program} was started, and its end is not known: {why}."),
        }
    }
}

fn signal_name(number: i32) -> String {
    signal_hook::low_level::signal_name(number)
        .map_or_else(|| format!("signal {number}"), |name| format!("{name} (signal {number})"))
}

/// Runs a program to its end, or to the end of its time. What it left behind in the background is not waited for.
pub fn run(command: &Command<'_>) -> Ran {
    let begun = Instant::now();
    let program = command.vector.first().cloned().unwrap_or_default();
    let ended = |end, (stdout, stderr)| Ran { program, end, took: begun.elapsed(), stdout, stderr };
    let mut child = match start(command) {
        Ok(child) => child,
        Err(error) => return ended(End::NotStarted(plain_reason(&error.to_string())), Default::default()),
    };
    let mut pipes = match Pipes::of(&mut child, command.input.as_bytes()) {
        Ok(pipes) => pipes,
        Err(error) => {
            kill(child);
            return ended(End::NotStarted(plain_reason(&error.to_string())), Default::default());
        }
    };
    let mut pause = Duration::from_millis(1);
    loop {
        pipes.exchange();
        match child.try_wait() {
            Ok(Some(status)) => {
                // What it wrote before it ended is in the pipe; whoever else holds the pipe open is not waited for.
                pipes.exchange();
                return ended(end_of(status), pipes.captured());
            }
            Ok(None) => {}
            // Whose number the child had may be another's by now: nothing is killed.
            Err(error) => return ended(End::Lost(plain_reason(&error.to_string())), pipes.captured()),
        }
        let left = command.timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            kill(child);
            pipes.exchange();
            return ended(End::TimedOut(command.timeout), pipes.captured());
        }
        if pipes.are_closed() {
            thread::sleep(pause.min(left));
        } else {
            pipes.wait(pause.min(left));
        }
        pause = (pause * 2).min(LOOK_AGAIN);
    }
}

/// Where whoever started us ignores SIGCHLD, so would we, and the kernel would reap our children before we ask. A
/// handler of our own ends that, and wakes us as soon as a child ends.
fn hear_of_children() {
    static HEARD: Once = Once::new();
    HEARD.call_once(|| {
        let _ = signal_hook::flag::register(signal_hook::consts::SIGCHLD, Arc::new(AtomicBool::new(false)));
    });
}

fn start(command: &Command<'_>) -> io::Result<Child> {
    hear_of_children();
    let [program, arguments @ ..] = command.vector else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no program"));
    };
    let kept = INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    std::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(kept)
        .envs(command.variables.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Signalled(signal.unwrap_or_default()),
    }
}

/// Kills a child and everything in its process group, and reaps it. It was not reaped before, so that its number is
/// still its own.
fn kill(mut child: Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let begun = Instant::now();
    while begun.elapsed() < GOING {
        match child.try_wait() {
            Ok(None) => thread::sleep(Duration::from_millis(1)),
            _ => return,
        }
    }
    // It hangs in the kernel. Nobody waits for it here, and yet it is reaped when it goes.
    let _ = thread::Builder::new().spawn(move || child.wait());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::capture::KEPT;
    use rustix::process::kill_process;

    fn shell(script: &str, input: &str, timeout: Duration) -> Ran {
        let vector = ["/bin/sh", "-c", script].map(str::to_owned);
        let variables = [("CFGCTL_EVENT".to_owned(), "request".to_owned())];
        run(&Command { vector: &vector, input, variables: &variables, timeout })
    }

    const LONG: Duration = Duration::from_secs(30);
    /// Enough for a shell to begin, also on a machine that is busy.
    const SHORT: Duration = Duration::from_secs(2);

    fn pid(text: &str) -> Pid {
        Pid::from_raw(text.trim().parse().unwrap()).unwrap()
    }

    /// Gone, or dead and only waiting for whoever adopted it.
    fn is_gone(pid: Pid) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid()));
        state
            .map_or(true, |line| line.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X'])))
    }

    fn goes(pid: Pid) -> bool {
        let begun = Instant::now();
        while !is_gone(pid) && begun.elapsed() < LONG {
            thread::sleep(Duration::from_millis(5));
        }
        is_gone(pid)
    }

    #[test]
    fn a_program_that_ends_tells_its_code_and_what_it_wrote() {
        let ran = shell("cat; echo wrong >&2; exit 3", "a notice\n", LONG);
        assert_eq!((ran.end.clone(), ran.exit_code(), ran.succeeded()), (End::Exited(3), Some(3), false));
        assert_eq!((ran.stdout.text.as_str(), ran.stderr.text.as_str()), ("a notice\n", "wrong\n"));
        assert_eq!(ran.sentence(), "/bin/sh ended with exit code 3.");
        assert!(shell("true", "", LONG).succeeded());
    }

    #[test]
    fn a_program_is_found_in_path_and_gets_no_more_of_the_environment_than_it_should() {
        let vector = ["env".to_owned()];
        let variables = [("CFGCTL_SUMMARY".to_owned(), "a b".to_owned())];
        let ran = run(&Command { vector: &vector, input: "", variables: &variables, timeout: LONG });
        assert!(ran.succeeded(), "{}", ran.sentence());
        assert!(ran.stdout.text.contains("CFGCTL_SUMMARY=a b\n") && ran.stdout.text.contains("PATH="));
        for line in ran.stdout.text.lines() {
            let name = line.split('=').next().unwrap();
            assert!(INHERITED.contains(&name) || name == "CFGCTL_SUMMARY", "{line}");
        }
    }

    #[test]
    fn arguments_reach_the_program_as_they_are_and_no_shell_reads_them() {
        let vector = ["printf", "%s|", "$HOME", "a b", "; true", "*"].map(str::to_owned);
        let ran = run(&Command { vector: &vector, input: "", variables: &[], timeout: LONG });
        assert_eq!(ran.stdout.text, "$HOME|a b|; true|*|");
    }

    #[test]
    fn a_program_that_cannot_be_started_is_told_apart() {
        for (vector, why) in [
            (vec!["/no/such/program".to_owned()], "no such file or directory"),
            (vec!["no-such-program-anywhere".to_owned()], "no such file or directory"),
            (vec!["/".to_owned()], "permission denied"),
            (vec!["sh".to_owned(), "a\0b".to_owned()], "nul byte"),
            (vec![], "there is no program"),
        ] {
            let ran = run(&Command { vector: &vector, input: "x", variables: &[], timeout: LONG });
            assert!(matches!(ran.end, End::NotStarted(_)) && !ran.succeeded(), "{ran:?}");
            assert!(
                ran.sentence().contains("could not be started: ") && ran.sentence().contains(why),
                "{ran:?}"
            );
        }
    }

    #[test]
    fn a_signal_that_was_not_ours_is_told_by_name() {
        let ran = shell("kill -TERM $$", "", LONG);
        assert_eq!((ran.end.clone(), ran.exit_code()), (End::Signalled(15), None));
        assert_eq!(ran.sentence(), "/bin/sh was ended by SIGTERM (signal 15).");
    }

    #[test]
    fn a_program_that_outlives_its_time_is_killed_with_its_whole_group() {
        let ran = shell("echo $$; sleep 300 & echo $!; wait", "", SHORT);
        assert_eq!(ran.end, End::TimedOut(SHORT));
        assert_eq!(ran.sentence(), "/bin/sh did not end within 2s and was killed.");
        assert!(ran.took < LONG, "{:?}", ran.took);
        let (shell, below) = ran.stdout.text.split_once('\n').unwrap();
        assert!(!std::path::Path::new(&format!("/proc/{shell}")).exists(), "the child is a zombie");
        assert!(goes(pid(below)), "what it started goes on");
    }

    #[test]
    fn a_program_that_ignores_signals_is_killed_nevertheless() {
        let ran = shell("trap '' TERM INT HUP; echo $$; while :; do sleep 1; done", "", SHORT);
        assert_eq!(ran.end, End::TimedOut(SHORT));
        assert!(is_gone(pid(&ran.stdout.text)));
    }

    #[test]
    fn a_program_that_does_not_read_its_input_holds_nobody_up() {
        let much = "x".repeat(4 * 1024 * 1024);
        assert_eq!(shell("exit 0", &much, LONG).end, End::Exited(0));
        assert_eq!(shell("exec <&-; sleep 0.2; exit 4", &much, LONG).end, End::Exited(4));
        assert_eq!(shell("exec sleep 300", &much, SHORT).end, End::TimedOut(SHORT));
        assert_eq!(shell("wc -c", &much, LONG).stdout.text.trim(), "4194304");
    }

    #[test]
    fn a_program_that_writes_without_end_is_read_on_and_only_its_beginning_is_kept() {
        let ran = shell("echo first; echo other >&2; yes | head -c 3000000; yes >&2", "", SHORT);
        assert_eq!(ran.end, End::TimedOut(SHORT));
        assert!(ran.stdout.text.starts_with("first\ny\n") && ran.stderr.text.starts_with("other\ny\n"));
        assert_eq!((ran.stdout.text.len(), ran.stdout.cut), (KEPT, true));
        let ran = shell("yes | head -c 3000000; echo end >&2", "", LONG);
        assert_eq!((ran.end, ran.stdout.cut, ran.stderr.text.as_str()), (End::Exited(0), true, "end\n"));
    }

    #[test]
    fn what_a_program_leaves_behind_is_not_waited_for_and_not_killed() {
        let ran = shell("sleep 300 & echo $!", "", LONG);
        assert_eq!(ran.end, End::Exited(0));
        assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
        let below = pid(&ran.stdout.text);
        assert!(!is_gone(below));
        kill_process(below, Signal::KILL).unwrap();
    }

    #[test]
    fn a_program_that_closes_its_pipes_still_has_only_its_time() {
        let ran = shell("exec <&- >&- 2>&-; exec sleep 300", "", SHORT);
        assert_eq!(ran.end, End::TimedOut(SHORT));
        assert_eq!(shell("exec <&- >&- 2>&-; sleep 0.1; exit 7", "", LONG).end, End::Exited(7));
    }

    #[test]
    fn output_that_is_no_text_and_lines_that_are_blank_do_no_harm() {
        let ran = shell(r"printf '\377\n\n  \nsecond  \nthird\n'", "", LONG);
        let lines: Vec<&str> = ran.stdout.first_lines(2).collect();
        assert_eq!(lines, ["\u{fffd}", "second"]);
    }

    #[test]
    fn many_programs_at_once_end_each_for_itself() {
        let all: Vec<_> = (0..16)
            .map(|number| thread::spawn(move || shell(&format!("cat >&2; exit {number}"), "in", LONG)))
            .collect();
        for (number, one) in (0..).zip(all) {
            let ran = one.join().unwrap();
            assert_eq!((ran.end, ran.stderr.text.as_str()), (End::Exited(number), "in"));
        }
    }
}
