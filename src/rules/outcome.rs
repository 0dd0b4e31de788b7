//! What a rule may say.

use std::collections::BTreeMap;

use crate::finding::{Finding, Location};

/// The outcome of a rule. Missing evidence is none of these: it is the rule's `Err`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Judged. No hit and nothing open is a pass.
    Judged {
        hits: Vec<Hit>,
        /// What could not be seen; with it, no hit is no pass.
        open: Vec<Open>,
        /// Instead of the check's own sentence.
        summary: Option<String>,
    },
    NotApplicable(String),
}

/// A part of the evidence that was missing, usually one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub part: String,
    pub reason: String,
}

/// One thing found, with the values for the texts of the check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub finding: Finding,
    pub values: BTreeMap<String, String>,
    /// Of further rows about the same object, which have commands of their own.
    pub more: Vec<BTreeMap<String, String>>,
}

/// Hits in the order in which their objects came, which are found again quickly however many there are.
#[derive(Debug, Default)]
pub struct Hits {
    pub all: Vec<Hit>,
    by_object: BTreeMap<(Option<String>, String, String), usize>,
}

impl Outcome {
    #[must_use]
    pub fn pass() -> Self {
        Self::hits(Vec::new())
    }

    #[must_use]
    pub fn hits(hits: Vec<Hit>) -> Self {
        Self::Judged { hits, open: Vec::new(), summary: None }
    }

    #[must_use]
    pub fn not_applicable(reason: impl Into<String>) -> Self {
        Self::NotApplicable(reason.into())
    }

    /// With a sentence of the rule's own.
    #[must_use]
    pub fn summarised(self, text: impl Into<String>) -> Self {
        match self {
            Self::Judged { hits, open, .. } => Self::Judged { hits, open, summary: Some(text.into()) },
            other @ Self::NotApplicable(_) => other,
        }
    }

    /// With parts that were not seen.
    #[must_use]
    pub fn leaving_open(self, more: impl IntoIterator<Item = Open>) -> Self {
        match self {
            Self::Judged { hits, mut open, summary } => {
                open.extend(more);
                Self::Judged { hits, open, summary }
            }
            other @ Self::NotApplicable(_) => other,
        }
    }
}

impl Hit {
    #[must_use]
    pub fn new(object: impl Into<String>, kind: impl Into<String>, detail: impl Into<String>) -> Self {
        let finding =
            Finding { database: None, object: object.into(), kind: kind.into(), detail: detail.into(), location: None };
        let values = BTreeMap::from([("object".to_owned(), finding.object.clone())]);
        Self { finding, values, more: Vec::new() }
    }

    /// Adds a hit, or what it says to the hit on the same object: one object is one finding, whatever is wrong with it.
    pub fn add(hits: &mut Hits, hit: Self) {
        let finding = &hit.finding;
        let key = (finding.database.clone(), finding.object.clone(), finding.kind.clone());
        let at = *hits.by_object.entry(key).or_insert(hits.all.len());
        let Some(first) = hits.all.get_mut(at) else {
            hits.all.push(hit);
            return;
        };
        if first.finding.detail.split("; ").all(|detail| detail != hit.finding.detail) {
            first.finding.detail.push_str("; ");
            first.finding.detail.push_str(&hit.finding.detail);
        }
        first.more.push(hit.values);
    }

    /// With a value for the placeholders of the check's commands.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn in_database(mut self, database: Option<String>) -> Self {
        if let Some(database) = &database {
            self.values.insert("database".to_owned(), database.clone());
        }
        self.finding.database = database;
        self
    }

    #[must_use]
    pub fn at(mut self, file: &str, line: u32) -> Self {
        self.finding.location = Some(Location { file: file.to_owned(), line });
        self
    }
}
