//! The only place that writes: the answer to standard output, everything said about it to standard error.
//!
//! What must stay true: an answer that could not be written whole is an error the caller hears of; a remark that
//! nobody can read never is one.

use super::escape;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What is done sooner than this shows no progress.
const PATIENCE: Duration = Duration::from_millis(500);

/// Writes the answer to standard output. A broken pipe is an error of that kind, so that the caller can end quietly.
pub fn answer(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Whether somebody may still read standard output: nobody does once a pipe's other end is closed.
pub fn is_read() -> bool {
    let out = io::stdout();
    let mut fds = [PollFd::new(&out, PollFlags::empty())];
    let looked = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    looked.is_err() || !fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Writes one remark and a newline to standard error; if nobody can read it, nothing happens.
pub fn remark(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A sign of life on standard error, from half a second after its beginning until it is dropped.
pub struct Progress {
    bar: ProgressBar,
    stop: Option<Sender<()>>,
    watcher: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins; with a total it is a bar, without one a spinner. Nothing shows where `quiet` or where standard error is
    /// no terminal.
    pub fn begin(message: &str, total: Option<u64>, quiet: bool) -> Progress {
        Progress::start(message, total, !quiet && io::stderr().is_terminal())
    }

    fn start(message: &str, total: Option<u64>, shown: bool) -> Progress {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let form =
            if total.is_some() { "{msg} {wide_bar} {pos}/{len} {eta}" } else { "{spinner} {msg} {elapsed}" };
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        bar.set_message(escape::line(message).into_owned());
        if !shown {
            return Progress { bar, stop: None, watcher: None };
        }
        let (stop, stopped) = channel::<()>();
        let waiting = bar.clone();
        let watcher = thread::spawn(move || {
            if stopped.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                waiting.set_draw_target(ProgressDrawTarget::stderr());
                waiting.enable_steady_tick(Duration::from_millis(100));
            }
        });
        Progress { bar, stop: Some(stop), watcher: Some(watcher) }
    }

    /// So much of the total is done.
    pub fn reach(&self, position: u64) {
        self.bar.set_position(position);
    }

    /// What is being done now, over several lines.
    pub fn say_lines(&self, lines: &[String]) {
        self.bar.set_message(lines.join("\n"));
    }

    /// What is being done now.
    pub fn say(&self, message: &str) {
        self.bar.set_message(escape::line(message).into_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn what_ends_soon_shows_no_progress_and_waits_for_none() {
        let begun = Instant::now();
        let progress = Progress::start("verifying\u{1b}[2J", Some(3), true);
        progress.reach(2);
        assert_eq!((progress.bar.position(), progress.bar.is_hidden()), (2, true));
        assert_eq!(progress.bar.message(), "verifying\\u{1b}[2J");
        drop(progress);
        assert!(begun.elapsed() < PATIENCE);
    }
}
