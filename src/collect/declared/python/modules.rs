//! Which file of the repository an import means.

use std::path::{Path, PathBuf};

use super::program::{At, Package, Program, Run, Thing};

/// Packages that are never the repository's own.
const FOREIGN: [&str; 12] = [
    "pulumi",
    "pulumi_aws",
    "pulumi_aws_native",
    "aws_cdk",
    "constructs",
    "os",
    "sys",
    "typing",
    "enum",
    "dataclasses",
    "json",
    "copy",
];

/// What marks the folder that imports begin at.
const ROOTS: [&str; 7] =
    ["Pulumi.yaml", "Pulumi.yml", "cdk.json", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"];

/// Folders above a program in which imports are looked for.
const MAX_FOLDERS: usize = 8;

impl Program {
    /// The file or folder of an import; nothing when it is not in the repository.
    ///
    /// # Errors
    /// Why it is not known which.
    pub(super) fn find(&self, from: &Path, level: usize, path: &[String]) -> Result<Option<Package>, String> {
        let name = path.join(".");
        if level > 0 {
            let folder = from.ancestors().nth(level);
            let found = folder.and_then(|folder| self.package(joined(folder, path)));
            let written = format!("{}{name}", ".".repeat(level));
            return found.map(Some).ok_or_else(|| format!("it is imported from {written}, which is not there"));
        }
        if path.first().is_none_or(|first| FOREIGN.contains(&first.as_str())) {
            return Ok(None);
        }
        let mut found = Vec::new();
        let mut has_root = false;
        // Outside of what is read, only a project that it is part of counts.
        let mut is_outside = !from.starts_with(&self.tree.anchor);
        let mut outside = Vec::new();
        for folder in from.ancestors().skip(1).take(MAX_FOLDERS) {
            let is_root = ROOTS.iter().any(|root| self.tree.store.is_file(&folder.join(root)));
            // Imports do not begin inside a package.
            let is_package = self.tree.store.is_file(&folder.join("__init__.py"));
            let package = if is_package { None } else { self.package(joined(folder, path)) };
            match package {
                // Programs run in the root, so that what is in it comes first.
                Some(package) if is_root => return Ok(Some(package)),
                Some(package) => if is_outside { &mut outside } else { &mut found }.push(package),
                None => {}
            }
            has_root |= is_root || self.tree.store.is_folder(&folder.join(".git"));
            is_outside |= folder == self.tree.anchor;
            if has_root && is_outside {
                found.append(&mut outside);
                break;
            }
        }
        match found.len() {
            0 => Ok(None),
            1 => Ok(found.pop()),
            several => Err(format!("there are {several} modules {name} that it may be imported from")),
        }
    }

    /// What a path without its ending leads to.
    fn package(&self, path: PathBuf) -> Option<Package> {
        let file = path.file_name().map(|name| path.with_file_name(format!("{}.py", name.to_string_lossy())));
        let own = [Some(path.join("__init__.py")), file].into_iter().flatten();
        let file = own.into_iter().find(|file| self.tree.store.is_file(file));
        let is_folder = self.tree.store.is_folder(&path);
        if file.is_none() && !is_folder {
            return None;
        }
        let file = file.and_then(|file| self.tree.store.canonical(&file).ok());
        let module = file.and_then(|file| self.load(&file).ok());
        Some(Package { module, folder: is_folder.then_some(path) })
    }

    /// A name in a module, or a module in a package.
    pub(super) fn of_package(&self, package: &Package, name: &str, at: At, run: &Run) -> Option<Thing> {
        let own = package.module.and_then(|module| self.global(module, name, at, run));
        own.or_else(|| self.package(package.folder.as_ref()?.join(name)).map(Thing::Package))
    }
}

fn joined(folder: &Path, path: &[String]) -> PathBuf {
    path.iter().fold(folder.to_owned(), |at, part| at.join(part))
}
