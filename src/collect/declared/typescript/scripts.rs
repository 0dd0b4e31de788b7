//! What the files of one run share: their texts, and which leads to which by imports. A file that has no way to a
//! package that declares databases is not parsed, nor is one that has none to the function whose calls are looked for.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::paths::Paths;
use super::specifiers::specifiers;
use super::symbol::Symbol;
use crate::collect::declared::walk::Tree;
use crate::collect::declared::{Error, Language};
use crate::collect::files::Files;

/// Texts that are kept; others are read again when they are asked for.
const MAX_KEPT: usize = 256 * 1024 * 1024;
/// Files that are imported and not among those that are read.
const MAX_OUTSIDE: usize = 5_000;

#[derive(Debug)]
pub(in crate::collect::declared) struct Scripts {
    pub(super) paths: Paths,
    texts: Mutex<HashMap<PathBuf, Arc<str>>>,
    kept: AtomicUsize,
    graph: OnceLock<Graph>,
    /// Which files lead to one.
    leading: Mutex<BTreeMap<usize, Arc<Vec<bool>>>>,
}

/// Files by number, and which import which.
#[derive(Debug, Default)]
struct Graph {
    files: Vec<PathBuf>,
    numbers: HashMap<PathBuf, usize>,
    importers: Vec<Vec<usize>>,
    /// Whether a file leads to a package that declares resources.
    declares: Vec<bool>,
    /// There are more files than were looked at.
    is_cut: bool,
}

/// The files that lead to one by their imports.
#[derive(Clone, Debug)]
pub(super) struct Leading<'t> {
    graph: &'t Graph,
    /// `None` when every file may.
    to: Option<Arc<Vec<bool>>>,
}

impl Leading<'_> {
    pub(super) fn has(&self, path: &Path) -> bool {
        let number = self.graph.numbers.get(path);
        self.to.as_ref().is_none_or(|to| number.is_none_or(|number| to[*number]))
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scripts {
    pub(in crate::collect::declared) fn new(store: Files) -> Self {
        Self {
            paths: Paths::new(store),
            texts: Mutex::default(),
            kept: AtomicUsize::new(0),
            graph: OnceLock::new(),
            leading: Mutex::default(),
        }
    }

    /// The text of a file, which is read once.
    pub(super) fn text(&self, tree: &Tree, path: &Path) -> Result<Arc<str>, Error> {
        if let Some(known) = lock(&self.texts).get(path) {
            return Ok(known.clone());
        }
        let text: Arc<str> = tree.text(path)?.into();
        if self.kept.fetch_add(text.len(), Ordering::Relaxed) < MAX_KEPT {
            lock(&self.texts).insert(path.to_owned(), text.clone());
        }
        Ok(text)
    }

    /// Whether a file, or one that it imports, imports a package that declares resources.
    pub(super) fn may_declare(&self, tree: &Tree, path: &Path, text: &str) -> bool {
        if specifiers(text).iter().any(|specifier| Symbol::of_package(specifier).is_known()) {
            return true;
        }
        let graph = self.graph(tree);
        graph.is_cut || graph.numbers.get(path).is_none_or(|number| graph.declares[*number])
    }

    /// The files that lead to a file.
    pub(super) fn leading_to(&self, tree: &Tree, path: &Path) -> Leading<'_> {
        let graph = self.graph(tree);
        let number = if graph.is_cut { None } else { graph.numbers.get(path).copied() };
        let to = number.map(|number| {
            let known = lock(&self.leading).get(&number).cloned();
            known.unwrap_or_else(|| {
                let to = Arc::new(graph.leading_to(vec![number]));
                lock(&self.leading).insert(number, to.clone());
                to
            })
        });
        Leading { graph, to }
    }

    /// The files that import a file themselves.
    pub(super) fn importers(&self, tree: &Tree, path: &Path) -> Vec<&Path> {
        let graph = self.graph(tree);
        let importers = graph.numbers.get(path).into_iter().flat_map(|number| &graph.importers[*number]);
        importers.map(|number| graph.files[*number].as_path()).collect()
    }

    fn graph(&self, tree: &Tree) -> &Graph {
        self.graph.get_or_init(|| self.build(tree))
    }

    fn build(&self, tree: &Tree) -> Graph {
        let mut graph = Graph::default();
        for path in tree.of_language(Language::TypeScript) {
            graph.number(path.to_owned());
        }
        let read = graph.files.len();
        let mut declaring = Vec::new();
        let mut next = 0;
        while let Some(from) = graph.files.get(next).cloned() {
            let Ok(text) = self.text(tree, &from) else {
                // It cannot be asked.
                declaring.push(next);
                next += 1;
                continue;
            };
            for specifier in specifiers(&text) {
                if Symbol::of_package(specifier).is_known() {
                    declaring.push(next);
                } else if let Ok(Some(path)) = self.paths.resolve(&from, specifier) {
                    if path.extension().is_some_and(|extension| extension == "json") {
                        continue;
                    }
                    let is_known = graph.numbers.contains_key(&path);
                    let path = if is_known { path } else { tree.store.canonical(&path).unwrap_or(path) };
                    if graph.files.len() >= read + MAX_OUTSIDE && !graph.numbers.contains_key(&path) {
                        graph.is_cut = true;
                        continue;
                    }
                    let to = graph.number(path);
                    graph.importers[to].push(next);
                }
            }
            next += 1;
        }
        graph.declares = graph.leading_to(declaring);
        graph
    }
}

impl Graph {
    fn number(&mut self, path: PathBuf) -> usize {
        *self.numbers.entry(path).or_insert_with_key(|path| {
            self.files.push(path.clone());
            self.importers.push(Vec::new());
            self.files.len() - 1
        })
    }

    /// Which files lead to some, these included.
    fn leading_to(&self, mut waiting: Vec<usize>) -> Vec<bool> {
        let mut leads = vec![false; self.files.len()];
        for number in &waiting {
            leads[*number] = true;
        }
        while let Some(number) = waiting.pop() {
            for importer in &self.importers[number] {
                if !leads[*importer] {
                    leads[*importer] = true;
                    waiting.push(*importer);
                }
            }
        }
        leads
    }
}
