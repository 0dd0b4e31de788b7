//! What the services in front of the database said of themselves.

use serde::{Deserialize, Serialize};

use super::Source;

/// A service that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningService {
    pub kind: ServiceKind,
    /// Where it was asked, without user, password and query.
    pub url: String,
    /// As the service writes it: `v2.48.16`, `v0.58.24`.
    pub version: Source<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceKind {
    Hasura,
    Metabase,
}

impl ServiceKind {
    /// As the configuration names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hasura => "hasura",
            Self::Metabase => "metabase",
        }
    }
}
