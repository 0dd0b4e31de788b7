//! What lies beside the infrastructure code: the images of compose files, of Dockerfiles, of workflows and of manifests,
//! and the packages that they install (all are kept; `facts::images` says which hold PostgreSQL); the drivers of lock
//! files; how the code connects; what runs by the clock; which tables Hasura tracks.

mod circleci;
mod compose;
mod connections;
mod devcontainer;
mod dockerfile;
mod gitlab;
mod hasura;
#[cfg(test)]
mod hostile;
mod manifest;
mod matrix;
mod packages;
mod schedules;
mod shell;
#[cfg(test)]
mod tests;
mod variables;
mod workflow;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::memmem;

use super::declared::value::{Lines, Place, Spot, Value};
use super::declared::{walk, yaml};
use super::files::{Files, Kind};
use crate::facts::declared as facts;
use crate::facts::images::POSTGRES_IMAGES;
use crate::facts::{Image, ImageKind, PostgresImage, Repository};
use variables::Filled;

/// Hidden files and folders that name images or connections; what git ignores is not among them.
const HIDDEN: [&str; 19] = [
    ".github",
    ".gitlab-ci.yml",
    ".gitlab",
    ".circleci",
    ".devcontainer",
    ".devcontainer.json",
    ".docker",
    ".env",
    ".env.ci",
    ".env.defaults",
    ".env.dev",
    ".env.development",
    ".env.dist",
    ".env.example",
    ".env.prod",
    ".env.production",
    ".env.sample",
    ".env.staging",
    ".env.test",
];

/// Larger files are generated, not written.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// Of longer names the rest is not shown.
const MAX_NAME: usize = 200;

/// An image's name is shorter.
const MAX_REFERENCE: usize = 4096;

/// A file of YAML without any of these names no image.
const MARKS: [&str; 4] = ["image", "docker", "postgres", "uses"];

/// Why a repository was not read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
pub struct Error {
    pub path: PathBuf,
    pub source: io::Error,
}

/// A file that is read.
struct Source<'f> {
    files: &'f Files,
    path: &'f Path,
    /// As shown.
    file: Arc<str>,
    text: String,
    lines: Lines,
}

/// The files below a folder that may be of interest, hidden ones of pipelines among them.
#[derive(Clone, Copy)]
struct Tree<'t> {
    files: &'t Files,
    /// Canonical.
    root: &'t Path,
    paths: &'t [PathBuf],
}

impl<'t> Tree<'t> {
    /// A file as it is read; `None` of one that is too large or closed.
    fn source(&self, path: &'t Path) -> Option<Source<'t>> {
        self.source_within(path, MAX_BYTES)
    }

    /// As [`Self::source`], with a bound of its own.
    fn source_within(&self, path: &'t Path, most: u64) -> Option<Source<'t>> {
        if !matches!(self.files.kind(path), Ok(Kind::File(length)) if length <= most) {
            return None;
        }
        let bytes = self.files.bytes(path).ok()?;
        let text = walk::text(bytes);
        let lines = Lines::of(&text);
        Some(Source { files: self.files, path, file: self.shown(path), text, lines })
    }

    /// A path below the root, with forward slashes.
    fn shown(&self, path: &Path) -> Arc<str> {
        let parts: Vec<_> = self.below(path).iter().map(|part| part.to_string_lossy()).collect();
        parts.join("/").into()
    }

    fn below<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(self.root).unwrap_or(path)
    }
}

/// What the files below a folder say, in order of file and line; the pins are the code's to tell.
///
/// # Errors
/// When the folder cannot be read; a file that cannot be is passed over.
pub fn read(files: &Files, folder: &Path) -> Result<Repository, Error> {
    let failed = |source| Error { path: folder.to_owned(), source };
    let root = files.canonical(folder).map_err(failed)?;
    let paths = files.below(&root, &HIDDEN).map_err(failed)?;
    let tree = Tree { files, root: &root, paths: &paths };
    let packages = sorted(packages::read(tree));
    Ok(Repository {
        pins: Vec::new(),
        images: sorted(images(tree)),
        connections: sorted(connections::read(tree, &packages)),
        packages,
        schedules: sorted(schedules::read(tree)),
        tracked_tables: sorted(hasura::read(tree)),
    })
}

fn sorted<T: Ord>(mut found: Vec<T>) -> Vec<T> {
    found.sort();
    found.dedup();
    found
}

fn images(tree: Tree<'_>) -> Vec<Image> {
    let mut found = Vec::new();
    for path in tree.paths {
        let Some(reader) = reader(tree.below(path)) else { continue };
        if let Some(source) = tree.source(path) {
            found.extend(reader(&source));
        }
    }
    found
}

type Reader = fn(&Source<'_>) -> Vec<Image>;

/// Who reads a file, by its path below the root.
fn reader(path: &Path) -> Option<Reader> {
    let name = path.file_name()?.to_str()?.to_lowercase();
    let is_in = |folder: &str| path.iter().any(|part| part == folder);
    if dockerfile::is_one(&name) {
        return Some(dockerfile::read);
    }
    if name == "devcontainer.json" || name == ".devcontainer.json" {
        return Some(devcontainer::read);
    }
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"))?;
    Some(if is_in(".github") || stem == "action" {
        |source| documents(source, workflow::read)
    } else if is_in(".circleci") {
        |source| documents(source, circleci::read)
    } else if is_in(".gitlab") || stem.ends_with(".gitlab-ci") {
        |source| documents(source, gitlab::read)
    } else {
        |source| documents(source, plain)
    })
}

/// A file of YAML whose place says nothing: a compose file, manifests, or the values of a chart.
fn plain(source: &Source<'_>, document: &Spot) -> Vec<Image> {
    let mut found = compose::read(source, document);
    found.extend(manifest::read(source, document));
    found
}

fn documents(source: &Source<'_>, read: fn(&Source<'_>, &Spot) -> Vec<Image>) -> Vec<Image> {
    if !MARKS.iter().any(|mark| memmem::find(source.text.as_bytes(), mark.as_bytes()).is_some()) {
        return Vec::new();
    }
    match yaml::read_all(&source.file, &source.text) {
        Ok(documents) => documents.iter().flat_map(|document| read(source, document)).collect(),
        Err(_) => lines(source),
    }
}

/// What the lines of a file say that does not parse, such as a chart's template.
fn lines(source: &Source<'_>) -> Vec<Image> {
    let numbered = source.text.lines().zip(1..);
    let images = numbered.filter_map(|(text, line)| {
        let text = text.trim().trim_start_matches("- ");
        let value = text.strip_prefix("image:")?.trim();
        let value = value.split(" #").next()?.trim().trim_matches(['"', '\'']);
        let is_written = !value.is_empty() && !value.contains("{{") && !value.contains(char::is_whitespace);
        let at = Place { file: source.file.clone(), line };
        is_written.then(|| image(&at, Filled::of(value), "a file that does not parse".to_owned()))
    });
    images.collect()
}

/// The entry of a map, unless there is none.
fn entry<'s>(spot: &'s Spot, key: &str) -> Option<&'s Spot> {
    match &spot.value {
        Value::Map(map) => map.entries.get(key).filter(|spot| !spot.is_nothing()),
        _ => None,
    }
}

/// A name as it is shown: names are short, and hostile ones are many times in what is found.
fn name(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_NAME)]
}

/// The entries of a map; none of anything else.
fn entries(spot: Option<&Spot>) -> impl Iterator<Item = (&str, &Spot)> {
    let map = spot.and_then(|spot| match &spot.value {
        Value::Map(map) => Some(map),
        _ => None,
    });
    map.into_iter().flat_map(|map| map.entries.iter().map(|(key, spot)| (key.as_str(), spot)))
}

/// The items of a list; none of anything else.
fn items(spot: Option<&Spot>) -> &[Spot] {
    match spot.map(|spot| &spot.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn image(at: &Place, reference: Filled, what: String) -> Image {
    let text = reference.text.trim().trim_start_matches("docker://");
    let text = text[..text.floor_char_boundary(MAX_REFERENCE)].to_owned();
    let postgres = POSTGRES_IMAGES.image(&text);
    build(at, ImageKind::Image, Filled { text, ..reference }, what, postgres)
}

fn build(at: &Place, kind: ImageKind, reference: Filled, what: String, postgres: Option<PostgresImage>) -> Image {
    let set_at = reference.set_at.map(|at| facts::Place { file: at.file.to_string(), line: at.line });
    Image { file: at.file.to_string(), line: at.line, kind, reference: reference.text, what, set_at, postgres }
}

/// The images and packages of a script, whose variables may be known.
fn script(at: &Place, text: &str, what: &str, lookup: &dyn Fn(&str) -> Option<Spot>) -> Vec<Image> {
    let mut found = Vec::new();
    for command in shell::commands(text) {
        let place = |line: u32| Place { line: at.line.saturating_add(line), ..at.clone() };
        if let Some(word) = shell::image(&command) {
            found.push(image(&place(word.line), variables::fill(&word.text, lookup), what.to_owned()));
        }
        for word in shell::packages(&command) {
            let name = variables::fill(&word.text, lookup);
            let postgres = POSTGRES_IMAGES.package(&name.text);
            if postgres.is_some() {
                found.push(build(&place(word.line), ImageKind::Package, name, what.to_owned(), postgres));
            }
        }
    }
    found
}

/// Where the text of a script begins: a block is below the line of its mark.
fn begin(source: &Source<'_>, script: &Spot) -> Place {
    let line = source.lines.text(&source.text, script.at.line);
    let code = line.split(" #").next().unwrap_or_default().trim_end();
    let mark = code.trim_end_matches(|c: char| c == '-' || c == '+' || c.is_ascii_digit());
    let is_block = mark.ends_with(['|', '>']);
    Place { line: script.at.line + u32::from(is_block), ..script.at.clone() }
}
