//! The disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use ignore::{WalkBuilder, WalkState};

use super::{Kind, is_left_out};

pub(super) fn kind(path: &Path) -> io::Result<Kind> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        Ok(Kind::Folder)
    } else if metadata.is_file() {
        Ok(Kind::File(metadata.len()))
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is neither file nor folder"))
    }
}

pub(super) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

pub(super) fn below(folder: &Path, hidden: &[&str]) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?;
    let hidden: Vec<String> = hidden.iter().map(|name| (*name).to_owned()).collect();
    let wanted = move |entry: &ignore::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
        entry.depth() == 0 || !is_left_out(&name, is_folder, &hidden)
    };
    let walk = WalkBuilder::new(folder)
        .hidden(false)
        .ignore(false)
        .require_git(false)
        // What one person ignores on one machine is no property of the repository.
        .git_global(false)
        .follow_links(false)
        .threads(thread::available_parallelism().map_or(2, usize::from).min(8))
        .filter_entry(wanted)
        .build_parallel();
    let found = Mutex::new(Vec::new());
    walk.run(|| {
        Box::new(|entry| {
            if let Ok(entry) = entry
                && entry.depth() > 0
            {
                let kind = entry.file_type();
                let is_file = kind.is_some_and(|kind| kind.is_file());
                let is_link = kind.is_some_and(|kind| kind.is_symlink());
                if is_file || is_link && fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file()) {
                    found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(entry.into_path());
                }
            }
            WalkState::Continue
        })
    });
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort();
    Ok(found)
}
