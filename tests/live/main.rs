//! The database collector against real servers: what it sees, what it must not be disturbed by, and what becomes of
//! it when something breaks.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "the functions here are parts of tests")]

mod cases;
mod databases;
mod names;
mod script;
#[path = "../support/mod.rs"]
mod support;
mod world;
