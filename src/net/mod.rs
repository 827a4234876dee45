//! The one outbound HTTP client.
//!
//! What must stay true: nothing is built, no certificate read, no thread started before the first request; every
//! exchange ends within the time it has and in bounded memory, whatever the other side does; what a caller sends with a
//! request goes to the host it was meant for and to no other; no message holds a query string, a header or a body.
//!
//! Which certificates are trusted: those of the system (`SSL_CERT_FILE` and `SSL_CERT_DIR` say where else they are),
//! and those of one more file where one is named. Which proxy: the one that `HTTPS_PROXY` names, for `https` alone,
//! but for what `NO_PROXY` lists and for this machine itself; a proxy sees a tunnel and nothing of what is in it. Plain
//! `http`, allowed by exception and for near hosts, goes straight. `HTTP_PROXY` and `ALL_PROXY` are not read.

mod address;
mod body;
mod client;
mod exchange;
mod failure;
mod redirect;

pub use address::{Address, shown};
pub use client::{Client, Settings};
pub use exchange::{Answer, Method, Request};
