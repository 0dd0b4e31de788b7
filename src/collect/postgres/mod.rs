//! Asks the database server: one connection for each database, all its queries sent together, in a READ ONLY
//! transaction with timeouts. Start at [`collect`].

mod batch;
mod connect;
mod passfile;
mod settings;
mod tls;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};

pub use settings::{Environment, Settings, SettingsError};

use crate::checks::{Query, Scope};
use crate::facts::{Database, DatabaseFacts, QueryOutcome, QuerySet, Rows, Server, Source};
use connect::{Refusal, Session};

/// Bounds on what we do to a production server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time.
    pub jobs: usize,
    pub statement_timeout: Duration,
    pub connect_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { jobs: 4, statement_timeout: Duration::from_secs(5), connect_timeout: Duration::from_secs(5) }
    }
}

/// Between two samples.
const MOMENT: Duration = Duration::from_millis(200);

/// Where the base queries' answers are filed; no check id begins so.
const SERVER: &str = "@server";
const DATABASES: &str = "@databases";

/// `rdsadmin` exists on every RDS server, `aurora_version` only on Aurora; elsewhere than in `pg_catalog` it is
/// somebody's own.
const SERVER_SQL: &str = "
SELECT current_user AS user,
       r.rolsuper AS superuser,
       EXISTS (SELECT 1 FROM pg_catalog.pg_roles a WHERE a.rolname = 'rdsadmin') AS rds,
       EXISTS (SELECT 1 FROM pg_catalog.pg_proc p
               WHERE p.proname = 'aurora_version' AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace) AS aurora,
       pg_catalog.pg_is_in_recovery() AS in_recovery
FROM pg_catalog.pg_roles r
WHERE r.rolname = current_user";

/// `template0` takes no connections by design, and only RDS itself may enter `rdsadmin`.
const DATABASES_SQL: &str = "
SELECT d.datname AS name, d.datallowconn AS allow_connections, d.datconnlimit AS connection_limit
FROM pg_catalog.pg_database d
WHERE d.datname NOT IN ('template0', 'rdsadmin')
ORDER BY d.datname";

/// Everything the queries answer; unavailable as a whole only when no connection could be made at all.
pub async fn collect(
    settings: &Settings,
    queries: &[&Query],
    limits: Limits,
    progress: &dyn Fn(&str),
) -> Source<DatabaseFacts> {
    match (Collector { settings, queries, limits }).run(progress).await {
        Ok(facts) => Source::Collected(facts),
        Err(reason) => Source::unavailable(reason),
    }
}

struct Collector<'a> {
    settings: &'a Settings,
    queries: &'a [&'a Query],
    limits: Limits,
}

impl Collector<'_> {
    async fn run(&self, progress: &dyn Fn(&str)) -> Result<DatabaseFacts, String> {
        let first = connect::open_first(self.settings, self.limits.connect_timeout).await;
        let first = first.map_err(|refusal| refusal.reason)?;
        let (version, entered) = (first.version.clone(), first.database.clone());
        let base = [(SERVER, SERVER_SQL.to_owned()), (DATABASES, DATABASES_SQL.to_owned())];
        let asked = base
            .into_iter()
            .chain(self.sql(Scope::Cluster, &first))
            .chain(self.sql(Scope::EachDatabase, &first))
            .collect::<Vec<_>>();
        let mut answers = self.ask_repeatedly(first, asked).await?;
        let server = rows(answers.remove(SERVER))?;
        let databases = databases(&rows(answers.remove(DATABASES))?)?;
        let own = self.take(&mut answers, Scope::EachDatabase);

        let rest: Vec<&str> = databases
            .iter()
            .filter(|database| !database.is_closed() && database.name != entered)
            .map(|database| database.name.as_str())
            .collect();
        let total = rest.len() + 1;
        let mut per_database = BTreeMap::new();
        let mut turned_away = Vec::new();
        let mut answered = stream::iter(rest)
            .map(|name| async move { (name, self.enter(name).await) })
            .buffer_unordered(self.limits.jobs.max(1));
        while let Some((name, outcome)) = answered.next().await {
            match outcome {
                Err(refusal) if refusal.is_for_want_of_room() => turned_away.push(name),
                outcome => {
                    per_database.insert(name.to_owned(), source(outcome));
                    progress(&format!("databases {}/{total}", per_database.len() + 1));
                }
            }
        }
        drop(answered);
        // A role may be limited to fewer connections than `jobs`: one after the other they fit.
        for name in turned_away {
            per_database.insert(name.to_owned(), source(self.enter(name).await));
            progress(&format!("databases {}/{total}", per_database.len() + 1));
        }
        if databases.iter().any(|database| database.name == entered) {
            per_database.insert(entered, Source::Collected(own));
        }
        let cell = |name: &str| server.cell(0, name).unwrap_or_default().to_owned();
        Ok(DatabaseFacts {
            server: Server {
                version,
                address: self.settings.address(),
                user: cell("user"),
                superuser: cell("superuser") == "t",
                rds: cell("rds") == "t",
                aurora: cell("aurora") == "t",
                in_recovery: cell("in_recovery") == "t",
            },
            databases,
            cluster: answers,
            per_database,
        })
    }

    async fn enter(&self, name: &str) -> Result<QuerySet, Refusal> {
        let session = connect::open(self.settings, name, self.limits.connect_timeout).await?;
        let asked = self.sql(Scope::EachDatabase, &session).collect();
        self.ask(session, asked).await.map_err(Refusal::other)
    }

    fn sql<'q>(&'q self, scope: Scope, session: &Session) -> impl Iterator<Item = (&'q str, String)> {
        let version = session.version.clone();
        let queries = self.queries.iter().filter(move |query| query.scope == scope);
        queries.map(move |query| (query.key.as_str(), query.sql_for(&version)))
    }

    async fn ask(&self, session: Session, asked: Vec<(&str, String)>) -> Result<QuerySet, String> {
        let answers = batch::ask(&session, asked, self.limits.statement_timeout).await;
        session.close().await;
        answers
    }

    /// As [`Self::ask`], and of what comes and goes again, a moment apart: pools idle out and fill up.
    async fn ask_repeatedly(&self, session: Session, asked: Vec<(&str, String)>) -> Result<QuerySet, String> {
        let mut answers = batch::ask(&session, asked, self.limits.statement_timeout).await;
        let most = self.queries.iter().map(|query| query.samples).max().unwrap_or(1);
        for round in 1..most {
            let Ok(answers) = &mut answers else { break };
            let again = self.queries.iter().filter(|query| query.samples > round && query.scope == Scope::Cluster);
            // What gave no answer gives none the next time; a connection that hangs is not waited for again.
            let again = again.filter(|query| matches!(answers.get(&query.key), Some(QueryOutcome::Rows(_))));
            let again: Vec<_> = again.map(|query| (query.key.as_str(), query.sql_for(&session.version))).collect();
            if again.is_empty() {
                break;
            }
            tokio::time::sleep(MOMENT).await;
            // What was seen stays seen, whatever becomes of the next look.
            let Ok(more) = batch::ask(&session, again, self.limits.statement_timeout).await else { break };
            for (key, outcome) in more {
                batch::join(answers.get_mut(&key), outcome);
            }
        }
        session.close().await;
        answers
    }

    /// Takes the answers of one scope out of those of both.
    fn take(&self, answers: &mut QuerySet, scope: Scope) -> QuerySet {
        let keys = self.queries.iter().filter(|query| query.scope == scope).map(|query| &query.key);
        keys.filter_map(|key| answers.remove_entry(key)).collect()
    }
}

fn source(outcome: Result<QuerySet, Refusal>) -> Source<QuerySet> {
    match outcome {
        Ok(answers) => Source::Collected(answers),
        Err(refusal) => Source::unavailable(refusal.reason),
    }
}

fn rows(outcome: Option<QueryOutcome>) -> Result<Rows, String> {
    match outcome {
        Some(QueryOutcome::Rows(rows)) if !rows.truncated => Ok(rows),
        Some(QueryOutcome::Rows(_)) => Err("the server has more databases than we read".to_owned()),
        Some(QueryOutcome::Failed { reason }) => Err(reason),
        None => Err("the server did not answer".to_owned()),
    }
}

fn databases(rows: &Rows) -> Result<Vec<Database>, String> {
    (0..rows.rows.len())
        .map(|at| {
            let cell = |name| rows.cell(at, name).ok_or_else(|| format!("pg_database has no {name}"));
            Ok(Database {
                name: cell("name")?.to_owned(),
                allow_connections: cell("allow_connections")? == "t",
                connection_limit: cell("connection_limit")?
                    .parse()
                    .map_err(|_| "datconnlimit is no number".to_owned())?,
            })
        })
        .collect()
}
