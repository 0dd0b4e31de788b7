//! A file that is whole, or as it was before.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Names of temporary files that are tried; one is taken only when a killed run with our number left it there.
const NAMES: u32 = 16;

/// Writes a file beside its place and moves it there once it is complete.
///
/// What is no plain file is written to and never replaced: a device, a pipe, and a link, as `/dev/stdout` is one.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    // Opened anew, a file that is behind these would be cut where others write on.
    match path.to_str() {
        Some("/dev/stdout") => return io::stdout().write_all(text.as_bytes()),
        Some("/dev/stderr") => return io::stderr().write_all(text.as_bytes()),
        _ => {}
    }
    let old = match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => return fs::write(path, text),
        Ok(found) => Some(found.permissions()),
        Err(_) => None,
    };
    match replace(path, text, old) {
        // The file may be ours although its folder is not, or be mounted in its place from elsewhere.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::ResourceBusy
            ) =>
        {
            fs::write(path, text)
        }
        outcome => outcome,
    }
}

fn replace(path: &Path, text: &str, old: Option<Permissions>) -> io::Result<()> {
    let (temporary, mut file) = beside(path)?;
    let outcome = (|| {
        if let Some(permissions) = old {
            file.set_permissions(permissions)?;
        }
        file.write_all(text.as_bytes())?;
        // Some file systems find out that they are full only here.
        file.sync_all()?;
        drop(file);
        fs::rename(&temporary, path)
    })();
    if outcome.is_err() {
        // It is the first error that counts.
        let _ = fs::remove_file(&temporary);
    }
    outcome
}

fn beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or_else(|| io::Error::from(ErrorKind::IsADirectory))?;
    let mut taken = io::Error::from(ErrorKind::AlreadyExists);
    for number in 0..NAMES {
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{number}.tmp", std::process::id()));
        let temporary = path.with_file_name(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}
