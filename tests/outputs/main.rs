//! What other programs read of us is what they say they read: SARIF and JUnit by their schemas, Markdown by a renderer
//! of GitHub's. Every test runs the real binary, over evidence in which the names are as hostile as names can be.

#![allow(clippy::unwrap_used, reason = "the functions here are parts of tests")]

mod evidence;
mod files;
mod junit;
mod markdown;
mod npm;
mod sarif;
