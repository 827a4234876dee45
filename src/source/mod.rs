//! Where base values and secrets come from: files, the environment, HTTP, and what keeps secrets.
//!
//! What must stay true: reading never waits for ever (no pipe, no device, no host without a time it has), never fills
//! the memory, and never takes half of what is being replaced for the whole; nothing here decides what a value means.

pub mod cache;
pub mod environment;
pub mod file;
pub mod http;
mod regular;
pub mod resolver;
pub mod secret;
pub mod watch;
pub mod write;
