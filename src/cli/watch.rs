//! Each change as it happens: `watch`.
//!
//! What must stay true: a line is written whole and at once, and what it tells of is told once; whoever goes on after
//! the last cursor it wrote misses nothing and sees nothing twice; it only reads, unless `--reload` says otherwise.

mod keep;
mod tell;

use super::session::Session;
use super::{complete, signals};
use crate::api::Outcome;
use crate::api::watch::{self, WatchReply};
use crate::domain::error::{Error, Result};
use crate::domain::time::Span;
use crate::output::{Format, stream};
use clap::Args;
use keep::Keeping;
use std::time::{Duration, Instant};
use tell::Telling;

/// How long one request waits: as long as a reader that went away may go unnoticed.
const AT_A_TIME: Duration = Duration::from_secs(1);

/// Show each change of a value as it happens, a line each, until it is interrupted.
///
/// Overrides and what reloads make of the base come in the order of their versions, without a gap and without
/// repetition: `--from` begins with the changes after a version, `--after` goes on after the cursor of the last line
/// that was read. A reader that goes away ends it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl watch
  cfgctl watch server --from 12 -o ndjson
  cfgctl watch session_timeout_minutes --count 1 --timeout 10m
  cfgctl watch --reload --debounce 1s
  cfgctl watch server --exec /usr/local/bin/server-changed --quiet")]
pub(crate) struct Watch {
    /// Only this path, or what lies below it
    #[arg(add = complete::paths())]
    path: Option<String>,
    /// Begin with the changes after this version; from now on where nothing is said
    #[arg(long, value_name = "VERSION|TAG", conflicts_with = "after", add = complete::versions())]
    from: Option<String>,
    /// Go on after this cursor, the `cursor` of the last change that was seen
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// End after so many changes
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this time; with exit 1 where `--count` was not reached
    #[arg(long, value_name = "DURATION", value_parser = super::arguments::typed(Span::parse))]
    timeout: Option<Span>,
    #[command(flatten)]
    keeping: Keeping,
    #[command(flatten)]
    telling: Telling,
}

impl Watch {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        check_format(session.format)?;
        if !session.is_there() {
            let place = session.place()?;
            return Err(place.missing());
        }
        let telling = self.telling.ready(session)?;
        let end = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout.duration()));
        let mut left = self.count.unwrap_or(u64::MAX);
        let Watch { path, from, after, keeping, .. } = self;
        let begins = from.as_ref().map(|from| format!("version {from}"));
        let begins = begins.or_else(|| after.as_ref().map(|after| format!("cursor {after}")));
        let mut reply = session.read(watch::Watch { path: path.clone(), from, after, wait: None })?;
        session.say_remarks();
        // Once it is known where to begin: what a reload alters from here on is told.
        let _kept = keeping.begin(session)?;
        session.say(&format!(
            "watching {}: the changes after {}",
            path.as_deref().unwrap_or("everything"),
            begins.unwrap_or_else(|| format!("version {}", reply.next))
        ));
        loop {
            let more = reply.has_more();
            let WatchReply { items, next } = reply;
            for item in items {
                let piece = WatchReply { next: item.cursor.clone(), items: vec![item] };
                if !session.print_piece(&piece)? {
                    return Ok(Outcome::Done);
                }
                piece.items.iter().try_for_each(|item| telling.tell(session, item))?;
                left -= 1;
                if left == 0 {
                    return Ok(Outcome::Done);
                }
            }
            // A store that was replaced, a token that was renewed: whoever comes back sees them.
            session.close();
            let rest = end.map_or(AT_A_TIME, |end| end.saturating_duration_since(Instant::now()));
            if rest.is_zero() && !more {
                return Ok(if self.count.is_some() { Outcome::No } else { Outcome::Done });
            }
            if signals::is_put_off() {
                signals::end_now();
            }
            if !stream::is_read() {
                return Ok(Outcome::Done);
            }
            let wait = Some(Span::of(rest.min(AT_A_TIME)));
            reply = session.read(watch::Watch { path: path.clone(), from: None, after: Some(next), wait })?;
        }
    }
}

/// A feed never ends, and so it is none of the forms that have an end.
fn check_format(format: Format) -> Result<()> {
    match format {
        Format::Table | Format::Ndjson | Format::Name => Ok(()),
        Format::Json | Format::Yaml | Format::Raw | Format::Csv | Format::Md => {
            Err(Error::usage("What goes on is written line by line: -o table, ndjson or name.")
                .hint("For programs: cfgctl watch -o ndjson"))
        }
    }
}
