//! Doing what is due: `settle`, and the small process that waits for a deadline where no instance runs.
//!
//! What must stay true: the waiter outlives the terminal that set the deadline (a session of its own, no open streams);
//! it ends when nothing is left to wait for, and it decides nothing: what it does is what any writing command would.

use super::place::Place;
use super::session::Session;
use crate::api::Outcome;
use crate::api::confirm::{self, Due};
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use clap::Args;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// A deadline is looked at again after this long at the most: the clock may be set, the machine may have slept.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);
/// What the waiter says once it stands alone.
const READY: &str = "ready\n";
/// How often the waiter tries what could not be done, at [`LONGEST_SLEEP`] each: for two days.
const MOST_FAILURES: u32 = 8_640;

/// Do what is due, as a timer does: take back what nobody confirmed, execute what was scheduled, keep house.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl settle
  cfgctl settle --dry-run -o json")]
pub(crate) struct Settle {
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
    /// Wait for the deadlines of changes to be confirmed, and keep them
    #[arg(long, hide = true, conflicts_with = "dry_run")]
    keep_deadlines: bool,
}

impl Settle {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        if self.keep_deadlines {
            return keep_deadlines(session);
        }
        let request = confirm::Settle { which: Due::All, dry_run: self.dry_run };
        let reply = session.write_unless(self.dry_run, request)?;
        session.answer(&reply)
    }
}

/// Starts the process that sees to a deadline. Where that fails it is said, with what does it instead.
pub(super) fn see_to(session: &Session, place: &Place, deadline: Timestamp) {
    if super::machine::is_clock_fixed() {
        return;
    }
    if let Err(error) = start(place) {
        session.say(&format!(
            "warning: Nothing waits for {} on its own ({error}). Have a timer call: cfgctl settle",
            deadline.short()
        ));
    }
}

fn start(place: &Place) -> std::io::Result<()> {
    let mut waiter = Command::new(std::env::current_exe()?);
    waiter.arg("--store").arg(&place.store).args(["--quiet", "--no-input", "settle", "--keep-deadlines"]);
    // Of its caller's environment it needs nothing, and must not carry a token about.
    waiter.env_clear().current_dir("/");
    for name in ["PATH", "HOME", "TZ"] {
        if let Some(value) = std::env::var_os(name) {
            waiter.env(name, value);
        }
    }
    let mut started = waiter.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    // Until it has a session of its own the terminal, closing, would take it along.
    let mut said = [0; READY.len()];
    started.stdout.take().map_or(Ok(()), |mut output| output.read_exact(&mut said))
}

fn keep_deadlines(session: &mut Session) -> Result<Outcome> {
    // A session of its own: the terminal that closes takes the processes of its own session along.
    let _ = rustix::process::setsid();
    session.print_text(READY)?;
    let mut failures = 0;
    loop {
        let settled = session.write(confirm::Settle { which: Due::Unconfirmed, dry_run: false });
        let now = session.now()?;
        session.close();
        let next = match settled {
            Ok(reply) if reply.outcome == Outcome::RollbackFailed => None,
            Ok(reply) => match reply.next {
                Some(next) => Some(next),
                None => return Ok(Outcome::Done),
            },
            Err(error) if error.retryable => None,
            Err(error) => return Err(error),
        };
        if next.is_none() {
            failures += 1;
            if failures > MOST_FAILURES {
                return Err(Error::unavailable("What was due could not be done for two days.")
                    .hint("See why: cfgctl settle"));
            }
        }
        let left = next.map_or(LONGEST_SLEEP, |next| {
            Duration::from_millis(
                u64::try_from(next.millis().saturating_sub(now.millis())).unwrap_or_default(),
            )
        });
        thread::sleep(left.clamp(Duration::from_millis(50), LONGEST_SLEEP));
    }
}
