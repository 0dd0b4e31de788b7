//! The files of a program: the one that is read, and those that it needs.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_span::SourceType;

use super::context::CallSite;
use super::exports::Exports;
use super::frame::{Id, Scope};
use super::scope::Names;
use super::symbol::Symbol;
use super::{is_too_deep, stack_for};
use crate::collect::declared::json;
use crate::collect::declared::pulumi::{self, Project};
use crate::collect::declared::value::{Lines, Spot};
use crate::collect::declared::walk::Tree;

/// Files that one file may need, and their bytes in all.
const MAX_MODULES: usize = 1_000;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Steps per resource: constants that refer to each other can multiply.
const FUEL: u32 = 100_000;
/// Steps in all.
const TANK: u32 = 3_000_000;

/// Calls, by what they lead to.
pub(super) type Calls<'a> = Rc<Vec<(Id, CallSite<'a>)>>;

/// What an import leads to; nothing when that is out of the repository; or why it cannot be followed.
pub(super) type Imported<'a> = Result<Option<Loaded<'a>>, String>;

/// A parsed file.
#[derive(Debug)]
pub(super) struct Module<'a> {
    /// 0 is the file that is read.
    pub number: usize,
    pub path: PathBuf,
    pub file: Arc<str>,
    pub source: &'a str,
    pub lines: Lines,
    pub program: &'a oxc_ast::ast::Program<'a>,
    pub names: Names<'a>,
    pub exports: Exports<'a>,
    /// Its calls that lead to a file, once that was asked.
    pub calls: RefCell<BTreeMap<usize, Calls<'a>>>,
}

#[derive(Clone)]
pub(super) enum Loaded<'a> {
    Module(Rc<Module<'a>>),
    Json(Spot),
}

/// Everything that evaluation of a program needs.
pub(super) struct World<'a> {
    allocator: &'a Allocator,
    pub tree: Tree,
    stack: Option<String>,
    /// Of the thread, in bytes.
    room: usize,
    /// Whether code that is not read may declare databases of the program.
    pub leads_out: bool,
    pub modules: RefCell<Vec<Rc<Module<'a>>>>,
    loaded: RefCell<HashMap<PathBuf, Result<Loaded<'a>, String>>>,
    imports: RefCell<HashMap<(usize, &'a str), Imported<'a>>>,
    bytes: Cell<usize>,
    projects: RefCell<BTreeMap<usize, Rc<Project>>>,
    /// Resources as they were referred to, by key.
    pub referred: RefCell<BTreeMap<String, super::construct::Site<'a>>>,
    /// Texts that were searched for callers already, and whether all files that have them were looked at.
    pub searched: RefCell<BTreeMap<(usize, String), bool>>,
    /// Ways to a piece of code that may yet be tried.
    pub tries: Cell<u32>,
    fuel: Cell<u32>,
    tank: Cell<u32>,
}

impl<'a> World<'a> {
    pub(super) fn new(
        allocator: &'a Allocator,
        tree: Tree,
        stack: Option<String>,
        (room, leads_out): (usize, bool),
    ) -> Self {
        Self {
            allocator,
            tree,
            stack,
            room,
            leads_out,
            modules: RefCell::default(),
            loaded: RefCell::default(),
            imports: RefCell::default(),
            bytes: Cell::new(0),
            projects: RefCell::default(),
            referred: RefCell::default(),
            searched: RefCell::default(),
            tries: Cell::new(0),
            fuel: Cell::new(FUEL),
            tank: Cell::new(TANK),
        }
    }

    /// A text that lives as long as the files.
    pub(super) fn kept(&self, text: &str) -> &'a str {
        self.allocator.alloc_str(text)
    }

    pub(super) fn refuel(&self) {
        let left = self.tank.get().saturating_sub(FUEL - self.fuel.get());
        self.tank.set(left);
        self.fuel.set(FUEL.min(left));
    }

    /// Takes a step; false when there were too many.
    pub(super) fn step(&self) -> bool {
        let fuel = self.fuel.get();
        self.fuel.set(fuel.saturating_sub(1));
        fuel > 0
    }

    /// Parses a file.
    ///
    /// # Errors
    /// The line of the first syntax error.
    pub(super) fn parse(&self, path: &Path, text: &str) -> Result<Rc<Module<'a>>, u32> {
        let source: &'a str = self.allocator.alloc_str(text);
        let kind = SourceType::from_path(path).unwrap_or_else(|_| SourceType::ts());
        let parsed = Parser::new(self.allocator, source, kind).parse();
        let lines = Lines::of(source);
        if parsed.panicked {
            let labels = parsed.diagnostics.iter().filter_map(|error| error.labels.first());
            return Err(labels.map(|label| lines.line(label.offset() as usize)).min().unwrap_or(1));
        }
        let program: &'a oxc_ast::ast::Program<'a> = self.allocator.alloc(parsed.program);
        let names = Names::of(program, source);
        let exports = Exports::of(program, &names);
        let number = self.modules.borrow().len();
        let file = self.tree.shown(path);
        let (path, calls) = (path.to_owned(), RefCell::default());
        let module =
            Rc::new(Module { number, path: path.clone(), file, source, lines, program, names, exports, calls });
        self.modules.borrow_mut().push(module.clone());
        self.loaded.borrow_mut().insert(path, Ok(Loaded::Module(module.clone())));
        Ok(module)
    }

    /// The file at a path.
    ///
    /// # Errors
    /// Why it is not read.
    pub(super) fn load(&self, path: &Path) -> Result<Loaded<'a>, String> {
        let path = self.tree.store.canonical(path).unwrap_or_else(|_| path.to_owned());
        if let Some(known) = self.loaded.borrow().get(&path) {
            return known.clone();
        }
        let loaded = self.read(&path);
        self.loaded.borrow_mut().insert(path, loaded.clone());
        loaded
    }

    fn read(&self, path: &Path) -> Result<Loaded<'a>, String> {
        let file = self.tree.shown(path);
        let text = self.tree.scripts.text(&self.tree, path).map_err(|error| error.to_string())?;
        let bytes = self.bytes.get() + text.len();
        if self.modules.borrow().len() >= MAX_MODULES || bytes > MAX_BYTES {
            return Err(format!("{file} is one file more than is followed"));
        }
        self.bytes.set(bytes);
        if path.extension().is_some_and(|extension| extension == "json") {
            let spot = json::read(&file, &text).map_err(|error| format!("{file} does not parse: {}", error.message))?;
            return Ok(Loaded::Json(spot));
        }
        if is_too_deep(&text) || stack_for(&text) > self.room {
            return Err(format!("{file} does not parse: it is nested too deeply"));
        }
        let module = self.parse(path, &text);
        module.map(Loaded::Module).map_err(|line| format!("{file} does not parse: syntax error at line {line}"))
    }

    /// What an import leads to; `None` when that is out of the repository.
    ///
    /// # Errors
    /// Why it cannot be followed.
    pub(super) fn import(&self, from: &Module<'a>, specifier: &'a str) -> Imported<'a> {
        if Symbol::of_package(specifier).is_known() {
            return Ok(None);
        }
        if let Some(known) = self.imports.borrow().get(&(from.number, specifier)) {
            return known.clone();
        }
        let found = match self.tree.scripts.paths.resolve(&from.path, specifier) {
            Ok(Some(path)) => self.load(&path).map(Some),
            Ok(None) => Ok(None),
            Err(reason) => Err(reason),
        };
        self.imports.borrow_mut().insert((from.number, specifier), found.clone());
        found
    }

    /// The project that runs code.
    pub(super) fn project(&self, scope: &Scope<'a>) -> Rc<Project> {
        let root = &scope.root;
        if let Some(project) = self.projects.borrow().get(&root.number) {
            return project.clone();
        }
        let project = Rc::new(pulumi::find(&self.tree, &root.path, self.stack.as_deref()).load());
        self.projects.borrow_mut().insert(root.number, project.clone());
        project
    }

    pub(super) fn projects(&self) -> Vec<Rc<Project>> {
        self.projects.borrow().values().cloned().collect()
    }
}
