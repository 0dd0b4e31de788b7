//! What the database server said.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Source;
use crate::version::PgVersion;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatabaseFacts {
    pub server: Server,
    /// Every database but `template0` and `rdsadmin`, by name.
    pub databases: Vec<Database>,
    /// Answers to the queries that are asked once, by check id.
    pub cluster: QuerySet,
    /// Answers to the queries that are asked in each database, by database and check id.
    pub per_database: BTreeMap<String, Source<QuerySet>>,
}

/// Answers by the id of the check that asked.
pub type QuerySet = BTreeMap<String, QueryOutcome>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Server {
    pub version: PgVersion,
    /// Host and port asked, without user or password.
    pub address: String,
    pub user: String,
    pub superuser: bool,
    /// Whether it has the role `rdsadmin`, as every RDS and Aurora server does.
    pub rds: bool,
    /// Whether it has Aurora's settings.
    pub aurora: bool,
    pub in_recovery: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Database {
    pub name: String,
    pub allow_connections: bool,
    /// `pg_database.datconnlimit`: -1 no limit, -2 invalid, a `DROP DATABASE` was interrupted.
    pub connection_limit: i32,
}

impl Database {
    /// A database that nobody can enter, and that `pg_upgrade` refuses: one blocker of its own, which is why the
    /// checks that would look inside do not report it again.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        !self.allow_connections || self.is_invalid()
    }

    /// <https://www.postgresql.org/docs/18/catalog-pg-database.html>, `datconnlimit`
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.connection_limit == -2
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryOutcome {
    Rows(Rows),
    /// In the words of the server.
    Failed {
        reason: String,
    },
}

/// Rows in PostgreSQL's text format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
    /// More rows were there than the cap lets through.
    pub truncated: bool,
}

impl Rows {
    /// A cell by row and column name; `None` for NULL and for what is not there.
    #[must_use]
    pub fn cell(&self, row: usize, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.rows.get(row)?.get(at)?.as_deref()
    }
}
