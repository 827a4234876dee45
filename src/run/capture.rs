//! A child's pipes, without ever waiting for one of them: what it reads is fed to it, what it writes is taken away and
//! its beginning kept.
//!
//! What must stay true: a child is never kept from ending because nobody reads what it writes, and it never keeps us
//! because it does not read what we write.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use std::time::Duration;

/// How much of each output is kept, in bytes; the rest is read and forgotten.
pub(super) const KEPT: usize = 64 * 1024;

/// How much one look takes from a pipe before the clock is looked at again.
const AT_ONCE: usize = 1024 * 1024;

/// The pipes of a child that runs, and what came out of them.
pub(super) struct Pipes<'a> {
    input: Option<(ChildStdin, &'a [u8])>,
    stdout: Output<ChildStdout>,
    stderr: Output<ChildStderr>,
}

/// One output: the pipe as long as it is open, and the beginning of what came.
struct Output<R> {
    pipe: Option<R>,
    kept: Vec<u8>,
    cut: bool,
}

/// What a child wrote to one output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The beginning of it, as text.
    pub text: String,
    /// Whether there was more.
    pub cut: bool,
}

impl Captured {
    /// The first lines that are not blank.
    pub fn first_lines(&self, count: usize) -> impl Iterator<Item = &str> {
        self.text.lines().map(str::trim_end).filter(|line| !line.is_empty()).take(count)
    }
}

impl<'a> Pipes<'a> {
    /// Takes the pipes of a child that was just started.
    pub(super) fn of(child: &mut Child, input: &'a [u8]) -> io::Result<Pipes<'a>> {
        let pipes = Pipes {
            input: child.stdin.take().map(|pipe| (pipe, input)),
            stdout: Output::of(child.stdout.take()),
            stderr: Output::of(child.stderr.take()),
        };
        // Only our ends: the child's own are other descriptions of the same pipes and stay as programs expect them.
        if let Some((pipe, _)) = &pipes.input {
            ioctl_fionbio(pipe, true)?;
        }
        pipes.stdout.pipe.as_ref().map_or(Ok(()), |pipe| ioctl_fionbio(pipe, true))?;
        pipes.stderr.pipe.as_ref().map_or(Ok(()), |pipe| ioctl_fionbio(pipe, true))?;
        Ok(pipes)
    }

    /// Waits until a pipe has something to do, at most so long.
    pub(super) fn wait(&self, longest: Duration) {
        let mut fds = Vec::with_capacity(3);
        fds.extend(self.input.iter().map(|(pipe, _)| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::OUT)));
        fds.extend(self.stdout.pipe.iter().map(|pipe| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)));
        fds.extend(self.stderr.pipe.iter().map(|pipe| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)));
        let longest = Timespec::try_from(longest).ok();
        match poll(&mut fds, longest.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            // Out of memory, at most: then the clock alone says when to look again.
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }

    /// Whether the child has closed all of them.
    pub(super) fn are_closed(&self) -> bool {
        self.input.is_none() && self.stdout.pipe.is_none() && self.stderr.pipe.is_none()
    }

    /// Feeds and reads whatever goes without waiting.
    pub(super) fn exchange(&mut self) {
        if let Some((pipe, rest)) = &mut self.input
            && feed(pipe, rest)
        {
            self.input = None;
        }
        self.stdout.take();
        self.stderr.take();
    }

    /// What came, now that nothing more is waited for.
    pub(super) fn captured(self) -> (Captured, Captured) {
        (self.stdout.captured(), self.stderr.captured())
    }
}

/// Writes what goes; whether the child's input is done with. A child that closed it unread has that right.
fn feed(pipe: &mut impl Write, rest: &mut &[u8]) -> bool {
    while !rest.is_empty() {
        match pipe.write(rest) {
            Ok(0) => return true,
            Ok(written) => *rest = &rest[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
    true
}

impl<R: Read> Output<R> {
    fn of(pipe: Option<R>) -> Output<R> {
        Output { pipe, kept: Vec::new(), cut: false }
    }

    fn take(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        let mut buffer = [0; 16 * 1024];
        let mut taken = 0;
        while taken < AT_ONCE {
            match pipe.read(&mut buffer) {
                Ok(0) => return self.pipe = None,
                Ok(count) => {
                    taken += count;
                    let fits = count.min(KEPT - self.kept.len());
                    self.kept.extend_from_slice(&buffer[..fits]);
                    self.cut |= fits < count;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.pipe = None,
            }
        }
    }

    fn captured(self) -> Captured {
        Captured { text: String::from_utf8_lossy(&self.kept).into_owned(), cut: self.cut }
    }
}
