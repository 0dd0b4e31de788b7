//! What was seen: plain, serialisable data. No I/O, no judgement, no type of AWS or of the database driver.
//!
//! Start at [`Bundle`]. [`tables`] holds what is known beforehand: published facts with their source and date.

mod bundle;
pub mod change;
pub mod changes;
pub mod compat;
mod database;
pub mod declared;
pub mod drivers;
pub mod droppable;
pub mod images;
pub mod rds;
pub mod repository;
pub mod service_version;
mod services;
mod source;
pub mod tables;

pub use bundle::{Asked, Bundle, BundleError, SCHEMA_VERSION};
pub use database::{Database, DatabaseFacts, QueryOutcome, QuerySet, Rows, Server};
pub use declared::{Declaration, DeclaredGroup, PinKind, Pinned, Stated, Tool};
pub use rds::AwsFacts;
pub use repository::{
    Connection, Ecosystem, Image, ImageKind, Package, Part, PostgresImage, Repository, Schedule, Tls, TrackedTable,
};
pub use services::{RunningService, ServiceKind};
pub use source::{Gap, Source};
