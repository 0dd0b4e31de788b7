//! The drivers that the code uses, in the version that is installed: lock files first, and manifests where no lock file
//! says it. Which packages are drivers is the table's to say (`facts::drivers`).

mod dotnet;
mod jvm;
mod node;
mod pnpm;
mod python;
mod tables;
#[cfg(test)]
mod tests;
mod yarn;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::Tree;
use crate::facts::drivers::DRIVERS;
use crate::facts::{Ecosystem, Package};

/// Lock files can be large; larger ones than this are no lock files.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

pub(super) fn read(tree: Tree<'_>) -> Vec<Package> {
    let mut found = Found::default();
    for path in tree.paths {
        let Some(reader) = reader(tree, path) else { continue };
        if let Some(source) = tree.source_within(path, MAX_BYTES) {
            found.file = source.file.clone();
            reader(&source.text, &mut found);
        }
    }
    node::manifests(tree, &mut found);
    found.packages
}

type Reader = fn(&str, &mut Found);

/// Who reads a file, by its name.
fn reader(tree: Tree<'_>, path: &Path) -> Option<Reader> {
    let name = path.file_name()?.to_str()?;
    let beside = |other: &str| tree.files.is_file(&path.with_file_name(other));
    Some(match name {
        "package-lock.json" | "npm-shrinkwrap.json" => node::lock,
        "pnpm-lock.yaml" => pnpm::lock,
        "yarn.lock" => yarn::lock,
        "bun.lock" => yarn::bun,
        "poetry.lock" | "uv.lock" | "pdm.lock" => |text, found| tables::lock(text, Ecosystem::Pypi, found),
        "Cargo.lock" => |text, found| tables::lock(text, Ecosystem::Cargo, found),
        "Pipfile.lock" => python::pipfile,
        "Gemfile.lock" => tables::gems,
        "go.mod" => tables::modules,
        "pom.xml" => jvm::pom,
        "build.gradle" | "build.gradle.kts" if !beside("gradle.lockfile") => jvm::gradle,
        "gradle.lockfile" => jvm::lock,
        "libs.versions.toml" => jvm::catalog,
        "packages.lock.json" => dotnet::lock,
        "Directory.Packages.props" => dotnet::project,
        _ if path.extension().is_some_and(|extension| extension == "csproj") && !beside("packages.lock.json") => {
            dotnet::project
        }
        _ if path.extension().is_some_and(|extension| extension == "txt") => {
            let is_in = path.parent().is_some_and(|folder| folder.ends_with("requirements"));
            return (is_in || name.starts_with("requirements")).then_some(python::requirements as Reader);
        }
        _ => return None,
    })
}

/// What was found so far, and in which file more is looked for.
#[derive(Default)]
struct Found {
    file: Arc<str>,
    packages: Vec<Package>,
    /// Files, names and versions that are there already: a lock file names a package again and again.
    seen: BTreeSet<(Arc<str>, String, Option<String>)>,
}

/// A version as a file has it, or why it has none.
type Installed = Result<String, String>;

impl Found {
    /// Adds a package, if it is a driver.
    fn add(&mut self, ecosystem: Ecosystem, name: &str, line: u32, installed: Installed, requested: Option<&str>) {
        if !DRIVERS.knows(ecosystem, name) {
            return;
        }
        let (version, reason) = match installed {
            Ok(version) if is_version(&version) => (Some(version), None),
            Ok(other) => (None, Some(format!("{} is no version", harmless(&other)))),
            Err(reason) => (None, Some(reason)),
        };
        if self.seen.insert((self.file.clone(), name.to_owned(), version.clone())) {
            let requested = requested.filter(|text| !text.is_empty()).map(|text| harmless(text).to_owned());
            let (file, name) = (self.file.to_string(), name.to_owned());
            self.packages.push(Package { file, line, ecosystem, name, version, requested, reason });
        }
    }
}

/// Whether a text is one version: `8.12.0`, `42.7.3.jre7`, `v5.5.0`, and no range, address or path.
fn is_version(text: &str) -> bool {
    let digits = text.strip_prefix('v').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && text.len() <= 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_' | '!'))
        && !digits.split(['.', '-']).any(|part| part == "x")
}

/// An address may hold a token.
fn harmless(text: &str) -> &str {
    if text.contains("://") || text.contains('@') || text.len() > 64 { "an address" } else { text }
}

/// Lines with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.lines())
}
