//! What PostgreSQL said, and what we know to differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde::Deserialize;

/// From a major to a major.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Pair {
    pub(crate) source: u64,
    pub(crate) target: u64,
}

impl TryFrom<String> for Pair {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parsed = text
            .split_once('-')
            .and_then(|(source, target)| Some(Self { source: source.parse().ok()?, target: target.parse().ok()? }));
        parsed.ok_or_else(|| format!("{text:?} is no pair of majors"))
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.source, self.target)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Ok,
    Fatal,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    /// Of `pg_upgrade --check`.
    pub(crate) check: Outcome,
    /// Of the real upgrade.
    pub(crate) upgrade: Outcome,
    /// The first line that says why.
    #[serde(default)]
    pub(crate) says: String,
}

impl Said {
    pub(crate) fn is_fatal(&self) -> bool {
        self.check == Outcome::Fatal || self.upgrade == Outcome::Fatal
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verdicts {
    pub(crate) servers: Servers,
    pub(crate) verdicts: BTreeMap<String, BTreeMap<Pair, Said>>,
}

/// The versions that were at hand, by major.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Servers {
    pub(crate) old: BTreeMap<String, String>,
    pub(crate) new: BTreeMap<String, String>,
}

impl Verdicts {
    pub(crate) fn load(path: &Path) -> Self {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn of(&self, case: &str) -> impl Iterator<Item = (Pair, &Said)> {
        self.verdicts.get(case).into_iter().flatten().map(|(pair, said)| (*pair, said))
    }

    /// The targets that a case was recorded for, from a source.
    pub(crate) fn targets(&self, case: &str, source: u64) -> Vec<u64> {
        self.of(case).map(|(pair, _)| pair).filter(|pair| pair.source == source).map(|pair| pair.target).collect()
    }

    pub(crate) fn pairs(&self) -> BTreeSet<Pair> {
        self.verdicts.values().flat_map(BTreeMap::keys).copied().collect()
    }
}

/// Where we rightly differ, or where the cure is rightly no command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) case: String,
    /// Empty: every recorded one.
    #[serde(default)]
    pairs: Vec<Pair>,
    pub(crate) reason: String,
    #[serde(default, rename = "no-remedy")]
    pub(crate) no_remedy: bool,
}

impl Entry {
    pub(crate) fn is_about(&self, case: &str, pair: Pair) -> bool {
        self.case == case && (self.pairs.is_empty() || self.pairs.contains(&pair))
    }

    pub(crate) fn pairs(&self) -> String {
        let named: Vec<String> = self.pairs.iter().map(ToString::to_string).collect();
        if named.is_empty() { "all".to_owned() } else { named.join(", ") }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explained {
    #[serde(default)]
    pub(crate) explained: Vec<Entry>,
}

impl Explained {
    pub(crate) fn load(path: &Path) -> Self {
        toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn difference(&self, case: &str, pair: Pair) -> Option<&Entry> {
        self.explained.iter().find(|entry| !entry.no_remedy && entry.is_about(case, pair))
    }

    pub(crate) fn has_no_remedy(&self, case: &str, pair: Pair) -> bool {
        self.explained.iter().any(|entry| entry.no_remedy && entry.is_about(case, pair))
    }
}
