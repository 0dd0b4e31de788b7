//! Finding and reading the files, and how their paths are shown.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Error, Language};

/// Larger files are generated, not written.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// Folders of other people's code, of build output and of tools' own state; hidden ones are skipped besides.
const SKIPPED: [&str; 4] = ["node_modules", "target", "dist", "cdk.out"];

/// What is read, and how the paths in it are shown: relative to the folder given, or beside the file given.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    anchor: PathBuf,
    prefix: String,
    /// With canonical paths, sorted.
    pub files: Vec<(PathBuf, Language)>,
    /// Of a file given: only its own resources count.
    pub single: Option<PathBuf>,
}

impl Tree {
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let unreadable = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => Error::Missing { path: path.to_owned() },
            _ => Error::Unreadable { path: path.to_owned(), source },
        };
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            let anchor = path.canonicalize().map_err(unreadable)?;
            let mut files = Vec::new();
            collect(&anchor, &mut files)?;
            if files.is_empty() {
                return Err(Error::NothingToRead { path: path.to_owned() });
            }
            files.sort();
            return Ok(Self { anchor, prefix: String::new(), files, single: None });
        }
        let language = Language::of(path).ok_or_else(|| Error::Unsupported { path: path.to_owned() })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let anchor = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let anchor = anchor.canonicalize().map_err(unreadable)?;
        // The name stays as given: a symbolic link stands for itself, beside its own neighbours.
        let name = path.file_name().ok_or_else(|| Error::Unsupported { path: path.to_owned() })?;
        let file = anchor.join(name);
        Ok(Self { prefix: slashed(folder), files: vec![(file.clone(), language)], single: Some(file), anchor })
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
}

fn slashed(path: &Path) -> String {
    let parts = path.components().map(|part| match part {
        Component::RootDir => String::new(),
        other => other.as_os_str().to_string_lossy().into_owned(),
    });
    let text = parts.collect::<Vec<_>>().join("/");
    if text.is_empty() && path.has_root() { "/".to_owned() } else { text }
}

/// Symbolic links to files are followed (Terraform folders share files so), links to folders are not: what they lead
/// to is read in its own place, and there is no loop.
fn collect(root: &Path, files: &mut Vec<(PathBuf, Language)>) -> Result<(), Error> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in entries(&folder)? {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let is_link = entry.is_symlink();
            let Ok(metadata) = fs::metadata(&entry) else { continue };
            if metadata.is_dir() {
                if !is_link && !SKIPPED.contains(&name.as_str()) {
                    folders.push(entry);
                }
            } else if metadata.is_file()
                && metadata.len() <= MAX_BYTES
                && let Some(language) = Language::of(&entry)
                && !is_compiled(&entry)
            {
                files.push((entry, language));
            }
        }
    }
    Ok(())
}

/// Whether a script was made from TypeScript: beside its source, or in the folder that Pulumi compiles to.
fn is_compiled(path: &Path) -> bool {
    let is_script = path.extension().is_some_and(|extension| ["js", "mjs", "cjs"].iter().any(|js| extension == *js));
    let folder = path.parent().unwrap_or(Path::new(""));
    is_script
        && (["ts", "tsx", "mts", "cts"].iter().any(|ts| path.with_extension(ts).is_file())
            || folder.ends_with("bin") && folder.with_file_name("tsconfig.json").is_file())
}

/// The paths in a folder, sorted.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| Error::Unreadable { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The text of a file, whatever its bytes; without a byte order mark.
pub(super) fn text(path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Error::Unsupported { path: path.to_owned() });
    }
    if metadata.len() > MAX_BYTES {
        return Err(Error::TooLarge { path: path.to_owned() });
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}
