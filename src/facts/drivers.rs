//! Which packages are drivers of PostgreSQL, and how a driver reads what is said of TLS (`checks/data/drivers.json`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use semver::{Version, VersionReq};
use serde::Deserialize;

use super::repository::{Ecosystem, Tls};

#[derive(Debug, Deserialize)]
pub struct Drivers {
    pub as_of: String,
    pub sources: Vec<String>,
    packages: Vec<DriverPackage>,
    readings: BTreeMap<String, Vec<Row>>,
    applications: Vec<Application>,
}

#[derive(Debug, Deserialize)]
struct DriverPackage {
    ecosystem: Ecosystem,
    name: String,
    /// The one by which it connects, if that can be told.
    driver: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Row {
    settings: Vec<String>,
    /// Of the driver; all, unless it says.
    versions: Option<VersionReq>,
    tls: Tls,
    grade: Grade,
    because: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Grade {
    Doc,
    Src,
    Iss,
    Inf,
}

#[derive(Debug, Deserialize)]
struct Application {
    begins: String,
    driver: String,
}

/// What a setting comes to, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub tls: Tls,
    pub because: String,
}

/// What stands for a connection that says nothing of TLS.
pub const NOTHING: &str = "none";

/// Who may read a setting of which nobody knows for whom it is.
const ANYBODY: [&str; 3] = ["libpq", "pg", "pgjdbc"];

pub static DRIVERS: LazyLock<Drivers> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../checks/data/drivers.json"))
        .expect("an embedded table is valid, its test says")
});

impl Drivers {
    /// Whether a package matters, by its name in the registry; a major in a Go module's path is not part of it.
    #[must_use]
    pub fn knows(&self, ecosystem: Ecosystem, name: &str) -> bool {
        self.package(ecosystem, name).is_some()
    }

    /// The driver that a package is or connects by.
    #[must_use]
    pub fn driver(&self, ecosystem: Ecosystem, name: &str) -> Option<&str> {
        self.package(ecosystem, name)?.driver.as_deref()
    }

    fn package(&self, ecosystem: Ecosystem, name: &str) -> Option<&DriverPackage> {
        let name = if ecosystem == Ecosystem::Go { without_major(name) } else { name };
        let same = |package: &&DriverPackage| match ecosystem {
            // NuGet's names have no case.
            Ecosystem::Nuget => package.name.eq_ignore_ascii_case(name),
            _ => package.name == name,
        };
        self.packages.iter().filter(|package| package.ecosystem == ecosystem).find(same)
    }

    /// The driver of a session, by the name that it gives itself.
    #[must_use]
    pub fn of_application(&self, name: &str) -> Option<&str> {
        let known = self.applications.iter().find(|application| name.starts_with(&application.begins))?;
        Some(&known.driver)
    }

    /// How a driver of one of these versions reads a setting; of none, as the newest does. Without a driver, as all
    /// that are likely do.
    #[must_use]
    pub fn reads(&self, driver: Option<&str>, setting: &str, versions: &[Version]) -> Reading {
        let Some(driver) = driver else { return self.anybody(setting) };
        let newest = [Version::new(0, 0, 0)];
        let asked = if versions.is_empty() { &newest[..] } else { versions };
        let rows: Vec<(Option<&Row>, &Version)> =
            asked.iter().map(|version| (self.row(driver, setting, version, versions.is_empty()), version)).collect();
        let Some((Some(first), _)) = rows.first() else {
            let because = format!("how {driver} reads {} is not in our table", shown(setting));
            return Reading { tls: Tls::Unknown, because };
        };
        if rows.iter().any(|(row, _)| row.is_none_or(|row| row.tls != first.tls)) {
            let versions: BTreeSet<String> = rows.iter().map(|(_, version)| version.to_string()).collect();
            let versions = versions.into_iter().collect::<Vec<_>>().join(", ");
            return Reading {
                tls: Tls::Unknown,
                because: format!("it depends on which {driver} reads it, of {versions}"),
            };
        }
        first.reading()
    }

    fn row(&self, driver: &str, setting: &str, version: &Version, any: bool) -> Option<&Row> {
        let mut rows = self.readings.get(driver)?.iter().filter(|row| row.settings.iter().any(|one| one == setting));
        // The newest version's row is the first: a table is written with today on top.
        rows.find(|row| any || row.versions.as_ref().is_none_or(|range| range.matches(version)))
    }

    fn anybody(&self, setting: &str) -> Reading {
        let readings: Vec<(&str, Reading)> =
            ANYBODY.iter().map(|driver| (*driver, self.reads(Some(driver), setting, &[]))).collect();
        let known: Vec<&(&str, Reading)> = readings.iter().filter(|(_, one)| one.tls != Tls::Unknown).collect();
        match known[..] {
            [] => Reading { tls: Tls::Unknown, because: format!("what {} means is not in our table", shown(setting)) },
            [first, ..] if known.iter().all(|other| other.1.tls == first.1.tls) => first.1.clone(),
            _ => {
                let each: Vec<String> =
                    known.iter().map(|(driver, one)| format!("{driver}: {}", one.tls.in_words())).collect();
                Reading { tls: Tls::Unknown, because: format!("it depends on who reads it ({})", each.join("; ")) }
            }
        }
    }
}

impl Row {
    fn reading(&self) -> Reading {
        if self.grade == Grade::Inf {
            let because = format!("{} (an inference, not documented)", self.because);
            return Reading { tls: if self.tls == Tls::Never { Tls::Unknown } else { self.tls }, because };
        }
        Reading { tls: self.tls, because: self.because.clone() }
    }
}

fn shown(setting: &str) -> &str {
    if setting == NOTHING { "the want of a setting" } else { setting }
}

/// `github.com/jackc/pgx` of `github.com/jackc/pgx/v5`.
fn without_major(module: &str) -> &str {
    match module.rsplit_once("/v") {
        Some((path, major)) if !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit()) => path,
        _ => module,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(driver: &str, setting: &str, versions: &[&str]) -> Tls {
        let versions: Vec<Version> = versions.iter().map(|text| text.parse().unwrap()).collect();
        DRIVERS.reads(Some(driver), setting, &versions).tls
    }

    #[test]
    fn a_setting_is_read_as_its_driver_does() {
        for (driver, setting, versions, tls) in [
            ("pg", NOTHING, &[][..], Tls::Never),
            ("pg", "ssl: false", &["8.20.0"], Tls::Never),
            ("pg", "ssl: true", &[], Tls::Verified),
            ("pg", "ssl: true", &["7.18.2"], Tls::Unverified),
            ("pg", "ssl: true", &["7.18.2", "8.0.0"], Tls::Unknown),
            ("pg", "sslmode=require", &["8.20.0"], Tls::Verified),
            ("pg", "sslmode=require", &["8.3.0"], Tls::Unknown),
            ("pg", "sslmode=require", &["9.0.0"], Tls::Unknown),
            ("pg", "sslmode=disable", &["8.3.0"], Tls::Never),
            ("pg", "uselibpqcompat=true&sslmode=require", &[], Tls::Unverified),
            ("libpq", NOTHING, &[], Tls::IfOffered),
            ("libpq", "sslmode=require", &[], Tls::Unverified),
            ("pgjdbc", NOTHING, &[], Tls::IfOffered),
            ("lib/pq", NOTHING, &["1.10.9"], Tls::Unverified),
            ("lib/pq", NOTHING, &["1.20.0"], Tls::Unknown),
            ("sqlx", NOTHING, &[], Tls::Unknown),
            ("nobody", "sslmode=disable", &[], Tls::Unknown),
        ] {
            assert_eq!(reads(driver, setting, versions), tls, "{driver} {setting} {versions:?}");
        }
    }

    #[test]
    fn what_anybody_may_read_is_what_all_agree_on() {
        assert_eq!(DRIVERS.reads(None, "sslmode=disable", &[]).tls, Tls::Never);
        assert_eq!(DRIVERS.reads(None, "sslmode=verify-full", &[]).tls, Tls::Verified);
        assert_eq!(DRIVERS.reads(None, "sslmode=require", &[]).tls, Tls::Unknown);
        assert_eq!(DRIVERS.reads(None, NOTHING, &[]).tls, Tls::Unknown);
    }

    #[test]
    fn packages_are_known_by_their_names() {
        assert!(DRIVERS.knows(Ecosystem::Go, "github.com/jackc/pgx/v5"));
        assert!(DRIVERS.knows(Ecosystem::Nuget, "npgsql"));
        assert!(!DRIVERS.knows(Ecosystem::Npm, "Pg"));
        assert!(!DRIVERS.knows(Ecosystem::Pypi, "pg"));
        assert_eq!(DRIVERS.driver(Ecosystem::Rubygems, "pg"), Some("libpq"));
        assert_eq!(DRIVERS.of_application("Metabase v0.58.24 [x]"), Some("pgjdbc"));
        assert!(!DRIVERS.as_of.is_empty() && DRIVERS.sources.iter().all(|one| one.starts_with("https://")));
    }

    #[test]
    fn nothing_inferred_is_called_clear_text() {
        let rows = DRIVERS.readings.values().flatten();
        assert!(rows.filter(|row| row.grade == Grade::Inf).all(|row| row.tls != Tls::Never));
    }
}
