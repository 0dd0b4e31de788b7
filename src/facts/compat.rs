//! The compatibility matrix: which versions of services and drivers get along with which major of PostgreSQL
//! (`checks/data/service-compat.json`, and files of the user's own in the same format).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::images::Reference;
use super::repository::Ecosystem;
use super::service_version::{ServiceVersion, Span, Written};

/// The number of the format.
const SCHEMA: u32 = 1;

/// Numbers of a version that does not move: `2.48.16`.
const PARTS: usize = 3;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    pub services: BTreeMap<String, Service>,
}

/// A service or driver, how it is recognised, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub name: String,
    pub title: String,
    pub kind: Kind,
    images: Vec<String>,
    packages: Vec<(Ecosystem, String)>,
    edition_first: bool,
    catalogs: BTreeMap<u64, ServiceVersion>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It runs by itself, in one version.
    Service,
    /// A library: each program may have its own version.
    Driver,
}

/// One fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub concern: Concern,
    /// As written: `>=2.48.6`.
    pub versions: String,
    pub postgres: String,
    pub verdict: Verdict,
    pub grade: Grade,
    pub source: String,
    pub date: String,
    /// What works or stops, as the end of a sentence.
    pub says: String,
    /// In the words that a user would see.
    pub error: Option<String>,
    span: Span,
    majors: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concern {
    /// It works with a server of that major.
    Server,
    /// The service keeps its own data in a server of that major.
    ApplicationDatabase,
    /// The `pg_dump` that comes with it reads a server of that major.
    PgDump,
    Scram,
    ChannelBinding,
    /// It connects to a server that requires TLS, when nothing else is set.
    Tls,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Supported,
    Unsupported,
    Unknown,
}

/// How well a fact is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// The vendor's documentation.
    Doc,
    /// Read in source code or a changelog.
    Src,
    /// A thread of issues with a maintainer, or a clear error text.
    Iss,
    /// An inference from the others.
    Inf,
    Unverified,
}

/// What the matrix says of a version and a major.
#[derive(Clone, Debug, PartialEq)]
pub enum Ruling<'a> {
    Supported,
    Unsupported(&'a Row),
    /// It is not known, for this reason.
    Uncertain(String),
    /// The matrix has no such concern for this service.
    Silent,
}

pub static COMPAT: LazyLock<Matrix> = LazyLock::new(|| {
    Matrix::parse(include_str!("../../checks/data/service-compat.json"))
        .unwrap_or_else(|problems| panic!("{problems:?}"))
});

impl Concern {
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Server => "works with the server",
            Self::ApplicationDatabase => "application database",
            Self::PgDump => "bundled pg_dump",
            Self::Scram => "SCRAM passwords",
            Self::ChannelBinding => "channel binding",
            Self::Tls => "TLS when nothing is set",
        }
    }
}

impl Verdict {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Unsupported => "unsupported",
            Self::Unknown => "unknown",
        }
    }
}

impl Grade {
    /// Whether it is known enough to pass or to fail something.
    #[must_use]
    pub fn is_known(self) -> bool {
        matches!(self, Self::Doc | Self::Src | Self::Iss)
    }

    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Doc => "documentation",
            Self::Src => "source code",
            Self::Iss => "issue",
            Self::Inf => "inference",
            Self::Unverified => "not verified",
        }
    }
}

impl Service {
    /// What an image of it says of its version: text and span, or why it cannot be known. `None` of other images.
    #[must_use]
    pub fn in_image(&self, reference: &str) -> Option<Result<(String, Span), String>> {
        let image = Reference::of(reference);
        if !image.names().iter().any(|name| self.images.contains(name)) {
            return None;
        }
        Some(match image.tag.as_deref() {
            Some(tag) if tag.contains(['$', '{', '<']) => Err(format!("the tag {tag} cannot be known")),
            Some(tag) => self.version(tag).ok_or_else(|| format!("the tag {tag} names no version")),
            None if image.has_digest => Err("a digest names no version".to_owned()),
            None => Err("no tag is the newest".to_owned()),
        })
    }

    /// Whether a package of a registry is this one.
    #[must_use]
    pub fn is_package(&self, ecosystem: Ecosystem, name: &str) -> bool {
        self.packages.iter().any(|(of, known)| *of == ecosystem && known == name)
    }

    /// A version as the service or its tag writes it.
    #[must_use]
    pub fn version(&self, text: &str) -> Option<(String, Span)> {
        let written = Written::read(text)?;
        let shown = written.to_string();
        let span = if self.edition_first { written.without_edition()?.span(PARTS - 1) } else { written.span(PARTS) };
        Some((shown, span))
    }

    /// A version of a lock file, which is whole however short it is.
    #[must_use]
    pub fn locked(&self, text: &str) -> Option<(String, Span)> {
        let written = Written::read(text)?;
        Some((written.to_string(), written.span(1)))
    }

    /// All releases of the major that a change log names.
    #[must_use]
    pub fn series(&self, major: &str) -> Option<Span> {
        Written::read(major).map(|written| written.span(PARTS))
    }

    /// The releases that may have written this catalogue number.
    #[must_use]
    pub fn of_catalog(&self, number: u64) -> Option<Span> {
        let (_, low) = self.catalogs.range(..=number).next_back()?;
        let next = self.catalogs.range(number.saturating_add(1)..).next();
        Some(Span::between(low.clone(), next.map(|(_, version)| version.clone())))
    }

    /// Whether a version gets along with a major, in one respect.
    #[must_use]
    pub fn ruling(&self, concern: Concern, version: &Span, major: u64) -> Ruling<'_> {
        let major_span = Span::of_major(major);
        let mut of_concern = self.rows.iter().filter(|row| row.concern == concern).peekable();
        if of_concern.peek().is_none() {
            return Ruling::Silent;
        }
        let rows: Vec<&Row> =
            of_concern.filter(|row| row.majors.contains(&major_span) && row.span.overlaps(version)).collect();
        match rows[..] {
            [row] if row.span.contains(version) => match (row.verdict, row.grade.is_known()) {
                (Verdict::Supported, true) => Ruling::Supported,
                (Verdict::Unsupported, true) => Ruling::Unsupported(row),
                (Verdict::Unknown, _) => Ruling::Uncertain(row.says.clone()),
                _ => Ruling::Uncertain(format!("{} ({})", row.says, row.grade.in_words())),
            },
            [] => Ruling::Uncertain(format!("nothing is known of it with PostgreSQL {major}")),
            _ => Ruling::Uncertain(format!("with PostgreSQL {major} it depends on the exact release")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawMatrix {
    schema: u32,
    #[serde(default)]
    #[allow(dead_code, reason = "for the reader of the file")]
    note: String,
    services: BTreeMap<String, RawService>,
    rows: Vec<RawRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawService {
    title: String,
    kind: Kind,
    #[serde(default)]
    images: Vec<String>,
    /// `npm:pg`
    #[serde(default)]
    packages: Vec<String>,
    /// The first number of a version tells editions of the same code apart.
    #[serde(default)]
    edition_first: bool,
    /// The first release of a catalogue number, as far as it is known.
    #[serde(default)]
    catalogs: BTreeMap<u64, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawRow {
    service: String,
    concern: Concern,
    versions: String,
    postgres: String,
    verdict: Verdict,
    grade: Grade,
    source: String,
    date: String,
    says: String,
    error: Option<String>,
}

impl Matrix {
    /// Reads a matrix.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let raw: RawMatrix = serde_json::from_str(text).map_err(|error| vec![error.to_string()])?;
        if raw.schema != SCHEMA {
            return Err(vec![format!("schema {} needs another pg-preflight; this one reads {SCHEMA}", raw.schema)]);
        }
        let mut problems = Vec::new();
        let mut matrix = Self::default();
        for (name, service) in raw.services {
            match service.read(&name) {
                Ok(service) => drop(matrix.services.insert(name, service)),
                Err(problem) => problems.push(format!("service {name}: {problem}")),
            }
        }
        for (at, row) in raw.rows.into_iter().enumerate() {
            let place = format!("row {} ({}, {})", at + 1, row.service, row.versions);
            let Some(service) = matrix.services.get_mut(&row.service) else {
                problems.push(format!("{place}: there is no service {}", row.service));
                continue;
            };
            match row.read(service.edition_first) {
                Ok(row) => match service.rows.iter().find(|other| other.contradicts(&row)) {
                    Some(other) => problems.push(format!(
                        "{place}: {} with PostgreSQL {} says the same thing again, or another",
                        other.versions, other.postgres
                    )),
                    None => service.rows.push(row),
                },
                Err(problem) => problems.push(format!("{place}: {problem}")),
            }
        }
        if problems.is_empty() { Ok(matrix) } else { Err(problems) }
    }

    /// This one and another.
    ///
    /// # Errors
    /// The services that both have, or recognise by the same name.
    pub fn join(mut self, other: Self) -> Result<Self, Vec<String>> {
        let taken = |service: &Service| {
            let known = self.services.values();
            let images: BTreeSet<&String> = known.clone().flat_map(|known| &known.images).collect();
            let packages: BTreeSet<_> = known.flat_map(|known| &known.packages).collect();
            self.services.contains_key(&service.name)
                || service.images.iter().any(|image| images.contains(image))
                || service.packages.iter().any(|package| packages.contains(package))
        };
        let clashes: Vec<String> = other
            .services
            .values()
            .filter(|service| taken(service))
            .map(|service| format!("service {} is in another matrix already", service.name))
            .collect();
        if !clashes.is_empty() {
            return Err(clashes);
        }
        self.services.extend(other.services);
        Ok(self)
    }
}

impl RawService {
    fn read(self, name: &str) -> Result<Service, String> {
        if self.title.trim().is_empty() {
            return Err("it has no title".to_owned());
        }
        let package = |text: &String| {
            let (ecosystem, name) = text.split_once(':')?;
            let ecosystem = serde_json::from_value(ecosystem.into()).ok()?;
            Some((ecosystem, name.to_owned()))
        };
        let packages = self.packages.iter().map(|text| {
            package(text)
                .ok_or_else(|| format!("'{text}' is no package such as npm:pg or maven:org.postgresql:postgresql"))
        });
        let catalogs = self.catalogs.iter().map(|(number, text)| {
            let written = Written::read(text).ok_or_else(|| format!("'{text}' is no version"))?;
            Ok((*number, written.version()))
        });
        Ok(Service {
            name: name.to_owned(),
            title: self.title,
            kind: self.kind,
            images: self.images.iter().map(|image| image.to_lowercase()).collect(),
            packages: packages.collect::<Result<_, _>>()?,
            edition_first: self.edition_first,
            catalogs: catalogs.collect::<Result<_, String>>()?,
            rows: Vec::new(),
        })
    }
}

impl RawRow {
    fn read(self, edition_first: bool) -> Result<Row, String> {
        let date: Vec<&str> = self.date.split('-').collect();
        let digits = date.iter().all(|part| part.chars().all(|c| c.is_ascii_digit()));
        if !digits || !matches!(date[..], [year, ..] if year.len() == 4) || date.len() > 3 {
            return Err(format!("'{}' is no date such as 2026-08", self.date));
        }
        if !self.source.starts_with("https://") {
            return Err("its source is no https:// address".to_owned());
        }
        if self.says.trim().is_empty() {
            return Err("it says nothing".to_owned());
        }
        Ok(Row {
            span: Span::parse(&self.versions, edition_first)?,
            majors: Span::parse(&self.postgres, false)?,
            concern: self.concern,
            versions: self.versions,
            postgres: self.postgres,
            verdict: self.verdict,
            grade: self.grade,
            source: self.source,
            date: self.date,
            says: self.says,
            error: self.error,
        })
    }
}

impl Row {
    /// Two rows about the same versions and majors would be two answers to one question.
    fn contradicts(&self, other: &Self) -> bool {
        self.concern == other.concern && self.span.overlaps(&other.span) && self.majors.overlaps(&other.majors)
    }
}

#[cfg(test)]
mod tests;
