//! The functions of Terragrunt: where files are, and what other files of it say.
//! <https://terragrunt.gruntwork.io/docs/reference/hcl/functions/>

use std::path::{Path, PathBuf};

use super::config::{self, Context};
use crate::collect::declared::hcl::scope::{Scope, relative};
use crate::collect::declared::value::{Place, Spot, Value};

/// Reading a file costs as much as that many steps, so that files that read each other end.
const COST: u32 = 500;

/// `None` outside of Terragrunt, and of what only a run tells.
pub(in crate::collect::declared::hcl) fn call(
    scope: &Scope<'_>,
    name: &str,
    arguments: &[Spot],
    at: &Place,
    depth: u32,
) -> Option<Spot> {
    let context = scope.config?;
    let text = |path: &Path| Some(Spot::new(Value::text(path.to_string_lossy()), at.clone()));
    let way = |from: &Path, to: &Path| Some(Spot::new(Value::text(relative(from, to)), at.clone()));
    let first = arguments.first().and_then(Spot::text);
    match (name, arguments) {
        ("find_in_parent_folders", []) => text(&above(scope, context, "terragrunt.hcl")?),
        ("find_in_parent_folders", [name, rest @ ..]) => match above(scope, context, name.text()?) {
            Some(path) => text(&path),
            None => rest.first().cloned(),
        },
        ("get_terragrunt_dir", []) => text(&context.folder),
        ("get_original_terragrunt_dir", []) => text(&context.unit),
        ("get_parent_terragrunt_dir", _) => text(&context.parent(first)),
        ("path_relative_to_include", _) => way(&context.parent(first), &context.folder),
        ("path_relative_from_include", _) => way(&context.folder, &context.parent(first)),
        ("get_repo_root", []) => text(&root(scope, context)),
        ("get_path_to_repo_root", []) => way(&context.folder, &root(scope, context)),
        ("get_path_from_repo_root", []) => way(&root(scope, context), &context.folder),
        ("read_terragrunt_config", [path, rest @ ..]) => {
            let path = context.beside.join(path.text()?);
            let read = if scope.burn(COST) { config::read(scope, &path, depth) } else { None };
            read.or_else(|| rest.first().cloned())
        }
        _ => None,
    }
}

/// The nearest file or folder of a name above the unit.
fn above(scope: &Scope<'_>, context: &Context, name: &str) -> Option<PathBuf> {
    let store = &scope.world.tree.store;
    let mut paths = context.folder.ancestors().skip(1).map(|above| above.join(name));
    paths.find(|path| store.is_file(path) || store.is_folder(path))
}

/// The root of the repository, or of the part of it that is read.
fn root(scope: &Scope<'_>, context: &Context) -> PathBuf {
    let tree = scope.world.tree;
    let mut read = context.unit.ancestors().take_while(|above| tree.holds(above));
    let marked = read.clone().find(|above| tree.store.is_folder(&above.join(".git")));
    let root = marked.or_else(|| read.by_ref().last());
    root.unwrap_or(&context.unit).to_owned()
}
