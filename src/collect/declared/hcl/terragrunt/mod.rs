//! Units of Terragrunt: `terragrunt.hcl` says which module is deployed from a folder, and with what.
//! <https://terragrunt.gruntwork.io/docs/reference/hcl/>
//!
//! [`config`] says what the files come to, [`functions`] what Terragrunt's own functions do; here is what a unit deploys.

mod config;
mod functions;
mod given;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::folder::{Folder, Source};
use super::modules::Call;
use super::scope::{FUEL, Inputs, Scope, World};
use super::{Visit, surroundings};
use crate::collect::declared::resource::Program;
use crate::collect::declared::value::{Map, Place, Spot, Value};
use crate::collect::declared::walk::Tree;
use config::{Config, has_include, source_of};

pub(super) use config::Context;
pub(super) use functions::call;

/// What a unit deploys.
pub(super) struct Unit<'a, 'w> {
    world: &'w World<'a>,
    folder: &'a Folder,
    /// As it comes out, or else as it is written.
    source: Option<String>,
    name: String,
    at: Place,
    /// A map; open where an included file may give more.
    pub inputs: Spot,
}

impl<'a, 'w> Unit<'a, 'w> {
    /// `None` of a folder that is no unit.
    pub(super) fn of(world: &'w World<'a>, folder: &'a Folder) -> Option<Self> {
        let file = folder.terragrunt.as_ref()?;
        let name = folder.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let config = Config::of_unit(world, folder, file);
        let (source, inputs) = (config.source, config.inputs);
        let source = source.map(|(spot, code)| spot.text().map_or(code, str::to_owned));
        Some(Self { world, folder, source, name, at: place(file), inputs })
    }

    pub(super) fn visit(&self, visit: &mut Visit<'_>, found: &mut Program) {
        let Some(file) = &self.folder.terragrunt else { return };
        if visit.single.is_some_and(|single| single != file.path) {
            return;
        }
        if self.source.is_none() && (!has_include(file) || !self.folder.sources.is_empty()) {
            return;
        }
        let (module, arguments) = (self.name.clone(), self.arguments());
        let local = called(self.world.tree, self.folder).and_then(|path| {
            let (path, (folder, items)) = self.world.folders.get_key_value(path.as_path())?;
            Some((*path, *folder, items))
        });
        let Some((path, folder, items)) = local else {
            found.resources.extend(self.call().resource());
            return;
        };
        let prefix = format!("{}.", self.name);
        let inputs = Inputs::Call { module, arguments };
        let scope = Scope { world: self.world, folder, items, root: path, inputs, prefix, depth: 1, config: None };
        visit.module(&scope, found);
        surroundings::link(found);
    }

    fn arguments(&self) -> Map {
        match &self.inputs.value {
            Value::Map(map) => map.clone(),
            _ => Map { open: self.inputs.lost().map(str::to_owned), ..Map::default() },
        }
    }

    fn call(&self) -> Call {
        // Of a source that is not written here, the folder's name tells what it is for.
        let source = self.source.clone().unwrap_or_else(|| self.name.clone());
        let arguments = Spot::new(Value::Map(self.arguments()), self.at.clone());
        Call { name: self.name.clone(), at: self.at.clone(), source, arguments }
    }
}

/// Where a unit is said to be declared: at its inputs, at its source, or at its first line.
fn place(file: &Source) -> Place {
    let inputs = file.attributes().find(|(key, _)| *key == "inputs").map(|(_, written)| file.place(written));
    let source = || source_of(file).map(|source| file.place(source));
    inputs.or_else(source).unwrap_or_else(|| Place { file: file.file.clone(), line: 1 })
}

/// The folder of the module, when it is in the files.
pub(super) fn called(tree: &Tree, folder: &Folder) -> Option<PathBuf> {
    let file = folder.terragrunt.as_ref()?;
    let world = World { tree, folders: BTreeMap::new(), stack: None, fuel: Cell::new(FUEL) };
    let (source, code) = Config::of_unit(&world, folder, file).source?;
    let is_path = |path: &str| path.starts_with(['.', '/']) && !path.contains("://");
    if let Some(path) = source.text().filter(|path| is_path(path)) {
        // After `//` is which part of what is copied the module is.
        let path = folder.path.join(path.split('?').next()?.replace("//", "/"));
        if let Ok(path) = tree.store.canonical(&path) {
            return Some(path);
        }
    }
    let rest = below_root(&code)?.replace("//", "/");
    // The root of the repository is above; what it has at that path is what is meant, when no other has.
    let mut found = folder.path.ancestors().skip(1).map(|above: &Path| above.join(&rest));
    let only = found.by_ref().find(|path| tree.store.is_folder(path))?;
    let other = found.any(|path| tree.store.is_folder(&path));
    if other { None } else { tree.store.canonical(&only).ok() }
}

/// The path in `"${get_repo_root()}/modules/db"`.
fn below_root(code: &str) -> Option<&str> {
    let (function, rest) = code.strip_prefix("\"${")?.split_once('}')?;
    let leads_upward = [
        "get_repo_root",
        "get_path_to_repo_root",
        "get_parent_terragrunt_dir",
        "path_relative_from_include",
        "dirname",
    ]
    .iter()
    .any(|name| function.trim_start().starts_with(name));
    let rest = rest.strip_suffix('"')?.trim_start_matches('/');
    (leads_upward && !rest.is_empty() && !rest.contains("${")).then_some(rest)
}
