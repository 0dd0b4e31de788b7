//! How the code connects to PostgreSQL: with TLS, or in clear text. What scripts give to their driver is evaluated
//! (`script`); addresses and settings in any other file are found by their lines (`line`). Of an address only the
//! setting is kept: never a user, a password, a host.

mod line;
mod options;
mod script;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use semver::Version;

use super::Tree;
use crate::collect::declared::value::Place;
use crate::facts::drivers::{DRIVERS, Reading};
use crate::facts::{Connection, Package, Tls};

/// More of them tell nothing new.
const MOST: usize = 2000;

pub(super) fn read(tree: Tree<'_>, packages: &[Package]) -> Vec<Connection> {
    let versions = Versions::of(packages);
    let mut found = script::read(tree, &versions);
    // A script's line that is understood as a whole says no more by its parts.
    let known: BTreeSet<(String, u32)> = found.iter().map(|one| (one.file.clone(), one.line)).collect();
    for path in tree.paths {
        let Some(language) = line::language(path) else { continue };
        let Some(source) = tree.source(path) else { continue };
        let more = line::read(&source, language, &versions);
        found.extend(more.into_iter().filter(|one| !known.contains(&(one.file.clone(), one.line))));
        if found.len() > MOST {
            found.truncate(MOST);
            break;
        }
    }
    let in_test = |one: &Connection| is_test(Path::new(&one.file)).then(|| "it is of a test or an example".to_owned());
    for one in &mut found {
        one.local = one.local.take().or_else(|| in_test(one));
    }
    found
}

/// The installed versions, by driver.
struct Versions(BTreeMap<String, Vec<Version>>);

impl Versions {
    fn of(packages: &[Package]) -> Self {
        let mut all: BTreeMap<String, Vec<Version>> = BTreeMap::new();
        for package in packages {
            // Only the driver's own package has its version.
            let own = ["pg", "github.com/lib/pq", "Npgsql"].contains(&package.name.as_str());
            if let Some(driver) = DRIVERS.driver(package.ecosystem, &package.name).filter(|_| own)
                && let Some(version) = package.version.as_deref().and_then(|text| Version::parse(text).ok())
            {
                all.entry(driver.to_owned()).or_default().push(version);
            }
        }
        Self(all)
    }

    fn reading(&self, driver: Option<&str>, setting: &str) -> Reading {
        let versions = driver.and_then(|driver| self.0.get(driver)).map(Vec::as_slice).unwrap_or_default();
        DRIVERS.reads(driver, setting, versions)
    }
}

fn connection(at: &Place, driver: Option<&str>, setting: &str, reading: Reading, local: Option<String>) -> Connection {
    Connection {
        file: at.file.to_string(),
        line: at.line,
        driver: driver.map(str::to_owned),
        setting: setting.to_owned(),
        tls: reading.tls,
        reason: Some(reading.because),
        local,
    }
}

fn unknown(because: impl Into<String>) -> Reading {
    Reading { tls: Tls::Unknown, because: because.into() }
}

/// Why a host is not that of a server of production.
fn local(host: &str) -> Option<String> {
    let host = host.trim_matches(['[', ']']).to_lowercase();
    if host.contains(['$', '{', '<', '%', '*']) {
        return None;
    }
    let is_loopback = ["localhost", "::1", "0.0.0.0", "host.docker.internal"].contains(&host.as_str())
        || host.starts_with("127.")
        || host.ends_with(".localhost");
    if is_loopback {
        return Some("it is to this machine".to_owned());
    }
    if host.is_empty() {
        return None;
    }
    if !host.contains(['.', ':']) {
        return Some("it is to a host without a domain, such as a service of compose".to_owned());
    }
    let is_within = [".local", ".internal.local", ".svc", ".test", ".invalid"].iter().any(|end| host.ends_with(end));
    let is_example = ["example.com", "example.org", "example.net"].iter().any(|end| host.ends_with(end));
    match (is_within, is_example) {
        (true, _) => Some("it is to a host of a network of its own".to_owned()),
        (_, true) => Some("it is an example".to_owned()),
        _ => None,
    }
}

/// Whether a file is part of no program that runs.
fn is_test(path: &Path) -> bool {
    const FOLDERS: [&str; 9] =
        ["test", "tests", "__tests__", "__mocks__", "spec", "e2e", "fixtures", "examples", "testdata"];
    let is_in = path.parent().is_some_and(|folder| folder.iter().any(|part| FOLDERS.iter().any(|name| part == *name)));
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_called = [".test.", ".spec.", "_test.", "_spec.", ".example", ".sample"].iter().any(|of| name.contains(of));
    is_in || is_called || name.starts_with("test_")
}

/// A reason of the evaluation that quotes no text, which could be a password or an address.
fn harmless(reason: &str) -> String {
    if reason.contains(['"', '\'', '`', '@']) || reason.contains("://") {
        return "only a run tells".to_owned();
    }
    reason.to_owned()
}
