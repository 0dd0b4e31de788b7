//! Finding and reading the files, and how their paths are shown.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::typescript::Scripts;
use super::{Error, Language};
use crate::collect::files::{Files, Kind};

/// Larger files are generated, not written.
const MAX_BYTES: u64 = 2 * 1024 * 1024;
/// A state can be large.
const MAX_STATE: u64 = 1024 * 1024 * 1024;

/// What is read, and how the paths in it are shown: relative to the folder given, or beside the file given.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub store: Files,
    /// The folder given, or the one of the file given.
    pub anchor: PathBuf,
    prefix: String,
    /// With canonical paths, sorted.
    pub files: Arc<Vec<(PathBuf, Language)>>,
    /// Of a file given: only its own resources count, and those that it makes by calls.
    pub single: Option<PathBuf>,
    pub scripts: Arc<Scripts>,
}

impl Tree {
    pub(super) fn of(store: &Files, path: &Path) -> Result<Self, Error> {
        let unreadable = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => Error::Missing { path: path.to_owned() },
            _ => Error::Unreadable { path: path.to_owned(), source },
        };
        let store = store.clone();
        let scripts = Arc::new(Scripts::new(store.clone()));
        if store.kind(path).map_err(unreadable)? == Kind::Folder {
            let anchor = store.canonical(path).map_err(unreadable)?;
            let below = store.below(&anchor, &[]).map_err(unreadable)?;
            let files: Vec<_> = below
                .into_iter()
                .filter_map(|file| Language::of(&file).map(|language| (file, language)))
                .filter(|(file, language)| !is_built(&store, &anchor, file) && is_small(&store, file, *language))
                .collect();
            if files.is_empty() {
                return Err(Error::NothingToRead { path: path.to_owned() });
            }
            return Ok(Self { store, anchor, prefix: String::new(), files: Arc::new(files), single: None, scripts });
        }
        let language = Language::of(path).ok_or_else(|| Error::Unsupported { path: path.to_owned() })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let anchor = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let anchor = store.canonical(anchor).map_err(unreadable)?;
        // The name stays as given: a symbolic link stands for itself, beside its own neighbours.
        let name = path.file_name().ok_or_else(|| Error::Unsupported { path: path.to_owned() })?;
        let file = anchor.join(name);
        let prefix = slashed(folder);
        let files = Arc::new(vec![(file.clone(), language)]);
        Ok(Self { store, prefix, files, single: Some(file), anchor, scripts })
    }

    /// The files of a language.
    pub(super) fn of_language(&self, language: Language) -> impl Iterator<Item = &Path> {
        self.files.iter().filter(move |(_, of)| *of == language).map(|(path, _)| path.as_path())
    }

    /// Whether a file is among those that are read.
    pub(super) fn is_read(&self, path: &Path) -> bool {
        self.files.binary_search_by(|(known, _)| known.as_path().cmp(path)).is_ok()
    }

    /// The folders above what is read, the nearest first.
    pub(super) fn above(&self) -> impl Iterator<Item = &Path> {
        self.anchor.ancestors().skip(usize::from(self.single.is_none()))
    }

    /// The path as shown, with forward slashes.
    pub(super) fn shown(&self, path: &Path) -> Arc<str> {
        let mut shared = 0;
        let (from, to): (Vec<_>, Vec<_>) = (self.anchor.components().collect(), path.components().collect());
        while shared < from.len() && from.get(shared) == to.get(shared) {
            shared += 1;
        }
        let mut parts: Vec<String> =
            self.prefix.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
        for _ in shared..from.len() {
            match parts.last() {
                Some(last) if last != ".." => drop(parts.pop()),
                _ => parts.push("..".to_owned()),
            }
        }
        parts.extend(to[shared..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned()));
        let text = parts.join("/");
        if self.prefix.starts_with('/') { format!("/{text}").into() } else { text.into() }
    }

    /// Whether a path without links is in what is read.
    pub(super) fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.anchor)
    }

    /// The paths in a folder, sorted.
    pub(super) fn entries(&self, folder: &Path) -> Result<Vec<PathBuf>, Error> {
        self.store.entries(folder).map_err(|source| Error::Unreadable { path: folder.to_owned(), source })
    }

    /// The text of a file of code, whatever its bytes; without a byte order mark.
    pub(super) fn text(&self, path: &Path) -> Result<String, Error> {
        read_text(&self.store, path)
    }

    /// The bytes of a file that may be as large as states are.
    pub(super) fn bytes(&self, path: &Path) -> Result<Vec<u8>, Error> {
        bytes_within(&self.store, path, MAX_STATE)
    }
}

/// As [`Tree::text`].
pub(super) fn read_text(store: &Files, path: &Path) -> Result<String, Error> {
    Ok(text(bytes_within(store, path, MAX_BYTES)?))
}

fn bytes_within(store: &Files, path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::InvalidInput => Error::Unsupported { path: path.to_owned() },
        _ => Error::Unreadable { path: path.to_owned(), source },
    };
    match store.kind(path).map_err(unreadable)? {
        Kind::Folder => Err(Error::Unsupported { path: path.to_owned() }),
        Kind::File(length) if length > limit => Err(Error::TooLarge { path: path.to_owned() }),
        Kind::File(_) => store.bytes(path).map_err(unreadable),
    }
}

/// Text of UTF-8 or, by its byte order mark, of UTF-16.
pub(in crate::collect) fn text(bytes: Vec<u8>) -> String {
    let utf16 = |order: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|pair| order([pair[0], pair[1]]));
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

fn slashed(path: &Path) -> String {
    let parts = path.components().map(|part| match part {
        Component::RootDir => String::new(),
        other => other.as_os_str().to_string_lossy().into_owned(),
    });
    let text = parts.collect::<Vec<_>>().join("/");
    if text.is_empty() && path.has_root() { "/".to_owned() } else { text }
}

fn is_small(store: &Files, path: &Path, language: Language) -> bool {
    let limit = if language == Language::Json { MAX_STATE } else { MAX_BYTES };
    matches!(store.kind(path), Ok(Kind::File(length)) if length <= limit)
}

/// Whether a file was made from others: a script compiled from TypeScript (beside its source, or in the folder that
/// Pulumi compiles to), or what the CDK synthesizes beside its templates.
fn is_built(store: &Files, root: &Path, path: &Path) -> bool {
    let is_script = path.extension().is_some_and(|extension| ["js", "mjs", "cjs"].iter().any(|js| extension == *js));
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_compiled = is_script
        && (["ts", "tsx", "mts", "cts"].iter().any(|ts| store.is_file(&path.with_extension(ts)))
            || folder.ends_with("bin") && store.is_file(&folder.with_file_name("tsconfig.json")));
    let below = path.strip_prefix(root).unwrap_or(path);
    let is_synthesized = below.components().any(|part| part.as_os_str() == "cdk.out")
        && !path.to_string_lossy().ends_with(".template.json");
    is_compiled || is_synthesized
}
