//! The database collector against real servers: what it sees, what it must not be disturbed by, and what becomes of
//! it when something breaks.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "the functions here are parts of tests")]

mod broken;
mod cases;
#[path = "../support/certified.rs"]
mod certified;
mod databases;
mod dependents;
mod disturbed;
mod fleet;
mod full;
#[path = "../support/inventory.rs"]
mod inventory;
mod login;
mod matrix;
mod migration;
mod names;
#[path = "../support/script.rs"]
mod script;
#[path = "../support/mod.rs"]
mod support;
mod tls;
#[path = "../support/world.rs"]
mod world;
