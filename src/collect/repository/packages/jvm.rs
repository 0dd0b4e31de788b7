//! Java: Maven and Gradle. <https://maven.apache.org/pom.html>,
//! <https://docs.gradle.org/current/userguide/version_catalogs.html>

use super::dotnet::without_comments;
use super::{Found, Installed, is_version, lines};
use crate::collect::declared::value::Lines;
use crate::facts::Ecosystem;
use crate::facts::drivers::DRIVERS;

pub(super) fn pom(text: &str, found: &mut Found) {
    let text = without_comments(text);
    let places = Lines::of(&text);
    for (start, _) in text.match_indices("<dependency>") {
        let body = text[start..].split("</dependency>").next().unwrap_or_default();
        let (Some((_, group)), Some((at, artifact))) = (element(body, "groupId"), element(body, "artifactId")) else {
            continue;
        };
        let name = format!("{group}:{artifact}");
        match element(body, "version") {
            None => {
                let reason = "the pom names no version: its parent or a bill of materials does".to_owned();
                found.add(Ecosystem::Maven, &name, places.line(start + at), Err(reason), None);
            }
            Some((at, version)) => {
                let property = version.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                let set = property.and_then(|property| element(&text, property));
                let (at, installed) = match (property, set) {
                    (Some(property), None) => (start + at, Err(format!("{property} is not set in this file"))),
                    (_, Some((at, value))) => (at, pinned(value)),
                    (None, None) => (start + at, pinned(version)),
                };
                found.add(Ecosystem::Maven, &name, places.line(at), installed, Some(version));
            }
        }
    }
}

/// The text of the first element of a name, and where it begins.
fn element<'t>(text: &'t str, name: &str) -> Option<(usize, &'t str)> {
    let open = format!("<{name}>");
    let at = text.find(&open)? + open.len();
    let value = text[at..].split('<').next()?;
    Some((at, value.trim()))
}

fn pinned(version: &str) -> Installed {
    if is_version(version) { Ok(version.to_owned()) } else { Err("no file says which version is installed".to_owned()) }
}

/// `org.postgresql:postgresql:42.7.3`, or the three of them apart.
pub(super) fn gradle(text: &str, found: &mut Found) {
    for (number, line) in lines(text) {
        let line = line.trim_start();
        if line.starts_with("//") || line.starts_with('*') {
            continue;
        }
        let quoted: Vec<&str> = line.split(['"', '\'']).skip(1).step_by(2).collect();
        for one in &quoted {
            if let Some((name, version)) = coordinates(one) {
                add(text, number, name, version, found);
            }
        }
        if line.contains("group:") || line.contains("group =") {
            let (name, version) = match quoted[..] {
                [group, artifact, version, ..] => (format!("{group}:{artifact}"), version),
                [group, artifact] => (format!("{group}:{artifact}"), ""),
                _ => continue,
            };
            add(text, number, &name, version, found);
        }
    }
}

/// Group and artifact, and the version if there is one.
fn coordinates(text: &str) -> Option<(&str, &str)> {
    let artifact = text.find(':')?;
    let rest = &text[artifact + 1..];
    match rest.split_once(':') {
        Some((name, version)) => Some((&text[..artifact + 1 + name.len()], version.split([':', '@']).next()?)),
        None => Some((text, "")),
    }
}

fn add(text: &str, number: u32, name: &str, version: &str, found: &mut Found) {
    if !DRIVERS.knows(Ecosystem::Maven, name) {
        return;
    }
    if version.is_empty() {
        let reason = "the build names no version: a platform or a plugin does".to_owned();
        found.add(Ecosystem::Maven, name, number, Err(reason), None);
        return;
    }
    let variable = version.trim_start_matches('$').trim_start_matches('{').trim_end_matches('}');
    let (number, installed) = match (version.contains('$'), variable_of(text, variable)) {
        (true, Some((number, value))) => (number, pinned(value)),
        (true, None) => (number, Err(format!("{variable} is not set in this file"))),
        (false, _) => (number, pinned(version)),
    };
    found.add(Ecosystem::Maven, name, number, installed, Some(version));
}

/// `pgVersion = '42.7.3'`, and where it is written.
fn variable_of<'t>(text: &'t str, name: &str) -> Option<(u32, &'t str)> {
    lines(text).find_map(|(number, line)| {
        let (before, value) = line.split_once('=')?;
        let is_it = before.trim().rsplit([' ', '.', '"', '\'']).find(|word| !word.is_empty()) == Some(name);
        let value = value.trim().trim_matches(['"', '\'']);
        is_it.then_some((number, value))
    })
}

/// `org.postgresql:postgresql:42.7.3=compileClasspath,runtimeClasspath`
pub(super) fn lock(text: &str, found: &mut Found) {
    for (number, line) in lines(text) {
        let Some((name, version)) = line.split('=').next().and_then(coordinates) else { continue };
        found.add(Ecosystem::Maven, name, number, Ok(version.to_owned()), None);
    }
}

/// `gradle/libs.versions.toml`, where a version may be written apart, under a name.
pub(super) fn catalog(text: &str, found: &mut Found) {
    let mut section = "";
    let mut versions: Vec<(u32, &str, &str)> = Vec::new();
    let mut libraries: Vec<(u32, &str)> = Vec::new();
    for (number, line) in lines(text) {
        let line = line.trim();
        match line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            Some(name) => section = name.trim(),
            None if line.starts_with('#') => {}
            None => match (section, line.split_once('=')) {
                ("versions", Some((name, value))) => {
                    versions.push((number, name.trim().trim_matches('"'), quoted(value).unwrap_or_default()));
                }
                ("libraries", Some((_, value))) => libraries.push((number, value.trim())),
                _ => {}
            },
        }
    }
    for (number, library) in libraries {
        let field = |name: &str| {
            let (_, rest) =
                library.split_once(&format!("{name} ")).or_else(|| library.split_once(&format!("{name}=")))?;
            quoted(rest)
        };
        let name = match (quoted(library).filter(|_| library.starts_with('"')), field("module")) {
            (Some(short), _) => short.to_owned(),
            (None, Some(module)) => module.to_owned(),
            (None, None) => match (field("group"), field("name")) {
                (Some(group), Some(name)) => format!("{group}:{name}"),
                _ => continue,
            },
        };
        let Some((name, short)) = coordinates(&name) else { continue };
        let reference = field("version.ref");
        let written = reference.and_then(|wanted| versions.iter().find(|(_, name, _)| *name == wanted));
        let (number, installed) = match (written, reference, field("version")) {
            (Some((number, _, version)), ..) => (*number, pinned(version)),
            (None, Some(wanted), _) => (number, Err(format!("there is no version {wanted}"))),
            (None, None, Some(version)) => (number, pinned(version)),
            (None, None, None) if !short.is_empty() => (number, pinned(short)),
            (None, None, None) => (number, Err("the catalog names no version".to_owned())),
        };
        found.add(Ecosystem::Maven, name, number, installed, None);
    }
}

/// The first text in quotes.
fn quoted(text: &str) -> Option<&str> {
    text.split(['"', '\'']).nth(1)
}
