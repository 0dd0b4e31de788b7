//! The repository that a change is made in, by the `git` of this machine: what a commit holds, and what differs from it.
//! Nothing is checked out, fetched or written.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use super::files::{Blob, Commit};

/// Larger files are not read from a commit.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Why git has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot run git")]
    NoGit { source: std::io::Error },
    #[error("{} is not in a git repository", path.display())]
    NoRepository { path: PathBuf },
    #[error(
        "git has no commit '{rev}' here; in a shallow clone fetch it first, such as: git fetch --depth=1 origin {rev}"
    )]
    NoCommit { rev: String },
    /// In the words of git.
    #[error("git {command}: {message}")]
    Failed { command: &'static str, message: String },
}

/// A work tree.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Canonical.
    root: PathBuf,
}

/// The commit that a change is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The full object name.
    pub id: String,
    /// False when the history is too short to know where the change began, so that the tip is taken.
    pub is_merge_base: bool,
}

impl Repository {
    /// The work tree that a path is in, or would be.
    ///
    /// # Errors
    /// When it is in none.
    pub fn around(path: &Path) -> Result<Self, Error> {
        let outside = || Error::NoRepository { path: path.to_owned() };
        let absolute = std::path::absolute(path).map_err(|_| outside())?;
        let folder = absolute.ancestors().find(|folder| folder.is_dir()).ok_or_else(outside)?;
        let top = ask(folder, "rev-parse", &["--show-toplevel"]).map_err(|error| match error {
            Error::Failed { message, .. } if message.contains("not a git repository") => outside(),
            other => other,
        })?;
        let root = PathBuf::from(line(&top)).canonicalize().map_err(|_| outside())?;
        Ok(Self { root })
    }

    /// The top of the work tree, canonical.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the history of `HEAD` left that of a revision; where the history here does not reach back so far, the
    /// revision itself.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn base(&self, rev: &str) -> Result<Base, Error> {
        let id = self.commit_id(rev)?;
        let head = self.commit_id("HEAD")?;
        match ask(&self.root, "merge-base", &[&id, &head]) {
            Ok(base) => Ok(Base { id: line(&base), is_merge_base: true }),
            Err(Error::Failed { .. }) => Ok(Base { id, is_merge_base: false }),
            Err(error) => Err(error),
        }
    }

    fn commit_id(&self, rev: &str) -> Result<String, Error> {
        let missing = || Error::NoCommit { rev: rev.to_owned() };
        if rev.is_empty() {
            return Err(missing());
        }
        let commit = format!("{rev}^{{commit}}");
        let found = ask(&self.root, "rev-parse", &["--verify", "--quiet", "--end-of-options", &commit]);
        found.map(|id| line(&id)).map_err(|error| match error {
            Error::Failed { .. } => missing(),
            other => other,
        })
    }

    /// The paths, from the root, in which the work tree differs from a commit; renames count once.
    ///
    /// # Errors
    /// When git cannot say.
    pub fn changed_since(&self, commit: &str) -> Result<Vec<String>, Error> {
        let tracked = ask(&self.root, "diff", &["--name-only", "--find-renames", "-z", "--no-ext-diff", commit, "--"])?;
        let names = tracked.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    /// The files of a commit; of those that `wanted` refuses only that they are there.
    ///
    /// # Errors
    /// When git cannot say.
    pub fn files(&self, commit: &str, wanted: impl Fn(&Path) -> bool) -> Result<Commit, Error> {
        let listing = ask(&self.root, "ls-tree", &["-r", "-z", "-l", "--full-tree", commit])?;
        let mut blobs = BTreeMap::new();
        let mut asked: Vec<(PathBuf, String, bool)> = Vec::new();
        for entry in listing.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let entry = String::from_utf8_lossy(entry);
            let Some((head, path)) = entry.split_once('\t') else { continue };
            let [mode, kind, id, size] = head.split_whitespace().collect::<Vec<_>>()[..] else { continue };
            // A submodule is another repository.
            if kind != "blob" {
                continue;
            }
            let (path, size) = (PathBuf::from(path), size.parse().unwrap_or(u64::MAX));
            let is_link = mode == "120000";
            if is_link || (size <= MAX_BYTES && wanted(&path)) {
                asked.push((path, id.to_owned(), is_link));
            } else {
                blobs.insert(path, Blob::Unread(size));
            }
        }
        let contents = self.contents(asked.iter().map(|(_, id, _)| id.clone()).collect())?;
        for ((path, _, is_link), bytes) in asked.into_iter().zip(contents) {
            let blob = if is_link {
                Blob::Link(PathBuf::from(String::from_utf8_lossy(&bytes).into_owned()))
            } else {
                Blob::File(bytes)
            };
            blobs.insert(path, blob);
        }
        Ok(Commit::new(self.root.clone(), blobs))
    }

    /// The contents of objects, in their order, by one process.
    fn contents(&self, ids: Vec<String>) -> Result<Vec<Vec<u8>>, Error> {
        const COMMAND: &str = "cat-file";
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let cut_off = |message: &str| Error::Failed { command: COMMAND, message: message.to_owned() };
        let mut child = git(&self.root)
            .args([COMMAND, "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| Error::NoGit { source })?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(cut_off("it has no pipes"));
        };
        let count = ids.len();
        // Asked beside the reading, so that neither side waits for the other.
        let asking = thread::spawn(move || {
            let text = ids.join("\n") + "\n";
            let _ = input.write_all(text.as_bytes());
        });
        let mut output = BufReader::new(output);
        let mut read = || -> std::io::Result<Option<Vec<u8>>> {
            let mut head = String::new();
            output.read_line(&mut head)?;
            let size = head.split_whitespace().nth(2).and_then(|size| size.parse::<usize>().ok());
            let Some(size) = size else { return Ok(None) };
            let mut bytes = vec![0; size];
            output.read_exact(&mut bytes)?;
            output.read_exact(&mut [0])?;
            Ok(Some(bytes))
        };
        let mut contents = Vec::with_capacity(count);
        let mut outcome = Ok(());
        for _ in 0..count {
            match read() {
                Ok(Some(bytes)) => contents.push(bytes),
                Ok(None) => {
                    outcome = Err(cut_off("an object of the commit is missing here"));
                    break;
                }
                Err(error) => {
                    outcome = Err(cut_off(&error.to_string()));
                    break;
                }
            }
        }
        drop(output);
        let _ = child.wait();
        let _ = asking.join();
        outcome.map(|()| contents)
    }
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    // The index is not refreshed, nobody is asked for a password, and no program of the repository's configuration runs.
    command.arg("-C").arg(folder).args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=false"]);
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    command.stdin(Stdio::null());
    command
}

fn ask(folder: &Path, command: &'static str, args: &[&str]) -> Result<Vec<u8>, Error> {
    let output = git(folder).arg(command).args(args).output().map_err(|source| Error::NoGit { source })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Failed { command, message })
}

fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches(['\r', '\n']).to_owned()
}
