//! Terraform and OpenTofu.
//!
//! [`folder`] reads what is written, [`scope`] is one instance of a module, [`eval`], [`functions`] and [`inputs`] say
//! what its expressions come to; here is what of it is a database, in [`modules`] what modules from elsewhere are, in
//! [`surroundings`] what stands around a database.

mod eval;
mod files;
#[cfg(test)]
mod fixtures;
mod folder;
mod functions;
mod inputs;
mod modules;
mod patterns;
mod scope;
mod surroundings;
mod terragrunt;
#[cfg(test)]
mod tests;
mod translate;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::property::{Property, TERRAFORM, TERRAFORM_CC, Vocabulary};
use super::resource::{Kind, Program, Resource};
use super::value::{Place, Spot, Value, normal};
use super::walk::Tree;
use super::{Error, Language, unparsed};
use folder::{Folder, Item};
use inputs::VarFiles;
use scope::{Each, Inputs, Scope, World, local_module};

const RESOURCES: [(&str, Kind, &Vocabulary); 4] = [
    ("aws_db_instance", Kind::Instance, &TERRAFORM),
    ("aws_rds_cluster", Kind::Cluster, &TERRAFORM),
    ("awscc_rds_db_instance", Kind::Instance, &TERRAFORM_CC),
    ("awscc_rds_db_cluster", Kind::Cluster, &TERRAFORM_CC),
];

const GROUPS: [&str; 4] = [
    "aws_db_parameter_group",
    "aws_rds_cluster_parameter_group",
    "awscc_rds_db_parameter_group",
    "awscc_rds_db_cluster_parameter_group",
];

/// More instances of one block are not expanded.
const MAX_INSTANCES: usize = 100;
/// Calls of modules in all, since modules that call others several times multiply.
const MAX_CALLS: usize = 5_000;

/// The databases of all modules.
pub(super) fn read(tree: &Tree, stack: Option<&str>) -> Result<Vec<Program>, Error> {
    let roots: BTreeSet<&Path> = tree
        .files
        .iter()
        .filter(|(_, language)| *language == Language::Hcl)
        .filter_map(|(path, _)| path.parent())
        .collect();
    let folders = load(tree, &roots)?;
    let world = World {
        tree,
        folders: folders.iter().map(|(path, folder)| (path.as_path(), (folder, folder.items()))).collect(),
        stack,
        fuel: Cell::new(0),
    };
    let mut found = Vec::new();
    let mut visit = Visit { single: tree.single.as_deref(), seen: BTreeSet::new(), calls: 0 };
    // Modules that nobody calls are roots; what is left after those calls itself in a ring.
    let called: BTreeSet<PathBuf> =
        world.folders.values().flat_map(|(folder, items)| calls(tree, folder, items)).collect();
    let (rings, tops): (Vec<&Path>, Vec<&Path>) = roots.iter().partition(|path| called.contains(**path));
    for path in tops.into_iter().chain(rings) {
        let Some((folder, items)) = world.folders.get(path) else { continue };
        if tree.single.is_none() && visit.seen.contains(path) {
            continue;
        }
        let mut files = VarFiles::read(tree, path, stack)?;
        let mut program = Program::default();
        if let Some(unit) = terragrunt::Unit::of(&world, folder) {
            unit.visit(&mut visit, &mut program);
            files.environment = Some(unit.inputs);
        }
        let inputs = Inputs::Root(files);
        let scope =
            Scope { world: &world, folder, items, root: path, inputs, prefix: String::new(), depth: 0, config: None };
        visit.module(&scope, &mut program);
        surroundings::link(&mut program);
        found.push(program);
    }
    let mut unread = Program::default();
    for broken in roots.iter().filter_map(|path| folders.get(*path)).flat_map(|folder| &folder.broken) {
        if broken.mentions && tree.single.as_ref().is_none_or(|single| *single == broken.path) {
            unread.broken.push(unparsed(&broken.file, broken.line, broken.reason.clone()));
        }
    }
    found.push(unread);
    Ok(found)
}

/// The folders, and those that they call as modules, wherever these are.
fn load(tree: &Tree, roots: &BTreeSet<&Path>) -> Result<BTreeMap<PathBuf, Folder>, Error> {
    let mut folders = BTreeMap::new();
    let mut waiting: Vec<PathBuf> = roots.iter().map(|path| path.to_path_buf()).collect();
    while let Some(path) = waiting.pop() {
        if folders.contains_key(&path) {
            continue;
        }
        let folder = Folder::read(tree, &path)?;
        waiting.extend(calls(tree, &folder, &folder.items()));
        folders.insert(path, folder);
    }
    Ok(folders)
}

fn calls(tree: &Tree, folder: &Folder, items: &folder::Items<'_>) -> Vec<PathBuf> {
    let modules = items.by_address.values().filter(|item| item.block == "module");
    let called = modules.filter_map(|item| local_module(folder, item)).chain(terragrunt::called(tree, folder));
    called.filter(|path| folder.store.is_folder(path)).collect()
}

/// A place for what is written nowhere.
fn place_of(folder: &Folder) -> Place {
    let file = folder.sources.first().map_or_else(|| "".into(), |source| source.file.clone());
    Place { file, line: 1 }
}

struct Visit<'t> {
    single: Option<&'t Path>,
    /// Folders that were read as somebody's module.
    seen: BTreeSet<PathBuf>,
    calls: usize,
}

impl Visit<'_> {
    fn module(&mut self, scope: &Scope<'_>, found: &mut Program) {
        self.seen.insert(scope.folder.path.clone());
        for (address, item) in &scope.items.by_address {
            // Of a file given, only what it declares itself; of the modules that it calls, everything.
            if scope.depth == 0 && self.single.is_some_and(|single| single != item.source.path) {
                continue;
            }
            let label = item.labels.first();
            match item.block {
                "resource" => {
                    if let Some((_, kind, vocabulary)) = RESOURCES.iter().find(|(known, ..)| label == Some(known)) {
                        let one = |each: Option<&Each>| resource(scope, address, item, *kind, vocabulary, each);
                        found.resources.extend(instances_of(scope, item, one));
                    } else if label.is_some_and(|label| GROUPS.contains(label)) {
                        found.groups.push(surroundings::group(scope, address, item));
                    }
                }
                "module" => self.call(scope, address, item, found),
                "provider" if label == Some(&"aws") => found.pins.extend(surroundings::pins(scope, item)),
                _ => {}
            }
        }
    }

    fn call(&mut self, scope: &Scope<'_>, address: &str, item: &Item<'_>, found: &mut Program) {
        let local = local_module(scope.folder, item).filter(|path| scope.world.folders.contains_key(path.as_path()));
        let Some(path) = local else {
            let one = |each: Option<&Each>| modules::Call::of(scope, address, item, each).resource();
            found.resources.extend(instances_of(scope, item, one));
            return;
        };
        self.seen.insert(path);
        scope.refuel();
        self.calls += 1;
        if self.calls > MAX_CALLS || !exists(scope, item) {
            return;
        }
        let mut inner = Program::default();
        if let Some(child) = scope.child(item, None, 0) {
            self.module(&child, &mut inner);
        }
        // Instances are told apart only where they differ in what matters.
        if inner.resources.iter().any(differs)
            && let Some(each) = instances(scope, item)
        {
            inner = Program::default();
            for each in &each {
                scope.refuel();
                if let Some(child) = scope.child(item, Some(each), 0) {
                    self.module(&child, &mut inner);
                }
            }
        }
        found.resources.append(&mut inner.resources);
        found.groups.append(&mut inner.groups);
        found.pins.append(&mut inner.pins);
    }
}

fn differs(resource: &Resource) -> bool {
    let matters = [Property::Version, Property::Engine, Property::Identifier];
    let mut matters = matters.into_iter().filter_map(|property| resource.get(property));
    matters.any(|spot| spot.lost().is_some_and(|why| why.contains(eval::EACH)))
}

/// The instances of a block with `for_each` or `count`, when they are known.
fn instances(scope: &Scope<'_>, item: &Item<'_>) -> Option<Vec<Each>> {
    if item.attributes.contains_key("count") {
        let count = scope.argument(item, "count", None, 0);
        let number = count.scalar()?.parse::<usize>().ok().filter(|number| *number <= MAX_INSTANCES)?;
        let each = |index: usize| {
            let key = Spot::new(Value::Number(index.to_string()), count.at.clone());
            Each { value: key.clone(), key, is_count: true, is_only: number == 1 }
        };
        return Some((0..number).map(each).collect());
    }
    let each = scope.argument(item, "for_each", None, 0);
    let is_set = matches!(each.value, Value::List(_));
    let pairs = eval::pairs(&each)?.into_iter();
    // The keys of a set are its items.
    let instances = pairs.map(|(key, value)| Each {
        key: if is_set { value.clone() } else { key },
        value,
        is_count: false,
        is_only: false,
    });
    let instances: Vec<Each> = instances.collect();
    (instances.len() <= MAX_INSTANCES).then_some(instances)
}

/// False when it is known that the block makes nothing.
fn exists(scope: &Scope<'_>, item: &Item<'_>) -> bool {
    if surroundings::is_disabled(scope, item) {
        return false;
    }
    instances(scope, item).is_none_or(|instances| !instances.is_empty())
}

/// What a block makes: one for all of its instances, or one for each where they differ.
fn instances_of<O: IntoIterator<Item = Resource>>(
    scope: &Scope<'_>,
    item: &Item<'_>,
    make: impl Fn(Option<&Each>) -> O,
) -> Vec<Resource> {
    scope.refuel();
    if !exists(scope, item) {
        return Vec::new();
    }
    let one: Vec<Resource> = make(None).into_iter().collect();
    match instances(scope, item) {
        Some(each) if one.iter().any(differs) => each
            .iter()
            .flat_map(|each| {
                scope.refuel();
                make(Some(each))
            })
            .collect(),
        _ => one,
    }
}

/// `None` of a cluster's member.
fn resource(
    scope: &Scope<'_>,
    address: &str,
    item: &Item<'_>,
    kind: Kind,
    vocabulary: &'static Vocabulary,
    each: Option<&Each>,
) -> Option<Resource> {
    let nothing = || Spot::new(Value::Nothing, item.at.clone());
    let argument = |name: &str| {
        let written = item.attributes.keys().find(|key| normal(key) == name);
        written.map_or_else(nothing, |key| scope.argument(item, key, each, 0))
    };
    if kind == Kind::Instance && !argument("dbclusteridentifier").is_nothing() {
        return None;
    }
    let get = |property: Property| vocabulary.first(property, kind, argument).unwrap_or_else(nothing);
    let key = format!("{}{address}{}", scope.prefix, Each::index(each));
    let mut resource = Resource::new(key.clone(), key, item.at.clone(), kind, vocabulary, get);
    resource.ignored = surroundings::ignored(item);
    surroundings::inherit(scope, item, each, &mut resource);
    Some(resource)
}
