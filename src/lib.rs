//! cfgctl changes a running system's configuration without breaking it.
pub mod domain;
