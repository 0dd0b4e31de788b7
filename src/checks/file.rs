//! A check as it is written: one TOML file. The format is described in `checks/README.md`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::facts::compat::{Concern, Kind};

/// The number of the format; a file with a higher one needs a newer pg-preflight.
pub const SCHEMA: u32 = 1;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawCheck {
    pub schema: Spanned<u32>,
    pub id: Spanned<String>,
    pub title: Spanned<String>,
    pub severity: super::Severity,
    pub fails_at: super::FailsAt,
    pub summary: Spanned<super::Summary>,
    pub why: Spanned<String>,
    pub docs: Spanned<Vec<String>>,
    #[serde(default)]
    pub applies: RawApplies,
    pub remedy: RawRemedy,
    /// The id of the check whose query's rows this one judges too, so that it is asked once.
    pub query_of: Option<Spanned<String>>,
    pub query: Option<RawQuery>,
    pub rule: RawRule,
    #[serde(default, rename = "test")]
    pub tests: Vec<super::Case>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawApplies {
    pub source: Option<Spanned<String>>,
    pub target: Option<Spanned<String>>,
    pub platforms: Option<Vec<crate::upgrade::Platform>>,
    #[serde(default)]
    pub without_upgrade: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRemedy {
    pub text: String,
    #[serde(default)]
    pub commands: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawQuery {
    pub scope: super::Scope,
    /// How often it is asked, a moment apart, of what comes and goes.
    pub samples: Option<Spanned<u32>>,
    pub columns: Vec<String>,
    pub sql: Spanned<String>,
    #[serde(default)]
    pub variants: Vec<RawVariant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawVariant {
    pub server: Spanned<String>,
    pub sql: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum RawRule {
    /// Every row of the query is a finding.
    Rows(RawRows),
    /// A function of `src/rules/`.
    Rust(RawRust),
    /// A part of the compatibility matrix.
    Matrix(RawMatrixRule),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawMatrixRule {
    #[serde(default)]
    pub finds: super::Finds,
    /// By name; none: all.
    #[serde(default)]
    pub services: Vec<String>,
    /// Only services, or only drivers.
    pub kind: Option<Kind>,
    #[serde(default)]
    pub concerns: Vec<Concern>,
    /// Shown with the check, but not judged by it.
    #[serde(default)]
    pub shows: Vec<Concern>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRows {
    pub object: Spanned<String>,
    pub kind: Spanned<String>,
    pub detail: Spanned<String>,
    /// The column that says from which target major on a row counts.
    pub since_target: Option<Spanned<String>>,
    /// Column and value: rows with another value are another check's.
    #[serde(default)]
    pub only: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRust {
    pub function: Spanned<String>,
    /// The API operations it reads, as IAM names them: `rds:DescribeDBInstances`.
    #[serde(default)]
    pub calls: Vec<String>,
}

/// A test case of a check. Of `rows` and `bundle` one is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    pub name: String,
    /// Rows that the query is taken to answer, in one database.
    pub rows: Option<Vec<BTreeMap<String, String>>>,
    /// A bundle of `fixtures/bundles`.
    pub bundle: Option<String>,
    /// A JSON merge patch (RFC 7396) over that bundle.
    pub patch: Option<String>,
    /// The version that runs, instead of that of the bundle's story.
    pub source: Option<String>,
    /// The version that the base declares: the case is one of `gate`, whose change declares the bundle's.
    pub before: Option<String>,
    /// The target; default of the bundle's story.
    pub target: Option<String>,
    /// Whose rules apply, instead of those that the evidence speaks for.
    pub platform: Option<crate::upgrade::Platform>,
    /// SQL that makes such rows on a real server, and the majors to run it on.
    pub live: Option<Live>,
    pub expect: Expectation,
    /// The objects of the findings, in order.
    #[serde(default)]
    pub objects: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Live {
    pub setup: String,
    #[serde(default)]
    pub majors: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    Pass,
    Fail,
    Unknown,
    NotApplicable,
    Skipped,
}
