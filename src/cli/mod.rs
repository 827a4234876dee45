//! What was typed becomes a request: one file a noun, and around them the store, the caller, prompts and exit codes.
//!
//! What must stay true: standard output carries the answer and nothing else; an error is printed once, here; nothing
//! is written before a completion request is answered; how the program ends is decided in `exit` alone.

mod apply;
mod arguments;
mod ask;
mod audit;
mod backup;
mod caller;
mod change;
mod change_request;
mod complete;
mod confirm;
mod context;
mod context_file;
mod csv;
mod delegation;
mod diff;
mod document;
mod drift;
mod edit;
mod emergency;
mod environment;
mod exec;
mod exit;
mod export;
mod feature;
mod follow;
mod generate;
mod history;
mod init;
mod input;
mod machine;
mod maintenance;
mod manifest;
mod member;
mod notify;
mod operand;
mod panic;
mod place;
mod prompt;
mod reload;
mod restart;
mod review;
mod rollback;
mod secret;
mod service;
mod session;
mod settle;
mod signals;
mod source;
mod stats;
mod status;
mod target;
mod terms;
mod value;
mod version;
mod wait;
mod watch;

use crate::api::Outcome;
use crate::domain::error::{Error, Result};
use crate::output::{Format, Named, stream};
use arguments::{Arguments, Command, Options};
use change::Set;
use clap::{Args, CommandFactory, FromArgMatches, Parser};
use clap_complete::CompleteEnv;
use session::Session;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use value::Get;

/// Does what the command line says and gives the exit code.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    if complete::is_asked() {
        return ExitCode::from(completed(words));
    }
    // Before anything is built: it is what scripts ask most often.
    let version_asked = matches!(words.as_slice(), [_, word] if word == "--version" || word == "-V");
    if version_asked {
        return end(&version(), false, false, &Named::BY_NOTHING);
    }
    let json = wants_json(&words);
    let parsed =
        plain_get(&words).or_else(|| set_alone(&words)).map_or_else(|| Arguments::try_parse_from(words), Ok);
    match parsed {
        Ok(arguments) => {
            let json = arguments.options.format().map_or(json, is_json);
            let exit_zero = arguments.options.exit_zero;
            let named = arguments.options.named();
            end(&panic::caught(|| run(arguments)), exit_zero, json, &named)
        }
        Err(error) => ExitCode::from(exit::for_words(&error, json)),
    }
}

/// `cfgctl get PATH` and no more: what scripts call in loops is read without the table of commands, which costs as
/// much as the store's answer.
fn plain_get(words: &[OsString]) -> Option<Arguments> {
    let (store, command, path) = match words {
        [_, command, path] => (None, command, path),
        [_, flag, store, command, path] if flag == "--store" => (Some(PathBuf::from(store)), command, path),
        _ => return None,
    };
    let path = path.to_str().filter(|path| command == "get" && !path.starts_with('-'))?;
    // A place that looks like a flag, or is empty, is clap's to judge.
    let plain =
        |store: &PathBuf| store.to_str().is_some_and(|store| !store.is_empty() && !store.starts_with('-'));
    if store.as_ref().is_some_and(|store| !plain(store)) {
        return None;
    }
    Some(Arguments {
        options: Options { store, ..Options::default() },
        command: Command::Get(Get::of_path(path)),
    })
}

/// `cfgctl set …` parsed by a table of this one command: the table of all of them, each with the options of every
/// command, costs as much as a sync to disk. What it does not take is the whole table's to take or to complain of.
fn set_alone(words: &[OsString]) -> Option<Arguments> {
    let first = match words {
        [_, flag, _, command, ..] if flag == "--store" => command,
        [_, command, ..] => command,
        _ => return None,
    };
    if first != "set" {
        return None;
    }
    let set = Set::augment_args(clap::Command::new("set"));
    let table = Options::augment_args(clap::Command::new("cfgctl")).subcommand(set);
    let matches = table.try_get_matches_from(words).ok()?;
    let (_, of_set) = matches.subcommand()?;
    Some(Arguments {
        options: Options::from_arg_matches(&matches).ok()?,
        command: Command::Set(Set::from_arg_matches(of_set).ok()?),
    })
}

/// Answers a shell that completes. What goes wrong on the way is nothing to complete, not a noise in the prompt.
fn completed(words: Vec<OsString>) -> u8 {
    std::panic::set_hook(Box::new(|_| {}));
    let folder = std::env::current_dir().ok();
    let completion = CompleteEnv::with_factory(Arguments::command).var(complete::VARIABLE).bin("cfgctl");
    if completion.try_complete(words, folder.as_deref()).is_ok() { 0 } else { 2 }
}

fn run(arguments: Arguments) -> Result<Outcome> {
    let mut session = Session::new(arguments.options)?;
    if session.format.is_for_exports() && !arguments.command.exports() {
        return Err(Error::usage("csv and md are for exports, and this answer is none.")
            .hint("The other formats are table, json, yaml, raw, name and ndjson."));
    }
    let result = arguments.command.run(&mut session);
    // What was done before something failed may have something to say too.
    session.say_remarks();
    let outcome = result?;
    session.finish();
    Ok(outcome)
}

fn end(result: &Result<Outcome>, exit_zero: bool, json: bool, named: &Named) -> ExitCode {
    let code = exit::code_of(result.as_ref(), exit_zero);
    if let Err(error) = result {
        exit::complain(error, code, json, named);
    }
    ExitCode::from(code)
}

fn version() -> Result<Outcome> {
    let written = stream::answer(concat!("cfgctl ", env!("CARGO_PKG_VERSION"), "\n"));
    session::written(written, false).map(|_| Outcome::Done)
}

/// Whether errors are to be JSON, as far as words that may not even parse say so.
fn wants_json(words: &[OsString]) -> bool {
    let words: Vec<&str> =
        words.iter().map_while(|word| word.to_str().filter(|word| *word != "--")).collect();
    let after = |flag: &str| words.windows(2).filter(|pair| pair[0] == flag).map(|pair| pair[1]).next_back();
    let within = |flag: &str| words.iter().filter_map(|word| word.strip_prefix(flag)).next_back();
    let variable = environment::text("CFGCTL_OUTPUT").ok().flatten();
    after("-o")
        .or_else(|| after("--output"))
        .or_else(|| within("--output="))
        .or_else(|| within("-o"))
        .or(variable.as_deref())
        .is_some_and(|name| Format::parse(name).is_ok_and(is_json))
}

fn is_json(format: Format) -> bool {
    matches!(format, Format::Json | Format::Ndjson)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::named;

    #[test]
    fn the_commands_hold_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_commands_that_work_on_a_store_are_shown_with_its_name() {
        let elsewhere = ["init", "context", "completions", "man", "generate"];
        for command in Arguments::command().get_subcommands() {
            let known = named::COMMANDS.contains(&command.get_name());
            assert_ne!(known, elsewhere.contains(&command.get_name()), "{}", command.get_name());
        }
    }

    #[test]
    fn a_plain_get_is_read_as_the_table_of_commands_reads_it() {
        for line in [
            "get server.port",
            "--store /x get a",
            "--store -x get a",
            "--store get a",
            "get",
            "get a b",
            "get -h",
            "get --layer",
            "unset a",
            "get a -q",
            "get -",
        ] {
            let words: Vec<OsString> =
                ["cfgctl"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
            let Some(Arguments { options, command: Command::Get(get) }) = plain_get(&words) else {
                assert!(!["get server.port", "--store /x get a"].contains(&line), "{line}");
                continue;
            };
            let Ok(Arguments { options: wanted_options, command: Command::Get(wanted) }) =
                Arguments::try_parse_from(&words)
            else {
                panic!("{line} is no get");
            };
            assert!(options == wanted_options && get == wanted, "{line}");
        }
    }

    #[test]
    fn words_that_do_not_parse_still_say_how_errors_are_wanted() {
        for (words, json) in [
            (&["cfgctl", "get", "-o", "json", "--bad"][..], true),
            (&["cfgctl", "--output=ndjson", "get"], true),
            (&["cfgctl", "-ojson"], true),
            (&["cfgctl", "get", "--output", "yaml"], false),
            (&["cfgctl", "exec", "--", "curl", "-o", "json"], false),
            (&["cfgctl", "get", "-o"], false),
        ] {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            assert_eq!(wants_json(&words), json, "{words:?}");
        }
    }
}
