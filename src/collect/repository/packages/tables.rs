//! Lock files of one line a thing: TOML tables of packages (Poetry, uv, Cargo), Bundler's, and Go's modules.

use super::{Found, lines};
use crate::facts::Ecosystem;

/// `[[package]]` with `name` and `version`, as the tools write them.
pub(super) fn lock(text: &str, ecosystem: Ecosystem, found: &mut Found) {
    let mut package: Option<&str> = None;
    let mut is_package = false;
    for (number, line) in lines(text) {
        if line.starts_with('[') {
            is_package = line.trim_end() == "[[package]]";
            package = None;
            continue;
        }
        let value = |key: &str| {
            let rest = line.strip_prefix(key)?.trim_start().strip_prefix('=')?;
            rest.trim().strip_prefix('"')?.split('"').next()
        };
        if !is_package {
            continue;
        }
        if let Some(name) = value("name") {
            package = Some(name);
        } else if let (Some(name), Some(version)) = (package, value("version")) {
            found.add(ecosystem, name, number, Ok(version.to_owned()), None);
            package = None;
        }
    }
}

/// `    pg (1.5.6)` below `specs:`; a gem built for a platform is `pg (1.5.6-x86_64-linux)`.
pub(super) fn gems(text: &str, found: &mut Found) {
    for (number, line) in lines(text) {
        let Some(gem) = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' ')) else { continue };
        if let Some((name, rest)) = gem.split_once(" (")
            && let Some(version) = rest.strip_suffix(')')
        {
            let version = version.split('-').next().unwrap_or(version);
            found.add(Ecosystem::Rubygems, name, number, Ok(version.to_owned()), None);
        }
    }
}

/// `require` and `replace` of `go.mod`. <https://go.dev/ref/mod#go-mod-file>
pub(super) fn modules(text: &str, found: &mut Found) {
    let mut directive = "";
    let mut required: Vec<(u32, &str, &str)> = Vec::new();
    let mut replaced: Vec<(&str, &str)> = Vec::new();
    for (number, line) in lines(text) {
        let code = line.split("//").next().unwrap_or_default().trim();
        let words: Vec<&str> = code.split_whitespace().collect();
        let (kind, words) = match words[..] {
            [word, "("] => {
                directive = word;
                continue;
            }
            [")"] => {
                directive = "";
                continue;
            }
            [word @ ("require" | "replace"), ref rest @ ..] => (word, rest),
            ref rest => (directive, rest),
        };
        match (kind, words) {
            ("require", [module, version]) => required.push((number, module.trim_matches('"'), version)),
            ("replace", [module, rest @ ..]) => {
                let to = rest.split(|word| *word == "=>").nth(1).unwrap_or_default();
                // To another version of the same module, or to another one.
                replaced.push((module, to.iter().rfind(|_| to.len() == 2 && to[0] == *module).unwrap_or(&"")));
            }
            _ => {}
        }
    }
    for (number, module, version) in required {
        let version = match replaced.iter().find(|(name, _)| *name == module) {
            Some((_, "")) => Err(format!("{module} is replaced by another module")),
            Some((_, version)) => Ok((*version).to_owned()),
            None => Ok(version.to_owned()),
        };
        found.add(Ecosystem::Go, module, number, version.map(without_build), None);
    }
}

/// `v2.0.0+incompatible` is 2.0.0.
fn without_build(version: String) -> String {
    version.trim_start_matches('v').split('+').next().map(str::to_owned).unwrap_or(version)
}
