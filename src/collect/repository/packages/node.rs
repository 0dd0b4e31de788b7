//! npm: manifests, and the lock files that npm itself writes.
//! <https://docs.npmjs.com/cli/configuring-npm/package-lock-json>

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::{Found, Installed, MAX_BYTES, is_version, pnpm};
use crate::collect::declared::json;
use crate::collect::declared::value::{Spot, Value};
use crate::collect::repository::{Source, Tree, entries, entry};
use crate::facts::Ecosystem;

const LOCKS: [&str; 6] =
    ["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/// Where a manifest says what it needs.
const NEEDS: [&str; 3] = ["dependencies", "devDependencies", "optionalDependencies"];

/// Where a manifest at the root says what its own and other packages get.
const OVERRIDES: [&[&str]; 3] = [&["overrides"], &["resolutions"], &["pnpm", "overrides"]];

/// A lock file nested deeper than this is none; npm's first format nests dependencies.
const MAX_DEPTH: usize = 64;

pub(super) fn lock(text: &str, found: &mut Found) {
    let file = found.file.clone();
    let source = json::Source::new(&file, text);
    let Ok(raw) = serde_json::from_str::<&RawValue>(text) else { return };
    let top = json::entries(raw).unwrap_or_default();
    let part = |name: &str| top.iter().find(|(key, _)| key == name).map(|(_, raw)| *raw);
    if let Some(packages) = part("packages") {
        for (path, body) in json::entries(packages).unwrap_or_default() {
            // The workspaces themselves are not below that folder.
            let Some((_, installed)) = path.rsplit_once("node_modules/") else { continue };
            installation(&source, installed, body, found);
        }
        return;
    }
    let mut folders: Vec<(&RawValue, usize)> = part("dependencies").map(|raw| (raw, 0)).into_iter().collect();
    while let Some((folder, depth)) = folders.pop() {
        for (name, body) in json::entries(folder).unwrap_or_default() {
            installation(&source, &name, body, found);
            // A package without others of its own is most of them.
            if depth < MAX_DEPTH && body.get().contains("\"dependencies\"") {
                let inner = json::entries(body).unwrap_or_default();
                folders.extend(inner.iter().filter(|(key, _)| key == "dependencies").map(|(_, raw)| (*raw, depth + 1)));
            }
        }
    }
}

fn installation(source: &json::Source<'_>, installed: &str, body: &RawValue, found: &mut Found) {
    let is_suspect = crate::facts::drivers::DRIVERS.knows(Ecosystem::Npm, installed) || body.get().contains("\"name\"");
    if !is_suspect {
        return;
    }
    let parts = json::entries(body).unwrap_or_default();
    let text = |key: &str| {
        let raw = parts.iter().find(|(name, _)| name == key).map(|(_, raw)| *raw)?;
        Some((serde_json::from_str::<String>(raw.get()).ok()?, source.place(raw.get()).line))
    };
    // Under another name, the package's own is written.
    let name = text("name").map_or_else(|| installed.to_owned(), |(name, _)| name);
    let (version, line) = match text("version") {
        Some((version, line)) => (Ok(alias(&version).to_owned()), line),
        None if parts.iter().any(|(key, _)| key == "link") => {
            (Err("it is a package of this repository".to_owned()), source.place(body.get()).line)
        }
        None => (Err("the lock file has no version of it".to_owned()), source.place(body.get()).line),
    };
    found.add(Ecosystem::Npm, &name, line, version, None);
}

/// npm's first format writes `npm:pg@8.1.0` for a version.
fn alias(version: &str) -> &str {
    version.strip_prefix("npm:").and_then(|rest| rest.rsplit_once('@')).map_or(version, |(_, version)| version)
}

/// The packages of the repository itself, whose manifests are read once.
#[derive(Default)]
struct Workspaces {
    manifests: Vec<Manifest>,
    /// Folders with a lock file.
    locked: BTreeMap<PathBuf, Arc<str>>,
}

struct Manifest {
    folder: PathBuf,
    file: Arc<str>,
    name: Option<String>,
    document: Spot,
}

impl Workspaces {
    fn of(tree: Tree<'_>) -> Self {
        let mut all = Self::default();
        for path in tree.paths {
            let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
                continue;
            };
            if LOCKS.contains(&name) {
                all.locked.insert(folder.to_owned(), tree.shown(path));
            }
            if name == "package.json"
                && let Some(Source { file, text, .. }) = tree.source(path)
                && let Ok(document) = json::read(&file, &text)
            {
                let name = entry(&document, "name").and_then(Spot::text).map(str::to_owned);
                all.manifests.push(Manifest { folder: folder.to_owned(), file, name, document });
            }
        }
        all
    }

    fn is_own(&self, name: &str) -> bool {
        self.manifests.iter().any(|manifest| manifest.name.as_deref() == Some(name))
    }

    fn lock_of(&self, folder: &Path) -> Option<(&PathBuf, &Arc<str>)> {
        folder.ancestors().find_map(|folder| self.locked.get_key_value(folder))
    }

    fn overridden(&self, name: &str) -> Option<Spot> {
        self.manifests.iter().find_map(|manifest| {
            OVERRIDES.iter().find_map(|path| {
                let overrides = path.iter().try_fold(&manifest.document, |spot, key| entry(spot, key))?;
                entry(overrides, name).filter(|spot| spot.text().is_some()).cloned()
            })
        })
    }
}

/// What manifests ask for: of a package that a lock file has, this is said of it; of others it is all that is known.
pub(super) fn manifests(tree: Tree<'_>, found: &mut Found) {
    let workspaces = Workspaces::of(tree);
    let catalogs = catalogs(tree);
    for manifest in &workspaces.manifests {
        let lock = workspaces.lock_of(&manifest.folder);
        for need in NEEDS {
            let needs = entry(&manifest.document, need);
            for (name, spot) in entries(needs) {
                let Some(asked) = spot.text() else { continue };
                let mut asked = (asked.to_owned(), spot.clone());
                if let Some(catalog) = asked.0.strip_prefix("catalog:") {
                    let catalog = if catalog.is_empty() { "default" } else { catalog };
                    if let Some(written) = catalogs.get(&(catalog.to_owned(), name.to_owned())) {
                        asked = (written.text().unwrap_or_default().to_owned(), written.clone());
                    }
                }
                if let Some(spot) = workspaces.overridden(name) {
                    asked = (spot.text().unwrap_or_default().to_owned(), spot);
                }
                let (requested, spot) = asked;
                let is_own = requested.starts_with("workspace:") || workspaces.is_own(name);
                let locked = lock.filter(|_| !is_own).map(|(_, file)| file);
                if !told(found, locked, name, &requested) {
                    let version = installed(&requested, is_own, locked);
                    found.file = if locked.is_some() || is_own { manifest.file.clone() } else { spot.at.file.clone() };
                    found.add(Ecosystem::Npm, name, spot.at.line, version, Some(&requested));
                }
            }
        }
    }
}

/// Tells the packages of a lock file what is asked for; false when it has none of the name.
fn told(found: &mut Found, lock: Option<&Arc<str>>, name: &str, requested: &str) -> bool {
    let Some(lock) = lock else { return false };
    let mut any = false;
    let same = |package: &&mut crate::facts::Package| package.name == name && *package.file == **lock;
    for package in found.packages.iter_mut().filter(same) {
        any = true;
        if requested.len() <= 64 && !requested.contains("://") {
            package.requested.get_or_insert_with(|| requested.to_owned());
        }
    }
    any
}

fn installed(requested: &str, is_own: bool, lock: Option<&Arc<str>>) -> Installed {
    if is_own {
        return Err("it is a package of this repository".to_owned());
    }
    if let Some(lock) = lock {
        // The binary one of Bun is not read.
        return Err(format!("{lock} does not say which version is installed"));
    }
    if is_version(requested) && requested.split('.').count() >= 3 {
        return Ok(requested.to_owned());
    }
    Err("no lock file says which version is installed".to_owned())
}

/// What `pnpm-workspace.yaml` files put into catalogs, by catalog and name.
fn catalogs(tree: Tree<'_>) -> BTreeMap<(String, String), Spot> {
    let files = tree.paths.iter().filter(|path| path.ends_with("pnpm-workspace.yaml"));
    let documents = files.filter_map(|path| pnpm::workspace(&tree.source_within(path, MAX_BYTES)?));
    let mut all = BTreeMap::new();
    for document in documents {
        let default = entry(&document, "catalog");
        let named = entry(&document, "catalogs");
        let each = entries(named).chain(default.map(|spot| ("default", spot)));
        for (catalog, packages) in each {
            if matches!(packages.value, Value::Map(_)) {
                let packages = entries(Some(packages));
                all.extend(packages.map(|(name, spot)| ((catalog.to_owned(), name.to_owned()), spot.clone())));
            }
        }
    }
    all
}
