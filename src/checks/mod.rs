//! The checks: what is looked for, when it applies, what cures it. One file each under `checks/AREA/NAME.toml`.
//!
//! [`Registry`] has them all, built in and the user's own; [`docs`] prints them. How one is judged is
//! [`crate::evaluate`]'s and [`crate::rules`]'s business.

pub mod docs;
mod file;
mod registry;
pub mod template;
mod validate;

use std::collections::BTreeMap;

use semver::VersionReq;
use serde::{Deserialize, Serialize};

pub use file::{Case, Expectation, Live, SCHEMA};
pub use registry::{LoadError, Registry};

use crate::facts::changes::CHANGES;
use crate::facts::compat::{Concern, Service};
use crate::facts::droppable;
use crate::upgrade::Platform;
use crate::version::PgVersion;

/// A check, read and validated.
#[derive(Clone, Debug)]
pub struct Check {
    /// `area.kebab-name`, stable for ever.
    pub id: String,
    pub title: String,
    pub severity: Severity,
    pub fails_at: FailsAt,
    pub summary: Summary,
    pub why: String,
    pub docs: Vec<String>,
    pub applies: Applies,
    pub remedy: RemedyTemplate,
    pub query: Option<Query>,
    pub(crate) query_of: Option<String>,
    pub rule: Rule,
    pub cases: Vec<Case>,
    /// The file, for messages.
    pub origin: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The upgrade is refused or fails, or a part of the stack is known to stop working after it.
    Blocker,
    /// It goes through, something needs a person.
    Warning,
    /// Worth knowing.
    Notice,
}

/// When a failed check would bite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailsAt {
    /// `ModifyDBInstance` refuses.
    Request,
    /// RDS's own check refuses.
    Precheck,
    /// It fails after the shutdown and rolls back.
    Outage,
    /// The upgrade succeeds, something then breaks.
    After,
}

/// The sentence that says what was found; `many` contains `{count}`, and is left out where there is only ever one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub one: String,
    pub many: Option<String>,
}

/// Which upgrades a check is about.
#[derive(Clone, Debug, Default)]
pub struct Applies {
    pub source: Option<VersionReq>,
    pub target: Option<VersionReq>,
    /// Empty: all.
    pub platforms: Vec<Platform>,
    /// Also judged where a change declares no other version.
    pub without_upgrade: bool,
}

#[derive(Clone, Debug)]
pub struct RemedyTemplate {
    pub text: String,
    /// Filled for each finding; one whose placeholders a finding lacks is left out.
    pub commands: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Query {
    /// The id of the check that owns it, by which its answer is filed.
    pub key: String,
    pub scope: Scope,
    /// How often it is asked, a moment apart; its rows are those of all answers.
    pub samples: u32,
    pub columns: Vec<String>,
    sql: String,
    variants: Vec<(VersionReq, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    EachDatabase,
    Cluster,
}

#[derive(Clone, Debug)]
pub enum Rule {
    Rows(RowsRule),
    Rust { function: String, calls: Vec<String> },
    Matrix(MatrixRule),
}

/// Judges the versions of services and drivers that were found by a part of the compatibility matrix.
#[derive(Clone, Debug)]
pub struct MatrixRule {
    pub finds: Finds,
    /// What is judged.
    pub concerns: Vec<Concern>,
    /// The services, with their rows about these concerns and others worth showing.
    pub services: Vec<Service>,
    pub(crate) part: file::RawMatrixRule,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finds {
    /// Versions that do not get along with the target.
    #[default]
    Unsupported,
    /// Services and drivers whose version nobody can tell.
    UnknownVersions,
    /// Services that were found in several versions.
    DifferingVersions,
}

/// Every row is a finding; the rows of one object are one.
#[derive(Clone, Debug)]
pub struct RowsRule {
    pub object: String,
    pub kind: String,
    pub detail: String,
    /// A column with a major version: the row counts for targets from that major on.
    pub since_target: Option<String>,
    /// Columns and the values they must have: of a query that several checks judge, the rows of this one.
    pub only: BTreeMap<String, String>,
}

impl RowsRule {
    /// The columns that the texts and conditions name, apart from `database`.
    pub fn columns<'a>(&'a self, remedy: &'a RemedyTemplate) -> impl Iterator<Item = &'a str> {
        let texts = [&self.object, &self.kind, &self.detail].into_iter().chain(&remedy.commands);
        let named = texts.flat_map(|text| template::placeholders(text)).filter(|name| *name != "database");
        named.chain(self.since_target.as_deref()).chain(self.only.keys().map(String::as_str))
    }
}

impl Severity {
    /// The gravest first.
    pub const ALL: [Self; 3] = [Self::Blocker, Self::Warning, Self::Notice];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocker => "blocker",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

impl FailsAt {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Precheck => "precheck",
            Self::Outage => "outage",
            Self::After => "after",
        }
    }

    /// The moment in words: "`ModifyDBInstance` refuses".
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Request => "the request is refused",
            Self::Precheck => "the precheck refuses",
            Self::Outage => "fails after the shutdown",
            Self::After => "breaks after the upgrade",
        }
    }
}

impl Check {
    /// The part of the id before the dot.
    #[must_use]
    pub fn area(&self) -> &str {
        self.id.split_once('.').map_or(self.id.as_str(), |(area, _)| area)
    }

    /// Whether only a major upgrade is its business: what only `pg_upgrade` minds.
    #[must_use]
    pub fn is_for_major_upgrades(&self) -> bool {
        matches!(self.area(), "pg" | "ext")
    }

    /// The area in words, the `group` of the report.
    #[must_use]
    pub fn group(&self) -> &str {
        match self.area() {
            "aws" => "account",
            "rds" => "instance",
            "pg" => "database",
            "ext" => "extensions",
            "service" => "services",
            "iac" => "declaration",
            "ops" => "operations",
            other => other,
        }
    }
}

impl Query {
    /// The SQL for a server, with the lists of what changes after it.
    #[must_use]
    pub fn sql_for(&self, server: &PgVersion) -> String {
        let sql = self.variants.iter().find(|(range, _)| server.satisfies(range)).map_or(&self.sql, |(_, sql)| sql);
        droppable::fill(CHANGES.fill(sql, server.major()))
    }

    /// Every form of the SQL with the server versions it is for, the general one last.
    pub fn forms(&self) -> impl Iterator<Item = (Option<&VersionReq>, &str)> {
        self.variants.iter().map(|(range, sql)| (Some(range), sql.as_str())).chain([(None, self.sql.as_str())])
    }
}
