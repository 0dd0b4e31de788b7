//! A running server of a major, and how it is asked.

use std::path::Path;

use pg_preflight::demo::{Binaries, Server, ServerOptions, npm};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::Result;

pub(crate) struct Running {
    pub(crate) major: u64,
    pub(crate) version: String,
    pub(crate) client: Client,
    server: Server,
}

impl Running {
    pub(crate) async fn start(major: u64, cache: &Path) -> Result<Self> {
        let bin = npm::fetch(major, cache)?;
        let binaries = Binaries::at(&bin).ok_or_else(|| format!("{} does not run", bin.display()))?;
        let server = Server::start(&binaries, &ServerOptions::default())?;
        let client = connect(&server.url("postgres")).await?;
        client.batch_execute("SET search_path = pg_catalog; SET check_function_bodies = off").await?;
        Ok(Self { major, version: server.version().to_string(), client, server })
    }

    /// A session in a database made for it.
    pub(crate) async fn in_new_database(&self, name: &str) -> Result<Client> {
        self.client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
        connect(&self.server.url(name)).await
    }
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The rows of a query; NULL is an empty text.
pub(crate) async fn rows(client: &Client, sql: &str) -> Result<Vec<Vec<String>>> {
    let messages = client.simple_query(sql).await.map_err(|error| format!("{error:?}: {sql}"))?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect())
        }
        _ => None,
    });
    Ok(rows.collect())
}

/// Whether a statement is taken. Nothing of it stays.
pub(crate) async fn takes(client: &Client, statement: &str) -> Result<bool> {
    client.batch_execute("BEGIN").await?;
    let taken = client.batch_execute(statement).await.is_ok();
    client.batch_execute("ROLLBACK").await?;
    Ok(taken)
}
