//! What the shell completes: paths, versions, tags, requests, changes, backups, members, sources and services of the store that is meant.
//!
//! What must stay true: completion never writes, asks, or takes longer than 300 ms; what goes wrong gives nothing.

use super::context_file::Contexts;
use super::target::Target;
use super::{caller, environment, place};
use crate::api::complete::{Candidate, Complete, Noun};
use crate::domain::error::Result;
use crate::output::escape;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use std::ffi::OsStr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The variable by which a shell asks for completions.
pub(crate) const VARIABLE: &str = "CFGCTL_COMPLETE";

/// How long the store has; the rest of 300 ms is the program's.
const PATIENCE: Duration = Duration::from_millis(200);

pub(crate) fn paths() -> ArgValueCompleter {
    of(Noun::Path)
}

pub(crate) fn versions() -> ArgValueCompleter {
    of(Noun::Version)
}

pub(crate) fn tags() -> ArgValueCompleter {
    of(Noun::Tag)
}

pub(crate) fn requests() -> ArgValueCompleter {
    of(Noun::Request)
}

pub(crate) fn changes() -> ArgValueCompleter {
    of(Noun::Change)
}

pub(crate) fn backups() -> ArgValueCompleter {
    of(Noun::Backup)
}

pub(crate) fn members() -> ArgValueCompleter {
    of(Noun::Member)
}

pub(crate) fn sources() -> ArgValueCompleter {
    of(Noun::Source)
}

pub(crate) fn services() -> ArgValueCompleter {
    of(Noun::Service)
}

/// The layers: those that every store has, and its sources.
pub(crate) fn layers() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let mut layers: Vec<_> = ["override", "base", "default"]
            .into_iter()
            .filter(|name| typed.to_str().is_some_and(|typed| name.starts_with(typed)))
            .map(CompletionCandidate::new)
            .collect();
        layers.extend(sources().complete(typed));
        layers
    })
}

/// The names of contexts.
pub(crate) fn contexts() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let contexts = Contexts::load().unwrap_or_default();
        let begins = |name: &str| typed.to_str().is_some_and(|typed| name.starts_with(typed));
        contexts
            .all()
            .filter(|(name, ..)| begins(name))
            .map(|(name, ..)| CompletionCandidate::new(name))
            .collect()
    })
}

fn of(noun: Noun) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| candidates(noun, typed))
}

/// Whether a shell asks.
pub(crate) fn is_asked() -> bool {
    environment::variable(VARIABLE).is_some_and(|shell| shell != "0")
}

fn candidates(noun: Noun, typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(prefix) = typed.to_str().map(str::to_owned) else {
        return Vec::new();
    };
    let (answer, answered) = mpsc::channel();
    thread::spawn(move || answer.send(names(noun, prefix).unwrap_or_default()));
    let found = answered.recv_timeout(PATIENCE).unwrap_or_default();
    let fit_to_type = |candidate: &Candidate| !candidate.name.contains(escape::is_hidden);
    let shown = |candidate: Candidate| {
        let about = escape::line(&candidate.about).into_owned();
        CompletionCandidate::new(candidate.name)
            .help(Some(about).filter(|about| !about.is_empty()).map(Into::into))
    };
    found.into_iter().filter(fit_to_type).map(shown).collect()
}

fn names(noun: Noun, prefix: String) -> Result<Vec<Candidate>> {
    let words: Vec<String> = std::env::args_os().filter_map(|word| word.into_string().ok()).collect();
    let store = flag("--store", &words);
    let place = place::resolve(store.map(std::path::Path::new), flag("--context", &words))?;
    let token_file = flag("--token-file", &words).map(std::path::Path::new);
    let mut target = Target::to_read(&place, caller::caller(token_file)?)?;
    Ok(target.call(Complete { noun, prefix })?.items)
}

/// The value that a flag has on the line being typed.
fn flag<'a>(name: &str, words: &'a [String]) -> Option<&'a str> {
    let apart = words.windows(2).filter(|pair| pair[0] == name).map(|pair| pair[1].as_str()).next_back();
    let joined = || words.iter().filter_map(|word| word.strip_prefix(name)?.strip_prefix('=')).next_back();
    apart.or_else(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_meant_is_the_one_on_the_line() {
        for (line, store) in [
            ("cfgctl -- cfgctl --store /a.db get ser", Some("/a.db")),
            ("cfgctl -- cfgctl --store=/a.db get", Some("/a.db")),
            ("cfgctl -- cfgctl get --store", None),
            ("cfgctl -- cfgctl get", None),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(flag("--store", &words), store, "{line}");
        }
    }

    #[test]
    fn what_is_no_text_completes_to_nothing() {
        use std::os::unix::ffi::OsStrExt;
        assert!(candidates(Noun::Path, OsStr::from_bytes(b"\xff")).is_empty());
    }
}
