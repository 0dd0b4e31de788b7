//! A commit as a tree of files, read from git's store. Nothing is checked out, no index is touched.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{Kind, clean, is_left_out};

/// The files of one commit. Paths are those that the files have, or would have, in the work tree.
#[derive(Debug)]
pub struct Commit {
    /// The work tree, canonical.
    root: PathBuf,
    /// By path below the root.
    blobs: BTreeMap<PathBuf, Blob>,
}

/// What git keeps at a path.
#[derive(Clone, Debug)]
pub(crate) enum Blob {
    File(Vec<u8>),
    /// A file that nobody will read: its length.
    Unread(u64),
    Link(PathBuf),
}

/// Links that lead to links are short chains; a ring of them ends here.
const MAX_LINKS: usize = 16;

impl Commit {
    pub(crate) fn new(root: PathBuf, blobs: BTreeMap<PathBuf, Blob>) -> Self {
        Self { root, blobs }
    }

    /// The path below the root, without `.` and `..`; links are left as they are.
    fn relative(&self, path: &Path) -> io::Result<PathBuf> {
        let clean = clean(&std::path::absolute(path)?);
        if let Ok(rest) = clean.strip_prefix(&self.root) {
            return Ok(rest.to_owned());
        }
        // The way to the work tree may lead over links of the disk; what is below it is the commit's.
        let mut known = clean.as_path();
        let mut rest = Vec::new();
        loop {
            if let Ok(real) = known.canonicalize()
                && let Ok(inside) = real.strip_prefix(&self.root)
            {
                let tail: PathBuf = rest.iter().rev().collect();
                return Ok(inside.join(tail));
            }
            let (Some(parent), Some(name)) = (known.parent(), known.file_name()) else { return Err(missing()) };
            rest.push(name.to_owned());
            known = parent;
        }
    }

    fn is_known_folder(&self, path: &Path) -> bool {
        // Paths order by their parts, so that what is in a folder follows it at once.
        let mut following = self.blobs.range(path.to_owned()..).filter(|(known, _)| *known != path);
        path.as_os_str().is_empty() || following.next().is_some_and(|(known, _)| known.starts_with(path))
    }

    /// Follows the links of a path below the root.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            let link = path.ancestors().find_map(|part| match self.blobs.get(part) {
                Some(Blob::Link(target)) => Some((part.to_owned(), target.clone())),
                _ => None,
            });
            let Some((link, target)) = link else { return Ok(path) };
            let rest = path.strip_prefix(&link).unwrap_or(Path::new("")).to_owned();
            let folder = link.parent().unwrap_or(Path::new(""));
            let mut next = folder.to_owned();
            for part in target.join(rest).components() {
                match part {
                    Component::ParentDir => {
                        if !next.pop() {
                            return Err(missing());
                        }
                    }
                    Component::Normal(name) => next.push(name),
                    Component::CurDir => {}
                    Component::RootDir | Component::Prefix(_) => return Err(missing()),
                }
            }
            path = next;
        }
        Err(missing())
    }

    fn found(&self, path: &Path) -> io::Result<PathBuf> {
        self.resolve(&self.relative(path)?)
    }

    pub(super) fn kind(&self, path: &Path) -> io::Result<Kind> {
        let path = self.found(path)?;
        match self.blobs.get(&path) {
            Some(Blob::File(bytes)) => Ok(Kind::File(bytes.len() as u64)),
            Some(Blob::Unread(length)) => Ok(Kind::File(*length)),
            None if self.is_known_folder(&path) => Ok(Kind::Folder),
            Some(Blob::Link(_)) | None => Err(missing()),
        }
    }

    pub(super) fn is_link(&self, path: &Path) -> bool {
        self.relative(path).is_ok_and(|path| matches!(self.blobs.get(&path), Some(Blob::Link(_))))
    }

    pub(super) fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.kind(path)?;
        Ok(self.root.join(self.found(path)?))
    }

    pub(super) fn entries(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let inside = self.found(folder)?;
        if !self.is_known_folder(&inside) {
            return Err(missing());
        }
        let mut names: Vec<PathBuf> = Vec::new();
        for (path, _) in self.inside(&inside) {
            let Some(first) = path.strip_prefix(&inside).ok().and_then(|rest| rest.components().next()) else {
                continue;
            };
            let entry = folder.join(first);
            if names.last() != Some(&entry) {
                names.push(entry);
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn inside(&self, folder: &Path) -> impl Iterator<Item = (&PathBuf, &Blob)> {
        let folder = folder.to_owned();
        self.blobs.range(folder.clone()..).take_while(move |(path, _)| path.starts_with(&folder))
    }

    pub(super) fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.blobs.get(&self.found(path)?) {
            Some(Blob::File(bytes)) => Ok(bytes.clone()),
            _ => Err(missing()),
        }
    }

    pub(super) fn below(&self, folder: &Path, hidden: &[&str]) -> io::Result<Vec<PathBuf>> {
        let inside = self.found(folder)?;
        if !self.is_known_folder(&inside) {
            return Err(missing());
        }
        let wanted = |path: &Path| {
            let parts: Vec<_> = path.components().collect();
            parts
                .iter()
                .enumerate()
                .all(|(at, part)| !is_left_out(&part.as_os_str().to_string_lossy(), at + 1 < parts.len(), hidden))
        };
        let files = self.inside(&inside).filter_map(|(path, blob)| {
            let rest = path.strip_prefix(&inside).ok()?;
            let entry = folder.join(rest);
            let is_file = !matches!(blob, Blob::Link(_)) || matches!(self.kind(&entry), Ok(Kind::File(_)));
            (wanted(rest) && is_file).then_some(entry)
        });
        Ok(files.collect())
    }
}

fn missing() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "it is not in the commit")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> Commit {
        let file = |text: &str| Blob::File(text.as_bytes().to_vec());
        let blobs = [
            ("a.tf", file("a")),
            ("infra/db/main.tf", file("main")),
            ("infra/db-old/x.tf", file("x")),
            ("infra/node_modules/p/i.ts", file("i")),
            ("infra/.hidden.ts", file("h")),
            (".github/workflows/ci.yml", file("ci")),
            ("link", Blob::Link("infra/db".into())),
            ("infra/same.tf", Blob::Link("../a.tf".into())),
            ("ring", Blob::Link("ring".into())),
            ("out", Blob::Link("../../etc".into())),
        ];
        Commit::new("/repo".into(), blobs.map(|(path, blob)| (PathBuf::from(path), blob)).into())
    }

    #[test]
    fn finds_files_folders_and_links() {
        let commit = commit();
        assert_eq!(commit.kind(Path::new("/repo/infra")).unwrap(), Kind::Folder);
        assert_eq!(commit.kind(Path::new("/repo")).unwrap(), Kind::Folder);
        assert_eq!(commit.kind(Path::new("/repo/infra/../a.tf")).unwrap(), Kind::File(1));
        assert_eq!(commit.canonical(Path::new("/repo/link/main.tf")).unwrap(), Path::new("/repo/infra/db/main.tf"));
        assert_eq!(commit.bytes(Path::new("/repo/infra/same.tf")).unwrap(), b"a");
        for path in ["/repo/ring", "/repo/out", "/repo/nothing", "/elsewhere", "/repo/infra/d"] {
            assert!(commit.kind(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn lists_as_the_disk_does() {
        let commit = commit();
        let names = |paths: Vec<PathBuf>| -> Vec<String> {
            paths.iter().map(|path| path.strip_prefix("/repo").unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(
            names(commit.entries(Path::new("/repo/infra")).unwrap()),
            ["infra/.hidden.ts", "infra/db", "infra/db-old", "infra/node_modules", "infra/same.tf"]
        );
        let found = names(commit.below(Path::new("/repo"), &[]).unwrap());
        assert_eq!(found, ["a.tf", "infra/db/main.tf", "infra/db-old/x.tf", "infra/same.tf"]);
        let found = names(commit.below(Path::new("/repo"), &[".github"]).unwrap());
        assert_eq!(found[0], ".github/workflows/ci.yml");
    }
}
