//! What is true without a machine: no clock, file, network, SQL or terminal. Time and randomness are parameters.

pub mod approval;
pub mod audit;
pub mod backup;
pub mod change;
pub mod document;
pub mod draft;
pub mod error;
pub mod flatten;
pub mod manifest;
pub mod member;
pub mod path;
pub mod policy;
pub mod risk;
pub mod role;
pub mod rule;
mod rule_compiled;
pub mod rule_example;
mod rule_expression;
mod rule_value;
pub mod schema;
pub mod secret;
pub mod setting;
pub mod time;
pub mod tree;
pub mod value;
pub mod wording;
