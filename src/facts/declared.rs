//! What the infrastructure code declares.

use std::collections::BTreeMap;

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
    /// Where the resource is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The version that a state file recorded as running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// Of a replica: the resource that it replicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica_of: Option<String>,
    /// What else is written of the database and matters to an upgrade, by [`setting`] name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Stated>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_group: Option<DeclaredGroup>,
}

/// Names of [`Declaration::settings`], whatever the language calls them.
pub mod setting {
    pub const ALLOW_MAJOR: &str = "allow_major_version_upgrade";
    pub const APPLY_IMMEDIATELY: &str = "apply_immediately";
    pub const AUTO_MINOR: &str = "auto_minor_version_upgrade";
    pub const BACKUP_RETENTION: &str = "backup_retention_period";
    pub const DELETION_PROTECTION: &str = "deletion_protection";
    pub const FINAL_SNAPSHOT: &str = "final_snapshot_identifier";
    pub const SKIP_FINAL_SNAPSHOT: &str = "skip_final_snapshot";
    /// The version is named in `ignore_changes`, so that changing it does nothing.
    pub const IGNORED_VERSION: &str = "ignored_version";
}

/// What deploys the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    Terraform,
    Pulumi,
    /// Also SAM and CDK, which deploy by it.
    CloudFormation,
    Crossplane,
    Ack,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// As [`Declaration::file`].
    pub file: String,
    /// 1-based
    pub line: u32,
}

/// Something that is written in the code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stated {
    /// As written; `None` when it cannot be known, see `reason`.
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub file: String,
    /// 1-based
    pub line: u32,
}

/// The parameter group of a declared database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeclaredGroup {
    /// The name in the code, or the name of a group that the code does not declare.
    pub resource: String,
    /// The group's own name, when it can be known.
    pub name: Option<String>,
    /// `postgres16`
    pub family: Option<Stated>,
    /// By name, as RDS writes it.
    pub parameters: BTreeMap<String, Stated>,
}

/// What the code says of the account that it is deployed to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pinned {
    pub kind: PinKind,
    pub value: Stated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinKind {
    Profile,
    /// The only accounts that the provider works in.
    Account,
}

impl Declaration {
    /// What is written under a name of [`setting`].
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&Stated> {
        self.settings.get(name)
    }
}
