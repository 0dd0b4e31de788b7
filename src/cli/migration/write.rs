//! The folder of a migration: both files of it, or none.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::super::error::Error;

pub(super) struct Written {
    pub folder: PathBuf,
    /// By name.
    pub files: [(&'static str, String); 2],
}

impl Written {
    /// Writes them beside their place and moves them there, so that Hasura never sees half a migration.
    pub(super) fn save(&self) -> Result<(), Error> {
        let failed = |source| Error::Write { path: self.folder.clone(), source };
        let parent = self.folder.parent().ok_or_else(|| failed(io::Error::from(io::ErrorKind::NotFound)))?;
        fs::create_dir_all(parent).map_err(failed)?;
        // Its name is no migration's, should we be killed in between.
        let temporary = parent.join(format!(".pg-preflight-{}.tmp", std::process::id()));
        fs::create_dir(&temporary).map_err(failed)?;
        let outcome = (|| {
            for (name, text) in &self.files {
                fs::write(temporary.join(name), text)?;
            }
            // A rename replaces an empty folder.
            if self.folder.symlink_metadata().is_ok() {
                return Err(io::Error::from(io::ErrorKind::AlreadyExists));
            }
            fs::rename(&temporary, &self.folder)
        })();
        if outcome.is_err() {
            // It is the first error that counts.
            let _ = fs::remove_dir_all(&temporary);
        }
        outcome.map_err(failed)
    }
}
