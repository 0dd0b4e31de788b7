//! The packages of a monorepo.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::paths::Paths;
use super::tsconfig::matched;
use crate::collect::declared::value::{Spot, Value};
use crate::collect::declared::{walk, yaml};
use crate::collect::files::clean;

/// Folders by the names of their packages.
pub(super) type Packages = BTreeMap<String, PathBuf>;

/// More folders are not looked through.
const MAX_FOLDERS: usize = 4_000;
const MAX_DEPTH: usize = 6;

/// Name and path: `@acme/config/db` is `/db` of `@acme/config`, and `@acme/config` is `.` of itself.
pub(super) fn split(specifier: &str) -> Option<(&str, &str)> {
    if specifier.starts_with('/') || specifier.contains(':') {
        return None;
    }
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(parts - 1).map_or(specifier.len(), |(at, _)| at);
    let (name, rest) = specifier.split_at(end);
    Some((name, if rest.is_empty() { "." } else { rest }))
}

/// The patterns of a repository's packages, if this folder is its root: of npm, Yarn, Bun, pnpm, Lerna.
pub(super) fn patterns(paths: &Paths, folder: &Path, manifest: Option<&Spot>) -> Option<Vec<String>> {
    let list = |spot: &Spot| match &spot.value {
        Value::List(items) => Some(items.iter().filter_map(|item| item.text().map(str::to_owned)).collect()),
        _ => None,
    };
    let workspaces = manifest.and_then(|manifest| manifest.entry("workspaces"));
    let npm = workspaces.and_then(|spot| list(&spot).or_else(|| list(&spot.entry("packages")?)));
    npm.or_else(|| {
        let path = folder.join("pnpm-workspace.yaml");
        let text = if paths.store.is_file(&path) { walk::read_text(&paths.store, &path).ok()? } else { return None };
        list(&yaml::read(&"".into(), &text).ok()?.entry("packages")?)
    })
    .or_else(|| list(&paths.document(&folder.join("lerna.json"))?.entry("packages")?))
}

/// All packages that match the patterns.
pub(super) fn find(paths: &Paths, root: &Path, patterns: &[String]) -> Packages {
    let mut found = Packages::new();
    let mut left = MAX_FOLDERS;
    let without = |pattern: &str| patterns.iter().any(|other| other.strip_prefix('!') == Some(pattern));
    for pattern in patterns.iter().filter(|pattern| !pattern.starts_with('!') && !without(pattern)) {
        let parts: Vec<&str> = pattern.split('/').filter(|part| !["", "."].contains(part)).collect();
        walk_pattern(paths, root, &parts, 0, &mut left, &mut found);
    }
    found
}

fn walk_pattern(paths: &Paths, folder: &Path, pattern: &[&str], depth: usize, left: &mut usize, found: &mut Packages) {
    if *left == 0 || depth > MAX_DEPTH {
        return;
    }
    *left -= 1;
    let Some((first, rest)) = pattern.split_first() else {
        let manifest = paths.document(&folder.join("package.json"));
        if let Some(name) = manifest.and_then(|manifest| manifest.entry("name")?.text().map(str::to_owned)) {
            found.entry(name).or_insert_with(|| folder.to_owned());
        }
        return;
    };
    if !first.contains('*') {
        let inner = clean(&folder.join(first));
        if paths.store.is_folder(&inner) {
            walk_pattern(paths, &inner, rest, depth + 1, left, found);
        }
        return;
    }
    if *first == "**" {
        walk_pattern(paths, folder, rest, depth, left, found);
    }
    for inner in paths.store.entries(folder).unwrap_or_default() {
        let name = inner.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') || name == "node_modules" || !paths.store.is_folder(&inner) {
            continue;
        }
        if *first == "**" {
            walk_pattern(paths, &inner, pattern, depth + 1, left, found);
        } else if matched(first, &name).is_some() {
            walk_pattern(paths, &inner, rest, depth + 1, left, found);
        }
    }
}

/// The files that `exports` or `imports` name for a path, whatever the condition.
/// <https://nodejs.org/api/packages.html#subpath-exports>
pub(super) fn targets(exports: &Spot, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    match &exports.value {
        Value::Map(map) if map.entries.keys().any(|key| key.starts_with(['.', '#'])) => {
            let path = full(path);
            let matching = map.entries.iter().filter_map(|(key, value)| {
                let (before, middle) = matched(key, &path)?;
                Some((before, value, middle.to_owned()))
            });
            if let Some((_, value, middle)) = matching.max_by_key(|(before, ..)| *before) {
                collect(value, &middle, &mut found, 0);
            }
        }
        _ if path == "." => collect(exports, "", &mut found, 0),
        _ => {}
    }
    found
}

/// As it is written in `exports`.
fn full(path: &str) -> String {
    if path.starts_with(['.', '#']) { path.to_owned() } else { format!(".{path}") }
}

/// Sources before what is built from them.
const CONDITIONS: [&str; 8] = ["source", "development", "import", "require", "node", "default", "types", "module"];

fn collect(spot: &Spot, middle: &str, found: &mut Vec<String>, depth: u32) {
    match &spot.value {
        Value::Text(target) => found.push(target.replace('*', middle)),
        Value::List(items) if depth < 4 => items.iter().for_each(|item| collect(item, middle, found, depth + 1)),
        Value::Map(map) if depth < 4 => {
            for condition in CONDITIONS {
                if let Some(inner) = map.entries.get(condition) {
                    collect(inner, middle, found, depth + 1);
                }
            }
        }
        _ => {}
    }
}
