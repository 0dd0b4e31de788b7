//! What AWS publishes, as tables with source and date (`checks/data/`). The live answer always wins over a table.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::upgrade::Platform;
use crate::version::PgVersion;

/// Valid upgrade targets by source version, as AWS's documentation printed them on a day.
#[derive(Debug, Deserialize)]
pub struct UpgradeTargets {
    pub as_of: String,
    pub source: String,
    postgres: BTreeMap<String, Vec<PgVersion>>,
    #[serde(rename = "aurora-postgresql")]
    aurora: BTreeMap<String, Vec<PgVersion>>,
    aurora_as_of: String,
}

/// Extension versions by extension and engine version.
#[derive(Debug, Deserialize)]
pub struct Extensions {
    pub as_of: String,
    pub source: String,
    postgres: ExtensionTable,
    #[serde(rename = "aurora-postgresql")]
    aurora: ExtensionTable,
    pub aurora_as_of: String,
    pub aurora_source: String,
}

type ExtensionTable = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// Support dates by major version, `YYYY-MM-DD` or `YYYY-MM`.
#[derive(Debug, Deserialize)]
pub struct Lifecycles {
    pub as_of: String,
    pub source: String,
    pub majors: BTreeMap<String, MajorLifecycle>,
}

#[derive(Debug, Deserialize)]
pub struct MajorLifecycle {
    pub rds_end_of_standard_support: Option<String>,
    pub rds_end_of_extended_support: Option<String>,
}

/// Defaults of parameter group families, where they differ between majors.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    pub as_of: String,
    pub source: String,
    defaults: BTreeMap<String, Vec<DefaultRow>>,
}

#[derive(Debug, Deserialize)]
struct DefaultRow {
    majors: semver::VersionReq,
    value: String,
}

/// What AWS asks to be done to extensions before a major upgrade.
#[derive(Debug, Deserialize)]
pub struct ExtensionSteps {
    pub as_of: String,
    pub sources: Vec<String>,
    /// Refused unless they are the newest that the source offers.
    pub outdated: Vec<String>,
    /// As `outdated`, but it is not certain that the upgrade is refused.
    pub maybe_outdated: Vec<String>,
    /// Refused from a target major on.
    refused: BTreeMap<String, u64>,
    /// To be dropped and created anew, as they ship no script from one major's version to the next one's.
    pub recreate: Vec<String>,
    /// The library that must be preloaded, by extension.
    pub preload: BTreeMap<String, String>,
}

impl ExtensionSteps {
    /// Those that the precheck refuses for some target.
    pub fn refused(&self) -> impl Iterator<Item = &str> {
        self.refused.keys().map(String::as_str)
    }

    /// Whether the precheck refuses the extension, whatever its version, for this target.
    #[must_use]
    pub fn refuses(&self, extension: &str, target: &PgVersion) -> bool {
        self.refused.get(extension).is_some_and(|since| target.major() >= *since)
    }
}

/// From which minors on a blue/green deployment can change the major.
#[derive(Debug, Deserialize)]
pub struct BlueGreen {
    pub as_of: String,
    pub source: String,
    since: Vec<PgVersion>,
}

impl BlueGreen {
    /// The minor that a version would have to be, where it is an older one.
    #[must_use]
    pub fn needs(&self, version: &PgVersion) -> Option<&PgVersion> {
        self.since.iter().find(|first| first.major() == version.major() && version < first)
    }
}

/// From which minors on logical decoding plugins must be allowed by name.
#[derive(Debug, Deserialize)]
pub struct OutputPlugins {
    pub as_of: String,
    pub source: String,
    /// Those that are allowed by default.
    pub default: Vec<String>,
    since: Vec<PgVersion>,
}

impl OutputPlugins {
    /// Whether a server of this version asks for it. A bare major is read as its newest minor.
    #[must_use]
    pub fn restricts(&self, version: &PgVersion) -> bool {
        let newest = self.since.iter().map(PgVersion::major).max();
        if newest.is_some_and(|newest| version.major() > newest) {
            return true;
        }
        let first = self.since.iter().find(|first| first.major() == version.major());
        first.is_some_and(|first| version.is_major_only() || version >= first)
    }
}

impl Parameters {
    /// The default of a parameter in the default group of a major.
    #[must_use]
    pub fn default_of(&self, parameter: &str, major: u64) -> Option<&str> {
        let version = semver::Version::new(major, 0, 0);
        let rows = self.defaults.get(parameter)?;
        rows.iter().find(|row| row.majors.matches(&version)).map(|row| row.value.as_str())
    }
}

/// What the table says of one extension at one engine version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Offered; the version, or `None` where AWS prints only that it is there. `at`: the engine version it is for.
    Version {
        version: Option<String>,
        at: String,
    },
    NotOffered,
    /// The table does not know the extension, or not at this engine version.
    Unlisted,
}

pub static UPGRADE_TARGETS: LazyLock<UpgradeTargets> =
    LazyLock::new(|| parse(include_str!("../../checks/data/rds-upgrade-targets.json")));
pub static EXTENSIONS: LazyLock<Extensions> =
    LazyLock::new(|| parse(include_str!("../../checks/data/rds-extensions.json")));
pub static LIFECYCLES: LazyLock<Lifecycles> =
    LazyLock::new(|| parse(include_str!("../../checks/data/rds-lifecycle.json")));

pub static PARAMETERS: LazyLock<Parameters> =
    LazyLock::new(|| parse(include_str!("../../checks/data/rds-parameters.json")));

pub static EXTENSION_STEPS: LazyLock<ExtensionSteps> =
    LazyLock::new(|| parse(include_str!("../../checks/data/extension-steps.json")));

pub static BLUE_GREEN: LazyLock<BlueGreen> = LazyLock::new(|| parse(include_str!("../../checks/data/blue-green.json")));

pub static OUTPUT_PLUGINS: LazyLock<OutputPlugins> =
    LazyLock::new(|| parse(include_str!("../../checks/data/output-plugins.json")));

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> T {
    serde_json::from_str(text).expect("an embedded table is valid, its test says")
}

impl UpgradeTargets {
    /// The valid targets of a version, `None` when the table does not have it.
    #[must_use]
    pub fn of(&self, platform: Platform, version: &PgVersion) -> Option<&[PgVersion]> {
        self.graph(platform).get(version.as_str()).map(Vec::as_slice)
    }

    #[must_use]
    pub fn graph(&self, platform: Platform) -> &BTreeMap<String, Vec<PgVersion>> {
        match platform {
            Platform::Aurora => &self.aurora,
            Platform::Rds | Platform::SelfManaged => &self.postgres,
        }
    }

    #[must_use]
    pub fn as_of(&self, platform: Platform) -> &str {
        match platform {
            Platform::Aurora => &self.aurora_as_of,
            Platform::Rds | Platform::SelfManaged => &self.as_of,
        }
    }
}

impl Extensions {
    /// Of which day the table is.
    #[must_use]
    pub fn date(&self, platform: Platform) -> &str {
        match platform {
            Platform::Aurora => &self.aurora_as_of,
            Platform::Rds | Platform::SelfManaged => &self.as_of,
        }
    }

    /// Those that some engine version offers and a later one does not.
    pub fn withdrawn(&self) -> impl Iterator<Item = &str> {
        let all = self.postgres.iter().chain(&self.aurora);
        let is_withdrawn = |versions: &BTreeMap<String, Option<String>>| {
            let at = |offered: bool| {
                let some = versions.iter().filter(move |(_, cell)| cell.is_some() == offered);
                some.filter_map(|(version, _)| version.parse::<PgVersion>().ok())
            };
            at(true).min().zip(at(false).max()).is_some_and(|(first, gone)| first < gone)
        };
        all.filter(move |(_, versions)| is_withdrawn(versions)).map(|(name, _)| name.as_str())
    }

    /// What an engine version offers of an extension. A bare major is read as its newest minor; a minor that the
    /// table lacks as the next older one of its major, since AWS only adds within a major.
    #[must_use]
    pub fn offer(&self, platform: Platform, extension: &str, version: &PgVersion) -> Offer {
        let table = match platform {
            Platform::Aurora => &self.aurora,
            Platform::Rds | Platform::SelfManaged => &self.postgres,
        };
        let Some(versions) = table.get(extension) else { return Offer::Unlisted };
        if let Some(cell) = versions.get(version.as_str()) {
            return offer(cell.as_deref(), version.as_str());
        }
        let nearest = versions
            .iter()
            .filter_map(|(at, cell)| Some((at.parse::<PgVersion>().ok()?, cell)))
            .filter(|(at, _)| at.major() == version.major() && !at.is_major_only())
            .filter(|(at, _)| version.is_major_only() || at <= version)
            .max_by(|a, b| a.0.cmp(&b.0));
        match nearest {
            Some((at, cell)) => offer(cell.as_deref(), at.as_str()),
            None if versions.get(&version.major().to_string()) == Some(&None) => Offer::NotOffered,
            None => Offer::Unlisted,
        }
    }
}

fn offer(cell: Option<&str>, at: &str) -> Offer {
    match cell {
        None => Offer::NotOffered,
        Some("yes") => Offer::Version { version: None, at: at.to_owned() },
        Some(text) => Offer::Version { version: Some(text.to_owned()), at: at.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> PgVersion {
        text.parse().expect(text)
    }

    #[test]
    fn tables_are_read_whole() {
        assert_eq!(UPGRADE_TARGETS.postgres.len(), 153);
        assert!(UPGRADE_TARGETS.postgres.keys().all(|key| key.parse::<PgVersion>().is_ok()));
        assert!(UPGRADE_TARGETS.of(Platform::Rds, &version("12.19")).is_some_and(|t| t.contains(&version("16.9"))));
        assert_eq!(PARAMETERS.default_of("rds.force_ssl", 14), Some("0"));
        assert_eq!(PARAMETERS.default_of("rds.force_ssl", 15), Some("1"));
        assert!(LIFECYCLES.majors.contains_key("12"));
        assert_eq!(BLUE_GREEN.needs(&version("12.15")).map(PgVersion::as_str), Some("12.16"));
        assert!(
            BLUE_GREEN.needs(&version("12.22-rds.20250508")).is_none() && BLUE_GREEN.needs(&version("17.1")).is_none()
        );
        assert!(EXTENSION_STEPS.refuses("pg_repack", &version("14")));
        assert!(!EXTENSION_STEPS.refuses("pg_repack", &version("13.20")));
        let named = EXTENSION_STEPS.outdated.iter().chain(&EXTENSION_STEPS.maybe_outdated);
        let named = named.chain(&EXTENSION_STEPS.recreate);
        assert!(named.chain(EXTENSION_STEPS.preload.keys()).all(|name| EXTENSIONS.postgres.contains_key(name)));
        for table in [&EXTENSIONS.postgres, &EXTENSIONS.aurora] {
            for (name, versions) in table {
                assert!(versions.keys().all(|key| key.parse::<PgVersion>().is_ok()), "{name}");
            }
        }
    }

    #[test]
    fn plugins_are_restricted_from_a_minor_on() {
        let restricts = |at| OUTPUT_PLUGINS.restricts(&version(at));
        assert_eq!(
            ["17.10", "17.11", "17", "13.23", "19.1", "20.1"].map(restricts),
            [false, true, true, false, true, true]
        );
    }

    #[test]
    fn extension_offers_follow_minor_and_major() {
        let offer = |name, at| EXTENSIONS.offer(Platform::Rds, name, &version(at));
        assert_eq!(offer("postgis", "16.3"), Offer::Version { version: Some("3.4.2".into()), at: "16.3".into() });
        assert_eq!(offer("hstore", "16"), Offer::Version { version: Some("1.8".into()), at: "16.15".into() });
        assert_eq!(offer("plcoffee", "17.5"), Offer::NotOffered);
        assert_eq!(offer("timescaledb", "16.3"), Offer::Unlisted);
        assert_eq!(offer("hstore", "99.1"), Offer::Unlisted);
    }
}
