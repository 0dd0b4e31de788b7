//! Everything a command can fail with, and the exit code of each.

use std::path::PathBuf;

use crate::causes;
use crate::checks::LoadError;
use crate::collect::http::CaBundle;
use crate::collect::{aws, postgres};
use crate::exit;
use crate::facts::BundleError;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Aws(#[from] aws::Error),
    #[error(transparent)]
    CaBundle(#[from] CaBundle),
    #[error(transparent)]
    Database(#[from] postgres::SettingsError),
    #[error(transparent)]
    Checks(#[from] LoadError),
    #[error(transparent)]
    Evidence(#[from] BundleError),
    /// Evidence without which the command has no answer.
    #[error("{0}")]
    Unseen(String),
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    #[error(transparent)]
    Declared(#[from] crate::collect::declared::Error),
    #[error(transparent)]
    Git(#[from] crate::collect::git::Error),
    #[error(transparent)]
    Hasura(#[from] crate::collect::hasura::Error),
    #[error(transparent)]
    Demo(#[from] crate::demo::Error),
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot print")]
    Print { source: std::io::Error },
    #[error("cannot start")]
    Runtime { source: std::io::Error },
}

impl Error {
    /// The message and its causes, joined in one line; a message that shows a place in a file keeps its lines.
    pub(super) fn lines(&self) -> String {
        causes::joined(self)
    }

    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::Aws(
                aws::Error::NoRegion
                | aws::Error::CaBundle(_)
                | aws::Error::NoSuchInstance { .. }
                | aws::Error::NoSuchCluster { .. }
                | aws::Error::NotPostgres { .. },
            )
            | Self::CaBundle(_)
            | Self::Database(_)
            | Self::Checks(_)
            | Self::Evidence(_)
            | Self::Config(_)
            | Self::Declared(_)
            | Self::Git(_)
            | Self::Hasura(_)
            | Self::Write { .. } => exit::USAGE,
            // A secret or a token that could not be had is evidence that could not be had.
            Self::Aws(aws::Error::Secret { .. } | aws::Error::Token { .. })
            | Self::Unseen(_)
            | Self::Demo(_)
            | Self::Print { .. }
            | Self::Runtime { .. } => exit::INCOMPLETE,
        }
    }
}
