//! Opening one connection to one database.

use std::error::Error as _;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use super::settings::Settings;
use super::tls;
use crate::quote::quote_ident;
use crate::version::PgVersion;

/// An open connection.
pub(super) struct Session {
    pub client: Client,
    pub version: PgVersion,
    pub database: String,
    /// Said when a privilege is missing.
    pub settings_hint: String,
    driver: JoinHandle<()>,
}

impl Session {
    /// Ends the connection, and waits until it is gone, so that never more than `jobs` are open.
    pub(super) async fn close(self) {
        drop(self.client);
        let _ = tokio::time::timeout(Duration::from_secs(1), self.driver).await;
    }
}

/// Opens the database that the settings name; where they name none, whatever there is on every server.
pub(super) async fn open_first(settings: &Settings, timeout: Duration) -> Result<Session, String> {
    if let Some(database) = settings.database() {
        match open(settings, database, timeout).await {
            Err(_) if settings.database_is_guess() => {}
            outcome => return outcome,
        }
    }
    match open(settings, "postgres", timeout).await {
        Err(first) => open(settings, "template1", timeout).await.map_err(|_| first),
        session => session,
    }
}

/// A server that is full may have room in a moment: our own last connection may still be leaving.
const TRIES: u32 = 3;

/// Opens one database. The reason of a failure is in the words of the server.
pub(super) async fn open(settings: &Settings, database: &str, timeout: Duration) -> Result<Session, String> {
    let mut config = settings.config().clone();
    config.dbname(database).application_name("pg-preflight").connect_timeout(timeout);
    let mut tried = 0;
    loop {
        tried += 1;
        // The driver's own timeout ends with the TCP connection; a server that then says nothing is not bounded by it.
        let attempt = tokio::time::timeout(timeout.saturating_mul(2), connect(settings, &config)).await;
        let error = match attempt {
            Err(_) => return Err(format!("{} gave no answer within {} s", settings.address(), timeout.as_secs() * 2)),
            Ok(Err(Attempt::Tls(reason))) => return Err(reason),
            Ok(Ok((client, version, driver))) => {
                let settings_hint = config.get_user().unwrap_or("the role").to_owned();
                let version = version.ok_or_else(|| "the server does not report its version".to_owned())?;
                return Ok(Session { client, version, database: database.to_owned(), settings_hint, driver });
            }
            Ok(Err(Attempt::Postgres(error))) => error,
        };
        if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) && tried < TRIES {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        }
        let said = reason(&error, config.get_user().unwrap_or("the role"));
        // What the server did not say itself does not tell which server it is about.
        let said = if error.as_db_error().is_some() { said } else { format!("{}: {said}", settings.address()) };
        return Err(settings.scrub(&said));
    }
}

enum Attempt {
    Postgres(tokio_postgres::Error),
    Tls(String),
}

async fn connect(settings: &Settings, config: &Config) -> Result<(Client, Option<PgVersion>, JoinHandle<()>), Attempt> {
    // Each arm has its own connection type.
    macro_rules! drive {
        ($connector:expr) => {{
            let (client, connection) = config.connect($connector).await.map_err(Attempt::Postgres)?;
            let version = connection.parameter("server_version").and_then(|text| text.parse().ok());
            let driver = tokio::spawn(async move {
                // Its error reaches whoever waits for an answer.
                let _ = connection.await;
            });
            Ok((client, version, driver))
        }};
    }
    match settings.tls() {
        tls::Mode::Disable => drive!(NoTls),
        mode => {
            drive!(tls::connector(mode, settings.root_certificate()).map_err(|error| Attempt::Tls(error.to_string()))?)
        }
    }
}

/// One line in the words of the server, with the grant that would help.
pub(super) fn reason(error: &tokio_postgres::Error, user: &str) -> String {
    if let Some(db) = error.as_db_error() {
        let state = db.code().code();
        let hint = if *db.code() == SqlState::INSUFFICIENT_PRIVILEGE && !db.message().contains("for database") {
            format!("; GRANT pg_monitor TO {} may help", quote_ident(user))
        } else {
            String::new()
        };
        return format!("{} (SQLSTATE {state}){hint}", db.message().replace('\n', " "));
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    text.replace('\n', " ")
}
