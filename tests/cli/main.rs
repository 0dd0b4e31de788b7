//! The program from outside: its words, its exit codes, its report, as scripts and pipelines depend on them.
//! Every test runs the real binary, against real PostgreSQL servers and an RDS endpoint on loopback.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "the functions here are parts of tests")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod config;
mod demo;
mod evidence;
mod exit_codes;
mod faults;
mod formats;
mod gate;
mod harness;
mod migration;
mod mistakes;
mod own_checks;
mod path;
mod proxy;
mod repository;
mod secrets;
mod services;
mod table;
#[path = "../support/web.rs"]
mod web;
