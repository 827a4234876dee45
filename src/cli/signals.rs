//! What signals do while a prompt, an editor or another program is open: the terminal is left as it was found, nothing
//! secret lies about, and no program is left alone. Everywhere else the operating system's own way of ending is right.
//!
//! What must stay true: once asked for, a signal ends the program with its own status (130, 143), now or as soon as
//! the editor is closed or the other program has ended.

use crate::domain::error::{Error, Result};
use dialoguer::console::Term;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

static WATCHED: OnceLock<()> = OnceLock::new();
static EDITING: AtomicBool = AtomicBool::new(false);
static RUNNING: AtomicBool = AtomicBool::new(false);
static AT_TERMINAL: AtomicBool = AtomicBool::new(false);
static HANGUPS: Mutex<Option<Sender<()>>> = Mutex::new(None);
static PUT_OFF: AtomicI32 = AtomicI32::new(0);

/// From now on a signal that ends the program gives the terminal its cursor back first.
pub(crate) fn watch() -> Result<()> {
    if WATCHED.set(()).is_err() {
        return Ok(());
    }
    let cannot = |error| Error::unavailable(format!("Signals cannot be watched: {error}."));
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]).map_err(cannot)?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let told = signal == SIGHUP && !terminal_is_gone() && hangups().as_ref().is_some_and(is_told);
            match (EDITING.load(Ordering::SeqCst), signal) {
                // The terminal sent these to the editor too: what they mean is for the editor to say.
                (true, SIGINT | SIGQUIT) => {}
                _ if told => {}
                (false, _) if !RUNNING.load(Ordering::SeqCst) => end(signal),
                _ => PUT_OFF.store(signal, Ordering::SeqCst),
            }
        }
    });
    Ok(())
}

/// Does something while which signals are the editor's.
pub(crate) fn for_editor<T>(action: impl FnOnce() -> T) -> Result<T> {
    watch()?;
    EDITING.store(true, Ordering::SeqCst);
    let result = action();
    EDITING.store(false, Ordering::SeqCst);
    Ok(result)
}

/// Does something while another program runs, which has its time: a signal ends this one when that has ended.
pub(crate) fn for_program<T>(action: impl FnOnce() -> T) -> Result<T> {
    watch()?;
    RUNNING.store(true, Ordering::SeqCst);
    let result = action();
    RUNNING.store(false, Ordering::SeqCst);
    if is_put_off() {
        end_now();
    }
    Ok(result)
}

/// From now on a hangup does not end the program, but is told; unless it came because the terminal was closed.
pub(crate) fn on_hangup(tell: Sender<()>) -> Result<()> {
    AT_TERMINAL.store(stderr().is_terminal(), Ordering::SeqCst);
    *hangups() = Some(tell);
    watch()
}

fn is_told(tell: &Sender<()>) -> bool {
    tell.send(()).is_ok()
}

fn terminal_is_gone() -> bool {
    AT_TERMINAL.load(Ordering::SeqCst) && !stderr().is_terminal()
}

/// A hangup ends the program again.
pub(crate) fn end_on_hangup() {
    *hangups() = None;
}

fn hangups() -> MutexGuard<'static, Option<Sender<()>>> {
    HANGUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a signal waits to end the program.
pub(crate) fn is_put_off() -> bool {
    PUT_OFF.load(Ordering::SeqCst) != 0
}

/// Ends the program by the signal that waits.
pub(crate) fn end_now() {
    end(PUT_OFF.load(Ordering::SeqCst));
}

/// Ends the program as Ctrl-C does.
pub(crate) fn interrupt() {
    end(SIGINT);
}

fn end(signal: i32) {
    let terminal = Term::stderr();
    if terminal.is_term() {
        let _ = terminal.show_cursor();
    }
    let _ = emulate_default_handler(signal);
}
