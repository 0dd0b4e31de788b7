//! What a file exports.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use oxc_ast::ast::{
    BindingPattern, Class, Declaration, ExportDefaultDeclarationKind, Expression, Function, Program, Statement,
};
use oxc_span::Span;

use super::eval::{MAX_DEPTH, part};
use super::frame::Scope;
use super::meaning::Func;
use super::scope::Names;
use super::symbol::Symbol;
use super::thing::Thing;
use super::world::{Loaded, Module, World};
use crate::collect::declared::value::{Map, Spot, Value};

/// What an export is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Export<'a> {
    /// A name of the file.
    Local(&'a str),
    /// A name of another file.
    From {
        source: &'a str,
        name: &'a str,
    },
    /// All of another file.
    Namespace(&'a str),
    Value(&'a Expression<'a>),
    Function(&'a Function<'a>),
    Class(&'a Class<'a>),
    /// It is assigned more than once.
    Ambiguous,
}

#[derive(Debug, Default)]
pub(super) struct Exports<'a> {
    pub named: BTreeMap<&'a str, Export<'a>>,
    /// `export * from`
    pub stars: Vec<&'a str>,
    /// `export =`, `module.exports =`
    pub assigned: Option<Export<'a>>,
}

impl<'a> Exports<'a> {
    pub(super) fn of(program: &'a Program<'a>, names: &Names<'a>) -> Self {
        let mut exports = Self::default();
        for statement in &program.body {
            exports.statement(statement);
        }
        for (name, value) in &names.commonjs {
            let known = name.map_or(exports.assigned.is_some(), |name| exports.named.contains_key(name));
            let export = if known { Export::Ambiguous } else { Export::Value(value) };
            match name {
                Some(name) => {
                    exports.named.insert(name, export);
                }
                None => exports.assigned = Some(export),
            }
        }
        exports
    }

    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.assigned.is_none()
    }

    fn statement(&mut self, statement: &'a Statement<'a>) {
        match statement {
            Statement::ExportDeclaration(export) => self.declaration(&export.declaration),
            Statement::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    let local = Export::Local(specifier.local.name().as_str());
                    self.named.insert(specifier.exported.name().as_str(), local);
                }
            }
            Statement::ExportFromDeclaration(export) => {
                for specifier in &export.specifiers {
                    let (source, name) = (export.source.value.as_str(), specifier.local.name().as_str());
                    self.named.insert(specifier.exported.name().as_str(), Export::From { source, name });
                }
            }
            Statement::ExportAllDeclaration(export) => {
                let source = export.source.value.as_str();
                match &export.exported {
                    Some(name) => {
                        self.named.insert(name.name().as_str(), Export::Namespace(source));
                    }
                    None if self.stars.contains(&source) => {}
                    None => self.stars.push(source),
                }
            }
            Statement::ExportDefaultDeclaration(export) => {
                let what = match &export.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(function) => Some(Export::Function(function)),
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => Some(Export::Class(class)),
                    other => other.as_expression().map(Export::Value),
                };
                if let Some(what) = what {
                    self.named.insert("default", what);
                }
            }
            Statement::TSExportAssignment(export) => self.assigned = Some(Export::Value(&export.expression)),
            _ => {}
        }
    }

    fn declaration(&mut self, declaration: &'a Declaration<'a>) {
        let mut add = |name: &'a str| {
            self.named.insert(name, Export::Local(name));
        };
        match declaration {
            Declaration::VariableDeclaration(variables) => {
                for declarator in &variables.declarations {
                    each_name(&declarator.id, &mut add);
                }
            }
            Declaration::FunctionDeclaration(function) => {
                if let Some(id) = &function.id {
                    add(id.name.as_str());
                }
            }
            Declaration::ClassDeclaration(class) => {
                if let Some(id) = &class.id {
                    add(id.name.as_str());
                }
            }
            Declaration::TSEnumDeclaration(declaration) => add(declaration.id.name.as_str()),
            Declaration::TSImportEqualsDeclaration(import) => add(import.id.name.as_str()),
            _ => {}
        }
    }
}

fn each_name<'a>(pattern: &'a BindingPattern<'a>, add: &mut impl FnMut(&'a str)) {
    match pattern {
        BindingPattern::BindingIdentifier(name) => add(name.name.as_str()),
        BindingPattern::ObjectPattern(object) => {
            for property in &object.properties {
                each_name(&property.value, add);
            }
        }
        BindingPattern::ArrayPattern(array) => {
            for element in array.elements.iter().flatten() {
                each_name(element, add);
            }
        }
        BindingPattern::AssignmentPattern(assignment) => each_name(&assignment.left, add),
    }
}

impl<'a> World<'a> {
    /// An export of another file or package; all of it without a name.
    pub(super) fn imported(
        &self,
        scope: &Scope<'a>,
        from: &'a str,
        name: Option<&'a str>,
        span: Span,
        depth: u32,
    ) -> Thing<'a> {
        let package = Symbol::of_package(from);
        let loaded = self.import(&scope.module, from);
        match (loaded, name) {
            (Ok(None), Some(name)) => Thing::Package(package.then(name)),
            (Ok(None), None) => Thing::Package(package),
            (Ok(Some(Loaded::Module(module))), Some(name)) => self.export(scope, &module, name, span, depth),
            (Ok(Some(Loaded::Module(module))), None) => Thing::Module(module),
            (Ok(Some(Loaded::Json(spot))), None | Some("default")) => Thing::Spot(spot),
            (Ok(Some(Loaded::Json(spot))), Some(name)) => Thing::Spot(part(scope, &spot, name, span)),
            (Err(reason), _) => Thing::Spot(scope.lost(span, &reason)),
        }
    }

    pub(super) fn export(
        &self,
        scope: &Scope<'a>,
        module: &Rc<Module<'a>>,
        name: &'a str,
        span: Span,
        depth: u32,
    ) -> Thing<'a> {
        if depth > MAX_DEPTH || !self.step() {
            return Thing::Spot(scope.lost(span, "it refers too far"));
        }
        let inside = scope.at(module);
        if let Some(export) = module.exports.named.get(name) {
            return self.exported(&inside, export, depth + 1);
        }
        if let Some(export) = &module.exports.assigned {
            let whole = self.exported(&inside, export, depth + 1);
            if name == "default" {
                return whole;
            }
            return self.part_of(&whole, name, scope, span, depth).unwrap_or_else(|| {
                let value = self.value_of(&inside, &whole, span, depth);
                Thing::Spot(self.attribute(scope, &value, name, span, depth))
            });
        }
        for from in module.exports.stars.iter().filter(|_| name != "default") {
            match self.import(module, from) {
                Ok(Some(Loaded::Module(other))) if self.has_export(&other, name) => {
                    return self.export(scope, &other, name, span, depth + 1);
                }
                Ok(Some(Loaded::Module(_))) => {}
                // A package may export anything: what is of a known one is found by its name.
                Ok(None) if module.exports.stars.len() == 1 => {
                    return Thing::Package(Symbol::of_package(from).then(name));
                }
                _ => {
                    let why = format!("it may be exported by \"{from}\" in {}", module.file);
                    return Thing::Spot(scope.lost(span, &why));
                }
            }
        }
        // What a CommonJS file looks like to an ES module.
        if name == "default" {
            return Thing::Module(module.clone());
        }
        Thing::Spot(scope.lost(span, &format!("{} does not export {name}", module.file)))
    }

    /// Whether a file exports a name, or may.
    fn has_export(&self, module: &Rc<Module<'a>>, name: &str) -> bool {
        let mut waiting = vec![module.clone()];
        let mut seen = BTreeSet::from([module.number]);
        while let Some(next) = waiting.pop() {
            if next.exports.named.contains_key(name) || next.exports.assigned.is_some() {
                return true;
            }
            for from in &next.exports.stars {
                match self.import(&next, from) {
                    Ok(Some(Loaded::Module(other))) => {
                        if seen.insert(other.number) {
                            waiting.push(other);
                        }
                    }
                    _ => return true,
                }
            }
        }
        false
    }

    fn exported(&self, inside: &Scope<'a>, export: &Export<'a>, depth: u32) -> Thing<'a> {
        let nowhere = Span::new(0, 0);
        match *export {
            Export::Local(name) => match inside.module.names.binding(name, 0) {
                Some(binding) => {
                    let here = Span::new(binding.at, binding.at + u32::try_from(name.len()).unwrap_or_default());
                    match self.changed(inside, name, binding, (here, u32::MAX), depth) {
                        Some(spot) => Thing::Spot(spot),
                        None => self.meant(inside, &binding.meaning, here, depth),
                    }
                }
                None => Thing::Spot(inside.lost(nowhere, &format!("{name} is not declared in this file"))),
            },
            Export::From { source, name } => self.imported(inside, source, Some(name), nowhere, depth),
            Export::Namespace(source) => self.imported(inside, source, None, nowhere, depth),
            Export::Value(value) => self.thing(inside, value, depth),
            Export::Function(function) => Thing::Function(inside.clone(), Func::Function(function), None),
            Export::Class(class) => Thing::Class(inside.clone(), class),
            Export::Ambiguous => {
                let why = format!("{} exports it more than once", inside.module.file);
                Thing::Spot(Spot::unknown(why, inside.place(nowhere)))
            }
        }
    }

    /// All that a file exports by name.
    pub(super) fn namespace(&self, scope: &Scope<'a>, module: &Rc<Module<'a>>, span: Span, depth: u32) -> Spot {
        if let Some(export) = &module.exports.assigned {
            let whole = self.exported(&scope.at(module), export, depth);
            return self.value_of(&scope.at(module), &whole, span, depth);
        }
        let inside = scope.at(module);
        let mut map = Map::default();
        for (name, export) in &module.exports.named {
            let thing = self.exported(&inside, export, depth);
            map.entries.insert((*name).to_owned(), self.value_of(&inside, &thing, Span::new(0, 0), depth));
        }
        if !module.exports.stars.is_empty() {
            map.open = Some(format!("{} exports what others do", module.file));
        }
        Spot::new(Value::Map(map), inside.place(Span::new(0, 0)))
    }
}
