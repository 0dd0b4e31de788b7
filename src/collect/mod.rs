//! Who looked: the only part that does I/O. Each collector fills facts and judges nothing.

pub mod aws;
