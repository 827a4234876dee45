//! A program that is run for each change.
//!
//! What must stay true: an argument vector, never a shell; one after the other, in the order of the changes; a program
//! that fails is told and stops nothing; what stands in its environment is what is printed, so no secret does.

use super::super::session::Session;
use super::super::{place, signals};
use crate::api::watch::WatchView;
use crate::domain::error::{Error, Result};
use crate::domain::time::Span;
use crate::domain::value::{Value, bare};
use crate::output::{escape, stream};
use crate::run::command::{self, Command};
use clap::Args;
use std::path::Path;
use std::time::Duration;

/// The longest value that goes into a variable, in bytes: the kernel takes 128 KiB with the name. Standard input has
/// them all.
const LONGEST_VARIABLE: usize = 100 * 1024;

/// The program, and its time.
#[derive(Args)]
pub(super) struct Telling {
    /// Run this program for each change; all that follows is its own. It finds the change in CFGCTL_PATH, CFGCTL_KIND,
    /// CFGCTL_OLD, CFGCTL_NEW, CFGCTL_VERSION, CFGCTL_LAYER, CFGCTL_BY, CFGCTL_AT, CFGCTL_REASON and CFGCTL_CURSOR, and as
    /// JSON on its standard input
    #[arg(long, value_name = "PROGRAM ARGUMENTS", num_args = 1.., allow_hyphen_values = true)]
    exec: Vec<String>,
    /// How long the program has
    #[arg(long, value_name = "DURATION", value_parser = super::super::arguments::typed(Span::parse), default_value = "10s")]
    exec_timeout: Span,
}

/// What is told, and how.
pub(super) struct Ready {
    vector: Vec<String>,
    timeout: Duration,
    store: String,
}

impl Telling {
    /// Ready to tell. `usage` where there is no program to run.
    pub(super) fn ready(&self, session: &mut Session) -> Result<Ready> {
        let mut vector = self.exec.clone();
        if vector.first().is_some_and(|first| first == "--") {
            vector.remove(0);
        }
        if let (true, false) = (vector.is_empty(), self.exec.is_empty()) {
            return Err(
                Error::usage("There is no program to run.").hint("cfgctl watch --exec PROGRAM ARGUMENTS")
            );
        }
        // It runs in another folder: a name with a folder in it means what it means here.
        if let Some(program) = vector.first_mut().filter(|program| program.contains('/')) {
            *program = place::absolute(Path::new(program)).to_string_lossy().into_owned();
        }
        let store = session.place()?.store.to_string_lossy().into_owned();
        Ok(Ready { vector, timeout: self.exec_timeout.duration(), store })
    }
}

impl Ready {
    /// Tells of one change.
    pub(super) fn tell(&self, session: &Session, view: &WatchView) -> Result<()> {
        if self.vector.is_empty() {
            return Ok(());
        }
        let not_json = |error| Error::internal(format!("The change can't be written as JSON: {error}."));
        let input = serde_json::to_string(view).map_err(not_json)? + "\n";
        let command = Command {
            vector: &self.vector,
            input: &input,
            variables: &self.variables(view),
            timeout: self.timeout,
        };
        let ran = signals::for_program(|| command::run(&command))?;
        let failed = !ran.succeeded();
        if failed || !session.options.quiet {
            for output in [&ran.stdout, &ran.stderr] {
                output.first_lines(usize::MAX).for_each(|line| stream::remark(&escape::line(line)));
            }
        }
        if failed {
            let about = format!("The change of {} by version {}", view.event.path, view.event.version);
            session.tell(&Error::unavailable(format!("{about} was not taken: {}", ran.sentence())));
        }
        Ok(())
    }

    fn variables(&self, WatchView { event, cursor }: &WatchView) -> Vec<(String, String)> {
        let value = |value: &Option<Value>| value.as_ref().map(bare);
        [
            ("CFGCTL_STORE", Some(self.store.clone())),
            ("CFGCTL_PATH", Some(event.path.to_string())),
            ("CFGCTL_KIND", Some(event.operation.clone())),
            ("CFGCTL_OLD", value(&event.before)),
            ("CFGCTL_NEW", value(&event.after)),
            ("CFGCTL_VERSION", Some(event.version.to_string())),
            ("CFGCTL_LAYER", event.layer.clone()),
            ("CFGCTL_ORIGIN", event.origin.clone()),
            ("CFGCTL_BY", Some(event.by.clone())),
            ("CFGCTL_AT", Some(event.at.to_string())),
            ("CFGCTL_REASON", Some(event.reason.clone())),
            ("CFGCTL_CURSOR", Some(cursor.clone())),
        ]
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text.filter(|text| fits(text))?)))
        .collect()
    }
}

/// Whether a variable can hold it.
fn fits(text: &str) -> bool {
    text.len() <= LONGEST_VARIABLE && !text.contains('\0')
}
