//! Where the database is and who we are there: URL, `PG*` variables, service file, password file, in libpq's order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::{passfile, tls};
use crate::causes;
use crate::secret::Secret;

/// Everything needed to open a database, the password known to nobody else.
#[derive(Clone)]
pub struct Settings {
    config: Config,
    tls: tls::Mode,
    root_certificate: Option<PathBuf>,
    database: Option<String>,
    database_is_guess: bool,
    secrets: Vec<Secret>,
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the database URL is not valid: {reason}")]
    Url { reason: String },
    #[error("sslmode '{value}' is none of disable, allow, prefer, require, verify-ca, verify-full")]
    SslMode { value: String },
    #[error("the service '{name}' is not in {}", path.display())]
    Service { name: String, path: PathBuf },
    #[error("{key} is not supported here; use a password, ~/.pgpass or --iam-auth")]
    Unsupported { key: String },
}

/// What the environment says, so that tests need not change it.
pub type Environment = BTreeMap<String, String>;

/// Parameters of libpq that change nothing for us.
const IGNORED: [&str; 9] = [
    "gssencmode",
    "sslcompression",
    "sslsni",
    "krbsrvname",
    "requirepeer",
    "client_encoding",
    "fallback_application_name",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
];

/// Parameters that we read ourselves, as the driver does not know them.
const OURS: [&str; 6] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "passfile", "service"];

impl Settings {
    /// From a URL (or `key=value` words) and the environment; `None` when neither names a host.
    ///
    /// # Errors
    /// When something is written wrong. The message never holds the URL, which may hold a password.
    pub fn from_user(url: Option<&str>, env: &Environment) -> Result<Option<Self>, SettingsError> {
        let (rest, mut ours) = match url {
            Some(url) => split(url)?,
            None => (String::new(), BTreeMap::new()),
        };
        let mut config: Config =
            rest.parse().map_err(|error: tokio_postgres::Error| SettingsError::Url { reason: said(&error) })?;
        let service = ours.remove("service").or_else(|| env.get("PGSERVICE").cloned());
        if let Some(name) = service {
            for (key, value) in read_service(&name, env)? {
                if OURS.contains(&key.as_str()) {
                    ours.entry(key).or_insert(value);
                } else {
                    default(&mut config, &key, &value)?;
                }
            }
        }
        for (variable, key) in [
            ("PGHOST", "host"),
            ("PGPORT", "port"),
            ("PGUSER", "user"),
            ("PGPASSWORD", "password"),
            ("PGDATABASE", "dbname"),
        ] {
            if let Some(value) = env.get(variable).filter(|value| !value.is_empty()) {
                default(&mut config, key, value)?;
            }
        }
        for (variable, key) in [("PGSSLMODE", "sslmode"), ("PGSSLROOTCERT", "sslrootcert"), ("PGPASSFILE", "passfile")]
        {
            if let Some(value) = env.get(variable).filter(|value| !value.is_empty()) {
                ours.entry(key.to_owned()).or_insert_with(|| value.clone());
            }
        }
        if let Some(key) = ["sslcert", "sslkey"].into_iter().find(|key| ours.contains_key(*key)) {
            return Err(SettingsError::Unsupported { key: key.to_owned() });
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Ok(None);
        }
        if config.get_hosts().len().max(config.get_hostaddrs().len()) > 1 {
            // Each connection could go to another of them, and the evidence would be of none.
            let reason = "there are several hosts; name the one that is upgraded".to_owned();
            return Err(SettingsError::Url { reason });
        }
        Self::finish(config, &ours, env).map(Some)
    }

    /// From the endpoint that RDS names, with what the environment says of user, password and TLS.
    ///
    /// # Errors
    /// When a `PG*` variable is written wrong.
    pub fn from_endpoint(
        address: &str,
        port: u16,
        user: Option<&str>,
        database: Option<&str>,
        env: &Environment,
    ) -> Result<Self, SettingsError> {
        let mut env = env.clone();
        env.insert("PGHOST".to_owned(), address.to_owned());
        env.insert("PGPORT".to_owned(), port.to_string());
        if let Some(user) = user {
            env.entry("PGUSER".to_owned()).or_insert_with(|| user.to_owned());
        }
        let guess = !env.contains_key("PGDATABASE");
        if let Some(database) = database {
            env.entry("PGDATABASE".to_owned()).or_insert_with(|| database.to_owned());
        }
        let settings = Self::from_user(None, &env)?;
        let mut settings = settings.expect("a host was just set");
        settings.database_is_guess |= guess;
        Ok(settings)
    }

    fn finish(mut config: Config, ours: &BTreeMap<String, String>, env: &Environment) -> Result<Self, SettingsError> {
        if config.get_user().is_none() {
            let login = env.get("USER").map_or("postgres", String::as_str).to_owned();
            config.user(login);
        }
        let tls = match ours.get("sslmode") {
            Some(value) => value.parse().map_err(|()| SettingsError::SslMode { value: value.clone() })?,
            None => tls::Mode::Prefer,
        };
        config.ssl_mode(tls.negotiation());
        let home = env.get("HOME").map(PathBuf::from);
        let root_certificate = ours
            .get("sslrootcert")
            .map(PathBuf::from)
            .or_else(|| home.as_ref().map(|home| home.join(".postgresql/root.crt")).filter(|path| path.is_file()));
        let database = config.get_dbname().map(str::to_owned);
        let mut settings = Self {
            config,
            tls,
            root_certificate,
            database_is_guess: database.is_none(),
            database,
            secrets: Vec::new(),
        };
        if settings.config.get_password().is_none() {
            let passfile = ours.get("passfile").map(PathBuf::from).or_else(|| home.map(|home| home.join(".pgpass")));
            if let Some(password) = passfile.and_then(|path| settings.password_from(&path)) {
                settings.config.password(password.expose());
            }
        }
        if let Some(password) = settings.config.get_password() {
            settings.secrets.push(Secret::new(String::from_utf8_lossy(password).into_owned()));
        }
        Ok(settings)
    }

    fn password_from(&self, path: &Path) -> Option<Secret> {
        let text = std::fs::read_to_string(path).ok()?;
        let (host, port) = self.host_and_port();
        let database = self.database.as_deref().unwrap_or("postgres");
        passfile::password(&text, [&host, &port.to_string(), database, self.config.get_user().unwrap_or_default()])
    }

    /// Uses this password, and user, instead of what was found.
    #[must_use]
    pub fn with_password(mut self, user: Option<&str>, password: Secret) -> Self {
        if let Some(user) = user {
            self.config.user(user);
        }
        self.config.password(password.expose());
        self.secrets.push(password);
        self
    }

    /// Insists on TLS, as an IAM token must not travel in clear.
    #[must_use]
    pub fn with_tls(mut self) -> Self {
        if matches!(self.tls, tls::Mode::Disable | tls::Mode::Prefer) {
            self.tls = tls::Mode::Require;
            self.config.ssl_mode(self.tls.negotiation());
        }
        self
    }

    /// Host and port, without user or password.
    #[must_use]
    pub fn address(&self) -> String {
        let (host, port) = self.host_and_port();
        format!("{host}:{port}")
    }

    #[must_use]
    pub fn host_and_port(&self) -> (String, u16) {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            None => self.config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
        };
        (host, self.config.get_ports().first().copied().unwrap_or(5432))
    }

    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.config.get_user()
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn tls(&self) -> tls::Mode {
        self.tls
    }

    pub(super) fn root_certificate(&self) -> Option<&Path> {
        self.root_certificate.as_deref()
    }

    pub(super) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The database, when somebody named one.
    #[must_use]
    pub fn named_database(&self) -> Option<&str> {
        self.database().filter(|_| !self.database_is_guess)
    }

    /// Whether nobody named the database: then another one will do.
    pub(super) fn database_is_guess(&self) -> bool {
        self.database_is_guess
    }

    /// The text without any password of ours, should a server repeat it.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        let secrets = self.secrets.iter().map(Secret::expose).filter(|secret| secret.len() > 3);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

/// Sets what is not set yet.
fn default(config: &mut Config, key: &str, value: &str) -> Result<(), SettingsError> {
    let bad = |reason: &str| SettingsError::Url { reason: format!("{key}: {reason}") };
    match key {
        "host" if config.get_hosts().is_empty() => {
            config.host(value);
        }
        "port" if config.get_ports().is_empty() => {
            config.port(value.parse().map_err(|_| bad("not a port number"))?);
        }
        "user" if config.get_user().is_none() => {
            config.user(value);
        }
        "password" if config.get_password().is_none() => {
            config.password(value);
        }
        "dbname" if config.get_dbname().is_none() => {
            config.dbname(value);
        }
        _ => {}
    }
    Ok(())
}

fn read_service(name: &str, env: &Environment) -> Result<BTreeMap<String, String>, SettingsError> {
    let path = env.get("PGSERVICEFILE").map_or_else(
        || PathBuf::from(env.get("HOME").map_or("", String::as_str)).join(".pg_service.conf"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    passfile::service(&text, name).ok_or(SettingsError::Service { name: name.to_owned(), path })
}

/// Takes our parameters out of a URL or of `key=value` words, as the driver refuses those it does not know.
fn split(text: &str) -> Result<(String, BTreeMap<String, String>), SettingsError> {
    let known = |key: &str| OURS.contains(&key) || IGNORED.contains(&key);
    let mut ours = BTreeMap::new();
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        // The driver ends the password at the first @, and takes the rest of it for a part of the host.
        let host = text.split_once('@').map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
        if host.contains('@') {
            let reason = "there are two @ before the host: write the one in the password as %40".to_owned();
            return Err(SettingsError::Url { reason });
        }
        let Some((base, query)) = text.split_once('?') else { return Ok((text.to_owned(), ours)) };
        let mut theirs = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if known(key) {
                let value = percent_decode_str(value).decode_utf8();
                let value = value.map_err(|_| SettingsError::Url { reason: format!("{key} is not UTF-8") })?;
                ours.insert(key.to_owned(), value.into_owned());
            } else {
                theirs.push(pair);
            }
        }
        let rest = if theirs.is_empty() { base.to_owned() } else { format!("{base}?{}", theirs.join("&")) };
        return Ok((rest, ours));
    }
    if !text.contains('=') || text.contains("://") {
        let reason = "it begins with neither postgres:// nor postgresql://, and has no key=value words".to_owned();
        return Err(SettingsError::Url { reason });
    }
    let mut theirs = Vec::new();
    for (key, value) in words(text) {
        // Such a key is the rest of a value, perhaps of a password, so it is not repeated.
        if key.contains(char::is_whitespace) {
            let reason = "a value with blanks stands in single quotes".to_owned();
            return Err(SettingsError::Url { reason });
        }
        if known(&key) {
            ours.insert(key, value);
        } else {
            theirs.push(format!("{key}='{}'", value.replace('\\', "\\\\").replace('\'', "\\'")));
        }
    }
    Ok((theirs.join(" "), ours))
}

/// `key=value` words; a value may stand in single quotes, with backslash escapes.
fn words(text: &str) -> Vec<(String, String)> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        let key: String = std::iter::from_fn(|| chars.next_if(|c| *c != '=')).collect();
        chars.next();
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let quoted = chars.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\\' => value.extend(chars.next()),
                '\'' if quoted => break,
                c if c.is_whitespace() && !quoted => break,
                c => value.push(c),
            }
        }
        if !key.trim().is_empty() {
            words.push((key.trim().to_owned(), value));
        }
    }
    words
}

/// What the driver says of a URL, without its heading.
fn said(error: &tokio_postgres::Error) -> String {
    causes::joined(error).trim_start_matches("invalid connection string: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, env: &[(&str, &str)]) -> Result<Option<Settings>, SettingsError> {
        let env = env.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Settings::from_user(Some(url).filter(|url| !url.is_empty()), &env)
    }

    fn some(url: &str, env: &[(&str, &str)]) -> Settings {
        settings(url, env).expect("valid").expect("a host")
    }

    #[test]
    fn urls_of_libpq() {
        let read = some(
            "postgresql://app:p%40ss@db:5433/main?sslmode=verify-full&sslrootcert=/etc/rds%20ca.pem&target_session_attrs=any",
            &[],
        );
        assert_eq!(read.address(), "db:5433");
        assert_eq!(read.tls, tls::Mode::VerifyFull);
        assert_eq!(read.root_certificate.as_deref(), Some(Path::new("/etc/rds ca.pem")));
        assert_eq!(read.database(), Some("main"));
        assert!(!read.database_is_guess());
        assert_eq!(read.scrub("password p@ss was wrong"), "password *** was wrong");
    }

    #[test]
    fn words_of_libpq() {
        let read = some("host=db user='my app' password='it\\'s' sslmode=disable dbname=main", &[]);
        assert_eq!(read.user(), Some("my app"));
        assert_eq!(read.config.get_password(), Some(b"it's".as_slice()));
        assert_eq!(read.tls, tls::Mode::Disable);
    }

    #[test]
    fn the_environment_fills_what_the_url_leaves_open() {
        let env = [("PGHOST", "ignored"), ("PGUSER", "me"), ("PGPASSWORD", "secret"), ("PGSSLMODE", "require")];
        let read = some("postgres://db/main", &env);
        assert_eq!((read.address().as_str(), read.user(), read.tls), ("db:5432", Some("me"), tls::Mode::Require));
        assert_eq!(read.config.get_password(), Some(b"secret".as_slice()));
        assert!(settings("", &[]).expect("valid").is_none());
        assert_eq!(some("", &env).address(), "ignored:5432");
    }

    #[test]
    fn mistakes_are_named_without_the_url() {
        for url in [
            "postgres://u:s3cr3t@db:port/x",
            "mysql://u:s3cr3t@db/x",
            "s3cr3t",
            "postgres://u:s3cr3t@db/x?nonsense=1",
            "postgres://u:s3cr3t@db/x?sslmode=yes",
            "postgres://u:s3cr3t@db1,db2/x",
        ] {
            let error = settings(url, &[]).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!error.is_empty() && !error.contains("s3cr3t"), "{url}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(url in "(postgres://)?.{0,60}") {
            let _ = settings(&url, &[]);
        }
    }
}
