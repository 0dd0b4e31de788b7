//! Where the programs of a PostgreSQL server are.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::version::PgVersion;

/// A folder with `initdb` and `postgres`, and the version that `postgres` itself says it is.
#[derive(Clone, Debug)]
pub struct Binaries {
    pub bin: PathBuf,
    pub version: PgVersion,
}

impl Binaries {
    /// Looks into a folder; `None` unless it has both programs and `postgres --version` answers.
    #[must_use]
    pub fn at(bin: &Path) -> Option<Self> {
        let bin = fs::canonicalize(bin).ok()?;
        if !bin.join("initdb").is_file() {
            return None;
        }
        // Running it is the only proof: a wrapper script of a distribution has the name too.
        let asked = Command::new(bin.join("postgres")).arg("--version").stdin(Stdio::null()).output().ok()?;
        let version = parse_version(&String::from_utf8_lossy(&asked.stdout)).filter(|_| asked.status.success())?;
        Some(Self { bin, version })
    }

    /// Every PostgreSQL installed on this machine, newest first.
    #[must_use]
    pub fn installed() -> Vec<Self> {
        let folders: BTreeSet<PathBuf> = candidates().iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
        let mut found: Vec<Self> = folders.iter().filter_map(|bin| Self::at(bin)).collect();
        found.sort_by(|a, b| b.version.cmp(&a.version));
        found
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`
fn parse_version(said: &str) -> Option<PgVersion> {
    said.split_once("(PostgreSQL)")?.1.trim().parse().ok()
}

fn candidates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Ok(said) = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).stderr(Stdio::null()).output() {
        found.push(PathBuf::from(String::from_utf8_lossy(&said.stdout).trim()));
    }
    // Debian and its kin, Red Hat and its kin, Homebrew: one folder a major, none of them in PATH.
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
    ] {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        found.extend(named.map(|entry| entry.path().join("bin")));
    }
    found.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_postgres_says_and_nothing_else() {
        let version = parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n").unwrap();
        assert_eq!(version.community(), (15, Some(18)));
        assert!(parse_version("postgres 15").is_none());
        assert!(parse_version("").is_none());
        assert!(Binaries::at(Path::new("/nowhere")).is_none());
    }
}
