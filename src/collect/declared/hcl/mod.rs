//! Terraform and OpenTofu.
//!
//! [`folder`] reads what is written, [`scope`] is one instance of a module, [`eval`] and [`inputs`] say what its
//! expressions come to; here is what of it is a database.

mod eval;
mod folder;
mod inputs;
mod scope;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::property::{Property, TERRAFORM, TERRAFORM_CC, TERRAFORM_MODULE, Vocabulary};
use super::resource::{Group, Kind, Program, Resource};
use super::value::{Map, Place, Spot, Value, normal};
use super::walk::Tree;
use super::{Error, Language, unparsed};
use crate::facts::{PinKind, Pinned, Stated};
use folder::{Folder, Item, Written};
use inputs::VarFiles;
use scope::{Each, Inputs, Scope, World, local_module};

/// What to read of a type of resource, or of a module that declares one.
struct Shape {
    kind: Kind,
    vocabulary: &'static Vocabulary,
    /// Switches that work like `count = 0`.
    switches: &'static [&'static str],
}

const INSTANCE: Shape = Shape { kind: Kind::Instance, vocabulary: &TERRAFORM, switches: &[] };
const CLUSTER: Shape = Shape { kind: Kind::Cluster, ..INSTANCE };

const INSTANCE_MODULE: Shape =
    Shape { kind: Kind::Instance, vocabulary: &TERRAFORM_MODULE, switches: &["create_db_instance"] };
const CLUSTER_MODULE: Shape =
    Shape { kind: Kind::Cluster, vocabulary: &TERRAFORM_MODULE, switches: &["create", "create_cluster"] };

const RESOURCES: &[(&str, Shape)] = &[
    ("aws_db_instance", INSTANCE),
    ("aws_rds_cluster", CLUSTER),
    ("awscc_rds_db_instance", Shape { vocabulary: &TERRAFORM_CC, ..INSTANCE }),
    ("awscc_rds_db_cluster", Shape { vocabulary: &TERRAFORM_CC, ..CLUSTER }),
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
        folders: folders.iter().map(|(path, folder)| (path.as_path(), (folder, folder.items()))).collect(),
        stack,
        fuel: Cell::new(0),
    };
    let mut found = Vec::new();
    let mut visit = Visit { single: tree.single.as_deref(), seen: BTreeSet::new(), calls: 0 };
    // Modules that nobody calls are roots; what is left after those calls itself in a ring.
    let called: BTreeSet<PathBuf> = world.folders.values().flat_map(|(folder, items)| calls(folder, items)).collect();
    let (rings, tops): (Vec<&Path>, Vec<&Path>) = roots.iter().partition(|path| called.contains(**path));
    for path in tops.into_iter().chain(rings) {
        let Some((folder, items)) = world.folders.get(path) else { continue };
        if tree.single.is_none() && visit.seen.contains(path) {
            continue;
        }
        let inputs = Inputs::Root(VarFiles::read(tree, path, stack)?);
        let scope = Scope { world: &world, folder, items, inputs, prefix: String::new(), depth: 0 };
        let mut program = Program::default();
        visit.module(&scope, &mut program);
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
        waiting.extend(calls(&folder, &folder.items()));
        folders.insert(path, folder);
    }
    Ok(folders)
}

fn calls(folder: &Folder, items: &folder::Items<'_>) -> Vec<PathBuf> {
    let modules = items.by_address.values().filter(|item| item.block == "module");
    modules.filter_map(|item| local_module(folder, item)).filter(|path| folder.store.is_folder(path)).collect()
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
                    if let Some((_, shape)) = RESOURCES.iter().find(|(known, _)| label == Some(known)) {
                        found.resources.extend(resources(scope, address, item, shape));
                    } else if label.is_some_and(|label| GROUPS.contains(label)) {
                        found.groups.push(group(scope, address, item));
                    }
                }
                "module" => self.call(scope, address, item, found),
                "provider" if label == Some(&"aws") => found.pins.extend(pins(scope, item)),
                _ => {}
            }
        }
    }

    fn call(&mut self, scope: &Scope<'_>, address: &str, item: &Item<'_>, found: &mut Program) {
        let local = local_module(scope.folder, item).filter(|path| scope.world.folders.contains_key(path.as_path()));
        let Some(path) = local else {
            found.resources.extend(remote(scope, address, item));
            return;
        };
        self.seen.insert(path);
        scope.refuel();
        self.calls += 1;
        if self.calls > MAX_CALLS || !exists(scope, item, &[]) {
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
    let matters = [Property::Version, Property::Engine].into_iter().filter_map(|property| resource.get(property));
    matters.into_iter().any(|spot| spot.lost().is_some_and(|why| why.contains(eval::EACH)))
}

/// The instances of a block with `for_each`, when they are known.
fn instances(scope: &Scope<'_>, item: &Item<'_>) -> Option<Vec<Each>> {
    let each = scope.argument(item, "for_each", None, 0);
    let instances: Vec<Each> = match &each.value {
        Value::Map(map) if map.open.is_none() => map
            .entries
            .iter()
            .map(|(key, value)| (Spot::new(Value::text(key.as_str()), value.at.clone()), value.clone()))
            .collect(),
        Value::List(items) => items.iter().map(|item| (item.clone(), item.clone())).collect(),
        _ => return None,
    };
    (instances.len() <= MAX_INSTANCES).then_some(instances)
}

/// False when it is known that the block makes nothing.
fn exists(scope: &Scope<'_>, item: &Item<'_>, switches: &[&str]) -> bool {
    let count = scope.argument(item, "count", None, 0);
    let none = count.scalar().is_some_and(|count| count.parse::<f64>().is_ok_and(|count| count == 0.0));
    let off = switches.iter().any(|name| eval::boolean(&scope.argument(item, name, None, 0)) == Some(false));
    !none && !off && instances(scope, item).is_none_or(|instances| !instances.is_empty())
}

fn resources(scope: &Scope<'_>, address: &str, item: &Item<'_>, shape: &Shape) -> Vec<Resource> {
    scope.refuel();
    if !exists(scope, item, &[]) {
        return Vec::new();
    }
    let one = resource(scope, address, item, shape, None);
    match instances(scope, item) {
        Some(each) if differs(&one) => each
            .iter()
            .map(|each| {
                scope.refuel();
                resource(scope, address, item, shape, Some(each))
            })
            .collect(),
        _ => vec![one],
    }
}

fn resource(scope: &Scope<'_>, address: &str, item: &Item<'_>, shape: &Shape, each: Option<&Each>) -> Resource {
    let nothing = || Spot::new(Value::Nothing, item.at.clone());
    let get = |property: Property| {
        let argument = |name: &str| {
            let written = item.attributes.keys().find(|key| normal(key) == name);
            written.map_or_else(nothing, |key| scope.argument(item, key, each, 0))
        };
        shape.vocabulary.first(property, shape.kind, argument).unwrap_or_else(nothing)
    };
    let index = each.and_then(|(key, _)| key.scalar()).map(|key| format!("[\"{key}\"]")).unwrap_or_default();
    let key = format!("{}{address}", scope.prefix);
    let name = format!("{key}{index}");
    let mut resource = Resource::new(key, name, item.at.clone(), shape.kind, shape.vocabulary, get);
    resource.ignored = ignored(item);
    resource
}

/// Where `lifecycle { ignore_changes = [engine_version] }` is written; its names are no values, so none is evaluated.
/// <https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle>
fn ignored(item: &Item<'_>) -> Option<Place> {
    let block = item.inner("lifecycle").next()?;
    let changes = block.body.get_attribute("ignore_changes")?;
    let names = item.source.code(&changes.value);
    let words = names.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.into_iter().any(|word| word == "engine_version" || word == "all").then(|| item.source.place(&changes.value))
}

fn group(scope: &Scope<'_>, address: &str, item: &Item<'_>) -> Group {
    scope.refuel();
    let first = |names: &[&str]| {
        let written = names.iter().map(|name| scope.argument(item, name, None, 0)).find(|spot| !spot.is_nothing());
        written.unwrap_or_else(|| Spot::new(Value::Nothing, item.at.clone()))
    };
    let blocks = item.inner("parameter").map(|block| {
        let entries = block.body.attributes().map(|attribute| {
            let written = Written { source: item.source, expression: &attribute.value };
            (attribute.key.as_str().to_owned(), scope.written(&written, 0))
        });
        Spot::new(Value::Map(Map { entries: entries.collect(), open: None }), item.source.place(block))
    });
    let blocks = Value::List(blocks.collect());
    let written = first(&["parameters"]);
    Group {
        key: format!("{}{address}", scope.prefix),
        name: format!("{}{address}", scope.prefix),
        identifier: first(&["name", "db_parameter_group_name", "db_cluster_parameter_group_name"]),
        family: first(&["family"]),
        parameters: if written.is_nothing() { Spot::new(blocks, item.at.clone()) } else { written },
    }
}

/// The profile and the accounts that a provider block names.
fn pins(scope: &Scope<'_>, item: &Item<'_>) -> Vec<Pinned> {
    scope.refuel();
    let pin = |kind, spot: &Spot| {
        let value = Some(spot.text()?.to_owned());
        Some(Pinned { kind, value: Stated { value, reason: None, file: spot.at.file.to_string(), line: spot.at.line } })
    };
    let profile = pin(PinKind::Profile, &scope.argument(item, "profile", None, 0));
    let accounts = match scope.argument(item, "allowed_account_ids", None, 0).value {
        Value::List(items) => items.iter().filter_map(|spot| pin(PinKind::Account, spot)).collect(),
        _ => Vec::new(),
    };
    profile.into_iter().chain(accounts).collect()
}

/// A module from a registry or another repository. The community's RDS modules are known; any other is one when it is
/// given a PostgreSQL engine and a version.
fn remote(scope: &Scope<'_>, address: &str, item: &Item<'_>) -> Vec<Resource> {
    scope.refuel();
    let source = scope.argument(item, "source", None, 0);
    let source = source.text().unwrap_or_default();
    let known = community(source);
    let engine = scope.argument(item, "engine", None, 0);
    let is_aurora = engine.text().is_some_and(|engine| engine.starts_with("aurora"));
    let shape = match known {
        Some(shape) => shape,
        None if item.attributes.contains_key("engine_version") && engine.text().is_some() => {
            if is_aurora {
                &CLUSTER_MODULE
            } else {
                &INSTANCE_MODULE
            }
        }
        None => return Vec::new(),
    };
    if exists(scope, item, shape.switches) { resources(scope, address, item, shape) } else { Vec::new() }
}

/// The modules `terraform-aws-modules/rds/aws` and `…/rds-aurora/aws`, by registry or by repository.
fn community(source: &str) -> Option<&'static Shape> {
    let (_, module) = source.split_once("terraform-aws-modules/")?;
    let module = module.strip_prefix("terraform-aws-").unwrap_or(module);
    // After `//` comes a module within it, of which only this one makes a database.
    if let Some((_, inner)) = module.split_once("//")
        && !inner.contains("modules/db_instance")
    {
        return None;
    }
    let end = module.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(module.len());
    match &module[..end] {
        "rds" => Some(&INSTANCE_MODULE),
        "rds-aurora" => Some(&CLUSTER_MODULE),
        _ => None,
    }
}
