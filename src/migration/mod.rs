//! The migration that updates the extensions of a database after its upgrade: what is in it, in which order, what is
//! not, and the name that it gets. Evidence comes in, text goes out.

mod installed;
mod name;
mod plan;
mod sql;
#[cfg(test)]
mod tests;

pub use installed::{Installed, QUERY, installed};
pub use name::{folder_name, next_version, snake_case};
pub use plan::{Action, Basis, Left, Plan, Step, Update, plan};
pub use sql::{About, down, up};
