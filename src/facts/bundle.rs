//! The evidence bundle: everything that was seen in one run, as one file.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AwsFacts, DatabaseFacts, Declaration, Repository, RunningService, Source};

/// The number of the bundle's format; a reader refuses another one.
pub const SCHEMA_VERSION: u32 = 1;

/// All evidence of one run. Collectors fill it, checks only read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    pub schema_version: u32,
    pub tool_version: String,
    /// The clock of every judgement, so that a saved bundle is judged as on the day it was collected.
    pub collected_at: Timestamp,
    pub asked: Asked,
    pub aws: Source<AwsFacts>,
    pub database: Source<DatabaseFacts>,
    pub declared: Source<Vec<Declaration>>,
    /// What else the code's repository says.
    #[serde(default = "Source::not_looked")]
    pub repository: Source<Repository>,
    /// The services of the configuration that have an address.
    #[serde(default = "Source::not_looked")]
    pub services: Source<Vec<RunningService>>,
}

/// What the run was about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub instance: Option<String>,
    pub cluster: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("cannot read evidence file {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write evidence file {}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{} is not an evidence file of pg-preflight", path.display())]
    Parse { path: PathBuf, source: serde_json::Error },
    #[error("{} has evidence format {found}, this version reads {SCHEMA_VERSION}", path.display())]
    Schema { path: PathBuf, found: u32 },
}

impl Bundle {
    /// Reads a bundle that [`Bundle::save`] wrote.
    ///
    /// # Errors
    /// When the file cannot be read, is no bundle, or is of another format.
    pub fn load(path: &Path) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Head {
            schema_version: u32,
        }
        let text =
            std::fs::read_to_string(path).map_err(|source| BundleError::Read { path: path.to_owned(), source })?;
        let parse = |source| BundleError::Parse { path: path.to_owned(), source };
        let head: Head = serde_json::from_str(&text).map_err(parse)?;
        if head.schema_version != SCHEMA_VERSION {
            return Err(BundleError::Schema { path: path.to_owned(), found: head.schema_version });
        }
        serde_json::from_str(&text).map_err(parse)
    }

    /// The bundle as indented JSON with a final newline.
    ///
    /// # Panics
    /// Never: every member of a bundle has a JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data has a JSON form");
        text.push('\n');
        text
    }

    /// Writes the bundle, readable by its owner only, as it names objects of a production database.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), BundleError> {
        let write = |source| BundleError::Write { path: path.to_owned(), source };
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(write)?;
        // The mode above is for a new file; an old one, unless it is a device, becomes the owner's too.
        #[cfg(unix)]
        if file.metadata().map_err(write)?.is_file() {
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(write)?;
        }
        std::io::Write::write_all(&mut file, self.to_json().as_bytes()).map_err(write)
    }
}
