//! Who reads which files, several at a time.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::resource::Program;
use super::walk::Tree;
use super::{Error, Language, cloudformation, documents, go, hcl, kubernetes, python, typescript};

/// Reads one file.
type Reader = fn(&Tree, &Path, Option<&str>) -> Result<Vec<Program>, Error>;

/// Languages whose files stand alone, or lead to others by themselves.
const BY_FILE: &[(Language, Reader)] = &[
    (Language::TypeScript, typescript::read),
    (Language::Python, python::read),
    (Language::Yaml, documents::yaml),
    (Language::Json, documents::json),
];

/// Reads all files of a language.
type FolderReader = fn(&Tree, Option<&str>) -> Result<Vec<Program>, Error>;

/// Languages whose files make one program with the others of their folder.
const BY_FOLDER: &[FolderReader] = &[hcl::read, go::read];

/// More threads than this wait for the disk only.
const MAX_THREADS: usize = 8;

/// The programs of all files, in the order of these.
pub(super) fn read(tree: &Tree, stack: Option<&str>) -> Result<Vec<Program>, Error> {
    let jobs: Vec<(Reader, &Path)> = BY_FILE
        .iter()
        .flat_map(|(language, reader)| tree.of_language(*language).map(move |path| (*reader, path)))
        .collect();
    let threads = thread::available_parallelism().map_or(2, usize::from).clamp(1, MAX_THREADS).min(jobs.len());
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some((reader, path)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let programs = reader(tree, path, stack);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((*path, programs));
        }
    };
    let by_folder = thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
        BY_FOLDER.iter().map(|reader| reader(tree, stack)).collect::<Vec<_>>()
    });
    let mut by_file = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    by_file.sort_by_key(|(path, _)| *path);
    let mut all = Vec::new();
    for programs in by_file.into_iter().map(|(_, programs)| programs).chain(by_folder) {
        match programs {
            Ok(programs) => all.extend(programs),
            // One of many that vanished or is closed to us; alone it is a mistake.
            Err(error @ Error::Unreadable { .. }) if tree.single.is_none() => all.push(unreadable(tree, &error)),
            Err(error) => return Err(error),
        }
    }
    cloudformation::drop_nested(&mut all);
    Ok(kubernetes::join(all))
}

/// What a file that cannot be read declares is not known.
fn unreadable(tree: &Tree, error: &Error) -> Program {
    let Error::Unreadable { path, source } = error else { return Program::default() };
    let file = tree.shown(path);
    Program { broken: vec![super::unparsed(&file, 1, format!("it cannot be read: {source}"))], ..Program::default() }
}
