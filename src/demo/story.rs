//! The databases of the story, made in a throw-away server.

use tokio_postgres::{Client, NoTls};

use super::postgres;

const STORY: &str = include_str!("../../fixtures/demo/story.sql");

/// The role that the demo checks as: what a team would give to the program on RDS.
pub(super) const ROLE: &str = "preflight";

/// What the story needs of a server beyond the defaults.
pub(super) const SETTINGS: [(&str, &str); 3] =
    [("wal_level", "logical"), ("max_prepared_transactions", "5"), ("max_replication_slots", "5")];

#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    #[error("cannot enter the demo's database {database}")]
    Connect { database: String, source: tokio_postgres::Error },
    #[error("cannot make the demo's database {database}")]
    Create { database: String, source: tokio_postgres::Error },
    #[error("cannot make the demo's role")]
    Role(#[source] tokio_postgres::Error),
    #[error("cannot apply the story to the demo's database {database}")]
    Apply { database: String, source: tokio_postgres::Error },
}

/// How the story is written: as the superuser.
pub(super) struct Superuser<'a> {
    pub(super) name: &'a str,
    pub(super) password: &'a str,
    pub(super) port: u16,
}

impl Superuser<'_> {
    async fn enter(&self, database: &str) -> Result<Client, StoryError> {
        let url = postgres::url(self.name, Some(self.password), self.port, database);
        let connected = tokio_postgres::connect(&url, NoTls).await;
        let (client, connection) =
            connected.map_err(|source| StoryError::Connect { database: database.to_owned(), source })?;
        // It ends with the client, whose calls report what went wrong.
        tokio::spawn(connection);
        Ok(client)
    }
}

/// Makes the databases and their blockers, and the role with its password (hexadecimal).
///
/// # Errors
/// When the server refuses a part of it.
pub(super) async fn tell(superuser: &Superuser<'_>, role_password: &str) -> Result<(), StoryError> {
    let postgres = superuser.enter("postgres").await?;
    let role = format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{role_password}'; GRANT pg_monitor TO {ROLE};");
    postgres.batch_execute(&role).await.map_err(StoryError::Role)?;
    for (database, sql) in batches(STORY) {
        let create = |source| StoryError::Create { database: database.to_owned(), source };
        let known = postgres.query_opt("SELECT FROM pg_catalog.pg_database WHERE datname = $1", &[&database]).await;
        if known.map_err(create)?.is_none() {
            postgres.batch_execute(&format!("CREATE DATABASE {database}")).await.map_err(create)?;
        }
        let client = superuser.enter(database).await?;
        let applied = client.batch_execute(sql).await;
        applied.map_err(|source| StoryError::Apply { database: database.to_owned(), source })?;
    }
    Ok(())
}

/// Database and SQL of each batch, in order.
fn batches(story: &str) -> impl Iterator<Item = (&str, &str)> {
    story.split("\n-- @ ").skip(1).filter_map(|batch| batch.split_once('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_is_cut_into_batches() {
        let cut: Vec<_> = batches("-- head\n\n-- @ app\nSELECT 1;\n-- @ metabase\nSELECT 2;\n").collect();
        assert_eq!(cut, [("app", "SELECT 1;"), ("metabase", "SELECT 2;\n")]);
        let databases: Vec<_> = batches(STORY).map(|(database, _)| database).collect();
        assert_eq!(databases, ["app", "app", "metabase", "app", "app", "half_dropped", "postgres"]);
    }
}
