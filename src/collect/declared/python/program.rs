//! The files of a program, and what an expression in them stands for.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::contexts::Target;
use super::parse;
use super::syntax::{ClassId, ExprId, FunctionId, Kind, LoopId, Module};
use crate::collect::declared::cdk::Context;
use crate::collect::declared::pulumi::{self, Project};
use crate::collect::declared::value::{Map, Place, Spot, Value, quote};
use crate::collect::declared::walk::Tree;

/// Deeper references are not written by people.
pub(super) const MAX_DEPTH: u32 = 128;
/// Steps per resource: constants that refer to each other can multiply.
const FUEL: u32 = 50_000;

/// More bytes of code are not quoted.
const MAX_CODE: usize = 400;

/// An expression of one of the modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct At {
    pub module: usize,
    pub expr: ExprId,
}

/// What an expression stands for.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    Data(Spot),
    /// Items in an order that is not known here.
    Bag(Vec<Spot>),
    /// `pulumi_aws.rds.Instance`: something of a package that is not in the repository.
    External(Vec<String>),
    Package(Package),
    /// A function; of a method, also what it is called on.
    Function {
        module: usize,
        function: FunctionId,
        owner: Option<Rc<Object>>,
    },
    Class {
        module: usize,
        class: ClassId,
    },
    Object(Rc<Object>),
    /// `pulumi.Config`, and its namespace.
    Config(Option<Box<Spot>>),
}

/// A file or folder of modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    pub module: Option<usize>,
    pub folder: Option<PathBuf>,
}

/// An object of a class in the repository.
#[derive(Debug)]
pub(super) struct Object {
    pub module: usize,
    pub class: ClassId,
    /// The calls that led to it.
    pub frame: FrameLink,
}

/// What is known of a run: which call a function is run by, or which item a loop is at.
#[derive(Debug)]
pub(super) struct Frame {
    pub step: Step,
    pub outer: FrameLink,
}

#[derive(Debug)]
pub(super) enum Step {
    Call {
        module: usize,
        function: FunctionId,
        call: At,
        owner: Option<Rc<Object>>,
        /// Of a constructor: the class of the object that is made, which may be derived from its own.
        made: Option<(usize, ClassId)>,
    },
    Item {
        module: usize,
        of: LoopId,
        index: usize,
        item: Spot,
    },
}

pub(super) type FrameLink = Option<Rc<Frame>>;

/// In which run something is evaluated, and how deep.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub frame: FrameLink,
    pub depth: u32,
}

impl Run {
    pub(super) fn deeper(&self) -> Self {
        Self { frame: self.frame.clone(), depth: self.depth + 1 }
    }

    pub(super) fn by(&self, frame: FrameLink) -> Self {
        Self { frame, depth: self.depth }
    }
}

pub(super) struct Program {
    pub tree: Tree,
    pub modules: RefCell<Vec<Rc<Module>>>,
    pub by_path: RefCell<HashMap<PathBuf, Result<usize, &'static str>>>,
    main: PathBuf,
    stack: Option<String>,
    project: OnceCell<Project>,
    context: OnceCell<Context>,
    pub fuel: Cell<u32>,
    /// Resources that are values somewhere, by key.
    pub outputs: RefCell<HashMap<String, (At, FrameLink)>>,
    pub mentioned: RefCell<HashMap<Target, Option<Vec<At>>>>,
    pub sources: OnceCell<Option<Vec<(PathBuf, String)>>>,
}

impl Program {
    pub(super) fn new(tree: Tree, main: &Path, stack: Option<&str>) -> Self {
        Self {
            tree,
            modules: RefCell::default(),
            by_path: RefCell::default(),
            main: main.to_owned(),
            stack: stack.map(str::to_owned),
            project: OnceCell::new(),
            context: OnceCell::new(),
            fuel: Cell::new(FUEL),
            outputs: RefCell::default(),
            mentioned: RefCell::default(),
            sources: OnceCell::new(),
        }
    }

    /// The file that is run.
    pub(super) fn main(&self) -> &Path {
        &self.main
    }

    pub(super) fn refuel(&self) {
        self.fuel.set(FUEL);
    }

    /// Whether there is still fuel and depth for one more step.
    pub(super) fn spend(&self, run: &Run) -> bool {
        let fuel = self.fuel.get();
        self.fuel.set(fuel.saturating_sub(1));
        run.depth <= MAX_DEPTH && fuel > 0
    }

    pub(super) fn module(&self, module: usize) -> Rc<Module> {
        self.modules.borrow()[module].clone()
    }

    pub(super) fn project(&self) -> &Project {
        self.project.get_or_init(|| pulumi::find(&self.tree, &self.main, self.stack.as_deref()).load())
    }

    pub(super) fn context(&self) -> &Context {
        self.context.get_or_init(|| Context::of(&self.tree, &self.main))
    }

    /// The module of a file, read when it is first asked for.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn load(&self, path: &Path) -> Result<usize, &'static str> {
        if let Some(known) = self.by_path.borrow().get(path) {
            return *known;
        }
        let read = self.tree.text(path).map_err(|_| "it cannot be read");
        let loaded = read.and_then(|text| self.add(path, text));
        self.by_path.borrow_mut().insert(path.to_owned(), loaded);
        loaded
    }

    /// # Errors
    /// Why it cannot be read.
    pub(super) fn add(&self, path: &Path, text: String) -> Result<usize, &'static str> {
        let module = parse::parse(path.to_owned(), self.tree.shown(path), text)?;
        let mut modules = self.modules.borrow_mut();
        modules.push(Rc::new(module));
        self.by_path.borrow_mut().insert(path.to_owned(), Ok(modules.len() - 1));
        Ok(modules.len() - 1)
    }

    pub(super) fn place_of(&self, module: usize, offset: usize) -> Place {
        let module = self.module(module);
        Place { file: module.file.clone(), line: module.lines.line(offset) }
    }

    pub(super) fn place(&self, at: At) -> Place {
        let start = self.module(at.module).exprs[at.expr].start;
        self.place_of(at.module, start)
    }

    /// The code of an expression, as quoted.
    pub(super) fn code(&self, at: At) -> String {
        let module = self.module(at.module);
        let expr = &module.exprs[at.expr];
        let end = module.text.floor_char_boundary(expr.end.min(expr.start + MAX_CODE));
        quote(module.code(expr.start, end))
    }

    /// How a line is named in a reason: with its file, when that is another one.
    pub(super) fn line(&self, at: &Place) -> String {
        if *at.file == *self.module(0).file { format!("line {}", at.line) } else { format!("{}:{}", at.file, at.line) }
    }

    /// What cannot be known here: the code, its line, and why.
    pub(super) fn lost(&self, at: At, why: &str) -> Spot {
        let place = self.place(at);
        Spot::unknown(format!("{} at {}: {why}", self.code(at), self.line(&place)), place)
    }

    pub(super) fn unknown(&self, at: At, why: &str) -> Thing {
        Thing::Data(self.lost(at, why))
    }

    pub(super) fn known(&self, at: At, value: Value) -> Thing {
        Thing::Data(Spot::new(value, self.place(at)))
    }

    /// The data that an expression comes to.
    pub(super) fn spot(&self, at: At, run: &Run) -> Spot {
        self.data(self.thing(at, run), at)
    }

    pub(super) fn data(&self, thing: Thing, at: At) -> Spot {
        match thing {
            Thing::Data(spot) => spot,
            Thing::Bag(_) => self.lost(at, "its order is not known"),
            Thing::External(path) => match path.split_first() {
                Some((first, [])) if first == "builtins" => self.lost(at, "only a run tells"),
                _ => {
                    let from = path.split_last().map(|(_, from)| from.join(".")).unwrap_or_default();
                    let from = if from.is_empty() { path.join(".") } else { from };
                    self.lost(at, &format!("it is imported from {from}"))
                }
            },
            Thing::Package(_) => self.lost(at, "it is a module"),
            Thing::Function { .. } => self.lost(at, "it is a function"),
            Thing::Class { .. } => self.lost(at, "it is a class"),
            Thing::Object(object) => match self.declared_by(&object) {
                Some(output) => output,
                None => self.lost(at, "it is an object"),
            },
            Thing::Config(_) => self.lost(at, "it is the configuration"),
        }
    }

    pub(super) fn thing(&self, at: At, run: &Run) -> Thing {
        if !self.spend(run) {
            return self.unknown(at, "it refers too far");
        }
        let run = &run.deeper();
        let module = self.module(at.module);
        let other = |expr: ExprId| At { module: at.module, expr };
        match &module.exprs[at.expr].kind {
            Kind::Text(text) => self.known(at, Value::text(text)),
            Kind::Number(number) => self.known(at, Value::Number(number.clone())),
            Kind::Bool(value) => self.known(at, Value::Bool(*value)),
            Kind::Nothing => self.known(at, Value::Nothing),
            Kind::Template(parts) => Thing::Data(self.template(at, parts, run)),
            Kind::Name(name) => self.name(at, name, run),
            Kind::Attribute { object, name, .. } => {
                let object = self.thing(other(*object), run);
                self.member(object, name, at, run)
            }
            Kind::Subscript { object, key } => Thing::Data(self.subscript(at, other(*object), other(*key), run)),
            Kind::Call { .. } => self.call(at, run),
            Kind::List(items) => Thing::Data(self.list(at, items, run)),
            Kind::Dict(pairs) => Thing::Data(self.dictionary(at, pairs, run)),
            Kind::Choice { test, yes, no } => {
                let holds = self.holds(other(*test), run);
                let step = |expr: &ExprId| self.thing(other(*expr), run);
                match holds {
                    Ok(true) => step(yes),
                    Ok(false) => step(no),
                    Err(reason) => self.either(step(yes), step(no), at, &reason),
                }
            }
            Kind::And(left, right) | Kind::Or(left, right) => {
                let is_or = matches!(module.exprs[at.expr].kind, Kind::Or(..));
                let left = self.thing(other(*left), run);
                let truth = match &left {
                    Thing::Data(spot) => truthy(&spot.value),
                    _ => Some(true),
                };
                match truth {
                    Some(truth) if truth == is_or => left,
                    Some(_) => self.thing(other(*right), run),
                    None => {
                        let reason = self.data(left.clone(), at).lost().unwrap_or("only a run tells").to_owned();
                        self.either(left, self.thing(other(*right), run), at, &reason)
                    }
                }
            }
            Kind::Not(inner) => match self.holds(other(*inner), run) {
                Ok(holds) => self.known(at, Value::Bool(!holds)),
                Err(reason) => Thing::Data(Spot::unknown(reason, self.place(at))),
            },
            Kind::Binary { left, operator, right } => {
                let left = self.spot(other(*left), run);
                let right = match self.thing(other(*right), run) {
                    // What is in it does not depend on the order.
                    Thing::Bag(items) if operator.ends_with("in") => Spot::new(Value::List(items), self.place(at)),
                    thing => self.data(thing, other(*right)),
                };
                Thing::Data(self.binary(at, &left, operator, &right))
            }
            Kind::Opaque => self.unknown(at, "only a run tells"),
        }
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    /// Why that cannot be decided.
    pub(super) fn holds(&self, test: At, run: &Run) -> Result<bool, String> {
        let value = match self.thing(test, run) {
            Thing::Data(spot) => spot,
            Thing::External(path) if path.last().is_some_and(|name| name == "TYPE_CHECKING") => return Ok(false),
            Thing::External(path) => self.data(Thing::External(path), test),
            Thing::Bag(items) => return Ok(!items.is_empty()),
            _ => return Ok(true),
        };
        truthy(&value.value).ok_or_else(|| {
            let why = value.lost().unwrap_or("only a run tells");
            let code = self.code(test);
            // The condition itself is often what gets lost.
            if why.starts_with(&format!("{code} at ")) || why.contains(" cannot be decided: ") {
                return why.to_owned();
            }
            format!("{code} cannot be decided: {why}")
        })
    }

    /// One of two, and which is not known: known as far as both are the same.
    pub(super) fn either(&self, one: Thing, other: Thing, at: At, reason: &str) -> Thing {
        match (one, other) {
            (Thing::Data(one), Thing::Data(other)) => Thing::Data(blend(&one, &other, reason)),
            (Thing::External(one), Thing::External(other)) if one == other => Thing::External(one),
            // An import that may have failed: what is done with it is done only when it has not.
            (Thing::External(path), Thing::Data(spot)) | (Thing::Data(spot), Thing::External(path))
                if spot.is_nothing() =>
            {
                Thing::External(path)
            }
            _ => Thing::Data(Spot::unknown(reason, self.place(at))),
        }
    }
}

fn blend(one: &Spot, other: &Spot, reason: &str) -> Spot {
    let value = match (&one.value, &other.value) {
        (Value::Map(a), Value::Map(b)) => {
            let entry = |key: &String| match (a.entries.get(key), b.entries.get(key)) {
                (Some(one), Some(other)) => (key.clone(), blend(one, other, reason)),
                (Some(only), None) | (None, Some(only)) => (key.clone(), Spot::unknown(reason, only.at.clone())),
                (None, None) => (key.clone(), Spot::unknown(reason, one.at.clone())),
            };
            let entries = a.entries.keys().chain(b.entries.keys()).map(entry).collect();
            Value::Map(Map { entries, open: a.open.clone().or_else(|| b.open.clone()) })
        }
        (a, b) if a.same(b) == Some(true) => return one.clone(),
        _ => Value::Unknown(reason.to_owned()),
    };
    Spot::new(value, one.at.clone())
}

/// Whether Python takes it for true; `None` when that cannot be known.
pub(super) fn truthy(value: &Value) -> Option<bool> {
    match value {
        Value::List(items) => Some(!items.is_empty()),
        Value::Map(map) if map.open.is_some() && map.entries.is_empty() => None,
        Value::Map(map) => Some(!map.entries.is_empty()),
        // An object of Pulumi or the CDK.
        Value::Output { .. } => None,
        other => other.truthy(),
    }
}
