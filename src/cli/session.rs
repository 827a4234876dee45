//! One run of the program: its options, how it answers, and the store it works on, opened when first needed.
//!
//! What must stay true: a command that only reads opens the store read-only; a write says first which store it goes
//! to; a store that was named is never made, only the default one is.

use super::arguments::{Options, When};
use super::caller::caller;
use super::place::{self, Because, Place};
use super::prompt::Prompts;
use super::target::Machine;
use super::target::{Operation, Target};
use super::{environment, exit, follow, init, machine, settle};
use crate::api::secret::KeygenReply;
use crate::api::status::Status;
use crate::api::{Outcome, Reply};
use crate::domain::error::{Error, Result};
use crate::domain::time::{Span, Timestamp};
use crate::output::stream::{self, Progress};
use crate::output::{self, Format, Render, Style, escape};
use serde::Serialize;
use std::cell::OnceCell;
use std::io::{self, IsTerminal};

/// One run of the program.
pub(crate) struct Session {
    /// The options that every command takes.
    pub(crate) options: Options,
    /// How the answer is written.
    pub(crate) format: Format,
    /// What may be asked.
    pub(crate) prompts: Prompts,
    style: Style,
    machine: OnceCell<Machine>,
    place: Option<Place>,
    target: Option<(Target, Access)>,
    said_where: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Access {
    Read,
    Write,
}

impl Session {
    /// For these options; opens nothing.
    pub(crate) fn new(options: Options) -> Result<Session> {
        Ok(Session {
            format: options.format()?,
            prompts: Prompts::new(options.no_input, options.yes, options.answer.clone()),
            style: style(&options),
            machine: OnceCell::new(),
            options,
            place: None,
            target: None,
            said_where: false,
        })
    }

    /// Asks something that writes nothing.
    pub(crate) fn read<R: Operation>(&mut self, request: R) -> Result<R::Reply> {
        if self.target.is_none() {
            let target = self.open_to_read()?;
            self.target = Some((target, Access::Read));
        }
        self.send(request)
    }

    /// The same for what takes its time: with a sign of life on a terminal.
    pub(crate) fn read_at_length<R: Operation>(&mut self, request: R, doing: &str) -> Result<R::Reply> {
        let _progress = Progress::begin(doing, None, self.options.quiet);
        self.read(request)
    }

    /// Asks for something to be written; says first where.
    pub(crate) fn write<R: Operation>(&mut self, request: R) -> Result<R::Reply> {
        self.ready_to_write()?;
        let mut reply = {
            let _progress = Progress::begin("working", None, self.options.quiet);
            self.send(request)?
        };
        if let Some((change, outcome)) = reply.made() {
            follow::to_the_end(self, change, outcome)?;
        }
        Ok(reply)
    }

    /// Makes the store's key file; says first where the store is.
    pub(crate) fn keygen(&mut self) -> Result<KeygenReply> {
        self.ready_to_write()?;
        match &mut self.target {
            Some((target, _)) => target.keygen(),
            None => Err(Error::internal("A key was asked for before the store was opened.")),
        }
    }

    fn ready_to_write(&mut self) -> Result<()> {
        if !self.may_write() {
            self.before_writing()?;
            self.target = None;
            let target = self.open_to_write()?;
            self.target = Some((target, Access::Write));
        }
        Ok(())
    }

    /// Asks for something to be written, or only for what would be.
    pub(crate) fn write_unless<R: Operation>(&mut self, dry_run: bool, request: R) -> Result<R::Reply> {
        if dry_run { self.read(request) } else { self.write(request) }
    }

    pub(super) fn send<R: Operation>(&mut self, request: R) -> Result<R::Reply> {
        match &mut self.target {
            Some((target, _)) => target.call(request),
            None => Err(Error::internal("A request was sent before the store was opened.")),
        }
    }

    fn open_to_read(&mut self) -> Result<Target> {
        let caller = caller(self.options.token_file.as_deref())?;
        let place = self.place()?;
        Target::to_read(&place, caller)
    }

    /// Asks the starter manifest, whatever the store.
    pub(crate) fn ask_starter<R: Operation>(&mut self, request: R) -> Result<R::Reply> {
        Target::starter(caller(self.options.token_file.as_deref())?)?.call(request)
    }

    /// Asks another store, which is only read, and closes it again.
    pub(crate) fn ask_elsewhere<R: Operation>(&self, place: &Place, request: R) -> Result<R::Reply> {
        let mut target = Target::to_read(place, caller(self.options.token_file.as_deref())?)?;
        let reply = target.call(request);
        let context = place.context.as_deref().unwrap_or_default();
        for warning in target.finish(false) {
            self.say(&format!("warning: context {context}: {warning}"));
        }
        reply.map_err(|error| Error { message: format!("Context {context}: {}", error.message), ..error })
    }

    fn open_to_write(&mut self) -> Result<Target> {
        let caller = caller(self.options.token_file.as_deref())?;
        let place = self.place()?;
        if !place.exists()? {
            if !place.is_default() {
                return Err(place.missing());
            }
            let made = init::make_default(&place.store, &caller)?;
            self.say(&made);
        }
        Target::to_write(&place, caller)
    }

    /// Says where the write goes, once; refuses what rests on `context use` alone or is not confirmed by name.
    pub(crate) fn before_writing(&mut self) -> Result<()> {
        if self.said_where {
            return Ok(());
        }
        self.before_making()?;
        let place = self.place()?;
        if place.protected && place.exists()? {
            let instance = self.read(Status {})?.instance;
            self.prompts.type_name(&instance, &format!("This store is protected: it is {instance}'s."))?;
        }
        Ok(())
    }

    /// The same for a store that is yet to be made.
    pub(crate) fn before_making(&mut self) -> Result<()> {
        let place = self.place()?;
        if place.because == Because::ContextInUse && !self.prompts.at_terminal() {
            let name = place.context.as_deref().unwrap_or_default();
            return Err(Error::usage(format!(
                "Without a terminal a write does not go to the context in use, {name:?}, unless it is named."
            ))
            .hint(format!("Name it: --context {name}, or CFGCTL_CONTEXT={name}.")));
        }
        let context = place.context.as_ref().map(|name| format!(" (context {name})")).unwrap_or_default();
        self.say(&format!("store: {}{context}", place.store.display()));
        self.said_where = true;
        Ok(())
    }

    /// Whether the store is there already.
    pub(crate) fn is_there(&mut self) -> bool {
        self.place().and_then(|place| place.exists()).unwrap_or(false)
    }

    /// The store of this run.
    pub(crate) fn place(&mut self) -> Result<Place> {
        if let Some(place) = &self.place {
            return Ok(place.clone());
        }
        let (store, context) = (self.options.store.as_deref(), self.options.context.as_deref());
        let named = store.is_some() || context.is_some();
        if self.options.remote.is_some() || (!named && environment::variable("CFGCTL_REMOTE").is_some()) {
            return Err(Error::usage("This build has no remote instances.")
                .hint("Name a store of this machine: --store PATH, and unset CFGCTL_REMOTE."));
        }
        let place = place::resolve(store, context)?;
        self.detail(&format!("The store is {}, by {}.", place.store.display(), place.because.words()));
        Ok(self.place.insert(place).clone())
    }

    /// Writes the answer and what belongs beside it; gives what it amounts to.
    pub(crate) fn answer<R: Reply + Render>(&mut self, reply: &R) -> Result<Outcome> {
        self.print(reply)?;
        Ok(reply.outcome())
    }

    /// Writes an answer that is no reply of an operation.
    pub(crate) fn print<R: Render + Serialize>(&mut self, reply: &R) -> Result<()> {
        // What is done is done: where it has no bare value, its names stand for it.
        let nameless = self.format == Format::Raw && self.may_write() && reply.raw().is_none();
        let format = if nameless { Format::Name } else { self.format };
        self.print_text(&output::render(reply, format, &self.style)?)?;
        for remark in output::remarks(reply, format, &self.style) {
            self.say(&remark);
        }
        Ok(())
    }

    /// Writes a piece of an answer that goes on; whether anybody still reads.
    pub(crate) fn print_piece<R: Render + Serialize>(&mut self, piece: &R) -> Result<bool> {
        let text = output::render(piece, self.format, &self.style)?;
        self.print_text(&text)
    }

    /// Writes text that is the answer, or a piece of it; whether anybody still reads.
    pub(crate) fn print_text(&mut self, text: &str) -> Result<bool> {
        // A store that was just made counts too, though nobody has opened it since.
        written(stream::answer(text), self.may_write() || self.said_where)
    }

    fn may_write(&self) -> bool {
        matches!(self.target, Some((_, Access::Write)))
    }

    /// Shows on standard error what would be the answer, for somebody to decide.
    pub(crate) fn show<R: Render + Serialize>(&self, reply: &R) -> Result<()> {
        let style = Style { terminal: true, ..self.style.clone() };
        let text = output::render(reply, Format::Table, &style)?;
        stream::remark(text.trim_end());
        output::remarks(reply, Format::Table, &style)
            .iter()
            .for_each(|remark| stream::remark(&style.named.in_text(remark)));
        Ok(())
    }

    /// Says what went wrong, where that is not the end.
    pub(crate) fn tell(&self, error: &Error) {
        exit::complain(error, 0, false, &self.style.named);
    }

    /// Says something on standard error, unless told to be quiet.
    pub(crate) fn say(&self, remark: &str) {
        if !self.options.quiet {
            stream::remark(&escape::lines(&self.style.named.in_text(remark)));
        }
    }

    /// Says something on standard error where more is wanted.
    pub(crate) fn detail(&self, remark: &str) {
        if self.options.verbose > 0 {
            stream::remark(&escape::lines(remark));
        }
    }

    /// What comes after the answer: what the engine has left to do.
    pub(crate) fn finish(&mut self) {
        self.say_remarks();
        if let Some((mut target, access)) = self.target.take() {
            if let (Some(deadline), Ok(place)) = (target.take_deadline(), self.place()) {
                settle::see_to(self, &place, deadline);
            }
            for warning in target.finish(access == Access::Write) {
                self.say(&format!("warning: {warning}"));
            }
        }
    }

    /// Says what is to be known beside the answer: what is overdue, what was settled on the way.
    pub(crate) fn say_remarks(&mut self) {
        if let Some((target, _)) = &self.target {
            target.take_remarks().iter().for_each(|remark| self.say(&format!("warning: {remark}")));
        }
    }

    /// Closes the store, so that nothing is held open while waiting; the next request opens it again.
    pub(crate) fn close(&mut self) {
        if let Some((target, _)) = self.target.take() {
            target.finish(false);
        }
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Result<Timestamp> {
        Ok((self.machine()?.now)())
    }

    /// A new identifier for a change.
    pub(crate) fn new_id(&self) -> Result<String> {
        Ok(self.machine()?.ulid())
    }

    /// Made when first needed: what only reads a value needs neither clock nor randomness here.
    fn machine(&self) -> Result<&Machine> {
        if let Some(machine) = self.machine.get() {
            return Ok(machine);
        }
        let machine = machine::machine("command")?;
        Ok(self.machine.get_or_init(|| machine))
    }

    /// A moment as typed: a time, or how long ago.
    pub(crate) fn moment_of(&self, typed: Option<String>) -> Result<Option<Timestamp>> {
        let read = |text: String| match Span::parse(&text) {
            Ok(ago) => Ok((self.machine()?.now)().before(ago)),
            Err(_) => Timestamp::parse(&text),
        };
        typed.map(read).transpose()
    }
}

/// What became of writing to standard output: whether anybody still reads. A reader that went away is no error.
pub(crate) fn written(result: io::Result<()>, changed_something: bool) -> Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => {
            let failure =
                Error::unavailable(format!("Standard output cannot be written: {error}.")).not_retryable();
            let done = "What was asked for was done nevertheless; look: cfgctl status";
            Err(if changed_something { failure.hint(done) } else { failure })
        }
    }
}

fn style(options: &Options) -> Style {
    let stdout = io::stdout();
    let terminal = stdout.is_terminal();
    let color = match options.color {
        When::Always => true,
        When::Never => false,
        When::Auto => anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never,
    };
    let width =
        if terminal { usize::from(dialoguer::console::Term::stdout().size().1) } else { Style::PLAIN.width };
    Style { color, terminal, width, local_time: options.local, named: options.named() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_pipe_is_no_error_and_a_full_disk_tells_what_stands() {
        assert_eq!(written(Ok(()), true), Ok(true));
        assert_eq!(written(Err(io::ErrorKind::BrokenPipe.into()), true), Ok(false));
        let full = || Err(io::ErrorKind::StorageFull.into());
        let error = written(full(), true).unwrap_err();
        assert!(
            error.code == crate::domain::error::Code::Unavailable && !error.retryable && error.hint.is_some()
        );
        assert!(written(full(), false).unwrap_err().hint.is_none());
    }
}
