//! Databases that a program declares by code which is not among the files that are read: of a file given, by what it
//! calls; of a folder given, by what is beside or above it.

use std::path::Path;
use std::rc::Rc;

use oxc_span::Span;

use super::construct::{Made, Site, is_test_path};
use super::declare::Declared;
use super::frame::Scope;
use super::is_marked;
use super::thing::Thing;
use super::world::{Loaded, Module, World};
use crate::collect::declared::resource::Program;
use crate::collect::declared::walk::Tree;

/// What a repository has at its root, or a package.
const ROOTS: [&str; 4] = ["package.json", "pnpm-workspace.yaml", "tsconfig.json", "lerna.json"];

/// What a program has beside or above it.
const PROGRAMS: [&str; 3] = ["Pulumi.yaml", "Pulumi.yml", "cdk.json"];

/// Whether a file that does not speak of databases may declare one by code that is not read itself.
pub(super) fn may_lead_out(tree: &Tree, path: &Path, text: &str) -> bool {
    if tree.single.is_some() {
        return true;
    }
    if !text.contains("import") && !text.contains("require(") {
        return false;
    }
    let has = |folder: &Path, names: &[&str]| names.iter().any(|name| tree.store.is_file(&folder.join(name)));
    path.ancestors().skip(1).any(|folder| has(folder, &PROGRAMS)) && tree.above().any(|folder| has(folder, &ROOTS))
}

impl<'a> World<'a> {
    /// Adds what the file declares by code that is not read.
    pub(super) fn declare_outside(&self, module: &Rc<Module<'a>>, found: &mut Program) {
        let is_single = self.tree.single.is_some();
        self.load_outside(module);
        let mut next = 1;
        while let Some(other) = self.modules.borrow().get(next).cloned() {
            next += 1;
            if !is_single && self.tree.is_read(&other.path) {
                continue;
            }
            for (made, symbol) in self.made_in(&Scope::top(&other)) {
                let Some(class) = symbol.declares() else { continue };
                let ways = match made {
                    Made::Class(class) => self.constructions(&other, class),
                    _ => self.contexts(&other, made.span()),
                };
                for mut scope in ways.scopes {
                    let is_top = scope.env.is_none() && other.names.around(made.span()).is_empty();
                    let is_called = scope.env.is_some()
                        && (scope.root.number == module.number || !is_single && !self.tree.is_read(&scope.root.path));
                    if is_top && !is_single {
                        // What an imported file makes itself is part of the program that imports it.
                        scope.root = module.clone();
                    } else if !is_called {
                        continue;
                    }
                    match self.declare(&Site { scope, made, symbol: symbol.clone() }, class) {
                        Some(Declared::Database(resource)) => found.resources.push(resource),
                        Some(Declared::Group(group)) => found.groups.push(group),
                        None => {}
                    }
                }
            }
        }
    }

    /// Adds what other files make of classes of RDS that the file passes on under names of its own, of which nothing in
    /// those files tells.
    pub(super) fn declare_passed_on(&self, module: &Rc<Module<'a>>, found: &mut Program) {
        let top = Scope::top(module);
        let mut passed = Vec::new();
        for name in module.exports.named.keys() {
            self.refuel();
            if let Thing::Package(symbol) = self.export(&top, module, name, Span::new(0, 0), 0)
                && let Some(class) = symbol.declares()
            {
                self.look_for_callers(module, &[name]);
                passed.push((symbol, class));
            }
        }
        let mut next = 1;
        while !passed.is_empty()
            && let Some(other) = self.modules.borrow().get(next).cloned()
        {
            next += 1;
            if is_marked(other.source) || is_test_path(&other.path) || !self.tree.is_read(&other.path) {
                continue;
            }
            for (made, symbol) in self.made_in(&Scope::top(&other)) {
                let Some((_, class)) = passed.iter().find(|(known, _)| *known == symbol) else { continue };
                for scope in self.contexts(&other, made.span()).scopes {
                    match self.declare(&Site { scope, made, symbol: symbol.clone() }, *class) {
                        Some(Declared::Database(resource)) => found.resources.push(resource),
                        Some(Declared::Group(group)) => found.groups.push(group),
                        None => {}
                    }
                }
            }
        }
    }

    /// Loads the files that are imported and not read themselves, and those that these import.
    fn load_outside(&self, module: &Rc<Module<'a>>) {
        let mut waiting = vec![module.clone()];
        let mut seen = std::collections::BTreeSet::from([module.number]);
        while let Some(next) = waiting.pop() {
            for specifier in &next.names.imports {
                if let Ok(Some(Loaded::Module(other))) = self.import(&next, specifier)
                    && (self.tree.single.is_some() || !self.tree.is_read(&other.path))
                    && seen.insert(other.number)
                {
                    waiting.push(other);
                }
            }
        }
    }
}
