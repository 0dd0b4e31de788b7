//! Folders with code in them, in git or not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_pg-preflight");

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn bundle(name: &str) -> PathBuf {
    root().join("fixtures/bundles").join(name).with_extension("json")
}

/// A folder of these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    folder
}

pub(crate) fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// What is in the folder becomes a commit of `main`, as the first or the next.
pub(crate) fn commit(folder: &Path) {
    for words in ["init -q -b main", "add -A", "commit -q --allow-empty -m change"] {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgSign=false"]);
        let ran =
            git.args(words.split(' ')).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(ran.status.success(), "git {words}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

/// The program in a folder, with nothing of our environment but the way to git.
pub(crate) fn preflight(folder: &Path, words: &[&str]) -> Output {
    let mut program = Command::new(PROGRAM);
    program.args(words).current_dir(folder).env_clear().env("HOME", folder);
    program.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("AWS_EC2_METADATA_DISABLED", "true");
    program.output().unwrap()
}
