//! What the infrastructure code declares.

use serde::{Deserialize, Serialize};

/// One PostgreSQL database or cluster of the infrastructure code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Declaration {
    /// Relative to the folder that was read, with forward slashes.
    pub file: String,
    /// 1-based; where the version's value is written, or else where the resource is.
    pub line: u32,
    /// The name in the code: `app`, `aws_db_instance.main`.
    pub resource: String,
    /// `postgres` or `aurora-postgresql`
    pub engine: String,
    /// As written: `"16"` stays `16`; `None` when it cannot be known from the files, see `reason`.
    pub version: Option<String>,
    /// DB instance or cluster identifier, when it can be known.
    pub identifier: Option<String>,
    /// Why the version cannot be known, and where it gets lost.
    pub reason: Option<String>,
}
