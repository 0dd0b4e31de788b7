//! Addresses and settings in the lines of any file: compose files, workflows, values, task definitions, code.

use std::path::Path;

use memchr::memmem;

use super::script::EXTENSIONS;
use super::{Versions, local, unknown};
use crate::collect::declared::value::Place;
use crate::collect::repository::Source;
use crate::facts::Connection;
use crate::facts::drivers::{NOTHING, Reading};

/// Files of configuration.
const CONFIGURATION: [&str; 17] = [
    "yml",
    "yaml",
    "json",
    "toml",
    "ini",
    "conf",
    "cfg",
    "env",
    "properties",
    "xml",
    "tf",
    "tfvars",
    "hcl",
    "sh",
    "bash",
    "config",
    "prisma",
];

/// A line longer than this is generated.
const MAX_LINE: usize = 4096;

/// Who reads what a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Configuration,
    Script,
    /// With the driver that is usual there.
    Code(&'static str),
    Go,
    Python,
}

/// The language of a file; `None` of one that says nothing.
pub(super) fn language(path: &Path) -> Option<Language> {
    let name = path.file_name()?.to_str()?;
    let lower = name.to_lowercase();
    if ["package-lock.json", "pnpm-lock.yaml", "tsconfig.json"].contains(&name) || lower.ends_with(".min.js") {
        return None;
    }
    if lower.starts_with(".env") || lower.contains("dockerfile") || lower == "procfile" || lower == "makefile" {
        return Some(Language::Configuration);
    }
    let extension = path.extension()?.to_str()?.to_lowercase();
    Some(match extension.as_str() {
        other if CONFIGURATION.contains(&other) => Language::Configuration,
        other if EXTENSIONS.contains(&other) => Language::Script,
        "py" => Language::Python,
        "go" => Language::Go,
        "rb" | "php" | "erb" => Language::Code("libpq"),
        "java" | "kt" | "kts" | "scala" | "gradle" | "groovy" => Language::Code("pgjdbc"),
        "cs" | "csproj" => Language::Code("npgsql"),
        "rs" => Language::Code("tokio-postgres"),
        _ => return None,
    })
}

/// A file without any of these says nothing of a connection.
const MARKS: [&[u8]; 9] = [
    b"postgres://",
    b"postgresql://",
    b"postgresql+",
    b"postgres+",
    b"jdbc:postgresql",
    b"sslmode",
    b"PGSSLMODE",
    b"SslMode",
    b"SSL Mode",
];

pub(super) fn read(source: &Source<'_>, language: Language, versions: &Versions) -> Vec<Connection> {
    let bytes = source.text.as_bytes();
    if !MARKS.iter().any(|mark| memmem::find(bytes, mark).is_some()) {
        return Vec::new();
    }
    let usual = usual(language, bytes);
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (at, (line, number)) in lines.iter().zip(1..).enumerate() {
        if line.len() > MAX_LINE || is_comment(line) {
            continue;
        }
        // The name of a variable may be on the line before its value.
        let before = at.checked_sub(1).and_then(|before| lines.get(before)).unwrap_or(&"");
        let after = lines.get(at + 1).unwrap_or(&"");
        let place = Place { file: source.file.clone(), line: number };
        let driver = driver_of(line, before).or(usual);
        for one in said(line, after) {
            let driver = one.driver.or(driver);
            found.extend(judged(&place, driver, &one, versions));
        }
    }
    found
}

fn judged(at: &Place, driver: Option<&str>, one: &Said, versions: &Versions) -> Option<Connection> {
    let local = one.host.as_deref().and_then(local);
    let (setting, reading): (&str, Reading) = match &one.setting {
        Some(Ok(setting)) => (setting, versions.reading(driver, setting)),
        Some(Err(name)) => (name, unknown("its value is a variable's")),
        None if driver.is_none() && local.is_some() => return None,
        None => ("no sslmode", versions.reading(driver, NOTHING)),
    };
    Some(super::connection(at, driver, setting, reading, local))
}

/// The driver that reads a file of this language.
fn usual(language: Language, bytes: &[u8]) -> Option<&'static str> {
    let has = |word: &str| memmem::find(bytes, word.as_bytes()).is_some();
    match language {
        Language::Configuration => None,
        Language::Script => (has("'pg'") || has("\"pg\"") || has("knex") || has("sequelize")).then_some("pg"),
        Language::Code(driver) => Some(driver),
        Language::Python if has("asyncpg") => Some("asyncpg"),
        Language::Python => Some("libpq"),
        Language::Go if has("jackc/pgx") => Some("pgx"),
        Language::Go => has("lib/pq").then_some("lib/pq"),
    }
}

/// The driver of a service, by the name of its variable.
fn driver_of(line: &str, before: &str) -> Option<&'static str> {
    let is_value = line.trim_start().trim_start_matches("- ").trim_start_matches(['"', '\'']).starts_with("value");
    let has = |word: &str| line.contains(word) || (is_value && before.contains(word));
    if has("HASURA_GRAPHQL_") {
        Some("libpq")
    } else if has("MB_DB_") {
        Some("pgjdbc")
    } else {
        None
    }
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    ["#", "//", "* ", "/*", "--", "<!--", ";"].iter().any(|mark| line.starts_with(mark))
}

/// What a line says of one connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    driver: Option<&'static str>,
    /// As the table has it; or the name of a setting whose value is a variable's.
    setting: Option<Result<String, String>>,
    host: Option<String>,
}

/// What an address says.
pub(super) struct Address {
    pub host: String,
    pub setting: Option<String>,
}

/// A whole text as an address.
pub(super) fn address(text: &str) -> Option<Address> {
    let mut all = said(text, "");
    let one = if all.is_empty() { return None } else { all.swap_remove(0) };
    let setting = one.setting.and_then(Result::ok);
    Some(Address { host: one.host.unwrap_or_default(), setting })
}

pub(super) fn said(line: &str, after: &str) -> Vec<Said> {
    let mut found = Vec::new();
    let mut apart = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, scheme, tail)) = scheme(rest) {
        apart.push_str(before);
        let (url, others) = url(tail);
        found.push(of_address(scheme, &url));
        rest = others;
    }
    apart.push_str(rest);
    found.extend(of_keyword(&apart, after));
    found
}

/// An address with what is filled into it left out, and what follows it: `${user}` is `${}`.
fn url(text: &str) -> (String, &str) {
    let mut url = String::new();
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => continue,
            _ if c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '|' | '\\') => {
                return (url, &text[at..]);
            }
            _ => {}
        }
        if depth <= 1 && (c != '{' || depth == 1) {
            url.push(c);
        }
    }
    (url, "")
}

/// What precedes an address of PostgreSQL, its scheme, and what follows `://`.
fn scheme(text: &str) -> Option<(&str, &str, &str)> {
    for (at, _) in text.match_indices("://") {
        let before = &text[..at];
        let start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | ':')))
            .map_or(0, |end| end + before[end..].chars().next().map_or(1, char::len_utf8));
        let name = before[start..].trim_start_matches(':');
        let last = name.rsplit_once(':').filter(|(first, _)| *first != "jdbc").map_or(name, |(_, last)| last);
        let plain = last.strip_prefix("jdbc:").unwrap_or(last);
        if plain == "postgres"
            || plain == "postgresql"
            || plain.starts_with("postgresql+")
            || plain.starts_with("postgres+")
        {
            return Some((&text[..at - last.len()], last, &text[at + 3..]));
        }
    }
    None
}

fn of_address(scheme: &str, url: &str) -> Said {
    let driver = match scheme {
        jdbc if jdbc.starts_with("jdbc:") => Some("pgjdbc"),
        other if other.ends_with("+asyncpg") => Some("asyncpg"),
        other if other.contains("+psycopg") => Some("libpq"),
        _ => None,
    };
    let (authority, query) = url.split_once('?').unwrap_or((url, ""));
    // A password may hold a slash, or anything else before the last @.
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split('/').next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, _)) => inner,
        None if host.contains("${") => host,
        None => host.split(':').next().unwrap_or_default(),
    };
    let (mut mode, mut ssl, mut compatible) = (None, None, false);
    for pair in query.split(['&', ';']) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        match key.trim_start_matches("amp").trim() {
            "sslmode" => mode = Some(value_of("sslmode", value)),
            "ssl" => ssl = Some(value_of("ssl", value)),
            "uselibpqcompat" => compatible = value == "true",
            _ => {}
        }
    }
    let setting = match mode.or(ssl) {
        Some(Some(Ok(setting))) if compatible => Some(Ok(format!("uselibpqcompat=true&{setting}"))),
        Some(known) => known,
        None => None,
    };
    Said { driver, setting, host: Some(host.to_owned()) }
}

/// Values that are kept; whatever else stands there may be a secret.
const VALUES: [&str; 13] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
    "no-verify",
    "true",
    "false",
    "0",
    "1",
    "verifyca",
    "verifyfull",
];

/// How a variable begins.
const VARIABLES: [&str; 9] = ["$", "{", "%", "os.", "process.", "var.", "local.", "ENV[", "Environment"];

/// `sslmode=require` of a value that is known; the name of one that is a variable's; nothing of words that are no value.
fn value_of(key: &str, value: &str) -> Option<Result<String, String>> {
    let word: String = value.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let word = word.trim_end_matches('-').to_lowercase();
    if VALUES.contains(&word.as_str()) {
        let word = match word.as_str() {
            "verifyca" => "verify-ca",
            "verifyfull" => "verify-full",
            other => other,
        };
        return Some(Ok(format!("{key}={word}")));
    }
    VARIABLES.iter().any(|start| value.starts_with(start)).then(|| Err(key.to_owned()))
}

/// `sslmode=disable` in a list of keywords, `sslmode="disable"` as an argument, `"sslmode": "disable"` as an entry,
/// `PGSSLMODE=disable` as a variable, `SSL Mode=Disable` as Npgsql has it.
fn of_keyword(line: &str, after: &str) -> Vec<Said> {
    let lower = line.to_ascii_lowercase();
    let mut found = Vec::new();
    for (word, is_npgsql) in [("sslmode", false), ("ssl mode", true)] {
        for (at, _) in lower.match_indices(word) {
            let is_npgsql = is_npgsql || (line[at..].starts_with("SslMode") && line.contains(';'));
            let is_variable = lower[..at].ends_with("pg");
            let is_part = lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            if is_part && !is_variable || lower.contains("mysql") {
                continue;
            }
            let rest = &line[at + word.len()..];
            let value = value_after(rest).or_else(|| is_variable.then(|| value_after(after)).flatten());
            let Some(setting) = value.and_then(|value| value_of("sslmode", value)) else { continue };
            let host = host_beside(line);
            found.push(Said { driver: is_npgsql.then_some("npgsql"), setting: Some(setting), host });
        }
    }
    found
}

/// What follows the name of a setting, its mark of assignment, and a quote.
fn value_after(text: &str) -> Option<&str> {
    let text = text.trim_start().trim_start_matches(['"', '\'', ']', ',', ')']).trim_start();
    let text = text.trim_start_matches("- ").trim_start_matches(['"', '\'']);
    let text = text.strip_prefix("value").map_or(text, |rest| rest.trim_start_matches(['"', '\'']).trim_start());
    let text = ["=>", ":=", "=", ":"].iter().find_map(|mark| text.strip_prefix(mark))?.trim_start();
    Some(text.trim_start_matches(['"', '\'', '`', 'f']))
}

/// The host in the same list of keywords.
fn host_beside(line: &str) -> Option<String> {
    let lower = line.to_ascii_lowercase();
    let at = ["host=", "server=", "host: ", "host:"].iter().find_map(|key| Some(lower.find(key)? + key.len()))?;
    let value = line[at..].trim_start_matches(['"', '\'']);
    let end =
        value.find(|c: char| c.is_whitespace() || matches!(c, ';' | '"' | '\'' | ',' | ')')).unwrap_or(value.len());
    Some(value[..end].to_owned())
}
