//! One instance of a module: what its variables, local values and references come to.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hcl_edit::expr::{Expression, ObjectKey};

use super::eval::{Bound, Eval, MAX_DEPTH};
use super::folder::{Folder, Item, Items, Written};
use super::inputs::VarFiles;
use super::terragrunt::Context;
use crate::collect::declared::value::{Map, Spot, Value};
use crate::collect::declared::walk::Tree;

/// All modules that the code reaches, by folder.
pub(super) struct World<'a> {
    pub tree: &'a Tree,
    pub folders: BTreeMap<&'a Path, (&'a Folder, Items<'a>)>,
    pub stack: Option<&'a str>,
    /// Steps left for the resource or module call at hand.
    pub fuel: Cell<u32>,
}

/// Where the values of variables come from.
pub(super) enum Inputs {
    Root(VarFiles),
    /// The arguments of a module call.
    Call {
        module: String,
        arguments: Map,
    },
}

pub(super) struct Scope<'a> {
    pub world: &'a World<'a>,
    pub folder: &'a Folder,
    pub items: &'a Items<'a>,
    /// The folder of the root module, in which Terraform runs.
    pub root: &'a Path,
    pub inputs: Inputs,
    /// `module.db.` of a resource in a module, empty in a root.
    pub prefix: String,
    pub depth: u32,
    /// Of a file of Terragrunt.
    pub config: Option<&'a Context>,
}

/// `each.key` and `each.value`, or `count.index`, known within one block only.
pub(super) struct Each {
    pub key: Spot,
    pub value: Spot,
    pub is_count: bool,
    /// `count = 1` is what a block is switched on with: its only instance is called as the block is.
    pub is_only: bool,
}

impl Each {
    /// `["blue"]` or `[0]`, nothing of none.
    pub(super) fn index(each: Option<&Self>) -> String {
        let several = each.filter(|each| !(each.is_count && each.is_only));
        match several.and_then(|each| Some((each.key.scalar()?, each.is_count))) {
            Some((key, true)) => format!("[{key}]"),
            Some((key, false)) => format!("[\"{key}\"]"),
            None => String::new(),
        }
    }
}

/// Steps per resource: references can multiply.
pub(super) const FUEL: u32 = 100_000;

/// Why most of what data sources answer is not known.
const AWS: &str = "only known to AWS";

/// Attributes by which resources refer to each other.
const NAMES: [&str; 3] = ["identifier", "cluster_identifier", "name"];

/// Modules within modules.
pub(super) const MAX_MODULES: u32 = 8;

impl<'a> Scope<'a> {
    pub(super) fn refuel(&self) {
        self.world.fuel.set(FUEL);
    }

    /// Takes steps; false when there are none left.
    pub(super) fn burn(&self, steps: u32) -> bool {
        let fuel = self.world.fuel.get();
        self.world.fuel.set(fuel.saturating_sub(steps));
        fuel > 0
    }

    pub(super) fn written(&self, written: &Written<'a>, depth: u32) -> Spot {
        self.within(written, None, None, depth)
    }

    /// The value of an expression in a block with instances, or in a loop.
    pub(super) fn within(
        &self,
        written: &Written<'a>,
        each: Option<&Each>,
        bound: Option<&Bound<'_>>,
        depth: u32,
    ) -> Spot {
        Eval { source: written.source, scope: Some(self), each, bound }.eval(written.expression, depth)
    }

    fn attribute(&self, item: &Item<'a>, name: &str, depth: u32) -> Spot {
        self.argument(item, name, None, depth)
    }

    /// An argument of a block; nothing when it is not written.
    pub(super) fn argument(&self, item: &Item<'a>, name: &str, each: Option<&Each>, depth: u32) -> Spot {
        match item.attributes.get(name) {
            Some(written) => self.within(written, each, None, depth),
            None => Spot::new(Value::Nothing, item.at.clone()),
        }
    }

    /// What a reference stands for, and how many parts of its path that took.
    ///
    /// # Errors
    /// Why it is not known.
    pub(super) fn reference(&self, root: &str, path: &[String], depth: u32) -> Result<(Spot, usize), String> {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        match (root, &parts[..]) {
            ("var", [name, ..]) => Ok((self.variable(name, depth), 1)),
            ("local", [name, ..]) => match self.items.locals.get(name) {
                Some(written) => Ok((self.written(written, depth), 1)),
                None => Err(self.absent()),
            },
            ("terraform", ["workspace"]) => match self.world.stack {
                Some(stack) => {
                    let at = super::place_of(self.folder);
                    Ok((Spot::new(Value::text(stack), at), 1))
                }
                None => Err("no stack given".to_owned()),
            },
            ("module", [name, rest @ ..]) => {
                let call = self.items.by_address.get(&format!("module.{name}"));
                let indexed = usize::from(call.is_some_and(has_instances));
                let output = rest.get(indexed).ok_or("only a run tells")?;
                match (self.output(name, output, depth), call) {
                    (Ok(spot), _) => Ok((spot, 2 + indexed)),
                    // What others' modules make can be the source of a replica.
                    (Err(reason), Some(call)) if !self.is_here(call) => {
                        let each = rest.first().filter(|_| indexed > 0).and_then(|index| self.instance(call, index));
                        let resource = format!("{}module.{name}{}", self.prefix, Each::index(each.as_ref()));
                        Ok((Spot::new(Value::Output { resource, reason }, call.at.clone()), parts.len()))
                    }
                    (Err(reason), _) => Err(reason),
                }
            }
            ("include", path) if self.config.is_some() => {
                self.config.and_then(|config| config.included(path)).ok_or_else(|| self.absent())
            }
            // These are asked for what they are to be, and answer with it.
            ("data", [kind @ ("aws_rds_engine_version" | "aws_rds_orderable_db_instance"), name, "engine"]) => {
                let item = self.items.by_address.get(&format!("data.{kind}.{name}"));
                match item.filter(|item| item.attributes.contains_key("engine")) {
                    Some(item) => Ok((self.attribute(item, "engine", depth), 3)),
                    None => Err(self.absent()),
                }
            }
            ("data", [kind @ "aws_rds_engine_version", name, "version"]) => {
                self.asked_for(kind, name, "version", depth)
            }
            ("data", [kind @ "aws_rds_orderable_db_instance", name, "engine_version"]) => {
                self.asked_for(kind, name, "engine_version", depth)
            }
            ("data", _) => Err(AWS.to_owned()),
            ("path", ["root"]) => Ok((Spot::new(Value::text("."), super::place_of(self.folder)), 1)),
            ("path", ["module"]) => {
                let path = relative(self.root, &self.folder.path);
                Ok((Spot::new(Value::text(path), super::place_of(self.folder)), 1))
            }
            ("path" | "self" | "terraform" | "dependency" | "values", _) => Err("only a run tells".to_owned()),
            (kind, [name, ..]) => {
                let address = format!("{kind}.{name}");
                let Some(item) = self.items.by_address.get(&address) else { return Err(self.absent()) };
                // aws_db_instance.main[0].engine_version
                let index = parts.get(1).filter(|_| has_instances(item));
                let indexed = usize::from(index.is_some());
                let each = index.and_then(|index| self.instance(item, index));
                let output = |used| {
                    let reason = format!("{address} is only known to AWS");
                    let resource = format!("{}{address}{}", self.prefix, Each::index(each.as_ref()));
                    Ok((Spot::new(Value::Output { resource, reason }, item.at.clone()), used))
                };
                match parts.get(1 + indexed) {
                    Some(attribute) if item.attributes.contains_key(attribute) => {
                        let spot = self.argument(item, attribute, each.as_ref(), depth);
                        match spot.value {
                            // By its name it can still be known which one is meant.
                            Value::Unknown(_) if NAMES.contains(attribute) => output(2 + indexed),
                            _ => Ok((spot, 2 + indexed)),
                        }
                    }
                    Some(_) => output(2 + indexed),
                    None => output(parts.len()),
                }
            }
            _ => Err("only a run tells".to_owned()),
        }
    }

    /// AWS can but answer with the version that it is asked for, when that is one and no other is as good.
    fn asked_for(&self, kind: &str, name: &str, attribute: &str, depth: u32) -> Result<(Spot, usize), String> {
        let item = self.items.by_address.get(&format!("data.{kind}.{name}")).ok_or(AWS)?;
        if item.attributes.keys().any(|key| *key == "latest" || key.starts_with("preferred_")) {
            return Err(AWS.to_owned());
        }
        let asked = self.attribute(item, attribute, depth);
        let is_whole = asked.text().is_some_and(|version| {
            let parts: Vec<Option<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
            matches!(parts[..], [Some(10..), Some(_)] | [Some(9), Some(_), Some(_)])
        });
        if is_whole { Ok((asked, 3)) } else { Err(AWS.to_owned()) }
    }

    fn instance(&self, item: &Item<'a>, index: &str) -> Option<Each> {
        super::instances(self, item)?.into_iter().find(|each| each.key.scalar() == Some(index))
    }

    /// Whether the files hold the module that is called.
    fn is_here(&self, call: &Item<'a>) -> bool {
        local_module(self.folder, call).is_some_and(|path| self.world.folders.contains_key(path.as_path()))
    }

    fn absent(&self) -> String {
        match self.folder.broken.first() {
            Some(broken) => format!("it is not declared, but {}: {}", broken.file, broken.reason),
            None => "it is not declared".to_owned(),
        }
    }

    fn variable(&self, name: &str, depth: u32) -> Spot {
        let declared = self.items.by_address.get(&format!("var.{name}"));
        let at = declared.map_or_else(|| super::place_of(self.folder), |item| item.at.clone());
        let default = || declared.and_then(|item| Some(self.written(item.attributes.get("default")?, depth)));
        let missing = match (declared, &self.inputs) {
            (None, _) => format!("var.{name}: {}", self.absent()),
            (Some(_), Inputs::Root(_)) => format!("var.{name} has no default and no tfvars file sets it"),
            (Some(_), Inputs::Call { module, .. }) => format!("var.{name} has no default and {module} does not set it"),
        };
        let value = match &self.inputs {
            Inputs::Root(files) => files.value(name, default()),
            Inputs::Call { arguments, .. } => match (arguments.entries.get(name), &arguments.open) {
                (Some(given), _) if given.is_nothing() && declared.is_some_and(|item| self.refuses_null(item)) => {
                    default()
                }
                (Some(given), _) => Some(given.clone()),
                (None, Some(reason)) => Some(Spot::unknown(format!("var.{name}: {reason}"), at.clone())),
                (None, None) => default(),
            },
        };
        let value = value.unwrap_or_else(|| Spot::unknown(missing, at));
        match declared.and_then(|item| item.attributes.get("type")) {
            Some(kind) => self.complete(value, kind, kind.expression, depth),
            None => value,
        }
    }

    fn refuses_null(&self, variable: &Item<'a>) -> bool {
        matches!(self.attribute(variable, "nullable", MAX_DEPTH - 1).value, Value::Bool(false))
    }

    /// Fills in what the type gives to attributes that are left out: `optional(string, "16.3")`.
    fn complete(&self, spot: Spot, kind: &Written<'a>, expression: &'a Expression, depth: u32) -> Spot {
        let Expression::FuncCall(call) = expression else { return spot };
        let (Some(inner), true) = (call.args.get(0), depth < MAX_DEPTH) else { return spot };
        match (call.name.name.as_str(), spot.value, inner) {
            ("optional", value, inner) => self.complete(Spot::new(value, spot.at), kind, inner, depth + 1),
            ("map", Value::Map(map), inner) => {
                let entries = map.entries.into_iter();
                let entries = entries.map(|(key, value)| (key, self.complete(value, kind, inner, depth + 1))).collect();
                Spot::new(Value::Map(Map { entries, open: map.open }), spot.at)
            }
            ("list" | "set", Value::List(items), inner) => {
                let items = items.into_iter().map(|item| self.complete(item, kind, inner, depth + 1)).collect();
                Spot::new(Value::List(items), spot.at)
            }
            ("object", Value::Map(mut map), Expression::Object(object)) => {
                for (key, field) in object {
                    let (ObjectKey::Ident(name), Expression::FuncCall(optional)) = (key, field.expr()) else {
                        continue;
                    };
                    let name = name.as_str().to_owned();
                    let given = map.entries.remove(&name).filter(|given| !given.is_nothing());
                    let default = || match optional.args.get(1) {
                        Some(expression) => Some(self.written(&Written { source: kind.source, expression }, depth + 1)),
                        None if optional.name.name.as_str() == "optional" => {
                            Some(Spot::new(Value::Nothing, spot.at.clone()))
                        }
                        None => None,
                    };
                    let value = match given {
                        Some(given) => Some(given),
                        None if map.open.is_some() => None,
                        None => default(),
                    };
                    if let Some(value) = value {
                        map.entries.insert(name, self.complete(value, kind, field.expr(), depth + 1));
                    }
                }
                Spot::new(Value::Map(map), spot.at)
            }
            (_, value, _) => Spot::new(value, spot.at),
        }
    }

    fn output(&self, module: &str, output: &str, depth: u32) -> Result<Spot, String> {
        let unknown = || format!("module.{module}.{output} is only known to a run");
        let item = self.items.by_address.get(&format!("module.{module}")).ok_or_else(unknown)?;
        let child = self.child(item, None, depth).ok_or_else(unknown)?;
        let declared = child.items.by_address.get(&format!("output.{output}")).ok_or_else(unknown)?;
        Ok(child.attribute(declared, "value", depth + 1))
    }

    /// What a module is called with.
    pub(super) fn arguments(&self, call: &Item<'a>, each: Option<&Each>, depth: u32) -> BTreeMap<String, Spot> {
        let names = call.attributes.keys();
        names.map(|name| ((*name).to_owned(), self.argument(call, name, each, depth))).collect()
    }

    /// The instance of a local module that a call makes.
    pub(super) fn child(&self, call: &Item<'a>, each: Option<&Each>, depth: u32) -> Option<Scope<'a>> {
        let path = local_module(self.folder, call)?;
        let (folder, items) = self.world.folders.get(path.as_path())?;
        if self.depth >= MAX_MODULES || depth > MAX_DEPTH {
            return None;
        }
        let name = call.labels.first().copied().unwrap_or_default();
        let module = format!("{}module.{name}{}", self.prefix, Each::index(each));
        let arguments = Map { entries: self.arguments(call, each, depth + 1), open: None };
        Some(Scope {
            world: self.world,
            folder,
            items,
            root: self.root,
            prefix: format!("{module}."),
            inputs: Inputs::Call { module, arguments },
            depth: self.depth + 1,
            config: None,
        })
    }
}

/// The way from one folder to another: `../modules/db`.
pub(super) fn relative(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| "..".into());
    let down = to[shared..].iter().map(|part| part.as_os_str().to_string_lossy());
    let path = up.chain(down).collect::<Vec<std::borrow::Cow<'_, str>>>().join("/");
    if path.is_empty() { ".".to_owned() } else { path }
}

fn has_instances(item: &Item<'_>) -> bool {
    item.attributes.contains_key("count") || item.attributes.contains_key("for_each")
}

/// The folder of a module that is called by a path.
pub(super) fn local_module(folder: &Folder, call: &Item<'_>) -> Option<PathBuf> {
    let Expression::String(source) = call.attributes.get("source")?.expression else { return None };
    let source = source.as_str();
    let is_path = source.starts_with("./") || source.starts_with("../") || source == "." || source == "..";
    if is_path { folder.store.canonical(&folder.path.join(source)).ok() } else { None }
}
