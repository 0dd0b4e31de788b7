//! Which file an import names.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::packages::{self, Packages};
use super::scripts::lock;
use super::tsconfig::Config;
use crate::collect::declared::value::Spot;
use crate::collect::declared::{json, walk};
use crate::collect::files::{Files, clean};

/// In the order in which they are looked for.
const EXTENSIONS: [&str; 8] = ["ts", "tsx", "mts", "cts", "js", "mjs", "cjs", "json"];

/// What is written for a file of TypeScript when a script is meant.
/// <https://www.typescriptlang.org/docs/handbook/modules/reference.html#file-extension-substitution>
const SUBSTITUTES: [(&str, &[&str]); 4] =
    [("js", &["ts", "tsx"]), ("jsx", &["tsx"]), ("mjs", &["mts"]), ("cjs", &["cts"])];

/// What an import leads to, by the folder that it is in.
type Resolved = HashMap<PathBuf, HashMap<String, Result<Option<PathBuf>, String>>>;

#[derive(Debug)]
pub(super) struct Paths {
    pub store: Files,
    resolved: Mutex<Resolved>,
    configs: Mutex<HashMap<PathBuf, Option<Arc<Config>>>>,
    documents: Mutex<HashMap<PathBuf, Option<Arc<Spot>>>>,
    /// By the folder of the repository's root.
    workspaces: Mutex<BTreeMap<PathBuf, Arc<Packages>>>,
}

impl Paths {
    pub(super) fn new(store: Files) -> Self {
        Self {
            store,
            resolved: Mutex::default(),
            configs: Mutex::default(),
            documents: Mutex::default(),
            workspaces: Mutex::default(),
        }
    }

    /// The file that an import in a file names; `None` when it leads out of the repository.
    ///
    /// # Errors
    /// Why it is not found.
    pub(super) fn resolve(&self, from: &Path, specifier: &str) -> Result<Option<PathBuf>, String> {
        let folder = from.parent().unwrap_or(Path::new(""));
        if let Some(known) = lock(&self.resolved).get(folder).and_then(|known| known.get(specifier)) {
            return known.clone();
        }
        let found = self.find(folder, specifier);
        lock(&self.resolved).entry(folder.to_owned()).or_default().insert(specifier.to_owned(), found.clone());
        found
    }

    fn find(&self, folder: &Path, specifier: &str) -> Result<Option<PathBuf>, String> {
        if specifier.is_empty() || specifier.len() > 512 || specifier.contains('\0') {
            return Ok(None);
        }
        if is_relative(specifier) {
            let base = clean(&folder.join(specifier));
            let found = if specifier.ends_with('/') { self.folder(&base, 0) } else { self.file(&base) };
            return match found {
                Some(path) if is_foreign(&path) => Ok(None),
                Some(path) => Ok(Some(path)),
                None => Err(format!("it is imported from \"{specifier}\", which is not found")),
            };
        }
        if let Some(config) = self.config(folder) {
            for base in config.bases(specifier) {
                if let Some(path) = self.file(&base).filter(|path| !is_foreign(path)) {
                    return Ok(Some(path));
                }
            }
            if config.claims(specifier) {
                return Err(format!("it is imported from \"{specifier}\", which leads nowhere in {}", config.name));
            }
        }
        self.package(folder, specifier)
    }

    /// A file by its path as imports write it.
    pub(super) fn file(&self, base: &Path) -> Option<PathBuf> {
        let is_file = |path: &PathBuf| self.store.is_file(path);
        let extension = base.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if let Some((_, instead)) = SUBSTITUTES.iter().find(|(script, _)| *script == extension) {
            let mut written = instead.iter().map(|extension| base.with_extension(extension));
            if let Some(path) = written.find(is_file) {
                return Some(path);
            }
        }
        if EXTENSIONS.contains(&extension) && self.store.is_file(base) {
            return Some(base.to_owned());
        }
        let name = base.file_name()?.to_str()?;
        let mut with = EXTENSIONS.iter().map(|extension| base.with_file_name(format!("{name}.{extension}")));
        with.find(is_file).or_else(|| self.folder(base, 0))
    }

    /// The file that stands for a folder.
    fn folder(&self, folder: &Path, depth: u32) -> Option<PathBuf> {
        if depth > 2 || !self.store.is_folder(folder) {
            return None;
        }
        let manifest = folder.join("package.json");
        let main = self.document(&manifest).and_then(|manifest| {
            let mut mains = ["source", "main", "module", "types"].into_iter();
            mains.find_map(|name| manifest.entry(name)?.text().map(str::to_owned))
        });
        let main = main.and_then(|main| self.source(folder, &main));
        main.or_else(|| {
            let mut index = EXTENSIONS.iter().map(|extension| folder.join(format!("index.{extension}")));
            index.find(|path| self.store.is_file(path))
        })
    }

    /// The source of a file that a package names, which is mostly built from it.
    fn source(&self, folder: &Path, target: &str) -> Option<PathBuf> {
        let target = target.strip_prefix("./").unwrap_or(target);
        let target = target.strip_suffix(".d.ts").map_or_else(|| target.to_owned(), |stem| format!("{stem}.ts"));
        let find = |target: &str| {
            let base = clean(&folder.join(target));
            // Only within the package, and no folder, which would ask again.
            let is_inside = base.starts_with(folder) && base != folder;
            if is_inside && !self.store.is_folder(&base) { self.file(&base) } else { None }
        };
        let rest = target.split_once('/').filter(|(first, _)| ["dist", "lib", "build", "out"].contains(first));
        let rest = rest.map(|(_, rest)| rest);
        rest.and_then(|rest| find(&format!("src/{rest}")).or_else(|| find(rest)))
            .or_else(|| find(&target).filter(|path| !is_built(folder, path)))
            .or_else(|| find(&target))
    }

    pub(super) fn document(&self, path: &Path) -> Option<Arc<Spot>> {
        if let Some(known) = lock(&self.documents).get(path) {
            return known.clone();
        }
        let text = if self.store.is_file(path) { walk::read_text(&self.store, path).ok() } else { None };
        let document = text.and_then(|text| json::read(&"".into(), &text).ok()).map(Arc::new);
        lock(&self.documents).insert(path.to_owned(), document.clone());
        document
    }

    /// The nearest configuration of TypeScript.
    fn config(&self, folder: &Path) -> Option<Arc<Config>> {
        if let Some(known) = lock(&self.configs).get(folder) {
            return known.clone();
        }
        let names = ["tsconfig.json", "jsconfig.json"];
        let nearest = folder.ancestors().flat_map(|folder| names.map(|name| folder.join(name)));
        let nearest = nearest.into_iter().find(|path| self.store.is_file(path));
        let config = nearest.map(|path| Arc::new(Config::read(&self.store, &path)));
        lock(&self.configs).insert(folder.to_owned(), config.clone());
        config
    }

    /// A package of the same repository.
    fn package(&self, folder: &Path, specifier: &str) -> Result<Option<PathBuf>, String> {
        if specifier.starts_with('#') {
            return Ok(self.own_import(folder, specifier));
        }
        let Some((name, rest)) = packages::split(specifier) else { return Ok(None) };
        let Some(home) = self.home(folder, name) else { return Ok(None) };
        let found = self.exported(&home, rest);
        let lost = || {
            let shown = home.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            format!("it is imported from \"{specifier}\", whose source is not found in the package's folder {shown}")
        };
        found.map(Some).ok_or_else(lost)
    }

    /// `#name`, of the nearest package's `imports`.
    /// <https://nodejs.org/api/packages.html#subpath-imports>
    fn own_import(&self, folder: &Path, specifier: &str) -> Option<PathBuf> {
        let (home, manifest) =
            folder.ancestors().find_map(|folder| Some((folder, self.document(&folder.join("package.json"))?)))?;
        let targets = packages::targets(&manifest.entry("imports")?, specifier);
        targets.iter().find_map(|target| self.source(home, target))
    }

    /// What a package exports under a path, `.` being itself.
    fn exported(&self, home: &Path, rest: &str) -> Option<PathBuf> {
        let manifest = self.document(&home.join("package.json"))?;
        let exports = manifest.entry("exports").filter(|exports| !exports.is_nothing());
        if let Some(exports) = exports {
            let targets = packages::targets(&exports, rest);
            if let Some(path) = targets.iter().find_map(|target| self.source(home, target)) {
                return Some(path);
            }
        }
        match rest.strip_prefix('/') {
            Some(rest) => [rest.to_owned(), format!("src/{rest}"), format!("lib/{rest}")]
                .iter()
                .find_map(|rest| self.file(&clean(&home.join(rest))).filter(|path| path.starts_with(home))),
            None => self
                .folder(home, 0)
                .or_else(|| ["src", "lib"].iter().find_map(|inner| self.folder(&home.join(inner), 1))),
        }
    }

    /// The folder of a package of the repository.
    fn home(&self, folder: &Path, name: &str) -> Option<PathBuf> {
        for ancestor in folder.ancestors() {
            let manifest = self.document(&ancestor.join("package.json"));
            if let Some(manifest) = &manifest {
                if manifest.entry("name").is_some_and(|own| own.text() == Some(name)) {
                    return Some(ancestor.to_owned());
                }
                let linked = ["dependencies", "devDependencies"].into_iter().find_map(|kind| {
                    let entry = manifest.entry(kind)?.entry(name)?;
                    let path = ["file:", "link:", "portal:"].iter().find_map(|how| entry.text()?.strip_prefix(how))?;
                    Some(clean(&ancestor.join(path)))
                });
                if let Some(path) = linked.filter(|path| self.store.is_folder(path)) {
                    return Some(path);
                }
            }
            let patterns = packages::patterns(self, ancestor, manifest.as_deref());
            if let Some(patterns) = patterns {
                let known = lock(&self.workspaces).get(ancestor).cloned();
                let all = known.unwrap_or_else(|| {
                    let all = Arc::new(packages::find(self, ancestor, &patterns));
                    lock(&self.workspaces).insert(ancestor.to_owned(), all.clone());
                    all
                });
                return all.get(name).cloned();
            }
        }
        None
    }
}

pub(super) fn is_relative(specifier: &str) -> bool {
    specifier.starts_with("./") || specifier.starts_with("../") || specifier == "." || specifier == ".."
}

/// Code of other people.
fn is_foreign(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "node_modules")
}

fn is_built(folder: &Path, path: &Path) -> bool {
    let first = path.strip_prefix(folder).ok().and_then(|rest| rest.components().next());
    first.is_some_and(|first| ["dist", "build", "out"].iter().any(|built| first.as_os_str() == *built))
}
