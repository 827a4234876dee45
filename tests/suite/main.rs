//! Every test of the whole program, in one binary.
//!
//! Users are values, and read as people speak: `alice.run("set server.port 5050 --reason 'more room'")`.

mod docs;
mod governance;
mod harness;
mod house;
mod real_input;
mod smoke;
mod stories;
mod survival;
