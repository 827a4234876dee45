//! cfgctl changes a running system's configuration without breaking it.
//!
//! [`domain`] is what is true without a machine. [`api`] is what can be asked. [`engine`] does what is asked and is the
//! only writer; [`store`] is the only SQL; [`deliver`] is its hands on the machine, [`run`] how it runs other programs.
//! [`source`] is where base values and secrets come from, [`net`] the one outbound HTTP client, [`crypt`] seals values and
//! keeps the keys. [`output`] turns replies into text, [`cli`] turns words into requests.
//!
//! Who may import whom: everybody `domain`; `api`, `store`, `crypt`, `net` and `run` nothing else; `source` `net` and
//! `run`; `deliver` `net` and `run`; `engine` all of these; `output` `api`; `cli` `api`, `output` and `run`, and `engine`
//! only where a target is built. A test reads the `use` lines.

pub mod api;
pub mod cli;
pub mod crypt;
pub mod deliver;
pub mod domain;
pub mod engine;
pub mod net;
pub mod output;
pub mod run;
pub mod source;
pub mod store;
