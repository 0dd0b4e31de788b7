//! The report: what was judged and how, and its renderers. They know nothing else.
//!
//! A new output format is a file here with `fn(&Report, …)`, and a line in [`Format`].

pub mod github;
pub mod json;
pub mod junit;
pub mod markdown;
#[cfg(test)]
pub(crate) mod sample;
pub mod sarif;
pub mod table;
pub(crate) mod text;
mod wrap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::checks::{FailsAt, Severity};
pub use crate::finding::{Finding, Location};
use crate::upgrade::Platform;
use crate::version::PgVersion;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Go,
    NoGo,
    /// No blocker failed, but one could not be answered.
    Incomplete,
}

impl Verdict {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::NoGo => "no-go",
            Self::Incomplete => "incomplete",
        }
    }

    /// As people shout it: `NO-GO`.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Go => "GO",
            Self::NoGo => "NO-GO",
            Self::Incomplete => "INCOMPLETE",
        }
    }
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Fail,
    Unknown,
    Waived,
    Pass,
    NotApplicable,
    Skipped,
}

impl Status {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Waived => "waived",
            Self::Pass => "pass",
            Self::NotApplicable => "not-applicable",
            Self::Skipped => "skipped",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Report {
    pub generated_at: Timestamp,
    pub verdict: Verdict,
    pub platform: Platform,
    pub engine: String,
    pub source: Option<PgVersion>,
    pub target: PgVersion,
    pub requested: PgVersion,
    pub instance: Option<Instance>,
    pub declared: Option<Declared>,
    /// Of a pull request.
    pub change: Option<Change>,
    pub coverage: Coverage,
    /// Every check: blockers first, then what fails first, then by id.
    pub results: Vec<CheckResult>,
    /// What the reader should know beside the results: waivers that matched nothing, and the like.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub id: String,
    pub region: String,
    pub account: Option<String>,
    pub caller: Option<String>,
    pub status: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub version: Option<String>,
    pub file: String,
    pub line: u32,
    pub resource: String,
}

/// What a pull request does to a declared version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// In a sentence.
    pub headline: String,
    /// What it is compared with, as the user named it.
    pub base: String,
    pub resource: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The databases that were looked into.
    pub databases: Vec<String>,
    pub not_entered: Vec<NotEntered>,
    /// What the user switched off, by flag.
    pub switched_off: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEntered {
    pub database: String,
    pub reason: String,
}

#[derive(Clone, Debug)]
pub struct CheckResult {
    pub id: String,
    pub group: String,
    pub title: String,
    pub severity: Severity,
    pub status: Status,
    pub fails_at: FailsAt,
    /// What was found, in a sentence; of a pass the title.
    pub summary: String,
    pub why: String,
    pub findings: Vec<Finding>,
    pub remedy: Remedy,
    /// Why it is unknown, not applicable, skipped or waived; of a failed one, what stayed unseen.
    pub reason: Option<String>,
    /// Of a waived one.
    pub expires: Option<Date>,
    pub docs: Vec<String>,
}

/// Checks that one cause left unanswered.
#[derive(Clone, Debug)]
pub struct Open<'a> {
    pub severity: Severity,
    pub reason: &'a str,
    pub results: Vec<&'a CheckResult>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remedy {
    pub text: String,
    pub commands: Vec<String>,
}

/// How many results there are of a kind; `blocker`, `warning` and `notice` count failed ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub blocker: usize,
    pub warning: usize,
    pub notice: usize,
    pub unknown: usize,
    pub passed: usize,
    pub not_applicable: usize,
    pub skipped: usize,
    pub waived: usize,
}

impl Report {
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for result in &self.results {
            *match (result.status, result.severity) {
                (Status::Fail, Severity::Blocker) => &mut counts.blocker,
                (Status::Fail, Severity::Warning) => &mut counts.warning,
                (Status::Fail, Severity::Notice) => &mut counts.notice,
                (Status::Unknown, _) => &mut counts.unknown,
                (Status::Pass, _) => &mut counts.passed,
                (Status::NotApplicable, _) => &mut counts.not_applicable,
                (Status::Skipped, _) => &mut counts.skipped,
                (Status::Waived, _) => &mut counts.waived,
            } += 1;
        }
        counts
    }

    /// The results of a status, in order.
    pub fn with_status(&self, status: Status) -> impl Iterator<Item = &CheckResult> {
        self.results.iter().filter(move |result| result.status == status)
    }

    /// What is unknown, by reason: one cause that leaves many checks open is said once, with its highest severity.
    #[must_use]
    pub fn open(&self) -> Vec<Open<'_>> {
        let mut all: Vec<Open<'_>> = Vec::new();
        for result in self.with_status(Status::Unknown) {
            let (severity, reason) = (result.severity, result.reason.as_deref().unwrap_or("no reason given"));
            match all.iter_mut().find(|open| open.reason == reason) {
                Some(open) => open.results.push(result),
                None => all.push(Open { severity, reason, results: vec![result] }),
            }
        }
        all
    }

    /// The subject and the step: `app1a2b3c4, PostgreSQL 12.19 to 16.3`; of a pull request what it does.
    #[must_use]
    pub fn subject(&self) -> String {
        if let Some(change) = &self.change {
            return change.headline.clone();
        }
        let name = self.instance.as_ref().map_or("database", |instance| &instance.id);
        let source = self.source.as_ref().map_or("an unknown version", PgVersion::as_str);
        format!("{name}, PostgreSQL {source} to {}", self.target)
    }

    /// The counts that decide, in words: `2 blockers, 1 warning, 3 unknown`.
    #[must_use]
    pub fn tally(&self) -> String {
        let counts = self.counts();
        let words = [
            (counts.blocker, "blocker", "blockers"),
            (counts.warning, "warning", "warnings"),
            (counts.notice, "notice", "notices"),
            (counts.unknown, "unknown", "unknown"),
            (counts.waived, "waived", "waived"),
        ];
        let said: Vec<String> = words
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
            .collect();
        match (said.is_empty(), counts.passed) {
            (false, _) => said.join(", "),
            (true, 1) => "1 check passed".to_owned(),
            (true, passed) => format!("{passed} checks passed"),
        }
    }
}

/// The output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Table,
    Json,
    Markdown,
    Junit,
    Sarif,
    Github,
}
