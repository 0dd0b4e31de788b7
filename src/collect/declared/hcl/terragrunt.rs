//! Units of Terragrunt: `terragrunt.hcl` says which module is deployed from a folder, and with what.
//! <https://terragrunt.gruntwork.io/docs/reference/hcl/>

use std::path::{Path, PathBuf};

use hcl_edit::expr::Expression;
use hcl_edit::structure::Block;
use hcl_edit::template::{Element, StringTemplate};

use super::eval::Eval;
use super::folder::{Folder, Items, Source};
use super::modules::Call;
use super::scope::{Inputs, Scope, World, by_path};
use super::{Visit, surroundings};
use crate::collect::declared::resource::Program;
use crate::collect::declared::value::{Map, Place, Spot, Value};

/// What a unit deploys.
pub(super) struct Unit<'a, 'w> {
    world: &'w World<'a>,
    folder: &'a Folder,
    source: Option<&'a Expression>,
    name: String,
    at: Place,
    /// A map; open where an included file may give more.
    pub inputs: Spot,
}

impl<'a, 'w> Unit<'a, 'w> {
    /// `None` of a folder that is no unit.
    pub(super) fn of(world: &'w World<'a>, folder: &'a Folder) -> Option<Self> {
        let file = folder.terragrunt.as_ref()?;
        let items = Items::of([file]);
        let name = folder.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let arguments = Inputs::Call { module: name.clone(), arguments: Map::default() };
        let scope = Scope {
            world,
            folder,
            items: &items,
            root: &folder.path,
            inputs: arguments,
            prefix: String::new(),
            depth: 0,
        };
        scope.refuel();
        let written = file.attributes().find(|(key, _)| *key == "inputs").map(|(_, expression)| expression);
        let eval = Eval { source: file, scope: Some(&scope), each: None, bound: None };
        let mut inputs = written.map_or_else(|| nothing(file), |expression| eval.eval(expression, 0));
        for block in file.blocks().filter(|block| block.ident.as_str() == "include") {
            scope.refuel();
            inputs = inherited(inputs, Included::of(&scope, file, block));
        }
        let at = Place { file: file.file.clone(), line: 1 };
        let at = written
            .map_or_else(|| source_of(file).map_or(at, |source| file.place(source)), |inputs| file.place(inputs));
        Some(Self { world, folder, source: source_of(file), name, at, inputs })
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
        let local = called(self.folder).and_then(|path| {
            let (path, (folder, items)) = self.world.folders.get_key_value(path.as_path())?;
            Some((*path, *folder, items))
        });
        let Some((path, folder, items)) = local else {
            found.resources.extend(self.call().resource());
            return;
        };
        let prefix = format!("{}.", self.name);
        let inputs = Inputs::Call { module, arguments };
        let scope = Scope { world: self.world, folder, items, root: path, inputs, prefix, depth: 1 };
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
        let written = self.source.zip(self.folder.terragrunt.as_ref());
        // Of a source that is not written here, the folder's name tells what it is for.
        let source = written.map_or_else(
            || self.name.clone(),
            |(source, file)| match source {
                Expression::String(text) => text.as_str().to_owned(),
                other => file.code(other).to_owned(),
            },
        );
        let arguments = Spot::new(Value::Map(self.arguments()), self.at.clone());
        Call { name: self.name.clone(), at: self.at.clone(), source, arguments }
    }
}

fn nothing(file: &Source) -> Spot {
    Spot::new(Value::Map(Map::default()), Place { file: file.file.clone(), line: 1 })
}

fn source_of(file: &Source) -> Option<&Expression> {
    let block = file.blocks().find(|block| block.ident.as_str() == "terraform")?;
    Some(&block.body.get_attribute("source")?.value)
}

fn has_include(file: &Source) -> bool {
    file.blocks().any(|block| block.ident.as_str() == "include")
}

/// What an included file gives; its values may depend on who includes it, so that only their names count.
struct Included {
    reason: String,
    /// `None` when these cannot be known.
    names: Option<Vec<String>>,
    at: Place,
}

impl Included {
    fn of(scope: &Scope<'_>, file: &Source, block: &Block) -> Self {
        let at = file.place(block);
        let name = block.labels.first().map_or_else(String::new, |label| format!(" \"{}\"", label.as_str()));
        let reason = format!("include{name} at {}:{} may set it", file.file, at.line);
        let path = block.body.get_attribute("path").and_then(|path| path_of(scope.folder, &path.value));
        Self { reason, names: path.and_then(|path| names(scope, &path)), at }
    }
}

/// The names of the inputs of a file; `None` when they cannot be known.
fn names(scope: &Scope<'_>, path: &Path) -> Option<Vec<String>> {
    let file = Source::read(scope.world.tree, path).ok()?.ok()?;
    if has_include(&file) {
        return None;
    }
    let Some((_, written)) = file.attributes().find(|(key, _)| *key == "inputs") else { return Some(Vec::new()) };
    let items = Items::of([&file]);
    let inputs = Inputs::Call { module: String::new(), arguments: Map::default() };
    let scope =
        Scope { world: scope.world, folder: scope.folder, items: &items, inputs, prefix: String::new(), ..*scope };
    match (Eval { source: &file, scope: Some(&scope), each: None, bound: None }).eval(written, 0).value {
        Value::Map(map) if map.open.is_none() => Some(map.entries.into_keys().collect()),
        _ => None,
    }
}

/// The path of a file to include.
fn path_of(folder: &Folder, path: &Expression) -> Option<PathBuf> {
    let above = |name: &str| {
        let mut paths = folder.path.ancestors().skip(1).map(|above| above.join(name));
        paths.find(|path| folder.store.is_file(path))
    };
    match path {
        Expression::String(text) => Some(folder.path.join(text.as_str())),
        Expression::FuncCall(call) if call.name.name.as_str() == "find_in_parent_folders" => match call.args.get(0) {
            None => above("terragrunt.hcl"),
            Some(Expression::String(name)) => above(name.as_str()),
            Some(_) => None,
        },
        Expression::StringTemplate(template) => above(below_root(template)?),
        _ => None,
    }
}

/// The inputs, which win over those of an included file.
fn inherited(inputs: Spot, included: Included) -> Spot {
    let Value::Map(mut map) = inputs.value else { return inputs };
    match included.names {
        Some(names) => {
            for name in names {
                map.entries.entry(name).or_insert_with(|| Spot::unknown(&*included.reason, included.at.clone()));
            }
        }
        None => map.open = Some(map.open.unwrap_or(included.reason)),
    }
    Spot::new(Value::Map(map), inputs.at)
}

/// The folder of the module, when it is in the files.
pub(super) fn called(folder: &Folder) -> Option<PathBuf> {
    match source_of(folder.terragrunt.as_ref()?)? {
        Expression::String(text) => by_path(folder, text.as_str()),
        Expression::StringTemplate(template) => {
            let rest = below_root(template)?;
            // The root of the repository is above; what it has at that path is what is meant, when no other has.
            let mut found = folder.path.ancestors().skip(1).map(|above| above.join(rest));
            let only = found.by_ref().find(|path| folder.store.is_folder(path))?;
            let other = found.any(|path| folder.store.is_folder(&path));
            if other { None } else { folder.store.canonical(&only).ok() }
        }
        _ => None,
    }
}

/// The path in `"${get_repo_root()}/modules/db"`.
fn below_root(template: &StringTemplate) -> Option<&str> {
    let mut elements = template.iter();
    match (elements.next()?, elements.next()?, elements.next()) {
        (Element::Interpolation(first), Element::Literal(rest), None) if leads_upward(&first.expr) => {
            Some(rest.as_str().trim_start_matches('/'))
        }
        _ => None,
    }
}

/// Functions that give a folder above this one.
fn leads_upward(expression: &Expression) -> bool {
    let Expression::FuncCall(call) = expression else { return false };
    match call.name.name.as_str() {
        "get_repo_root" | "get_path_to_repo_root" | "get_parent_terragrunt_dir" | "path_relative_from_include" => true,
        "dirname" => {
            matches!(call.args.get(0), Some(Expression::FuncCall(inner)) if inner.name.name.as_str() == "find_in_parent_folders")
        }
        _ => false,
    }
}
