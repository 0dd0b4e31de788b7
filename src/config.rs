//! `preflight.toml`: what a team settles once for all runs. The command line wins over it.
//!
//! It holds no secrets: there is no place for one, and a line that looks as if it had one is not repeated in messages.

mod secrets;
mod section;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::evaluate::Waiver;
use crate::snippet::Problem;
use crate::version::PgVersion;
use section::{Reader, Section};

/// The name that is searched for.
pub const FILE_NAME: &str = "preflight.toml";

/// A whole file; what it leaves out is `None` or empty. Paths are relative to the file's folder no longer, but as good
/// as the path that was given for the file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub target: Option<PgVersion>,
    pub instance: Instance,
    pub declared: Declared,
    /// Folders with the user's own checks.
    pub check_dirs: Vec<PathBuf>,
    pub services: Vec<Service>,
    pub queries: Vec<NamedQuery>,
    pub waivers: Vec<Waiver>,
}

/// Which instance, in whose account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    pub id: Option<String>,
    /// Instead of `id`.
    pub cluster: Option<String>,
    pub region: Option<String>,
    pub profile: Option<String>,
    /// 12 digits
    pub expect_account: Option<String>,
    /// A glob over the caller's ARN.
    pub expect_identity: Option<String>,
}

/// The infrastructure code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    pub path: Option<PathBuf>,
    pub stack: Option<String>,
    pub resource: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceKind {
    Hasura,
    Metabase,
    ShareDb,
    /// Any container image.
    Image,
}

impl ServiceKind {
    const ALL: [Self; 4] = [Self::Hasura, Self::Metabase, Self::ShareDb, Self::Image];

    /// As written in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hasura => "hasura",
            Self::Metabase => "metabase",
            Self::ShareDb => "sharedb",
            Self::Image => "image",
        }
    }
}

/// A service that talks to the database; at least one of its two sources is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub kind: ServiceKind,
    /// `http://` or `https://`, without user or password.
    pub url: Option<String>,
    /// The file that names its image.
    pub image_from: Option<PathBuf>,
}

/// A query of the baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedQuery {
    pub name: String,
    pub sql: String,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// All that is wrong with it.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
    Invalid { problems: Vec<Problem> },
}

/// The nearest `preflight.toml`, from a folder upward.
#[must_use]
pub fn find(start: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(start).ok()?;
    start.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read, or is invalid.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let bytes = fs::read(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let text = String::from_utf8_lossy(&bytes);
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&path.to_string_lossy(), &text, folder)
}

/// Reads the text of a file; `origin` names it in messages, its paths are relative to `folder`.
///
/// # Errors
/// When it is invalid: all problems at once.
pub fn parse(origin: &str, text: &str, folder: &Path) -> Result<Config, ConfigError> {
    let mut reader = Reader::new(origin, text, folder);
    let config = match reader.parse() {
        Some(mut root) => {
            let config = config(&mut reader, &mut root);
            root.finish(&mut reader);
            config
        }
        None => Config::default(),
    };
    let problems = reader.finish();
    if problems.is_empty() { Ok(config) } else { Err(ConfigError::Invalid { problems }) }
}

fn config(reader: &mut Reader<'_>, root: &mut Section<'_>) -> Config {
    Config {
        target: root.value(reader, "target", |text| text.parse().map_err(|error| format!("{error}"))),
        instance: root.section(reader, "instance").map(|section| instance(reader, section)).unwrap_or_default(),
        declared: root.section(reader, "declared").map(|section| declared(reader, section)).unwrap_or_default(),
        check_dirs: root.section(reader, "checks").map(|section| check_dirs(reader, section)).unwrap_or_default(),
        services: root.sections(reader, "service").into_iter().filter_map(|one| service(reader, one)).collect(),
        queries: queries(reader, root),
        waivers: root.sections(reader, "waiver").into_iter().filter_map(|one| waiver(reader, one)).collect(),
    }
}

fn instance(reader: &mut Reader<'_>, mut section: Section<'_>) -> Instance {
    let instance = Instance {
        id: section.text(reader, "id"),
        cluster: section.text(reader, "cluster"),
        region: section.text(reader, "region"),
        profile: section.text(reader, "profile"),
        expect_account: section.value(reader, "expect_account", |text| {
            let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
            if is_account { Ok(text.to_owned()) } else { Err("an AWS account id has 12 digits".to_owned()) }
        }),
        expect_identity: section.text(reader, "expect_identity"),
    };
    if instance.id.is_some() && instance.cluster.is_some() {
        reader.problem(section.span(), "either `id` or `cluster`, not both");
    }
    section.finish(reader);
    instance
}

fn declared(reader: &mut Reader<'_>, mut section: Section<'_>) -> Declared {
    let declared = Declared {
        path: section.path(reader, "path"),
        stack: section.text(reader, "stack"),
        resource: section.text(reader, "resource"),
    };
    section.finish(reader);
    declared
}

fn check_dirs(reader: &mut Reader<'_>, mut section: Section<'_>) -> Vec<PathBuf> {
    let dirs = section.paths(reader, "dirs");
    section.finish(reader);
    dirs
}

fn service(reader: &mut Reader<'_>, mut section: Section<'_>) -> Option<Service> {
    let kind = section.required(reader, "kind", |text| {
        let known = ServiceKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        let names = ServiceKind::ALL.map(ServiceKind::as_str).join(", ");
        known.ok_or_else(|| format!("unknown kind of service, expected one of {names}"))
    });
    let url = section.has("url").then(|| section.value(reader, "url", address));
    let image_from = section.path(reader, "image_from");
    if url.is_none() && image_from.is_none() {
        reader.problem(section.span(), "a service needs `url` or `image_from`, to be asked or read");
    }
    section.finish(reader);
    Some(Service { kind: kind?, url: url.flatten(), image_from })
}

fn address(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default()) {
        None | Some("") => Err("an address begins with https:// or http://".to_owned()),
        Some(authority) if authority.contains('@') => Err("no user or password here: this file is shared".to_owned()),
        Some(_) => Ok(text.to_owned()),
    }
}

fn queries(reader: &mut Reader<'_>, root: &mut Section<'_>) -> Vec<NamedQuery> {
    let mut queries: Vec<NamedQuery> = Vec::new();
    for mut section in root.sections(reader, "query") {
        let name = section.required(reader, "name", |text| {
            let taken = queries.iter().any(|query| query.name == text);
            if taken { Err("two queries have this name".to_owned()) } else { Ok(text.to_owned()) }
        });
        let sql = section.required(reader, "sql", |text| Ok(text.to_owned()));
        section.finish(reader);
        if let (Some(name), Some(sql)) = (name, sql) {
            queries.push(NamedQuery { name, sql });
        }
    }
    queries
}

fn waiver(reader: &mut Reader<'_>, mut section: Section<'_>) -> Option<Waiver> {
    let check = section.required(reader, "check", |text| Ok(text.to_owned()));
    let object = section.text(reader, "object");
    let reason = section.required(reader, "reason", |text| Ok(text.to_owned()));
    let owner = section.text(reader, "owner");
    let expires = section.date(reader, "expires").and_then(|(date, span)| {
        let date =
            Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
        date.map_err(|_| reader.problem(span, "there is no such day")).ok()
    });
    section.finish(reader);
    Some(Waiver { check: check?, object, reason: reason?, owner, expires: expires? })
}
