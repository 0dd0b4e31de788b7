//! The values that variable files give to the variables of a root module, by Terraform's precedence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::eval::literal;
use super::folder::Source;
use crate::collect::declared::value::{Map, Place, Spot, Value};
use crate::collect::declared::walk::Tree;
use crate::collect::declared::{Error, Language};

/// A variable file, or why it is not read.
#[derive(Debug)]
struct VarFile {
    name: Arc<str>,
    values: Result<BTreeMap<String, Spot>, String>,
}

/// What all variable files of a root module say.
#[derive(Debug, Default)]
pub(super) struct VarFiles {
    /// Loaded by Terraform by itself, or asked for by the stack; later ones win.
    loaded: Vec<VarFile>,
    /// Loaded only when somebody asks for them: `prod.tfvars`.
    named: Vec<VarFile>,
    /// What the environment gives, which all files win over: the inputs of Terragrunt.
    pub environment: Option<Spot>,
}

impl VarFiles {
    pub(super) fn read(tree: &Tree, folder: &Path, stack: Option<&str>) -> Result<Self, Error> {
        let mut files = Self::default();
        let (mut automatic, mut others) = (Vec::new(), Vec::new());
        for path in tree.entries(folder)? {
            if tree.store.is_folder(&path) {
                others.extend(in_subfolder(tree, &path, 0)?);
            } else {
                match role(&path) {
                    Some(Role::Automatic) => automatic.push(path),
                    Some(Role::Named) => others.push(path),
                    None => {}
                }
            }
        }
        // terraform.tfvars first, then *.auto.tfvars by name: the last one wins.
        automatic.sort_by_key(|path| (!file_name(path).starts_with("terraform.tfvars"), path.clone()));
        for path in automatic {
            files.loaded.push(VarFile::read(tree, &path)?);
        }
        for path in others {
            let file = VarFile::read(tree, &path)?;
            let of_stack = stack.is_some_and(|stack| is_of_stack(&path, folder, stack));
            if of_stack { &mut files.loaded } else { &mut files.named }.push(file);
        }
        // With the stack's own file, those of other stacks say nothing.
        if stack.is_some() && files.loaded.iter().any(|file| !is_automatic(&file.name)) {
            files.named.clear();
        }
        Ok(files)
    }

    /// The value of a variable whose default is given; `None` when nothing sets it.
    pub(super) fn value(&self, name: &str, default: Option<Spot>) -> Option<Spot> {
        let given = self.environment.as_ref().and_then(|given| given.entry(name)).filter(|spot| !spot.is_nothing());
        let mut value = given.or(default);
        for file in &self.loaded {
            if let Some(spot) = file.value(name) {
                value = Some(spot);
            }
        }
        let named: Vec<(&VarFile, Spot)> =
            self.named.iter().filter_map(|file| Some((file, file.value(name)?))).collect();
        let Some((_, first)) = named.first() else { return value };
        let base = value.as_ref().unwrap_or(first);
        if named.iter().all(|(_, spot)| spot.value.same(&base.value) == Some(true)) {
            return Some(base.clone());
        }
        let files: Vec<&str> = named.iter().map(|(file, _)| &*file.name).collect();
        let reason = match value.as_ref().and_then(Spot::text) {
            Some(text) => format!("var.{name} is {text}, unless {} applies: no stack given", files.join(" or ")),
            None => format!("var.{name} is set by {}: no stack given", files.join(" and ")),
        };
        Some(Spot::unknown(reason, first.at.clone()))
    }
}

/// All that a variable file sets.
///
/// # Errors
/// Why it is not known.
pub(super) fn file(tree: &Tree, path: &Path) -> Result<Spot, String> {
    let read = VarFile::read(tree, path).map_err(|error| error.to_string())?;
    let entries = read.values?;
    Ok(Spot::new(Value::Map(Map { entries, open: None }), Place { file: read.name, line: 1 }))
}

enum Role {
    Automatic,
    Named,
}

fn role(path: &Path) -> Option<Role> {
    let name = file_name(path);
    if name.starts_with('.') || !(name.ends_with(".tfvars") || name.ends_with(".tfvars.json")) {
        None
    } else if is_automatic(&name) {
        Some(Role::Automatic)
    } else {
        Some(Role::Named)
    }
}

fn is_automatic(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let stem = name.strip_suffix(".json").unwrap_or(name);
    stem == "terraform.tfvars" || stem.ends_with(".auto.tfvars")
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// How deep below its module a variable file is looked for: `env/eu-west-1/prod/terraform.tfvars`.
const MAX_BELOW: u32 = 3;

/// `env/prod.tfvars` and `prod/terraform.tfvars`; a folder with code of its own is another module.
fn in_subfolder(tree: &Tree, folder: &Path, depth: u32) -> Result<Vec<PathBuf>, Error> {
    if file_name(folder).starts_with('.') || file_name(folder) == "node_modules" || tree.store.is_link(folder) {
        return Ok(Vec::new());
    }
    let paths = tree.entries(folder)?;
    if paths.iter().any(|path| Language::of(path) == Some(Language::Hcl)) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for path in paths {
        if tree.store.is_folder(&path) {
            if depth < MAX_BELOW {
                found.extend(in_subfolder(tree, &path, depth + 1)?);
            }
        } else if role(&path).is_some() {
            found.push(path);
        }
    }
    Ok(found)
}

fn is_of_stack(path: &Path, root: &Path, stack: &str) -> bool {
    let name = file_name(path);
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    let stem = stem.strip_suffix(".tfvars").unwrap_or(stem);
    stem.strip_suffix(".auto").unwrap_or(stem) == stack
        || path.ancestors().skip(1).take_while(|folder| *folder != root).any(|folder| file_name(folder) == stack)
}

impl VarFile {
    fn read(tree: &Tree, path: &Path) -> Result<Self, Error> {
        let name = tree.shown(path);
        let values = if path.extension().is_some_and(|extension| extension == "json") {
            json(&name, &tree.text(path)?)
        } else {
            match Source::read(tree, path)? {
                Ok(source) => Ok(source
                    .attributes()
                    .map(|(key, expression)| (key.to_owned(), literal(&source, expression)))
                    .collect()),
                Err(broken) => Err(format!("{}: {}", broken.file, broken.reason)),
            }
        };
        Ok(Self { name, values })
    }

    fn value(&self, name: &str) -> Option<Spot> {
        match &self.values {
            Ok(values) => values.get(name).cloned(),
            Err(reason) => Some(Spot::unknown(reason.clone(), Place { file: self.name.clone(), line: 1 })),
        }
    }
}

fn json(file: &Arc<str>, text: &str) -> Result<BTreeMap<String, Spot>, String> {
    let document = crate::collect::declared::json::read(file, text)
        .map_err(|error| format!("{file} does not parse: line {}", error.line))?;
    match document.value {
        Value::Map(map) => Ok(map.entries),
        _ => Err(format!("{file} is no object")),
    }
}
