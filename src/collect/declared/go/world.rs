//! All packages that matter, and how names lead from one to another.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tree_sitter::Node;

use super::source::{Package, children, imported, imports};
use super::unit::{Binding, Call, Meaning, Unit};
use crate::collect::declared::Error;
use crate::collect::declared::pulumi::{self, Project};
use crate::collect::declared::value::Spot;
use crate::collect::declared::walk::Tree;

/// More packages are no program of Pulumi.
const MAX_PACKAGES: usize = 1000;
/// Names of names of functions are no deeper.
const MAX_NAMES: u32 = 8;
/// Steps per resource: constants that refer to each other can multiply.
const FUEL: u32 = 100_000;

/// The packages by folder, as they are written.
pub(super) struct Sources {
    pub packages: BTreeMap<PathBuf, Package>,
    /// The folder that a path means to a folder.
    links: HashMap<(PathBuf, String), PathBuf>,
}

impl Sources {
    /// The packages of some folders, and all of their modules that these import.
    pub(super) fn read(tree: &Tree, folders: BTreeSet<PathBuf>) -> Result<Self, Error> {
        let mut sources = Self { packages: BTreeMap::new(), links: HashMap::new() };
        let mut modules = BTreeMap::new();
        let mut waiting: Vec<PathBuf> = folders.into_iter().collect();
        while let Some(folder) = waiting.pop() {
            if sources.packages.contains_key(&folder) || sources.packages.len() >= MAX_PACKAGES {
                continue;
            }
            let package = Package::read(tree, &folder)?;
            for file in &package.files {
                for (_, path) in imports(file) {
                    if let Some(target) = imported(tree, &mut modules, &folder, path) {
                        sources.links.insert((folder.clone(), path.to_owned()), target.clone());
                        waiting.push(target);
                    }
                }
            }
            sources.packages.insert(folder, package);
        }
        Ok(sources)
    }
}

/// A package with its names.
pub(super) struct Space<'a> {
    pub units: Vec<usize>,
    globals: HashMap<&'a str, Vec<(usize, Binding<'a>)>>,
    links: HashMap<&'a str, usize>,
    pub project: Project,
}

pub(super) struct World<'a> {
    pub units: Vec<Unit<'a>>,
    pub spaces: Vec<Space<'a>>,
    pub fuel: Cell<u32>,
    /// Calls by the last part of what they call.
    pub callers: HashMap<&'a str, Vec<(usize, Call<'a>)>>,
    /// The resources that values refer to, by key.
    pub made: RefCell<HashMap<String, (Here<'a>, Node<'a>)>>,
}

/// Where an expression stands: in which file, and in which call of the function around it.
#[derive(Clone)]
pub(super) struct Here<'a> {
    pub unit: usize,
    pub frame: Option<Rc<Frame<'a>>>,
}

/// What leads to some code.
pub(super) struct Frame<'a> {
    pub unit: usize,
    pub step: Step<'a>,
    pub from: Here<'a>,
}

pub(super) enum Step<'a> {
    /// A call of a function that the files declare.
    Call { function: usize, call: Node<'a> },
    /// One round of a loop, by what stands between `for` and its body.
    Round { clause: Node<'a>, index: usize, key: Spot, value: Spot },
}

/// What a call calls.
#[derive(Clone, Copy, Debug)]
pub(super) enum Callee<'a> {
    /// Of another module: its path and the name.
    External(&'a str, &'a str),
    Function(usize, usize),
    Method(Node<'a>, &'a str),
    /// A type, which converts to it.
    Conversion,
    Builtin(&'a str),
    Other,
}

impl<'a> World<'a> {
    pub(super) fn of(sources: &'a Sources, tree: &Tree, stack: Option<&str>) -> Self {
        let mut world = Self {
            units: Vec::new(),
            spaces: Vec::new(),
            fuel: Cell::new(0),
            callers: HashMap::new(),
            made: RefCell::default(),
        };
        let indexes: HashMap<&Path, usize> =
            sources.packages.keys().enumerate().map(|(index, folder)| (folder.as_path(), index)).collect();
        for (index, (folder, package)) in sources.packages.iter().enumerate() {
            let mut globals: HashMap<&str, Vec<(usize, Binding<'_>)>> = HashMap::new();
            let mut units = Vec::new();
            for file in &package.files {
                let unit = Unit::of(file, index);
                for (name, binding) in &unit.globals {
                    globals.entry(name).or_default().push((world.units.len(), *binding));
                }
                for call in &unit.calls {
                    world.callers.entry(call.name).or_default().push((world.units.len(), *call));
                }
                units.push(world.units.len());
                world.units.push(unit);
            }
            let links = sources
                .links
                .iter()
                .filter(|((from, _), _)| from == folder)
                .filter_map(|((_, path), to)| Some((path.as_str(), *indexes.get(to.as_path())?)));
            let links = links.collect();
            let project = pulumi::find(tree, &folder.join("main.go"), stack).load();
            world.spaces.push(Space { units, globals, links, project });
        }
        world
    }

    pub(super) fn refuel(&self) {
        self.fuel.set(FUEL);
    }

    /// False when there is no fuel left.
    pub(super) fn spend(&self, steps: usize) -> bool {
        let left = self.fuel.get().saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX));
        self.fuel.set(left);
        left > 0
    }

    pub(super) fn unit(&self, here: &Here<'a>) -> &Unit<'a> {
        &self.units[here.unit]
    }

    pub(super) fn code(&self, here: &Here<'a>, node: Node<'a>) -> &'a str {
        self.unit(here).file.code(node)
    }

    /// The configuration that applies: that of the program which calls.
    pub(super) fn project(&self, here: &Here<'a>) -> &Project {
        let mut outermost = here;
        while let Some(frame) = &outermost.frame {
            outermost = &frame.from;
        }
        &self.spaces[self.unit(outermost).package].project
    }

    /// What a name means at a package's top, when it means one thing.
    pub(super) fn global(&self, package: usize, name: &str) -> Option<(usize, Binding<'a>)> {
        match self.spaces[package].globals.get(name)?.as_slice() {
            [one] => Some(*one),
            [(unit, first), ..] => {
                // Builds for other systems declare it too.
                Some((*unit, Binding { meaning: Meaning::Opaque("declared in several files"), ..*first }))
            }
            [] => None,
        }
    }

    /// The path of the package that a name stands for.
    pub(super) fn import(&self, here: &Here<'a>, name: &str, offset: usize) -> Option<&'a str> {
        let unit = self.unit(here);
        if unit.local(name, offset).is_some() {
            return None;
        }
        let is_named = |(given, path): &&(Option<&'a str>, &'a str)| match given {
            Some(given) => *given == name,
            None => match self.linked(here, path) {
                Some(package) => self.spaces[package].units.iter().any(|unit| self.units[*unit].name == name),
                None => default_name(path) == name,
            },
        };
        unit.imports.iter().find(is_named).map(|(_, path)| *path)
    }

    /// The package of the same module that a path leads to.
    pub(super) fn linked(&self, here: &Here<'a>, path: &str) -> Option<usize> {
        self.spaces[self.unit(here).package].links.get(path).copied()
    }

    /// The call of a function that is around some code, and where that is.
    pub(super) fn call_of<'h>(
        &self,
        here: &'h Here<'a>,
        unit: usize,
        function: usize,
    ) -> Option<(Node<'a>, &'h Here<'a>)> {
        self.around(here).find_map(|frame| match frame.step {
            Step::Call { function: own, call } => {
                ((frame.unit, own) == (unit, function)).then_some((call, &frame.from))
            }
            Step::Round { .. } => None,
        })
    }

    /// Key and value of a loop around some code.
    pub(super) fn item<'h>(&self, here: &'h Here<'a>, clause: Node<'a>) -> Option<(&'h Spot, &'h Spot)> {
        self.around(here).find_map(|frame| match &frame.step {
            Step::Round { clause: own, key, value, .. } if *own == clause => Some((key, value)),
            _ => None,
        })
    }

    /// What leads to some code, as far as its names are seen there: to the call of a function that is no variable of
    /// another.
    fn around<'h>(&self, here: &'h Here<'a>) -> impl Iterator<Item = &'h Frame<'a>> {
        let next = |frame: &&'h Frame<'a>| match frame.step {
            Step::Call { function, .. } if !self.units[frame.unit].functions[function].is_variable => None,
            _ => frame.from.frame.as_deref(),
        };
        std::iter::successors(here.frame.as_deref(), next)
    }

    /// Whether no more than one method of the files has a name.
    pub(super) fn is_only_method(&self, name: &str) -> bool {
        let functions = self.units.iter().flat_map(|unit| &unit.functions);
        functions.filter(|function| function.is_method && function.name == name).take(2).count() == 1
    }

    pub(super) fn callee(&self, here: &Here<'a>, call: Node<'a>) -> Callee<'a> {
        let function = call.child_by_field_name("function").or_else(|| {
            let generic = call.child_by_field_name("type")?;
            generic.child_by_field_name("type").or(Some(generic))
        });
        function.map_or(Callee::Other, |function| self.called(here, function, 0))
    }

    fn called(&self, here: &Here<'a>, function: Node<'a>, depth: u32) -> Callee<'a> {
        let offset = function.start_byte();
        let meant = |unit: usize, binding: Binding<'a>| match binding.meaning {
            Meaning::Function(index) => Callee::Function(unit, index),
            Meaning::Type(_) => Callee::Conversion,
            Meaning::Value(value, 0, 1) if value.kind() == "func_literal" => {
                let functions = self.units[unit].functions.iter();
                let index = functions.into_iter().position(|function| function.node == value);
                index.map_or(Callee::Other, |index| Callee::Function(unit, index))
            }
            // A function under another name.
            Meaning::Value(value, 0, 1) if depth < MAX_NAMES && value.kind() == "selector_expression" => {
                match self.called(&Here { unit, frame: None }, value, depth + 1) {
                    Callee::Method(..) => Callee::Other,
                    known => known,
                }
            }
            _ => Callee::Other,
        };
        match function.kind() {
            "identifier" | "type_identifier" => {
                let name = self.code(here, function);
                if let Some(binding) = self.unit(here).local(name, offset) {
                    return meant(here.unit, binding);
                }
                match self.global(self.unit(here).package, name) {
                    Some((unit, binding)) => meant(unit, binding),
                    None => self.dotted(here, name).unwrap_or(Callee::Builtin(name)),
                }
            }
            "selector_expression" | "qualified_type" => {
                let part = |one: &str, other: &str| {
                    function.child_by_field_name(one).or_else(|| function.child_by_field_name(other))
                };
                let (Some(operand), Some(field)) = (part("operand", "package"), part("field", "name")) else {
                    return Callee::Other;
                };
                let field = self.code(here, field);
                let is_name = matches!(operand.kind(), "identifier" | "package_identifier");
                let path = if is_name { self.import(here, self.code(here, operand), offset) } else { None };
                match path.map(|path| (path, self.linked(here, path))) {
                    Some((_, Some(package))) => match self.global(package, field) {
                        Some((unit, binding)) => meant(unit, binding),
                        None => Callee::Other,
                    },
                    Some((path, None)) => Callee::External(path, field),
                    None => Callee::Method(operand, field),
                }
            }
            _ => Callee::Other,
        }
    }

    /// What a name means by `import . "path"`; only what begins with a capital letter can be meant.
    fn dotted(&self, here: &Here<'a>, name: &'a str) -> Option<Callee<'a>> {
        let paths = self.unit(here).imports.iter().filter(|(given, _)| *given == Some(".")).map(|(_, path)| *path);
        if !name.starts_with(|c: char| c.is_uppercase()) {
            return None;
        }
        let mut outside = None;
        for path in paths {
            let Some(package) = self.linked(here, path) else {
                outside = outside.filter(|_| !path.ends_with("/rds")).or(Some(Callee::External(path, name)));
                continue;
            };
            match self.global(package, name).map(|(unit, binding)| (unit, binding.meaning)) {
                Some((unit, Meaning::Function(index))) => return Some(Callee::Function(unit, index)),
                Some((_, Meaning::Type(_))) => return Some(Callee::Conversion),
                _ => {}
            }
        }
        outside
    }
}

/// What a call is given.
pub(super) fn arguments(call: Node<'_>) -> Vec<Node<'_>> {
    match call.child_by_field_name("arguments") {
        Some(list) => children(list),
        None => call.child_by_field_name("operand").into_iter().collect(),
    }
}

/// The name that a package most likely gives itself: the last part of its path that is no version.
fn default_name(path: &str) -> &str {
    let is_version = |part: &str| {
        part.strip_prefix('v').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    path.rsplit('/').find(|part| !is_version(part)).unwrap_or(path)
}
