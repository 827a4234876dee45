//! What is true without a machine: no clock, file, network, SQL or terminal. Time and randomness are parameters.

pub mod error;
pub mod path;
pub mod policy;
pub mod risk;
pub mod role;
pub mod time;
pub mod value;
