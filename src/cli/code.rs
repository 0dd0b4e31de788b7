//! The infrastructure code: which, and what it says.

use std::path::{Component, Path, PathBuf};

use super::args::SourceArgs;
use super::error::Error;
use crate::collect::files::Files;
use crate::collect::{declared, repository};
use crate::config::Config;
use crate::facts::{Declaration, Repository, Source};

/// What the code says, and what its repository says beside.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub declared: Source<Vec<Declaration>>,
    pub repository: Source<Repository>,
}

impl Code {
    /// Of the code that the options name, or else the configuration. Files are named as they are seen from here.
    pub(super) fn of(args: &SourceArgs, config: Option<&Config>) -> Result<Self, Error> {
        let Some(question) = Question::of(args, config) else { return Ok(Self::unread()) };
        let code = question.read(&Files::Disk)?.below(&question.folder(&Files::Disk));
        Ok(Self::collected(code, &question.path))
    }

    /// Of no code.
    pub(super) fn unread() -> Self {
        let hint = "no infrastructure code was given (--declared)";
        Self {
            declared: Source::NotGiven { hint: hint.to_owned() },
            repository: Source::NotGiven { hint: hint.to_owned() },
        }
    }

    /// Of code that was read from a place.
    pub(super) fn collected(code: declared::Code, path: &Path) -> Self {
        let repository = match repository::read(&Files::Disk, &root_around(path)) {
            Ok(found) => Source::Collected(Repository { pins: code.pins, ..found }),
            Err(error) => Source::unavailable(crate::causes::joined(&error)),
        };
        Self { declared: Source::Collected(code.declarations), repository }
    }
}

/// The repository that a path is in; where there is none, the folder of the path.
fn root_around(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = if absolute.is_dir() { absolute.as_path() } else { absolute.parent().unwrap_or(&absolute) };
    folder.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(folder).to_owned()
}

/// Which code is meant, and how it is to be read.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub path: PathBuf,
    pub stack: Option<String>,
    pub resource: Option<String>,
}

impl Question {
    /// What the options say, or else the configuration; `None` when neither names a path.
    pub(super) fn of(args: &SourceArgs, config: Option<&Config>) -> Option<Self> {
        let named = config.map(|config| &config.declared);
        let path = args.declared.clone().or_else(|| named?.path.clone())?;
        Some(Self {
            path,
            stack: args.stack.clone().or_else(|| named?.stack.clone()),
            resource: args.resource.clone().or_else(|| named?.resource.clone()),
        })
    }

    /// The folder that the declarations' files are named from, as seen from here; empty for a file, for the working folder,
    /// and for what is outside of it.
    pub(super) fn folder(&self, files: &Files) -> String {
        let path = seen_from_here(&self.path);
        let parts = path.components().filter_map(|part| match part {
            Component::Normal(name) => Some(Some(name.to_string_lossy().into_owned())),
            Component::CurDir => None,
            _ => Some(None),
        });
        match parts.collect::<Option<Vec<String>>>() {
            Some(parts) if files.is_folder(path) => parts.join("/"),
            _ => String::new(),
        }
    }

    /// The declarations below the path, only `resource` where it is given.
    pub(super) fn read(&self, files: &Files) -> Result<declared::Code, Error> {
        let path = seen_from_here(&self.path);
        let mut code = declared::read(files, path, self.stack.as_deref())?;
        if let Some(resource) = &self.resource {
            code.declarations = only(code.declarations, resource, path)?;
        }
        Ok(code)
    }
}

/// A path from a configuration file is absolute; a report names files as they are seen from here.
fn seen_from_here(path: &Path) -> &Path {
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(&here) {
        Ok(rest) if rest.as_os_str().is_empty() => Path::new("."),
        Ok(rest) => rest,
        Err(_) => path,
    }
}

fn only(found: Vec<Declaration>, resource: &str, path: &Path) -> Result<Vec<Declaration>, Error> {
    let names: Vec<String> = found.iter().map(|declaration| declaration.resource.clone()).collect();
    let chosen: Vec<Declaration> = found.into_iter().filter(|declaration| declaration.resource == resource).collect();
    if chosen.is_empty() {
        let there = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        return Err(Error::Usage(format!(
            "no database '{resource}' is declared in {}; there is {there}",
            path.display()
        )));
    }
    Ok(chosen)
}
