//! The one error type. It crosses every boundary unchanged: engine to command line, and later the wire.
//!
//! What must stay true: few codes, each with one meaning; the message names the thing; the hint is what to type next.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of failure it is; each code has exactly one exit code and one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The call's words are off.
    Usage,
    /// A value, a file or a document does not hold what it must.
    Invalid,
    /// What was named is not there.
    NotFound,
    /// Nobody known is calling.
    Unauthenticated,
    /// This member may never do this.
    Denied,
    /// Too many attempts; later is another matter.
    RateLimited,
    /// It changed meanwhile, or somebody else is at it.
    Conflict,
    /// A rule about this change says no.
    Refused,
    /// Out of reach for now: busy, unreachable, full, not writable.
    Unavailable,
    /// It may or may not have happened: look before trying again.
    UnknownOutcome,
    /// A checksum, a chain or a store does not hold.
    Integrity,
    /// A bug in cfgctl.
    Internal,
}

/// A failure as a value: a code, a sentence that names the thing, and the command to type next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// What kind of failure.
    pub code: Code,
    /// One sentence that names the thing.
    pub message: String,
    /// What to do next, with the command to type where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the same call may succeed later without anybody doing anything else.
    pub retryable: bool,
}

/// What nearly every function here returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this code; retryable where the code is by nature.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let retryable = matches!(code, Code::Unavailable | Code::RateLimited);
        Error { code, message: message.into(), hint: None, retryable }
    }

    /// The same error with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, marked as one that trying again does not help (disk full, not writable).
    #[must_use]
    pub fn not_retryable(mut self) -> Self {
        self.retryable = false;
        self
    }

    /// The call's words are off.
    pub fn usage(message: impl Into<String>) -> Self {
        Error::new(Code::Usage, message)
    }
    /// A value, file or document does not hold what it must.
    pub fn invalid(message: impl Into<String>) -> Self {
        Error::new(Code::Invalid, message)
    }
    /// What was named is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Error::new(Code::NotFound, message)
    }
    /// This member may never do this.
    pub fn denied(message: impl Into<String>) -> Self {
        Error::new(Code::Denied, message)
    }
    /// It changed meanwhile, or somebody else is at it.
    pub fn conflict(message: impl Into<String>) -> Self {
        Error::new(Code::Conflict, message)
    }
    /// A rule about this change says no.
    pub fn refused(message: impl Into<String>) -> Self {
        Error::new(Code::Refused, message)
    }
    /// Out of reach for now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Error::new(Code::Unavailable, message)
    }
    /// A checksum, a chain or a store does not hold.
    pub fn integrity(message: impl Into<String>) -> Self {
        Error::new(Code::Integrity, message)
    }
    /// A bug in cfgctl.
    pub fn internal(message: impl Into<String>) -> Self {
        Error::new(Code::Internal, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
