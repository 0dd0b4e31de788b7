//! The files that others take as they are do what they say: the action, the templates, what `init` writes.

#![allow(clippy::unwrap_used, reason = "the functions here are parts of tests")]

mod action;
mod commands;
mod init;
mod pipelines;
mod repository;
mod yaml;
