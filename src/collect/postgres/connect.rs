//! Opening one connection to one database.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use super::settings::Settings;
use super::tls;
use crate::causes;
use crate::quote::quote_ident;
use crate::version::PgVersion;

/// An open connection.
pub(super) struct Session {
    pub client: Client,
    pub version: PgVersion,
    pub database: String,
    /// The user, said when a privilege is missing.
    pub user: String,
    driver: JoinHandle<()>,
}

impl Session {
    /// Ends the connection, and waits until it is gone, so that never more than `jobs` are open.
    pub(super) async fn close(self) {
        let Self { client, mut driver, .. } = self;
        drop(client);
        // A server that hangs does not take leave, and its connection would outlive the run.
        if tokio::time::timeout(Duration::from_secs(1), &mut driver).await.is_err() {
            driver.abort();
        }
    }
}

/// Why a database could not be opened, in the words of the server.
pub(super) struct Refusal {
    pub reason: String,
    state: Option<SqlState>,
}

impl Refusal {
    pub(super) fn other(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), state: None }
    }

    /// Whether there may be room for a connection later.
    pub(super) fn is_for_want_of_room(&self) -> bool {
        self.state == Some(SqlState::TOO_MANY_CONNECTIONS)
    }

    /// Whether it is about the database, so that another one may be open: it does not exist, does not let us in, is
    /// full, or `pg_hba.conf` excludes it. A wrong password is not tried again on others.
    fn is_of_database(&self) -> bool {
        let states = [
            SqlState::INVALID_CATALOG_NAME,
            SqlState::INSUFFICIENT_PRIVILEGE,
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        ];
        self.state.as_ref().is_some_and(|state| states.contains(state))
    }
}

/// Opens the database that the settings name; where they name none, whatever there is on every server.
pub(super) async fn open_first(settings: &Settings, timeout: Duration) -> Result<Session, Refusal> {
    let named = settings.database();
    let others = ["postgres", "template1"].into_iter().filter(|_| settings.database_is_guess());
    let mut first = None;
    for database in named.into_iter().chain(others.filter(|other| named != Some(*other))) {
        match open(settings, database, timeout).await {
            Err(refusal) if refusal.is_of_database() => first = first.or(Some(refusal)),
            outcome => return outcome,
        }
    }
    Err(first.unwrap_or_else(|| Refusal::other("there is no database to begin with")))
}

/// A server that is full may have room in a moment: our own last connection may still be leaving.
const TRIES: u32 = 3;

/// Opens one database, or gives up after `timeout`.
pub(super) async fn open(settings: &Settings, database: &str, timeout: Duration) -> Result<Session, Refusal> {
    let mut config = settings.config().clone();
    // The driver's own timeout is for each address of the host, and ends with the TCP connection.
    config.dbname(database).application_name("pg-preflight").connect_timeout(timeout / 2);
    let user = config.get_user().unwrap_or("the role").to_owned();
    let mut tried = 0;
    loop {
        tried += 1;
        let error = match tokio::time::timeout(timeout, connect(settings, &config)).await {
            Err(_) => {
                let reason = format!("{} gave no answer within {:?}", settings.address(), timeout);
                return Err(Refusal::other(reason));
            }
            Ok(Err(Attempt::Tls(reason))) => return Err(Refusal::other(reason)),
            Ok(Ok((client, version, driver))) => {
                let version = version.ok_or_else(|| Refusal::other("the server does not report its version"))?;
                return Ok(Session { client, version, database: database.to_owned(), user, driver });
            }
            Ok(Err(Attempt::Postgres(error))) => error,
        };
        let refusal = Refusal { reason: settings.scrub(&reason(&error, &user)), state: error.code().cloned() };
        if !refusal.is_for_want_of_room() || tried == TRIES {
            return Err(refusal);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
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
        let denied = *db.code() == SqlState::INSUFFICIENT_PRIVILEGE && !db.message().contains("for database");
        let hint = if denied { grant(db.message(), user) } else { String::new() };
        return format!("{} (SQLSTATE {state}){hint}", db.message().replace('\n', " "));
    }
    causes::joined(error).replace('\n', " ")
}

/// Catalogs that no role for looking should be given.
const PRIVATE: [&str; 7] = [
    "pg_authid",
    "pg_largeobject",
    "pg_shadow",
    "pg_statistic",
    "pg_statistic_ext_data",
    "pg_subscription",
    "pg_user_mapping",
];

/// What would let the role read what a message says was denied to it: our queries name nothing but `pg_catalog`.
/// Password hashes, connection strings and samples of data are nobody's business.
fn grant(message: &str, user: &str) -> String {
    let role = quote_ident(user);
    let what = message.strip_prefix("permission denied for ").and_then(|rest| rest.split_once(' '));
    let command = match what {
        Some((_, private)) if PRIVATE.contains(&private) => return String::new(),
        Some(("table" | "view" | "relation", name)) => {
            format!("GRANT SELECT ON pg_catalog.{} TO {role}", quote_ident(name))
        }
        Some(("schema", name)) => format!("GRANT USAGE ON SCHEMA {} TO {role}", quote_ident(name)),
        Some(("function", name)) => format!("GRANT EXECUTE ON FUNCTION pg_catalog.{} TO {role}", quote_ident(name)),
        _ => format!("GRANT pg_monitor TO {role}"),
    };
    format!("; {command} may help")
}

#[cfg(test)]
mod tests {
    use super::grant;

    #[test]
    fn the_grant_is_for_what_was_denied() {
        assert_eq!(
            grant("permission denied for table pg_proc", "p"),
            "; GRANT SELECT ON pg_catalog.\"pg_proc\" TO \"p\" may help"
        );
        assert_eq!(
            grant("permission denied for schema pg_catalog", "p"),
            "; GRANT USAGE ON SCHEMA \"pg_catalog\" TO \"p\" may help"
        );
        assert_eq!(grant("must be superuser", "p"), "; GRANT pg_monitor TO \"p\" may help");
        assert_eq!(grant("permission denied for table pg_authid", "p"), "");
    }
}
