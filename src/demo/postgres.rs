//! Throw-away PostgreSQL servers: loopback only, unprivileged, and gone with the process that started them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fmt, thread};

use super::account::Account;
use super::binaries::Binaries;
use super::folder::{self, Watchdog};
use crate::version::PgVersion;

/// `initdb` and start take about a second; this is for a machine that does ten things at once.
const PATIENCE: Duration = Duration::from_mins(2);

/// Another program may take the free port before the server does.
const PORT_ATTEMPTS: usize = 5;

/// Makes and runs a server in the current folder, `$1`, and ends it when standard input ends: by a fast shutdown,
/// by an immediate one when that takes 10 s. `$2` superuser, `$3` authentication, then arguments of `postgres`.
/// The first line of input is the folder of the programs. `exited` appears when there is no server (any more).
const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT
exec 3<&0 </dev/null
folder=$1 superuser=$2 auth=$3
shift 3
IFS= read -r bin <&3 || bin=
pwfile=
[ -f password ] && pwfile=--pwfile=password
if [ -n "$bin" ] && "$bin/initdb" -D data -U "$superuser" -A "$auth" $pwfile -E UTF8 --locale=C -N >log 2>&1 3<&-
then
  rm -f password
  "$bin/postgres" -D data "$@" >>log 2>&1 3<&- &
  server=$!
  {
    cat >/dev/null
    if [ ! -e exited ]; then
      kill -INT "$server"
      n=0
      while [ ! -e exited ] && [ "$n" -lt 200 ]; do sleep 0.05; n=$((n + 1)); done
      [ -e exited ] || kill -QUIT "$server"
    fi
  } <&3 2>/dev/null &
  guard=$!
  exec 3<&-
  wait "$server"
  : >exited
  wait "$guard"
else
  : >exited
  cat <&3 >/dev/null
fi
cd /
rm -rf -- "$folder"
"#;

/// How a server is to be.
#[derive(Clone)]
pub struct ServerOptions {
    pub superuser: String,
    /// Demanded by SCRAM from everyone; `None` trusts every local connection.
    pub password: Option<String>,
    /// Settings by name, such as `wal_level`.
    pub settings: Vec<(String, String)>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { superuser: "postgres".to_owned(), password: None, settings: Vec::new() }
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("superuser", &self.superuser)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot make a temporary folder for a server")]
    Folder(#[source] io::Error),
    #[error("no port is free on loopback")]
    Port(#[source] io::Error),
    #[error("cannot find an account to run a server as")]
    Account(#[source] io::Error),
    #[error("cannot copy the server's programs to where account '{account}' can run them")]
    Copy { account: String, source: io::Error },
    #[error("cannot run the server's shell")]
    Shell(#[source] io::Error),
    #[error("PostgreSQL {version} did not start: {log}")]
    Exited { version: PgVersion, log: String },
    #[error("PostgreSQL {version} was not ready after {} s: {log}", PATIENCE.as_secs())]
    Timeout { version: PgVersion, log: String },
}

/// A running server. It ends when this is dropped, and also when this process dies without dropping it.
#[derive(Debug)]
pub struct Server {
    watchdog: Watchdog,
    port: u16,
    version: PgVersion,
    superuser: String,
}

impl Server {
    /// Makes a server and waits until it accepts connections. Blocks for about a second.
    ///
    /// # Errors
    /// When there is no folder or account for it, or it does not start; with the end of its log.
    pub fn start(binaries: &Binaries, options: &ServerOptions) -> Result<Self, StartError> {
        let mut attempt = 1;
        loop {
            match Self::start_once(binaries, options) {
                Err(StartError::Exited { log, .. }) if attempt < PORT_ATTEMPTS && log.contains("already in use") => {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn start_once(binaries: &Binaries, options: &ServerOptions) -> Result<Self, StartError> {
        let mut folder = folder::create(None).map_err(StartError::Folder)?;
        let account = Account::to_step_down_to(&folder).map_err(StartError::Account);
        if !matches!(account, Ok(None)) {
            // It only told us who we are.
            let _ = fs::remove_dir(&folder);
            folder = folder::create(account.as_ref().ok().and_then(Option::as_ref)).map_err(StartError::Folder)?;
        }
        let account = account?;
        let port = free_port().map_err(StartError::Port)?;
        let mut watchdog =
            Watchdog::start(folder.clone(), account.as_ref(), SCRIPT, script_arguments(&folder, port, options))
                .map_err(StartError::Shell)?;
        let prepared = prepare(&folder, account.as_ref(), binaries, options)
            .and_then(|bin| watchdog.say(bin.as_os_str()).map_err(StartError::Shell));
        let mut server =
            Self { watchdog, port, version: binaries.version.clone(), superuser: options.superuser.clone() };
        // An error drops the server, and with it the folder.
        prepared?;
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Result<(), StartError> {
        let started = Instant::now();
        loop {
            // The eighth line is the server's state since PostgreSQL 10: what pg_ctl waits for too.
            let state = fs::read_to_string(self.data_dir().join("postmaster.pid")).unwrap_or_default();
            if state.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            let version = self.version.clone();
            if self.watchdog.folder().join("exited").exists() {
                return Err(StartError::Exited { version, log: self.end_of_log() });
            }
            if started.elapsed() > PATIENCE {
                return Err(StartError::Timeout { version, log: self.end_of_log() });
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn end_of_log(&self) -> String {
        let log = fs::read_to_string(self.watchdog.folder().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(4)..].join(" / ")
    }

    /// On 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    #[must_use]
    pub fn version(&self) -> &PgVersion {
        &self.version
    }

    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.watchdog.folder().join("data")
    }

    /// The postmaster's process id; `None` when it has ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        fs::read_to_string(self.data_dir().join("postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
    }

    /// A URL of the superuser, without a password.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url(&self.superuser, None, self.port, database)
    }

    /// Stops the server and removes its folder; so does dropping it. Blocks until both are done.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = self.pid();
        self.watchdog.stop(|| {
            if let Some(pid) = pid {
                // The watchdog was killed or the server hangs: there is nothing gentler left.
                let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).stderr(Stdio::null()).status();
            }
        });
    }
}

/// A URL of a server on this machine.
pub(super) fn url(user: &str, password: Option<&str>, port: u16, database: &str) -> String {
    let quote =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let password = password.map(|password| format!(":{}", quote(password))).unwrap_or_default();
    format!("postgresql://{}{password}@127.0.0.1:{port}/{}", quote(user), quote(database))
}

fn script_arguments(folder: &Path, port: u16, options: &ServerOptions) -> Vec<std::ffi::OsString> {
    let auth = if options.password.is_some() { "scram-sha-256" } else { "trust" };
    let own = [
        ("listen_addresses", "127.0.0.1"),
        ("port", &port.to_string()),
        ("unix_socket_directories", ""),
        // Nothing of it is to survive a crash.
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        ("shared_buffers", "16MB"),
    ];
    let own = own.iter().map(|(name, value)| format!("{name}={value}"));
    let theirs = options.settings.iter().map(|(name, value)| format!("{name}={value}"));
    let mut arguments = vec![folder.into(), (&options.superuser).into(), auth.into()];
    arguments.extend(own.chain(theirs).flat_map(|setting| ["-c".into(), setting.into()]));
    arguments
}

/// Writes the password file and makes sure that the account can run the programs. Their folder is returned.
fn prepare(
    folder: &Path,
    account: Option<&Account>,
    binaries: &Binaries,
    options: &ServerOptions,
) -> Result<PathBuf, StartError> {
    if let Some(password) = &options.password {
        write_private(&folder.join("password"), password, account).map_err(StartError::Folder)?;
    }
    let Some(account) = account else { return Ok(binaries.bin.clone()) };
    // Trying is surer than reading permissions: they may be anything on the way, as in a checkout below /root.
    let tried = account.command(binaries.bin.join("postgres")).arg("--version").current_dir(folder).status();
    if tried.is_ok_and(|status| status.success()) {
        return Ok(binaries.bin.clone());
    }
    let failed = |source| StartError::Copy { account: account.name.clone(), source };
    let prefix = binaries.bin.parent().ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    let copy = folder.join("programs");
    fs::create_dir(&copy).and_then(|()| own(&copy, account)).map_err(failed)?;
    for part in ["bin", "lib", "lib64", "share"] {
        if prefix.join(part).is_dir() {
            copy_tree(&prefix.join(part), &copy.join(part), account).map_err(failed)?;
        }
    }
    Ok(copy.join("bin"))
}

fn write_private(path: &Path, text: &str, account: Option<&Account>) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())?;
    account.map_or(Ok(()), |account| own(path, account))
}

fn copy_tree(from: &Path, to: &Path, account: &Account) -> io::Result<()> {
    fs::create_dir(to)?;
    own(to, account)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy_tree(&entry.path(), &target, account)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            own(&target, account)?;
        }
    }
    Ok(())
}

fn own(path: &Path, account: &Account) -> io::Result<()> {
    chown(path, Some(account.uid), Some(account.gid))
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_do_not_show_their_password() {
        let options = ServerOptions { password: Some("canary".to_owned()), ..ServerOptions::default() };
        assert!(!format!("{options:?}").contains("canary"));
        let arguments = script_arguments(Path::new("/x"), 1, &options);
        assert!(!arguments.iter().any(|argument| argument.to_string_lossy().contains("canary")));
        assert!(arguments.contains(&"scram-sha-256".into()));
    }

    #[test]
    fn a_url_survives_odd_names() {
        assert_eq!(
            url("pre flight", Some("a/b@c"), 5432, "x?y"),
            "postgresql://pre%20flight:a%2Fb%40c@127.0.0.1:5432/x%3Fy"
        );
    }
}
