//! What the repository says beside the databases that it declares: the account it is deployed to, and what else names a
//! PostgreSQL, such as images, packages, and what sets them up.

use serde::{Deserialize, Serialize};

use super::Pinned;
use super::declared::Place;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    #[serde(default)]
    pub pins: Vec<Pinned>,
    #[serde(default)]
    pub images: Vec<Image>,
    #[serde(default)]
    pub packages: Vec<Package>,
    #[serde(default)]
    pub connections: Vec<Connection>,
    #[serde(default)]
    pub schedules: Vec<Schedule>,
    /// Of Hasura's metadata.
    #[serde(default)]
    pub tracked_tables: Vec<TrackedTable>,
}

/// A table or view that Hasura's metadata names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrackedTable {
    /// Relative to the folder that was read, with forward slashes.
    pub file: String,
    /// 1-based; where its name is written.
    pub line: u32,
    /// The name that Hasura gives the database.
    pub source: String,
    pub schema: String,
    pub table: String,
}

/// A driver or service library that the repository's code uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    /// Relative to the folder that was read, with forward slashes.
    pub file: String,
    /// 1-based; where the version is written.
    pub line: u32,
    pub ecosystem: Ecosystem,
    /// As its registry has it: `pg`, `sharedb-postgres`, `org.postgresql:postgresql`.
    pub name: String,
    /// The one that is installed, from the lock file; `None` when no file says it, see `reason`.
    pub version: Option<String>,
    /// What the code asks for: `^8.12.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ecosystem {
    Npm,
    Pypi,
    Maven,
    Go,
    Cargo,
    Nuget,
    Rubygems,
}

/// What the code says of the TLS of a connection to PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Connection {
    pub file: String,
    /// 1-based
    pub line: u32,
    /// The driver that reads it, as far as the code tells: `pg`, `libpq`, `pgjdbc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// As written, without user, password and host: `ssl: false`, `sslmode=require`.
    pub setting: String,
    pub tls: Tls,
    /// Why it is so, or why it cannot be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it is no connection of production: a server beside it, a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
}

/// How a driver connects by a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Clear text: refused where the server requires TLS.
    Never,
    /// Where the server offers it.
    IfOffered,
    Unverified,
    /// The server's certificate is verified, with the CAs that the setting or the system names.
    Verified,
    Unknown,
}

impl Tls {
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Never => "clear text",
            Self::IfOffered => "TLS where the server offers it",
            Self::Unverified => "TLS, not verified",
            Self::Verified => "TLS, verified",
            Self::Unknown => "unknown",
        }
    }
}

/// Something of the repository that runs by the clock: a workflow, a job of a cluster, a rule of a scheduler.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Schedule {
    pub file: String,
    /// 1-based
    pub line: u32,
    /// The name of the workflow or job.
    pub name: String,
    /// Five fields, or `rate(1 day)`.
    pub cron: String,
    /// Of its hours; UTC, unless it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// Something that the repository's files name to be run or built upon. All images are kept, of whatever they hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Image {
    /// Relative to the folder that was read, with forward slashes.
    pub file: String,
    /// 1-based; where it is named.
    pub line: u32,
    pub kind: ImageKind,
    /// With its variables filled in, as far as the files say them: `postgis/postgis:16-3.5`, `postgresql-client-16`.
    pub reference: String,
    /// What it is for: `service db`, `stage build`, `container web of Deployment shop`.
    pub what: String,
    /// Where a variable of the reference gets its value, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_at: Option<Place>,
    /// Of one that holds PostgreSQL, or its client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<PostgresImage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageKind {
    /// A container image.
    Image,
    /// A package of a distribution.
    Package,
    /// An action of a workflow.
    Action,
    /// The version that a resource of a Kubernetes operator asks for.
    Resource,
}

/// Which PostgreSQL an image holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PostgresImage {
    pub part: Part,
    /// As far as it is written: `16`, `16.3`; `None` when it cannot be known, see `reason`.
    pub version: Option<String>,
    /// 16 of `16.3`.
    pub major: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Server,
    /// `psql`, `pg_dump`, which refuses servers newer than itself.
    Client,
    /// What extensions are built with.
    Headers,
    /// An extension, built for one major.
    Extension,
}
