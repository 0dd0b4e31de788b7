//! The only I/O: whatever looks at the world fills [`crate::facts`] from here.

pub mod declared;
