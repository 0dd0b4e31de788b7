//! PostgreSQL and RDS engine versions as they are really written.
//!
//! RDS writes `16.3`, the patch release `16.3-R2` and the Extended Support build `12.22-rds.20250508`; PostgreSQL
//! writes `9.6.24`, `18beta1` and `12.17 (Debian 12.17-1)`; people write `16`. All of them order as their publishers
//! mean it: `16.3 < 16.3-R2`, `12.22 < 12.22-rds.20250220 < 12.22-rds.20250508`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use semver::{Prerelease, Version, VersionReq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An engine version: what was written, and a [`Version`] to order it by.
#[derive(Clone, Debug)]
pub struct PgVersion {
    text: String,
    order: Version,
    has_minor: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a PostgreSQL version (such as 16.3, 16, 16.3-R2 or 12.22-rds.20250508)")]
pub struct ParseVersionError {
    pub text: String,
}

impl PgVersion {
    /// The major version: 12 of `12.19`.
    #[must_use]
    pub fn major(&self) -> u64 {
        self.order.major
    }

    /// The minor version, `None` of a bare major such as `16`.
    #[must_use]
    pub fn minor(&self) -> Option<u64> {
        self.has_minor.then_some(self.order.minor)
    }

    /// Whether only a major was written.
    #[must_use]
    pub fn is_major_only(&self) -> bool {
        !self.has_minor
    }

    /// `16.3` of `16.3-R2`: the part that PostgreSQL itself reports, as RDS builds are invisible to the server
    /// (an Extended Support instance on `12.22-rds.20250508` says `12.22`).
    #[must_use]
    pub fn community(&self) -> (u64, Option<u64>) {
        (self.major(), self.minor())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a range such as `<=13` or `>=16.3` holds. RDS builds count as their community version, so that a
    /// range need not know them; pre-releases count as the major they lead to.
    #[must_use]
    pub fn satisfies(&self, range: &VersionReq) -> bool {
        range.matches(&Version::new(self.order.major, self.order.minor, 0))
    }
}

impl FromStr for PgVersion {
    type Err = ParseVersionError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        let error = || ParseVersionError { text: input.chars().take(80).collect() };
        let text = input.split_whitespace().next().ok_or_else(error)?;
        let (numbers, suffix) = match text.find(|c: char| !c.is_ascii_digit() && c != '.') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let parts: Vec<u64> =
            numbers.split('.').map(|part| part.parse().map_err(|_| error())).collect::<Result<_, _>>()?;
        let (major, minor, third) = match parts[..] {
            [major] => (major, None, 0),
            [major, minor] => (major, Some(minor), 0),
            [major, minor, third] if major < 10 => (major, Some(minor), third),
            _ => return Err(error()),
        };
        if major == 0 {
            return Err(error());
        }
        let mut order = Version::new(major, minor.unwrap_or(0), third);
        let lower = suffix.to_ascii_lowercase();
        if let Some(build) = lower.strip_prefix("-rds.").or_else(|| lower.strip_prefix("-r")) {
            minor.ok_or_else(error)?;
            order.patch = build.parse().map_err(|_| error())?;
        } else if let Some(kind) = ["beta", "rc", "alpha", "devel"].into_iter().find(|kind| lower.starts_with(kind)) {
            let number = &lower[kind.len()..];
            let pre = if number.is_empty() { kind.to_owned() } else { format!("{kind}.{number}") };
            order.pre = Prerelease::new(&pre).map_err(|_| error())?;
        } else if !suffix.is_empty() {
            return Err(error());
        }
        Ok(Self { text: text.to_owned(), order, has_minor: minor.is_some() })
    }
}

impl fmt::Display for PgVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl PartialEq for PgVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PgVersion {}

impl PartialOrd for PgVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PgVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.cmp(&other.order).then(self.has_minor.cmp(&other.has_minor))
    }
}

impl Serialize for PgVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for PgVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether the version of an extension comes before another: numbers as numbers, part by part. They follow no standard
/// (`1.5.3`, `3.6.0next`, `18`), so what cannot be ordered is not called older.
#[must_use]
pub fn older(left: &str, right: &str) -> bool {
    let parts = |text: &str| -> Option<Vec<u64>> { text.split('.').map(|part| part.parse().ok()).collect() };
    match (parts(left), parts(right)) {
        (Some(mut left), Some(mut right)) => {
            let length = left.len().max(right.len());
            left.resize(length, 0);
            right.resize(length, 0);
            left < right
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> PgVersion {
        text.parse().expect(text)
    }

    #[test]
    fn orders_releases_builds_and_betas() {
        let written = [
            "9.6.24",
            "12.2",
            "12.19",
            "12.22",
            "12.22-rds.20250220",
            "12.22-rds.20250508",
            "16.3",
            "16.3-R2",
            "16.10",
            "18beta1",
            "18",
            "18.0",
        ];
        let mut sorted: Vec<PgVersion> = written.iter().map(|text| version(text)).collect();
        sorted.sort();
        assert_eq!(sorted.iter().map(PgVersion::as_str).collect::<Vec<_>>(), written);
    }

    #[test]
    fn reads_what_servers_and_people_write() {
        assert_eq!(version("12.17 (Debian 12.17-1.pgdg120+1)").as_str(), "12.17");
        assert_eq!(version("12.22-RDS.20250508"), version("12.22-rds.20250508"));
        assert!(version("16").is_major_only());
        assert_eq!(version("16").minor(), None);
        assert_ne!(version("16"), version("16.0"));
        assert_eq!(version("16.3-R2").community(), (16, Some(3)));
    }

    #[test]
    fn refuses_what_is_no_version() {
        for text in [
            "",
            "sixteen",
            "16.x",
            "16.3.1",
            "16.3-",
            "-R2",
            "16-R2",
            "0.1",
            "16.3-R",
            "99999999999999999999",
            "16..3",
            "v16",
        ] {
            assert!(text.parse::<PgVersion>().is_err(), "{text} should be refused");
        }
    }

    #[test]
    fn ranges_ignore_builds() {
        let range = VersionReq::parse("<=13").expect("a range");
        assert!(version("13.23-rds.20260224").satisfies(&range));
        assert!(version("13").satisfies(&range));
        assert!(!version("14.1").satisfies(&range));
        assert!(version("18beta1").satisfies(&VersionReq::parse(">=18").expect("a range")));
    }

    #[test]
    fn versions_of_extensions_order_by_number() {
        assert!(older("1.9", "1.10"));
        assert!(older("1.6", "1.8"));
        assert!(!older("1.8", "1.8"));
        assert!(!older("1.8.0", "1.8"));
        assert!(!older("3.6.0next", "3.6.1"));
        assert!(!older("18", "17.1"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = text.parse::<PgVersion>();
        }

        #[test]
        fn minors_order_as_numbers(a in 0u64..60, b in 0u64..60) {
            let (left, right) = (version(&format!("16.{a}")), version(&format!("16.{b}")));
            proptest::prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        }
    }
}
