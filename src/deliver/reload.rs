//! Telling a service to read its settings again.
//!
//! What must stay true: a signal goes to one process that is there and is not this program; never to a group, never to
//! what an old number may mean by now where the system can tell.

use super::{Surroundings, file::read_regular, run_well, web};
use crate::domain::error::{Code, Error, Result};
use crate::domain::service::{Process, Reload, Signal};
use crate::domain::time::Span;
use crate::net::{Method, shown};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;
use rustix::process::{Pid, getpid, kill_process, test_kill_process};
use std::path::{Path, PathBuf};

/// How long systemd has to say which process a unit's is.
const UNIT_TIMEOUT: Span = Span::seconds(10);
/// The longest file with a process's number, in bytes.
const LONGEST_PID_FILE: u64 = 64;

/// Tells a service to read its settings again. `unavailable` where it cannot be told.
pub fn reload(reload: &Reload, around: &Surroundings<'_>) -> Result<()> {
    match reload {
        Reload::Signal { signal, process } => {
            let pid = match process {
                Process::PidFile(file) => of_pid_file(file)?,
                Process::Unit(unit) => of_unit(unit, around)?,
            };
            send(*signal, pid)
        }
        Reload::Command(command) => {
            run_well(&command.vector, "", command.timeout.duration(), around).map(drop)
        }
        Reload::Http(call) => web::send_well(call, Method::Post, None, around).map(drop),
    }
}

/// Whether a service could be told, without telling it; says what was found. `unavailable` where it could not.
pub fn could(reload: &Reload, around: &Surroundings<'_>) -> Result<String> {
    match reload {
        Reload::Signal { signal, process } => {
            let pid = match process {
                Process::PidFile(file) => of_pid_file(file)?,
                Process::Unit(unit) => of_unit(unit, around)?,
            };
            reach(pid)?;
            Ok(format!("{} would go to the process {}", signal.as_str(), pid.as_raw_pid()))
        }
        Reload::Command(command) => {
            let program = command.vector.first().map_or("", String::as_str);
            let found = found_in_path(program, around).ok_or_else(|| {
                Error::unavailable(format!("There is no program {program} that could be run."))
                    .not_retryable()
                    .hint("Write its whole name into the manifest, or see to $PATH.")
            })?;
            Ok(format!("{} would be run", found.display()))
        }
        Reload::Http(call) => {
            web::check(call, around)?;
            Ok(format!("POST {} would be sent", shown(&call.url)))
        }
    }
}

/// The file of a program, as it would be found.
fn found_in_path(program: &str, around: &Surroundings<'_>) -> Option<PathBuf> {
    let is_program = |file: &PathBuf| {
        accessat(CWD, file, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
            && file.metadata().is_ok_and(|at| at.is_file())
    };
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(is_program);
    }
    let folders = (around.variable)("PATH").unwrap_or_default();
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(is_program)
}

fn of_pid_file(file: &str) -> Result<Pid> {
    let bytes = read_regular(Path::new(file), file, LONGEST_PID_FILE).map_err(|error| match error.code {
        Code::NotFound => Error::unavailable(format!("There is no pid file {file}."))
            .hint("See whether the service runs, and where it writes its number."),
        _ => error,
    })?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    number(text.strip_suffix('\n').unwrap_or(text)).ok_or_else(|| {
        Error::unavailable(format!("The pid file {file} holds no number of a process."))
            .not_retryable()
            .hint(format!("Look at it: head -c 64 {file}"))
    })
}

fn of_unit(unit: &str, around: &Surroundings<'_>) -> Result<Pid> {
    let vector = ["systemctl", "show", "-p", "MainPID", "--value", "--", unit].map(str::to_owned);
    let ran = run_well(&vector, "", UNIT_TIMEOUT.duration(), around)?;
    number(ran.stdout.text.trim()).ok_or_else(|| {
        Error::unavailable(format!("The unit {unit} has no main process."))
            .hint(format!("See whether it runs: systemctl status {unit}"))
    })
}

/// Digits alone, above 1: 0 and 1 are everybody's.
fn number(text: &str) -> Option<Pid> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number: i32 = text.parse().ok().filter(|number| is_number && *number > 1)?;
    Pid::from_raw(number)
}

fn send(signal: Signal, pid: Pid) -> Result<()> {
    reach(pid)?;
    let signal = match signal {
        Signal::Hangup => rustix::process::Signal::HUP,
        Signal::User1 => rustix::process::Signal::USR1,
        Signal::User2 => rustix::process::Signal::USR2,
    };
    kill_process(pid, signal).map_err(|error| cannot_tell(pid, error))
}

/// `unavailable` where a process is not there or may not be told, `refused` where it is this one.
fn reach(pid: Pid) -> Result<()> {
    let number = pid.as_raw_pid();
    if pid == getpid() {
        return Err(Error::refused(format!("The process {number} is cfgctl itself."))
            .hint("See whether the pid file is of a service that has ended."));
    }
    test_kill_process(pid).map_err(|error| cannot_tell(pid, error))
}

fn cannot_tell(pid: Pid, error: Errno) -> Error {
    let number = pid.as_raw_pid();
    match error {
        Errno::SRCH => Error::unavailable(format!("There is no process {number}."))
            .hint("See whether the service runs: its pid file may be of one that has ended."),
        Errno::PERM => Error::unavailable(format!("The process {number} may not be told by this user."))
            .not_retryable()
            .hint("Run cfgctl as root or as the service's user."),
        other => Error::unavailable(format!("The process {number} cannot be told: {other}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};

    const AROUND: Surroundings<'_> =
        Surroundings { home: std::path::PathBuf::new(), variable: &|_| None, secrets: &[] };

    fn by_pid_file(name: &str, text: &str, signal: Signal) -> Result<()> {
        let file = std::env::temp_dir().join(format!("cfgctl-reload-{}-{name}", std::process::id()));
        fs::write(&file, text).unwrap();
        let process = Process::PidFile(file.display().to_string());
        reload(&Reload::Signal { signal, process }, &AROUND)
    }

    /// A service that says which signals it gets.
    fn service() -> (Child, BufReader<std::process::ChildStdout>) {
        let script = "trap 'echo HUP' HUP; trap 'echo USR1' USR1; trap 'echo USR2' USR2; echo ready; \
                      while :; do sleep 0.02; done";
        let mut child = Command::new("/bin/sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        assert_eq!(line(&mut lines), "ready");
        (child, lines)
    }

    fn line(from: &mut impl BufRead) -> String {
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    #[test]
    fn a_signal_reaches_the_process_of_the_pid_file() {
        let (mut child, mut lines) = service();
        for signal in [Signal::Hangup, Signal::User1, Signal::User2] {
            by_pid_file("good", &format!("{}\n", child.id()), signal).unwrap();
            assert_eq!(line(&mut lines), signal.as_str());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let error = by_pid_file("good", &child.id().to_string(), Signal::Hangup).unwrap_err();
        assert!(error.message.contains("There is no process"), "{}", error.message);
    }

    #[test]
    fn what_is_no_number_of_another_process_is_never_signalled() {
        for text in ["", "\n", "0", "1", "-1", "+5", " 5", "5 6", "5\n6", "x", "99999999999999"] {
            let error = by_pid_file("bad", text, Signal::Hangup).unwrap_err();
            assert!(error.message.contains("holds no number"), "{text:?}: {}", error.message);
        }
        let own = std::process::id().to_string();
        assert!(by_pid_file("own", &own, Signal::Hangup).unwrap_err().message.contains("cfgctl itself"));
        let gone = Reload::Signal {
            signal: Signal::Hangup,
            process: Process::PidFile("/no/such/file.pid".to_owned()),
        };
        assert!(reload(&gone, &AROUND).unwrap_err().message.contains("There is no pid file"));
    }
}
