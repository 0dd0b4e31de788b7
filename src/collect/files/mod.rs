//! Where code is read from: the disk, or a commit of a git repository. The same paths name the same files in both, so
//! that readers need not know which it is.

mod commit;
mod disk;

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

pub(crate) use commit::Blob;
pub use commit::Commit;

/// The disk, or a commit.
#[derive(Clone, Debug, Default)]
pub enum Files {
    #[default]
    Disk,
    Commit(Arc<Commit>),
}

/// What a path leads to, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its length in bytes.
    File(u64),
    Folder,
}

/// Folders of other people's code, of build output and of tools' own state.
const SKIPPED: [&str; 5] = ["node_modules", "target", "dist", "venv", "__pycache__"];

impl Files {
    /// Files that are nowhere but here, below an absolute folder; their paths are relative to it.
    pub fn memory<'a>(root: &str, files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Self {
        let blobs = files.into_iter().map(|(path, bytes)| (PathBuf::from(path), Blob::File(bytes)));
        Self::Commit(Arc::new(Commit::new(PathBuf::from(root), blobs.collect())))
    }

    /// # Errors
    /// When there is no such path.
    pub fn kind(&self, path: &Path) -> io::Result<Kind> {
        match self {
            Self::Disk => disk::kind(path),
            Self::Commit(commit) => commit.kind(path),
        }
    }

    #[must_use]
    pub fn is_file(&self, path: &Path) -> bool {
        matches!(self.kind(path), Ok(Kind::File(_)))
    }

    #[must_use]
    pub fn is_folder(&self, path: &Path) -> bool {
        matches!(self.kind(path), Ok(Kind::Folder))
    }

    #[must_use]
    pub fn is_link(&self, path: &Path) -> bool {
        match self {
            Self::Disk => path.is_symlink(),
            Self::Commit(commit) => commit.is_link(path),
        }
    }

    /// The path without links, `.` and `..`, absolute.
    ///
    /// # Errors
    /// When there is no such path.
    pub fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        match self {
            Self::Disk => path.canonicalize(),
            Self::Commit(commit) => commit.canonical(path),
        }
    }

    /// The paths in a folder, sorted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn entries(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        match self {
            Self::Disk => disk::entries(folder),
            Self::Commit(commit) => commit.entries(folder),
        }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self {
            Self::Disk => std::fs::read(path),
            Self::Commit(commit) => commit.bytes(path),
        }
    }

    /// Every file below a folder that git would not ignore, sorted; none of other people's code, of build output, or in
    /// hidden folders but those that `hidden` names. Links to files are followed, links to folders are not: what they
    /// lead to is read in its own place, and there is no loop.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn below(&self, folder: &Path, hidden: &[&str]) -> io::Result<Vec<PathBuf>> {
        match self {
            Self::Disk => disk::below(folder, hidden),
            Self::Commit(commit) => commit.below(folder, hidden),
        }
    }
}

/// Whether the walk leaves out a file or folder of this name.
fn is_left_out(name: &str, is_folder: bool, hidden: &[&str]) -> bool {
    (name.starts_with('.') && !hidden.contains(&name)) || (is_folder && SKIPPED.contains(&name))
}

/// The path without `.` and `..`, which links could lead astray; links are left as they are.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}
