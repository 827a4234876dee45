//! Reading the sources anew while `watch` runs: when their files change, and at a hangup.
//!
//! What must stay true: only `--reload`, or the variable in its place, makes it write; it has a thread and a store of its
//! own, so that the feed waits for no reload and tells of what it did like of anybody's; it ends before the program does.

use super::super::session::Session;
use super::super::target::{Target, Terms, Told};
use super::super::{arguments, caller, environment, exit, signals};
use crate::api::reload::ReloadReply;
use crate::domain::error::{Error, Result};
use crate::domain::time::Span;
use crate::output::{escape, stream, words};
use clap::Args;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Switches it on or off where the flag is absent.
const VARIABLE: &str = "APP_CONFIG_WATCH";
/// So little is no interval: the machine would do nothing else.
const SHORTEST: Duration = Duration::from_millis(10);

/// Whether sources are read anew, and how their files are watched.
#[derive(Args)]
pub(super) struct Keeping {
    /// Reload when the file of a source changes, and on SIGHUP [or $APP_CONFIG_WATCH]
    #[arg(long)]
    reload: bool,
    /// With --reload: look at the files so often, and do not ask the kernel; for file systems over a network
    #[arg(long, value_name = "DURATION", value_parser = arguments::typed(interval))]
    poll: Option<Span>,
    /// With --reload: read a file once it has held still for so long
    #[arg(long, value_name = "DURATION", value_parser = arguments::typed(interval), default_value = "200ms")]
    debounce: Span,
}

fn interval(text: &str) -> Result<Span> {
    let span = Span::parse(text)?;
    let shortest = Span::of(SHORTEST);
    if span < shortest {
        return Err(Error::usage(format!("{text:?} is too short.")).hint(format!("Use {shortest} or more.")));
    }
    Ok(span)
}

impl Keeping {
    /// Whether sources are read anew.
    fn is_wanted(&self) -> Result<bool> {
        if self.reload {
            return Ok(true);
        }
        let Some(text) = environment::text(VARIABLE)? else { return Ok(false) };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(Error::usage(format!("${VARIABLE} is {text:?}, which is neither true nor false."))),
        }
    }

    /// Begins where it is wanted; says first which store is written to. An error where the caller may not reload.
    pub(super) fn begin(&self, session: &mut Session) -> Result<Option<Kept>> {
        if !self.is_wanted()? {
            return Ok(None);
        }
        session.before_writing()?;
        let place = session.place()?;
        let token_file = session.options.token_file.clone();
        let quiet = session.options.quiet;
        let terms = Terms { poll: self.poll.map(Span::duration), debounce: self.debounce.duration() };
        let named = session.options.named();
        let (call, calls) = channel();
        let (ready, begun) = channel();
        let thread = thread::Builder::new().name("keeper".to_owned()).spawn(move || {
            let tell = |told| match told {
                Told::Failed(error) => exit::complain(&error, 0, false, &named),
                Told::Reloaded(reply) if !quiet => {
                    in_words(&reply)
                        .iter()
                        .for_each(|line| stream::remark(&escape::line(&named.in_text(line))));
                }
                Told::Remark(remark) if !quiet => {
                    stream::remark(&escape::line(&format!("warning: {}", named.in_text(&remark))));
                }
                Told::Reloaded(_) | Told::Remark(_) => {}
            };
            Target::keep(&place, &|| caller::caller(token_file.as_deref()), terms, &tell, &ready, &calls);
        });
        let thread =
            thread.map_err(|error| Error::unavailable(format!("The files cannot be watched: {error}.")))?;
        begun.recv().map_err(|_| Error::internal("Whoever watches the files ended at once."))??;
        signals::on_hangup(call.clone())?;
        Ok(Some(Kept { call: Some(call), thread: Some(thread) }))
    }
}

/// What keeps the base current, until it is dropped.
pub(super) struct Kept {
    call: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        signals::end_on_hangup();
        drop(self.call.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a reload came to, and what to look at.
fn in_words(reply: &ReloadReply) -> Vec<String> {
    let operation = &reply.operation;
    let version = operation.version.map(|version| format!(": version {version}")).unwrap_or_default();
    let altered = words::count(operation.altered, "value");
    let mut lines =
        vec![format!("reload ({}): {}{version}, {altered} altered", operation.trigger, operation.status)];
    if let Some(change) = operation.change.filter(|_| operation.held_back > 0) {
        let held = words::count(operation.held_back, "value");
        lines.push(format!("{held} held back: cfgctl change-request show {change}"));
    }
    lines.extend(operation.validation_warnings.iter().map(|warning| format!("warning: {warning}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_interval_is_refused() {
        assert_eq!(interval("10ms").unwrap(), Span::of(SHORTEST));
        for text in ["0s", "9ms", "soon"] {
            assert!(interval(text).is_err(), "{text}");
        }
    }
}
