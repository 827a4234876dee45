//! Hands on the machine: what is done to other programs, and what they answer. Knows nothing of policy or SQL.
//!
//! What must stay true: nothing here runs while a transaction is open; nothing waits longer than it was told to;
//! whatever is started is ended, and only that.

pub mod notify;
