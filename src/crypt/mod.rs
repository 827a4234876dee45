//! Sealing and opening of values, and the file that holds the keys. Knows no store and no policy.

pub mod keys;
pub mod seal;
