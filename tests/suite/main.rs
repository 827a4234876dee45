//! Every test of the whole program, in one binary.
//!
//! Users are values, and read as people speak: `alice.run("set server.port 5050 --reason 'more room'")`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that goes wrong is to stop and say so"
)]

mod credentials;
mod delivery;
mod docs;
mod governance;
mod harness;
mod house;
mod real_input;
mod smoke;
mod sources;
mod stories;
mod survival;
