//! Hands on the machine: what is done to other programs, and what they answer. Knows nothing of policy or SQL.
//!
//! A service's definition (`domain::service`) says what to do, and each file here does one part of it: [`render`] and
//! [`patch`] make the bytes, [`stamp`] says on them where they come from, [`file`], [`hand`] bring them to the service,
//! [`reload`] and [`restart`] tell it, [`read_back`] and [`health`] ask it. [`lock`] keeps two from doing so at once.
//!
//! What must stay true: nothing here runs while a transaction is open; nothing waits longer than it was told to;
//! whatever is started is ended, and only that; no message holds a value.

pub mod file;
pub mod hand;
pub mod health;
pub mod lock;
mod metrics;
pub mod notify;
mod owner;
pub mod patch;
pub mod read_back;
pub mod reload;
pub mod render;
pub mod restart;
pub mod stamp;
mod template;
mod web;

use crate::domain::base_document::{Expected, Lookup};
use crate::domain::error::{Error, Result};
use crate::domain::notice::on_one_line;
use crate::domain::path::Path;
use crate::domain::value::Value;
use crate::run::Captured;
use crate::run::command::{Command, Ran, run};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// What of the machine a definition may refer to.
pub struct Surroundings<'a> {
    /// The folder of the manifest's relative names: of templates and certificates.
    pub home: PathBuf,
    /// The variables of the environment, for headers and the proxy.
    pub variable: Lookup<'a>,
    /// The secrets that programs may have read: what they say of a failure is told without them.
    pub secrets: &'a [String],
}

/// What a service is given.
pub struct Content<'a> {
    /// The values that it uses, secrets among them as they are.
    pub values: &'a BTreeMap<Path, Value>,
    /// Which of them are secrets: no message may hold them.
    pub secrets: &'a BTreeSet<Path>,
    /// The types that the settings ask for.
    pub expected: Expected<'a>,
    /// The instance's variables, for a template.
    pub variables: &'a BTreeMap<String, String>,
}

impl Surroundings<'_> {
    /// Words of another program without the secrets in them; nothing where a secret is too short to be told apart from
    /// other words.
    fn without_secrets(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets {
            if secret.chars().count() < SHORTEST_SECRET {
                return String::new();
            }
            // Many programs show a text in quotes and escapes, or the one line of it that is wrong.
            let escaped = Value::from(secret.as_str()).to_string();
            let lines = secret.lines().filter(|line| line.chars().count() >= SHORTEST_SECRET);
            for form in [secret.as_str(), escaped.trim_matches('"')].into_iter().chain(lines) {
                text = text.replace(form, "(secret)");
            }
        }
        text
    }
}

/// The fewest characters by which a secret is known again.
const SHORTEST_SECRET: usize = 4;

/// Runs a command of a definition. `unavailable` where it does not succeed, with the first lines of what it says.
fn run_well(vector: &[String], input: &str, timeout: Duration, around: &Surroundings<'_>) -> Result<Ran> {
    let ran = run(&Command { vector, input, variables: &[], timeout });
    if ran.succeeded() {
        return Ok(ran);
    }
    let said = on_one_line(&around.without_secrets(&first_lines(&ran)).replace('\n', " / "));
    let said = if said.is_empty() { said } else { format!(" It says: {said}") };
    Err(Error::unavailable(format!("{}{said}", ran.sentence()))
        .hint(format!("Run it yourself: {}", shown(vector))))
}

/// The first lines of what a program says of its failure: on standard error, else on standard output.
fn first_lines(ran: &Ran) -> String {
    let of = |output: &Captured| output.first_lines(3).collect::<Vec<_>>().join("\n");
    let said = of(&ran.stderr);
    if said.is_empty() { of(&ran.stdout) } else { said }
}

/// A vector as a shell would take it, for people.
fn shown(vector: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c);
    let quoted = |text: &String| {
        if !text.is_empty() && text.chars().all(is_plain) {
            text.clone()
        } else {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
    };
    vector.iter().map(quoted).collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_of_its_failure_holds_no_secret() {
        let secrets = ["can\"ary\nsecond line".to_owned(), "hunter2".to_owned()];
        let with = |secrets: &[String], script: &str| {
            let around = Surroundings { home: PathBuf::new(), variable: &|_| None, secrets };
            let vector = ["/bin/sh", "-c", script].map(str::to_owned);
            run_well(&vector, "", Duration::from_secs(30), &around).unwrap_err().message
        };
        for (script, says) in [
            ("echo 'line 3: hunter2 is wrong' >&2; exit 1", "line 3: (secret) is wrong"),
            (r#"printf '%s\n' 'can"ary' 'second line!' >&2; exit 1"#, "(secret)!"),
            (r#"printf '%s\n' '"can\"ary\nsecond line"' >&2; exit 1"#, "\"(secret)\""),
            ("echo 'on stdout'; exit 1", "on stdout"),
            (r"printf 'a\033[31m\nb' >&2; exit 1", "a\\u{1b}[31m / b"),
        ] {
            let told = with(&secrets, script);
            assert_eq!(told, format!("/bin/sh ended with exit code 1. It says: {says}"), "{script}");
        }
        // Nobody can tell a secret of one digit from a number of a line.
        let told = with(&["3".to_owned()], "echo 'line 3' >&2; exit 1");
        assert_eq!(told, "/bin/sh ended with exit code 1.");
    }

    #[test]
    fn a_vector_is_shown_as_a_shell_would_take_it() {
        let vector = ["nginx", "-t", "a b", "it's", "", "$x"].map(str::to_owned);
        assert_eq!(shown(&vector), r"nginx -t 'a b' 'it'\''s' '' '$x'");
    }
}
