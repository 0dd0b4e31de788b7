//! The whole main job on this machine alone.
mod account;
mod binaries;
mod folder;
pub mod npm;
mod postgres;
mod random;

pub use binaries::Binaries;
pub use postgres::{Server, ServerOptions, StartError};
