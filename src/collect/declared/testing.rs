//! Helpers that require something or nothing, so that no test passes for the wrong reason.

use std::fs;
use std::path::Path;

use super::{Error, read};
use crate::collect::files::Files;
use crate::facts::Declaration;

pub(super) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// One line for each: `file:line resource engine version`, or the reason in place of the version.
pub(super) fn lines(declarations: &[Declaration]) -> Vec<String> {
    let line = |one: &Declaration| {
        assert_ne!(one.version.is_some(), one.reason.is_some(), "a version or a reason: {one:?}");
        let what = one.version.clone().or_else(|| one.reason.clone()).unwrap();
        format!("{}:{} {} {} {what}", one.file, one.line, one.resource, one.engine)
    };
    declarations.iter().map(line).collect()
}

pub(super) fn declared(files: &[(&str, &str)], stack: Option<&str>) -> Vec<String> {
    lines(&read_folder(folder(files).path(), stack))
}

pub(super) fn require(files: &[(&str, &str)], stack: Option<&str>, expected: &[&str]) {
    assert!(!expected.is_empty());
    assert_eq!(declared(files, stack), expected);
}

pub(super) fn require_none(files: &[(&str, &str)]) {
    assert_eq!(declared(files, None), Vec::<String>::new());
}

pub(super) fn try_read(path: &Path, stack: Option<&str>) -> Result<Vec<Declaration>, Error> {
    read(&Files::Disk, path, stack).map(|code| code.declarations)
}

pub(super) fn read_folder(path: &Path, stack: Option<&str>) -> Vec<Declaration> {
    try_read(path, stack).unwrap()
}
