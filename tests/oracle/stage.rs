//! A server that cases are planted on, one after the other, and taken off again.

use pg_preflight::checks::Registry;
use pg_preflight::collect::postgres::{Limits, collect};
use pg_preflight::demo::Server;
use pg_preflight::facts::{DatabaseFacts, Source};
use tokio_postgres::Client;

use crate::case::Case;
use crate::inventory::{Inventory, drop_database, settle};
use crate::world::{ROLE, create_database, in_url, login, quote_ident, run, texts};
use crate::{support, sweep};

/// Where the stage's own session is: cases do away with `postgres` and `template1`.
const BACKSTAGE: &str = "backstage";

pub(crate) struct Stage {
    server: Server,
    admin: Client,
    inventory: Inventory,
}

impl Stage {
    pub(crate) async fn of(major: u64, settings: &[(String, String)]) -> Self {
        let settings: Vec<(&str, &str)> =
            settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let server = support::fresh_server_with(major, &settings, None);
        let first = support::connect(&server, "postgres").await;
        run(&first, &format!("CREATE ROLE {ROLE} LOGIN; GRANT pg_monitor TO {ROLE}")).await;
        create_database(&first, BACKSTAGE).await;
        let admin = support::connect(&server, BACKSTAGE).await;
        let inventory = Inventory::of(&admin).await;
        Self { server, admin, inventory }
    }

    /// Runs the case's script, which begins in a database; what the server refused, if it did.
    pub(crate) async fn plant(&self, case: &Case, database: &str) -> Result<(), String> {
        for (database, statements) in case.steps(database) {
            let session = support::connect(&self.server, &database).await;
            for statement in statements {
                execute(&session, &statement).await?;
            }
        }
        Ok(())
    }

    /// What the role with `pg_monitor` sees; why it sees nothing.
    pub(crate) async fn look(&self, registry: &Registry) -> Result<DatabaseFacts, String> {
        let there = "SELECT datname FROM pg_database WHERE datname IN ('postgres', 'template1') AND datallowconn \
                     ORDER BY datname LIMIT 1";
        let entered = texts(&self.admin, there).await;
        let settings = login(&self.server, &format!("/{}", in_url(&entered[0])));
        match collect(&settings, &registry.queries(), Limits::default(), &|_| ()).await {
            Source::Collected(facts) => Ok(facts),
            other => Err(format!("{other:?}")),
        }
    }

    /// Runs a command of a report where the comment behind it says: in the database named, else in any.
    pub(crate) async fn cure(&self, command: &str) -> Result<(), String> {
        let (sql, comment) = command.split_once(";  -- ").unwrap_or((command.trim_end_matches(';'), ""));
        let known = texts(&self.admin, "SELECT datname FROM pg_database ORDER BY length(datname) DESC").await;
        let Some(place) = comment.strip_prefix("in database ") else { return execute(&self.admin, sql).await };
        // Some are quoted, as names in SQL are.
        let named = |name: &&String| place.starts_with(name.as_str()) || place.starts_with(&quote_ident(name));
        let database = known.iter().find(named).ok_or_else(|| format!("there is no database {place:?}"))?;
        execute(&support::connect(&self.server, database).await, sql).await
    }

    /// Makes databases for cases that stay in theirs: `plot 0` and so on.
    pub(crate) async fn lay_out(&mut self, count: usize) {
        for at in 0..count {
            create_database(&self.admin, &format!("plot {at}")).await;
        }
        self.inventory = Inventory::of(&self.admin).await;
    }

    /// Makes a database as it was.
    pub(crate) async fn empty(&self, database: &str, case: &Case) {
        if !sweep::is_not_enough_for(case) {
            let session = support::connect(&self.server, database).await;
            if sweep::sweep(&session).await {
                return;
            }
        }
        self.renew(database, "").await;
    }

    /// Makes the server as it was.
    pub(crate) async fn clear(&self, case: &Case) {
        let admin = &self.admin;
        run(admin, "ALTER ROLE ALL RESET ALL; ALTER ROLE postgres RESET ALL").await;
        settle(&self.server, admin).await;
        self.empty("postgres", case).await;
        if case.script.contains("template0") {
            run(admin, "ALTER DATABASE template0 ALLOW_CONNECTIONS false").await;
        }
        if case.script.contains("template1") {
            self.renew("template1", "IS_TEMPLATE true").await;
        }
        self.inventory.restore(&self.server, admin).await;
    }

    async fn renew(&self, name: &str, options: &str) {
        if !texts(&self.admin, &format!("SELECT 1 FROM pg_database WHERE datname = '{name}'")).await.is_empty() {
            drop_database(&self.admin, name).await;
        }
        run(&self.admin, &format!("CREATE DATABASE {} TEMPLATE template0 {options}", quote_ident(name))).await;
    }
}

async fn execute(session: &Client, sql: &str) -> Result<(), String> {
    session.simple_query(sql).await.map(|_| ()).map_err(|error| match error.as_db_error() {
        Some(said) => format!("{} (SQLSTATE {})", said.message(), said.code().code()),
        None => error.to_string(),
    })
}
