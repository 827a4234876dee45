//! A change on its way to the services, with services that obey, and services that do not.

mod back;
mod foreign;
mod hundred;
mod killed;
mod nginx;
mod order;
mod program;
mod redis;
mod secrets;
mod stage;
mod stories;
