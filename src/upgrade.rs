//! The upgrade that is judged: from where, to where, by whose rules.

use serde::{Deserialize, Serialize};

use crate::version::PgVersion;

/// Whose rules apply: RDS and Aurora refuse what `pg_upgrade` lets pass (logical slots below 17, for one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    Rds,
    Aurora,
    SelfManaged,
}

impl Platform {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rds => "rds",
            Self::Aurora => "aurora",
            Self::SelfManaged => "self-managed",
        }
    }

    /// The engine name of the RDS API, and the prefix of its parameter group families: `postgres16`.
    #[must_use]
    pub fn engine(self) -> &'static str {
        match self {
            Self::Aurora => "aurora-postgresql",
            Self::Rds | Self::SelfManaged => "postgres",
        }
    }

    /// The platform of an engine name of the RDS API, `None` for `MySQL` and the like.
    #[must_use]
    pub fn of_engine(engine: &str) -> Option<Self> {
        match engine {
            "postgres" => Some(Self::Rds),
            "aurora-postgresql" => Some(Self::Aurora),
            _ => None,
        }
    }
}

/// An upgrade from the version that really runs to the version that is wanted.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// `None` when neither RDS nor the database could be asked.
    pub source: Option<PgVersion>,
    /// What was asked for, as written: `16`.
    pub requested: PgVersion,
    /// What that resolves to: `16.3`; still a bare major when there was nothing to resolve it by.
    pub target: PgVersion,
    pub platform: Platform,
}

impl Upgrade {
    /// The parameter group family of a major of this engine: `postgres16`.
    #[must_use]
    pub fn family(&self, major: u64) -> String {
        family(self.platform.engine(), major)
    }
}

/// Groups that AWS made carry this prefix. RDS replaces them by the target's by itself, and nobody can set a value in one.
pub const DEFAULT_PREFIX: &str = "default.";

/// The name of a parameter group family, `postgres16` or `aurora-postgresql16`.
#[must_use]
pub fn family(engine: &str, major: u64) -> String {
    format!("{engine}{major}")
}
