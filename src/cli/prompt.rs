//! What is asked of the person at the terminal.
//!
//! What must stay true: nothing is asked unless standard input and standard error are terminals and `--no-input` is
//! absent; otherwise the error names the flag that would have answered. `--yes` never types a name.

use super::signals;
use crate::domain::error::{Error, Result};
use crate::output::escape;
use dialoguer::Input;
use std::io::{self, IsTerminal};

/// What may be asked, and what was answered beforehand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prompts {
    /// Whether standard input and standard error are terminals.
    terminal: bool,
    no_input: bool,
    yes: bool,
    answer: Option<String>,
}

impl Prompts {
    /// For this process's standard input and standard error.
    pub(crate) fn new(no_input: bool, yes: bool, answer: Option<String>) -> Prompts {
        let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        Prompts { terminal, no_input, yes, answer }
    }

    /// Whether a person sits there.
    pub(crate) fn at_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether anything may be asked.
    pub(crate) fn may_ask(&self) -> bool {
        self.terminal && !self.no_input
    }

    /// Whether [`Prompts::confirm`] would ask.
    pub(crate) fn confirms(&self) -> bool {
        self.may_ask() && !self.yes
    }

    /// Whether to go on: asked of a person; taken for granted with `--yes` and where nobody is there to ask.
    pub(crate) fn confirm(&self, question: &str) -> Result<bool> {
        if !self.confirms() {
            return Ok(true);
        }
        yes_or_no(question, Some(false))
    }

    /// A question that `--yes` does not answer. Only where something may be asked.
    pub(crate) fn choose(&self, question: &str) -> Result<bool> {
        yes_or_no(question, None)
    }

    /// The reason given, else the one typed now. `usage` names the flag.
    pub(crate) fn reason(&self, given: Option<String>) -> Result<String> {
        if let Some(reason) = given {
            return Ok(reason);
        }
        if !self.may_ask() {
            return Err(Error::usage("A reason is required for whatever is written.")
                .hint("Say why: --reason \"…\"."));
        }
        asked(|| Input::new().with_prompt("Reason").interact_text())
    }

    /// What was given, else what is typed now. `usage` names the flag.
    pub(crate) fn text(&self, given: Option<String>, question: &str, flag: &str) -> Result<String> {
        if let Some(text) = given {
            return Ok(text);
        }
        if !self.may_ask() {
            return Err(
                Error::usage(format!("{question} is required.")).hint(format!("Say it: {flag} \"…\"."))
            );
        }
        asked(|| Input::new().with_prompt(question).interact_text())
    }

    /// Has this name typed, by `--answer` or now. `usage` where it is another one, or nobody is there to type it.
    pub(crate) fn type_name(&self, expected: &str, what: &str) -> Result<()> {
        let shown = escape::line(expected);
        let typed = match &self.answer {
            Some(answer) => answer.clone(),
            None if self.may_ask() => {
                let prompt = format!("{what} Type {shown} to go on");
                asked(|| Input::<String>::new().with_prompt(prompt).allow_empty(true).interact_text())?
            }
            None => {
                return Err(Error::usage(format!("{what} It must be confirmed by name."))
                    .hint(format!("Confirm it: --answer {shown}")));
            }
        };
        if typed.trim() == expected {
            return Ok(());
        }
        Err(Error::usage(format!("{:?} is not {shown}: nothing was done.", typed.trim()))
            .hint(format!("{what} Confirm it: --answer {shown}")))
    }
}

/// Asks until a whole line says yes or no: what is left of a line would be typed into the shell afterwards.
fn yes_or_no(question: &str, default: Option<bool>) -> Result<bool> {
    let choices = if default == Some(false) { "[y/N]" } else { "[y/n]" };
    let typed: String = asked(|| {
        Input::<String>::new()
            .with_prompt(format!("{question} {choices}"))
            .allow_empty(true)
            .validate_with(|typed: &String| {
                meant(typed, default).map(|_| ()).ok_or("Please answer yes or no.")
            })
            .interact_text()
    })?;
    Ok(meant(&typed, default).unwrap_or(false))
}

/// What an answer means: nothing where it is neither yes nor no.
fn meant(typed: &str, default: Option<bool>) -> Option<bool> {
    match typed.trim().to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        "" => default,
        _ => None,
    }
}

fn asked<T>(ask: impl FnOnce() -> dialoguer::Result<T>) -> Result<T> {
    signals::watch()?;
    ask().map_err(|dialoguer::Error::IO(error)| {
        if error.kind() == io::ErrorKind::Interrupted {
            signals::interrupt();
        }
        Error::usage(format!("There was no answer: {error}.")).hint("Nothing was done.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody(yes: bool, answer: Option<&str>) -> Prompts {
        Prompts { terminal: false, no_input: false, yes, answer: answer.map(str::to_owned) }
    }

    #[test]
    fn where_nobody_can_be_asked_the_flag_is_named() {
        let error = nobody(true, None).reason(None).unwrap_err();
        assert!(error.hint.unwrap().contains("--reason"));
        let error = nobody(true, None).type_name("billing", "This replaces everything.").unwrap_err();
        assert!(error.hint.unwrap().contains("--answer billing"));
        assert!(nobody(false, None).confirm("Sure?").unwrap());
        let silent = Prompts { terminal: true, no_input: true, ..Prompts::default() };
        assert!(silent.reason(None).is_err() && !silent.confirms());
    }

    #[test]
    fn a_name_is_answered_beforehand_only_by_the_very_name() {
        assert!(nobody(false, Some("billing")).type_name("billing", "It ends.").is_ok());
        assert!(nobody(true, Some("bill")).type_name("billing", "It ends.").is_err());
    }

    #[test]
    fn a_whole_word_answers_and_nothing_else_is_taken_for_yes() {
        for (typed, default, expected) in [
            ("y", Some(false), Some(true)),
            (" Yes ", None, Some(true)),
            ("no", Some(false), Some(false)),
            ("n", None, Some(false)),
            ("", Some(false), Some(false)),
            ("", None, None),
            ("yellow", Some(false), None),
            ("nope", None, None),
        ] {
            assert_eq!(meant(typed, default), expected, "{typed:?}");
        }
    }

    #[test]
    fn who_says_yes_is_asked_nothing() {
        let person = Prompts { terminal: true, ..Prompts::default() };
        assert!(person.confirms());
        assert!(!Prompts { yes: true, ..person }.confirms());
    }
}
