//! Running other programs: what is told to a person, asked for a secret, or done to a service goes through here.
//!
//! What must stay true: no shell; nothing waits longer than it was told to; whatever is started is ended, and only that.

mod capture;
pub mod command;

pub use capture::Captured;
