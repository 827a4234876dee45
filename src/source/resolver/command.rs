//! A secret that a program writes.
//!
//! What must stay true: no shell; the program has a time; what it wrote is no part of any message, for it may be the
//! secret or half of it.

use crate::domain::error::{Error, Result};
use crate::run::command::{Command, End, run};
use crate::source::environment::of_bytes;
use crate::source::secret::Secret;
use std::ffi::OsString;
use std::time::Duration;
use zeroize::Zeroize;

/// A program that the manifest names for secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretCommand {
    /// The program and its arguments; `{name}` in an argument stands for the name of the secret that is asked for.
    pub vector: Vec<String>,
    /// The variables that it gets beside `PATH`, `HOME`, `LANG` and `TZ`, by name.
    pub variables: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
}

/// Runs it, and takes what it writes to standard output.
pub(super) fn resolve(
    command: &SecretCommand,
    name: &str,
    lookup: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Secret> {
    let mut vector = command.vector.clone();
    for argument in vector.iter_mut().skip(1) {
        *argument = argument.replace("{name}", name);
    }
    let given = |name: &String| Some((name.clone(), lookup(name)?.into_string().ok()?));
    let mut variables: Vec<(String, String)> = command.variables.iter().filter_map(given).collect();
    let ran = run(&Command { vector: &vector, input: "", variables: &variables, timeout: command.timeout });
    variables.iter_mut().for_each(|(_, value)| value.zeroize());
    let failed = |what: String| {
        let shown = vector.join(" ");
        Error::unavailable(format!("No secret came from a command: {what}"))
            .hint(format!("Try it as the user that cfgctl runs as: {shown}"))
    };
    let sentence = ran.sentence();
    let wrote = ran.stdout.text.into_bytes();
    match ran.end {
        End::Exited(0) => {}
        End::TimedOut(_) => return Err(failed(sentence)),
        _ => return Err(failed(sentence).not_retryable()),
    }
    if ran.stdout.cut {
        return Err(failed(format!("{} wrote more than 64 KiB.", ran.program)).not_retryable());
    }
    let secret = of_bytes(wrote).filter(|secret| !secret.reveal().contains(char::REPLACEMENT_CHARACTER));
    let Some(secret) = secret else {
        return Err(failed(format!("{} wrote what is not UTF-8.", ran.program)).not_retryable());
    };
    if secret.reveal().is_empty() {
        return Err(failed(format!("{} wrote nothing.", ran.program)).not_retryable());
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn ask(script: &str, name: &str, timeout: u64) -> Result<Secret> {
        let vector = ["/bin/sh", "-c", script, "sh", "{name}"].map(str::to_owned).to_vec();
        let variables = vec!["TOKEN".to_owned(), "UNSET".to_owned()];
        let command = SecretCommand { vector, variables, timeout: Duration::from_secs(timeout) };
        resolve(&command, name, &|name| (name == "TOKEN").then(|| "canary".into()))
    }

    #[test]
    fn a_command_gets_the_name_as_one_argument_and_the_variables_that_are_named() {
        assert_eq!(ask("printf '%s' \"$1\"", "a b; $(true)", 30).unwrap().reveal(), "a b; $(true)");
        assert_eq!(ask("echo $TOKEN$UNSET$PATH | cut -c1-6", "x", 30).unwrap().reveal(), "canary");
    }

    #[test]
    fn a_command_that_fails_is_told_without_what_it_wrote() {
        for (script, says, retryable) in [
            ("echo canary; echo canary >&2; exit 3", "ended with exit code 3", false),
            ("echo canary; kill -TERM $$", "SIGTERM", false),
            ("true", "wrote nothing", false),
            (r"printf 'canary\377'", "not UTF-8", false),
            ("yes canary | head -c 70000", "more than 64 KiB", false),
        ] {
            let error = ask(script, "database", 30).unwrap_err();
            assert!(error.message.contains(says) && error.retryable == retryable, "{error}");
            assert!(!error.message.contains("canary"), "{error}");
        }
        let missing = SecretCommand {
            vector: vec!["/no/such/program".to_owned()],
            variables: Vec::new(),
            timeout: Duration::from_secs(30),
        };
        assert!(resolve(&missing, "x", &|_| None).unwrap_err().message.contains("could not be started"));
    }

    #[test]
    fn a_command_that_does_not_end_is_killed_with_all_that_it_started() {
        let begun = Instant::now();
        let error = ask("sleep 300 & echo canary; wait", "x", 2).unwrap_err();
        assert!(error.retryable && error.message.contains("did not end within 2s"), "{error}");
        assert!(!error.message.contains("canary") && begun.elapsed() < Duration::from_secs(60));
    }
}
