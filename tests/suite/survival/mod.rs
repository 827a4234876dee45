//! What must survive: kills, failing disks, damage, contention, hostile input.
//!
//! Every test is repeatable: what is random comes from a seed that a failing test prints and `CFGCTL_SEED` sets.
//! What a machine does not offer (strace, mounting) is skipped by name, on standard error.

mod backups;
mod clock;
mod contention;
mod damage;
mod faults;
mod input;
mod keeping;
mod killed;
pub(crate) mod library;
mod model;
mod names;
mod signals;
mod space;
pub(crate) mod tools;
mod walk;
